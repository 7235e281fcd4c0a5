//! Ways out by deadline, halted or not, and what lies in their way (INV-MISSION-03, INV-MISSION-04).

use agentcity_abi::ICollaboration as wire;
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use alloy_primitives::{Address, B256};

use crate::city::*;

fn one(tier: u8) -> (City, B256) {
    let city = City::new();
    let mission = city.active(&Plan::of(&[tier, 1], &[(0, 1)]));
    (city, mission)
}

/// Refused until this second has passed.
fn early(until: u64) -> wire::TooEarly {
    wire::TooEarly {
        from: (until + 1).try_into().expect("40 bits"),
    }
}

fn expire_node(mission: B256) -> wire::expireNodeCall {
    wire::expireNodeCall {
        missionId: mission,
        node: 0,
    }
}

fn expire_mission(mission: B256) -> wire::expireMissionCall {
    wire::expireMissionCall { missionId: mission }
}

fn halted(mission: B256, halt: wire::Halt, until: u64) -> wire::Halted {
    wire::Halted {
        missionId: mission,
        halt,
        until: until.try_into().expect("40 bits"),
    }
}

const SILENT: u128 = STAKE * 33 / 100;

#[test]
fn an_eligible_node_expires_at_the_fault_of_the_silent_alone() {
    let (city, mission) = one(2);
    city.accept(mission, 0, agent(2)).expect("taken");
    let ends = city.world.now() + CLOSES + ROUTE;
    assert_eq!(city.expires_at(mission, 0), ends);
    city.warp(CLOSES + ROUTE);
    city.refused(STRANGER, expire_node(mission), early(ends));
    city.warp(1);
    city.expire_node(mission, 0).expect("expired");
    let told = city.told();
    for (silent, number) in [(true, 1), (false, 2), (true, 3)] {
        let slashed = Told::Slashed(mission, 0, agent(number), 1, SILENT);
        assert_eq!(told.contains(&slashed), silent, "{number}");
    }
    assert_eq!(city.states(mission), (2, vec![7, 1]));
}

#[test]
fn nobody_is_at_fault_where_nobody_could_route() {
    for watchdog in [false, true] {
        let (city, mission) = one(2);
        let until = city.world.now() + 200_000;
        if watchdog {
            city.peers.borrow_mut().watchdog = until;
        } else {
            city.halt(mission, wire::Halt::Divergence, until)
                .expect("paused");
        }
        let number = if watchdog {
            wire::Halt::EmergencyStop
        } else {
            wire::Halt::Divergence
        };
        for number in 1..=3 {
            city.accept(mission, 0, agent(number))
                .expect("accepting is never forbidden");
        }
        city.refused(
            STRANGER,
            city.routing(mission, 0),
            halted(mission, number, until),
        );
        city.warp(CLOSES + ROUTE + 1);
        city.expire_node(mission, 0).expect("time runs");
        assert!(city.told().is_empty());
    }
}

#[test]
fn an_executor_that_hands_in_nothing_pays_and_one_in_time_does_not() {
    let (city, mission) = one(1);
    city.route(mission, 0, agent(1)).expect("routed");
    let ends = city.world.now() + TIMEOUT;
    assert_eq!(city.expires_at(mission, 0), ends);
    city.warp(TIMEOUT);
    city.refused(STRANGER, expire_node(mission), early(ends));
    city.complete(mission, 0).expect("in the last second");
    let (city, mission) = one(1);
    city.route(mission, 0, agent(1)).expect("routed");
    city.warp(TIMEOUT + 1);
    city.expire_node(mission, 0).expect("late");
    assert_eq!(
        city.told(),
        [
            Told::Slashed(mission, 0, agent(1), 1, SILENT),
            Told::Penalised(agent(1), 50)
        ]
    );
}

#[test]
fn a_slash_is_the_greater_of_its_two_measures() {
    let (city, mission) = one(1);
    city.set(P::SlashTimeoutUnits, 400);
    city.route(mission, 0, agent(1)).expect("routed");
    city.warp(TIMEOUT + 1);
    city.expire_node(mission, 0).expect("late");
    assert_eq!(
        city.told()[0],
        Told::Slashed(mission, 0, agent(1), 1, 400 * SCALE)
    );
}

#[test]
fn an_announced_result_moves_the_deadline_later_only() {
    let (city, mission) = one(1);
    city.route(mission, 0, agent(1)).expect("routed");
    let ends = city.world.now() + TIMEOUT;
    let sooner = city.verdict(mission, 0, NodeState::Executing, ends - 1, vec![]);
    city.refused(member(Peer::Verification), sooner, wire::MalformedCall {});
    city.judge(mission, 0, NodeState::Executing, ends + 540, vec![])
        .expect("later");
    city.warp(TIMEOUT + 540);
    city.refused(STRANGER, expire_node(mission), early(ends + 540));
}

#[test]
fn a_review_that_nobody_decides_opens_its_backup_and_then_fails_without_fault() {
    let (city, mission) = one(3);
    city.route(mission, 0, agent(1)).expect("routed");
    let start = city.world.now();
    let window = P::MaxHumanReviewTimeoutMs.row().default as u64 / 1_000;
    city.judge(mission, 0, NodeState::PendingReview, start + window, vec![])
        .expect("reviewed");
    city.warp(window);
    city.refused(STRANGER, expire_node(mission), early(start + window));
    city.warp(1);
    city.expire_node(mission, 0).expect("opened");
    assert!(city.assignment(mission, 0).backup);
    assert_eq!(city.world.take_events::<wire::BackupOpened>().len(), 1);
    city.refused(STRANGER, expire_node(mission), early(start + 2 * window));
    city.warp(window);
    city.expire_node(mission, 0).expect("silence");
    assert_eq!(city.states(mission).1[0], NodeState::Failed.number());
    assert!(city.told().is_empty());
    // Nobody called at all: both periods passed, so one call ends it.
    let (city, mission) = one(3);
    city.route(mission, 0, agent(1)).expect("routed");
    city.judge(
        mission,
        0,
        NodeState::PendingReview,
        city.world.now() + window,
        vec![],
    )
    .expect("reviewed");
    city.warp(2 * window + 1);
    city.expire_node(mission, 0).expect("silence");
    assert_eq!(city.states(mission).1[0], NodeState::Failed.number());
}

#[test]
fn a_disputed_review_is_left_to_the_machine_consensus() {
    let (city, mission) = one(2);
    city.begin(mission, 0).expect("routed");
    let until = city.world.now() + 100;
    city.judge(mission, 0, NodeState::PendingVerification, until, vec![])
        .expect("committed");
    city.judge(mission, 0, NodeState::PendingReview, until, vec![])
        .expect("disputed");
    city.warp(1_000_000 - 1);
    city.expire_node(mission, 0).expect("the backup period");
    let disputed = wire::Disputed {
        missionId: mission,
        node: 0,
    };
    city.refused(STRANGER, expire_node(mission), disputed);
    city.judge(mission, 0, NodeState::Completed, 0, vec![outcome(0, 0)])
        .expect("it stands");
}

#[test]
fn a_freeze_expires_to_failed_whatever_halts_the_mission() {
    for stop in [false, true] {
        let (city, mission) = one(1);
        let until = city.world.now() + 1_000;
        let freeze = wire::Intervention {
            agent: agent(1),
            until: until.try_into().unwrap(),
            ..order(wire::Order::Freeze, mission)
        };
        city.order(freeze).expect("frozen");
        assert_eq!(city.expires_at(mission, 0), until);
        if stop {
            city.halt(mission, wire::Halt::EmergencyStop, until + 9_000)
                .expect("stopped");
        }
        city.warp(1_000);
        city.refused(STRANGER, expire_node(mission), early(until));
        city.warp(1);
        city.expire_node(mission, 0).expect("R8");
        assert_eq!(city.states(mission).1[0], NodeState::Failed.number());
        assert!(city.told().is_empty(), "without fault");
        // What expired is upheld within the sanction window: the fault alone, the node stays as it is.
        let confirm = wire::Intervention {
            agent: agent(1),
            ..order(wire::Order::Confirm, mission)
        };
        city.order(confirm).expect("upheld");
        assert_eq!(
            city.told()[0],
            Told::Slashed(mission, 0, agent(1), 3, SILENT)
        );
        assert_eq!(city.mission(mission).failed, 1);
    }
}

#[test]
fn a_freeze_binds_attempt_and_seat_and_its_end_begins_anew() {
    let (city, mission) = one(2);
    let freeze = wire::Intervention {
        agent: agent(1),
        until: (1u64 << 39).try_into().unwrap(),
        ..order(wire::Order::Freeze, mission)
    };
    let ask = |intervention: &wire::Intervention| wire::interveneCall {
        intervention: intervention.clone(),
    };
    let other = wire::Intervention {
        attempt: 1,
        ..freeze.clone()
    };
    let state = wire::WrongNodeState {
        missionId: mission,
        node: 0,
        state: wire::NodeState::Eligible,
        attempt: 0,
    };
    city.refused(member(Peer::Guardian), ask(&other), state);
    let nobody = wire::Intervention {
        agent: STRANGER,
        ..freeze.clone()
    };
    city.refused(
        member(Peer::Guardian),
        ask(&nobody),
        wire::NotSeated {
            missionId: mission,
            node: 0,
            agent: STRANGER,
        },
    );
    city.accept(mission, 0, agent(1)).expect("taken");
    city.order(freeze.clone()).expect("frozen");
    let unfreeze = wire::Intervention {
        order: wire::Order::Unfreeze,
        points: 20,
        ..freeze
    };
    city.warp(5_000);
    city.order(unfreeze).expect("warned");
    assert_eq!(
        city.told(),
        [Told::Obliged(agent(1))]
            .split_at(1)
            .1
            .iter()
            .cloned()
            .chain([Told::Penalised(agent(1), 20)])
            .collect::<Vec<_>>()
    );
    assert_eq!(
        city.node(mission, 0).accepted,
        0,
        "seats are to be taken again"
    );
    assert_eq!(
        city.expires_at(mission, 0),
        city.world.now() + CLOSES + ROUTE
    );
}

#[test]
fn a_pending_mission_ends_at_its_deadline_halted_or_not() {
    for stop in [false, true] {
        let city = City::new();
        let mission = city.create("root", city.root_law(1)).expect("created");
        let ends = city.world.now() + DURATION;
        if stop {
            city.halt(mission, wire::Halt::EmergencyStop, ends + 5_000)
                .expect("stopped");
        }
        city.warp(DURATION);
        city.refused(STRANGER, expire_mission(mission), early(ends));
        city.warp(1);
        city.expire_mission(mission).expect("undeployed");
        assert_eq!(city.states(mission).0, MissionState::Aborted.number());
        assert!(city.told().contains(&Told::Closing(mission, 259_200)));
        let over = wire::WrongMissionState {
            missionId: mission,
            state: wire::MissionState::Aborted,
        };
        city.refused(STRANGER, expire_mission(mission), over);
    }
}

#[test]
fn an_overdue_mission_fails_and_ends_unless_it_is_recovered() {
    let (city, mission) = one(1);
    city.warp(DURATION + 1);
    city.expire_mission(mission).expect("overdue");
    assert_eq!(city.states(mission).0, MissionState::Failed.number());
    assert!(city.told().is_empty(), "nodes fall without fault");
    let failed_at = city.world.now();
    city.refused(
        STRANGER,
        expire_mission(mission),
        early(failed_at + RECOVERY),
    );
    city.warp(RECOVERY + 1);
    city.expire_mission(mission).expect("unfinished");
    assert_eq!(city.states(mission).0, MissionState::Aborted.number());
}

#[test]
fn a_mission_recovers_when_its_last_failed_node_is_reassigned_in_time() {
    for late in [false, true] {
        let (city, mission) = one(1);
        city.warp(CLOSES + ROUTE + 1);
        city.expire_node(mission, 0).expect("expired");
        city.warp(DURATION);
        city.expire_mission(mission).expect("overdue");
        let failed_at = city.world.now();
        if late {
            city.warp(RECOVERY + 1);
            let call = city.reassigning(mission, 0, &[agent(2)]);
            let over = wire::TooLate {
                until: (failed_at + RECOVERY).try_into().unwrap(),
            };
            city.refused(member(Peer::Enactment), call, over);
            continue;
        }
        city.warp(RECOVERY);
        city.reassign(mission, 0, &[agent(2)]).expect("recovered");
        assert_eq!(city.states(mission), (2, vec![2, 1]));
        let deadline = city.mission(mission).deadline.to::<u64>();
        assert_eq!(
            deadline,
            city.world.now() + RECOVERY,
            "and has time to go on"
        );
        city.refused(STRANGER, expire_mission(mission), early(deadline));
    }
}

#[test]
fn the_gate_has_its_time_which_stands_still_under_a_stop() {
    let city = City::new();
    let mission = city.active(&Plan::of(&[1], &[]));
    city.route(mission, 0, agent(1)).expect("routed");
    city.complete(mission, 0).expect("done");
    let since = city.world.now();
    assert_eq!(city.expires_at(mission, 9), since + GATE);
    city.halt(mission, wire::Halt::EmergencyStop, since + 90_000)
        .expect("stopped");
    city.warp(GATE + 1);
    let ask = wire::interveneCall {
        intervention: order(wire::Order::Release, mission),
    };
    city.refused(
        member(Peer::Guardian),
        ask,
        halted(mission, wire::Halt::EmergencyStop, since + 90_000),
    );
    city.refused(
        STRANGER,
        expire_mission(mission),
        halted(mission, wire::Halt::EmergencyStop, since + 90_000),
    );
    city.lift(mission, wire::Halt::EmergencyStop, GATE + 1)
        .expect("cleared");
    city.refused(
        STRANGER,
        expire_mission(mission),
        early(since + 2 * GATE + 1),
    );
    city.warp(GATE + 1);
    city.expire_mission(mission).expect("undecided");
    assert_eq!(city.states(mission).0, MissionState::Failed.number());
}

#[test]
fn degraded_gives_the_outage_back_and_ends_when_nobody_resumes() {
    let (city, mission) = one(1);
    city.route(mission, 0, agent(1)).expect("routed");
    let ends = city.expires_at(mission, 0);
    let deadline = city.mission(mission).deadline.to::<u64>();
    let degrade = wire::Intervention {
        secs: 5_000u64.try_into().unwrap(),
        ..order(wire::Order::Degrade, mission)
    };
    city.order(degrade.clone()).expect("an outage");
    city.refused(
        STRANGER,
        expire_node(mission),
        wire::WrongMissionState {
            missionId: mission,
            state: wire::MissionState::Degraded,
        },
    );
    city.warp(700);
    city.order(order(wire::Order::Resume, mission))
        .expect("resumed");
    assert_eq!(
        city.expires_at(mission, 0),
        ends + 5_700,
        "and what it waited for people"
    );
    assert_eq!(city.mission(mission).deadline.to::<u64>(), deadline + 5_700);
    city.order(degrade).expect("another");
    let since = city.world.now();
    city.warp(DEGRADED);
    city.refused(STRANGER, expire_mission(mission), early(since + DEGRADED));
    city.warp(1);
    city.expire_mission(mission).expect("nobody resumed");
    assert_eq!(city.states(mission).0, MissionState::Aborted.number());
}

#[test]
fn inv_mission_04_every_halt_ends_in_everybodys_right_to_abort() {
    let stop = wire::Halt::EmergencyStop;
    for state in 0..4 {
        for kind in ["stop", "pause", "city", "watchdog"] {
            let city = City::new();
            let plan = Plan::of(&[1], &[]);
            let mission = city.create("root", city.root_law(1)).expect("created");
            city.admit(mission, &plan);
            if state > 0 {
                city.activate(mission).expect("active");
            }
            if state > 1 {
                city.route(mission, 0, agent(1)).expect("routed");
            }
            if state > 2 {
                city.complete(mission, 0).expect("done");
            }
            let until = city.world.now() + 259_200;
            match kind {
                "stop" => city.halt(mission, stop, until).expect("stopped"),
                "pause" => city
                    .halt(mission, wire::Halt::Divergence, until)
                    .expect("paused"),
                "city" => city.halt(B256::ZERO, stop, until).expect("the city"),
                _ => city.peers.borrow_mut().watchdog = until,
            }
            city.warp(
                259_200
                    - 86_400
                        * u64::from(kind == "watchdog" || kind == "pause")
                        * u64::from(state == 3),
            );
            let _ = city.world.now();
            if state < 3 {
                city.refused(STRANGER, expire_mission(mission), early(until));
            }
            city.warp(86_401);
            city.told();
            if !(state == 3 && (kind == "watchdog" || kind == "pause")) {
                city.expire_mission(mission).expect("overdue");
                assert_eq!(
                    city.states(mission).0,
                    MissionState::Aborted.number(),
                    "{kind} {state}"
                );
                assert_eq!(
                    city.told(),
                    [Told::Closing(mission, 259_200)],
                    "without fault"
                );
            }
        }
    }
}

#[test]
fn an_own_pause_does_not_hide_the_citys_stop() {
    let (city, mission) = one(1);
    city.route(mission, 0, agent(1)).expect("routed");
    let now = city.world.now();
    city.halt(mission, wire::Halt::Divergence, now + 500_000)
        .expect("paused");
    city.judge(mission, 0, NodeState::Executing, now + 5_000, vec![])
        .expect("work goes on under a pause");
    city.halt(B256::ZERO, wire::Halt::EmergencyStop, now + 1_000)
        .expect("the city");
    assert_eq!(
        city.assignment(mission, 0).halt as u8,
        wire::Halt::EmergencyStop as u8
    );
    let late = city.verdict(mission, 0, NodeState::Completed, 0, vec![outcome(0, 0)]);
    city.refused(
        member(Peer::Verification),
        late,
        halted(mission, wire::Halt::EmergencyStop, now + 1_000),
    );
    city.warp(1_001);
    city.expire_mission(mission)
        .expect("the city's halt is overdue");
}

#[test]
fn a_halt_is_laid_once_lifted_by_its_name_and_moves_what_waits() {
    let (city, mission) = one(1);
    let (stop, pause) = (wire::Halt::EmergencyStop, wire::Halt::Divergence);
    let now = city.world.now();
    let ask = |intervention: wire::Intervention| wire::interveneCall { intervention };
    let guardian = member(Peer::Guardian);
    city.halt(mission, pause, now + 9).expect("paused");
    let again = wire::Intervention {
        halt: pause,
        until: 5u64.try_into().unwrap(),
        ..order(wire::Order::Halt, mission)
    };
    city.refused(guardian, ask(again), halted(mission, pause, now + 9));
    city.halt(mission, stop, now + 99)
        .expect("a stop over a pause");
    let wrong = wire::Intervention {
        halt: pause,
        ..order(wire::Order::Lift, mission)
    };
    city.refused(guardian, ask(wrong), halted(mission, stop, now + 99));
    let ends = city.expires_at(mission, 0);
    city.warp(50);
    city.lift(mission, stop, 50).expect("cleared");
    assert_eq!(
        city.expires_at(mission, 0),
        ends + 50,
        "a root's windows, too"
    );
    let none = wire::Intervention {
        halt: stop,
        ..order(wire::Order::Lift, mission)
    };
    city.refused(guardian, ask(none), halted(mission, wire::Halt::None, 0));
    let strange = wire::Intervention {
        halt: wire::Halt::NormStruck,
        ..order(wire::Order::Halt, mission)
    };
    city.refused(guardian, ask(strange), wire::MalformedCall {});
    let city_pause = wire::Intervention {
        halt: pause,
        ..order(wire::Order::Halt, B256::ZERO)
    };
    city.refused(guardian, ask(city_pause), wire::MalformedCall {});
    city.halt(B256::ZERO, stop, now + 500).expect("the city");
    city.lift(B256::ZERO, stop, 70).expect("and on");
    assert_eq!(city.expires_at(mission, 0), ends + 120);
    assert_eq!(
        city.mission(mission).deadline.to::<u64>(),
        now + DURATION + 120
    );
}

#[test]
fn attack_a7_a_watchdog_freeze_forbids_to_route_and_nothing_else_here() {
    let city = City::new();
    let plan = Plan::of(&[1, 1], &[]);
    let mission = city.active(&plan);
    city.route(mission, 0, agent(1)).expect("routed");
    let until = city.world.now() + 9_999;
    city.peers.borrow_mut().watchdog = until;
    city.refused(
        agent(1),
        city.routing(mission, 1),
        halted(mission, wire::Halt::EmergencyStop, until),
    );
    // That it is no law under a freeze is statute's to say (RequirementUnmet).
    city.complete(mission, 0).expect("submit and settle");
}

#[test]
fn attack_d24_only_the_named_pay_for_an_aborted_mission_and_each_once() {
    let (city, mission) = one(2);
    let panel = member(Peer::Adjudication);
    let call = |agents: Vec<Address>| wire::abortForFaultCall {
        missionId: mission,
        agents,
        justificationHash: B256::repeat_byte(3),
    };
    city.refused(
        panel,
        call(vec![STRANGER]),
        wire::NotSeated {
            missionId: mission,
            node: 0,
            agent: STRANGER,
        },
    );
    city.refused(
        panel,
        call(vec![agent(2), agent(2)]),
        wire::MalformedCall {},
    );
    let mut named = vec![agent(1), agent(2)];
    named.sort();
    city.call(panel, call(named)).expect("ended");
    let told = city.told();
    let held = |number| if number == 1 { 2 * STAKE } else { STAKE };
    for number in 1..=3 {
        let whole = Told::Slashed(mission, 0, agent(number), 4, held(number));
        assert_eq!(told.contains(&whole), number != 3, "{number}");
        assert_eq!(
            told.contains(&Told::Penalised(agent(number), 300)),
            number != 3
        );
    }
    assert_eq!(city.states(mission).0, MissionState::Aborted.number());
}

#[test]
fn who_was_at_fault_closes_its_obligation_without_a_mission_to_its_name() {
    let city = City::new();
    let mission = city.active(&Plan::of(&[2], &[]));
    city.accept(mission, 0, agent(1)).expect("taken");
    city.accept(mission, 0, agent(2)).expect("taken");
    city.warp(CLOSES + 1);
    city.route(mission, 0, STRANGER).expect("routed");
    city.complete(mission, 0).expect("done");
    city.order(order(wire::Order::Release, mission))
        .expect("out");
    city.told();
    let release = |number| wire::releaseAgentCall {
        missionId: mission,
        agent: agent(number),
    };
    city.peers.borrow_mut().locked_until.insert(mission, 1);
    assert_eq!(
        city.call(STRANGER, release(1)).map(|_| ()),
        Err(b"still locked".to_vec()),
        "stakes stay for the sanction window"
    );
    city.peers.borrow_mut().locked_until.clear();
    city.call(STRANGER, release(1)).expect("released");
    city.call(STRANGER, release(3)).expect("released");
    assert_eq!(
        city.told(),
        [
            Told::Released(mission, agent(1)),
            Told::Completed(agent(1)),
            Told::Released(mission, agent(3)),
            Told::Closed(agent(3)),
        ]
    );
}

#[test]
fn everybody_silent_from_every_state_on_all_ends_by_deadlines() {
    // 0 pending, 1 active, 2 executing, 3 committed, 4 reviewed, 5 frozen, 6 at the gate, 7 failed, 8 degraded; each halted or not.
    let mut ended = 0;
    for state in 0..9 {
        for halt in 0..4 {
            let city = City::new();
            let tier = if state == 3 {
                2
            } else if state == 4 {
                3
            } else {
                1
            };
            let plan = Plan::of(&[tier], &[]);
            let mission = city.create("root", city.root_law(1)).expect("created");
            city.admit(mission, &plan);
            if state > 0 {
                city.activate(mission).expect("active");
            }
            if state > 1 && state != 5 {
                city.begin(mission, 0).expect("routed");
            }
            let later = city.world.now() + 1_000;
            match state {
                3 => city
                    .judge(mission, 0, NodeState::PendingVerification, later, vec![])
                    .unwrap(),
                4 => city
                    .judge(mission, 0, NodeState::PendingReview, later, vec![])
                    .unwrap(),
                5 => city
                    .order(wire::Intervention {
                        agent: agent(1),
                        until: later.try_into().unwrap(),
                        ..order(wire::Order::Freeze, mission)
                    })
                    .unwrap(),
                6 => city.complete(mission, 0).unwrap(),
                7 => {
                    city.complete(mission, 0).unwrap();
                    let refuse = wire::Intervention {
                        reason: wire::Reason::PredicateFailed,
                        ..order(wire::Order::Refuse, mission)
                    };
                    city.order(refuse).unwrap();
                }
                8 => city.order(order(wire::Order::Degrade, mission)).unwrap(),
                _ => (),
            }
            let until = city.world.now() + 259_200;
            match halt {
                1 => city
                    .halt(mission, wire::Halt::EmergencyStop, until)
                    .unwrap(),
                2 => city.halt(mission, wire::Halt::Divergence, until).unwrap(),
                3 => city
                    .halt(B256::ZERO, wire::Halt::EmergencyStop, until)
                    .unwrap(),
                _ => (),
            }
            for _ in 0..8 {
                city.warp(DURATION / 4);
                let _ = city.expire_node(mission, 0);
                let _ = city.expire_mission(mission);
            }
            assert_eq!(
                city.states(mission).0,
                MissionState::Aborted.number(),
                "{state} {halt}"
            );
            for number in 1..=u8::from(tier == 2) * 2 + 1 {
                let release = wire::releaseAgentCall {
                    missionId: mission,
                    agent: agent(number),
                };
                city.call(STRANGER, release)
                    .expect("and nobody stays bound");
            }
            ended += 1;
        }
    }
    println!("{ended} silences ended");
}
