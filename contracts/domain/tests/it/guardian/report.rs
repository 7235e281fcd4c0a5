//! Claims about reports: each limit beside its allowed neighbour, agreement against a naive search.

use agentcity_domain::guardian::{
    Refused,
    freeze::Cause,
    report::{
        ACCUSERS_MAX, Accuser, Heard, KEPT_MAX, Kind, Limits, Report, Weight, agreement, is_recent,
        place, weigh,
    },
};
use agentcity_domain::time::Millis;
use alloy_primitives::{Address, B256};
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    deviation: 2_000,
    tools: 40,
    messages: 120,
};

fn heard(sequence: u64, tools: u32, messages: u32) -> Heard {
    Heard {
        sequence,
        tools,
        messages,
    }
}

fn report(kind: Kind, deviation: u32, tools: u32, messages: u32) -> Report {
    Report {
        kind,
        deviation,
        heard: heard(1, tools, messages),
    }
}

fn accuser(monitor: u8, principal: u8, scorer: u8, at: u64) -> Accuser {
    Accuser {
        monitor: Address::repeat_byte(monitor),
        principal: Address::repeat_byte(principal),
        scorer: B256::repeat_byte(scorer),
        at,
    }
}

#[test]
fn kinds_and_numbers_are_two_ways() {
    for kind in [
        Kind::Deviation,
        Kind::Counters,
        Kind::DeploymentSubstitution,
    ] {
        assert_eq!(Kind::at(kind as u8), Some(kind));
    }
    assert_eq!((Kind::at(0), Kind::at(4)), (None, None));
}

#[test]
fn a_report_follows_when_its_sequence_rises_and_no_counter_falls() {
    let last = heard(7, 10, 20);
    for (next, follows) in [
        (heard(8, 10, 20), true),
        (heard(100, 11, 21), true),
        (heard(u64::MAX, u32::MAX, u32::MAX), true),
        (heard(7, 11, 21), false),
        (heard(6, 11, 21), false),
        (heard(8, 9, 20), false),
        (heard(8, 10, 19), false),
    ] {
        let stale = Refused::Stale {
            given: next.sequence,
            last: 7,
        };
        let expected = if follows { Ok(next) } else { Err(stale) };
        assert_eq!(last.followed_by(next), expected, "{next:?}");
    }
    // The first has to count from one.
    assert!(Heard::default().followed_by(heard(1, 0, 0)).is_ok());
    assert!(Heard::default().followed_by(heard(0, 0, 0)).is_err());
}

#[test]
fn counters_freeze_beyond_their_limit_and_not_at_it() {
    for (tools, messages, expected) in [
        (40, 120, Weight::Noted),
        (41, 120, Weight::Freezes(Cause::ToolLimit)),
        (40, 121, Weight::Freezes(Cause::MessageLimit)),
        (41, 121, Weight::Freezes(Cause::ToolLimit)),
    ] {
        let counters = report(Kind::Counters, u32::MAX, tools, messages);
        assert_eq!(weigh(&counters, &LIMITS, 0), expected);
    }
}

#[test]
fn a_warning_grants_the_allowance_anew() {
    for (warnings, most) in [(0, 40), (1, 80), (3, 160), (255, 256 * 40)] {
        let at = |tools| weigh(&report(Kind::Counters, 0, tools, 0), &LIMITS, warnings);
        assert_eq!(at(most), Weight::Noted, "{warnings}");
        assert_eq!(at(most + 1), Weight::Freezes(Cause::ToolLimit));
        let at = |messages| weigh(&report(Kind::Counters, 0, 0, messages), &LIMITS, warnings);
        assert_eq!(at(3 * most), Weight::Noted, "{warnings}");
        assert_eq!(at(3 * most + 1), Weight::Freezes(Cause::MessageLimit));
    }
}

#[test]
fn a_deviation_accuses_beyond_its_threshold_and_never_freezes_alone() {
    let at = |deviation| weigh(&report(Kind::Deviation, deviation, 999, 999), &LIMITS, 0);
    assert_eq!(at(2_000), Weight::Noted);
    assert_eq!(at(2_001), Weight::Accuses(Cause::Deviation));
    // G-14: the worst that can be said is an accusation too.
    let other = report(Kind::DeploymentSubstitution, 0, 999, 999);
    assert_eq!(
        weigh(&other, &LIMITS, 0),
        Weight::Accuses(Cause::DeploymentSubstitution)
    );
}

#[test]
fn r13_two_agree_when_principal_and_scorer_differ() {
    for (one, other, of_deviation, of_substitution) in [
        (accuser(1, 1, 1, 0), accuser(2, 2, 2, 0), true, true),
        (accuser(1, 1, 1, 0), accuser(2, 2, 1, 0), false, true),
        (accuser(1, 1, 1, 0), accuser(2, 1, 2, 0), false, false),
        (accuser(1, 1, 1, 0), accuser(1, 1, 1, 0), false, false),
    ] {
        let pair = [one, other];
        let agree = |cause| agreement(&pair, cause, 2).is_some();
        assert_eq!(agree(Cause::Deviation), of_deviation, "{pair:?}");
        assert_eq!(agree(Cause::DeploymentSubstitution), of_substitution);
    }
}

#[test]
fn one_word_is_no_agreement_and_nobodys_is_none() {
    let one = [accuser(1, 1, 1, 0)];
    for needed in 2..=5 {
        assert_eq!(agreement(&one, Cause::Deviation, needed), None);
        assert_eq!(agreement(&[], Cause::Deviation, needed), None);
    }
}

#[test]
fn those_who_agree_are_named_and_the_newest_is_among_them() {
    let accusers = [
        accuser(1, 1, 1, 0),
        accuser(2, 1, 2, 0),
        accuser(3, 3, 2, 0),
        accuser(4, 4, 4, 0),
    ];
    assert_eq!(agreement(&accusers, Cause::Deviation, 2), Some(0b1001));
    // Of the third and the second one has to go: they share a scorer.
    assert_eq!(agreement(&accusers, Cause::Deviation, 3), Some(0b1101));
    assert_eq!(agreement(&accusers, Cause::Deviation, 4), None);
    assert_eq!(
        agreement(&accusers[..2], Cause::Deviation, 2),
        None,
        "one principal"
    );
}

#[test]
fn a_word_is_recent_to_the_last_second_of_its_window() {
    let window = Millis::new(60_000);
    assert!(is_recent(1_000, window, 1_060));
    assert!(!is_recent(1_000, window, 1_061));
    assert!(is_recent(1_000, window, 1_000));
}

#[test]
fn a_monitors_new_word_takes_the_place_of_its_old_one_then_of_a_dead_one() {
    let (one, other) = (accuser(1, 1, 1, 5), accuser(2, 1, 2, 6));
    let kept = [Some(one), None, Some(other)];
    assert_eq!(place(&kept, &accuser(2, 1, 2, 9)), 2);
    assert_eq!(place(&kept, &accuser(3, 1, 3, 9)), 1);
    assert_eq!(
        place(&kept[..1], &accuser(3, 1, 3, 9)),
        1,
        "behind the last"
    );
    assert_eq!(place(&[], &one), 0);
}

#[test]
fn a_full_list_gives_up_what_says_the_same_or_else_the_oldest() {
    const { assert!(KEPT_MAX < ACCUSERS_MAX, "the last word joins those kept") };
    let mut kept: Vec<_> = (1..=KEPT_MAX as u8)
        .map(|n| Some(accuser(n, 1, n, 100 - u64::from(n))))
        .collect();
    assert_eq!(place(&kept, &accuser(99, 1, 3, 200)), 2, "the same scorer");
    assert_eq!(place(&kept, &accuser(99, 1, 99, 200)), KEPT_MAX - 1);
    kept[4] = Some(accuser(5, 1, 5, 1));
    assert_eq!(place(&kept, &accuser(99, 1, 99, 200)), 4, "the oldest");
    // One of another principal stays, though it is older, and comes in place of the crowd's oldest.
    kept[2] = Some(accuser(50, 2, 50, 0));
    assert_eq!(place(&kept, &accuser(99, 1, 99, 200)), 4);
    assert_eq!(place(&kept, &accuser(99, 3, 99, 200)), 4);
}

#[test]
fn r13_no_crowd_of_one_principal_takes_the_place_of_another() {
    for needed in 3..=5u8 {
        let mut kept = Vec::new();
        let mut keep = |new: Accuser| {
            let live: Vec<_> = kept.iter().copied().map(Some).collect();
            let place = place(&live, &new);
            if place == kept.len() {
                kept.push(new);
            } else {
                kept[place] = new;
            }
            kept.clone()
        };
        // Honest ones speak one by one, a crowd between them.
        for honest in 1..needed {
            keep(accuser(honest, honest, honest, 0));
            for sock in 0..30 {
                keep(accuser(100 + sock, 99, 100 + sock, 1));
            }
        }
        let mut asked = keep(accuser(100, 99, 100, 1));
        asked.push(accuser(needed, needed, needed, 1));
        let chosen = agreement(&asked, Cause::Deviation, needed.into());
        assert!(chosen.is_some(), "{needed} agree");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// INV-GUARD-02: agreement is what a search of every subset finds.
    #[test]
    fn inv_guard_02_agreement_is_what_a_naive_search_finds(
        words in prop::collection::vec((0u8..4, 0u8..4), 1..=ACCUSERS_MAX),
        needed in 2u32..=5,
        scores in any::<bool>(),
    ) {
        let cause = if scores { Cause::Deviation } else { Cause::DeploymentSubstitution };
        let accusers: Vec<_> = (0u8..)
            .zip(&words)
            .map(|(n, (principal, scorer))| accuser(n, *principal, *scorer, 0))
            .collect();
        let newest = accusers.len() - 1;
        let found = agreement(&accusers, cause, needed);
        let good = |mask: u32| {
            let chosen: Vec<_> = (0..accusers.len()).filter(|n| mask >> n & 1 == 1).collect();
            chosen.len() as u32 == needed
                && chosen.contains(&newest)
                && chosen.iter().all(|a| chosen.iter().all(|b| {
                    let ((p, s), (q, t)) = (words[*a], words[*b]);
                    a == b || p != q && (!scores || s != t)
                }))
        };
        prop_assert_eq!(found.is_some(), (0..1 << accusers.len()).any(good));
        if let Some(mask) = found {
            prop_assert!(good(mask.into()));
        }
    }

    /// R13: with two needed, a bounded list finds whatever an endless one would.
    #[test]
    fn a_full_list_loses_no_agreement_of_two(
        words in prop::collection::vec((0u8..12, 0u8..12, 0u64..3), 1..60),
        scores in any::<bool>(),
    ) {
        let cause = if scores { Cause::Deviation } else { Cause::DeploymentSubstitution };
        let window = Millis::new(20_000);
        let (mut kept, mut all, mut now): (Vec<Accuser>, Vec<Accuser>, u64) = (vec![], vec![], 100);
        for (n, (principal, scorer, pause)) in (0u8..).zip(words) {
            now += pause;
            let new = accuser(n, principal, scorer, now);
            let live = |list: &[Accuser]| -> Vec<Option<Accuser>> {
                list.iter().map(|a| is_recent(a.at, window, now).then_some(*a)).collect()
            };
            let asked: Vec<_> = live(&kept).into_iter().flatten().chain([new]).collect();
            let naive = live(&all).into_iter().flatten().any(|a| a.adds_to(&new, cause));
            prop_assert_eq!(agreement(&asked, cause, 2).is_some(), naive);
            if naive {
                (kept, all) = (vec![], vec![]);
                continue;
            }
            all.push(new);
            let place = place(&live(&kept), &new);
            if place == kept.len() { kept.push(new) } else { kept[place] = new }
            prop_assert!(kept.len() <= KEPT_MAX);
        }
    }
}
