//! Missions that failed and live again, and those that do not live yet.

use agentcity_abi::ICollaboration as wire;
use agentcity_domain::parameter::ParameterId as P;
use alloy_primitives::B256;

use crate::city::*;

/// INV-MISSION-03: nobody is charged for what it was not allowed to do.
#[test]
fn who_worked_when_its_mission_failed_is_judged_once_it_lives_again() {
    let city = City::new();
    city.set(P::MaxRefinementIterations, 3);
    let mission = city.active(&Plan::of(&[2, 1], &[]));
    city.begin(mission, 0).expect("begun");
    let before = city.assignment(mission, 0);
    fail_and_revive(&city, mission, 1);
    // The time for which it lay counts for nobody: windows are later by as much, whatever they are counted from.
    let after = city.assignment(mission, 0);
    assert_eq!(
        after.expiresAt - before.expiresAt,
        after.since - before.since
    );
    assert_eq!((after.since - before.since).to::<u64>(), 500);
    // It is active, since nothing began after it lives again; what began before is judged.
    let (until, none) = (city.world.now() + 100, Vec::new);
    city.judge(mission, 0, NodeState::PendingVerification, until, none())
        .expect("sealed");
    let seats = [0, 1, 2].map(|seat| outcome(seat, 0));
    city.judge(mission, 0, NodeState::Completed, 0, seats.to_vec())
        .expect("completed");
    assert_eq!(city.states(mission), (2, vec![6, 2]));
    // The last one has to begin first, which takes the mission on.
    city.begin(mission, 1).expect("begun");
    city.complete(mission, 1).expect("completed");
    assert_eq!(city.states(mission).0, MissionState::Verification.number());
}

#[test]
fn who_hands_in_nothing_is_late_in_a_mission_that_lives_again_too() {
    let city = City::new();
    city.set(P::MaxRefinementIterations, 3);
    let mission = city.active(&Plan::of(&[1, 1], &[]));
    city.begin(mission, 0).expect("begun");
    fail_and_revive(&city, mission, 1);
    let until = city.expires_at(mission, 0);
    let early = wire::TooEarly {
        from: (until + 1).try_into().unwrap(),
    };
    city.warp(until - city.world.now());
    let call = wire::expireNodeCall {
        missionId: mission,
        node: 0,
    };
    city.refused(STRANGER, call, early);
    city.warp(1);
    city.expire_node(mission, 0).expect("late");
    assert_eq!(city.states(mission), (2, vec![7, 2]));
}

#[test]
fn nodes_of_a_mission_that_waits_for_its_deployment_are_refused_by_its_state() {
    let city = City::new();
    let mission = city.create("root", city.root_law(1)).expect("created");
    let waits = || wire::WrongMissionState {
        missionId: mission,
        state: wire::MissionState::Pending,
    };
    let node = wire::nodeCall {
        missionId: mission,
        index: 0,
    };
    city.refused(STRANGER, node, waits());
    let assignment = wire::assignmentCall {
        missionId: mission,
        index: 0,
        agents: true,
        lawIn: u16::MAX,
    };
    city.refused(STRANGER, assignment, waits());
    let seat = wire::seatCall {
        missionId: mission,
        index: 0,
        place: 0,
    };
    city.refused(STRANGER, seat, waits());
    let none = B256::repeat_byte(0x99);
    let unknown = wire::UnknownMission { missionId: none };
    let call = wire::nodeCall {
        missionId: none,
        index: 0,
    };
    city.refused(STRANGER, call, unknown);
}
