//! What `BLOCKHASH` answers, and the database the engine reads.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc};

use alloy::primitives::{Address, B256, KECCAK256_EMPTY, U256};
use revm::{
    DatabaseRef,
    state::{AccountInfo, Bytecode},
};

use crate::{block::MinedBlock, state::Source};

/// Hashes of this chain's blocks by its own numbers.
///
/// The engine turns the EVM's numbers into these: `BLOCKHASH(block.number - n)` is the hash of the block `n` before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hashes<'a> {
    pub(crate) blocks: &'a [Arc<MinedBlock>],
    pub(crate) overrides: Option<&'a BTreeMap<u64, B256>>,
}

impl Hashes<'_> {
    fn get(&self, number: u64) -> B256 {
        if let Some(hash) = self.overrides.and_then(|hashes| hashes.get(&number)) {
            return *hash;
        }
        usize::try_from(number)
            .ok()
            .and_then(|index| self.blocks.get(index))
            .map_or(B256::ZERO, |block| block.hash)
    }
}

/// A source of state with block hashes, as revm wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Db<'a, S> {
    pub(crate) source: &'a S,
    pub(crate) hashes: Hashes<'a>,
}

impl<S: Source> DatabaseRef for Db<'_, S> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.source.basic(address).map(|basic| AccountInfo {
            balance: basic.balance,
            nonce: basic.nonce,
            code_hash: basic.code_hash,
            code: self.code(basic.code_hash),
            ..AccountInfo::default()
        }))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.code(hash).unwrap_or_default())
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        Ok(self.source.slot(address, slot))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        Ok(self.hashes.get(number))
    }
}

impl<S: Source> Db<'_, S> {
    fn code(&self, hash: B256) -> Option<Bytecode> {
        if hash == KECCAK256_EMPTY {
            Some(Bytecode::default())
        } else {
            self.source.code(hash)
        }
    }
}
