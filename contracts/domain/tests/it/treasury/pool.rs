//! Stakes of several: what shares buy and pay, what a loss costs whom.

use std::collections::BTreeMap;

use agentcity_domain::{
    amount::Amount,
    treasury::{
        Refused,
        pool::{Binding, Pool, Shares, id},
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

#[test]
fn a_deposit_buys_what_it_is_worth() {
    assert_eq!(shares(0, 0).join(units(7)), Ok((shares(7, 7), units(7))));
    assert_eq!(
        shares(200, 100).join(units(7)),
        Ok((shares(207, 103), units(3)))
    );
    assert_eq!(
        shares(200, 100).join(units(2)),
        Ok((shares(202, 101), units(1)))
    );
    let none = |amount| Err(Refused::NoShares(units(amount)));
    assert_eq!(shares(200, 100).join(units(1)), none(1));
    assert_eq!(shares(0, 100).join(units(1_000)), none(1_000));
    let invalid = |amount| Err(Refused::InvalidAmount(units(amount)));
    assert_eq!(shares(0, 0).join(units(0)), invalid(0));
    assert_eq!(
        shares(1, u128::MAX).join(units(2)),
        invalid(2),
        "more shares than fit"
    );
    assert_eq!(shares(1, u128::MAX).join(units(1)), invalid(1));
    assert_eq!(
        shares(u128::MAX, 1).join(units(u128::MAX)),
        invalid(u128::MAX)
    );
}

#[test]
fn shares_pay_their_part_rounded_down_and_the_last_takes_the_rest() {
    assert_eq!(
        shares(100, 3).leave(units(1)),
        Ok((shares(67, 2), units(33)))
    );
    assert_eq!(shares(67, 2).leave(units(2)), Ok((shares(0, 0), units(67))));
    assert_eq!(
        shares(0, 5).leave(units(5)),
        Ok((shares(0, 0), units(0))),
        "worth nothing"
    );
    let beyond = Refused::InsufficientShares(short(3, 4));
    assert_eq!(shares(100, 3).leave(units(4)), Err(beyond));
    assert_eq!(
        shares(100, 3).leave(units(0)),
        Err(Refused::InvalidAmount(Amount::ZERO))
    );
}

#[test]
fn participants_are_those_who_hold_shares() {
    let (after, bought) = pool(2, 100, 100).join(units(0), units(10)).unwrap();
    assert_eq!((after.participants, bought), (3, units(10)));
    let (after, _) = pool(2, 100, 100).join(units(1), units(10)).unwrap();
    assert_eq!(after.participants, 2);
    let (after, left, paid) = pool(2, 100, 100).leave(units(40), units(40)).unwrap();
    assert_eq!((after.participants, left, paid), (1, units(0), units(40)));
    let (after, left, _) = pool(2, 100, 100).leave(units(40), units(39)).unwrap();
    assert_eq!((after.participants, left), (2, units(1)));
    let beyond = Refused::InsufficientShares(short(40, 41));
    assert_eq!(pool(2, 100, 100).leave(units(40), units(41)), Err(beyond));
}

#[test]
fn nobody_runs_from_a_loss() {
    let obligated = Pool {
        obligations: 2,
        ..pool(3, 100, 100)
    };
    let refusal = Refused::PoolObligated(2);
    assert_eq!(obligated.leave(units(40), units(40)), Err(refusal));
    assert!(pool(3, 100, 100).leave(units(40), units(40)).is_ok());
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
    assert_eq!(of_three.draw(binding(50, 0), units(1), 4), Err(small));

    let (drawn, used) = of_three.draw(binding(50, 20), units(30), 3).unwrap();
    assert_eq!((drawn.staked, used), (units(30), binding(50, 50)));
    assert_eq!((drawn.shares, drawn.free()), (shares(100, 100), units(70)));
    let limit = Refused::InsufficientStake(short(30, 31));
    assert_eq!(of_three.draw(binding(50, 20), units(31), 3), Err(limit));
    let assets = Refused::InsufficientStake(short(70, 71));
    assert_eq!(drawn.draw(binding(500, 20), units(71), 3), Err(assets));
    assert!(drawn.draw(binding(500, 20), units(70), 3).is_ok());
    let ended = Refused::InsufficientStake(short(0, 1));
    assert_eq!(of_three.draw(binding(10, 20), units(1), 3), Err(ended));
    assert_eq!(
        drawn.give_back(used, units(30)),
        (of_three, binding(50, 20))
    );
}

#[test]
fn a_deposit_while_a_stake_is_out_buys_no_part_of_it() {
    let (drawn, used) = pool(3, 100, 100)
        .draw(binding(90, 0), units(90), 3)
        .unwrap();
    let (joined, bought) = drawn.join(units(0), units(10)).unwrap();
    assert_eq!(bought, units(10), "and not a hundred");
    let (back, _) = joined.give_back(used, units(90));
    let (_, _, paid) = back.leave(bought, bought).unwrap();
    assert_eq!(paid, units(10));
}

#[test]
fn a_slash_is_the_loss_of_all_by_shares_and_counts_against_the_agent() {
    let (drawn, used) = pool(3, 100, 100)
        .draw(binding(90, 0), units(60), 3)
        .unwrap();
    let (after, left) = drawn.lose(used, units(40));
    assert_eq!((after.shares, after.staked), (shares(60, 100), units(20)));
    assert_eq!(left, binding(50, 20));
    assert!(!after.drained);
    let (after, left) = after.lose(left, units(20));
    assert_eq!((after.shares, left), (shares(40, 100), binding(30, 0)));
}

#[test]
fn a_pool_that_lost_everything_takes_nobody_in_again() {
    let (drawn, used) = pool(3, 100, 100)
        .draw(binding(100, 0), units(100), 3)
        .unwrap();
    let (lost, _) = drawn.lose(used, units(100));
    assert!(lost.drained);
    let none = Refused::NoShares(units(5));
    assert_eq!(lost.join(units(0), units(5)), Err(none));
    let (empty, _, paid) = lost.leave(units(100), units(100)).unwrap();
    assert_eq!((empty.shares, paid), (shares(0, 0), units(0)));
    assert_eq!(empty.join(units(0), units(5)), Err(none));
}

#[test]
fn an_obligation_is_something_that_is_left() {
    let counted = |obligations, before, after| {
        let pool = Pool {
            obligations,
            ..pool(3, 1, 1)
        };
        pool.count(units(before), units(after)).obligations
    };
    assert_eq!(counted(4, 0, 5), 5);
    assert_eq!(counted(4, 5, 6), 4);
    assert_eq!(counted(4, 5, 0), 3);
    assert_eq!(counted(4, 0, 0), 4);
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
                0 => if let Ok((after, bought)) = of_all.join(units(amount)) {
                    // What it bought is worth at most what it paid.
                    prop_assert!(total.is_zero() || bought.to_u256() * assets <= U256::from(amount) * total);
                    *held.entry(who).or_default() = held.get(&who).copied().unwrap_or_default().checked_add(bought).unwrap();
                    of_all = after;
                    paid_in += amount;
                },
                1 => {
                    let before = of_all.assets.get();
                    of_all = of_all.lose(units(amount));
                    lost += before - of_all.assets.get();
                }
                _ => if let Some(shares) = held.remove(&who) {
                    let (after, paid) = of_all.leave(shares).unwrap();
                    prop_assert!(paid.to_u256() * total <= shares.to_u256() * assets);
                    prop_assert!((paid.to_u256() + U256::from(1)) * total > shares.to_u256() * assets);
                    of_all = after;
                    paid_out += paid.get();
                },
            }
            prop_assert_eq!(of_all.assets.get() + paid_out + lost, paid_in);
            let sum: u128 = held.values().map(|shares| shares.get()).sum();
            prop_assert_eq!(of_all.total.get(), sum);
        }
    }
}
