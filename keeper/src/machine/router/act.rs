//! What the router wants done: each is one step, or many of one kind in one transaction (RULINGS R4).

use agentcity_executor::protocol::{JobId, Kind, Place};
use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

/// A step that is done once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Step {
    /// Have the executor promise its seat, and relay that.
    Accept(JobId),
    /// Ask every seat's live code hash and begin the node.
    Route {
        /// Of which mission.
        mission: B256,
        /// Which.
        node: u16,
        /// In which attempt.
        attempt: u8,
    },
    /// Have the executor work.
    Invoke(JobId),
    /// Relay the executor's signed result.
    Result(JobId, Kind),
    /// Have the executor open an output that the chain completed: tier 3.
    Open(JobId),
    /// Close a verification whose windows passed.
    Close {
        /// Of which mission.
        mission: B256,
        /// Which.
        node: u16,
        /// In which attempt.
        attempt: u8,
    },
    /// Take a node out of a state whose time is over.
    Expire {
        /// Of which mission.
        mission: B256,
        /// Which.
        node: u16,
        /// In which attempt.
        attempt: u8,
    },
    /// Give a silent seat to whoever stands behind those that won the node.
    Substitute {
        /// Of which mission.
        mission: B256,
        /// Which.
        node: u16,
        /// In which attempt.
        attempt: u8,
        /// Whose seat.
        seat: Place,
    },
    /// Open the session that gives a failed node new seats.
    Reopen {
        /// Of which mission.
        mission: B256,
        /// Which.
        node: u16,
        /// In which attempt.
        attempt: u8,
    },
    /// Have the executor end its work at once.
    Stop(JobId),
    /// Have the gate asked about the output of a mission whose nodes are complete.
    Filter {
        /// Which mission.
        mission: B256,
    },
    /// End a mission that lives beyond its deadline.
    End {
        /// Which mission.
        mission: B256,
    },
    /// Release an ended mission's stake of an agent.
    Release {
        /// Which mission.
        mission: B256,
        /// Whose.
        agent: Address,
    },
    /// Refund what is left of an ended mission's escrow.
    CloseEscrow {
        /// Which mission.
        mission: B256,
    },
}

impl Step {
    /// The mission that it is about.
    pub const fn mission(&self) -> B256 {
        match self {
            Self::Accept(job)
            | Self::Invoke(job)
            | Self::Result(job, _)
            | Self::Open(job)
            | Self::Stop(job) => job.mission,
            Self::Route { mission, .. }
            | Self::Close { mission, .. }
            | Self::Expire { mission, .. }
            | Self::Substitute { mission, .. }
            | Self::Reopen { mission, .. }
            | Self::Filter { mission }
            | Self::End { mission }
            | Self::Release { mission, .. }
            | Self::CloseEscrow { mission } => *mission,
        }
    }

    /// What steps share one transaction.
    const fn batch(&self) -> Option<Batch> {
        match self {
            Self::Accept(_) => Some(Batch::Acceptances),
            Self::Result(..) => Some(Batch::Results),
            Self::Route { .. }
            | Self::Invoke(_)
            | Self::Open(_)
            | Self::Close { .. }
            | Self::Expire { .. }
            | Self::Substitute { .. }
            | Self::Reopen { .. }
            | Self::Filter { .. }
            | Self::End { .. }
            | Self::Stop(_)
            | Self::Release { .. }
            | Self::CloseEscrow { .. } => None,
        }
    }

    /// What it is in a key.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Accept(job) => format!("accept/{job}"),
            Self::Route {
                mission,
                node,
                attempt,
            } => format!("route/{mission:#x}-{node}-{attempt}"),
            Self::Invoke(job) => format!("invoke/{job}"),
            Self::Result(job, kind) => format!("result/{job}/{}", *kind as u8),
            Self::Open(job) => format!("open/{job}"),
            Self::Close {
                mission,
                node,
                attempt,
            } => format!("close/{mission:#x}-{node}-{attempt}"),
            Self::Expire {
                mission,
                node,
                attempt,
            } => format!("expire/{mission:#x}-{node}-{attempt}"),
            Self::Reopen {
                mission,
                node,
                attempt,
            } => format!("reopen/{mission:#x}-{node}-{attempt}"),
            Self::Substitute {
                mission,
                node,
                attempt,
                seat,
            } => format!("substitute/{mission:#x}-{node}-{attempt}-{}", seat.get()),
            Self::Filter { mission } => format!("filter/{mission:#x}"),
            Self::End { mission } => format!("end/{mission:#x}"),
            Self::Stop(job) => format!("stop/{job}"),
            Self::Release { mission, agent } => format!("release/{mission:#x}/{agent:#x}"),
            Self::CloseEscrow { mission } => format!("escrow/{mission:#x}"),
        }
    }
}

/// Steps of one kind that one transaction carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Batch {
    Acceptances,
    Results,
}

/// Which time a step is done: one that was refused, or is done anew after a freeze, is not the same as the next.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// When its node, or the mission that it ends, came to its state, unix seconds; zero of a mission's other steps.
    pub since: u64,
    /// How often it was refused since.
    pub refused: u32,
    /// How often it was done since: work that was stopped, and is asked for again, is not the work that was asked for before.
    #[serde(default)]
    pub again: u32,
}

/// Something the router wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Action {
    /// Steps, of one kind if there are several. Of each the chain, or the executor, knows whether it is done.
    Do {
        /// Which.
        steps: Vec<(Step, Round)>,
    },
    /// Tell a human.
    Tell {
        /// The mission that it is about.
        mission: B256,
        /// What is known, and what to do.
        text: String,
        /// Its place among what this machine told.
        number: u64,
    },
}

impl Action {
    /// What makes two of them one, as text.
    pub fn name(&self) -> String {
        match self {
            Self::Do { steps } => {
                let names = steps.iter().map(|(step, round)| {
                    let again = match round.again {
                        0 => String::new(),
                        again => format!("/{again}"),
                    };
                    format!("{}/{}/{}{again}", step.name(), round.since, round.refused)
                });
                format!("router/{}", names.collect::<Vec<_>>().join("+"))
            }
            Self::Tell {
                mission, number, ..
            } => format!("router/tell/{mission:#x}/{number}"),
        }
    }
}

/// Steps as actions: those that share a transaction together, at most `most` in one, all others alone.
pub(super) fn batched(steps: Vec<(Step, Round)>, most: usize) -> Vec<Action> {
    let (mut alone, mut shared) = (Vec::new(), Vec::new());
    for step in steps {
        match step.0.batch() {
            Some(batch) => shared.push((batch, step)),
            None => alone.push(Action::Do { steps: vec![step] }),
        }
    }
    shared.sort_by_key(|(batch, _)| *batch);
    for same in shared.chunk_by(|(left, _), (right, _)| left == right) {
        for chunk in same.chunks(most) {
            let steps = chunk.iter().map(|(_, step)| *step).collect();
            alone.push(Action::Do { steps });
        }
    }
    alone
}
