//! Money that adds up: totals, dues, stakes in base units.

use agentcity_domain::{
    agent::{
        Refused,
        books::{Dues, Totals, base_units, sum, withdraw},
        principal::Principal,
    },
    amount::Amount,
};
use alloy_primitives::Address;
use proptest::prelude::*;

use super::{ANN, BOB, enrolled};

fn amount(value: u128) -> Amount {
    Amount::new(value)
}

#[test]
fn totals_grow_and_shrink_to_their_ends_and_no_further() {
    let totals = Totals {
        locked: true,
        voters: 3,
        booked: amount(u128::MAX - 1),
    };
    let full = totals.with(amount(1)).unwrap();
    assert_eq!(
        full,
        Totals {
            booked: Amount::MAX,
            ..totals
        }
    );
    assert_eq!(totals.with(amount(2)), Err(Refused::BooksOutOfRange));
    let empty = full.without(Amount::MAX).unwrap();
    assert_eq!(
        (empty.booked, empty.locked, empty.voters),
        (Amount::ZERO, true, 3)
    );
    assert_eq!(empty.without(amount(1)), Err(Refused::BooksOutOfRange));
    assert_eq!(sum(amount(2), amount(3)), Ok(amount(5)));
    assert_eq!(sum(Amount::MAX, amount(1)), Err(Refused::BooksOutOfRange));
}

#[test]
fn voters_are_recounted_as_principals_become_or_cease_to_be_one() {
    let one = Totals {
        voters: 7,
        booked: amount(9),
        locked: true,
    };
    let not = Principal::default();
    let mut voter = enrolled(ANN);
    voter.producers = 1;
    assert!(voter.is_voter() && !not.is_voter());
    for (before, after, voters) in [
        (&not, &voter, 8),
        (&voter, &not, 6),
        (&not, &not, 7),
        (&voter, &voter, 7),
    ] {
        assert_eq!(one.recount(before, after), Totals { voters, ..one });
    }
    let full = Totals {
        voters: u32::MAX,
        ..one
    };
    assert_eq!(full.recount(&not, &voter).voters, u32::MAX);
    let none = Totals { voters: 0, ..one };
    assert_eq!(none.recount(&voter, &not).voters, 0);
}

#[test]
fn a_forfeit_gives_insurance_the_lower_half() {
    for (stake, insurance, treasury) in [(0, 0, 0), (1, 0, 1), (2, 1, 1), (1_001, 500, 501)] {
        let dues = Dues {
            treasury: amount(10),
            insurance: amount(20),
        };
        let after = dues.with_forfeit(amount(stake)).unwrap();
        assert_eq!(after.insurance, amount(20 + insurance));
        assert_eq!(after.treasury, amount(10 + treasury));
    }
    let dues = Dues {
        treasury: amount(4),
        insurance: Amount::MAX,
    };
    assert_eq!(dues.with_forfeit(amount(2)), Err(Refused::BooksOutOfRange));
    assert_eq!(dues.total(), Err(Refused::BooksOutOfRange));
    let dues = Dues {
        treasury: Amount::MAX,
        insurance: amount(4),
    };
    assert_eq!(dues.with_forfeit(amount(1)), Err(Refused::BooksOutOfRange));
    assert_eq!(dues.with_surplus(amount(1)), Err(Refused::BooksOutOfRange));
}

#[test]
fn a_surplus_is_the_treasurys() {
    let dues = Dues {
        treasury: amount(4),
        insurance: amount(3),
    };
    let after = dues.with_surplus(amount(5)).unwrap();
    assert_eq!((after.treasury, after.insurance), (amount(9), amount(3)));
    assert_eq!(after.total(), Ok(amount(12)));
}

#[test]
fn a_stake_is_units_times_scale_below_96_bits() {
    let most = (1u128 << 96) - 1;
    for (stake, scale) in [(0, 1), (1, 1), (7, 1_001), (u32::MAX, most), (1, most)] {
        let exact = u128::from(stake) * scale;
        assert_eq!(base_units(stake, amount(scale)), Ok(amount(exact)));
    }
    for scale in [most + 1, u128::MAX] {
        assert_eq!(base_units(1, amount(scale)), Err(Refused::BooksOutOfRange));
    }
}

#[test]
fn a_withdrawal_takes_all_to_somebody() {
    assert_eq!(withdraw(ANN, amount(7), BOB), Ok(amount(7)));
    assert_eq!(
        withdraw(ANN, amount(0), BOB),
        Err(Refused::NothingOwed(ANN))
    );
    let nobody = Err(Refused::InvalidReceiver(Address::ZERO));
    assert_eq!(withdraw(ANN, amount(7), Address::ZERO), nobody);
    assert_eq!(withdraw(ANN, amount(0), Address::ZERO), nobody);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_unit_of_a_forfeit_is_lost(stake in 0..u128::MAX / 4, before in 0..u128::MAX / 4) {
        let dues = Dues { treasury: amount(before), insurance: amount(before) };
        let total = dues.with_forfeit(amount(stake)).unwrap().total().unwrap();
        prop_assert_eq!(total, amount(2 * before + stake));
    }
}
