//! Deployment of Stylus programs: plan, apply, verify.
//!
//! - [`artifact`] is a program as a build leaves it.
//! - [`plan`] is pure: from an artifact and constructor arguments to the code, the address and the steps.
//! - [`mod@apply`] executes what is missing, and asks the chain first what is there: running it again does nothing.
//! - [`mod@verify`] compares the chain with the plan.
//! - [`book`] remembers addresses per chain.
//! - [`mod@city`] founds a whole city: fourteen contracts, signed, sealed and wired.
//!
//! Every program goes through the StylusDeployer with a salt. One transaction creates, activates and constructs it, so no
//! one can call the constructor in between (RULINGS A5), and its address follows from code, constructor arguments and salt.
//!
//! Sources: the public documentation of ArbWasm and of the StylusDeployer.

pub mod apply;
pub mod artifact;
pub mod book;
pub mod chain;
pub mod city;
pub mod outbox;
pub mod plan;
pub mod verify;

pub use apply::{Applied, ApplyError, activate, apply, keepalive};
pub use artifact::Artifact;
pub use book::Book;
pub use plan::{Plan, PlanError, Step};
pub use verify::{Verified, VerifyError, verify};
