//! The contract's state, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`).
//!
//! ```text
//! kind        of          number or second        word
//! SESSION     session     0                       domain::legislation::session::Session
//!                         1                       the mission it is about; zero for a mission of its own
//!                         2                       the proposal that won
//!                         3                       hash of the statute
//!                         4                       session::Terms
//!                         5                       the registrar's challenge
//!                         6                       who funds the mission
//!                         7                       the domain whose norms bind it
//! BID         session     bid << 8 | place        0 head: 0..4 latency, 4..6 match, 6..8 node, 8 tier, 9 round, 10 state,
//!                                                   12..32 agent
//!                                                 1 0..16 price, 16..32 stake
//!                                                 2 service; of a sealed bid, its commitment
//!                                                 3 where the stake comes from; zero for the agent itself
//! ON_NODE     session     round, node, place      bids on a node in a round, eight to a word; their count
//! BIDDER      session     round, node, principal  1 if a bid of the principal stands
//! ATTESTED    session     agent                   its principal
//! OFFICE      session     principal               1 if a regulator of this principal attested
//! ```

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_domain::legislation::session::{Refused, Session, Terms};
use agentcity_shell::{
    member::{Kind, Member},
    output::number,
    refuse,
    statement::Statements,
};
use alloy_primitives::B256;
use alloy_sol_types::SolError;
use stylus_sdk::prelude::*;

use agentcity_abi::ILegislature as wire;

/// The contract. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Legislature {}

impl Member for Legislature {}
impl Statements for Legislature {}

const SESSION: Kind = 1;
pub(crate) const BID: Kind = 2;
pub(crate) const ON_NODE: Kind = 3;
pub(crate) const BIDDER: Kind = 4;
pub(crate) const ATTESTED: Kind = 5;
pub(crate) const OFFICE: Kind = 6;

/// Places of a session's further words.
pub(crate) const MISSION: u64 = 1;
pub(crate) const WINNER: u64 = 2;
pub(crate) const STATUTE: u64 = 3;
const TERMS: u64 = 4;
pub(crate) const CHALLENGE: u64 = 5;
pub(crate) const SPONSOR: u64 = 6;
pub(crate) const DOMAIN: u64 = 7;

impl Legislature {
    /// A session, or none: all of its word is zero then.
    #[inline(never)]
    pub(crate) fn load_session(&self, session: &B256) -> Session {
        Session(self.word_at(SESSION, session, 0))
    }

    #[inline(never)]
    pub(crate) fn store(&mut self, session: &B256, word: &Session) {
        self.put(SESSION, session, 0, &word.0);
    }

    pub(crate) fn of_session(&self, session: &B256, place: u64) -> B256 {
        self.word_at(SESSION, session, place)
    }

    /// Writes a further word of a session, unless it says nothing.
    pub(crate) fn set_of_session(&mut self, session: &B256, place: u64, word: &B256) {
        if *word != B256::ZERO {
            self.put(SESSION, session, place, word);
        }
    }

    pub(crate) fn terms(&self, session: &B256) -> Terms {
        Terms(self.word_at(SESSION, session, TERMS))
    }

    pub(crate) fn set_terms(&mut self, session: &B256, terms: &Terms) {
        self.put(SESSION, session, TERMS, &terms.0);
    }

    /// A session in one of these states, a bit each.
    ///
    /// Errors: `Unknown`, `WrongSessionState`.
    #[inline(never)]
    pub(crate) fn session_in(&self, session: &B256, states: u16) -> Result<Session, Vec<u8>> {
        let word = self.load_session(session);
        said(session, word.must_be(states))?;
        Ok(word)
    }

    /// The same, while the state's time runs.
    ///
    /// Errors: those of `session_in`; `TooLate`.
    #[inline(never)]
    pub(crate) fn in_time(&self, session: &B256, states: u16) -> Result<Session, Vec<u8>> {
        let word = self.load_session(session);
        said(session, word.in_time(states, self.now()))?;
        Ok(word)
    }

    /// The same, once that time is over.
    ///
    /// Errors: those of `session_in`; `TooEarly`.
    #[inline(never)]
    pub(crate) fn over(&self, session: &B256, states: u16) -> Result<Session, Vec<u8>> {
        let word = self.load_session(session);
        said(session, word.over(states, self.now()))?;
        Ok(word)
    }
}

/// What a rule said of a session, as the interface refuses it.
#[inline(never)]
pub(crate) fn said(session: &B256, said: Result<(), Refused>) -> Result<(), Vec<u8>> {
    let Err(why) = said else { return Ok(()) };
    match why {
        Refused::Unknown => refuse(wire::Unknown::SELECTOR, &[*session]),
        Refused::State(state) => refuse(
            wire::WrongSessionState::SELECTOR,
            &[*session, number(state.into())],
        ),
        Refused::TooLate(until) => refuse(wire::TooLate::SELECTOR, &[number(until)]),
        Refused::TooEarly(from) => refuse(wire::TooEarly::SELECTOR, &[number(from)]),
        Refused::Transition { from, to } => refuse(
            wire::WrongTransition::SELECTOR,
            &[*session, number(from.into()), number(to.into())],
        ),
    }
}
