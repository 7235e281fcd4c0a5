//! The two parts of the books move as money does.

use agentcity_domain::{
    amount::Amount,
    roster::{
        Refused,
        books::{Books, Dues, base_units, sum, take},
    },
};

fn amount(value: u128) -> Amount {
    Amount::new(value)
}

fn books(stakes: u128, owed: u128) -> Books {
    Books {
        stakes: amount(stakes),
        owed: amount(owed),
    }
}

const OUT: Refused = Refused::OutOfRange;

/// INV-ROSTER-02
#[test]
fn inv_roster_02_money_comes_moves_and_goes() {
    let held = books(10, 3);
    assert_eq!(held.booked(), Ok(amount(13)));
    assert_eq!(held.staked(amount(5)), Ok(books(15, 3)));
    assert_eq!(held.freed(amount(4)), Ok(books(6, 7)));
    assert_eq!(held.paid(amount(3)), Ok(books(10, 0)));
    assert_eq!(held.freed(amount(11)), Err(OUT));
    assert_eq!(held.paid(amount(4)), Err(OUT));
}

#[test]
fn the_whole_is_an_amount() {
    let nearly = books(u128::MAX - 5, 3);
    assert_eq!(nearly.staked(amount(2)), Ok(books(u128::MAX - 3, 3)));
    assert_eq!(nearly.staked(amount(3)), Err(OUT));
    assert_eq!(books(u128::MAX, 1).booked(), Err(OUT));
    assert_eq!(books(1, u128::MAX).freed(amount(1)), Err(OUT));
    assert_eq!(sum(Amount::MAX, amount(1)), Err(OUT));
}

#[test]
fn what_nobody_booked_is_surplus() {
    let held = books(10, 3);
    assert_eq!(held.surplus(amount(13)), Ok(Amount::ZERO));
    assert_eq!(held.surplus(amount(20)), Ok(amount(7)));
    assert_eq!(held.surplus(amount(12)), Ok(Amount::ZERO), "never less");
}

/// RESOLUTIONS S-06: the lower half to the insurance.
#[test]
fn a_loss_is_halved_and_adds_up() {
    let dues = Dues::default().with_loss(amount(5_001)).unwrap();
    assert_eq!(
        (dues.insurance, dues.treasury),
        (amount(2_500), amount(2_501))
    );
    let dues = dues.with_loss(amount(1)).unwrap();
    assert_eq!(
        (dues.insurance, dues.treasury),
        (amount(2_500), amount(2_502))
    );
    assert_eq!(dues.total(), Ok(amount(5_002)));
    let full = Dues {
        insurance: Amount::ZERO,
        treasury: Amount::MAX,
    };
    assert_eq!(full.with_loss(amount(1)), Err(OUT));
}

#[test]
fn units_have_base_units_as_far_as_amounts_reach() {
    assert_eq!(base_units(5_000, 1_000_000), Ok(amount(5_000_000_000)));
    assert_eq!(base_units(1, u128::MAX), Ok(Amount::MAX));
    assert_eq!(base_units(2, u128::MAX), Err(OUT));
}

#[test]
fn a_credit_is_taken_whole_or_in_parts_and_never_beyond() {
    let all = amount(10);
    assert_eq!(take(all, None), Ok((all, Amount::ZERO)));
    assert_eq!(take(all, Some(amount(4))), Ok((amount(4), amount(6))));
    assert_eq!(take(all, Some(all)), Ok((all, Amount::ZERO)));
    for (credit, asked) in [(0, None), (10, Some(0)), (10, Some(11)), (0, Some(1))] {
        let asked = asked.map(amount);
        assert_eq!(take(amount(credit), asked), Err(Refused::NothingOwed));
    }
}
