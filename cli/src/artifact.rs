//! The hash of what a service runs, and what to do where there is none.

use std::path::Path;

use agentcity_abi::artifact::{self, ArtifactError};
use alloy::primitives::B256;

use crate::failure::{Code, Failure};

/// The hash of a file or folder.
///
/// Errors: it cannot be read; it holds links or things that are neither files nor folders, or no file at all.
pub(crate) fn hash(path: &Path) -> Result<B256, Failure> {
    let refuse = |path: &Path, what: &str, hint: &str| {
        Failure::new(Code::File, format!("{} {what}", path.display())).hint(hint)
    };
    let plain = "publish a folder of plain files with names in UTF-8, or one file";
    artifact::hash(path).map_err(|error| match error {
        ArtifactError::Unread { path, cause } => Failure::file(&path, &cause),
        ArtifactError::Empty(path) => refuse(
            &path,
            "holds no file",
            "name the folder that holds the code",
        ),
        ArtifactError::Nameless(path) => refuse(&path, "has a name that is no text", plain),
        ArtifactError::NoFile(path) => refuse(&path, "is neither a file nor a folder", plain),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::keccak256;
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
