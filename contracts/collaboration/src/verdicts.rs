//! What verification found: a node's next state, and what it means for its seats.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ICollaboration as wire, ITreasury as treasury};
use agentcity_domain::{
    machine::{MissionState, NodeState as State},
    parameter::ParameterId as P,
    peer::Peer,
    reputation::Points,
    statute::{Node, SEATS_MAX},
};
use agentcity_shell::{
    Answer, malformed,
    member::Member,
    reader::{self, Reader},
    topic,
    word::{get, part},
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolEvent};

use crate::{missions::WORKING, nodes::bit, storage::Missions};

/// A seat's part in a verdict.
#[derive(Clone, Copy)]
struct Outcome {
    seat: u8,
    paid: bool,
    scored: bool,
    score: u16,
    fault: u8,
}

impl Missions {
    pub(crate) fn apply_verdict(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, attempt) = (&input.word(), input.u16(), input.u8());
        let (to, expires, reason) = (input.u8(), input.u64(), input.u8());
        let outcome = [input.word(), input.word()];
        let (count, mut list) = input.list(SEATS_MAX);
        self.only(&[Peer::Verification])?;
        let mut outcomes = Vec::with_capacity(SEATS_MAX);
        for _ in 0..count {
            let (seat, paid, scored) = (list.u8(), list.bool(), list.bool());
            let (score, fault) = (list.u16(), list.u8());
            let follows = outcomes
                .last()
                .is_none_or(|last: &Outcome| last.seat < seat);
            if !follows || score > Points::MAX.get() {
                return Err(malformed());
            }
            outcomes.push(Outcome {
                seat,
                paid,
                scored,
                score,
                fault,
            });
        }
        list.end()?;
        self.mission_in(mission, WORKING)?;
        let (executing, verifying, reviewing) = (
            bit(State::Executing as u8),
            bit(State::PendingVerification as u8),
            bit(State::PendingReview as u8),
        );
        let (from, state) = match to {
            s if s == State::Executing as u8 => (executing, State::Executing),
            s if s == State::PendingVerification as u8 => {
                (executing | verifying, State::PendingVerification)
            }
            s if s == State::PendingReview as u8 => (executing | verifying, State::PendingReview),
            s if s == State::Completed as u8 => {
                (executing | verifying | reviewing, State::Completed)
            }
            s if s == State::Failed as u8 => (executing | verifying | reviewing, State::Failed),
            _ => return Err(malformed()),
        };
        let word = self.attempt_in(mission, node, attempt, from)?;
        match state {
            State::Completed => self.complete_node(mission, node, &outcome, &outcomes)?,
            State::Failed => {
                self.fail_node(mission, node, reason);
                self.settle_faults(mission, node, 0, &outcome[0], &outcomes)?;
            }
            _ if state as u8 == self.state_of(mission, node) => {
                self.set_expiry(mission, node, &word, expires);
            }
            _ => self.set_node(mission, node, state, &word, expires),
        }
        Ok(Vec::new())
    }

    /// Faults, and scores of those whom verification scored.
    #[inline(never)]
    fn settle_faults(
        &mut self,
        mission: &B256,
        node: u16,
        share: u128,
        evidence: &B256,
        outcomes: &[Outcome],
    ) -> Result<(), Vec<u8>> {
        let epoch = Self::epoch_of(&self.of_mission(mission, 0));
        let [lambda, weight, cap, window] = self.parameters(
            epoch,
            [
                P::EmaLambda as u8,
                P::RepFullWeight as u8,
                P::RepPairCap as u8,
                P::RepPairWindowSecs as u8,
            ],
        )?;
        let price = share.checked_div(self.unit_scale()).unwrap_or_default();
        let price = u64::try_from(price).unwrap_or(u64::MAX);
        for outcome in outcomes {
            if outcome.scored {
                let [agent, ..] = self.seat_words(mission, node, outcome.seat)?;
                self.tell(
                    Peer::Agent,
                    Words::after(agents::updateReputationCall::SELECTOR)
                        .word(&agent)
                        .number(outcome.score.into())
                        .number(price)
                        .word(&Self::sponsor_word(mission))
                        .word(evidence)
                        .number(lambda)
                        .number(weight)
                        .number(cap)
                        .number(window),
                )?;
            }
            if outcome.fault != 0 {
                self.fault(mission, node, outcome.seat, outcome.fault)?;
            }
        }
        Ok(())
    }

    /// The mission's sponsor, who is in its number.
    pub(crate) fn sponsor_word(mission: &B256) -> B256 {
        let mut word = B256::ZERO;
        for (to, from) in word.iter_mut().skip(12).zip(mission.iter()) {
            *to = *from;
        }
        word
    }

    /// Completes a node: digest, successors, payment, reputation; the last one opens the gate.
    #[inline(never)]
    fn complete_node(
        &mut self,
        mission: &B256,
        node: u16,
        outcome: &[B256; 2],
        outcomes: &[Outcome],
    ) -> Result<(), Vec<u8>> {
        let (law, after) = self.law(mission, node)?;
        self.finish_node(mission, node, &law, &after, outcome)?;
        let paid = outcomes.iter().filter(|outcome| outcome.paid);
        let count = paid.clone().count() as u64;
        let mut settlement = Words::after(treasury::settleCall::SELECTOR);
        settlement
            .word(mission)
            .number(node.into())
            .amount(law.budget)
            .number(128)
            .number(count);
        for outcome in paid {
            let [agent, _, money, _] = self.seat_words(mission, node, outcome.seat)?;
            let answer = self.ask(
                Peer::Agent,
                Words::after(agents::getReputationScoreCall::SELECTOR).word(&agent),
            )?;
            let score = reader::number_of(&answer)?.saturating_mul(1_000);
            let price = part(money, 0, 16);
            settlement.word(&agent).number(score).amount(price);
        }
        self.tell(Peer::Treasury, &settlement)?;
        let share = law.budget.checked_div(count.into()).unwrap_or_default();
        self.settle_faults(mission, node, share, &outcome[0], outcomes)
    }

    /// Counts a node as completed and says so; the last one opens the gate.
    #[inline(never)]
    pub(crate) fn finish_node(
        &mut self,
        mission: &B256,
        node: u16,
        law: &Node,
        after: &[u16],
        outcome: &[B256; 2],
    ) -> Result<(), Vec<u8>> {
        let digest = self.count_node(mission, node, after, outcome)?;
        let attempt = get(&self.of_node(mission, node, 0), 0, 1);
        self.log(
            topic!(wire::NodeCompleted::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .number(attempt)
                .number(law.tier.into())
                .word(&outcome[0])
                .word(&outcome[1])
                .word(&digest),
            3,
        );
        let word = self.of_mission(mission, 0);
        if get(&word, 4, 2) == get(&word, 2, 2) {
            let reason = wire::Reason::Succeeded as u8;
            self.move_mission(mission, &word, MissionState::Verification, reason);
        }
        Ok(())
    }
}
