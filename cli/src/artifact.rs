//! The hash of what a service runs (docs/services.md): one rule for files and folders.

use std::path::Path;

use alloy::primitives::{B256, keccak256};

use crate::{
    failure::{Code, Failure},
    values,
};

/// The hash of a file or folder.
///
/// Errors: it cannot be read; it holds links or things that are neither files nor folders, or no file at all.
pub(crate) fn hash(path: &Path) -> Result<B256, Failure> {
    let about = std::fs::metadata(path).map_err(|error| Failure::file(path, &error))?;
    if about.is_file() {
        return values::read(path).map(keccak256);
    }
    let mut files = Vec::new();
    collect(path, "", &mut files)?;
    if files.is_empty() {
        return Err(
            Failure::new(Code::File, format!("{} holds no file", path.display()))
                .hint("name the folder that holds the code"),
        );
    }
    files.sort();
    let mut whole = Vec::with_capacity(files.len() * 2 * B256::len_bytes());
    for name in files {
        whole.extend(keccak256(&name));
        whole.extend(keccak256(values::read(&path.join(&name))?));
    }
    Ok(keccak256(whole))
}

/// The names of all files in a folder, relative to the first.
fn collect(root: &Path, below: &str, files: &mut Vec<String>) -> Result<(), Failure> {
    let folder = root.join(below);
    let failed = |error: std::io::Error| Failure::file(&folder, &error);
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let refuse = |what: &str| {
            Failure::new(Code::File, format!("{} {what}", entry.path().display()))
                .hint("publish a folder of plain files with names in UTF-8, or one file")
        };
        let name = entry.file_name();
        let name = name
            .to_str()
            .ok_or_else(|| refuse("has a name that is no text"))?;
        let name = if below.is_empty() {
            name.to_owned()
        } else {
            format!("{below}/{name}")
        };
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            collect(root, &name, files)?;
        } else if kind.is_file() {
            files.push(name);
        } else {
            return Err(refuse("is neither a file nor a folder"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_folder_is_its_files_and_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        assert_eq!(
            hash(dir.path()).unwrap_err().code,
            Code::File,
            "an empty folder"
        );
        fs::create_dir(at("b")).unwrap();
        fs::write(at("b/c"), "two").unwrap();
        fs::write(at("a"), "one").unwrap();
        let parts = [
            keccak256("a"),
            keccak256("one"),
            keccak256("b/c"),
            keccak256("two"),
        ];
        let whole = keccak256(parts.concat());
        assert_eq!(hash(dir.path()).unwrap(), whole);
        fs::create_dir(at("empty")).unwrap();
        assert_eq!(
            hash(dir.path()).unwrap(),
            whole,
            "a folder without files leaves no trace"
        );
        fs::rename(at("a"), at("z")).unwrap();
        assert_ne!(hash(dir.path()).unwrap(), whole, "a name counts");
        assert_eq!(hash(&at("z")).unwrap(), keccak256("one"));
        assert_eq!(hash(&at("nothing")).unwrap_err().code, Code::File);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join("link")).unwrap();
        assert_eq!(hash(dir.path()).unwrap_err().code, Code::File);
    }
}
