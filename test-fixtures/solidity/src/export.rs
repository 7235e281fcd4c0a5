//! The ABI of the interfaces, in the form in which it is committed: sorted, indented, one file per interface.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::artifact::Artifact;

/// Sources whose ABI is exported.
const INTERFACES: &str = "abi/sol/";

/// Why the export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The committed files are not those of the sources.
    #[error("the exported ABI is stale ({}): run `cargo xtask build` and commit abi/json", .0.join(", "))]
    Stale(Vec<String>),
}

/// File name and text of every exported ABI.
pub fn texts(artifacts: &BTreeMap<String, Artifact>) -> BTreeMap<String, String> {
    artifacts
        .values()
        .filter(|a| a.source.starts_with(INTERFACES))
        .map(|a| (format!("{}.json", a.name), text(&a.abi)))
        .collect()
}

/// Writes the files that differ, removes those without a source, and returns the names of both.
pub fn write(
    dir: &Path,
    artifacts: &BTreeMap<String, Artifact>,
) -> Result<Vec<String>, ExportError> {
    let texts = texts(artifacts);
    let changed = stale(dir, &texts)?;
    let at = |path: &Path, source| ExportError::File {
        path: path.to_owned(),
        source,
    };
    if !texts.is_empty() {
        fs::create_dir_all(dir).map_err(|e| at(dir, e))?;
    }
    for name in &changed {
        let file = dir.join(name);
        match texts.get(name) {
            Some(text) => fs::write(&file, text).map_err(|e| at(&file, e))?,
            None => fs::remove_file(&file).map_err(|e| at(&file, e))?,
        }
    }
    Ok(changed)
}

/// Fails when [`write()`] would change anything.
pub fn check(dir: &Path, artifacts: &BTreeMap<String, Artifact>) -> Result<(), ExportError> {
    let stale = stale(dir, &texts(artifacts))?;
    if stale.is_empty() {
        Ok(())
    } else {
        Err(ExportError::Stale(stale))
    }
}

fn stale(dir: &Path, texts: &BTreeMap<String, String>) -> Result<Vec<String>, ExportError> {
    let mut names: BTreeSet<String> = texts.keys().cloned().collect();
    match fs::read_dir(dir) {
        Ok(entries) => {
            let files = entries
                .filter_map(Result::ok)
                .map(|e| e.file_name().to_string_lossy().into_owned());
            names.extend(files.filter(|name| name.ends_with(".json")));
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => {
            return Err(ExportError::File {
                path: dir.to_owned(),
                source,
            });
        }
    }
    let same = |name: &String| {
        texts.get(name).is_some_and(|text| {
            fs::read_to_string(dir.join(name)).is_ok_and(|found| found == *text)
        })
    };
    Ok(names.into_iter().filter(|name| !same(name)).collect())
}

/// Entries by type, name and inputs: the order of the sources does not matter to anyone who calls.
fn text(abi: &Value) -> String {
    let mut entries = abi.as_array().cloned().unwrap_or_default();
    entries.sort_by_cached_key(|e| {
        (
            e["type"].to_string(),
            e["name"].to_string(),
            e["inputs"].to_string(),
        )
    });
    serde_json::to_string_pretty(&entries).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifacts(source: &str, abi: Value) -> BTreeMap<String, Artifact> {
        let artifact = Artifact {
            name: "IToken".into(),
            source: source.into(),
            abi,
            bytecode: "0x".into(),
            deployed_bytecode: "0x".into(),
        };
        BTreeMap::from([("IToken".to_owned(), artifact)])
    }

    fn abi() -> Value {
        serde_json::json!([{"type":"function","name":"b","inputs":[]},{"type":"event","name":"z","inputs":[]},{"type":"function","name":"a","inputs":[]}])
    }

    #[test]
    fn the_order_of_the_sources_does_not_show() {
        let mut reversed = abi();
        reversed.as_array_mut().unwrap().reverse();
        assert_eq!(text(&abi()), text(&reversed));
        assert!(
            text(&abi()).find("\"z\"") < text(&abi()).find("\"a\""),
            "events before functions"
        );
    }

    #[test]
    fn what_was_written_is_current_and_a_change_is_stale() {
        let dir = tempfile::tempdir().unwrap();
        let interface = artifacts("abi/sol/IToken.sol", abi());
        assert!(matches!(
            check(dir.path(), &interface),
            Err(ExportError::Stale(_))
        ));
        assert_eq!(write(dir.path(), &interface).unwrap(), ["IToken.json"]);
        check(dir.path(), &interface).unwrap();
        assert!(write(dir.path(), &interface).unwrap().is_empty());
        assert!(
            check(
                dir.path(),
                &artifacts("abi/sol/IToken.sol", serde_json::json!([]))
            )
            .is_err()
        );
    }

    #[test]
    fn a_file_without_a_source_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("IGone.json"), "[]").unwrap();
        assert_eq!(
            write(dir.path(), &artifacts("abi/sol/IToken.sol", abi())).unwrap(),
            ["IGone.json", "IToken.json"]
        );
        assert!(!dir.path().join("IGone.json").exists());
    }

    #[test]
    fn twins_and_hostile_contracts_are_not_exported() {
        assert!(texts(&artifacts("test-fixtures/sol/Twin.sol", abi())).is_empty());
    }
}
