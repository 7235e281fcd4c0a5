//! Follows a chain block by block: what it delivered and did not take back is what the chain holds.
//!
//! Guards INV-KEEPER-03.
//!
//! ```text
//!        bottom                    top                      tip
//!  ──────┼──────── delivered ───────┼─────── not yet ────────┼──►
//!                      └ fork: blocks above are taken back, newest first
//! ```
//!
//! It knows no endpoint: it asks a [`View`], which answers with what it is sure of or with a [`Doubt`]. A view may be asked anything
//! at any time and the chain may change between two questions: every block is linked to its parent before it is delivered.
//!
//! Who reads a whole history, and acts on nothing of it, may [stride](Follower::stride) over what lies deeper than is ever taken back:
//! a [`Stretch`] of it is read by its logs, and linked at both ends alone.

use std::{collections::VecDeque, future::Future};

use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

use super::log::Log;
use crate::event::Head;

/// How deep a reorganisation is undone: twice what the chain's rules ask to be survived, and 32 s of Arbitrum's blocks.
pub const REORG_BLOCKS_MAX: u64 = 128;
/// Blocks delivered in one step: so many headers fit one answer of an ordinary endpoint.
pub const STEP_BLOCKS_MAX: u64 = 100;

/// Blocks of one stretch at first: it doubles as long as few logs come.
const STRETCH_BLOCKS: u64 = 1_000;
/// And at most: an hour of Arbitrum's, of which an endpoint that takes a hundred blocks a question is asked a hundred times.
pub const STRETCH_BLOCKS_MAX: u64 = 10_000;
/// Logs that one stretch may bring: some 2 MiB, and as many headers are 21 answers.
pub const STRETCH_LOGS_MAX: usize = 2_048;
/// A stretch that brings fewer than this share of them may be twice as long, one that brings more than half of them is too long.
const STRETCH_SPARSE: usize = 8;

/// Why the chain is not known just now. Machines go to unknown, and nothing that moves money leaves, until it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(deny_unknown_fields)]
pub enum Doubt {
    /// Too few endpoints answer.
    #[error("{question}: {answered} of {needed} endpoints that must agree answered: {causes}")]
    Silent {
        /// What was asked.
        question: String,
        /// How many answered.
        answered: usize,
        /// How many must.
        needed: usize,
        /// What the others said.
        causes: String,
    },
    /// Enough answer, but not the same.
    #[error(
        "{question}: endpoints contradict each other, {agreeing} agree where {needed} must: {answers}"
    )]
    Split {
        /// What was asked.
        question: String,
        /// How many gave the most frequent answer.
        agreeing: usize,
        /// How many must agree.
        needed: usize,
        /// The answers, for the operator.
        answers: String,
    },
    /// The chain changed between two questions. It is asked again.
    #[error("the chain changed while it was asked about block {block}")]
    Moved {
        /// Where.
        block: u64,
    },
    /// The chain went back further than can be undone. Only the operator helps: what was done on the strength of those blocks stands.
    #[error(
        "the chain was reorganised below block {bottom}, deeper than {REORG_BLOCKS_MAX} blocks or what counted as final: compare the city's state with the chain, then begin a new journal"
    )]
    TooDeep {
        /// The oldest block that could be undone.
        bottom: u64,
    },
    /// Everything is answered and agreed on, but the chain stands before what was delivered.
    #[error("the endpoints stand at block {tip}, and block {top} was delivered: they lag")]
    Lags {
        /// The newest block that they know.
        tip: u64,
        /// The newest block that was delivered.
        top: u64,
    },
}

/// What is to be done about a doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Ask again.
    Retry,
    /// Nothing goes on: a human must compare.
    Resync,
}

impl Doubt {
    /// What follows.
    pub const fn disposition(&self) -> Disposition {
        match self {
            Self::Silent { .. } | Self::Split { .. } | Self::Moved { .. } | Self::Lags { .. } => {
                Disposition::Retry
            }
            Self::TooDeep { .. } => Disposition::Resync,
        }
    }
}

/// A block's header, as far as following takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The block.
    pub at: Head,
    /// Hash of the block before it.
    pub parent: B256,
}

/// A block with the logs of the city's contracts, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its header.
    pub link: Link,
    /// Its logs.
    pub logs: Vec<Log>,
}

/// What is known of a chain.
pub trait View {
    /// Number of the newest block.
    fn tip(&self) -> impl Future<Output = Result<u64, Doubt>> + Send;
    /// Headers of blocks `from` to `to`, each linked to the next.
    fn links(&self, from: u64, to: u64) -> impl Future<Output = Result<Vec<Link>, Doubt>> + Send;
    /// Blocks `from` to `to` with all their logs, each linked to the next. `tip` is the newest block that was told.
    fn blocks(
        &self,
        from: u64,
        to: u64,
        tip: u64,
    ) -> impl Future<Output = Result<Vec<Block>, Doubt>> + Send;
}

/// A view that reads what lies deep in one go.
pub trait Stretch: View {
    /// Of blocks `from` to `to` those that have logs, with all of them, and the last one in any case. They are of one chain, and nothing
    /// else links them. Nothing when there are more logs than [`STRETCH_LOGS_MAX`].
    fn stretch(
        &self,
        from: u64,
        to: u64,
    ) -> impl Future<Output = Result<Option<Vec<Block>>, Doubt>> + Send;
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The chain holds this log.
    Added(Log),
    /// It holds it no more. Inverses come in the reverse order of additions.
    Removed(Log),
}

/// How far a step came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What changed, in order.
    pub changes: Vec<Change>,
    /// Whether there is more to deliver at once.
    pub more: bool,
}

/// The delivered end of a chain.
#[derive(Clone, Debug)]
pub struct Follower {
    /// Last block below the window: never taken back.
    bottom: Head,
    window: VecDeque<Block>,
    width: Width,
}

/// How many blocks the next stretch takes.
#[derive(Clone, Copy, Debug)]
struct Width {
    now: u64,
    most: u64,
}

impl Width {
    /// A stretch of it brought so many logs, or more than may be.
    fn brought(&mut self, logs: Option<usize>) {
        let half = STRETCH_LOGS_MAX / 2; // structural: between too many and few
        match logs {
            Some(logs) if logs < STRETCH_LOGS_MAX / STRETCH_SPARSE => {
                self.now = self.now.saturating_mul(2).min(self.most);
            }
            Some(logs) if logs <= half => {}
            Some(_) | None => self.now = (self.now / 2).max(STEP_BLOCKS_MAX),
        }
    }

    /// No answer came to a stretch of it, and one came to an ordinary step: it is never asked for so much again.
    fn refused(&mut self) {
        self.most = (self.now / 2).max(STEP_BLOCKS_MAX);
        self.now = self.most;
    }
}

/// Where a follower stands before a step.
enum Stand {
    /// The chain holds what was delivered, and goes up to `tip`.
    Held { tip: u64 },
    /// It does not: this was taken back.
    Back(Step),
}

impl Follower {
    /// Goes on above block `at`.
    pub const fn above(at: Head) -> Self {
        Self {
            bottom: at,
            window: VecDeque::new(),
            width: Width {
                now: STRETCH_BLOCKS,
                most: STRETCH_BLOCKS_MAX,
            },
        }
    }

    /// The newest delivered block.
    pub fn top(&self) -> Head {
        self.window
            .back()
            .map_or(self.bottom, |block| block.link.at)
    }

    /// The last block below what may be taken back.
    pub const fn bottom(&self) -> Head {
        self.bottom
    }

    fn hash_at(&self, number: u64) -> Option<B256> {
        if number == self.bottom.number {
            return Some(self.bottom.hash);
        }
        let place = number.checked_sub(self.bottom.number)?.checked_sub(1)?;
        let block = self.window.get(usize::try_from(place).ok()?)?;
        Some(block.link.at.hash)
    }

    /// One step towards the tip: either takes back what is no longer in the chain, or delivers what is next.
    ///
    /// Errors: [`Doubt`]; nothing changed.
    pub async fn advance<V: View>(&mut self, view: &V) -> Result<Step, Doubt> {
        match self.stand(view).await? {
            Stand::Back(step) => Ok(step),
            Stand::Held { tip } => self.deliver(view, tip).await,
        }
    }

    /// The same in strides over what lies deeper than [`REORG_BLOCKS_MAX`] below the tip: a stretch is taken whole and is never taken
    /// back, and near the tip it goes on as [`advance`](Self::advance) does. An endpoint that does not answer a long stretch is asked for
    /// shorter ones, down to an ordinary step.
    ///
    /// Errors: [`Doubt`]; nothing changed.
    pub async fn stride<V: Stretch>(&mut self, view: &V) -> Result<Step, Doubt> {
        let tip = match self.stand(view).await? {
            Stand::Back(step) => return Ok(step),
            Stand::Held { tip } => tip,
        };
        let top = self.top();
        let deep = tip.saturating_sub(REORG_BLOCKS_MAX);
        let to = deep.min(top.number.saturating_add(self.width.now));
        if to <= top.number.saturating_add(STEP_BLOCKS_MAX) {
            let step = self.deliver(view, tip).await?;
            if self.width.now <= STEP_BLOCKS_MAX {
                self.width.brought(Some(step.changes.len()));
            }
            return Ok(step);
        }
        let from = top.number.saturating_add(1);
        match view.stretch(from, to).await {
            Ok(None) => {
                self.width.brought(None);
                Ok(Step {
                    changes: Vec::new(),
                    more: true,
                })
            }
            Ok(Some(blocks)) => {
                // The chain that was read is the one of what was delivered before.
                let known = view.links(top.number, top.number).await?;
                if !self.holds(&known) {
                    return Err(Doubt::Moved { block: top.number });
                }
                let changes = self.skip(blocks, from, to)?;
                self.width.brought(Some(changes.len()));
                Ok(Step {
                    changes,
                    more: to < tip,
                })
            }
            Err(doubt) => {
                let step = self.deliver(view, tip).await?;
                self.width.refused();
                tracing::debug!(from, to, "shorter stretches from now on: {doubt}");
                Ok(step)
            }
        }
    }

    /// Whether the chain holds what was delivered; what it does not is taken back.
    async fn stand<V: View>(&mut self, view: &V) -> Result<Stand, Doubt> {
        let (tip, top) = (view.tip().await?, self.top());
        let common = tip.min(top.number);
        if common < self.bottom.number {
            return Err(Doubt::Lags {
                tip,
                top: top.number,
            });
        }
        let known = view.links(common, common).await?;
        if !self.holds(&known) {
            return self.take_back(view, common).await.map(Stand::Back);
        }
        if tip < top.number {
            return Err(Doubt::Lags {
                tip,
                top: top.number,
            });
        }
        Ok(Stand::Held { tip })
    }

    /// What is next, each block linked to the one before.
    async fn deliver<V: View>(&mut self, view: &V, tip: u64) -> Result<Step, Doubt> {
        let top = self.top();
        let to = tip.min(top.number.saturating_add(STEP_BLOCKS_MAX));
        if to == top.number {
            return Ok(Step {
                changes: Vec::new(),
                more: false,
            });
        }
        let from = top.number.saturating_add(1);
        let blocks = view.blocks(from, to, tip).await?;
        self.append(blocks, from, to).map(|changes| Step {
            changes,
            more: to < tip,
        })
    }

    /// Finds the newest block that both have, and undoes what lies above.
    async fn take_back<V: View>(&mut self, view: &V, common: u64) -> Result<Step, Doubt> {
        let links = view.links(self.bottom.number, common).await?;
        let shared = links
            .iter()
            .rev()
            .find(|link| self.hash_at(link.at.number) == Some(link.at.hash));
        let Some(shared) = shared else {
            let bottom = self.bottom.number;
            return Err(Doubt::TooDeep { bottom });
        };
        let keep = shared.at.number.saturating_sub(self.bottom.number);
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        let undone = self.window.split_off(keep.min(self.window.len()));
        let logs = undone
            .into_iter()
            .rev()
            .flat_map(|b| b.logs.into_iter().rev());
        Ok(Step {
            changes: logs.map(Change::Removed).collect(),
            more: true,
        })
    }

    fn holds(&self, links: &[Link]) -> bool {
        let same = |link: &Link| self.hash_at(link.at.number) == Some(link.at.hash);
        !links.is_empty() && links.iter().all(same)
    }

    /// Nothing is delivered unless every block is the child of the one before it.
    fn append(&mut self, blocks: Vec<Block>, from: u64, to: u64) -> Result<Vec<Change>, Doubt> {
        let (mut below, mut number) = (self.top().hash, from);
        for block in &blocks {
            if block.link.at.number != number || block.link.parent != below {
                return Err(Doubt::Moved { block: number });
            }
            below = block.link.at.hash;
            number = number.saturating_add(1);
        }
        if number != to.saturating_add(1) {
            return Err(Doubt::Moved { block: number });
        }
        let added = blocks.iter().flat_map(|block| block.logs.iter().cloned());
        let changes = added.map(Change::Added).collect();
        self.window.extend(blocks);
        while self.window.len() as u64 > REORG_BLOCKS_MAX {
            if let Some(oldest) = self.window.pop_front() {
                self.bottom = oldest.link.at;
            }
        }
        Ok(changes)
    }

    /// Takes a stretch: what was delivered before and what it brings lies too deep to be taken back.
    fn skip(&mut self, blocks: Vec<Block>, from: u64, to: u64) -> Result<Vec<Change>, Doubt> {
        let mut next = from;
        for block in &blocks {
            let number = block.link.at.number;
            if number < next || number > to {
                return Err(Doubt::Moved { block: number });
            }
            next = number.saturating_add(1);
        }
        let last = blocks.last().map(|block| block.link.at);
        let Some(last) = last.filter(|last| last.number == to) else {
            return Err(Doubt::Moved { block: to });
        };
        let added = blocks.into_iter().flat_map(|block| block.logs);
        let changes = added.map(Change::Added).collect();
        self.window.clear();
        self.bottom = last;
        Ok(changes)
    }
}
