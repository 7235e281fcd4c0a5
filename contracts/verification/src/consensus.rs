//! Weighing what was revealed, and ending an attempt by it.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration::Reason, IVerification as wire};
use agentcity_domain::{
    machine::NodeState,
    reputation::Points,
    statute::{Mode, SEATS_MAX},
    verification::{
        case::{Case, Record},
        consensus::{self as rules, End, Finding, Tolerances},
        dispute,
        review::{self, Ruling},
    },
};
use agentcity_shell::{topic, words::Laid};
use alloy_primitives::B256;
use alloy_sol_types::{SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    case::Attempt,
    error::wrong_preimage,
    storage::{MORE, TRAIL, VALUE, Verifications},
};

/// What counts, weighed.
pub(crate) struct Weighed {
    /// The case with the mode by which values were compared: sets without their elements by their hashes.
    case: Case,
    values: Vec<Vec<u8>>,
    near: Tolerances,
    pub(crate) finding: Finding,
}

impl Weighed {
    fn find(case: Case, values: Vec<Vec<u8>>, near: Tolerances) -> Self {
        let mut slices: [&[u8]; SEATS_MAX] = [&[]; SEATS_MAX];
        for (slice, value) in slices.iter_mut().zip(&values) {
            *slice = value;
        }
        let slices = slices.get(..values.len()).unwrap_or_default();
        let finding = rules::find(&case, slices, &near);
        Self {
            case,
            values,
            near,
            finding,
        }
    }

    /// Whether the finding is all there is to know: sets were compared by their elements, or are all the same.
    pub(crate) fn is_known(&self, attempt: &Attempt) -> bool {
        self.case.mode == attempt.case.mode || self.finding.agreed
    }
}

impl Verifications {
    /// Weighs the values that count. Sets are compared by their elements if these come along, which must be those that were
    /// revealed; otherwise by their hashes.
    ///
    /// Errors: `ElementsMissing` for another number of sets, `WrongPreimage` for others than were revealed.
    #[inline(never)]
    pub(crate) fn weigh(
        &self,
        attempt: &Attempt,
        near: Tolerances,
        sets: Vec<Vec<u8>>,
    ) -> Result<Weighed, Vec<u8>> {
        let mut case = attempt.case;
        let counting = case.record.counting();
        let is_of_sets = rules::is_of_sets(case.mode);
        if !sets.is_empty() {
            let count = if is_of_sets { counting.count() } else { 0 };
            if sets.len() != usize::from(count) {
                return Err(attempt.of(wire::ElementsMissing::SELECTOR, count.into()));
            }
            let seats = (0..SEATS_MAX as u8).filter(|seat| counting.has(*seat));
            for (seat, set) in seats.zip(&sets) {
                let revealed = self.of_seat(&attempt.key, seat, VALUE);
                if self.vm().native_keccak256(set) != revealed {
                    return wrong_preimage(&revealed);
                }
            }
            return Ok(Weighed::find(case, sets, near));
        }
        if is_of_sets {
            case.mode = Mode::Exact as u8;
        }
        let mut values = Vec::with_capacity(SEATS_MAX);
        for seat in 0..SEATS_MAX as u8 {
            if counting.has(seat) {
                values.push(self.value_of(attempt, seat));
            }
        }
        Ok(Weighed::find(case, values, near))
    }

    /// What a seat revealed, as far as it is kept: of a set, its hash.
    #[inline(never)]
    fn value_of(&self, attempt: &Attempt, seat: u8) -> Vec<u8> {
        let mut value = self.of_seat(&attempt.key, seat, VALUE).to_vec();
        if attempt.case.mode == Mode::Sketch as u8 {
            value.extend_from_slice(self.of_seat(&attempt.key, seat, MORE).as_slice());
        }
        value
    }

    /// Output hash of a seat, and the trails of all who committed.
    #[inline(never)]
    fn result_of(&self, attempt: &Attempt, seat: u8) -> [B256; 2] {
        let output = if rules::is_of_sets(attempt.case.mode) {
            self.of_seat(&attempt.key, seat, VALUE)
        } else {
            self.vm().native_keccak256(&self.value_of(attempt, seat))
        };
        [output, self.beside(&attempt.key, TRAIL)]
    }

    /// Ends an attempt as the machine finds.
    ///
    /// Events: `ConsensusReached`.
    #[inline(never)]
    pub(crate) fn end_by_consensus(
        &mut self,
        attempt: &mut Attempt,
        finding: &Finding,
    ) -> Result<(), Vec<u8>> {
        if !finding.approved {
            return self.end(attempt, &End::Split, 0);
        }
        let [output, _] = self.result_of(attempt, finding.seat);
        self.log(
            topic!(wire::ConsensusReached::SIGNATURE_HASH)
                .word(&attempt.key.mission)
                .number(attempt.key.node.into())
                .number(attempt.key.attempt.into())
                .number(finding.agreeing.count().into())
                .number(attempt.case.record.counting().count().into())
                .word(&output),
            3,
        );
        let stands = End::Stands(finding.agreeing, Points::MAX);
        self.end(attempt, &stands, finding.seat)
    }

    /// Ends an attempt as people decided, and its dispute with it.
    ///
    /// Events: `DisputeClosed`.
    #[inline(never)]
    pub(crate) fn end_by_ruling(
        &mut self,
        attempt: &mut Attempt,
        ruling: &Ruling,
        weighed: &Weighed,
    ) -> Result<(), Vec<u8>> {
        let mut slices: [&[u8]; SEATS_MAX] = [&[]; SEATS_MAX];
        for (slice, value) in slices.iter_mut().zip(&weighed.values) {
            *slice = value;
        }
        let slices = slices.get(..weighed.values.len()).unwrap_or_default();
        let agreeing = rules::with_seat(&weighed.case, slices, ruling.seat, &weighed.near);
        let holds = dispute::holds(ruling, &weighed.finding);
        self.end_dispute(attempt, holds)?;
        self.end(attempt, &review::end(ruling, agreeing), ruling.seat)
    }

    /// Tells collaboration how an attempt ended, and what that means for each of its seats; `seat` has the output.
    #[inline(never)]
    pub(crate) fn end(
        &mut self,
        attempt: &mut Attempt,
        end: &End,
        seat: u8,
    ) -> Result<(), Vec<u8>> {
        let (to, reason) = match end {
            End::Stands(..) => (NodeState::Completed, Reason::Succeeded),
            End::Rejected => (NodeState::Failed, Reason::ReviewRejected),
            End::Short | End::Split => (NodeState::Failed, Reason::ConsensusFailed),
        };
        let result = if to == NodeState::Completed {
            self.result_of(attempt, seat)
        } else {
            [B256::ZERO; 2]
        };
        let seated = attempt.case.seats;
        let mut outcomes = Vec::with_capacity(SEATS_MAX);
        for seat in 0..SEATS_MAX as u8 {
            if seated.has(seat) {
                outcomes.push(rules::outcome(&attempt.case, seat, end));
            }
        }
        self.forget(attempt);
        self.conclude(attempt, to, reason, &result, &outcomes)
    }

    /// Clears what was kept of an attempt that ends. The log has all of it, and nobody decides by it any more: the node has left
    /// the states in which anything is asked, and its next attempt is another.
    #[inline(never)]
    fn forget(&mut self, attempt: &Attempt) {
        let (key, record) = (attempt.key, attempt.case.record);
        for seat in 0..SEATS_MAX as u8 {
            if record.committed.has(seat) {
                self.set_seat(&key, seat, VALUE, &B256::ZERO);
            }
            if record.revealed.has(seat) && attempt.case.mode == Mode::Sketch as u8 {
                self.set_seat(&key, seat, MORE, &B256::ZERO);
            }
        }
        self.set_beside(&key, TRAIL, &B256::ZERO);
        self.keep(attempt, &Record::default());
    }
}
