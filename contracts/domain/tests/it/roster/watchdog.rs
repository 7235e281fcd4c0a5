//! Decisions in a word against a list that forgets nothing; patterns, alerts, freezes.

use agentcity_domain::{
    machine::SeatState,
    roster::{
        Refused,
        city::City,
        history::{Counts, DECISIONS, Decision, History, PERIODS, SYMBOLS},
        seat::Seat,
        watchdog::{Alerts, COUNTER_MAX, Findings, Record, Rules, Watched, confirm, watch},
    },
};
use proptest::prelude::*;

use super::{DAY, NOW, STANDINGS, active, city, seat};

const RULES: Rules = Rules {
    approval_pct: 95,
    least: 20,
    run: 20,
    weakenings: 3,
    days: 30,
    hours: 72,
};

fn of(decisions: &str) -> History {
    decisions
        .chars()
        .fold(History::default().aged(30, NOW), |history, one| {
            history.with(match one {
                'N' => Decision::No,
                'Y' => Decision::Yes,
                _ => Decision::Weakening,
            })
        })
}

fn found(decisions: &str) -> Findings {
    of(decisions).count(30).findings(&RULES)
}

#[test]
fn what_weakens_is_a_yes() {
    assert_eq!(Decision::of(false, false), Decision::No);
    assert_eq!(Decision::of(true, false), Decision::Yes);
    assert_eq!(Decision::of(true, true), Decision::Weakening);
    assert_eq!(Decision::of(false, true), Decision::Weakening);
    assert_eq!((DECISIONS, PERIODS, SYMBOLS), (64, 30, 96));
}

#[test]
fn the_newest_decision_is_the_lowest_bit() {
    let counts = of("YYNWY").count(30);
    let expected = Counts {
        actions: 5,
        approvals: 4,
        run: 2,
        weakenings: 1,
        bits: 0b1_1011,
    };
    assert_eq!(counts, expected);
    assert_eq!(History::default().count(30), Counts::default());
}

/// RESOLUTIONS D-21, at each boundary.
#[test]
fn rates_want_twenty_decisions_and_more_than_the_share_and_runs_more_than_twenty() {
    let yes = |n: usize| "Y".repeat(n);
    let facts = |decisions: &str| {
        let found = found(decisions);
        (found.rubber(), found.run)
    };
    assert_eq!(facts(&yes(19)), (false, false), "too few");
    assert_eq!(facts(&yes(20)), (true, false), "rate");
    assert_eq!(facts(&yes(21)), (true, true), "run");
    // 19 of 20 are 95 of a hundred: not more.
    assert_eq!(facts(&format!("N{}", yes(19))), (false, false));
    assert_eq!(facts(&format!("N{}", yes(20))), (true, false));
    // A long run counts where the rate does not.
    let mixed = format!("{}{}", "N".repeat(10), yes(21));
    assert_eq!(facts(&mixed), (true, true));
    assert!(!found(&mixed).rate);
    assert_eq!(facts(&format!("{}N", yes(19))), (false, false));
    assert!(!found("WWW").weaken && found("WWWW").weaken);
    let rules = Rules { least: 5, ..RULES };
    assert!(of("YYYYY").count(30).findings(&rules).rubber());
}

#[test]
fn one_pattern_alerts_and_both_freeze() {
    let with = |rate, enough, run, weaken| Findings {
        rate,
        enough,
        run,
        weaken,
    };
    for bits in 0..16u8 {
        let [rate, enough, run, weaken] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
        let found = with(rate, enough, run, weaken);
        let rubber = (rate && enough) || run;
        assert_eq!(found.rubber(), rubber, "{found:?}");
        assert_eq!(found.alerts(), rubber || weaken, "{found:?}");
        assert_eq!(found.freezes(), rubber && weaken, "{found:?}");
        let kinds = [rate, run, weaken].iter().filter(|kind| **kind).count();
        assert_eq!(found.printed(), (kinds > 0, kinds > 1), "{found:?}");
    }
}

/// A decision, and on which day.
#[derive(Clone, Copy, Debug)]
struct Past {
    decision: Decision,
    day: u64,
}

/// What a list that forgets nothing counts: the latest 64 whose day is within the window of whole periods.
fn naive(list: &[Past], days: u64, today: u64, begun: u64) -> Counts {
    let length = days.div_ceil(30).max(1);
    let period = |day: u64| (day - begun) / length;
    let most = days.div_ceil(length);
    let mut counts = Counts::default();
    let mut unbroken = true;
    for past in list.iter().rev().take(64) {
        if period(today) - period(past.day) > most {
            break;
        }
        let yes = past.decision != Decision::No;
        unbroken &= yes;
        counts.bits |= u64::from(yes) << counts.actions;
        counts.actions += 1;
        counts.approvals += u32::from(yes);
        counts.run += u32::from(unbroken);
        counts.weakenings += u32::from(past.decision == Decision::Weakening);
    }
    counts
}

fn decisions() -> impl Strategy<Value = Decision> {
    prop_oneof![
        2 => Just(Decision::Yes),
        1 => Just(Decision::No),
        1 => Just(Decision::Weakening),
    ]
}

proptest! {
    #[test]
    fn a_word_remembers_what_a_list_does(
        steps in prop::collection::vec((decisions(), prop_oneof![5 => Just(0u64), 3 => 0..3u64, 1 => 0..40u64]), 1..200),
        days in 1..=365u64,
        later in 0..50u64,
    ) {
        let begun = 20_000u64;
        let mut today = begun;
        let mut history = History { symbols: [0; 3], day: begun as u16 };
        let mut list = Vec::new();
        for (decision, pass) in steps {
            today += pass;
            history = history.aged(days as u32, today * DAY + 5).with(decision);
            list.push(Past { decision, day: today });
            prop_assert_eq!(history.count(days as u32), naive(&list, days, today, begun));
        }
        today += later;
        let seen = history.aged(days as u32, today * DAY).count(days as u32);
        prop_assert_eq!(seen, naive(&list, days, today, begun));
    }
}

#[test]
fn a_decision_counts_for_the_whole_window_and_less_than_a_day_more() {
    let noon = NOW / DAY * DAY + DAY / 2;
    let history = History::default().aged(30, noon).with(Decision::Yes);
    let actions = |now| history.aged(30, now).count(30).actions;
    assert_eq!(actions(noon + 30 * DAY), 1);
    assert_eq!(actions(noon + 30 * DAY + DAY / 2 - 1), 1);
    assert_eq!(actions(noon + 30 * DAY + DAY / 2), 0);
    assert_eq!(actions(noon + 4_000 * DAY), 0);
    // A window of no days, which the table does not have, is a day long.
    assert_eq!(history.aged(0, noon).count(0).actions, 1);
    assert_eq!(history.aged(0, noon + DAY).count(0).actions, 0);
}

#[test]
fn a_clock_that_stands_marks_nothing() {
    let history = of("YN");
    assert_eq!(history.aged(30, NOW), history);
    assert_eq!(history.aged(30, 0), history, "nor one that goes back");
}

#[test]
fn counters_stop_where_their_bytes_end_and_reviews_are_paid_once() {
    let full = Record {
        actions: COUNTER_MAX,
        unpaid: COUNTER_MAX,
        ..Record::default()
    };
    let one_more = full.with(Decision::No, true, 30, NOW);
    assert_eq!(
        (one_more.actions, one_more.unpaid),
        (COUNTER_MAX, COUNTER_MAX)
    );
    let fresh = Record::default().with(Decision::No, false, 30, NOW);
    assert_eq!((fresh.actions, fresh.unpaid), (1, 0));
    assert_eq!(fresh.paid(), Err(Refused::NothingOwed));
    // Yes and no are worth the same (RESOLUTIONS D-27).
    for decision in [Decision::No, Decision::Yes, Decision::Weakening] {
        let record = fresh.with(decision, true, 30, NOW);
        let (paid, reviews) = record.paid().unwrap();
        assert_eq!((reviews, paid.unpaid, paid.actions), (1, 0, 2));
        assert_eq!(paid.history, record.history);
    }
}

/// An adjudicator who decides, one day.
struct Watch {
    seat: Seat,
    record: Record,
    city: City,
}

impl Watch {
    fn new() -> Self {
        Self {
            seat: active(),
            record: Record::default(),
            city: city(7),
        }
    }

    fn decide(&mut self, decisions: &str) -> Watched {
        let mut last = None;
        for one in decisions.chars() {
            let decision = match one {
                'N' => Decision::No,
                'Y' => Decision::Yes,
                _ => Decision::Weakening,
            };
            let watched = watch(
                self.seat,
                self.record,
                self.city,
                decision,
                false,
                &RULES,
                NOW,
            )
            .unwrap();
            (self.seat, self.record, self.city) = (watched.seat, watched.record, watched.city);
            last = Some(watched);
        }
        last.unwrap()
    }
}

const RUBBER: Alerts = Alerts {
    rubber: true,
    weaken: false,
    confirmed: false,
};
const WEAKEN: Alerts = Alerts {
    rubber: false,
    weaken: true,
    confirmed: false,
};
const BOTH: Alerts = Alerts {
    rubber: true,
    weaken: true,
    confirmed: false,
};

#[test]
fn a_pattern_is_news_once_and_its_flag_goes_with_it() {
    let mut watch = Watch::new();
    assert_eq!(watch.decide(&"Y".repeat(19)).news, Alerts::default());
    let watched = watch.decide("Y");
    assert_eq!((watched.news, watched.seat.alerts), (RUBBER, RUBBER));
    assert_eq!((watched.counts.actions, watched.city.unflagged), (20, 6));
    assert!(!watched.freezes);
    let watched = watch.decide("Y");
    assert_eq!(
        (watched.news, watched.seat.alerts),
        (Alerts::default(), RUBBER)
    );
    assert_eq!(watched.city.unflagged, 6);
    let watched = watch.decide("NN");
    assert_eq!(
        (watched.news, watched.seat.alerts),
        (Alerts::default(), Alerts::default())
    );
    assert_eq!(watched.city.unflagged, 7);
    let watched = watch.decide("WWWW");
    assert_eq!((watched.news, watched.seat.alerts), (WEAKEN, WEAKEN));
}

#[test]
fn both_patterns_freeze_once_until_one_comes_back_or_one_more_is_weakened() {
    let mut watch = Watch::new();
    watch.decide(&"Y".repeat(20));
    let watched = watch.decide("WWW");
    assert!(!watched.freezes && !watched.city.is_frozen());
    let watched = watch.decide("W");
    assert!(watched.freezes);
    assert_eq!(watched.city.frozen_until, NOW + 72 * 3_600);
    assert_eq!(watched.seat.alerts, BOTH);
    // It is frozen: nothing moves its end.
    assert!(!watch.decide("W").freezes);
    // Released, and the patterns stand: a yes or a no freezes nothing, a weakening does.
    watch.city.frozen_until = 0;
    assert!(!watch.decide("Y").freezes);
    assert!(watch.decide("W").freezes);
    // A pattern that went and comes back does as well.
    watch.city.frozen_until = 0;
    let watched = watch.decide("NNN");
    assert_eq!(watched.seat.alerts, WEAKEN);
    let watched = watch.decide(&"Y".repeat(20));
    assert!(!watched.freezes);
    let watched = watch.decide("Y");
    assert_eq!(
        (watched.news, watched.freezes),
        (RUBBER, true),
        "a run of twenty-one"
    );
}

/// A weakening that comes first does not freeze: one pattern alone does not.
#[test]
fn one_pattern_alone_never_freezes() {
    let mut watch = Watch::new();
    assert!(!watch.decide("NNNNWWWWWW").freezes);
    assert_eq!(watch.seat.alerts, WEAKEN);
    assert!(!watch.city.is_frozen());
}

/// INV-ROSTER-06
#[test]
fn nobody_signs_himself_free_while_the_city_is_frozen() {
    let mut watch = Watch::new();
    watch.decide(&"Y".repeat(20));
    watch.city = watch.city.frozen(72, NOW);
    let watched = watch.decide("NNNN");
    assert_eq!((watched.seat.alerts, watched.city.unflagged), (RUBBER, 6));
    watch.city.frozen_until = 0;
    assert_eq!(watch.decide("N").seat.alerts, Alerts::default());
    // Who was not flagged is not by the freeze.
    let mut other = Watch::new();
    other.city = other.city.frozen(72, NOW);
    assert_eq!(other.decide("NNNN").seat.alerts, Alerts::default());
    let mut third = Watch::new();
    third.city = third.city.frozen(72, NOW);
    third.decide("WWWW");
    assert_eq!(third.seat.alerts, WEAKEN);
}

#[test]
fn only_the_active_are_counted() {
    for standing in STANDINGS {
        let watched = watch(
            seat(standing),
            Record::default(),
            city(7),
            Decision::No,
            false,
            &RULES,
            NOW,
        );
        assert_eq!(
            watched.is_ok(),
            standing == Some(SeatState::Active),
            "{standing:?}"
        );
        if let Err(refused) = watched {
            assert_eq!(refused, Refused::NotAdjudicator);
        }
    }
}

#[test]
fn an_alert_is_confirmed_once_by_who_saw_the_same() {
    let record = Record {
        actions: 20,
        ..Record::default()
    };
    let flagged = Seat {
        alerts: RUBBER,
        ..active()
    };
    let confirmed =
        |seat: Seat, city: City, actions| confirm(seat, &record, city, actions, 72, NOW);
    let (after, frozen) = confirmed(flagged, city(7), 20).unwrap();
    assert!(after.alerts.confirmed && after.alerts.rubber);
    assert_eq!(frozen.frozen_until, NOW + 72 * 3_600);
    for actions in [19, 21] {
        let (expected, found) = (actions.into(), 20);
        let changed = Refused::Changed { expected, found };
        assert_eq!(confirmed(flagged, city(7), actions), Err(changed));
    }
    let done = Err(Refused::AlreadyDone);
    assert_eq!(
        confirmed(active(), city(7), 20),
        done,
        "nothing was noticed"
    );
    assert_eq!(confirmed(after, city(7), 20), done, "twice");
    assert_eq!(confirmed(flagged, frozen, 20), done, "frozen already");
    for standing in STANDINGS {
        if standing != Some(SeatState::Active) {
            let seat = Seat {
                standing,
                ..flagged
            };
            let wrong = Refused::WrongStanding(standing);
            assert_eq!(confirmed(seat, city(7), 20), Err(wrong));
        }
    }
}

#[test]
fn what_was_confirmed_is_what_stood_then() {
    let mut watch = Watch::new();
    watch.decide(&"Y".repeat(21));
    watch.seat.alerts.confirmed = true;
    assert!(watch.decide("Y").seat.alerts.confirmed, "the same alert");
    let watched = watch.decide("WWWW");
    assert_eq!(watched.seat.alerts, BOTH, "another kind wants another word");
    watch.city.frozen_until = 0;
    watch.seat.alerts = RUBBER;
    watch.seat.alerts.confirmed = true;
    watch.record = Record::default();
    assert_eq!(watch.decide("N").seat.alerts, Alerts::default(), "gone");
}
