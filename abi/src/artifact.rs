//! The hash of what a service runs (docs/services.md): one rule for files and folders (feature `document`). Who publishes a service and
//! who runs it compute the same.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use alloy_primitives::{B256, keccak256};

/// Why there is no hash.
#[derive(Debug)]
pub enum ArtifactError {
    /// Something cannot be read.
    Unread {
        /// What.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A folder holds no file.
    Empty(PathBuf),
    /// Something has a name that is no text in UTF-8.
    Nameless(PathBuf),
    /// Something is neither a file nor a folder: what stands behind a link may change.
    NoFile(PathBuf),
}

/// The hash of a file or folder.
///
/// Errors: [`ArtifactError`].
pub fn hash(path: &Path) -> Result<B256, ArtifactError> {
    let about = fs::metadata(path).map_err(|cause| unread(path, cause))?;
    if about.is_file() {
        return read(path);
    }
    let mut files = Vec::new();
    collect(path, "", &mut files)?;
    if files.is_empty() {
        return Err(ArtifactError::Empty(path.to_owned()));
    }
    files.sort();
    let mut whole = Vec::with_capacity(files.len() * 2 * B256::len_bytes());
    for name in files {
        whole.extend(keccak256(&name));
        whole.extend(read(&path.join(&name))?);
    }
    Ok(keccak256(whole))
}

fn read(path: &Path) -> Result<B256, ArtifactError> {
    let bytes = fs::read(path).map_err(|cause| unread(path, cause))?;
    Ok(keccak256(bytes))
}

fn unread(path: &Path, cause: io::Error) -> ArtifactError {
    let path = path.to_owned();
    ArtifactError::Unread { path, cause }
}

/// The names of all files in a folder, relative to the first.
fn collect(root: &Path, below: &str, files: &mut Vec<String>) -> Result<(), ArtifactError> {
    let folder = root.join(below);
    for entry in fs::read_dir(&folder).map_err(|cause| unread(&folder, cause))? {
        let entry = entry.map_err(|cause| unread(&folder, cause))?;
        let name = entry.file_name();
        let name = name
            .to_str()
            .ok_or_else(|| ArtifactError::Nameless(entry.path()))?;
        let name = if below.is_empty() {
            name.to_owned()
        } else {
            format!("{below}/{name}")
        };
        let kind = entry.file_type().map_err(|cause| unread(&folder, cause))?;
        if kind.is_dir() {
            collect(root, &name, files)?;
        } else if kind.is_file() {
            files.push(name);
        } else {
            return Err(ArtifactError::NoFile(entry.path()));
        }
    }
    Ok(())
}
