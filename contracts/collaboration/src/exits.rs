//! Exits by deadline, and ends.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ICollaboration as wire, ITreasury as treasury};
use agentcity_domain::{
    machine::{MissionState as State, NodeState},
    parameter::ParameterId as P,
    peer::Peer,
};
use agentcity_shell::{
    Answer,
    member::Member,
    reader::Reader,
    topic,
    word::{get, having},
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    missions::{ENDED, LIVING, WORKING, seconds},
    nodes::{OBLIGED, bit},
    storage::Missions,
};

/// Most agents that one ruling names.
const NAMED_MAX: usize = 32;

impl Missions {
    /// Refuses before `until` has passed.
    #[inline(never)]
    fn passed(&self, until: u64) -> Result<(), Vec<u8>> {
        if self.now() <= until {
            return Words::after(wire::TooEarly::SELECTOR)
                .number(until)
                .refuse();
        }
        Ok(())
    }

    pub(crate) fn expire_node(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (&input.word(), input.u16());
        let mission_word = self.mission_in(mission, LIVING)?;
        let states = bit(NodeState::Eligible as u8)
            | bit(NodeState::Executing as u8)
            | bit(NodeState::PendingReview as u8)
            | bit(NodeState::Frozen as u8);
        let word = self.node_in(mission, node, states)?;
        let state = self.state_of(mission, node);
        if state == NodeState::Frozen as u8 {
            // Never halted: what people left undecided ends (R8).
            self.passed(get(&word, 10, 5))?;
            self.fail_node(mission, node, wire::Reason::FreezeExpired as u8);
            return Ok(Vec::new());
        }
        self.mission_in(mission, WORKING)?;
        self.not_stopped(mission, &mission_word)?;
        self.passed(self.expiry(&mission_word, &word))?;
        let (law, _) = self.law(mission, node)?;
        if state == NodeState::PendingReview as u8 {
            return self.expire_review(mission, node, &mission_word, &word, law.tier);
        }
        if get(&word, 4, 1) != 0 {
            // A child does the work: the node ends with it (R19).
            return self.wrong_node(mission, node, state, &word);
        }
        let accepted = get(&word, 2, 1);
        let reason = if state == NodeState::Eligible as u8 {
            wire::Reason::SeatNotAccepted as u8
        } else {
            wire::Reason::TimeoutExceeded as u8
        };
        self.fail_node(mission, node, reason);
        for seat in 0..law.redundancy {
            // Before routing the silent are at fault, after it those who accepted and handed in nothing.
            let took = accepted & 1 << (seat & 7) != 0;
            if took == (state == NodeState::Executing as u8) {
                self.fault(mission, node, seat, reason)?;
            }
        }
        Ok(Vec::new())
    }

    /// First opens the backup period; then a review that nobody decided fails without fault (V-10, R12).
    #[inline(never)]
    fn expire_review(
        &mut self,
        mission: &B256,
        node: u16,
        mission_word: &B256,
        word: &B256,
        tier: u8,
    ) -> Answer {
        if get(word, 3, 1) != 0 {
            if tier == 2 {
                return Words::after(wire::Disputed::SELECTOR)
                    .word(mission)
                    .number(node.into())
                    .refuse();
            }
            self.fail_node(mission, node, wire::Reason::HumanSilence as u8);
            return Ok(Vec::new());
        }
        let [window, multiple] = self.parameters(
            Self::epoch_of(mission_word),
            [
                P::MaxHumanReviewTimeoutMs as u8,
                P::BackupReviewMultiple as u8,
            ],
        )?;
        let backup = seconds(window.saturating_mul(multiple.saturating_sub(1).max(1)));
        let expires = self.now().saturating_add(backup);
        self.set_expiry(mission, node, &having(word, 3, 1, 1), expires);
        self.log(
            topic!(wire::BackupOpened::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .number(get(word, 0, 1))
                .number(expires),
            3,
        );
        Ok(Vec::new())
    }

    /// Ends a mission: what a child leaves goes back, the escrow closes, stakes stay for the sanction window.
    #[inline(never)]
    pub(crate) fn end(
        &mut self,
        mission: &B256,
        word: &B256,
        to: State,
        reason: u8,
    ) -> Result<(), Vec<u8>> {
        let ids = [P::SanctionWindowSecs as u8];
        let [sanction] = self.parameters(Self::epoch_of(word), ids)?;
        self.move_mission(mission, word, to, reason);
        self.return_rest(mission)?;
        self.tell(
            Peer::Treasury,
            Words::after(treasury::beginClosingCall::SELECTOR)
                .word(mission)
                .number(sanction),
        )?;
        Ok(())
    }

    pub(crate) fn expire_mission(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        let word = self.mission_in(mission, LIVING)?;
        let now = self.now();
        let (halt, halted) = self.halt_of(mission, &word);
        if halt != 0 && now > halted {
            let expired = wire::Reason::HaltExpired as u8;
            self.end(mission, &word, State::Aborted, expired)?;
            return Ok(Vec::new());
        }
        let parent = self.of_mission(mission, 4);
        if get(&word, 8, 1) != 0 && self.mission_in(&parent, ENDED).is_ok() {
            let orphaned = wire::Reason::AncestorEnded as u8;
            self.end(mission, &word, State::Aborted, orphaned)?;
            return Ok(Vec::new());
        }
        let frozen = self.watchdog()?;
        if frozen != 0 && now > frozen {
            let expired = wire::Reason::HaltExpired as u8;
            self.end(mission, &word, State::Aborted, expired)?;
            return Ok(Vec::new());
        }
        let [recovery, gate, most, degraded] = self.parameters(
            Self::epoch_of(&word),
            [
                P::RecoveryGraceMs as u8,
                P::GateTimeoutMs as u8,
                P::MaxRefinementIterations as u8,
                P::DegradedAdjudicatorTimeoutMs as u8,
            ],
        )?;
        let divisor = const { P::RefinementNodeDivisor.row().default };
        let shares = (get(&word, 2, 2) as u32).div_ceil(divisor.max(1));
        let spent = get(&word, 9, 2) >= most.saturating_mul(shares.into());
        let exhausted = spent && get(&word, 6, 2) > 0;
        let (since, deadline) = (get(&word, 21, 5), self.mission_deadline(mission, &word));
        let (to, from, reason) = match get(&word, 0, 1) as u8 {
            s if s == State::Pending as u8 => {
                (State::Aborted, deadline, wire::Reason::MissionDeadline)
            }
            s if WORKING & bit(s) != 0 && exhausted => {
                (State::Failed, 0, wire::Reason::RefinementExhausted)
            }
            s if WORKING & bit(s) != 0 => (State::Failed, deadline, wire::Reason::MissionDeadline),
            s if s == State::Verification as u8 => (
                State::Failed,
                since.saturating_add(seconds(gate)),
                wire::Reason::HumanSilence,
            ),
            s if s == State::Failed as u8 => (
                State::Aborted,
                since.saturating_add(seconds(recovery)),
                wire::Reason::Unfinished,
            ),
            _ => (
                State::Aborted,
                since.saturating_add(seconds(degraded)),
                wire::Reason::HumanSilence,
            ),
        };
        self.passed(from)?;
        if to as u8 == State::Failed as u8 {
            self.not_stopped(mission, &word)?;
            self.move_mission(mission, &word, to, reason as u8);
        } else {
            self.end(mission, &word, to, reason as u8)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn abort(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, _justification) = (&input.word(), &input.word());
        self.only(&[Peer::Adjudication])?;
        let word = self.mission_in(mission, LIVING)?;
        let reason = wire::Reason::HumanSilence as u8;
        self.end(mission, &word, State::Aborted, reason)?;
        Ok(Vec::new())
    }

    pub(crate) fn abort_for_fault(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        let (count, mut named) = input.list(NAMED_MAX);
        let justification = &input.word();
        self.only(&[Peer::Adjudication])?;
        let word = self.mission_in(mission, LIVING)?;
        let ids = [P::RepMissionAbort as u8];
        let [points] = self.parameters(Self::epoch_of(&word), ids)?;
        let reason = wire::Reason::FaultNamed;
        for _ in 0..count {
            let agent = named.address().into_word();
            if self.entry_at(OBLIGED, mission, &agent) == B256::ZERO {
                return Words::after(wire::NotSeated::SELECTOR)
                    .word(mission)
                    .number(0)
                    .word(&agent)
                    .refuse();
            }
            self.log(
                topic!(wire::FaultSignal::SIGNATURE_HASH)
                    .word(mission)
                    .number(0)
                    .word(&agent)
                    .number(0)
                    .number(reason as u64),
                4,
            );
            let held = self.ask(
                Peer::Treasury,
                Words::after(treasury::lockedStakeCall::SELECTOR)
                    .word(mission)
                    .word(&agent),
            )?;
            let mut held = Reader::new(&held);
            held.skip(1);
            let amount = held.word();
            held.end()?;
            self.tell(
                Peer::Treasury,
                Words::after(treasury::slashCall::SELECTOR)
                    .word(mission)
                    .number(0)
                    .word(&agent)
                    .number(treasury::Fault::MissionAbort as u64)
                    .word(&amount),
            )?;
            self.penalise(&agent, points, justification)?;
        }
        named.end()?;
        self.end(mission, &word, State::Aborted, reason as u8)?;
        Ok(Vec::new())
    }

    pub(crate) fn release_agent(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, agent) = (&input.word(), input.address().into_word());
        let word = self.mission_in(mission, ENDED)?;
        if self.entry_at(OBLIGED, mission, &agent) == B256::ZERO {
            return Words::after(wire::NotSeated::SELECTOR)
                .word(mission)
                .number(0)
                .word(&agent)
                .refuse();
        }
        self.set_entry_at(OBLIGED, mission, &agent, &B256::ZERO);
        let held = self.ask(
            Peer::Treasury,
            Words::after(treasury::lockedStakeCall::SELECTOR)
                .word(mission)
                .word(&agent),
        )?;
        let mut held = Reader::new(&held);
        held.skip(1);
        let left = held.word();
        held.end()?;
        // A stake of which nothing is left must not keep the obligation open for ever.
        if left != B256::ZERO {
            self.tell(
                Peer::Treasury,
                Words::after(treasury::releaseStakeCall::SELECTOR)
                    .word(mission)
                    .word(&agent),
            )?;
        }
        let over = if get(&word, 0, 1) == State::Completed as u64 {
            agents::completeObligationCall::SELECTOR
        } else {
            agents::closeObligationCall::SELECTOR
        };
        self.tell(Peer::Agent, Words::after(over).word(&agent))?;
        Ok(Vec::new())
    }
}
