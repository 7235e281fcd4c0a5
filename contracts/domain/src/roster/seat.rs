//! Adjudicators: stake, admission, leaving.
//!
//! INV-ROSTER-01. A stake leaves in two ways: to its owner after a whole appeal window in which no case about it is open, and
//! to the funds when a case is carried. A removal by the panel is the first way: it is without fault (RESOLUTIONS D-16, D-28).
//!
//! A genesis adjudicator is a candidate from the wiring on, without a stake; its stake makes it active. All others are
//! candidates by their stake, and the panel admits them (I-03). Leaving is never refused, however few are left: only removal
//! stops at the floor (D-01). Who was revoked has no way back with that key.

use alloy_primitives::Address;

use super::{Refused, after, city::City, due, watchdog::Alerts};
use crate::{amount::Amount, machine::SeatState, parameter::ParameterId};

/// The least that a removal leaves.
pub const FLOOR: u8 = ParameterId::AdjudicatorQuorumFloor.constant() as u8;

/// A person's place on the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seat {
    /// None for a stranger.
    pub standing: Option<SeatState>,
    /// Whether it is of genesis and did not stake yet.
    pub is_genesis: bool,
    /// Whether the key is an agent's, whose principal may change.
    pub is_agent: bool,
    /// What the watchdog noticed.
    pub alerts: Alerts,
    /// How many associations it ever had at a time.
    pub associations: u8,
    /// When it came to its standing.
    pub since: u64,
    /// Who answers for it, as of its stake.
    pub principal: Address,
}

/// What a person put up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stake {
    /// Base units.
    pub amount: Amount,
    /// From when on it may be released, once its owner leaves.
    pub released_from: u64,
    /// The latest case about it that was not closed; zero for none.
    pub case: u64,
}

/// Who stakes: for whom, and whether the key is an agent's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staker {
    /// Who answers for it.
    pub principal: Address,
    /// Whether that can change.
    pub is_agent: bool,
}

impl Seat {
    /// Who was named at genesis, before its stake.
    pub fn of_genesis(now: u64) -> Self {
        Self {
            standing: Some(SeatState::Candidate),
            is_genesis: true,
            since: now,
            ..Self::default()
        }
    }

    /// Whether it signs.
    pub fn is_active(&self) -> bool {
        self.standing == Some(SeatState::Active)
    }

    /// Whether the watchdog flagged it.
    pub const fn is_flagged(&self) -> bool {
        self.alerts.any()
    }

    fn moved(self, to: SeatState, now: u64) -> Self {
        Self {
            standing: Some(to),
            is_genesis: false,
            since: now,
            ..self
        }
    }

    const fn wrong<T>(&self) -> Result<T, Refused> {
        Err(Refused::WrongStanding(self.standing))
    }

    /// The city without it, if it sits.
    fn vacates(&self, city: City) -> City {
        if self.is_active() {
            return city.left(self.is_flagged());
        }
        city
    }

    /// Puts up `given` base units where the table demands `needed`. What the watchdog remembers of an earlier seat stays.
    ///
    /// Errors: `WrongStanding`, `WrongStake`, `PanelFull`.
    pub fn stake(
        self,
        staker: Staker,
        given: Amount,
        needed: Amount,
        city: City,
        now: u64,
    ) -> Result<(Self, City), Refused> {
        let (to, city) = match self.standing {
            None | Some(SeatState::Released) => (SeatState::Candidate, Ok(city)),
            Some(SeatState::Candidate) if self.is_genesis => (SeatState::Active, city.joined()),
            Some(
                SeatState::Candidate | SeatState::Active | SeatState::Leaving | SeatState::Removed,
            ) => return self.wrong(),
        };
        if given != needed {
            let needed = needed.get();
            return Err(Refused::WrongStake { needed });
        }
        let seat = Self {
            principal: staker.principal,
            is_agent: staker.is_agent,
            alerts: Alerts::default(),
            ..self.moved(to, now)
        };
        Ok((seat, city?))
    }

    /// Admits a candidate, for whom the panel takes `principal` to answer.
    ///
    /// Errors: `WrongStanding`, also of who did not stake; `OtherPrincipal`, `PanelFull`.
    pub fn admit(self, principal: Address, city: City, now: u64) -> Result<(Self, City), Refused> {
        match self.standing {
            Some(SeatState::Candidate) if !self.is_genesis => {}
            None
            | Some(
                SeatState::Candidate
                | SeatState::Active
                | SeatState::Leaving
                | SeatState::Removed
                | SeatState::Released,
            ) => return self.wrong(),
        }
        if principal != self.principal {
            return Err(Refused::OtherPrincipal {
                found: self.principal,
            });
        }
        Ok((self.moved(SeatState::Active, now), city.joined()?))
    }

    /// Leaves, at its own word.
    ///
    /// Errors: `WrongStanding`.
    pub fn resign(self, city: City, now: u64) -> Result<(Self, City), Refused> {
        match self.standing {
            Some(SeatState::Candidate | SeatState::Active) => {
                Ok((self.moved(SeatState::Leaving, now), self.vacates(city)))
            }
            None | Some(SeatState::Leaving | SeatState::Removed | SeatState::Released) => {
                self.wrong()
            }
        }
    }

    /// Leaves, at the panel's word and without fault.
    ///
    /// Errors: `WrongStanding`, `QuorumFloor`.
    pub fn remove(self, city: City, now: u64) -> Result<(Self, City), Refused> {
        let (seat, after) = self.resign(city, now)?;
        if self.is_active() && after.active < FLOOR {
            return Err(Refused::QuorumFloor {
                left: after.active,
                floor: FLOOR,
            });
        }
        Ok((seat, after))
    }

    /// Its stake becomes its owner's due: after the window, and once no case about it runs. `case_until` is the last second
    /// of such a case, zero for none.
    ///
    /// Errors: `WrongStanding`, `NotDue`.
    pub fn release(self, stake: &Stake, case_until: u64, now: u64) -> Result<Self, Refused> {
        match self.standing {
            Some(SeatState::Leaving) => {}
            None
            | Some(
                SeatState::Candidate | SeatState::Active | SeatState::Removed | SeatState::Released,
            ) => return self.wrong(),
        }
        let free = if case_until == 0 {
            0
        } else {
            after(case_until, 1)
        };
        due(stake.released_from.max(free), now)?;
        Ok(self.moved(SeatState::Released, now))
    }

    /// Revoked: the stake is lost.
    ///
    /// Errors: `WrongStanding`.
    pub fn revoke(self, city: City, now: u64) -> Result<(Self, City), Refused> {
        match self.standing {
            Some(SeatState::Active | SeatState::Leaving) => {
                Ok((self.moved(SeatState::Removed, now), self.vacates(city)))
            }
            None | Some(SeatState::Candidate | SeatState::Removed | SeatState::Released) => {
                self.wrong()
            }
        }
    }
}

impl Stake {
    /// Of who leaves at `now`, for an appeal window of `secs`.
    pub const fn leaving(self, secs: u64, now: u64) -> Self {
        Self {
            released_from: after(now, secs),
            ..self
        }
    }

    /// Without the amount, which is somebody's now.
    pub const fn taken(self) -> Self {
        Self {
            amount: Amount::ZERO,
            ..self
        }
    }
}
