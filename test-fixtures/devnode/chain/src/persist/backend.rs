//! redb's file with a say in how durable a commit is.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Bound,
    path::Path,
};

use redb::{BackendError, StorageBackend, backends::FileBackend};

use super::PersistError;
use crate::config::Durability;

/// What a redb file begins with.
const MAGIC: [u8; 9] = [b'r', b'e', b'd', b'b', 0x1A, 0x0A, 0xA9, 0x0D, 0x0A];

/// Refuses a file that is neither empty nor a redb database, before redb sees it.
pub(super) fn check_magic(path: &Path, mut file: &File) -> Result<(), PersistError> {
    if file.metadata()?.len() == 0 {
        return Ok(());
    }
    let mut head = [0; MAGIC.len()];
    let read = file.read_exact(&mut head);
    file.seek(SeekFrom::Start(0))?;
    if read.is_err() || head != MAGIC {
        return Err(PersistError::Foreign {
            path: path.to_owned(),
            cause: "it is no redb database".to_owned(),
        });
    }
    Ok(())
}

/// A file that syncs to the disk only when asked for that durability.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) file: FileBackend,
    pub(super) durability: Durability,
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        match self.durability {
            // The pages are in the operating system's cache, which outlives the process.
            Durability::Process => Ok(()),
            Durability::Machine => self.file.sync_data(),
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
