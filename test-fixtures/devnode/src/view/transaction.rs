//! Transactions.

use agentcity_devnode_chain::{MinedBlock, MinedTx};
use alloy::{
    consensus::{TxEnvelope, transaction::Recovered},
    rpc::types::{Transaction, TransactionInfo},
};

/// Transaction `index` of `block`.
pub(crate) fn mined(block: &MinedBlock, index: usize, tx: &MinedTx) -> Transaction {
    let info = TransactionInfo {
        hash: Some(tx.hash()),
        index: Some(index as u64),
        block_hash: Some(block.hash),
        block_number: Some(block.number()),
        base_fee: block.header.base_fee_per_gas,
        block_timestamp: Some(block.header.timestamp),
    };
    Transaction {
        effective_gas_price: Some(tx.effective_gas_price),
        ..Transaction::from_transaction(tx.tx.clone(), info)
    }
}

/// A transaction of the pool.
pub(crate) fn pending(tx: Recovered<TxEnvelope>) -> Transaction {
    Transaction::from_transaction(tx, TransactionInfo::default())
}
