//! What follows from parameters: thresholds, windows and counts that several rules ask for. Each takes the parameters it needs
//! by value, from whichever epoch counts.

use super::ParameterId;
use crate::reputation::Points;

/// The whole of a percentage.
const PERCENT: u64 = 100;

/// Freezes that escalate to a stop for an agent of this reputation: `base + ⌊ρ·bonus ÷ 1000⌋`, or `base` without scaling.
///
/// Source: seed L2774; RESOLUTIONS G-02, G-03; vectors `t_eff`.
pub const fn escalation_threshold(score: Points, base: u32, bonus: u32, scaling: bool) -> u32 {
    if !scaling {
        return base;
    }
    base.saturating_add(score.get() as u32 * bonus / Points::MAX.get() as u32)
}

/// The window in which freezes are counted after `cleared` stops of a mission were cleared: it doubles with each, up to `most`.
///
/// Units: milliseconds.
/// Source: RESOLUTIONS G-05; vectors `w_n`.
pub const fn escalation_window_ms(base: u32, cleared: u32, most: u32) -> u32 {
    let doubled = doubled(base, cleared);
    if doubled < most as u128 {
        doubled as u32
    } else {
        most
    }
}

/// `base · 2^cleared`, the seed's window without a bound; saturates at 2¹²⁸−1, which no base reaches before its 96th stop.
pub const fn doubled(base: u32, cleared: u32) -> u128 {
    if base == 0 {
        return 0;
    }
    let wide = base as u128;
    if cleared <= wide.leading_zeros() {
        wide << cleared
    } else {
        u128::MAX
    }
}

/// Bounds of a node's timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutBounds {
    /// Least timeout of execution.
    pub execution_min_ms: u32,
    /// `maxNodeTimeoutMs`.
    pub execution_max_ms: u32,
    /// `minHumanReviewTimeoutMs`.
    pub review_min_ms: u32,
    /// `maxHumanReviewTimeoutMs`.
    pub review_max_ms: u32,
}

impl TimeoutBounds {
    /// The bounds among the numbers that `value` gives. No execution is shorter than `maxNodeTimeoutMs` can be made.
    pub fn of(value: impl Fn(ParameterId) -> u32) -> Self {
        Self {
            execution_min_ms: ParameterId::MaxNodeTimeoutMs.row().min,
            execution_max_ms: value(ParameterId::MaxNodeTimeoutMs),
            review_min_ms: value(ParameterId::MinHumanReviewTimeoutMs),
            review_max_ms: value(ParameterId::MaxHumanReviewTimeoutMs),
        }
    }

    /// Whether a node may have this timeout: human review is bounded by its own rows, execution by the others.
    ///
    /// Source: RESOLUTIONS V-09; vectors `node_timeout_ok`.
    pub const fn accept(&self, human: bool, timeout_ms: u64) -> bool {
        let (least, most) = if human {
            (self.review_min_ms, self.review_max_ms)
        } else {
            (self.execution_min_ms, self.execution_max_ms)
        };
        least as u64 <= timeout_ms && timeout_ms <= most as u64
    }

    /// The same as the seed states it: both bounds at once, which no human review can meet under the defaults.
    pub const fn accept_as_printed(&self, human: bool, timeout_ms: u64) -> bool {
        self.accept(false, timeout_ms) && (!human || timeout_ms >= self.review_min_ms as u64)
    }
}

/// Whether `threshold` of `executors` decide: a true majority, of no fewer and no more executors than the constants say.
///
/// Source: RESOLUTIONS V-03; vectors `redundancy_ok`.
pub const fn is_redundancy(executors: u32, threshold: u32) -> bool {
    const MIN: u32 = ParameterId::RedundancyMin.constant();
    const MAX: u32 = ParameterId::RedundancyMax.constant();
    MIN <= executors
        && executors <= MAX
        && majority(executors) <= threshold
        && threshold <= executors
}

/// The same as the seed states it: half is enough, and seven executors are too many.
pub const fn is_redundancy_as_printed(executors: u32, threshold: u32) -> bool {
    const PRINTED_MAX: u32 = 5;
    ParameterId::RedundancyMin.constant() <= executors
        && executors <= PRINTED_MAX
        && executors.div_ceil(2) <= threshold
        && threshold <= executors
}

/// More than half of `of`.
pub const fn majority(of: u32) -> u32 {
    of / 2 + 1
}

/// Regulators who must agree, of `regulators` in the session: a majority, or as many as the parameter says if it says more.
///
/// Source: RESOLUTIONS L-12; vectors `multisig_reg`.
pub const fn regulators_needed(regulators: u32, parameter: u32) -> u32 {
    let (least, raised) = (
        majority(regulators),
        capped_regulators(regulators, parameter),
    );
    if raised > least { raised } else { least }
}

/// The parameter, capped at the regulators there are.
pub const fn capped_regulators(regulators: u32, parameter: u32) -> u32 {
    if parameter < regulators {
        parameter
    } else {
        regulators
    }
}

/// The seed's quorum of regulators, "simple majority plus one": ⌈R/2⌉ + 1, which one regulator cannot meet.
pub const fn regulators_as_printed(regulators: u32) -> u32 {
    regulators.div_ceil(2) + 1
}

/// ⌈pct·eligible ÷ 100⌉: how many make a quorum or a petition.
///
/// Source: RESOLUTIONS L-05; RULINGS K6; vectors `participation`.
pub const fn share_of(eligible: u32, pct: u32) -> u32 {
    // At most `eligible`, because a percentage is at most the whole.
    (eligible as u64 * pct as u64).div_ceil(PERCENT) as u32
}

/// Whether `votes` of `eligible` are the quorum: `votes·100 ≥ pct·eligible`.
pub const fn is_quorum(votes: u32, eligible: u32, pct: u32) -> bool {
    votes as u64 * PERCENT >= eligible as u64 * pct as u64
}

/// Sponsors that a proposal needs where `eligible` principals could sponsor: fewer than the quorum in a small city, never fewer
/// than the floor.
///
/// Source: RESOLUTIONS L-02; vectors `participation`.
pub const fn sponsors_needed(eligible: u32, quorum: u32) -> u32 {
    const FLOOR: u32 = ParameterId::SponsorFloor.constant();
    let least = if eligible < quorum { eligible } else { quorum };
    if least > FLOOR { least } else { FLOOR }
}
