//! Claims about stops and pauses: every state beside every command.

use agentcity_domain::{
    exit::{Halt, Halts},
    guardian::{
        Refused,
        stop::{Cleared, FREEZES_MAX, Stop, Watch, is_final, require_living},
    },
    machine::{Command, Kind, MissionState},
};
use proptest::prelude::*;

const MOST: u64 = 259_200;
const NOW: u64 = 1_000_000;

/// A city that nobody stopped.
const FREE: Watch = Watch {
    freezes: 0,
    cleared_at: 0,
    stops: 0,
    stop: None,
    paused_until: None,
    pauses: 0,
    stopped: 0,
};

fn missions() -> impl Iterator<Item = MissionState> {
    (0..=u8::MAX).filter_map(MissionState::from_u8)
}

/// Calm, stopped, paused, and both.
fn watches() -> [Watch; 4] {
    let calm = Watch {
        freezes: 5,
        cleared_at: 7,
        stops: 2,
        pauses: 3,
        ..Watch::default()
    };
    let stopped = calm.stop(Halt::EmergencyStop, &FREE, MOST, NOW).unwrap();
    let pause = |watch: Watch| watch.pause(&Watch::default(), MissionState::Executing, 50, NOW);
    let paused = pause(calm).unwrap();
    let both = paused.stop(Halt::EmergencyStop, &FREE, MOST, NOW).unwrap();
    [calm, stopped, paused, both]
}

fn city() -> Watch {
    FREE.stop(Halt::CityHalt, &FREE, 77, NOW).unwrap()
}

#[test]
fn r9_a_stop_has_its_maximum_and_is_not_prolonged() {
    let [calm, stopped, paused, both] = watches();
    let stop = Some(Stop {
        since: NOW,
        until: NOW + MOST,
    });
    assert_eq!((stopped.stop, both.stop), (stop, stop));
    assert_eq!(both.paused_until, paused.paused_until);
    for watch in [stopped, both] {
        let again = watch.stop(Halt::EmergencyStop, &FREE, MOST, NOW + 5);
        let halt = Halt::EmergencyStop;
        let until = NOW + MOST;
        assert_eq!(again, Err(Refused::Halted { halt, until }));
    }
    assert!(calm.stop(Halt::EmergencyStop, &FREE, u64::MAX, NOW).is_ok());
}

#[test]
fn freezes_are_numbered_from_one_as_far_as_three_bytes_count() {
    let [calm, ..] = watches();
    assert_eq!(calm.frozen_once_more().freezes, 6);
    for (freezes, next) in [(FREEZES_MAX - 1, FREEZES_MAX), (FREEZES_MAX, FREEZES_MAX)] {
        let watch = Watch { freezes, ..calm };
        assert_eq!(watch.frozen_once_more().freezes, next);
    }
}

#[test]
fn a_cleared_stop_counts_moves_deadlines_and_leaves_the_pause() {
    let [calm, stopped, paused, both] = watches();
    let halt = Halt::EmergencyStop;
    for (watch, paused_until) in [(stopped, None), (both, Some(NOW + 50))] {
        let (next, cleared) = watch.clear(halt, &FREE, NOW + 10).unwrap();
        let secs = 10;
        assert_eq!(cleared, Cleared { secs, paused_until });
        assert_eq!((next.stops, next.cleared_at), (3, NOW + 10));
        assert_eq!((next.stop, next.paused_until), (None, paused_until));
        assert_eq!((next.freezes, next.pauses), (5, watch.pauses));
    }
    let found = None;
    assert_eq!(
        calm.clear(halt, &FREE, NOW),
        Err(Refused::NotHalted { halt, found })
    );
    let found = Some(Halt::Pause);
    assert_eq!(
        paused.clear(halt, &FREE, NOW),
        Err(Refused::NotHalted { halt, found })
    );
    // People may still clear one that lasted longer than it may (R9).
    assert!(stopped.clear(halt, &FREE, NOW + 2 * MOST).is_ok());
    // As long as the longest time that deadlines move by, and a second and more beyond it.
    let most = u64::from(u32::MAX);
    for (secs, moved) in [
        (most - 1, most - 1),
        (most, most),
        (most + 1, most),
        (most + 9, most),
    ] {
        let (_, cleared) = stopped.clear(halt, &FREE, NOW + secs).unwrap();
        assert_eq!(cleared.secs, moved, "{secs}");
    }
}

#[test]
fn a_pause_is_raised_in_calm_while_a_mission_works_or_waits_at_the_gate() {
    use MissionState as M;
    let [calm, stopped, paused, both] = watches();
    let free = Watch::default();
    for state in missions() {
        let may = [M::Active, M::Executing, M::Verification].contains(&state);
        let pause = calm.pause(&free, state, 50, NOW);
        if may {
            let next = pause.unwrap();
            assert_eq!((next.paused_until, next.pauses), (Some(NOW + 50), 4));
        } else {
            assert_eq!(pause, Err(Refused::WrongMission { state }));
        }
    }
    for (watch, city, halt, until) in [
        (stopped, free, Halt::EmergencyStop, NOW + MOST),
        (paused, free, Halt::Pause, NOW + 50),
        (both, free, Halt::EmergencyStop, NOW + MOST),
        (calm, city(), Halt::CityHalt, NOW + 77),
        (paused, city(), Halt::CityHalt, NOW + 77),
    ] {
        let refused = Err(Refused::Halted { halt, until });
        assert_eq!(watch.pause(&city, M::Executing, 50, NOW), refused);
        let reconcile = watch.require_reconcilable(&city, M::Verification);
        assert_eq!(reconcile.map(|()| watch), refused);
    }
}

#[test]
fn a_pause_is_lifted_when_no_stop_lies_over_it() {
    let [calm, stopped, paused, both] = watches();
    let halt = Halt::Pause;
    assert_eq!(paused.lift_pause().unwrap().paused_until, None);
    for (watch, found) in [
        (calm, None),
        (stopped, Some(Halt::EmergencyStop)),
        (both, Some(Halt::EmergencyStop)),
    ] {
        assert_eq!(watch.lift_pause(), Err(Refused::NotHalted { halt, found }));
    }
}

#[test]
fn r10_a_bond_goes_back_when_its_mission_ended_undecided() {
    let [calm, stopped, paused, both] = watches();
    for state in missions() {
        let row = MissionState::GRAPH.state(state as u8).unwrap();
        let ended = row.kind == Kind::Terminal;
        assert_eq!(is_final(state), ended);
        for (watch, holds) in [
            (calm, false),
            (stopped, false),
            (paused, true),
            (both, true),
        ] {
            let end = watch.end(state);
            if ended && holds {
                assert_eq!(end.unwrap().paused_until, None);
            } else {
                assert_eq!(end, Err(Refused::NoBond), "{state:?}");
            }
        }
        let living = require_living(state);
        assert_eq!(living.is_err(), ended);
    }
}

#[test]
fn monitors_reconcile_at_the_gate_alone() {
    let [calm, ..] = watches();
    for state in missions() {
        let reconcile = calm.require_reconcilable(&Watch::default(), state);
        let open = state == MissionState::Verification;
        assert_eq!(reconcile.is_ok(), open);
        if !open {
            assert_eq!(reconcile, Err(Refused::WrongMission { state }));
        }
    }
}

#[test]
fn g08_what_lies_on_a_mission_forbids_what_the_table_says() {
    let free = Watch::default();
    for (watch, own) in watches().into_iter().zip([
        Halts::NONE,
        Halts::only(Halt::EmergencyStop),
        Halts::only(Halt::Pause),
        Halts::only(Halt::EmergencyStop).and(Halt::Pause),
    ]) {
        for (city, halts) in [(free, own), (city(), own.and(Halt::CityHalt))] {
            assert_eq!(watch.halts(&city), halts);
            assert_eq!(
                watch.escalates(&city),
                !halts.has(Halt::EmergencyStop) && !halts.has(Halt::CityHalt)
            );
            for command in Command::ALL {
                let forbids = Halt::ALL
                    .into_iter()
                    .find(|halt| halts.has(*halt) && halt.forbids(*command));
                let expected = forbids.map_or(Ok(()), |halt| {
                    let until = match halt {
                        Halt::EmergencyStop => NOW + MOST,
                        Halt::Pause => NOW + 50,
                        _ => NOW + 77,
                    };
                    Err(Refused::Halted { halt, until })
                });
                assert_eq!(watch.require(&city, *command), expected, "{command:?}");
            }
        }
    }
}

#[test]
fn g06_no_halt_forbids_to_freeze_to_decide_a_freeze_or_to_record_an_outage() {
    let [.., both] = watches();
    for command in [
        Command::FreezeNode,
        Command::UnfreezeNode,
        Command::ConfirmFreeze,
        Command::VetoOutput,
        Command::EnterDegraded,
        Command::ExitDegraded,
        Command::ClearStop,
    ] {
        assert_eq!(both.require(&city(), command), Ok(()), "{command:?}");
    }
}

#[test]
fn a_second_under_both_stops_counts_once() {
    let (own, of_city) = (Halt::EmergencyStop, Halt::CityHalt);
    // When the mission's stop begins and ends, when the city's does, and by how much both move the mission's deadlines.
    for (mission, city, moved) in [
        ((0, 10), (20, 30), 20),
        ((0, 10), (5, 15), 15),
        ((5, 15), (0, 10), 15),
        ((0, 30), (10, 20), 30),
        ((10, 20), (0, 30), 30),
        ((0, 10), (0, 10), 10),
        ((0, 10), (10, 20), 20),
    ] {
        let (mut watch, mut all, mut sum) = (FREE, FREE, 0);
        for now in 0..40 {
            if now == city.1 {
                let (next, cleared) = all.clear(of_city, &all, NOW + now).unwrap();
                (all, sum) = (next, sum + cleared.secs);
            }
            if now == mission.1 {
                let (next, cleared) = watch.clear(own, &all, NOW + now).unwrap();
                (watch, sum) = (next, sum + cleared.secs);
            }
            if now == city.0 {
                all = all.stop(of_city, &all, MOST, NOW + now).unwrap();
            }
            if now == mission.0 {
                watch = watch.stop(own, &all, MOST, NOW + now).unwrap();
            }
        }
        assert_eq!(sum, moved, "{mission:?} {city:?}");
    }
}

proptest! {
    /// INV-GUARD-08. Whatever is stopped and let go on, and when: deadlines move by the seconds under a stop, each once.
    #[test]
    fn deadlines_move_by_the_seconds_under_a_stop(calls in prop::collection::vec((any::<bool>(), 0..50u64), 1..60)) {
        let (mut watch, mut all) = (FREE, FREE);
        let (mut now, mut under, mut moved) = (NOW, 0, 0);
        let each = calls.into_iter().chain([(false, 3), (true, 3)]);
        let mut each = each.collect::<Vec<_>>().into_iter();
        while let Some((is_city, wait)) = each.next() {
            let ends = each.len() < 2;
            let stopped = watch.stop.is_some() || all.stop.is_some();
            now += wait;
            under += if stopped { wait } else { 0 };
            let (halt, of) = if is_city { (Halt::CityHalt, all) } else { (Halt::EmergencyStop, watch) };
            let next = if of.stop.is_some() {
                let (next, cleared) = of.clear(halt, &all, now).unwrap();
                moved += cleared.secs;
                next
            } else if ends {
                of
            } else {
                of.stop(halt, &all, MOST, now).unwrap()
            };
            if is_city { all = next } else { watch = next }
        }
        prop_assert!(watch.stop.is_none() && all.stop.is_none());
        prop_assert_eq!(moved, under);
    }
}
