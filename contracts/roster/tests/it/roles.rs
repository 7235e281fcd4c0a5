//! The roster as its role table (`abi/roles/Roster.toml`) says it.

use agentcity_abi::{
    IRoster as wire,
    IRoster::{IRosterCalls, IRosterEvents},
    roles::Caller,
};
use agentcity_domain::peer::Peer;
use agentcity_world::{
    World,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolError};

use crate::{city::*, decisions};

const PROGRAM: Address = Address::repeat_byte(0xf0);
const CODE: [u8; 1] = [0];

fn prepared(function: &str) -> Prepared<City> {
    if function == "wire" {
        let city = City::constructed(Address::ZERO);
        city.is_sealed.set(true);
        return Prepared::new(city, wire::wireCall {}.abi_encode());
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
        "releaseWatchdog" => {
            city.decide(judge(0), &format!("{}WWWW", "Y".repeat(20)));
            let until = u40(city.halted_until());
            wire::releaseWatchdogCall { until }.abi_encode()
        }
        "expireWatchdog" => {
            let (city, _) = decisions::stamped();
            city.world.warp(FREEZE + 1);
            return Prepared::new(city, wire::expireWatchdogCall {}.abi_encode());
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
    let prepared = Prepared::new(city, input).of([own]);
    match function {
        "stake" => prepared.of_everybody().with_coins(STAKE),
        "anchor" => prepared.of_everybody(),
        _ => prepared,
    }
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
        // Asked for every row; nobody is refused where everybody has something of the kind.
        _ => Vec::new(),
    }
}

struct Judges;

impl Roles for Judges {
    const CONTRACT: &'static str = "Roster";
    const FUNCTION: Signature<4> = IRosterCalls::signature_by_selector;
    const EVENT: Signature<32> = IRosterEvents::signature_by_selector;
    const FUNCTIONS: usize = IRosterCalls::VARIANT_NAMES.len();
    type City = City;

    fn world(city: &City) -> &World {
        &city.world
    }

    fn member(peer: Peer) -> Address {
        member(peer)
    }

    fn people() -> Vec<(&'static str, Address)> {
        vec![("stranger", STRANGER)]
    }

    fn prepared(function: &str, _by: Option<Caller>) -> Prepared<City> {
        prepared(function)
    }

    fn not_own(_city: &City, function: &str, caller: Address, _input: &[u8]) -> Vec<u8> {
        not_of(function, caller)
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Judges>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Judges>();
}
