//! Refinement (INV-MISSION-05): attempts anew, missions that live again, successors.

use agentcity_domain::{
    machine::{MissionState, NodeState},
    mission::{
        Why,
        node::Node,
        record::{Clock, Mission, States},
        refinement,
    },
};

use super::{at, mission, why};

#[test]
fn a_mission_has_its_reassignments_for_each_64_nodes() {
    for (nodes, limit) in [(0, 0), (1, 3), (64, 3), (65, 6), (128, 6), (5_000, 237)] {
        assert_eq!(refinement::limit(nodes, 3), limit, "{nodes}");
    }
    assert_eq!(refinement::limit(u16::MAX, 1 << 20), u16::MAX);
}

#[test]
fn refinement_is_spent_by_the_mission_or_by_one_node() {
    let mut own = mission(MissionState::Executing);
    assert!(!refinement::is_exhausted(&own, 3));
    own.set_failed(1);
    assert!(!refinement::is_exhausted(&own, 3));
    own.set_refinements(3);
    assert!(refinement::is_exhausted(&own, 3));
    own.set_failed(0);
    assert!(!refinement::is_exhausted(&own, 3), "nothing failed");
    own.set_refinements(0);
    own.count_failed(true);
    assert!(
        refinement::is_exhausted(&own, 3),
        "one node has no attempt left"
    );
    own.set_state(MissionState::Active.number());
    assert!(
        !refinement::is_exhausted(&own, 3),
        "only an executing one fails by it"
    );
}

#[test]
fn a_failed_node_has_another_attempt_while_any_is_left() {
    let (city, clock) = (Mission::default(), Clock::default());
    let run = |own: &mut Mission, states: &mut States, node: &mut Node, now| {
        why(refinement::reassign(
            (own, &clock, &city),
            states,
            (0, node),
            3,
            [2, 10_000],
            now,
        ))
    };
    let (mut own, mut states, mut node) = (
        mission(MissionState::Executing),
        at(NodeState::Failed),
        Node::default(),
    );
    own.set_failed(2);
    assert_eq!(run(&mut own, &mut states, &mut node, 70), Ok(false));
    assert_eq!((own.failed(), own.refinements()), (1, 1));
    assert_eq!(
        (node.attempt(), node.replaced(), node.since(), states.of(0)),
        (1, 7, 70, 2)
    );
    for state in NodeState::ALL {
        let said = run(&mut own.clone(), &mut at(*state), &mut Node::default(), 70);
        assert_eq!(said.is_ok(), *state == NodeState::Failed, "{state:?}");
    }
    for state in MissionState::ALL {
        let mut other = mission(*state);
        other.set_failed(2);
        let said = run(
            &mut other,
            &mut at(NodeState::Failed),
            &mut Node::default(),
            5,
        );
        let may = matches!(
            state,
            MissionState::Active | MissionState::Executing | MissionState::Failed
        );
        assert_eq!(said.is_ok(), may, "{state:?}");
    }
    let mut late = Node::default();
    late.set_attempt(2);
    assert_eq!(
        run(&mut own.clone(), &mut at(NodeState::Failed), &mut late, 5),
        Err(Why::Refinements { used: 2, limit: 2 })
    );
    own.set_refinements(2);
    let spent = run(
        &mut own,
        &mut at(NodeState::Failed),
        &mut Node::default(),
        5,
    );
    assert_eq!(spent, Err(Why::Refinements { used: 3, limit: 2 }));
}

#[test]
fn the_last_attempt_of_a_node_and_the_last_of_a_mission_are_granted() {
    let (city, clock) = (Mission::default(), Clock::default());
    // Whether a node with so many attempts has another, after so many of its mission.
    let granted = |attempts, refinements| {
        let mut own = mission(MissionState::Executing);
        own.set_failed(1);
        own.set_refinements(refinements);
        let mut node = Node::default();
        node.set_attempt(attempts);
        let said = refinement::reassign(
            (&mut own, &clock, &city),
            &mut at(NodeState::Failed),
            (0, &mut node),
            1,
            [2, 10_000],
            70,
        );
        why(said).map(|_| (node.attempt(), own.refinements()))
    };
    assert_eq!(granted(1, 0), Ok((2, 1)), "the node's last");
    assert_eq!(granted(0, 1), Ok((1, 2)), "the mission's last");
    assert_eq!(granted(1, 1), Ok((2, 2)), "both");
    let none = |used| Err(Why::Refinements { used, limit: 2 });
    assert_eq!(granted(2, 0), none(1));
    assert_eq!(granted(0, 2), none(3));
}

#[test]
fn a_failed_mission_lives_again_with_its_last_failed_node_and_has_time() {
    let city = Mission::default();
    let clock = Clock::default();
    let mut own = mission(MissionState::Failed);
    own.set_failed(1);
    own.set_since(900);
    let (mut states, mut node) = (at(NodeState::Failed), Node::default());
    let limits = [3, 10_000];
    let mut late = own;
    let over = refinement::reassign(
        (&mut late, &clock, &city),
        &mut states,
        (0, &mut node),
        1,
        limits,
        911,
    );
    assert_eq!(why(over), Err(Why::TooLate { until: 910 }));
    let said = refinement::reassign(
        (&mut own, &clock, &city),
        &mut states,
        (0, &mut node),
        1,
        limits,
        910,
    );
    assert_eq!(why(said), Ok(true));
    assert_eq!(
        (own.state(), own.since()),
        (MissionState::Active.number(), 910)
    );
    assert_eq!(
        own.moved(),
        10,
        "deadlines of nodes are later by the time for which it lay"
    );
    assert_eq!(
        own.deadline(),
        1_010,
        "its own had time left, and is later too"
    );
    assert_eq!(node.moved(), 10);
    let mut overdue = mission(MissionState::Failed);
    overdue.set_failed(1);
    overdue.set_since(5_000);
    let said = refinement::reassign(
        (&mut overdue, &clock, &city),
        &mut at(NodeState::Failed),
        (0, &mut Node::default()),
        1,
        limits,
        5_004,
    );
    assert_eq!(why(said), Ok(true));
    assert_eq!(
        overdue.deadline(),
        5_014,
        "as long as its recovery might have taken"
    );
}

#[test]
fn a_successor_inherits_one_refinement_more() {
    let (mut old, mut next) = (
        mission(MissionState::Failed),
        mission(MissionState::Pending),
    );
    old.set_refinements(2);
    assert_eq!(why(refinement::succeed(&old, &mut next, 3)), Ok(()));
    assert_eq!(next.refinements(), 3);
    old.set_refinements(3);
    assert_eq!(
        why(refinement::succeed(&old, &mut next, 3)),
        Err(Why::Refinements { used: 4, limit: 3 })
    );
    old.set_refinements(0);
    old.set_depth(1);
    assert_eq!(
        why(refinement::succeed(&old, &mut next, 3)),
        Err(Why::Depth { depth: 1, limit: 0 })
    );
    old.set_depth(0);
    for state in MissionState::ALL {
        let one = refinement::succeed(&mission(*state), &mut next.clone(), 9);
        assert_eq!(one.is_ok(), *state == MissionState::Failed, "{state:?}");
        let other = refinement::succeed(&old, &mut mission(*state), 9);
        assert_eq!(other.is_ok(), *state == MissionState::Pending, "{state:?}");
    }
}
