//! A whole city: fourteen contracts that know each other, founded by a manifest that its adjudicators sign.
//!
//! - [`genesis`] is what the founders decide, as a file.
//! - [`plan`] turns it and the programs into addresses and constructor calls, without a chain.
//! - [`mod@apply`] puts them there, collects the manifest from the chain, seals and wires. Each step asks first what is done, so
//!   that a founding which broke off is continued by running it again.
//!
//! Nobody has an authority before the seal, so the order of events and whoever sends them do not matter (RULINGS A5).

pub mod apply;
pub mod genesis;
mod names;
pub mod plan;

pub use apply::{CityError, Signed, digest, manifest, place, seal, wire};
pub use genesis::{Genesis, GenesisError};
pub use plan::{CityPlan, Member};
