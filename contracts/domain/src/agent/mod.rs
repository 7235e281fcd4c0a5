//! Rules of the agent contract: who may register under whom, what leaving costs, what a ban does, how reputation moves.
//!
//! ```text
//! agent      None ─register→ Active ─request→ Leaving ─cooldown, anyone→ Gone ─register→ Active
//!                              └──────┴─ban final, anyone: forfeit──────→ Gone
//! principal  None ─enrol→ Enrolled ─request→ Leaving ─cooldown, anyone→ None
//!                              └──────┴─ban final, anyone: forfeit──────→ None
//! ban        None ─ban→ Appealable ─lift→ None      Appealable ─time→ Final
//! freeze     None ─freeze→ Frozen ─unfreeze, time→ None
//! change     None ─propose→ Proposed ─accept, withdraw, time→ None
//! ```
//!
//! Reading order: [`record`] (an agent's words), [`principal`] (a principal's), [`registration`] (coming, leaving, changing
//! sides), [`sanction`] (bans, freezes, forfeits), [`standing`] (who may do what now), [`outcome`] (reputation), [`sketch`]
//! (the pair cap), [`books`] (money), [`did`] (identifiers).
//!
//! A ban is a property of the principal and thereby covers all its agents at once (RESOLUTIONS I-05); a stake is lost only
//! when the ban can no longer be lifted (I-06). Neither ban nor freeze ever touches a credit.
//! Source: seed §3.6.1, B.3; RESOLUTIONS I-01…I-16, R-01…R-09, D-29; RULINGS K1, A1, A2, R9, R26.

pub mod books;
pub mod did;
pub mod outcome;
pub mod principal;
pub mod record;
pub mod registration;
pub mod sanction;
pub mod sketch;
pub mod standing;

use alloy_primitives::Address;

use crate::time::{Seconds, Timestamp};

/// The rule that a command broke, with the values that say how. Instants are unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The identifier is not accepted.
    Did(did::DidError),
    /// No agent may be of this type here.
    InvalidAgentType(u8),
    /// Neither owner nor foundation.
    InvalidPrincipalClass(u8),
    /// Nobody, or the agent itself.
    InvalidPrincipal(Address),
    /// The agent is registered.
    AlreadyRegistered(Address),
    /// The agent never registered.
    NotRegistered(Address),
    /// The agent never registered, leaves or left.
    NotActive(Address),
    /// Nobody asked that this account leave.
    NotLeaving(Address),
    /// Possible after this instant.
    TooEarly(u64),
    /// The agent has so many obligations.
    ObligationsOpen(Address, u16),
    /// The agent has no obligation.
    NoObligation(Address),
    /// A counter of the account is full.
    CounterExhausted(Address),
    /// The agent has so many sub-agents, places that these may give away among them.
    SubAgentsRemain(Address, u16),
    /// Places needed below a parent, and how many it has free.
    SubAgentLimit(Address, u32, u16),
    /// Depth that the ownership chain would reach, and the limit.
    ChainTooDeep(u8, u8),
    /// The agent has its principal through its parent, the second address.
    PrincipalInherited(Address, Address),
    /// The agent's last principal is remembered until this instant.
    PrincipalRemembered(Address, u64),
    /// The agent is released to nobody.
    NoProposal(Address),
    /// The agent does not answer to the second account, nor did it lately.
    NotItsPrincipal(Address, Address),
    /// The principal is enrolled.
    AlreadyEnrolled(Address),
    /// The principal is not enrolled.
    NotEnrolled(Address),
    /// The principal leaves.
    IsLeaving(Address),
    /// The principal has so many agents.
    AgentsRemain(Address, u16),
    /// The principal is banned; until this instant it may appeal.
    IsBanned(Address, u64),
    /// The principal is not banned.
    NotBanned(Address),
    /// The principal's ban is final since this instant.
    BanFinal(Address, u64),
    /// The principal is frozen until this instant.
    IsFrozen(Address, u64),
    /// The principal is not frozen.
    NotFrozen(Address),
    /// The account has nothing that could be forfeited.
    NothingToForfeit(Address),
    /// A number beyond its greatest value.
    OutOfRange(u64, u64),
    /// A ruling's points, and the most that one may move.
    DeltaOutOfRange(i16, u16),
    /// The account is owed nothing.
    NothingOwed(Address),
    /// Nothing can be paid to this account.
    InvalidReceiver(Address),
    /// The booked total would leave 0 to 2¹²⁸−1.
    BooksOutOfRange,
    /// What was signed was good until this instant.
    Expired(u64),
}

/// Whether what was signed is still good: its last second belongs to it.
///
/// Errors: `Expired`.
pub const fn in_time(deadline: u64, now: Timestamp) -> Result<(), Refused> {
    if now.get() > deadline {
        return Err(Refused::Expired(deadline));
    }
    Ok(())
}

/// The last second of a window that begins `now`. It saturates at the greatest instant that a record holds, 2⁴⁰−1, which
/// is beyond every clock.
pub const fn saturating_until(now: Timestamp, window: Seconds) -> u64 {
    let until = now.get().saturating_add(window.get());
    if until > INSTANT_MAX {
        INSTANT_MAX
    } else {
        until
    }
}

/// Greatest instant that a record holds: five bytes.
pub const INSTANT_MAX: u64 = (1 << 40) - 1;

/// Fields of a word, written one after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer {
    word: [u8; 32],
    at: usize,
}

impl Writer {
    pub(crate) const fn new() -> Self {
        Self {
            word: [0; 32],
            at: 0,
        }
    }

    /// The lowest `bytes` bytes of `value`.
    #[inline(never)]
    pub(crate) fn number(&mut self, value: u64, bytes: usize) {
        let mut rest = value;
        for place in (self.at..self.at.wrapping_add(bytes)).rev() {
            if let Some(byte) = self.word.get_mut(place) {
                *byte = rest as u8;
            }
            rest >>= u8::BITS;
        }
        self.at = self.at.wrapping_add(bytes);
    }

    #[inline(never)]
    pub(crate) fn address(&mut self, value: Address) {
        for (to, from) in self.word.iter_mut().skip(self.at).zip(value.0) {
            *to = from;
        }
        self.at = self.at.wrapping_add(20); // structural: bytes of an address
    }

    pub(crate) const fn finish(self) -> [u8; 32] {
        self.word
    }
}

/// Fields of a word, read one after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    word: &'a [u8; 32],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(word: &'a [u8; 32]) -> Self {
        Self { word, at: 0 }
    }

    #[inline(never)]
    pub(crate) fn number(&mut self, bytes: usize) -> u64 {
        let field = self.word.iter().skip(self.at).take(bytes);
        self.at = self.at.wrapping_add(bytes);
        field.fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    #[inline(never)]
    pub(crate) fn address(&mut self) -> Address {
        let mut bytes = [0; 20];
        for (to, from) in bytes.iter_mut().zip(self.word.iter().skip(self.at)) {
            *to = *from;
        }
        self.at = self.at.wrapping_add(20); // structural: bytes of an address
        Address::new(bytes)
    }
}
