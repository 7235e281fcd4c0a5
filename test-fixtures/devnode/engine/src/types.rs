//! What goes into an execution and what comes out of it.

use alloy_primitives::{Address, B256};
use revm::{context::result::ExecutionResult, primitives::hardfork::SpecId, state::EvmState};
use revm_inspectors::tracing::TracingInspectorConfig;

use crate::trace::TraceOutput;

/// Who receives the part of the gas price above the base fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tips {
    /// As on Arbitrum: nobody. Every transaction pays exactly the base fee, of whatever type it is. The fee itself is
    /// burnt (a live chain credits its network fee account).
    #[default]
    Ignored,
    /// As on Ethereum: the coinbase; the base fee is burnt.
    Paid,
}

/// Rules of a chain that do not change from block to block.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Chain id of transactions, CHAINID and ArbSys.
    pub chain_id: u64,
    /// EVM rules.
    pub spec: SpecId,
    /// Programs may import `console` and `debug` functions, as on debug chains.
    pub debug_hooks: bool,
    /// Treatment of priority fees.
    pub tips: Tips,
    /// Stylus programs and ArbOS precompiles exist. Without them the engine is an Ethereum engine.
    pub stylus: bool,
}

impl Default for EngineConfig {
    /// Arbitrum's local devnet: chain 412346, Prague rules, tips ignored, no debug hooks.
    fn default() -> Self {
        Self {
            chain_id: 412_346,
            spec: SpecId::PRAGUE,
            debug_hooks: false,
            tips: Tips::Ignored,
            stylus: true,
        }
    }
}

/// The block a transaction runs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockContext {
    /// L2 block number, as ArbSys and JSON-RPC tell it.
    pub number: u64,
    /// What NUMBER and `block_number` see: on Arbitrum an estimate of the parent chain's number.
    ///
    /// BLOCKHASH of `evm_number - n` is the hash of L2 block `number - n`.
    pub evm_number: u64,
    /// Unix seconds.
    pub timestamp: u64,
    /// Beneficiary.
    pub coinbase: Address,
    /// Gas limit of the block.
    pub gas_limit: u64,
    /// Base fee, wei per gas.
    pub base_fee: u64,
    /// PREVRANDAO.
    pub prevrandao: B256,
}

/// Which checks an execution makes and whether it is traced. [`ExecOptions::transaction`] is for real transactions,
/// [`ExecOptions::call`] for `eth_call`.
#[derive(Clone, Copy, Debug)]
pub struct ExecOptions {
    /// The sender must own value and fee. If off, a missing balance is made up.
    pub check_balance: bool,
    /// The nonce must be the account's.
    pub check_nonce: bool,
    /// The fee cap must reach the base fee.
    pub check_base_fee: bool,
    /// The sender must be without code (EIP-3607), but for an EIP-7702 delegation.
    pub check_code: bool,
    /// What to record.
    pub trace: Trace,
}

impl ExecOptions {
    /// Every check, no trace.
    pub const fn transaction() -> Self {
        Self {
            check_balance: true,
            check_nonce: true,
            check_base_fee: true,
            check_code: true,
            trace: Trace::Off,
        }
    }

    /// No check, no trace.
    pub const fn call() -> Self {
        Self {
            check_balance: false,
            check_nonce: false,
            check_base_fee: false,
            check_code: false,
            trace: Trace::Off,
        }
    }

    /// The same checks with this trace.
    pub const fn with_trace(mut self, trace: Trace) -> Self {
        self.trace = trace;
        self
    }
}

/// What to record.
#[derive(Clone, Copy, Debug, Default)]
pub enum Trace {
    /// Nothing.
    #[default]
    Off,
    /// EVM frames by an inspector of this configuration, host calls of Stylus frames beside it.
    On(TracingInspectorConfig),
}

/// Outcome of an execution.
#[derive(Debug)]
pub struct Executed {
    /// Status, gas, logs and output.
    pub result: ExecutionResult,
    /// Touched accounts, to commit.
    pub state: EvmState,
    /// The trace, if one was asked for.
    pub trace: Option<TraceOutput>,
}
