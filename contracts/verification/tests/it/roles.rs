//! Results as their role table (`abi/roles/Verification.toml`) says it.

use std::slice;

use agentcity_abi::{
    IVerification as wire,
    IVerification::{IVerificationCalls, IVerificationEvents},
    roles::Caller,
};
use agentcity_domain::peer::Peer;
use agentcity_world::{
    World,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::Address;
use alloy_sol_types::{SolCall, SolError};

use crate::{
    batch,
    city::*,
    reviews::{deciding, disputed},
    wire::excluding,
};

/// A node of three seats, all of which sealed the same value, and some of which opened it.
fn sealed(opened: u8) -> City {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    for seat in 0..3 {
        city.commit(0, seat, &value(1));
    }
    for seat in 0..opened {
        city.reveal(0, seat, &value(1));
    }
    city
}

/// The same before anybody sealed anything.
fn routed() -> City {
    let city = City::new();
    city.route(0, 1, law(2, 3, 2, 0));
    city
}

fn executors() -> [Address; 3] {
    [0, 1, 2].map(|seat| executor(seat).address)
}

fn prepared(function: &str) -> Prepared<City> {
    let (mission_id, node, attempt) = (mission(), 0, 1);
    match function {
        "wire" => Prepared::new(City::sealed(), wire::wireCall {}.abi_encode()),
        "constitution" => Prepared::new(City::new(), wire::constitutionCall {}.abi_encode()),
        "announceResult" => Prepared::new(routed(), announcing(0).abi_encode()).of(executors()),
        "submitResult" => {
            let city = City::new();
            city.route(0, 1, law(3, 1, 1, 0));
            let call = wire::submitResultCall {
                missionId: mission_id,
                node,
                terms: terms(),
                outputHash: value(1).into(),
                trailRoot: trail(0),
                proof: Vec::new().into(),
            };
            Prepared::new(city, call.abi_encode()).of([executor(0).address])
        }
        "commitResult" => {
            let city = routed();
            let call = city.committing(0, 0, &value(1));
            Prepared::new(city, call.abi_encode()).of(executors())
        }
        "revealResult" => Prepared::new(sealed(2), revealing(0, 2, &value(1)).abi_encode()),
        "submitBatch" => {
            let city = City::new();
            city.route(0, 1, law(3, 1, 1, 0));
            let result = batch::result(&city, 0, 0, wire::ResultKind::Review);
            let call = batch::batch(&city, &[(0, result)], slice::from_ref(&terms()));
            Prepared::new(city, call.abi_encode())
        }
        "closeVerification" => {
            let city = sealed(2);
            let until = city.expires(0);
            city.world.warp(until + 1 - city.world.now());
            Prepared::new(city, closing(0).abi_encode())
        }
        "dispute" => {
            let city = routed();
            city.play(0, &[&value(1), &value(1), &value(2)]);
            for executor in executors() {
                city.credit(executor, BOND);
            }
            Prepared::new(city, disputing(0).abi_encode()).of(executors())
        }
        "decideReview" => {
            let call = deciding(0, true, 0, 0);
            Prepared::new(disputed([1, 1, 2], 2), call.abi_encode())
        }
        "disqualify" => Prepared::new(disputed([1, 1, 2], 2), excluding(0, 0).abi_encode()),
        "releaseBond" => {
            let city = disputed([1, 1, 2], 2);
            // The mission was aborted under it.
            city.standing.replace((7, 0, 0));
            let call = wire::releaseBondCall {
                missionId: mission_id,
                node,
                attempt,
            };
            Prepared::new(city, call.abi_encode())
        }
        "recordOf" => {
            let call = wire::recordOfCall {
                missionId: mission_id,
                node,
                attempt,
            };
            Prepared::new(sealed(0), call.abi_encode())
        }
        "commitmentOf" => {
            let call = wire::commitmentOfCall {
                missionId: mission_id,
                node,
                attempt,
                seat: 0,
            };
            Prepared::new(sealed(0), call.abi_encode())
        }
        other => panic!("no call of {other} here"),
    }
}

struct Results;

impl Roles for Results {
    const CONTRACT: &'static str = "Verification";
    const FUNCTION: Signature<4> = IVerificationCalls::signature_by_selector;
    const EVENT: Signature<32> = IVerificationEvents::signature_by_selector;
    const FUNCTIONS: usize = IVerificationCalls::VARIANT_NAMES.len();
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("closeVerification", "DisputeClosed"),
        ("submitBatch", "ConsensusReached"),
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
            ("executor", executor(0).address),
            ("not seated", executor(5).address),
            ("stranger", STRANGER),
        ]
    }

    fn prepared(function: &str, _by: Option<Caller>) -> Prepared<City> {
        prepared(function)
    }

    fn not_own(_city: &City, _function: &str, caller: Address, _input: &[u8]) -> Vec<u8> {
        wire::NotSeated {
            missionId: mission(),
            node: 0,
            agent: caller,
        }
        .abi_encode()
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Results>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Results>();
}
