//! A mission as its logs tell it: phases, nodes, seats, money.

use std::sync::Arc;

use agentcity_abi::ICollaboration::{Halt, Reason};
use agentcity_domain::machine::{MissionState, NodeState};
use alloy::primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};

/// Nodes of a mission that is followed whole: as many as a statute has.
pub const NODES_MAX: u16 = 5_000;
/// Transitions of a node that are kept; the first always is.
const TRANSITIONS_MAX: usize = 32;
/// Phases of a mission that are kept; the first always is.
const PHASES_MAX: usize = 32;
/// Seats of a node.
const SEATS_MAX: usize = 16;

/// A phase that a mission entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Which.
    pub state: MissionState,
    /// When, in unix seconds.
    pub at: u64,
    /// Why.
    pub reason: Reason,
}

/// An executor that is known at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Whose.
    pub agent: Address,
    /// Whether it accepted this attempt.
    pub accepted: bool,
    /// Whether it handed something in in this attempt.
    pub submitted: bool,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its state.
    pub state: NodeState,
    /// Its attempt, from one on; nought before the first.
    pub attempt: u8,
    /// When it entered the state, in unix seconds; nought when no log told.
    pub since: u64,
    /// When the state may be ended by anyone, if a log told.
    pub expires_at: Option<u64>,
    /// What it put out; zero before.
    pub output: B256,
    /// Executors that acted.
    pub seats: Vec<Seat>,
    /// States entered, oldest first.
    pub transitions: Vec<(NodeState, u64)>,
    /// When it was last routed.
    pub routed_at: Option<u64>,
}

impl Node {
    fn waiting() -> Self {
        Self {
            state: NodeState::Waiting,
            attempt: 0,
            since: 0,
            expires_at: None,
            output: B256::ZERO,
            seats: Vec::new(),
            transitions: Vec::new(),
            routed_at: None,
        }
    }

    /// The seat of an agent, taken if it has none.
    pub fn seat(&mut self, agent: Address) -> Option<&mut Seat> {
        let place = match self.seats.iter().position(|seat| seat.agent == agent) {
            Some(place) => place,
            None if self.seats.len() < SEATS_MAX => {
                self.seats.push(Seat {
                    agent,
                    accepted: false,
                    submitted: false,
                });
                self.seats.len() - 1
            }
            None => return None,
        };
        self.seats.get_mut(place)
    }

    /// Whether it occupies somebody.
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, NodeState::Waiting | NodeState::Completed)
    }
}

/// A mission's money, by events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    /// How its escrow stands.
    pub escrow: Escrow,
    /// Paid into it.
    pub deposited: U256,
    /// Kept for nodes at last.
    pub allocated: U256,
    /// Shares that left it for executors.
    pub base: U256,
    /// What reputation added, out of the subsidies.
    pub subsidy: U256,
    /// Fees and reserves.
    pub fees: U256,
    /// What reputation and rounding left, to the treasury.
    pub residual: U256,
    /// Back to the sponsor.
    pub refunded: U256,
    /// Moved in from other escrows.
    pub moved_in: U256,
    /// Moved out to others.
    pub moved_out: U256,
    /// Stakes lost.
    pub slashed: U256,
    /// From when stakes are free, once it closes.
    pub release_at: Option<u64>,
}

/// How an escrow stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escrow {
    /// There is none.
    #[default]
    None,
    /// It pays.
    Open,
    /// It waits for claims.
    Closing,
    /// Nothing is left.
    Closed,
}

impl Escrow {
    /// As the contract names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Open => "Open",
            Self::Closing => "Closing",
            Self::Closed => "Closed",
        }
    }
}

/// What stops a mission, or the city.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Why.
    pub halt: Halt,
    /// Since when.
    pub at: u64,
    /// Until when, unless it is lifted.
    pub until: u64,
    /// Hash of the evidence.
    pub evidence: B256,
    /// The transaction.
    pub transaction: B256,
}

/// What only the chain's views say of a mission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// When it must be over.
    pub deadline: u64,
    /// The epoch of its law.
    pub epoch: u64,
    /// How deep it lies below its first ancestor.
    pub depth: u8,
    /// Refinements it used.
    pub refinements: u16,
    /// The mission it works for; zero for none.
    pub parent: B256,
    /// Until when it is halted; nought when it is not.
    pub halted_until: u64,
}

/// A mission.
#[derive(Clone, Debug)]
pub struct Mission {
    /// Its id.
    pub id: B256,
    /// Its state.
    pub state: MissionState,
    /// Who pays.
    pub sponsor: Address,
    /// From which session.
    pub session: B256,
    /// Nodes of its statute.
    pub nodes: u16,
    /// When it was created.
    pub created_at: u64,
    /// When it entered its state.
    pub since: u64,
    /// Phases entered, oldest first.
    pub phases: Vec<Phase>,
    /// Its nodes; empty when it ended so long ago that they were let go.
    pub work: Vec<Node>,
    /// Nodes by the number of their state.
    pub counts: [u32; 10],
    /// When it was last routed or a node was completed.
    pub progress_at: u64,
    /// Its money.
    pub money: Money,
    /// The epoch of its escrow.
    pub epoch: Option<u64>,
    /// What stops it.
    pub stop: Option<Stop>,
    /// Since when a report of divergence stands, and its transaction.
    pub diverged: Option<(u64, B256)>,
    /// The last view of the chain.
    pub view: Option<Arc<View>>,
}

impl Mission {
    /// One that was created.
    pub fn new(id: B256, sponsor: Address, session: B256, nodes: u16, at: u64) -> Self {
        let kept = nodes.min(NODES_MAX);
        let mut counts = [0; 10];
        counts[usize::from(NodeState::Waiting.number())] = u32::from(nodes);
        Self {
            id,
            state: MissionState::Pending,
            sponsor,
            session,
            nodes,
            created_at: at,
            since: at,
            phases: vec![Phase {
                state: MissionState::Pending,
                at,
                reason: Reason::None,
            }],
            work: vec![Node::waiting(); kept.into()],
            counts,
            progress_at: at,
            money: Money::default(),
            epoch: None,
            stop: None,
            diverged: None,
            view: None,
        }
    }

    /// Whether anything can still happen.
    pub const fn is_open(&self) -> bool {
        !self.state.is_terminal()
    }

    /// Enters a phase. How long the one before lasted.
    pub fn enters(&mut self, state: MissionState, reason: Reason, at: u64) -> u64 {
        let lasted = at.saturating_sub(self.since);
        if self.phases.len() == PHASES_MAX {
            self.phases.remove(1);
        }
        self.phases.push(Phase { state, at, reason });
        (self.state, self.since, self.progress_at) = (state, at, self.progress_at.max(at));
        lasted
    }

    /// A node enters a state. Nothing happens to one that is not followed, or is there already in this attempt.
    pub fn goes(&mut self, node: u16, to: NodeState, at: u64) -> Option<&mut Node> {
        let found = self.work.get_mut(usize::from(node))?;
        if found.state != to {
            let slot = |state: NodeState| usize::from(state.number());
            self.counts[slot(found.state)] = self.counts[slot(found.state)].saturating_sub(1);
            self.counts[slot(to)] = self.counts[slot(to)].saturating_add(1);
            if found.transitions.len() == TRANSITIONS_MAX {
                found.transitions.remove(1);
            }
            found.transitions.push((to, at));
            (found.state, found.since, found.expires_at) = (to, at, None);
        }
        if to == NodeState::Completed {
            self.progress_at = self.progress_at.max(at);
        }
        Some(found)
    }

    /// Takes what the chain says of a node's state for true; whether the logs had told another.
    pub fn corrects(&mut self, node: u16, to: NodeState, at: u64) -> bool {
        let known = self.work.get(usize::from(node));
        if known.is_none_or(|known| known.state == to) {
            return false;
        }
        self.goes(node, to, at);
        true
    }

    /// Lets its nodes go: it ended long ago.
    pub fn forget(&mut self) {
        self.work = Vec::new();
    }

    /// How many nodes are in a state.
    pub fn count(&self, state: NodeState) -> u32 {
        self.counts[usize::from(state.number())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_follow_nodes_and_the_first_transition_is_kept() {
        let mut mission = Mission::new(B256::ZERO, Address::ZERO, B256::ZERO, 2, 5);
        for round in 0..40 {
            mission.goes(0, NodeState::Eligible, 10 + round);
            mission.goes(0, NodeState::Frozen, 10 + round);
        }
        assert_eq!(mission.count(NodeState::Waiting), 1);
        assert_eq!(mission.count(NodeState::Frozen), 1);
        assert_eq!(mission.counts.iter().sum::<u32>(), 2);
        let node = &mission.work[0];
        assert_eq!(node.transitions.len(), TRANSITIONS_MAX);
        assert_eq!(node.transitions[0], (NodeState::Eligible, 10));
        assert_eq!(node.transitions.last(), Some(&(NodeState::Frozen, 49)));
        assert!(mission.goes(2, NodeState::Failed, 50).is_none());
    }

    #[test]
    fn the_chains_word_corrects_a_node_once() {
        let mut mission = Mission::new(B256::ZERO, Address::ZERO, B256::ZERO, 1, 5);
        assert!(mission.corrects(0, NodeState::Completed, 7));
        assert!(!mission.corrects(0, NodeState::Completed, 8));
        assert!(!mission.corrects(1, NodeState::Completed, 8));
        assert_eq!(mission.count(NodeState::Completed), 1);
    }
}
