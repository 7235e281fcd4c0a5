//! Why a transaction did not run at all.

use alloy_primitives::{Address, U256};
use revm::{
    context::{
        TxEnv,
        result::{EVMError, InvalidTransaction},
    },
    database_interface::DBErrorMarker,
};

use crate::types::BlockContext;

/// The state could not be read.
#[derive(Debug, thiserror::Error)]
#[error("reading the state failed: {0}")]
pub struct StateError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

impl DBErrorMarker for StateError {}

/// A transaction that cannot be part of a block, or a state that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The nonce was used already.
    #[error("nonce too low: transaction has {tx}, account is at {state}")]
    NonceTooLow {
        /// Of the transaction.
        tx: u64,
        /// Of the account.
        state: u64,
    },
    /// Earlier transactions are missing.
    #[error("nonce too high: transaction has {tx}, account is at {state}")]
    NonceTooHigh {
        /// Of the transaction.
        tx: u64,
        /// Of the account.
        state: u64,
    },
    /// No nonce is left.
    #[error("nonce has max value: the account cannot send any more")]
    NonceOverflow,
    /// Value and fee exceed the balance.
    #[error(
        "insufficient funds for gas * price + value: address {sender} has {balance}, needs {needed}"
    )]
    InsufficientFunds {
        /// Sender.
        sender: Address,
        /// What it owns, wei.
        balance: U256,
        /// What the transaction may cost, wei.
        needed: U256,
    },
    /// Value and fee exceed 256 bits.
    #[error("gas * price + value overflows 256 bits: lower the gas limit or the price")]
    PaymentOverflow,
    /// The gas limit does not cover what every such transaction costs.
    #[error("intrinsic gas too low: have {limit}, want {needed}")]
    IntrinsicGas {
        /// Least gas limit.
        needed: u64,
        /// Gas limit of the transaction.
        limit: u64,
    },
    /// The gas limit does not cover the floor for call data (EIP-7623).
    #[error("gas below the floor for call data: have {limit}, want {needed}")]
    FloorGas {
        /// Least gas limit.
        needed: u64,
        /// Gas limit of the transaction.
        limit: u64,
    },
    /// The fee cap is below the base fee.
    #[error(
        "max fee per gas less than block base fee: maxFeePerGas: {max_fee}, baseFee: {base_fee}"
    )]
    FeeBelowBase {
        /// Cap of the transaction, wei per gas.
        max_fee: u128,
        /// Base fee of the block, wei per gas.
        base_fee: u64,
    },
    /// The tip exceeds the cap.
    #[error("max priority fee per gas higher than max fee per gas: tip {tip}, cap {max_fee}")]
    TipAboveFee {
        /// Priority fee of the transaction, wei per gas.
        tip: u128,
        /// Cap of the transaction, wei per gas.
        max_fee: u128,
    },
    /// EIP-3607.
    #[error("sender not an eoa: address {sender} has code")]
    SenderHasCode {
        /// Sender.
        sender: Address,
    },
    /// The transaction does not fit into the block.
    #[error("exceeds block gas limit: transaction {limit}, block {block}")]
    GasAboveBlock {
        /// Gas limit of the transaction.
        limit: u64,
        /// Gas limit of the block.
        block: u64,
    },
    /// EIP-7825.
    #[error("gas limit {limit} is above the cap {cap} of a transaction")]
    GasAboveCap {
        /// Gas limit of the transaction.
        limit: u64,
        /// Largest limit.
        cap: u64,
    },
    /// Signed for another chain, or for none where one is needed.
    #[error("invalid chain id for signer: have {have:?}, want {want}")]
    WrongChainId {
        /// Of the transaction.
        have: Option<u64>,
        /// Of this chain.
        want: u64,
    },
    /// EIP-3860.
    #[error("max initcode size exceeded: code size {size}")]
    InitCodeTooLarge {
        /// Of the transaction, bytes.
        size: usize,
    },
    /// Any other rule; its text says which.
    #[error("invalid transaction: {0}")]
    Invalid(InvalidTransaction),
    /// The state could not be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The block or the engine is at fault, not the transaction.
    #[error("execution failed: {0}")]
    Engine(String),
}

impl Refused {
    /// Gives an error of revm its numbers.
    pub(crate) fn from_evm(
        error: EVMError<StateError>,
        tx: &TxEnv,
        block: &BlockContext,
        chain_id: u64,
    ) -> Self {
        match error {
            EVMError::Transaction(invalid) => Self::from_invalid(invalid, tx, block, chain_id),
            EVMError::Database(error) => Self::State(error),
            EVMError::Header(error) => Self::Engine(error.to_string()),
            EVMError::Custom(message) => Self::Engine(message),
            EVMError::CustomAny(error) => Self::Engine(error.to_string()),
        }
    }

    fn from_invalid(
        invalid: InvalidTransaction,
        tx: &TxEnv,
        block: &BlockContext,
        chain_id: u64,
    ) -> Self {
        use InvalidTransaction as I;
        match invalid {
            I::NonceTooLow { tx, state } => Self::NonceTooLow { tx, state },
            I::NonceTooHigh { tx, state } => Self::NonceTooHigh { tx, state },
            I::NonceOverflowInTransaction => Self::NonceOverflow,
            I::LackOfFundForMaxFee { fee, balance } => Self::InsufficientFunds {
                sender: tx.caller,
                balance: *balance,
                needed: *fee,
            },
            I::OverflowPaymentInTransaction => Self::PaymentOverflow,
            I::CallGasCostMoreThanGasLimit {
                initial_gas,
                gas_limit,
            } => Self::IntrinsicGas {
                needed: initial_gas,
                limit: gas_limit,
            },
            I::GasFloorMoreThanGasLimit {
                gas_floor,
                gas_limit,
            } => Self::FloorGas {
                needed: gas_floor,
                limit: gas_limit,
            },
            I::GasPriceLessThanBasefee => Self::FeeBelowBase {
                max_fee: tx.gas_price,
                base_fee: block.base_fee,
            },
            I::PriorityFeeGreaterThanMaxFee => Self::TipAboveFee {
                tip: tx.gas_priority_fee.unwrap_or_default(),
                max_fee: tx.gas_price,
            },
            I::RejectCallerWithCode => Self::SenderHasCode { sender: tx.caller },
            I::CallerGasLimitMoreThanBlock => Self::GasAboveBlock {
                limit: tx.gas_limit,
                block: block.gas_limit,
            },
            I::TxGasLimitGreaterThanCap { gas_limit, cap } => Self::GasAboveCap {
                limit: gas_limit,
                cap,
            },
            I::InvalidChainId | I::MissingChainId => Self::WrongChainId {
                have: tx.chain_id,
                want: chain_id,
            },
            I::CreateInitCodeSizeLimit => Self::InitCodeTooLarge {
                size: tx.data.len(),
            },
            other => Self::Invalid(other),
        }
    }
}
