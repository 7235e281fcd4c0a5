//! The chain of the devnode: blocks, pool, world state, time, snapshots, reorganisations and persistence.
//!
//! [`Node`] is the handle everything goes through. One lock guards the mutable chain; blocks are immutable and shared.
//! Execution itself belongs to `agentcity-devnode-engine`; JSON-RPC belongs to `agentcity-devnode`.
//!
//! Reading order: [`config`], [`state`] (world state and the one undo journal), [`block`], [`pool`], `produce` (how a
//! block comes to be), [`node`] (the handle), then `call`, `estimate`, `trace`, `cheats`, `reorg`, [`snapshot`],
//! [`logs`], [`persist`] and [`dump`].
//!
//! Threads: the engine runs Stylus frames on the native stack. Call [`Node`] from threads that have at least
//! [`agentcity_devnode_engine::STACK_BYTES`] of stack when programs may recurse deeply; the mining thread has it.

pub mod block;
mod call;
mod chain;
mod cheats;
pub mod config;
mod convert;
pub mod dump;
pub mod error;
mod estimate;
pub mod event;
mod hashes;
pub mod logs;
mod mine;
pub mod node;
mod overlay;
pub mod persist;
pub mod pool;
mod produce;
mod read;
mod record;
mod recover;
mod reorg;
pub mod snapshot;
pub mod state;
pub mod time;
mod trace;

pub use agentcity_devnode_engine as engine;
pub use block::{MinedBlock, MinedTx, Outcome};
pub use call::{CALL_GAS, CallOverrides, CreatedAccessList};
pub use config::{
    Durability, EvmNumbers, Mining, NodeConfig, NonceGaps, Order, Pause, Randao, Timestamps,
};
pub use error::{
    BlockError, CallError, CheatError, EstimateError, LogsError, MineError, NodeError, ReorgError,
    SnapshotError, StrictRefusal, SubmitError,
};
pub use event::{ChainEvent, EVENTS_MAX};
pub use logs::{LogLimits, LogPage, LogRef};
pub use mine::MINE_MAX;
pub use node::{Node, NodeInfo};
pub use pool::PoolContent;
pub use read::Located;
pub use record::RecordError;
pub use recover::{decode, recover};
pub use reorg::ReorgTx;
pub use time::{Clock, FixedClock, SystemClock};
