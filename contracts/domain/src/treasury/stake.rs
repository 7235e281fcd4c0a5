//! What an executor may lose in a mission.
//!
//! ```text
//! RESERVED by session, source, agent ──lock──▶ LOCKED by mission, agent ──release──▶ its source
//!        └──────────────release──────────────▶ its source     └──slash──▶ insurance, treasury
//!
//! locked   [flags 1][round 3][budget 12][amount 16]        flags: 1 took part, 2 out of a pool, 4 compensated
//! ```
//!
//! All seats of an agent in a mission share one stake out of one source. Slashes take from what is left of it, so neither
//! one node's nor all nodes' together exceed what was locked (INV-TREASURY-04). The word stays when nothing is left: it says
//! that the agent took part, for how much it was to work, which bounds what insurance pays it, and whether it did (S-13).

use alloy_primitives::{Address, B256};

use super::{
    Refused,
    escrow::Terms,
    fund::{Loss, loss},
    less,
    pool::{Obligation, ROUND_MAX},
    unpack, with, without,
};
use crate::{amount::Amount, machine::EscrowState};

/// The most that a word holds of an agent's budget: 96 bits, as a statute's page of a price. What would be more counts as that.
pub const BUDGET_MAX: Amount = Amount::new(u128::MAX >> BUDGET_UNUSED_BITS);
const BUDGET_BITS: u32 = 96; // structural: what flags and round leave of the upper half of a word
const BUDGET_UNUSED_BITS: u32 = u128::BITS - BUDGET_BITS;

/// What a seat adds to a stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backing {
    /// What is put up.
    pub amount: Amount,
    /// What the seat is to be paid.
    pub price: Amount,
    /// The round of the reserve that it comes from.
    pub round: u32,
}

/// An agent's stake in a mission, as its word says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Locked {
    /// Whether the agent ever had a stake here, be it of nothing.
    pub took_part: bool,
    /// Whether it comes out of a pool, which another word names.
    pub pooled: bool,
    /// Whether insurance paid the agent for this mission.
    pub compensated: bool,
    /// The round of its pool in which the first of it was set aside; zero for one's own.
    pub round: u32,
    /// The prices of all seats that it stood behind.
    pub budget: Amount,
    /// What is left of it.
    pub amount: Amount,
}

impl Locked {
    /// As it is stored.
    pub fn pack(&self) -> [u8; 32] {
        let upper = u128::from(self.round) << BUDGET_BITS | self.budget.min(BUDGET_MAX).get();
        let mut word = super::pack(Amount::new(upper), self.amount);
        if let Some(flags) = word.first_mut() {
            *flags = u8::from(self.took_part)
                | u8::from(self.pooled) << 1
                | u8::from(self.compensated) << 2;
        }
        word
    }

    /// From how it is stored.
    pub fn unpack(word: &[u8; 32]) -> Self {
        let flags = word.first().copied().unwrap_or_default();
        let (upper, amount) = unpack(word);
        Self {
            took_part: flags & 0b001 != 0,
            pooled: flags & 0b010 != 0,
            compensated: flags & 0b100 != 0,
            round: (upper.get() >> BUDGET_BITS) as u32 & ROUND_MAX,
            budget: Amount::new(upper.get() & BUDGET_MAX.get()),
            amount,
        }
    }
}

impl Locked {
    /// What of a pool it is.
    pub const fn obligation(&self) -> Obligation {
        Obligation {
            amount: self.amount,
            round: self.round,
        }
    }
}

/// A reserve without what a mission takes, or a lost bid frees.
///
/// Errors: `InsufficientStake` with what is set aside.
pub const fn take(reserved: Amount, amount: Amount) -> Result<Amount, Refused> {
    match without(reserved, amount) {
        Ok(rest) => Ok(rest),
        Err(short) => Err(Refused::InsufficientStake(short)),
    }
}

/// Whether somebody may back an agent in a mission: neither the agent's principal nor a pool's manager is its sponsor.
///
/// Errors: `WrongEscrowState` unless the mission's escrow is open; `SelfDealing`.
/// Source: RESOLUTIONS S-03; RULINGS R20.
pub fn backs(mission: Option<Terms>, by: Address) -> Result<(), Refused> {
    let terms = super::escrow::in_state(mission, EscrowState::Open)?;
    if by == terms.sponsor {
        return Err(Refused::SelfDealing);
    }
    Ok(())
}

/// More stake out of `source`, an agent's own address as a word or a pool. `before` is the source of what is there. It counts as
/// begun when the first of it was set aside, in the reserve's round or before.
///
/// A seat that passed on stays in the budget of whoever had it: it may have worked, and the panel confirms every loss.
///
/// Errors: `SecondSource` if that is another; `InvalidAmount` of what does not fit.
pub fn lock(
    held: Locked,
    (before, source): (&B256, &B256),
    agent: &B256,
    more: Backing,
) -> Result<Locked, Refused> {
    if !held.amount.is_zero() && before != source {
        return Err(Refused::SecondSource(*before));
    }
    let budget = held.budget.get().saturating_add(more.price.get());
    let round = if held.amount.is_zero() || more.round < held.round {
        more.round
    } else {
        held.round
    };
    Ok(Locked {
        took_part: true,
        pooled: source != agent,
        round,
        budget: Amount::new(budget).min(BUDGET_MAX),
        amount: with(held.amount, more.amount)?,
        ..held
    })
}

/// What a slash takes of a stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slash {
    /// Base units taken.
    pub taken: Amount,
    /// What is left of the stake.
    pub left: Amount,
    /// Where they go.
    pub loss: Loss,
}

/// Takes up to `asked` of a stake; nothing once it is free.
///
/// Source: RESOLUTIONS S-06, S-15, C-26; vectors `slash_split`.
pub fn slash(locked: Amount, asked: Amount, is_free: bool) -> Slash {
    let taken = if is_free {
        Amount::ZERO
    } else {
        asked.min(locked)
    };
    Slash {
        taken,
        // At most what is locked was taken.
        left: less(locked, taken),
        loss: loss(taken),
    }
}

/// What goes back to a stake's source.
///
/// Errors: `StakeStillLocked` with the second from which it may, zero while the mission lives; `NothingLocked`.
/// Source: RESOLUTIONS C-25, S-18; RULINGS R8, R9.
pub fn release(held: Locked, mission: Option<Terms>, now: u64) -> Result<Amount, Refused> {
    match mission {
        Some(terms) if terms.is_over(now) => {}
        Some(terms) => return Err(Refused::StakeStillLocked(terms.release_at)),
        None => return Err(Refused::StakeStillLocked(0)),
    }
    if held.amount.is_zero() {
        return Err(Refused::NothingLocked);
    }
    Ok(held.amount)
}
