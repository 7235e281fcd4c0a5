//! What a token is born with, and never again.

use agentcity_abi::ISettlementToken as wire;
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolError;

use crate::chain::{BOB, Chain, MINTER};

#[test]
fn a_token_tells_what_it_was_constructed_with() {
    let chain = Chain::new();
    assert_eq!(chain.call(BOB, wire::nameCall {}).unwrap(), "City Token");
    assert_eq!(chain.call(BOB, wire::symbolCall {}).unwrap(), "CITY");
    assert_eq!(chain.call(BOB, wire::decimalsCall {}).unwrap(), 6);
    assert_eq!(chain.call(BOB, wire::minterCall {}).unwrap(), MINTER);
    assert_eq!(
        chain.call(BOB, wire::totalSupplyCall {}).unwrap(),
        U256::ZERO
    );
}

#[test]
fn texts_of_1_to_31_bytes_are_kept() {
    let longest = "a name of exactly thirty-one by";
    assert_eq!(longest.len(), 31);
    for (name, symbol) in [(longest, "X"), ("X", longest), ("Ünïcödé", "₿")] {
        let chain = Chain::bare();
        chain.construct(name, symbol, 18, MINTER).unwrap();
        assert_eq!(chain.call(BOB, wire::nameCall {}).unwrap(), name);
        assert_eq!(chain.call(BOB, wire::symbolCall {}).unwrap(), symbol);
    }
}

#[test]
fn refuses_empty_and_long_texts() {
    let (long, longer) = ("a name of exactly thirty-two byt", "x".repeat(300));
    assert_eq!(long.len(), 32);
    for (name, symbol, length) in [
        ("", "X", 0),
        ("X", "", 0),
        (long, "X", 32),
        ("X", long, 32),
        (&longer, "X", 300),
    ] {
        let data = Chain::bare()
            .construct(name, symbol, 18, MINTER)
            .unwrap_err();
        let refusal = wire::InvalidTextLength::abi_decode_validate(&data).unwrap();
        assert_eq!(refusal.length, U256::from(length));
    }
}

#[test]
fn refuses_the_zero_address_as_minter() {
    let data = Chain::bare()
        .construct("X", "X", 18, Address::ZERO)
        .unwrap_err();
    assert_eq!(
        wire::InvalidMinter::abi_decode_validate(&data)
            .unwrap()
            .minter,
        Address::ZERO
    );
}

#[test]
fn constructs_once() {
    let chain = Chain::new();
    assert_eq!(chain.construct("Other", "OTHER", 18, BOB), Err(Vec::new()));
    assert_eq!(chain.call(BOB, wire::minterCall {}).unwrap(), MINTER);
}

#[test]
fn a_refused_construction_can_be_repeated() {
    let chain = Chain::bare();
    chain.construct("", "X", 18, MINTER).unwrap_err();
    chain.construct("X", "X", 18, MINTER).unwrap();
}
