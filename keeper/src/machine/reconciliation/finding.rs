//! What a comparison found: divergences by a closed set of kinds, each with both values and where each was read.

use std::{fmt, str::FromStr};

use alloy::primitives::{Address, B256, U256, keccak256};
use serde::{Deserialize, Serialize};

use super::record::Spot;
use crate::event::Head;

/// Divergences that are told one by one; all are counted. What is told has to fit the journal and an entry of the log.
pub const TOLD_MAX: usize = 64;

/// When a mission is compared (seed §B.11, Reconciliation Protocol).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Its statute is law, and its nodes may be routed.
    Legislation,
    /// All its nodes are completed.
    Orchestration,
    /// Its output is about to leave.
    Release,
    /// It failed, or was aborted: what was done of it stays done.
    Failure,
}

impl Phase {
    /// All, in their order.
    pub const ALL: [Self; 4] = [
        Self::Legislation,
        Self::Orchestration,
        Self::Release,
        Self::Failure,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Legislation => "legislation",
            Self::Orchestration => "orchestration",
            Self::Release => "release",
            Self::Failure => "failure",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Phase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|phase| phase.name() == text);
        found.ok_or_else(|| {
            format!("{text} is no phase: legislation, orchestration, release or failure")
        })
    }
}

/// How record and chain may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// A node is completed, or a law is law, off chain alone.
    OffChainOnly,
    /// The outputs differ.
    OutputMismatch,
    /// A node is completed, or a law is law, on chain alone.
    OnChainOnly,
    /// The tiers differ: that of the record, or that of the statute.
    TierMismatch,
    /// The code that ran differs.
    CodeMismatch,
    /// The trails differ.
    TrailMismatch,
    /// The attempts differ.
    AttemptMismatch,
    /// The completion digest that follows from the record is not the contract's.
    DigestMismatch,
}

impl Kind {
    /// All, in their order: the seed's four, what its second check adds, what RULINGS K17 adds.
    pub const ALL: [Self; 8] = [
        Self::OffChainOnly,
        Self::OutputMismatch,
        Self::OnChainOnly,
        Self::TierMismatch,
        Self::CodeMismatch,
        Self::TrailMismatch,
        Self::AttemptMismatch,
        Self::DigestMismatch,
    ];

    /// As the seed calls it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::OffChainOnly => "off-chain complete, on-chain absent",
            Self::OutputMismatch => "output hash mismatch",
            Self::OnChainOnly => "on-chain transition without off-chain record",
            Self::TierMismatch => "PoP tier mismatch",
            Self::CodeMismatch => "code hash mismatch",
            Self::TrailMismatch => "trail root mismatch",
            Self::AttemptMismatch => "attempt mismatch",
            Self::DigestMismatch => "completion digest mismatch",
        }
    }
}

/// A value of either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Value {
    /// A hash.
    Hash(B256),
    /// A tier or an attempt.
    Number(u8),
}

impl Value {
    fn word(self) -> B256 {
        match self {
            Self::Hash(word) => word,
            Self::Number(number) => U256::from(number).into(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hash(word) => write!(f, "{word}"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// Where the keeper's own value was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Held {
    /// In this entry of the log.
    Entry(u64),
    /// With this agent's executor.
    Executor(Address),
    /// In the pages of the statute.
    Statute,
    /// It follows from all entries.
    Record,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(place) => write!(f, "entry {place} of the log"),
            Self::Executor(agent) => write!(f, "the executor of {agent}"),
            Self::Statute => f.write_str("the statute"),
            Self::Record => f.write_str("all entries together"),
        }
    }
}

/// One difference. Absent values are those that are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Divergence {
    /// Of which kind.
    pub kind: Kind,
    /// At which node; the mission as a whole when absent.
    pub node: Option<u16>,
    /// In which attempt; zero of the mission as a whole.
    pub attempt: u8,
    /// The keeper's own value.
    pub ours: Option<Value>,
    /// Where that was read, or looked for.
    pub ours_at: Held,
    /// The chain's value.
    pub theirs: Option<Value>,
    /// Where the chain said so; its storage, or its silence, as of the block of the comparison, when absent.
    pub theirs_at: Option<Spot>,
}

impl Divergence {
    /// By node, then attempt, then kind: the mission as a whole comes first.
    pub(super) fn order(&self) -> impl Ord + use<> {
        (self.node, self.attempt, self.kind, self.ours_at, self.ours)
    }

    /// The words by which it is evidence: what differs, not where a keeper happened to read it.
    fn words(&self) -> [B256; 3] {
        let [high, low] = self.node.unwrap_or_default().to_be_bytes();
        let mut header = B256::ZERO;
        header[..7].copy_from_slice(&[
            self.kind as u8,
            self.node.is_some().into(),
            high,
            low,
            self.attempt,
            self.ours.is_some().into(),
            self.theirs.is_some().into(),
        ]);
        let word = |value: Option<Value>| value.map(Value::word).unwrap_or_default();
        [header, word(self.ours), word(self.theirs)]
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.node {
            Some(node) => write!(f, "node {node}, attempt {}: ", self.attempt)?,
            None => f.write_str("the mission: ")?,
        }
        let said = |value: &Option<Value>| value.map_or("nothing".to_owned(), |v| v.to_string());
        write!(
            f,
            "{}: {} in {}, {} on chain",
            self.kind.text(),
            said(&self.ours),
            self.ours_at,
            said(&self.theirs)
        )?;
        match self.theirs_at {
            Some(spot) => write!(f, " (block {}, log {})", spot.block, spot.index),
            None => Ok(()),
        }
    }
}

/// What an operator should look at, and nobody is suspended for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Warning {
    /// The chain confirmed a result so many milliseconds after it was there, more than the optimistic window.
    SlowFinalization {
        /// Of which node.
        node: u16,
        /// How late.
        delta_ms: u64,
    },
    /// An entry says what the chain says, and names a place where the chain has nothing: it was written too early, from a block that
    /// was taken back.
    Misplaced {
        /// Of which node.
        node: u16,
        /// Which entry.
        entry: u64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SlowFinalization { node, delta_ms } => {
                write!(f, "node {node}: confirmed {delta_ms} ms after its result")
            }
            Self::Misplaced { node, entry } => write!(
                f,
                "node {node}: entry {entry} names a place where the chain has no such log; is depth_blocks too small?"
            ),
        }
    }
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Of which mission.
    pub mission: B256,
    /// At which boundary.
    pub phase: Phase,
    /// As of which block.
    pub at: Head,
    /// The epoch by whose parameters the mission lives.
    pub epoch: u64,
    /// Nodes of the mission.
    pub nodes: u16,
    /// Those that the chain completed.
    pub completed: u16,
    /// Entries of the log that was compared.
    pub size: u64,
    /// Its root: what is anchored when nothing differs.
    pub root: B256,
    /// The mission's completion digest on chain.
    pub digest: B256,
    /// How many divergences there are of each kind, in the order of [`Kind::ALL`].
    pub counts: [u32; 8],
    /// The first of them, at most [`TOLD_MAX`].
    pub told: Vec<Divergence>,
    /// How many of those that the record lacks lie beyond what the log was fed: it may only be late.
    pub ahead: u32,
    /// The first warnings, at most [`TOLD_MAX`].
    pub warnings: Vec<Warning>,
    /// How many there are.
    pub warned: u32,
}

impl Finding {
    /// Whether record and chain are equal.
    pub fn passes(&self) -> bool {
        self.total() == 0
    }

    /// How many divergences there are.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// What a report is known by: the mission, how many divergences there are of each kind, and the words of those that are told. It
    /// depends neither on the block of the comparison nor on its phase, so the same difference is one report.
    pub fn evidence(&self) -> B256 {
        let mut words = vec![keccak256("AgentCity divergence"), self.mission];
        words.extend(self.counts.map(|count| B256::from(U256::from(count))));
        words.extend(self.told.iter().flat_map(Divergence::words));
        keccak256(words.concat())
    }

    /// For whom it is told to.
    pub fn text(&self) -> String {
        if self.passes() {
            return format!(
                "mission {}: record and chain are equal at the boundary of {}, {} of {} nodes completed, block {}",
                self.mission, self.phase, self.completed, self.nodes, self.at.number
            );
        }
        let first: Vec<String> = self.told.iter().take(4).map(ToString::to_string).collect();
        format!(
            "mission {}: record and chain differ at the boundary of {} in {} places, block {}; evidence {}: {}",
            self.mission,
            self.phase,
            self.total(),
            self.at.number,
            self.evidence(),
            first.join("; ")
        )
    }
}
