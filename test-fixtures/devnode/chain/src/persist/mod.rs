//! The state file: everything a chain needs to go on, committed once per change before the change is announced.
//!
//! A redb database. Each block, cheat, rollback, revert and reorg is one write transaction of the changed keys only:
//! accounts, slots, new code, new blocks, new undo entries, and the settings. Undo entries are kept so that history and
//! reorgs reach across a restart. Not kept: the pool, snapshots, impersonation, the mining mode.
//!
//! With [`Durability::Process`] a commit hands its pages to the operating system and does not wait for the disk: the
//! death of the process at any moment leaves the last or the last-but-one commit, that of the machine may leave neither
//! (redb's checksums tell).

mod backend;
mod read;
mod write;

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use alloy::primitives::{Address, B256};
use redb::{Builder, Database, ReadableDatabase, TableDefinition, backends::FileBackend};
use revm::primitives::HashSet;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use self::backend::{Backend, check_magic};
use crate::{
    chain::Chain,
    config::{Durability, NodeConfig},
    event::ChainEvent,
    record::RecordError,
    state::Position,
    time::TimeKeeper,
};

/// Version of the layout below. A file of another version is refused, not converted.
pub const FORMAT: u32 = 1;
/// Name the file carries inside, so that another program's database is not taken for ours.
const KIND: &str = "agentcity-devnode";
/// Pages redb keeps in memory; the chain itself is in memory already.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const ACCOUNTS: TableDefinition<'_, [u8; 20], [u8; 72]> = TableDefinition::new("accounts");
const SLOTS: TableDefinition<'_, [u8; 52], [u8; 32]> = TableDefinition::new("slots");
const CODES: TableDefinition<'_, [u8; 32], &[u8]> = TableDefinition::new("codes");
const BLOCKS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("blocks");
/// Undo entries by the journal position of the first one in the row.
const JOURNAL: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("journal");

/// The state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PersistError {
    /// The file is no database, or a damaged one. It was left as it is.
    #[error(
        "state file {path} is not usable: {cause}; it was left untouched, choose another path or move it away"
    )]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// What was found.
        cause: String,
    },
    /// Another process has it open.
    #[error("state file {path} is in use by another process")]
    InUse {
        /// Which file.
        path: PathBuf,
    },
    /// Another version of this program wrote it.
    #[error(
        "state file {path} has format {found}, this program reads {FORMAT}: use the program that wrote it, or choose another path"
    )]
    Version {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// It belongs to another chain.
    #[error(
        "state file {path} belongs to chain {found}, not {wanted}: start with that chain id, or choose another path"
    )]
    ChainId {
        /// Which file.
        path: PathBuf,
        /// Its chain.
        found: u64,
        /// The configured chain.
        wanted: u64,
    },
    /// Writing failed.
    #[error("writing the state file failed: {0}")]
    Write(#[from] Box<redb::Error>),
    /// A record could not be encoded or decoded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

macro_rules! write_errors {
    ($($error:ty),*) => {$(
        impl From<$error> for PersistError {
            fn from(error: $error) -> Self {
                Self::Write(Box::new(error.into()))
            }
        }
    )*};
}
write_errors!(
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::SetDurabilityError
);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Format {
    kind: String,
    version: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    chain_id: u64,
    time: TimeKeeper,
    base_fee: u64,
    gas_limit: u64,
    coinbase: Address,
    /// Decimal: JSON numbers end at 64 bits.
    min_gas_price: String,
    branch: u64,
    journal_base: u64,
}

/// An open state file, and what of the chain it holds already.
#[derive(Debug)]
pub(crate) struct Store {
    db: Database,
    /// Blocks in the file that still belong to the chain.
    blocks: u64,
    /// Rows above `blocks` may exist and must go.
    blocks_stale: bool,
    /// Journal rows: start and end position.
    rows: BTreeMap<u64, u64>,
    /// Journal position up to which the rows are right.
    journal: Position,
    /// Code in the file.
    codes: HashSet<B256>,
    /// Everything in the file belongs to an earlier chain.
    stale: bool,
}

impl Store {
    /// Opens a state file and restores its chain, or makes a new one when there is none.
    pub(crate) fn open(
        path: &Path,
        config: &Arc<NodeConfig>,
        events: broadcast::Sender<ChainEvent>,
    ) -> Result<Chain, PersistError> {
        let db = open_database(path, config.durability)?;
        // A process that died before its first commit leaves a database without tables.
        let fresh = db.begin_read()?.list_tables()?.next().is_none();
        let store = Self {
            db,
            blocks: 0,
            blocks_stale: false,
            rows: BTreeMap::new(),
            journal: Position(0),
            codes: HashSet::default(),
            stale: false,
        };
        let mut chain = Chain::genesis(Arc::clone(config), Some(store), events);
        if fresh {
            chain.flush()?;
        } else {
            chain.restore(path)?;
        }
        Ok(chain)
    }

    /// Blocks from `keep` on no longer belong to the chain.
    pub(crate) fn truncate_blocks(&mut self, keep: u64) {
        if keep < self.blocks {
            self.blocks = keep;
            self.blocks_stale = true;
        }
    }

    /// Undo entries from `to` on no longer belong to the chain.
    pub(crate) fn truncate_journal(&mut self, to: Position) {
        self.journal = self.journal.min(to);
    }

    /// Nothing in the file belongs to the chain.
    pub(crate) fn truncate_all(&mut self) {
        self.stale = true;
        self.blocks = 0;
        self.journal = Position(0);
    }
}

fn open_database(path: &Path, durability: Durability) -> Result<Database, PersistError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    check_magic(path, &file)?;
    let failed = |error: redb::DatabaseError| match error {
        redb::DatabaseError::DatabaseAlreadyOpen => PersistError::InUse {
            path: path.to_owned(),
        },
        other => PersistError::Foreign {
            path: path.to_owned(),
            cause: other.to_string(),
        },
    };
    let backend = Backend {
        file: FileBackend::new(file).map_err(failed)?,
        durability,
    };
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder.create_with_backend(backend).map_err(failed)
}
