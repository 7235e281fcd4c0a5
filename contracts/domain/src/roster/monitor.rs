//! Monitors: bonded with the treasury, approved by the panel, charged for false alarms (RESOLUTIONS G-10; RULINGS R13).
//!
//! ```text
//!  CANDIDATE ──▶ ACTIVE ──▶ LEAVING ──▶ RELEASED    the bond comes back, less what false alarms cost
//!      └───────────┴───────────┴──────▶ REMOVED     revoked, or nothing left of the bond
//! ```
//!
//! Each false alarm costs the same share of what was put up, so that a bond ends. Released and removed monitors may put up
//! another; what they did before stays counted.

use alloy_primitives::{Address, B256};

use super::{Refused, after, due};
use crate::{
    amount::{Amount, Bps},
    machine::SeatState,
};

/// A monitor, in standings of the same names as an adjudicator's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Monitor {
    /// None for a stranger.
    pub standing: Option<SeatState>,
    /// Who answers for it.
    pub principal: Address,
    /// Which scorer it runs.
    pub scorer: B256,
    /// What is left of its bond, in base units.
    pub left: Amount,
    /// What it put up, in whole units.
    pub units: u32,
    /// False alarms so far.
    pub false_positives: u16,
    /// Until when its reports do not count.
    pub suspended_until: u64,
    /// From when on the bond of a leaving one is released.
    pub released_from: u64,
}

/// What a false alarm costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Penalty {
    /// Share of what was put up.
    pub share: Bps,
    /// Seconds for which its reports do not count.
    pub suspension: u64,
}

impl Monitor {
    const fn wrong<T>(&self) -> Result<T, Refused> {
        Err(Refused::WrongStanding(self.standing))
    }

    const fn in_standing(self, standing: SeatState) -> Self {
        Self {
            standing: Some(standing),
            ..self
        }
    }

    /// Puts up `units`, which are `amount` in base units.
    ///
    /// Errors: `WrongStanding`; `OtherPrincipal` where nobody answers for it.
    pub fn bond(
        self,
        principal: Address,
        scorer: B256,
        units: u32,
        amount: Amount,
    ) -> Result<Self, Refused> {
        match self.standing {
            None | Some(SeatState::Removed | SeatState::Released) => {}
            Some(SeatState::Candidate | SeatState::Active | SeatState::Leaving) => {
                return self.wrong();
            }
        }
        if principal == Address::ZERO {
            return Err(Refused::OtherPrincipal { found: principal });
        }
        Ok(Self {
            principal,
            scorer,
            units,
            left: amount,
            released_from: 0,
            ..self.in_standing(SeatState::Candidate)
        })
    }

    /// Admitted by the panel. That it signed for this scorer, the shell compares.
    ///
    /// Errors: `WrongStanding`.
    pub const fn approve(self) -> Result<Self, Refused> {
        match self.standing {
            Some(SeatState::Candidate) => Ok(self.in_standing(SeatState::Active)),
            None
            | Some(
                SeatState::Active | SeatState::Leaving | SeatState::Removed | SeatState::Released,
            ) => self.wrong(),
        }
    }

    /// Stops, at its own word.
    ///
    /// Errors: `WrongStanding`.
    pub const fn retire(self, window: u64, now: u64) -> Result<Self, Refused> {
        match self.standing {
            Some(SeatState::Candidate | SeatState::Active) => Ok(Self {
                released_from: after(now, window),
                ..self.in_standing(SeatState::Leaving)
            }),
            None | Some(SeatState::Leaving | SeatState::Removed | SeatState::Released) => {
                self.wrong()
            }
        }
    }

    /// Its bond comes back.
    ///
    /// Errors: `WrongStanding`, `NotDue`.
    pub fn release(self, now: u64) -> Result<Self, Refused> {
        match self.standing {
            Some(SeatState::Leaving) => {
                due(self.released_from, now)?;
                Ok(self.in_standing(SeatState::Released).emptied())
            }
            None
            | Some(
                SeatState::Candidate | SeatState::Active | SeatState::Removed | SeatState::Released,
            ) => self.wrong(),
        }
    }

    /// Revoked by the panel: its bond is lost.
    ///
    /// Errors: `WrongStanding`.
    pub const fn revoke(self) -> Result<Self, Refused> {
        match self.standing {
            Some(SeatState::Candidate | SeatState::Active | SeatState::Leaving) => {
                Ok(self.in_standing(SeatState::Removed).emptied())
            }
            None | Some(SeatState::Removed | SeatState::Released) => self.wrong(),
        }
    }

    const fn emptied(self) -> Self {
        Self {
            left: Amount::ZERO,
            ..self
        }
    }

    /// Charged for a false alarm, of a bond that was `posted` in base units: what it costs, rounded up. Nothing left, it is
    /// removed.
    ///
    /// Errors: `WrongStanding`; `OutOfRange`, which no share of a whole is.
    pub fn charge(
        self,
        posted: Amount,
        penalty: Penalty,
        now: u64,
    ) -> Result<(Self, Amount), Refused> {
        match self.standing {
            Some(SeatState::Active | SeatState::Leaving) => {}
            None | Some(SeatState::Candidate | SeatState::Removed | SeatState::Released) => {
                return self.wrong();
            }
        }
        let kept = posted.bps_floor(penalty.share.complement());
        let share = posted.checked_sub(kept).map_err(|_| Refused::OutOfRange)?;
        let cost = share.min(self.left);
        let left = self.left.checked_sub(cost);
        let left = left.map_err(|_| Refused::OutOfRange)?;
        let charged = Self {
            left,
            false_positives: self.false_positives.saturating_add(1),
            suspended_until: self.suspended_until.max(after(now, penalty.suspension)),
            ..self
        };
        if left.is_zero() {
            return Ok((charged.in_standing(SeatState::Removed), cost));
        }
        Ok((charged, cost))
    }
}
