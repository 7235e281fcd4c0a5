//! What a server knows of its jobs, on disk: a job that was taken is done once, whatever dies.
//!
//! Guards INV-EXECUTOR-01.
//!
//! ```text
//!  taken ──▶ worked ──▶ standing: committed ──▶ delivered
//!    └──────────┴─────▶ standing: failed, stopped ◀── committed
//!  ▲                                       │
//!  └── the chain lets the node run again ──┘
//! ```
//!
//! Parameters of a query appear in the order of their numbers: SQLite counts them as they come. A standing that was told is never replaced but along these arrows; every write names what it expects to find.

use std::{path::Path, time::Duration};

use alloy::primitives::{B256, Bytes};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::recorder::Texts;
use crate::{
    protocol::{JobId, JobRequest, Standing},
    trail::Trail,
};

/// How long a write waits for another process: longer than any write here takes on a slow disk.
const BUSY: Duration = Duration::from_secs(5);

/// The store did not do what was asked. Nothing may be told on its behalf.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite's word.
    #[error("the store of jobs failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// What is in it was not written by this program.
    #[error("the store of jobs holds what cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// Work that is done and not told yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Worked {
    pub(super) output: Bytes,
    pub(super) proof: Bytes,
    pub(super) trail: Trail,
    /// What was said on the way. Work that was done before texts were kept has none.
    #[serde(default)]
    pub(super) said: Texts,
}

/// A job as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) request: JobRequest,
    /// What makes another request for this job the same.
    pub(super) binding: B256,
    pub(super) worked: Option<Worked>,
    pub(super) standing: Option<Standing>,
}

/// The jobs of one server.
#[derive(Debug)]
pub(super) struct Store(Connection);

impl Store {
    /// Opens a file, or begins one. Every write is on disk when it returns.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS jobs (
                 id TEXT PRIMARY KEY, binding TEXT NOT NULL, request TEXT NOT NULL, worked TEXT, standing TEXT
             );
             CREATE TABLE IF NOT EXISTS outputs (hash TEXT PRIMARY KEY, job TEXT NOT NULL);",
        )?;
        Ok(Self(connection))
    }

    /// Takes a job; false if it is known.
    pub(super) fn take(&self, request: &JobRequest, binding: B256) -> Result<bool, StoreError> {
        let rows = self.0.execute(
            "INSERT INTO jobs (id, binding, request) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
            params![name(&request.job), binding.to_string(), text(request)?],
        )?;
        Ok(rows == 1)
    }

    /// Begins a stopped job anew; false if it stands otherwise by now.
    pub(super) fn reopen(
        &self,
        request: &JobRequest,
        binding: B256,
        stopped: &Standing,
    ) -> Result<bool, StoreError> {
        let rows = self.0.execute(
            "UPDATE jobs SET request = $1, binding = $2, worked = NULL, standing = NULL
             WHERE id = $3 AND standing IS $4",
            params![
                text(request)?,
                binding.to_string(),
                name(&request.job),
                text(stopped)?
            ],
        )?;
        Ok(rows == 1)
    }

    /// A job.
    pub(super) fn job(&self, id: &JobId) -> Result<Option<Kept>, StoreError> {
        let mut query = self
            .0
            .prepare_cached("SELECT request, binding, worked, standing FROM jobs WHERE id = $1")?;
        let row = query.query_row(params![name(id)], columns).optional()?;
        row.map(kept).transpose()
    }

    /// Jobs that nobody was told the end of.
    pub(super) fn unfinished(&self) -> Result<Vec<Kept>, StoreError> {
        let mut query = self.0.prepare_cached(
            "SELECT request, binding, worked, standing FROM jobs WHERE standing IS NULL ORDER BY id",
        )?;
        let rows = query.query_map([], columns)?;
        rows.map(|row| kept(row?)).collect()
    }

    /// Keeps what was found, before it is signed.
    pub(super) fn work(&self, id: &JobId, worked: &Worked) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE jobs SET worked = $1 WHERE id = $2 AND worked IS NULL AND standing IS NULL",
            params![text(worked)?, name(id)],
        )?;
        Ok(())
    }

    /// Keeps the standing that follows `before`; false if another stands there, which then counts.
    pub(super) fn stand(
        &mut self,
        id: &JobId,
        before: Option<&Standing>,
        standing: &Standing,
        output_hash: Option<B256>,
    ) -> Result<bool, StoreError> {
        let before = before.map(text).transpose()?;
        let write = self.0.transaction()?;
        let rows = write.execute(
            "UPDATE jobs SET standing = $1 WHERE id = $2 AND standing IS $3",
            params![text(standing)?, name(id), before],
        )?;
        if let (1, Some(hash)) = (rows, output_hash) {
            write.execute(
                "INSERT INTO outputs (hash, job) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
                params![hash.to_string(), name(id)],
            )?;
        }
        write.commit()?;
        Ok(rows == 1)
    }

    /// The job whose delivered output has this hash on chain.
    pub(super) fn by_output(&self, hash: B256) -> Result<Option<Kept>, StoreError> {
        let mut query = self.0.prepare_cached(
            "SELECT request, binding, worked, standing FROM jobs
             WHERE id = (SELECT job FROM outputs WHERE hash = $1)",
        )?;
        let row = query.query_row(params![hash.to_string()], columns);
        row.optional()?.map(kept).transpose()
    }
}

type Columns = (String, String, Option<String>, Option<String>);

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn kept((request, binding, worked, standing): Columns) -> Result<Kept, StoreError> {
    Ok(Kept {
        request: parsed(&request)?,
        binding: parsed(&format!("\"{binding}\""))?,
        worked: worked.as_deref().map(parsed).transpose()?,
        standing: standing.as_deref().map(parsed).transpose()?,
    })
}

fn name(id: &JobId) -> String {
    id.to_string()
}

fn text(value: &impl Serialize) -> Result<String, StoreError> {
    Ok(serde_json::to_string(value)?)
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    Ok(serde_json::from_str(text)?)
}
