//! Stops of missions and of the city, pauses under bond, outages, reconciliation.

use agentcity_abi::{
    ICollaboration as work, IGuardian as wire, IRoster as roster, ITreasury as treasury,
};
use agentcity_domain::machine::{MissionState, NodeState};
use agentcity_world::Key;
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolEvent};

use crate::{
    city::*,
    freezes::{freeze, pair},
};

const STOP: wire::Halt = wire::Halt::EmergencyStop;
const PAUSE: wire::Halt = wire::Halt::Divergence;

pub(crate) fn stop(mission: B256) -> wire::triggerStopCall {
    wire::triggerStopCall {
        missionId: mission,
        evidenceHash: EVIDENCE,
    }
}

pub(crate) fn clear(mission: B256) -> wire::clearStopCall {
    wire::clearStopCall { missionId: mission }
}

pub(crate) fn diverge(mission: B256) -> wire::reportDivergenceCall {
    wire::reportDivergenceCall {
        missionId: mission,
        evidenceHash: EVIDENCE,
    }
}

pub(crate) fn lift(mission: B256, forfeit: bool) -> wire::liftPauseCall {
    wire::liftPauseCall {
        missionId: mission,
        forfeit,
    }
}

pub(crate) fn reconcile(mission: B256) -> wire::reconcileCall {
    wire::reconcileCall {
        missionId: mission,
        logRoot: EVIDENCE,
    }
}

pub(crate) fn release_bond(mission: B256) -> wire::releaseBondCall {
    wire::releaseBondCall { missionId: mission }
}

fn halted(mission: B256, halt: wire::Halt, until: u64) -> wire::Halted {
    wire::Halted {
        missionId: mission,
        halt,
        until: u40(until),
    }
}

fn wrong_halt(mission: B256, halt: wire::Halt, found: wire::Halt) -> wire::WrongHalt {
    wire::WrongHalt {
        missionId: mission,
        halt,
        found,
    }
}

fn wrong_state(number: u8, state: MissionState) -> wire::WrongMissionState {
    wire::WrongMissionState {
        missionId: mission(number),
        state: wire::MissionState::try_from(state as u8).unwrap(),
    }
}

#[test]
fn g08_a_stop_is_carried_out_and_clearing_it_moves_every_deadline() {
    let city = City::new();
    city.rule(stop(mission(1))).unwrap();
    let now = city.world.now();
    let logs = city.world.take_logs();
    let said = wire::MissionHalted::decode_log_validate(&logs[0])
        .unwrap()
        .data;
    let expected = wire::MissionHalted {
        missionId: mission(1),
        halt: STOP,
        agent: Address::ZERO,
        until: u40(now + MAXIMUM),
        evidenceHash: EVIDENCE,
    };
    assert_eq!(said, expected);
    assert_eq!(city.halt(mission(1)), (1, now + MAXIMUM));
    city.panel_refused(stop(mission(1)), halted(mission(1), STOP, now + MAXIMUM));

    city.world.warp(777);
    city.rule(clear(mission(1))).unwrap();
    let lifted = city.events::<wire::HaltLifted>();
    assert_eq!((lifted[0].halt, lifted[0].haltedSecs), (STOP, u40(777)));
    assert_eq!((city.halt(mission(1)).0, city.moved(mission(1))), (0, 777));
    let watch = city.watch(mission(1));
    assert_eq!((watch.stops, watch.clearedAt), (1, u40(now + 777)));
    assert_eq!((watch.stoppedAt, watch.stoppedUntil), (u40(0), u40(0)));
    let none = wrong_halt(mission(1), STOP, wire::Halt::None);
    city.panel_refused(clear(mission(1)), none);
}

#[test]
fn a_mission_that_ended_is_neither_stopped_nor_let_go_on() {
    for state in [MissionState::Completed, MissionState::Aborted] {
        let city = City::new();
        city.rule(stop(mission(2))).unwrap();
        for number in [1, 2] {
            city.set_state(number, state);
        }
        city.panel_refused(stop(mission(1)), wrong_state(1, state));
        city.panel_refused(clear(mission(2)), wrong_state(2, state));
        city.panel_refused(lift(mission(2), false), wrong_state(2, state));
    }
    for state in [
        MissionState::Pending,
        MissionState::Failed,
        MissionState::Degraded,
    ] {
        let city = City::new();
        city.set_state(1, state);
        city.rule(stop(mission(1))).unwrap();
        city.rule(clear(mission(1))).unwrap();
    }
}

#[test]
fn a_mission_that_nobody_knows_is_refused_by_whoever_keeps_missions() {
    let city = City::new();
    let unknown = B256::repeat_byte(9);
    let refused = city.rule(stop(unknown)).err();
    assert_eq!(refused, Some(b"collaboration refuses".to_vec()));
}

#[test]
fn d10_the_city_is_mission_zero_and_its_stop_the_panels() {
    let city = City::new();
    city.rule(stop(CITY)).unwrap();
    let until = city.world.now() + MAXIMUM;
    assert_eq!(city.halt(CITY), (1, until));
    city.panel_refused(stop(CITY), halted(CITY, STOP, until));
    // Missions under it can be stopped and let go on by themselves.
    city.rule(stop(mission(1))).unwrap();
    city.rule(clear(mission(1))).unwrap();
    // What it forbids is refused in its name.
    city.set_state(2, MissionState::Verification);
    let filter = wire::filterOutputCall {
        missionId: mission(2),
    };
    city.refused(STRANGER, filter, halted(CITY, STOP, until));
    city.world.warp(55);
    city.rule(clear(CITY)).unwrap();
    assert_eq!((city.halt(CITY).0, city.moved(CITY)), (0, 55));
    city.panel_refused(clear(CITY), wrong_halt(CITY, STOP, wire::Halt::None));
    // It has no log, no bond, no output, no outage.
    let monitor = city.monitor("mon a", "ann", "scorer a").address;
    assert!(city.call(monitor, diverge(CITY)).is_err());
    assert!(city.call(monitor, reconcile(CITY)).is_err());
    assert!(city.call(STRANGER, release_bond(CITY)).is_err());
}

#[test]
fn a_divergence_pauses_under_bond() {
    let city = City::new();
    let a = city.monitor("mon a", "ann", "scorer a");
    city.call(a.address, diverge(mission(1))).unwrap();
    let until = city.world.now() + MAXIMUM;
    let logs = city.world.take_logs();
    let said = wire::DivergenceReported::decode_log_validate(&logs[0])
        .unwrap()
        .data;
    assert_eq!((said.missionId, said.monitor), (mission(1), a.address));
    let posted = treasury::postBondCall::abi_decode_validate(&logs[1].data.data).unwrap();
    assert_eq!((posted.bondId, posted.owner), (said.bondId, a.address));
    let stopped = wire::MissionHalted::decode_log_validate(&logs[2])
        .unwrap()
        .data;
    assert_eq!((stopped.halt, stopped.agent), (PAUSE, a.address));
    assert_eq!(city.halt(mission(1)), (2, until));
    assert_eq!(city.watch(mission(1)).pausedUntil, u40(until));
    let again = halted(mission(1), PAUSE, until);
    city.refused(a.address, diverge(mission(1)), again);
    let monitor = STRANGER;
    city.refused(
        monitor,
        diverge(mission(2)),
        wire::MonitorRefused { monitor },
    );
}

#[test]
fn the_ruling_says_what_becomes_of_the_bond() {
    for forfeit in [false, true] {
        let city = City::new();
        let a = city.monitor("mon a", "ann", "scorer a");
        city.call(a.address, diverge(mission(1))).unwrap();
        let bond = city.events::<wire::DivergenceReported>()[0].bondId;
        city.world.warp(100);
        city.rule(lift(mission(1), forfeit)).unwrap();
        let logs = city.world.take_logs();
        let closed = wire::DivergenceClosed::decode_log_validate(&logs[0])
            .unwrap()
            .data;
        let expected = wire::DivergenceClosed {
            missionId: mission(1),
            bondId: bond,
            returned: !forfeit,
        };
        assert_eq!(closed, expected);
        let selector = if forfeit {
            treasury::forfeitBondCall::SELECTOR
        } else {
            treasury::returnBondCall::SELECTOR
        };
        assert_eq!(logs[1].data.data[..4], selector);
        // Under a pause time goes on.
        assert_eq!((city.halt(mission(1)).0, city.moved(mission(1))), (0, 0));
        city.panel_refused(
            lift(mission(1), forfeit),
            wrong_halt(mission(1), PAUSE, wire::Halt::None),
        );
        // The next report is another one, under another bond.
        city.call(a.address, diverge(mission(1))).unwrap();
        assert_ne!(city.events::<wire::DivergenceReported>()[0].bondId, bond);
    }
}

#[test]
fn whoever_cannot_put_up_the_bond_pauses_nothing() {
    let city = City::new();
    let a = city.monitor("mon a", "ann", "scorer a");
    city.given.borrow_mut().is_poor = true;
    let refused = city.call(a.address, diverge(mission(1))).err();
    assert_eq!(refused, Some(b"no credit".to_vec()));
    assert_eq!(city.halt(mission(1)).0, 0);
    assert_eq!(city.watch(mission(1)).pausedUntil, u40(0));
}

#[test]
fn a_stop_over_a_pause_leaves_it_when_it_is_cleared() {
    let city = City::new();
    let a = city.monitor("mon a", "ann", "scorer a");
    city.call(a.address, diverge(mission(1))).unwrap();
    let paused = city.halt(mission(1));
    city.world.warp(10);
    city.rule(stop(mission(1))).unwrap();
    assert_eq!(city.halt(mission(1)).0, 1);
    let over = wrong_halt(mission(1), PAUSE, STOP);
    city.panel_refused(lift(mission(1), false), over);
    city.world.warp(10);
    city.world.take_logs();
    city.rule(clear(mission(1))).unwrap();
    let said = city.events::<wire::MissionHalted>();
    assert_eq!((said[0].halt, said[0].until), (PAUSE, u40(paused.1)));
    assert_eq!(city.halt(mission(1)), paused, "nobody ruled on the pause");
    city.panel_refused(clear(mission(1)), wrong_halt(mission(1), STOP, PAUSE));
    city.rule(lift(mission(1), false)).unwrap();
    assert_eq!(city.halt(mission(1)).0, 0);
}

#[test]
fn only_missions_that_work_or_wait_at_the_gate_are_paused() {
    for number in 1..=8 {
        let state = MissionState::from_u8(number).unwrap();
        let city = City::new();
        let a = city.monitor("mon a", "ann", "scorer a");
        city.set_state(1, state);
        let works = [
            MissionState::Active,
            MissionState::Executing,
            MissionState::Verification,
        ];
        if works.contains(&state) {
            city.call(a.address, diverge(mission(1))).unwrap();
        } else {
            city.refused(a.address, diverge(mission(1)), wrong_state(1, state));
        }
    }
}

#[test]
fn r10_a_bond_that_nobody_ruled_on_goes_back_with_the_missions_end() {
    let city = City::new();
    let a = city.monitor("mon a", "ann", "scorer a");
    let none = |number| wire::NoBond {
        missionId: mission(number),
    };
    city.refused(STRANGER, release_bond(mission(1)), none(1));
    city.call(a.address, diverge(mission(1))).unwrap();
    for state in [
        MissionState::Executing,
        MissionState::Failed,
        MissionState::Degraded,
    ] {
        city.set_state(1, state);
        city.refused(STRANGER, release_bond(mission(1)), none(1));
    }
    city.set_state(1, MissionState::Aborted);
    city.call(STRANGER, release_bond(mission(1))).unwrap();
    let closed = city.events::<wire::DivergenceClosed>();
    assert!(closed[0].returned);
    city.refused(STRANGER, release_bond(mission(1)), none(1));
    city.set_state(2, MissionState::Completed);
    city.refused(STRANGER, release_bond(mission(2)), none(2));
}

#[test]
fn a_monitor_reconciles_at_the_gate_while_nothing_halts_it() {
    let city = City::new();
    let a = city.monitor("mon a", "ann", "scorer a");
    city.refused(
        a.address,
        reconcile(mission(1)),
        wrong_state(1, MissionState::Executing),
    );
    city.set_state(1, MissionState::Verification);
    let monitor = STRANGER;
    city.refused(
        monitor,
        reconcile(mission(1)),
        wire::MonitorRefused { monitor },
    );
    city.change_monitor(&a, |m| m.standing = roster::Standing::Leaving);
    let monitor = a.address;
    city.refused(
        monitor,
        reconcile(mission(1)),
        wire::MonitorRefused { monitor },
    );
    city.change_monitor(&a, |m| m.standing = roster::Standing::Active);
    let until = city.world.now() + MAXIMUM;
    for halted_mission in [mission(1), CITY] {
        city.rule(stop(halted_mission)).unwrap();
        let refused = halted(halted_mission, STOP, until);
        city.refused(a.address, reconcile(mission(1)), refused);
        city.rule(clear(halted_mission)).unwrap();
    }
    city.call(a.address, diverge(mission(1))).unwrap();
    let refused = halted(mission(1), PAUSE, until);
    city.refused(a.address, reconcile(mission(1)), refused);
    city.rule(lift(mission(1), false)).unwrap();
    city.world.take_logs();
    city.call(a.address, reconcile(mission(1))).unwrap();
    let said = city.events::<wire::Reconciled>();
    assert_eq!((said[0].monitor, said[0].logRoot), (a.address, EVIDENCE));
    let gate = city.gate(1);
    assert_eq!(
        (gate.logRoot, gate.reconciledAt),
        (EVIDENCE, u40(city.world.now()))
    );
}

fn outage(city: &City, keys: &[Key; 2], from: u64, until: u64) -> wire::enterDegradedCall {
    city.outage(1, [(&keys[0], from, until), (&keys[1], from, until)])
}

#[test]
fn an_outage_of_two_monitors_degrades_and_moves_deadlines_by_it_and_a_grace() {
    let city = City::new();
    let keys = pair(&city);
    city.world.warp(10_000);
    let now = city.world.now();
    city.call(STRANGER, outage(&city, &keys, now - 4_000, now - 1_000))
        .unwrap();
    let logs = city.world.take_logs();
    let said = wire::DegradedEntered::decode_log_validate(&logs[0])
        .unwrap()
        .data;
    let expected = wire::DegradedEntered {
        missionId: mission(1),
        from: u40(now - 4_000),
        until: u40(now - 1_000),
        extendedSecs: u40(3_000 + 3_600),
    };
    assert_eq!(said, expected);
    assert_eq!(
        (city.state(1), city.moved(mission(1))),
        (MissionState::Degraded, 6_600)
    );
    assert_eq!(city.watch(mission(1)).extendedSecs, u40(6_600));
    let again = outage(&city, &keys, now - 4_000, now - 1_000);
    city.refused(STRANGER, again, wrong_state(1, MissionState::Degraded));

    city.world.warp(500);
    let exit = || wire::exitDegradedCall {
        missionId: mission(1),
    };
    city.rule(exit()).unwrap();
    assert_eq!(
        city.events::<wire::DegradedExited>()[0].missionId,
        mission(1)
    );
    assert_eq!(
        (city.state(1), city.moved(mission(1))),
        (MissionState::Executing, 7_100)
    );
    city.panel_refused(exit(), wrong_state(1, MissionState::Executing));
}

#[test]
fn an_outage_is_refused_with_what_is_wrong_about_it() {
    let city = City::new();
    let keys = pair(&city);
    city.world.warp(10_000);
    let now = city.world.now();
    let good = || outage(&city, &keys, now - 4_000, now);
    let mut other = good();
    other.reports[1].missionId = mission(2);
    other.signatures[1] = city
        .outage(
            2,
            [(&keys[1], now - 4_000, now), (&keys[1], now - 4_000, now)],
        )
        .signatures[0]
        .clone();
    city.refused(STRANGER, other, wire::MalformedCall {});
    let mut unsigned = good();
    unsigned.reports[0].from = u40(now - 9_000);
    let signer = keys[0].address;
    city.refused(STRANGER, unsigned, wire::InvalidSignature { signer });
    let short = outage(&city, &keys, now - 1_800, now);
    let too_short = wire::OutageTooShort {
        secs: u40(1_800),
        threshold: u40(1_800),
    };
    city.refused(STRANGER, short, too_short);
    let late = good();
    let deadline = now + 600;
    city.world.warp(601);
    city.refused(STRANGER, late, wire::DeadlinePassed { deadline });
    city.change_monitor(&keys[1], |m| m.standing = roster::Standing::Candidate);
    let monitor = keys[1].address;
    let fresh = outage(&city, &keys, now - 4_000, now);
    city.refused(STRANGER, fresh, wire::MonitorRefused { monitor });
}

#[test]
fn g06_under_a_stop_outages_are_recorded_and_freezes_decided() {
    let city = City::new();
    let keys = pair(&city);
    city.world.warp(10_000);
    let id = freeze(&city, &keys[0], 0);
    city.rule(stop(mission(1))).unwrap();
    let now = city.world.now();
    city.call(STRANGER, outage(&city, &keys, now - 4_000, now))
        .unwrap();
    let call = wire::confirmFreezeCall {
        missionId: mission(1),
        node: 0,
        freezeId: id,
    };
    city.rule(call).unwrap();
    assert_eq!(city.node(1, 0), NodeState::Failed);
    assert_eq!(city.halt(mission(1)).0, work::Halt::EmergencyStop as u64);
}
