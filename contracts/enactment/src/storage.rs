//! The contract's state, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`). The layout of these words is drawn with the real bodies.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_shell::{
    member::{Kind, Member},
    statement::Statements,
};
use stylus_sdk::prelude::*;

/// The contract. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Enactment {}

impl Member for Enactment {}
impl Statements for Enactment {}

/// Words of a session, by their places (`session`).
pub(crate) const SESSION: Kind = 1;
/// A run of the award: identifiers by session, round and rewinds; words by their places (`award`).
pub(crate) const RUN: Kind = 2;
/// Bids that won a node in a run, best first, and the runner-up: numbers plus one, four bytes each.
pub(crate) const AWARD: Kind = 3;
/// Seats of a principal in a run plus one; zero for one that did not bid.
pub(crate) const SEATED: Kind = 4;
/// Deviations by session and node: best and chosen plus one, four bytes each, then whether they are countersigned.
pub(crate) const DEVIATION: Kind = 5;
/// Rejected bids, by session.
pub(crate) const REJECTED: Kind = 6;
/// Regulators' principals that decided, by run.
pub(crate) const DECIDED: Kind = 7;
/// Versions of templates.
pub(crate) const TEMPLATE: Kind = 8;
/// Statutes found at fault, by mission and node: the attempt plus one.
pub(crate) const FAULT: Kind = 9;
/// Partial sessions that were carried out.
pub(crate) const REASSIGNED: Kind = 10;
