//! The panel as its role table (`abi/roles/Adjudication.toml`) says it.

use std::{cell::Cell, rc::Rc};

use agentcity_abi::{
    IAdjudication as wire,
    IAdjudication::{IAdjudicationCalls, IAdjudicationEvents},
    IRoster as roster,
    roles::Caller,
};
use agentcity_domain::{act::Action, peer::Peer};
use agentcity_world::{
    World,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolValue};

use crate::city::*;

const DUE: u64 = 2 * DAY;

fn prepared(function: &str) -> Prepared<City> {
    if function == "wire" {
        let city = City::constructed();
        city.given.borrow_mut().is_sealed = true;
        return Prepared::new(city, wire::wireCall {}.abi_encode());
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
    let signer = city.keys[0].address;
    Prepared::new(city, input).of([signer])
}

struct Panel;

impl Roles for Panel {
    const CONTRACT: &'static str = "Adjudication";
    const FUNCTION: Signature<4> = IAdjudicationCalls::signature_by_selector;
    const EVENT: Signature<32> = IAdjudicationEvents::signature_by_selector;
    const FUNCTIONS: usize = IAdjudicationCalls::VARIANT_NAMES.len();
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("submit", "OverrideAction"),
        ("submit", "RotationLifted"),
        ("submit", "AuditClosed"),
    ];
    type City = City;

    fn world(city: &City) -> &World {
        &city.world
    }

    fn member(peer: Peer) -> Address {
        member(peer)
    }

    fn people() -> Vec<(&'static str, Address)> {
        let city = City::new();
        vec![
            ("signer", city.keys[0].address),
            ("adjudicator", city.keys[6].address),
            ("stranger", STRANGER),
        ]
    }

    fn prepared(function: &str, _by: Option<Caller>) -> Prepared<City> {
        prepared(function)
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Panel>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Panel>();
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
