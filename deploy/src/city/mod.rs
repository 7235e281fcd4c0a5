//! A whole city: fourteen contracts that know each other, founded by a manifest that its adjudicators sign.
//!
//! - [`genesis`] is what the founders decide, as a file.
//! - [`plan`] turns it and the programs into addresses and constructor calls, without a chain.
//! - [`programs`] reads a build, and says how it was made.
//! - [`signing`] is the manifest as wallets take it, and the signatures that come back.
//! - [`mod@found`] does all of it for a person: a record on the disk lets it be stopped anywhere and continued.
//! - [`mod@verify`] compares a city with its plan.
//! - [`mod@apply`] puts them there, collects the manifest from the chain, seals and wires. Each step asks first what is done, so
//!   that a founding which broke off is continued by running it again.
//!
//! Nobody has an authority before the seal, so the order of events and whoever sends them do not matter (RULINGS A5).

pub mod apply;
pub mod found;
pub mod genesis;
mod names;
pub mod plan;
pub mod programs;
pub mod signing;
pub mod verify;

pub use apply::{CityError, Signed, digest, manifest, place, seal, wire};
pub use found::{FoundError, Founded, Founding, Point, Standing, found};
pub use genesis::{Genesis, GenesisError, GenesisFile, Template};
pub use names::clerks as clerk_names;
pub use plan::{CityPlan, CityPlanError, Member, PlannedStep, Step};
pub use programs::{Programs, ProgramsError};
pub use signing::{ManifestFile, SignatureFile, SigningError};
pub use verify::{Finding, Verdict, verify};
