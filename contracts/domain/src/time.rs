//! Instants and durations. Parameters are stored in milliseconds, chains tell whole seconds (RESOLUTIONS C-16).

use core::fmt;

/// Milliseconds in a second.
const MILLIS_PER_SECOND: u64 = 1_000; // structural: what a millisecond is

/// An instant in unix seconds, as a block tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

/// A duration in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(u64);

/// A duration in milliseconds, the unit of the parameter table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(u64);

/// Why an instant or a duration could not be computed. Carries the operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The instant `at + after` exceeds 2⁶⁴−1 seconds.
    InstantOverflow {
        /// Start, in unix seconds.
        at: u64,
        /// What was to be added, in seconds.
        after: u64,
    },
    /// The sum of two durations exceeds 2⁶⁴−1.
    DurationOverflow {
        /// First summand.
        left: u64,
        /// Second summand.
        right: u64,
    },
    /// `now` lies before `start`: the caller mixed two clocks, or passed a start that has not happened.
    StartsInFuture {
        /// The start, in unix seconds.
        start: u64,
        /// The block's time, in unix seconds.
        now: u64,
    },
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InstantOverflow { at, after } => write!(f, "{at} s + {after} s exceeds 2^64-1"),
            Self::DurationOverflow { left, right } => write!(f, "{left} + {right} exceeds 2^64-1"),
            Self::StartsInFuture { start, now } => write!(f, "start {start} lies after now {now}"),
        }
    }
}

impl core::error::Error for TimeError {}

impl Millis {
    /// A duration of `millis` milliseconds.
    pub const fn new(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// `⌈ms ÷ 1000⌉`: a window never becomes shorter by the conversion, and one of a millisecond is not nothing.
    ///
    /// Source: RESOLUTIONS C-16, vectors `ms_to_s`.
    pub const fn to_seconds_ceil(self) -> Seconds {
        Seconds(self.0.div_ceil(MILLIS_PER_SECOND))
    }

    /// Errors: [`TimeError::DurationOverflow`].
    pub const fn checked_add(self, other: Self) -> Result<Self, TimeError> {
        match self.0.checked_add(other.0) {
            Some(sum) => Ok(Self(sum)),
            None => Err(TimeError::DurationOverflow {
                left: self.0,
                right: other.0,
            }),
        }
    }
}

impl Seconds {
    /// A duration of `seconds` seconds.
    pub const fn new(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Errors: [`TimeError::DurationOverflow`].
    pub const fn checked_add(self, other: Self) -> Result<Self, TimeError> {
        match self.0.checked_add(other.0) {
            Some(sum) => Ok(Self(sum)),
            None => Err(TimeError::DurationOverflow {
                left: self.0,
                right: other.0,
            }),
        }
    }
}

impl Timestamp {
    /// The instant `seconds` after the epoch.
    pub const fn new(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Unix seconds.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The instant `after` later.
    ///
    /// Errors: [`TimeError::InstantOverflow`].
    pub const fn checked_add(self, after: Seconds) -> Result<Self, TimeError> {
        match self.0.checked_add(after.0) {
            Some(sum) => Ok(Self(sum)),
            None => Err(TimeError::InstantOverflow {
                at: self.0,
                after: after.0,
            }),
        }
    }

    /// What has passed from `start` until this instant.
    ///
    /// Errors: [`TimeError::StartsInFuture`].
    pub const fn since(self, start: Self) -> Result<Seconds, TimeError> {
        match self.0.checked_sub(start.0) {
            Some(passed) => Ok(Seconds(passed)),
            None => Err(TimeError::StartsInFuture {
                start: start.0,
                now: self.0,
            }),
        }
    }
}

/// Whether a window of `limit` that began at `start` is over at `now`: strictly, `now − start > limit`. The last
/// second of a window still belongs to it.
///
/// Errors: [`TimeError::StartsInFuture`].
/// Source: RESOLUTIONS C-16.
pub const fn expired(start: Timestamp, limit: Seconds, now: Timestamp) -> Result<bool, TimeError> {
    match now.since(start) {
        Ok(passed) => Ok(passed.0 > limit.0),
        Err(refusal) => Err(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Timestamp {
        Timestamp::new(seconds)
    }

    #[test]
    fn milliseconds_round_up_to_seconds() {
        for (millis, seconds) in [
            (0, 0),
            (1, 1),
            (999, 1),
            (1_000, 1),
            (1_001, 2),
            (1_999, 2),
            (2_000, 2),
            (u64::MAX, u64::MAX / 1_000 + 1),
        ] {
            assert_eq!(
                Millis::new(millis).to_seconds_ceil().get(),
                seconds,
                "{millis} ms"
            );
        }
    }

    #[test]
    fn a_window_expires_after_its_last_second() {
        let over = |now| expired(at(100), Seconds::new(10), at(now));
        assert_eq!(over(100), Ok(false));
        assert_eq!(over(110), Ok(false));
        assert_eq!(over(111), Ok(true));
        assert_eq!(expired(at(7), Seconds::new(0), at(7)), Ok(false));
        assert_eq!(expired(at(7), Seconds::new(0), at(8)), Ok(true));
        assert_eq!(
            expired(at(0), Seconds::new(u64::MAX), at(u64::MAX)),
            Ok(false)
        );
    }

    #[test]
    fn refuses_a_start_in_the_future() {
        let refusal = TimeError::StartsInFuture {
            start: 101,
            now: 100,
        };
        assert_eq!(expired(at(101), Seconds::new(0), at(100)), Err(refusal));
        assert_eq!(at(100).since(at(101)), Err(refusal));
        assert_eq!(at(101).since(at(100)), Ok(Seconds::new(1)));
    }

    #[test]
    fn sums_do_not_wrap() {
        assert_eq!(
            at(u64::MAX - 1).checked_add(Seconds::new(1)),
            Ok(at(u64::MAX))
        );
        assert_eq!(
            at(u64::MAX).checked_add(Seconds::new(1)),
            Err(TimeError::InstantOverflow {
                at: u64::MAX,
                after: 1
            })
        );
        let refusal = TimeError::DurationOverflow {
            left: u64::MAX,
            right: 1,
        };
        assert_eq!(
            Seconds::new(u64::MAX).checked_add(Seconds::new(1)),
            Err(refusal)
        );
        assert_eq!(
            Millis::new(u64::MAX).checked_add(Millis::new(1)),
            Err(refusal)
        );
        assert_eq!(
            Seconds::new(2).checked_add(Seconds::new(3)),
            Ok(Seconds::new(5))
        );
        assert_eq!(
            Millis::new(2).checked_add(Millis::new(3)),
            Ok(Millis::new(5))
        );
    }
}
