//! Attacks, each mounted: tokens that lie, take a fee, revert or call back, receivers that do, permits that fail (RULINGS A9);
//! sponsors that hire themselves (RULINGS A2, R20); claims, halts and moves that would take what is others'.

use std::{cell::RefCell, rc::Rc};

use agentcity_abi::{ICollaboration::MissionState, ISettlementToken as erc20, ITreasury as wire};
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_world::{
    Answer, Frame,
    token::{self, Manners},
};
use alloy_primitives::{Address, B256, U256, aliases::U40, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue};

use crate::city::*;

fn deposit(account: Address, amount: u128) -> wire::depositCall {
    wire::depositCall {
        account,
        amount: wide(amount),
    }
}

/// Every entry that moves the asset, as a call that could take or make money.
fn moving(city: &City, mission: B256) -> Vec<(&'static str, Vec<u8>)> {
    let (account, amount) = (STRANGER, wide(5));
    let (deadline, v, r, s) = (U256::MAX, 27, REASON, REASON);
    let missionId = mission;
    assert_eq!(city.escrow(mission).state, wire::EscrowState::Open);
    vec![
        (
            "deposit",
            wire::depositCall { account, amount }.abi_encode(),
        ),
        (
            "depositWithPermit",
            wire::depositWithPermitCall {
                account,
                amount,
                deadline,
                v,
                r,
                s,
            }
            .abi_encode(),
        ),
        (
            "fundMission",
            wire::fundMissionCall { missionId, amount }.abi_encode(),
        ),
        (
            "fundMissionWithPermit",
            wire::fundMissionWithPermitCall {
                missionId,
                amount,
                deadline,
                v,
                r,
                s,
            }
            .abi_encode(),
        ),
        ("withdraw", wire::withdrawCall {}.abi_encode()),
        (
            "withdrawTo",
            wire::withdrawToCall {
                to: account,
                amount,
            }
            .abi_encode(),
        ),
        (
            "contribute",
            contribute(wire::Fund::Treasury, 5).abi_encode(),
        ),
        ("skim", wire::skimCall {}.abi_encode()),
    ]
}

// ------------------------------------------------------------------ tokens

#[test]
fn a_token_that_takes_a_fee_or_lies_books_nothing() {
    for (manners, expected) in [
        (
            Manners::TakesFee,
            wire::AmountMismatch {
                expected: wide(70),
                received: wide(69),
            }
            .abi_encode(),
        ),
        (
            Manners::SaysFalse,
            wire::PaymentFailed {
                to: here(),
                amount: wide(70),
            }
            .abi_encode(),
        ),
        (
            Manners::Blocks(here()),
            wire::PaymentFailed {
                to: here(),
                amount: wide(70),
            }
            .abi_encode(),
        ),
    ] {
        let city = City::with_token(manners.clone());
        let account = who("ann");
        city.fund(account);
        let mission = city.opened("sponsor", EPOCH);
        let fund = wire::fundMissionCall {
            missionId: mission,
            amount: wide(70),
        };
        let give = contribute(wire::Fund::Insurance, 70);
        for call in [
            deposit(account, 70).abi_encode(),
            fund.abi_encode(),
            give.abi_encode(),
        ] {
            let answer = city.world.transact(account, here(), U256::ZERO, &call);
            assert_eq!(answer, Err(expected.clone()), "{manners:?}");
        }
        assert_eq!(
            (city.booked(), city.balance(account)),
            (0, PURSE),
            "{manners:?}"
        );
    }
}

#[test]
fn a_token_without_code_or_without_money_is_named_as_what_did_not_pay() {
    let failed = wire::PaymentFailed {
        to: here(),
        amount: wide(70),
    };
    let city = City::settling_in(TOKEN);
    city.refused(who("ann"), deposit(who("ann"), 70), failed.clone());
    let city = City::with_token(Manners::Honest);
    city.refused(who("ann"), deposit(who("ann"), 70), failed);
}

/// INV-TREASURY-06.
#[test]
fn a_hook_that_deposits_again_does_not_make_one_transfer_count_twice() {
    for inner in 0..8 {
        // The token calls back into each entry in turn, in the middle of somebody's deposit.
        let probe = City::with_token(Manners::Honest);
        let mission = probe.opened("sponsor", EPOCH);
        let (name, data) = moving(&probe, mission).swap_remove(inner);
        let city = City::settling_in(TOKEN);
        let heard = Rc::new(RefCell::new(Vec::new()));
        let hear = heard.clone();
        token::install(&city.world, TOKEN, Manners::Honest);
        let own = city.opened("sponsor", EPOCH);
        assert_eq!(own, mission);
        let account = city.rich("ann", 500);
        // The honest token's own code, behind a hook that keeps what it heard.
        let honest = Address::repeat_byte(0x77);
        token::install(&city.world, honest, Manners::CallsBack(TOKEN, Vec::new()));
        install_hooked(&city, move |frame| {
            let answer = frame.call(here(), U256::ZERO, &data, false, u64::MAX);
            hear.borrow_mut().push(answer);
        });
        let booked = city.booked();
        city.call(account, deposit(account, 70)).unwrap();
        assert_eq!(city.booked(), booked + 70, "{name}");
        city.balanced();
        let reentered = wire::Reentered {}.abi_encode();
        assert_eq!(*heard.borrow(), [Err(reentered)], "{name}");
        // Afterwards the lock is open.
        city.call(
            account,
            wire::withdrawToCall {
                to: STRANGER,
                amount: wide(5),
            },
        )
        .unwrap();
    }
}

/// A token with balances as the world's honest one has them, that runs `hook` in the middle of each `transferFrom`.
fn install_hooked(city: &City, hook: impl Fn(&Frame) + 'static) {
    city.world
        .install(TOKEN, keccak256("token"), move |frame, input| {
            let move_units = |from: Address, to: Address, value: U256| -> Answer {
                let slot = |who: Address| u64::from_be_bytes(who[12..].try_into().unwrap());
                let _ = slot;
                let (debit, credit) = (from.into_word().into(), to.into_word().into());
                let held = U256::from_be_bytes(frame.world().slot(frame.this, debit).0);
                let rest = held.checked_sub(value).ok_or_else(Vec::new)?;
                frame.world().set_slot(frame.this, debit, rest.into());
                let held = U256::from_be_bytes(frame.world().slot(frame.this, credit).0);
                frame
                    .world()
                    .set_slot(frame.this, credit, (held + value).into());
                Ok(true.abi_encode())
            };
            if let Ok(call) = token::IERC20::balanceOfCall::abi_decode(input) {
                let slot = call.account.into_word().into();
                return Ok(frame.world().slot(frame.this, slot).to_vec());
            }
            if let Ok(call) = token::IERC20::transferCall::abi_decode(input) {
                return move_units(frame.caller, call.to, call.value);
            }
            let call =
                token::IERC20::transferFromCall::abi_decode(input).map_err(|_| Vec::new())?;
            hook(frame);
            move_units(call.from, call.to, call.value)
        });
}

#[test]
fn what_moves_no_asset_runs_while_the_lock_is_held_and_everything_is_readable() {
    let city = City::settling_in(TOKEN);
    token::install(&city.world, TOKEN, Manners::Honest);
    let account = city.rich("ann", 500);
    let mission = city.mission("sponsor", 100);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let see = seen.clone();
    install_hooked(&city, move |frame| {
        for call in [
            wire::bookedCall {}.abi_encode(),
            wire::partsCall {}.abi_encode(),
            wire::solvencyCall {}.abi_encode(),
            wire::createPoolCall {}.abi_encode(),
            wire::closeEscrowCall { missionId: mission }.abi_encode(),
        ] {
            see.borrow_mut()
                .push(frame.call(here(), U256::ZERO, &call, false, u64::MAX));
        }
    });
    let booked = city.booked();
    city.end(mission);
    city.call(account, deposit(account, 70)).unwrap();
    let seen = seen.borrow();
    assert_eq!(seen[0], Ok(wide(booked).abi_encode()), "not yet booked");
    assert!(seen.iter().all(Result::is_ok));
    assert_eq!(city.escrow(mission).state, wire::EscrowState::Closed);
    city.balanced();
}

#[test]
fn a_mission_that_ends_within_its_own_funding_takes_no_money() {
    let city = City::settling_in(TOKEN);
    token::install(&city.world, TOKEN, Manners::Honest);
    let mission = city.mission("sponsor", 100);
    let account = who("ann");
    city.fund(account);
    // The hook ends the mission as collaboration would, in the middle of the payment.
    install_hooked(&city, move |frame| {
        let end = wire::beginClosingCall {
            missionId: mission,
            sanctionSecs: U40::from(5),
        };
        let mut as_work = frame.clone();
        as_work.this = member(Peer::Collaboration);
        as_work
            .call(here(), U256::ZERO, &end.abi_encode(), false, u64::MAX)
            .unwrap();
    });
    let wrong = wire::WrongEscrowState {
        missionId: mission,
        state: wire::EscrowState::Closing,
    };
    let fund = wire::fundMissionCall {
        missionId: mission,
        amount: wide(70),
    };
    city.refused(account, fund, wrong);
    assert_eq!(
        city.escrow(mission).state,
        wire::EscrowState::Open,
        "all of it undone"
    );
}

#[test]
fn a_blocked_receiver_names_another() {
    let (account, other) = (who("ann"), who("other"));
    let city = City::with_token(Manners::Blocks(account));
    city.fund(account);
    city.call(account, deposit(account, 70)).unwrap();
    let failed = wire::PaymentFailed {
        to: account,
        amount: wide(70),
    };
    city.refused(account, wire::withdrawCall {}, failed);
    let call = wire::withdrawToCall {
        to: other,
        amount: wide(70),
    };
    city.call(account, call).unwrap();
    assert_eq!((city.balance(other), city.booked()), (70, 0));
}

#[test]
fn a_token_that_charges_the_sender_more_than_it_pays_takes_nothing_of_others() {
    let city = City::with_token(Manners::Honest);
    let (account, other) = (city.rich("ann", 70), city.rich("bob", 70));
    // It turned: every transfer costs its sender one more.
    city.world
        .install(TOKEN, keccak256("token"), |frame, input| {
            if let Ok(call) = token::IERC20::balanceOfCall::abi_decode(input) {
                let slot = call.account.into_word().into();
                return Ok(frame.world().slot(frame.this, slot).to_vec());
            }
            let call = token::IERC20::transferCall::abi_decode(input).map_err(|_| Vec::new())?;
            let (from, to) = (frame.caller.into_word().into(), call.to.into_word().into());
            let of = |slot| U256::from_be_bytes(frame.world().slot(frame.this, slot).0);
            let (rest, sum) = (of(from) - call.value - U256::from(1), of(to) + call.value);
            frame.world().set_slot(frame.this, from, rest.into());
            frame.world().set_slot(frame.this, to, sum.into());
            Ok(true.abi_encode())
        });
    let failed = |to| wire::PaymentFailed {
        to,
        amount: wide(70),
    };
    city.refused(account, wire::withdrawCall {}, failed(account));
    city.refused(other, wire::withdrawCall {}, failed(other));
    city.balanced();
}

// ------------------------------------------------------------------ permits

/// A token whose permits set allowances, that binds them, and refuses a permit that was used.
fn with_permits() -> (City, Address) {
    let city = City::settling_in(TOKEN);
    let slot_of = |owner: Address| U256::from_be_bytes(keccak256(owner).0);
    city.world
        .install(TOKEN, keccak256("token"), move |frame, input| {
            let world = frame.world();
            let read = |slot| U256::from_be_bytes(world.slot(frame.this, slot).0);
            let balance = |who: Address| U256::from_be_bytes(who.into_word().0);
            if let Ok(call) = token::IERC20::balanceOfCall::abi_decode(input) {
                return Ok(read(balance(call.account)).abi_encode());
            }
            if let Ok(call) = erc20::permitCall::abi_decode(input) {
                let good = call.spender == here() && call.deadline == U256::from(9) && call.v == 27;
                let signed = call.r == keccak256((call.owner, call.value).abi_encode());
                let used = U256::from_be_bytes(keccak256(call.r).0);
                if !good || !signed || !read(used).is_zero() {
                    return Err(b"not permitted".to_vec());
                }
                world.set_slot(frame.this, used, U256::from(1).into());
                world.set_slot(frame.this, slot_of(call.owner), call.value.into());
                return Ok(Vec::new());
            }
            if let Ok(call) = token::IERC20::transferFromCall::abi_decode(input) {
                let allowed = read(slot_of(call.from))
                    .checked_sub(call.value)
                    .ok_or_else(Vec::new)?;
                world.set_slot(frame.this, slot_of(call.from), allowed.into());
                let rest = read(balance(call.from))
                    .checked_sub(call.value)
                    .ok_or_else(Vec::new)?;
                world.set_slot(frame.this, balance(call.from), rest.into());
                let sum = read(balance(call.to)) + call.value;
                world.set_slot(frame.this, balance(call.to), sum.into());
                return Ok(true.abi_encode());
            }
            Err(Vec::new())
        });
    let owner = who("ann");
    city.fund(owner);
    (city, owner)
}

fn permitted(owner: Address, amount: u128) -> wire::depositWithPermitCall {
    wire::depositWithPermitCall {
        account: who("bob"),
        amount: wide(amount),
        deadline: U256::from(9),
        v: 27,
        r: keccak256((owner, wide(amount)).abi_encode()),
        s: REASON,
    }
}

#[test]
fn a_permit_pays_for_what_it_says_and_for_whom_its_owner_says() {
    let (city, owner) = with_permits();
    let failed = || wire::PaymentFailed {
        to: here(),
        amount: wide(70),
    };
    // Without one, with another's, and with one for another amount, nothing moves.
    city.refused(owner, deposit(owner, 70), failed());
    city.refused(owner, permitted(STRANGER, 70), failed());
    let mut other = permitted(owner, 71);
    other.amount = wide(70);
    city.refused(owner, other, failed());
    city.call(owner, permitted(owner, 70)).unwrap();
    assert_eq!((city.credit(who("bob")), city.credit(owner)), (70, 0));
    let again = city.call(owner, permitted(owner, 70)).err();
    assert_eq!(again, Some(failed().abi_encode()), "a permit is used once");
    let mission = city.opened("sponsor", EPOCH);
    let with = permitted(owner, 30);
    let fund = wire::fundMissionWithPermitCall {
        missionId: mission,
        amount: with.amount,
        deadline: with.deadline,
        v: with.v,
        r: with.r,
        s: with.s,
    };
    city.call(owner, fund).unwrap();
    assert_eq!(city.escrow(mission).deposited, 30);
    city.balanced();
}

#[test]
fn a_permit_that_somebody_relayed_before_is_no_obstacle() {
    let (city, owner) = with_permits();
    let with = permitted(owner, 70);
    let front = erc20::permitCall {
        owner,
        spender: here(),
        value: with.amount,
        deadline: with.deadline,
        v: with.v,
        r: with.r,
        s: with.s,
    };
    city.world.call(STRANGER, TOKEN, front).unwrap();
    city.call(owner, with).unwrap();
    assert_eq!(city.credit(who("bob")), 70);
    // An allowance that is too small for what is asked does not help.
    let failed = wire::PaymentFailed {
        to: here(),
        amount: wide(1),
    };
    city.refused(owner, permitted(STRANGER, 1), failed);
}

// ------------------------------------------------------------------ receivers

#[test]
fn a_receiver_that_calls_back_takes_nothing_twice() {
    for inner in 0..8 {
        let city = City::new();
        let mission = city.opened("sponsor", EPOCH);
        let (name, data) = moving(&city, mission).swap_remove(inner);
        let wallet = Address::repeat_byte(0x3a);
        city.rich("others", 1_000);
        let payer = city.rich("payer", 1);
        let account = wallet;
        city.pay(payer, 100, deposit(account, 100)).unwrap();
        let heard = Rc::new(RefCell::new(Vec::new()));
        let hear = heard.clone();
        let coins = u64::from(matches!(name, "deposit" | "fundMission" | "contribute")) * 5;
        city.world
            .install(wallet, keccak256("wallet"), move |frame, input| {
                if input == b"go" {
                    let call = wire::withdrawCall {}.abi_encode();
                    return frame.call(here(), U256::ZERO, &call, false, u64::MAX);
                }
                let answer = frame.call(here(), U256::from(coins), &data, false, u64::MAX);
                hear.borrow_mut().push(answer);
                Ok(Vec::new())
            });
        city.world
            .transact(STRANGER, wallet, U256::ZERO, b"go")
            .unwrap();
        assert_eq!(
            *heard.borrow(),
            [Err(wire::Reentered {}.abi_encode())],
            "{name}"
        );
        assert_eq!(
            (city.credit(wallet), city.balance(wallet)),
            (0, 100),
            "{name}"
        );
        city.balanced();
    }
}

#[test]
fn a_receiver_reads_the_books_as_its_payment_leaves_them() {
    let city = City::new();
    let wallet = Address::repeat_byte(0x3a);
    city.rich("others", 1_000);
    let payer = city.rich("payer", 1);
    city.pay(payer, 100, deposit(wallet, 100)).unwrap();
    let booked = city.booked();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let see = seen.clone();
    city.world
        .install(wallet, keccak256("wallet"), move |frame, input| {
            if input == b"go" {
                let call = wire::withdrawCall {}.abi_encode();
                return frame.call(here(), U256::ZERO, &call, false, u64::MAX);
            }
            for call in [
                wire::bookedCall {}.abi_encode(),
                wire::creditsCall { account: wallet }.abi_encode(),
            ] {
                let answer = frame.call(here(), U256::ZERO, &call, false, u64::MAX);
                see.borrow_mut().push(answer);
            }
            Ok(Vec::new())
        });
    city.world
        .transact(STRANGER, wallet, U256::ZERO, b"go")
        .unwrap();
    assert_eq!(
        *seen.borrow(),
        [booked - 100, 0].map(|amount| Ok(wide(amount).abi_encode()))
    );
    city.balanced();
}

#[test]
fn a_receiver_that_refuses_or_burns_harms_nobody_but_itself() {
    let city = City::new();
    let agent = Address::repeat_byte(0x3a);
    // It reverts whenever coins come, whatever gas it is given.
    city.world.install(agent, keccak256("burner"), |frame, _| {
        assert!(frame.gas > 0);
        Err(vec![0xee; 64])
    });
    let ann = who("ann");
    let mission = city.mission("sponsor", 1_000);
    // It is paid like everybody: nothing is sent to it.
    let seats = vec![seat(agent, 500_000, 500), seat(ann, 500_000, 500)];
    city.tell(Peer::Collaboration, settle(mission, 0, 1_000, seats));
    assert_eq!((city.credit(agent), city.credit(ann)), (485, 485));
    let failed = wire::PaymentFailed {
        to: agent,
        amount: wide(485),
    };
    city.refused(agent, wire::withdrawCall {}, failed);
    city.call(ann, wire::withdrawCall {}).unwrap();
    let to = who("other");
    city.call(
        agent,
        wire::withdrawToCall {
            to,
            amount: wide(485),
        },
    )
    .unwrap();
    assert_eq!(city.balance(to), 485);
    city.balanced();
}

#[test]
fn coins_that_are_forced_upon_it_change_no_price_and_no_book() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 10);
    let pool = city.pool_for(agent, 100, 100);
    city.world.mint(here(), 1_000_000);
    let late = city.rich("late", 50);
    city.call(late, join(pool, 50)).unwrap();
    assert_eq!(city.pool(pool).shares, 350, "a donation inflates no share");
    assert_eq!(city.booked() + 1_000_000, city.balance(here()));
    city.call(STRANGER, wire::skimCall {}).unwrap();
    assert_eq!(city.booked(), city.balance(here()));
    city.balanced();
}

// ------------------------------------------------------------------ farming

#[test]
fn a_sponsor_who_hires_himself_pays_more_than_he_gets() {
    let city = City::new();
    let friend = who("friend");
    // A full subsidy budget, the best reputation, and nobody asks whose agent it is.
    let payer = city.mission("patron", 1_000_000);
    city.tell(
        Peer::Collaboration,
        settle(
            payer,
            0,
            1_000_000,
            vec![seat(who("cid"), 500_000, 1_000_000)],
        ),
    );
    let budget = city.parts().subsidyBudget;
    assert_eq!(budget, wide(10_000));
    let mission = city.mission("sponsor", 100_000);
    for node in 0..100 {
        city.tell(
            Peer::Collaboration,
            settle(mission, node, 1_000, vec![seat(friend, 1_000_000, 1_000)]),
        );
    }
    // 970 and a subsidy of at most the fee, 20: each round costs 10.
    assert_eq!(city.credit(friend), 99_000);
    city.balanced();
    // Where the mission's cap is nought, nothing of the subsidies goes out at all.
    city.set(EPOCH, ParameterId::MissionSubsidyCapBps, 0);
    let mission = city.mission("sponsor", 1_000);
    city.tell(
        Peer::Collaboration,
        settle(mission, 0, 1_000, vec![seat(friend, 1_000_000, 1_000)]),
    );
    assert_eq!(city.credit(friend), 99_970);
}

#[test]
fn a_majority_that_leaves_an_honest_seat_out_gains_nothing() {
    let city = City::new();
    let (ann, cid) = (who("ann"), who("cid"));
    let seats = |all: bool| {
        let mut seats = vec![seat(ann, 500_000, 300), seat(cid, 500_000, 300)];
        if all {
            seats.push(seat(who("eve"), 500_000, 300));
        }
        seats
    };
    let mission = city.mission("sponsor", 1_800);
    city.tell(Peer::Collaboration, settle(mission, 0, 900, seats(true)));
    let fair = city.credit(ann);
    city.tell(Peer::Collaboration, settle(mission, 1, 900, seats(false)));
    assert_eq!(city.credit(ann), 2 * fair, "the same, whoever agreed");
    city.end(mission);
    city.call(STRANGER, wire::closeEscrowCall { missionId: mission })
        .unwrap();
    assert_eq!(
        city.credit(who("sponsor")),
        300,
        "the rest is the sponsor's"
    );
}

#[test]
fn a_stake_that_was_promised_to_one_mission_is_not_another_missions() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 100);
    let own = agent.into_word();
    city.tell(Peer::Legislature, reserve(1, own, agent, 100));
    // A mission of another session, by whoever, takes nothing of it; nor does the agent's own withdrawal.
    let theirs = city.mission("mallory", 1);
    let short = wire::InsufficientStake {
        source: own,
        available: U256::ZERO,
        needed: wide(100),
    };
    city.refused(
        member(Peer::Statute),
        lock(theirs, 2, own, agent, 100),
        short,
    );
    let nothing = wire::InvalidAmount { amount: U256::ZERO };
    city.refused(agent, wire::withdrawCall {}, nothing);
}

#[test]
fn the_insurance_is_not_drained_by_many_claims() {
    let city = City::new();
    let giver = city.rich("giver", 1);
    city.pay(giver, 10_000, contribute(wire::Fund::Insurance, 10_000))
        .unwrap();
    let panel = member(Peer::Adjudication);
    let mission = city.mission("sponsor", 1_000_000);
    let mut taken = 0;
    for number in 0..10 {
        let agent = city.agent(&format!("agent {number}"), "bob", 10);
        city.seat(mission, agent, 1, 1_000_000);
        let left = city.parts().insurance.to::<u128>();
        let most = left / 10;
        let limit = wire::InsuranceLimit {
            available: wide(left),
            limit: wide(most),
            needed: wide(most + 1),
        };
        city.refused(panel, claim(mission, agent, most + 1), limit);
        city.call(panel, claim(mission, agent, most)).unwrap();
        taken += most;
    }
    // Ten claims of a tenth each leave a third.
    assert_eq!(city.parts().insurance, wide(10_000 - taken));
    assert!(taken < 6_600);
    city.balanced();
}

#[test]
fn a_participant_does_not_run_from_the_loss_it_sees_coming() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 10);
    let pool = city.pool_for(agent, 100, 300);
    let mission = city.mission("sponsor", 10);
    city.stake_from(mission, pool, agent, 150);
    let obligated = wire::PoolObligated {
        poolId: pool,
        openObligations: 1,
    };
    city.refused(who("pat"), leave(pool, 100), obligated);
    city.tell(Peer::Collaboration, slash(mission, agent, 150));
    for name in ["pat", "quin", "rae"] {
        city.call(who(name), leave(pool, 100)).unwrap();
        assert_eq!(city.credit(who(name)), 50, "each loses the same");
    }
}

#[test]
fn a_child_takes_nothing_that_other_nodes_are_paid_from() {
    let city = City::new();
    let parent = city.mission("sponsor", 1_000);
    let work = member(Peer::Collaboration);
    // Node 0 is given to one child after another; each spends all it gets.
    for number in 0..4 {
        let child = city.opened("sponsor", EPOCH);
        city.know(child, MissionState::Pending, parent, 0);
        let lent = city.call(work, shift(parent, child, 300)).unwrap();
        assert_eq!(lent, wide(if number == 0 { 300 } else { 0 }));
    }
    // The others are still paid to the last unit.
    city.tell(
        Peer::Collaboration,
        settle(parent, 1, 700, vec![seat(STRANGER, 500_000, 700)]),
    );
    city.balanced();
}

#[test]
fn no_halt_and_no_silence_of_a_peer_keeps_money_in() {
    let city = City::new();
    let agent = city.agent("ann", "bob", 100);
    let mission = city.mission("sponsor", 1_000);
    city.stake(mission, agent, 100);
    city.end(mission);
    city.world.warp(SANCTION);
    // Every other contract of the city refuses everything from now on.
    for peer in Peer::ALL {
        if peer != Peer::Treasury {
            city.world
                .install(member(peer), keccak256("halted"), |_, _| Err(vec![1]));
        }
    }
    city.call(STRANGER, wire::closeEscrowCall { missionId: mission })
        .unwrap();
    city.call(STRANGER, release(mission, agent)).unwrap();
    city.call(agent, wire::withdrawCall {}).unwrap();
    city.call(who("sponsor"), wire::withdrawCall {}).unwrap();
    assert_eq!(city.booked(), 0);
}
