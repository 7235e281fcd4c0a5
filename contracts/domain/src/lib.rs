//! The rules of AgentCity: pure, `no_std`, no host, no storage, no clock, no float but in the reports of the feature `analysis`.
//!
//! A function takes loaded values, a command and, where time matters, `now`; it returns the new values or a typed
//! refusal. Contracts, keeper, command line and deployment all call these same functions, so a rule exists once.
//!
//! Reading order: [`range`] (what a bounded number is), [`amount`] (money and rounding), [`time`] (deadlines),
//! [`id`] (who and what), [`parameter`] (every number of policy), [`signed`] (everything that is signed), [`machine`] (what may follow
//! what), [`statute`] (what the pages of a mission hold), [`mission`] (missions and nodes at work), [`legislation`] (from petition to law), [`verification`] (what a result
//! is worth), [`verifier`] (proofs that programs check), [`panel`] (what people decide), [`roster`] (who judges, and who watches them), [`treasury`] (the money of missions), [`reputation`] (scores and the reward
//! multiplier), [`token`] (the settlement token).
//!
//! Rounding is always in the name of the function that rounds. Overflow is an error that carries the operands; nothing
//! wraps and nothing saturates unless its name says so.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod act;
pub mod agent;
pub mod amount;
#[cfg(feature = "analysis")]
pub mod analysis;
pub mod clerk;
pub mod constitution;
pub mod exit;
pub mod gate;
pub mod guardian;
pub mod id;
pub mod keccak;
pub mod legislation;
pub mod literal;
pub mod machine;
pub mod mission;
pub mod panel;
pub mod parameter;
pub mod peer;
pub mod range;
pub mod reputation;
pub mod roster;
pub mod service;
pub mod signed;
pub mod statute;
pub mod time;
pub mod token;
pub mod treasury;
pub mod verification;
pub mod verifier;
