//! Construction, wiring; and that the router has every function of the interface and none besides.

use agentcity_abi::IAgent as wire;
use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolInterface};

use crate::city::{City, PRINCIPAL_STAKE, SCALE, STRANGER, base, here, member};

pub(crate) fn selectors() -> Vec<[u8; 4]> {
    (0..wire::IAgentCalls::COUNT)
        .filter_map(wire::IAgentCalls::selector_at)
        .collect()
}

#[test]
fn every_function_is_routed_and_nothing_else() {
    let city = City::new();
    let answer = |input: &[u8]| city.world.transact(STRANGER, here(), U256::ZERO, input);
    for selector in selectors() {
        // Cut short, a function answers with a refusal of its own; what is not routed answers nothing.
        assert_ne!(answer(&selector), Err(Vec::new()), "{selector:02x?}");
    }
    for number in 0..200u32 {
        let mut selector = [0; 4];
        selector.copy_from_slice(&keccak256(number.to_be_bytes())[..4]);
        if !selectors().contains(&selector) {
            assert_eq!(answer(&selector), Err(Vec::new()), "{selector:02x?}");
        }
    }
    for input in [&[][..], &[1, 2, 3]] {
        assert_eq!(answer(input), Err(Vec::new()));
    }
}

#[test]
fn coins_are_refused_by_all_but_the_three_that_take_a_stake() {
    let city = City::new();
    city.world.mint(STRANGER, 10);
    let paying = [
        wire::enrolPrincipalCall::SELECTOR,
        wire::registerCall::SELECTOR,
        wire::registerSubAgentCall::SELECTOR,
    ];
    for selector in selectors() {
        let answer = city
            .world
            .transact(STRANGER, here(), U256::from(1), &selector);
        let refusal = if paying.contains(&selector) {
            wire::MalformedCall {}.abi_encode()
        } else {
            wire::NotPayable {}.abi_encode()
        };
        assert_eq!(answer, Err(refusal), "{selector:02x?}");
    }
}

#[test]
fn it_is_constructed_once_with_a_constitution() {
    let city = City::bare(Address::ZERO);
    let none = city.construct(Address::ZERO);
    assert_eq!(none, Err(wire::MalformedCall {}.abi_encode()));
    let law = member(Peer::Constitution);
    assert_eq!(city.construct(law), Ok(Vec::new()));
    assert_eq!(city.call(STRANGER, wire::constitutionCall {}), Ok(law));
    for again in [law, STRANGER, Address::ZERO] {
        let refusal = wire::AlreadyConstructed {}.abi_encode();
        assert_eq!(city.construct(again), Err(refusal));
    }
}

#[test]
fn it_is_wired_once_after_the_seal() {
    let city = City::constructed(Address::ZERO);
    let refused = |refusal: Vec<u8>| {
        assert_eq!(city.call(STRANGER, wire::wireCall {}).err(), Some(refusal));
    };
    refused(wire::NotSealed {}.abi_encode());
    let who = agentcity_world::Key::of("ann");
    city.fund(who.address);
    let early = city.pay(who.address, PRINCIPAL_STAKE, city.enrolment(&who));
    assert_eq!(early.err(), Some(wire::NotWired {}.abi_encode()));
    city.is_sealed.replace(true);
    city.call(STRANGER, wire::wireCall {}).unwrap();
    let wired = city.world.take_events::<wire::Wired>();
    assert_eq!(wired.len(), 1);
    assert_eq!(wired[0].members, Peer::ALL.map(member));
    refused(wire::AlreadyWired {}.abi_encode());
    city.pay(who.address, PRINCIPAL_STAKE, city.enrolment(&who))
        .unwrap();
}

#[test]
fn a_registration_takes_two_new_slots() {
    let city = City::new();
    let ann = city.enrolled("ann");
    // The principal's first producer makes it a voter; the totals exist since the enrolment.
    let before = city.world.storage(here()).len();
    let agent = city.registered("worker", &ann, 1, 0);
    let storage = city.world.storage(here());
    assert_eq!(storage.len(), before + 2);
    let slot = |number: u64| {
        keccak256([agent.address.into_word(), B256::from(U256::from(number))].concat())
    };
    for number in [8, 9] {
        assert!(storage.contains_key(&slot(number).into()), "slot {number}");
    }
    let money = storage[&U256::from(1)];
    assert_eq!(U256::from_be_bytes(money.0), U256::from(SCALE) << 160);
    assert_eq!(city.booked(), base(PRINCIPAL_STAKE + crate::city::STAKE));
}
