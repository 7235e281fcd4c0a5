//! Agents and principals as their role table (`abi/roles/Agent.toml`) says it.

use agentcity_abi::{
    IAgent as wire,
    IAgent::{IAgentCalls, IAgentEvents},
    roles::Caller,
};
use agentcity_domain::peer::Peer;
use agentcity_world::{
    Key, World,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::Address;
use alloy_sol_types::{SolCall, SolError};

use crate::city::*;

fn prepared(function: &str) -> Prepared<City> {
    if function == "wire" {
        let city = City::constructed(Address::ZERO);
        city.is_sealed.replace(true);
        return Prepared::new(city, wire::wireCall {}.abi_encode());
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
    let prepared = Prepared::new(city, input).with_coins(coins);
    let of = |name| Key::of(name).address;
    match function {
        "requestLeave" => prepared.of([of("lone")]),
        "register" | "registerSubAgent" => prepared.of([of("newcomer")]),
        "requestDeregistration" => prepared.of([of("worker"), of("ann")]),
        "withdraw" | "withdrawTo" => prepared.of([of("gone")]),
        // Everybody may void what it signed itself.
        "revokeConsents" => prepared.of_everybody(),
        _ => prepared,
    }
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

struct Members;

impl Roles for Members {
    const CONTRACT: &'static str = "Agent";
    const FUNCTION: Signature<4> = IAgentCalls::signature_by_selector;
    const EVENT: Signature<32> = IAgentEvents::signature_by_selector;
    const FUNCTIONS: usize = IAgentCalls::VARIANT_NAMES.len();
    type City = City;

    fn world(city: &City) -> &World {
        &city.world
    }

    fn member(peer: Peer) -> Address {
        member(peer)
    }

    fn people() -> Vec<(&'static str, Address)> {
        let people = [
            "worker",
            "ann",
            "lone",
            "gone",
            "newcomer",
            "banned",
            "registrar",
        ];
        let mut people = people.map(|name| (name, Key::of(name).address)).to_vec();
        people.push(("stranger", STRANGER));
        people
    }

    fn prepared(function: &str, _by: Option<Caller>) -> Prepared<City> {
        prepared(function)
    }

    fn not_own(_city: &City, function: &str, caller: Address, _input: &[u8]) -> Vec<u8> {
        refusal(function, caller)
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Members>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Members>();
}
