//! Freezes: one record each, by number.
//!
//! A freeze halts one node for evidence. It is lifted or confirmed by people, or it expires and the node fails without fault:
//! silence never lets a frozen node go on, so nobody can wait a freeze out (RULINGS R8, INV-GUARD-03). A stop forbids no freeze (G-06).

use alloy_primitives::Address;

use super::{Refused, after, report::require_current};
use crate::machine::{FreezeState, MissionState, NodeState};

/// Why a node was frozen. The number is the one on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Cause {
    /// Monitors agree that it deviates.
    Deviation = 1,
    /// More tool invocations than it may make.
    ToolLimit,
    /// More messages than it may send.
    MessageLimit,
    /// Monitors agree that it runs other code than it registered.
    DeploymentSubstitution,
    /// An adjudicator.
    Manual,
}

/// How people lift a freeze. The number is the one on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Lift {
    /// There was nothing: it counts towards no stop.
    FalsePositive = 1,
    /// There was something; the agent goes on and loses `repAmend` points.
    Warning,
}

impl Lift {
    /// The kind of a number.
    pub const fn at(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::FalsePositive),
            2 => Some(Self::Warning),
            _ => None,
        }
    }
}

/// A freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Whose work.
    pub agent: Address,
    /// At which node.
    pub node: u16,
    /// In which attempt.
    pub attempt: u8,
    /// Why.
    pub cause: u8,
    /// When, in unix seconds.
    pub at: u64,
    /// After how many seconds anyone fails the node.
    pub secs: u64,
    /// What people decided. That it expired is the node's state, and stored there.
    pub state: FreezeState,
    /// Whether people found that there was nothing.
    pub is_false: bool,
    /// Whether its monitors were charged for that.
    pub is_charged: bool,
}

/// Whether a mission's nodes can be frozen: while they are worked on, also in degraded mode, whose end lets them go on.
pub const fn is_worked_on(mission: MissionState) -> bool {
    matches!(
        mission,
        MissionState::Active | MissionState::Executing | MissionState::Degraded
    )
}

/// Whether a node of a mission can be frozen now: what the machine of nodes says.
///
/// Source: RESOLUTIONS G-06; INV-STATE-01.
pub const fn is_freezable(mission: MissionState, node: NodeState) -> bool {
    is_worked_on(mission) && NodeState::transition(node, NodeState::Frozen).is_ok()
}

/// The same for a command that wants it. `attempt` is the current one, `given` the one that is to be frozen.
///
/// Errors: `WrongAttempt`, `WrongMission`, `WrongNode`.
pub const fn require_freezable(
    mission: MissionState,
    node: NodeState,
    attempt: u8,
    given: u8,
) -> Result<(), Refused> {
    if let Err(refused) = require_current(attempt, given) {
        return Err(refused);
    }
    if !is_worked_on(mission) {
        return Err(Refused::WrongMission { state: mission });
    }
    if !is_freezable(mission, node) {
        return Err(Refused::WrongNode {
            state: node,
            attempt,
        });
    }
    Ok(())
}

impl Freeze {
    /// A freeze of now.
    pub const fn new(
        agent: Address,
        (node, attempt): (u16, u8),
        cause: Cause,
        secs: u64,
        now: u64,
    ) -> Self {
        Self {
            agent,
            node,
            attempt,
            cause: cause as u8,
            at: now,
            secs,
            state: FreezeState::Open,
            is_false: false,
            is_charged: false,
        }
    }

    /// From when on, exclusively, anyone fails the node.
    pub const fn expires_at(&self) -> u64 {
        after(self.at, self.secs)
    }

    /// Whether people decided nothing yet.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, FreezeState::Open)
    }

    /// Whether it counts towards a stop: monitors reported it, and it was not found false. An adjudicator who wants a stop has a
    /// power of his own, with its own limits (RULINGS A7, R13).
    pub const fn counts(&self) -> bool {
        !self.is_false && self.cause != Cause::Manual as u8
    }

    /// Lifts it. That its node is still frozen is checked where nodes are kept.
    ///
    /// Errors: `FreezeDecided`.
    /// Source: RESOLUTIONS G-15, RULINGS K8.
    pub const fn lift(mut self, lift: Lift) -> Result<Self, Refused> {
        if FreezeState::transition(self.state, FreezeState::Lifted).is_err() {
            return Err(Refused::FreezeDecided { state: self.state });
        }
        self.state = FreezeState::Lifted;
        self.is_false = self.is_false || matches!(lift, Lift::FalsePositive);
        Ok(self)
    }

    /// Confirms it: the node fails at the agent's fault. What people found false they cannot confirm.
    ///
    /// Errors: `FreezeDecided`.
    /// Source: RESOLUTIONS G-16.
    pub const fn confirm(mut self) -> Result<Self, Refused> {
        if self.is_false || FreezeState::transition(self.state, FreezeState::Upheld).is_err() {
            return Err(Refused::FreezeDecided { state: self.state });
        }
        self.state = FreezeState::Upheld;
        Ok(self)
    }

    /// Finds it false, once: it counts no more, and its monitors are charged. Also before it is lifted, and after it expired.
    ///
    /// Errors: `FreezeDecided` if it was confirmed, `AlreadyClassified`.
    /// Source: RESOLUTIONS G-10, G-15.
    pub const fn classify(mut self) -> Result<Self, Refused> {
        if matches!(self.state, FreezeState::Upheld) {
            return Err(Refused::FreezeDecided { state: self.state });
        }
        if self.is_charged {
            return Err(Refused::AlreadyClassified);
        }
        self.is_false = true;
        self.is_charged = true;
        Ok(self)
    }
}
