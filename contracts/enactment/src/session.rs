//! Whose turn it is, as the legislature says, and what it is told.

use alloc::vec::Vec;

use agentcity_abi::{IEnactment as wire, ILegislature as legislature};
use agentcity_domain::{
    legislation::{award::Run, law::Approvals},
    machine::SessionState as S,
    peer::Peer,
};
use agentcity_shell::{Input, member::Member, output::number, refuse};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError};

use crate::storage::{Enactment, RUN, SESSION};

/// Places of a session's words.
const APPROVALS: u64 = 0;
pub(crate) const VALIDATION: u64 = 1;
pub(crate) const AWAITED: u64 = 2;
pub(crate) const TEMPLATE_KEY: u64 = 3;

/// Places of a run's words.
const PROGRESS: u64 = 0;
pub(crate) const STATUTE_LEFT: u64 = 1;
pub(crate) const ROLLING: u64 = 2;
pub(crate) const ASSIGNMENTS: u64 = 3;

/// What is needed of a session.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) id: B256,
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
    pub(crate) awards_from: u64,
    pub(crate) mission: B256,
    pub(crate) statute: B256,
    pub(crate) sponsor: B256,
    pub(crate) domain: B256,
}

impl Enactment {
    /// A session, as the legislature stores it.
    #[inline(never)]
    pub(crate) fn load_session(&self, id: B256) -> Result<Session, Vec<u8>> {
        let answer = self.ask_peer(Peer::Legislature, legislature::sessionCall::SELECTOR, &[id])?;
        let mut answer = Input::new(&answer);
        let (state, kind, epoch) = (answer.u8()?, answer.u8()?, answer.u64()?);
        let (_legislative, expires, round) = (answer.word()?, answer.u64()?, answer.u8()?);
        let (_bids, nodes, node) = (answer.word()?, answer.u16()?, answer.u16()?);
        let (_offices, regulators, tokens) = (answer.word()?, answer.u8()?, answer.u32()?);
        let (budget, deadline, awards_from) = (answer.u128()?, answer.u64()?, answer.u64()?);
        let [mission, _winner, statute, sponsor, domain] = answer.fields([32; 5])?;
        Ok(Session {
            id,
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
            awards_from,
            mission,
            statute,
            sponsor,
            domain,
        })
    }

    /// A session in one of these states (a bit each).
    ///
    /// Errors: `Unknown`, `WrongSessionState`.
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
    ///
    /// Errors: those of `session_in`; `TooLate`.
    #[inline(never)]
    pub(crate) fn in_time(&self, session: B256, states: u16) -> Result<Session, Vec<u8>> {
        let loaded = self.session_in(session, states)?;
        if self.now() > loaded.expires {
            return refuse(wire::TooLate::SELECTOR, &[number(loaded.expires)]);
        }
        Ok(loaded)
    }

    #[inline(never)]
    pub(crate) fn approvals(&self, session: &B256) -> Approvals {
        Approvals(self.word_at(SESSION, session, APPROVALS))
    }

    #[inline(never)]
    pub(crate) fn set_approvals(&mut self, session: &B256, approvals: &Approvals) {
        self.put(SESSION, session, APPROVALS, &approvals.0);
    }

    /// The present run of a session's award: its key.
    #[inline(never)]
    pub(crate) fn run_of(&self, session: &Session) -> B256 {
        let rewinds = u64::from(self.approvals(&session.id).rewinds());
        let number_ = u64::from(session.round) << 16 | rewinds;
        self.key(RUN, session.id, number(number_))
    }

    #[inline(never)]
    pub(crate) fn run(&self, run: &B256) -> Run {
        Run(self.word_at(RUN, run, PROGRESS))
    }

    #[inline(never)]
    pub(crate) fn set_run(&mut self, run: &B256, word: &Run) {
        self.put(RUN, run, PROGRESS, &word.0);
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
    ///
    /// Errors: `Mismatch`.
    #[inline(never)]
    pub(crate) fn same(&self, session: B256, expected: B256, found: B256) -> Result<(), Vec<u8>> {
        if expected != found {
            return refuse(wire::Mismatch::SELECTOR, &[session, expected, found]);
        }
        Ok(())
    }
}
