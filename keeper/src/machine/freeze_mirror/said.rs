//! What the mirror is told, and what it wants done: closed sets.

use agentcity_domain::{
    guardian::{freeze::Cause, report},
    machine::{MissionState, NodeState},
};
use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Moment,
    event::{Head, numbered},
    execution::Execution,
    journal::Identity,
};

/// Something the mirror learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Event {
    /// The chain answered about a mission.
    Told {
        /// The fence of the lease under which it was asked: what an earlier holder learnt makes nothing known to this one.
        fence: u64,
        /// The last silence about this mission before, if any: an answer as of the same block as one before it is another answer.
        after: Option<Moment>,
        /// How old the block is.
        age: Age,
        /// The answer.
        view: View,
    },
    /// The chain did not answer about a mission, or not in a way that can be understood. It is unknown, not unfrozen.
    Silent {
        /// Which.
        mission: B256,
        /// Why, for the operator.
        cause: String,
        /// When it was asked, by this machine's clock.
        asked: Moment,
    },
    /// A log says that an execution was frozen. That a reorg takes it back is no event: it is held until the chain says what is so.
    Frozen {
        /// Which.
        execution: Execution,
        /// The freeze's number on chain.
        freeze: u64,
        /// Where the log is.
        block: u64,
        /// Hash of that block.
        hash: B256,
    },
    /// An executor began here.
    Began {
        /// What it executes.
        execution: Execution,
        /// Since when the chain has the attempt routed, in unix seconds: what was unfrozen begins again.
        since: u64,
        /// How often it ended here before: what a freeze stopped that the chain took back begins again, routed since the same second.
        #[serde(default)]
        ended: u32,
    },
    /// An executor is done here, or gone.
    Over {
        /// What it executed.
        execution: Execution,
        /// Since when, as it began.
        since: u64,
    },
    /// What a local executor used, and how far what it said lies from what it usually says.
    Measured {
        /// Whose.
        execution: Execution,
        /// Since when, as it began.
        since: u64,
        /// The entry of its trail after which it was measured; the next has a greater one.
        step: u64,
        /// The numbers.
        measure: Measure,
    },
}

impl Event {
    /// What makes it the same event.
    pub fn identity(&self) -> Identity {
        Identity::Once(match self {
            Self::Told {
                fence,
                after,
                age,
                view,
            } => format!(
                "mirror/told/{fence}/{}/{age:?}/{:#x}/{:#x}",
                after.map_or(0, Moment::get),
                view.mission,
                view.at.hash
            ),
            Self::Silent { mission, asked, .. } => {
                format!("mirror/silent/{mission:#x}/{}", asked.get())
            }
            Self::Frozen { freeze, hash, .. } => format!("mirror/frozen/{freeze}/{hash:#x}"),
            Self::Began {
                execution,
                since,
                ended: 0,
            } => format!("mirror/began/{execution}/{since}"),
            Self::Began {
                execution,
                since,
                ended,
            } => format!("mirror/began/{execution}/{since}/{ended}"),
            Self::Over { execution, since } => format!("mirror/over/{execution}/{since}"),
            Self::Measured {
                execution,
                since,
                step,
                ..
            } => format!("mirror/measured/{execution}/{since}/{step}"),
        })
    }
}

/// How old the block of an answer is. What is newest adds holds, what is settled takes them away, so a reorg can do neither wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Age {
    /// The newest block.
    Newest,
    /// One as deep as what counts as final.
    Settled,
}

/// What is measured of an execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Tool invocations since the attempt began.
    pub tools: u32,
    /// Messages since then.
    pub messages: u32,
    /// Centred deviation of the last output, in thousandths of σ; `None` where nothing was scored.
    pub deviation: Option<u32>,
    /// Whether it runs other code than it registered.
    pub substituted: bool,
}

/// A mission as of one block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Which.
    pub mission: B256,
    /// As of which block.
    pub at: Head,
    /// Its state, by number.
    #[serde(with = "numbered")]
    pub state: MissionState,
    /// Nodes that are neither waiting nor completed.
    pub nodes: Vec<NodeView>,
    /// Freezes whose logs are known.
    pub freezes: Vec<FreezeView>,
    /// What this keeper's monitor last reported, where it did.
    pub heard: Vec<HeardView>,
    /// Where reports begin to count in this mission.
    pub limits: Limits,
    /// Whether no other monitor of another principal and scorer is at work with this one (RULINGS R13).
    pub alone: bool,
}

/// A node as of one block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeView {
    /// Which.
    pub node: u16,
    /// Its state, by number.
    #[serde(with = "numbered")]
    pub state: NodeState,
    /// Its attempt.
    pub attempt: u8,
    /// Who sits there.
    pub agents: Vec<Address>,
}

/// A freeze as of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreezeView {
    /// Its number; those of one mission rise.
    pub freeze: u64,
    /// What it froze.
    pub execution: Execution,
    /// Whether people decided nothing yet.
    pub open: bool,
    /// Whether they found that there was nothing.
    pub is_false: bool,
}

/// What a monitor last reported, as of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeardView {
    /// Of what.
    pub execution: Execution,
    /// The report's sequence.
    pub sequence: u64,
    /// Its counter of tool invocations.
    pub tools: u32,
    /// Its counter of messages.
    pub messages: u32,
}

/// Where reports begin to count: `domain::guardian::report::Limits`, as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// `deviationThresholdSigma`, in thousandths.
    pub deviation: u32,
    /// `maxToolInvocations`.
    pub tools: u32,
    /// `maxMessageVolume`.
    pub messages: u32,
}

impl From<Limits> for report::Limits {
    fn from(limits: Limits) -> Self {
        let Limits {
            deviation,
            tools,
            messages,
        } = limits;
        Self {
            deviation,
            tools,
            messages,
        }
    }
}

/// Something the mirror wants done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Action {
    /// Stop a local executor at once, and seal what it was about. It may be done again: who is stopped stays stopped.
    Arrest {
        /// What it executes.
        execution: Execution,
        /// Why, by number.
        #[serde(with = "numbered")]
        cause: Cause,
        /// What was measured; `None` where others froze it.
        measure: Option<Measure>,
        /// Which arrest of this execution, counted from nought: an execution that was unfrozen may be arrested again.
        incident: u32,
        /// Which try, counted from nought.
        attempt: u32,
    },
    /// Report to the chain. Whether that happened can be asked: the chain keeps the last sequence of each monitor.
    Report {
        /// Of what.
        execution: Execution,
        /// What kind, by number.
        #[serde(with = "numbered")]
        kind: report::Kind,
        /// The numbers.
        measure: Measure,
        /// Hash of what was sealed; zero where nothing could be.
        evidence: B256,
        /// Its place among this monitor's reports of this execution: recorded here before anything is signed.
        sequence: u64,
    },
    /// Tell a human.
    Alert {
        /// Of what.
        execution: Execution,
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
            Self::Arrest {
                execution,
                incident,
                attempt,
                ..
            } => format!("mirror/arrest/{execution}/{incident}/{attempt}"),
            Self::Report {
                execution,
                sequence,
                ..
            } => format!("mirror/report/{execution}/{sequence}"),
            Self::Alert { number, .. } => format!("mirror/alert/{number}"),
        }
    }
}
