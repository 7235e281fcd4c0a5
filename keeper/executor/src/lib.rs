//! What a keeper and an executor say to each other, and how work is done within its limits.
//!
//! ```text
//! keeper ── client ──HTTP──▶ server ── Handler (the agent: keys, policy, its own view of the chain)
//!                              │            └── runner ── a process within its constraints
//!                              └── store (a job is done once, whatever dies)
//! ```
//!
//! Reading order: [`protocol`] (what is said, and within which bounds), [`value`] (what of an output is compared), [`trail`] (how the
//! work is recorded), [`signing`] (what is signed), [`server`] and [`Handler`](server::Handler) (who answers). docs/executors.md says
//! the same for whoever writes the other side in another language, and [`openapi`] to his tools.
//!
//! Neither side believes the other: a keeper checks every signature, hash and bound before anything goes to the chain, an executor
//! asks the chain itself before it opens what it sealed.
#![forbid(unsafe_code)]

pub mod client;
pub mod openapi;
pub mod protocol;
pub mod runner;
pub mod schema;
pub mod server;
pub mod signing;
pub mod trail;
pub mod value;
