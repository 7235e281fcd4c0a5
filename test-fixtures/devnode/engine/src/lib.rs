//! Executes one transaction the way an Arbitrum chain would: EVM bytecode by `revm`, Stylus programs by a WASM
//! interpreter inside revm's own frame loop, and the ArbOS precompiles clients ask for.
//!
//! The crate knows no blocks, no pool and no persistence: [`Engine::execute`] reads a state, returns the result and the
//! changes to commit. Costs and their sources are listed in `docs/devnode.md`.
//!
//! Reading order: [`types`], [`engine`], `evm` (how a Stylus frame becomes a frame of revm), [`vm`] (host functions),
//! [`arbos`] (precompiles), [`genesis`].

pub mod arbos;
mod context;
mod db;
pub mod engine;
mod evm;
pub mod genesis;
mod precompiles;
mod recorder;
mod refused;
pub mod trace;
pub mod types;
pub mod vm;

pub use engine::Engine;
pub use genesis::GenesisAccount;
pub use recorder::TRACE_BYTES_MAX;
pub use refused::{Refused, StateError};
pub use trace::{HostCall, TraceOutput};
pub use types::{BlockContext, EngineConfig, ExecOptions, Executed, Tips, Trace};

/// Stack a thread needs to execute any transaction.
///
/// Neither revm's frames nor Stylus frames recurse on the native stack (a Stylus frame that calls out is suspended and
/// resumed), so the depth of calls does not matter; the number leaves room for compiling modules and for dev builds.
pub const STACK_BYTES: usize = 8 * 1024 * 1024;
