//! Missions within missions: a node whose task is legislated anew (RULINGS R19).
//!
//! The child is created pending, opened by its parent's node with the node's budget, and finalised like any other mission
//! (ADR 0005). The node executes as long as the child lives; it has no timeout of its own. What the child leaves goes
//! back when it ends, and its outcome is the node's, once (INV-MISSION-06).

use super::{
    Refused, Why,
    node::{CHILD, Node},
    record::{Child, ENDED, Link, Mission, States, WORKING, bit},
};
use crate::{
    machine::{MissionState, NodeState},
    parameter::ParameterId,
};

/// How deep a child of `parent` lies.
///
/// Errors: `Depth`; `MissionState` of a parent that ended; `UnknownNode`.
pub fn nest(parent: &Mission, node: u16) -> Result<u8, Refused> {
    let limit = const { ParameterId::MaxRecursionDepth.constant() as u8 };
    parent.must_be(!ENDED)?;
    parent.must_have(node)?;
    let depth = parent.depth().saturating_add(1);
    if depth > limit {
        return Err(Why::Depth { depth, limit }.into());
    }
    Ok(depth)
}

/// Lets a child do the work of an eligible node.
///
/// Errors: `MissionState` of either mission; `Done` for a child that was opened before; `NodeState`.
pub fn open(
    mission: &Mission,
    states: &mut States,
    (number, node): (u16, &mut Node),
    (child, link): (&Mission, &mut Link),
    (now, moved): (u64, u32),
) -> Result<(), Refused> {
    mission.must_be(WORKING)?;
    child.must_be(bit(MissionState::Pending as u8))?;
    let attempt = node.attempt();
    states.must_be(number, bit(NodeState::Eligible as u8), attempt)?;
    if link.child() != Child::Apart as u8 {
        return Err(Why::Done.into());
    }
    states.step(number, NodeState::Executing, attempt)?;
    link.set_child(Child::Opened as u8);
    node.set_taken(0);
    node.set_kind(CHILD);
    node.set_since(now);
    node.expire_at(0, moved);
    Ok(())
}

/// Takes an ended child's outcome into its node; whether it is completed.
///
/// Errors: `MissionState` of a child that lives, or of a parent that does not work; `Done` for one that was not opened, or is
/// closed; `NodeState`.
pub fn close(
    mission: &Mission,
    states: &mut States,
    (number, node): (u16, &Node),
    (child, link): (&Mission, &mut Link),
) -> Result<bool, Refused> {
    child.must_be(ENDED)?;
    mission.must_be(WORKING)?;
    if link.child() != Child::Opened as u8 {
        return Err(Why::Done.into());
    }
    let attempt = node.attempt();
    states.must_be(number, bit(NodeState::Executing as u8), attempt)?;
    link.set_child(Child::Closed as u8);
    if child.is_in(bit(MissionState::Completed as u8)) {
        states.step(number, NodeState::PendingVerification, attempt)?;
        states.step(number, NodeState::Completed, attempt)?;
        return Ok(true);
    }
    states.step(number, NodeState::Failed, attempt)?;
    Ok(false)
}
