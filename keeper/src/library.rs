//! Statutes' documents: a folder of files, each the text of one. What a document is follows from what it says, never from its name,
//! so whoever fills the folder can withhold a statute and cannot pass another off for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use agentcity_abi::document::{ContentAddress, DOCUMENT_BYTES_MAX, Document};
use alloy::primitives::B256;

/// Most files that are read: a city's open sessions have sixteen proposals each, and old documents may be moved away.
pub const FILES_MAX: usize = 4_096;

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The system refused.
    #[error("documents: {path}: {cause}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// More files than are read.
    #[error("documents: {path} has more than {FILES_MAX} files: move old ones away")]
    TooMany {
        /// The folder.
        path: PathBuf,
    },
}

/// The documents of a folder.
#[derive(Debug)]
pub struct Library {
    folder: PathBuf,
    read: BTreeSet<PathBuf>,
    documents: BTreeMap<B256, Document>,
}

impl Library {
    /// Makes the folder if there is none, and reads it.
    ///
    /// Errors: [`LibraryError`].
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, LibraryError> {
        let folder = folder.into();
        std::fs::create_dir_all(&folder).map_err(at(&folder))?;
        let mut library = Self {
            folder,
            read: BTreeSet::new(),
            documents: BTreeMap::new(),
        };
        library.refresh()?;
        Ok(library)
    }

    /// Reads the files that are new. One that is no statute is passed over: evidence lies here too.
    ///
    /// Errors: [`LibraryError`].
    pub fn refresh(&mut self) -> Result<(), LibraryError> {
        let entries = std::fs::read_dir(&self.folder).map_err(at(&self.folder))?;
        for (entry, number) in entries.zip(0..) {
            if number >= FILES_MAX {
                let path = self.folder.clone();
                return Err(LibraryError::TooMany { path });
            }
            let path = entry.map_err(at(&self.folder))?.path();
            let hidden = path
                .file_name()
                .is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
            if hidden || !path.is_file() || self.read.contains(&path) {
                continue;
            }
            if let Some(document) = load(&path)? {
                let known = self.documents.insert(document.statute_hash(), document);
                if known.is_some() {
                    tracing::debug!(path = %path.display(), "a document is here twice");
                }
            }
            self.read.insert(path);
        }
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// All of them.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.documents.values()
    }

    /// The document of a statute.
    pub fn get(&self, statute_hash: B256) -> Option<&Document> {
        self.documents.get(&statute_hash)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Document> {
        self.documents.values()
    }

    /// Keeps a text under its address, on the disk before this returns. Again: nothing.
    ///
    /// Errors: [`LibraryError::Io`].
    pub fn keep(&self, text: &str) -> Result<ContentAddress, LibraryError> {
        let address = ContentAddress::of(text);
        let path = self.folder.join(address.to_string());
        if path.exists() {
            return Ok(address);
        }
        // Whole or not at all: a file that is half written has another name.
        let draft = self.folder.join(format!(".{address}"));
        let write = || {
            let mut file = std::fs::File::create(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&draft, &path)?;
            std::fs::File::open(&self.folder)?.sync_all()
        };
        write().map_err(at(&path))?;
        Ok(address)
    }
}

fn load(path: &Path) -> Result<Option<Document>, LibraryError> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        // Somebody moved it away since.
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(at(path)(cause)),
    };
    let (mut bytes, most) = (Vec::new(), DOCUMENT_BYTES_MAX as u64);
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(at(path))?;
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Ok(None);
    }
    Ok(Document::parse(&bytes).ok())
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> LibraryError + use<> {
    let path = path.to_owned();
    move |cause| LibraryError::Io { path, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_what_is_no_statute_is_no_document() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut library = Library::open(dir.path()).expect("a folder");
        let address = library.keep("evidence").expect("kept");
        assert_eq!(library.keep("evidence").expect("kept"), address);
        let path = dir.path().join(address.to_string());
        assert_eq!(std::fs::read_to_string(path).expect("there"), "evidence");
        library.refresh().expect("read");
        assert!(library.is_empty());
    }
}
