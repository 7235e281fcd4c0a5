//! What executors may lose, and when what is left is theirs again.

use agentcity_domain::{
    amount::{Amount, Bps},
    machine::EscrowState,
    treasury::{
        Refused,
        bond::{self, Bond, Kind},
        escrow::Terms,
        fund::{Loss, loss},
        stake::{Locked, backs, due, lock, release, slash, take},
    },
};
use alloy_primitives::B256;
use proptest::prelude::*;

use super::{ANN, BOB, short, units};

fn mission(state: EscrowState, release_at: u64) -> Option<Terms> {
    Some(Terms {
        state,
        epoch: 1,
        release_at,
        sponsor: BOB,
    })
}

fn locked(amount: u128) -> Locked {
    Locked {
        took_part: true,
        amount: units(amount),
        ..Locked::default()
    }
}

#[test]
fn no_more_of_a_reserve_is_taken_than_was_set_aside() {
    assert_eq!(take(units(5), units(5)), Ok(units(0)));
    assert_eq!(take(units(5), units(2)), Ok(units(3)));
    let beyond = Refused::InsufficientStake(short(5, 6));
    assert_eq!(take(units(5), units(6)), Err(beyond));
}

#[test]
fn stakes_add_up_and_have_one_source() {
    let (own, pool) = (ANN.into_word(), B256::repeat_byte(7));
    let first = lock(Locked::default(), &B256::ZERO, &own, ANN, units(5)).unwrap();
    assert_eq!(first, locked(5));
    assert_eq!(lock(first, &own, &own, ANN, units(3)), Ok(locked(8)));
    let second = Refused::SecondSource(own);
    assert_eq!(lock(first, &own, &pool, ANN, units(3)), Err(second));
    let second = Refused::SecondSource(pool);
    let pooled = lock(Locked::default(), &B256::ZERO, &pool, ANN, units(5)).unwrap();
    assert!(pooled.pooled && pooled.took_part);
    assert_eq!(lock(pooled, &pool, &own, ANN, units(3)), Err(second));
    // Of the first nothing is left: another may follow.
    let gone = Locked {
        amount: Amount::ZERO,
        ..pooled
    };
    assert_eq!(lock(gone, &pool, &own, ANN, units(3)), Ok(locked(3)));
    let full = Refused::InvalidAmount(units(1));
    assert_eq!(
        lock(locked(u128::MAX), &own, &own, ANN, units(1)),
        Err(full)
    );
}

#[test]
fn a_sponsor_backs_nobody_in_its_own_mission() {
    assert_eq!(backs(mission(EscrowState::Open, 0), ANN), Ok(()));
    assert_eq!(
        backs(mission(EscrowState::Open, 0), BOB),
        Err(Refused::SelfDealing)
    );
    for state in [EscrowState::Closing, EscrowState::Closed] {
        let wrong = Refused::WrongEscrowState(state.number());
        assert_eq!(backs(mission(state, 9), ANN), Err(wrong));
    }
    assert_eq!(backs(None, ANN), Err(Refused::WrongEscrowState(0)));
}

#[test]
fn a_slash_takes_what_is_there_and_halves_it_downwards_for_the_insurance() {
    for (asked, held, taken, insurance, treasury) in [
        (50, 150, 50, 25, 25),
        (500, 150, 150, 75, 75),
        (101, 2_000, 101, 50, 51),
        (1, 1, 1, 0, 1),
        (0, 10, 0, 0, 0),
        (50, 0, 0, 0, 0),
        (
            u128::MAX,
            u128::MAX,
            u128::MAX,
            u128::MAX / 2,
            u128::MAX / 2 + 1,
        ),
    ] {
        let slash = slash(units(held), units(asked), false);
        assert_eq!(
            (slash.taken, slash.left),
            (units(taken), units(held - taken))
        );
        let expected = Loss {
            insurance: units(insurance),
            treasury: units(treasury),
        };
        assert_eq!(slash.loss, expected);
    }
    let free = slash(units(150), units(50), true);
    assert_eq!(
        (free.taken, free.left),
        (Amount::ZERO, units(150)),
        "a stake that is free"
    );
}

#[test]
fn a_fault_costs_the_greater_of_units_and_share_and_at_most_the_stake() {
    let due = |amount, share, stake| {
        due(amount, units(1_000), Bps::new(share).unwrap(), units(stake)).get()
    };
    assert_eq!(due(50, 3_300, 2_000_000), 660_000);
    assert_eq!(due(50, 3_300, 100_000), 50_000);
    assert_eq!(due(50, 3_300, 40_000), 40_000);
    assert_eq!(due(0, 0, 40_000), 0);
    assert_eq!(due(0, 10_000, 40_000), 40_000);
    assert_eq!(due(u32::MAX, 0, u128::MAX), 1_000 * u128::from(u32::MAX));
}

#[test]
fn a_stake_is_free_from_its_second_on() {
    let at = |state, release_at, now| release(locked(5), mission(state, release_at), now);
    let still = |until| Err(Refused::StakeStillLocked(until));
    assert_eq!(at(EscrowState::Open, 0, u64::MAX), still(0));
    for state in [EscrowState::Closing, EscrowState::Closed] {
        assert_eq!(at(state, 100, 99), still(100));
        assert_eq!(at(state, 100, 100), Ok(units(5)));
    }
    assert_eq!(release(locked(5), None, 100), still(0));
    let none = release(locked(0), mission(EscrowState::Closing, 100), 100);
    assert_eq!(none, Err(Refused::NothingLocked));
}

#[test]
fn a_stake_reads_as_it_was_written() {
    for bits in 0..8u8 {
        let stake = Locked {
            took_part: bits & 1 != 0,
            pooled: bits & 2 != 0,
            compensated: bits & 4 != 0,
            amount: units(u128::MAX - 5),
        };
        let word = stake.pack();
        assert_eq!(word[0], bits);
        assert_eq!(word[1..16], [0; 15]);
        assert_eq!(word[16..], (u128::MAX - 5).to_be_bytes());
        assert_eq!(Locked::unpack(&word), stake);
    }
    assert_eq!(Locked::unpack(&[0; 32]), Locked::default());
}

#[test]
fn a_bond_is_posted_once_and_charged_to_its_end() {
    let posted = bond::post(None, ANN, Kind::Monitor, units(9)).unwrap();
    let expected = Bond {
        owner: ANN,
        kind: Kind::Monitor,
        amount: units(9),
    };
    assert_eq!(posted, expected);
    assert_eq!(
        bond::post(Some(posted), ANN, Kind::Dissent, units(9)),
        Err(Refused::WrongBond)
    );
    let nothing = Refused::InvalidAmount(Amount::ZERO);
    assert_eq!(
        bond::post(None, ANN, Kind::Dissent, Amount::ZERO),
        Err(nothing)
    );
    assert_eq!(bond::held(Some(posted)), Ok(posted));
    assert_eq!(bond::held(None), Err(Refused::WrongBond));
    for (asked, taken) in [(0, 0), (4, 4), (9, 9), (10, 9)] {
        let charge = bond::charge(&posted, units(asked));
        assert_eq!(
            (charge.taken, charge.left),
            (units(taken), units(9 - taken))
        );
        assert_eq!(charge.loss, loss(units(taken)));
    }
    for number in 0..=255 {
        assert_eq!(
            Kind::at(number).map(|kind| kind as u8),
            (1..=5).contains(&number).then_some(number)
        );
    }
}

proptest! {
    /// INV-TREASURY-04.
    #[test]
    fn all_slashes_together_take_no_more_than_the_stake(
        stake in any::<u128>(),
        asked in prop::collection::vec(any::<u128>(), 1..8),
    ) {
        let (mut left, mut lost) = (units(stake), 0u128);
        for asked in asked {
            let slash = slash(left, units(asked), false);
            prop_assert_eq!(slash.loss.insurance.get() + slash.loss.treasury.get(), slash.taken.get());
            prop_assert_eq!(slash.left.get() + slash.taken.get(), left.get());
            lost += slash.taken.get();
            left = slash.left;
        }
        prop_assert_eq!(lost + left.get(), stake);
    }
}
