//! States of a session, and how each ends.

use alloc::vec::Vec;

use agentcity_abi::ILegislature as wire;
use agentcity_domain::{machine::SessionState as S, parameter::ParameterId as P, peer::Peer};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output::{self, amount, number},
    refuse,
    word::{Field, field as get, part, set},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolError, SolEvent};

use crate::storage::{Legislature, SESSION};

/// Parts of a session's first word.
pub(crate) const STATE: Field = (0, 1);
pub(crate) const KIND: Field = (1, 1);
pub(crate) const EXPIRES: Field = (2, 5);
pub(crate) const REPROPOSALS: Field = (7, 1);
pub(crate) const BIDS: Field = (8, 4);
pub(crate) const NODES: Field = (12, 2);
pub(crate) const NODE: Field = (14, 2);
pub(crate) const LEGISLATIVE_EPOCH: Field = (16, 4);
pub(crate) const EPOCH: Field = (20, 4);
pub(crate) const ROLES: Field = (24, 1);
pub(crate) const REGULATORS: Field = (25, 1);
pub(crate) const FLOOR: Field = (26, 2);
/// Nodes with a bid in the present round.
pub(crate) const COVERED: Field = (28, 2);

/// Places of a session's further words.
pub(crate) const MISSION: u64 = 1;
pub(crate) const WINNER: u64 = 2;
pub(crate) const STATUTE: u64 = 3;
/// Parts: 0..16 budget, 16..21 deadline of the mission, 21..25 LLM tokens.
pub(crate) const TERMS: u64 = 4;
pub(crate) const CHALLENGE: u64 = 5;

/// Sessions that give one failed node new seats, as the interface numbers them.
const PARTIAL: u64 = 3;

/// A bit for a state.
pub(crate) const fn bit(state: S) -> u16 {
    1 << state as u16
}

impl Legislature {
    /// A session's word, if it is in one of these states (a bit each).
    #[inline(never)]
    pub(crate) fn session_in(&self, session: B256, states: u16) -> Result<B256, Vec<u8>> {
        let word = self.word_at(SESSION, &session, 0);
        let state = get(&word, STATE);
        if state == 0 {
            return refuse(wire::Unknown::SELECTOR, &[session]);
        }
        if u64::from(states)
            .checked_shr(state as u32)
            .unwrap_or_default()
            & 1
            == 0
        {
            return refuse(wire::WrongSessionState::SELECTOR, &[session, number(state)]);
        }
        Ok(word)
    }

    /// The same, while the state's time runs.
    #[inline(never)]
    pub(crate) fn in_time(&self, session: B256, states: u16) -> Result<B256, Vec<u8>> {
        let word = self.session_in(session, states)?;
        let until = get(&word, EXPIRES);
        if self.now() > until {
            return refuse(wire::TooLate::SELECTOR, &[number(until)]);
        }
        Ok(word)
    }

    pub(crate) fn store_session(&mut self, session: B256, word: B256) {
        self.put(SESSION, &session, 0, &word);
    }

    /// Enters a state, whose window the session's epoch gives.
    #[inline(never)]
    pub(crate) fn go(&mut self, session: B256, mut word: B256, to: S) -> Result<(), Vec<u8>> {
        let partial = get(&word, KIND) == PARTIAL;
        let window = match to {
            S::SessionInit | S::Deployed | S::Failed => None,
            S::IdentityVerification => Some(P::IdentityTimeoutMs),
            S::ProposalOpen => Some(P::LegislativeProposalTimeoutMs),
            S::BiddingOpen if partial => Some(P::PartialRelegBiddingTimeoutMs),
            S::BiddingOpen => Some(P::BiddingWindowMs),
            S::RegulatoryReview if partial => Some(P::ExpeditedRegulatoryWindowMs),
            S::RegulatoryReview => Some(P::RegulatoryApprovalTimeoutMs),
            S::Codification => Some(P::CodificationTimeoutMs),
            S::AwaitingApproval => Some(P::ApprovalTimeoutMs),
        };
        let mut expires = 0;
        if let Some(window) = window {
            let [millis] = self.parameters(get(&word, EPOCH), [window as u8])?;
            expires = self.now().saturating_add(millis.div_ceil(1_000));
        }
        let from = get(&word, STATE);
        set(&mut word, STATE, to as u64);
        set(&mut word, EXPIRES, expires);
        self.store_session(session, word);
        self.log_words(
            &[&wire::SessionStateChanged::SIGNATURE_HASH, &session],
            &[&number(from), &number(to as u64), &number(expires)],
        );
        Ok(())
    }

    /// The edges that the enactment decides.
    pub(crate) fn move_session(&mut self, input: &mut Input<'_>) -> Answer {
        let (session, to) = (input.word()?, input.u8()?);
        self.only(&[Peer::Enactment])?;
        let mut word = self.session_in(session, u16::MAX)?;
        let from = get(&word, STATE);
        let review = from == S::RegulatoryReview as u64;
        let coding = from == S::Codification as u64;
        let target = match to {
            to if to == S::ProposalOpen as u8 && review => S::ProposalOpen,
            to if to == S::Codification as u8 && review => S::Codification,
            to if to == S::AwaitingApproval as u8 && coding => S::AwaitingApproval,
            to if to == S::Deployed as u8 && from == S::AwaitingApproval as u64 => S::Deployed,
            to if to == S::Failed as u8 && (review || coding) => S::Failed,
            _ => {
                return refuse(
                    wire::WrongTransition::SELECTOR,
                    &[session, number(from), number(to.into())],
                );
            }
        };
        if to == S::ProposalOpen as u8 {
            let rounds = get(&word, REPROPOSALS).saturating_add(1);
            set(&mut word, REPROPOSALS, rounds);
            set(&mut word, COVERED, 0);
        }
        self.go(session, word, target)?;
        Ok(Vec::new())
    }

    pub(crate) fn expire_session(&mut self, input: &mut Input<'_>) -> Answer {
        const SILENT: u16 = bit(S::IdentityVerification)
            | bit(S::ProposalOpen)
            | bit(S::RegulatoryReview)
            | bit(S::Codification)
            | bit(S::AwaitingApproval);
        let session = input.word()?;
        let word = self.session_in(session, SILENT)?;
        let until = get(&word, EXPIRES);
        if self.now() <= until {
            return refuse(wire::TooEarly::SELECTOR, &[number(until)]);
        }
        self.go(session, word, S::Failed)?;
        Ok(Vec::new())
    }

    pub(crate) fn session(&mut self, input: &mut Input<'_>) -> Answer {
        let session = input.word()?;
        let word = self.word_at(SESSION, &session, 0);
        let fields = [
            STATE,
            KIND,
            EPOCH,
            LEGISLATIVE_EPOCH,
            EXPIRES,
            REPROPOSALS,
            BIDS,
            NODES,
            NODE,
            ROLES,
            REGULATORS,
        ];
        let mut words: Vec<B256> = fields
            .into_iter()
            .map(|field| number(get(&word, field)))
            .collect();
        let terms = self.word_at(SESSION, &session, TERMS);
        let terms = [(21, 4), (0, 16), (16, 5)].map(|(at, bytes)| amount(part(terms, at, bytes)));
        words.extend(terms);
        let places = [MISSION, WINNER, STATUTE];
        words.extend(places.map(|place| self.word_at(SESSION, &session, place)));
        Ok(output::words(&words))
    }
}
