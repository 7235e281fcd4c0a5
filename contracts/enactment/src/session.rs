//! Whose turn it is, as the legislature says, and what it is told.

use alloc::vec::Vec;

use agentcity_abi::{IEnactment as wire, ILegislature as legislature};
use agentcity_domain::{machine::SessionState as S, peer::Peer};
use agentcity_shell::{Input, member::Member, output::number, refuse, word::part};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError};

use crate::storage::{Enactment, RUN, SESSION};

/// Places of a session's words. Rewinds of the award stand from [`REWINDS`] on, by round.
pub(crate) const WAIVED: u64 = 1;
/// Validation: 0..2 nodes, 2 retries, 3..19 budget, 19..27 LLM tokens, 27 whether it began.
pub(crate) const VALIDATION: u64 = 2;
/// Hash of the pages that validation awaits.
pub(crate) const AWAITED: u64 = 3;
/// Key of the template that codification named.
pub(crate) const TEMPLATE_KEY: u64 = 4;
/// Principals whose speaker and whose regulator approved.
pub(crate) const APPROVED_BY: [u64; 2] = [5, 6];
pub(crate) const AUDITED: u64 = 7;
pub(crate) const REWINDS: u64 = 256;

/// What is needed of a session.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) state: u8,
    pub(crate) kind: u8,
    pub(crate) epoch: u64,
    pub(crate) expires: u64,
    pub(crate) round: u8,
    pub(crate) nodes: u16,
    pub(crate) node: u16,
    pub(crate) regulators: u8,
    pub(crate) tokens: u32,
    pub(crate) budget: u128,
    pub(crate) deadline: u64,
    pub(crate) mission: B256,
    pub(crate) statute: B256,
}

/// A bit for a state.
pub(crate) const fn bit(state: S) -> u16 {
    1 << state as u16
}

impl Enactment {
    #[inline(never)]
    pub(crate) fn session_key(&self, session: B256, place: u64) -> B256 {
        self.key(SESSION, session, number(place))
    }

    /// A session, as the legislature stores it.
    #[inline(never)]
    pub(crate) fn load_session(&self, session: B256) -> Result<Session, Vec<u8>> {
        let answer = self.ask_peer(
            Peer::Legislature,
            legislature::sessionCall::SELECTOR,
            &[session],
        )?;
        let mut answer = Input::new(&answer);
        let (state, kind, epoch) = (answer.u8()?, answer.u8()?, answer.u64()?);
        let (_legislative, expires, round) = (answer.word()?, answer.u64()?, answer.u8()?);
        let (_bids, nodes, node) = (answer.word()?, answer.u16()?, answer.u16()?);
        let (_roles, regulators, tokens) = (answer.word()?, answer.u8()?, answer.u32()?);
        let (budget, deadline, mission) = (answer.u128()?, answer.u64()?, answer.word()?);
        let (_winner, statute) = (answer.word()?, answer.word()?);
        Ok(Session {
            state,
            kind,
            epoch,
            expires,
            round,
            nodes,
            node,
            regulators,
            tokens,
            budget,
            deadline,
            mission,
            statute,
        })
    }

    /// A session in one of these states (a bit each).
    #[inline(never)]
    pub(crate) fn session_in(&self, session: B256, states: u16) -> Result<Session, Vec<u8>> {
        let loaded = self.load_session(session)?;
        if loaded.state == 0 {
            return refuse(wire::Unknown::SELECTOR, &[session]);
        }
        let allowed = states.checked_shr(loaded.state.into()).unwrap_or_default() & 1 == 1;
        if !allowed {
            return refuse(
                wire::WrongSessionState::SELECTOR,
                &[session, number(loaded.state.into())],
            );
        }
        Ok(loaded)
    }

    /// The same, while the state's time runs.
    #[inline(never)]
    pub(crate) fn in_time(&self, session: B256, states: u16) -> Result<Session, Vec<u8>> {
        let loaded = self.session_in(session, states)?;
        if self.now() > loaded.expires {
            return refuse(wire::TooLate::SELECTOR, &[number(loaded.expires)]);
        }
        Ok(loaded)
    }

    /// The present run of a session's award.
    #[inline(never)]
    pub(crate) fn run(&self, session: B256, loaded: &Session) -> B256 {
        let place = REWINDS.saturating_add(loaded.round.into());
        let rewinds = part(self.word_at(SESSION, &session, place), 24, 8) as u64;
        self.key(
            RUN,
            session,
            number(u64::from(loaded.round) << 32 | rewinds),
        )
    }

    /// A run's word.
    #[inline(never)]
    pub(crate) fn run_key(&self, run: B256, place: u64) -> B256 {
        self.key(RUN, run, number(place))
    }

    /// Tells the legislature where the session goes. Everything of ours is stored before.
    #[inline(never)]
    pub(crate) fn go(&self, session: B256, to: S) -> Result<(), Vec<u8>> {
        self.tell_peer(
            Peer::Legislature,
            legislature::moveSessionCall::SELECTOR,
            &[session, number(to as u64)],
        )?;
        Ok(())
    }

    /// Refuses what was not found where something else was expected.
    #[inline(never)]
    pub(crate) fn same(&self, session: B256, expected: B256, found: B256) -> Result<(), Vec<u8>> {
        if expected != found {
            return refuse(wire::Mismatch::SELECTOR, &[session, expected, found]);
        }
        Ok(())
    }
}
