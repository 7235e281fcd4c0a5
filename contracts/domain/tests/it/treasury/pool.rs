//! Stakes of several: what shares buy and pay, what a loss costs whom.

use std::collections::BTreeMap;

use agentcity_domain::{
    amount::{Amount, AmountError},
    treasury::{
        Refused,
        pool::{Binding, Holding, Obligation, Pool, Shares, id, share_as_printed},
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

/// Somebody with so many shares who did not ask to leave.
fn holding(held: u128) -> Holding {
    Holding {
        shares: units(held),
        leaves: 0,
    }
}

/// So much that stands in for somebody since a round.
fn since(round: u32, amount: u128) -> Obligation {
    Obligation {
        amount: units(amount),
        round,
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
    let (mut pool, mut holding) = (pool(2, 100, 100), holding(held));
    pool.join(&mut holding, units(amount)).unwrap();
    (pool.participants, holding.shares.get())
}

/// The same after somebody redeemed shares, and what was paid.
fn left(mut pool: Pool, held: u128, redeemed: u128) -> Result<(u32, u128, u128), Refused> {
    let mut holding = holding(held);
    let paid = pool.leave(&mut holding, units(redeemed))?;
    Ok((pool.participants, holding.shares.get(), paid.get()))
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
    let mut late = Holding::default();
    let bought = drawn.join(&mut late, units(10)).unwrap();
    assert_eq!(bought, units(10), "and not a hundred");
    drawn.give_back(&mut used, units(90));
    assert_eq!(drawn.leave(&mut late, bought), Ok(units(10)));
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
    assert_eq!(pool.join(&mut Holding::default(), units(5)), none);
    assert_eq!(pool.leave(&mut holding(100), units(100)), Ok(Amount::ZERO));
    assert_eq!(pool.shares, shares(0, 0));
    pool.lose(&mut used, Amount::ZERO);
    assert!(pool.drained, "once is for ever");
    assert_eq!(pool.join(&mut Holding::default(), units(5)), none);
}

#[test]
fn an_obligation_is_something_that_is_left() {
    let counted = |obligations, before, after| {
        let mut pool = Pool {
            obligations,
            ..pool(3, 1, 1)
        };
        pool.count(&[(since(0, before), since(0, after))]);
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
fn what_began_before_somebody_asked_keeps_it_in_and_what_begins_later_does_not() {
    let mut pool = pool(3, 100, 100);
    let (mut ann, mut bob) = (holding(40), holding(30));
    let none = |round| since(round, 0);
    // A bid, then a request, then another bid.
    pool.count(&[(none(0), since(0, 20))]);
    assert_eq!(pool.ask(&mut ann), Ok(units(40)));
    assert_eq!((pool.round, pool.earlier, ann.leaves), (1, 1, 1));
    let again = pool;
    pool.ask(&mut ann).unwrap();
    assert_eq!(pool, again, "asking twice changes nothing");
    let round = pool.round_of(&none(0));
    pool.count(&[(none(0), since(round, 10))]);
    assert_eq!((round, pool.obligations, pool.earlier), (1, 2, 1));
    let obligated = |open| Err(Refused::PoolObligated(open));
    assert_eq!(pool.leave(&mut ann, units(40)), obligated(2));
    // The first goes from its bid to its mission: it began when it began.
    let (bid, mission) = (since(0, 20), none(0));
    pool.count(&[(bid, none(0)), (mission, since(0, 20))]);
    assert_eq!((pool.obligations, pool.earlier), (2, 1));
    // Another asks meanwhile, and waits for the second, too.
    pool.ask(&mut bob).unwrap();
    assert_eq!((pool.round, pool.awaited, bob.leaves), (1, true, 2));
    pool.count(&[(since(0, 20), none(0))]);
    assert_eq!((pool.round, pool.awaited, pool.earlier), (2, false, 1));
    assert_eq!(pool.leave(&mut bob, units(30)), obligated(1));
    assert_eq!(pool.leave(&mut ann, units(39)), Ok(units(39)));
    assert_eq!((pool.leaving, ann.leaves), (units(31), 1), "of two");
    assert_eq!(pool.leave(&mut ann, units(1)), Ok(units(1)));
    assert_eq!((ann, pool.participants), (Holding::default(), 2));
    // One who did not ask waits for everything, as ever.
    pool.count(&[(none(0), since(2, 5)), (since(1, 10), none(1))]);
    assert_eq!(pool.leave(&mut holding(30), units(30)), obligated(1));
    assert_eq!(pool.leave(&mut bob, units(30)), Ok(units(30)));
    assert_eq!((pool.leaving, pool.participants), (units(0), 1));
}

#[test]
fn nobody_asks_without_shares_and_later_shares_leave_with_the_others() {
    let mut pool = pool(2, 200, 100);
    let none = Refused::InsufficientShares(short(0, 1));
    assert_eq!(pool.ask(&mut Holding::default()), Err(none));
    let mut ann = holding(40);
    pool.ask(&mut ann).unwrap();
    pool.join(&mut ann, units(20)).unwrap();
    assert_eq!((pool.leaving, ann.shares), (units(50), units(50)));
    // Nothing is open: it leaves at once, and comes back as anybody.
    assert_eq!(pool.leave(&mut ann, units(50)), Ok(units(100)));
    assert_eq!((pool.leaving, ann), (units(0), Holding::default()));
}

#[test]
fn new_bids_draw_on_the_shares_of_those_who_stay() {
    let with = |assets, total, leaving, staked| Pool {
        leaving: units(leaving),
        staked: units(staked),
        ..pool(3, assets, total)
    };
    for (pool, free) in [
        (with(100, 100, 0, 0), 100),
        (with(100, 100, 1, 0), 99),
        (with(100, 100, 1, 60), 39),
        (with(100, 100, 40, 60), 0),
        (with(100, 100, 70, 60), 0),
        (with(100, 100, 100, 0), 0),
        // Two thirds of a hundred, rounded against new bids.
        (with(100, 3, 1, 0), 66),
        (with(0, 0, 0, 0), 0),
    ] {
        assert_eq!(pool.free(), units(free), "{pool:?}");
    }
}

#[test]
fn the_last_round_never_ends() {
    let last = 0x00ff_ffff;
    let mut pool = Pool {
        round: last,
        ..pool(2, 100, 100)
    };
    let mut ann = holding(40);
    pool.count(&[(since(last, 0), since(last, 5))]);
    pool.ask(&mut ann).unwrap();
    assert_eq!((pool.round, pool.earlier), (last, 0));
    let obligated = Err(Refused::PoolObligated(1));
    assert_eq!(pool.leave(&mut ann, units(40)), obligated);
    pool.count(&[(since(last, 5), since(last, 0))]);
    assert_eq!(pool.leave(&mut ann, units(40)), Ok(units(40)));
}

#[test]
fn a_pool_reads_as_it_was_written() {
    let full = Pool {
        manager: ANN,
        participants: 0x0102_0304,
        obligations: 0x0506_0708,
        drained: true,
        round: 0x0009_0a0b,
        earlier: 0x0c0d_0e0f,
        awaited: true,
        shares: shares(9, 8),
        leaving: units(6),
        staked: units(7),
    };
    let words = full.pack();
    let mut expected = ANN.to_vec();
    expected.extend([1, 2, 3, 4, 5, 6, 7, 8, 1, 9, 10, 11]);
    assert_eq!(words[0].to_vec(), expected);
    assert_eq!(words[3][..6], [12, 13, 14, 15, 1, 0]);
    assert_eq!(Pool::unpack(&words), Some(full));
    assert_eq!(Pool::unpack(&[[0; 32]; 4]), None);
    let holding = Holding {
        shares: units(5),
        leaves: 0x0102_0304,
    };
    assert_eq!(holding.pack()[12..16], [1, 2, 3, 4]);
    assert_eq!(Holding::unpack(&holding.pack()), holding);
    assert_eq!(Obligation::unpack(&since(9, 5).pack()), since(9, 5));
    assert_ne!(id(ANN, 1), id(ANN, 2));
    assert_ne!(id(ANN, 1), id(BOB, 1));
}

/// A pool with a list of everything: who asked when, what began when. Nothing of it is a round.
#[derive(Debug, Default)]
struct Naive {
    clock: u64,
    /// When the oldest money of what is open was drawn.
    open: BTreeMap<u64, u64>,
    /// Those who wait until what began by then has ended; and those who wait for them.
    waiting: Option<(u64, Vec<usize>)>,
    next: Vec<usize>,
    free: Vec<usize>,
}

impl Naive {
    fn settle(&mut self) {
        loop {
            if let Some((until, askers)) = self.waiting.take() {
                if self.open.values().any(|began| *began <= until) {
                    self.waiting = Some((until, askers));
                    return;
                }
                self.free.extend(askers);
            }
            if self.next.is_empty() {
                return;
            }
            self.waiting = Some((self.clock, std::mem::take(&mut self.next)));
        }
    }

    fn ask(&mut self, who: usize) {
        let asked = [&self.free, &self.next]
            .iter()
            .any(|some| some.contains(&who))
            || self.waiting.iter().any(|(_, some)| some.contains(&who));
        if !asked {
            self.next.push(who);
            self.settle();
        }
    }

    fn forget(&mut self, who: usize) {
        self.free.retain(|other| *other != who);
    }
}

proptest! {
    /// INV-TREASURY-05, against the list: nobody leaves before what its money stood in for has ended, everybody does then, and
    /// what is out beside is always covered by those who stay.
    #[test]
    fn a_request_to_leave_is_kept_whatever_begins_after_it(
        ops in prop::collection::vec((0..8u8, 0..4usize, 0..6usize, 1..200u128), 1..120),
    ) {
        let (mut pool, mut binding) = (pool(0, 0, 0), binding(u128::MAX, 0));
        let mut holdings = [Holding::default(); 4];
        let mut keys = [Obligation::default(); 6];
        let mut naive = Naive::default();
        for (who, holding) in holdings.iter_mut().enumerate() {
            pool.join(holding, units(100 + who as u128)).unwrap();
        }
        for (kind, who, key, amount) in ops {
            naive.clock += 1;
            let other = (key + 1) % 6;
            match kind {
                0 => { let _ = pool.join(&mut holdings[who], units(amount)); }
                1 => if pool.ask(&mut holdings[who]).is_ok() {
                    naive.ask(who);
                },
                2 | 3 => if pool.draw(&mut binding, units(amount), 0).is_ok() {
                    let before = keys[key];
                    keys[key] = since(pool.round_of(&before), before.amount.get() + amount);
                    pool.count(&[(before, keys[key])]);
                    naive.open.entry(key as u64).or_insert(naive.clock);
                },
                // Some or all goes from one to another, as from a bid to its mission.
                4 => if !keys[key].amount.is_zero() {
                    let (from, to) = (keys[key], keys[other]);
                    let moved = amount.min(from.amount.get());
                    keys[key] = since(from.round, from.amount.get() - moved);
                    let round = if to.amount.is_zero() { from.round } else { from.round.min(to.round) };
                    keys[other] = since(round, to.amount.get() + moved);
                    pool.count(&[(from, keys[key]), (to, keys[other])]);
                    let began = naive.open[&(key as u64)];
                    let there = naive.open.entry(other as u64).or_insert(began);
                    *there = began.min(*there);
                    if keys[key].amount.is_zero() {
                        naive.open.remove(&(key as u64));
                    }
                    naive.settle();
                },
                5 | 6 => if !keys[key].amount.is_zero() {
                    let before = keys[key];
                    if kind == 5 {
                        pool.give_back(&mut binding, before.amount);
                    } else {
                        pool.lose(&mut binding, before.amount);
                    }
                    keys[key].amount = Amount::ZERO;
                    pool.count(&[(before, keys[key])]);
                    naive.open.remove(&(key as u64));
                    naive.settle();
                },
                _ => {
                    let held = holdings[who].shares;
                    let part = if amount % 2 == 0 { held } else { units(amount.min(held.get())) };
                    let may = naive.open.is_empty() || naive.free.contains(&who);
                    let left = pool.leave(&mut holdings[who], part);
                    prop_assert_eq!(left.is_ok(), may && !part.is_zero(), "{:?}", left);
                    if left.is_ok() && holdings[who].shares.is_zero() {
                        naive.forget(who);
                    }
                }
            }
            let open = keys.iter().filter(|of| !of.amount.is_zero()).count();
            prop_assert_eq!(pool.obligations as usize, open);
            let staked: u128 = keys.iter().map(|of| of.amount.get()).sum();
            prop_assert_eq!(pool.staked.get(), staked);
            prop_assert!(staked <= pool.shares.assets.get(), "what is out is there");
            let leaving: u128 = holdings.iter().filter(|of| of.leaves != 0).map(|of| of.shares.get()).sum();
            prop_assert_eq!(pool.leaving.get(), leaving);
            let shares: u128 = holdings.iter().map(|of| of.shares.get()).sum();
            prop_assert_eq!(pool.shares.total.get(), shares);
            // Once one who asked was let go, those who stay cover all that is out.
            if naive.waiting.is_none() && naive.next.is_empty() {
                let theirs = pool.shares.assets.to_u256() * U256::from(shares - leaving);
                prop_assert!(U256::from(staked) * U256::from(shares) <= theirs);
            }
        }
        // When everything has ended, everybody leaves, and nothing is left.
        for of in &mut keys {
            let before = *of;
            pool.give_back(&mut binding, before.amount);
            of.amount = Amount::ZERO;
            pool.count(&[(before, *of)]);
        }
        for holding in &mut holdings {
            if !holding.shares.is_zero() {
                let all = holding.shares;
                prop_assert!(pool.leave(holding, all).is_ok());
            }
        }
        prop_assert_eq!((pool.shares.assets, pool.leaving), (Amount::ZERO, Amount::ZERO));
    }
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
