//! Refinement: failed nodes with new seats, failed missions with a successor (RESOLUTIONS C-11, C-12; RULINGS R18).
//!
//! A mission has `maxRefinementIterations` reassignments for each 64 nodes that it begins, and each node as many for itself. A
//! successor inherits what its predecessor used, and one more, so refinement ends (INV-MISSION-05).

use super::{
    Refused, Why,
    node::{Node, seat_bit, seconds},
    record::{Clock, EXECUTING, Mission, States, WORKING, bit, moved},
};
use crate::{
    machine::{MissionState, NodeState},
    parameter::ParameterId,
};

/// Reassignments that a mission of so many nodes may use.
pub fn limit(nodes: u16, most: u64) -> u16 {
    let divisor = const { ParameterId::RefinementNodeDivisor.constant() };
    let shares = u32::from(nodes).div_ceil(divisor);
    u16::try_from(most.saturating_mul(shares.into())).unwrap_or(u16::MAX)
}

/// Whether a failed node keeps its mission from ever being completed: none of its attempts is left, or none of the mission's.
pub fn is_exhausted(mission: &Mission, most: u64) -> bool {
    let spent = mission.refinements() >= limit(mission.nodes(), most);
    mission.is_in(EXECUTING) && (mission.hopeless() > 0 || mission.failed() > 0 && spent)
}

/// Gives a failed node another attempt with `seats` new seats. A failed mission in which no node is failed any more lives on,
/// with as much time at least as its recovery might have taken, and every deadline is later by the time for which it lay.
///
/// Units: `most` attempts and reassignments, `recovery_ms` milliseconds.
/// Errors: `MissionState`, `NodeState`; `TooLate` for a mission that failed too long ago; `Refinements`.
/// Returns whether the mission lives again.
#[inline(never)]
pub fn reassign(
    (mission, clock, city): (&mut Mission, &Clock, &Mission),
    states: &mut States,
    (number, node): (u16, &mut Node),
    seats: u8,
    [most, recovery_ms]: [u64; 2],
    now: u64,
) -> Result<bool, Refused> {
    let lies = bit(MissionState::Failed as u8);
    mission.must_be(WORKING | lies)?;
    let grace = seconds(recovery_ms);
    let until = mission.since().saturating_add(grace);
    if mission.is_in(lies) && now > until {
        return Err(Why::TooLate { until }.into());
    }
    let attempt = node.attempt();
    states.must_be(number, bit(NodeState::Failed as u8), attempt)?;
    let (used, next) = (
        mission.refinements().saturating_add(1),
        attempt.saturating_add(1),
    );
    let limit = limit(mission.nodes(), most);
    if used > limit || u64::from(next) > most {
        return Err(Why::Refinements { used, limit }.into());
    }
    states.step(number, NodeState::Eligible, attempt)?;
    mission.set_refinements(used);
    mission.set_failed(mission.failed().saturating_sub(1));
    let revives = mission.is_in(lies) && mission.failed() == 0;
    if revives {
        mission.postpone(now.saturating_sub(mission.since()));
        mission.step(MissionState::Active, now)?;
        let least = now.saturating_add(grace);
        let short = least.saturating_sub(clock.deadline(mission, city));
        mission.set_deadline(mission.deadline().saturating_add(short));
    }
    node.renew(next, now, moved(mission, city));
    let mut replaced = node.replaced();
    for seat in 0..seats {
        replaced |= seat_bit(seat);
    }
    node.set_replaced(replaced);
    Ok(revives)
}

/// Hands what a failed mission used on to its successor, which waits for its deployment.
///
/// Errors: `MissionState` of either; `Depth` for a mission within a mission, whose money is its parent's; `Refinements`.
pub fn succeed(mission: &Mission, next: &mut Mission, most: u64) -> Result<(), Refused> {
    mission.must_be(bit(MissionState::Failed as u8))?;
    next.must_be(bit(MissionState::Pending as u8))?;
    let depth = mission.depth();
    if depth != 0 {
        return Err(Why::Depth { depth, limit: 0 }.into());
    }
    let used = mission.refinements().saturating_add(1);
    let limit = limit(next.nodes(), most);
    if used > limit {
        return Err(Why::Refinements { used, limit }.into());
    }
    next.set_refinements(used);
    Ok(())
}

/// Takes over a completed node into a successor, where its task is the same; something must be left to do.
///
/// Errors: `NodeState` for one that is not completed, or began already; `Order` if nothing would be left.
pub fn import(
    (old, from, attempt): (&States, u16, u8),
    (next, states, to): (&mut Mission, &mut States, u16),
) -> Result<(), Refused> {
    old.must_be(from, bit(NodeState::Completed as u8), attempt)?;
    states.begin(to, true)?;
    if next.count_completed() {
        return Err(Why::Order.into());
    }
    Ok(())
}
