//! The address book of a chain: `<folder>/<chain id>.json`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

/// Addresses of one chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// The chain.
    pub chain_id: u64,
    /// Programs by name.
    #[serde(default)]
    pub programs: BTreeMap<String, Entry>,
    /// Cities by name.
    #[serde(default)]
    pub cities: BTreeMap<String, CityEntry>,
}

/// One city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CityEntry {
    /// Its address.
    pub constitution: Address,
    /// The block that brought its constitution: nothing of the city is in an earlier one. Unknown in books that were written before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_block: Option<u64>,
    /// All its contracts, by their names.
    pub members: BTreeMap<String, Entry>,
}

/// One program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Where it is.
    pub address: Address,
    /// Hash of its code.
    pub codehash: B256,
    /// Version of its activation.
    pub version: u16,
}

/// Why a book cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no book.
    #[error("{} is no address book ({source}): move it away", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// It speaks of another chain.
    #[error("{} is of chain {found}, not {expected}: move it away", path.display())]
    OtherChain {
        /// The file.
        path: PathBuf,
        /// The chain asked for.
        expected: u64,
        /// The chain inside.
        found: u64,
    },
}

impl Book {
    /// The book of a chain; empty when there is none yet.
    pub fn load(dir: &Path, chain_id: u64) -> Result<Self, BookError> {
        let path = Self::file(dir, chain_id);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Ok(Self {
                    chain_id,
                    programs: BTreeMap::new(),
                    cities: BTreeMap::new(),
                });
            }
            Err(source) => return Err(BookError::File { path, source }),
        };
        match serde_json::from_slice::<Self>(&text) {
            Ok(book) if book.chain_id == chain_id => Ok(book),
            Ok(book) => Err(BookError::OtherChain {
                path,
                expected: chain_id,
                found: book.chain_id,
            }),
            Err(source) => Err(BookError::Damaged { path, source }),
        }
    }

    /// Writes it, whole or not at all.
    pub fn save(&self, dir: &Path) -> Result<PathBuf, BookError> {
        let path = Self::file(dir, self.chain_id);
        write(&path, self)?;
        Ok(path)
    }

    fn file(dir: &Path, chain_id: u64) -> PathBuf {
        dir.join(format!("{chain_id}.json"))
    }
}

/// Writes a value as JSON, whole or not at all, and its folder where that is missing.
pub fn write(path: &Path, value: &impl Serialize) -> Result<(), BookError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| BookError::File { path, source }
    };
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(at(dir))?;
    }
    let text = serde_json::to_string_pretty(value).map_err(|source| BookError::Damaged {
        path: path.to_owned(),
        source,
    })?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    let draft = PathBuf::from(draft);
    let mut file = fs::File::create(&draft).map_err(at(&draft))?;
    // On the disk before it takes the place of the old: a power cut leaves one of the two.
    io::Write::write_all(&mut file, (text + "\n").as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(at(&draft))?;
    fs::rename(&draft, path).map_err(at(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Book {
        let entry = Entry {
            address: Address::repeat_byte(7),
            codehash: B256::repeat_byte(9),
            version: 2,
        };
        Book {
            chain_id: 412_346,
            cities: BTreeMap::from([(
                "first".to_owned(),
                CityEntry {
                    constitution: Address::repeat_byte(8),
                    first_block: Some(7),
                    members: BTreeMap::from([("agent".to_owned(), entry.clone())]),
                },
            )]),
            programs: BTreeMap::from([("agentcity-token".to_owned(), entry)]),
        }
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let dir = tempfile::tempdir().unwrap();
        book().save(dir.path()).unwrap();
        assert_eq!(Book::load(dir.path(), 412_346).unwrap(), book());
        assert!(
            Book::load(dir.path(), 1).unwrap().programs.is_empty(),
            "another chain has another book"
        );
    }

    #[test]
    fn a_book_of_another_chain_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = book().save(dir.path()).unwrap();
        fs::rename(path, dir.path().join("1.json")).unwrap();
        assert!(matches!(
            Book::load(dir.path(), 1),
            Err(BookError::OtherChain { found: 412_346, .. })
        ));
    }

    #[test]
    fn a_damaged_book_is_refused_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("1.json"), "{\"chain_id\":1,\"progr").unwrap();
        assert!(matches!(
            Book::load(dir.path(), 1),
            Err(BookError::Damaged { .. })
        ));
    }
}
