//! What the chain refuses, and why. Texts a client matches on are geth's.

use agentcity_devnode_engine::Refused;
use alloy::primitives::{Address, B256, Bytes, U256};

use crate::{
    config::HISTORY_ENTRIES, dump::DumpError, persist::PersistError, snapshot::SNAPSHOTS_MAX,
    time::TimeError,
};

/// A transaction was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The bytes are no transaction.
    #[error("failed to decode signed transaction: {cause}")]
    Decode {
        /// What the decoder met.
        cause: String,
    },
    /// The signature does not lead to a sender.
    #[error("invalid sender: {cause}")]
    Signature {
        /// What the recovery met.
        cause: String,
    },
    /// Blob transactions, and types this chain does not know.
    #[error("transaction type not supported: type {tx_type}")]
    UnsupportedType {
        /// Type byte.
        tx_type: u8,
    },
    /// The sequencer takes no transaction that long.
    #[error("oversized data: transaction size {size}, limit {limit}")]
    Oversized {
        /// Bytes of the signed transaction.
        size: usize,
        /// Largest accepted.
        limit: usize,
    },
    /// Signed for another chain.
    #[error("invalid chain id for signer: have {have} want {want}")]
    WrongChainId {
        /// Of the transaction.
        have: u64,
        /// Of this chain.
        want: u64,
    },
    /// The nonce was used already.
    #[error("nonce too low: next nonce {expected}, tx nonce {nonce}")]
    NonceTooLow {
        /// Of the transaction.
        nonce: u64,
        /// The sender's next.
        expected: u64,
    },
    /// Earlier nonces are missing, and this chain does not wait for them.
    #[error("nonce too high: next nonce {expected}, tx nonce {nonce}")]
    NonceTooHigh {
        /// Of the transaction.
        nonce: u64,
        /// The sender's next, waiting transactions counted.
        expected: u64,
    },
    /// The sender cannot pay.
    #[error("insufficient funds for gas * price + value: balance {balance}, tx cost {cost}, overshot {}", .cost.saturating_sub(*.balance))]
    InsufficientFunds {
        /// Sender.
        sender: Address,
        /// What it owns in wei.
        balance: U256,
        /// What the transaction may cost in wei.
        cost: U256,
    },
    /// Value plus fee does not fit 256 bits.
    #[error("gas * price + value overflows 256 bits: lower the gas limit, the price or the value")]
    CostOverflow,
    /// The gas limit does not cover what every such transaction costs.
    #[error("intrinsic gas too low: gas {limit}, minimum needed {needed}")]
    IntrinsicGas {
        /// Gas limit of the transaction.
        limit: u64,
        /// Least possible.
        needed: u64,
    },
    /// The gas limit does not fit a block.
    #[error("exceeds block gas limit: gas {limit}, block {block}")]
    GasAboveBlock {
        /// Gas limit of the transaction.
        limit: u64,
        /// Of a block.
        block: u64,
    },
    /// The fee cap is below the base fee.
    #[error(
        "max fee per gas less than block base fee: maxFeePerGas: {max_fee}, baseFee: {base_fee}"
    )]
    FeeBelowBase {
        /// Cap of the transaction in wei per gas.
        max_fee: u128,
        /// Base fee in wei per gas.
        base_fee: u64,
    },
    /// The price is below the least the node takes (`anvil_setMinGasPrice`).
    #[error("transaction underpriced: gas price {price}, minimum needed {least}")]
    Underpriced {
        /// Price of the transaction in wei per gas.
        price: u128,
        /// Least accepted in wei per gas.
        least: u128,
    },
    /// The tip exceeds the cap.
    #[error(
        "max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: {tip}, maxFeePerGas: {max_fee}"
    )]
    TipAboveFee {
        /// Tip in wei per gas.
        tip: u128,
        /// Cap in wei per gas.
        max_fee: u128,
    },
    /// It waits already, or is in a block.
    #[error("already known")]
    AlreadyKnown {
        /// Transaction hash.
        hash: B256,
    },
    /// Another transaction of the same nonce waits, and this one does not pay enough more.
    #[error(
        "replacement transaction underpriced: max fee {max_fee} and tip {tip}, needed {least_fee} and {least_tip}"
    )]
    ReplacementUnderpriced {
        /// Cap offered.
        max_fee: u128,
        /// Tip offered.
        tip: u128,
        /// Cap that replaces.
        least_fee: u128,
        /// Tip that replaces.
        least_tip: u128,
    },
    /// The pool holds its maximum.
    #[error("txpool is full: {count} transactions of {bytes} bytes wait; mine or drop some")]
    PoolFull {
        /// Transactions waiting.
        count: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// Production is paused and submissions are refused meanwhile.
    #[error(
        "sequencer is not accepting transactions: block production is paused; resume it and send again"
    )]
    ProductionPaused,
    /// `from` has no key here.
    #[error("No Signer available for {address}: impersonate it first or send a signed transaction")]
    NotImpersonated {
        /// Whose.
        address: Address,
    },
    /// A request misses a field or contradicts itself.
    #[error("invalid transaction request: {cause}")]
    Request {
        /// What is wrong with it.
        cause: String,
    },
    /// The gas of a request without `gas` could not be estimated.
    #[error(transparent)]
    Estimate(#[from] Box<EstimateError>),
    /// A cheat in strict mode.
    #[error(transparent)]
    Strict(#[from] StrictRefusal),
    /// The engine refused it for a reason the pool does not check.
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
    /// The block could not be made.
    #[error(transparent)]
    Mine(#[from] MineError),
}

/// Refusal of a cheat on a strict node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{method} is refused: this node runs in strict mode, where state changes only by signed transactions"
)]
pub struct StrictRefusal {
    /// What was asked.
    pub method: &'static str,
}

/// A block (or its state) cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Above the head.
    #[error("block {number} not found: the head is {head}")]
    UnknownNumber {
        /// Asked for.
        number: u64,
        /// Latest block.
        head: u64,
    },
    /// No canonical block has that hash.
    #[error("block {hash} not found: no block of the chain has this hash")]
    UnknownHash {
        /// Asked for.
        hash: B256,
    },
    /// The state of that block is no longer kept.
    #[error(
        "state of block {number} is no longer available: states are kept from block {oldest} on (at most {HISTORY_ENTRIES} changes); raise the history limit"
    )]
    StateGone {
        /// Asked for.
        number: u64,
        /// Oldest block with state.
        oldest: u64,
    },
}

/// A call could not be run at all. A call that reverts is a result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The block or its state is missing.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// `gasPrice` beside the fee-market fields.
    #[error("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified: keep one kind")]
    BothFees,
    /// `input` and `data` differ.
    #[error("both \"data\" and \"input\" are set and not equal: {cause}")]
    Input {
        /// Detail.
        cause: String,
    },
    /// Blob transactions do not exist here.
    #[error("transaction type not supported: type {tx_type}")]
    UnsupportedType {
        /// Type byte.
        tx_type: u8,
    },
    /// An account override replaces all storage and patches it, too.
    #[error("account {address} has both 'state' and 'stateDiff': keep one")]
    StateAndDiff {
        /// Whose.
        address: Address,
    },
    /// Precompiles cannot be moved here.
    #[error("account {address}: movePrecompileToAddress is not supported")]
    MovePrecompile {
        /// Whose.
        address: Address,
    },
    /// A block override is out of range.
    #[error("block override {field} = {value} is out of range: it must fit 64 bits")]
    Override {
        /// Which.
        field: &'static str,
        /// Value.
        value: U256,
    },
    /// The transaction to trace is not in the chain.
    #[error("transaction {hash} not found")]
    UnknownTransaction {
        /// Asked for.
        hash: B256,
    },
    /// The genesis block has nothing to trace.
    #[error("genesis is not traceable")]
    Genesis,
    /// The engine refused to start.
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
}

/// No gas limit makes the call succeed.
#[derive(Debug, thiserror::Error)]
pub enum EstimateError {
    /// It reverts.
    #[error("execution reverted")]
    Reverted {
        /// Revert data.
        output: Bytes,
    },
    /// It fails otherwise with the most gas it may have.
    #[error("gas required exceeds allowance ({cap}): {reason}")]
    Halted {
        /// Gas tried.
        cap: u64,
        /// Why it stopped.
        reason: String,
    },
    /// It could not be run.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// A block could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MineError {
    /// Production is paused.
    #[error("block production is paused (sequencer outage): resume it first")]
    Paused,
    /// Too many at once.
    #[error("cannot mine {count} blocks at once: at most {limit}")]
    TooMany {
        /// Asked for.
        count: u64,
        /// Largest accepted.
        limit: u64,
    },
    /// The timestamp is not possible.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// The block could not be written; it was undone.
    #[error("the block was not written and was undone: {0}")]
    Persist(#[from] PersistError),
}

/// A cheat or a control failed.
#[derive(Debug, thiserror::Error)]
pub enum CheatError {
    /// Refused by strict mode.
    #[error(transparent)]
    Strict(#[from] StrictRefusal),
    /// The timestamp is not possible.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// EIP-2681: the last nonce cannot be used.
    #[error("nonce {nonce} is above the largest allowed one, 2^64 - 2")]
    NonceTooLarge {
        /// Asked for.
        nonce: u64,
    },
    /// An interval of nothing.
    #[error("interval must be longer than zero: set manual mining instead")]
    ZeroInterval,
    /// A gas limit nothing could run in.
    #[error("block gas limit {limit} is below the least, 21000")]
    GasLimit {
        /// Asked for.
        limit: u64,
    },
    /// The change could not be written; it was undone.
    #[error(transparent)]
    Persist(#[from] PersistError),
    /// Waiting transactions could not be mined.
    #[error(transparent)]
    Mine(#[from] MineError),
    /// The dump is not one of ours.
    #[error(transparent)]
    Dump(#[from] DumpError),
}

/// Snapshots.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Never taken, or dropped by a revert to an earlier one.
    #[error("snapshot {id} does not exist: it was never taken or dropped by a revert")]
    Unknown {
        /// Asked for.
        id: u64,
    },
    /// The journal no longer reaches back to it.
    #[error(
        "snapshot {id} is too old: its state is no longer kept (at most {HISTORY_ENTRIES} changes)"
    )]
    Gone {
        /// Asked for.
        id: u64,
    },
    /// Too many alive.
    #[error("{SNAPSHOTS_MAX} snapshots are alive: revert to an earlier one to drop some")]
    TooMany,
    /// The revert happened but is not in the state file yet.
    #[error("reverted, but the state file lags until the next successful write: {0}")]
    Persist(#[from] PersistError),
}

/// Reorgs and rollbacks.
#[derive(Debug, thiserror::Error)]
pub enum ReorgError {
    /// An impersonated transaction in strict mode.
    #[error(transparent)]
    Strict(#[from] StrictRefusal),
    /// Would remove genesis or more.
    #[error("cannot go back {depth} blocks: the head is {head}")]
    TooDeep {
        /// Asked for.
        depth: u64,
        /// Latest block.
        head: u64,
    },
    /// The state there is no longer kept.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// A replacement is placed outside the replaced blocks.
    #[error("transaction placed in block {offset} of a reorg of {depth} blocks: offsets run from 0 to {}", .depth.saturating_sub(1))]
    Offset {
        /// Asked for.
        offset: u64,
        /// Blocks replaced.
        depth: u64,
    },
    /// A replacement cannot be executed there; nothing was changed.
    #[error("transaction {hash} cannot be part of block {number}: {cause}")]
    Transaction {
        /// Which.
        hash: B256,
        /// In which block.
        number: u64,
        /// Why.
        cause: String,
    },
    /// The change happened but is not in the state file yet.
    #[error("done, but the state file lags until the next successful write: {0}")]
    Persist(#[from] PersistError),
}

/// A log query was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogsError {
    /// The block asked for is missing.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// The range runs backwards.
    #[error("invalid block range params: fromBlock {from} is after toBlock {to}")]
    Backwards {
        /// First.
        from: u64,
        /// Last.
        to: u64,
    },
    /// The range is too long.
    #[error("query exceeds max block range {limit}: asked for {asked}; ask for less at a time")]
    TooManyBlocks {
        /// Blocks asked for.
        asked: u64,
        /// Largest accepted.
        limit: u64,
    },
    /// Too many logs match.
    #[error("query exceeds max results {limit}; retry with the range {from}-{to}")]
    TooManyLogs {
        /// Largest accepted.
        limit: usize,
        /// First block.
        from: u64,
        /// Last block whose logs all fit.
        to: u64,
    },
    /// A filter of this size costs more than it finds.
    #[error("filter has {count} addresses or topics; at most {limit} are accepted")]
    TooManyTerms {
        /// In the filter.
        count: usize,
        /// Largest accepted.
        limit: usize,
    },
}

/// A node could not start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The configuration makes no chain.
    #[error("configuration: {cause}")]
    Config {
        /// What is wrong with it.
        cause: String,
    },
    /// The state file cannot be used.
    #[error(transparent)]
    Persist(#[from] PersistError),
    /// The mining thread did not start.
    #[error("starting the mining thread: {0}")]
    Thread(#[from] std::io::Error),
}
