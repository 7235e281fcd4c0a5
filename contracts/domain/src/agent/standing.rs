//! Who may do what now. The answer is a set of reasons against it, so that a refusal can say which.

use super::{
    principal::Principal,
    record::{AgentType, Hot, Status},
};
use crate::{
    reputation::Points,
    time::{Seconds, Timestamp},
};

/// What an agent wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// Offer work.
    Bid,
    /// Begin work.
    Route,
    /// Vote.
    Vote,
    /// Sponsor a proposal.
    Sponsor,
    /// Hold a seat in redundant execution.
    Seat,
}

/// Reasons against it, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bars(u8);

impl Purpose {
    /// The purpose of this number.
    pub const fn of(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Bid),
            1 => Some(Self::Route),
            2 => Some(Self::Vote),
            3 => Some(Self::Sponsor),
            4 => Some(Self::Seat),
            _ => None,
        }
    }

    /// Whether it is a principal's voice, which must be of age (RULINGS K1).
    pub const fn needs_age(self) -> bool {
        match self {
            Self::Bid | Self::Route => false,
            Self::Vote | Self::Sponsor | Self::Seat => true,
        }
    }
}

impl Bars {
    /// It is not registered, or leaves.
    pub const NOT_ACTIVE: Self = Self(1);
    /// It is a clerk or a monitor.
    pub const NO_PRODUCER: Self = Self(1 << 1);
    /// Its principal is not enrolled, or leaves.
    pub const NOT_ENROLLED: Self = Self(1 << 2);
    /// Its principal is banned.
    pub const BANNED: Self = Self(1 << 3);
    /// Its principal is frozen.
    pub const FROZEN: Self = Self(1 << 4);
    /// Its reputation is below the floor.
    pub const BELOW_FLOOR: Self = Self(1 << 5);
    /// Its principal enrolled too lately.
    pub const TOO_YOUNG: Self = Self(1 << 6);

    /// The bits.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether nothing stands against it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn add(&mut self, bar: Self, applies: bool) {
        if applies {
            self.0 |= bar.0;
        }
    }
}

/// What stands against an agent whatever it wants.
pub fn bars(hot: &Hot, principal: &Principal, now: Timestamp) -> Bars {
    let mut bars = Bars::default();
    bars.add(Bars::NOT_ACTIVE, hot.status != Status::Active);
    bars.add(Bars::NO_PRODUCER, hot.agent_type != AgentType::Producer);
    let absent = !principal.is_enrolled() || principal.is_leaving();
    bars.add(Bars::NOT_ENROLLED, absent);
    bars.add(Bars::BANNED, principal.is_banned());
    bars.add(Bars::FROZEN, principal.is_frozen(now));
    bars
}

/// What stands against an agent that wants something, by the values in force (RESOLUTIONS, D-29; RULINGS K1).
pub fn bars_for(
    purpose: Purpose,
    hot: &Hot,
    principal: &Principal,
    (floor, age): (Points, Seconds),
    now: Timestamp,
) -> Bars {
    let mut bars = bars(hot, principal, now);
    bars.add(Bars::BELOW_FLOOR, hot.reputation.score_floor() < floor);
    let young = purpose.needs_age() && !principal.is_of_age(age, now);
    bars.add(Bars::TOO_YOUNG, young);
    bars
}
