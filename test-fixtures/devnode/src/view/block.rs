//! Blocks and headers, with the fields Arbitrum adds.

use super::transaction;
use agentcity_devnode_chain::MinedBlock;
use alloy::{
    consensus::Header,
    primitives::{B256, U64, U256},
    rpc::types::Transaction,
};
use serde::Serialize;

/// A header as `newHeads` and blocks show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeaderView<'a> {
    hash: B256,
    #[serde(flatten)]
    header: &'a Header,
    total_difficulty: U256,
    size: U64,
    /// What `block.number` answers inside the block.
    l1_block_number: U64,
    /// The devnode sends no messages to a parent chain: the outbox stays empty.
    send_count: U64,
    send_root: B256,
}

impl<'a> HeaderView<'a> {
    pub(crate) fn new(block: &'a MinedBlock) -> Self {
        Self {
            hash: block.hash,
            header: &block.header,
            total_difficulty: U256::ZERO,
            size: U64::from(block.size),
            l1_block_number: U64::from(block.evm_number),
            send_count: U64::ZERO,
            send_root: B256::ZERO,
        }
    }
}

/// A whole block.
#[derive(Debug, Serialize)]
pub(crate) struct BlockView<'a> {
    #[serde(flatten)]
    header: HeaderView<'a>,
    uncles: [B256; 0],
    transactions: Transactions,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Transactions {
    Hashes(Vec<B256>),
    Full(Vec<Transaction>),
}

impl<'a> BlockView<'a> {
    /// `full` shows transactions instead of their hashes.
    pub(crate) fn new(block: &'a MinedBlock, full: bool) -> Self {
        let transactions = if full {
            let all = block.transactions.iter().enumerate();
            Transactions::Full(
                all.map(|(index, tx)| transaction::mined(block, index, tx))
                    .collect(),
            )
        } else {
            Transactions::Hashes(block.transactions.iter().map(|tx| tx.hash()).collect())
        };
        Self {
            header: HeaderView::new(block),
            uncles: [],
            transactions,
        }
    }
}
