//! Receipts, with the fields Arbitrum adds.

use super::{Object, list, log};
use agentcity_devnode_chain::{MinedBlock, MinedTx};
use alloy::consensus::{Transaction, TxReceipt, Typed2718};

/// Writes the receipt of transaction `index` of `block`.
///
/// `gasUsedForL1` is always zero: the devnode posts to no parent chain, so it charges nothing for that.
pub(crate) fn write(out: &mut Vec<u8>, block: &MinedBlock, index: usize, tx: &MinedTx) {
    let receipt = &tx.receipt;
    let mut object = Object::open(out);
    object.quantity("type", receipt.ty());
    object.raw(
        "status",
        if receipt.status() {
            "\"0x1\""
        } else {
            "\"0x0\""
        },
    );
    object.quantity("cumulativeGasUsed", receipt.cumulative_gas_used());
    list(
        object.key("logs"),
        tx.logs().iter().enumerate(),
        |out, (at, entry)| {
            log::write(out, entry, &log::Place::new(block, index, tx, at), false);
        },
    );
    object.bytes("logsBloom", receipt.bloom().as_slice());
    object.bytes("transactionHash", tx.hash().as_slice());
    object.quantity("transactionIndex", index as u64);
    object.bytes("blockHash", block.hash.as_slice());
    object.quantity("blockNumber", block.number());
    object.quantity("gasUsed", tx.gas_used);
    object.quantity("effectiveGasPrice", tx.effective_gas_price);
    object.bytes("from", tx.tx.signer().as_slice());
    object.opt_bytes("to", tx.tx.to().as_ref().map(|to| to.as_slice()));
    object.opt_bytes(
        "contractAddress",
        tx.contract_address
            .as_ref()
            .map(|address| address.as_slice()),
    );
    object.quantity("blockTimestamp", block.header.timestamp);
    object.raw("gasUsedForL1", "\"0x0\"");
    object.quantity("l1BlockNumber", block.evm_number);
    object.close();
}
