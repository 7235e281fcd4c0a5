//! Each function × each role: allowed, or refused, as `abi/roles/Constitution.toml` says.

use agentcity_abi::{
    IConstitution as wire,
    roles::{Caller, table},
};
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_world::World;
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolInterface};

use crate::city::{City, DEPLOYER, NEEDED, STRANGER, THIS, member};

/// Everybody there is: people first, then the members.
fn callers(city: &City) -> Vec<(Option<Peer>, Address)> {
    let people = [DEPLOYER, STRANGER, Address::ZERO, city.founders[0].address];
    let clerk = Address::repeat_byte(0xa0);
    let mut callers: Vec<_> = people.into_iter().map(|who| (None, who)).collect();
    callers.push((None, clerk));
    callers.extend(Peer::ALL.map(|peer| (Some(peer), member(peer))));
    callers
}

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

#[test]
fn each_function_answers_each_role_as_the_table_says() {
    let table = table("Constitution");
    assert_eq!(
        table.functions.len(),
        wire::IConstitutionCalls::COUNT,
        "every function has its roles"
    );
    let (mut allowed, mut refused) = (0, 0);
    for (function, role) in &table.functions {
        for (index, _) in callers(&City::founded()).iter().enumerate() {
            let (city, input) = prepared(function);
            let (peer, caller) = callers(&city)[index];
            let may = role.callers.iter().any(|who| match who {
                Caller::Anyone => true,
                who => peer.is_some_and(|peer| peer.name() == who.name()),
            });
            let before = city.world.storage(THIS);
            city.world.take_logs();
            let answer = city.world.transact(caller, THIS, U256::ZERO, &input);
            if may {
                allowed += 1;
                answer.unwrap_or_else(|e| panic!("{function} by {caller}: {e:x?}"));
                let emitted = city.world.take_logs().len();
                assert_eq!(emitted, role.emits.len(), "{function}");
            } else {
                refused += 1;
                let refusal = wire::Unauthorized { caller }.abi_encode();
                assert_eq!(answer, Err(refusal), "{function}");
                assert_eq!(city.world.storage(THIS), before);
            }
        }
    }
    println!("{allowed} allowed, {refused} refused");
    // The four functions of adjudication refuse everybody else.
    assert_eq!(refused, 4 * (callers(&City::founded()).len() - 1));
}

#[test]
fn a_view_changes_nothing() {
    let as_view = |world: &World, input: Vec<u8>| {
        let viewer = Address::repeat_byte(0x5e);
        world.install(viewer, B256::ZERO, move |frame, _| {
            frame.call(THIS, U256::ZERO, &input, true, u64::MAX)
        });
        world.transact(STRANGER, viewer, U256::ZERO, &[])
    };
    for (function, role) in table("Constitution").functions {
        let (city, input) = prepared(&function);
        let answer = as_view(&city.world, input);
        assert_eq!(answer.is_ok(), role.emits.is_empty(), "{function}");
    }
}
