//! Outages of the sequencer: declared when they are over, by two monitors of different principals.
//!
//! While the chain stood still nobody could act, so deadlines move by the outage and a grace; together at most by what the table
//! allows a mission, or two monitors could stretch them for ever (RULINGS R30, INV-GUARD-07). An interval counts once, and only what
//! lies behind the last state change of the mission: a chain that changed it did not stand still.

use alloy_primitives::Address;

use super::Refused;
use crate::{
    machine::MissionState,
    time::{Millis, Seconds},
};

/// An interval in which the chain is said to have stood still, in unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// From then on.
    pub from: u64,
    /// Until then.
    pub until: u64,
}

/// What is kept of a mission's outages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outages {
    /// By how many seconds they moved its deadlines.
    pub extended: u64,
    /// When the last one ended.
    pub ended_at: u64,
    /// When the mission last entered degraded mode.
    pub entered_at: u64,
}

/// The parameters, from the mission's epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `degradedModeThresholdMs`.
    pub threshold: Millis,
    /// `degradedGraceSecs`.
    pub grace: Seconds,
    /// `degradedExtensionMaxSecs`.
    pub most: Seconds,
}

impl Outages {
    /// Records an outage: the mission is degraded, and its deadlines move by the answer's seconds. `since` is when it entered its
    /// state; what both reports say and nothing contradicts is the outage.
    ///
    /// Errors: `Dependent`, `WrongMission`, `OutageTooShort`, `Exhausted`.
    /// Source: RESOLUTIONS C-20, RULINGS R30.
    pub fn enter(
        self,
        (state, since): (MissionState, u64),
        [one, other]: [(Address, Address, Interval); 2],
        rules: &Rules,
        now: u64,
    ) -> Result<(Self, Interval, u64), Refused> {
        // Each is a monitor, its principal, and what it says.
        if one.1 == other.1 {
            return Err(Refused::Dependent { monitor: other.0 });
        }
        if MissionState::transition(state, MissionState::Degraded).is_err() {
            return Err(Refused::WrongMission { state });
        }
        let (one, other) = (one.2, other.2);
        let outage = Interval {
            from: one.from.max(other.from).max(since).max(self.ended_at),
            until: one.until.min(other.until).min(now),
        };
        let secs = outage.until.saturating_sub(outage.from);
        let threshold = rules.threshold.to_seconds_ceil().get();
        if secs <= threshold {
            return Err(Refused::OutageTooShort { secs, threshold });
        }
        let (extended, most) = (self.extended, rules.most.get());
        let left = most.saturating_sub(extended);
        if left == 0 {
            return Err(Refused::Exhausted { extended, most });
        }
        let moved = secs.saturating_add(rules.grace.get()).min(left);
        let next = Self {
            extended: extended.saturating_add(moved),
            ended_at: outage.until,
            entered_at: now,
        };
        Ok((next, outage, moved))
    }

    /// Leaves degraded mode; deadlines move by the answer's seconds, in which nobody could act either.
    ///
    /// Errors: `WrongMission`.
    /// Source: RESOLUTIONS C-20.
    pub fn exit(self, state: MissionState, now: u64) -> Result<u64, Refused> {
        if state != MissionState::Degraded {
            return Err(Refused::WrongMission { state });
        }
        Ok(now.saturating_sub(self.entered_at))
    }
}
