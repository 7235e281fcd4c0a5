//! Whose turn it is, as the legislature says, and what it is told.

use alloc::boxed::Box;

use agentcity_abi::{IAgent as agents, IEnactment as wire, ILegislature as legislature};
use agentcity_domain::{
    legislation::{award::Run, law::Approvals},
    machine::SessionState as S,
    peer::Peer,
};
use agentcity_shell::{
    member::Member,
    output::number,
    reader::Reader,
    said::{Become, Refusal, Said, about, end},
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
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
    pub(crate) sponsor: Address,
    pub(crate) domain: B256,
}

/// A refusal that names an instant.
#[inline(never)]
pub(crate) fn instant(selector: [u8; 4], at: u64) -> Refusal {
    Refusal::of(Words::after(selector).number(at))
}

/// Somebody did this already.
#[inline(never)]
pub(crate) fn done<T>(id: &B256, who: &B256) -> Said<T> {
    Words::after(wire::AlreadyDone::SELECTOR)
        .word(id)
        .word(who)
        .no()
}

/// Refuses what was not found where something else was expected.
///
/// Errors: `Mismatch`.
#[inline(never)]
pub(crate) fn same(session: &B256, expected: &B256, found: &B256) -> Said {
    if expected == found {
        return Ok(());
    }
    Words::after(wire::Mismatch::SELECTOR)
        .word(session)
        .word(expected)
        .word(found)
        .no()
}

impl Enactment {
    /// A session, as the legislature stores it.
    #[inline(never)]
    pub(crate) fn load_session(&self, id: &B256) -> Said<Box<Session>> {
        let answer = self.ask(
            Peer::Legislature,
            Words::after(legislature::sessionCall::SELECTOR).word(id),
        )?;
        let mut of = Reader::new(&answer);
        let (state, kind, epoch, _legislative) = (of.u8(), of.u8(), of.u64(), of.word());
        let (expires, round, _bids) = (of.u64(), of.u8(), of.word());
        let (nodes, node, _offices, regulators) = (of.u16(), of.u16(), of.word(), of.u8());
        let (tokens, budget, deadline) = (of.u32(), of.u128(), of.u64());
        let (awards_from, mission, _winner) = (of.u64(), of.word(), of.word());
        let session = Session {
            id: *id,
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
            statute: of.word(),
            sponsor: of.address(),
            domain: of.word(),
        };
        end(&of)?;
        Ok(Box::new(session))
    }

    /// A session in one of these states (a bit each).
    ///
    /// Errors: `Unknown`, `WrongSessionState`.
    #[inline(never)]
    pub(crate) fn session_in(&self, id: &B256, states: u16) -> Said<Box<Session>> {
        let session = self.load_session(id)?;
        if session.state == 0 {
            return Err(about(wire::Unknown::SELECTOR, id, &[]));
        }
        let state = u32::from(session.state);
        if u32::from(states).checked_shr(state).unwrap_or_default() & 1 == 0 {
            return Err(about(
                wire::WrongSessionState::SELECTOR,
                id,
                &[state.into()],
            ));
        }
        Ok(session)
    }

    /// The same, while the state's time runs.
    ///
    /// Errors: those of `session_in`; `TooLate`.
    #[inline(never)]
    pub(crate) fn in_time(&self, id: &B256, states: u16) -> Said<Box<Session>> {
        let session = self.session_in(id, states)?;
        if self.now() > session.expires {
            return Err(instant(wire::TooLate::SELECTOR, session.expires));
        }
        Ok(session)
    }

    /// The principal of an agent or a clerk, as it attested for this session: whoever changed hands since then still has one
    /// voice in it.
    ///
    /// Errors: `NotAttested`.
    #[inline(never)]
    pub(crate) fn attested(&self, session: &B256, clerk: &B256) -> Said<B256> {
        let answer = self.ask(
            Peer::Legislature,
            Words::after(legislature::attestedAsCall::SELECTOR)
                .word(session)
                .word(clerk),
        )?;
        let mut answer = Reader::new(&answer);
        let principal = answer.word();
        end(&answer)?;
        if principal.is_zero() {
            return Words::after(wire::NotAttested::SELECTOR)
                .word(session)
                .word(clerk)
                .no();
        }
        Ok(principal)
    }

    /// Who answers for an agent now.
    #[inline(never)]
    pub(crate) fn principal_of(&self, agent: &Address) -> Said<Address> {
        let answer = self.ask(
            Peer::Agent,
            Words::after(agents::principalOfCall::SELECTOR).address(agent),
        )?;
        let mut answer = Reader::new(&answer);
        let principal = answer.address();
        end(&answer)?;
        Ok(principal)
    }

    /// Parameters of an epoch, in one call.
    pub(crate) fn terms_of<const N: usize>(&self, epoch: u64, ids: [u8; N]) -> Said<[u64; N]> {
        let mut values = [0; N];
        self.read_terms(epoch, &ids, &mut values)?;
        Ok(values)
    }

    #[inline(never)]
    fn read_terms(&self, epoch: u64, ids: &[u8], values: &mut [u64]) -> Said {
        self.numbers(Some(epoch), ids, values)?;
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn approvals(&self, session: &B256) -> Approvals {
        Approvals(self.entry(SESSION, session, APPROVALS))
    }

    #[inline(never)]
    pub(crate) fn set_approvals(&mut self, session: &B256, approvals: &Approvals) {
        self.set_entry(SESSION, session, APPROVALS, &approvals.0);
    }

    /// The present run of a session's award: its key.
    #[inline(never)]
    pub(crate) fn run_of(&self, session: &Session) -> B256 {
        let rewinds = u64::from(self.approvals(&session.id).rewinds());
        let run = u64::from(session.round) << 16 | rewinds;
        self.key(RUN, session.id, number(run))
    }

    #[inline(never)]
    pub(crate) fn run(&self, run: &B256) -> Run {
        Run(self.entry(RUN, run, PROGRESS))
    }

    #[inline(never)]
    pub(crate) fn set_run(&mut self, run: &B256, word: &Run) {
        self.set_entry(RUN, run, PROGRESS, &word.0);
    }

    /// Tells the legislature where the session goes. Everything of ours is stored before.
    #[inline(never)]
    pub(crate) fn go(&self, session: &B256, to: S) -> Said {
        self.tell(
            Peer::Legislature,
            Words::after(legislature::moveSessionCall::SELECTOR)
                .word(session)
                .number(to as u64),
        )?;
        Ok(())
    }

    /// Marks that somebody did something about `id`, once.
    ///
    /// Errors: `AlreadyDone(id, who)`.
    #[inline(never)]
    pub(crate) fn mark_once(&mut self, kind: u8, id: &B256, who: &B256) -> Said {
        if !self.entry_at(kind, id, who).is_zero() {
            return done(id, who);
        }
        self.set_entry_at(kind, id, who, &B256::with_last_byte(1));
        Ok(())
    }

    /// Refuses everybody but the panel.
    ///
    /// Errors: `Unauthorized`.
    #[inline(never)]
    pub(crate) fn only_panel(&self) -> Said {
        Ok(self.only(&[Peer::Adjudication])?)
    }
}

/// A list of words behind an offset, after `heads` other words.
#[inline(never)]
pub(crate) fn list(words: &mut Words, items: &[B256], per_item: usize) {
    let count = items.len().checked_div(per_item).unwrap_or_default();
    words.number(count as u64).all(items);
}
