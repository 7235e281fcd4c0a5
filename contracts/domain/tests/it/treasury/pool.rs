//! Stakes of several: what shares buy and pay, what a loss costs whom.

use std::collections::BTreeMap;

use agentcity_domain::{
    amount::{Amount, AmountError},
    treasury::{
        Refused,
        pool::{Binding, Pool, Shares, id, share_as_printed},
    },
};
use alloy_primitives::U256;
use proptest::prelude::*;

use super::{ANN, BOB, short, units};

fn shares(assets: u128, total: u128) -> Shares {
    Shares {
        assets: units(assets),
        total: units(total),
    }
}

fn pool(participants: u32, assets: u128, total: u128) -> Pool {
    Pool {
        manager: ANN,
        participants,
        shares: shares(assets, total),
        ..Pool::default()
    }
}

fn binding(limit: u128, used: u128) -> Binding {
    Binding {
        limit: units(limit),
        used: units(used),
    }
}

fn join(mut shares: Shares, amount: u128) -> Result<(Shares, u128), Refused> {
    let bought = shares.join(units(amount))?;
    Ok((shares, bought.get()))
}

fn leave(mut shares: Shares, redeemed: u128) -> Result<(Shares, u128), Refused> {
    let paid = shares.leave(units(redeemed))?;
    Ok((shares, paid.get()))
}

#[test]
fn a_deposit_buys_what_it_is_worth() {
    assert_eq!(join(shares(0, 0), 7), Ok((shares(7, 7), 7)));
    assert_eq!(join(shares(200, 100), 7), Ok((shares(207, 103), 3)));
    assert_eq!(join(shares(200, 100), 2), Ok((shares(202, 101), 1)));
    let none = |amount| Err(Refused::NoShares(units(amount)));
    assert_eq!(join(shares(200, 100), 1), none(1));
    assert_eq!(join(shares(0, 100), 1_000), none(1_000));
    let invalid = |amount| Err(Refused::InvalidAmount(units(amount)));
    assert_eq!(join(shares(0, 0), 0), invalid(0));
    assert_eq!(
        join(shares(1, u128::MAX), 2),
        invalid(2),
        "more shares than fit"
    );
    assert_eq!(join(shares(1, u128::MAX), 1), invalid(1));
    assert_eq!(join(shares(u128::MAX, 2), u128::MAX), invalid(u128::MAX));
}

#[test]
fn shares_pay_their_part_rounded_down_and_the_last_takes_the_rest() {
    assert_eq!(leave(shares(100, 3), 1), Ok((shares(67, 2), 33)));
    assert_eq!(leave(shares(67, 2), 2), Ok((shares(0, 0), 67)));
    assert_eq!(
        leave(shares(0, 5), 5),
        Ok((shares(0, 0), 0)),
        "worth nothing"
    );
    let beyond = Refused::InsufficientShares(short(3, 4));
    assert_eq!(leave(shares(100, 3), 4), Err(beyond));
    let nothing = Refused::InvalidAmount(Amount::ZERO);
    assert_eq!(leave(shares(100, 3), 0), Err(nothing));
}

/// A pool of two after somebody with so many shares paid in: participants, and what the joiner holds then.
fn joined(held: u128, amount: u128) -> (u32, u128) {
    let (mut pool, mut held) = (pool(2, 100, 100), units(held));
    pool.join(&mut held, units(amount)).unwrap();
    (pool.participants, held.get())
}

/// The same after somebody redeemed shares, and what was paid.
fn left(mut pool: Pool, held: u128, redeemed: u128) -> Result<(u32, u128, u128), Refused> {
    let mut held = units(held);
    let paid = pool.leave(&mut held, units(redeemed))?;
    Ok((pool.participants, held.get(), paid.get()))
}

#[test]
fn participants_are_those_who_hold_shares() {
    assert_eq!(joined(0, 10), (3, 10));
    assert_eq!(joined(1, 10), (2, 11));
    assert_eq!(left(pool(2, 100, 100), 40, 40), Ok((1, 0, 40)));
    assert_eq!(left(pool(2, 100, 100), 40, 39), Ok((2, 1, 39)));
    let beyond = Refused::InsufficientShares(short(40, 41));
    assert_eq!(left(pool(2, 100, 100), 40, 41), Err(beyond));
}

#[test]
fn nobody_runs_from_a_loss() {
    let obligated = Pool {
        obligations: 2,
        ..pool(3, 100, 100)
    };
    assert_eq!(left(obligated, 40, 40), Err(Refused::PoolObligated(2)));
    assert!(left(pool(3, 100, 100), 40, 40).is_ok());
}

fn draw(
    mut pool: Pool,
    mut binding: Binding,
    amount: u128,
    needed: u32,
) -> Result<(Pool, Binding), Refused> {
    pool.draw(&mut binding, units(amount), needed)?;
    Ok((pool, binding))
}

#[test]
fn a_pool_backs_whom_its_manager_bound_up_to_its_limit() {
    let of_three = pool(3, 100, 100);
    assert_eq!(of_three.bind(ANN, units(50), 3), Ok(()));
    assert_eq!(
        of_three.bind(BOB, units(50), 3),
        Err(Refused::NotManager(BOB))
    );
    let small = Refused::PoolTooSmall {
        participants: 3,
        needed: 4,
    };
    assert_eq!(of_three.bind(ANN, units(50), 4), Err(small));
    assert_eq!(
        of_three.bind(ANN, units(0), 4),
        Ok(()),
        "to end it is always possible"
    );
    assert_eq!(draw(of_three, binding(50, 0), 1, 4), Err(small));

    let (mut drawn, mut used) = draw(of_three, binding(50, 20), 30, 3).unwrap();
    assert_eq!((drawn.staked, used), (units(30), binding(50, 50)));
    assert_eq!((drawn.shares, drawn.free()), (shares(100, 100), units(70)));
    let short = |available, needed| Err(Refused::InsufficientStake(short(available, needed)));
    assert_eq!(draw(of_three, binding(50, 20), 31, 3), short(30, 31));
    assert_eq!(draw(drawn, binding(500, 20), 71, 3), short(70, 71));
    assert!(draw(drawn, binding(500, 20), 70, 3).is_ok());
    assert_eq!(draw(of_three, binding(10, 20), 1, 3), short(0, 1));
    drawn.give_back(&mut used, units(30));
    assert_eq!((drawn, used), (of_three, binding(50, 20)));
}

#[test]
fn a_deposit_while_a_stake_is_out_buys_no_part_of_it() {
    let (mut drawn, mut used) = draw(pool(3, 100, 100), binding(90, 0), 90, 3).unwrap();
    let mut held = Amount::ZERO;
    let bought = drawn.join(&mut held, units(10)).unwrap();
    assert_eq!(bought, units(10), "and not a hundred");
    drawn.give_back(&mut used, units(90));
    assert_eq!(drawn.leave(&mut held, bought), Ok(units(10)));
}

#[test]
fn a_slash_is_the_loss_of_all_by_shares_and_counts_against_the_agent() {
    let (mut pool, mut used) = draw(pool(3, 100, 100), binding(90, 0), 60, 3).unwrap();
    pool.lose(&mut used, units(40));
    assert_eq!((pool.shares, pool.staked), (shares(60, 100), units(20)));
    assert_eq!(used, binding(50, 20));
    assert!(!pool.drained);
    pool.lose(&mut used, units(20));
    assert_eq!((pool.shares, used), (shares(40, 100), binding(30, 0)));
}

#[test]
fn a_pool_that_lost_everything_takes_nobody_in_again() {
    let (mut pool, mut used) = draw(pool(3, 100, 100), binding(100, 0), 100, 3).unwrap();
    pool.lose(&mut used, units(100));
    assert!(pool.drained);
    let none = Err(Refused::NoShares(units(5)));
    assert_eq!(pool.join(&mut Amount::ZERO.clone(), units(5)), none);
    assert_eq!(pool.leave(&mut units(100), units(100)), Ok(Amount::ZERO));
    assert_eq!(pool.shares, shares(0, 0));
    pool.lose(&mut used, Amount::ZERO);
    assert!(pool.drained, "once is for ever");
    assert_eq!(pool.join(&mut Amount::ZERO.clone(), units(5)), none);
}

#[test]
fn an_obligation_is_something_that_is_left() {
    let counted = |obligations, before, after| {
        let mut pool = Pool {
            obligations,
            ..pool(3, 1, 1)
        };
        pool.count(units(before), units(after));
        pool.obligations
    };
    assert_eq!(counted(4, 0, 5), 5);
    assert_eq!(counted(4, 5, 6), 4);
    assert_eq!(counted(4, 5, 0), 3);
    assert_eq!(counted(4, 0, 0), 4);
}

#[test]
fn parts_as_the_seed_keeps_them_go_stale() {
    let of =
        |paid_in, assets| share_as_printed(units(paid_in), units(assets)).map(|part| part.get());
    // Two pay in the same, one after the other: 15,000 basis points together.
    assert_eq!((of(100, 100), of(100, 200)), (Ok(10_000), Ok(5_000)));
    assert_eq!(of(1, 3), Ok(3_333));
    assert_eq!(of(1, 0), Err(AmountError::ZeroDivisor { dividend: 1 }));
}

#[test]
fn a_pool_reads_as_it_was_written() {
    let full = Pool {
        manager: ANN,
        participants: 0x0102_0304,
        obligations: 0x0506_0708,
        drained: true,
        ..Pool::default()
    };
    let mut expected = ANN.to_vec();
    expected.extend([1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 0, 0]);
    assert_eq!(full.pack().to_vec(), expected);
    let read = Pool::unpack(&full.pack(), shares(9, 8), units(7)).unwrap();
    assert_eq!((read.shares, read.staked), (shares(9, 8), units(7)));
    assert_eq!(read.pack(), full.pack());
    assert_eq!(Pool::unpack(&[0; 32], shares(0, 0), units(0)), None);
    assert_ne!(id(ANN, 1), id(ANN, 2));
    assert_ne!(id(ANN, 1), id(BOB, 1));
}

proptest! {
    /// Against exact fractions: nobody ever gets more than its part, and nothing is lost to rounding but to those who stay.
    #[test]
    fn nobody_gains_by_others_rounding(ops in prop::collection::vec((0..3u8, 0..4u8, 1..1_000u128), 1..60)) {
        let (mut of_all, mut held) = (shares(0, 0), BTreeMap::<u8, Amount>::new());
        let (mut paid_in, mut paid_out, mut lost) = (0u128, 0u128, 0u128);
        for (kind, who, amount) in ops {
            let price = |shares: Shares| (shares.assets.to_u256(), shares.total.to_u256());
            let (assets, total) = price(of_all);
            match kind {
                0 => if let Ok(bought) = of_all.join(units(amount)) {
                    // What it bought is worth at most what it paid.
                    prop_assert!(total.is_zero() || bought.to_u256() * assets <= U256::from(amount) * total);
                    *held.entry(who).or_default() = held.get(&who).copied().unwrap_or_default().checked_add(bought).unwrap();
                    paid_in += amount;
                },
                1 => {
                    let before = of_all.assets.get();
                    of_all.lose(units(amount));
                    lost += before - of_all.assets.get();
                }
                _ => if let Some(shares) = held.remove(&who) {
                    let paid = of_all.leave(shares).unwrap();
                    prop_assert!(paid.to_u256() * total <= shares.to_u256() * assets);
                    prop_assert!((paid.to_u256() + U256::from(1)) * total > shares.to_u256() * assets);
                    paid_out += paid.get();
                },
            }
            prop_assert_eq!(of_all.assets.get() + paid_out + lost, paid_in);
            let sum: u128 = held.values().map(|shares| shares.get()).sum();
            prop_assert_eq!(of_all.total.get(), sum);
        }
    }
}
