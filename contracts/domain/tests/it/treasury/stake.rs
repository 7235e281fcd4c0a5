//! What executors may lose, and when what is left is theirs again.

use agentcity_domain::{
    amount::Amount,
    machine::EscrowState,
    treasury::{
        Refused,
        bond::{self, Bond, Kind},
        escrow::Terms,
        fund::{Loss, loss},
        stake::{BUDGET_MAX, Backing, Locked, backs, lock, release, slash, take},
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

/// So much more out of a source, at a price that a test which asks for none does not name.
fn more(held: Locked, before: &B256, source: &B256, amount: u128) -> Result<Locked, Refused> {
    let backing = Backing {
        amount: units(amount),
        price: Amount::ZERO,
        round: 0,
    };
    lock(held, (before, source), &ANN.into_word(), backing)
}

#[test]
fn stakes_add_up_and_have_one_source() {
    let (own, pool) = (ANN.into_word(), B256::repeat_byte(7));
    let first = more(Locked::default(), &B256::ZERO, &own, 5).unwrap();
    assert_eq!(first, locked(5));
    assert_eq!(more(first, &own, &own, 3), Ok(locked(8)));
    let second = Refused::SecondSource(own);
    assert_eq!(more(first, &own, &pool, 3), Err(second));
    let second = Refused::SecondSource(pool);
    let pooled = more(Locked::default(), &B256::ZERO, &pool, 5).unwrap();
    assert!(pooled.pooled && pooled.took_part);
    assert_eq!(more(pooled, &pool, &own, 3), Err(second));
    // Of the first nothing is left: another may follow.
    let gone = Locked {
        amount: Amount::ZERO,
        ..pooled
    };
    assert_eq!(more(gone, &pool, &own, 3), Ok(locked(3)));
    let full = Refused::InvalidAmount(units(1));
    assert_eq!(more(locked(u128::MAX), &own, &own, 1), Err(full));
}

/// INV-TREASURY-05.
#[test]
fn a_stake_began_when_the_first_of_it_was_set_aside() {
    let pool = B256::repeat_byte(7);
    let after = |held: u128, began, reserved| {
        let held = Locked {
            round: began,
            pooled: true,
            ..locked(held)
        };
        let backing = Backing {
            amount: units(3),
            price: Amount::ZERO,
            round: reserved,
        };
        let after = lock(held, (&pool, &pool), &ANN.into_word(), backing).unwrap();
        assert_eq!(after.obligation().amount, after.amount);
        after.obligation().round
    };
    for (held, began, reserved, expected) in [
        (0, 9, 4, 4),
        (0, 4, 9, 9),
        (5, 9, 4, 4),
        (5, 4, 9, 4),
        (5, 4, 4, 4),
    ] {
        assert_eq!(after(held, began, reserved), expected);
    }
}

/// RESOLUTIONS S-13.
#[test]
fn a_stake_remembers_what_its_seats_are_to_be_paid() {
    let own = ANN.into_word();
    let seat = |held: Locked, amount, price| {
        let backing = Backing {
            amount: units(amount),
            price: units(price),
            round: 0,
        };
        lock(held, (&own, &own), &own, backing).unwrap()
    };
    let most = BUDGET_MAX.get();
    for (before, price, budget) in [
        (0, 0, 0),
        (0, 9, 9),
        (9, 4, 13),
        (most - 1, 1, most),
        (most, 1, most),
        (0, u128::MAX, most),
        (most, u128::MAX, most),
    ] {
        let held = Locked {
            budget: units(before),
            ..locked(5)
        };
        let after = seat(held, 3, price);
        let expected = Locked {
            budget: units(budget),
            ..locked(8)
        };
        assert_eq!(after, expected, "{before} {price}");
        assert_eq!(Locked::unpack(&after.pack()), after);
    }
    // A slash takes of the stake and leaves what the agent was to earn.
    let lost = Locked {
        amount: Amount::ZERO,
        ..seat(locked(0), 5, 7)
    };
    assert_eq!(Locked::unpack(&lost.pack()).budget, units(7));
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
            round: 0x000d_0e0f,
            budget: units(0x0102_0304_0506_0708_090a_0b0c),
            amount: units(u128::MAX - 5),
        };
        let word = stake.pack();
        assert_eq!(word[0], bits);
        assert_eq!(word[1..4], [13, 14, 15]);
        assert_eq!(word[4..16], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
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
