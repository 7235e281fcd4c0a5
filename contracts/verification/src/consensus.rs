//! Which revealed values agree (V-05, V-06; R29).

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration::Reason, IVerification as wire};
use agentcity_domain::{
    literal,
    machine::NodeState,
    parameter::ParameterId as P,
    reputation::Points,
    statute::{Mode, SEATS_MAX},
};
use agentcity_shell::{member::Member, output, refuse, word::part};
use alloy_primitives::B256;
use alloy_sol_types::{SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    case::{Case, Outcome},
    storage::Verifications,
};

const SET: u8 = Mode::Set as u8;

/// Whether two revealed values agree under a mode: exact, numeric within a tolerance of the mean, sketch by equal lanes.
#[inline(never)]
pub(crate) fn agree(mode: u8, left: B256, right: B256, tolerance: u128, similarity: u128) -> bool {
    if mode == Mode::Numeric as u8 {
        let (a, b) = (part(left, 16, 16) as i128, part(right, 16, 16) as i128);
        let sum = a.unsigned_abs().saturating_add(b.unsigned_abs());
        a.abs_diff(b).saturating_mul(200) <= tolerance.saturating_mul(sum)
    } else if mode == Mode::Sketch as u8 {
        let lanes = left.iter().zip(right.iter());
        let same = lanes.filter(|(a, b)| a == b).count() as u128;
        same * 100 >= similarity.saturating_mul(32)
    } else {
        left == right
    }
}

/// Jaccard index of two ascending lists of element hashes, in percent, rounded down.
#[inline(never)]
fn jaccard(left: &[B256], right: &[B256]) -> u128 {
    let (mut i, mut j, mut both) = (0usize, 0usize, 0u128);
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        let order = a.cmp(b);
        i = i.saturating_add(usize::from(order.is_le()));
        j = j.saturating_add(usize::from(order.is_ge()));
        both = both.saturating_add(u128::from(order.is_eq()));
    }
    let all = left.len().saturating_add(right.len()) as u128;
    let union = all.saturating_sub(both);
    both.saturating_mul(100).checked_div(union).unwrap_or(100)
}

/// A reveal that counts.
struct Reveal {
    seat: u8,
    value: B256,
    trail: B256,
}

impl Verifications {
    /// Evaluates the reveals, has the agreeing paid, and charges the silent.
    #[inline(never)]
    pub(crate) fn evaluate(&mut self, case: &Case, sets: &[Vec<B256>]) -> Result<(), Vec<u8>> {
        let [similarity, tolerance] = self.parameters(
            case.epoch,
            [P::JaccardThreshold as u8, P::NumericTolerancePct as u8],
        )?;
        let (committed, revealed, out) = (case.mask(1), case.mask(2), case.mask(3));
        let mut outcomes = Vec::with_capacity(SEATS_MAX);
        let mut reveals = Vec::with_capacity(SEATS_MAX);
        for seat in 0..case.redundancy.min(SEATS_MAX as u8) {
            let bit = 1u8 << seat;
            let mut outcome = Outcome {
                seat,
                scored: true,
                ..Outcome::default()
            };
            if committed & bit == 0 {
                outcome.fault = Reason::TimeoutExceeded as u8;
            } else if revealed & bit == 0 {
                outcome.fault = Reason::ConsensusFailed as u8;
            } else if out & bit != 0 {
                outcome.scored = false;
            } else {
                let value = self.of_seat(case, seat, 2);
                if case.mode == SET {
                    let set = sets.get(reveals.len()).map_or(&[][..], Vec::as_slice);
                    if self.vm().native_keccak256(&output::words(set)) != value {
                        return refuse(wire::WrongPreimage::SELECTOR, &[value]);
                    }
                }
                reveals.push(Reveal {
                    seat,
                    value,
                    trail: self.of_seat(case, seat, 1),
                });
            }
            outcomes.push(outcome);
        }
        // The centre of the largest star of agreeing values; ties go to the earlier seat.
        let (mut best, mut members, mut size) = (0, 0u32, 0);
        for (centre, left) in reveals.iter().enumerate() {
            let mut mask = 0u32;
            for (other, right) in reveals.iter().enumerate() {
                let near = match (case.mode == SET, sets.get(centre), sets.get(other)) {
                    (true, Some(left), Some(right)) => jaccard(left, right) >= similarity.into(),
                    _ => agree(
                        case.mode,
                        left.value,
                        right.value,
                        tolerance.into(),
                        similarity.into(),
                    ),
                };
                if near || centre == other {
                    mask |= 1 << right.seat;
                }
            }
            if mask.count_ones() > size {
                (best, members, size) = (centre, mask, mask.count_ones());
            }
        }
        let winner = reveals.get(best);
        let Some(winner) = winner.filter(|_| size >= u32::from(case.threshold)) else {
            let failed = NodeState::Failed;
            let none = [B256::ZERO; 2];
            return self.conclude(case, failed, 0, Reason::ConsensusFailed, none, &outcomes);
        };
        for outcome in &mut outcomes {
            if members >> outcome.seat & 1 == 1 {
                outcome.paid = true;
                outcome.score = Points::MAX.get();
            }
        }
        self.set_case(case, 1, winner.value);
        self.set_case(case, 2, winner.trail);
        self.emit(
            &[
                literal!(wire::ConsensusReached::SIGNATURE_HASH),
                case.mission,
                output::number(case.node.into()),
            ],
            &[
                output::number(case.attempt.into()),
                output::number(size.into()),
                output::number(reveals.len() as u64),
                winner.value,
            ],
        );
        self.conclude(
            case,
            NodeState::Completed,
            0,
            Reason::Succeeded,
            [winner.value, winner.trail],
            &outcomes,
        )
    }
}
