//! What people decide: reviews, disputes, exclusions.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration::Reason, ITreasury as treasury, IVerification as wire};
use agentcity_domain::{
    literal,
    machine::{MissionState, NodeState},
    parameter::ParameterId as P,
    peer::Peer,
    reputation::Points,
    statute::SEATS_MAX,
};
use agentcity_shell::{
    Answer, Input, malformed,
    member::Member,
    output, refuse,
    word::{part, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    case::{Case, Outcome},
    consensus::agree,
    storage::Verifications,
};

/// What a bond is of, so that two bonds never meet.
const BOND: u8 = 3;

impl Verifications {
    /// Sends a node to review.
    #[inline(never)]
    pub(crate) fn review(&mut self, case: &Case, rubric: B256) -> Result<(), Vec<u8>> {
        let [window] = self.parameters(case.epoch, [P::MaxHumanReviewTimeoutMs as u8])?;
        let expires = self.now().saturating_add(window.div_ceil(1_000));
        self.emit(
            &[
                literal!(wire::ReviewRequested::SIGNATURE_HASH),
                case.mission,
                output::number(case.node.into()),
            ],
            &[
                output::number(case.attempt.into()),
                rubric,
                output::number(expires),
            ],
        );
        let none = [B256::ZERO; 2];
        let to = NodeState::PendingReview;
        self.conclude(case, to, expires, Reason::None, none, &[])
    }

    pub(crate) fn dispute(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, grounds) = (input.word()?, input.u16()?, input.word()?);
        let mut case = self.open_case(mission, node, [NodeState::PendingVerification; 2])?;
        let executor = self.caller();
        let seat = case.seat_of(executor)?;
        if case.tier != 2 {
            return case.wrong_tier();
        }
        if case.mask(2) & !case.mask(3) & 1 << (seat & 7) == 0 {
            return refuse(wire::NotSeated::SELECTOR, &case.names(executor));
        }
        let ids = [P::DisputeBondBps as u8, P::DisputeWindowMs as u8];
        let [share, window] = self.parameters(case.epoch, ids)?;
        let until = case.expires.saturating_add(window.div_ceil(1_000));
        if self.now() > until {
            return refuse(wire::TooLate::SELECTOR, &[output::number(until)]);
        }
        let place = u64::from(node) << 16 | u64::from(case.attempt) << 8 | u64::from(seat);
        let bond = self.key(BOND, mission, output::number(place));
        let amount = case.budget.saturating_mul(share.into()).div_euclid(10_000);
        case.word = with(case.word, 9, 1, u128::from(seat).saturating_add(1));
        self.set_case(&case, 0, case.word);
        self.set_case(&case, 3, bond);
        self.tell_peer(
            Peer::Treasury,
            treasury::postBondCall::SELECTOR,
            &[
                bond,
                executor.into_word(),
                output::number(treasury::BondKind::Dissent as u64),
                output::amount(amount),
            ],
        )?;
        let [_, number, agent] = case.names(executor);
        self.emit(
            &[
                literal!(wire::ResultDisputed::SIGNATURE_HASH),
                mission,
                number,
                agent,
            ],
            &[output::number(case.attempt.into()), bond],
        );
        self.review(&case, grounds)?;
        Ok(Vec::new())
    }

    /// Returns the bond of a dispute, or takes it; nothing without one.
    #[inline(never)]
    pub(crate) fn end_dispute(&mut self, case: &Case, returned: bool) -> Result<(), Vec<u8>> {
        let bond = self.of_case(case, 3);
        if bond == B256::ZERO {
            return Ok(());
        }
        self.set_case(case, 3, B256::ZERO);
        self.emit(
            &[
                literal!(wire::DisputeClosed::SIGNATURE_HASH),
                case.mission,
                output::number(case.node.into()),
            ],
            &[
                output::number(case.attempt.into()),
                bond,
                output::truth(returned),
            ],
        );
        let selector = if returned {
            treasury::returnBondCall::SELECTOR
        } else {
            treasury::forfeitBondCall::SELECTOR
        };
        self.tell_peer(Peer::Treasury, selector, &[bond])?;
        Ok(())
    }

    pub(crate) fn decide_review(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, attempt) = (input.word()?, input.u16()?, input.u8()?);
        let (approved, score, seat) = (input.bool()?, input.u16()?, input.u8()?);
        self.only(&[Peer::Adjudication])?;
        let case = self.open_case(mission, node, [NodeState::PendingReview; 2])?;
        case.at_attempt(attempt)?;
        let most = Points::MAX.get();
        if score > most {
            return refuse(
                wire::ScoreOutOfRange::SELECTOR,
                &[output::number(score.into()), output::number(most.into())],
            );
        }
        if seat >= case.redundancy || usize::from(seat) >= SEATS_MAX {
            return Err(malformed());
        }
        let disputed = case.tier == 2;
        let counting = case.mask(2) & !case.mask(3);
        if disputed && approved && counting & 1 << seat == 0 {
            let agent = case.agents.get(usize::from(seat)).copied();
            let names = case.names(agent.unwrap_or_default());
            return refuse(wire::NotSeated::SELECTOR, &names);
        }
        self.emit(
            &[
                literal!(wire::ReviewDecided::SIGNATURE_HASH),
                mission,
                output::number(node.into()),
            ],
            &[
                output::number(attempt.into()),
                output::truth(approved),
                output::number(score.into()),
                output::number(seat.into()),
            ],
        );
        let mut outcome = [self.of_case(&case, 1), self.of_case(&case, 2)];
        let mut outcomes = Vec::with_capacity(SEATS_MAX);
        if disputed {
            let ids = [P::NumericTolerancePct as u8, P::JaccardThreshold as u8];
            let [tolerance, similarity] = self.parameters(case.epoch, ids)?;
            outcome = [self.of_seat(&case, seat, 2), self.of_seat(&case, seat, 1)];
            for place in 0..case.redundancy.min(SEATS_MAX as u8) {
                let counts = counting >> place & 1 == 1;
                let value = self.of_seat(&case, place, 2);
                let near = agree(
                    case.mode,
                    value,
                    outcome[0],
                    tolerance.into(),
                    similarity.into(),
                );
                let paid = approved && counts && near;
                outcomes.push(Outcome {
                    seat: place,
                    paid,
                    scored: counts,
                    score: if paid { score } else { 0 },
                    fault: Reason::None as u8,
                });
            }
        } else {
            let fault = if approved {
                Reason::None
            } else {
                Reason::ReviewRejected
            };
            outcomes.push(Outcome {
                seat: 0,
                paid: approved,
                scored: true,
                score: if approved { score } else { 0 },
                fault: fault as u8,
            });
        }
        // A dispute was right if nothing stands, or its own value does.
        let disputant = part(case.word, 9, 1);
        let right = !approved || disputant == u128::from(seat).saturating_add(1);
        self.end_dispute(&case, right)?;
        let (to, reason) = if approved {
            (NodeState::Completed, Reason::Succeeded)
        } else {
            (NodeState::Failed, Reason::ReviewRejected)
        };
        self.conclude(&case, to, 0, reason, outcome, &outcomes)?;
        Ok(Vec::new())
    }

    pub(crate) fn disqualify(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, attempt) = (input.word()?, input.u16()?, input.u8()?);
        let executor = input.address()?;
        self.only(&[Peer::Adjudication])?;
        let states = [NodeState::PendingVerification, NodeState::PendingReview];
        let mut case = self.open_case(mission, node, states)?;
        case.at_attempt(attempt)?;
        let seat = case.seat_of(executor)?;
        case.enter(3, seat);
        self.set_case(&case, 0, case.word);
        let [_, number, agent] = case.names(executor);
        self.emit(
            &[
                literal!(wire::SeatDisqualified::SIGNATURE_HASH),
                mission,
                number,
                agent,
            ],
            &[output::number(attempt.into())],
        );
        Ok(Vec::new())
    }

    pub(crate) fn release_bond(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, attempt) = (input.word()?, input.u16()?, input.u8()?);
        let mut case = self.case(mission, node)?;
        case.attempt = attempt;
        let ended = case.mission_state == MissionState::Completed as u8
            || case.mission_state == MissionState::Aborted as u8;
        if !ended || self.of_case(&case, 3) == B256::ZERO {
            return refuse(
                wire::NoBond::SELECTOR,
                &[
                    mission,
                    output::number(node.into()),
                    output::number(attempt.into()),
                ],
            );
        }
        self.end_dispute(&case, true)?;
        Ok(Vec::new())
    }
}
