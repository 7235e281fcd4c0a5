//! Missions that replace others, and missions within missions (INV-MISSION-06).

use agentcity_abi::ICollaboration as wire;
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use alloy_primitives::{Address, B256, aliases::U40, keccak256};

use crate::city::*;

pub(crate) fn child_law(city: &City, parent: B256, node: u16) -> Law {
    Law {
        kind: CHILD,
        other: parent,
        node,
        sponsor: Address::ZERO,
        deadline: city.world.now() + 50_000,
        ..city.root_law(1)
    }
}

pub(crate) fn open(mission: B256, child: B256) -> wire::openChildCall {
    wire::openChildCall {
        missionId: mission,
        node: 0,
        child,
    }
}

pub(crate) fn close(child: B256) -> wire::closeChildCall {
    wire::closeChildCall { child }
}

/// A parent of two nodes, the first of which runs as a child that is deployed.
pub(crate) fn family() -> (City, B256, B256) {
    let city = City::new();
    let mission = city.active(&Plan::of(&[1, 1], &[(0, 1)]));
    let child = city
        .create("child", child_law(&city, mission, 0))
        .expect("created by anyone");
    city.call(STRANGER, open(mission, child)).expect("opened");
    city.admit(child, &Plan::of(&[1], &[]));
    city.activate(child).expect("active");
    (city, mission, child)
}

#[test]
fn a_child_has_its_parents_sponsor_the_laws_deadline_and_the_nodes_budget() {
    let (city, mission, child) = family();
    let found = city.mission(child);
    assert_eq!(
        (found.sponsor, found.depth, found.parent),
        (SPONSOR, 1, mission)
    );
    assert!(city.told().contains(&Told::Moved(mission, child, BUDGET)));
    assert_eq!(city.states(mission), (3, vec![3, 1]));
    assert_eq!(
        city.expires_at(mission, 0),
        0,
        "it has no timeout of its own"
    );
    city.warp(40_000);
    let state = wire::WrongNodeState {
        missionId: mission,
        node: 0,
        state: wire::NodeState::Executing,
        attempt: 0,
    };
    city.refused(
        STRANGER,
        wire::expireNodeCall {
            missionId: mission,
            node: 0,
        },
        state,
    );
}

#[test]
fn what_a_child_completes_its_node_has_completed_and_what_is_left_goes_back() {
    let (city, mission, child) = family();
    let lives = wire::WrongMissionState {
        missionId: child,
        state: wire::MissionState::Active,
    };
    city.refused(STRANGER, close(child), lives);
    city.route(child, 0, agent(1)).expect("routed");
    city.complete(child, 0).expect("done");
    city.order(order(wire::Order::Release, child)).expect("out");
    let rest = 1_000_000 + BUDGET - PRICE;
    assert!(
        city.told().contains(&Told::Moved(child, mission, rest)),
        "its rest goes back at its end"
    );
    city.call(STRANGER, close(child)).expect("closed");
    assert_eq!(city.states(mission), (3, vec![6, 2]));
    assert!(
        !city
            .told()
            .iter()
            .any(|told| matches!(told, Told::Settled(..))),
        "fees are charged at leaves only"
    );
    let done = wire::AlreadyDone {
        missionId: child,
        node: 0,
        agent: SPONSOR,
    };
    // The node is completed, so nothing of it can be closed again.
    city.refused(STRANGER, close(child), done);
}

#[test]
fn a_child_that_ends_without_output_fails_its_node() {
    let (city, mission, child) = family();
    let abort = wire::abortMissionCall {
        missionId: child,
        justificationHash: B256::ZERO,
    };
    city.call(member(Peer::Adjudication), abort).expect("ended");
    city.call(STRANGER, close(child)).expect("closed");
    assert_eq!(city.states(mission), (3, vec![7, 1]));
    // Reassigned, another child may do it; the first can neither be opened nor closed again.
    city.reassign(mission, 0, &[agent(2)]).expect("reassigned");
    let other = city
        .create("second", child_law(&city, mission, 0))
        .expect("created");
    city.call(STRANGER, open(mission, other)).expect("opened");
    city.refused(
        STRANGER,
        close(child),
        wire::AlreadyDone {
            missionId: child,
            node: 0,
            agent: SPONSOR,
        },
    );
    assert_eq!(city.states(mission).1[0], NodeState::Executing.number());
}

#[test]
fn a_second_child_is_lent_what_there_is() {
    let (city, mission, child) = family();
    let abort = wire::abortMissionCall {
        missionId: child,
        justificationHash: B256::ZERO,
    };
    city.call(member(Peer::Adjudication), abort).expect("ended");
    city.call(STRANGER, close(child)).expect("closed");
    city.reassign(mission, 0, &[agent(2)]).expect("reassigned");
    let law = child_law(&city, mission, 0);
    let second = city.create("second", law).expect("created");
    city.told();
    city.world.take_logs();
    // Of the budget that is asked for, some was spent.
    city.peers.borrow_mut().left = Some(BUDGET - 70);
    city.call(STRANGER, open(mission, second)).expect("opened");
    let lent = Told::Moved(mission, second, BUDGET - 70);
    assert!(city.told().contains(&lent));
    let opened = wire::ChildOpened {
        missionId: mission,
        node: 0,
        child: second,
        budget: alloy_primitives::U256::from(BUDGET - 70),
    };
    assert_eq!(city.world.take_events::<wire::ChildOpened>(), [opened]);
}

#[test]
fn a_child_is_closed_in_a_mission_that_failed_and_lives_again() {
    let city = City::new();
    city.set(P::MaxRefinementIterations, 3);
    let mission = city.active(&Plan::of(&[1, 1], &[]));
    let law = child_law(&city, mission, 0);
    let child = city.create("child", law).expect("created");
    city.call(STRANGER, open(mission, child)).expect("opened");
    fail_and_revive(&city, mission, 1);
    let abort = wire::abortMissionCall {
        missionId: child,
        justificationHash: B256::ZERO,
    };
    city.call(member(Peer::Adjudication), abort).expect("ended");
    city.call(STRANGER, close(child)).expect("closed");
    assert_eq!(city.states(mission), (2, vec![7, 2]));
}

#[test]
fn a_child_that_is_never_deployed_ends_at_its_deadline_and_its_node_with_it() {
    let city = City::new();
    let mission = city.active(&Plan::of(&[1, 1], &[(0, 1)]));
    let child = city
        .create("child", child_law(&city, mission, 0))
        .expect("created");
    city.call(STRANGER, open(mission, child)).expect("opened");
    city.warp(50_001);
    city.expire_mission(child).expect("undeployed");
    assert!(city.told().contains(&Told::Moved(child, mission, BUDGET)));
    city.call(STRANGER, close(child)).expect("closed");
    assert_eq!(city.states(mission).1[0], NodeState::Failed.number());
}

#[test]
fn a_child_is_opened_by_its_own_node_alone_once_while_it_waits() {
    let (city, mission, child) = family();
    let state = wire::WrongMissionState {
        missionId: child,
        state: wire::MissionState::Active,
    };
    city.refused(STRANGER, open(mission, child), state);
    let root = city.create("other", city.root_law(1)).expect("created");
    let none = wire::NotApproved {
        missionId: root,
        expected: mission,
        found: B256::ZERO,
    };
    city.refused(STRANGER, open(mission, root), none);
    let second = city
        .create("second", child_law(&city, mission, 0))
        .expect("created");
    let running = wire::WrongNodeState {
        missionId: mission,
        node: 0,
        state: wire::NodeState::Executing,
        attempt: 0,
    };
    city.refused(STRANGER, open(mission, second), running);
    let beyond = city.law("beyond", child_law(&city, mission, 2));
    let call = wire::createMissionCall {
        sessionId: beyond,
        deadline: Default::default(),
    };
    city.refused(
        STRANGER,
        call,
        wire::UnknownNode {
            missionId: mission,
            node: 2,
            nodes: 2,
        },
    );
    // No seat works at the node, so no seat can be frozen there.
    let freeze = wire::Intervention {
        agent: agent(1),
        ..order(wire::Order::Freeze, mission)
    };
    city.refused(
        member(Peer::Guardian),
        wire::interveneCall {
            intervention: freeze,
        },
        running_of(mission),
    );
}

fn running_of(mission: B256) -> wire::WrongNodeState {
    wire::WrongNodeState {
        missionId: mission,
        node: 0,
        state: wire::NodeState::Executing,
        attempt: 0,
    }
}

#[test]
fn missions_nest_four_deep_and_whoever_descends_from_what_ended_may_be_aborted() {
    let city = City::new();
    let mut line = vec![city.active(&Plan::of(&[1, 1], &[(0, 1)]))];
    for depth in 1..=4 {
        let parent = *line.last().unwrap();
        let child = city
            .create(&format!("depth {depth}"), child_law(&city, parent, 0))
            .expect("created");
        city.call(STRANGER, open(parent, child)).expect("opened");
        city.admit(child, &Plan::of(&[1], &[]));
        city.activate(child).expect("active");
        line.push(child);
    }
    let deeper = city.law("too deep", child_law(&city, line[4], 0));
    let call = wire::createMissionCall {
        sessionId: deeper,
        deadline: Default::default(),
    };
    city.refused(STRANGER, call, wire::TooDeep { depth: 5, limit: 4 });
    let lives = wire::TooEarly {
        from: city.mission(line[4]).deadline + U40::ONE,
    };
    city.refused(
        STRANGER,
        wire::expireMissionCall { missionId: line[4] },
        lives,
    );
    let abort = wire::abortMissionCall {
        missionId: line[0],
        justificationHash: B256::ZERO,
    };
    city.call(member(Peer::Adjudication), abort).expect("ended");
    city.told();
    // The deepest first: an ancestor ended, though not its parent.
    for child in line[1..].iter().rev() {
        city.expire_mission(*child).expect("an orphan");
        assert_eq!(city.states(*child).0, MissionState::Aborted.number());
    }
    let to_root = city
        .told()
        .iter()
        .any(|told| matches!(told, Told::Moved(_, to, _) if *to == line[0]));
    assert!(
        !to_root,
        "what ended takes nothing back: the sponsor is refunded"
    );
}

/// A failed mission with its first node done, and a successor that takes that one over and waits for its deployment.
pub(crate) fn succession() -> (City, B256, B256) {
    let city = City::new();
    let mission = city.active(&Plan::of(&[1, 1], &[(0, 1)]));
    city.route(mission, 0, agent(1)).expect("routed");
    city.complete(mission, 0).expect("done");
    city.warp(DURATION + 1);
    city.expire_mission(mission).expect("overdue");
    let law = Law {
        kind: FULL,
        other: mission,
        ..city.root_law(2)
    };
    let next = city.create("full", law).expect("created");
    city.admit(next, &Plan::of(&[0, 1], &[(0, 1)]));
    city.told();
    (city, mission, next)
}

pub(crate) fn replace(
    mission: B256,
    successor: B256,
    imported: Vec<[u16; 2]>,
) -> wire::relegislateCall {
    wire::relegislateCall {
        missionId: mission,
        successor,
        imported,
    }
}

#[test]
fn a_successor_begins_with_what_is_done_and_takes_what_is_left() {
    let (city, mission, next) = succession();
    city.call(SPONSOR, replace(mission, next, vec![[0, 0]]))
        .expect("replaced");
    assert_eq!(city.states(mission).0, MissionState::Aborted.number());
    let told = city.told();
    assert!(told.contains(&Told::Moved(mission, next, 1_000_000 - PRICE)));
    assert!(told.contains(&Told::Closing(mission, 259_200)));
    let found = city.mission(next);
    assert_eq!((found.refinements, found.completed), (1, 1));
    city.activate(next).expect("active");
    assert_eq!(
        city.states(next),
        (2, vec![6, 2]),
        "the node after it may begin at once"
    );
    assert_eq!(city.node(next, 0).outputHash, output(0));
    city.route(next, 1, agent(1)).expect("routed");
    city.complete(next, 1).expect("done");
    assert_eq!(city.states(next).0, MissionState::Verification.number());
}

#[test]
fn nobody_but_its_sponsor_says_what_a_successor_takes_over() {
    let (city, mission, next) = succession();
    let no = wire::Unauthorized { caller: STRANGER };
    city.refused(STRANGER, replace(mission, next, vec![[0, 0]]), no);
    // Nor does another's successor take this mission's escrow.
    let thief = Address::repeat_byte(0x66);
    city.peers.borrow_mut().banned.clear();
    let law = Law {
        kind: FULL,
        other: mission,
        ..city.root_law(2)
    };
    let session = city.law(
        "thief",
        Law {
            sponsor: thief,
            ..law
        },
    );
    let call = wire::createMissionCall {
        sessionId: session,
        deadline: (city.world.now() + 5).try_into().unwrap(),
    };
    city.refused(
        thief,
        call,
        wire::AgentRefused {
            agent: thief,
            rule: 4,
        },
    );
}

#[test]
fn only_what_is_the_same_and_done_is_taken_over_and_something_is_left_to_do() {
    let (city, mission, next) = succession();
    let state = |node, state, of| wire::WrongNodeState {
        missionId: of,
        node,
        state,
        attempt: 0,
    };
    let digest = |node: u8| keccak256([node, 0xd1]);
    let other = wire::NotApproved {
        missionId: next,
        expected: digest(0),
        found: digest(1),
    };
    city.refused(SPONSOR, replace(mission, next, vec![[0, 1]]), other);
    let undone = wire::NotApproved {
        missionId: next,
        expected: digest(1),
        found: digest(1),
    };
    city.refused(SPONSOR, replace(mission, next, vec![[1, 1]]), undone);
    city.refused(
        SPONSOR,
        replace(mission, next, vec![[0, 0], [0, 0]]),
        wire::MalformedCall {},
    );
    let (lone, _) = (
        city.create(
            "lone",
            Law {
                kind: FULL,
                other: mission,
                ..city.root_law(1)
            },
        )
        .unwrap(),
        (),
    );
    city.admit(lone, &Plan::of(&[0], &[]));
    city.refused(
        SPONSOR,
        replace(mission, lone, vec![[0, 0]]),
        wire::MalformedCall {},
    );
    let stranger = city.create("root 2", city.root_law(2)).unwrap();
    let none = wire::NotApproved {
        missionId: stranger,
        expected: mission,
        found: B256::ZERO,
    };
    city.refused(SPONSOR, replace(mission, stranger, vec![]), none);
    city.call(SPONSOR, replace(mission, next, vec![[0, 0]]))
        .expect("replaced");
    let over = wire::WrongMissionState {
        missionId: mission,
        state: wire::MissionState::Aborted,
    };
    city.refused(SPONSOR, replace(mission, next, vec![]), over);
    let _ = state(0, wire::NodeState::Completed, next);
}

#[test]
fn replacing_is_forbidden_while_either_is_stopped_and_ends_with_the_budget_of_refinement() {
    let (city, mission, next) = succession();
    let until = city.world.now() + 100;
    city.halt(next, wire::Halt::Divergence, until)
        .expect("paused");
    let halted = wire::Halted {
        missionId: next,
        halt: wire::Halt::Divergence,
        until: until.try_into().unwrap(),
    };
    city.refused(SPONSOR, replace(mission, next, vec![]), halted);
    let (city, mission, next) = succession();
    city.set(P::MaxRefinementIterations, 0);
    let spent = wire::RefinementExhausted {
        missionId: mission,
        used: 1,
        limit: 0,
    };
    city.refused(SPONSOR, replace(mission, next, vec![]), spent);
}

#[test]
fn a_node_that_a_successor_should_have_taken_over_cannot_be_begun_by_nobody() {
    let (city, mission, next) = succession();
    city.call(SPONSOR, replace(mission, next, vec![]))
        .expect("replaced");
    city.activate(next).expect("active");
    let few = wire::SeatsUnaccepted {
        missionId: next,
        node: 0,
        accepted: 0,
        needed: 1,
    };
    city.refused(STRANGER, city.routing(next, 0), few);
}
