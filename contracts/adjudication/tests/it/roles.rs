//! Each function × each role: allowed, or the right refusal, as `abi/roles/Adjudication.toml` says.

use std::{cell::Cell, rc::Rc};

use agentcity_abi::{
    IAdjudication as wire, IRoster as roster,
    roles::{Caller, table},
};
use agentcity_domain::{act::Action, peer::Peer};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolInterface, SolValue};

use crate::city::*;

const DUE: u64 = 2 * DAY;

/// A call of a function that succeeds if its caller may make it, in a city where it does.
struct Prepared {
    city: City,
    input: Vec<u8>,
}

fn prepared(function: &str) -> Prepared {
    if function == "wire" {
        let city = City::constructed();
        city.given.borrow_mut().is_sealed = true;
        let input = wire::wireCall {}.abi_encode();
        return Prepared { city, input };
    }
    let city = City::new();
    let act = Act::of(Action::Disburse);
    let digest = city.digest(&act);
    let queue = || city.submit(&act, &[0, 1, 2, 3, 4]).unwrap();
    let action = wire::Action::Disburse;
    let payload = act.payload();
    let input = match function {
        "constitution" => wire::constitutionCall {}.abi_encode(),
        "submit" => wire::submitCall {
            action,
            payload,
            signatures: city.sign(&act, &[0, 1, 2, 3, 4]),
        }
        .abi_encode(),
        "submitUnilateral" => {
            city.appoint(0);
            for place in 0..PANEL {
                city.interest(place, mission(1));
            }
            let act = Act::of(Action::FreezeNode);
            wire::submitUnilateralCall {
                action: wire::Action::FreezeNode,
                payload: act.payload(),
                signature: city.sign(&act, &[0]).remove(0),
                conflicted: city.keys.iter().map(|key| key.address).collect(),
            }
            .abi_encode()
        }
        "execute" => {
            queue();
            city.world.warp(DUE);
            wire::executeCall { action, payload }.abi_encode()
        }
        "withdrawSignature" => {
            queue();
            wire::withdrawSignatureCall { digest }.abi_encode()
        }
        "expireAction" => {
            queue();
            city.world.warp(90 * DAY);
            wire::expireActionCall { digest }.abi_encode()
        }
        "digestOf" => wire::digestOfCall { action, payload }.abi_encode(),
        "decodeAction" => wire::decodeActionCall { action, payload }.abi_encode(),
        "requirementOf" => wire::requirementOfCall { action, payload }.abi_encode(),
        "actionState" => wire::actionStateCall { digest }.abi_encode(),
        "senior" => wire::seniorCall {}.abi_encode(),
        other => panic!("no call of {other} here"),
    };
    city.look();
    Prepared { city, input }
}

/// Everybody who might call: people, and the members.
fn callers(city: &City) -> Vec<(&'static str, Address)> {
    let mut callers = vec![
        ("signer", city.keys[0].address),
        ("adjudicator", city.keys[6].address),
        ("stranger", STRANGER),
    ];
    let members = Peer::ALL
        .into_iter()
        .filter(|peer| *peer != Peer::Adjudication);
    callers.extend(members.map(|peer| (peer.name(), member(peer))));
    callers
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    let table = table("Adjudication").functions;
    assert_eq!(table.len(), wire::IAdjudicationCalls::COUNT);
    let (mut allowed, mut refused) = (0, 0);
    for (function, row) in &table {
        for (name, caller) in callers(&City::new()) {
            let Prepared { city, input } = prepared(function);
            let may = row.callers == [Caller::Anyone] || name == "signer";
            let before = city.world.storage(here());
            let answer = city.world.transact(caller, here(), U256::ZERO, &input);
            if may {
                assert!(answer.is_ok(), "{function} refuses {name}: {answer:02x?}");
                allowed += 1;
                continue;
            }
            assert_eq!(row.callers, [Caller::Own]);
            let expected = wire::Unauthorized { caller }.abi_encode();
            assert_eq!(answer, Err(expected), "{function} by {name}");
            assert_eq!(city.world.storage(here()), before);
            refused += 1;
        }
    }
    println!("{allowed} pairs of function and role allowed, {refused} refused");
    assert!(refused > 0);
}

#[test]
fn a_view_changes_nothing_and_all_else_does() {
    for (function, row) in table("Adjudication").functions {
        let Prepared { city, input } = prepared(&function);
        let caller = city.keys[0].address;
        city.world.install(caller, B256::ZERO, move |frame, _| {
            frame.call(here(), U256::ZERO, &input, true, u64::MAX)
        });
        let answer = city.world.transact(STRANGER, caller, U256::ZERO, &[]);
        assert_eq!(answer.is_ok(), row.emits.is_empty(), "{function}");
    }
}

#[test]
fn what_emits_says_something_and_what_does_not_is_silent() {
    for (function, row) in table("Adjudication").functions {
        let Prepared { city, input } = prepared(&function);
        let caller = city.keys[0].address;
        city.world
            .transact(caller, here(), U256::ZERO, &input)
            .unwrap();
        let said = city.look().count();
        assert_eq!(said > 0, !row.emits.is_empty(), "{function}");
        assert!(said <= row.emits.len(), "{function}");
    }
}

/// Puts one who calls back with `again` at every neighbour that is told something, and counts how often it was refused so.
fn calling_back(city: &City, again: Vec<u8>, refusal: Vec<u8>) -> Rc<Cell<usize>> {
    let tried = Rc::new(Cell::new(0));
    for peer in [Peer::Roster, Peer::Guardian, Peer::Treasury] {
        let (again, refusal, tried) = (again.clone(), refusal.clone(), tried.clone());
        let body = move |frame: &agentcity_world::Frame, input: &[u8]| {
            if let Ok(asked) = roster::examineCall::abi_decode_validate(input) {
                assert!(!asked.signers.is_empty());
                let panel = roster::Panel {
                    active: PANEL as u8,
                    unflagged: PANEL as u8,
                    overdue: false,
                    flagged: 0,
                    interests: vec![],
                };
                return Ok(panel.abi_encode());
            }
            let answer = frame.call(here(), U256::ZERO, &again, false, u64::MAX);
            assert_eq!(answer, Err(refusal.clone()));
            tried.set(tried.get() + 1);
            Ok(Vec::new())
        };
        city.world.install(member(peer), B256::ZERO, body);
    }
    tried
}

/// Whoever is told calls back: nothing of an action happens twice, at once or out of the queue.
#[test]
fn whoever_is_told_meets_a_panel_that_has_acted_already() {
    let city = City::new();
    let act = Act::of(Action::TriggerStop);
    let spent = |act: &Act| {
        let digest = city.digest(act);
        let state = wire::ActionState::Executed;
        wire::WrongActionState { digest, state }.abi_encode()
    };
    let again = wire::submitCall {
        action: wire::Action::TriggerStop,
        payload: act.payload(),
        signatures: city.sign(&act, &[0]),
    };
    let tried = calling_back(&city, again.abi_encode(), spent(&act));
    city.submit(&act, &[0]).unwrap();
    assert_eq!(tried.get(), 2);

    let act = Act::of(Action::Disburse);
    city.submit(&act, &[0, 1, 2, 3, 4]).unwrap();
    city.world.warp(DUE);
    let again = wire::executeCall {
        action: wire::Action::Disburse,
        payload: act.payload(),
    };
    let tried = calling_back(&city, again.abi_encode(), spent(&act));
    city.execute(&act).unwrap();
    assert_eq!(tried.get(), 2);
}
