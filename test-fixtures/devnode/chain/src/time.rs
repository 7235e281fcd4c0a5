//! Time of the chain: a clock that tests can hold still, and the controls that bend it.

use std::{
    fmt::Debug,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use crate::config::Timestamps;

/// Largest timestamp a control accepts (year 36,812): keeps every sum far from overflow and inside JSON's integers.
pub const TIMESTAMP_MAX: u64 = 1 << 40;

/// Where "now" comes from.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Unix seconds.
    fn now(&self) -> u64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }
}

/// A clock that moves only when told.
#[derive(Debug)]
pub struct FixedClock(AtomicU64);

impl FixedClock {
    /// Stands at `now` unix seconds.
    pub const fn new(now: u64) -> Self {
        Self(AtomicU64::new(now))
    }

    /// Moves to `now`.
    pub fn set(&self, now: u64) {
        self.0.store(now, Ordering::SeqCst);
    }

    /// Moves forward by `secs`.
    pub fn advance(&self, secs: u64) {
        self.0.fetch_add(secs, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Why a time control was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The next block would be before its parent, or beside it where that is not allowed.
    #[error("Timestamp error: {asked} is {} the latest block's timestamp {parent}; ask for {least} or later", if asked == parent { "equal to" } else { "before" })]
    NotAfterParent {
        /// Timestamp asked for.
        asked: u64,
        /// Timestamp of the latest block.
        parent: u64,
        /// Least timestamp accepted.
        least: u64,
    },
    /// The timestamp is beyond what the chain represents.
    #[error("timestamp {asked} is beyond the largest supported one, {TIMESTAMP_MAX}")]
    TooLate {
        /// Timestamp asked for.
        asked: u64,
    },
}

/// The bent clock of one chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeKeeper {
    offset: i64,
    next: Option<u64>,
    interval: Option<u64>,
}

impl TimeKeeper {
    /// The clock of a chain that begins at `genesis`, and goes on from there.
    pub const fn since(genesis: u64, clock: u64) -> Self {
        Self::with_offset(genesis as i64 - clock as i64)
    }

    /// A chain's clock this many seconds ahead.
    pub const fn with_offset(offset: i64) -> Self {
        Self {
            offset,
            next: None,
            interval: None,
        }
    }

    /// Seconds this chain is ahead of the clock.
    pub const fn offset(&self) -> i64 {
        self.offset
    }

    /// Seconds between blocks, when fixed.
    pub const fn interval(&self) -> Option<u64> {
        self.interval
    }

    /// "Now" on this chain.
    pub fn now(&self, clock: u64) -> u64 {
        clock.saturating_add_signed(self.offset)
    }

    /// Moves the chain's clock; answers the new offset.
    pub fn increase(&mut self, secs: i64, clock: u64) -> Result<i64, TimeError> {
        let offset = self.offset.saturating_add(secs);
        let now = i128::from(clock) + i128::from(offset);
        if now > i128::from(TIMESTAMP_MAX) {
            return Err(TimeError::TooLate {
                asked: u64::try_from(now).unwrap_or(u64::MAX),
            });
        }
        self.offset = offset;
        Ok(offset)
    }

    /// Sets the chain's clock to `at`; answers by how many seconds it moved.
    pub fn set(
        &mut self,
        at: u64,
        clock: u64,
        parent: u64,
        rule: Timestamps,
    ) -> Result<i64, TimeError> {
        check(at, parent, rule)?;
        let moved = at as i64 - self.now(clock).min(TIMESTAMP_MAX) as i64;
        self.offset = at as i64 - clock as i64;
        self.next = None;
        Ok(moved)
    }

    /// Fixes the timestamp of the next block only; later blocks go on from there.
    pub fn set_next(&mut self, at: u64, parent: u64, rule: Timestamps) -> Result<(), TimeError> {
        check(at, parent, rule)?;
        self.next = Some(at);
        Ok(())
    }

    /// Fixes the seconds between blocks.
    pub fn set_interval(&mut self, secs: u64) -> Result<(), TimeError> {
        if secs > TIMESTAMP_MAX {
            return Err(TimeError::TooLate { asked: secs });
        }
        self.interval = Some(secs);
        Ok(())
    }

    /// Lets blocks follow the clock again; answers whether an interval was set.
    pub fn remove_interval(&mut self) -> bool {
        self.interval.take().is_some()
    }

    /// The timestamp the next block would get, without using it up.
    pub fn peek(&self, clock: u64, parent: u64, rule: Timestamps) -> u64 {
        let least = least(parent, rule);
        self.next
            .or_else(|| self.interval.map(|secs| parent.saturating_add(secs)))
            .unwrap_or_else(|| self.now(clock))
            .clamp(least, TIMESTAMP_MAX.max(least))
    }

    /// The timestamp of the next block. A fixed one moves the chain's clock with it.
    pub fn take(&mut self, clock: u64, parent: u64, rule: Timestamps) -> u64 {
        let at = self.peek(clock, parent, rule);
        if self.next.take().is_some() || self.interval.is_some() {
            self.offset = at as i64 - clock as i64;
        }
        at
    }
}

fn least(parent: u64, rule: Timestamps) -> u64 {
    match rule {
        Timestamps::NonDecreasing => parent,
        Timestamps::Increasing => parent.saturating_add(1),
    }
}

fn check(asked: u64, parent: u64, rule: Timestamps) -> Result<(), TimeError> {
    let least = least(parent, rule);
    if asked < least {
        return Err(TimeError::NotAfterParent {
            asked,
            parent,
            least,
        });
    }
    if asked > TIMESTAMP_MAX {
        return Err(TimeError::TooLate { asked });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_clock_and_never_goes_back() {
        let mut time = TimeKeeper::default();
        assert_eq!(time.take(100, 90, Timestamps::NonDecreasing), 100);
        assert_eq!(time.take(80, 100, Timestamps::NonDecreasing), 100);
        assert_eq!(time.take(80, 100, Timestamps::Increasing), 101);
    }

    #[test]
    fn a_fixed_next_timestamp_is_used_once_and_carries_the_clock_along() {
        let mut time = TimeKeeper::default();
        time.set_next(500, 100, Timestamps::Increasing).unwrap();
        assert_eq!(time.take(100, 100, Timestamps::Increasing), 500);
        assert_eq!(time.take(103, 500, Timestamps::Increasing), 503);
    }

    #[test]
    fn refuses_a_next_timestamp_before_the_parent_by_profile() {
        let mut time = TimeKeeper::default();
        assert_eq!(
            time.set_next(99, 100, Timestamps::NonDecreasing),
            Err(TimeError::NotAfterParent {
                asked: 99,
                parent: 100,
                least: 100
            })
        );
        assert_eq!(
            time.set_next(100, 100, Timestamps::Increasing),
            Err(TimeError::NotAfterParent {
                asked: 100,
                parent: 100,
                least: 101
            })
        );
        assert_eq!(time.set_next(100, 100, Timestamps::NonDecreasing), Ok(()));
        assert_eq!(
            time.set_next(u64::MAX, 100, Timestamps::Increasing),
            Err(TimeError::TooLate { asked: u64::MAX })
        );
    }

    #[test]
    fn increase_adds_up_and_set_reports_the_distance() {
        let mut time = TimeKeeper::default();
        assert_eq!(time.increase(60, 1_000), Ok(60));
        assert_eq!(time.increase(60, 1_000), Ok(120));
        assert_eq!(time.now(1_000), 1_120);
        assert_eq!(
            time.set(2_000, 1_000, 1_120, Timestamps::NonDecreasing),
            Ok(880)
        );
        assert_eq!(time.now(1_001), 2_001);
        assert!(time.increase(i64::MAX, 1_000).is_err());
    }

    #[test]
    fn an_interval_spaces_blocks_until_removed() {
        let mut time = TimeKeeper::default();
        time.set_interval(7).unwrap();
        assert_eq!(time.take(1_000, 100, Timestamps::Increasing), 107);
        assert_eq!(time.take(1_000, 107, Timestamps::Increasing), 114);
        assert!(time.remove_interval());
        assert!(!time.remove_interval());
        assert_eq!(time.take(1_001, 114, Timestamps::Increasing), 115);
    }
}
