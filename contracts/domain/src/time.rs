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
