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
pub struct Legislature {}

impl Member for Legislature {}
impl Statements for Legislature {}

/// Words of a session, by their places (`session`).
pub(crate) const SESSION: Kind = 1;
/// Words of a bid, by session and number, then by their places (`bids`).
pub(crate) const BID: Kind = 2;
/// Numbers of the bids on a node in a round, eight to a word, behind a word with their count.
pub(crate) const ON_NODE: Kind = 3;
/// Agents that attested, by session; once.
pub(crate) const ATTESTED: Kind = 4;
