//! A principal's record, one word, kept for ever:
//!
//! ```text
//! [enrolledAt 5][leavesAt 5][frozenUntil 5][appealUntil 5][stake 4][agents 2][producers 2][rest 4]
//! rest: 500,000 − worst (19 bits), nonce (11), class (2)
//! ```
//!
//! A record of zeros is that of somebody unknown: not enrolled, nothing against them, new agents start at 500 points.
//! Somebody who only answers for clerks has a record without being enrolled.

use alloy_primitives::Address;

use super::{Reader, Refused, Writer, saturating_until};
use crate::{
    reputation::{MilliPoints, START},
    time::{Seconds, Timestamp},
};

/// The two classes (seed §3.6.1): those who bring agents, and those who bring capital. Their rights are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Class {
    /// Never enrolled.
    #[default]
    None,
    /// Owns agents.
    Owner,
    /// Funds the city.
    Foundation,
}

/// Greatest nonce that a record holds.
const NONCE_MAX: u16 = 2_047; // structural: eleven bits

/// A principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Class at its last enrolment.
    pub class: Class,
    /// Its stake, in units.
    pub stake: u32,
    /// Agents registered.
    pub agents: u16,
    /// Producers among them.
    pub producers: u16,
    /// Least reputation that an agent of it had, at most [`START`].
    pub worst: MilliPoints,
    /// Nonce of what it signs next: grows with each enrolment, and when it revokes what it signed.
    pub nonce: u16,
    /// Unix seconds; zero if not enrolled.
    pub enrolled_at: u64,
    /// Last second of its cooldown; zero unless it leaves.
    pub leaves_at: u64,
    /// Last second of its freeze.
    pub frozen_until: u64,
    /// Last second in which its ban may be lifted; zero if not banned.
    pub appeal_until: u64,
}

impl Default for Principal {
    fn default() -> Self {
        Self::unpack(&[0; 32])
    }
}

impl Class {
    /// The class of this number, if one may enrol as it.
    pub const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Owner),
            2 => Some(Self::Foundation),
            _ => None,
        }
    }
}

impl Principal {
    /// As it is stored.
    #[inline(never)]
    pub fn pack(&self) -> [u8; 32] {
        let deficit = START.get().saturating_sub(self.worst.get());
        let rest = u64::from(deficit) << 13 | u64::from(self.nonce) << 2 | self.class as u64;
        let mut writer = Writer::new();
        writer.number(self.enrolled_at, 5);
        writer.number(self.leaves_at, 5);
        writer.number(self.frozen_until, 5);
        writer.number(self.appeal_until, 5);
        writer.number(u64::from(self.stake), 4);
        writer.number(u64::from(self.agents), 2);
        writer.number(u64::from(self.producers), 2);
        writer.number(rest, 4);
        writer.finish()
    }

    /// From how it is stored.
    #[inline(never)]
    pub fn unpack(word: &[u8; 32]) -> Self {
        let mut reader = Reader::new(word);
        let (enrolled_at, leaves_at) = (reader.number(5), reader.number(5));
        let (frozen_until, appeal_until) = (reader.number(5), reader.number(5));
        let (stake, agents) = (reader.number(4) as u32, reader.number(2) as u16);
        let (producers, rest) = (reader.number(2) as u16, reader.number(4));
        let worst = u64::from(START.get()).saturating_sub(rest >> 13);
        Self {
            class: Class::of(rest as u8 & 3).unwrap_or_default(),
            stake,
            agents,
            producers,
            worst: MilliPoints::new(worst).unwrap_or(START),
            nonce: (rest >> 2) as u16 & NONCE_MAX,
            enrolled_at,
            leaves_at,
            frozen_until,
            appeal_until,
        }
    }

    /// Whether it is enrolled, leaving or not.
    pub const fn is_enrolled(&self) -> bool {
        self.enrolled_at != 0
    }

    /// Whether it is in its cooldown.
    pub const fn is_leaving(&self) -> bool {
        self.leaves_at != 0
    }

    /// Whether it is banned, finally or not.
    pub const fn is_banned(&self) -> bool {
        self.appeal_until != 0
    }

    /// Whether it is frozen: the last second belongs to the freeze.
    pub const fn is_frozen(&self, now: Timestamp) -> bool {
        now.get() <= self.frozen_until
    }

    /// Whether quorums count it (RULINGS R26).
    pub const fn is_voter(&self) -> bool {
        self.is_enrolled() && !self.is_banned() && self.producers > 0
    }

    /// Whether it has been enrolled for `age` (RULINGS K1).
    pub const fn is_of_age(&self, age: Seconds, now: Timestamp) -> bool {
        self.is_enrolled() && now.get() >= self.enrolled_at.saturating_add(age.get())
    }

    /// Errors: `IsBanned`.
    #[inline(never)]
    pub const fn require_unbanned(&self, account: Address) -> Result<(), Refused> {
        if self.is_banned() {
            return Err(Refused::IsBanned(account, self.appeal_until));
        }
        Ok(())
    }

    /// Whether it may answer for another agent now.
    ///
    /// Errors: `IsBanned`, `IsFrozen`, `IsLeaving`.
    #[inline(never)]
    pub const fn require_free(&self, account: Address, now: Timestamp) -> Result<(), Refused> {
        if let Err(refused) = self.require_unbanned(account) {
            return Err(refused);
        }
        if self.is_frozen(now) {
            return Err(Refused::IsFrozen(account, self.frozen_until));
        }
        if self.is_leaving() {
            return Err(Refused::IsLeaving(account));
        }
        Ok(())
    }

    /// Answers for one agent more.
    ///
    /// Errors: `CounterExhausted`.
    #[inline(never)]
    pub(crate) fn gain(&mut self, account: Address, produces: bool) -> Result<(), Refused> {
        let agents = self.agents.checked_add(1);
        self.agents = agents.ok_or(Refused::CounterExhausted(account))?;
        // At most as many as agents.
        self.producers = self.producers.saturating_add(u16::from(produces));
        Ok(())
    }

    /// Answers for one agent less, whose last reputation it keeps if that is its worst.
    #[inline(never)]
    pub(crate) fn lose(&mut self, produced: bool, reputation: MilliPoints) {
        self.agents = self.agents.saturating_sub(1);
        self.producers = self.producers.saturating_sub(u16::from(produced));
        self.remember(reputation);
    }

    /// An agent of it had `reputation`.
    pub fn remember(&mut self, reputation: MilliPoints) {
        self.worst = self.worst.min(reputation);
    }

    /// Whatever it signed and nobody used yet is void from now on.
    ///
    /// Errors: `CounterExhausted`.
    #[inline(never)]
    pub fn revoke(&mut self, account: Address) -> Result<(), Refused> {
        if self.nonce >= NONCE_MAX {
            return Err(Refused::CounterExhausted(account));
        }
        self.nonce = self.nonce.saturating_add(1);
        Ok(())
    }

    /// Is enrolled no more. Returns the stake it had.
    pub(crate) fn unenrol(&mut self) -> u32 {
        self.enrolled_at = 0;
        self.leaves_at = 0;
        core::mem::take(&mut self.stake)
    }
}

/// Enrols a principal with the stake of the table. What it signed before is void, its enrolment too.
///
/// Errors: `InvalidPrincipal`, `InvalidPrincipalClass`, `AlreadyEnrolled`, `IsBanned`, `CounterExhausted`.
pub fn enrol(
    account: Address,
    principal: &mut Principal,
    class: u8,
    stake: u32,
    now: Timestamp,
) -> Result<(), Refused> {
    if account == Address::ZERO {
        return Err(Refused::InvalidPrincipal(account));
    }
    let class = Class::of(class).ok_or(Refused::InvalidPrincipalClass(class))?;
    principal.require_unbanned(account)?;
    if principal.is_enrolled() {
        return Err(Refused::AlreadyEnrolled(account));
    }
    principal.revoke(account)?;
    principal.class = class;
    principal.stake = stake;
    principal.enrolled_at = now.get();
    Ok(())
}

/// Begins a principal's cooldown.
///
/// Errors: `NotEnrolled`, `IsLeaving`, `IsBanned`, `AgentsRemain`.
pub fn request_leave(
    account: Address,
    principal: &mut Principal,
    cooldown: Seconds,
    now: Timestamp,
) -> Result<(), Refused> {
    if !principal.is_enrolled() {
        return Err(Refused::NotEnrolled(account));
    }
    principal.require_unbanned(account)?;
    if principal.is_leaving() {
        return Err(Refused::IsLeaving(account));
    }
    if principal.agents > 0 {
        return Err(Refused::AgentsRemain(account, principal.agents));
    }
    principal.leaves_at = saturating_until(now, cooldown);
    Ok(())
}

/// Ends a principal's enrolment after its cooldown; returns its stake, which is free. Anyone may.
///
/// Errors: `NotLeaving`, `IsBanned`, `TooEarly`.
pub fn complete_leave(
    account: Address,
    principal: &mut Principal,
    now: Timestamp,
) -> Result<u32, Refused> {
    if !principal.is_leaving() {
        return Err(Refused::NotLeaving(account));
    }
    principal.require_unbanned(account)?;
    if now.get() <= principal.leaves_at {
        return Err(Refused::TooEarly(principal.leaves_at));
    }
    Ok(principal.unenrol())
}
