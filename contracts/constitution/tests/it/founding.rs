//! What a constitution is born with, and never again.

use agentcity_abi::IConstitution as wire;
use agentcity_constitution::storage::Constitution;
use agentcity_domain::{parameter::ParameterId, peer::Peer};
use agentcity_world::{World, token};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError};

use crate::city::{City, DEPLOYER, MANDATE, SCALE, STRANGER, THIS, construct, keys, member};

const COIN: Address = Address::repeat_byte(0xc1);

fn people(count: usize) -> Vec<Address> {
    keys(count).iter().map(|key| key.address).collect()
}

fn bare() -> World {
    let world = World::new();
    world.program::<Constitution>(THIS, "constitution");
    world
}

fn refused<E: SolError + PartialEq + std::fmt::Debug>(
    world: &World,
    (mandate, asset, scale, adjudicators): (B256, Address, U256, Vec<Address>),
    expected: E,
) {
    let data = construct(world, mandate, asset, scale, adjudicators).unwrap_err();
    assert_eq!(E::abi_decode_validate(&data).unwrap(), expected);
    assert!(world.storage(THIS).is_empty());
}

#[test]
fn a_constitution_tells_what_it_was_constructed_with() {
    let world = bare();
    token::install(&world, COIN, token::Manners::Honest);
    construct(&world, MANDATE, COIN, U256::from(SCALE), people(9)).unwrap();
    let ask = |call| world.call(STRANGER, THIS, call).unwrap();
    assert_eq!(ask(wire::mandateCall {}), MANDATE);
    assert_eq!(world.call(STRANGER, THIS, wire::assetCall {}), Ok(COIN));
    let scale = world.call(STRANGER, THIS, wire::unitScaleCall {});
    assert_eq!(scale, Ok(U256::from(SCALE)));
    let listed = world.call(STRANGER, THIS, wire::adjudicatorsCall {});
    assert_eq!(listed, Ok(people(9)));
}

#[test]
fn before_the_seal_there_is_no_member_no_clerk_and_no_epoch() {
    let city = City::founded();
    assert!(!city.ask(wire::isSealedCall {}));
    assert_eq!(city.ask(wire::membersCall {}), [Address::ZERO; Peer::COUNT]);
    for peer in Peer::ALL {
        let account = city.ask(wire::memberOfCall { peer: peer as u8 });
        assert_eq!(account, Address::ZERO);
    }
    assert!(city.ask(wire::genesisClerksCall {}).is_empty());
    assert_eq!(city.ask(wire::epochCall {}), 0);
    let ids = vec![0].into();
    let call = wire::readCurrentCall { ids };
    let refusal = wire::UnknownEpoch { epoch: 0 };
    city.world.refused(STRANGER, THIS, 0, call, refusal);
    // The table can be read, and shows the defaults.
    let row = city.ask(wire::parameterCall {
        id: ParameterId::AdjudicatorQuorum as u8,
    });
    assert_eq!(row.value, B256::with_last_byte(7));
}

#[test]
fn nobody_commands_before_the_seal_not_even_who_deployed_it() {
    let city = City::founded();
    let callers = [DEPLOYER, Address::ZERO, member(Peer::Adjudication)];
    for caller in callers
        .into_iter()
        .chain(city.founders.iter().map(|key| key.address))
    {
        let (id, domain) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let refused = |input: Vec<u8>| {
            let answer = city.world.transact(caller, THIS, U256::ZERO, &input);
            assert_eq!(answer, Err(wire::NotSealed {}.abi_encode()), "{caller}");
        };
        refused(wire::enactNormCall { id, domain }.abi_encode());
        refused(wire::strikeNormCall { id }.abi_encode());
        refused(wire::restoreNormCall { id }.abi_encode());
        let amend = wire::amendCall {
            id: 2,
            oldValue: id,
            newValue: domain,
            queuedAt: 0,
        };
        refused(amend.abi_encode());
    }
}

#[test]
fn a_constitution_is_constructed_once() {
    let city = City::founded();
    let before = city.world.storage(THIS);
    for mandate in [MANDATE, B256::repeat_byte(2), B256::ZERO] {
        let again = construct(
            &city.world,
            mandate,
            Address::ZERO,
            U256::from(SCALE),
            people(7),
        );
        assert_eq!(again, Err(wire::AlreadyConstructed {}.abi_encode()));
    }
    city.seal(&city.manifest()).unwrap();
    let again = construct(
        &city.world,
        MANDATE,
        Address::ZERO,
        U256::from(1),
        people(7),
    );
    assert_eq!(again, Err(wire::AlreadyConstructed {}.abi_encode()));
    assert_ne!(city.world.storage(THIS), before);
}

#[test]
fn a_construction_is_refused_with_its_reason() {
    let (world, scale) = (bare(), U256::from(SCALE));
    let nobody = Address::ZERO;
    refused(
        &world,
        (B256::ZERO, nobody, scale, people(7)),
        wire::MandateMissing {},
    );
    refused(
        &world,
        (MANDATE, COIN, scale, people(7)),
        wire::AssetWithoutCode { asset: COIN },
    );
    for unit_scale in [U256::ZERO, U256::from(1) << 96, U256::MAX] {
        refused(
            &world,
            (MANDATE, nobody, unit_scale, people(7)),
            wire::UnitScaleOutOfRange {
                unitScale: unit_scale,
            },
        );
    }
    for count in [0, 6, 65] {
        let refusal = wire::AdjudicatorCountOutOfRange {
            count: U256::from(count),
            least: U256::from(7),
            most: U256::from(64),
        };
        refused(&world, (MANDATE, nobody, scale, people(count)), refusal);
    }
    for (index, adjudicator) in [(3, people(7)[1]), (6, nobody)] {
        let mut adjudicators = people(7);
        adjudicators[index] = adjudicator;
        let refusal = wire::InvalidAdjudicator {
            index: U256::from(index),
            adjudicator,
        };
        refused(&world, (MANDATE, nobody, scale, adjudicators), refusal);
    }
    construct(&world, MANDATE, nobody, scale, people(64)).unwrap();
}

#[test]
fn what_is_not_constructed_is_not_sealed() {
    let city = City {
        world: bare(),
        founders: Vec::new(),
    };
    for peer in &Peer::ALL[1..] {
        let hash = crate::city::codehash(*peer);
        crate::city::install_member(&city.world, member(*peer), hash, THIS);
    }
    let manifest = wire::GenesisManifest {
        mandate: B256::ZERO,
        unitScale: U256::ZERO,
        ..city.manifest()
    };
    let refusal = wire::BelowQuorum {
        adjudicators: U256::ZERO,
        quorum: U256::from(7),
    };
    city.seal_refused(&manifest, Vec::new(), refusal);
}
