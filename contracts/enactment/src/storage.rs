//! The contract's state, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`). A *run* is one passage of the award through a statute: another round of bids and a countersigned
//! deviation begin another.
//!
//! ```text
//! kind        of          number or second    word
//! SESSION     session     0                   domain::legislation::law::Approvals
//!                         1                   how far validation is: 0..2 nodes, 2 risk, 3..7 LLM tokens, 7..23 budget, 23 begun
//!                         2                   hash of the pages that validation awaits
//!                         3                   key of the template that codification named
//! RUN         run         0                   domain::legislation::award::Run
//!                         1                   hash of the statute from the page on in which the next node stands
//!                         2                   hash of the pages of seats so far, rolling
//!                         3                   hash of the assignments, once the run is whole
//! AWARD       run         node                bids that won a node, best first, and the runner-up: numbers plus one, four bytes each
//! SEATED      run         principal           its seats plus one; zero for one that has no bid that could win
//! DEVIATION   session     round, node         best and chosen plus one, four bytes each; 8 whether it is countersigned
//! VOTED       run         principal           1 if a regulator of this principal decided
//! APPROVED    session     principal           1 if a clerk of this principal approved
//! TEMPLATE    id          version             domain::legislation::template::Template; under its key, 0: the schema's hash
//! FAULT       mission     node                a statute at fault: 0 whether, 31 the attempt
//! REASSIGNED  mission     node                the session that gave the node anew last
//! APPLIED     session                         1 once that is done
//! ```

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

pub(crate) const SESSION: Kind = 1;
pub(crate) const RUN: Kind = 2;
pub(crate) const AWARD: Kind = 3;
pub(crate) const SEATED: Kind = 4;
pub(crate) const DEVIATION: Kind = 5;
pub(crate) const VOTED: Kind = 6;
pub(crate) const APPROVED: Kind = 7;
pub(crate) const TEMPLATE: Kind = 8;
pub(crate) const FAULT: Kind = 9;
pub(crate) const REASSIGNED: Kind = 10;
pub(crate) const APPLIED: Kind = 11;
