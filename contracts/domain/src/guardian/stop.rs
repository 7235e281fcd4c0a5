//! Stops: of one mission, by the panel or by escalation, and of the city, by the panel.
//!
//! A stop forbids what [`crate::exit::Halt`] lists, lasts at most as long as the table says, and then anyone aborts the mission; it is
//! cleared by people alone (RULINGS R9, INV-GUARD-06). It may fall upon a paused mission; cleared, it leaves the pause as it was,
//! because nobody ruled on that.
//!
//! ```text
//! mission   ────▐███████████▌──────────────   its own stop moves its deadlines by what the city's does not
//! city      ──────────▐██████████████▌─────   the city's by all that it lasts
//! ```
//!
//! INV-GUARD-08. A second under both counts once, with the city, whose stops every mission's deadlines follow.

use super::{Refused, after};
use crate::{
    exit::{Halt, Halts, forbidding},
    machine::{Command, MissionState},
};

/// A stop that lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Since when, in unix seconds.
    pub since: u64,
    /// When it has lasted as long as it may.
    pub until: u64,
}

/// What the guardian keeps of a mission, or of the city.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// Freezes in it so far: the number of the last one.
    pub freezes: u32,
    /// When its last stop was cleared.
    pub cleared_at: u64,
    /// How many stops were.
    pub stops: u16,
    /// Its stop.
    pub stop: Option<Stop>,
    /// When its pause has lasted as long as it may.
    pub paused_until: Option<u64>,
    /// Pauses so far: the number of the last one.
    pub pauses: u32,
    /// Of the city, the seconds that all its stops lasted which were cleared; of a mission, those that the city had been stopped when
    /// its own stop began.
    pub stopped: u32,
}

/// What a cleared stop leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// By how many seconds every deadline moves: nobody is late who was not allowed to act (G-08).
    pub secs: u64,
    /// When the pause that lay below it has lasted as long as it may.
    pub paused_until: Option<u64>,
}

/// Numbers of a mission's freezes end here: three bytes of a word. So many freezes cost more gas than a year of blocks has; beyond
/// them the last record would be written over.
pub const FREEZES_MAX: u32 = 0xff_ffff;

impl Watch {
    /// With one more freeze, whose number is the count.
    pub const fn frozen_once_more(mut self) -> Self {
        if self.freezes < FREEZES_MAX {
            self.freezes += 1;
        }
        self
    }

    /// The halts that lie on a mission of `city`.
    pub const fn halts(&self, city: &Self) -> Halts {
        let mut halts = Halts::NONE;
        if self.stop.is_some() {
            halts = halts.and(Halt::EmergencyStop);
        }
        if self.paused_until.is_some() {
            halts = halts.and(Halt::Pause);
        }
        if city.stop.is_some() {
            halts = halts.and(Halt::CityHalt);
        }
        halts
    }

    /// Refuses what a halt forbids.
    ///
    /// Errors: `Halted` with the first halt that does.
    pub const fn require(&self, city: &Self, command: Command) -> Result<(), Refused> {
        let Some(halt) = forbidding(self.halts(city), command) else {
            return Ok(());
        };
        let stop = match halt {
            Halt::CityHalt => city.stop,
            _ => self.stop,
        };
        let until = match (stop, self.paused_until) {
            (Some(stop), _) => stop.until,
            (None, Some(until)) => until,
            (None, None) => 0,
        };
        Err(Refused::Halted { halt, until })
    }

    /// Whether freezes still escalate: a stop that lasts is not prolonged by what happens under it (G-06).
    pub const fn escalates(&self, city: &Self) -> bool {
        self.stop.is_none() && city.stop.is_none()
    }

    /// For how many seconds a city has been stopped in all.
    const fn stopped_by(&self, now: u64) -> u32 {
        match &self.stop {
            Some(stop) => self.stopped.saturating_add(lasted(stop, now)),
            None => self.stopped,
        }
    }

    /// Stops for at most `most` seconds. `halt` says whether this is a mission's or the city's.
    ///
    /// Errors: `Halted` if it is stopped.
    /// Source: RULINGS R9; RESOLUTIONS D-10.
    pub const fn stop(
        mut self,
        halt: Halt,
        city: &Self,
        most: u64,
        now: u64,
    ) -> Result<Self, Refused> {
        if let Some(stop) = self.stop {
            return Err(Refused::Halted {
                halt,
                until: stop.until,
            });
        }
        self.stop = Some(Stop {
            since: now,
            until: after(now, most),
        });
        if !is_city(halt) {
            self.stopped = city.stopped_by(now);
        }
        Ok(self)
    }

    /// Clears the stop, also one that has lasted longer than it may: freezes before count no more, and the next window is longer.
    ///
    /// Errors: `NotHalted`.
    /// Source: RESOLUTIONS D-09, G-05, G-07.
    pub const fn clear(
        mut self,
        halt: Halt,
        city: &Self,
        now: u64,
    ) -> Result<(Self, Cleared), Refused> {
        let Some(stop) = self.stop else {
            let found = match self.paused_until {
                Some(_) => Some(Halt::Pause),
                None => None,
            };
            return Err(Refused::NotHalted { halt, found });
        };
        self.stop = None;
        self.cleared_at = now;
        self.stops = self.stops.saturating_add(1);
        let mut secs = lasted(&stop, now);
        if is_city(halt) {
            self.stopped = self.stopped.saturating_add(secs);
        } else {
            // The city's own stops move these deadlines by what they lasted.
            secs = secs.saturating_sub(city.stopped_by(now).saturating_sub(self.stopped));
        }
        let cleared = Cleared {
            secs: secs as u64,
            paused_until: self.paused_until,
        };
        Ok((self, cleared))
    }
}

const fn is_city(halt: Halt) -> bool {
    matches!(halt, Halt::CityHalt)
}

/// How long a stop has lasted: in as many bytes as collaboration counts by how much deadlines moved.
const fn lasted(stop: &Stop, now: u64) -> u32 {
    let secs = now.saturating_sub(stop.since);
    if secs > u32::MAX as u64 {
        u32::MAX
    } else {
        secs as u32
    }
}

/// Refuses to halt a mission that has ended.
///
/// Errors: `WrongMission`.
pub const fn require_living(state: MissionState) -> Result<(), Refused> {
    if is_final(state) {
        return Err(Refused::WrongMission { state });
    }
    Ok(())
}

/// Whether a mission has ended.
pub const fn is_final(state: MissionState) -> bool {
    match state {
        MissionState::Completed | MissionState::Aborted => true,
        MissionState::Pending
        | MissionState::Active
        | MissionState::Executing
        | MissionState::Verification
        | MissionState::Failed
        | MissionState::Degraded => false,
    }
}
