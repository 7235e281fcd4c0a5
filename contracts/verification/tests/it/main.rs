//! That the router has every function of the interface and none besides, and what the stubs already keep to.

use agentcity_abi::IVerification as wire;
use agentcity_verification::storage::Verifications;
use agentcity_world::{Answer, World};
use alloy_primitives::{Address, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolError, SolInterface, SolValue};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

const CONTRACT: Address = address!("0xc000000000000000000000000000000000000001");
const CONSTITUTION: Address = address!("0xc000000000000000000000000000000000000002");
const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");

fn world() -> World {
    let world = World::new();
    world.program::<Verifications>(CONTRACT, "verification");
    let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
    input.extend(CONSTITUTION.abi_encode());
    world
        .transact(STRANGER, CONTRACT, U256::ZERO, &input)
        .expect("constructed");
    world
}

fn call(world: &World, coins: u64, input: &[u8]) -> Answer {
    world.transact(STRANGER, CONTRACT, U256::from(coins), input)
}

fn selectors() -> impl Iterator<Item = [u8; 4]> {
    (0..wire::IVerificationCalls::COUNT).filter_map(wire::IVerificationCalls::selector_at)
}

#[test]
fn every_function_is_routed_and_nothing_else() {
    let world = world();
    for selector in selectors() {
        // Cut short, a function answers with a refusal of its own; what is not routed answers nothing.
        assert_ne!(
            call(&world, 0, &selector),
            Err(Vec::new()),
            "{selector:02x?} is not routed"
        );
    }
    for number in 0..200u32 {
        let hash = keccak256(number.to_be_bytes());
        assert_eq!(call(&world, 0, &hash[..4]), Err(Vec::new()), "{hash}");
    }
}

#[test]
fn a_call_that_is_cut_short_is_malformed() {
    let world = world();
    let without_arguments = [wire::constitutionCall::SELECTOR, wire::wireCall::SELECTOR];
    for selector in selectors().filter(|selector| !without_arguments.contains(selector)) {
        for more in [0, 31] {
            let mut input = selector.to_vec();
            input.resize(4 + more, 0);
            assert_eq!(
                call(&world, 0, &input),
                Err(wire::MalformedCall {}.abi_encode()),
                "{selector:02x?} with {more} bytes"
            );
        }
    }
}

#[test]
fn coins_are_refused_by_every_function() {
    let world = world();
    world.mint(STRANGER, 10);
    for selector in selectors() {
        let answer = call(&world, 1, &selector);
        assert_eq!(answer, Err(wire::NotPayable {}.abi_encode()));
    }
}

#[test]
fn it_names_its_constitution() {
    let answer = call(&world(), 0, &wire::constitutionCall {}.abi_encode());
    assert_eq!(answer, Ok(CONSTITUTION.abi_encode()));
}
