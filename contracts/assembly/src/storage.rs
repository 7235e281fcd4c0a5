//! The contract's state, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`).
//!
//! ```text
//! kind        of          and               word
//! SESSION     session     0                 legislation::election::Election
//!                         1                 origin: its petition, or the mission whose node or successor is legislated
//!                         2                 legislation::debate::Debate
//!                         3                 winner
//!                         4                 statute of a partial session
//!                         5                 domain of a derived session
//!                         6                 evidence
//!                         7                 seed of the speaking order
//!                         8, 9              speaking order, sixteen voters' numbers a word
//! PROPOSAL    proposal    0                 legislation::proposal::Proposal
//!                         1 … 6             session, statute, domain, sponsor, what it amends, digest of minorities
//! CANDIDATE   session     place             proposal
//! PETITION    petition    0, 1              legislation::petition::Petition, subject
//! COUNTER     opener      0                 what it opened so far; the zero address: sessions of the city
//! VOTER       session     number            straw voter
//! BALLOT      session     principal         its seal, then the number of its opening
//! RANKING     session     number / 4        four opened rankings
//! MATRIX      session     number            legislation::tally::Matrix
//! SPOKEN      session     principal         the last round in which it spoke
//! PROPOSED    session     principal         its proposals
//! DERIVED     mission     kind, node, attempt   the last session for it
//! ```
//!
//! The kinds below them mark what is done once.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{vec, vec::Vec};

use agentcity_abi::IAssembly as wire;
use agentcity_domain::legislation::{
    debate::Debate, election::Election, number, proposal::Proposal, refused::Refused,
};
use agentcity_shell::{
    member::{Kind, Member},
    statement::Statements,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolError;
use stylus_sdk::prelude::*;

pub(crate) use agentcity_shell::said::{Become, Refusal, Said, end, wrong};

/// The contract. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Assembly {}

impl Member for Assembly {}
impl Statements for Assembly {}

const SESSION: Kind = 1;
const PROPOSAL: Kind = 2;
pub(crate) const CANDIDATE: Kind = 3;
pub(crate) const PETITION: Kind = 4;
const COUNTER: Kind = 5;
pub(crate) const VOTER: Kind = 6;
pub(crate) const BALLOT: Kind = 7;
pub(crate) const RANKING: Kind = 8;
pub(crate) const MATRIX: Kind = 9;
pub(crate) const DERIVED: Kind = 10;
pub(crate) const SPOKEN: Kind = 14;
pub(crate) const PROPOSED: Kind = 17;
/// A name under a petition.
pub(crate) const NAMED: Kind = 11;
/// A sponsorship.
pub(crate) const SPONSORED: Kind = 12;
/// A straw vote.
pub(crate) const POLLED: Kind = 13;
/// A minority position.
pub(crate) const DISSENTED: Kind = 15;
/// The id of a bond, not a slot.
pub(crate) const BOND: Kind = 16;

/// Places of a session's further words.
pub(crate) const ORIGIN: u64 = 1;
const DEBATE: u64 = 2;
pub(crate) const WINNER: u64 = 3;
pub(crate) const STATUTE: u64 = 4;
pub(crate) const DOMAIN: u64 = 5;
pub(crate) const EVIDENCE: u64 = 6;
pub(crate) const SEED: u64 = 7;
pub(crate) const ORDER: u64 = 8;

/// Places of a proposal's further words.
pub(crate) const OF_SESSION: u64 = 1;
pub(crate) const LAW: u64 = 2;
pub(crate) const OF_DOMAIN: u64 = 3;
pub(crate) const SPONSOR: u64 = 4;
pub(crate) const AMENDS: u64 = 5;
pub(crate) const DISSENT: u64 = 6;

/// A refusal that names something and two numbers at most.
#[inline(never)]
pub(crate) fn about(selector: [u8; 4], id: &B256, numbers: &[u32]) -> Refusal {
    let mut words = Words::after(selector);
    words.word(id);
    for number in numbers {
        words.number((*number).into());
    }
    Refusal::of(&words)
}

/// Somebody did this already.
#[inline(never)]
pub(crate) fn done<T>(id: &B256, who: &B256) -> Said<T> {
    Words::after(wire::AlreadyDone::SELECTOR)
        .word(id)
        .word(who)
        .no()
}

impl Assembly {
    /// A word of a session.
    #[inline(never)]
    pub(crate) fn of_session(&self, session: &B256, place: u64) -> B256 {
        self.entry(SESSION, session, place)
    }

    #[inline(never)]
    pub(crate) fn set_of_session(&mut self, session: &B256, place: u64, word: &B256) {
        self.set_entry(SESSION, session, place, word);
    }

    /// An election, or none: all of its word is zero then.
    pub(crate) fn election_of(&self, session: &B256) -> Election {
        Election(self.of_session(session, 0))
    }

    pub(crate) fn store(&mut self, session: &B256, election: &Election) {
        self.set_of_session(session, 0, &election.0);
    }

    pub(crate) fn debate_of(&self, session: &B256) -> Debate {
        Debate(self.of_session(session, DEBATE))
    }

    pub(crate) fn store_debate(&mut self, session: &B256, debate: &Debate) {
        self.set_of_session(session, DEBATE, &debate.0);
    }

    /// A word of a proposal.
    #[inline(never)]
    pub(crate) fn of_proposal(&self, proposal: &B256, place: u64) -> B256 {
        self.entry(PROPOSAL, proposal, place)
    }

    #[inline(never)]
    pub(crate) fn set_of_proposal(&mut self, proposal: &B256, place: u64, word: &B256) {
        self.set_entry(PROPOSAL, proposal, place, word);
    }

    pub(crate) fn proposal_of(&self, proposal: &B256) -> Proposal {
        Proposal(self.of_proposal(proposal, 0))
    }

    pub(crate) fn store_proposal(&mut self, proposal: &B256, word: &Proposal) {
        self.set_of_proposal(proposal, 0, &word.0);
    }

    /// The proposal at a place of the ballot.
    pub(crate) fn candidate_at(&self, session: &B256, place: u8) -> B256 {
        self.entry(CANDIDATE, session, place.into())
    }

    /// Counts one more of an opener's things.
    #[inline(never)]
    pub(crate) fn next(&mut self, opener: &Address) -> u64 {
        let opener = opener.into_word();
        let word = self.entry(COUNTER, &opener, 0);
        let count = agentcity_domain::mission::word::get(&word, 24, 8).saturating_add(1);
        self.set_entry(COUNTER, &opener, 0, &agentcity_shell::output::number(count));
        count
    }

    /// The number of what the caller opens now.
    pub(crate) fn fresh(&mut self) -> B256 {
        let opener = self.caller();
        let count = self.next(&opener);
        number::number(&opener, count)
    }

    /// Marks that somebody did something about `id`; whether it was the first time.
    #[inline(never)]
    pub(crate) fn mark(&mut self, kind: Kind, id: &B256, who: &B256) -> bool {
        let is_new = self.entry_at(kind, id, who).is_zero();
        if is_new {
            self.set_entry_at(kind, id, who, &B256::with_last_byte(1));
        }
        is_new
    }

    /// The same, and refuses the second.
    #[inline(never)]
    pub(crate) fn mark_once(&mut self, kind: Kind, id: &B256, who: &B256) -> Said {
        if self.mark(kind, id, who) {
            return Ok(());
        }
        done(id, who)
    }

    /// Parameters of an epoch, in one call.
    pub(crate) fn terms<const N: usize>(&self, epoch: u64, ids: [u8; N]) -> Said<[u64; N]> {
        let mut values = [0; N];
        self.read_terms(epoch, &ids, &mut values)?;
        Ok(values)
    }

    #[inline(never)]
    fn read_terms(&self, epoch: u64, ids: &[u8], values: &mut [u64]) -> Said {
        Ok(self.read_parameters(epoch, ids, values)?)
    }

    /// What a rule said of something, as the interface refuses it.
    pub(crate) fn said<T>(&self, id: &B256, said: Result<T, Refused>) -> Said<T> {
        said.map_err(|why| self.refusal(id, why))
    }

    /// The same of a rule that says nothing else: one body for most of them.
    #[inline(never)]
    pub(crate) fn ok(&self, id: &B256, said: Result<(), Refused>) -> Said {
        self.said(id, said)
    }

    #[inline(never)]
    pub(crate) fn refusal(&self, id: &B256, why: Refused) -> Refusal {
        use Refused as R;
        let instant = |selector, at: u64| Refusal::of(Words::after(selector).number(at));
        match why {
            R::Unknown => about(wire::Unknown::SELECTOR, id, &[]),
            R::Failed => about(wire::SessionFailed::SELECTOR, id, &[]),
            R::Step(step) => about(wire::WrongStep::SELECTOR, id, &[step.into()]),
            R::TooEarly(from) => instant(wire::TooEarly::SELECTOR, from),
            R::TooLate(until) => instant(wire::TooLate::SELECTOR, until),
            R::Done => {
                let mut words = Words::after(wire::AlreadyDone::SELECTOR);
                Refusal::of(words.word(id).address(&self.caller()))
            }
            R::Missing(have, need) => about(wire::QuorumMissing::SELECTOR, id, &[have, need]),
            R::TooMany(limit) => about(wire::TooMany::SELECTOR, id, &[limit]),
            R::NotAmended => about(wire::NotAmended::SELECTOR, id, &[]),
            R::NoEvidence => about(wire::EvidenceMissing::SELECTOR, id, &[]),
            R::NoSeal => about(wire::WrongOpening::SELECTOR, id, &[]),
            R::Ranking(candidates) => {
                about(wire::InvalidRanking::SELECTOR, id, &[candidates.into()])
            }
            R::SmallClique(have, need) => {
                let mut words = Words::after(wire::CliqueTooSmall::SELECTOR);
                Refusal::of(words.number(have.into()).number(need.into()))
            }
        }
    }
}
