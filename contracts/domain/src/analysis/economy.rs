//! What stakes deter and whether the funds last: EQ-2 to EQ-8 and EQ-10 to EQ-12 of the seed, in whole numbers. EQ-9 is law and stands
//! in [`crate::treasury::settlement`].
//!
//! A [`Chance`] counts billionths. What protects is rounded against whom it protects from: stakes and costs up, chances of detection
//! and what is deterred down.
//!
//! Source: seed B.3, B.8; RESOLUTIONS E-01, E-23, S-17; RULINGS K20.

// structural file: constants of the seed's own analysis, and a fixed point; no rule reads them.

use crate::{
    amount::{Amount, AmountError, Bps, Permille},
    reputation::Psi,
};

/// Billionths of certainty, or of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chance(u64);

/// A whole, in billionths.
const WHOLE: u64 = 1_000_000_000;
/// Basis points of a whole.
const BPS: u128 = 10_000;
/// A year of the seed has 365 days.
const YEAR_SECS: u128 = 365 * 86_400;

impl Chance {
    /// Never.
    pub const NEVER: Self = Self(0);
    /// Always.
    pub const ALWAYS: Self = Self(WHOLE);

    /// So many billionths; more than a whole is a whole.
    pub const fn billionths(parts: u64) -> Self {
        Self(if parts > WHOLE { WHOLE } else { parts })
    }

    /// So many thousandths.
    pub const fn permille(parts: u64) -> Self {
        Self::billionths(parts.saturating_mul(1_000_000))
    }

    /// Billionths.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// That it does not happen.
    pub const fn not(self) -> Self {
        Self(WHOLE - self.0)
    }

    /// That both happen, rounded down.
    pub const fn and(self, other: Self) -> Self {
        Self((self.0 as u128 * other.0 as u128 / WHOLE as u128) as u64)
    }

    /// That it happens so many times in a row, rounded down once.
    pub fn times(self, count: u32) -> Self {
        Self::from_fine(fine_power(fine(self), count))
    }

    /// Either of what excludes each other.
    pub const fn or(self, other: Self) -> Self {
        Self::billionths(self.0 + other.0)
    }

    const fn from_fine(value: u128) -> Self {
        Self::billionths((value / WHOLE as u128) as u64)
    }
}

/// A fixed point of eighteen digits, so that what is rounded between steps does not show in nine.
const FINE: u128 = WHOLE as u128 * WHOLE as u128;

const fn fine(chance: Chance) -> u128 {
    chance.0 as u128 * WHOLE as u128
}

/// The product of two values of at most a whole, half a unit of the last digit wrong at most.
fn fine_product(left: u128, right: u128) -> u128 {
    let product = Amount::new(left).mul_div_floor(right, FINE);
    // At most a whole.
    product.map_or(FINE, Amount::get)
}

fn fine_power(base: u128, count: u32) -> u128 {
    (0..count).fold(FINE, |so_far, _| fine_product(so_far, base))
}

/// What is assumed of defectors and of those who work beside them; the seed's are the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumptions {
    /// Executors of a node.
    pub executors: u32,
    /// How many of them must agree.
    pub threshold: u32,
    /// That an honest executor notices a defection, `P2_base`.
    pub notices: Chance,
    /// How far honest executors miss the same things, `ρ`.
    pub correlation: Chance,
    /// That an executor defects, `π`.
    pub defects: Chance,
}

impl Default for Assumptions {
    /// Three executors of whom two agree, moderate detection, independence, and π = 0.12 (seed Table 14).
    fn default() -> Self {
        Self {
            executors: 3,
            threshold: 2,
            notices: Chance::permille(500),
            correlation: Chance::NEVER,
            defects: Chance::permille(120),
        }
    }
}

/// That somebody defects who staked so much to register: `π₀·exp(−stake/threshold)`, within a billionth.
///
/// Source: seed L1196.
pub fn malice(at_nothing: Chance, stake: u64, threshold: u64) -> Chance {
    if threshold == 0 {
        return Chance::NEVER;
    }
    // exp(−x) with x = whole + part; beyond 21 nothing is left of nine digits.
    let (whole, rest) = (stake / threshold, stake % threshold);
    if whole > 21 {
        return Chance::NEVER;
    }
    let part = u128::from(rest) * FINE / u128::from(threshold);
    // 1/exp(part), by the series of exp, which is positive; part < 1.
    let (mut term, mut sum, mut n) = (FINE, FINE, 1u128);
    while term > 0 {
        term = fine_product(term, part) / n;
        sum += term;
        n += 1;
    }
    let inverse = Amount::new(FINE).mul_div_floor(FINE, sum);
    let inverse = inverse.map_or(0, Amount::get);
    // 1/e to eighteen digits.
    const INVERSE_E: u128 = 367_879_441_171_442_321;
    let power = fine_power(INVERSE_E, whole as u32);
    Chance::from_fine(fine_product(fine_product(fine(at_nothing), power), inverse))
}

/// EQ-2a: that a defection of `colluding` of the executors is noticed.
pub fn detection(of: &Assumptions, colluding: u32) -> Chance {
    let honest = of.executors.saturating_sub(colluding);
    if honest < of.threshold {
        return Chance::NEVER;
    }
    let misses = fine(of.notices.not());
    let together = fine_product(fine(of.correlation), misses);
    let apart = fine_product(fine(of.correlation.not()), fine_power(misses, honest));
    Chance::from_fine(FINE.saturating_sub(together + apart))
}

/// EQ-3: that exactly so many of the executors collude.
pub fn coalition(of: &Assumptions, colluding: u32) -> Chance {
    Chance::from_fine(fine_coalition(of, colluding))
}

fn fine_coalition(of: &Assumptions, colluding: u32) -> u128 {
    let others = of.executors.saturating_sub(colluding);
    let ways = (0..colluding).fold(1u128, |ways, i| {
        ways * u128::from(of.executors.saturating_sub(i)) / u128::from(i + 1)
    });
    let each = fine_product(
        fine_power(fine(of.defects), colluding),
        fine_power(fine(of.defects.not()), others),
    );
    ways.saturating_mul(each)
}

/// `P_eff`: that a defection is noticed, over all coalitions.
pub fn effective(of: &Assumptions) -> Chance {
    let of_size = |colluding| {
        fine_product(
            fine_coalition(of, colluding).min(FINE),
            fine(detection(of, colluding)),
        )
    };
    Chance::from_fine((0..=of.executors).map(of_size).sum())
}

/// EQ-4: the most that a defection may bring and is still deterred by a stake.
///
/// Errors: [`AmountError`] of products beyond all amounts.
pub fn deterred(stake: Amount, noticed: Chance, slash: Bps) -> Result<Amount, AmountError> {
    stake.mul_div_floor(
        u128::from(noticed.0) * u128::from(slash.get()),
        u128::from(WHOLE) * BPS,
    )
}

/// EQ-5: the least stake that deters from taking `share` of a mission's value.
///
/// Errors: `ZeroDivisor` where nothing is noticed or nothing slashed, since no stake deters then.
pub fn task_stake(
    value: Amount,
    share: Chance,
    noticed: Chance,
    slash: Bps,
) -> Result<Amount, AmountError> {
    value.mul_div_ceil(
        u128::from(share.0) * BPS,
        u128::from(noticed.0) * u128::from(slash.get()),
    )
}

/// What one node of a risk can take of its mission's value, `δ`: low, medium, high.
pub const SHARES: [Chance; 3] = [Chance::permille(75), Chance::permille(250), Chance::ALWAYS];
/// The seed's margin over the least stake.
pub const MARGIN: u128 = 3;

/// EQ-6: the stake of a registration, a tenth of the value.
pub fn registration_stake(value: Amount) -> Amount {
    Amount::new(value.get().div_ceil(10))
}

/// EQ-7: the stake of an adjudicator among `adjudicators`.
///
/// Errors: `ZeroDivisor` of nobody.
pub fn adjudicator_stake(value: Amount, adjudicators: u8) -> Result<Amount, AmountError> {
    value.mul_div_ceil(1, adjudicators.into())
}

/// EQ-8: what a stake would have earned elsewhere in so many seconds.
///
/// Errors: [`AmountError`] of a rate and a time beyond all amounts.
pub fn opportunity(stake: Amount, yearly: Bps, secs: u64) -> Result<Amount, AmountError> {
    stake.mul_div_ceil(u128::from(yearly.get()) * u128::from(secs), BPS * YEAR_SECS)
}

/// EQ-10: the least price at which work pays more than it costs, with what is deducted and the multiplier of the executor's reputation.
///
/// Errors: `ZeroDivisor` where the deductions or the multiplier leave nothing.
pub fn least_price(
    cost: Amount,
    fee: Bps,
    reserve: Bps,
    multiplier: Psi,
) -> Result<Amount, AmountError> {
    let net = BPS.saturating_sub(u128::from(fee.get()) + u128::from(reserve.get()));
    let even = cost.mul_div_floor(
        BPS * u128::from(Permille::MAX.get()),
        net * u128::from(multiplier.get()),
    )?;
    even.checked_add(Amount::new(1))
}

/// What came into a fund, and what had to be paid out of it, in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flows {
    /// Of fees: the fund's parts of settlements.
    pub fees: Amount,
    /// Of slashed stakes and bonds: the fund's part of them.
    pub slashes: Amount,
    /// To adjudicators.
    pub compensation: Amount,
    /// For losses.
    pub claims: Amount,
    /// For gas.
    pub gas: Amount,
    /// To executors of high reputation.
    pub subsidies: Amount,
}

impl Flows {
    /// What came in.
    ///
    /// Errors: `Overflow`.
    pub fn inflow(&self) -> Result<Amount, AmountError> {
        self.fees.checked_add(self.slashes)
    }

    /// What had to be paid.
    ///
    /// Errors: `Overflow`.
    pub fn outflow(&self) -> Result<Amount, AmountError> {
        let people = self.compensation.checked_add(self.claims)?;
        people.checked_add(self.gas)?.checked_add(self.subsidies)
    }

    /// EQ-11, of each fund by itself (RESOLUTIONS S-17): more comes in than must be paid.
    ///
    /// Errors: `Overflow`.
    pub fn is_sustainable(&self) -> Result<bool, AmountError> {
        Ok(self.inflow()? > self.outflow()?)
    }
}

/// EQ-12: what insurance must exceed, where so many missions of a time are affected and each loses so much.
///
/// Errors: `QuotientOverflow`.
pub fn expected_claims(affected: u32, loss: Amount) -> Result<Amount, AmountError> {
    loss.mul_div_ceil(affected.into(), 1)
}
