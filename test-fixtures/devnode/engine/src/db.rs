//! The state as the EVM sees it: one concrete type whatever the caller's database is, so that the interpreter is compiled
//! once, in this crate.

use alloy_primitives::{Address, B256, U256};
use revm::{
    Database, DatabaseRef,
    state::{AccountInfo, Bytecode},
};

use crate::{refused::StateError, types::BlockContext};

/// Object-safe face of a [`DatabaseRef`].
pub(crate) trait ReadState {
    fn account(&self, address: Address) -> Result<Option<AccountInfo>, StateError>;
    fn code(&self, hash: B256) -> Result<Bytecode, StateError>;
    fn slot(&self, address: Address, key: U256) -> Result<U256, StateError>;
    fn hash_of(&self, number: u64) -> Result<B256, StateError>;
}

impl<T> ReadState for T
where
    T: DatabaseRef<Error: std::error::Error + Send + Sync + 'static>,
{
    fn account(&self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        self.basic_ref(address).map_err(boxed)
    }

    fn code(&self, hash: B256) -> Result<Bytecode, StateError> {
        self.code_by_hash_ref(hash).map_err(boxed)
    }

    fn slot(&self, address: Address, key: U256) -> Result<U256, StateError> {
        self.storage_ref(address, key).map_err(boxed)
    }

    fn hash_of(&self, number: u64) -> Result<B256, StateError> {
        self.block_hash_ref(number).map_err(boxed)
    }
}

fn boxed(error: impl std::error::Error + Send + Sync + 'static) -> StateError {
    StateError(Box::new(error))
}

/// The database of one execution.
pub(crate) struct State<'a> {
    state: &'a dyn ReadState,
    number: u64,
    evm_number: u64,
}

impl<'a> State<'a> {
    pub(crate) fn new(state: &'a dyn ReadState, block: &BlockContext) -> Self {
        Self {
            state,
            number: block.number,
            evm_number: block.evm_number,
        }
    }

    /// Hash of an L2 block.
    pub(crate) fn l2_hash(&self, number: u64) -> Result<B256, StateError> {
        self.state.hash_of(number)
    }
}

impl std::fmt::Debug for State<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl Database for State<'_> {
    type Error = StateError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, StateError> {
        self.state.account(address)
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, StateError> {
        self.state.code(hash)
    }

    fn storage(&mut self, address: Address, key: U256) -> Result<U256, StateError> {
        self.state.slot(address, key)
    }

    /// `number` counts as NUMBER does; the answer is the L2 block as many blocks ago.
    fn block_hash(&mut self, number: u64) -> Result<B256, StateError> {
        let age = self.evm_number.saturating_sub(number);
        match self.number.checked_sub(age) {
            Some(number) => self.state.hash_of(number),
            None => Ok(B256::ZERO),
        }
    }
}
