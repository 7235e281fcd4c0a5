//! Seats: taken by their executors, given to others, and begun together.
//!
//! Until the acceptance window closes, a node begins when every seat is fit; afterwards with as many as must agree (RULINGS R7).
//! A seat that nobody took, or whose service its owner ended, loses what silence costs; one whose agent may not work any
//! more stays out and pays nothing. Without that, one seat could hold a node back for ever.

use alloy_primitives::Address;

use super::{
    Refused, Why,
    fault::divide,
    node::{Eligible, Node, seat_bit, seconds},
};
use crate::agent::standing::Bars;

/// In the reasons against an agent: its principal is the sponsor's, or has another seat of the node (RULINGS R7, R20).
pub const CONFLICT: u8 = 1 << 7;

/// What the agent contract says of an executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who answers for it.
    pub principal: Address,
    /// Who did until lately; zero for nobody.
    pub previous: Address,
    /// Reasons against it, whatever it wants.
    pub bars: u8,
    /// Reputation in whole points.
    pub score: u16,
    /// When its principal enrolled.
    pub enrolled_at: u64,
}

impl Standing {
    /// Reasons against its beginning work: the mission's own limits, and conflicts with the sponsor and `others`.
    ///
    /// Units: `floor` whole points, `age` seconds that a principal must be enrolled; none where a seat decides alone.
    /// Source: RULINGS R7, R20, K1; RESOLUTIONS R-09.
    pub fn bars_for_work(
        &self,
        (floor, age): (u64, Option<u64>),
        sponsor: Address,
        others: &[Address],
        now: u64,
    ) -> u8 {
        let mut bars = self.bars;
        if u64::from(self.score) < floor {
            bars |= Bars::BELOW_FLOOR.bits();
        }
        if age.is_some_and(|age| now.saturating_sub(self.enrolled_at) < age) {
            bars |= Bars::TOO_YOUNG.bits();
        }
        if is_conflicted(self.principal, sponsor, others)
            || (self.previous != Address::ZERO && self.previous == sponsor)
        {
            bars |= CONFLICT;
        }
        bars
    }
}

/// Whether a principal is the sponsor, or one of others at the same node.
pub fn is_conflicted(principal: Address, sponsor: Address, others: &[Address]) -> bool {
    principal == sponsor || others.contains(&principal)
}

/// Takes a seat.
///
/// Errors: `Done` if it is taken.
pub fn accept(node: &mut Node, seat: u8) -> Result<(), Refused> {
    let (taken, bit) = (node.taken(), seat_bit(seat));
    if taken & bit != 0 {
        return Err(Why::Done.into());
    }
    node.set_taken(taken | bit);
    Ok(())
}

/// Begins a node with the seats that are fit (INV-MISSION-02).
///
/// Units: the node's timeout and the two graces in milliseconds; `moved` seconds.
/// Errors: `Seats` if too few are fit.
/// Source: RULINGS R7; RESOLUTIONS C-14, C-16, C-18.
pub fn begin(
    node: &mut Node,
    windows: &Eligible,
    (tier, redundancy, threshold): (u8, u8, u8),
    fit: u8,
    millis: [u64; 3],
    (now, moved): (u64, u32),
) -> Result<(), Refused> {
    let needed = if now <= windows.closes {
        redundancy
    } else {
        threshold
    };
    // A node without seats is one that a successor takes over: nobody begins it.
    let needed = needed.max(1);
    let accepted = fit.count_ones() as u8;
    if accepted < needed {
        return Err(Why::Seats { accepted, needed }.into());
    }
    let [timeout, grace, slack] = millis;
    let length = seconds(timeout.saturating_add(grace).saturating_add(slack));
    node.set_taken(fit);
    node.set_kind(tier);
    node.set_since(now);
    node.expire_at(now.saturating_add(length), moved);
    Ok(())
}

/// Takes a silent seat from its executor once the acceptance window closed; the windows begin anew (RULINGS A3).
///
/// Errors: `TooEarly`; `Done` if the seat is taken.
pub fn substitute(
    node: &mut Node,
    windows: &Eligible,
    seat: u8,
    (now, moved): (u64, u32),
) -> Result<(), Refused> {
    if now <= windows.closes {
        return Err(Why::TooEarly {
            from: windows.closes,
        }
        .into());
    }
    let bit = seat_bit(seat);
    if node.taken() & bit != 0 {
        return Err(Why::Done.into());
    }
    node.set_replaced(node.replaced() | bit);
    node.set_since(now);
    node.set_moved(moved);
    Ok(())
}

/// What a seat is paid: its price, at most its share of the node's budget (ADR 0005).
pub fn pay(price: u128, budget: u128, paid: u64) -> u128 {
    price.min(divide(budget, paid.into()))
}
