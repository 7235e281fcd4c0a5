//! What moves reputation: outcomes by weight and under the pair's cap, penalties and rulings by points.

use agentcity_domain::{
    agent::{
        Refused,
        outcome::{Moved, Outcome, Terms, adjust, must_be_remembered, penalise, update},
        record::{Hot, Status},
    },
    reputation::{Lambda, MilliPoints, Points, START, Weight},
};
use alloy_primitives::Address;
use proptest::prelude::*;

use super::*;

const DAY: u64 = 86_400;

fn points(value: u64) -> Points {
    Points::new(value).unwrap()
}

fn milli(value: u64) -> MilliPoints {
    MilliPoints::new(value).unwrap()
}

fn weight(value: u64) -> Weight {
    Weight::new(value).unwrap()
}

/// λ = 0.9, full weight from 1,000 units, twice in seven days.
fn by_law() -> Terms {
    Terms {
        lambda: Lambda::new(900).unwrap(),
        full_weight: 1_000,
        pair_cap: 2,
        pair_window: 604_800,
    }
}

fn outcome(score: u64, price: u64, sponsor: Address) -> Outcome {
    Outcome {
        score: points(score),
        price,
        sponsor,
    }
}

fn worker() -> Hot {
    registered(AGENT, ANN, &mut enrolled(ANN), 0).hot
}

fn moved(weight_of: u64, capped: bool) -> Result<Moved, Refused> {
    Ok(Moved {
        weight: weight(weight_of),
        capped,
    })
}

#[test]
fn an_outcome_weighs_by_its_price() {
    for (price, weighs, reputation) in [
        (0, 0, 500_000),
        // A thousandth of the full price is the least that counts.
        (1, 1, 500_050),
        (500, 500, 525_000),
        (999, 999, 549_950),
        (1_000, 1_000, 550_000),
        (u64::MAX, 1_000, 550_000),
    ] {
        let mut hot = worker();
        let answer = update(
            AGENT,
            &mut hot,
            &outcome(1_000, price, BOB),
            &by_law(),
            at(NOW),
        );
        assert_eq!(answer, moved(weighs, false), "{price}");
        assert_eq!(hot.reputation, milli(reputation), "{price}");
        // What weighs nothing is not counted either: dust neither raises nor uses up the pair's share.
        let counted = hot.pairs.entries.iter().filter(|entry| entry.count > 0);
        assert_eq!(counted.count(), usize::from(weighs > 0));
    }
}

#[test]
fn dust_below_a_thousandth_of_the_full_price_moves_nothing() {
    let terms = Terms {
        full_weight: 1_000_000,
        ..by_law()
    };
    let mut hot = worker();
    for (price, weighs) in [(999, 0), (1_000, 1)] {
        let answer = update(
            AGENT,
            &mut hot,
            &outcome(1_000, price, BOB),
            &terms,
            at(NOW),
        );
        assert_eq!(answer, moved(weighs, false));
    }
    assert_eq!(hot.reputation, milli(500_050));
}

#[test]
fn one_sponsor_raises_so_often_and_lowers_always() {
    let mut hot = worker();
    let tell = |hot: &mut Hot, score, sponsor, now| {
        update(
            AGENT,
            hot,
            &outcome(score, 1_000, sponsor),
            &by_law(),
            at(now),
        )
    };
    // The day on which everything happens is the first of its window.
    let today = NOW / DAY * DAY;
    for _ in 0..2 {
        assert_eq!(tell(&mut hot, 1_000, BOB, today), moved(1_000, false));
    }
    assert_eq!(hot.reputation, milli(595_000));
    assert_eq!(tell(&mut hot, 1_000, BOB, today + 1), moved(0, true));
    assert_eq!(hot.reputation, milli(595_000), "capped");
    assert_eq!(tell(&mut hot, 0, BOB, today + 1), moved(1_000, false));
    assert_eq!(hot.reputation, milli(535_500), "a failure counts");
    assert_eq!(
        tell(&mut hot, 1_000, ANN, today + 1),
        moved(1_000, false),
        "another sponsor"
    );
    assert_eq!(
        tell(&mut hot, 1_000, BOB, today + 7 * DAY - 1),
        moved(0, true)
    );
    assert_eq!(
        tell(&mut hot, 1_000, BOB, today + 7 * DAY),
        moved(1_000, false)
    );
}

#[test]
fn an_outcome_at_the_present_score_raises_nothing_and_is_not_counted() {
    let mut hot = worker();
    let answer = update(
        AGENT,
        &mut hot,
        &outcome(500, 1_000, BOB),
        &by_law(),
        at(NOW),
    );
    assert_eq!(answer, moved(1_000, false));
    assert_eq!(hot, worker());
    let answer = update(
        AGENT,
        &mut hot,
        &outcome(501, 1_000, BOB),
        &by_law(),
        at(NOW),
    );
    assert_eq!(answer, moved(1_000, false));
    assert_eq!(hot.pairs.entries[0].count, 1);
}

#[test]
fn who_never_registered_has_no_reputation_and_who_left_answers_for_its_work() {
    let mut unknown = Hot::default();
    let not = Err(Refused::NotRegistered(AGENT));
    let good = outcome(1_000, 1_000, BOB);
    let answer = update(AGENT, &mut unknown, &good, &by_law(), at(NOW));
    assert_eq!(answer, Err(Refused::NotRegistered(AGENT)));
    assert_eq!(penalise(AGENT, &mut unknown, 1), not);
    assert_eq!(adjust(AGENT, &mut unknown, 1, 100), not);
    assert_eq!(unknown, Hot::default());
    let mut gone = worker();
    gone.status = Status::Gone;
    update(
        AGENT,
        &mut gone,
        &outcome(0, 1_000, BOB),
        &by_law(),
        at(NOW),
    )
    .unwrap();
    penalise(AGENT, &mut gone, 50).unwrap();
    adjust(AGENT, &mut gone, 25, 100).unwrap();
    assert_eq!(gone.reputation, milli(425_000));
}

#[test]
fn penalties_and_rulings_have_their_bounds() {
    for (penalty, expected) in [(0, 500_000), (1, 499_000), (500, 0), (501, 0), (1_000, 0)] {
        let mut hot = worker();
        assert_eq!(penalise(AGENT, &mut hot, penalty), Ok(()));
        assert_eq!(hot.reputation, milli(expected));
    }
    let refused = Err(Refused::OutOfRange(1_001, 1_000));
    assert_eq!(penalise(AGENT, &mut worker(), 1_001), refused);
    for (delta, expected) in [(100, 600_000), (-100, 400_000), (0, 500_000)] {
        let mut hot = worker();
        assert_eq!(adjust(AGENT, &mut hot, delta, 100), Ok(()));
        assert_eq!(hot.reputation, milli(expected));
    }
    for delta in [101, -101, i16::MIN, i16::MAX] {
        let refused = Err(Refused::DeltaOutOfRange(delta, 100));
        assert_eq!(adjust(AGENT, &mut worker(), delta, 100), refused);
    }
}

#[test]
fn a_principal_learns_of_falls_below_the_start() {
    let start = u64::from(START.get());
    for (before, after, expected) in [
        (start, start - 1, true),
        (start + 9, start - 1, true),
        (start - 1, start - 1, false),
        (start - 2, start - 1, false),
        (start + 9, start, false),
        (start + 9, start + 8, false),
        (0, 0, false),
    ] {
        let answer = must_be_remembered(milli(before), milli(after));
        assert_eq!(answer, expected, "{before} {after}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever one sponsor's principal pays for, in however many missions, it raises an agent at most as often as the limit
    /// in a window (RULINGS A2).
    #[test]
    fn a_farm_of_one_sponsor_gains_what_the_cap_allows(
        outcomes in prop::collection::vec((0..=1_000u64, 0..2_000u64), 1..40),
    ) {
        let (mut hot, terms) = (worker(), by_law());
        let mut raises = 0;
        for (score, price) in outcomes {
            let before = hot.reputation;
            let result = update(AGENT, &mut hot, &outcome(score, price, BOB), &terms, at(NOW)).unwrap();
            if hot.reputation > before {
                raises += 1;
                prop_assert!(!result.capped);
            }
            if result.capped {
                prop_assert_eq!(hot.reputation, before);
            }
        }
        prop_assert!(raises <= 2, "{} raises", raises);
    }
}
