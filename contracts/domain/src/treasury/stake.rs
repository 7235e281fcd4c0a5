//! What an executor may lose in a mission.
//!
//! ```text
//! RESERVED by session, source, agent ──lock──▶ LOCKED by mission, agent ──release──▶ its source
//!        └──────────────release──────────────▶ its source     └──slash──▶ insurance, treasury
//!
//! locked   [flags 1][0 15][amount 16]        flags: 1 took part, 2 out of a pool, 4 compensated
//! ```
//!
//! All seats of an agent in a mission share one stake out of one source. Slashes take from what is left of it, so neither
//! one node's nor all nodes' together exceed what was locked (INV-TREASURY-04). The word stays when nothing is left: it says
//! that the agent took part, and whether insurance paid it.

use alloy_primitives::{Address, B256};

use super::{
    Refused,
    escrow::Terms,
    fund::{Loss, loss},
    unpack, with, without,
};
use crate::{
    amount::{Amount, Bps},
    machine::EscrowState,
};

/// An agent's stake in a mission, as its word says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Locked {
    /// Whether the agent ever had a stake here, be it of nothing.
    pub took_part: bool,
    /// Whether it comes out of a pool, which another word names.
    pub pooled: bool,
    /// Whether insurance paid the agent for this mission.
    pub compensated: bool,
    /// What is left of it.
    pub amount: Amount,
}

impl Locked {
    /// As it is stored.
    pub fn pack(&self) -> [u8; 32] {
        let mut word = super::pack(Amount::ZERO, self.amount);
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
        Self {
            took_part: flags & 0b001 != 0,
            pooled: flags & 0b010 != 0,
            compensated: flags & 0b100 != 0,
            amount: unpack(word).1,
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

/// More stake out of `source`, an agent's own address as a word or a pool. `before` is the source of what is there.
///
/// Errors: `SecondSource` if that is another; `InvalidAmount` of what does not fit.
pub fn lock(
    held: Locked,
    before: &B256,
    source: &B256,
    agent: Address,
    amount: Amount,
) -> Result<Locked, Refused> {
    if !held.amount.is_zero() && before != source {
        return Err(Refused::SecondSource(*before));
    }
    Ok(Locked {
        took_part: true,
        pooled: *source != agent.into_word(),
        amount: with(held.amount, amount)?,
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
        left: Amount::new(locked.get().saturating_sub(taken.get())),
        loss: loss(taken),
    }
}

/// What a fault at a seat costs: the greater of so many units and of a share of the seat's stake, at most that stake.
///
/// Units: `scale` in base units of a stake unit.
/// Source: RESOLUTIONS S-15.
pub fn due(units: u32, scale: Amount, share: Bps, stake: Amount) -> Amount {
    let absolute = Amount::new(scale.get().saturating_mul(units.into()));
    let part = stake.bps_floor(share);
    let greater = if part > absolute { part } else { absolute };
    greater.min(stake)
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
