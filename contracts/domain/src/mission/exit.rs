//! Who may leave what, once a deadline passed: the rows of docs/exits.md for missions and nodes, applied to records.

use super::{
    Reason, Refused,
    halt::Lying,
    node::{BACKUP, Eligible, Node, seat_bit, seconds},
    record::{Clock, EXECUTING, LIVING, Mission, States, WORKING, bit, moved},
    refinement::is_exhausted,
};
use crate::machine::{Command, MissionState, NodeState};

/// A way out of a mission's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissionExit {
    /// Where it leads.
    pub to: MissionState,
    /// Last second before anyone may take it.
    pub from: u64,
    /// Why it ends.
    pub reason: Reason,
    /// The command that a halt may forbid.
    pub command: Command,
}

/// The parameters of a mission's exits: recovery, gate, degraded, all in milliseconds, and the most reassignments.
pub type Limits = [u64; 4];

/// The way out of the state a mission is in, halts apart; none of a mission that ended or is none.
#[inline(never)]
pub fn of_mission(
    (mission, clock, city): (&Mission, &Clock, &Mission),
    [recovery, gate, degraded, most]: Limits,
) -> Option<MissionExit> {
    let since = mission.since();
    let deadline = clock.deadline(mission, city);
    let (to, from, reason, command) = match MissionState::from_u8(mission.state())? {
        MissionState::Pending => (
            MissionState::Aborted,
            deadline,
            Reason::MissionDeadline,
            Command::AbortUndeployed,
        ),
        MissionState::Executing if is_exhausted(mission, most) => (
            MissionState::Failed,
            0,
            Reason::RefinementExhausted,
            Command::FailMission,
        ),
        MissionState::Active | MissionState::Executing => (
            MissionState::Failed,
            deadline,
            Reason::MissionDeadline,
            Command::FailOverdue,
        ),
        MissionState::Verification => {
            let later = moved(mission, city).saturating_sub(clock.moved_at_gate());
            (
                MissionState::Failed,
                since
                    .saturating_add(later.into())
                    .saturating_add(seconds(gate)),
                Reason::HumanSilence,
                Command::TimeoutVerification,
            )
        }
        MissionState::Failed => (
            MissionState::Aborted,
            since.saturating_add(seconds(recovery)),
            Reason::Unfinished,
            Command::AbortFailed,
        ),
        MissionState::Degraded => (
            MissionState::Aborted,
            since.saturating_add(seconds(degraded)),
            Reason::HumanSilence,
            Command::AbortDegraded,
        ),
        MissionState::Completed | MissionState::Aborted => return None,
    };
    Some(MissionExit {
        to,
        from,
        reason,
        command,
    })
}

/// Takes a mission out of its state: under a halt that is overdue, as an orphan, or by its own deadline.
///
/// Errors: `UnknownMission`, `MissionState`; `TooEarly` with the first instant of all; `Halted`.
#[inline(never)]
pub fn expire_mission(
    (mission, clock, city): (&mut Mission, &Clock, &Mission),
    lying: &Lying,
    is_orphan: bool,
    limits: Limits,
    now: u64,
) -> Result<(MissionState, Reason), Refused> {
    mission.must_be(LIVING)?;
    let (to, reason) = if lying.is_overdue(now) {
        (MissionState::Aborted, Reason::HaltExpired)
    } else if is_orphan {
        (MissionState::Aborted, Reason::AncestorEnded)
    } else {
        let state = mission.state();
        let exit =
            of_mission((mission, clock, city), limits).ok_or(Refused::MissionState { state })?;
        if now <= exit.from {
            let from = exit.from.min(lying.overdue_at());
            return Err(Refused::TooEarly { from });
        }
        lying.permit(exit.command)?;
        (exit.to, exit.reason)
    };
    mission.step(to, now)?;
    Ok((to, reason))
}

/// A node that failed by its deadline: why, and which seats are at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeExit {
    /// Why.
    pub reason: Reason,
    /// Seats that were silent, one bit each.
    pub silent: u8,
    /// Seats whose service ended, one bit each.
    pub deprecated: u8,
}

/// Fails a node that nobody routed: at the fault of silent seats and ended services, unless nobody could (C-14, A3, R7, R28).
///
/// Errors: `MissionState`, `NodeState`, `Halted`, `TooEarly`.
pub fn expire_eligible(
    mission: &Mission,
    lying: &Lying,
    states: &mut States,
    (number, node): (u16, &Node),
    windows: &Eligible,
    (redundancy, deprecated): (u8, u8),
    now: u64,
) -> Result<NodeExit, Refused> {
    mission.must_be(WORKING)?;
    states.must_be(number, bit(NodeState::Eligible as u8), node.attempt())?;
    lying.permit(Command::ExpireEligible)?;
    after(windows.expires, now)?;
    states.step(number, NodeState::Failed, node.attempt())?;
    let mut silent = 0;
    for seat in 0..redundancy {
        silent |= seat_bit(seat) & !node.taken();
    }
    let blamed = if lying.bars_routing() { 0 } else { u8::MAX };
    let (silent, deprecated) = (silent & blamed, deprecated & node.taken() & blamed);
    let reason = if silent == 0 && deprecated != 0 {
        Reason::ServiceDeprecated
    } else {
        Reason::SeatNotAccepted
    };
    Ok(NodeExit {
        reason,
        silent,
        deprecated,
    })
}

/// Fails a node whose executors handed in nothing, at their fault (C-18, C-19).
///
/// Errors: `MissionState`; `NodeState`, also for a node whose child lives; `Halted`, `TooEarly`.
pub fn time_out(
    mission: &Mission,
    lying: &Lying,
    states: &mut States,
    (number, node): (u16, &Node),
    (now, moved): (u64, u32),
) -> Result<NodeExit, Refused> {
    let attempt = node.attempt();
    mission.must_be(EXECUTING)?;
    states.must_be(number, bit(NodeState::Executing as u8), attempt)?;
    if node.is_child() {
        let state = states.of(number);
        return Err(Refused::NodeState { state, attempt });
    }
    lying.permit(Command::TimeoutNode)?;
    after(node.ends(moved), now)?;
    states.step(number, NodeState::Failed, attempt)?;
    Ok(NodeExit {
        reason: Reason::TimeoutExceeded,
        silent: node.taken(),
        deprecated: 0,
    })
}

/// Opens the backup period of a review that nobody decided, and fails a node of tier 3 once that passed, too (V-10, R11, R12).
/// Both in one call, if nobody called before. The second says that it failed.
///
/// Units: `window_ms` milliseconds, `multiple` windows for both periods together.
/// Errors: `MissionState`, `NodeState`, `Halted`, `TooEarly`; `Disputed` for tier 2, which its machine consensus decides.
pub fn expire_review(
    mission: &Mission,
    lying: &Lying,
    states: &mut States,
    (number, node): (u16, &mut Node),
    [window_ms, multiple]: [u64; 2],
    (now, moved): (u64, u32),
) -> Result<(bool, bool), Refused> {
    mission.must_be(EXECUTING)?;
    states.must_be(number, bit(NodeState::PendingReview as u8), node.attempt())?;
    lying.permit(Command::TimeoutReview)?;
    let ends = node.ends(moved);
    after(ends, now)?;
    let opens = !node.has_backup();
    if opens {
        let both = seconds(window_ms.saturating_mul(multiple));
        let backup = both.saturating_sub(seconds(window_ms));
        node.set_kind(node.kind() | BACKUP);
        node.expire_at(ends.saturating_add(backup), moved);
    } else if node.tier() != 3 {
        return Err(Refused::Disputed);
    }
    let fails = node.tier() == 3 && now > node.ends(moved);
    if fails {
        states.step(number, NodeState::Failed, node.attempt())?;
    }
    Ok((opens, fails))
}

/// Fails a node whose freeze nobody decided: whatever lies on its mission, without fault, never back to eligible (R8).
///
/// Errors: `MissionState`, `NodeState`, `TooEarly`.
pub fn expire_freeze(
    mission: &Mission,
    states: &mut States,
    (number, node): (u16, &Node),
    now: u64,
) -> Result<NodeExit, Refused> {
    mission.must_be(LIVING)?;
    states.must_be(number, bit(NodeState::Frozen as u8), node.attempt())?;
    after(node.expires(), now)?;
    states.step(number, NodeState::Failed, node.attempt())?;
    Ok(NodeExit {
        reason: Reason::FreezeExpired,
        silent: 0,
        deprecated: 0,
    })
}

/// Refuses before `until` has passed.
///
/// Errors: `TooEarly`.
pub const fn after(until: u64, now: u64) -> Result<(), Refused> {
    if now <= until {
        return Err(Refused::TooEarly { from: until });
    }
    Ok(())
}
