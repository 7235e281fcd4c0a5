//! What a chain is made of before its first block.

use std::{path::PathBuf, sync::Arc, time::Duration};

use agentcity_devnode_engine::Tips;
use alloy::primitives::{Address, B256, U256, address};
use revm::primitives::hardfork::SpecId;

use crate::time::{Clock, SystemClock};

/// The address Arbitrum reports as `block.coinbase` for transactions that came through the sequencer.
pub const SEQUENCER: Address = address!("0xa4b000000000000000000073657175656e636572");
/// Base fee of a fresh chain in wei per gas: Arbitrum One's usual floor, 0.1 gwei before ArbOS 51.
pub const BASE_FEE: u64 = 100_000_000;
/// Gas one block (and one transaction) may use; Arbitrum's effective limit.
pub const GAS_LIMIT: u64 = 32_000_000;
/// Bytes of a signed transaction the Arbitrum sequencer takes.
pub const TX_BYTES_MAX: usize = 95_000;
/// Blocks whose state stays readable by default; older states are refused by name.
pub const HISTORY_BLOCKS: u64 = 10_000;
/// Entries the undo journal keeps at most, whatever `history_blocks` says: about 200 MB, and what the oldest view may
/// have to walk through.
pub const HISTORY_ENTRIES: usize = 2_000_000;
/// Seconds between blocks of the parent chain, for the estimate behind `block.number`.
pub const PARENT_BLOCK_SECS: u64 = 12;
/// Where the parent chain stands when a chain is born, unless configured.
pub const PARENT_NUMBER: u64 = 20_000_000;

/// What the EVM's `NUMBER` answers. `BLOCKHASH(block.number - n)` is the hash of this chain's block `n` before, either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvmNumbers {
    /// As on Arbitrum: an estimate of the parent chain's number, one block per 12 s since genesis.
    ParentEstimate,
    /// The chain's own number.
    Own,
}

/// What happens to a transaction whose nonce is ahead of the sender's next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceGaps {
    /// Refused at once, as the Arbitrum sequencer does.
    Refuse,
    /// Held until the gap is filled, as geth and anvil do.
    Hold,
}

/// When blocks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mining {
    /// One block per transaction, made inside `submit`.
    Auto,
    /// One block every so often, also when nothing waits.
    Interval(Duration),
    /// Only on request.
    Manual,
}

/// How two blocks' timestamps relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timestamps {
    /// Several blocks may share a second, as on Arbitrum.
    NonDecreasing,
    /// Every block is at least a second after its parent, as on Ethereum and anvil.
    Increasing,
}

/// Which waiting transaction goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// First come, first served, as on Arbitrum.
    Arrival,
    /// Highest tip first, then arrival.
    Tip,
}

/// Where `PREVRANDAO` comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Randao {
    /// The same value in every block; Arbitrum answers 1.
    Constant(B256),
    /// keccak256(seed ‖ block number): differs per block, same on every run.
    Seeded(u64),
}

/// How far a committed block must have got before it is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Handed to the operating system: survives the death of the process (`kill -9`), not of the machine.
    Process,
    /// Synced to the disk: survives the death of the machine, and costs milliseconds a block.
    Machine,
}

/// What submissions meet while production is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// They are refused with [`crate::SubmitError::ProductionPaused`].
    Refuse,
    /// They wait in the pool until production resumes.
    Queue,
}

/// Everything [`crate::Node::new`] needs.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// EVM rules.
    pub spec: SpecId,
    /// Whether tips are paid (Ethereum) or ignored (Arbitrum).
    pub tips: Tips,
    /// Offers the console and debug host functions to programs.
    pub debug_hooks: bool,
    /// Executes Stylus programs and ArbOS precompiles.
    pub stylus: bool,
    /// Base fee in wei per gas; constant until set otherwise.
    pub base_fee: u64,
    /// Gas limit of a block.
    pub gas_limit: u64,
    /// Largest signed transaction in bytes; `None` lifts the limit.
    pub tx_bytes_max: Option<usize>,
    /// `block.coinbase`.
    pub coinbase: Address,
    /// Timestamp of the genesis block in unix seconds, from which the chain's time goes on; `None` takes the clock's.
    pub genesis_timestamp: Option<u64>,
    /// The parent chain's number at genesis, for [`EvmNumbers::ParentEstimate`].
    pub parent_number: u64,
    /// What `NUMBER` answers.
    pub evm_numbers: EvmNumbers,
    /// What happens to nonce gaps.
    pub nonce_gaps: NonceGaps,
    /// How timestamps advance.
    pub timestamps: Timestamps,
    /// Order of waiting transactions.
    pub order: Order,
    /// Source of `PREVRANDAO`.
    pub randao: Randao,
    /// When blocks are made.
    pub mining: Mining,
    /// Refuses every cheat that touches state or identity; time and mining stay controllable.
    pub strict: bool,
    /// Funded accounts: address and balance in wei.
    pub alloc: Vec<(Address, U256)>,
    /// File that keeps the chain between runs.
    pub state_path: Option<PathBuf>,
    /// What a commit to `state_path` guarantees.
    pub durability: Durability,
    /// Blocks whose state stays readable.
    pub history_blocks: u64,
    /// The tag `safe` names the block this far below the head.
    pub safe_depth: u64,
    /// The tag `finalized` names the block this far below the head.
    pub finalized_depth: u64,
    /// Source of time.
    pub clock: Arc<dyn Clock>,
}

impl Default for NodeConfig {
    /// The Arbitrum-like profile.
    fn default() -> Self {
        Self {
            chain_id: 412_346,
            spec: SpecId::PRAGUE,
            tips: Tips::Ignored,
            debug_hooks: false,
            stylus: true,
            base_fee: BASE_FEE,
            gas_limit: GAS_LIMIT,
            tx_bytes_max: Some(TX_BYTES_MAX),
            coinbase: SEQUENCER,
            genesis_timestamp: None,
            parent_number: PARENT_NUMBER,
            evm_numbers: EvmNumbers::ParentEstimate,
            nonce_gaps: NonceGaps::Refuse,
            timestamps: Timestamps::NonDecreasing,
            order: Order::Arrival,
            randao: Randao::Constant(B256::with_last_byte(1)),
            mining: Mining::Auto,
            strict: false,
            alloc: Vec::new(),
            state_path: None,
            durability: Durability::Process,
            history_blocks: HISTORY_BLOCKS,
            safe_depth: 0,
            finalized_depth: 0,
            clock: Arc::new(SystemClock),
        }
    }
}

impl NodeConfig {
    /// The Ethereum-like profile, for comparison with anvil: tips paid, own numbers, held nonces, strictly
    /// increasing timestamps, no limit on transaction bytes, no Stylus.
    pub fn ethereum_like() -> Self {
        Self {
            chain_id: 31_337,
            tips: Tips::Paid,
            stylus: false,
            tx_bytes_max: None,
            coinbase: Address::ZERO,
            evm_numbers: EvmNumbers::Own,
            nonce_gaps: NonceGaps::Hold,
            timestamps: Timestamps::Increasing,
            order: Order::Tip,
            randao: Randao::Seeded(0),
            ..Self::default()
        }
    }
}
