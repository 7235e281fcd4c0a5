//! Committing what changed.

use alloy::primitives::{B256, KECCAK256_EMPTY};
use redb::ReadableTable;
use revm::primitives::HashSet;

use super::{
    ACCOUNTS, BLOCKS, CODES, FORMAT, Format, JOURNAL, KIND, META, Meta, PersistError, SLOTS, Store,
};
use crate::{
    chain::Chain,
    record::{BlockRecord, RecordError, encode_basic, encode_undo},
    state::{Key, Position, State, Undo},
};

impl Store {
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
