//! Claims about escalation: thresholds, and counting against a naive list that forgets nothing.

use agentcity_domain::{
    guardian::escalation::{COUNTED_MAX, Count, LOOKED_AT_MAX, PRINCIPALS_MAX, Rules, Tag, tag},
    reputation::Points,
    time::Seconds,
};
use alloy_primitives::{Address, address};
use proptest::prelude::*;

const RULES: Rules = Rules {
    count: 3,
    bonus: 3,
    is_scaled: true,
    factor: 3,
    window_ms: 1_200_000,
    window_max_ms: 86_400_000,
    principals: 2,
};

fn points(score: u16) -> Points {
    Points::new(score.into()).unwrap()
}

fn agent(n: u8) -> Address {
    Address::repeat_byte(n)
}

/// A freeze, as the naive list keeps it.
#[derive(Clone, Copy, Debug)]
struct Past {
    agent: u8,
    at: u64,
    counts: bool,
    tag: Tag,
}

fn count_of(list: &[Past], of: u8, window: u64, cleared_at: u64, now: u64) -> Count {
    let mut counted = Count::new(agent(of), Seconds::new(window), cleared_at, now);
    for past in list.iter().rev() {
        if !counted.note(agent(past.agent), past.at, past.counts, &[past.tag]) {
            break;
        }
    }
    counted
}

fn past(agent: u8, at: u64, tag: Tag) -> Past {
    Past {
        agent,
        at,
        counts: true,
        tag,
    }
}

#[test]
fn the_threshold_rises_with_reputation_and_no_further_than_is_counted() {
    for (score, expected) in [(0, 3), (333, 3), (334, 4), (500, 4), (667, 5), (1_000, 6)] {
        assert_eq!(RULES.threshold(points(score)), expected, "{score}");
    }
    let greatest = Rules {
        count: 10,
        bonus: 7,
        ..RULES
    };
    assert_eq!(greatest.threshold(points(857)), 15);
    assert_eq!(greatest.threshold(points(858)), COUNTED_MAX);
    assert_eq!(greatest.threshold(points(1_000)), COUNTED_MAX, "not 17");
    assert_eq!((COUNTED_MAX, LOOKED_AT_MAX, PRINCIPALS_MAX), (16, 100, 5));
}

#[test]
fn g05_the_window_doubles_with_each_cleared_stop_up_to_a_day() {
    for (stops, secs) in [
        (0, 1_200),
        (1, 2_400),
        (6, 76_800),
        (7, 86_400),
        (u16::MAX, 86_400),
    ] {
        assert_eq!(RULES.window(stops), Seconds::new(secs), "{stops}");
    }
}

#[test]
fn g01_an_agent_stops_its_mission_at_its_threshold_and_not_below() {
    let list: Vec<_> = (0..6)
        .map(|n| past(1, 1_000 + n, 1 + (n % 2) as Tag))
        .collect();
    for (score, needed) in [(0, 3), (500, 4), (900, 5), (1_000, 6)] {
        for count in 1..=6 {
            let counted = count_of(&list[..count], 1, 1_200, 0, 1_010);
            assert_eq!(counted.own.freezes as usize, count);
            let stops = counted.must_stop(&RULES, points(score));
            assert_eq!(stops, count >= needed, "{score} {count}");
        }
    }
}

#[test]
fn g04_agents_below_their_thresholds_stop_the_mission_together() {
    let list: Vec<_> = (0..9)
        .map(|n| past(n as u8, 1_000 + n, 1 + (n % 2) as Tag))
        .collect();
    for count in 2..=9 {
        let counted = count_of(&list[..count], 0, 1_200, 0, 1_010);
        assert_eq!(counted.own.freezes, 1);
        assert_eq!(counted.must_stop(&RULES, points(0)), count == 9, "{count}");
    }
}

#[test]
fn g07_what_came_before_the_last_clear_counts_no_more() {
    let list: Vec<_> = (0..4)
        .map(|n| past(1, 1_000 + 100 * n, 1 + (n % 2) as Tag))
        .collect();
    for (cleared_at, own) in [(0, 4), (999, 4), (1_000, 3), (1_150, 2), (1_300, 0)] {
        let counted = count_of(&list, 1, 1_200, cleared_at, 1_300);
        assert_eq!(counted.own.freezes, own, "{cleared_at}");
    }
}

#[test]
fn the_first_second_of_the_window_is_outside() {
    let list = [past(1, 1_000, 1), past(1, 1_001, 2)];
    assert_eq!(count_of(&list, 1, 200, 0, 1_200).own.freezes, 1);
    assert_eq!(count_of(&list, 1, 200, 0, 1_199).own.freezes, 2);
    assert_eq!(
        count_of(&list, 1, 2_000, 0, 1_199).own.freezes,
        2,
        "before time began"
    );
}

#[test]
fn what_was_found_false_counts_neither_as_freeze_nor_as_principal() {
    let mut list = [
        past(1, 1_000, 1),
        past(1, 1_001, 2),
        past(1, 1_002, 1),
        past(1, 1_003, 1),
    ];
    assert!(count_of(&list, 1, 1_200, 0, 1_010).must_stop(&RULES, points(0)));
    list[1].counts = false;
    let without = count_of(&list, 1, 1_200, 0, 1_010);
    assert_eq!((without.own, without.all), (without.all, without.own));
    assert_eq!((without.own.freezes, without.own.principals()), (3, 1));
    assert!(!without.must_stop(&RULES, points(0)));
}

#[test]
fn r13_one_principals_freezes_stop_nothing_however_many() {
    for count in [3u64, 9, 16, 99, 100, 300] {
        let mut list: Vec<_> = (0..count).map(|n| past(1, 1_000 + n, 7)).collect();
        let alone = count_of(&list, 1, 86_400, 0, 2_000);
        assert_eq!(alone.own.principals(), 1);
        assert!(!alone.may_stop(&RULES) && !alone.must_stop(&RULES, points(0)));
        // Another one's word about another agent adds nothing, unless all are too many.
        list.push(past(2, 2_000, 8));
        let beside = count_of(&list, 1, 86_400, 0, 2_000);
        assert_eq!(beside.must_stop(&RULES, points(0)), count >= 8, "{count}");
        list.pop();
        list.push(past(1, 2_000, 8));
        let with = count_of(&list, 1, 86_400, 0, 2_000);
        assert!(with.must_stop(&RULES, points(0)), "{count}");
    }
}

#[test]
fn as_many_principals_as_the_table_asks_for_have_to_be_heard() {
    for principals in 2..=PRINCIPALS_MAX as u32 {
        let rules = Rules {
            principals,
            ..RULES
        };
        for heard in 1..=PRINCIPALS_MAX as u32 {
            let list: Vec<_> = (0..20u64)
                .map(|n| past(1, 1_000 + n, 1 + n as Tag % heard))
                .collect();
            let counted = count_of(&list, 1, 1_200, 0, 1_100);
            assert_eq!(counted.own.principals(), heard);
            assert_eq!(
                counted.must_stop(&rules, points(1_000)),
                heard >= principals
            );
        }
    }
    // More than have to be told apart are as many as have to be.
    let list: Vec<_> = (0..20u64)
        .map(|n| past(1, 1_000 + n, 1 + n as Tag))
        .collect();
    assert_eq!(count_of(&list, 1, 1_200, 0, 1_100).own.principals(), 5);
}

#[test]
fn a_freeze_of_several_principals_counts_once_and_for_all_of_them() {
    let mut counted = Count::new(agent(1), Seconds::new(100), 0, 1_000);
    assert!(counted.note(agent(1), 1_000, true, &[1, 2, 3]));
    assert_eq!(counted.own, counted.all);
    assert_eq!((counted.own.freezes, counted.own.principals()), (1, 3));
}

#[test]
fn so_many_freezes_are_looked_at_and_no_more() {
    let mut counted = Count::new(agent(1), Seconds::new(100), 0, 1_000);
    for looked_at in 1..LOOKED_AT_MAX {
        assert!(counted.note(agent(2), 1_000, false, &[]), "{looked_at}");
    }
    assert!(!counted.note(agent(2), 1_000, false, &[]), "the last one");
}

#[test]
fn tags_are_the_ends_of_addresses_and_never_nobodys() {
    assert_eq!(
        tag(address!("0x00112233445566778899aabbccddeeff01020304")),
        0x0102_0304
    );
    assert_eq!(tag(Address::ZERO), 1);
}

#[test]
fn inv_guard_04_a_window_too_full_to_look_at_is_past_the_cap() {
    let greatest = Rules {
        count: 10,
        factor: 10,
        ..RULES
    };
    let mut list: Vec<_> = (0..120u64)
        .map(|n| past(2, 1_000 + n, 1 + (n % 2) as Tag))
        .collect();
    assert_eq!(greatest.cap(), LOOKED_AT_MAX);
    assert!(!count_of(&list[..99], 1, 86_400, 0, 2_000).must_stop(&greatest, points(0)));
    assert!(count_of(&list[..100], 1, 86_400, 0, 2_000).must_stop(&greatest, points(0)));
    // Found false, they still fill what is looked at: the doubt stops.
    for past in &mut list[..50] {
        past.counts = false;
    }
    assert!(count_of(&list, 1, 86_400, 0, 2_000).must_stop(&greatest, points(0)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// INV-GUARD-04: the bounded count stops whenever a count of everything does, and only a window too full makes it stricter.
    #[test]
    fn inv_guard_04_no_stop_is_lost_by_what_is_bounded(
        freezes in prop::collection::vec((0u8..4, 0u64..200, prop::bool::weighted(0.8), 1u32..4), 0..160),
        window in 1u64..20_000,
        cleared in 0u64..3_000,
        count in 2u32..=10,
        factor in 1u32..=10,
        score in 0u16..=1_000,
        principals in 2u32..=5,
    ) {
        let rules = Rules { count, factor, principals, ..RULES };
        let mut at = 1_000;
        let list: Vec<_> = freezes.iter().map(|(agent, pause, counts, tag)| {
            at += pause;
            Past { agent: *agent, at, counts: *counts, tag: *tag }
        }).collect();
        let now = at;
        let seen: Vec<_> = list
            .iter()
            .filter(|p| p.at + window > now && p.at > cleared)
            .collect();
        let counted: Vec<_> = seen.iter().filter(|p| p.counts).collect();
        let own: Vec<_> = counted.iter().filter(|p| p.agent == 1).collect();
        let heard = |tags: Vec<Tag>| {
            let mut tags = tags;
            tags.sort_unstable();
            tags.dedup();
            tags.len() as u32 >= principals
        };
        let own_heard = heard(own.iter().map(|p| p.tag).collect());
        let all_heard = heard(counted.iter().map(|p| p.tag).collect());
        let own = own.len() as u32;
        let full = seen.len() as u32 >= LOOKED_AT_MAX;
        let stops = own_heard && own >= rules.threshold(points(score))
            || all_heard && counted.len() as u32 >= rules.cap();
        let bounded = count_of(&list, 1, window, cleared, now);
        let found = bounded.must_stop(&rules, points(score));
        if full {
            // Principals are those of what was looked at: with three of them among a hundred, all of them.
            prop_assert!(found || !stops);
        } else {
            prop_assert_eq!(found, stops);
            prop_assert_eq!((bounded.own.freezes, bounded.all.freezes), (own, counted.len() as u32));
        }
        // Who asks for no reputation first asks for nobody's in vain.
        prop_assert!(bounded.may_stop(&rules) || !found);
    }
}
