//! Each function × each role: allowed, or the right refusal, as `abi/roles/Guardian.toml` says.

use agentcity_abi::{
    IGuardian as wire,
    roles::{Caller, table},
};
use agentcity_domain::{machine::MissionState, peer::Peer};
use agentcity_world::predicate::Manners;
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolInterface};

use crate::{
    city::*,
    freezes::{classify, freeze, pair, unfreeze},
    gate::{Question, clear_predicate, filter, gated, release, veto},
    halts::{clear, diverge, lift, reconcile, release_bond, stop},
};

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
    city.world.take_logs();
    Prepared { city, input }
}

/// Everybody who might call: people, and the members by their names in the table.
fn callers() -> Vec<(&'static str, Address, Option<Caller>)> {
    let monitor = agentcity_world::Key::of("mon a").address;
    let mut callers = vec![
        ("monitor", monitor, None),
        ("executor", seated(0), None),
        ("stranger", STRANGER, None),
    ];
    let people = callers.len();
    for (peer, caller) in [
        (Peer::Constitution, Caller::Constitution),
        (Peer::Agent, Caller::Agent),
        (Peer::Management, Caller::Management),
        (Peer::Service, Caller::Service),
        (Peer::Legislature, Caller::Legislature),
        (Peer::Collaboration, Caller::Collaboration),
        (Peer::Treasury, Caller::Treasury),
        (Peer::Adjudication, Caller::Adjudication),
        (Peer::Verification, Caller::Verification),
        (Peer::Assembly, Caller::Assembly),
        (Peer::Statute, Caller::Statute),
        (Peer::Enactment, Caller::Enactment),
        (Peer::Roster, Caller::Roster),
    ] {
        callers.push((peer.name(), member(peer), Some(caller)));
    }
    assert_eq!(
        callers.len(),
        people + Peer::COUNT - 1,
        "every member but this one"
    );
    callers
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    let table = table("Guardian").functions;
    assert_eq!(table.len(), wire::IGuardianCalls::COUNT);
    let (mut allowed, mut refused) = (0, 0);
    for (function, row) in &table {
        for (name, caller, role) in callers() {
            let Prepared { city, input } = prepared(function);
            let own = row.callers.contains(&Caller::Own);
            let may = row.callers.contains(&Caller::Anyone)
                || role.is_some_and(|role| row.callers.contains(&role))
                || own && name == "monitor";
            let before = city.world.storage(here());
            let answer = city.world.transact(caller, here(), U256::ZERO, &input);
            if may {
                assert!(answer.is_ok(), "{function} refuses {name}: {answer:02x?}");
                allowed += 1;
                continue;
            }
            let expected = if own {
                wire::MonitorRefused { monitor: caller }.abi_encode()
            } else {
                wire::Unauthorized { caller }.abi_encode()
            };
            assert_eq!(answer, Err(expected), "{function} by {name}");
            assert_eq!(city.world.storage(here()), before);
            refused += 1;
        }
    }
    println!("{allowed} pairs of function and role allowed, {refused} refused");
    assert_eq!(allowed + refused, table.len() * callers().len());
}

#[test]
fn a_view_changes_nothing_and_all_else_does() {
    for (function, row) in table("Guardian").functions {
        let Prepared { city, input } = prepared(&function);
        let viewer = Address::repeat_byte(0x5e);
        // As whoever may call it.
        let caller = match row.callers.first() {
            Some(Caller::Adjudication) => member(Peer::Adjudication),
            Some(Caller::Own) => agentcity_world::Key::of("mon a").address,
            _ => viewer,
        };
        city.world.install(caller, B256::ZERO, move |frame, _| {
            frame.call(here(), U256::ZERO, &input, true, u64::MAX)
        });
        let answer = city.world.transact(STRANGER, caller, U256::ZERO, &[]);
        assert_eq!(answer.is_ok(), row.emits.is_empty(), "{function}");
    }
}

#[test]
fn what_emits_says_something_and_what_does_not_is_silent() {
    for (function, row) in table("Guardian").functions {
        let Prepared { city, input } = prepared(&function);
        let caller = match row.callers.first() {
            Some(Caller::Adjudication) => member(Peer::Adjudication),
            Some(Caller::Own) => agentcity_world::Key::of("mon a").address,
            _ => STRANGER,
        };
        city.world
            .transact(caller, here(), U256::ZERO, &input)
            .unwrap();
        let logs = city.world.take_logs();
        let own = logs.iter().filter(|log| log.address == here()).count();
        assert_eq!(own > 0, !row.emits.is_empty(), "{function}");
        assert!(own <= row.emits.len(), "{function}");
    }
}
