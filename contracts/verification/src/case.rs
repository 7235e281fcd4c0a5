//! One attempt: what collaboration says of it, what is kept of it here, and the verdict on it.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IVerification as wire};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    peer::Peer,
    statute::SEATS_MAX,
};
use agentcity_shell::{
    Input,
    member::{Kind, Member},
    output, peer, refuse,
    word::{part, with},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError};
use stylus_sdk::prelude::*;

use crate::storage::Verifications;

/// Place 0: 0 announced, 1 seats that committed, 2 that revealed, 3 that are disqualified, 4..9 until when reveals are
/// taken, 9 the seat that disputes, plus one. 1 output. 2 trail. 3 bond.
const RECORD: Kind = 1;
/// Of a seat: 0 commitment, 1 trail, 2 what it revealed.
const COMMITMENT: Kind = 2;

/// An attempt.
pub(crate) struct Case {
    pub(crate) mission: B256,
    pub(crate) node: u16,
    pub(crate) mission_state: u8,
    pub(crate) halt: u8,
    pub(crate) epoch: u64,
    pub(crate) state: u8,
    pub(crate) attempt: u8,
    pub(crate) tier: u8,
    pub(crate) redundancy: u8,
    pub(crate) threshold: u8,
    pub(crate) mode: u8,
    pub(crate) expires: u64,
    pub(crate) backup: bool,
    pub(crate) budget: u128,
    pub(crate) digest: B256,
    pub(crate) agents: [Address; SEATS_MAX],
    /// What is kept here, at place 0.
    pub(crate) word: B256,
}

/// What a verdict means for one seat, as collaboration takes it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Outcome {
    pub(crate) seat: u8,
    pub(crate) paid: bool,
    pub(crate) scored: bool,
    pub(crate) score: u16,
    pub(crate) fault: u8,
}

impl Verifications {
    /// An attempt as it stands, whatever its state.
    #[inline(never)]
    pub(crate) fn case(&self, mission: B256, node: u16) -> Result<Case, Vec<u8>> {
        let answer = self.ask_peer(
            Peer::Collaboration,
            collaboration::assignmentCall::SELECTOR,
            &[mission, output::number(node.into())],
        )?;
        let mut answer = Input::new(&answer);
        let mut case = Case {
            mission,
            node,
            mission_state: answer.u8()?,
            halt: answer.u8()?,
            epoch: answer.u64()?,
            state: answer.u8()?,
            attempt: answer.u8()?,
            tier: answer.u8()?,
            redundancy: answer.u8()?,
            threshold: answer.u8()?,
            mode: answer.u8()?,
            expires: {
                answer.u64()?;
                answer.u64()?
            },
            backup: answer.bool()?,
            budget: answer.u128()?,
            digest: answer.word()?,
            agents: [Address::ZERO; SEATS_MAX],
            word: B256::ZERO,
        };
        for agent in &mut case.agents {
            *agent = answer.address()?;
        }
        case.word = self.read(self.record_key(mission, node, case.attempt, 0));
        Ok(case)
    }

    /// An attempt on which work goes on: its mission executes and no stop lies on it, its node is in one of two states.
    #[inline(never)]
    pub(crate) fn open_case(
        &self,
        mission: B256,
        node: u16,
        states: [NodeState; 2],
    ) -> Result<Case, Vec<u8>> {
        let case = self.case(mission, node)?;
        if case.mission_state != MissionState::Executing as u8 {
            return refuse(
                wire::WrongMissionState::SELECTOR,
                &[mission, output::number(case.mission_state.into())],
            );
        }
        // Under a pause, work under way ends normally (C-02).
        if case.halt == wire::Halt::EmergencyStop as u8 {
            return refuse(
                wire::Halted::SELECTOR,
                &[
                    mission,
                    output::number(case.halt.into()),
                    output::number(case.expires),
                ],
            );
        }
        if states.iter().all(|state| *state as u8 != case.state) {
            return refuse(
                wire::WrongNodeState::SELECTOR,
                &[
                    mission,
                    output::number(node.into()),
                    output::number(case.state.into()),
                    output::number(case.attempt.into()),
                ],
            );
        }
        Ok(case)
    }

    #[inline(never)]
    pub(crate) fn record_key(&self, mission: B256, node: u16, attempt: u8, place: u64) -> B256 {
        let number = place << 32 | u64::from(node) << 8 | u64::from(attempt);
        self.key(RECORD, mission, output::number(number))
    }

    /// A word kept of an attempt.
    #[inline(never)]
    pub(crate) fn of_case(&self, case: &Case, place: u64) -> B256 {
        self.read(self.record_key(case.mission, case.node, case.attempt, place))
    }

    #[inline(never)]
    pub(crate) fn set_case(&mut self, case: &Case, place: u64, word: B256) {
        let key = self.record_key(case.mission, case.node, case.attempt, place);
        self.write(key, word);
    }

    #[inline(never)]
    pub(crate) fn seat_key(
        &self,
        mission: B256,
        node: u16,
        attempt: u8,
        seat: u8,
        place: u64,
    ) -> B256 {
        let number =
            place << 32 | u64::from(node) << 16 | u64::from(attempt) << 8 | u64::from(seat);
        self.key(COMMITMENT, mission, output::number(number))
    }

    /// A word kept of a seat.
    #[inline(never)]
    pub(crate) fn of_seat(&self, case: &Case, seat: u8, place: u64) -> B256 {
        let key = self.seat_key(case.mission, case.node, case.attempt, seat, place);
        self.read(key)
    }

    #[inline(never)]
    pub(crate) fn set_seat(&mut self, case: &Case, seat: u8, place: u64, word: B256) {
        let key = self.seat_key(case.mission, case.node, case.attempt, seat, place);
        self.write(key, word);
    }

    /// Tells collaboration the verdict. Everything of ours is stored before.
    #[inline(never)]
    pub(crate) fn conclude(
        &self,
        case: &Case,
        to: NodeState,
        expires: u64,
        reason: collaboration::Reason,
        outcome: [B256; 2],
        outcomes: &[Outcome],
    ) -> Result<(), Vec<u8>> {
        let mut words = Vec::with_capacity(5 * SEATS_MAX);
        for seat in outcomes {
            words.extend_from_slice(&[
                output::number(seat.seat.into()),
                output::truth(seat.paid),
                output::truth(seat.scored),
                output::number(seat.score.into()),
                output::number(seat.fault.into()),
            ]);
        }
        let mut verdict = output::Output::of(9).word(case.mission);
        for number in [
            case.node.into(),
            case.attempt.into(),
            to as u64,
            expires,
            reason as u64,
        ] {
            verdict = verdict.word(output::number(number));
        }
        let arguments = verdict
            .word(outcome[0])
            .word(outcome[1])
            .list(&words, 5)
            .finish();
        let data = peer::call_laid_out(collaboration::applyVerdictCall::SELECTOR, &arguments);
        let to = self.member(Peer::Collaboration)?;
        peer::tell(self.vm(), to, &data, U256::ZERO)?;
        Ok(())
    }
}

impl Case {
    /// The seat of an agent.
    #[inline(never)]
    pub(crate) fn seat_of(&self, agent: Address) -> Result<u8, Vec<u8>> {
        match self.agents.iter().position(|seated| *seated == agent) {
            Some(seat) if agent != Address::ZERO => Ok(seat as u8),
            _ => refuse(wire::NotSeated::SELECTOR, &self.names(agent)),
        }
    }

    /// Mission, node and an agent: what refusals and logs carry.
    #[inline(never)]
    pub(crate) fn names(&self, agent: Address) -> [B256; 3] {
        [
            self.mission,
            output::number(self.node.into()),
            agent.into_word(),
        ]
    }

    /// A mask of seats, kept at `at`.
    pub(crate) fn mask(&self, at: usize) -> u8 {
        part(self.word, at, 1) as u8
    }

    /// Puts a seat into the mask at `at`.
    pub(crate) fn enter(&mut self, at: usize, seat: u8) {
        let mask = self.mask(at) | 1 << (seat & 7);
        self.word = with(self.word, at, 1, mask.into());
    }

    /// Until when reveals are taken; zero while commitments are.
    pub(crate) fn reveals_until(&self) -> u64 {
        part(self.word, 4, 5) as u64
    }

    /// Refuses an attempt that is over.
    #[inline(never)]
    pub(crate) fn at_attempt(&self, attempt: u8) -> Result<(), Vec<u8>> {
        if attempt == self.attempt {
            return Ok(());
        }
        refuse(
            wire::WrongAttempt::SELECTOR,
            &[
                self.mission,
                output::number(self.node.into()),
                output::number(self.attempt.into()),
                output::number(attempt.into()),
            ],
        )
    }

    /// Refuses a node of another tier.
    #[inline(never)]
    pub(crate) fn wrong_tier<T>(&self) -> Result<T, Vec<u8>> {
        refuse(
            wire::WrongTier::SELECTOR,
            &[
                self.mission,
                output::number(self.node.into()),
                output::number(self.tier.into()),
            ],
        )
    }
}
