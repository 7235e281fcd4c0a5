//! Each function × each role: allowed, or the right refusal, as `abi/roles/Service.toml` says.

use std::collections::BTreeMap;

use agentcity_abi::IService as wire;
use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolError};

use crate::city::{
    ANN, BOB, CARL, City, NO_PRODUCER, STRANGER, identity, member, registration, registry,
};

const TABLE: &str = include_str!("../../../../abi/roles/Service.toml");

/// Functions and who may call them.
fn table() -> BTreeMap<String, Vec<String>> {
    let table: toml::Table = TABLE.parse().unwrap();
    let callers = |row: &toml::Value| {
        let callers = row["callers"].as_array().unwrap();
        callers
            .iter()
            .map(|caller| caller.as_str().unwrap().to_owned())
            .collect()
    };
    table
        .iter()
        .map(|(function, row)| (function.clone(), callers(row)))
        .collect()
}

/// Who calls, and whether `self` means them: Ann owns what is asked about and is a producer.
fn callers() -> Vec<(&'static str, Address, bool)> {
    let mut callers = vec![
        ("owner", ANN, true),
        ("other producer", BOB, false),
        ("monitor", CARL, false),
        ("stranger", STRANGER, false),
    ];
    callers.extend(
        Peer::ALL
            .iter()
            .filter(|peer| **peer != Peer::Service)
            .map(|peer| (peer.name(), member(*peer), false)),
    );
    callers
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    let mut cases = 0;
    for (function, allowed) in table() {
        for (role, caller, owner) in callers() {
            let city = City::new();
            city.bars.borrow_mut().insert(CARL, NO_PRODUCER);
            let service = city.call(ANN, registration(1)).unwrap();
            let (_, details) = identity(ANN, &registration(1));
            let record = registration(2);
            // Whoever calls it, `registerService` registers for the caller: `self` is any producer.
            let is_self = match function.as_str() {
                "registerService" => owner || caller == BOB,
                _ => owner,
            };
            let input = match function.as_str() {
                "constitution" => wire::constitutionCall {}.abi_encode(),
                "wire" => wire::wireCall {}.abi_encode(),
                "registerService" => record.abi_encode(),
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
            let (city, allowed_here) = match function.as_str() {
                // Once only, so in a city of its own.
                "wire" => {
                    let city = City::constructed();
                    city.is_sealed.replace(true);
                    (city, true)
                }
                _ => (city, allowed.contains(&"anyone".to_owned()) || is_self),
            };
            let answer = city.world.transact(caller, registry(), U256::ZERO, &input);
            if allowed_here {
                assert!(answer.is_ok(), "{function} refuses {role}: {answer:?}");
            } else {
                let expected = wire::Unauthorized { caller }.abi_encode();
                assert_eq!(answer, Err(expected), "{function} by {role}");
            }
            cases += 1;
        }
    }
    println!("{cases} pairs of function and role");
    assert_eq!(cases, 9 * callers().len());
}
