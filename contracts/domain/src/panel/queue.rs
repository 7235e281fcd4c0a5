//! Where an action stands. Its digest is its number: what happened once never happens again (INV-PANEL-01).
//!
//! ```text
//!  ── signed by enough ─▶ EXECUTED                            no delay
//!  ── signed by enough ─▶ QUEUED ─ execute, from due on ────▶ EXECUTED
//!                           │  └── a signer too few ────────▶ WITHDRAWN
//!                           └───── lapsed, by anyone ───────▶ EXPIRED
//! ```
//!
//! Source: RULINGS R23; RESOLUTIONS D-26; `docs/exits.md`.

// structural file: places of parts of a packed word

use crate::{machine::OverrideState, mission::word::packed};

packed! {
    /// A word for each digest. Instants are unix seconds.
    Entry {
        /// An [`OverrideState`]; zero for what was never handed in.
        state, set_state: 0, 1, u8;
        /// How many signed.
        signers, set_signers: 1, 1, u8;
        /// How many of them have not withdrawn.
        left, set_left: 2, 1, u8;
        /// How many the action needs: what its row asked for when it was handed in.
        needed, set_needed: 3, 1, u8;
        /// When it was handed in.
        queued_at, set_queued_at: 4, 5, u64;
        /// From when on it may be carried out.
        due_at, set_due_at: 9, 5, u64;
        /// Until when.
        lapses_at, set_lapses_at: 14, 5, u64;
    }
}

/// Why an action does not take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is in this state, by the number on the wire.
    State(u8),
    /// It may be from this second on.
    NotDue(u64),
}

impl Entry {
    /// That nothing of it happened yet.
    ///
    /// Errors: [`Refused::State`].
    pub fn require_new(&self) -> Result<(), Refused> {
        match self.state() {
            0 => Ok(()),
            state => Err(Refused::State(state)),
        }
    }

    /// Carried out at once.
    pub fn done(signers: u8) -> Self {
        let mut entry = Self::default();
        entry.set_state(OverrideState::Executed.number());
        entry.set_signers(signers);
        entry.set_left(signers);
        entry
    }

    /// Queued: due after `delay`, lapsing `expiry` after that, in seconds.
    pub fn queued(signers: u8, needed: u8, now: u64, delay: u64, expiry: u64) -> Self {
        let due_at = now.saturating_add(delay);
        let mut entry = Self::done(signers);
        entry.set_state(OverrideState::Queued.number());
        entry.set_needed(needed);
        entry.set_queued_at(now);
        entry.set_due_at(due_at);
        entry.set_lapses_at(due_at.saturating_add(expiry));
        entry
    }

    /// That it waits.
    ///
    /// Errors: [`Refused::State`].
    pub fn require_queued(&self) -> Result<(), Refused> {
        if self.state() == OverrideState::Queued.number() {
            Ok(())
        } else {
            Err(Refused::State(self.state()))
        }
    }

    /// Carried out, from `due_at` until `lapses_at`, both included.
    ///
    /// Errors: [`Refused::State`], also of what lapsed; [`Refused::NotDue`].
    pub fn execute(&self, now: u64) -> Result<Self, Refused> {
        self.require_queued()?;
        if now < self.due_at() {
            return Err(Refused::NotDue(self.due_at()));
        }
        if now > self.lapses_at() {
            return Err(Refused::State(OverrideState::Expired.number()));
        }
        let mut entry = *self;
        entry.set_state(OverrideState::Executed.number());
        Ok(entry)
    }

    /// One signer fewer; it falls when fewer are left than it needs.
    ///
    /// Errors: [`Refused::State`].
    pub fn withdraw(&self) -> Result<Self, Refused> {
        self.require_queued()?;
        let mut entry = *self;
        entry.set_left(self.left().saturating_sub(1));
        if entry.left() < entry.needed() {
            entry.set_state(OverrideState::Withdrawn.number());
        }
        Ok(entry)
    }

    /// Ended, once it lapsed.
    ///
    /// Errors: [`Refused::State`]; [`Refused::NotDue`] with the first second that is late enough.
    pub fn expire(&self, now: u64) -> Result<Self, Refused> {
        self.require_queued()?;
        if now <= self.lapses_at() {
            return Err(Refused::NotDue(self.lapses_at().saturating_add(1)));
        }
        let mut entry = *self;
        entry.set_state(OverrideState::Expired.number());
        Ok(entry)
    }
}
