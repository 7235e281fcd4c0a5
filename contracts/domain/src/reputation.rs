//! Reputation: a score `0..=1000` whose exponential average is kept in thousandths of a point, and the multiplier ψ
//! that a score puts on rewards.
//!
//! Two updates exist and never mix (RESOLUTIONS R-01): the average, for outcomes of verification, and the clamped
//! delta, for penalties and adjudication. The average is kept finer than the score because at whole points, rounded
//! down, it stalls: 990 → 991 and then 991 for ever.

use crate::{amount::Permille, parameter::ParameterId, range::bounded};

bounded!(
    /// A reputation or performance score in whole points.
    Points: u16, max ParameterId::MaxReputation.constant()
);

bounded!(
    /// A reputation in thousandths of a point, as stored.
    MilliPoints: u32, max ParameterId::MaxReputation.constant() * MILLI
);

bounded!(
    /// How strongly reputation moves rewards (`alpha` of ψ), in thousandths of a point of ψ per point.
    Alpha: u16, max ParameterId::ReputationMultiplierAlpha.row().max
);

bounded!(
    /// The reward multiplier ψ in thousandths: 1,000 pays the base price.
    Psi: u16, max WHOLE + distance_floor(NEUTRAL.get() as u64, Alpha::MAX)
);

bounded!(
    /// How much an outcome counts in the average, in thousandths.
    Weight: u16, max WHOLE
);

/// The score at which ψ is one: that of a newcomer (RESOLUTIONS R-02).
pub const NEUTRAL: Points = score_of(ParameterId::NeutralReputation);

/// The reputation of a newcomer.
pub const START: MilliPoints = score_of(ParameterId::InitialReputation).to_milli();

/// The weight λ of the past in the average, in thousandths.
pub type Lambda = Permille;

/// Thousandths in a point.
const MILLI: u32 = 1_000; // structural: what a thousandth is

/// One, in thousandths.
const WHOLE: u64 = Permille::MAX.get() as u64;

/// The score that a constant of the table holds.
const fn score_of(id: ParameterId) -> Points {
    match Points::new(id.constant() as u64) {
        Ok(points) => points,
        Err(_) => panic!("the table holds a score"),
    }
}

/// How far `points` from neutral move ψ from one, rounded towards one.
const fn distance_floor(points: u64, alpha: Alpha) -> u64 {
    points * alpha.get() as u64 / WHOLE
}

impl Points {
    /// The same score in thousandths of a point.
    pub const fn to_milli(self) -> MilliPoints {
        // In range by construction: 1000 points are the maximum of both.
        match MilliPoints::new(self.get() as u64 * MILLI as u64) {
            Ok(milli) => milli,
            Err(_) => MilliPoints::MAX,
        }
    }

    /// `clamp(self + delta, 0, 1000)`: penalties and adjudication.
    ///
    /// Units: `delta` in points. It saturates by design, since a penalty greater than the score leaves zero.
    /// Source: RESOLUTIONS R-01, vectors `rep_clamp`.
    pub const fn clamp_delta(self, delta: i64) -> Self {
        let moved = (self.get() as i64).saturating_add(delta);
        if moved <= 0 {
            return Self::ZERO;
        }
        match Self::new(moved as u64) {
            Ok(points) => points,
            Err(_) => Self::MAX,
        }
    }
}

impl MilliPoints {
    /// Whole points, rounded down: what other contracts see.
    pub const fn score_floor(self) -> Points {
        match Points::new((self.get() / MILLI) as u64) {
            Ok(points) => points,
            Err(_) => Points::MAX,
        }
    }

    /// The average after one more outcome that counts with `weight`: with `g = (1000−λ)·weight`, it is
    /// `⌊((10⁶−g)·old + g·1000·S + 500,000) ÷ 10⁶⌋`, the nearest thousandth of a point, halves up. At full weight this is
    /// [`Self::ema`]; at none it is the average as it was.
    ///
    /// Source: RESOLUTIONS R-01, RULINGS A2.
    pub const fn ema_weighted(self, lambda: Lambda, weight: Weight, outcome: Points) -> Self {
        const SCALE: u64 = WHOLE * WHOLE;
        const HALF: u64 = SCALE / 2; // structural: rounding to nearest
        // None of these wraps: shares are at most 10⁶, scores at most 10⁶.
        let recent = (Lambda::MAX.get() as u64)
            .wrapping_sub(lambda.get() as u64)
            .wrapping_mul(weight.get() as u64);
        let past = SCALE.wrapping_sub(recent).wrapping_mul(self.get() as u64);
        let weighed = past.wrapping_add(recent.wrapping_mul(outcome.to_milli().get() as u64));
        // A weighted mean of two numbers in range is in range, and rounding to nearest cannot leave it.
        match Self::new(weighed.wrapping_add(HALF) / SCALE) {
            Ok(milli) => milli,
            Err(_) => Self::MAX,
        }
    }

    /// `clamp(self + 1000·points, 0, 10⁶)`: penalties and rulings. The fraction of a point is kept, so the score moves as
    /// [`Points::clamp_delta`] says.
    pub const fn clamp_delta(self, points: i64) -> Self {
        let moved = (self.get() as i64).saturating_add(points.saturating_mul(MILLI as i64));
        if moved <= 0 {
            return Self::ZERO;
        }
        match Self::new(moved as u64) {
            Ok(milli) => milli,
            Err(_) => Self::MAX,
        }
    }

    /// The average after one more outcome: `⌊(λ·old + (1000−λ)·1000·S + 500) ÷ 1000⌋`, the nearest thousandth of a
    /// point, halves up.
    ///
    /// Source: RESOLUTIONS R-01, vectors `ema_int`.
    pub const fn ema(self, lambda: Lambda, outcome: Points) -> Self {
        let past = lambda.get() as u64;
        let recent = Lambda::MAX.get() as u64 - past;
        let weighed = past * self.get() as u64 + recent * outcome.to_milli().get() as u64;
        // A weighted mean of two numbers in range is in range, and rounding to nearest cannot leave it.
        const HALF: u64 = WHOLE / 2; // structural: rounding to nearest
        match Self::new((weighed + HALF) / WHOLE) {
            Ok(milli) => milli,
            Err(_) => Self::MAX,
        }
    }
}

impl Default for MilliPoints {
    /// Nothing, as an empty record reads.
    fn default() -> Self {
        Self::ZERO
    }
}

impl Weight {
    /// `min(1000, ⌊1000 × price ÷ full⌋)`: work below a thousandth of the price of full weight counts for nothing, so dust
    /// moves no reputation (RULINGS A2). At a full price of nothing everything weighs in full.
    ///
    /// Units: both in stake units.
    pub const fn of_price_floor(price: u64, full: u64) -> Self {
        if price >= full {
            return Self::MAX;
        }
        // Below the whole, since the price is below the full one. Where the product would not fit, so many units are
        // in a thousandth that whole ones decide.
        let whole = Self::MAX.get() as u64;
        let weight = match price.checked_mul(whole) {
            Some(product) => product / full,
            None => price / full.div_ceil(whole),
        };
        match Self::new(weight) {
            Ok(weight) => weight,
            Err(_) => Self::MAX,
        }
    }
}

/// The reward multiplier: `1000 + ⌊(ρ−500)·α ÷ 1000⌋` from 500 up, `1000 − ⌊(500−ρ)·α ÷ 1000⌋` below. Both distances
/// round towards one, so a point of reputation is never worth more below than above.
///
/// Source: seed, `computeReputationMultiplier`; vectors `psi_int`.
pub const fn psi(score: Points, alpha: Alpha) -> Psi {
    let (rho, neutral) = (score.get() as u64, NEUTRAL.get() as u64);
    let distance = distance_floor(rho.abs_diff(neutral), alpha);
    // The distance is at most 500 × 2000 ÷ 1000 = 1000, hence ψ within 0..=2000.
    let permille = if rho >= neutral {
        WHOLE + distance
    } else {
        WHOLE - distance
    };
    match Psi::new(permille) {
        Ok(psi) => psi,
        Err(_) => Psi::MAX,
    }
}

/// Sums of ψ over every score, to compare two implementations in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PsiChecksum {
    /// Σ ψ over the scores 0..=1000.
    pub sum: u64,
    /// Σ ψ².
    pub sum_of_squares: u64,
    /// Least ψ.
    pub min: Psi,
    /// Greatest ψ.
    pub max: Psi,
}

/// [`PsiChecksum`] for one α; vectors `psi_checksum`.
pub const fn psi_checksum(alpha: Alpha) -> PsiChecksum {
    let mut sums = PsiChecksum {
        sum: 0,
        sum_of_squares: 0,
        min: Psi::MAX,
        max: Psi::ZERO,
    };
    let mut rho = 0;
    while let Ok(score) = Points::new(rho) {
        let psi = psi(score, alpha);
        let permille = psi.get() as u64;
        sums.sum += permille;
        sums.sum_of_squares += permille * permille;
        if permille < sums.min.get() as u64 {
            sums.min = psi;
        }
        if permille > sums.max.get() as u64 {
            sums.max = psi;
        }
        rho += 1;
    }
    sums
}

/// Which way a run of equal outcomes is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Every outcome is 1000, until the score is at least the limit.
    RisesTo(Points),
    /// Every outcome is 0, until the score is at most the limit.
    FallsTo(Points),
}

/// How many outcomes in a row bring the average from `from` to the limit; `None` if it stalls before (each outcome
/// moves it by less than half a thousandth of a point). Terminates: every step before the stall moves the stored number
/// by at least one, and it has a million and one values.
///
/// Source: vectors `ema_steps`.
pub const fn ema_steps(from: MilliPoints, lambda: Lambda, run: Run) -> Option<u32> {
    let (mut at, mut steps) = (from, 0);
    loop {
        let score = at.score_floor().get();
        let (arrived, outcome) = match run {
            Run::RisesTo(limit) => (score >= limit.get(), Points::MAX),
            Run::FallsTo(limit) => (score <= limit.get(), Points::ZERO),
        };
        if arrived {
            return Some(steps);
        }
        let next = at.ema(lambda, outcome);
        if next.get() == at.get() {
            return None;
        }
        at = next;
        steps += 1;
    }
}
