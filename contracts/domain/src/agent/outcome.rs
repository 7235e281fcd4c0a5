//! How reputation moves: outcomes of verification by weighted average, penalties and rulings by points.
//!
//! An outcome weighs by its price, and one sponsor's principal raises one agent only so often in a window (RULINGS A2). The
//! limit binds what is gained: an outcome that lowers reputation always counts, or else an agent that had filled its
//! counters could fail for nothing.

use alloy_primitives::Address;

use super::{
    Refused,
    record::Hot,
    sketch::{Counted, day, days_ceil, tag},
};
use crate::{
    reputation::{Lambda, MilliPoints, Points, Weight},
    time::Timestamp,
};

/// An outcome of verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How well it went.
    pub score: Points,
    /// Price of the work, in units.
    pub price: u64,
    /// Principal of the sponsor who paid for it.
    pub sponsor: Address,
}

/// The values of the mission's epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Weight of the past.
    pub lambda: Lambda,
    /// Price from which an outcome weighs in full, in units.
    pub full_weight: u64,
    /// Raising outcomes of one pair in a window.
    pub pair_cap: u8,
    /// That window, in seconds; it is counted in days.
    pub pair_window: u32,
}

/// What an outcome did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// With which weight it counted.
    pub weight: Weight,
    /// Whether it would have raised reputation, and the pair's limit prevented it.
    pub capped: bool,
}

/// Moves the average.
///
/// Errors: `NotRegistered` for an agent that never was; one that left is still answerable for its work.
/// Source: RESOLUTIONS; RULINGS A2.
pub fn update(
    agent: Address,
    hot: &mut Hot,
    outcome: &Outcome,
    terms: &Terms,
    now: Timestamp,
) -> Result<Moved, Refused> {
    hot.require_known(agent)?;
    let weight = Weight::of_price_floor(outcome.price, terms.full_weight);
    let raises = weight > Weight::ZERO && outcome.score.to_milli() > hot.reputation;
    let (weight, capped) = if raises {
        let (today, days) = (day(now.get()), days_ceil(terms.pair_window));
        match hot
            .pairs
            .count(today, days, tag(outcome.sponsor), terms.pair_cap)
        {
            Counted::Within(pairs) => {
                hot.pairs = pairs;
                (weight, false)
            }
            Counted::Capped => (Weight::ZERO, true),
        }
    } else {
        (weight, false)
    };
    hot.reputation = hot
        .reputation
        .ema_weighted(terms.lambda, weight, outcome.score);
    Ok(Moved { weight, capped })
}

/// Takes the points of a penalty, down to zero.
///
/// Errors: `NotRegistered`; `OutOfRange` for more points than there are.
pub fn penalise(agent: Address, hot: &mut Hot, points: u16) -> Result<(), Refused> {
    hot.require_known(agent)?;
    let most = Points::MAX.get();
    if points > most {
        return Err(Refused::OutOfRange(u64::from(points), u64::from(most)));
    }
    hot.reputation = hot.reputation.clamp_delta(-i64::from(points));
    Ok(())
}

/// Moves reputation by a ruling (RESOLUTIONS R-04).
///
/// Errors: `NotRegistered`; `DeltaOutOfRange` beyond `most` points either way.
pub fn adjust(agent: Address, hot: &mut Hot, delta: i16, most: u16) -> Result<(), Refused> {
    hot.require_known(agent)?;
    if delta.unsigned_abs() > most {
        return Err(Refused::DeltaOutOfRange(delta, most));
    }
    hot.reputation = hot.reputation.clamp_delta(i64::from(delta));
    Ok(())
}

/// Whether the principal's record must learn of a reputation: it fell, and below where newcomers start.
pub fn must_be_remembered(before: MilliPoints, after: MilliPoints) -> bool {
    after < before && after < crate::reputation::START
}
