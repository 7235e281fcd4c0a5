//! What watches missions while they run: monitors' reports, freezes, stops, pauses, outages.
//!
//! ```text
//!  reports ──▶ freeze of a node ──▶ too many of them ──▶ stop of the mission
//!                  │ panel: lift, confirm                   │ panel: clear        divergence ──▶ pause
//!                  ▼ nobody: expires, the node fails        ▼ nobody: anyone aborts            ▼ alike
//! ```
//!
//! Nothing here takes a stake: a freeze halts for evidence, and people decide what the evidence is worth (RESOLUTIONS G-14). What
//! halts has an end that anyone may bring about, and that end is never permission to go on (RULINGS R8, R9).
//!
//! | file | rules |
//! |---|---|
//! | [`report`] | what one monitor's word is worth, and when several agree (G-10, G-11; R13, A10) |
//! | [`freeze`] | what can be frozen, and what becomes of a freeze (G-06, G-15, G-16; R8, K8) |
//! | [`escalation`] | when freezes add up to a stop (G-01 to G-05, G-07; R13) |
//! | [`stop`] | stops of a mission or of the city, and what they forbid (G-08, D-10; R9) |
//! | [`divergence`] | pauses under bond, and reconciliation (C-21; R10) |
//! | [`outage`] | degraded mode (C-20; R30) |
//!
//! The gate at a mission's end is [`crate::gate`].

pub mod divergence;
pub mod escalation;
pub mod freeze;
pub mod outage;
pub mod report;
pub mod stop;

use alloy_primitives::Address;

use crate::{
    exit::Halt,
    machine::{FreezeState, MissionState, NodeState},
};

/// Why a command changes nothing. Instants in unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The mission is in a state that takes no such command.
    WrongMission {
        /// Its state.
        state: MissionState,
    },
    /// The node is in a state that takes no such command.
    WrongNode {
        /// Its state.
        state: NodeState,
        /// Its attempt.
        attempt: u8,
    },
    /// The report speaks of an attempt that is not the current one.
    WrongAttempt {
        /// The current one.
        found: u8,
        /// The one spoken of.
        given: u8,
    },
    /// The report does not follow its monitor's last one: its sequence does not rise, or a counter falls.
    Stale {
        /// Its sequence.
        given: u64,
        /// The last one's.
        last: u64,
    },
    /// Two words of one principal are one word.
    Dependent {
        /// The monitor whose word adds nothing.
        monitor: Address,
    },
    /// People decided on the freeze before.
    FreezeDecided {
        /// What they decided.
        state: FreezeState,
    },
    /// The freeze was classified before, and its monitors were charged.
    AlreadyClassified,
    /// A halt forbids it.
    Halted {
        /// Which.
        halt: Halt,
        /// Until when it lasts at most.
        until: u64,
    },
    /// It lies under no such halt.
    NotHalted {
        /// The one that was to be lifted.
        halt: Halt,
        /// The one under which it lies, if any.
        found: Option<Halt>,
    },
    /// The mission did not end, or holds no bond.
    NoBond,
    /// The proven outage is too short.
    OutageTooShort {
        /// How long it was, in seconds.
        secs: u64,
        /// What it has to exceed.
        threshold: u64,
    },
    /// Outages moved this mission's deadlines as far as they may.
    Exhausted {
        /// Seconds so far.
        extended: u64,
        /// Seconds at most.
        most: u64,
    },
}

/// `at + secs`, which no clock reaches where it would not fit.
pub(crate) const fn after(at: u64, secs: u64) -> u64 {
    at.saturating_add(secs)
}
