//! What is sealed of an executor when it is frozen: the five parts of the seed's Memory State Preservation Protocol (B.11).
//!
//! | part | what | from |
//! |---|---|---|
//! | reasoning | the whole context of the model, the step that exceeded, its deviation, the task | executor, mirror |
//! | tools | each call since the attempt began, and the counters | executor, mirror |
//! | messages | each message since then | executor |
//! | progress | what went in, what came out so far, tokens used of those allotted | executor |
//! | contract | node, freezes and this monitor's counters as of a block | chain |
//!
//! The hash of these bytes stands in the report (`evidenceHash`), so it is on chain with the freeze, and nobody can change afterwards what
//! the panel looks at. The bytes are sealed in the [`vault`](crate::vault). What an executor hands over is its word: the panel
//! compares it with the trail that was committed, and with what others received.

use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

use crate::{
    event::Head,
    execution::Execution,
    machine::freeze_mirror::{FreezeView, HeardView, Measure, NodeView},
};

/// Longest context, and longest partial output, in bytes: both together stay below what the vault takes, however they are escaped
/// is checked there.
pub const TEXT_BYTES_MAX: usize = 2 << 20;
/// Most calls or messages in one snapshot: far above what any threshold of the table allows.
pub const ENTRIES_MAX: usize = 4_096;
/// Longest name of a tool, or of who speaks, in bytes.
pub const NAME_BYTES_MAX: usize = 256;

/// What an executor hands over when it is stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Captured {
    /// The model's whole context: prompt, and all turns since.
    pub context: String,
    /// The last step of its reasoning.
    pub last_step: String,
    /// Calls of tools since the attempt began, in order.
    pub tools: Vec<ToolCall>,
    /// Messages since then, in order.
    pub messages: Vec<Message>,
    /// Root of the trail that these calls and messages are of; zero where none was begun.
    pub trail_root: B256,
    /// Hash of what it received from its predecessors: of their outputs' hashes, in order; zero without any.
    pub input: B256,
    /// What it produced so far.
    pub partial_output: String,
    /// Tokens that it used.
    pub tokens_used: u64,
    /// Tokens that it may use.
    pub tokens_allotted: u64,
}

/// One call of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// Which.
    pub name: String,
    /// Hash of what went in.
    pub input: B256,
    /// Hash of what came out.
    pub output: B256,
    /// When, in unix milliseconds of the executor's clock.
    pub at_ms: u64,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// From whom: an agent, or a model.
    pub sender: String,
    /// To whom.
    pub receiver: String,
    /// Hash of its content.
    pub content: B256,
    /// When, in unix milliseconds of the executor's clock.
    pub at_ms: u64,
}

/// What of it exceeds its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the executor handed over {found} {what}, but at most {most} are taken")]
pub struct TooMuch {
    /// Of what.
    pub what: &'static str,
    /// How many.
    pub found: usize,
    /// At most.
    pub most: usize,
}

impl Captured {
    /// Refuses what is larger than any honest executor's.
    ///
    /// Errors: [`TooMuch`].
    pub fn check(&self) -> Result<(), TooMuch> {
        let texts = [
            ("bytes of context", self.context.len()),
            ("bytes of its last step", self.last_step.len()),
            ("bytes of partial output", self.partial_output.len()),
        ];
        let texts = texts.map(|(what, found)| (what, found, TEXT_BYTES_MAX));
        let tools = self.tools.iter().map(|call| call.name.len());
        let speakers = self.messages.iter();
        let speakers = speakers.map(|said| said.sender.len().max(said.receiver.len()));
        let names = tools.chain(speakers).max();
        let rest = [
            ("calls of tools", self.tools.len(), ENTRIES_MAX),
            ("messages", self.messages.len(), ENTRIES_MAX),
            ("bytes of a name", names.unwrap_or_default(), NAME_BYTES_MAX),
        ];
        let mut all = texts.into_iter().chain(rest);
        match all.find(|(_, found, most)| found > most) {
            Some((what, found, most)) => Err(TooMuch { what, found, most }),
            None => Ok(()),
        }
    }
}

/// What the chain says while it is sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// As of which block; `None` where the chain did not answer.
    pub at: Option<Head>,
    /// The node.
    pub node: Option<NodeView>,
    /// Freezes of this execution before.
    pub freezes: Vec<FreezeView>,
    /// What this monitor last reported of it.
    pub heard: Option<HeardView>,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    format: u32,
    /// Of what.
    pub execution: Execution,
    /// Why it was arrested: a number of `IGuardian.FreezeCause`.
    pub cause: u8,
    /// What was measured when it exceeded; `None` where others froze it.
    pub measure: Option<Measure>,
    /// What the executor handed over; `None` where it handed over nothing, or more than is taken.
    pub captured: Option<Captured>,
    /// What the chain said.
    pub contract: Contract,
}

impl Snapshot {
    /// Of these parts.
    pub const fn new(
        execution: Execution,
        cause: u8,
        measure: Option<Measure>,
        captured: Option<Captured>,
        contract: Contract,
    ) -> Self {
        Self {
            format: 1,
            execution,
            cause,
            measure,
            captured,
            contract,
        }
    }

    /// The bytes that are hashed and sealed: JSON with its keys in this order.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("names and numbers are JSON")
    }

    /// Under which name it is sealed: agent, node and block, as the seed keys it, with what tells missions and attempts apart.
    pub fn name(&self) -> String {
        let Execution {
            mission,
            node,
            attempt,
            agent,
        } = self.execution;
        let block = self.contract.at.map_or(0, |head| head.number);
        format!("{agent:#x}-{mission:#x}-{node}-{attempt}-{block}")
    }
}
