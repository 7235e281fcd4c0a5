//! The wall clock, as a seam: what decides takes an instant as an argument, and only the daemon reads the real one.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use agentcity_domain::time::Millis;
use serde::{Deserialize, Serialize};

/// An instant of this machine's clock in unix milliseconds. The chain's own time is `domain::time::Timestamp`: the two never mix.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Moment(u64);

impl Moment {
    /// The instant `millis` milliseconds after 1970 began.
    pub const fn new(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 began.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// This much later; the last instant there is when that overflows.
    pub const fn after(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.get()))
    }

    /// How long ago `earlier` was; nothing when it lies ahead, since a clock may be set back.
    pub const fn since(self, earlier: Self) -> Millis {
        Millis::new(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now.
    fn now(&self) -> Moment;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 is a clock that was never set: leases that it grants are over at once.
        Moment(since.map_or(0, |span| {
            u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
        }))
    }
}
