//! Petitions: enough principals who want a session open one (seed L342, RULINGS K6).
//!
//! ```text
//! petition  0 state   1..6 expires   6..10 names   10..14 needed
//! ```
//!
//! How many names it needs is fixed when it is opened: principals who come or go meanwhile move no goal.

// structural file: offsets and widths of the layout drawn above.

use super::refused::Refused;
use crate::{machine::PetitionState, mission::word::packed, parameter::derived::share_of};

packed! {
    /// A petition. All zero means that there is none.
    Petition {
        /// Number of its state.
        state, set_state: 0, 1, u8;
        /// Its last second.
        expires, set_expires: 1, 5, u64;
        /// Principals under it.
        names, set_names: 6, 4, u32;
        /// Principals it needs.
        needed, set_needed: 10, 4, u32;
    }
}

impl Petition {
    /// A petition without a name yet, where `voters` are enrolled of whom `share` percent suffice; never nobody.
    pub fn open(voters: u32, share: u32, expires: u64) -> Self {
        let mut petition = Self::default();
        petition.set_state(PetitionState::Gathering.number());
        petition.set_expires(expires);
        petition.set_needed(share_of(voters, share).max(1));
        petition
    }

    /// Whether it opened its session.
    pub fn has_opened(&self) -> bool {
        self.state() == PetitionState::Opened.number()
    }

    /// Takes it to another state: the only way there is (INV-STATE-01).
    fn step(&mut self, to: PetitionState) -> Result<(), Refused> {
        let from = PetitionState::from_u8(self.state()).ok_or(Refused::Unknown)?;
        PetitionState::transition(from, to).map_err(|_| Refused::TooLate(self.expires()))?;
        self.set_state(to.number());
        Ok(())
    }

    /// Refuses one that gathers no more names.
    #[inline(never)]
    fn gathers(&self, now: u64) -> Result<(), Refused> {
        match PetitionState::from_u8(self.state()) {
            None => Err(Refused::Unknown),
            Some(PetitionState::Gathering) if now <= self.expires() => Ok(()),
            Some(_) => Err(Refused::TooLate(self.expires())),
        }
    }

    /// One name more.
    ///
    /// Errors: `Unknown`, `TooLate`.
    pub fn sign(&mut self, now: u64) -> Result<(), Refused> {
        self.gathers(now)?;
        self.set_names(self.names().saturating_add(1));
        Ok(())
    }

    /// Opens its session: once, in time, with enough names.
    ///
    /// Errors: `Unknown`, `TooLate`, `Missing`.
    pub fn succeed(&mut self, now: u64) -> Result<(), Refused> {
        self.gathers(now)?;
        if self.names() < self.needed() {
            return Err(Refused::Missing(self.names(), self.needed()));
        }
        self.step(PetitionState::Opened)
    }

    /// Closes it once its time is over.
    ///
    /// Errors: `Unknown`, `TooEarly`, `TooLate` for one that is closed.
    pub fn expire(&mut self, now: u64) -> Result<(), Refused> {
        let is_open = self.gathers(now);
        match is_open {
            Ok(()) => Err(Refused::TooEarly(self.expires().saturating_add(1))),
            Err(Refused::Unknown) => is_open,
            Err(_) => self.step(PetitionState::Expired),
        }
    }
}
