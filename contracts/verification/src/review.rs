//! What people decide: reviews, disputes, exclusions.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration::Reason, ITreasury as treasury, IVerification as wire};
use agentcity_domain::{
    amount::{Amount, Bps},
    machine::{MissionState, NodeState},
    parameter::ParameterId as P,
    peer::Peer,
    time::Millis,
    verification::{case::Record, dispute as rules, review, window::exclude},
};
use agentcity_shell::{
    Answer,
    member::Member,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::{
    case::{Ask, Attempt},
    storage::{OUTPUT, TRAIL, Verifications},
};

impl Verifications {
    /// Sends a node to review.
    ///
    /// Events: `ReviewRequested`.
    #[inline(never)]
    pub(crate) fn review(&mut self, attempt: &Attempt, rubric: &B256) -> Result<(), Vec<u8>> {
        let [window] = self.parameters(attempt.epoch, [P::MaxHumanReviewTimeoutMs as u8])?;
        let window = Millis::new(window).to_seconds_ceil().get();
        let expires = self.now().saturating_add(window);
        self.log(
            topic!(wire::ReviewRequested::SIGNATURE_HASH)
                .word(&attempt.key.mission)
                .number(attempt.key.node.into())
                .number(attempt.key.attempt.into())
                .word(rubric)
                .number(expires),
            3,
        );
        self.defer(attempt, NodeState::PendingReview, expires)
    }

    /// Errors: those of `open`; `NotSeated`, `WrongTier`, `TooEarly`, `TooFewCommitted`, `TooLate`, `NothingRevealed`,
    /// `NoDissent`; the treasury's if the credit does not cover the bond.
    /// Events: `ResultDisputed`, `ReviewRequested`.
    pub(crate) fn dispute(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, grounds) = (input.word(), input.u16(), &input.word());
        let states = [NodeState::PendingVerification];
        let mut attempt = self.open(mission, node, &states, Ask::ALL, &mut None)?;
        let executor = self.caller();
        let seat = attempt.take(attempt.case.seat_of(executor))?;
        let law = self.law_of(&mut attempt)?;
        let record = rules::dispute(&attempt.case, &law.windows, seat, self.now());
        let record = attempt.take(record)?;
        let weighed = self.weigh(&attempt, law.near, Vec::new())?;
        attempt.take(rules::require_dissent(&weighed.finding))?;
        let [share] = self.parameters(attempt.epoch, [P::DisputeBondBps as u8])?;
        let share = Bps::new(share).unwrap_or(Bps::MAX);
        let amount = rules::bond(Amount::new(attempt.case.budget), share);
        let bond = self.bond_id(&attempt.key, seat);
        self.keep(&attempt, &record);
        self.log(
            topic!(wire::ResultDisputed::SIGNATURE_HASH)
                .word(&mission)
                .number(node.into())
                .address(&executor)
                .number(attempt.key.attempt.into())
                .word(&bond),
            4,
        );
        self.tell(
            Peer::Treasury,
            Words::after(treasury::postBondCall::SELECTOR)
                .word(&bond)
                .address(&executor)
                .number(treasury::BondKind::Dissent as u64)
                .amount(amount.get()),
        )?;
        self.review(&attempt, grounds)?;
        Ok(Vec::new())
    }

    /// Returns the bond of a dispute, or takes it; nothing without one.
    ///
    /// Events: `DisputeClosed`.
    #[inline(never)]
    pub(crate) fn end_dispute(
        &mut self,
        attempt: &mut Attempt,
        returned: bool,
    ) -> Result<(), Vec<u8>> {
        let Some(seat) = attempt.case.record.disputant else {
            return Ok(());
        };
        let bond = self.bond_id(&attempt.key, seat);
        attempt.case.record.disputant = None;
        let record = attempt.case.record;
        self.keep(attempt, &record);
        self.log(
            topic!(wire::DisputeClosed::SIGNATURE_HASH)
                .word(&attempt.key.mission)
                .number(attempt.key.node.into())
                .number(attempt.key.attempt.into())
                .word(&bond)
                .truth(returned),
            3,
        );
        let selector = if returned {
            treasury::returnBondCall::SELECTOR
        } else {
            treasury::forfeitBondCall::SELECTOR
        };
        self.tell(Peer::Treasury, Words::after(selector).word(&bond))
    }

    /// Errors: `Unauthorized`, those of `open`; `WrongAttempt`, `ScoreOutOfRange`, `NothingRevealed`, `AlreadyRuled`.
    /// Events: `ReviewDecided`, `DisputeClosed`.
    pub(crate) fn decide_review(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, meant) = (input.word(), input.u16(), input.u8());
        let (approved, score, seat) = (input.bool(), input.u16(), input.u8());
        self.only(&[Peer::Adjudication])?;
        let states = [NodeState::PendingReview];
        let mut attempt = self.open(mission, node, &states, Ask::SEATS, &mut None)?;
        let ruling = review::rule(&attempt.case, meant, approved, score, seat);
        let ruling = attempt.take(ruling)?;
        self.log(
            topic!(wire::ReviewDecided::SIGNATURE_HASH)
                .word(&mission)
                .number(node.into())
                .number(meant.into())
                .truth(approved)
                .number(score.into())
                .number(seat.into()),
            3,
        );
        if attempt.case.tier == 2 {
            let near = self.law_of(&mut attempt)?.near;
            let weighed = self.weigh(&attempt, near, Vec::new())?;
            if weighed.is_known(&attempt) {
                self.end_by_ruling(&mut attempt, &ruling, &weighed)?;
            } else {
                // Who agrees with the seat shows only by the sets' elements; whoever closes brings them (R29).
                self.keep(&attempt, &review::keep(&attempt.case, ruling));
            }
            return Ok(Vec::new());
        }
        let key = attempt.key;
        let result = [self.beside(&key, OUTPUT), self.beside(&key, TRAIL)];
        // Its end is their last use: the log has all of it.
        if attempt.case.record.announced {
            self.keep(&attempt, &Record::default());
        }
        self.set_beside(&key, OUTPUT, &B256::ZERO);
        self.set_beside(&key, TRAIL, &B256::ZERO);
        let (to, reason) = if approved {
            (NodeState::Completed, Reason::Succeeded)
        } else {
            (NodeState::Failed, Reason::ReviewRejected)
        };
        let outcome = review::outcome(&ruling);
        self.conclude(&mut attempt, to, reason, &result, &[outcome])?;
        Ok(Vec::new())
    }

    /// Errors: `Unauthorized`, those of `open`; `WrongAttempt`, `NotSeated`, `WrongTier`, `NothingCommitted`, `AlreadyDone`,
    /// `AlreadyRuled`.
    /// Events: `SeatDisqualified`.
    pub(crate) fn disqualify(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, meant) = (input.word(), input.u16(), input.u8());
        let executor = input.address();
        self.only(&[Peer::Adjudication])?;
        let states = [NodeState::PendingVerification, NodeState::PendingReview];
        let mut attempt = self.open(mission, node, &states, Ask::SEATS, &mut None)?;
        attempt.take(attempt.case.at(meant))?;
        let seat = attempt.take(attempt.case.seat_of(executor))?;
        let windows = self.law_of(&mut attempt)?.windows;
        let step = attempt.take(exclude(&attempt.case, &windows, seat, self.now()))?;
        self.log(
            topic!(wire::SeatDisqualified::SIGNATURE_HASH)
                .word(&mission)
                .number(node.into())
                .address(&executor)
                .number(meant.into()),
            4,
        );
        self.step(&mut attempt, NodeState::PendingVerification, &step);
        self.release(Some(attempt))?;
        Ok(Vec::new())
    }

    /// No halt forbids it (INV-HALT-01).
    ///
    /// Errors: `NoBond`.
    /// Events: `DisputeClosed`.
    pub(crate) fn release_bond(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, of) = (input.word(), input.u16(), input.u8());
        let mut attempt = self.attempt(mission, node, Ask::STATE)?;
        attempt.key.attempt = of;
        attempt.case.record = self.record(&attempt.key);
        let ends = [MissionState::Completed as u8, MissionState::Aborted as u8];
        if !ends.contains(&attempt.case.mission) || attempt.case.record.disputant.is_none() {
            return Err(attempt.of(wire::NoBond::SELECTOR, of.into()));
        }
        self.end_dispute(&mut attempt, true)?;
        Ok(Vec::new())
    }
}
