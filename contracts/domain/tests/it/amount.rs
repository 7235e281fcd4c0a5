//! Amounts against arithmetic on 512-bit integers, which cannot overflow here.

use agentcity_domain::amount::{Amount, AmountError, Bps, Permille};
use alloy_primitives::{U256, U512};
use proptest::prelude::*;

const MAX: u128 = u128::MAX;

fn wide(value: u128) -> U512 {
    U512::from(value)
}

/// `⌊left × right ÷ divisor⌋` and whether something was cut off.
fn model(left: u128, right: u128, divisor: u128) -> (U512, bool) {
    let product = wide(left) * wide(right);
    (
        product / wide(divisor),
        !(product % wide(divisor)).is_zero(),
    )
}

fn narrow(value: U512) -> Option<u128> {
    (value <= wide(MAX)).then(|| value.to())
}

/// Numbers near powers of two, small numbers and uniform ones: boundaries are what goes wrong.
fn number() -> impl Strategy<Value = u128> {
    prop_oneof![
        any::<u128>(),
        0..20u128,
        (0..128u32, 0..5u128)
            .prop_map(|(bit, off)| (1u128 << bit).wrapping_add(off).wrapping_sub(2)),
        any::<u64>().prop_map(u128::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mul_div_agrees_with_512_bit_integers(left in number(), right in number(), divisor in number()) {
        let amount = Amount::new(left);
        if divisor == 0 {
            let refusal = Err(AmountError::ZeroDivisor { dividend: left });
            prop_assert_eq!(amount.mul_div_floor(right, 0), refusal);
            prop_assert_eq!(amount.mul_div_ceil(right, 0), refusal);
            return Ok(());
        }
        let (floor, inexact) = model(left, right, divisor);
        let refusal = AmountError::QuotientOverflow { left, right, divisor };
        let expected = |value| narrow(value).map(Amount::new).ok_or(refusal);
        prop_assert_eq!(amount.mul_div_floor(right, divisor), expected(floor));
        prop_assert_eq!(amount.mul_div_ceil(right, divisor), expected(floor + U512::from(inexact)));
    }

    #[test]
    fn a_share_is_the_floor_of_the_product(value in number(), bps in 0..=10_000u64, permille in 0..=1_000u64) {
        let amount = Amount::new(value);
        let of = |part: u64, whole| narrow(model(value, u128::from(part), whole).0).map(Amount::new);
        prop_assert_eq!(Some(amount.bps_floor(Bps::new(bps).unwrap())), of(bps, 10_000));
        prop_assert_eq!(Some(amount.permille_floor(Permille::new(permille).unwrap())), of(permille, 1_000));
    }

    #[test]
    fn sums_and_differences_refuse_instead_of_wrapping(left in number(), right in number()) {
        let (a, b) = (Amount::new(left), Amount::new(right));
        let sum = narrow(wide(left) + wide(right)).map(Amount::new);
        prop_assert_eq!(a.checked_add(b), sum.ok_or(AmountError::Overflow { left, right }));
        let rest = (left >= right).then(|| Amount::new(left - right));
        prop_assert_eq!(a.checked_sub(b), rest.ok_or(AmountError::Underflow { left, right }));
        prop_assert_eq!(a.min(b).get(), left.min(right));
    }

    #[test]
    fn a_division_leaves_its_rest(value in number(), count in any::<u32>()) {
        let (quotient, rest) = Amount::new(value).divide(count);
        if count == 0 {
            prop_assert_eq!((quotient, rest), (Amount::ZERO, Amount::new(value)));
        } else {
            let count = u128::from(count);
            prop_assert_eq!((quotient.get(), rest.get()), (value / count, value % count));
        }
    }

    #[test]
    fn amounts_survive_the_way_through_256_bits(value in number()) {
        prop_assert_eq!(Amount::new(value).to_u256(), U256::from(value));
        prop_assert_eq!(Amount::try_from(U256::from(value)), Ok(Amount::new(value)));
    }
}

#[test]
fn rounding_goes_where_the_name_says() {
    for (value, factor, divisor, floor, ceil) in [
        (0, 5, 3, 0, 0),
        (1, 1, 3, 0, 1),
        (2, 1, 3, 0, 1),
        (3, 1, 3, 1, 1),
        (10, 10, 3, 33, 34),
        (9, 10, 3, 30, 30),
        (MAX, MAX, MAX, MAX, MAX),
        (MAX, 1, 2, MAX / 2, MAX / 2 + 1),
        (MAX, 2, 4, MAX / 2, MAX / 2 + 1),
        (1 << 127, 4, 8, 1 << 126, 1 << 126),
    ] {
        let amount = Amount::new(value);
        assert_eq!(
            amount.mul_div_floor(factor, divisor),
            Ok(Amount::new(floor)),
            "{value}*{factor}/{divisor}"
        );
        assert_eq!(
            amount.mul_div_ceil(factor, divisor),
            Ok(Amount::new(ceil)),
            "{value}*{factor}/{divisor}"
        );
    }
}

#[test]
fn refuses_a_quotient_one_above_the_greatest() {
    // (2¹²⁸−1)·2 ÷ 2 fits, (2¹²⁷)·2 ÷ 1 is one too many.
    assert_eq!(Amount::MAX.mul_div_floor(2, 2), Ok(Amount::MAX));
    let (left, right, divisor) = (1 << 127, 2, 1);
    let refusal = Err(AmountError::QuotientOverflow {
        left,
        right,
        divisor,
    });
    assert_eq!(Amount::new(left).mul_div_floor(right, divisor), refusal);
    // The floor is 2¹²⁸−1 with a rest: only rounding up is too much.
    let (left, right, divisor) = (MAX, MAX, MAX - 1);
    assert!(Amount::new(left).mul_div_floor(right, divisor).is_err());
    let (left, right, divisor) = (MAX / 3 * 2 + 1, 3, 2);
    assert_eq!(
        Amount::new(left).mul_div_floor(right, divisor),
        Err(AmountError::QuotientOverflow {
            left,
            right,
            divisor
        })
    );
    let (left, right, divisor) = (MAX / 3 * 2, 6, 4);
    assert_eq!(
        Amount::new(left).mul_div_ceil(right, divisor),
        Ok(Amount::MAX)
    );
    let (left, right, divisor) = ((1 << 127) + 1, (1 << 127) - 1, 1 << 126);
    assert_eq!(
        Amount::new(left).mul_div_floor(right, divisor),
        Ok(Amount::MAX)
    );
    assert_eq!(
        Amount::new(left).mul_div_ceil(right, divisor),
        Err(AmountError::QuotientOverflow {
            left,
            right,
            divisor
        })
    );
}

#[test]
fn shares_round_down_and_the_whole_loses_nothing() {
    let bps = |share| Bps::new(share).unwrap();
    assert_eq!(Amount::new(9_999).bps_floor(bps(1)), Amount::ZERO);
    assert_eq!(Amount::new(10_000).bps_floor(bps(1)), Amount::new(1));
    assert_eq!(Amount::new(19_999).bps_floor(bps(1)), Amount::new(1));
    assert_eq!(Amount::MAX.bps_floor(Bps::MAX), Amount::MAX);
    assert_eq!(Amount::MAX.permille_floor(Permille::MAX), Amount::MAX);
    assert_eq!(Amount::MAX.bps_floor(Bps::ZERO), Amount::ZERO);
    assert_eq!(
        Amount::new(999).permille_floor(Permille::new(1).unwrap()),
        Amount::ZERO
    );
    assert_eq!(bps(300).complement(), bps(9_700));
    assert_eq!(Bps::MAX.complement(), Bps::ZERO);
}

#[test]
fn refuses_numbers_above_128_bits() {
    for value in [
        U256::from(MAX) + U256::from(1),
        U256::from(1) << 192,
        U256::MAX,
    ] {
        assert_eq!(
            Amount::try_from(value),
            Err(AmountError::TooLarge { value })
        );
    }
}

#[test]
fn shares_accept_up_to_the_whole_and_not_one_more() {
    assert_eq!(Permille::new(0), Ok(Permille::ZERO));
    assert_eq!(Permille::try_from(1_000), Ok(Permille::MAX));
    let refusal = Permille::new(1_001).unwrap_err();
    assert_eq!((refusal.value, refusal.min, refusal.max), (1_001, 0, 1_000));
    assert_eq!(refusal.to_string(), "1001 is not within 0..=1000");
    assert_eq!(Permille::try_from(1_001), Err(refusal));
    assert!(Bps::new(10_001).is_err());
    // Compared before it is narrowed: 65,536 is not nought.
    assert!(Bps::new(1 << 16).is_err());
}

#[test]
fn refusals_show_their_operands() {
    for (refusal, text) in [
        (
            Amount::MAX.checked_add(Amount::new(1)),
            format!("{MAX} + 1 exceeds 2^128-1"),
        ),
        (
            Amount::new(1).checked_sub(Amount::new(2)),
            "1 is less than 2".into(),
        ),
        (
            Amount::new(7).mul_div_floor(1, 0),
            "7 cannot be divided by zero".into(),
        ),
        (
            Amount::MAX.mul_div_ceil(2, 1),
            format!("{MAX} x 2 / 1 exceeds 2^128-1"),
        ),
    ] {
        assert_eq!(refusal.unwrap_err().to_string(), text);
    }
    assert!(Amount::ZERO.is_zero() && !Amount::new(1).is_zero());
}
