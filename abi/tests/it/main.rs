//! The bindings and the exported JSON say the same, signature by signature.

use std::collections::BTreeSet;

use agentcity_abi::{ISettlementToken, SETTLEMENT_TOKEN_JSON};
use alloy_primitives::{B256, hex, keccak256};
use alloy_sol_types::{SolEventInterface, SolInterface};
use serde_json::Value;

/// `name(type,…)` of every entry of `kind`. Interfaces use no tuples so far; one would need its components spelt out.
fn signatures(kind: &str) -> BTreeSet<String> {
    let abi: Vec<Value> = serde_json::from_str(SETTLEMENT_TOKEN_JSON).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    abi.iter()
        .filter(|entry| entry["type"] == kind)
        .map(|entry| {
            let types: Vec<_> = entry["inputs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|input| text(&input["type"]))
                .collect();
            assert!(
                !types.iter().any(|name| name.starts_with("tuple")),
                "spell out tuples: {entry}"
            );
            format!("{}({})", text(&entry["name"]), types.join(","))
        })
        .collect()
}

fn selectors(kind: &str) -> BTreeSet<[u8; 4]> {
    signatures(kind)
        .iter()
        .map(|signature| keccak256(signature)[..4].try_into().unwrap())
        .collect()
}

fn bound<I: SolInterface>() -> BTreeSet<[u8; 4]> {
    (0..I::COUNT).filter_map(I::selector_at).collect()
}

#[test]
fn functions_agree() {
    let json = selectors("function");
    assert_eq!(bound::<ISettlementToken::ISettlementTokenCalls>(), json);
    assert_eq!(json.len(), 15);
}

#[test]
fn errors_agree() {
    let json = selectors("error");
    assert_eq!(bound::<ISettlementToken::ISettlementTokenErrors>(), json);
    assert_eq!(json.len(), 14);
}

#[test]
fn events_agree() {
    let json: BTreeSet<B256> = signatures("event").iter().map(keccak256).collect();
    let bound: BTreeSet<B256> = ISettlementToken::ISettlementTokenEvents::SELECTORS
        .iter()
        .map(|topic| B256::new(*topic))
        .collect();
    assert_eq!(bound, json);
    assert_eq!(json.len(), ISettlementToken::ISettlementTokenEvents::COUNT);
}

#[test]
fn indexed_fields_agree() {
    let abi: Vec<Value> = serde_json::from_str(SETTLEMENT_TOKEN_JSON).unwrap();
    for event in abi.iter().filter(|entry| entry["type"] == "event") {
        let indexed = event["inputs"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|input| input["indexed"] == true)
            .count();
        let topics = match event["name"].as_str().unwrap() {
            "Transfer" => topics::<ISettlementToken::Transfer>(),
            "Approval" => topics::<ISettlementToken::Approval>(),
            other => panic!("compare the indexed fields of {other} here"),
        };
        assert_eq!(topics, 1 + indexed, "{event}");
    }
}

fn topics<E: alloy_sol_types::SolEvent>() -> usize {
    use alloy_sol_types::TopicList;
    E::TopicList::COUNT
}

#[test]
fn the_token_is_an_erc_20_with_permit() {
    // Selectors as wallets and explorers know them, from the standards and not from our file.
    for (name, selector) in [
        ("name()", "06fdde03"),
        ("symbol()", "95d89b41"),
        ("decimals()", "313ce567"),
        ("totalSupply()", "18160ddd"),
        ("balanceOf(address)", "70a08231"),
        ("transfer(address,uint256)", "a9059cbb"),
        ("transferFrom(address,address,uint256)", "23b872dd"),
        ("approve(address,uint256)", "095ea7b3"),
        ("allowance(address,address)", "dd62ed3e"),
        (
            "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
            "d505accf",
        ),
        ("nonces(address)", "7ecebe00"),
        ("DOMAIN_SEPARATOR()", "3644e515"),
        ("eip712Domain()", "84b0196e"),
    ] {
        assert!(signatures("function").contains(name), "{name}");
        let selector: [u8; 4] = hex::decode(selector).unwrap().try_into().unwrap();
        assert!(
            ISettlementToken::ISettlementTokenCalls::valid_selector(selector),
            "{name}"
        );
    }
}
