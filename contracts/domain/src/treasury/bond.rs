//! What is put up with a claim, and what becomes of it.
//!
//! A bond of which nothing is left is still somebody's: whoever holds it ends it by returning nothing.

use alloy_primitives::Address;

use super::{
    Refused,
    fund::{Loss, loss},
    less,
};
use crate::amount::Amount;

/// What a bond was put up for; numbers as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A dissent from a machine's consensus (RULINGS R11).
    Dissent = 1,
    /// A report that log and chain differ (RULINGS R10).
    Divergence = 2,
    /// A proof that voters collude (RULINGS R27).
    Collusion = 3,
    /// A monitor's office (RESOLUTIONS G-10).
    Monitor = 4,
    /// A case against an adjudicator (RESOLUTIONS D-18).
    Impeachment = 5,
}

impl Kind {
    /// Of a number on the wire.
    pub const fn at(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Dissent,
            2 => Self::Divergence,
            3 => Self::Collusion,
            4 => Self::Monitor,
            5 => Self::Impeachment,
            _ => return None,
        })
    }
}

/// A bond that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bond {
    /// Who put it up.
    pub owner: Address,
    /// For what.
    pub kind: Kind,
    /// What is left of it.
    pub amount: Amount,
}

/// What a charge takes of a bond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Base units taken.
    pub taken: Amount,
    /// What is left.
    pub left: Amount,
    /// Where they go.
    pub loss: Loss,
}

/// A new bond under an id that holds none.
///
/// Errors: `WrongBond`; `InvalidAmount` of nothing.
pub fn post(
    found: Option<Bond>,
    owner: Address,
    kind: Kind,
    amount: Amount,
) -> Result<Bond, Refused> {
    if found.is_some() {
        return Err(Refused::WrongBond);
    }
    Ok(Bond {
        owner,
        kind,
        amount: super::something(amount)?,
    })
}

/// The bond of an id.
///
/// Errors: `WrongBond` if there is none.
pub fn held(found: Option<Bond>) -> Result<Bond, Refused> {
    found.ok_or(Refused::WrongBond)
}

/// Takes up to `asked` of a bond.
pub fn charge(bond: &Bond, asked: Amount) -> Charge {
    let taken = asked.min(bond.amount);
    Charge {
        taken,
        // At most what is held was taken.
        left: less(bond.amount, taken),
        loss: loss(taken),
    }
}
