//! The assembly as its role table (`abi/roles/Assembly.toml`) says it: everybody for itself, and no member has a power here.

use agentcity_abi::{
    IAssembly as wire,
    IAssembly::{IAssemblyCalls, IAssemblyEvents},
    roles::Caller,
};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    peer::Peer,
};
use agentcity_world::{
    World,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError};

use crate::{city::*, debate, derived};

/// Petitions and what opens sessions.
fn petitioning(city: &City, function: &str) -> Option<Vec<u8>> {
    let opened = || city.call(principal(0), opening_petition()).expect("opened");
    Some(match function {
        "openPetition" => opening_petition().abi_encode(),
        "signPetition" => wire::signPetitionCall {
            petitionId: opened(),
        }
        .abi_encode(),
        "signPetitionFor" => {
            let (name, signature) = city.naming(opened(), 1);
            wire::signPetitionForCall {
                names: vec![name],
                signatures: vec![signature.into()],
            }
            .abi_encode()
        }
        "openSession" => wire::openSessionCall {
            petitionId: city.petition(),
        }
        .abi_encode(),
        "expirePetition" => {
            let petition = opened();
            city.world.warp(SPONSORING + 1);
            wire::expirePetitionCall {
                petitionId: petition,
            }
            .abi_encode()
        }
        "petition" => wire::petitionCall {
            petitionId: opened(),
        }
        .abi_encode(),
        _ => return None,
    })
}

/// Proposals and what is said of them.
fn debating(city: &City, function: &str) -> Option<Vec<u8>> {
    let proposed = || {
        let session = city.session();
        let proposal = city.propose(session, 0, 0);
        city.sponsor(proposal, 4);
        proposal
    };
    let informed = || {
        let session = city.debating(2);
        city.inform(session);
        session
    };
    Some(match function {
        "propose" => proposing(city.session(), 0).abi_encode(),
        "sponsor" => wire::sponsorCall {
            proposalId: proposed(),
        }
        .abi_encode(),
        "sponsorFor" => {
            let (name, signature) = city.backing(proposed(), 4);
            wire::sponsorForCall {
                names: vec![name],
                signatures: vec![signature.into()],
            }
            .abi_encode()
        }
        "recordEvidence" => {
            let session = city.debating(2);
            city.informing(session, B256::repeat_byte(0xe1))
                .abi_encode()
        }
        "strawVote" => city.voting(informed(), 0, 0).abi_encode(),
        "drawSpeakingOrder" => {
            let session = informed();
            city.call(STRANGER, city.voting(session, 0, 0))
                .expect("polled");
            city.world.warp(ROUND + 1);
            debate::drawing(session).abi_encode()
        }
        "speak" => {
            let session = debate::drawn(city, &[0]);
            city.speaking(session, 0, 1).abi_encode()
        }
        "recordMinority" => {
            let asked = wire::candidateCall {
                sessionId: city.debating(1),
                index: 0,
            };
            wire::recordMinorityCall {
                proposalId: city.call(STRANGER, asked).expect("a candidate"),
                positionHash: salt(0),
            }
            .abi_encode()
        }
        "proposal" => wire::proposalCall {
            proposalId: proposed(),
        }
        .abi_encode(),
        "debate" => wire::debateCall {
            sessionId: informed(),
        }
        .abi_encode(),
        "speaker" => wire::speakerCall {
            sessionId: debate::drawn(city, &[0]),
            place: 0,
        }
        .abi_encode(),
        "candidate" => wire::candidateCall {
            sessionId: informed(),
            index: 0,
        }
        .abi_encode(),
        _ => return None,
    })
}

/// Ballots and their count.
fn voting(city: &City, function: &str) -> Option<Vec<u8>> {
    let ballots = alike(8, VOTERS);
    Some(match function {
        "commitBallot" => sealing(city.committing(1), 4, &[0]).abi_encode(),
        "commitBallots" => {
            let session = city.committing(1);
            let (ballot, signature) = city.casting(session, 0, seal(session, 0, &[0]));
            wire::commitBallotsCall {
                commitments: vec![ballot],
                signatures: vec![signature.into()],
            }
            .abi_encode()
        }
        "revealBallot" => {
            let session = city.revealing(&ballots);
            showing(session, 0, &ballots[0]).abi_encode()
        }
        "tally" => {
            let session = city.tallying(&ballots);
            let until: u64 = city.election(session).expiresAt.to();
            city.world.warp(until + 1 - city.world.now());
            wire::tallyCall {
                sessionId: session,
                ballots: u32::MAX,
            }
            .abi_encode()
        }
        "claimCollusion" => {
            city.credit(STRANGER, BOND);
            claiming(city.tallying(&ballots), &[0, 1, 2, 3]).abi_encode()
        }
        "expireDeliberation" => {
            let session = city.debating(1);
            let until: u64 = city.election(session).expiresAt.to();
            city.world.warp(until + 1 - city.world.now());
            expiring(session).abi_encode()
        }
        "outcomeOf" => wire::outcomeOfCall {
            sessionId: city.tallying(&ballots),
        }
        .abi_encode(),
        "election" => wire::electionCall {
            sessionId: city.tallying(&ballots),
        }
        .abi_encode(),
        "ballot" => wire::ballotCall {
            sessionId: city.tallying(&ballots),
            principal: principal(0),
        }
        .abi_encode(),
        "matrix" => wire::matrixCall {
            sessionId: city.tallying(&ballots),
        }
        .abi_encode(),
        "scores" => wire::scoresCall {
            sessionId: city.tallying(&ballots),
        }
        .abi_encode(),
        _ => return None,
    })
}

fn prepared(function: &str) -> Prepared<City> {
    match function {
        "wire" => return Prepared::new(City::sealed(), wire::wireCall {}.abi_encode()),
        "openDerivedSession" => {
            let city = derived::city(MissionState::Executing, NodeState::Failed);
            let call = derived::opening(wire::SessionKind::Partial);
            return Prepared::new(city, call.abi_encode());
        }
        _ => {}
    }
    let city = City::new();
    let input = match function {
        "constitution" => wire::constitutionCall {}.abi_encode(),
        _ => petitioning(&city, function)
            .or_else(|| debating(&city, function))
            .or_else(|| voting(&city, function))
            .unwrap_or_else(|| panic!("no call of {function} here")),
    };
    let prepared = Prepared::new(city, input);
    match function {
        "propose" => prepared.of([agent(0)]),
        "claimCollusion" => prepared.of([STRANGER]),
        _ => prepared.of([principal(4)]),
    }
}

struct Voices;

impl Roles for Voices {
    const CONTRACT: &'static str = "Assembly";
    const FUNCTION: Signature<4> = IAssemblyCalls::signature_by_selector;
    const EVENT: Signature<32> = IAssemblyEvents::signature_by_selector;
    const FUNCTIONS: usize = IAssemblyCalls::VARIANT_NAMES.len();
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("claimCollusion", "CollusionRefuted"),
        ("expireDeliberation", "DeliberationFailed"),
        ("expireDeliberation", "BallotDecided"),
        ("sponsor", "Displaced"),
        ("sponsorFor", "Displaced"),
    ];
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
        match function {
            "propose" => wire::AgentRefused {
                agent: caller,
                rule: 1,
            }
            .abi_encode(),
            // It has no credit for the bond: so its treasury says.
            "claimCollusion" => b"poor".to_vec(),
            _ => wire::PrincipalRefused {
                principal: caller,
                rule: 1,
            }
            .abi_encode(),
        }
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Voices>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Voices>();
}
