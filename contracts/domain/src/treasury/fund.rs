//! The treasury and the insurance: what comes to them, and who is paid out of them.

use super::{Refused, Short, less, something, stake::Locked, without};
use crate::{
    amount::{Amount, Bps},
    parameter::ParameterId,
};

/// Share of what is lost that the insurance gets, rounded down; the treasury gets the rest.
const INSURANCE: Bps = match Bps::new(ParameterId::SlashInsuranceBps.constant() as u64) {
    Ok(share) => share,
    Err(_) => panic!("a share is at most the whole"),
};

/// Basis points in a percent.
const BPS_PER_PERCENT: u64 = 100; // structural: what a basis point is

/// The common funds; numbers as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fund {
    /// None: money of somebody's.
    None = 0,
    /// Fees, residuals, halves of what is lost.
    Treasury = 1,
    /// Reserves, halves of what is lost.
    Insurance = 2,
}

impl Fund {
    /// Of a number on the wire: one of the two.
    pub const fn at(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Treasury),
            2 => Some(Self::Insurance),
            _ => None,
        }
    }

    /// The fund that a disbursement of this kind, by its number on the wire, is paid from: insurance payouts out of the
    /// insurance, subsidies of gas out of the treasury (RESOLUTIONS S-14).
    pub const fn of_disbursement(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Insurance),
            2 => Some(Self::Treasury),
            _ => None,
        }
    }
}

/// Where a slash, or a forfeited bond, goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The lower half.
    pub insurance: Amount,
    /// The rest.
    pub treasury: Amount,
}

/// The two halves of what is lost.
///
/// Source: RESOLUTIONS S-06.
pub const fn loss(taken: Amount) -> Loss {
    let insurance = taken.bps_floor(INSURANCE);
    Loss {
        insurance,
        // A share is at most the whole.
        treasury: less(taken, insurance),
    }
}

/// A fund without what is paid out of it.
///
/// Errors: `InvalidAmount` of nothing; `InsufficientFund`.
pub fn spend(fund: Fund, held: Amount, amount: Amount) -> Result<Amount, Refused> {
    without(held, something(amount)?).map_err(|short| Refused::InsufficientFund(fund, short))
}

/// The most that one claim may take of the insurance: `⌊held · pct ÷ 100⌋`.
///
/// Units: `pct` of `insuranceClaimPct`, at most 100; beyond it counts as 100.
pub fn claim_limit(held: Amount, pct: u64) -> Amount {
    let share = Bps::new(pct.saturating_mul(BPS_PER_PERCENT)).unwrap_or(Bps::MAX);
    held.bps_floor(share)
}

/// A loss that the panel confirmed: the agent's stake marked as compensated, and what the insurance keeps. Nobody loses more by a
/// mission than what it was to be paid there: a claim is at most that budget, and a share of what the insurance holds.
///
/// Errors: `NoEvidence`; `NothingLocked` for one who took no part; `AlreadyClaimed`; `InvalidAmount` of nothing;
/// `InsuranceLimit`.
/// Source: RESOLUTIONS S-13.
pub fn claim(
    held: Amount,
    agent: Locked,
    has_evidence: bool,
    pct: u64,
    amount: Amount,
) -> Result<(Locked, Amount), Refused> {
    if !has_evidence {
        return Err(Refused::NoEvidence);
    }
    if !agent.took_part {
        return Err(Refused::NothingLocked);
    }
    if agent.compensated {
        return Err(Refused::AlreadyClaimed);
    }
    let limit = claim_limit(held, pct).min(agent.budget);
    let needed = something(amount)?;
    let beyond = Refused::InsuranceLimit {
        available: held,
        limit,
        needed,
    };
    if needed > limit {
        return Err(beyond);
    }
    let compensated = Locked {
        compensated: true,
        ..agent
    };
    // The limit is a part of what is held.
    Ok((compensated, less(held, needed)))
}

/// What so many reviews are worth.
///
/// Units: `rate` in stake units a review, `scale` in base units of a stake unit.
/// Errors: `InvalidAmount` of none, and of more than any fund holds.
/// Source: RESOLUTIONS D-27.
pub fn compensation(reviews: u32, rate: u64, scale: Amount) -> Result<Amount, Refused> {
    let units = u128::from(reviews).wrapping_mul(rate.into()); // 32 times 64 bits fit
    match units.checked_mul(scale.get()) {
        Some(worth) => something(Amount::new(worth)),
        None => Err(Refused::InvalidAmount(Amount::MAX)),
    }
}

/// What is held beyond the books.
pub const fn surplus(held: Amount, booked: Amount) -> Amount {
    less(held, booked)
}

/// An account's credit without what it takes.
///
/// Errors: `InvalidAmount` of nothing; `InsufficientCredit`.
pub fn debit(credit: Amount, amount: Amount) -> Result<Amount, Refused> {
    without(credit, something(amount)?).map_err(|Short { available, needed }| {
        Refused::InsufficientCredit(Short { available, needed })
    })
}
