//! What the keeper can do about an event: a closed set.

use agentcity_domain::time::Timestamp;
use alloy::primitives::{Address, B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::{
    event::whole_seconds,
    journal::ActionKey,
    machine::{anchor, clerk, escrow_buffer, freeze_mirror, reconciliation, router, scribe},
};

/// Something the keeper does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Action {
    /// Tell a human that a program's level changed. It is not repeated while nothing changes. What was told just when the process died
    /// is told again: nobody can be asked whether he heard it.
    Alert {
        /// Which program.
        program: Address,
        /// What it is now.
        level: Level,
        /// What it was; `None` at the first observation.
        before: Option<Level>,
        /// What is known, and what to do.
        text: String,
        /// The alert's place among those of its machine.
        number: u64,
    },
    /// Extend a program's life. Whether that happened can be asked of the chain: the program expires later then than `expires`.
    Keepalive {
        /// Which program.
        program: Address,
        /// When it expires as it is.
        #[serde(with = "whole_seconds")]
        expires: Timestamp,
        /// Which try, counted from nought: one that the chain refused is not the same action as the next.
        attempt: u32,
    },
    /// Of the log's anchors.
    Log(anchor::Step),
    /// Of the chain in the log.
    Scribe(scribe::Action),
    /// What a clerk does.
    Clerk(clerk::Action),
    /// What the router wants.
    Router(router::Action),
    /// Of the freeze mirror.
    Mirror(freeze_mirror::Action),
    /// Of the escrow buffer.
    Escrow(escrow_buffer::Action),
    /// Of reconciliation.
    Reconciliation(reconciliation::Action),
}

impl Action {
    /// The idempotency key: two actions with one key are one action.
    pub fn key(&self) -> ActionKey {
        ActionKey(keccak256(match self {
            Self::Alert {
                program, number, ..
            } => format!("alert/{program:#x}/{number}"),
            Self::Keepalive {
                program,
                expires,
                attempt,
            } => format!("keepalive/{program:#x}/{}/{attempt}", expires.get()),
            Self::Log(step) => step.key(),
            Self::Scribe(action) => action.key(),
            Self::Clerk(action) => action.key(),
            Self::Router(action) => action.name(),
            Self::Mirror(action) => action.key(),
            Self::Escrow(action) => action.key(),
            Self::Reconciliation(action) => action.name(),
        }))
    }
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Outcome {
    /// A human was told.
    Told,
    /// It was done without a transaction.
    Reported {
        /// What came of it, in the words of its part.
        report: String,
    },
    /// A transaction did it.
    Done {
        /// Which.
        hash: B256,
        /// In which block.
        block: u64,
    },
    /// The chain says that it is done already, by whomever.
    Satisfied,
    /// The chain refuses it, before or in a transaction.
    Refused {
        /// What it says.
        cause: String,
    },
}

impl Outcome {
    /// Why it was refused, if it was.
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused { cause } => Some(cause),
            Self::Told | Self::Reported { .. } | Self::Done { .. } | Self::Satisfied => None,
        }
    }
}

/// How a program fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
