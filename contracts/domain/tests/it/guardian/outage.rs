//! Claims about outages: what two monitors prove, and how far deadlines move.

use agentcity_domain::{
    guardian::{
        Refused,
        outage::{Interval, Outages, Rules},
    },
    machine::MissionState,
    time::{Millis, Seconds},
};
use alloy_primitives::Address;
use proptest::prelude::*;

const RULES: Rules = Rules {
    threshold: Millis::new(1_800_000),
    grace: Seconds::new(3_600),
    most: Seconds::new(86_400),
};
const NOW: u64 = 1_000_000;
const THERE: (MissionState, u64) = (MissionState::Executing, 500_000);

fn word(monitor: u8, principal: u8, from: u64, until: u64) -> (Address, Address, Interval) {
    (
        Address::repeat_byte(monitor),
        Address::repeat_byte(principal),
        Interval { from, until },
    )
}

fn pair(from: u64, until: u64) -> [(Address, Address, Interval); 2] {
    [word(1, 1, from, until), word(2, 2, from, until)]
}

#[test]
fn deadlines_move_by_the_outage_and_a_grace() {
    let (next, outage, moved) = Outages::default()
        .enter(THERE, pair(NOW - 2_000, NOW - 100), &RULES, NOW)
        .unwrap();
    assert_eq!(moved, 1_900 + 3_600);
    assert_eq!((outage.from, outage.until), (NOW - 2_000, NOW - 100));
    let (extended, ended_at, entered_at) = (5_500, NOW - 100, NOW);
    let expected = Outages {
        extended,
        ended_at,
        entered_at,
    };
    assert_eq!(next, expected);
}

#[test]
fn r30_two_monitors_of_one_principal_are_one() {
    let monitor = Address::repeat_byte(2);
    let same = [word(1, 1, 0, NOW), word(2, 1, 0, NOW)];
    let refused = Outages::default().enter(THERE, same, &RULES, NOW);
    assert_eq!(refused, Err(Refused::Dependent { monitor }));
}

#[test]
fn only_what_both_say_and_nothing_contradicts_is_the_outage() {
    let enter = |past: Outages, since, a: (u64, u64), b: (u64, u64)| {
        let reports = [word(1, 1, a.0, a.1), word(2, 2, b.0, b.1)];
        let state = (MissionState::Executing, since);
        past.enter(state, reports, &RULES, NOW)
            .map(|(_, o, _)| (o.from, o.until))
    };
    let none = Outages::default();
    let (a, b) = ((NOW - 9_000, NOW - 1_000), (NOW - 8_000, NOW));
    assert_eq!(enter(none, 0, a, b), Ok((NOW - 8_000, NOW - 1_000)));
    assert_eq!(enter(none, 0, b, a), Ok((NOW - 8_000, NOW - 1_000)));
    // A chain that changed the mission did not stand still before that.
    assert_eq!(
        enter(none, NOW - 5_000, a, b),
        Ok((NOW - 5_000, NOW - 1_000))
    );
    // What was counted once counts no more.
    let past = Outages {
        ended_at: NOW - 4_000,
        ..none
    };
    assert_eq!(enter(past, 0, a, b), Ok((NOW - 4_000, NOW - 1_000)));
    // Nobody knows of an outage that is not over.
    let ahead = (NOW - 9_000, NOW + 50_000);
    assert_eq!(enter(none, 0, ahead, ahead), Ok((NOW - 9_000, NOW)));
    // Apart, they say nothing together.
    let (threshold, secs) = (1_800, 0);
    let apart = enter(none, 0, (NOW - 9_000, NOW - 5_000), (NOW - 4_000, NOW));
    assert_eq!(apart, Err(Refused::OutageTooShort { secs, threshold }));
}

#[test]
fn an_outage_of_the_threshold_is_too_short_and_a_second_more_is_not() {
    let enter = |secs| Outages::default().enter(THERE, pair(NOW - secs, NOW), &RULES, NOW);
    let (threshold, secs) = (1_800, 1_800);
    let short = Refused::OutageTooShort { secs, threshold };
    assert_eq!(enter(1_800), Err(short));
    assert_eq!(enter(1_801).unwrap().2, 1_801 + 3_600);
}

#[test]
fn only_an_executing_mission_degrades_and_only_a_degraded_one_leaves() {
    for state in (0..=u8::MAX).filter_map(MissionState::from_u8) {
        let reports = pair(NOW - 9_000, NOW);
        let enter = Outages::default().enter((state, 0), reports, &RULES, NOW);
        let wrong = Refused::WrongMission { state };
        if state == MissionState::Executing {
            assert!(enter.is_ok());
        } else {
            assert_eq!(enter, Err(wrong));
        }
        let inside = Outages {
            entered_at: NOW - 77,
            ..Outages::default()
        };
        let expected = match state {
            MissionState::Degraded => Ok(77),
            _ => Err(wrong),
        };
        assert_eq!(inside.exit(state, NOW), expected);
    }
}

#[test]
fn r30_what_is_left_of_a_day_moves_them_and_then_nothing_does() {
    let past = |extended| Outages {
        extended,
        ..Outages::default()
    };
    let enter = |extended| past(extended).enter(THERE, pair(NOW - 9_000, NOW), &RULES, NOW);
    assert_eq!(enter(86_400 - 12_601).unwrap().2, 12_600);
    assert_eq!(enter(86_400 - 12_599).unwrap().2, 12_599);
    assert_eq!(enter(86_399).unwrap().2, 1);
    let (extended, most) = (86_400, 86_400);
    assert_eq!(enter(86_400), Err(Refused::Exhausted { extended, most }));
}

proptest! {
    /// INV-GUARD-07: whatever two monitors say, and however often, deadlines move by a day at most.
    #[test]
    fn inv_guard_07_outages_move_deadlines_by_a_day_at_most(
        words in prop::collection::vec((0u64..400_000, 0u64..400_000, 0u64..100_000), 1..40),
    ) {
        let (mut kept, mut now, mut total) = (Outages::default(), NOW, 0);
        for (from, until, pause) in words {
            now += pause;
            let reports = pair(now.saturating_sub(from), now.saturating_sub(until));
            let before = kept;
            if let Ok((next, outage, moved)) = kept.enter(THERE, reports, &RULES, now) {
                prop_assert!(outage.from >= before.ended_at && outage.until <= now);
                total += moved;
                kept = next;
            }
            prop_assert_eq!(kept.extended, total);
            prop_assert!(total <= 86_400);
        }
    }
}
