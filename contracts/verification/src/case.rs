//! One attempt: what collaboration says of it, and the verdict on it.

use alloc::vec::Vec;

use agentcity_abi::{
    ICollaboration::{self as collaboration, Reason},
    IVerification as wire,
};
use agentcity_domain::{
    machine::NodeState,
    peer::Peer,
    statute::SEATS_MAX,
    verification::{
        Refused,
        case::{Case, Record},
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

use crate::storage::{Key, Verifications};

/// Place of `haltedUntil` in what collaboration tells of a mission.
const HALTED_UNTIL: usize = 11;

/// An attempt, loaded.
pub(crate) struct Attempt {
    pub(crate) key: Key,
    /// The epoch whose parameters count.
    pub(crate) epoch: u64,
    /// keccak256 of the node's terms.
    pub(crate) digest: B256,
    pub(crate) case: Case,
}

impl Verifications {
    /// The attempt that runs, whatever its state.
    #[inline(never)]
    pub(crate) fn attempt(&self, mission: B256, node: u16) -> Result<Attempt, Vec<u8>> {
        let mut call = Words::after(collaboration::assignmentCall::SELECTOR);
        call.word(&mission).number(node.into());
        let answer = self.ask(Peer::Collaboration, &call)?;
        let input = &mut Reader::new(&answer);
        let (state_of_mission, halt, epoch) = (input.u8(), input.u8(), input.u64());
        let (state, attempt, tier) = (input.u8(), input.u8(), input.u8());
        // Seats are counted by who sits at them.
        input.u8();
        let (threshold, mode, since, expires) =
            (input.u8(), input.u8(), input.seconds(), input.seconds());
        let (backup, budget, digest) = (input.bool(), input.u128(), input.word());
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
        let record = self.record(&key);
        Ok(Attempt {
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
                agents,
                record,
            },
        })
    }

    /// The attempt that runs, in one of these states, and not stopped.
    ///
    /// Errors: `WrongMissionState`, `Halted`, `WrongNodeState`.
    #[inline(never)]
    pub(crate) fn open(
        &self,
        mission: B256,
        node: u16,
        states: &[NodeState],
    ) -> Result<Attempt, Vec<u8>> {
        let attempt = self.attempt(mission, node)?;
        match attempt.case.open(states) {
            Ok(()) => Ok(attempt),
            Err(Refused::Halted(halt)) => self.halted(&attempt, halt),
            Err(refused) => Err(attempt.revert(refused)),
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

    /// Windows and tolerances of the attempt's mission, in one call.
    #[inline(never)]
    pub(crate) fn law_of(&self, attempt: &Attempt) -> Result<(Windows, Tolerances), Vec<u8>> {
        let [grace, commit, reveal] = Windows::PARAMETERS;
        let [similarity, distance] = Tolerances::PARAMETERS;
        let ids = [grace, commit, reveal, similarity, distance].map(|id| id as u8);
        let [grace, commit, reveal, similarity, distance] = self.parameters(attempt.epoch, ids)?;
        Ok((
            Windows::of([grace, commit, reveal]),
            Tolerances::of([similarity, distance]),
        ))
    }

    /// Stores what a step leaves, and tells collaboration the deadline if it moved.
    #[inline(never)]
    pub(crate) fn step(
        &mut self,
        attempt: &Attempt,
        to: NodeState,
        step: &Step,
    ) -> Result<(), Vec<u8>> {
        self.keep(attempt, &step.record);
        match step.expires {
            Some(expires) => self.defer(attempt, to, expires),
            None => Ok(()),
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
        self.conclude(attempt, to, expires, Reason::None, &[B256::ZERO; 2], &[])
    }

    /// Tells collaboration the verdict. Everything of ours is stored before.
    #[inline(never)]
    pub(crate) fn conclude(
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
