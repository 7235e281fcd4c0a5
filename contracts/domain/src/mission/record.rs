//! What is stored of a mission: two words, two more where something moved or ties it, and a byte of each of its nodes.
//!
//! ```text
//! mission  0 state   1 halt   2..4 nodes   4..6 completed   6..8 failed   8 depth   9..11 refinements
//!          11..16 epoch   16..21 deadline   21..26 since   26..30 moved   30..32 hopeless
//! pages    while it waits for its deployment, statute's: how far that is (`statute::storage`), with 23..27 and 27..31 as below
//!          once it is law: 0..5 activated   5..9 moved then   23..27 first page   27..31 first page of seats   31 the mark of law
//! clock    0..5 halted until   5..9 moved before   9..13 moved at the gate
//! link     0..16 returned   16 what became of the child   30..32 node of the parent
//! states   a byte a node, 32 nodes in their order: a state; or 64, not begun, and 128, waiting, with the open edges into it
//! ```
//!
//! A clock is zero, and not written, as long as nothing was halted.
//!
//! The city is the mission of number zero: it has a halt, and by how much its halts moved every deadline.

// structural file: offsets and widths of the layout drawn above.

use alloy_primitives::B256;

use super::{
    Refused, Why,
    word::{get, packed, set},
};
use crate::{
    machine::{MissionState, NodeState},
    statute::EDGES_MAX,
};

packed! {
    /// A mission, or the city. All zero means that there is none.
    Mission {
        /// Number of its state.
        state, set_state: 0, 1, u8;
        /// What halts it, as the interface numbers halts; zero for nothing.
        halt, set_halt: 1, 1, u8;
        /// Nodes of its statute.
        nodes, set_nodes: 2, 2, u16;
        /// Nodes that are completed.
        completed, set_completed: 4, 2, u16;
        /// Nodes that are failed now.
        failed, set_failed: 6, 2, u16;
        /// How deep it lies under its root; zero for a root.
        depth, set_depth: 8, 1, u8;
        /// Reassignments so far, and those that its predecessors used.
        refinements, set_refinements: 9, 2, u16;
        /// The epoch whose parameters rule it.
        epoch, set_epoch: 11, 5, u64;
        /// Its last second, as its own halts moved it.
        deadline, set_deadline: 16, 5, u64;
        /// When it came into its state.
        since, set_since: 21, 5, u64;
        /// Seconds by which its own halts moved its deadlines.
        moved, set_moved: 26, 4, u32;
        /// Failed nodes that have no attempt left.
        hopeless, set_hopeless: 30, 2, u16;
    }
}

packed! {
    /// Where a mission's pages are, by the ordinals of their accounts' creation, and since when it is law.
    Pages {
        /// When it became active: since when its roots are eligible.
        activated, set_activated: 0, 5, u64;
        /// Seconds by which deadlines had moved then.
        moved_then, set_moved_then: 5, 4, u32;
        /// Ordinal of the statute's first page.
        first_page, set_first_page: 23, 4, u32;
        /// Ordinal of the first page of seats.
        first_seats, set_first_seats: 27, 4, u32;
        /// [`LAW`] once it is law.
        mark, set_mark: 31, 1, u8;
    }
}

/// The mark of pages that are law. As long as they are deployed, statute's flags of the deployment stand there, which are less.
pub const LAW: u8 = 0x80;

packed! {
    /// What halts did to a mission's time.
    Clock {
        /// When its halt is overdue.
        halted_until, set_halted_until: 0, 5, u64;
        /// Seconds by which the city had moved deadlines when it was created.
        moved_before, set_moved_before: 5, 4, u32;
        /// Seconds by which deadlines had moved when it came to the gate.
        moved_at_gate, set_moved_at_gate: 9, 4, u32;
    }
}

packed! {
    /// What ties a mission to the one it belongs to or replaces.
    Link {
        /// High half of what it gave back, in base units.
        returned_high, set_returned_high: 0, 8, u64;
        /// Low half of that.
        returned_low, set_returned_low: 8, 8, u64;
        /// What became of the child; the number of a [`Child`].
        child, set_child: 16, 1, u8;
        /// The parent's node.
        node, set_node: 30, 2, u16;
    }
}

/// What became of a mission that is a node of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Child {
    /// It has no money of its parent's.
    Apart,
    /// The parent's node executes as long as it lives.
    Opened,
    /// Its outcome is its parent's node's.
    Closed,
}

/// The states of 32 nodes, and for those that have not begun or wait how many edges are open into them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct States(pub B256);

/// Nodes of one word of states.
pub const NODES_PER_STATES: u16 = 32;

/// In a node's byte: it has not begun, and the other bits are its open edges.
const FRESH: u8 = 0x40;
/// In a node's byte: it waits, and the other bits are its open edges.
const WAITING: u8 = 0x80;
/// The bits of edges.
const EDGES: u8 = FRESH - 1;
const _: () = assert!(EDGES_MAX <= EDGES && FRESH > NodeState::PendingFinalization as u8);

/// The bit of a state's number, in a set of states.
pub const fn bit(state: u8) -> u16 {
    if state > 15 { 0 } else { 1 << state }
}

/// States that are not final.
pub const LIVING: u16 = bit(MissionState::Pending as u8)
    | bit(MissionState::Active as u8)
    | bit(MissionState::Executing as u8)
    | bit(MissionState::Verification as u8)
    | bit(MissionState::Failed as u8)
    | bit(MissionState::Degraded as u8);
/// States in which nodes begin, and those that run are judged. A mission that lives again is active until another of its nodes begins,
/// while the clocks of those that run go on: what they handed in must not wait.
pub const WORKING: u16 = bit(MissionState::Active as u8) | bit(MissionState::Executing as u8);
/// The state in which something runs for certain.
pub const EXECUTING: u16 = bit(MissionState::Executing as u8);
/// States that are final.
pub const ENDED: u16 = bit(MissionState::Completed as u8) | bit(MissionState::Aborted as u8);

impl Mission {
    /// Refuses another state than these, a bit each.
    ///
    /// Errors: `UnknownMission`, `MissionState`.
    #[inline(never)]
    pub fn must_be(&self, states: u16) -> Result<(), Refused> {
        let state = self.state();
        if state == 0 {
            return Err(Why::UnknownMission.into());
        }
        if states & bit(state) == 0 {
            return Err(Why::MissionState { state }.into());
        }
        Ok(())
    }

    /// Whether it is in one of these states.
    pub fn is_in(&self, states: u16) -> bool {
        states & bit(self.state()) != 0
    }

    /// Takes it to another state: the only way there is (INV-STATE-01, INV-MISSION-01).
    ///
    /// Errors: `MissionState` for what is no step of either table; then nothing has changed.
    #[inline(never)]
    pub fn step(&mut self, to: MissionState, now: u64) -> Result<(), Refused> {
        let state = self.state();
        let legal = MissionState::from_u8(state)
            .is_some_and(|from| MissionState::transition(from, to).is_ok());
        if !legal {
            return Err(Why::MissionState { state }.into());
        }
        self.set_state(to.number());
        self.set_since(now);
        Ok(())
    }

    /// Moves every deadline: its own at once, those of its nodes when they are read.
    pub fn postpone(&mut self, secs: u64) {
        self.set_deadline(self.deadline().saturating_add(secs));
        self.set_moved(self.moved().saturating_add(clamped(secs)));
    }

    /// Counts one node more that failed, for good if no attempt is left.
    pub fn count_failed(&mut self, hopeless: bool) {
        self.set_failed(self.failed().saturating_add(1));
        self.set_hopeless(self.hopeless().saturating_add(hopeless.into()));
    }

    /// Counts one node more that is completed; whether it was the last.
    pub fn count_completed(&mut self) -> bool {
        self.set_completed(self.completed().saturating_add(1));
        self.completed() == self.nodes()
    }

    /// Whether a node has this number.
    ///
    /// Errors: `UnknownNode`.
    pub fn must_have(&self, node: u16) -> Result<(), Refused> {
        let nodes = self.nodes();
        if node >= nodes {
            return Err(Why::UnknownNode { nodes }.into());
        }
        Ok(())
    }
}

/// At most what four bytes hold.
fn clamped(secs: u64) -> u32 {
    u32::try_from(secs).unwrap_or(u32::MAX)
}

/// By how many seconds the deadlines of a mission moved: by its own halts and by the city's.
pub fn moved(mission: &Mission, city: &Mission) -> u32 {
    mission.moved().saturating_add(city.moved())
}

impl Clock {
    /// The mission's last second, as the city's halts moved it too.
    pub fn deadline(&self, mission: &Mission, city: &Mission) -> u64 {
        let more = city.moved().saturating_sub(self.moved_before());
        mission.deadline().saturating_add(more.into())
    }
}

impl Link {
    /// What it gave back to its parent, in base units.
    pub fn returned(&self) -> u128 {
        u128::from(self.returned_high()) << 64 | u128::from(self.returned_low())
    }

    /// Keeps what it gives back.
    pub fn set_returned(&mut self, amount: u128) {
        self.set_returned_high((amount >> 64) as u64);
        self.set_returned_low(amount as u64);
    }
}

impl Pages {
    /// Makes law of what was deployed: nothing but where the first pages are stays of the deployment.
    pub fn become_law(&mut self, now: u64, moved: u32) {
        let (page, seats) = (self.first_page(), self.first_seats());
        *self = Self::default();
        self.set_first_page(page);
        self.set_first_seats(seats);
        self.set_activated(now);
        self.set_moved_then(moved);
        self.set_mark(LAW);
    }

    /// Whether they are law.
    pub fn are_law(&self) -> bool {
        self.mark() == LAW
    }
}

impl States {
    #[inline(never)]
    fn byte(&self, node: u16) -> u8 {
        get(&self.0, place(node), 1) as u8
    }

    #[inline(never)]
    fn put(&mut self, node: u16, byte: u8) {
        set(&mut self.0, place(node), 1, byte.into());
    }

    /// The number of a node's state; zero for one that is none yet.
    #[inline(never)]
    pub fn of(&self, node: u16) -> u8 {
        match self.byte(node) {
            byte if byte & WAITING != 0 => NodeState::Waiting as u8,
            byte if byte & FRESH != 0 => 0,
            byte => byte,
        }
    }

    /// How many edges are open into a node; none into one that begins or began.
    #[inline(never)]
    pub fn edges(&self, node: u16) -> u8 {
        match self.byte(node) {
            byte if byte & (WAITING | FRESH) != 0 => byte & EDGES,
            _ => 0,
        }
    }

    /// Leads `more` edges into a node that has not begun.
    ///
    /// Errors: how many there would be, if that is more than [`EDGES_MAX`].
    #[inline(never)]
    pub fn lead_into(&mut self, node: u16, more: u8) -> Result<(), u8> {
        let edges = self.edges(node).saturating_add(more);
        if edges > EDGES_MAX {
            return Err(edges);
        }
        if more != 0 && self.of(node) == 0 {
            self.put(node, FRESH | edges);
        }
        Ok(())
    }

    /// Closes one of the edges into a node; whether it waits and this was the last.
    #[inline(never)]
    pub fn release(&mut self, node: u16) -> bool {
        let edges = self.edges(node);
        if edges == 0 {
            return false;
        }
        self.put(node, self.byte(node).saturating_sub(1));
        edges == 1 && self.of(node) == NodeState::Waiting as u8
    }

    /// Begins a node in one of the two states in which nodes begin; one that a successor imports is completed (R18).
    ///
    /// Errors: `NodeState` for a node that has begun.
    pub fn begin(&mut self, node: u16, imported: bool) -> Result<(), Refused> {
        let state = self.of(node);
        if state != 0 {
            return Err(Why::NodeState { state, attempt: 0 }.into());
        }
        let first = if imported {
            NodeState::Completed as u8
        } else {
            WAITING | self.edges(node)
        };
        self.put(node, first);
        Ok(())
    }

    /// Refuses another state than these, a bit each.
    ///
    /// Errors: `NodeState`.
    #[inline(never)]
    pub fn must_be(&self, node: u16, states: u16, attempt: u8) -> Result<(), Refused> {
        let state = self.of(node);
        if states & bit(state) == 0 {
            return Err(Why::NodeState { state, attempt }.into());
        }
        Ok(())
    }

    /// Takes a node to another state: the only way there is (INV-STATE-01, INV-MISSION-01).
    ///
    /// Errors: `NodeState` for what is no step of either table; then nothing has changed.
    #[inline(never)]
    pub fn step(&mut self, node: u16, to: NodeState, attempt: u8) -> Result<(), Refused> {
        let state = self.of(node);
        let legal =
            NodeState::from_u8(state).is_some_and(|from| NodeState::transition(from, to).is_ok());
        if !legal {
            return Err(Why::NodeState { state, attempt }.into());
        }
        self.put(node, to as u8);
        Ok(())
    }
}

/// The byte of a node in a word of states.
fn place(node: u16) -> usize {
    (node % NODES_PER_STATES).into()
}
