//! What the keeper can do about an event: a closed set.

use alloy::primitives::Address;

use crate::machine::program_life::Level;

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
