//! The world state, and the one undo journal behind history, snapshots, rollbacks and reorgs.
//!
//! Every change, whether a block's execution or a cheat made it, goes through [`State::set_account`] or
//! [`State::set_slot`], which record the old value. A [`Position`] is a point in that journal: rolling back to it
//! restores the state exactly, and reading at it needs only the entries recorded since.
//!
//! Code is kept by hash and never forgotten: it is content-addressed, so an undone deployment leaves no trace that
//! a read could meet.

use std::collections::VecDeque;

use alloy::primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use revm::{
    primitives::{AddressMap, B256Map, HashSet, U256Map},
    state::{Bytecode, EvmState},
};

/// Balance, nonce and code of an account that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basic {
    /// Balance in wei.
    pub balance: U256,
    /// Nonce.
    pub nonce: u64,
    /// keccak256 of the code.
    pub code_hash: B256,
}

impl Default for Basic {
    fn default() -> Self {
        Self {
            balance: U256::ZERO,
            nonce: 0,
            code_hash: KECCAK256_EMPTY,
        }
    }
}

impl Basic {
    /// Whether EIP-161 treats it as absent.
    pub fn is_empty(&self) -> bool {
        self.balance.is_zero() && self.nonce == 0 && self.code_hash == KECCAK256_EMPTY
    }
}

/// A point in the undo journal; grows with every change and shrinks with every rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// One recorded old value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// The account was like this before (`None`: absent).
    Account {
        /// Whose.
        address: Address,
        /// Before.
        old: Option<Basic>,
    },
    /// The storage slot held this before.
    Slot {
        /// Whose.
        address: Address,
        /// Which.
        slot: U256,
        /// Before.
        old: U256,
    },
}

/// What a change touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Balance, nonce or code.
    Account(Address),
    /// One storage slot.
    Slot(Address, U256),
}

impl Undo {
    /// What it restores.
    pub const fn key(&self) -> Key {
        match *self {
            Self::Account { address, .. } => Key::Account(address),
            Self::Slot { address, slot, .. } => Key::Slot(address, slot),
        }
    }
}

/// The journal no longer reaches back that far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("state at journal position {} is no longer kept; the oldest kept is {}", .asked.0, .oldest.0)]
pub struct HistoryGone {
    /// Position asked for.
    pub asked: Position,
    /// Oldest position kept.
    pub oldest: Position,
}

/// Reads of accounts, storage and code; never fails.
pub(crate) trait Source {
    fn basic(&self, address: Address) -> Option<Basic>;
    fn slot(&self, address: Address, slot: U256) -> U256;
    fn code(&self, hash: B256) -> Option<Bytecode>;
}

/// Writes, as the execution of a transaction asks for them.
pub(crate) trait Sink {
    fn set_account(&mut self, address: Address, new: Option<Basic>);
    fn set_slot(&mut self, address: Address, slot: U256, new: U256);
    fn clear_storage(&mut self, address: Address);
    fn put_code(&mut self, hash: B256, code: &Bytecode);
}

/// Applies the outcome of one transaction.
pub(crate) fn apply(changes: &EvmState, sink: &mut impl Sink) {
    for (&address, account) in changes {
        if !account.is_touched() {
            continue;
        }
        if account.is_selfdestructed() || account.is_empty() {
            sink.clear_storage(address);
            sink.set_account(address, None);
            continue;
        }
        if account.is_created() {
            sink.clear_storage(address);
        }
        let info = &account.info;
        if let Some(code) = &info.code
            && info.code_hash != KECCAK256_EMPTY
        {
            sink.put_code(info.code_hash, code);
        }
        let new = Basic {
            balance: info.balance,
            nonce: info.nonce,
            code_hash: info.code_hash,
        };
        sink.set_account(address, Some(new));
        for (&slot, value) in &account.storage {
            if value.is_changed() || account.is_created() {
                sink.set_slot(address, slot, value.present_value);
            }
        }
    }
}

/// Bytecode of any bytes: whatever revm's own formats do not claim is legacy code, Stylus programs among it.
pub(crate) fn bytecode(code: Bytes) -> Bytecode {
    Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code))
}

/// Accounts, storage, code, and the journal.
#[derive(Clone, Debug, Default)]
pub struct State {
    accounts: AddressMap<Basic>,
    storage: AddressMap<U256Map<U256>>,
    codes: B256Map<Bytecode>,
    journal: VecDeque<Undo>,
    /// Position of the first entry of `journal`.
    base: u64,
    /// Keys changed since the last call of [`State::take_dirty`], when someone persists.
    dirty: Option<HashSet<Key>>,
}

impl State {
    /// An empty state that also remembers which keys changed, for persistence.
    pub fn tracking(track: bool) -> Self {
        Self {
            dirty: track.then(HashSet::default),
            ..Self::default()
        }
    }

    /// Account at `address`, when it exists.
    pub fn account(&self, address: Address) -> Option<Basic> {
        self.accounts.get(&address).copied()
    }

    /// Value of a storage slot.
    pub fn slot(&self, address: Address, slot: U256) -> U256 {
        self.storage
            .get(&address)
            .and_then(|slots| slots.get(&slot))
            .copied()
            .unwrap_or_default()
    }

    /// Code by hash.
    pub fn code(&self, hash: B256) -> Option<&Bytecode> {
        self.codes.get(&hash)
    }

    /// All accounts, in no order.
    pub fn accounts(&self) -> impl Iterator<Item = (Address, Basic)> + '_ {
        self.accounts
            .iter()
            .map(|(&address, &basic)| (address, basic))
    }

    /// All nonzero slots of an account, in no order.
    pub fn slots(&self, address: Address) -> impl Iterator<Item = (U256, U256)> + '_ {
        self.storage
            .get(&address)
            .into_iter()
            .flatten()
            .map(|(&slot, &value)| (slot, value))
    }

    /// Where the journal stands.
    pub fn position(&self) -> Position {
        Position(self.base + self.journal.len() as u64)
    }

    /// The oldest position that can still be read or restored.
    pub const fn oldest(&self) -> Position {
        Position(self.base)
    }

    /// Entries in the journal.
    pub fn journal_len(&self) -> usize {
        self.journal.len()
    }

    /// Writes an account (`None` removes it; its storage is separate).
    pub fn set_account(&mut self, address: Address, new: Option<Basic>) {
        let old = self.account(address);
        if old == new {
            return;
        }
        self.journal.push_back(Undo::Account { address, old });
        self.mark(Key::Account(address));
        self.write_account(address, new);
    }

    /// Writes a slot.
    pub fn set_slot(&mut self, address: Address, slot: U256, new: U256) {
        let old = self.slot(address, slot);
        if old == new {
            return;
        }
        self.journal.push_back(Undo::Slot { address, slot, old });
        self.mark(Key::Slot(address, slot));
        self.write_slot(address, slot, new);
    }

    /// Zeroes every slot of an account.
    pub fn clear_storage(&mut self, address: Address) {
        let Some(slots) = self.storage.remove(&address) else {
            return;
        };
        for (slot, old) in slots {
            self.journal.push_back(Undo::Slot { address, slot, old });
            self.mark(Key::Slot(address, slot));
        }
    }

    /// Keeps code; answers its hash.
    pub fn put_code(&mut self, code: Bytes) -> B256 {
        if code.is_empty() {
            return KECCAK256_EMPTY;
        }
        let hash = keccak256(&code);
        self.codes.entry(hash).or_insert_with(|| bytecode(code));
        hash
    }

    /// Applies the outcome of one transaction.
    pub fn commit(&mut self, changes: &EvmState) {
        apply(changes, self);
    }

    /// Restores the state as it was at `to`.
    pub fn rollback(&mut self, to: Position) -> Result<(), HistoryGone> {
        self.reachable(to)?;
        while self.position() > to {
            let Some(undo) = self.journal.pop_back() else {
                break;
            };
            self.mark(undo.key());
            match undo {
                Undo::Account { address, old } => self.write_account(address, old),
                Undo::Slot { address, slot, old } => self.write_slot(address, slot, old),
            }
        }
        Ok(())
    }

    /// Entries recorded since `from`, newest first.
    pub fn undo_since(
        &self,
        from: Position,
    ) -> Result<impl Iterator<Item = &Undo> + '_, HistoryGone> {
        self.reachable(from)?;
        let keep = (from.0 - self.base).min(self.journal.len() as u64) as usize;
        Ok(self.journal.range(keep..).rev())
    }

    /// Entries recorded in `from..to`, oldest first.
    pub(crate) fn undo_range(
        &self,
        from: Position,
        to: Position,
    ) -> impl Iterator<Item = &Undo> + '_ {
        let index =
            |at: Position| (at.0.saturating_sub(self.base) as usize).min(self.journal.len());
        self.journal.range(index(from)..index(to).max(index(from)))
    }

    /// Forgets entries before `before`; states older than it can no longer be read.
    pub fn prune(&mut self, before: Position) {
        let count = before
            .0
            .saturating_sub(self.base)
            .min(self.journal.len() as u64);
        self.journal.drain(..count as usize);
        self.base += count;
    }

    /// Keys changed since the last call; empty unless tracking.
    pub(crate) fn take_dirty(&mut self) -> Vec<Key> {
        self.dirty
            .as_mut()
            .map(|dirty| dirty.drain().collect())
            .unwrap_or_default()
    }

    /// Puts keys back after a failed commit.
    pub(crate) fn restore_dirty(&mut self, keys: Vec<Key>) {
        if let Some(dirty) = &mut self.dirty {
            dirty.extend(keys);
        }
    }

    /// Replaces the journal, when a persisted chain is opened.
    pub(crate) fn load_journal(&mut self, base: Position, entries: VecDeque<Undo>) {
        self.base = base.0;
        self.journal = entries;
        if let Some(dirty) = &mut self.dirty {
            dirty.clear();
        }
    }

    fn reachable(&self, at: Position) -> Result<(), HistoryGone> {
        if at.0 < self.base || at > self.position() {
            return Err(HistoryGone {
                asked: at,
                oldest: self.oldest(),
            });
        }
        Ok(())
    }

    fn mark(&mut self, key: Key) {
        if let Some(dirty) = &mut self.dirty {
            dirty.insert(key);
        }
    }

    fn write_account(&mut self, address: Address, new: Option<Basic>) {
        match new {
            Some(basic) => self.accounts.insert(address, basic),
            None => self.accounts.remove(&address),
        };
    }

    fn write_slot(&mut self, address: Address, slot: U256, new: U256) {
        if !new.is_zero() {
            self.storage.entry(address).or_default().insert(slot, new);
        } else if let Some(slots) = self.storage.get_mut(&address) {
            slots.remove(&slot);
            if slots.is_empty() {
                self.storage.remove(&address);
            }
        }
    }
}

impl Source for State {
    fn basic(&self, address: Address) -> Option<Basic> {
        self.account(address)
    }

    fn slot(&self, address: Address, slot: U256) -> U256 {
        Self::slot(self, address, slot)
    }

    fn code(&self, hash: B256) -> Option<Bytecode> {
        Self::code(self, hash).cloned()
    }
}

impl Sink for State {
    fn set_account(&mut self, address: Address, new: Option<Basic>) {
        Self::set_account(self, address, new);
    }

    fn set_slot(&mut self, address: Address, slot: U256, new: U256) {
        Self::set_slot(self, address, slot, new);
    }

    fn clear_storage(&mut self, address: Address) {
        Self::clear_storage(self, address);
    }

    fn put_code(&mut self, hash: B256, code: &Bytecode) {
        self.codes.entry(hash).or_insert_with(|| code.clone());
    }
}

#[cfg(test)]
mod tests;
