//! Hostile tokens, receivers and callers (RULINGS A9).

use std::{cell::RefCell, rc::Rc};

use agentcity_abi::IRoster as wire;
use agentcity_world::token::Manners;
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError};

use crate::city::*;

fn stake() -> wire::stakeCall {
    wire::stakeCall {
        amount: U256::from(STAKE),
    }
}

/// One who resigned, and is owed the stake.
fn owed(city: &City) -> Address {
    city.seat_genesis();
    city.call(judge(0), wire::resignCall {}).unwrap();
    city.world.warp(APPEAL);
    city.call(STRANGER, release(judge(0))).unwrap();
    judge(0)
}

#[test]
fn an_honest_token_and_a_silent_one_come_and_go() {
    for manners in [Manners::Honest, Manners::Silent] {
        let city = City::with_token(manners);
        let who = owed(&city);
        assert_eq!(city.books(), (6 * STAKE, STAKE));
        city.call(who, wire::withdrawCall {}).unwrap();
        assert_eq!(city.purse(who), PURSE);
        assert_eq!((city.books(), city.held()), ((6 * STAKE, 0), 6 * STAKE));
        city.world.mint(judge(1), 5);
        city.world.refused(
            judge(1),
            here(),
            5,
            stake(),
            wire::WrongStanding {
                account: judge(1),
                standing: wire::Standing::Active,
            },
        );
    }
}

#[test]
fn coins_are_no_tokens() {
    let city = City::with_token(Manners::Honest);
    city.fund(judge(0));
    city.world.mint(judge(0), STAKE);
    city.world
        .refused(judge(0), here(), STAKE, stake(), wire::NotPayable {});
}

#[test]
fn a_token_that_takes_a_fee_or_lies_is_refused() {
    let city = City::with_token(Manners::TakesFee);
    city.fund(judge(0));
    let mismatch = wire::AmountMismatch {
        expected: U256::from(STAKE),
        received: U256::from(STAKE - 1),
    };
    city.refused(judge(0), stake(), mismatch);
    let city = City::with_token(Manners::SaysFalse);
    city.fund(judge(0));
    let failed = |to| wire::PaymentFailed {
        to,
        amount: U256::from(STAKE),
    };
    city.refused(judge(0), stake(), failed(here()));
    let city = City::settling_in(TOKEN);
    city.refused(judge(0), stake(), failed(here()));
    let city = City::with_token(Manners::Honest);
    let who = owed(&city);
    city.install_token(Manners::SaysFalse);
    city.refused(who, wire::withdrawCall {}, failed(who));
    city.install_token(Manners::Blocks(who));
    city.refused(who, wire::withdrawCall {}, failed(who));
    // Elsewhere it goes.
    let to = wire::withdrawToCall {
        to: owner(3),
        amount: U256::from(STAKE),
    };
    city.call(who, to).unwrap();
    assert_eq!(city.purse(owner(3)), STAKE);
}

/// A token that takes more than it pays would take it from everybody else.
#[test]
fn a_token_that_takes_more_than_it_pays_is_refused() {
    let city = City::with_token(Manners::Honest);
    let who = owed(&city);
    city.world
        .install(TOKEN, B256::repeat_byte(7), move |frame, input| {
            if input[..4] == wire::creditsCall::SELECTOR {
                return Ok(Vec::new());
            }
            // balanceOf answers less after a transfer, by more than was paid.
            let gone = frame.load(9);
            if input[..4] == [0x70, 0xa0, 0x82, 0x31] {
                let held = U256::from(7 * STAKE) - U256::from_be_bytes(gone.0);
                return Ok(held.to_be_bytes::<32>().to_vec());
            }
            frame.store(9, B256::from(U256::from(STAKE + 1)));
            Ok(U256::from(1).to_be_bytes::<32>().to_vec())
        });
    let failed = wire::PaymentFailed {
        to: who,
        amount: U256::from(STAKE),
    };
    city.refused(who, wire::withdrawCall {}, failed);
}

/// Everything that moves the asset is closed while a token's code runs; what reads or resigns is not.
#[test]
fn no_entry_that_moves_the_asset_runs_within_another() {
    let entries = [
        stake().abi_encode(),
        wire::withdrawCall {}.abi_encode(),
        wire::withdrawToCall {
            to: TOKEN,
            amount: U256::from(1),
        }
        .abi_encode(),
        wire::skimCall {}.abi_encode(),
    ];
    for entry in entries {
        let city = City::with_token(Manners::Honest);
        let who = owed(&city);
        let (heard, seen) = (
            Rc::new(RefCell::new(Vec::new())),
            Rc::new(RefCell::new(None)),
        );
        let (hears, sees) = (heard.clone(), seen.clone());
        // The token itself is owed nothing; it calls in while the roster pays.
        city.world
            .install(TOKEN, B256::repeat_byte(7), move |frame, input| {
                if input[..4] == [0x70, 0xa0, 0x82, 0x31] {
                    let paid = if frame.load(9).is_zero() { 0 } else { STAKE };
                    let held = U256::from(7 * STAKE - paid);
                    return Ok(held.to_be_bytes::<32>().to_vec());
                }
                let again = frame.call(here(), U256::ZERO, &entry, false, u64::MAX);
                hears.borrow_mut().push(again);
                let look = wire::partsCall {}.abi_encode();
                *sees.borrow_mut() = frame.call(here(), U256::ZERO, &look, true, u64::MAX).ok();
                frame.store(9, B256::repeat_byte(1));
                Ok(U256::from(1).to_be_bytes::<32>().to_vec())
            });
        city.call(who, wire::withdrawCall {}).unwrap();
        let reentered = Err(wire::Reentered {}.abi_encode());
        assert_eq!(*heard.borrow(), [reentered]);
        let parts = seen.borrow().clone().unwrap();
        let parts = wire::partsCall::abi_decode_returns(&parts).unwrap();
        assert_eq!(
            (parts.stakes, parts.owed),
            (U256::from(6 * STAKE), U256::ZERO)
        );
        // Afterwards the lock is open.
        city.install_token(Manners::Honest);
        city.stake(judge(9)).unwrap();
    }
}

#[test]
fn a_hook_in_a_stake_counts_nothing_twice() {
    let again = stake().abi_encode();
    let city = City::with_token(Manners::CallsBack(here(), again));
    city.fund(judge(0));
    city.call(judge(0), stake()).unwrap();
    assert_eq!((city.books(), city.held()), ((STAKE, 0), STAKE));
    let unlocked = wire::NothingOwed { account: judge(0) };
    city.refused(judge(0), wire::withdrawCall {}, unlocked);
}

#[test]
fn a_receiver_that_calls_back_finds_its_credit_gone() {
    let city = City::new();
    let who = owed(&city);
    let heard = Rc::new(RefCell::new(Vec::new()));
    let hears = heard.clone();
    city.world
        .install(who, B256::repeat_byte(7), move |frame, _| {
            for entry in [
                wire::withdrawCall {}.abi_encode(),
                wire::skimCall {}.abi_encode(),
            ] {
                hears
                    .borrow_mut()
                    .push(frame.call(here(), U256::ZERO, &entry, false, u64::MAX));
            }
            Ok(Vec::new())
        });
    city.call(who, wire::withdrawCall {}).unwrap();
    let reentered = || Err(wire::Reentered {}.abi_encode());
    assert_eq!(*heard.borrow(), [reentered(), reentered()]);
    assert_eq!((city.books(), city.held()), ((6 * STAKE, 0), 6 * STAKE));
    // One that refuses keeps its credit.
    let city = City::new();
    let who = owed(&city);
    city.world
        .install(who, B256::repeat_byte(7), |_, _| Err(Vec::new()));
    let failed = wire::PaymentFailed {
        to: who,
        amount: U256::from(STAKE),
    };
    city.refused(who, wire::withdrawCall {}, failed);
    assert_eq!(city.owed(who), STAKE);
}

#[test]
fn what_nobody_booked_goes_to_the_treasury() {
    for manners in [
        None,
        Some(Manners::Honest),
        Some(Manners::GuardsAllowance),
        Some(Manners::DeniesAllowance),
        Some(Manners::RefusesNought),
    ] {
        let city = match &manners {
            None => City::new(),
            Some(_) => City::with_token(Manners::Honest),
        };
        city.seat_genesis();
        let id = city.accuse(1, 6);
        for voter in 2..6 {
            city.call(judge(voter), vote(id)).unwrap();
        }
        if let Some(manners) = manners.clone() {
            city.install_token(manners);
        }
        let half = STAKE / 2;
        for round in 1..=2u128 {
            city.fund(here());
            city.world.take_logs();
            assert_eq!(
                city.call(STRANGER, wire::skimCall {}).unwrap(),
                U256::from(PURSE),
                "{manners:?}"
            );
            let said = city.events::<wire::Skimmed>();
            assert_eq!(said[0].amount, U256::from(PURSE));
            let funds = [STAKE - half + round * PURSE, half];
            assert_eq!(city.treasury.borrow().funds, funds, "{manners:?}");
            assert_eq!((city.books(), city.held()), ((6 * STAKE, 0), 6 * STAKE));
        }
        assert_eq!(city.call(STRANGER, wire::skimCall {}).unwrap(), U256::ZERO);
    }
}

/// No token stands in the way of a vote: what it took waits until it can be sent.
#[test]
fn a_token_that_refuses_holds_up_no_revocation() {
    let city = City::with_token(Manners::Honest);
    city.seat_genesis();
    city.install_token(Manners::SaysFalse);
    let id = city.accuse(1, 6);
    for voter in 2..6 {
        city.call(judge(voter), vote(id)).unwrap();
    }
    assert_eq!(city.standing(judge(6)), wire::Standing::Removed);
    assert!(city.call(STRANGER, wire::skimCall {}).is_err());
    assert_eq!(city.books(), (6 * STAKE, STAKE));
    city.install_token(Manners::Honest);
    city.call(STRANGER, wire::skimCall {}).unwrap();
    assert_eq!(city.books(), (6 * STAKE, 0));
}

#[test]
fn what_exceeds_an_amount_waits_until_there_is_room() {
    let city = City::new();
    city.seat_genesis();
    city.world.mint(here(), u128::MAX);
    let surplus = city.call(STRANGER, wire::skimCall {}).unwrap();
    assert_eq!(surplus, U256::from(u128::MAX - 7 * STAKE));
    let rest = city.call(STRANGER, wire::skimCall {}).unwrap();
    assert_eq!(rest, U256::from(7 * STAKE));
    assert_eq!(city.books(), (7 * STAKE, 0));
}
