//! What the buffer is told, and what it wants done: closed sets.

use agentcity_domain::time::Millis;
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

use super::Outage;
use crate::{
    clock::Moment,
    event::{Head, whole_millis},
    execution::Execution,
    journal::Identity,
};

/// Something the buffer learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Event {
    /// An executor handed in its output. It lies sealed in the vault already.
    Delivered {
        /// Whose.
        execution: Execution,
        /// Since when the chain has the attempt routed, in unix seconds: what was unfrozen is executed, and handed in, again.
        since: u64,
        /// Hash of the output.
        output: B256,
        /// Now, by this machine's clock.
        at: Moment,
    },
    /// The newest block has the output: its node's result is there, or its commitment.
    Confirmed {
        /// Whose.
        execution: Execution,
        /// In which block that was seen.
        at: Head,
    },
    /// A reorg took it back.
    Withdrawn {
        /// Whose.
        execution: Execution,
        /// In which block that was seen.
        at: Head,
    },
    /// A block that counts as final has the output as its node's: others may build on it.
    Settled {
        /// Whose.
        execution: Execution,
        /// Which block.
        at: Head,
    },
    /// A block that counts as final says that this output will never be its node's.
    Refuted {
        /// Whose.
        execution: Execution,
        /// Which block.
        at: Head,
        /// Why, for people.
        cause: String,
    },
    /// A new block.
    Block {
        /// Which.
        head: Head,
        /// When it was seen, by this machine's clock.
        at: Moment,
    },
    /// Time passed without one.
    Tick {
        /// Now, by this machine's clock.
        at: Moment,
    },
    /// A human lets a stopped keeper go on. Told once for each stop, and not before a block came: what is said before that is refused, and
    /// nothing that is said later is the same event.
    Authorised {
        /// Who.
        by: Authority,
        /// The stop that is ended.
        stop: u64,
    },
    /// The chain said how long an outage may last.
    Threshold {
        /// `degradedModeThresholdMs`.
        #[serde(with = "whole_millis")]
        millis: Millis,
        /// As of which block.
        at: Head,
    },
    /// A mission that was halted goes on: what of it was kept is handed in.
    Freed {
        /// Whose output.
        execution: Execution,
        /// In which block that was seen.
        at: Head,
    },
    /// A mission was open in an outage that this keeper saw.
    Struck {
        /// Which outage.
        outage: Outage,
        /// Which mission.
        mission: B256,
    },
}

/// By whose word a stopped keeper goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Authority {
    /// The panel let a mission leave degraded mode, in this block.
    Panel {
        /// Which mission.
        mission: B256,
        /// Which block.
        at: Head,
    },
    /// Who runs this keeper, where nobody declared the outage on chain and there is nothing for the panel to end.
    Operator,
}

impl Event {
    /// What makes it the same event.
    pub fn identity(&self) -> Identity {
        Identity::Once(match self {
            Self::Delivered {
                execution, since, ..
            } => format!("escrow/delivered/{execution}/{since}"),
            Self::Confirmed { execution, at } => {
                format!("escrow/confirmed/{execution}/{:#x}", at.hash)
            }
            Self::Withdrawn { execution, at } => {
                format!("escrow/withdrawn/{execution}/{:#x}", at.hash)
            }
            Self::Settled { execution, at } => format!("escrow/settled/{execution}/{:#x}", at.hash),
            Self::Refuted { execution, at, .. } => {
                format!("escrow/refuted/{execution}/{:#x}", at.hash)
            }
            Self::Freed { execution, at } => format!("escrow/freed/{execution}/{:#x}", at.hash),
            Self::Block { head, .. } => format!("escrow/block/{:#x}", head.hash),
            Self::Tick { at } => format!("escrow/tick/{}", at.get()),
            Self::Authorised { stop, .. } => format!("escrow/authorised/{stop}"),
            Self::Threshold { at, .. } => format!("escrow/threshold/{:#x}", at.hash),
            Self::Struck { outage, mission } => {
                format!("escrow/struck/{}/{mission:#x}", outage.block)
            }
        })
    }
}

/// Something the buffer wants done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Action {
    /// Hand the result in. Whether that happened can be asked of the chain.
    Submit {
        /// Whose.
        execution: Execution,
        /// Since when it is routed.
        since: u64,
        /// Hash of the output.
        output: B256,
        /// Which submission of it, counted from nought: one that the chain refused, or that a reorg took back, is not the next.
        number: u32,
    },
    /// Let successors have the output. It may be done again.
    Release {
        /// Whose.
        execution: Execution,
        /// Since when it was routed.
        since: u64,
        /// Hash of the output.
        output: B256,
    },
    /// The node's transition failed for good: the fault signal STATE_TRANSITION_FAILURE (seed B.11.4, RULINGS K16). The output stays sealed.
    Fault {
        /// Whose.
        execution: Execution,
        /// Since when it was routed.
        since: u64,
        /// What the chain said last.
        cause: String,
    },
    /// Stop every local executor: the outage lasted too long.
    Stop {
        /// Which stop, counted from one.
        stop: u64,
    },
    /// Have a mission degraded on chain, by this keeper's word and another's. Whether that happened can be asked of the chain.
    Declare {
        /// Which mission.
        mission: B256,
        /// For which outage.
        outage: Outage,
    },
    /// Tell a human.
    Alert {
        /// What is known, and what to do.
        text: String,
        /// The alert's place among those of its machine.
        number: u64,
    },
}

impl Action {
    /// The idempotency key, as text.
    pub fn key(&self) -> String {
        match self {
            Self::Submit {
                execution,
                since,
                number,
                ..
            } => format!("escrow/submit/{execution}/{since}/{number}"),
            Self::Release {
                execution, since, ..
            } => format!("escrow/release/{execution}/{since}"),
            Self::Fault {
                execution, since, ..
            } => format!("escrow/fault/{execution}/{since}"),
            Self::Stop { stop } => format!("escrow/stop/{stop}"),
            Self::Declare { mission, outage } => {
                format!("escrow/declare/{}/{mission:#x}", outage.block)
            }
            Self::Alert { number, .. } => format!("escrow/alert/{number}"),
        }
    }
}
