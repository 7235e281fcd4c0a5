//! Money in and out.

use agentcity_abi::ITreasury as wire;
use agentcity_world::token::Manners;
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolError;

use crate::city::*;

#[test]
fn what_is_paid_in_is_a_credit_and_comes_out_to_the_unit() {
    for city in [
        City::new(),
        City::with_token(Manners::Honest),
        City::with_token(Manners::Silent),
    ] {
        let (payer, account) = (who("ann"), who("bob"));
        city.fund(payer);
        city.world.take_logs();
        let amount = wide(70);
        city.pay(payer, 70, wire::depositCall { account, amount })
            .unwrap();
        let expected = wire::CreditDeposited {
            account,
            payer,
            amount,
        };
        assert_eq!(
            city.world.take_events::<wire::CreditDeposited>(),
            [expected]
        );
        assert_eq!((city.credit(account), city.credit(payer)), (70, 0));
        city.balanced();

        let to = who("cid");
        city.call(
            account,
            wire::withdrawToCall {
                to,
                amount: wide(30),
            },
        )
        .unwrap();
        let expected = wire::Withdrawn {
            account,
            to,
            amount: wide(30),
        };
        assert_eq!(city.world.take_events::<wire::Withdrawn>(), [expected]);
        assert_eq!((city.credit(account), city.balance(to)), (40, 30));
        assert_eq!(city.call(account, wire::withdrawCall {}), Ok(wide(40)));
        assert_eq!((city.balance(account), city.booked()), (40, 0));
        assert_eq!(city.balance(here()), 0);
        city.balanced();
    }
}

#[test]
fn nobody_takes_more_than_is_owed() {
    let city = City::new();
    let account = city.rich("ann", 70);
    let to = account;
    let less = |available: u128, needed: u128| wire::InsufficientCredit {
        account,
        available: wide(available),
        needed: wide(needed),
    };
    city.refused(
        account,
        wire::withdrawToCall {
            to,
            amount: wide(71),
        },
        less(70, 71),
    );
    let nothing = wire::InvalidAmount { amount: U256::ZERO };
    city.refused(
        account,
        wire::withdrawToCall {
            to,
            amount: U256::ZERO,
        },
        nothing.clone(),
    );
    city.refused(STRANGER, wire::withdrawCall {}, nothing);
    let nobody = wire::InvalidReceiver {
        receiver: Address::ZERO,
    };
    let call = wire::withdrawToCall {
        to: Address::ZERO,
        amount: wide(1),
    };
    city.refused(account, call, nobody);
    city.call(
        account,
        wire::withdrawToCall {
            to,
            amount: wide(70),
        },
    )
    .unwrap();
    assert_eq!(city.balance(account), PURSE);
}

#[test]
fn amounts_are_something_below_two_to_the_128th() {
    let city = City::new();
    let account = city.rich("ann", 70);
    for amount in [U256::ZERO, U256::from(1) << 128, U256::MAX] {
        let invalid = || wire::InvalidAmount { amount };
        city.refused(account, wire::depositCall { account, amount }, invalid());
        city.refused(
            account,
            wire::withdrawToCall {
                to: account,
                amount,
            },
            invalid(),
        );
        let mission = city.mission("sponsor", 10);
        let missionId = mission;
        city.refused(
            account,
            wire::fundMissionCall { missionId, amount },
            invalid(),
        );
        let from_credit = wire::fundMissionFromCreditCall { missionId, amount };
        city.refused(account, from_credit, invalid());
        let fund = wire::Fund::Insurance;
        city.refused(account, wire::contributeCall { fund, amount }, invalid());
    }
    // Beside what is booked already: one unit too many.
    let most = u128::MAX - city.booked();
    let amount = wide(most) + U256::from(1);
    let call = wire::depositCall { account, amount };
    city.refused(account, call, wire::InvalidAmount { amount });
    let amount = wide(most);
    let missing = wire::AmountMismatch {
        expected: amount,
        received: U256::ZERO,
    };
    city.refused(account, wire::depositCall { account, amount }, missing);
    city.world.mint(account, most);
    city.pay(account, most, wire::depositCall { account, amount })
        .unwrap();
    assert_eq!(city.booked(), u128::MAX);
    let one = wide(1);
    let call = wire::depositCall {
        account,
        amount: one,
    };
    city.refused(account, call, wire::InvalidAmount { amount: one });
    city.balanced();
    city.call(account, wire::withdrawCall {}).unwrap();
    city.balanced();
}

#[test]
fn coins_must_be_the_amount_and_nobody_can_be_owed_nothing() {
    let city = City::new();
    let account = who("ann");
    city.fund(account);
    let deposit = |account, amount: u128| wire::depositCall {
        account,
        amount: wide(amount),
    };
    for coins in [0, 69, 71] {
        let expected = wire::AmountMismatch {
            expected: wide(70),
            received: wide(coins),
        };
        city.world
            .refused(account, here(), coins, deposit(account, 70), expected);
    }
    let nobody = wire::InvalidReceiver {
        receiver: Address::ZERO,
    };
    city.world
        .refused(account, here(), 70, deposit(Address::ZERO, 70), nobody);
    assert_eq!(city.booked(), 0);
    let token = City::with_token(Manners::Honest);
    token.world.mint(account, 70);
    token.fund(account);
    let refused = token
        .world
        .call_with(account, here(), 70, deposit(account, 70));
    assert_eq!(refused.err(), Some(wire::NotPayable {}.abi_encode()));
    token.pay(account, 70, deposit(account, 70)).unwrap();
}

#[test]
fn a_coin_has_no_permits() {
    let city = City::new();
    let account = city.rich("ann", 70);
    let mission = city.mission("sponsor", 10);
    let missing = || wire::AmountMismatch {
        expected: wide(5),
        received: U256::ZERO,
    };
    let call = wire::depositWithPermitCall {
        account,
        amount: wide(5),
        deadline: U256::MAX,
        v: 27,
        r: REASON,
        s: REASON,
    };
    city.refused(account, call, missing());
    let call = wire::fundMissionWithPermitCall {
        missionId: mission,
        amount: wide(5),
        deadline: U256::MAX,
        v: 27,
        r: REASON,
        s: REASON,
    };
    city.refused(account, call, missing());
}
