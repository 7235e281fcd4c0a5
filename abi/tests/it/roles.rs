//! The role tables are complete: every function of every interface once, every event emitted by somebody, every signed
//! struct known.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_abi::roles::{CONTRACTS, Caller, Role, Table, roles, table};
use agentcity_domain::{act::Action, peer::Peer, signed::SignedStruct};

use crate::entries;

/// Names of the entries of a kind, with how often each stands.
fn names(contract: &str, kind: &str) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for entry in entries(&format!("I{contract}"), kind) {
        *names
            .entry(entry["name"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    names
}

/// Whether a function of the interface only reads.
pub(crate) fn views(contract: &str) -> BTreeSet<String> {
    entries(&format!("I{contract}"), "function")
        .into_iter()
        .filter(|entry| matches!(entry["stateMutability"].as_str(), Some("view" | "pure")))
        .map(|entry| entry["name"].as_str().unwrap().to_owned())
        .collect()
}

fn each_role(mut test: impl FnMut(&Table, &str, &Role)) {
    for table in roles() {
        for (function, role) in &table.functions {
            test(&table, function, role);
        }
    }
}

#[test]
fn every_function_of_every_interface_has_its_entry() {
    for table in roles() {
        let functions = names(table.contract, "function");
        let overloaded: Vec<_> = functions.iter().filter(|(_, times)| **times > 1).collect();
        assert!(
            overloaded.is_empty(),
            "one name, one function: {overloaded:?}"
        );
        let listed: BTreeSet<_> = table.functions.keys().collect();
        let declared: BTreeSet<_> = functions.keys().collect();
        assert_eq!(listed, declared, "{}", table.contract);
    }
}

#[test]
fn every_function_has_callers_each_once() {
    each_role(|table, function, role| {
        let name = format!("{}.{function}", table.contract);
        let distinct: BTreeSet<Caller> = role.callers.iter().copied().collect();
        assert!(
            !distinct.is_empty(),
            "{name}: somebody must be able to call it"
        );
        assert_eq!(
            distinct.len(),
            role.callers.len(),
            "{name}: a caller stands twice"
        );
        assert!(
            distinct.len() == 1 || !distinct.contains(&Caller::Anyone),
            "{name}: anyone includes everybody"
        );
        let own = table.contract.to_lowercase();
        assert!(
            distinct.iter().all(|caller| caller.name() != own),
            "{name}: a contract does not call itself"
        );
    });
}

#[test]
fn views_are_for_anyone_and_emit_nothing() {
    for table in roles() {
        for view in views(table.contract) {
            let role = &table.functions[&view];
            assert_eq!(role.callers, [Caller::Anyone], "{}.{view}", table.contract);
            assert!(role.emits.is_empty(), "{}.{view}", table.contract);
        }
    }
}

#[test]
fn what_is_emitted_is_declared_and_what_is_declared_is_emitted() {
    for table in roles() {
        let declared: BTreeSet<String> = names(table.contract, "event").into_keys().collect();
        let emitted: BTreeSet<String> = table
            .functions
            .values()
            .flat_map(|role| role.emits.iter().cloned())
            .collect();
        assert_eq!(emitted, declared, "{}", table.contract);
    }
}

#[test]
fn authority_ends_in_the_adjudication_contract() {
    // Human powers reach the others through one contract only, and exactly those in which an action lands.
    let answering: BTreeSet<&str> = CONTRACTS
        .into_iter()
        .filter(|contract| {
            table(contract)
                .functions
                .values()
                .any(|role| role.callers.contains(&Caller::Adjudication))
        })
        .collect();
    let landed: BTreeSet<&str> = Action::ALL
        .iter()
        .filter_map(|action| action.lands())
        .filter(|peer| *peer != Peer::Adjudication)
        .map(|peer| CONTRACTS[peer.place()])
        .collect();
    assert_eq!(answering, landed);
    // Contracts that nobody's ruling moves: registries of what is their owners' own, and what happens before there is a law.
    for free in ["Service", "Assembly", "Statute"] {
        assert!(!answering.contains(free), "{free} answers to humans");
    }
}

#[test]
fn every_contract_wires_itself_and_names_its_constitution() {
    for table in roles() {
        if table.contract == "Constitution" {
            continue;
        }
        for function in ["constitution", "wire"] {
            assert_eq!(
                table.functions[function].callers,
                [Caller::Anyone],
                "{}.{function}",
                table.contract
            );
        }
    }
}

#[test]
fn what_is_signed_is_catalogued_and_what_is_catalogued_is_taken() {
    let mut taken = BTreeSet::new();
    each_role(|table, function, role| {
        for name in &role.signed {
            let signed = SignedStruct::named(name)
                .unwrap_or_else(|| panic!("{}.{function}: no struct {name}", table.contract));
            assert_eq!(
                signed.entry().contract.name(),
                table.contract.to_lowercase(),
                "{name}: the contract in its domain"
            );
            taken.insert(signed);
        }
    });
    for signed in SignedStruct::ALL {
        assert!(
            taken.contains(signed),
            "nobody takes {}",
            signed.entry().name
        );
        let entry = signed.entry();
        let contract = CONTRACTS
            .into_iter()
            .find(|contract| contract.to_lowercase() == entry.contract.name())
            .unwrap();
        let functions = table(contract).functions;
        assert!(
            functions[entry.function]
                .signed
                .iter()
                .any(|name| name == entry.name),
            "{contract}.{} takes {}",
            entry.function,
            entry.name
        );
    }
}

#[test]
fn every_human_action_is_signed_for_submission() {
    // The interface's enum is the table of human actions; `None` is no action.
    let source = std::fs::read_to_string(crate::folder("sol").join("IAdjudication.sol")).unwrap();
    let body = source.split("enum Action {").nth(1).unwrap();
    let body = body.split('}').next().unwrap();
    let actions: Vec<&str> = body
        .split(',')
        .map(str::trim)
        .filter(|name| *name != "None")
        .collect();
    let table = table("Adjudication");
    assert_eq!(table.functions["submit"].signed, actions);
    for action in &table.functions["submitUnilateral"].signed {
        assert!(actions.contains(&action.as_str()), "{action}");
    }
}
