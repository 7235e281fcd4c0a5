//! The bindings and the exported JSON say the same, signature by signature, for every interface.

use std::collections::BTreeSet;

use agentcity_abi::{
    ARB_WASM_JSON, IArbWasm, ISettlementToken, IStylusDeployer, SETTLEMENT_TOKEN_JSON,
    STYLUS_DEPLOYER_JSON,
};
use alloy_primitives::{B256, hex, keccak256};
use alloy_sol_types::{SolEvent, SolInterface, TopicList};
use serde_json::Value;

/// An interface as exported, and as bound.
struct Pair {
    json: &'static str,
    functions: BTreeSet<[u8; 4]>,
    errors: BTreeSet<[u8; 4]>,
    events: BTreeSet<B256>,
    /// Names of the events, with the number of their topics.
    topics: Vec<(&'static str, usize)>,
}

fn selectors_of<I: SolInterface>() -> BTreeSet<[u8; 4]> {
    (0..I::COUNT).filter_map(I::selector_at).collect()
}

fn topics<E: SolEvent>() -> (&'static str, usize) {
    let (name, _) = E::SIGNATURE.split_once('(').unwrap();
    (name, E::TopicList::COUNT)
}

fn pairs() -> [Pair; 3] {
    let words = |topics: &[[u8; 32]]| topics.iter().map(|topic| B256::new(*topic)).collect();
    [
        Pair {
            json: SETTLEMENT_TOKEN_JSON,
            functions: selectors_of::<ISettlementToken::ISettlementTokenCalls>(),
            errors: selectors_of::<ISettlementToken::ISettlementTokenErrors>(),
            events: words(ISettlementToken::ISettlementTokenEvents::SELECTORS),
            topics: vec![
                topics::<ISettlementToken::Approval>(),
                topics::<ISettlementToken::Transfer>(),
            ],
        },
        Pair {
            json: ARB_WASM_JSON,
            functions: selectors_of::<IArbWasm::IArbWasmCalls>(),
            errors: selectors_of::<IArbWasm::IArbWasmErrors>(),
            events: words(IArbWasm::IArbWasmEvents::SELECTORS),
            topics: vec![
                topics::<IArbWasm::ProgramActivated>(),
                topics::<IArbWasm::ProgramLifetimeExtended>(),
            ],
        },
        Pair {
            json: STYLUS_DEPLOYER_JSON,
            functions: selectors_of::<IStylusDeployer::IStylusDeployerCalls>(),
            errors: selectors_of::<IStylusDeployer::IStylusDeployerErrors>(),
            events: words(IStylusDeployer::IStylusDeployerEvents::SELECTORS),
            topics: vec![topics::<IStylusDeployer::ContractDeployed>()],
        },
    ]
}

fn entries(json: &str, kind: &str) -> Vec<Value> {
    let abi: Vec<Value> = serde_json::from_str(json).unwrap();
    abi.into_iter()
        .filter(|entry| entry["type"] == kind)
        .collect()
}

/// `name(type,…)`. Interfaces use no tuples so far; one would need its components spelt out.
fn signature(entry: &Value) -> String {
    let types: Vec<_> = entry["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["type"].as_str().unwrap())
        .collect();
    assert!(
        !types.iter().any(|name| name.starts_with("tuple")),
        "spell out tuples: {entry}"
    );
    format!("{}({})", entry["name"].as_str().unwrap(), types.join(","))
}

fn exported(json: &str, kind: &str) -> BTreeSet<B256> {
    let entries = entries(json, kind);
    let hashes: BTreeSet<B256> = entries
        .iter()
        .map(|entry| keccak256(signature(entry)))
        .collect();
    assert_eq!(hashes.len(), entries.len(), "a {kind} stands twice");
    hashes
}

fn exported_selectors(json: &str, kind: &str) -> BTreeSet<[u8; 4]> {
    exported(json, kind)
        .iter()
        .map(|hash| hash[..4].try_into().unwrap())
        .collect()
}

#[test]
fn every_interface_has_its_json_and_every_json_its_interface() {
    let names = |folder: &str, ending: &str| -> BTreeSet<String> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        std::fs::read_dir(path)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
            .collect()
    };
    let interfaces = names("sol", ".sol");
    assert_eq!(interfaces, names("json", ".json"));
    assert_eq!(
        interfaces.len(),
        pairs().len(),
        "compare every interface here"
    );
}

#[test]
fn functions_agree() {
    for pair in pairs() {
        assert_eq!(pair.functions, exported_selectors(pair.json, "function"));
        assert!(!pair.functions.is_empty());
    }
}

#[test]
fn errors_agree() {
    for pair in pairs() {
        assert_eq!(pair.errors, exported_selectors(pair.json, "error"));
        assert!(!pair.errors.is_empty());
    }
}

#[test]
fn events_and_their_indexed_fields_agree() {
    for pair in pairs() {
        assert_eq!(pair.events, exported(pair.json, "event"));
        let mut indexed: Vec<(String, usize)> = entries(pair.json, "event")
            .iter()
            .map(|event| {
                let inputs = event["inputs"].as_array().unwrap();
                let indexed = inputs.iter().filter(|input| input["indexed"] == true);
                (
                    event["name"].as_str().unwrap().to_owned(),
                    1 + indexed.count(),
                )
            })
            .collect();
        indexed.sort();
        let bound: Vec<_> = pair
            .topics
            .iter()
            .map(|(name, n)| ((*name).to_owned(), *n))
            .collect();
        assert_eq!(bound, indexed);
    }
}

#[test]
fn the_token_is_an_erc_20_with_permit() {
    let functions = exported(SETTLEMENT_TOKEN_JSON, "function");
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
        assert!(functions.contains(&keccak256(name)), "{name}");
        let selector: [u8; 4] = hex::decode(selector).unwrap().try_into().unwrap();
        assert!(
            ISettlementToken::ISettlementTokenCalls::valid_selector(selector),
            "{name}"
        );
    }
}
