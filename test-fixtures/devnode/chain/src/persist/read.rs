//! Reading a whole state file when a node starts.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    sync::Arc,
};

use alloy::primitives::{Address, B256, Bytes, U256};
use redb::{Database, ReadableDatabase, ReadableTable};
use revm::primitives::HashSet;

use super::{
    ACCOUNTS, BLOCKS, CODES, FORMAT, Format, JOURNAL, KIND, META, Meta, PersistError, SLOTS,
};
use crate::{
    chain::{Chain, engine_of},
    record::{BlockRecord, RecordError, decode_basic, decode_undo},
    state::{Position, State, Undo},
};

impl Chain {
    /// Takes over what the state file holds.
    pub(super) fn restore(&mut self, path: &Path) -> Result<(), PersistError> {
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
        if self
            .spans
            .last()
            .is_some_and(|span| span.end > self.state.position())
        {
            return Err(foreign(
                "undo entries of the latest block are missing".to_owned(),
            ));
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
