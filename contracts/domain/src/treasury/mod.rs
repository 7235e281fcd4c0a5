//! Rules of the treasury: the money of missions, whose it is and where it goes.
//!
//! ```text
//!            deposit                fund                        settle: base + subsidy
//!   payer ──────────▶ credit ─────────────▶ escrow ─┬────────────────────────────▶ credit ──withdraw──▶ owner
//!                       ▲ ▲                         ├─ fee ──▶ subsidy budget, treasury
//!                       │ │                         ├─ reserve ▶ insurance
//!                       │ └──── close: the rest ────┴─ residual ▶ treasury
//!                       │
//!   credit, pool ──reserve──▶ reserved ──lock──▶ locked ──release──▶ credit, pool
//!                                                   └──slash──▶ insurance ⌊x/2⌋, treasury x − ⌊x/2⌋
//! ```
//!
//! Two rules stand above all others. What is booked is the sum of its parts after every command, because every command
//! moves an amount from one part to another, or in or out of both at once (INV-TREASURY-01). And nobody is paid by
//! somebody else's transaction: what is owed is a credit, so no receiver can block a settlement (RESOLUTIONS S-09).
//!
//! Reading order: [`settlement`] (one executor's share, divided), [`escrow`] (a mission's money), [`stake`] (what an
//! executor may lose), [`pool`] (stakes of several), [`bond`] (put up with a claim), [`fund`] (treasury and insurance),
//! [`books`] (what adds up to what).
//!
//! Amounts are base units below 2¹²⁸. A sum that would not fit is refused, nothing wraps.
//! Source: seed B.3; RESOLUTIONS S-01 … S-18; RULINGS R17, R18, R19, R20, A9; docs/adr/0005.

pub mod bond;
pub mod books;
pub mod escrow;
pub mod fund;
pub mod pool;
pub mod settlement;
pub mod stake;

use alloy_primitives::{Address, B256};

use self::fund::Fund;
use crate::{
    amount::Amount,
    mission::word::{get, set},
};

/// The rule that a command broke, with the values that the rule knows. Whose escrow, stake or pool it was, the caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nothing, or more than the books can hold beside what they hold.
    InvalidAmount(Amount),
    /// Nobody.
    InvalidReceiver,
    /// The credit is less.
    InsufficientCredit(Short),
    /// The escrow is in the state of this number, zero where there is none.
    WrongEscrowState(u8),
    /// The escrow has less for this purpose.
    InsufficientEscrow(Short),
    /// The node was paid for, or lent to a child, before.
    AlreadySettled,
    /// Whoever is to be paid, or to back who is paid, is the mission's sponsor.
    SelfDealing,
    /// The source has less that is free, or less is set aside.
    InsufficientStake(Short),
    /// The agent's stake in the mission comes from this source already.
    SecondSource(B256),
    /// Stakes stay until this second, zero while the mission lives.
    StakeStillLocked(u64),
    /// The agent has, or had, no stake in the mission.
    NothingLocked,
    /// The bond exists, or does not.
    WrongBond,
    /// Insurance holds `available`; `limit` is the most that one claim may take.
    InsuranceLimit {
        /// What insurance holds.
        available: Amount,
        /// The most that this claim may take.
        limit: Amount,
        /// What it asks.
        needed: Amount,
    },
    /// A claim of this agent in this mission was paid.
    AlreadyClaimed,
    /// A claim names no evidence.
    NoEvidence,
    /// The fund holds less.
    InsufficientFund(Fund, Short),
    /// The pool backs so many bids and missions.
    PoolObligated(u32),
    /// The pool has so many participants, and needs more.
    PoolTooSmall {
        /// Who holds shares.
        participants: u32,
        /// How many must.
        needed: u32,
    },
    /// The amount buys no share.
    NoShares(Amount),
    /// The participant has fewer shares.
    InsufficientShares(Short),
    /// Only the pool's manager may do this.
    NotManager(Address),
}

/// There is less than is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// What there is.
    pub available: Amount,
    /// What is needed.
    pub needed: Amount,
}

/// `held` without `needed`, if it is there.
///
/// Errors: what there is, and what is needed.
#[inline(never)]
pub const fn without(held: Amount, needed: Amount) -> Result<Amount, Short> {
    match held.checked_sub(needed) {
        Ok(rest) => Ok(rest),
        Err(_) => Err(Short {
            available: held,
            needed,
        }),
    }
}

/// `held` and `more`.
///
/// Errors: `InvalidAmount` of `more` if both together do not fit.
#[inline(never)]
pub const fn with(held: Amount, more: Amount) -> Result<Amount, Refused> {
    match held.checked_add(more) {
        Ok(sum) => Ok(sum),
        Err(_) => Err(Refused::InvalidAmount(more)),
    }
}

/// `from` less `part`, at least nothing: for what is known to be a part of it, and where more counts as all.
#[inline(never)]
pub const fn less(from: Amount, part: Amount) -> Amount {
    Amount::new(from.get().saturating_sub(part.get()))
}

/// An amount that is something.
///
/// Errors: `InvalidAmount`.
#[inline(never)]
pub const fn something(amount: Amount) -> Result<Amount, Refused> {
    if amount.is_zero() {
        return Err(Refused::InvalidAmount(amount));
    }
    Ok(amount)
}

/// A word of two amounts: as it is stored.
#[inline(never)]
pub fn pack(upper: Amount, lower: Amount) -> [u8; 32] {
    let mut word = B256::ZERO;
    set_half(&mut word, 0, upper);
    set_half(&mut word, HALF, lower);
    word.0
}

/// The two amounts of a word: upper half, lower half.
#[inline(never)]
pub fn unpack(word: &[u8; 32]) -> (Amount, Amount) {
    let word = word.into();
    (half(word, 0), half(word, HALF))
}

/// Bytes of half a word, which an amount takes.
const HALF: usize = size_of::<u128>();
/// Bytes of what the target counts in. Bytes are moved one by one, since it cannot turn their order.
const QUARTER: usize = size_of::<u64>();

#[inline(never)]
fn half(word: &B256, at: usize) -> Amount {
    let (high, low) = (
        get(word, at, QUARTER),
        get(word, at.wrapping_add(QUARTER), QUARTER),
    );
    Amount::new(u128::from(high) << u64::BITS | u128::from(low))
}

#[inline(never)]
fn set_half(word: &mut B256, at: usize, amount: Amount) {
    set(word, at, QUARTER, (amount.get() >> u64::BITS) as u64);
    set(word, at.wrapping_add(QUARTER), QUARTER, amount.get() as u64);
}
