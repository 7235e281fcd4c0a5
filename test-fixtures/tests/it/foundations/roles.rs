//! Each function × each role, generated from the role table: the members named there are let in, everybody else is refused as
//! `Unauthorized`, and what is open to anyone is refused to nobody for who he is.

use agentcity_abi::roles::{self, Caller, Role};
use agentcity_domain::{
    clerk::{ClerkRole, Operation},
    peer::Peer,
};
use agentcity_test_fixtures::city::{CallError, City};
use alloy::{
    dyn_abi::{DynSolType, DynSolValue, JsonAbiExt, Specifier},
    json_abi::{Function, JsonAbi},
    primitives::{Address, I256, U256, keccak256},
    sol_types::SolValue,
};
use std::collections::BTreeMap;

/// Somebody who tries.
struct Visitor {
    name: &'static str,
    address: Address,
    /// As the table names it, if it is a member of the city.
    member: Option<Caller>,
}

/// What came of trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The call would have succeeded.
    Allowed,
    /// Another refusal than for who the caller is.
    RefusedOtherwise,
    /// `Unauthorized(caller)`.
    Unauthorized,
}

fn caller(peer: Peer) -> Caller {
    match peer {
        Peer::Constitution => Caller::Constitution,
        Peer::Agent => Caller::Agent,
        Peer::Management => Caller::Management,
        Peer::Service => Caller::Service,
        Peer::Legislature => Caller::Legislature,
        Peer::Collaboration => Caller::Collaboration,
        Peer::Treasury => Caller::Treasury,
        Peer::Adjudication => Caller::Adjudication,
        Peer::Verification => Caller::Verification,
        Peer::Guardian => Caller::Guardian,
        Peer::Assembly => Caller::Assembly,
        Peer::Statute => Caller::Statute,
        Peer::Enactment => Caller::Enactment,
        Peer::Roster => Caller::Roster,
    }
}

/// Name of a contract in the role tables.
fn contract(peer: Peer) -> &'static str {
    roles::CONTRACTS[peer.place()]
}

/// A well-formed value of a type: zero, empty.
fn zero(kind: &DynSolType) -> DynSolValue {
    match kind {
        DynSolType::Bool => DynSolValue::Bool(false),
        DynSolType::Int(bits) => DynSolValue::Int(I256::ZERO, *bits),
        DynSolType::Uint(bits) => DynSolValue::Uint(U256::ZERO, *bits),
        DynSolType::FixedBytes(len) => DynSolValue::FixedBytes(Default::default(), *len),
        DynSolType::Address => DynSolValue::Address(Address::ZERO),
        DynSolType::Function => DynSolValue::Function(Default::default()),
        DynSolType::Bytes => DynSolValue::Bytes(Vec::new()),
        DynSolType::String => DynSolValue::String(String::new()),
        DynSolType::Array(_) => DynSolValue::Array(Vec::new()),
        DynSolType::FixedArray(inner, len) => DynSolValue::FixedArray(vec![zero(inner); *len]),
        DynSolType::Tuple(fields) => DynSolValue::Tuple(fields.iter().map(zero).collect()),
        DynSolType::CustomStruct {
            name,
            prop_names,
            tuple,
        } => DynSolValue::CustomStruct {
            name: name.clone(),
            prop_names: prop_names.clone(),
            tuple: tuple.iter().map(zero).collect(),
        },
    }
}

/// Calls with zeros for arguments. Where a clerk's operation is named, one call for each that an office may have: members
/// have different ones, and those that are no clerk's ever are nobody's business.
fn calls_of(function: &Function) -> Vec<Vec<u8>> {
    let arguments: Vec<DynSolValue> = function
        .inputs
        .iter()
        .map(|input| zero(&input.resolve().unwrap()))
        .collect();
    let named = function.inputs.iter().position(|i| i.name == "operation");
    let operations = match named {
        Some(_) => operations_of_clerks(),
        None => vec![0],
    };
    operations
        .into_iter()
        .map(|operation| {
            let mut arguments = arguments.clone();
            if let Some(place) = named {
                arguments[place] = DynSolValue::Uint(U256::from(operation), 8);
            }
            function.abi_encode_input(&arguments).unwrap()
        })
        .collect()
}

/// Numbers of the operations that some office's envelope permits.
fn operations_of_clerks() -> Vec<u8> {
    let permitted = |number: &u8| ClerkRole::ALL.iter().any(|role| role.office().has(*number));
    let numbers = Operation::ALL.iter().map(|operation| operation.number());
    numbers.filter(permitted).collect()
}

fn unauthorized(by: Address) -> Vec<u8> {
    let selector = &keccak256("Unauthorized(address)")[..4];
    [selector, &by.abi_encode()].concat()
}

fn judge(answer: Result<alloy::primitives::Bytes, CallError>, by: Address, what: &str) -> Outcome {
    match answer {
        Ok(_) => Outcome::Allowed,
        Err(error) => {
            let said = error.refusal().unwrap_or_else(|| panic!("{what}: {error}"));
            if said.0[..] == unauthorized(by) {
                Outcome::Unauthorized
            } else {
                Outcome::RefusedOtherwise
            }
        }
    }
}

/// Every function of the city's programs, tried by every member, by a person who owns something, and by a stranger.
pub fn every_function_by_every_role(city: &mut City, owner: Address, stranger: Address) {
    let mut visitors: Vec<Visitor> = Peer::ALL
        .into_iter()
        .map(|peer| Visitor {
            name: peer.name(),
            address: city.address(peer),
            member: Some(caller(peer)),
        })
        .collect();
    for (name, address) in [("owner", owner), ("stranger", stranger)] {
        visitors.push(Visitor {
            name,
            address,
            member: None,
        });
    }
    let mut tried = BTreeMap::<Outcome, usize>::new();
    let mut wrong = Vec::new();
    // A peer's refusal is passed on as it was said.
    let errors: Vec<[u8; 4]> = Peer::ALL
        .into_iter()
        .flat_map(|peer| known_errors(&interface(peer)))
        .collect();
    for peer in Peer::ALL {
        let table = roles::table(contract(peer));
        let abi = interface(peer);
        assert!(!table.functions.is_empty());
        for (name, role) in &table.functions {
            let function = &abi.function(name).unwrap()[0];
            let inputs = calls_of(function);
            for visitor in &visitors {
                let what = format!("{}.{name} by {}", contract(peer), visitor.name);
                let to = city.address(peer);
                let mut outcomes = Vec::with_capacity(inputs.len());
                for input in &inputs {
                    let by = visitor.address;
                    let answer = city.client.try_call(by, to, U256::ZERO, input);
                    if let Err(error) = &answer {
                        let said = error.refusal().and_then(|refusal| refusal.selector());
                        if said.is_none_or(|selector| !errors.contains(&selector)) {
                            wrong.push(format!("{what}: no error of any interface: {error}"));
                        }
                    }
                    outcomes.push(judge(answer, by, &what));
                }
                // Let in with any of them is let in.
                let outcome = outcomes.into_iter().min().unwrap();
                *tried.entry(outcome).or_default() += 1;
                if let Some(fault) = fault(role, visitor, outcome) {
                    wrong.push(format!("{what}: {fault}"));
                }
            }
        }
    }
    println!("functions × roles: {tried:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        tried.len() == 3,
        "every outcome must have been met: {tried:?}"
    );
}

/// The exported interface of a member.
fn interface(peer: Peer) -> JsonAbi {
    let loaded = agentcity_solidity::load(&format!("I{}", contract(peer)));
    serde_json::from_value(loaded.unwrap().abi).unwrap()
}

/// Selectors of the errors that an interface declares.
fn known_errors(abi: &JsonAbi) -> Vec<[u8; 4]> {
    abi.errors().map(|error| error.selector().0).collect()
}

/// What the table says against this outcome, if anything.
fn fault(role: &Role, visitor: &Visitor, outcome: Outcome) -> Option<&'static str> {
    let open = !role.is_for_members();
    let named = visitor
        .member
        .is_some_and(|member| role.callers.contains(&member));
    let own = role.callers.contains(&Caller::Own);
    match outcome {
        Outcome::Unauthorized if named => Some("refused, though the table names it"),
        // On what is not one's own, `Unauthorized` is a right answer.
        Outcome::Unauthorized if open && !own => Some("refused, though open to anyone"),
        Outcome::Allowed | Outcome::RefusedOtherwise if !open && !named => {
            Some("not refused as unauthorized")
        }
        _ => None,
    }
}
