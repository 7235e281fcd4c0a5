//! The state file: everything a chain needs to go on, committed once per change before the change is announced.
//!
//! A redb database. Each block, cheat, rollback, revert and reorg is one write transaction of the changed keys only:
//! accounts, slots, new code, new blocks, new undo entries, and the settings. Undo entries are kept so that history and
//! reorgs reach across a restart. Not kept: the pool, snapshots, impersonation, the mining mode.
//!
//! With [`Durability::Process`] a commit hands its pages to the operating system and does not wait for the disk: the
//! death of the process at any moment leaves the last or the last-but-one commit, that of the machine may leave neither
//! (redb's checksums tell).

use std::{
    collections::{BTreeMap, VecDeque},
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use alloy::primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use redb::{
    Builder, Database, ReadableDatabase, ReadableTable, TableDefinition, backends::FileBackend,
};
use revm::primitives::HashSet;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::{
    backend::{Backend, check_magic},
    chain::{Chain, engine_of},
    config::{Durability, NodeConfig},
    event::ChainEvent,
    record::{BlockRecord, RecordError, decode_basic, decode_undo, encode_basic, encode_undo},
    state::{Key, Position, State, Undo},
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
        let fresh = !path.metadata().is_ok_and(|meta| meta.len() > 0);
        let db = open_database(path, config.durability)?;
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

    /// Writes what changed: `keys` of the state, and blocks and undo entries not written yet.
    pub(crate) fn commit(&mut self, chain: &Chain, keys: &[Key]) -> Result<(), PersistError> {
        let txn = self.db.begin_write()?;
        if self.stale {
            txn.delete_table(ACCOUNTS)?;
            txn.delete_table(SLOTS)?;
            txn.delete_table(CODES)?;
            txn.delete_table(BLOCKS)?;
            txn.delete_table(JOURNAL)?;
        }
        let mut codes = NewCodes {
            known: if self.stale { None } else { Some(&self.codes) },
            found: HashSet::default(),
        };
        write_state(&txn, &chain.state, keys, &mut codes)?;
        let rows = self.write_journal(&txn, &chain.state, &mut codes)?;
        codes.write(&txn, &chain.state)?;
        let new_codes = codes.found;
        write_blocks(&txn, chain, self.blocks, self.blocks_stale)?;
        write_meta(&txn, chain)?;
        txn.commit()?;
        if self.stale {
            self.codes.clear();
            self.rows.clear();
        }
        self.codes.extend(new_codes);
        for start in rows.gone {
            self.rows.remove(&start);
        }
        self.rows.extend(rows.new);
        self.blocks = chain.blocks.len() as u64;
        self.journal = chain.state.position();
        (self.blocks_stale, self.stale) = (false, false);
        Ok(())
    }

    /// Appends the undo entries recorded since the last commit as one row; drops rows that were rolled back or pruned.
    fn write_journal(
        &self,
        txn: &redb::WriteTransaction,
        state: &State,
        codes: &mut NewCodes<'_>,
    ) -> Result<RowChanges, PersistError> {
        let mut table = txn.open_table(JOURNAL)?;
        let mut changes = RowChanges::default();
        let mut from = self.journal.max(state.oldest());
        if !self.stale {
            // Rows that end after what was kept: rolled back, wholly or in part.
            for (&start, &end) in self
                .rows
                .iter()
                .rev()
                .take_while(|(_, end)| **end > self.journal.0)
            {
                debug_assert!(end > start);
                changes.gone.push(start);
                from = from.min(Position(start)).max(state.oldest());
            }
            changes.gone.extend(
                self.rows
                    .iter()
                    .take_while(|(_, end)| **end <= state.oldest().0)
                    .map(|(start, _)| *start),
            );
            for start in &changes.gone {
                table.remove(start)?;
            }
        }
        let to = state.position();
        if from < to {
            let bytes = encode_undo(
                state
                    .undo_range(from, to)
                    .inspect(|undo| codes.note_undo(undo)),
            );
            table.insert(from.0, bytes.as_slice())?;
            changes.new = Some((from.0, to.0));
        }
        Ok(changes)
    }
}

/// Journal rows that a commit removes and adds.
#[derive(Debug, Default)]
struct RowChanges {
    gone: Vec<u64>,
    new: Option<(u64, u64)>,
}

/// Code a commit has to write because something it writes refers to it.
struct NewCodes<'a> {
    known: Option<&'a HashSet<B256>>,
    found: HashSet<B256>,
}

impl NewCodes<'_> {
    fn note(&mut self, hash: B256) {
        if hash != KECCAK256_EMPTY && !self.known.is_some_and(|known| known.contains(&hash)) {
            self.found.insert(hash);
        }
    }

    fn note_undo(&mut self, undo: &Undo) {
        if let Undo::Account {
            old: Some(basic), ..
        } = undo
        {
            self.note(basic.code_hash);
        }
    }

    fn write(&self, txn: &redb::WriteTransaction, state: &State) -> Result<(), PersistError> {
        let mut table = txn.open_table(CODES)?;
        for hash in &self.found {
            if let Some(code) = state.code(*hash) {
                table.insert(hash.0, code.original_byte_slice())?;
            }
        }
        Ok(())
    }
}

fn write_state(
    txn: &redb::WriteTransaction,
    state: &State,
    keys: &[Key],
    codes: &mut NewCodes<'_>,
) -> Result<(), PersistError> {
    let mut accounts = txn.open_table(ACCOUNTS)?;
    let mut slots = txn.open_table(SLOTS)?;
    for key in keys {
        match *key {
            Key::Account(address) => match state.account(address) {
                Some(basic) => {
                    codes.note(basic.code_hash);
                    accounts.insert(address.0.0, encode_basic(&basic))?;
                }
                None => {
                    accounts.remove(address.0.0)?;
                }
            },
            Key::Slot(address, slot) => {
                let mut row = [0; 52];
                row[..20].copy_from_slice(address.as_slice());
                row[20..].copy_from_slice(&slot.to_be_bytes::<32>());
                let value = state.slot(address, slot);
                if value.is_zero() {
                    slots.remove(row)?;
                } else {
                    slots.insert(row, value.to_be_bytes::<32>())?;
                }
            }
        }
    }
    Ok(())
}

fn write_blocks(
    txn: &redb::WriteTransaction,
    chain: &Chain,
    from: u64,
    stale: bool,
) -> Result<(), PersistError> {
    let mut table = txn.open_table(BLOCKS)?;
    if stale {
        table.retain_in(from.., |_, _| false)?;
    }
    for (block, span) in chain.blocks.iter().zip(&chain.spans).skip(from as usize) {
        let bytes = serde_json::to_vec(&BlockRecord::new(block, *span))
            .map_err(|cause| RecordError::new("block", cause))?;
        table.insert(block.header.number, bytes.as_slice())?;
    }
    Ok(())
}

fn write_meta(txn: &redb::WriteTransaction, chain: &Chain) -> Result<(), PersistError> {
    let mut table = txn.open_table(META)?;
    let encode = |cause| RecordError::new("settings", cause);
    if table.get("format")?.is_none() {
        let format = Format {
            kind: KIND.to_owned(),
            version: FORMAT,
        };
        table.insert(
            "format",
            serde_json::to_vec(&format).map_err(encode)?.as_slice(),
        )?;
    }
    let meta = Meta {
        chain_id: chain.settings.chain_id,
        time: chain.time,
        base_fee: chain.settings.base_fee,
        gas_limit: chain.settings.gas_limit,
        coinbase: chain.settings.coinbase,
        min_gas_price: chain.settings.min_gas_price.to_string(),
        branch: chain.branch,
        journal_base: chain.state.oldest().0,
    };
    table.insert(
        "chain",
        serde_json::to_vec(&meta).map_err(encode)?.as_slice(),
    )?;
    Ok(())
}

impl Chain {
    /// Takes over what the state file holds.
    fn restore(&mut self, path: &Path) -> Result<(), PersistError> {
        let Some(mut store) = self.store.take() else {
            return Ok(());
        };
        let foreign = |cause: String| PersistError::Foreign {
            path: path.to_owned(),
            cause,
        };
        let saved = read(&store.db, path)?;
        if saved.meta.chain_id != self.config.chain_id {
            return Err(PersistError::ChainId {
                path: path.to_owned(),
                found: saved.meta.chain_id,
                wanted: self.config.chain_id,
            });
        }
        if saved.blocks.is_empty() {
            return Err(foreign("it has no genesis block".to_owned()));
        }
        let base = Position(saved.meta.journal_base);
        store.blocks = saved.blocks.len() as u64;
        store.codes = saved.codes;
        store.rows = saved.rows;
        self.state = saved.state;
        self.state.load_journal(base, saved.journal);
        store.journal = self.state.position();
        (self.blocks, self.spans) = (Vec::new(), Vec::new());
        self.by_hash.clear();
        self.by_tx.clear();
        for record in saved.blocks {
            let (block, span) = record.restore()?;
            if block.header.number != self.blocks.len() as u64
                || self
                    .blocks
                    .last()
                    .is_some_and(|parent| parent.hash != block.header.parent_hash)
            {
                return Err(foreign(format!(
                    "block {} does not follow the one before it",
                    block.header.number
                )));
            }
            self.append(Arc::new(block), span);
        }
        self.time = saved.meta.time;
        self.branch = saved.meta.branch;
        self.settings.base_fee = saved.meta.base_fee;
        self.settings.gas_limit = saved.meta.gas_limit;
        self.settings.coinbase = saved.meta.coinbase;
        self.settings.min_gas_price = saved
            .meta
            .min_gas_price
            .parse()
            .map_err(|cause| RecordError::new("settings", cause))?;
        self.engine = engine_of(&self.config, saved.meta.chain_id);
        self.store = Some(store);
        Ok(())
    }
}

struct Saved {
    meta: Meta,
    state: State,
    journal: VecDeque<Undo>,
    rows: BTreeMap<u64, u64>,
    codes: HashSet<B256>,
    blocks: Vec<BlockRecord>,
}

/// Reads a whole state file; any surprise means that it is not ours or damaged.
fn read(db: &Database, path: &Path) -> Result<Saved, PersistError> {
    let foreign = |cause: String| PersistError::Foreign {
        path: path.to_owned(),
        cause,
    };
    let meta = read_meta(db, path)?;
    let tables = || -> Result<_, redb::Error> {
        let txn = db.begin_read()?;
        let mut state = State::tracking(true);
        let mut codes = HashSet::default();
        for row in txn.open_table(CODES)?.iter()? {
            let (_, code) = row?;
            codes.insert(state.put_code(Bytes::copy_from_slice(code.value())));
        }
        for row in txn.open_table(ACCOUNTS)?.iter()? {
            let (address, basic) = row?;
            state.set_account(
                Address::from(address.value()),
                Some(decode_basic(&basic.value())),
            );
        }
        for row in txn.open_table(SLOTS)?.iter()? {
            let (key, value) = row?;
            let key = key.value();
            let (address, slot) = (
                Address::from_slice(&key[..20]),
                U256::from_be_slice(&key[20..]),
            );
            state.set_slot(address, slot, U256::from_be_bytes(value.value()));
        }
        let mut undo = Vec::new();
        for row in txn.open_table(JOURNAL)?.iter()? {
            let (start, entries) = row?;
            undo.push((start.value(), decode_undo(entries.value())));
        }
        let mut blocks = Vec::new();
        for row in txn.open_table(BLOCKS)?.iter()? {
            blocks.push(serde_json::from_slice::<BlockRecord>(row?.1.value()));
        }
        Ok((state, codes, undo, blocks))
    };
    let (state, codes, undo, records) = tables().map_err(|cause| foreign(cause.to_string()))?;
    let (mut journal, mut rows) = (VecDeque::new(), BTreeMap::new());
    let mut end = None;
    for (start, entries) in undo {
        let entries = entries.map_err(|cause| foreign(cause.to_string()))?;
        if end.is_some_and(|end| end != start) {
            return Err(foreign(format!(
                "undo entries at {start} do not follow the ones before them"
            )));
        }
        rows.insert(start, start + entries.len() as u64);
        end = Some(start + entries.len() as u64);
        // A row may begin before the oldest entry kept.
        let skip = meta.journal_base.saturating_sub(start) as usize;
        journal.extend(entries.into_iter().skip(skip));
    }
    let blocks: Result<Vec<_>, _> = records.into_iter().collect();
    let blocks = blocks.map_err(|cause| foreign(format!("block record: {cause}")))?;
    Ok(Saved {
        meta,
        state,
        journal,
        rows,
        codes,
        blocks,
    })
}

fn read_meta(db: &Database, path: &Path) -> Result<Meta, PersistError> {
    let foreign = |cause: String| PersistError::Foreign {
        path: path.to_owned(),
        cause,
    };
    let rows = || -> Result<_, redb::Error> {
        let table = db.begin_read()?.open_table(META)?;
        let row = |name| -> Result<Option<Vec<u8>>, redb::Error> {
            Ok(table.get(name)?.map(|row| row.value().to_vec()))
        };
        Ok((row("format")?, row("chain")?))
    };
    let (format, meta) = rows().map_err(|cause| foreign(cause.to_string()))?;
    let format: Format = format
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| foreign("it is a database of something else".to_owned()))?;
    if format.kind != KIND {
        return Err(foreign(format!("it is a database of {:?}", format.kind)));
    }
    if format.version != FORMAT {
        return Err(PersistError::Version {
            path: path.to_owned(),
            found: format.version,
        });
    }
    let meta = meta.ok_or_else(|| foreign("it has no settings".to_owned()))?;
    serde_json::from_slice(&meta).map_err(|cause| foreign(format!("settings: {cause}")))
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
