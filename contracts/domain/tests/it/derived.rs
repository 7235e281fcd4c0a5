//! T3: what follows from parameters, against naive models.

use agentcity_domain::{
    parameter::{
        ParameterId,
        derived::{
            TimeoutBounds, capped_regulators, doubled, escalation_threshold, escalation_window_ms,
            is_quorum, is_redundancy, is_redundancy_as_printed, majority, regulators_as_printed,
            regulators_needed, share_of, sponsors_needed,
        },
    },
    reputation::Points,
};
use proptest::prelude::*;

fn bounds() -> TimeoutBounds {
    TimeoutBounds::of(|id| id.row().default)
}

/// RESOLUTIONS V-09: under the seed's rule no review is ever allowed.
#[test]
fn a_review_has_bounds_of_its_own() {
    for (human, timeout, printed, resolved) in [
        (false, 999, false, false),
        (false, 1_000, true, true),
        (false, 60_000, true, true),
        (false, 60_001, false, false),
        (true, 60_000, false, false),
        (true, 299_999, false, false),
        (true, 300_000, false, true),
        (true, 3_600_000, false, true),
        (true, 3_600_001, false, false),
    ] {
        assert_eq!(
            bounds().accept(human, timeout),
            resolved,
            "{human} {timeout}"
        );
        assert_eq!(
            bounds().accept_as_printed(human, timeout),
            printed,
            "{human} {timeout}"
        );
    }
    let wide = TimeoutBounds {
        execution_max_ms: 400_000,
        ..bounds()
    };
    assert!(wide.accept_as_printed(true, 300_000) && !wide.accept_as_printed(true, 299_999));
}

#[test]
fn a_majority_is_more_than_half_and_the_prints_half_is_not() {
    assert!(!is_redundancy(4, 2) && is_redundancy_as_printed(4, 2));
    assert!(!is_redundancy(2, 1) && is_redundancy_as_printed(2, 1));
    assert!(is_redundancy(7, 4) && !is_redundancy_as_printed(7, 4));
    for (k, t) in [(1, 1), (3, 4), (8, 5), (0, 0)] {
        assert!(
            !is_redundancy(k, t) && !is_redundancy_as_printed(k, t),
            "{k} {t}"
        );
    }
}

#[test]
fn one_regulator_suffices_where_there_is_one_and_the_parameter_only_raises() {
    assert_eq!(
        [1, 2, 3, 4, 5].map(|r| regulators_needed(r, 2)),
        [1, 2, 2, 3, 3]
    );
    assert_eq!(
        [1, 2, 3, 4, 5].map(|r| regulators_needed(r, 4)),
        [1, 2, 3, 4, 4]
    );
    assert_eq!([1, 2, 3, 4, 5].map(regulators_as_printed), [2, 2, 3, 3, 4]);
    assert_eq!([1, 2, 3].map(|r| capped_regulators(r, 2)), [1, 2, 2]);
}

#[test]
fn a_small_city_needs_fewer_sponsors_but_never_fewer_than_three() {
    assert_eq!(
        [0, 1, 3, 4, 5, 6, 1_000].map(|n| sponsors_needed(n, 5)),
        [3, 3, 3, 4, 5, 5, 5]
    );
}

#[test]
fn the_window_doubles_up_to_its_bound() {
    let most = ParameterId::EscalationWindowMaxMs.row().default;
    let windows = [0, 1, 2, 6, 7, 200].map(|n| escalation_window_ms(1_200_000, n, most));
    assert_eq!(
        windows,
        [
            1_200_000, 2_400_000, 4_800_000, 76_800_000, 86_400_000, 86_400_000
        ]
    );
    assert_eq!(doubled(1_200_000, 7), 153_600_000);
    assert_eq!(
        (doubled(0, 500), doubled(1, 127), doubled(1, 128)),
        (0, 1 << 127, u128::MAX)
    );
}

#[test]
fn scaling_can_be_switched_off() {
    assert_eq!(escalation_threshold(Points::MAX, 3, 3, false), 3);
    assert_eq!(escalation_threshold(Points::MAX, 3, 3, true), 6);
    assert_eq!(
        escalation_threshold(Points::MAX, u32::MAX, 7, true),
        u32::MAX
    );
}

proptest! {
    #[test]
    fn thresholds_rise_with_reputation_by_whole_freezes(rho in 0u64..=1_000, base in 2u32..=10, bonus in 0u32..=7) {
        let at = |rho| escalation_threshold(Points::new(rho).unwrap(), base, bonus, true);
        prop_assert_eq!(at(rho), base + (rho * u64::from(bonus) / 1_000) as u32);
        prop_assert!(at(0) == base && at(1_000) == base + bonus);
    }

    #[test]
    fn a_share_is_the_least_count_that_is_a_quorum(eligible: u32, pct in 1u32..=100) {
        let needed = share_of(eligible, pct);
        prop_assert!(needed <= eligible);
        prop_assert!(is_quorum(needed, eligible, pct));
        prop_assert!(needed == 0 || !is_quorum(needed - 1, eligible, pct));
    }

    #[test]
    fn what_decides_is_decided_once(k in 0u32..20, t in 0u32..20) {
        if is_redundancy(k, t) {
            prop_assert!(2 * t > k && t <= k && (2..=7).contains(&k));
        }
        prop_assert!(2 * majority(k) > k && 2 * (majority(k) - 1) <= k);
    }
}
