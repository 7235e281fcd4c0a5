//! Construction, wiring, slots; and that the router has every function of the interface and none besides.

use agentcity_abi::IService as wire;
use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolError, SolInterface, SolValue};

use crate::city::{ANN, City, STRANGER, identity, member, registration, registry};

fn selectors() -> Vec<[u8; 4]> {
    (0..wire::IServiceCalls::COUNT)
        .filter_map(wire::IServiceCalls::selector_at)
        .collect()
}

#[test]
fn every_function_is_routed_and_nothing_else() {
    let city = City::new();
    for selector in selectors() {
        // Cut short, a function answers with a refusal of its own; what is not routed answers nothing.
        let answer = city
            .world
            .transact(STRANGER, registry(), U256::ZERO, &selector);
        assert_ne!(answer, Err(Vec::new()), "{selector:02x?} is not routed");
    }
    for number in 0..200u32 {
        let mut selector = [0; 4];
        selector.copy_from_slice(&keccak256(number.to_be_bytes())[..4]);
        if !selectors().contains(&selector) {
            let answer = city
                .world
                .transact(STRANGER, registry(), U256::ZERO, &selector);
            assert_eq!(answer, Err(Vec::new()), "{selector:02x?}");
        }
    }
    for input in [&[][..], &[1, 2, 3]] {
        let answer = city.world.transact(STRANGER, registry(), U256::ZERO, input);
        assert_eq!(answer, Err(Vec::new()));
    }
}

#[test]
fn coins_are_refused_by_every_function() {
    let city = City::new();
    city.world.mint(STRANGER, 10);
    for selector in selectors() {
        let answer = city
            .world
            .transact(STRANGER, registry(), U256::from(1), &selector);
        assert_eq!(answer, Err(wire::NotPayable {}.abi_encode()));
    }
}

#[test]
fn it_is_constructed_once_with_a_constitution() {
    let city = City::bare();
    let none = city.construct(Address::ZERO);
    assert_eq!(none, Err(wire::MalformedCall {}.abi_encode()));
    assert_eq!(city.construct(member(Peer::Constitution)), Ok(Vec::new()));
    for again in [member(Peer::Constitution), ANN, Address::ZERO] {
        assert_eq!(
            city.construct(again),
            Err(wire::AlreadyConstructed {}.abi_encode())
        );
    }
    let constitution = city.call(STRANGER, wire::constitutionCall {}).unwrap();
    assert_eq!(constitution, member(Peer::Constitution));
}

#[test]
fn anyone_wires_it_once_after_the_seal() {
    let city = City::constructed();
    city.world.refused(
        STRANGER,
        registry(),
        0,
        wire::wireCall {},
        wire::NotSealed {},
    );
    city.world
        .refused(ANN, registry(), 0, registration(1), wire::NotWired {});
    city.is_sealed.replace(true);
    city.call(STRANGER, wire::wireCall {}).unwrap();
    let wired = city.world.take_events::<wire::Wired>();
    let members = Peer::ALL.map(member);
    assert_eq!(wired, [wire::Wired { members }]);
    city.world.refused(
        STRANGER,
        registry(),
        0,
        wire::wireCall {},
        wire::AlreadyWired {},
    );
    city.call(ANN, registration(1)).unwrap();
}

#[test]
fn slots_are_as_drawn() {
    let city = City::new();
    let service = city.call(ANN, registration(1)).unwrap();
    let (_, details) = identity(ANN, &registration(1));
    let slot = |number: u64| B256::from(U256::from(number));
    let entry =
        |number: u64| U256::from_be_bytes(keccak256((service, slot(number)).abi_encode()).0);
    let stored = |at: U256| city.world.slot(registry(), at);
    assert_eq!(
        stored(U256::from(0)),
        member(Peer::Constitution).into_word()
    );
    assert_eq!(stored(U256::from(1)), member(Peer::Agent).into_word());
    assert_eq!(stored(entry(2)), registration(1).codeHash);
    assert_eq!(city.world.storage(registry()).len(), 3, "one fresh slot");

    city.call(ANN, wire::deprecateServiceCall { service, details })
        .unwrap();
    assert_eq!(stored(entry(3)), slot(city.world.now()));
    assert_eq!(city.world.storage(registry()).len(), 4);
}

#[test]
fn calls_cut_short_or_out_of_type_are_malformed() {
    use alloy_sol_types::SolCall;
    let city = City::new();
    let whole = registration(1).abi_encode();
    let malformed = Err(wire::MalformedCall {}.abi_encode());
    let call = |input: &[u8]| city.world.transact(ANN, registry(), U256::ZERO, input);
    for length in (4..whole.len()).step_by(4) {
        // The last policy's bytes, and all before them, are needed.
        assert_eq!(call(&whole[..length]), malformed, "{length}");
    }
    let word = |number: usize| 4 + 32 * number;
    for dirty in [2, 3] {
        // An offset beyond the call.
        let mut input = whole.clone();
        input[word(dirty)] = 1;
        assert_eq!(call(&input), malformed);
    }
    // A latency, memory or concurrency beyond its type.
    let head = 4 + usize::from(u16::from_be_bytes([
        whole[word(3) + 30],
        whole[word(3) + 31],
    ]));
    for field in 0..3 {
        let mut input = whole.clone();
        input[head + 32 * field + 4] = 1;
        assert_eq!(call(&input), malformed);
    }
    // A length that no call could hold.
    let mut input = whole.clone();
    input[head + 4 * 32 + 29] = 0xff;
    assert_eq!(call(&input), malformed);
    assert_eq!(call(&whole).map(|id| id.len()), Ok(32));
}
