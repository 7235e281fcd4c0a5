//! The tables of the domain against the interfaces and role tables in `abi/`: what is signed is what is sent, and every
//! human action lands in a function that takes it. And against the sources: who reads a parameter.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use agentcity_abi::roles::{CONTRACTS, Caller, Role, Table, roles};
use agentcity_domain::{
    act::Action,
    parameter::{Consumer, ParameterId},
    peer::Peer,
    signed::{Entry, SignedBy, SignedStruct},
};

use crate::workspace::Workspace;

/// Functions that adjudication calls without a signed action, and why.
const WITHOUT_ACTION: [(&str, &str); 1] = [("recordDecision", "every decision is counted")];

/// Name of the interface of a contract, as the role tables spell it.
fn contract(peer: Peer) -> &'static str {
    CONTRACTS[peer.place()]
}

fn table(tables: &[Table], peer: Peer) -> &BTreeMap<String, Role> {
    &tables[peer.place()].functions
}

fn interface(name: &str) -> String {
    let path = Workspace::find()
        .unwrap()
        .root
        .join(format!("abi/sol/I{name}.sol"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The body of `kind name { … }` in a source without comments.
fn body<'a>(source: &'a str, kind: &str, name: &str) -> Option<&'a str> {
    let (_, rest) = source.split_once(&format!("{kind} {name} {{"))?;
    rest.split_once('}').map(|(body, _)| body.trim())
}

/// A struct's fields as EIP-712 types them: an enum is a `uint8`.
fn fields(source: &str, name: &str) -> Option<Vec<(String, String)>> {
    let body = body(source, "struct", name)?;
    let typed = body
        .split(';')
        .map(str::trim)
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (ty, name) = field.split_once(' ').expect("a type and a name");
            let ty = if body_of_enum(source, ty) {
                "uint8"
            } else {
                ty
            };
            (ty.to_owned(), name.trim().to_owned())
        });
    Some(typed.collect())
}

fn body_of_enum(source: &str, name: &str) -> bool {
    body(source, "enum", name).is_some()
}

fn owned(entry: &Entry) -> Vec<(String, String)> {
    entry
        .fields()
        .map(|(ty, name)| (ty.to_owned(), name.to_owned()))
        .collect()
}

#[test]
fn a_struct_that_is_sent_is_the_struct_that_is_signed() {
    let mut compared = 0;
    for signed in SignedStruct::ALL {
        let entry = signed.entry();
        let source = interface(contract(entry.contract));
        if let Some(sent) = fields(&source, entry.name) {
            assert_eq!(sent, owned(&entry), "{}", entry.name);
            compared += 1;
        }
        for part in entry.parts {
            let name = part.split('(').next().unwrap();
            let sent = fields(&source, name).unwrap_or_else(|| panic!("{name} is not declared"));
            let part: Vec<_> = agentcity_domain::signed::fields(part)
                .map(|(ty, name)| (ty.to_owned(), name.to_owned()))
                .collect();
            assert_eq!(sent, part, "{name}");
        }
    }
    assert!(compared >= 20, "{compared} structs compared");
}

#[test]
fn every_signed_struct_is_taken_where_the_table_says_and_nowhere_else() {
    let tables = roles();
    for signed in SignedStruct::ALL {
        let entry = signed.entry();
        let role = table(&tables, entry.contract)
            .get(entry.function)
            .unwrap_or_else(|| panic!("{}: no function {}", entry.name, entry.function));
        assert!(
            role.signed.iter().any(|name| name == entry.name),
            "{} is not taken by {}",
            entry.name,
            entry.function
        );
    }
    for peer in Peer::ALL {
        for (function, role) in table(&tables, peer) {
            for name in &role.signed {
                let signed = SignedStruct::named(name)
                    .unwrap_or_else(|| panic!("{function} takes {name}, which nobody signs"));
                assert_eq!(signed.entry().contract, peer, "{function} takes {name}");
            }
        }
    }
}

#[test]
fn the_interface_numbers_the_actions_as_the_table_does() {
    let source = interface("Adjudication");
    let listed: Vec<_> = body(&source, "enum", "Action")
        .unwrap()
        .split(',')
        .map(str::trim)
        .collect();
    let rows: Vec<_> = std::iter::once("None")
        .chain(Action::ALL.iter().map(|action| action.row().unwrap().name))
        .collect();
    assert_eq!(listed, rows);
}

#[test]
fn every_action_lands_in_a_function_of_adjudication_alone_and_says_so() {
    let tables = roles();
    let own: BTreeSet<_> = ["submit", "execute"]
        .iter()
        .flat_map(|function| &table(&tables, Peer::Adjudication)[*function].emits)
        .collect();
    for action in Action::ALL {
        let row = action.row().unwrap();
        let emits: BTreeSet<_> = match row.function {
            None => {
                assert_eq!(row.lands, Peer::Adjudication, "{}", row.name);
                own.clone()
            }
            Some(function) => {
                let role = table(&tables, row.lands).get(function).unwrap_or_else(|| {
                    panic!("{}: {} has no {function}", row.name, row.lands.name())
                });
                assert!(
                    role.callers.contains(&Caller::Adjudication),
                    "{}: {function}",
                    row.name
                );
                role.emits.iter().collect()
            }
        };
        for event in row.events {
            assert!(
                emits.contains(&(*event).to_owned()),
                "{}: {event} is not emitted",
                row.name
            );
        }
    }
}

#[test]
fn no_power_of_adjudication_lies_outside_the_table() {
    let landed: BTreeSet<_> = Action::ALL
        .iter()
        .filter_map(|action| action.row())
        .filter_map(|row| row.function.map(|function| (row.lands, function)))
        .collect();
    for (peer, table) in Peer::ALL.into_iter().zip(roles()) {
        for (function, role) in &table.functions {
            let human = role.callers == [Caller::Adjudication];
            let excused = WITHOUT_ACTION.iter().any(|(name, _)| name == function);
            if human && !excused {
                assert!(
                    landed.contains(&(peer, function.as_str())),
                    "no action lands in {}.{function}",
                    peer.name()
                );
            }
        }
    }
}

#[test]
fn a_panels_struct_is_submitted_and_no_other() {
    for signed in SignedStruct::ALL {
        let entry = signed.entry();
        assert_eq!(
            entry.by == SignedBy::Panel,
            entry.contract == Peer::Adjudication,
            "{}",
            entry.name
        );
    }
}

/// Names in the sources below a folder, with the file of each; tests of a package are not its sources.
fn names(folder: &Path, found: &mut BTreeMap<String, BTreeSet<PathBuf>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for word in text.split(|c: char| !c.is_alphanumeric()) {
                if word.starts_with(char::is_uppercase) {
                    found
                        .entry(word.to_owned())
                        .or_default()
                        .insert(path.clone());
                }
            }
        }
    }
}

#[test]
fn the_table_of_parameters_names_one_of_those_who_read_a_value_and_says_when_nobody_does() {
    let root = Workspace::find().unwrap().root;
    let named = |folders: &[&str]| {
        let mut found = BTreeMap::new();
        for folder in folders {
            names(&root.join(folder), &mut found);
        }
        found
    };
    let members = Peer::ALL.map(|peer| named(&[&format!("contracts/{}/src", peer.name())]));
    let keeper = named(&["keeper/src", "keeper/monitor/src", "keeper/hub/src"]);
    // A rule of the domain names what a contract asks for. The table, its relations and its words ask for nothing.
    let mut domain = named(&["contracts/domain/src"]);
    for files in domain.values_mut() {
        files.retain(|file| {
            let ends = |name: &str| file.ends_with(format!("parameter/{name}.rs"));
            !["table", "relation", "text"].into_iter().any(ends)
        });
    }
    for id in &ParameterId::ALL[..ParameterId::AMENDABLE] {
        let (name, consumer) = (format!("{id:?}"), id.described().consumer);
        let readers: Vec<Peer> = Peer::ALL
            .into_iter()
            .filter(|peer| members[peer.place()].contains_key(&name))
            .collect();
        let in_domain = domain.get(&name).is_some_and(|files| !files.is_empty());
        match consumer.peer() {
            Some(peer) if readers.is_empty() => {
                assert!(in_domain, "{} reads no {name}", peer.name());
            }
            Some(peer) => assert!(readers.contains(&peer), "{name}: {readers:?} read it"),
            None => {
                assert!(
                    readers.is_empty() && !in_domain,
                    "{name}: a contract reads it"
                );
                let is_read = keeper.contains_key(&name);
                assert_eq!(is_read, consumer == Consumer::Keeper, "{name}");
            }
        }
    }
}
