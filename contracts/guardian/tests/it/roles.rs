//! The guardian as its role table (`abi/roles/Guardian.toml`) says it.

use agentcity_abi::{
    IGuardian as wire,
    IGuardian::{IGuardianCalls, IGuardianEvents},
    roles::Caller,
};
use agentcity_domain::{machine::MissionState, peer::Peer};
use agentcity_world::{
    World,
    predicate::Manners,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::Address;
use alloy_sol_types::{SolCall, SolError};

use crate::{
    city::*,
    freezes::{classify, freeze, pair, unfreeze},
    gate::{Question, clear_predicate, filter, gated, release, veto},
    halts::{clear, diverge, lift, reconcile, release_bond, stop},
};

fn prepared(function: &str) -> Prepared<City> {
    if function == "wire" {
        let city = City::constructed();
        city.given.borrow_mut().is_sealed = true;
        return Prepared::new(city, wire::wireCall {}.abi_encode());
    }
    let city = match function {
        "filterOutput" | "clearPredicate" | "vetoOutput" | "releaseOutput" => {
            gated(&[Question::Human, Question::Soft(Manners::Permits)])
        }
        _ => City::new(),
    };
    let keys = pair(&city);
    let mission_id = mission(1);
    let freeze_here = || freeze(&city, &keys[0], 0);
    let input = match function {
        "constitution" => wire::constitutionCall {}.abi_encode(),
        "report" => city
            .reports(&[(&keys[0], Said::counters(1, 0, 1, 41))])
            .abi_encode(),
        "freezeNode" => wire::freezeNodeCall {
            missionId: mission_id,
            node: 0,
            attempt: 1,
            agent: seated(0),
        }
        .abi_encode(),
        "unfreezeNode" => unfreeze(0, freeze_here(), wire::UnfreezeKind::Warning).abi_encode(),
        "confirmFreeze" => wire::confirmFreezeCall {
            missionId: mission_id,
            node: 0,
            freezeId: freeze_here(),
        }
        .abi_encode(),
        "classifyFalsePositive" => classify(0, freeze_here()).abi_encode(),
        "triggerStop" => stop(mission_id).abi_encode(),
        "clearStop" => {
            city.rule(stop(mission_id)).unwrap();
            clear(mission_id).abi_encode()
        }
        "liftPause" => {
            city.call(keys[0].address, diverge(mission_id)).unwrap();
            lift(mission_id, false).abi_encode()
        }
        "enterDegraded" | "exitDegraded" => {
            city.world.warp(30_000);
            let now = city.world.now();
            let words = [(&keys[0], now - 9_000, now), (&keys[1], now - 9_000, now)];
            let enter = city.outage(1, words);
            if function == "enterDegraded" {
                enter.abi_encode()
            } else {
                city.call(STRANGER, enter).unwrap();
                wire::exitDegradedCall {
                    missionId: mission_id,
                }
                .abi_encode()
            }
        }
        "reconcile" => {
            city.set_state(1, MissionState::Verification);
            reconcile(mission_id).abi_encode()
        }
        "reportDivergence" => diverge(mission_id).abi_encode(),
        "releaseBond" => {
            city.call(keys[0].address, diverge(mission_id)).unwrap();
            city.set_state(1, MissionState::Aborted);
            release_bond(mission_id).abi_encode()
        }
        "filterOutput" => {
            // One waits for people: what is released otherwise has tests of its own.
            filter().abi_encode()
        }
        "clearPredicate" => clear_predicate(0).abi_encode(),
        "vetoOutput" => veto().abi_encode(),
        "releaseOutput" => release().abi_encode(),
        "freezeOf" => wire::freezeOfCall {
            missionId: mission_id,
            freezeId: freeze_here(),
        }
        .abi_encode(),
        "counters" => wire::countersCall {
            missionId: mission_id,
            index: 0,
            attempt: 1,
            agent: seated(0),
            monitor: keys[0].address,
        }
        .abi_encode(),
        "watchOf" => wire::watchOfCall {
            missionId: mission_id,
        }
        .abi_encode(),
        "gateOf" => wire::gateOfCall {
            missionId: mission_id,
        }
        .abi_encode(),
        other => panic!("no call of {other} here"),
    };
    Prepared::new(city, input).of([keys[0].address])
}

struct Watchers;

impl Roles for Watchers {
    const CONTRACT: &'static str = "Guardian";
    const FUNCTION: Signature<4> = IGuardianCalls::signature_by_selector;
    const EVENT: Signature<32> = IGuardianEvents::signature_by_selector;
    const FUNCTIONS: usize = IGuardianCalls::VARIANT_NAMES.len();
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("clearStop", "MissionHalted"),
        ("filterOutput", "ReconciliationMissed"),
        ("filterOutput", "OutputReleased"),
        ("report", "MissionHalted"),
    ];
    type City = City;

    fn world(city: &City) -> &World {
        &city.world
    }

    fn member(peer: Peer) -> Address {
        member(peer)
    }

    fn people() -> Vec<(&'static str, Address)> {
        vec![("executor", seated(0)), ("stranger", STRANGER)]
    }

    fn prepared(function: &str, _by: Option<Caller>) -> Prepared<City> {
        prepared(function)
    }

    fn not_own(_city: &City, _function: &str, caller: Address, _input: &[u8]) -> Vec<u8> {
        wire::MonitorRefused { monitor: caller }.abi_encode()
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Watchers>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Watchers>();
}
