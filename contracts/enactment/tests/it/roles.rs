//! The enactment as its role table (`abi/roles/Enactment.toml`) says it.

use agentcity_abi::{
    IEnactment as wire,
    IEnactment::{IEnactmentCalls, IEnactmentEvents},
    roles::Caller,
};
use agentcity_domain::{clerk::ClerkRole, peer::Peer};
use agentcity_sessions::{
    City, Kind, SPONSOR, STRANGER, agent, clerk, member,
    steps::{Case, GOOD, SHARE, TEMPLATE, node},
};
use agentcity_world::{
    World,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

fn in_review(city: &City) -> Case {
    let case = city.decided("role", &[node(1)]);
    city.reviewed(&case, 8);
    case
}

/// A city in which a function can succeed once, and the call of it.
fn prepared(function: &str) -> (City, Vec<u8>) {
    if function == "wire" {
        return (City::sealed(), wire::wireCall {}.abi_encode());
    }
    let city = City::new();
    let id = B256::repeat_byte(0x31);
    let input = match function {
        "constitution" => wire::constitutionCall {}.abi_encode(),
        "award" => {
            let case = in_review(&city);
            city.awarding(&case).abi_encode()
        }
        "deviateAward" | "countersignAward" => {
            let case = in_review(&city);
            let message = wire::AwardDeviation {
                sessionId: case.id,
                node: 0,
                best: 0,
                chosen: 1,
                justificationHash: id,
                deadline: GOOD,
            };
            let by = clerk(ClerkRole::Regulator, 0);
            let deviate = wire::deviateAwardCall {
                signature: city.sign(Peer::Enactment, &by, &message),
                message,
            };
            if function == "deviateAward" {
                deviate.abi_encode()
            } else {
                city.enact(deviate).unwrap();
                let call = wire::countersignAwardCall {
                    sessionId: case.id,
                    node: 0,
                    chosen: 1,
                };
                call.abi_encode()
            }
        }
        "decideRegulatory" => {
            let case = in_review(&city);
            city.enact(city.awarding(&case)).unwrap();
            city.deciding(0, city.decision(&case)).abi_encode()
        }
        "waiveFairness" => {
            let case = in_review(&city);
            wire::waiveFairnessCall {
                sessionId: case.id,
                justificationHash: id,
            }
            .abi_encode()
        }
        "codify" | "validate" | "approve" | "auditCodification" => {
            let case = in_review(&city);
            city.regulated(&case);
            city.enact(city.publishing(city.template())).unwrap();
            let codify = city.codifying(city.specification(&case));
            if function == "codify" {
                return (city, codify.abi_encode());
            }
            city.enact(codify).unwrap();
            if function == "validate" {
                let call = city.validating(&case);
                return (city, call.abi_encode());
            }
            city.enact(city.validating(&case)).unwrap();
            if function == "approve" {
                let message = city.approval(&case, ClerkRole::Speaker);
                city.approving(&clerk(ClerkRole::Speaker, 0), message)
                    .abi_encode()
            } else {
                let call = wire::auditCodificationCall {
                    sessionId: case.id,
                    statuteHash: case.statute(),
                };
                call.abi_encode()
            }
        }
        "publishTemplate" => city.publishing(city.template()).abi_encode(),
        "applyReassignment" => {
            let first = city.legislated("first", &[node(1)], 8);
            let page = [&[0], &first.pages[0][..]].concat();
            let account = Address::repeat_byte(0x9a);
            city.world.data(account, &page);
            city.facts_mut().missions.insert(id, first.id);
            city.facts_mut().pages.insert((id, 0), account);
            let case = city.decided_as("again", &first.nodes, Kind::Partial, (id, 0));
            city.proposed(&case);
            city.bids(&case, 0, &[(3, SHARE)]);
            city.close(&case);
            city.regulated(&case);
            city.codified(&case);
            city.approved(&case);
            wire::applyReassignmentCall { sessionId: case.id }.abi_encode()
        }
        "declareSpecificationFault" => wire::declareSpecificationFaultCall {
            missionId: id,
            node: 0,
            attempt: 0,
        }
        .abi_encode(),
        "awarded" => wire::awardedCall {
            sessionId: id,
            node: 0,
        }
        .abi_encode(),
        "runnerUp" => wire::runnerUpCall {
            sessionId: id,
            node: 0,
        }
        .abi_encode(),
        "awardOf" => wire::awardOfCall {
            sessionId: id,
            node: 0,
        }
        .abi_encode(),
        "lawOf" => wire::lawOfCall { sessionId: id }.abi_encode(),
        "template" => wire::templateCall {
            templateId: TEMPLATE,
            version: 1,
        }
        .abi_encode(),
        "specificationFault" => wire::specificationFaultCall {
            missionId: id,
            node: 0,
        }
        .abi_encode(),
        other => panic!("no call of {other} here"),
    };
    (city, input)
}

struct Laws;

impl Roles for Laws {
    const CONTRACT: &'static str = "Enactment";
    const FUNCTION: Signature<4> = IEnactmentCalls::signature_by_selector;
    const EVENT: Signature<32> = IEnactmentEvents::signature_by_selector;
    const FUNCTIONS: usize = IEnactmentCalls::VARIANT_NAMES.len();
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("approve", "LawEnacted"),
        ("decideRegulatory", "BidRejected"),
        ("decideRegulatory", "ComplianceFlagged"),
        ("decideRegulatory", "ReproposalRequested"),
        ("validate", "ValidationFailed"),
    ];
    type City = City;

    fn world(city: &City) -> &World {
        &city.world
    }

    fn member(peer: Peer) -> Address {
        member(peer)
    }

    fn people() -> Vec<(&'static str, Address)> {
        vec![
            ("stranger", STRANGER),
            ("sponsor", SPONSOR),
            ("bidder", agent(0).address),
            ("regulator", clerk(ClerkRole::Regulator, 0).address),
            ("codifier", clerk(ClerkRole::Codifier, 0).address),
        ]
    }

    fn prepared(function: &str, _by: Option<Caller>) -> Prepared<City> {
        let (city, input) = prepared(function);
        Prepared::new(city, input)
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Laws>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Laws>();
}
