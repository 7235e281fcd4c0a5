//! How far a chain was taken into the log, which is on disk with what it held there, or not at all.

use alloy::primitives::B256;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::{Appended, Draft, Log, LogError, maybe, run, sql};

/// The last block of a chain of which everything is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// Its number.
    pub block: u64,
    /// Its hash: a chain that has another there is not the one that was taken.
    pub hash: B256,
    /// The epoch of the city after it; zero before the seal.
    pub epoch: u64,
}

impl Log {
    /// How far the chain was taken; `None` before its first block was.
    pub fn taken(&self) -> Result<Option<Taken>, LogError> {
        taken(&self.connection)
    }

    /// Appends what the blocks after `from`, up to `to`, hold, and remembers `to`, as one. A crash leaves both or neither.
    ///
    /// Errors: [`LogError::Taken`] when the log is not at `from`, because another process took it further; those of
    /// [`Log::append`].
    pub fn take(
        &mut self,
        from: Option<Taken>,
        drafts: Vec<Draft>,
        to: Taken,
    ) -> Result<Vec<Appended>, LogError> {
        self.append_with(drafts, |tx| {
            let found = taken(tx)?;
            if found != from {
                return Err(LogError::Taken {
                    found: found.map_or(0, |found| found.block),
                });
            }
            let text = serde_json::to_string(&to).expect("numbers are JSON");
            run(tx, sql::TAKEN_SET, [text])?;
            Ok(())
        })
    }
}

fn taken(connection: &Connection) -> Result<Option<Taken>, LogError> {
    let text: Option<String> = maybe(connection, sql::META, ["taken"], |row| row.get(0))?;
    let Some(text) = text else { return Ok(None) };
    let read = serde_json::from_str(&text);
    read.map(Some)
        .map_err(|_| LogError::damaged("how far the chain was taken cannot be read"))
}
