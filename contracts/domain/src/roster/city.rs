//! How many sit on the panel, and the watchdog's freeze of the city.
//!
//! INV-ROSTER-04. A freeze has one end, set when it begins, which nothing moves: no second pattern prolongs it. Until then all
//! whom the watchdog did not flag release it; from then on two thirds of them do (RESOLUTIONS D-22), and anyone may abort what lies
//! under it. Nothing resumes without the panel (RULINGS R9); where it has nobody left who may release, anyone ends the freeze.

use super::{Refused, after, due};
use crate::parameter::ParameterId;

/// Seconds of an hour.
const HOUR: u64 = 3_600; // structural: what an hour is

/// Most adjudicators.
const MOST: u8 = ParameterId::MaxAdjudicators.constant() as u8;

/// What is counted of the city.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct City {
    /// Active adjudicators.
    pub active: u8,
    /// Those of them whom the watchdog did not flag.
    pub unflagged: u8,
    /// The last second of the watchdog's freeze; zero for none.
    pub frozen_until: u64,
    /// Cases so far.
    pub cases: u64,
    /// Whether an entry that moves the asset is running.
    pub locked: bool,
}

impl City {
    /// With one more adjudicator, who is not flagged.
    ///
    /// Errors: `PanelFull`.
    pub const fn joined(mut self) -> Result<Self, Refused> {
        if self.active >= MOST {
            return Err(Refused::PanelFull { most: MOST });
        }
        self.active += 1;
        self.unflagged += 1;
        Ok(self)
    }

    /// With one adjudicator less.
    pub const fn left(mut self, was_flagged: bool) -> Self {
        self.active = self.active.saturating_sub(1);
        if !was_flagged {
            self.unflagged = self.unflagged.saturating_sub(1);
        }
        self
    }

    /// After an adjudicator's flag was what it was and is what it is.
    pub const fn reflagged(mut self, was: bool, is: bool) -> Self {
        if was && !is {
            self.unflagged = self.unflagged.saturating_add(1);
        }
        if is && !was {
            self.unflagged = self.unflagged.saturating_sub(1);
        }
        self
    }

    /// Whether the watchdog freezes it, overdue or not.
    pub const fn is_frozen(&self) -> bool {
        self.frozen_until != 0
    }

    /// Whether the freeze passed its maximum: fewer signers release, and anyone ends it.
    pub const fn is_overdue(&self, now: u64) -> bool {
        self.is_frozen() && now > self.frozen_until
    }

    /// Frozen for so many hours; as it was if it is frozen.
    pub const fn frozen(mut self, hours: u64, now: u64) -> Self {
        if !self.is_frozen() {
            self.frozen_until = after(now, hours.saturating_mul(HOUR));
        }
        self
    }

    /// Released by the panel, who signed for a freeze that ends at `until`. That none of them was flagged when they signed is
    /// asked before (`domain::act`): by now this very decision may have flagged the last of them, which takes nothing back.
    ///
    /// Errors: `Changed`.
    pub const fn released(mut self, until: u64) -> Result<Self, Refused> {
        if !self.is_frozen() || until != self.frozen_until {
            return Err(Refused::Changed {
                expected: until,
                found: self.frozen_until,
            });
        }
        self.frozen_until = 0;
        Ok(self)
    }

    /// Ended by anyone, where all adjudicators are flagged or none is left: no release could ever be signed.
    ///
    /// Errors: `NoCase` if nothing is frozen; `NotDue`; `NotAdjudicator` while somebody of the panel may release.
    pub const fn thawed(mut self, now: u64) -> Result<Self, Refused> {
        if !self.is_frozen() {
            return Err(Refused::NoCase);
        }
        if let Err(early) = due(after(self.frozen_until, 1), now) {
            return Err(early);
        }
        if self.unflagged > 0 {
            return Err(Refused::NotAdjudicator);
        }
        self.frozen_until = 0;
        Ok(self)
    }
}
