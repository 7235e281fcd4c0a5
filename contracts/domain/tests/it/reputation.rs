//! Reputation against rational models computed with wider or signed integers.

use agentcity_domain::reputation::*;
use proptest::prelude::*;

fn points(value: u64) -> Points {
    Points::new(value).unwrap()
}

fn alpha(value: u64) -> Alpha {
    Alpha::new(value).unwrap()
}

/// ψ by signed arithmetic: truncation towards zero of the signed distance.
fn psi_model(rho: i64, alpha: i64) -> i64 {
    1_000 + (rho - 500) * alpha / 1_000
}

#[test]
fn psi_agrees_with_the_model_everywhere_it_bends() {
    for a in [0, 1, 2, 499, 500, 999, 1_000, 1_001, 1_999, 2_000] {
        for rho in 0..=1_000 {
            let psi = psi(points(rho), alpha(a));
            assert_eq!(
                i64::from(psi.get()),
                psi_model(rho as i64, a as i64),
                "rho {rho} alpha {a}"
            );
        }
    }
}

#[test]
fn psi_reaches_both_ends_of_its_range() {
    assert_eq!(psi(Points::ZERO, Alpha::MAX), Psi::ZERO);
    assert_eq!(psi(Points::MAX, Alpha::MAX), Psi::MAX);
    assert_eq!(psi(NEUTRAL, Alpha::MAX).get(), 1_000);
    assert_eq!(psi(points(501), alpha(999)).get(), 1_000);
    assert_eq!(psi(points(499), alpha(999)).get(), 1_000);
    assert_eq!(psi(points(499), alpha(1_000)).get(), 999);
}

#[test]
fn the_checksum_counts_every_score_once() {
    for a in [0, 1, 3, 500, 1_000, 2_000] {
        let all: Vec<u64> = (0..=1_000).map(|rho| psi_model(rho, a) as u64).collect();
        let sums = psi_checksum(alpha(a as u64));
        assert_eq!(sums.sum, all.iter().sum::<u64>());
        assert_eq!(
            sums.sum_of_squares,
            all.iter().map(|psi| psi * psi).sum::<u64>()
        );
        assert_eq!(u64::from(sums.min.get()), *all.iter().min().unwrap());
        assert_eq!(u64::from(sums.max.get()), *all.iter().max().unwrap());
    }
}

#[test]
fn deltas_are_clamped_at_both_ends() {
    for (score, delta, new) in [
        (500, -50, 450),
        (30, -30, 0),
        (30, -31, 0),
        (1, -1, 0),
        (2, -1, 1),
        (990, 10, 1_000),
        (990, 11, 1_000),
        (999, 1, 1_000),
        (0, -1, 0),
        (0, 0, 0),
        (1_000, 0, 1_000),
        (500, i64::MAX, 1_000),
        (500, i64::MIN, 0),
    ] {
        assert_eq!(
            points(score).clamp_delta(delta),
            points(new),
            "{score} {delta}"
        );
    }
}

#[test]
fn the_average_rounds_halves_up() {
    let ema = |lambda, old, score| {
        let old = MilliPoints::new(old).unwrap();
        old.ema(Lambda::new(lambda).unwrap(), points(score)).get()
    };
    // ⌊(500·1 + 500) ÷ 1000⌋: exactly a half.
    assert_eq!(ema(500, 1, 0), 1);
    assert_eq!(ema(499, 1, 0), 0);
    assert_eq!(ema(900, 500_000, 1_000), 550_000);
    assert_eq!(ema(900, 999_999, 1_000), 999_999);
    assert_eq!(ema(1_000, 123_456, 0), 123_456);
    assert_eq!(ema(0, 123_456, 777), 777_000);
    assert_eq!(ema(0, 0, 1_000), 1_000_000);
    assert_eq!(ema(1_000, 1_000_000, 0), 1_000_000);
}

#[test]
fn a_score_is_the_floor_of_what_is_stored() {
    for (milli, score) in [
        (0, 0),
        (999, 0),
        (1_000, 1),
        (999_999, 999),
        (1_000_000, 1_000),
    ] {
        assert_eq!(
            MilliPoints::new(milli).unwrap().score_floor(),
            points(score)
        );
    }
    assert_eq!(START.get(), 500_000);
    assert_eq!(points(7).to_milli().get(), 7_000);
}

#[test]
fn counts_the_outcomes_until_a_limit() {
    let lambda = Lambda::new(900).unwrap();
    assert_eq!(
        ema_steps(START, lambda, Run::RisesTo(points(900))),
        Some(16)
    );
    assert_eq!(ema_steps(START, lambda, Run::FallsTo(points(99))), Some(16));
    assert_eq!(ema_steps(START, lambda, Run::RisesTo(points(500))), Some(0));
    assert_eq!(ema_steps(START, lambda, Run::FallsTo(points(500))), Some(0));
    assert_eq!(ema_steps(START, lambda, Run::RisesTo(points(501))), Some(1));
    // λ = 0.9 never quite reaches the top: 999,995.. stays.
    assert_eq!(ema_steps(START, lambda, Run::RisesTo(Points::MAX)), None);
    assert_eq!(
        ema_steps(START, Lambda::MAX, Run::FallsTo(points(499))),
        None
    );
    assert_eq!(
        ema_steps(START, Lambda::ZERO, Run::RisesTo(Points::MAX)),
        Some(1)
    );
}

#[test]
fn refuses_what_is_out_of_range() {
    assert!(Points::new(1_001).is_err());
    assert!(Alpha::new(2_001).is_err());
    assert!(Lambda::new(1_001).is_err());
    assert!(MilliPoints::new(1_000_001).is_err());
    assert!(Psi::new(2_001).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_average_is_the_nearest_thousandth(lambda in 0..=1_000u64, old in 0..=1_000_000u64, score in 0..=1_000u64) {
        let new = MilliPoints::new(old).unwrap().ema(Lambda::new(lambda).unwrap(), points(score)).get();
        let exact = i128::from(lambda) * i128::from(old) + i128::from(1_000 - lambda) * i128::from(1_000 * score);
        // Nearest, halves up: −500 < exact − 1000·new... the distance lies in [−500, 500).
        let distance = exact - 1_000 * i128::from(new);
        prop_assert!((-500..500).contains(&distance), "distance {}", distance);
    }

    #[test]
    fn a_delta_moves_within_the_range(score in 0..=1_000u64, delta in -3_000..3_000i64) {
        let new = i64::from(points(score).clamp_delta(delta).get());
        prop_assert_eq!(new, (score as i64 + delta).clamp(0, 1_000));
    }
}

#[test]
fn an_outcome_without_weight_leaves_the_average_and_one_of_full_weight_is_the_plain_one() {
    let lambda = Lambda::new(900).unwrap();
    for old in [0, 1, 499_999, 500_000, 999_999, 1_000_000] {
        let old = MilliPoints::new(old).unwrap();
        for score in [0, 1, 500, 1_000] {
            let weighted = |weight| old.ema_weighted(lambda, weight, points(score));
            assert_eq!(weighted(Weight::ZERO), old);
            assert_eq!(weighted(Weight::MAX), old.ema(lambda, points(score)));
        }
    }
    // ⌊((10⁶−1)·500,000 + 1·1,000,000 + 500,000) ÷ 10⁶⌋: exactly a half goes up.
    let start = MilliPoints::new(500_000).unwrap();
    let one = Weight::new(1).unwrap();
    let almost_all = Lambda::new(999).unwrap();
    assert_eq!(
        start.ema_weighted(almost_all, one, Points::MAX).get(),
        500_001
    );
    assert_eq!(
        start.ema_weighted(almost_all, one, points(999)).get(),
        500_000
    );
}

#[test]
fn a_weight_is_the_price_in_thousandths_of_the_full_one() {
    for (price, full, weight) in [
        (0, 0, 1_000),
        (0, 1, 0),
        (1, 1, 1_000),
        (1, 2, 500),
        (999, 1_000, 999),
        (1_000, 1_000, 1_000),
        (1_001, 1_000, 1_000),
        (1, 1_000, 1),
        (1, 1_001, 0),
        (2, 1_001, 1),
        (1, 3, 333),
        (2, 3, 666),
        // Where a thousandfold price does not fit, whole thousandths decide.
        (u64::MAX / 1_000, u64::MAX, 0),
        (u64::MAX / 1_000 + 1, u64::MAX, 1),
        (u64::MAX / 2, u64::MAX, 499),
        (u64::MAX - 1, u64::MAX, 999),
        (u64::MAX, u64::MAX, 1_000),
    ] {
        assert_eq!(
            u64::from(Weight::of_price_floor(price, full).get()),
            weight,
            "{price} of {full}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_weighted_average_is_the_nearest_thousandth(
        lambda in 0..=1_000u64, weight in 0..=1_000u64, old in 0..=1_000_000u64, score in 0..=1_000u64,
    ) {
        let new = MilliPoints::new(old).unwrap()
            .ema_weighted(Lambda::new(lambda).unwrap(), Weight::new(weight).unwrap(), points(score))
            .get();
        let recent = i128::from((1_000 - lambda) * weight);
        let exact = (1_000_000 - recent) * i128::from(old) + recent * i128::from(1_000 * score);
        let distance = exact - 1_000_000 * i128::from(new);
        prop_assert!((-500_000..500_000).contains(&distance), "distance {}", distance);
    }

    #[test]
    fn a_weight_is_never_above_the_exact_share(price: u64, full: u64) {
        let weight = u128::from(Weight::of_price_floor(price, full).get());
        if price >= full {
            prop_assert_eq!(weight, 1_000);
        } else {
            let exact = 1_000 * u128::from(price) / u128::from(full);
            prop_assert!(weight <= exact && exact - weight <= 1, "{} {}", weight, exact);
        }
    }

    #[test]
    fn thousandths_are_clamped_as_points_are(stored in 0..=1_000_000i64, delta in -2_000..2_000i64) {
        let new = MilliPoints::new(stored as u64).unwrap().clamp_delta(delta);
        prop_assert_eq!(i64::from(new.get()), (stored + 1_000 * delta).clamp(0, 1_000_000));
    }
}

#[test]
fn thousandths_are_clamped_at_the_ends_of_the_numbers_too() {
    for (delta, expected) in [
        (i64::MAX, 1_000_000),
        (i64::MIN, 0),
        (500, 1_000_000),
        (-500, 0),
        (-499, 1_000),
    ] {
        let start = MilliPoints::new(500_000).unwrap();
        assert_eq!(start.clamp_delta(delta).get(), expected, "{delta}");
    }
    assert_eq!(MilliPoints::default(), MilliPoints::ZERO);
}
