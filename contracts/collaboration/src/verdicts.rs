//! What verification found: a node's next state, and what it means for its seats.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ICollaboration as wire, ITreasury as treasury};
use agentcity_domain::{
    exit::forbidders,
    machine::{Command, MissionState, NodeState as State},
    mission::{
        Reason, digest,
        fault::divide,
        node::seat_bit,
        record::WORKING,
        seat::pay,
        verdict::{self as rules, Outcome},
    },
    parameter::ParameterId as P,
    peer::Peer,
    statute::{SEATS_MAX, Seat},
};
use agentcity_shell::{
    member::Member,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolEvent};

use crate::storage::*;

impl Missions {
    #[inline(never)]
    pub(crate) fn apply_verdict(&mut self, input: &mut Reader<'_>) -> Said {
        let (mission, number, attempt) = (&input.word(), input.u16(), input.u8());
        let (to, expires, reason) = (input.u8(), input.seconds(), input.u8());
        let outcome = [input.word(), input.word()];
        let (count, mut list) = input.list(SEATS_MAX);
        self.only_peer(Peer::Verification)?;
        let mut loaded = self.lookup(mission);
        let runs = loaded.word.must_be(WORKING);
        self.ok(mission, number, runs)?;
        self.permit(&loaded, const { forbidders(Command::SubmitResult) }, false)?;
        let mut node = self.attempt(&loaded, number)?;
        if node.word.attempt() != attempt {
            let other = node.states.must_be(number, 0, node.word.attempt());
            self.ok(mission, number, other)?;
        }
        let completed = to == State::Completed as u8;
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(SEATS_MAX);
        for _ in 0..count {
            let outcome = Outcome {
                seat: list.u8(),
                paid: list.bool(),
                scored: list.bool(),
                score: list.u16(),
                fault: list.u8(),
            };
            let after = outcomes.last().map(|last| last.seat);
            self.ok(mission, number, outcome.judge(&node.word, after, completed))?;
            outcomes.push(outcome);
        }
        end(&list)?;
        let clock = (self.now(), loaded.moved());
        let applied = rules::apply(&mut node.states, number, &mut node.word, to, expires, clock);
        self.ok(mission, number, applied)?;
        if completed {
            self.complete_node(&mut loaded, &node, &outcome, &outcomes)?;
        } else if to == State::Failed as u8 {
            self.fail_node(&mut loaded, &node, reason)?;
            let seats = self.seats(mission, &node)?;
            self.judge_seats(&loaded, (&node, &seats), (0, 0), &outcome[0], &outcomes)?;
        } else {
            self.store_attempt(mission, &node);
        }
        Ok(())
    }

    /// Completes a node: digest, successors, payment, reputation; the last one opens the gate.
    #[inline(never)]
    fn complete_node(
        &mut self,
        mission: &mut Loaded,
        node: &Attempt,
        outcome: &[B256; 2],
        outcomes: &[Outcome],
    ) -> Said {
        let budget = self.finish_node(mission, node, outcome)?;
        let mut paid = 0u64;
        for outcome in outcomes {
            paid = paid.saturating_add(outcome.paid.into());
        }
        let seats = self.seats(&mission.id, node)?;
        if paid != 0 {
            let mut settlement = Words::after(treasury::settleCall::SELECTOR);
            settlement
                .word(&mission.id)
                .number(node.number.into())
                .amount(budget)
                .number(128) // structural: where the list stands
                .number(paid);
            for outcome in outcomes.iter().filter(|outcome| outcome.paid) {
                if let Some(seat) = of_outcome(&seats, outcome) {
                    let score = u64::from(node.word.score(outcome.seat));
                    settlement
                        .address(&seat.agent)
                        .number(score.saturating_mul(1_000)) // structural: thousandths of a point
                        .amount(seat.price);
                }
            }
            self.command(Peer::Treasury, &settlement)?;
        }
        let node = (node, seats.as_slice());
        self.judge_seats(mission, node, (budget, paid), &outcome[0], outcomes)
    }

    /// Scores and faults of those whom verification found to deserve them.
    #[inline(never)]
    fn judge_seats(
        &mut self,
        mission: &Loaded,
        (node, seats): (&Attempt, &[Seat]),
        (budget, paid): (u128, u64),
        evidence: &B256,
        outcomes: &[Outcome],
    ) -> Said {
        if outcomes.iter().all(|o| !o.scored && o.fault == 0) {
            return Ok(());
        }
        let terms = self.terms(
            mission.word.epoch(),
            [
                P::EmaLambda as u8,
                P::RepFullWeight as u8,
                P::RepPairCap as u8,
                P::RepPairWindowSecs as u8,
            ],
        )?;
        let unit = self.unit_scale();
        let attempt = node.word.attempt();
        for outcome in outcomes {
            let Some(seat) = of_outcome(seats, outcome) else {
                continue;
            };
            if outcome.scored {
                // What failed weighs by its price as what succeeded does, or else failing would cost nothing (A2).
                let earned = if paid == 0 {
                    seat.price
                } else {
                    pay(seat.price, budget, paid)
                };
                let price = divide(earned, unit);
                let mut call = Words::after(agents::updateReputationCall::SELECTOR);
                call.address(&seat.agent)
                    .number(outcome.score.into())
                    .number(u64::try_from(price).unwrap_or(u64::MAX))
                    .address(&mission.sponsor())
                    .word(evidence);
                for term in terms {
                    call.number(term);
                }
                self.command(Peer::Agent, &call)?;
            }
            if outcome.fault != 0 {
                let who = (seat.agent, seat.stake);
                self.fault(mission, node.number, attempt, who, outcome.fault, evidence)?;
            }
        }
        Ok(())
    }

    /// Counts a node as completed, in the digest and in its successors, and says so; the last one opens the gate. Its budget.
    #[inline(never)]
    pub(crate) fn finish_node(
        &mut self,
        mission: &mut Loaded,
        node: &Attempt,
        outcome: &[B256; 2],
    ) -> Said<u128> {
        let id = mission.id;
        let law = self.law(&id, node.number)?;
        let attempt = node.word.attempt();
        self.store_completed(&id, node, &outcome[0]);
        let digest = self.add_to_digest(&id, node.number, attempt, outcome);
        let last = mission.word.count_completed();
        self.log(
            topic!(wire::NodeCompleted::SIGNATURE_HASH)
                .word(&id)
                .number(node.number.into())
                .number(attempt.into())
                .number(law.node.tier.into())
                .word(&outcome[0])
                .word(&outcome[1])
                .word(&digest),
            3,
        );
        if last {
            let from = mission.word.state();
            let step = mission.word.step(MissionState::Verification, self.now());
            self.ok(&id, node.number, step)?;
            let mut clock = self.clock(&id);
            clock.set_moved_at_gate(mission.moved());
            self.set_clock(&id, &clock);
            self.store_moved(mission, from, Reason::Succeeded as u8);
        } else {
            self.store(mission);
            self.release_successors(mission, &law.after)?;
        }
        Ok(law.node.budget)
    }

    /// The mission's digest with one more node.
    #[inline(never)]
    pub(crate) fn add_to_digest(
        &mut self,
        mission: &B256,
        node: u16,
        attempt: u8,
        outcome: &[B256; 2],
    ) -> B256 {
        let before = self.of_mission(mission, DIGEST);
        let preimage = digest::preimage(before, node, attempt, outcome[0], outcome[1]);
        let digest = self.hash(Words::new().all(&preimage));
        self.set_of_mission(mission, DIGEST, &digest);
        digest
    }
}

/// The seat that an outcome is of.
fn of_outcome<'a>(seats: &'a [Seat], outcome: &Outcome) -> Option<&'a Seat> {
    let bit = seat_bit(outcome.seat);
    seats.iter().find(|seat| seat_bit(seat.seat) == bit)
}
