//! The bindings and the exported JSON say the same, signature by signature, for every interface.

mod document;
mod properties;
mod roles;
mod stubs;

use std::{collections::BTreeSet, path::Path};

use alloy_primitives::{B256, hex, keccak256};
use alloy_sol_types::SolInterface;
use serde_json::Value;

/// An interface as bound.
struct Bound {
    name: &'static str,
    functions: BTreeSet<[u8; 4]>,
    errors: BTreeSet<[u8; 4]>,
    events: BTreeSet<B256>,
}

fn selectors_of<I: SolInterface>() -> BTreeSet<[u8; 4]> {
    (0..I::COUNT).filter_map(I::selector_at).collect()
}

/// The bindings of each interface; its module is its name. One without events has no enum of them.
macro_rules! bound {
    ($($name:ident $calls:ident $errors:ident $($events:ident)?;)*) => {
        fn all() -> Vec<Bound> {
            vec![$({
                use agentcity_abi::$name as wire;
                Bound {
                    name: stringify!($name),
                    functions: selectors_of::<wire::$calls>(),
                    errors: selectors_of::<wire::$errors>(),
                    events: {
                        let topics: &[&[[u8; 32]]] = &[$(wire::$events::SELECTORS)?];
                        topics.iter().copied().flatten().map(|topic| B256::new(*topic)).collect()
                    },
                }
            }),*]
        }
    };
}

bound! {
    IAdjudication IAdjudicationCalls IAdjudicationErrors IAdjudicationEvents;
    IAgent IAgentCalls IAgentErrors IAgentEvents;
    IArbWasm IArbWasmCalls IArbWasmErrors IArbWasmEvents;
    IAssembly IAssemblyCalls IAssemblyErrors IAssemblyEvents;
    ICollaboration ICollaborationCalls ICollaborationErrors ICollaborationEvents;
    IConstitution IConstitutionCalls IConstitutionErrors IConstitutionEvents;
    IEnactment IEnactmentCalls IEnactmentErrors IEnactmentEvents;
    IGuardian IGuardianCalls IGuardianErrors IGuardianEvents;
    ILegislature ILegislatureCalls ILegislatureErrors ILegislatureEvents;
    IManagement IManagementCalls IManagementErrors IManagementEvents;
    IPredicate IPredicateCalls IPredicateErrors;
    IRoster IRosterCalls IRosterErrors IRosterEvents;
    IService IServiceCalls IServiceErrors IServiceEvents;
    ISettlementToken ISettlementTokenCalls ISettlementTokenErrors ISettlementTokenEvents;
    IStatute IStatuteCalls IStatuteErrors IStatuteEvents;
    IStylusDeployer IStylusDeployerCalls IStylusDeployerErrors IStylusDeployerEvents;
    ITreasury ITreasuryCalls ITreasuryErrors ITreasuryEvents;
    IVerification IVerificationCalls IVerificationErrors IVerificationEvents;
    IVerifier IVerifierCalls IVerifierErrors;
}

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn entries(name: &str, kind: &str) -> Vec<Value> {
    let file = folder("json").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&file)
        .unwrap_or_else(|e| panic!("{}: {e}; run `cargo xtask build`", file.display()));
    let abi: Vec<Value> = serde_json::from_str(&text).unwrap();
    abi.into_iter()
        .filter(|entry| entry["type"] == kind)
        .collect()
}

/// The type as a signature spells it: tuples by their components.
fn spelt(input: &Value) -> String {
    let name = input["type"].as_str().unwrap();
    match name.strip_prefix("tuple") {
        None => name.to_owned(),
        Some(array) => {
            let parts: Vec<_> = input["components"]
                .as_array()
                .unwrap()
                .iter()
                .map(spelt)
                .collect();
            format!("({}){array}", parts.join(","))
        }
    }
}

fn signature(entry: &Value) -> String {
    let types: Vec<_> = entry["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(spelt)
        .collect();
    format!("{}({})", entry["name"].as_str().unwrap(), types.join(","))
}

fn exported(name: &str, kind: &str) -> BTreeSet<B256> {
    let entries = entries(name, kind);
    let hashes: BTreeSet<B256> = entries
        .iter()
        .map(|entry| keccak256(signature(entry)))
        .collect();
    assert_eq!(
        hashes.len(),
        entries.len(),
        "a {kind} of {name} stands twice"
    );
    hashes
}

fn exported_selectors(name: &str, kind: &str) -> BTreeSet<[u8; 4]> {
    exported(name, kind)
        .iter()
        .map(|hash| hash[..4].try_into().unwrap())
        .collect()
}

#[test]
fn every_interface_has_its_json_and_every_json_its_interface() {
    let names = |kind: &str, ending: &str| -> BTreeSet<String> {
        std::fs::read_dir(folder(kind))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
            .collect()
    };
    let interfaces = names("sol", ".sol");
    assert_eq!(interfaces, names("json", ".json"));
    let bound: BTreeSet<String> = all().iter().map(|bound| bound.name.to_owned()).collect();
    assert_eq!(interfaces, bound, "compare every interface here");
}

#[test]
fn functions_agree() {
    for bound in all() {
        assert_eq!(
            bound.functions,
            exported_selectors(bound.name, "function"),
            "{}",
            bound.name
        );
        assert!(!bound.functions.is_empty());
    }
}

#[test]
fn errors_agree() {
    for bound in all() {
        assert_eq!(
            bound.errors,
            exported_selectors(bound.name, "error"),
            "{}",
            bound.name
        );
        assert!(!bound.errors.is_empty());
    }
}

#[test]
fn events_agree() {
    for bound in all() {
        assert_eq!(
            bound.events,
            exported(bound.name, "event"),
            "{}",
            bound.name
        );
    }
}

#[test]
fn the_token_is_an_erc_20_with_permit() {
    use agentcity_abi::ISettlementToken::ISettlementTokenCalls;
    let functions = exported("ISettlementToken", "function");
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
        assert!(ISettlementTokenCalls::valid_selector(selector), "{name}");
    }
}
