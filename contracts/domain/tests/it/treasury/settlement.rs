//! EQ-9 against arithmetic in 256 bits.

use agentcity_domain::{
    amount::{Amount, AmountError, Bps},
    reputation::{Alpha, Points},
    treasury::settlement::{Funds, Rates, Split, pay, settle, shares},
};
use alloy_primitives::U256;
use proptest::prelude::*;

use super::units;

fn bps(value: u64) -> Bps {
    Bps::new(value).unwrap()
}

fn rates(fee: u64, reserve: u64, alpha: u64, accrual: u64, own_cap: Option<u64>) -> Rates {
    let alpha = Alpha::new(alpha).unwrap();
    Rates::new(
        bps(fee),
        bps(reserve),
        alpha,
        bps(accrual),
        own_cap.map(bps),
    )
    .unwrap()
}

fn points(value: u64) -> Points {
    Points::new(value).unwrap()
}

#[test]
fn a_share_is_divided_as_the_seed_computes_it() {
    // A thousand at ψ = 1.15: the fee of 20 bounds the premium of 145.
    let split = settle(
        units(1_000),
        points(800),
        &rates(200, 100, 500, 5_000, Some(10_000)),
        units(500),
    );
    let expected = Split {
        share: units(1_000),
        psi: agentcity_domain::reputation::Psi::new(1_150).unwrap(),
        gross: units(970),
        base: units(970),
        requested: units(145),
        subsidy: units(20),
        fee: units(20),
        accrued: units(10),
        reserve: units(10),
        residual: units(0),
    };
    assert_eq!(split, expected);
    assert_eq!(split.reward(), Ok(units(990)));
    assert_eq!(split.shortfall(), units(125));
}

#[test]
fn a_fee_accrues_before_the_subsidy_is_paid_out_of_it() {
    let paid = |budget: u128, accrual: u64, cap: u64| {
        let rates = rates(200, 100, 500, accrual, Some(cap));
        settle(units(10_000), points(1_000), &rates, units(budget))
            .subsidy
            .get()
    };
    // The fee is 200, the premium 2,425.
    assert_eq!(
        paid(0, 0, 10_000),
        0,
        "nothing accrues and nothing is there"
    );
    assert_eq!(paid(0, 5_000, 10_000), 100, "half of its own fee");
    assert_eq!(paid(0, 10_000, 10_000), 200);
    assert_eq!(paid(99, 5_000, 10_000), 199);
    assert_eq!(paid(101, 5_000, 10_000), 200, "never more than its fee");
    assert_eq!(
        paid(1_000_000, 5_000, 2_500),
        50,
        "nor than the mission's share of it"
    );
    assert_eq!(paid(1_000_000, 5_000, 0), 0);
}

#[test]
fn low_reputation_saves_for_the_treasury_and_dust_goes_there_too() {
    let split = settle(
        units(1_001),
        points(200),
        &rates(200, 100, 500, 5_000, Some(10_000)),
        units(9),
    );
    assert_eq!((split.gross, split.base), (units(970), units(824)));
    assert_eq!((split.fee, split.reserve), (units(20), units(10)));
    assert_eq!(
        (split.discount_savings(), split.dust()),
        (units(146), units(1))
    );
    assert_eq!(split.residual, units(147));
    let before = Funds {
        treasury: units(5),
        subsidy: units(9),
        insurance: units(7),
    };
    let after = before.after(&split).unwrap();
    let expected = Funds {
        treasury: units(5 + 10 + 147),
        subsidy: units(19),
        insurance: units(17),
    };
    assert_eq!(after, expected);
    assert_eq!(after.common(), Ok(units(181)));
}

#[test]
fn the_smallest_and_the_greatest_shares_lose_nothing() {
    for share in [0, 1, 2, 7, 33, 99, u128::MAX - 1, u128::MAX] {
        for score in [0, 499, 500, 501, 1_000] {
            for alpha in [0, 500, 2_000] {
                let rates = rates(1_000, 500, alpha, 10_000, Some(10_000));
                let split = settle(units(share), points(score), &rates, Amount::MAX);
                let parts = [split.base, split.fee, split.reserve, split.residual];
                let sum: U256 = parts.iter().map(|part| part.to_u256()).sum();
                assert_eq!(sum, U256::from(share));
                assert!(split.reward().unwrap() <= units(share));
            }
        }
    }
}

#[test]
fn without_its_own_cap_a_reward_may_not_fit_and_says_so() {
    let rates = rates(0, 0, 2_000, 10_000, None);
    let split = settle(Amount::MAX, points(1_000), &rates, Amount::MAX);
    let overflow = AmountError::Overflow {
        left: u128::MAX,
        right: u128::MAX,
    };
    assert_eq!(split.reward(), Err(overflow));
    let capped = super::settlement::rates(0, 0, 2_000, 10_000, Some(10_000));
    let split = settle(Amount::MAX, points(1_000), &capped, Amount::MAX);
    assert_eq!(split.reward(), Ok(Amount::MAX));
}

#[test]
fn funds_that_would_not_fit_are_refused() {
    let split = settle(
        units(1_000),
        points(500),
        &rates(200, 100, 500, 5_000, Some(0)),
        units(0),
    );
    let full = |treasury, subsidy, insurance| {
        Funds {
            treasury,
            subsidy,
            insurance,
        }
        .after(&split)
    };
    let zero = Amount::ZERO;
    assert!(full(zero, zero, zero).is_ok());
    assert!(full(Amount::MAX, zero, zero).is_err());
    assert!(full(zero, Amount::MAX, zero).is_err());
    assert!(full(zero, zero, Amount::MAX).is_err());
}

#[test]
fn the_seeds_books_strand_what_ours_give_to_the_treasury() {
    let alpha = Alpha::new(500).unwrap();
    let rates = Rates::as_printed(bps(200), bps(100), alpha).unwrap();
    let before = Funds {
        treasury: units(30),
        subsidy: units(70),
        insurance: units(3),
    };
    let whole = before.undivided().unwrap();
    assert_eq!(
        (whole.treasury, whole.subsidy, whole.insurance),
        (units(0), units(100), units(3))
    );
    let split = settle(units(1_001), points(900), &rates, whole.subsidy);
    assert_eq!(
        (split.requested, split.subsidy, split.residual),
        (units(194), units(120), units(1))
    );
    let printed = split.as_printed(whole).unwrap();
    assert_eq!(
        (printed.treasury, printed.settled, printed.stranded),
        (units(0), units(1_000), units(1))
    );
    assert_eq!(whole.after(&split).unwrap().common(), Ok(units(1)));
}

#[test]
fn fee_and_reserve_are_at_most_the_whole() {
    let of = |fee, reserve| {
        let alpha = Alpha::new(500).unwrap();
        Rates::new(bps(fee), bps(reserve), alpha, bps(0), None).is_ok()
    };
    assert!(of(9_999, 1) && of(0, 10_000) && !of(9_999, 2) && !of(10_000, 10_000));
    assert_eq!(
        Rates::of([200, 100, 500, 10_000, 5_000]),
        Ok(rates(200, 100, 500, 5_000, Some(10_000)))
    );
    for numbers in [
        [10_001, 0, 0, 0, 0],
        [0, 10_001, 0, 0, 0],
        [0, 0, 2_001, 0, 0],
        [0, 0, 0, 10_001, 0],
        [0, 0, 0, 0, 10_001],
    ] {
        assert!(Rates::of(numbers).is_err(), "{numbers:?}");
    }
}

#[test]
fn a_budget_is_shared_equally_and_what_does_not_divide_stays() {
    for (budget, agreeing, share, rest) in [
        (8_000, 3, 2_666, 2),
        (8_000, 2, 4_000, 0),
        (1, 2, 0, 1),
        (500, 0, 0, 500),
        (u128::MAX, 7, u128::MAX / 7, u128::MAX % 7),
        (u128::MAX, 1, u128::MAX, 0),
    ] {
        assert_eq!(shares(units(budget), agreeing), (units(share), units(rest)));
    }
    assert_eq!(pay(units(100), units(99)), units(99));
    assert_eq!(pay(units(100), units(101)), units(100));
}

proptest! {
    /// INV-TREASURY-02.
    #[test]
    fn a_share_is_its_parts_and_books_balance(
        share in any::<u128>(),
        narrow in 0u32..128,
        score in 0u64..=1_000,
        fee in 0u64..=1_000,
        reserve in 0u64..=500,
        alpha in 0u64..=2_000,
        accrual in 0u64..=10_000,
        own_cap in 0u64..=10_000,
        budget in any::<u64>(),
    ) {
        let (share, budget) = (share >> narrow, u128::from(budget));
        let split = settle(
            units(share),
            points(score),
            &rates(fee, reserve, alpha, accrual, Some(own_cap)),
            units(budget),
        );
        // By hand, in 256 bits.
        let wide = |value: u128| U256::from(value);
        let of = |value: U256, part: u64, whole: u64| value * U256::from(part) / U256::from(whole);
        let psi = if score >= 500 {
            1_000 + (score - 500) * alpha / 1_000
        } else {
            1_000 - (500 - score) * alpha / 1_000
        };
        let gross = of(wide(share), 10_000 - fee - reserve, 10_000);
        let base = of(gross, psi.min(1_000), 1_000);
        let requested = of(gross, psi.saturating_sub(1_000), 1_000);
        let paid_fee = of(wide(share), fee, 10_000);
        let paid_reserve = of(wide(share), reserve, 10_000);
        let accrued = of(paid_fee, accrual, 10_000);
        let cap = of(paid_fee, own_cap, 10_000);
        let subsidy = requested.min(wide(budget) + accrued).min(cap);
        prop_assert_eq!(u64::from(split.psi.get()), psi);
        for (ours, theirs) in [
            (split.gross, gross),
            (split.base, base),
            (split.requested, requested),
            (split.fee, paid_fee),
            (split.reserve, paid_reserve),
            (split.accrued, accrued),
            (split.subsidy, subsidy),
            (split.residual, wide(share) - base - paid_fee - paid_reserve),
        ] {
            prop_assert_eq!(ours.to_u256(), theirs);
        }
        // A settlement's subsidy is within its own fee: nobody gains by hiring himself (R20).
        prop_assert!(split.reward().unwrap() <= units(share));
        let before = Funds { subsidy: units(budget), ..Funds::default() };
        if let Ok(after) = before.after(&split) {
            let sum = |funds: &Funds| {
                funds.treasury.to_u256() + funds.subsidy.to_u256() + funds.insurance.to_u256()
            };
            prop_assert_eq!(
                wide(share) + sum(&before),
                split.reward().unwrap().to_u256() + sum(&after)
            );
        }
    }
}
