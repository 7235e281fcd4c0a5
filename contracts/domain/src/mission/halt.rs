//! What lies on a mission now, and what it forbids: the tables of [`exit`](crate::exit) applied to a record.
//!
//! A mission has at most one halt of its own. The city's lie on it as well: the panel's, which the record of number zero
//! holds, and the watchdog's, which the roster answers for. Each has its maximum, after which anyone may abort what lies
//! under it (RULINGS R9). One that is overdue counts, whatever else lies there (INV-MISSION-04).

use super::{Refused, Why, record::Mission};
use crate::exit::{Halt, Halts};

/// The interface's number of a stop.
pub const STOP: u8 = 1;
/// The interface's number of a pause.
pub const PAUSE: u8 = 2; // structural: an enum's number

/// What lies on a mission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lying {
    /// Its own halt, and when that is overdue.
    pub own: (u8, u64),
    /// The city's halt, and when that is overdue.
    pub city: (u8, u64),
    /// When the watchdog's freeze is overdue; zero for none, and where it was not asked since it forbids nothing of the kind.
    pub watchdog: u64,
}

impl Lying {
    /// As a set of the tables.
    pub const fn halts(&self) -> Halts {
        let mut halts = Halts::NONE;
        if self.own.0 == STOP {
            halts = halts.and(Halt::EmergencyStop);
        }
        if self.own.0 == PAUSE {
            halts = halts.and(Halt::Pause);
        }
        if self.city.0 != 0 {
            halts = halts.and(Halt::CityHalt);
        }
        if self.watchdog != 0 {
            halts = halts.and(Halt::WatchdogFreeze);
        }
        halts
    }

    /// Refuses what one of them forbids, which [`forbidders`](crate::exit::forbidders) says of a command.
    ///
    /// Errors: `Halted`, with the interface's number of the halt and when it is overdue.
    #[inline(never)]
    pub fn permit(&self, forbidders: Halts) -> Result<(), Refused> {
        let lies = |halt: Halt| forbidders.has(halt) && self.halts().has(halt);
        let (halt, until) = if lies(Halt::EmergencyStop) || lies(Halt::Pause) {
            self.own
        } else if lies(Halt::CityHalt) {
            self.city
        } else if lies(Halt::WatchdogFreeze) {
            (STOP, self.watchdog)
        } else {
            return Ok(());
        };
        Err(Why::Halted { halt, until }.into())
    }

    /// What halts it, as views say it: a stop before a pause, its own before the city's.
    pub const fn shown(&self) -> (u8, u64) {
        if self.city.0 != 0 && self.own.0 != STOP {
            return self.city;
        }
        self.own
    }

    /// Whether one of them passed its maximum.
    pub const fn is_overdue(&self, now: u64) -> bool {
        self.own.0 != 0 && now > self.own.1
            || self.city.0 != 0 && now > self.city.1
            || self.watchdog != 0 && now > self.watchdog
    }

    /// When the first of them passes its maximum; none if nothing lies there.
    pub fn overdue_at(&self) -> u64 {
        let watchdog = (u8::from(self.watchdog != 0), self.watchdog);
        [self.own, self.city, watchdog]
            .iter()
            .filter(|(halt, _)| *halt != 0)
            .map(|(_, until)| *until)
            .min()
            .unwrap_or(u64::MAX)
    }

    /// Whether nobody could route a node, though time ran: then nobody is at fault that it was not (RULINGS R9).
    pub const fn bars_routing(&self) -> bool {
        self.own.0 == PAUSE || self.watchdog != 0
    }
}

impl Mission {
    /// Lays a halt on a mission, or on the city: a stop also over a pause.
    ///
    /// Errors: `Order` for another halt than a stop or, of a mission, a pause; `Halted` if one lies there.
    pub fn lay(&mut self, halt: u8, until: u64, is_city: bool) -> Result<(), Refused> {
        if halt != STOP && (halt != PAUSE || is_city) {
            return Err(Why::Order.into());
        }
        let found = self.halt();
        if found == 0 || found == PAUSE && halt == STOP {
            self.set_halt(halt);
            return Ok(());
        }
        Err(Why::Halted { halt: found, until }.into())
    }

    /// Takes a halt away and moves every deadline by `secs`.
    ///
    /// Errors: `Halted`, with what lies there, if it is not this one.
    pub fn lift(&mut self, halt: u8, secs: u64, until: u64) -> Result<(), Refused> {
        let found = self.halt();
        if halt == 0 || found != halt {
            return Err(Why::Halted { halt: found, until }.into());
        }
        self.set_halt(0);
        self.postpone(secs);
        Ok(())
    }
}
