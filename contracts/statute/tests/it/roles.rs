//! Statutes as their role table (`abi/roles/Statute.toml`) says it.

use agentcity_abi::{
    IStatute as wire,
    IStatute::{IStatuteCalls, IStatuteEvents},
    roles::Caller,
};
use agentcity_domain::peer::Peer;
use agentcity_world::{
    Key, World,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::Address;
use alloy_sol_types::SolCall;

use crate::{acceptance, city::*};

fn prepared(function: &str) -> Prepared<City> {
    if function == "wire" {
        let city = City::constructed();
        city.facts_mut().sealed = true;
        return Prepared::new(city, wire::wireCall {}.abi_encode());
    }
    let city = City::new();
    let case = city.chain("roles", 3);
    let tranche = case.tranche(0, case.pages.len());
    let seating = case.seating(0, case.seats.len());
    let mission_id = case.mission;
    let input = match function {
        "constitution" => wire::constitutionCall {}.abi_encode(),
        "deployTranche" => tranche.abi_encode(),
        "deploySeats" => {
            city.call(tranche).expect("pages");
            seating.abi_encode()
        }
        "deployMission" => case.whole().abi_encode(),
        "acceptSeats" => {
            let key = Key::of("ann");
            let accepted = acceptance::acceptance(&city, key.address);
            let digest = acceptance::digest(&accepted, city.world.chain_id(), here());
            let signature = key.sign(digest);
            acceptance::relay(vec![accepted], vec![signature]).abi_encode()
        }
        "finaliseDeployment" => {
            city.deploy(&case);
            case.finalise().abi_encode()
        }
        view => {
            city.deploy(&case);
            city.call(case.finalise()).expect("law");
            match view {
                "page" => wire::pageCall {
                    missionId: mission_id,
                    index: 0,
                }
                .abi_encode(),
                "seatPage" => wire::seatPageCall {
                    missionId: mission_id,
                    index: 0,
                }
                .abi_encode(),
                "predicates" => wire::predicatesCall {
                    missionId: mission_id,
                }
                .abi_encode(),
                "deployment" => wire::deploymentCall {
                    missionId: mission_id,
                }
                .abi_encode(),
                other => panic!("no call of {other} here"),
            }
        }
    };
    Prepared::new(city, input)
}

struct Pages;

impl Roles for Pages {
    const CONTRACT: &'static str = "Statute";
    const FUNCTION: Signature<4> = IStatuteCalls::signature_by_selector;
    const EVENT: Signature<32> = IStatuteEvents::signature_by_selector;
    const FUNCTIONS: usize = IStatuteCalls::VARIANT_NAMES.len();
    // Collaboration says which seats were accepted.
    const SPOKEN_FOR: &'static [&'static str] = &["acceptSeats"];
    type City = City;

    fn world(city: &City) -> &World {
        &city.world
    }

    fn member(peer: Peer) -> Address {
        member(peer)
    }

    fn people() -> Vec<(&'static str, Address)> {
        vec![
            ("sponsor", SPONSOR),
            ("executor", agent(0)),
            ("stranger", STRANGER),
        ]
    }

    fn prepared(function: &str, _by: Option<Caller>) -> Prepared<City> {
        prepared(function)
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Pages>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Pages>();
}
