//! One mission as the tables say it runs: a naive model, event by event, for vectors and for tests of the contract.
//!
//! It knows states, graph, seats and the refinement counter; no money, no clock, no signatures. Windows count as over
//! whenever an event says so. Every step goes through the tables, every event past the halts.

use super::{Command, MissionState, NodeState, Refused as NoStep};
use crate::{
    exit::{Halt, Halts, forbidding},
    parameter::ParameterId,
};

/// Most seats of a node (RESOLUTIONS V-03).
pub const SEATS_MAX: usize = ParameterId::RedundancyMax.constant() as usize;

/// How a node is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// By proof.
    One,
    /// By agreement of at least `threshold` of `seats`.
    Two {
        /// Executors.
        seats: u8,
        /// How many must agree.
        threshold: u8,
    },
    /// By an adjudicator.
    Three,
}

/// One node of the model.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    tier: Tier,
    state: NodeState,
    committed: u8,
    commits_closed: bool,
    revealed: [Option<u32>; SEATS_MAX],
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The deployment is complete.
    Finalize,
    /// A node's executors begin.
    Route(usize),
    /// A tier-1 result, whose proof holds or not.
    Submit(usize, Proof),
    /// A tier-3 result.
    SubmitForReview(usize),
    /// A tier-2 commitment of a seat.
    Commit(usize, u8),
    /// A tier-2 value of a seat.
    Reveal(usize, u8, u32),
    /// The commit window is over.
    CloseCommit(usize),
    /// The reveal window is over.
    CloseReveal(usize),
    /// The executor was silent.
    TimeoutNode(usize),
    /// The reviewer approves.
    Approve(usize),
    /// The reviewer rejects.
    Reject(usize),
    /// The reviewers were silent.
    TimeoutReview(usize),
    /// A node is frozen.
    Freeze(usize),
    /// A freeze is lifted.
    Unfreeze(usize),
    /// A freeze is upheld.
    ConfirmFreeze(usize),
    /// A failed node gets new seats.
    Reassign(usize),
    /// Refinement is exhausted.
    FailMission,
    /// Every predicate passes.
    Pass,
    /// A hard predicate fails.
    Fail,
    /// The panel vetoes.
    Veto,
    /// The panel aborts.
    Abort,
    /// An outage is recorded.
    EnterDegraded,
    /// It is overcome.
    ExitDegraded,
    /// Nobody overcame it.
    TimeoutDegraded,
    /// The mission is stopped.
    Stop,
    /// The stop is lifted.
    ClearStop,
}

/// Whether a tier-1 proof holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It does.
    Holds,
    /// It does not.
    Fails,
}

/// Why an event changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A halt forbids it.
    Halted {
        /// Which.
        halt: Halt,
        /// What it forbids.
        command: Command,
    },
    /// The mission is in no state for it.
    Mission {
        /// Its state.
        state: MissionState,
    },
    /// The node is in no state for it, or of another tier.
    Node {
        /// Its state.
        state: NodeState,
    },
    /// There is no such node.
    UnknownNode {
        /// Its index.
        node: usize,
    },
    /// The seat is not there, or did already, or must not yet.
    Seat {
        /// Its number.
        seat: u8,
    },
    /// No refinement is left, or some is.
    Refinements {
        /// Used.
        used: u32,
        /// Allowed.
        max: u32,
    },
    /// There is no stop, or there is one.
    Stop,
}

impl From<NoStep<NodeState>> for Refused {
    fn from(no: NoStep<NodeState>) -> Self {
        Self::Node { state: no.from }
    }
}

impl From<NoStep<MissionState>> for Refused {
    fn from(no: NoStep<MissionState>) -> Self {
        Self::Mission { state: no.from }
    }
}

/// A mission of the model over the caller's memory.
#[derive(Debug)]
pub struct Mission<'a> {
    state: MissionState,
    nodes: &'a mut [Node],
    edges: &'a [(usize, usize)],
    halts: Halts,
    refinements: u32,
    refinements_max: u32,
}

impl Node {
    /// A node that waits.
    pub const fn new(tier: Tier) -> Self {
        Self {
            tier,
            state: NodeState::Waiting,
            committed: 0,
            commits_closed: false,
            revealed: [None; SEATS_MAX],
        }
    }

    /// Its state.
    pub const fn state(&self) -> NodeState {
        self.state
    }

    /// Seats that committed.
    const fn commits(&self) -> u32 {
        self.committed.count_ones()
    }

    fn reveals(&self) -> u32 {
        self.revealed.iter().flatten().map(|_| 1).sum()
    }

    /// Whether enough revealed values agree.
    fn agrees(&self, threshold: u8) -> bool {
        self.revealed.iter().flatten().any(|value| {
            let same = self.revealed.iter().flatten().filter(|v| *v == value);
            same.count() >= usize::from(threshold)
        })
    }
}

impl<'a> Mission<'a> {
    /// A mission that is being deployed. `edges` are pairs of indices, from predecessor to successor.
    pub const fn new(
        nodes: &'a mut [Node],
        edges: &'a [(usize, usize)],
        refinements_max: u32,
    ) -> Self {
        Self {
            state: MissionState::Pending,
            nodes,
            edges,
            halts: Halts::NONE,
            refinements: 0,
            refinements_max,
        }
    }

    /// Its state.
    pub const fn state(&self) -> MissionState {
        self.state
    }

    /// Its nodes.
    pub const fn nodes(&self) -> &[Node] {
        self.nodes
    }

    /// Reassignments so far.
    pub const fn refinements(&self) -> u32 {
        self.refinements
    }

    /// Lets `event` happen.
    ///
    /// Errors: [`Refused`]; then nothing has changed.
    pub fn apply(&mut self, event: Event) -> Result<(), Refused> {
        if let Some(command) = event.command()
            && let Some(halt) = forbidding(self.halts, command)
        {
            return Err(Refused::Halted { halt, command });
        }
        match event {
            Event::Finalize => {
                self.in_state(MissionState::Pending)?;
                self.go(MissionState::Active)?;
                self.unlock();
                Ok(())
            }
            Event::Route(node) => self.route(node),
            Event::Submit(node, proof) => {
                self.working(node, NodeState::Executing)?;
                self.of_tier(node, |tier| tier == Tier::One)?;
                self.step(node, NodeState::PendingVerification)?;
                self.conclude(node, proof == Proof::Holds)
            }
            Event::SubmitForReview(node) => {
                self.working(node, NodeState::Executing)?;
                self.of_tier(node, |tier| tier == Tier::Three)?;
                self.step(node, NodeState::PendingReview)
            }
            Event::Commit(node, seat) => self.commit(node, seat),
            Event::Reveal(node, seat, value) => self.reveal(node, seat, value),
            Event::CloseCommit(node) => self.close_commit(node),
            Event::CloseReveal(node) => {
                self.working(node, NodeState::PendingVerification)?;
                if !self.node(node)?.commits_closed {
                    return Err(self.unfit(node)?);
                }
                self.decide(node)
            }
            Event::TimeoutNode(node) => {
                self.working(node, NodeState::Executing)?;
                self.step(node, NodeState::Failed)
            }
            Event::Approve(node) => {
                self.working(node, NodeState::PendingReview)?;
                self.conclude(node, true)
            }
            Event::Reject(node) | Event::TimeoutReview(node) => {
                self.working(node, NodeState::PendingReview)?;
                self.conclude(node, false)
            }
            Event::Freeze(node) => {
                self.alive()?;
                self.step(node, NodeState::Frozen)
            }
            Event::Unfreeze(node) => {
                self.alive()?;
                self.at(node, NodeState::Frozen)?;
                self.step(node, NodeState::Eligible)
            }
            Event::ConfirmFreeze(node) => {
                self.alive()?;
                self.at(node, NodeState::Frozen)?;
                self.step(node, NodeState::Failed)
            }
            Event::Reassign(node) => self.reassign(node),
            Event::FailMission => self.fail(),
            Event::Pass => {
                self.in_state(MissionState::Verification)?;
                self.go(MissionState::Completed)
            }
            Event::Fail | Event::Veto => {
                self.in_state(MissionState::Verification)?;
                self.go(MissionState::Failed)
            }
            Event::Abort => self.go(MissionState::Aborted),
            Event::EnterDegraded => self.go(MissionState::Degraded),
            Event::ExitDegraded => {
                self.in_state(MissionState::Degraded)?;
                self.go(MissionState::Executing)
            }
            Event::TimeoutDegraded => {
                self.in_state(MissionState::Degraded)?;
                self.go(MissionState::Aborted)
            }
            Event::Stop => self.stop(),
            Event::ClearStop => {
                if !self.halts.has(Halt::EmergencyStop) {
                    return Err(Refused::Stop);
                }
                self.halts = self.halts.without(Halt::EmergencyStop);
                Ok(())
            }
        }
    }

    fn route(&mut self, node: usize) -> Result<(), Refused> {
        self.alive()?;
        self.at(node, NodeState::Eligible)?;
        self.step(node, NodeState::Executing)?;
        let fresh = Node::new(self.node(node)?.tier);
        let node = self.node_mut(node)?;
        (node.committed, node.commits_closed, node.revealed) = (0, false, fresh.revealed);
        if self.state == MissionState::Active {
            self.go(MissionState::Executing)?;
        }
        Ok(())
    }

    fn commit(&mut self, node: usize, seat: u8) -> Result<(), Refused> {
        self.in_state(MissionState::Executing)?;
        let Tier::Two { seats, .. } = self.node(node)?.tier else {
            return Err(self.unfit(node)?);
        };
        let now = self.node(node)?;
        if !matches!(
            now.state,
            NodeState::Executing | NodeState::PendingVerification
        ) || now.commits_closed
        {
            return Err(self.unfit(node)?);
        }
        if seat >= seats || now.committed >> seat & 1 == 1 {
            return Err(Refused::Seat { seat });
        }
        if now.state == NodeState::Executing {
            self.step(node, NodeState::PendingVerification)?;
        }
        let node = self.node_mut(node)?;
        node.committed |= 1 << seat;
        node.commits_closed = node.commits() == u32::from(seats);
        Ok(())
    }

    fn close_commit(&mut self, node: usize) -> Result<(), Refused> {
        self.working(node, NodeState::PendingVerification)?;
        let now = self.node(node)?;
        let Tier::Two { threshold, .. } = now.tier else {
            return Err(self.unfit(node)?);
        };
        if now.commits_closed {
            return Err(self.unfit(node)?);
        }
        if now.commits() < u32::from(threshold) {
            return self.conclude(node, false);
        }
        self.node_mut(node)?.commits_closed = true;
        Ok(())
    }

    fn reveal(&mut self, node: usize, seat: u8, value: u32) -> Result<(), Refused> {
        self.working(node, NodeState::PendingVerification)?;
        let now = self.node(node)?;
        let place = usize::from(seat);
        let may = now.commits_closed
            && place < SEATS_MAX
            && now.committed >> seat & 1 == 1
            && now.revealed[place].is_none();
        if !may {
            return Err(Refused::Seat { seat });
        }
        let now = self.node_mut(node)?;
        now.revealed[place] = Some(value);
        if now.reveals() == now.commits() {
            return self.decide(node);
        }
        Ok(())
    }

    fn decide(&mut self, node: usize) -> Result<(), Refused> {
        let now = self.node(node)?;
        let Tier::Two { threshold, .. } = now.tier else {
            return Err(self.unfit(node)?);
        };
        let agrees = now.agrees(threshold);
        self.conclude(node, agrees)
    }

    fn reassign(&mut self, node: usize) -> Result<(), Refused> {
        self.alive()?;
        self.at(node, NodeState::Failed)?;
        if self.refinements >= self.refinements_max {
            return Err(self.spent());
        }
        self.step(node, NodeState::Eligible)?;
        self.refinements += 1;
        Ok(())
    }

    fn fail(&mut self) -> Result<(), Refused> {
        self.in_state(MissionState::Executing)?;
        if self.refinements < self.refinements_max {
            return Err(self.spent());
        }
        if !self.nodes.iter().any(|n| n.state == NodeState::Failed) {
            return Err(Refused::Mission { state: self.state });
        }
        self.go(MissionState::Failed)
    }

    fn stop(&mut self) -> Result<(), Refused> {
        if self.state.is_terminal() {
            return Err(Refused::Mission { state: self.state });
        }
        if self.halts.has(Halt::EmergencyStop) {
            return Err(Refused::Stop);
        }
        self.halts = self.halts.and(Halt::EmergencyStop);
        Ok(())
    }

    const fn spent(&self) -> Refused {
        Refused::Refinements {
            used: self.refinements,
            max: self.refinements_max,
        }
    }

    /// Ends a node's verification, and what follows for successors and mission.
    fn conclude(&mut self, node: usize, holds: bool) -> Result<(), Refused> {
        if !holds {
            return self.step(node, NodeState::Failed);
        }
        self.step(node, NodeState::Completed)?;
        self.unlock();
        if self.nodes.iter().all(|n| n.state == NodeState::Completed) {
            self.go(MissionState::Verification)?;
        }
        Ok(())
    }

    /// Makes every waiting node eligible whose predecessors are completed; roots have none.
    fn unlock(&mut self) {
        for index in 0..self.nodes.len() {
            let ready = self
                .edges
                .iter()
                .filter(|(_, to)| *to == index)
                .all(|(from, _)| {
                    self.nodes
                        .get(*from)
                        .is_some_and(|n| n.state == NodeState::Completed)
                });
            if ready && self.nodes[index].state == NodeState::Waiting {
                self.nodes[index].state = NodeState::Eligible;
            }
        }
    }

    fn node(&self, node: usize) -> Result<&Node, Refused> {
        self.nodes.get(node).ok_or(Refused::UnknownNode { node })
    }

    fn node_mut(&mut self, node: usize) -> Result<&mut Node, Refused> {
        self.nodes
            .get_mut(node)
            .ok_or(Refused::UnknownNode { node })
    }

    /// The refusal that names the node's state.
    fn unfit(&self, node: usize) -> Result<Refused, Refused> {
        let state = self.node(node)?.state;
        Ok(Refused::Node { state })
    }

    fn of_tier(&self, node: usize, fits: fn(Tier) -> bool) -> Result<(), Refused> {
        if fits(self.node(node)?.tier) {
            Ok(())
        } else {
            Err(self.unfit(node)?)
        }
    }

    fn at(&self, node: usize, state: NodeState) -> Result<(), Refused> {
        if self.node(node)?.state == state {
            Ok(())
        } else {
            Err(self.unfit(node)?)
        }
    }

    /// The mission executes, and the node is in `state`.
    fn working(&self, node: usize, state: NodeState) -> Result<(), Refused> {
        self.in_state(MissionState::Executing)?;
        self.at(node, state)
    }

    fn in_state(&self, state: MissionState) -> Result<(), Refused> {
        if self.state == state {
            Ok(())
        } else {
            Err(Refused::Mission { state: self.state })
        }
    }

    /// Nodes of the mission may begin.
    fn alive(&self) -> Result<(), Refused> {
        match self.state {
            MissionState::Active | MissionState::Executing => Ok(()),
            MissionState::Pending
            | MissionState::Verification
            | MissionState::Completed
            | MissionState::Failed
            | MissionState::Aborted
            | MissionState::Degraded => Err(Refused::Mission { state: self.state }),
        }
    }

    fn step(&mut self, node: usize, to: NodeState) -> Result<(), Refused> {
        let node = self.node_mut(node)?;
        node.state = NodeState::transition(node.state, to)?.to;
        Ok(())
    }

    fn go(&mut self, to: MissionState) -> Result<(), Refused> {
        self.state = MissionState::transition(self.state, to)?.to;
        Ok(())
    }
}

impl Event {
    /// The command a halt would forbid; none for what raises or lifts a halt.
    pub const fn command(self) -> Option<Command> {
        Some(match self {
            Self::Finalize => Command::FinalizeMission,
            Self::Route(_) => Command::RouteTask,
            Self::Submit(..) | Self::SubmitForReview(_) => Command::SubmitResult,
            Self::Commit(..) => Command::CommitResult,
            Self::Reveal(..) => Command::RevealResult,
            Self::CloseCommit(_) => Command::CloseCommit,
            Self::CloseReveal(_) => Command::CloseReveal,
            Self::TimeoutNode(_) => Command::TimeoutNode,
            Self::Approve(_) => Command::ApproveReview,
            Self::Reject(_) => Command::RejectReview,
            Self::TimeoutReview(_) => Command::TimeoutReview,
            Self::Freeze(_) => Command::FreezeNode,
            Self::Unfreeze(_) => Command::UnfreezeNode,
            Self::ConfirmFreeze(_) => Command::ConfirmFreeze,
            Self::Reassign(_) => Command::ReassignNode,
            Self::FailMission => Command::FailMission,
            Self::Pass | Self::Fail => Command::FilterOutput,
            Self::Veto => Command::VetoOutput,
            Self::Abort => Command::AbortMission,
            Self::EnterDegraded => Command::EnterDegraded,
            Self::ExitDegraded => Command::ExitDegraded,
            Self::TimeoutDegraded => Command::AbortDegraded,
            Self::Stop => Command::TriggerStop,
            Self::ClearStop => Command::ClearStop,
        })
    }
}
