//! Refusals of the chain as error objects. Texts are the chain's (geth's where clients look for them); codes are ours.

use super::error::{INTERNAL, RpcError};
use agentcity_devnode_chain::{
    BlockError, CallError, CheatError, EstimateError, LogsError, MineError, ReorgError,
    SnapshotError, StrictRefusal, SubmitError,
};

impl From<SubmitError> for RpcError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Estimate(error) => Self::from(*error),
            SubmitError::Request { .. } => Self::params(error.to_string()),
            SubmitError::PoolFull { .. } => Self::limit(error.to_string()),
            SubmitError::Mine(error) => Self::from(error),
            other => Self::refused(other.to_string()),
        }
    }
}

impl From<CallError> for RpcError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::BothFees
            | CallError::Input { .. }
            | CallError::StateAndDiff { .. }
            | CallError::MovePrecompile { .. }
            | CallError::Override { .. } => Self::params(error.to_string()),
            other => Self::refused(other.to_string()),
        }
    }
}

impl From<EstimateError> for RpcError {
    fn from(error: EstimateError) -> Self {
        match error {
            EstimateError::Reverted { output } => Self::reverted(output),
            EstimateError::Call(error) => Self::from(error),
            halted @ EstimateError::Halted { .. } => Self::refused(halted.to_string()),
        }
    }
}

impl From<LogsError> for RpcError {
    fn from(error: LogsError) -> Self {
        match error {
            LogsError::Block(error) => Self::from(error),
            LogsError::Backwards { .. } => Self::params(error.to_string()),
            LogsError::TooManyBlocks { .. }
            | LogsError::TooManyLogs { .. }
            | LogsError::TooManyTerms { .. } => Self::limit(error.to_string()),
        }
    }
}

impl From<MineError> for RpcError {
    fn from(error: MineError) -> Self {
        match error {
            MineError::TooMany { .. } => Self::limit(error.to_string()),
            MineError::Persist(_) => Self::new(INTERNAL, error.to_string()),
            MineError::Paused | MineError::Time(_) => Self::refused(error.to_string()),
        }
    }
}

impl From<CheatError> for RpcError {
    fn from(error: CheatError) -> Self {
        match error {
            CheatError::Persist(_) => Self::new(INTERNAL, error.to_string()),
            CheatError::Mine(error) => Self::from(error),
            other => Self::refused(other.to_string()),
        }
    }
}

impl From<SnapshotError> for RpcError {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::TooMany => Self::limit(error.to_string()),
            other => Self::refused(other.to_string()),
        }
    }
}

impl From<ReorgError> for RpcError {
    fn from(error: ReorgError) -> Self {
        match error {
            ReorgError::Persist(_) => Self::new(INTERNAL, error.to_string()),
            other => Self::refused(other.to_string()),
        }
    }
}

impl From<BlockError> for RpcError {
    fn from(error: BlockError) -> Self {
        Self::refused(error.to_string())
    }
}

impl From<StrictRefusal> for RpcError {
    fn from(error: StrictRefusal) -> Self {
        Self::refused(error.to_string())
    }
}
