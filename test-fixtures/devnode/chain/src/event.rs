//! What the chain announces.

use std::sync::Arc;

use alloy::primitives::B256;

use crate::block::MinedBlock;

/// Events a slow receiver may be behind before it loses some: a few seconds of automining at full speed. A receiver
/// that lags learns how many it lost and must resync from the head.
pub const EVENTS_MAX: usize = 16_384;

/// One announcement. A block is announced after it is persisted.
#[derive(Clone, Debug)]
pub enum ChainEvent {
    /// A block joined the chain.
    Block(Arc<MinedBlock>),
    /// Blocks left the chain, newest first (reorg, rollback, revert, reset, load).
    Removed(Vec<Arc<MinedBlock>>),
    /// A transaction was accepted.
    Pending(B256),
}
