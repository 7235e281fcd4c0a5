//! Freezes: what the panel makes of them, and when they add up to a stop.

use agentcity_abi::{ICollaboration as work, IGuardian as wire, IRoster as roster};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    parameter::ParameterId,
    peer::Peer,
};
use agentcity_world::Key;
use alloy_sol_types::SolCall;

use crate::city::*;

const FALSE: wire::UnfreezeKind = wire::UnfreezeKind::FalsePositive;
const WARNING: wire::UnfreezeKind = wire::UnfreezeKind::Warning;

pub(crate) fn pair(city: &City) -> [Key; 2] {
    [
        city.monitor("mon a", "ann", "scorer a"),
        city.monitor("mon b", "bob", "scorer b"),
    ]
}

/// Freezes a node of mission 1 by counters of a monitor; the freeze's number.
pub(crate) fn freeze(city: &City, by: &Key, node: u16) -> u64 {
    freeze_in(city, 1, by, node, city.attempt(1, node))
}

pub(crate) fn freeze_in(city: &City, number: u8, by: &Key, node: u16, attempt: u8) -> u64 {
    let counters = wire::countersCall {
        missionId: mission(number),
        index: node,
        attempt,
        agent: seated(node),
        monitor: by.address,
    };
    let last = city.call(STRANGER, counters).unwrap();
    let said = Said {
        attempt,
        ..Said::counters(
            number,
            node,
            last.sequence + 1,
            last.toolInvocations.max(10_000),
        )
    };
    city.world.take_logs();
    city.relay(&[(by, said)]).unwrap();
    let logs = city.world.take_logs();
    let frozen: Vec<_> = logs
        .iter()
        .filter_map(|log| <wire::NodeFrozen as alloy_sol_types::SolEvent>::decode_log(log).ok())
        .collect();
    frozen.first().expect("frozen").data.freezeId
}

pub(crate) fn unfreeze(
    node: u16,
    freeze_id: u64,
    kind: wire::UnfreezeKind,
) -> wire::unfreezeNodeCall {
    wire::unfreezeNodeCall {
        missionId: mission(1),
        node,
        freezeId: freeze_id,
        kind,
    }
}

fn confirm(node: u16, freeze_id: u64) -> wire::confirmFreezeCall {
    wire::confirmFreezeCall {
        missionId: mission(1),
        node,
        freezeId: freeze_id,
    }
}

pub(crate) fn classify(node: u16, freeze_id: u64) -> wire::classifyFalsePositiveCall {
    wire::classifyFalsePositiveCall {
        missionId: mission(1),
        node,
        freezeId: freeze_id,
    }
}

fn decided(freeze_id: u64) -> wire::FreezeDecided {
    wire::FreezeDecided {
        missionId: mission(1),
        freezeId: freeze_id,
    }
}

fn is_stopped(city: &City, number: u8) -> bool {
    city.halt(mission(number)).0 == work::Halt::EmergencyStop as u64
}

/// Makes a frozen node eligible again, behind the guardian's back: only its freezes matter here.
fn thaw(city: &City, number: u8, node: u16) {
    city.set_node(
        number,
        node,
        NodeState::Eligible,
        city.attempt(number, node),
    );
}

#[test]
fn the_panel_freezes_what_runs_and_names_the_attempt() {
    let city = City::new();
    let call = |node, attempt, agent| wire::freezeNodeCall {
        missionId: mission(1),
        node,
        attempt,
        agent,
    };
    let wrong = wire::WrongAttempt {
        missionId: mission(1),
        node: 0,
        found: 1,
        given: 2,
    };
    city.panel_refused(call(0, 2, seated(0)), wrong);
    city.set_node(1, 0, NodeState::Completed, 1);
    let state = wire::WrongNodeState {
        missionId: mission(1),
        node: 0,
        state: wire::NodeState::Completed,
        attempt: 1,
    };
    city.panel_refused(call(0, 1, seated(0)), state);
    let stranger = wire::NotSeated {
        missionId: mission(1),
        node: 0,
        agent: STRANGER,
    };
    city.panel_refused(call(0, 1, STRANGER), stranger);
    city.set_state(1, MissionState::Verification);
    let state = wire::WrongMissionState {
        missionId: mission(1),
        state: wire::MissionState::Verification,
    };
    city.panel_refused(call(1, 1, seated(1)), state);
    city.set_state(1, MissionState::Executing);
    city.rule(call(1, 1, seated(1))).unwrap();
    let frozen = city.events::<wire::NodeFrozen>();
    assert_eq!(frozen[0].cause, wire::FreezeCause::Manual);
    let freeze = city.freeze(1, frozen[0].freezeId);
    assert!(freeze.monitors.is_empty() && freeze.open);
    assert_eq!(freeze.expiresAt, u40(city.world.now() + MAXIMUM));
}

#[test]
fn k8_lifted_as_false_it_costs_nobody_and_with_a_warning_the_agent() {
    let city = City::new();
    let [a, _] = pair(&city);
    for (node, kind, points) in [(0, FALSE, 0), (1, WARNING, 20)] {
        let id = freeze(&city, &a, node);
        city.rule(unfreeze(node, id, kind)).unwrap();
        let logs = city.world.take_logs();
        let lifted =
            <wire::NodeUnfrozen as alloy_sol_types::SolEvent>::decode_log(&logs[0]).unwrap();
        assert_eq!((lifted.freezeId, lifted.kind), (id, kind));
        let told = logs
            .iter()
            .find(|log| log.address == member(Peer::Collaboration));
        let order_got: work::Intervention =
            alloy_sol_types::SolValue::abi_decode_validate(&told.unwrap().data.data).unwrap();
        let expected = work::Intervention {
            node,
            attempt: 1,
            agent: seated(node),
            points,
            ..order(work::Order::Unfreeze, mission(1))
        };
        assert_eq!(order_got, expected);
        assert_eq!(city.node(1, node), NodeState::Eligible);
        let freeze = city.freeze(1, id);
        assert_eq!((freeze.open, freeze.falsePositive), (false, kind == FALSE));
        city.panel_refused(unfreeze(node, id, kind), decided(id));
        city.panel_refused(confirm(node, id), decided(id));
    }
}

#[test]
fn a_confirmed_freeze_fails_the_node_at_the_agents_fault() {
    let city = City::new();
    let [a, _] = pair(&city);
    let id = freeze(&city, &a, 3);
    city.rule(confirm(3, id)).unwrap();
    let expected = work::Intervention {
        node: 3,
        attempt: 1,
        agent: seated(3),
        ..order(work::Order::Confirm, mission(1))
    };
    assert_eq!(city.orders(), [expected]);
    assert_eq!(city.node(1, 3), NodeState::Failed);
    city.panel_refused(unfreeze(3, id, WARNING), decided(id));
    city.panel_refused(classify(3, id), decided(id));
}

#[test]
fn a_freeze_is_named_by_its_mission_node_and_number() {
    let city = City::new();
    let [a, _] = pair(&city);
    let id = freeze(&city, &a, 0);
    let other = freeze_in(&city, 2, &a, 0, 1);
    assert_ne!(id, other, "first of its mission, each");
    let unknown = |node, freeze_id| wire::UnknownFreeze {
        missionId: mission(1),
        node,
        freezeId: freeze_id,
    };
    for (node, freeze_id) in [
        (1, id),
        (0, other),
        (0, id + 1),
        (0, id & 0xff_ffff),
        (0, 0),
    ] {
        city.panel_refused(unfreeze(node, freeze_id, FALSE), unknown(node, freeze_id));
        city.panel_refused(confirm(node, freeze_id), unknown(node, freeze_id));
        city.panel_refused(classify(node, freeze_id), unknown(node, freeze_id));
    }
    city.rule(unfreeze(0, id, FALSE)).unwrap();
}

#[test]
fn an_unfreezing_of_no_kind_is_malformed() {
    let city = City::new();
    let [a, _] = pair(&city);
    let id = freeze(&city, &a, 0);
    city.panel_refused(
        unfreeze(0, id, wire::UnfreezeKind::None),
        wire::MalformedCall {},
    );
    let mut call = unfreeze(0, id, WARNING).abi_encode();
    *call.last_mut().unwrap() = 3;
    let answer = city.world.transact(
        member(Peer::Adjudication),
        here(),
        Default::default(),
        &call,
    );
    use alloy_sol_types::SolError;
    assert_eq!(answer, Err(wire::MalformedCall {}.abi_encode()));
}

#[test]
fn what_collaboration_refuses_is_undone_here_too() {
    let city = City::new();
    let [a, _] = pair(&city);
    let id = freeze(&city, &a, 0);
    // The node expired into failure; it never becomes eligible again by this.
    city.set_node(1, 0, NodeState::Completed, 1);
    assert!(city.rule(unfreeze(0, id, FALSE)).is_err());
    assert!(city.freeze(1, id).open, "still undecided");
}

#[test]
fn after_a_warning_the_allowance_begins_anew() {
    let city = City::new();
    let [a, _] = pair(&city);
    city.relay(&[(&a, Said::counters(1, 0, 1, 41))]).unwrap();
    let id = city.events::<wire::NodeFrozen>()[0].freezeId;
    city.rule(unfreeze(0, id, WARNING)).unwrap();
    city.relay(&[(&a, Said::counters(1, 0, 2, 80))]).unwrap();
    assert_eq!(city.node(1, 0), NodeState::Eligible);
    city.relay(&[(&a, Said::counters(1, 0, 3, 81))]).unwrap();
    assert_eq!(city.node(1, 0), NodeState::Frozen);
}

#[test]
fn a_false_positive_charges_its_monitors_once() {
    let city = City::new();
    let [a, b] = pair(&city);
    for key in [&a, &b] {
        city.relay(&[(key, Said::deviation(1, 0, 1, 9_999))])
            .unwrap();
    }
    let id = city.events::<wire::NodeFrozen>()[0].freezeId;
    city.rule(unfreeze(0, id, FALSE)).unwrap();
    city.world.take_logs();
    city.rule(classify(0, id)).unwrap();
    let logs = city.world.take_logs();
    let said =
        <wire::FreezeFalsePositive as alloy_sol_types::SolEvent>::decode_log_validate(&logs[0])
            .unwrap();
    assert_eq!((said.missionId, said.freezeId), (mission(1), id));
    assert_eq!(said.monitors, [a.address, b.address]);
    let charged: Vec<_> = logs[1..]
        .iter()
        .map(|log| roster::chargeMonitorCall::abi_decode_validate(&log.data.data).unwrap())
        .map(|told| (told.account, told.freezeId))
        .collect();
    assert_eq!(charged, [(a.address, id), (b.address, id)]);
    let again = wire::AlreadyClassified {
        missionId: mission(1),
        freezeId: id,
    };
    city.panel_refused(classify(0, id), again);
    assert!(city.freeze(1, id).charged);
}

#[test]
fn a_monitor_that_went_spares_the_other_nothing() {
    for standing in [roster::Standing::Removed, roster::Standing::Released] {
        let city = City::new();
        let [a, b] = pair(&city);
        for key in [&a, &b] {
            city.relay(&[(key, Said::substitution(1, 0, 1))]).unwrap();
        }
        let id = city.events::<wire::NodeFrozen>()[0].freezeId;
        city.change_monitor(&a, |m| m.standing = standing);
        city.change_monitor(&b, |m| m.standing = roster::Standing::Leaving);
        city.rule(classify(0, id)).unwrap();
        assert_eq!(city.told(Peer::Roster).len(), 1);
    }
}

#[test]
fn an_open_freeze_found_false_can_be_lifted_and_not_confirmed() {
    let city = City::new();
    let [a, _] = pair(&city);
    let id = freeze(&city, &a, 0);
    city.rule(classify(0, id)).unwrap();
    assert_eq!(city.node(1, 0), NodeState::Frozen);
    city.panel_refused(confirm(0, id), decided(id));
    city.rule(unfreeze(0, id, WARNING)).unwrap();
    assert!(city.freeze(1, id).falsePositive);
}

#[test]
fn g01_the_freezes_of_one_agent_stop_its_mission_at_its_threshold() {
    for (score, needed) in [(0, 3), (500, 4), (900, 5), (1_000, 6)] {
        let city = City::new();
        let keys = pair(&city);
        city.set_score(seated(0), score);
        for count in 1..=needed {
            assert!(!is_stopped(&city, 1), "{score}: {count}");
            thaw(&city, 1, 0);
            freeze(&city, &keys[count % 2], 0);
        }
        assert!(is_stopped(&city, 1), "{score}");
        let (_, until) = city.halt(mission(1));
        assert_eq!(until, city.world.now() + MAXIMUM);
    }
}

#[test]
fn a_stop_by_escalation_names_the_agent() {
    let city = City::new();
    let keys = pair(&city);
    city.set_score(seated(0), 0);
    for key in &keys {
        thaw(&city, 1, 0);
        freeze(&city, key, 0);
    }
    thaw(&city, 1, 0);
    city.relay(&[(&keys[0], Said::counters(1, 0, 2, 10_000))])
        .unwrap();
    let logs = city.world.take_logs();
    let halted: Vec<_> = logs
        .iter()
        .filter_map(|log| <wire::MissionHalted as alloy_sol_types::SolEvent>::decode_log(log).ok())
        .collect();
    assert_eq!(halted[0].agent, seated(0));
    assert_eq!(halted[0].halt, wire::Halt::EmergencyStop);
    let watch = city.watch(mission(1));
    assert_eq!(watch.stoppedAt, u40(city.world.now()));
    assert_eq!(watch.stoppedUntil, u40(city.world.now() + MAXIMUM));
}

#[test]
fn g03_scaling_can_be_off() {
    let city = City::new();
    let keys = pair(&city);
    city.set_score(seated(0), 1_000);
    city.set(ParameterId::ReputationScalingEnabled, 0);
    for count in 0..3 {
        assert!(!is_stopped(&city, 1));
        thaw(&city, 1, 0);
        freeze(&city, &keys[count % 2], 0);
    }
    assert!(is_stopped(&city, 1));
}

#[test]
fn g04_agents_each_below_their_threshold_stop_the_mission_together() {
    let city = City::new();
    let keys = pair(&city);
    for agent in 0..WORKERS {
        city.set_score(worker(agent), 1_000);
    }
    for count in 0..9u16 {
        assert!(!is_stopped(&city, 1), "{count}");
        let node = count % 4;
        thaw(&city, 1, node);
        freeze(&city, &keys[usize::from(count) % 2], node);
    }
    assert!(is_stopped(&city, 1), "at three times three");
}

#[test]
fn freezes_of_another_mission_count_there() {
    let city = City::new();
    let keys = pair(&city);
    city.set_score(seated(0), 0);
    for count in 0..4 {
        let number = 1 + (count % 2) as u8;
        thaw(&city, number, 0);
        freeze_in(&city, number, &keys[count / 2], 0, 1);
    }
    assert!(!is_stopped(&city, 1) && !is_stopped(&city, 2));
}

#[test]
fn freezes_older_than_the_window_count_no_more() {
    for (pause, stops) in [(1_199, true), (1_200, false)] {
        let city = City::new();
        let keys = pair(&city);
        city.set_score(seated(0), 0);
        freeze(&city, &keys[0], 0);
        city.world.warp(pause);
        for key in &keys {
            thaw(&city, 1, 0);
            freeze(&city, key, 0);
        }
        assert_eq!(is_stopped(&city, 1), stops, "{pause}");
    }
}

#[test]
fn g05_g07_a_cleared_stop_forgets_what_was_and_looks_twice_as_far() {
    let city = City::new();
    let keys = pair(&city);
    city.set_score(seated(0), 0);
    let three = |pause: u64| {
        for count in 0..3 {
            thaw(&city, 1, 0);
            freeze(&city, &keys[count % 2], 0);
            city.world.warp(pause);
        }
    };
    three(0);
    assert!(is_stopped(&city, 1));
    city.world.warp(1);
    let clear = wire::clearStopCall {
        missionId: mission(1),
    };
    city.rule(clear).unwrap();
    thaw(&city, 1, 0);
    freeze(&city, &keys[0], 0);
    assert!(!is_stopped(&city, 1), "one since");
    assert_eq!(city.watch(mission(1)).stops, 1);
    city.world.warp(40 * 60);
    // Two of these three lie in a window of twenty minutes, all three in one of forty.
    three(19 * 60);
    assert!(is_stopped(&city, 1));
}

#[test]
fn what_was_found_false_counts_no_more() {
    for by_lifting in [false, true] {
        let city = City::new();
        let keys = pair(&city);
        city.set_score(seated(0), 0);
        let first = freeze(&city, &keys[0], 0);
        if by_lifting {
            city.rule(unfreeze(0, first, FALSE)).unwrap();
        } else {
            city.rule(classify(0, first)).unwrap();
            thaw(&city, 1, 0);
        }
        freeze(&city, &keys[1], 0);
        thaw(&city, 1, 0);
        freeze(&city, &keys[0], 0);
        assert!(!is_stopped(&city, 1), "two count");
        thaw(&city, 1, 0);
        freeze(&city, &keys[1], 0);
        assert!(is_stopped(&city, 1), "three do");
    }
}

#[test]
fn g06_freezes_under_a_stop_are_recorded_and_do_not_prolong_it() {
    let city = City::new();
    let keys = pair(&city);
    city.set_score(seated(0), 0);
    for mission_id in [mission(1), CITY] {
        let stop = wire::triggerStopCall {
            missionId: mission_id,
            evidenceHash: EVIDENCE,
        };
        city.rule(stop).unwrap();
        let until = city.halt(mission_id);
        for count in 0..5 {
            thaw(&city, 1, 0);
            freeze(&city, &keys[count % 2], 0);
            city.world.warp(1);
        }
        assert_eq!(city.halt(mission_id), until, "the stop is what it was");
        assert_eq!(is_stopped(&city, 1), mission_id != CITY, "and none besides");
        city.rule(wire::clearStopCall {
            missionId: mission_id,
        })
        .unwrap();
        city.world.warp(DAY);
    }
    assert_eq!(city.watch(mission(1)).freezes.to::<u32>(), 10);
}

#[test]
fn the_panels_own_freezes_escalate_nothing() {
    let city = City::new();
    let keys = pair(&city);
    city.set_score(seated(0), 0);
    for _ in 0..12 {
        thaw(&city, 1, 0);
        let call = wire::freezeNodeCall {
            missionId: mission(1),
            node: 0,
            attempt: 1,
            agent: seated(0),
        };
        city.rule(call).unwrap();
    }
    for key in &keys {
        thaw(&city, 1, 0);
        freeze(&city, key, 0);
    }
    assert!(!is_stopped(&city, 1), "two freezes by monitors");
    thaw(&city, 1, 0);
    freeze(&city, &keys[0], 0);
    assert!(is_stopped(&city, 1));
}

#[test]
fn an_adjudicators_freeze_is_not_the_last_straw_either() {
    let city = City::new();
    let keys = pair(&city);
    city.set_score(seated(0), 1_000);
    for count in 0..4 {
        thaw(&city, 1, 0);
        freeze(&city, &keys[count % 2], 0);
    }
    // What its monitors reported would be enough by now; but nobody of them says anything.
    city.set_score(seated(0), 0);
    let call = wire::freezeNodeCall {
        missionId: mission(1),
        node: 1,
        attempt: 1,
        agent: seated(1),
    };
    city.rule(call).unwrap();
    let call = wire::freezeNodeCall {
        missionId: mission(1),
        node: 4,
        attempt: 1,
        agent: seated(4),
    };
    city.rule(call).unwrap();
    assert_eq!(seated(4), seated(0));
    assert!(!is_stopped(&city, 1));
    thaw(&city, 1, 0);
    freeze(&city, &keys[0], 0);
    assert!(is_stopped(&city, 1), "now one does");
}

#[test]
fn inv_guard_04_freezes_beyond_what_is_remembered_lose_no_stop() {
    let city = City::new();
    let keys = pair(&city);
    // Greatest threshold that the table allows: seventeen, of which sixteen are counted.
    city.set(ParameterId::EscalationFreezeCount, 10);
    city.set(ParameterId::ReputationScalingBonus, 7);
    city.set(ParameterId::MissionFreezeCapFactor, 10);
    city.set_score(seated(0), 1_000);
    for count in 0..40 {
        thaw(&city, 1, 0);
        freeze(&city, &keys[0], 0);
        assert!(!is_stopped(&city, 1), "one principal: {count}");
    }
    thaw(&city, 1, 0);
    freeze(&city, &keys[1], 0);
    assert!(
        is_stopped(&city, 1),
        "the first word of another one is enough"
    );
}
