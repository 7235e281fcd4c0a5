//! Interests that an adjudicator declares of itself: principals in whose missions it then does not judge (RESOLUTIONS D-13).

use alloy_primitives::Address;

use super::{Refused, after};

/// Associations of an adjudicator that count at a time: each is asked about at every decision.
pub const MOST: u8 = 4; // structural: the bound of a loop

/// A declared interest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Association {
    /// In whose missions.
    pub principal: Address,
    /// Its last second.
    pub until: u64,
}

impl Association {
    /// Whether it counts.
    pub const fn counts(&self, now: u64) -> bool {
        now <= self.until
    }
}

/// Where among those kept one with `principal` goes, and how it reads: in the place of the same, else of one that lapsed, else
/// behind them.
///
/// Errors: `TooManyAssociations`.
pub fn declare(
    kept: &[Association],
    principal: Address,
    memory: u64,
    now: u64,
) -> Result<(u8, Association), Refused> {
    let same = kept.iter().position(|one| one.principal == principal);
    let lapsed = || kept.iter().position(|one| !one.counts(now));
    let place = same.or_else(lapsed).unwrap_or(kept.len()) as u8;
    if place >= MOST {
        return Err(Refused::TooManyAssociations { most: MOST });
    }
    let until = after(now, memory);
    Ok((place, Association { principal, until }))
}
