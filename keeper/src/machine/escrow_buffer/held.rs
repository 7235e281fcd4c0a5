//! What can be seen of the buffer from outside: how far each output came.

use alloy::primitives::B256;

use super::{EscrowBuffer, Mode, Stage};
use crate::{event::Head, execution::Execution};

/// How far an output came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It waits for its turn, or for its next try.
    Waits,
    /// It waits for its mission to go on.
    Kept,
    /// It may be handed in, or is.
    Sent,
    /// The newest block has it.
    Confirmed,
    /// A block that counts as final has it.
    Settled,
    /// It was refused for good.
    Faulty,
}

/// An output that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Whose.
    pub execution: Execution,
    /// Since when it was routed.
    pub since: u64,
    /// Its hash.
    pub output: B256,
    /// How far it came.
    pub reached: Reached,
    /// How often the chain refused it.
    pub refused: usize,
}

impl EscrowBuffer {
    /// Outputs that are held, in the order of their delivery, and how far each came.
    pub fn entries(&self) -> impl Iterator<Item = Held> + '_ {
        self.state.entries.iter().map(|entry| Held {
            execution: entry.execution,
            since: entry.since,
            output: entry.output,
            refused: match &entry.stage {
                Stage::Failing(failed)
                | Stage::Sent {
                    failed: Some(failed),
                }
                | Stage::Kept {
                    failed: Some(failed),
                    ..
                } => failed.times,
                _ => 0,
            },
            reached: match &entry.stage {
                Stage::Queued | Stage::Failing(_) => Reached::Waits,
                Stage::Kept { .. } => Reached::Kept,
                Stage::Sent { .. } => Reached::Sent,
                Stage::Confirmed { .. } => Reached::Confirmed,
                Stage::Settled | Stage::Releasing => Reached::Settled,
                Stage::Faulty => Reached::Faulty,
            },
        })
    }

    /// How far the output of an execution came; `None` when none is held.
    pub fn entry_of(&self, execution: &Execution) -> Option<Held> {
        self.entries().find(|held| held.execution == *execution)
    }

    /// The stop that waits for a human, if there is one.
    pub const fn stopped(&self) -> Option<u64> {
        match self.state.mode {
            Mode::Stopped { stop, .. } => Some(stop),
            Mode::Normal | Mode::Degraded { .. } => None,
        }
    }

    /// Whether a stop that waits may be ended as of this block: the chain works again, so what became of the missions can be reviewed.
    pub fn is_over_by(&self, newest: Head) -> bool {
        let is_new = || {
            self.state
                .block
                .is_none_or(|seen| newest.number > seen.head.number)
        };
        match self.state.mode {
            Mode::Stopped { recovered, .. } => recovered.is_some() || is_new(),
            Mode::Normal | Mode::Degraded { .. } => false,
        }
    }

    /// The first block that may hold the panel's word about the stop that waits: the one that ended the outage; `None` before it came.
    pub const fn answerable_from(&self) -> Option<u64> {
        match self.state.mode {
            Mode::Stopped { recovered, .. } => recovered,
            Mode::Normal | Mode::Degraded { .. } => None,
        }
    }
}
