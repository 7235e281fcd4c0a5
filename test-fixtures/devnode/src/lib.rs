//! The devnode: JSON-RPC over HTTP and WebSocket for the chain of `agentcity-devnode-chain`.
//!
//! A local chain that runs compiled Stylus programs and speaks the anvil dialect, as a binary (`agentcity-devnode`) and
//! as a library:
//!
//! ```no_run
//! let node = agentcity_devnode::Devnode::spawn(agentcity_devnode::Config::default())?;
//! println!("{}", node.http_url());
//! # Ok::<(), agentcity_devnode::StartError>(())
//! ```
//!
//! Reading order: [`config`], [`limits`], `server` (connections), `rpc` (methods), `events` (filters, subscriptions,
//! faults of delivery), `view` (what clients see), [`run`] (start and stop), [`cli`], [`banner`].

pub mod accounts;
pub mod banner;
pub mod cli;
pub mod config;
mod events;
pub mod limits;
pub mod logging;
mod rpc;
pub mod run;
mod server;
mod view;

pub use agentcity_devnode_chain as chain;
pub use config::{Config, StartError};
pub use events::{FaultCounts, LogFaults};
pub use rpc::method_names;
pub use run::Devnode;

pub(crate) use revm::primitives::hardfork::SpecId;
