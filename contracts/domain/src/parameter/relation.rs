//! What must hold between values. Checked whenever a page is written, over the whole page.

use core::fmt;

use super::ParameterId::{self, *};

/// `lesser` is never above `greater`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtMost {
    /// The one that stays below or equal.
    pub lesser: ParameterId,
    /// The one that stays above or equal.
    pub greater: ParameterId,
}

/// A relation that would not hold, with both values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub relation: AtMost,
    /// The value that should be at most the other.
    pub lesser: u32,
    /// The other.
    pub greater: u32,
}

/// Every relation. That shares of one price stay below it follows from their ranges, and the weight of price in a bid's
/// score is what the weight of quality leaves: neither needs a row here (a test looks).
pub const RELATIONS: [AtMost; 19] = [
    at_most(MinHumanReviewTimeoutMs, MaxHumanReviewTimeoutMs),
    at_most(MinStakeLow, MinStakeMedium),
    at_most(MinStakeMedium, MinStakeHigh),
    at_most(RedundancyLow, RedundancyMedium),
    at_most(RedundancyMedium, RedundancyHigh),
    at_most(RiskMediumBudget, RiskHighBudget),
    at_most(BaseEscalationWindowMs, EscalationWindowMaxMs),
    at_most(ExpeditedRegulatoryWindowMs, RegulatoryApprovalTimeoutMs),
    at_most(CollusionTopK, CollusionMinCandidates),
    at_most(ClearStopSigners, AdjudicatorQuorum),
    at_most(OverrideDelayLowSecs, OverrideDelayMediumSecs),
    at_most(OverrideDelayMediumSecs, OverrideDelayHighSecs),
    at_most(OverrideDelayHighSecs, SeniorDelaySecs),
    at_most(ScoreWindowMin, ScoreWindow),
    at_most(AdjudicatorQuorumFloor, AdjudicatorQuorum),
    at_most(SponsorFloor, SponsorQuorum),
    at_most(MaxVotingAgentsPerPrincipal, SponsorQuorum),
    // Whoever asks to leave can still be judged before the stake is out of reach.
    at_most(FreezeMaxSecs, DeregistrationCooldownSecs),
    at_most(OverrideDelayHighSecs, DeregistrationCooldownSecs),
];

const fn at_most(lesser: ParameterId, greater: ParameterId) -> AtMost {
    AtMost { lesser, greater }
}

/// Whether all relations hold among the numbers that `value` gives.
///
/// Errors: the first [`Broken`] one.
pub fn check(value: impl Fn(ParameterId) -> u32) -> Result<(), Broken> {
    for relation in RELATIONS {
        let (lesser, greater) = (value(relation.lesser), value(relation.greater));
        if lesser > greater {
            return Err(Broken {
                relation,
                lesser,
                greater,
            });
        }
    }
    Ok(())
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} would be {}, above {}, which is {}",
            self.relation.lesser.described().name,
            self.lesser,
            self.relation.greater.described().name,
            self.greater
        )
    }
}

impl core::error::Error for Broken {}
