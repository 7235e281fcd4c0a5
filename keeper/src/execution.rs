//! What is executed: one agent's work at one attempt of a node.

use std::fmt;

use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

/// One agent's execution of one attempt of a node. Freezes, outputs and reports are of one of these: an attempt that was reassigned,
/// or another agent of the same attempt, is not meant (RULINGS R8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execution {
    /// The mission.
    pub mission: B256,
    /// The node in it.
    pub node: u16,
    /// Which attempt at the node.
    pub attempt: u8,
    /// Who executes.
    pub agent: Address,
}

/// `mission/node/attempt/agent`: a name without anything that a path or a key would not take.
impl fmt::Display for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            mission,
            node,
            attempt,
            agent,
        } = self;
        write!(f, "{mission:#x}/{node}/{attempt}/{agent:#x}")
    }
}
