//! What the guardian orders of a node: freezes and what follows them. No halt forbids any of it (G-06, G-08).

use super::{
    Refused, Why,
    node::Node,
    record::{Mission, States, WORKING, bit},
};
use crate::machine::{MissionState, NodeState};

/// Missions whose nodes are frozen, let go on and failed by orders: also a degraded one, whose evidence does not wait (G-06, G-08).
const FROZEN_IN: u16 = WORKING | bit(MissionState::Degraded as u8);

const RUNNING: u16 = bit(NodeState::Eligible as u8) | bit(NodeState::Executing as u8);

/// Freezes a node until `until`, which no halt moves (R8).
///
/// Errors: `MissionState`; `NodeState` for another state or attempt, and for a node whose child does the work.
pub fn freeze(
    mission: &Mission,
    states: &mut States,
    (number, node): (u16, &mut Node),
    attempt: u8,
    until: u64,
    (now, moved): (u64, u32),
) -> Result<(), Refused> {
    at(mission, states, (number, node), attempt, RUNNING)?;
    if node.is_child() {
        let state = states.of(number);
        return Err(Why::NodeState { state, attempt }.into());
    }
    states.step(number, NodeState::Frozen, attempt)?;
    node.set_since(now);
    node.expire_at(until, moved);
    Ok(())
}

/// Lets a frozen node begin anew: its seats have to be taken again.
///
/// Errors: `MissionState`, `NodeState`.
pub fn unfreeze(
    mission: &Mission,
    states: &mut States,
    (number, node): (u16, &mut Node),
    attempt: u8,
    (now, moved): (u64, u32),
) -> Result<(), Refused> {
    let frozen = bit(NodeState::Frozen as u8);
    at(mission, states, (number, node), attempt, frozen)?;
    states.step(number, NodeState::Eligible, attempt)?;
    node.renew(attempt, now, moved);
    Ok(())
}

/// Upholds a freeze: whether the node fails by it. A freeze that expired, or whose mission ended around it, leaves the node as it
/// is, and only the fault is charged (R8).
///
/// Errors: `UnknownMission`; `MissionState` of a mission that lives but does not run, and whose node is still frozen.
pub fn confirm(
    mission: &Mission,
    states: &mut States,
    (number, node): (u16, &Node),
    attempt: u8,
) -> Result<bool, Refused> {
    mission.must_be(u16::MAX)?;
    let frozen = states.of(number) == NodeState::Frozen as u8 && node.attempt() == attempt;
    if !frozen || mission.is_in(super::record::ENDED) {
        return Ok(false);
    }
    mission.must_be(FROZEN_IN)?;
    states.step(number, NodeState::Failed, attempt)?;
    Ok(true)
}

/// Refuses a mission that does not run, another state, another attempt.
#[inline(never)]
fn at(
    mission: &Mission,
    states: &States,
    (number, node): (u16, &Node),
    attempt: u8,
    allowed: u16,
) -> Result<(), Refused> {
    mission.must_be(FROZEN_IN)?;
    states.must_be(number, allowed, node.attempt())?;
    if node.attempt() != attempt {
        return Err(Why::NodeState {
            state: states.of(number),
            attempt: node.attempt(),
        }
        .into());
    }
    Ok(())
}
