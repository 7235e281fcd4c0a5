//! One attempt: what collaboration says of it, and the verdict on it.

use alloc::{boxed::Box, vec::Vec};

use agentcity_abi::{
    ICollaboration::{self as collaboration, Reason},
    IVerification as wire,
};
use agentcity_domain::{
    machine::NodeState,
    mission::record::bit,
    peer::Peer,
    statute::SEATS_MAX,
    verification::{
        Refused,
        case::{Case, Law, Record, Seats},
        consensus::{Fault, Outcome, Tolerances},
        window::{Step, Windows},
    },
};
use agentcity_shell::{
    member::Member,
    reader::Reader,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError};
use stylus_sdk::prelude::*;

use crate::storage::{Key, Verifications};

/// Place of `haltedUntil` in what collaboration tells of a mission.
const HALTED_UNTIL: usize = 11;

/// An attempt, loaded.
pub(crate) struct Attempt {
    pub(crate) key: Key,
    /// The epoch whose parameters count.
    pub(crate) epoch: u64,
    /// keccak256 of the node's terms, where the law was asked for.
    pub(crate) digest: B256,
    pub(crate) case: Case,
    /// Whether it was asked who sits where.
    seated: bool,
    /// What collaboration is still to be told: the node's state, and until when.
    due: Option<(NodeState, u64)>,
}

/// The attempt that a batch is at: loaded once for all its results that follow each other.
pub(crate) type Held = Option<Box<Attempt>>;

/// What is asked of collaboration beside an attempt's state. Seats and law stand in pages, an account each.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    /// Who sits where.
    seats: bool,
    /// The states of the node in which its law is told, a bit each.
    law_in: u16,
    /// Our own record: a result that is judged at once needs none.
    record: bool,
}

impl Ask {
    /// Nothing.
    pub(crate) const STATE: Self = Self {
        seats: false,
        law_in: 0,
        record: true,
    };
    /// For what is told who does something.
    pub(crate) const SEATS: Self = Self {
        seats: true,
        law_in: 0,
        record: true,
    };
    /// For what may be the first that is done, which learns the law.
    pub(crate) const FIRST: Self = Self {
        seats: true,
        law_in: bit(NodeState::Executing as u8),
        record: true,
    };
    /// For what is done once and at once.
    pub(crate) const ONCE: Self = Self {
        seats: true,
        law_in: bit(NodeState::Executing as u8),
        record: false,
    };
    /// Everything.
    pub(crate) const ALL: Self = Self {
        seats: true,
        law_in: u16::MAX,
        record: true,
    };
}

impl Verifications {
    /// The attempt that runs, whatever its state.
    #[inline(never)]
    pub(crate) fn attempt(
        &self,
        mission: B256,
        node: u16,
        ask: Ask,
    ) -> Result<Box<Attempt>, Vec<u8>> {
        let mut call = Words::after(collaboration::assignmentCall::SELECTOR);
        call.word(&mission)
            .number(node.into())
            .truth(ask.seats)
            .number(ask.law_in.into());
        let answer = self.ask(Peer::Collaboration, &call)?;
        let input = &mut Reader::new(&answer);
        let (state_of_mission, halt, epoch) = (input.u8(), input.u8(), input.u64());
        let (state, attempt, tier, seats) = (input.u8(), input.u8(), input.u8(), input.u8());
        let (since, expires, backup) = (input.seconds(), input.seconds(), input.bool());
        let (mut threshold, mut mode) = (input.u8(), input.u8());
        let (budget, digest) = (input.u128(), input.word());
        let mut agents = [Address::ZERO; SEATS_MAX];
        for agent in &mut agents {
            *agent = input.address();
        }
        input.end()?;
        let key = Key {
            mission,
            node,
            attempt,
        };
        let record = if ask.record {
            self.record(&key)
        } else {
            Record::default()
        };
        if let Some(law) = &record.law {
            (threshold, mode) = (law.threshold, law.mode);
        }
        Ok(Box::new(Attempt {
            key,
            epoch,
            digest,
            case: Case {
                mission: state_of_mission,
                halt,
                state,
                attempt,
                tier,
                threshold,
                mode,
                since,
                expires,
                backup,
                budget,
                seats: Seats::of(seats),
                agents,
                record,
            },
            seated: ask.seats,
            due: None,
        }))
    }

    /// The attempt that runs, in one of these states, and not stopped: the one that is held, if it is that.
    ///
    /// Errors: `WrongMissionState`, `Halted`, `WrongNodeState`.
    #[inline(never)]
    pub(crate) fn open(
        &self,
        mission: B256,
        node: u16,
        states: &[NodeState],
        ask: Ask,
        held: &mut Held,
    ) -> Result<Box<Attempt>, Vec<u8>> {
        let attempt = match held.take() {
            Some(held) if held.is(&mission, node) && (held.seated || !ask.seats) => held,
            before => {
                self.release(before)?;
                self.attempt(mission, node, ask)?
            }
        };
        match attempt.case.open(states) {
            Ok(()) => Ok(attempt),
            Err(Refused::Halted(halt)) => self.halted(&attempt, halt),
            Err(refused) => Err(attempt.revert(refused)),
        }
    }

    /// Tells collaboration what is due of an attempt that nobody works on any more.
    #[inline(never)]
    pub(crate) fn release(&self, held: Held) -> Result<(), Vec<u8>> {
        match held {
            Some(mut attempt) => self.tell_due(&mut attempt),
            None => Ok(()),
        }
    }

    #[inline(never)]
    fn tell_due(&self, attempt: &mut Attempt) -> Result<(), Vec<u8>> {
        match attempt.due.take() {
            Some((to, expires)) => self.defer(attempt, to, expires),
            None => Ok(()),
        }
    }

    /// The refusal of a halted command, with the end of the halt.
    #[inline(never)]
    fn halted<T>(&self, attempt: &Attempt, halt: u8) -> Result<T, Vec<u8>> {
        let mut call = Words::after(collaboration::missionCall::SELECTOR);
        call.word(&attempt.key.mission);
        let answer = self.ask(Peer::Collaboration, &call)?;
        let mut input = Reader::new(&answer);
        input.skip(HALTED_UNTIL);
        let until = input.word();
        input.end()?;
        Words::after(wire::Halted::SELECTOR)
            .word(&attempt.key.mission)
            .number(halt.into())
            .word(&until)
            .refuse()
    }

    /// What rules the attempt: from its record, or learned in one call, to be kept with the record that follows.
    #[inline(never)]
    pub(crate) fn law_of(&self, attempt: &mut Attempt) -> Result<Law, Vec<u8>> {
        if let Some(law) = attempt.case.record.law {
            return Ok(law);
        }
        let [grace, commit, reveal] = Windows::PARAMETERS;
        let [similarity, distance] = Tolerances::PARAMETERS;
        let ids = [grace, commit, reveal, similarity, distance].map(|id| id as u8);
        let [grace, commit, reveal, similarity, distance] = self.parameters(attempt.epoch, ids)?;
        let law = Law {
            threshold: attempt.case.threshold,
            mode: attempt.case.mode,
            windows: Windows::of([grace, commit, reveal]),
            near: Tolerances::of([similarity, distance]),
        };
        attempt.case.record.law = Some(law);
        Ok(law)
    }

    /// Stores what a step leaves. If the deadline moved, collaboration is to be told when the attempt is released.
    #[inline(never)]
    pub(crate) fn step(&mut self, attempt: &mut Attempt, to: NodeState, step: &Step) {
        self.keep(attempt, &step.record);
        let case = &mut attempt.case;
        case.record = step.record;
        if let Some(expires) = step.expires {
            if case.state != to as u8 {
                case.since = self.vm().block_timestamp();
            }
            (case.state, case.expires) = (to as u8, expires);
            attempt.due = Some((to, expires));
        }
    }

    pub(crate) fn keep(&mut self, attempt: &Attempt, record: &Record) {
        self.set_record(&attempt.key, record);
    }

    /// Tells collaboration that the node goes on, until when.
    #[inline(never)]
    pub(crate) fn defer(
        &self,
        attempt: &Attempt,
        to: NodeState,
        expires: u64,
    ) -> Result<(), Vec<u8>> {
        self.verdict(attempt, to, expires, Reason::None, &[B256::ZERO; 2], &[])
    }

    /// Ends an attempt. What is due of it is told before: where the node is decides where it may go.
    #[inline(never)]
    pub(crate) fn conclude(
        &self,
        attempt: &mut Attempt,
        to: NodeState,
        reason: Reason,
        result: &[B256; 2],
        outcomes: &[Outcome],
    ) -> Result<(), Vec<u8>> {
        self.tell_due(attempt)?;
        self.verdict(attempt, to, 0, reason, result, outcomes)
    }

    /// Tells collaboration the verdict. Everything of ours is stored before.
    #[inline(never)]
    fn verdict(
        &self,
        attempt: &Attempt,
        to: NodeState,
        expires: u64,
        reason: Reason,
        result: &[B256; 2],
        outcomes: &[Outcome],
    ) -> Result<(), Vec<u8>> {
        let mut verdict = Words::after(collaboration::applyVerdictCall::SELECTOR);
        verdict
            .word(&attempt.key.mission)
            .number(attempt.key.node.into())
            .number(attempt.key.attempt.into())
            .number(to as u64)
            .number(expires)
            .number(reason as u64)
            .all(result)
            // Where the list stands: behind these nine words.
            .number(9 * 32)
            .number(outcomes.len() as u64);
        for outcome in outcomes {
            verdict
                .number(outcome.seat.into())
                .truth(outcome.paid)
                .truth(outcome.scored)
                .number(outcome.score.into())
                .number(reason_of(outcome.fault) as u64);
        }
        self.tell(Peer::Collaboration, &verdict)
    }
}

impl Attempt {
    /// Whether it is of this node.
    fn is(&self, mission: &B256, node: u16) -> bool {
        self.key.mission == *mission && self.key.node == node
    }
}

/// What collaboration calls a fault. Withheld reveals cost what a failed node does (A3).
const fn reason_of(fault: Fault) -> Reason {
    match fault {
        Fault::None => Reason::None,
        Fault::Late => Reason::TimeoutExceeded,
        Fault::Withheld => Reason::ConsensusFailed,
        Fault::Disproved => Reason::ProofRejected,
        Fault::Rejected => Reason::ReviewRejected,
    }
}
