//! Who may leave what, once a deadline passed: the rows of docs/exits.md for missions and nodes, applied to records.

use super::{
    Reason, Refused, Why,
    halt::Lying,
    node::{BACKUP, Eligible, Node, TIER_REVIEW, seat_bit, seconds},
    record::{Clock, LIVING, Mission, States, WORKING, bit, moved},
    refinement::is_exhausted,
};
use crate::{
    exit::{Halts, forbidders},
    machine::{Command, MissionState, NodeState},
};

/// A way out of a mission's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissionExit {
    /// Where it leads.
    pub to: MissionState,
    /// Last second before anyone may take it.
    pub from: u64,
    /// Why it ends.
    pub reason: Reason,
    /// The halts that forbid it.
    pub forbidders: Halts,
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
    let (to, from, reason, forbidders) = match MissionState::from_u8(mission.state())? {
        MissionState::Pending => (
            MissionState::Aborted,
            deadline,
            Reason::MissionDeadline,
            const { forbidders(Command::AbortUndeployed) },
        ),
        MissionState::Executing if is_exhausted(mission, most) => (
            MissionState::Failed,
            0,
            Reason::RefinementExhausted,
            const { forbidders(Command::FailMission) },
        ),
        MissionState::Active | MissionState::Executing => (
            MissionState::Failed,
            deadline,
            Reason::MissionDeadline,
            const { forbidders(Command::FailOverdue) },
        ),
        MissionState::Verification => {
            let later = moved(mission, city).saturating_sub(clock.moved_at_gate());
            (
                MissionState::Failed,
                since
                    .saturating_add(later.into())
                    .saturating_add(seconds(gate)),
                Reason::HumanSilence,
                const { forbidders(Command::TimeoutVerification) },
            )
        }
        MissionState::Failed => (
            MissionState::Aborted,
            since.saturating_add(seconds(recovery)),
            Reason::Unfinished,
            const { forbidders(Command::AbortFailed) },
        ),
        MissionState::Degraded => (
            MissionState::Aborted,
            since.saturating_add(seconds(degraded)),
            Reason::HumanSilence,
            const { forbidders(Command::AbortDegraded) },
        ),
        MissionState::Completed | MissionState::Aborted => return None,
    };
    Some(MissionExit {
        to,
        from,
        reason,
        forbidders,
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
    reason: &mut Reason,
) -> Result<(), Refused> {
    mission.must_be(LIVING)?;
    let (to, why) = if lying.is_overdue(now) {
        (MissionState::Aborted, Reason::HaltExpired)
    } else if is_orphan {
        (MissionState::Aborted, Reason::AncestorEnded)
    } else {
        let state = mission.state();
        let exit = of_mission((mission, clock, city), limits).ok_or(Why::MissionState { state })?;
        if now <= exit.from {
            let from = exit.from.min(lying.overdue_at());
            return Err(Why::TooEarly { from }.into());
        }
        lying.permit(exit.forbidders)?;
        (exit.to, exit.reason)
    };
    *reason = why;
    mission.step(to, now)
}

/// What became of a node by its deadline: why it failed, and which seats are at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeExit {
    /// Whether the backup period of its review opened.
    pub opened: bool,
    /// Why it failed; `None` for a node that did not.
    pub reason: Reason,
    /// Seats that were silent, one bit each.
    pub silent: u8,
    /// Seats whose service ended, one bit each.
    pub deprecated: u8,
}

impl NodeExit {
    /// Nothing became of it yet.
    pub const NONE: Self = Self {
        opened: false,
        reason: Reason::None,
        silent: 0,
        deprecated: 0,
    };
}

/// Fails a node that nobody routed: at the fault of silent seats and ended services, unless nobody could (C-14, A3, R7, R28).
///
/// Errors: `MissionState`, `NodeState`, `Halted`, `TooEarly`.
pub fn expire_eligible(
    mission: &Mission,
    lying: &Lying,
    states: &mut States,
    (number, node): (u16, &Node),
    (windows, redundancy, deprecated): (&Eligible, u8, u8),
    now: u64,
    exit: &mut NodeExit,
) -> Result<(), Refused> {
    mission.must_be(WORKING)?;
    states.must_be(number, bit(NodeState::Eligible as u8), node.attempt())?;
    lying.permit(const { forbidders(Command::ExpireEligible) })?;
    after(windows.expires, now)?;
    states.step(number, NodeState::Failed, node.attempt())?;
    let mut silent = 0;
    for seat in 0..redundancy {
        silent |= seat_bit(seat) & !node.taken();
    }
    let blamed = if lying.bars_routing() { 0 } else { u8::MAX };
    exit.silent = silent & blamed;
    exit.deprecated = deprecated & node.taken() & blamed;
    exit.reason = if exit.silent == 0 && exit.deprecated != 0 {
        Reason::ServiceDeprecated
    } else {
        Reason::SeatNotAccepted
    };
    Ok(())
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
    exit: &mut NodeExit,
) -> Result<(), Refused> {
    let attempt = node.attempt();
    mission.must_be(WORKING)?;
    states.must_be(number, bit(NodeState::Executing as u8), attempt)?;
    if node.is_child() {
        let state = states.of(number);
        return Err(Why::NodeState { state, attempt }.into());
    }
    lying.permit(const { forbidders(Command::TimeoutNode) })?;
    after(node.ends(moved), now)?;
    states.step(number, NodeState::Failed, attempt)?;
    exit.reason = Reason::TimeoutExceeded;
    exit.silent = node.taken();
    Ok(())
}

/// Opens the backup period of a review that nobody decided, and fails a node of tier 3 once that passed, too (V-10, R11, R12).
/// Both in one call, if nobody called before.
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
    exit: &mut NodeExit,
) -> Result<(), Refused> {
    mission.must_be(WORKING)?;
    states.must_be(number, bit(NodeState::PendingReview as u8), node.attempt())?;
    lying.permit(const { forbidders(Command::TimeoutReview) })?;
    let ends = node.ends(moved);
    after(ends, now)?;
    exit.opened = !node.has_backup();
    if exit.opened {
        let both = seconds(window_ms.saturating_mul(multiple));
        let backup = both.saturating_sub(seconds(window_ms));
        node.set_kind(node.kind() | BACKUP);
        node.expire_at(ends.saturating_add(backup), moved);
    } else if node.tier() != TIER_REVIEW {
        return Err(Why::Disputed.into());
    }
    if node.tier() == TIER_REVIEW && now > node.ends(moved) {
        states.step(number, NodeState::Failed, node.attempt())?;
        exit.reason = Reason::HumanSilence;
    }
    Ok(())
}

/// Fails a node whose freeze nobody decided: whatever lies on its mission, without fault, never back to eligible (R8).
///
/// Errors: `MissionState`, `NodeState`, `TooEarly`.
pub fn expire_freeze(
    mission: &Mission,
    states: &mut States,
    (number, node): (u16, &Node),
    now: u64,
    exit: &mut NodeExit,
) -> Result<(), Refused> {
    mission.must_be(LIVING)?;
    states.must_be(number, bit(NodeState::Frozen as u8), node.attempt())?;
    after(node.expires(), now)?;
    states.step(number, NodeState::Failed, node.attempt())?;
    exit.reason = Reason::FreezeExpired;
    Ok(())
}

/// Refuses before `until` has passed.
///
/// Errors: `TooEarly`.
pub const fn after(until: u64, now: u64) -> Result<(), Refused> {
    if now <= until {
        return Err(Why::TooEarly { from: until }.pack());
    }
    Ok(())
}
