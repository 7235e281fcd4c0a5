//! What is said beforehand, against what can be counted.

use agentcity_domain::{
    analysis::{
        anchoring::{anchors, printed, unaudited},
        watchdog::{all_yes, run_and_both, some_run},
    },
    roster::watchdog::Rules,
};

const RULES: Rules = Rules {
    approval_pct: 60,
    least: 3,
    run: 2,
    weakenings: 3,
    days: 30,
    hours: 72,
};

fn close(left: f64, right: f64) {
    assert!((left - right).abs() < 1e-12, "{left} is not {right}");
}

/// Every sequence of so many decisions with its probability, newest last.
fn sequences(p: f64, n: u32) -> impl Iterator<Item = (Vec<bool>, f64)> {
    (0..1u32 << n).map(move |bits| {
        let list: Vec<bool> = (0..n).map(|at| bits >> at & 1 == 1).collect();
        let chance = list
            .iter()
            .map(|yes| if *yes { p } else { 1.0 - p })
            .product();
        (list, chance)
    })
}

fn chance(p: f64, n: u32, holds: impl Fn(&[bool]) -> bool) -> f64 {
    sequences(p, n)
        .filter(|(list, _)| holds(list))
        .map(|(_, chance)| chance)
        .sum()
}

#[test]
fn runs_are_as_likely_as_the_sequences_that_have_one() {
    for p in [0.0, 0.3, 0.85, 1.0] {
        for n in 0..=9 {
            close(
                all_yes(p, n),
                chance(p, n, |list| list.iter().all(|yes| *yes)),
            );
            for length in 1..=4 {
                let counted = chance(p, n, |list| {
                    list.windows(length as usize)
                        .any(|run| run.iter().all(|yes| *yes))
                });
                close(some_run(p, length, n), counted);
            }
        }
    }
    close(some_run(0.5, 0, 0), 1.0);
}

#[test]
fn run_and_rate_are_as_likely_as_the_sequences_that_have_both() {
    for p in [0.0, 0.4, 0.9, 1.0] {
        for n in 3..=9 {
            let ends = |list: &[bool]| list[list.len() - 3..].iter().all(|yes| *yes);
            let often = |list: &[bool]| {
                let yes = list.iter().filter(|yes| **yes).count();
                yes * 100 > 60 * list.len()
            };
            let (run, both) = run_and_both(p, n, &RULES).unwrap();
            close(run, chance(p, n, ends));
            close(both, chance(p, n, |list| ends(list) && often(list)));
        }
    }
    assert_eq!(run_and_both(0.5, 2, &RULES), None);
}

#[test]
fn anchors_cover_time_and_not_nodes() {
    assert_eq!((anchors(8, 5, 10), printed(8, 10)), (Some(4), Some(1)));
    assert_eq!((anchors(100, 2, 60), printed(100, 60)), (Some(4), Some(2)));
    assert_eq!((anchors(1, 1, 0), anchors(u64::MAX, 2, 1)), (None, None));
    close(unaudited(2, 60), 30.0);
}
