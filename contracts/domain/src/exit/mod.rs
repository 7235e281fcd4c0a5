//! Ways out: no state of the city can hold anybody for ever (law 1).
//!
//! For every state of every machine and every halt that may lie on it, [`EXITS`] says which way out is there, who may
//! take it, when, where it leads, and at whose fault. [`prove`] is evaluated while this crate is compiled, once for each
//! machine beside its tables; a table that could hold somebody does not compile (INV-EXIT-01):
//!
//! ```compile_fail
//! use agentcity_domain::{exit, machine::{Graph, NodeState}};
//! // Nodes without their ways out: "node WAITING has no exit ... without a halt".
//! const BROKEN: Graph = Graph { exits: &[], ..NodeState::GRAPH };
//! const _: () = exit::prove(&BROKEN);
//! ```
//!
//! ```
//! use agentcity_domain::{exit, machine::NodeState};
//! const _: () = exit::prove(&NodeState::GRAPH);
//! ```
//!
//! What is proved of a machine:
//! 1. Every [`Open`](Kind::Open) state has, without a halt and under each [`Halt`], an exit that anyone may take at once,
//!    after a deadline, or when another machine ended; what is open only under a condition does not count. A [`Resting`](Kind::Resting) state has one under every halt,
//!    though it may be the owner's or the panel's.
//! 2. Following such exits, whichever is taken, comes to a terminal or resting state, or ends with another machine, in
//!    fewer steps than there are states: no circle of deadlines.
//! 3. An exit that waits for another machine waits for one listed before its own, none of whose states rests: waiting
//!    ends, by induction over [`Machine`].
//! 4. Every exit is a step of the machine's tables that its command may cause, and no halt under which it is offered
//!    forbids that command. Halts lie on living missions, so what waits for a mission's end is beyond them.
//! 5. Terminal states have no way out, reserved states no step in or out, all others are reached from the initial ones.
//!
//! The proof speaks of one halt at a time; the tests repeat it for every combination.

mod halt;
mod proof;
mod rows;

pub(crate) use self::rows::*;
pub use self::{
    halt::{Halt, Halts, NEVER_FORBIDDEN, Reach, forbidders, forbidding},
    proof::{Stuck, Why, is_possible, prove, stuck, stuck_under},
};

#[cfg(doc)]
use crate::machine::Kind;
use crate::{
    machine::{Command, Machine},
    parameter::ParameterId,
};

/// All ways out, by machine.
pub const EXITS: [(Machine, &[Exit]); crate::machine::MACHINES.len()] = {
    let mut exits: [(Machine, &[Exit]); crate::machine::MACHINES.len()] =
        [(Machine::Mission, &[]); crate::machine::MACHINES.len()];
    let mut i = 0;
    while i < exits.len() {
        let graph = &crate::machine::MACHINES[i];
        exits[i] = (graph.machine, graph.exits);
        i += 1;
    }
    exits
};

/// One way out of a state.
#[derive(Clone, Copy, Debug)]
pub struct Exit {
    /// The state's number; [`EVERY`] for each open state of the machine.
    pub from: u8,
    /// Halts under which it is offered.
    pub when: Halts,
    /// Who may take it.
    pub who: Who,
    /// From when on.
    pub deadline: Deadline,
    /// What is called; none when time alone, or the end of another thing, does it.
    pub command: Option<Command>,
    /// Where it leads.
    pub to: Target,
    /// What it costs, and whom.
    pub fault: Fault,
    /// In words, what happens.
    pub note: &'static str,
    /// Where it is said.
    pub source: &'static str,
}

/// In [`Exit::from`]: each open state of the machine.
pub const EVERY: u8 = 0;

/// Who may take an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever pays the gas.
    Anyone,
    /// Whom the thing belongs to.
    Owner,
    /// The adjudicators, by the signatures their action demands.
    Panel,
}

/// From when on an exit is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Always.
    AtOnce,
    /// Once something is so that need not ever be: the proof does not count on it.
    When(&'static str),
    /// When the sum of these has passed since the state was entered (for a halt's maximum: since the halt).
    After(&'static [Term]),
    /// At an instant the record itself carries.
    At(&'static str),
    /// When the thing of another machine that it belongs to ended.
    Ended(Machine),
}

/// A summand of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// A parameter of the constitution.
    Parameter(ParameterId),
    /// The product of two parameters.
    Product(ParameterId, ParameterId),
    /// The longer of two parameters.
    Longer(ParameterId, ParameterId),
    /// A value of the statute or record.
    Field(&'static str),
}

/// Where an exit leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To a state of the same machine.
    State(u8),
    /// Nowhere: it has ended because what it belonged to ended.
    Subsumed,
}

/// What an exit costs (RESOLUTIONS S-15); the note says whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nobody: no slash, no change of reputation.
    None,
    /// `timeoutExceeded`: who was bound to act and was silent.
    TimeoutExceeded,
    /// `nodeFailure`: who committed and withheld, or handed in what does not hold.
    NodeFailure,
    /// The whole stake of the banned or removed.
    WholeStake,
}

impl Fault {
    /// As documents say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::TimeoutExceeded => "timeoutExceeded",
            Self::NodeFailure => "nodeFailure",
            Self::WholeStake => "whole stake",
        }
    }
}

impl Who {
    /// As documents say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Owner => "its owner",
            Self::Panel => "the panel",
        }
    }
}

impl Exit {
    /// The same for its owner alone.
    const fn for_owner(mut self) -> Self {
        self.who = Who::Owner;
        self
    }

    /// The same at somebody's fault.
    const fn at_fault(mut self, fault: Fault) -> Self {
        self.fault = fault;
        self
    }

    /// Whether it leaves the state of this number, which is open if `is_open`.
    pub const fn leaves(&self, state: u8, is_open: bool) -> bool {
        self.from == state || self.from == EVERY && is_open
    }

    /// Whether some halt of `halts` (or none, if there is none) offers it, and none of them forbids it.
    pub const fn is_available(&self, halts: Halts) -> bool {
        let offered = if halts.is_empty() {
            self.when.includes_calm()
        } else {
            self.when.meets(halts)
        };
        offered && !self.is_forbidden(halts)
    }

    /// Whether a halt forbids its command. What waits for a mission's end, or ends with something, is beyond halts:
    /// they lie on what lives.
    pub const fn is_forbidden(&self, halts: Halts) -> bool {
        match (self.command, self.deadline) {
            (None, _) | (_, Deadline::Ended(_)) => false,
            (
                Some(command),
                Deadline::AtOnce | Deadline::When(_) | Deadline::After(_) | Deadline::At(_),
            ) => forbidding(halts, command).is_some(),
        }
    }

    /// Whether everybody may take it: of an open state, law 1 counts no other.
    pub const fn is_permissionless(&self) -> bool {
        matches!(self.who, Who::Anyone)
    }

    /// Whether its time surely comes.
    pub const fn is_certain(&self) -> bool {
        match self.deadline {
            Deadline::When(_) => false,
            Deadline::AtOnce | Deadline::After(_) | Deadline::At(_) | Deadline::Ended(_) => true,
        }
    }
}
