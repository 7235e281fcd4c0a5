//! One compiled contract, and how tests get at it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What `target/solidity/<Name>.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Name of the contract or interface.
    pub name: String,
    /// Source file, relative to the workspace.
    pub source: String,
    /// The ABI as the compiler gives it.
    pub abi: Value,
    /// Code that creates the contract, `0x` and hex; `0x` alone for an interface.
    pub bytecode: String,
    /// Code of the created contract, in the same form.
    pub deployed_bytecode: String,
}

/// Why an artifact cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Nothing was compiled under that name.
    #[error("no compiled contract `{name}` in {}: run `cargo xtask build`", dir.display())]
    Missing {
        /// The name asked for.
        name: String,
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is of another version or damaged.
    #[error("{} is no artifact ({source}): run `cargo xtask build`", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// Its code is not plain hex.
    #[error(
        "`{name}` has no deployable code: it is an interface, is abstract, or needs a library linked"
    )]
    NotDeployable {
        /// The name asked for.
        name: String,
    },
}

/// The artifact `name` of the last build.
pub fn load(name: &str) -> Result<Artifact, LoadError> {
    load_from(&crate::artifacts_dir(), name)
}

/// The artifact `name` in a folder of one's own.
pub fn load_from(dir: &Path, name: &str) -> Result<Artifact, LoadError> {
    let file = dir.join(format!("{name}.json"));
    let text = match fs::read(&file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(LoadError::Missing {
                name: name.to_owned(),
                dir: dir.to_owned(),
            });
        }
        Err(source) => return Err(LoadError::Unreadable { file, source }),
    };
    serde_json::from_slice(&text).map_err(|source| LoadError::Damaged { file, source })
}

impl Artifact {
    /// Creation code as bytes; append ABI-encoded constructor arguments to it.
    pub fn creation_code(&self) -> Result<Vec<u8>, LoadError> {
        self.decode(&self.bytecode)
    }

    /// Code of the created contract as bytes (immutables are zero in it).
    pub fn deployed_code(&self) -> Result<Vec<u8>, LoadError> {
        self.decode(&self.deployed_bytecode)
    }

    /// The ABI as text, for clients that parse it themselves.
    pub fn abi_text(&self) -> String {
        self.abi.to_string()
    }

    fn decode(&self, code: &str) -> Result<Vec<u8>, LoadError> {
        let refuse = || LoadError::NotDeployable {
            name: self.name.clone(),
        };
        match code.strip_prefix("0x") {
            Some(digits) if !digits.is_empty() => hex::decode(digits).map_err(|_| refuse()),
            _ => Err(refuse()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(bytecode: &str) -> Artifact {
        Artifact {
            name: "Twin".into(),
            source: "test-fixtures/sol/Twin.sol".into(),
            abi: serde_json::json!([]),
            bytecode: bytecode.into(),
            deployed_bytecode: "0x".into(),
        }
    }

    #[test]
    fn a_missing_artifact_says_what_to_run() {
        let dir = tempfile::tempdir().unwrap();
        let error = load_from(dir.path(), "Twin").unwrap_err();
        assert!(error.to_string().contains("cargo xtask build"), "{error}");
    }

    #[test]
    fn a_damaged_artifact_says_what_to_run() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("Twin.json"), "{\"name\":").unwrap();
        let error = load_from(dir.path(), "Twin").unwrap_err();
        assert!(
            matches!(error, LoadError::Damaged { .. })
                && error.to_string().contains("cargo xtask build"),
            "{error}"
        );
    }

    #[test]
    fn an_interface_and_an_unlinked_contract_are_not_deployable() {
        assert_eq!(artifact("0x6001").creation_code().unwrap(), [0x60, 0x01]);
        assert!(matches!(
            artifact("0x").creation_code(),
            Err(LoadError::NotDeployable { .. })
        ));
        assert!(matches!(
            artifact("0x60__$ab$__").creation_code(),
            Err(LoadError::NotDeployable { .. })
        ));
    }
}
