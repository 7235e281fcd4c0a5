//! What adds up to what.
//!
//! ```text
//! books   [lock 1][0 15][booked 16]
//! pairs   [treasury 16][subsidy 16]
//!         [insurance 16][credits 16]
//!         [reserved 16][locked 16]
//!         [bonds 16][pools 16]
//! ```
//!
//! The booked total changes when money comes in or goes out, and then alone. Eight parts are counted; the ninth, what escrows
//! hold, is what they leave of the total. So a settlement, which moves money out of an escrow to four other parts, writes two
//! words (RULINGS R17, INV-TREASURY-01). That it is the sum of all escrows, a random run compares after every command.
//!
//! `pools` counts what stands in for nobody; what does is reserved or locked.

use super::{Refused, fund::Fund, something, unpack, with, without};
use crate::amount::Amount;

/// What the booked total is made of, in the order of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What missions hold.
    Escrows,
    /// Set aside for bids.
    Reserved,
    /// Stakes in missions.
    Locked,
    /// Put up with claims.
    Bonds,
    /// The treasury.
    Treasury,
    /// What subsidies are paid from.
    Subsidy,
    /// The insurance.
    Insurance,
    /// Pools, less what stands in for agents.
    Pools,
    /// What may be withdrawn.
    Credits,
}

impl Part {
    /// All, in order.
    pub const ALL: [Self; 9] = [
        Self::Escrows,
        Self::Reserved,
        Self::Locked,
        Self::Bonds,
        Self::Treasury,
        Self::Subsidy,
        Self::Insurance,
        Self::Pools,
        Self::Credits,
    ];

    /// The pair that counts it, and whether in the lower half; none for what escrows hold.
    pub const fn place(self) -> Option<(usize, bool)> {
        Some(match self {
            Self::Escrows => return None,
            Self::Treasury => (0, false),
            Self::Subsidy => (0, true),
            Self::Insurance => (1, false),
            Self::Credits => (1, true),
            Self::Reserved => (2, false), // structural: the third pair
            Self::Locked => (2, true),    // structural: the third pair
            Self::Bonds => (3, false),    // structural: the fourth pair
            Self::Pools => (3, true),     // structural: the fourth pair
        })
    }

    /// The fund it is.
    pub const fn fund(self) -> Fund {
        match self {
            Self::Treasury => Fund::Treasury,
            Self::Insurance => Fund::Insurance,
            _ => Fund::None,
        }
    }
}

/// The part `part` of its pair with `more` in it.
///
/// Errors: `InvalidAmount` of what does not fit.
pub fn grow(part: Part, word: &[u8; 32], more: Amount) -> Result<[u8; 32], Refused> {
    change(part, word, true, more)
}

/// The part `part` of its pair with `less` out of it.
///
/// Errors: `InsufficientFund`, of no fund for money of somebody's, which cannot be: each command checks the owner first.
pub fn shrink(part: Part, word: &[u8; 32], less: Amount) -> Result<[u8; 32], Refused> {
    change(part, word, false, less)
}

#[inline(never)]
fn change(part: Part, word: &[u8; 32], grows: bool, by: Amount) -> Result<[u8; 32], Refused> {
    let (mut upper, mut lower) = unpack(word);
    let held = match part.place() {
        Some((_, false)) => &mut upper,
        Some((_, true)) => &mut lower,
        None => return Ok(*word),
    };
    *held = if grows {
        with(*held, by)?
    } else {
        without(*held, by).map_err(|short| Refused::InsufficientFund(part.fund(), short))?
    };
    Ok(super::pack(upper, lower))
}

/// The word of lock and total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Whether an entry that moves the asset is running.
    pub locked: bool,
    /// Base units.
    pub booked: Amount,
}

impl Total {
    /// As it is stored.
    pub fn pack(&self) -> [u8; 32] {
        let mut word = super::pack(Amount::ZERO, self.booked);
        if let Some(lock) = word.first_mut() {
            *lock = self.locked.into();
        }
        word
    }

    /// From how it is stored.
    pub fn unpack(word: &[u8; 32]) -> Self {
        Self {
            locked: word.first().is_some_and(|lock| *lock != 0),
            booked: unpack(word).1,
        }
    }

    /// After money came.
    ///
    /// Errors: `InvalidAmount` of nothing, and of what does not fit.
    pub fn receive(self, amount: Amount) -> Result<Self, Refused> {
        let booked = with(self.booked, something(amount)?)?;
        Ok(Self { booked, ..self })
    }

    /// After money went.
    ///
    /// Errors: `InsufficientFund`, which cannot be: whoever is paid had a credit.
    pub fn pay(self, amount: Amount) -> Result<Self, Refused> {
        let booked = without(self.booked, amount)
            .map_err(|short| Refused::InsufficientFund(Fund::None, short))?;
        Ok(Self { booked, ..self })
    }
}

/// The parts in their order, of the total and of the four pairs.
///
/// Errors: `InsufficientFund` if they are more than the total, which cannot be.
pub fn parts(total: Amount, pairs: &[[u8; 32]; 4]) -> Result<[Amount; 9], Refused> {
    let mut parts = [Amount::ZERO; 9];
    let mut rest = total;
    for (amount, part) in parts.iter_mut().zip(Part::ALL) {
        let Some((pair, lower)) = part.place() else {
            continue;
        };
        let halves = pairs.get(pair).map(unpack).unwrap_or_default();
        *amount = if lower { halves.1 } else { halves.0 };
        rest = without(rest, *amount)
            .map_err(|short| Refused::InsufficientFund(part.fund(), short))?;
    }
    if let Some(escrows) = parts.first_mut() {
        *escrows = rest;
    }
    Ok(parts)
}
