//! The program against its interface, and the layout of its storage.

use std::collections::BTreeSet;

use agentcity_abi::{ISettlementToken as wire, ISettlementToken::ISettlementTokenCalls as Calls};
use agentcity_token::storage::SettlementToken;
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolInterface};
use stylus_sdk::abi::Router;

use crate::chain::{BOB, CARA, Chain, MINTER};

/// Whether the program's router knows a selector. Without arguments most calls fail to decode, which is an answer too.
fn is_routed(selector: [u8; 4]) -> bool {
    let mut token = SettlementToken::from(&Chain::new());
    let selector = u32::from_be_bytes(selector);
    <SettlementToken as Router<SettlementToken>>::route(&mut token, selector, &[]).is_some()
}

#[test]
fn every_function_of_the_interface_is_routed() {
    for selector in Calls::selectors() {
        assert!(
            is_routed(selector),
            "{:?}",
            Calls::name_by_selector(selector)
        );
    }
    assert!(!is_routed([0; 4]));
}

#[test]
fn nothing_else_is_routed() {
    // A router has no list to ask: count the methods of its one public block.
    let source = include_str!("../../src/lib.rs");
    let (_, public) = source.split_once("#[public]").unwrap();
    let (public, _) = public.split_once("\n}\n").unwrap();
    let methods = public.matches("pub fn ").count();
    // The constructor is not routed by a selector of the interface.
    assert_eq!(methods - 1, Calls::COUNT);
    assert_eq!(source.matches("#[public]").count(), 1);
    assert_eq!(
        Calls::selectors().collect::<BTreeSet<_>>().len(),
        Calls::COUNT
    );
}

#[test]
fn native_coin_is_refused_by_every_function() {
    let chain = Chain::new();
    chain.vm.set_value(U256::from(1));
    for selector in Calls::selectors() {
        assert_eq!(chain.transact(MINTER, selector.to_vec()), Err(Vec::new()));
    }
    let call = wire::totalSupplyCall {}.abi_encode();
    assert!(chain.transact(MINTER, call.clone()).is_err());
    chain.vm.set_value(U256::ZERO);
    assert!(chain.transact(MINTER, call).is_ok());
}

#[test]
fn malformed_calls_are_refused() {
    let chain = Chain::new();
    chain.mint(BOB, 10);
    let call = wire::transferCall {
        to: CARA,
        value: U256::from(1),
    }
    .abi_encode();
    let mut dirty = call.clone();
    dirty[4] = 1;
    let unknown = [0xff; 4].to_vec();
    for input in [
        Vec::new(),
        call[..3].to_vec(),
        call[..4].to_vec(),
        call[..67].to_vec(),
        dirty,
        unknown,
    ] {
        assert_eq!(
            chain.transact(BOB, input.clone()),
            Err(Vec::new()),
            "{input:?}"
        );
    }
    assert!(chain.transact(BOB, call).is_ok());
}

#[test]
fn slots_are_laid_out_as_documented() {
    let chain = Chain::new();
    let text = |text: &str| {
        let mut word = B256::right_padding_from(text.as_bytes());
        word[31] = 2 * text.len() as u8;
        word
    };
    let mut minter = MINTER.into_word();
    minter[11] = 6;
    assert_eq!(chain.slot(U256::from(0)), minter);
    assert_eq!(chain.slot(U256::from(1)), text("City Token"));
    assert_eq!(chain.slot(U256::from(2)), text("CITY"));

    let word = |value: u64| B256::from(U256::from(value));
    let entry = |key: B256, slot: B256| keccak256([key, slot].concat());
    chain.mint(BOB, 10);
    assert_eq!(chain.slot(U256::from(3)), word(10));
    assert_eq!(chain.slot(entry(BOB.into_word(), word(4)).into()), word(10));

    chain
        .call(
            BOB,
            wire::approveCall {
                spender: CARA,
                value: U256::MAX,
            },
        )
        .unwrap();
    let allowance = entry(CARA.into_word(), entry(BOB.into_word(), word(5)));
    assert_eq!(chain.slot(allowance.into()), B256::repeat_byte(0xff));
    // Three of metadata, supply, one account, one allowance, and the constructor's mark.
    assert_eq!(chain.slots_written(), 7);
}
