//! What is compared: what a keeper holds of a mission off chain, and what the chain holds of it.

use std::{collections::BTreeMap, fmt};

use agentcity_domain::mission::digest;
use alloy::primitives::{Address, B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::event::Head;

/// Where a contract's log stands on the chain.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Spot {
    /// Number of its block.
    pub block: u64,
    /// Hash of its block.
    pub block_hash: B256,
    /// Its transaction.
    pub transaction: B256,
    /// Its place in the block.
    pub index: u64,
}

/// That a node is completed, as the chain says it or as an entry of the log repeats it (RULINGS K17).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Which node.
    pub node: u16,
    /// In which attempt.
    pub attempt: u8,
    /// How its result was verified: 1 proof, 2 consensus, 3 review.
    pub tier: u8,
    /// Hash of its output.
    pub output: B256,
    /// Root of its trail.
    pub trail: B256,
    /// The mission's completion digest with it.
    pub digest: B256,
    /// Where it was said.
    pub spot: Spot,
}

impl Completion {
    /// What it says, without where.
    pub const fn content(&self) -> (u16, u8, u8, B256, B256) {
        (self.node, self.attempt, self.tier, self.output, self.trail)
    }

    /// The completion digest after it, by the domain's rule, where it was `before`.
    pub fn fold(&self, before: B256) -> B256 {
        let words = digest::preimage(before, self.node, self.attempt, self.output, self.trail);
        keccak256(words.concat())
    }
}

/// An entry of the log that says that a node is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its place in the log.
    pub entry: u64,
    /// What it says.
    pub said: Completion,
}

/// An entry of the log that says that an attempt was begun, with the code that ran then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptRoute {
    /// Its place in the log.
    pub entry: u64,
    /// Which node.
    pub node: u16,
    /// In which attempt.
    pub attempt: u8,
    /// Hash of the code.
    pub code: B256,
}

/// An entry of the log that says that a statute became law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptLaw {
    /// Its place in the log.
    pub entry: u64,
    /// The statute's hash.
    pub statute: B256,
}

/// What an executor that this keeper serves holds of its own work, once the work is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Whose work.
    pub agent: Address,
    /// At which node.
    pub node: u16,
    /// In which attempt.
    pub attempt: u8,
    /// Hash of the output that it signed.
    pub output: B256,
    /// Root of its trail.
    pub trail: B256,
    /// The code that did it.
    pub code: B256,
}

/// A mission as a keeper holds it off chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Statutes that became law.
    pub laws: Vec<KeptLaw>,
    /// Attempts that began.
    pub routed: Vec<KeptRoute>,
    /// Nodes that were completed, in the log's order.
    pub completed: Vec<Kept>,
    /// When a node's result was there off chain, in unix milliseconds by this keeper's clock, as far as it is known.
    pub finished: BTreeMap<u16, u64>,
    /// What executors hold.
    pub claims: Vec<Claim>,
    /// Entries of the log that was read.
    pub size: u64,
    /// Its root.
    pub root: B256,
    /// The newest block of which it holds anything.
    pub newest_block: u64,
}

/// A mission as the chain holds it at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnChain {
    /// As of which block.
    pub at: Head,
    /// The epoch by whose parameters the mission lives.
    pub epoch: u64,
    /// Hash of the statute that is law, and where that was said; nothing before it is.
    pub law: Option<(B256, Spot)>,
    /// Legislated tier of each node, from the statute's pages; zero for one that was taken over, done, from the mission before.
    pub tiers: Vec<u8>,
    /// State of each node by its number, as the contract keeps it.
    pub states: Vec<u8>,
    /// Attempts that began, with the code that ran then.
    pub routed: BTreeMap<(u16, u8), (B256, Spot)>,
    /// Completed nodes in the order in which they were.
    pub completed: Vec<Completion>,
    /// Times of blocks in unix seconds, as far as they were asked for.
    pub times: BTreeMap<u64, u64>,
    /// The completion digest before the first of them; nothing when it is not known, after nodes were taken over.
    pub base: Option<B256>,
    /// The completion digest as the contract keeps it.
    pub digest: B256,
}

/// What endpoints say of one block cannot be so. Nothing follows from it, and least a report: logs are missing, or were made up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Torn {
    /// Logs and states differ.
    #[error(
        "node {node} is {} by its state and {} by the logs: the endpoints' logs are not whole",
        done(.by_state), done(&!.by_state)
    )]
    Node {
        /// Which node.
        node: u16,
        /// Whether the contract keeps it as completed.
        by_state: bool,
    },
    /// A node is completed twice.
    #[error("node {node} is completed twice by the logs: the endpoints' logs are not the chain's")]
    Twice {
        /// Which node.
        node: u16,
    },
    /// The digests of the logs do not follow from each other, or the last is not the contract's.
    #[error(
        "the logs up to node {node} make the completion digest {made}, and {kept} is kept: the endpoints' logs are not the chain's"
    )]
    Digest {
        /// The last node that was looked at.
        node: u16,
        /// What its logs make.
        made: B256,
        /// What is kept.
        kept: B256,
    },
}

fn done(is_done: &bool) -> impl fmt::Display + use<> {
    if *is_done {
        "completed"
    } else {
        "not completed"
    }
}

impl OnChain {
    /// Whether logs, states and digest are of one chain: the digest in storage binds every log that went into it.
    ///
    /// Errors: [`Torn`].
    /// Source: RULINGS K17.
    pub fn check(&self, completed_state: u8) -> Result<(), Torn> {
        let mut seen = vec![false; self.states.len()];
        let mut before = self.base;
        let mut last = None;
        for said in &self.completed {
            let (node, kept) = (said.node, said.digest);
            match seen.get_mut(usize::from(node)) {
                Some(seen) if *seen => return Err(Torn::Twice { node }),
                Some(seen) => *seen = true,
                None => {
                    let by_state = false;
                    return Err(Torn::Node { node, by_state });
                }
            }
            // Behind nodes that were taken over the first digest is what the others hang on.
            let made = before.map_or(kept, |before| said.fold(before));
            if made != kept {
                return Err(Torn::Digest { node, made, kept });
            }
            (before, last) = (Some(kept), Some(node));
        }
        if let (Some(made), kept, node) = (before, self.digest, last.unwrap_or_default())
            && made != kept
        {
            return Err(Torn::Digest { node, made, kept });
        }
        for (node, (state, seen)) in (0..).zip(self.states.iter().zip(&seen)) {
            let imported = self.tiers.get(usize::from(node)) == Some(&0);
            let by_state = *state == completed_state;
            if by_state != (*seen || (imported && by_state)) {
                return Err(Torn::Node { node, by_state });
            }
        }
        Ok(())
    }
}
