//! A mined block: header, transactions, receipts, immutable and shared.

use alloy::{
    consensus::{
        EMPTY_OMMER_ROOT_HASH, Header, ReceiptEnvelope, TxEnvelope, transaction::Recovered,
    },
    eips::eip2718::Encodable2718,
    primitives::{Address, B64, B256, Bloom, Bytes, Log, U256},
};
use alloy_trie::root::ordered_trie_root_with_encoder;

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded.
    Success,
    /// It reverted; the data is in [`MinedTx::output`].
    Revert,
    /// It stopped for this reason and used all its gas.
    Halt(String),
}

/// One transaction of a block with everything known about it.
#[derive(Clone, Debug)]
pub struct MinedTx {
    /// The transaction and its sender.
    pub tx: Recovered<TxEnvelope>,
    /// Receipt with logs and bloom.
    pub receipt: ReceiptEnvelope<Log>,
    /// Gas this transaction used.
    pub gas_used: u64,
    /// Wei per gas it paid.
    pub effective_gas_price: u128,
    /// Contract it created, or would have created had it not failed.
    pub contract_address: Option<Address>,
    /// Index in the block of its first log.
    pub first_log_index: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Return or revert data.
    pub output: Bytes,
    /// Whether the signature is a stand-in, because the sender was impersonated.
    pub impersonated: bool,
}

impl MinedTx {
    /// Transaction hash.
    pub fn hash(&self) -> B256 {
        *self.tx.inner().tx_hash()
    }

    /// Logs in order.
    pub fn logs(&self) -> &[Log] {
        self.receipt.logs()
    }

    /// Whether it succeeded.
    pub fn succeeded(&self) -> bool {
        self.outcome == Outcome::Success
    }
}

/// A block of the chain.
#[derive(Clone, Debug)]
pub struct MinedBlock {
    /// Header. `state_root` is a rolling commitment, see [`crate::Node::state_root`] for the Merkle root.
    pub header: Header,
    /// keccak256 of the header.
    pub hash: B256,
    /// What `NUMBER` answered inside this block (`l1BlockNumber` on Arbitrum).
    pub evm_number: u64,
    /// Transactions in order.
    pub transactions: Vec<MinedTx>,
    /// Bytes of the block in RLP.
    pub size: u64,
}

impl MinedBlock {
    /// Height.
    pub const fn number(&self) -> u64 {
        self.header.number
    }

    /// Number of logs in the block.
    pub fn log_count(&self) -> u64 {
        self.transactions
            .last()
            .map_or(0, |last| last.first_log_index + last.logs().len() as u64)
    }
}

/// What a header says besides what follows from the transactions.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) parent_hash: B256,
    pub(crate) number: u64,
    pub(crate) evm_number: u64,
    pub(crate) timestamp: u64,
    pub(crate) coinbase: Address,
    pub(crate) gas_limit: u64,
    pub(crate) base_fee: u64,
    pub(crate) prevrandao: B256,
    pub(crate) difficulty: U256,
    pub(crate) extra_data: Bytes,
}

/// Closes a block: roots, bloom, gas, hash.
pub(crate) fn seal(frame: Frame, transactions: Vec<MinedTx>, state_root: B256) -> MinedBlock {
    let mut bloom = Bloom::ZERO;
    let mut gas_used = 0;
    let mut tx_bytes = 0;
    for mined in &transactions {
        bloom |= *receipt_bloom(&mined.receipt);
        gas_used += mined.gas_used;
        tx_bytes += mined.tx.inner().eip2718_encoded_length() + 4;
    }
    let header = Header {
        parent_hash: frame.parent_hash,
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        beneficiary: frame.coinbase,
        state_root,
        transactions_root: ordered_trie_root_with_encoder(&transactions, |mined, out| {
            mined.tx.inner().encode_2718(out);
        }),
        receipts_root: ordered_trie_root_with_encoder(&transactions, |mined, out| {
            mined.receipt.encode_2718(out)
        }),
        logs_bloom: bloom,
        difficulty: frame.difficulty,
        number: frame.number,
        gas_limit: frame.gas_limit,
        gas_used,
        timestamp: frame.timestamp,
        extra_data: frame.extra_data,
        mix_hash: frame.prevrandao,
        nonce: B64::ZERO,
        base_fee_per_gas: Some(frame.base_fee),
        ..Header::default()
    };
    let hash = header.hash_slow();
    let size = (header.size() + tx_bytes) as u64;
    MinedBlock {
        header,
        hash,
        evm_number: frame.evm_number,
        transactions,
        size,
    }
}

fn receipt_bloom(receipt: &ReceiptEnvelope<Log>) -> &Bloom {
    match receipt {
        ReceiptEnvelope::Legacy(inner)
        | ReceiptEnvelope::Eip2930(inner)
        | ReceiptEnvelope::Eip1559(inner)
        | ReceiptEnvelope::Eip4844(inner)
        | ReceiptEnvelope::Eip7702(inner) => &inner.logs_bloom,
    }
}
