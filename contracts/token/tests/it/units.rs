//! Units: minting, moving and allowing them.

use agentcity_abi::ISettlementToken as wire;
use alloy_primitives::{Address, U256};

use crate::chain::{BOB, CARA, Chain, MINTER};

fn units(value: u64) -> U256 {
    U256::from(value)
}

#[test]
fn the_minter_mints() {
    let chain = Chain::new();
    chain.mint(BOB, 70);
    chain.mint(BOB, 30);
    assert_eq!(chain.balance(BOB), 100);
    assert_eq!(
        chain.call(BOB, wire::totalSupplyCall {}).unwrap(),
        units(100)
    );
    let minted = |value| wire::Transfer {
        from: Address::ZERO,
        to: BOB,
        value: units(value),
    };
    assert_eq!(
        chain.take_events::<wire::Transfer>(),
        [minted(70), minted(30)]
    );
}

#[test]
fn nobody_else_mints() {
    let chain = Chain::new();
    for caller in [BOB, Address::ZERO] {
        chain.refused(
            caller,
            wire::mintCall {
                to: BOB,
                value: units(1),
            },
            wire::NotMinter { caller },
        );
    }
}

#[test]
fn minting_stops_at_the_supply_limit() {
    let chain = Chain::new();
    let limit = U256::from(u128::MAX);
    let mint = |value| wire::mintCall { to: BOB, value };
    let exceeded = |supply, added| wire::SupplyExceeded { supply, added };
    chain.refused(
        MINTER,
        mint(limit + units(1)),
        exceeded(U256::ZERO, limit + units(1)),
    );
    chain.call(MINTER, mint(limit)).unwrap();
    chain.refused(MINTER, mint(units(1)), exceeded(limit, units(1)));
    chain.refused(MINTER, mint(U256::MAX), exceeded(limit, U256::MAX));
    chain.call(MINTER, mint(U256::ZERO)).unwrap();
    assert_eq!(
        chain
            .call(BOB, wire::balanceOfCall { account: BOB })
            .unwrap(),
        limit
    );
}

#[test]
fn units_are_not_minted_to_nobody() {
    let receiver = Address::ZERO;
    let mint = wire::mintCall {
        to: receiver,
        value: units(1),
    };
    Chain::new().refused(MINTER, mint, wire::ERC20InvalidReceiver { receiver });
}

#[test]
fn a_transfer_moves_units_and_says_so() {
    let chain = Chain::new();
    chain.mint(BOB, 10);
    chain.take_events::<wire::Transfer>();
    assert!(
        chain
            .call(
                BOB,
                wire::transferCall {
                    to: CARA,
                    value: units(4)
                }
            )
            .unwrap()
    );
    assert!(
        chain
            .call(
                BOB,
                wire::transferCall {
                    to: CARA,
                    value: units(0)
                }
            )
            .unwrap()
    );
    assert_eq!((chain.balance(BOB), chain.balance(CARA)), (6, 4));
    let moved = |value| wire::Transfer {
        from: BOB,
        to: CARA,
        value: units(value),
    };
    assert_eq!(chain.take_events::<wire::Transfer>(), [moved(4), moved(0)]);
}

#[test]
fn a_transfer_to_oneself_keeps_the_balance() {
    let chain = Chain::new();
    chain.mint(BOB, 10);
    chain
        .call(
            BOB,
            wire::transferCall {
                to: BOB,
                value: units(10),
            },
        )
        .unwrap();
    assert_eq!(chain.balance(BOB), 10);
    let too_much = wire::transferCall {
        to: BOB,
        value: units(11),
    };
    let refusal = wire::ERC20InsufficientBalance {
        sender: BOB,
        balance: units(10),
        needed: units(11),
    };
    chain.refused(BOB, too_much, refusal);
}

#[test]
fn a_transfer_of_more_than_is_held_is_refused() {
    let chain = Chain::new();
    chain.mint(BOB, 10);
    for needed in [units(11), U256::from(1) << 128, U256::MAX] {
        let refusal = wire::ERC20InsufficientBalance {
            sender: BOB,
            balance: units(10),
            needed,
        };
        chain.refused(
            BOB,
            wire::transferCall {
                to: CARA,
                value: needed,
            },
            refusal,
        );
    }
}

#[test]
fn nobody_neither_sends_nor_receives() {
    let (chain, nobody) = (Chain::new(), Address::ZERO);
    chain.mint(BOB, 10);
    let to_nobody = wire::transferCall {
        to: nobody,
        value: units(1),
    };
    chain.refused(
        BOB,
        to_nobody,
        wire::ERC20InvalidReceiver { receiver: nobody },
    );
    let from_nobody = wire::transferCall {
        to: BOB,
        value: units(0),
    };
    chain.refused(
        nobody,
        from_nobody,
        wire::ERC20InvalidSender { sender: nobody },
    );
}

#[test]
fn an_allowance_is_set_replaced_and_used_up() {
    let chain = Chain::new();
    chain.mint(BOB, 100);
    chain.take_events::<wire::Transfer>();
    let approve = |value| wire::approveCall {
        spender: CARA,
        value: units(value),
    };
    assert!(chain.call(BOB, approve(5)).unwrap());
    assert!(chain.call(BOB, approve(50)).unwrap());
    let approved = |value| wire::Approval {
        owner: BOB,
        spender: CARA,
        value: units(value),
    };
    assert_eq!(
        chain.take_events::<wire::Approval>(),
        [approved(5), approved(50)]
    );

    let take = |value| wire::transferFromCall {
        from: BOB,
        to: MINTER,
        value: units(value),
    };
    assert!(chain.call(CARA, take(20)).unwrap());
    assert_eq!(chain.allowance(BOB, CARA), units(30));
    assert_eq!((chain.balance(BOB), chain.balance(MINTER)), (80, 20));
    let moved = wire::Transfer {
        from: BOB,
        to: MINTER,
        value: units(20),
    };
    assert_eq!(chain.take_events::<wire::Transfer>(), [moved]);

    let refusal = wire::ERC20InsufficientAllowance {
        spender: CARA,
        allowance: units(30),
        needed: units(31),
    };
    chain.refused(CARA, take(31), refusal);
    chain.call(CARA, take(30)).unwrap();
    assert_eq!(chain.allowance(BOB, CARA), U256::ZERO);
}

#[test]
fn an_allowance_is_for_one_spender_and_one_owner() {
    let chain = Chain::new();
    chain.mint(BOB, 10);
    chain
        .call(
            BOB,
            wire::approveCall {
                spender: CARA,
                value: units(5),
            },
        )
        .unwrap();
    assert_eq!(chain.allowance(CARA, BOB), U256::ZERO);
    let take = wire::transferFromCall {
        from: BOB,
        to: MINTER,
        value: units(1),
    };
    let refusal = wire::ERC20InsufficientAllowance {
        spender: MINTER,
        allowance: U256::ZERO,
        needed: units(1),
    };
    chain.refused(MINTER, take, refusal);
}

#[test]
fn an_unlimited_allowance_stays_unlimited() {
    let chain = Chain::new();
    chain.mint(BOB, 10);
    chain
        .call(
            BOB,
            wire::approveCall {
                spender: CARA,
                value: U256::MAX,
            },
        )
        .unwrap();
    chain
        .call(
            CARA,
            wire::transferFromCall {
                from: BOB,
                to: CARA,
                value: units(10),
            },
        )
        .unwrap();
    assert_eq!(chain.allowance(BOB, CARA), U256::MAX);
    assert_eq!(chain.balance(CARA), 10);
}

#[test]
fn an_allowance_beyond_the_balance_moves_nothing_and_stays() {
    let chain = Chain::new();
    chain.mint(BOB, 10);
    chain
        .call(
            BOB,
            wire::approveCall {
                spender: CARA,
                value: units(50),
            },
        )
        .unwrap();
    let take = wire::transferFromCall {
        from: BOB,
        to: CARA,
        value: units(11),
    };
    let refusal = wire::ERC20InsufficientBalance {
        sender: BOB,
        balance: units(10),
        needed: units(11),
    };
    chain.refused(CARA, take, refusal);
    assert_eq!(chain.allowance(BOB, CARA), units(50));
}

#[test]
fn nobody_neither_approves_nor_is_approved() {
    let (chain, nobody) = (Chain::new(), Address::ZERO);
    let to_nobody = wire::approveCall {
        spender: nobody,
        value: units(1),
    };
    chain.refused(
        BOB,
        to_nobody,
        wire::ERC20InvalidSpender { spender: nobody },
    );
    let by_nobody = wire::approveCall {
        spender: BOB,
        value: units(1),
    };
    chain.refused(
        nobody,
        by_nobody,
        wire::ERC20InvalidApprover { approver: nobody },
    );
}
