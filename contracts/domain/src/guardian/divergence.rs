//! Divergences: a monitor reports under bond that a mission's log and the chain differ, and the mission pauses.
//!
//! What would build on outputs in doubt waits for the panel, which says whether the bond goes back; work under way ends normally
//! (RESOLUTIONS C-21, RULINGS R10). Where the panel is silent, the pause has its maximum, then anyone aborts, and the bond goes back
//! with the mission's end (RULINGS R9). A monitor who found no difference says so, once the mission's nodes are complete.

use super::{
    Refused, after,
    stop::{Watch, is_final},
};
use crate::{exit::Halt, machine::MissionState};

impl Watch {
    /// Pauses for at most `most` seconds.
    ///
    /// Errors: `WrongMission` for one that does not work or decide, `Halted`.
    /// Source: RULINGS R10.
    pub const fn pause(
        mut self,
        city: &Self,
        state: MissionState,
        most: u64,
        now: u64,
    ) -> Result<Self, Refused> {
        if !matches!(
            state,
            MissionState::Active | MissionState::Executing | MissionState::Verification
        ) {
            return Err(Refused::WrongMission { state });
        }
        if let Err(refused) = self.require_calm(city) {
            return Err(refused);
        }
        self.paused_until = Some(after(now, most));
        self.pauses = self.pauses.saturating_add(1);
        Ok(self)
    }

    /// Refuses while anything halts it.
    ///
    /// Errors: `Halted`.
    pub const fn require_calm(&self, city: &Self) -> Result<(), Refused> {
        let (halt, until) = match (self.stop, city.stop, self.paused_until) {
            (Some(stop), _, _) => (Halt::EmergencyStop, stop.until),
            (None, Some(stop), _) => (Halt::CityHalt, stop.until),
            (None, None, Some(until)) => (Halt::Pause, until),
            (None, None, None) => return Ok(()),
        };
        Err(Refused::Halted { halt, until })
    }

    /// Lifts the pause. Under a stop that has to be cleared first.
    ///
    /// Errors: `NotHalted`.
    /// Source: RESOLUTIONS C-02.
    pub const fn lift_pause(mut self) -> Result<Self, Refused> {
        let found = match (self.stop, self.paused_until) {
            (Some(_), _) => Some(Halt::EmergencyStop),
            (None, Some(_)) => {
                self.paused_until = None;
                return Ok(self);
            }
            (None, None) => None,
        };
        Err(Refused::NotHalted {
            halt: Halt::Pause,
            found,
        })
    }

    /// Ends the report of a mission that has ended: its bond goes back, because nobody ruled that it was unfounded.
    ///
    /// Errors: `NoBond`.
    /// Source: RULINGS R10.
    pub const fn end(mut self, state: MissionState) -> Result<Self, Refused> {
        if !is_final(state) || self.paused_until.is_none() {
            return Err(Refused::NoBond);
        }
        self.paused_until = None;
        Ok(self)
    }

    /// Whether a monitor may now say that log and chain agree: at the gate, and while nothing halts the mission.
    ///
    /// Errors: `WrongMission`, `Halted`.
    /// Source: RESOLUTIONS C-21.
    pub const fn require_reconcilable(
        &self,
        city: &Self,
        state: MissionState,
    ) -> Result<(), Refused> {
        if !matches!(state, MissionState::Verification) {
            return Err(Refused::WrongMission { state });
        }
        self.require_calm(city)
    }
}
