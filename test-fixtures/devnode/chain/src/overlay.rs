//! Changes laid over the state without touching it: past states, calls' overrides, re-execution.

use alloy::{
    primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256},
    rpc::types::state::{AccountOverride, StateOverride},
};
use revm::{
    primitives::{AddressMap, AddressSet, B256Map, U256Map},
    state::{Bytecode, EvmState},
};

use crate::{
    error::CallError,
    state::{Basic, HistoryGone, Position, Sink, Source, State, Undo, apply, bytecode},
};

/// A view of `base` with changes on top.
#[derive(Clone, Debug)]
pub(crate) struct Overlay<'a> {
    base: &'a State,
    accounts: AddressMap<Option<Basic>>,
    slots: AddressMap<U256Map<U256>>,
    /// Accounts whose slots in `base` no longer count.
    cleared: AddressSet,
    codes: B256Map<Bytecode>,
}

impl<'a> Overlay<'a> {
    pub(crate) fn new(base: &'a State) -> Self {
        Self {
            base,
            accounts: AddressMap::default(),
            slots: AddressMap::default(),
            cleared: AddressSet::default(),
            codes: B256Map::default(),
        }
    }

    /// The state as it was at `at`: the oldest value recorded since then wins.
    pub(crate) fn at(base: &'a State, at: Position) -> Result<Self, HistoryGone> {
        let mut view = Self::new(base);
        for undo in base.undo_since(at)? {
            match *undo {
                Undo::Account { address, old } => {
                    view.accounts.insert(address, old);
                }
                Undo::Slot { address, slot, old } => {
                    view.slots.entry(address).or_default().insert(slot, old);
                }
            }
        }
        Ok(view)
    }

    /// Lays the outcome of a transaction on top.
    pub(crate) fn commit(&mut self, changes: &EvmState) {
        apply(changes, self);
    }

    /// Lays a call's state overrides on top.
    pub(crate) fn overrides(&mut self, overrides: &StateOverride) -> Result<(), CallError> {
        for (&address, account) in overrides {
            self.override_account(address, account)?;
        }
        Ok(())
    }

    fn override_account(
        &mut self,
        address: Address,
        account: &AccountOverride,
    ) -> Result<(), CallError> {
        if account.move_precompile_to.is_some() {
            return Err(CallError::MovePrecompile { address });
        }
        if account.state.is_some() && account.state_diff.is_some() {
            return Err(CallError::StateAndDiff { address });
        }
        let mut basic = self.basic(address).unwrap_or_default();
        if let Some(balance) = account.balance {
            basic.balance = balance;
        }
        if let Some(nonce) = account.nonce {
            basic.nonce = nonce;
        }
        if let Some(code) = &account.code {
            basic.code_hash = if code.is_empty() {
                KECCAK256_EMPTY
            } else {
                keccak256(code)
            };
            self.codes.insert(basic.code_hash, bytecode(code.clone()));
        }
        self.accounts.insert(address, Some(basic));
        if account.state.is_some() {
            self.clear_storage(address);
        }
        for (slot, value) in account.state.iter().chain(&account.state_diff).flatten() {
            self.set_slot(address, (*slot).into(), (*value).into());
        }
        Ok(())
    }
}

impl Source for Overlay<'_> {
    fn basic(&self, address: Address) -> Option<Basic> {
        self.accounts
            .get(&address)
            .copied()
            .unwrap_or_else(|| self.base.account(address))
    }

    fn slot(&self, address: Address, slot: U256) -> U256 {
        if let Some(value) = self.slots.get(&address).and_then(|slots| slots.get(&slot)) {
            return *value;
        }
        if self.cleared.contains(&address) {
            U256::ZERO
        } else {
            self.base.slot(address, slot)
        }
    }

    fn code(&self, hash: B256) -> Option<Bytecode> {
        self.codes
            .get(&hash)
            .or_else(|| self.base.code(hash))
            .cloned()
    }
}

impl Sink for Overlay<'_> {
    fn set_account(&mut self, address: Address, new: Option<Basic>) {
        self.accounts.insert(address, new);
    }

    fn set_slot(&mut self, address: Address, slot: U256, new: U256) {
        self.slots.entry(address).or_default().insert(slot, new);
    }

    fn clear_storage(&mut self, address: Address) {
        self.slots.remove(&address);
        self.cleared.insert(address);
    }

    fn put_code(&mut self, hash: B256, code: &Bytecode) {
        self.codes.entry(hash).or_insert_with(|| code.clone());
    }
}
