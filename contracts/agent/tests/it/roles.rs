//! Each function × each role: allowed, or the right refusal, as `abi/roles/Agent.toml` says.

use agentcity_abi::{
    IAgent as wire,
    roles::{Caller, table},
};
use agentcity_domain::peer::Peer;
use agentcity_world::{Key, World};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError};

use crate::city::*;

/// A call of a function that succeeds if its caller may make it, with the coins that go with it, in a city where it does.
struct Prepared {
    city: City,
    input: Vec<u8>,
    coins: u128,
}

/// Whose things those functions act on that are anybody's for what is their own.
fn owners(function: &str) -> Vec<Address> {
    let of = |names: &[&str]| names.iter().map(|name| Key::of(name).address).collect();
    match function {
        "requestLeave" => of(&["lone"]),
        "register" | "registerSubAgent" => of(&["newcomer"]),
        "requestDeregistration" => of(&["worker", "ann"]),
        "withdraw" | "withdrawTo" => of(&["gone"]),
        // Everybody may void what it signed itself.
        "revokeConsents" => callers().into_iter().map(|(_, who, _)| who).collect(),
        other => panic!("{other} acts on nobody's own"),
    }
}

fn prepared(function: &str) -> Prepared {
    if function == "wire" {
        let city = City::constructed(Address::ZERO);
        city.is_sealed.replace(true);
        let input = wire::wireCall {}.abi_encode();
        return Prepared {
            city,
            input,
            coins: 0,
        };
    }
    let city = City::new();
    let (ann, bob, lone) = (
        city.enrolled("ann"),
        city.enrolled("bob"),
        city.enrolled("lone"),
    );
    let worker = city.registered("worker", &ann, 1, 2);
    let gone = city.registered("gone", &ann, 3, 0);
    let banned = city.enrolled("banned");
    let theirs = city.registered("theirs", &banned, 1, 0);
    let leave = |agent: Address| {
        city.call(agent, wire::requestDeregistrationCall { agent })
            .unwrap();
    };
    leave(gone.address);
    city.world.warp(COOLDOWN + 1);
    let end = wire::completeDeregistrationCall {
        agent: gone.address,
    };
    city.call(STRANGER, end).unwrap();
    let (agent, principal) = (worker.address, ann.address);
    let newcomer = Key::of("newcomer");
    for (_, who, _) in callers() {
        city.fund(who);
    }
    city.fund(newcomer.address);
    let panel = member(Peer::Adjudication);
    let reason = REASON;
    let mut coins = 0;
    let input = match function {
        "constitution" => wire::constitutionCall {}.abi_encode(),
        "enrolPrincipal" => {
            coins = base(PRINCIPAL_STAKE);
            city.enrolment(&Key::of("somebody")).abi_encode()
        }
        "requestLeave" => wire::requestLeaveCall {}.abi_encode(),
        "completeLeave" => {
            city.call(lone.address, wire::requestLeaveCall {}).unwrap();
            city.world.warp(COOLDOWN + 1);
            let principal = lone.address;
            wire::completeLeaveCall { principal }.abi_encode()
        }
        "revokeConsents" => wire::revokeConsentsCall {}.abi_encode(),
        "register" => {
            coins = base(STAKE);
            city.registration(&newcomer, &ann, 1, 0).abi_encode()
        }
        "registerSubAgent" => {
            coins = base(STAKE);
            city.sub_registration(&newcomer, &worker, 1, 0).abi_encode()
        }
        "requestDeregistration" => wire::requestDeregistrationCall { agent }.abi_encode(),
        "completeDeregistration" => {
            leave(agent);
            city.world.warp(COOLDOWN + 1);
            wire::completeDeregistrationCall { agent }.abi_encode()
        }
        "proposePrincipal" => city.release(agent, &ann, bob.address).abi_encode(),
        "acceptPrincipal" => {
            let release = city.release(agent, &ann, bob.address);
            city.call(STRANGER, release).unwrap();
            city.acceptance(agent, principal, &bob).abi_encode()
        }
        "banAgent" => wire::banAgentCall {
            agent,
            principal,
            reason,
        }
        .abi_encode(),
        "banPrincipal" => wire::banPrincipalCall { principal, reason }.abi_encode(),
        "liftBan" => {
            city.bans(principal);
            wire::liftBanCall { principal, reason }.abi_encode()
        }
        "freezePrincipal" => wire::freezePrincipalCall { principal, reason }.abi_encode(),
        "unfreezePrincipal" => {
            let freeze = wire::freezePrincipalCall { principal, reason };
            city.call(panel, freeze).unwrap();
            wire::unfreezePrincipalCall { principal, reason }.abi_encode()
        }
        "adjustReputation" => wire::adjustReputationCall {
            agent,
            delta: -100,
            evidence: reason,
        }
        .abi_encode(),
        "forfeit" | "forfeitPrincipal" => {
            city.bans(banned.address);
            city.world.warp(APPEAL + 1);
            if function == "forfeit" {
                let agent = theirs.address;
                wire::forfeitCall { agent }.abi_encode()
            } else {
                let principal = banned.address;
                wire::forfeitPrincipalCall { principal }.abi_encode()
            }
        }
        "updateReputation" => outcome(agent, 700, STRANGER).abi_encode(),
        "applyPenalty" => wire::applyPenaltyCall {
            agent,
            points: 50,
            evidence: reason,
        }
        .abi_encode(),
        "openObligations" => wire::openObligationsCall {
            agents: vec![agent],
        }
        .abi_encode(),
        "closeObligation" | "completeObligation" => {
            let open = wire::openObligationsCall {
                agents: vec![agent],
            };
            city.call(member(Peer::Collaboration), open).unwrap();
            // The end of its last obligation is told together with the cooldown that begins anew.
            leave(agent);
            if function == "closeObligation" {
                wire::closeObligationCall { agent }.abi_encode()
            } else {
                wire::completeObligationCall { agent }.abi_encode()
            }
        }
        "agentRecord" => wire::agentRecordCall { agent }.abi_encode(),
        "principalRecord" => wire::principalRecordCall { principal }.abi_encode(),
        "standing" => wire::standingCall { agent }.abi_encode(),
        "standings" => wire::standingsCall {
            agents: vec![agent],
        }
        .abi_encode(),
        "isEligible" => wire::isEligibleCall { agent, purpose: 4 }.abi_encode(),
        "principalOf" => wire::principalOfCall { agent }.abi_encode(),
        "principalsForConflict" => wire::principalsForConflictCall { agent }.abi_encode(),
        "ownershipChain" => wire::ownershipChainCall { agent }.abi_encode(),
        "getReputationScore" => wire::getReputationScoreCall { agent }.abi_encode(),
        "meetsReputationFloor" => wire::meetsReputationFloorCall { agent }.abi_encode(),
        "voterCount" => wire::voterCountCall {}.abi_encode(),
        "credits" => wire::creditsCall { account: agent }.abi_encode(),
        "dues" => wire::duesCall {}.abi_encode(),
        "booked" => wire::bookedCall {}.abi_encode(),
        "withdraw" => wire::withdrawCall {}.abi_encode(),
        "withdrawTo" => wire::withdrawToCall { to: STRANGER }.abi_encode(),
        "skim" => wire::skimCall {}.abi_encode(),
        "remit" => {
            city.world.mint(here(), 7);
            city.call(STRANGER, wire::skimCall {}).unwrap();
            wire::remitCall {}.abi_encode()
        }
        other => panic!("no call of {other} here"),
    };
    city.world.take_logs();
    Prepared { city, input, coins }
}

/// Everybody who might call: people, and the members by their names in the table.
fn callers() -> Vec<(String, Address, Option<Caller>)> {
    let people = [
        "worker",
        "ann",
        "lone",
        "gone",
        "newcomer",
        "banned",
        "registrar",
    ];
    let mut callers: Vec<_> = people
        .into_iter()
        .map(|name| (name.to_owned(), Key::of(name).address, None))
        .collect();
    callers.push(("stranger".to_owned(), STRANGER, None));
    for (peer, caller) in [
        (Peer::Constitution, Caller::Constitution),
        (Peer::Management, Caller::Management),
        (Peer::Service, Caller::Service),
        (Peer::Legislature, Caller::Legislature),
        (Peer::Collaboration, Caller::Collaboration),
        (Peer::Treasury, Caller::Treasury),
        (Peer::Adjudication, Caller::Adjudication),
        (Peer::Verification, Caller::Verification),
        (Peer::Guardian, Caller::Guardian),
        (Peer::Assembly, Caller::Assembly),
        (Peer::Statute, Caller::Statute),
        (Peer::Enactment, Caller::Enactment),
        (Peer::Roster, Caller::Roster),
    ] {
        assert_eq!(peer.name(), caller.name());
        callers.push((peer.name().to_owned(), member(peer), Some(caller)));
    }
    assert_eq!(
        callers.len(),
        people.len() + Peer::COUNT,
        "every member but this one"
    );
    callers
}

/// How a function that acts on the caller's own things refuses somebody who has none.
fn refusal(function: &str, caller: Address) -> Vec<u8> {
    match function {
        "requestLeave" => match () {
            // Two that are enrolled and have agents.
            () if caller == Key::of("ann").address => wire::AgentsRemain {
                principal: caller,
                agents: 1,
            }
            .abi_encode(),
            () if caller == Key::of("banned").address => wire::AgentsRemain {
                principal: caller,
                agents: 1,
            }
            .abi_encode(),
            () => wire::NotEnrolled { principal: caller }.abi_encode(),
        },
        "register" | "registerSubAgent" => wire::DidKeyMismatch {
            named: Key::of("newcomer").address,
            agent: caller,
        }
        .abi_encode(),
        "withdraw" | "withdrawTo" => wire::NothingOwed { account: caller }.abi_encode(),
        _ => wire::Unauthorized { caller }.abi_encode(),
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    let table = table("Agent").functions;
    assert_eq!(table.len(), crate::wire::selectors().len());
    let (mut allowed, mut refused) = (0, 0);
    for (function, row) in &table {
        for (name, caller, role) in callers() {
            let Prepared { city, input, coins } = prepared(function);
            let may = row.callers.contains(&Caller::Anyone)
                || role.is_some_and(|role| row.callers.contains(&role))
                || row.callers.contains(&Caller::Own) && owners(function).contains(&caller);
            let before = city.world.storage(here());
            let answer = city
                .world
                .transact(caller, here(), U256::from(coins), &input);
            if may {
                assert!(answer.is_ok(), "{function} refuses {name}: {answer:02x?}");
                // What the table says is emitted, here of those events that are this contract's.
                let logs = city.world.take_logs();
                assert_eq!(logs.len(), row.emits.len(), "{function} by {name}");
                allowed += 1;
            } else {
                let expected = refusal(function, caller);
                assert_eq!(answer, Err(expected), "{function} by {name}");
                assert_eq!(city.world.storage(here()), before);
                refused += 1;
            }
        }
    }
    println!("{allowed} pairs of function and role allowed, {refused} refused");
    assert_eq!(allowed + refused, table.len() * callers().len());
}

#[test]
fn a_view_changes_nothing_and_all_else_does() {
    let as_view = |world: &World, input: Vec<u8>| {
        let viewer = Address::repeat_byte(0x5e);
        world.install(viewer, B256::ZERO, move |frame, _| {
            frame.call(here(), U256::ZERO, &input, true, u64::MAX)
        });
        world.transact(STRANGER, viewer, U256::ZERO, &[])
    };
    for (function, row) in table("Agent").functions {
        let Prepared { city, input, .. } = prepared(&function);
        let answer = as_view(&city.world, input);
        assert_eq!(answer.is_ok(), row.emits.is_empty(), "{function}");
    }
}
