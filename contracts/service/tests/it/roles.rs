//! The registry of services as its role table (`abi/roles/Service.toml`) says it.

use agentcity_abi::{
    IService as wire,
    IService::{IServiceCalls, IServiceEvents},
    roles::Caller,
};
use agentcity_domain::peer::Peer;
use agentcity_world::{
    World,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::Address;
use alloy_sol_types::SolCall;

use crate::city::{ANN, BOB, CARL, City, NO_PRODUCER, STRANGER, identity, member, registration};

/// A city in which Ann owns what is asked about; she and Bob are producers.
fn prepared(function: &str) -> Prepared<City> {
    if function == "wire" {
        let city = City::constructed();
        city.is_sealed.replace(true);
        return Prepared::new(city, wire::wireCall {}.abi_encode());
    }
    let city = City::new();
    city.bars.borrow_mut().insert(CARL, NO_PRODUCER);
    let service = city.call(ANN, registration(1)).unwrap();
    let (_, details) = identity(ANN, &registration(1));
    let record = registration(2);
    let mut owners = vec![ANN];
    let input = match function {
        "constitution" => wire::constitutionCall {}.abi_encode(),
        "registerService" => {
            // Whoever calls it registers for itself: any producer.
            owners.push(BOB);
            record.abi_encode()
        }
        "deprecateService" => wire::deprecateServiceCall { service, details }.abi_encode(),
        "verifyCodeHash" => wire::verifyCodeHashCall {
            service,
            liveHash: details,
        }
        .abi_encode(),
        "standing" => wire::standingCall { service }.abi_encode(),
        "standings" => wire::standingsCall {
            services: vec![service],
        }
        .abi_encode(),
        "isOwner" => wire::isOwnerCall {
            service,
            account: ANN,
            details,
        }
        .abi_encode(),
        "identify" => wire::identifyCall {
            owner: ANN,
            codeHash: record.codeHash,
            schemaHash: record.schemaHash,
            endpoint: record.endpoint.clone(),
            constraints: record.constraints.clone(),
        }
        .abi_encode(),
        other => panic!("no call of {other} here"),
    };
    Prepared::new(city, input).of(owners)
}

struct Registry;

impl Roles for Registry {
    const CONTRACT: &'static str = "Service";
    const FUNCTION: Signature<4> = IServiceCalls::signature_by_selector;
    const EVENT: Signature<32> = IServiceEvents::signature_by_selector;
    const FUNCTIONS: usize = IServiceCalls::VARIANT_NAMES.len();
    type City = City;

    fn world(city: &City) -> &World {
        &city.world
    }

    fn member(peer: Peer) -> Address {
        member(peer)
    }

    fn people() -> Vec<(&'static str, Address)> {
        vec![
            ("owner", ANN),
            ("other producer", BOB),
            ("monitor", CARL),
            ("stranger", STRANGER),
        ]
    }

    fn prepared(function: &str, _by: Option<Caller>) -> Prepared<City> {
        prepared(function)
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Registry>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Registry>();
}
