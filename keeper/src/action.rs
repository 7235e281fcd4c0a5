//! What the keeper can do about an event: a closed set.

use alloy::primitives::Address;

/// Something the keeper does. Alerts name what changed; they are not repeated while nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Tell a human that a program's level changed.
    Alert {
        /// Which program.
        program: Address,
        /// What it is now.
        level: Level,
        /// What it was; `None` at the first observation.
        before: Option<Level>,
        /// What is known, and what to do.
        text: String,
    },
}

/// How a program fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// More life left than the notice asks for.
    Fine,
    /// Within the notice: plan a keepalive.
    Soon,
    /// Within the urgent notice: send a keepalive now.
    Urgent,
    /// The chain could not be asked: treat as a fault, not as fine.
    Unknown,
    /// Calls fail.
    Dead,
}

impl Level {
    /// Whether an operator may sleep.
    pub const fn is_fine(self) -> bool {
        matches!(self, Self::Fine)
    }
}
