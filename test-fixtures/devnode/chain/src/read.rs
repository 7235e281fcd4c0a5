//! Reads of blocks, transactions and state.

use std::sync::Arc;

use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, U256},
};
use alloy_trie::{HashBuilder, Nibbles, TrieAccount};

use crate::{
    block::{MinedBlock, MinedTx},
    error::BlockError,
    node::Node,
    pool::{PoolContent, PoolTx},
    state::{Basic, Source, State},
};

impl Node {
    /// Height.
    pub fn head_number(&self) -> u64 {
        self.read().head_number()
    }

    /// Latest block.
    pub fn head(&self) -> Arc<MinedBlock> {
        Arc::clone(self.read().head())
    }

    /// A block by number, hash or tag; `pending` answers the head.
    pub fn block(&self, at: BlockId) -> Option<Arc<MinedBlock>> {
        let chain = self.read();
        let at = chain.resolve(at).ok()?;
        chain.blocks.get(at.number as usize).cloned()
    }

    /// Blocks of a range that exist, oldest first, at most `limit`.
    pub fn blocks(&self, from: u64, to: u64, limit: usize) -> Vec<Arc<MinedBlock>> {
        let chain = self.read();
        let to = to.min(chain.head_number());
        (from..=to)
            .take(limit)
            .filter_map(|number| chain.blocks.get(number as usize).cloned())
            .collect()
    }

    /// A mined transaction: its block and its index there.
    pub fn tx(&self, hash: B256) -> Option<Located> {
        self.read().find_tx(hash).map(|(block, index, _)| Located {
            block: Arc::clone(block),
            index,
        })
    }

    /// A waiting transaction.
    pub fn pooled(&self, hash: B256) -> Option<Arc<PoolTx>> {
        self.read().pool.get(hash).cloned()
    }

    /// Everything that waits.
    pub fn pool(&self) -> PoolContent {
        let chain = self.read();
        chain.pool.content(|sender| chain.nonce(sender))
    }

    /// Numbers of transactions that could be mined now, and that wait for an earlier nonce.
    pub fn pool_status(&self) -> (usize, usize) {
        let content = self.pool();
        (
            content.pending.values().map(|queue| queue.len()).sum(),
            content.queued.values().map(|queue| queue.len()).sum(),
        )
    }

    /// Balance, nonce and code hash; absent accounts are empty.
    pub fn account(&self, address: Address, at: BlockId) -> Result<Basic, BlockError> {
        self.source(at, |source| source.basic(address).unwrap_or_default())
    }

    /// Balance in wei.
    pub fn balance(&self, address: Address, at: BlockId) -> Result<U256, BlockError> {
        Ok(self.account(address, at)?.balance)
    }

    /// Nonce; at `pending`, waiting transactions are counted.
    pub fn nonce(&self, address: Address, at: BlockId) -> Result<u64, BlockError> {
        let chain = self.read();
        if chain.resolve(at)?.pending {
            return Ok(chain.pool.next_nonce(address, chain.nonce(address)));
        }
        drop(chain);
        Ok(self.account(address, at)?.nonce)
    }

    /// Code.
    pub fn code(&self, address: Address, at: BlockId) -> Result<Bytes, BlockError> {
        self.source(at, |source| {
            source
                .basic(address)
                .and_then(|basic| source.code(basic.code_hash))
                .map(|code| code.original_bytes())
                .unwrap_or_default()
        })
    }

    /// Value of a storage slot.
    pub fn storage(&self, address: Address, slot: U256, at: BlockId) -> Result<B256, BlockError> {
        self.source(at, |source| source.slot(address, slot).into())
    }

    /// Merkle-Patricia root of the current state, computed on demand: every account is hashed.
    ///
    /// Headers carry a rolling commitment instead, because a trie per block would cost more than the block.
    pub fn state_root(&self) -> B256 {
        state_root(&self.read().state)
    }

    fn source<R>(&self, at: BlockId, read: impl FnOnce(&dyn Source) -> R) -> Result<R, BlockError> {
        let chain = self.read();
        let at = chain.resolve(at)?;
        if at.number == chain.head_number() {
            return Ok(read(&chain.state));
        }
        Ok(read(&chain.view(at.number)?))
    }
}

/// Merkle-Patricia root of a state.
pub(crate) fn state_root(state: &State) -> B256 {
    let mut leaves: Vec<(B256, Vec<u8>)> = state
        .accounts()
        .map(|(address, basic)| {
            let account = TrieAccount {
                nonce: basic.nonce,
                balance: basic.balance,
                storage_root: storage_root(state, address),
                code_hash: basic.code_hash,
            };
            (
                alloy::primitives::keccak256(address),
                alloy::rlp::encode(account),
            )
        })
        .collect();
    root(&mut leaves)
}

fn storage_root(state: &State, address: Address) -> B256 {
    let mut leaves: Vec<(B256, Vec<u8>)> = state
        .slots(address)
        .map(|(slot, value)| {
            (
                alloy::primitives::keccak256(slot.to_be_bytes::<32>()),
                alloy::rlp::encode(value),
            )
        })
        .collect();
    root(&mut leaves)
}

fn root(leaves: &mut [(B256, Vec<u8>)]) -> B256 {
    leaves.sort_unstable();
    let mut builder = HashBuilder::default();
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    builder.root()
}

/// A transaction and the block it is in.
#[derive(Clone, Debug)]
pub struct Located {
    /// Its block.
    pub block: Arc<MinedBlock>,
    /// Index in the block.
    pub index: usize,
}

impl Located {
    /// The transaction.
    pub fn tx(&self) -> &MinedTx {
        &self.block.transactions[self.index]
    }
}
