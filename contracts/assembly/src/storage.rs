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
pub struct Assembly {}

impl Member for Assembly {}
impl Statements for Assembly {}

/// Words of a session, by their places (`election`).
pub(crate) const SESSION: Kind = 1;
/// Words of a proposal, by their places (`debate`).
pub(crate) const PROPOSAL: Kind = 2;
/// Identifiers of proposals, by session and index.
pub(crate) const IDENTIFIER: Kind = 3;
/// Proposals on the ballot, by session and place.
pub(crate) const CANDIDATE: Kind = 4;
/// Words of a petition.
pub(crate) const PETITION: Kind = 5;
/// Numbers given out, by kind.
pub(crate) const COUNTER: Kind = 6;
/// Straw voters, by session and place; shuffled when the order is drawn.
pub(crate) const SPEAKER: Kind = 7;
/// Sealed ballots, and the index of revealed ones.
pub(crate) const COMMITMENT: Kind = 8;
/// Rankings in the order of their reveals, four to a word.
pub(crate) const RANKING: Kind = 9;
/// Rows of the matrix: eight counters of 32 bits to a word.
pub(crate) const MATRIX: Kind = 10;
/// What is done once: a name under a petition, …
pub(crate) const NAMED: Kind = 11;
/// … a derived session, …
pub(crate) const DERIVED: Kind = 12;
/// … a reintroduction, …
pub(crate) const REINTRODUCED: Kind = 13;
/// … a sponsorship, …
pub(crate) const SPONSORED: Kind = 14;
/// … a straw vote, …
pub(crate) const POLLED: Kind = 15;
/// … a statement of a round, …
pub(crate) const SPOKEN: Kind = 16;
/// … a minority position, …
pub(crate) const DISSENTED: Kind = 17;
/// … and evidence.
pub(crate) const EVIDENCED: Kind = 18;
