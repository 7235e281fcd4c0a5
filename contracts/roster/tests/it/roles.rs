//! Each function × each role: allowed, or the right refusal, as `abi/roles/Roster.toml` says.

use agentcity_abi::{
    IRoster as wire,
    roles::{Caller, table},
};
use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolInterface};

use crate::city::*;

const PROGRAM: Address = Address::repeat_byte(0xf0);
const CODE: [u8; 1] = [0];

/// A call of a function that succeeds if its caller may make it, in a city where it does; and who that is, where it is people.
struct Prepared {
    city: City,
    input: Vec<u8>,
    own: Address,
}

fn prepared(function: &str) -> Prepared {
    if function == "wire" {
        let city = City::constructed(Address::ZERO);
        city.is_sealed.set(true);
        let input = wire::wireCall {}.abi_encode();
        return Prepared {
            city,
            input,
            own: STRANGER,
        };
    }
    let city = City::seated();
    city.world.data(PROGRAM, &CODE);
    let codehash = keccak256(CODE);
    let mut own = judge(0);
    let leaves = || {
        city.call(judge(0), wire::resignCall {}).unwrap();
        city.world.warp(APPEAL);
    };
    let input = match function {
        "constitution" => wire::constitutionCall {}.abi_encode(),
        "stake" => {
            own = judge(9);
            city.fund(own);
            wire::stakeCall {
                amount: U256::from(STAKE),
            }
            .abi_encode()
        }
        "resign" => wire::resignCall {}.abi_encode(),
        "releaseStake" => {
            leaves();
            release(judge(0)).abi_encode()
        }
        "withdraw" | "withdrawTo" => {
            leaves();
            city.call(STRANGER, release(judge(0))).unwrap();
            let call = wire::withdrawToCall {
                to: owner(1),
                amount: U256::from(1),
            };
            if function == "withdraw" {
                wire::withdrawCall {}.abi_encode()
            } else {
                call.abi_encode()
            }
        }
        "declareAssociation" => wire::declareAssociationCall {
            principal: owner(1),
        }
        .abi_encode(),
        "claimCompensation" => {
            city.decide(judge(0), "R");
            wire::claimCompensationCall {}.abi_encode()
        }
        "bondMonitor" => {
            own = monitor(1);
            let known = (owner(1), Address::ZERO);
            city.principals.borrow_mut().insert(own, known);
            wire::bondMonitorCall { scorerId: SCORER }.abi_encode()
        }
        "retireMonitor" => {
            own = city.approved(1);
            wire::retireMonitorCall {}.abi_encode()
        }
        "releaseMonitor" => {
            let who = city.approved(1);
            city.call(who, wire::retireMonitorCall {}).unwrap();
            city.world.warp(APPEAL);
            wire::releaseMonitorCall { monitor: who }.abi_encode()
        }
        "chargeMonitor" => wire::chargeMonitorCall {
            account: city.approved(1),
            freezeId: 1,
        }
        .abi_encode(),
        "approveMonitor" => wire::approveMonitorCall {
            account: city.bond(1),
            scorerId: SCORER,
        }
        .abi_encode(),
        "revokeMonitor" => wire::revokeMonitorCall {
            account: city.approved(1),
        }
        .abi_encode(),
        "approvePredicate" | "revokePredicate" => {
            let approve = wire::approvePredicateCall {
                program: PROGRAM,
                codehash,
            };
            if function == "approvePredicate" {
                approve.abi_encode()
            } else {
                city.rule(approve).unwrap();
                wire::revokePredicateCall {
                    program: PROGRAM,
                    codehash,
                }
                .abi_encode()
            }
        }
        "approveVerifier" | "revokeVerifier" => {
            let approve = wire::approveVerifierCall {
                program: PROGRAM,
                codehash,
            };
            if function == "approveVerifier" {
                approve.abi_encode()
            } else {
                city.rule(approve).unwrap();
                wire::revokeVerifierCall {
                    program: PROGRAM,
                    codehash,
                }
                .abi_encode()
            }
        }
        "addAdjudicator" => {
            city.stake(judge(9)).unwrap();
            wire::addAdjudicatorCall {
                account: judge(9),
                principal: judge(9),
            }
            .abi_encode()
        }
        "removeAdjudicator" => wire::removeAdjudicatorCall { account: judge(1) }.abi_encode(),
        "confirmAlert" => {
            city.decide(judge(0), &"Y".repeat(20));
            wire::confirmAlertCall {
                account: judge(0),
                actions: 20,
            }
            .abi_encode()
        }
        "recordDecision" => {
            city.decide(judge(0), &format!("{}WWW", "Y".repeat(20)));
            decision(&[judge(0)], 'W').abi_encode()
        }
        "releaseWatchdog" | "expireWatchdog" => {
            city.decide(judge(0), &format!("{}WWWW", "Y".repeat(20)));
            let until = u40(city.halted_until());
            if function == "releaseWatchdog" {
                wire::releaseWatchdogCall { until }.abi_encode()
            } else {
                city.world.warp(FREEZE + 1);
                wire::expireWatchdogCall {}.abi_encode()
            }
        }
        "examine" => wire::examineCall {
            signers: vec![judge(0)],
        }
        .abi_encode(),
        "initiateImpeachment" => accuse(6).abi_encode(),
        "voteImpeachment" => {
            own = judge(4);
            let id = city.accuse(0, 6);
            for voter in 1..4 {
                city.call(judge(voter), vote(id)).unwrap();
            }
            vote(id).abi_encode()
        }
        "expireImpeachment" => {
            let id = city.accuse(0, 6);
            city.world.warp(LIFE + 1);
            lapse(id).abi_encode()
        }
        "anchor" => wire::anchorCall {
            sequence: 1,
            size: 1,
            root: EVIDENCE,
        }
        .abi_encode(),
        "proveConsistency" => {
            let call = wire::anchorCall {
                sequence: 1,
                size: 1,
                root: EVIDENCE,
            };
            city.call(judge(0), call).unwrap();
            wire::proveConsistencyCall {
                author: judge(0),
                first: 1,
                second: 1,
                proof: Vec::new(),
            }
            .abi_encode()
        }
        "anchorOf" => wire::anchorOfCall {
            author: STRANGER,
            sequence: 1,
        }
        .abi_encode(),
        "adjudicator" => wire::adjudicatorCall { account: judge(0) }.abi_encode(),
        "activeAdjudicators" => wire::activeAdjudicatorsCall {}.abi_encode(),
        "monitor" => wire::monitorCall {
            account: monitor(1),
        }
        .abi_encode(),
        "approvedCode" => wire::approvedCodeCall {
            account: PROGRAM,
            kind: wire::ProgramKind::Predicate,
        }
        .abi_encode(),
        "haltedUntil" => wire::haltedUntilCall {}.abi_encode(),
        "impeachment" => wire::impeachmentCall { caseId: 1 }.abi_encode(),
        "credits" => wire::creditsCall { account: judge(0) }.abi_encode(),
        "booked" => wire::bookedCall {}.abi_encode(),
        "parts" => wire::partsCall {}.abi_encode(),
        "skim" => wire::skimCall {}.abi_encode(),
        other => panic!("no call of {other} here"),
    };
    city.world.take_logs();
    Prepared { city, input, own }
}

/// What a function of one's own says to somebody of whom it is not.
fn not_of(function: &str, caller: Address) -> Vec<u8> {
    let stranger = wire::WrongStanding {
        account: caller,
        standing: wire::Standing::None,
    };
    match function {
        "resign" | "declareAssociation" | "retireMonitor" => stranger.abi_encode(),
        "withdraw" | "withdrawTo" | "claimCompensation" => {
            wire::NothingOwed { account: caller }.abi_encode()
        }
        "bondMonitor" => wire::ValueChanged {
            expected: B256::ZERO,
            found: B256::ZERO,
        }
        .abi_encode(),
        "initiateImpeachment" | "voteImpeachment" => {
            wire::NotAdjudicator { signer: caller }.abi_encode()
        }
        other => panic!("{other} is open to everybody"),
    }
}

/// Everybody who might call: people, and the members by their names in the table.
fn callers() -> Vec<(&'static str, Option<Address>, Option<Caller>)> {
    let mut callers = vec![("own", None, None), ("stranger", Some(STRANGER), None)];
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
        (Peer::Guardian, Caller::Guardian),
    ] {
        callers.push((peer.name(), Some(member(peer)), Some(caller)));
    }
    assert_eq!(callers.len(), people + Peer::COUNT - 1);
    callers
}

/// What is anybody's for itself: a stake, an anchor.
const OPEN: [&str; 2] = ["stake", "anchor"];

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    let table = table("Roster").functions;
    assert_eq!(table.len(), wire::IRosterCalls::COUNT);
    let (mut allowed, mut refused, mut guarded) = (0, 0, 0);
    for (function, row) in &table {
        let members = [Caller::Adjudication, Caller::Guardian];
        guarded += usize::from(row.callers.iter().any(|caller| members.contains(caller)));
        for (name, caller, role) in callers() {
            let Prepared { city, input, own } = prepared(function);
            let caller = caller.unwrap_or(own);
            let is_own = row.callers.contains(&Caller::Own);
            let may = row.callers.contains(&Caller::Anyone)
                || role.is_some_and(|role| row.callers.contains(&role))
                || is_own && (caller == own || OPEN.contains(&function.as_str()));
            let coins = if function == "stake" { STAKE } else { 0 };
            city.world.mint(caller, coins);
            let before = city.world.storage(here());
            let answer = city
                .world
                .transact(caller, here(), U256::from(coins), &input);
            if may {
                assert!(answer.is_ok(), "{function} refuses {name}: {answer:02x?}");
                allowed += 1;
                continue;
            }
            let expected = if is_own {
                not_of(function, caller)
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
    assert_eq!(guarded, 12, "of the panel or the guardian");
}

fn may_call(function: &str, callers: &[Caller], own: Address) -> Address {
    match callers.first() {
        Some(Caller::Adjudication) => member(Peer::Adjudication),
        Some(Caller::Guardian) => member(Peer::Guardian),
        Some(Caller::Own) => own,
        _ => {
            assert!(!function.is_empty());
            STRANGER
        }
    }
}

#[test]
fn what_emits_says_something_and_what_does_not_is_silent() {
    for (function, row) in table("Roster").functions {
        let Prepared { city, input, own } = prepared(&function);
        let caller = may_call(&function, &row.callers, own);
        let coins = if function == "stake" { STAKE } else { 0 };
        city.world
            .transact(caller, here(), U256::from(coins), &input)
            .unwrap();
        let logs = city.world.take_logs();
        let mut topics: Vec<_> = logs
            .iter()
            .filter(|log| log.address == here())
            .map(|log| log.topics()[0])
            .collect();
        topics.sort();
        topics.dedup();
        assert_eq!(topics.len(), row.emits.len(), "{function}");
    }
}

#[test]
fn a_view_changes_nothing_and_all_else_does() {
    for (function, row) in table("Roster").functions {
        let Prepared { city, input, own } = prepared(&function);
        let caller = may_call(&function, &row.callers, own);
        city.world.install(caller, B256::ZERO, move |frame, _| {
            frame.call(here(), U256::ZERO, &input, true, u64::MAX)
        });
        let answer = city.world.transact(STRANGER, caller, U256::ZERO, &[]);
        assert_eq!(answer.is_ok(), row.emits.is_empty(), "{function}");
    }
}
