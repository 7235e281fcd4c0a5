//! The constitution as its role table (`abi/roles/Constitution.toml`) says it.

use agentcity_abi::{
    IConstitution as wire,
    IConstitution::{IConstitutionCalls, IConstitutionEvents},
    roles::Caller,
};
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_world::{
    World,
    roles::{self, Prepared, Roles, Signature},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;

use crate::city::{City, DEPLOYER, NEEDED, STRANGER, member};

/// A call of each function that succeeds when its caller may make it, and the city in which it does.
fn prepared(function: &str) -> (City, Vec<u8>) {
    let (id, domain) = (B256::repeat_byte(1), B256::repeat_byte(2));
    if matches!(function, "seal" | "manifestDigest") {
        let city = City::founded();
        let manifest = city.manifest();
        let signatures = city.sign(&manifest, NEEDED);
        let input = match function {
            "seal" => wire::sealCall {
                manifest,
                signatures,
            }
            .abi_encode(),
            _ => wire::manifestDigestCall { manifest }.abi_encode(),
        };
        return (city, input);
    }
    let city = City::sealed();
    if matches!(function, "strikeNorm" | "restoreNorm") {
        city.rule(wire::enactNormCall { id, domain }).unwrap();
    }
    if function == "restoreNorm" {
        city.rule(wire::strikeNormCall { id }).unwrap();
    }
    let input = match function {
        "mandate" => wire::mandateCall {}.abi_encode(),
        "asset" => wire::assetCall {}.abi_encode(),
        "unitScale" => wire::unitScaleCall {}.abi_encode(),
        "adjudicators" => wire::adjudicatorsCall {}.abi_encode(),
        "isSealed" => wire::isSealedCall {}.abi_encode(),
        "members" => wire::membersCall {}.abi_encode(),
        "memberOf" => wire::memberOfCall { peer: 7 }.abi_encode(),
        "genesisClerks" => wire::genesisClerksCall {}.abi_encode(),
        "epoch" => wire::epochCall {}.abi_encode(),
        "pageOf" => wire::pageOfCall { number: 1 }.abi_encode(),
        "read" => wire::readCall {
            number: 1,
            ids: vec![1, 2].into(),
        }
        .abi_encode(),
        "readCurrent" => wire::readCurrentCall {
            ids: vec![1, 2].into(),
        }
        .abi_encode(),
        "parameter" => wire::parameterCall { id: 2 }.abi_encode(),
        "amendmentTerms" => wire::amendmentTermsCall {
            id: ParameterId::MinFairnessScore as u8,
            newValue: B256::from(U256::from(700)),
        }
        .abi_encode(),
        "amend" => city
            .amendment(ParameterId::MinFairnessScore, 700, city.world.now())
            .abi_encode(),
        "enactNorm" => wire::enactNormCall { id, domain }.abi_encode(),
        "strikeNorm" => wire::strikeNormCall { id }.abi_encode(),
        "restoreNorm" => wire::restoreNormCall { id }.abi_encode(),
        "norm" => wire::normCall { id }.abi_encode(),
        "isHalted" => wire::isHaltedCall { domain }.abi_encode(),
        other => panic!("no call of {other} is prepared"),
    };
    (city, input)
}

struct Law;

impl Roles for Law {
    const CONTRACT: &'static str = "Constitution";
    const FUNCTION: Signature<4> = IConstitutionCalls::signature_by_selector;
    const EVENT: Signature<32> = IConstitutionEvents::signature_by_selector;
    const FUNCTIONS: usize = IConstitutionCalls::VARIANT_NAMES.len();
    type City = City;

    fn world(city: &City) -> &World {
        &city.world
    }

    fn member(peer: Peer) -> Address {
        member(peer)
    }

    fn people() -> Vec<(&'static str, Address)> {
        vec![
            ("deployer", DEPLOYER),
            ("stranger", STRANGER),
            ("nobody", Address::ZERO),
            ("founder", City::founded().founders[0].address),
            ("clerk", Address::repeat_byte(0xa0)),
        ]
    }

    fn prepared(function: &str, _by: Option<Caller>) -> Prepared<City> {
        let (city, input) = prepared(function);
        Prepared::new(city, input)
    }
}

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    roles::each_caller::<Law>();
}

#[test]
fn what_changes_something_says_so_and_what_says_nothing_changes_nothing() {
    roles::each_change_is_said::<Law>();
}
