//! Construction, wiring, slots; that the router has every function of the interface and none besides; and that what the
//! domain's tables name exists in the interfaces.

use agentcity_abi::IManagement as wire;
use agentcity_domain::{
    clerk::{
        ClerkRole, Operation,
        operation::Function,
        profile::{Here, SEED_TABLE},
    },
    peer::Peer,
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolInterface, SolValue};

use crate::city::{City, PRINCIPAL, RATE, STRANGER, SUBJECT, admission, key, member, offices};

pub(crate) fn selectors() -> Vec<[u8; 4]> {
    (0..wire::IManagementCalls::COUNT)
        .filter_map(wire::IManagementCalls::selector_at)
        .collect()
}

#[test]
fn every_function_is_routed_and_nothing_else() {
    let city = City::new();
    let call = |input: &[u8]| city.world.transact(STRANGER, offices(), U256::ZERO, input);
    for selector in selectors() {
        // Cut short, a function answers with a refusal of its own; what is not routed answers nothing.
        assert_ne!(
            call(&selector),
            Err(Vec::new()),
            "{selector:02x?} is not routed"
        );
    }
    for number in 0..200u32 {
        let hash = keccak256(number.to_be_bytes());
        assert_eq!(call(&hash[..4]), Err(Vec::new()), "{hash}");
    }
    for input in [&[][..], &[1, 2, 3]] {
        assert_eq!(call(input), Err(Vec::new()));
    }
}

#[test]
fn coins_are_refused_by_every_function() {
    let city = City::new();
    city.world.mint(STRANGER, 10);
    for selector in selectors() {
        let answer = city
            .world
            .transact(STRANGER, offices(), U256::from(1), &selector);
        assert_eq!(answer, Err(wire::NotPayable {}.abi_encode()));
    }
}

#[test]
fn it_is_constructed_once_with_a_constitution() {
    let city = City::bare();
    let none = city.construct(Address::ZERO);
    assert_eq!(none, Err(wire::MalformedCall {}.abi_encode()));
    assert_eq!(city.construct(member(Peer::Constitution)), Ok(Vec::new()));
    for again in [member(Peer::Constitution), STRANGER, Address::ZERO] {
        let twice = Err(wire::AlreadyConstructed {}.abi_encode());
        assert_eq!(city.construct(again), twice);
    }
    let constitution = city.call(STRANGER, wire::constitutionCall {}).unwrap();
    assert_eq!(constitution, member(Peer::Constitution));
}

#[test]
fn anyone_wires_it_once_after_the_seal() {
    let city = City::bare();
    city.construct(member(Peer::Constitution)).unwrap();
    city.refused(STRANGER, wire::wireCall {}, wire::NotSealed {});
    // Before, nobody is anybody: not even who will be the panel, nor the zero address.
    let agent = key(ClerkRole::Speaker, 0).address;
    for caller in [member(Peer::Adjudication), Address::ZERO] {
        let refused = wire::Unauthorized { caller };
        city.refused(caller, admission(agent, ClerkRole::Speaker), refused);
    }
    city.refused(
        STRANGER,
        wire::admitGenesisClerkCall { agent },
        wire::NotWired {},
    );
    city.others.borrow_mut().is_sealed = true;
    city.call(STRANGER, wire::wireCall {}).unwrap();
    let members = Peer::ALL.map(member);
    assert_eq!(
        city.world.take_events::<wire::Wired>(),
        [wire::Wired { members }]
    );
    city.refused(STRANGER, wire::wireCall {}, wire::AlreadyWired {});
    city.panel(admission(agent, ClerkRole::Speaker)).unwrap();
}

#[test]
fn slots_are_as_drawn() {
    let city = City::wired();
    let role = ClerkRole::Codifier;
    let agent = key(role, 0).address;
    city.call(STRANGER, wire::admitGenesisClerkCall { agent })
        .unwrap();
    city.validate(agent, Operation::Codify, SUBJECT).unwrap();
    let service = city.service(PRINCIPAL, 1);
    let schema = B256::repeat_byte(7);
    city.panel(wire::setMandateCall {
        operation: 6,
        serviceId: service,
        artifactSchema: schema,
    })
    .unwrap();

    let slot = |number: u64| U256::from(number);
    let word = |at: U256| city.world.slot(offices(), at);
    let under =
        |key: B256, at: U256| U256::from_be_bytes(keccak256((key, B256::from(at)).abi_encode()).0);
    assert_eq!(word(slot(0)), member(Peer::Constitution).into_word());
    for peer in Peer::ALL {
        let place = B256::from(U256::from(peer.place()));
        assert_eq!(word(under(place, slot(1))), member(peer).into_word());
    }
    let clerk = word(under(agent.into_word(), slot(3)));
    let mut drawn = vec![3, role.number()];
    drawn.extend(role.office().bits().to_be_bytes());
    drawn.extend(role.structural().bits().to_be_bytes());
    drawn.extend(RATE.to_be_bytes());
    drawn.extend(city.world.now().to_be_bytes());
    drawn.extend([0; 4]);
    assert_eq!(clerk, B256::from_slice(&drawn));
    let ledger = word(under(SUBJECT, under(agent.into_word(), slot(4))));
    assert_eq!(ledger[12..14], [0, 1]);
    assert_eq!(word(slot(5))[..12], [0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 1]);
    let six = B256::from(slot(6));
    assert_eq!(word(under(six, slot(6))), service);
    assert_eq!(word(under(six, slot(7))), schema);
    let principal = word(under(agent.into_word(), slot(11)));
    assert_eq!(principal, PRINCIPAL.into_word());
    assert_eq!(city.world.storage(offices()).len(), 1 + Peer::COUNT + 3 + 3);
}

#[test]
fn calls_cut_short_or_out_of_type_are_malformed() {
    let city = City::new();
    let malformed = Err(wire::MalformedCall {}.abi_encode());
    let panel = member(Peer::Adjudication);
    let call = |from, input: &[u8]| city.world.transact(from, offices(), U256::ZERO, input);
    let agent = key(ClerkRole::Speaker, 1).address;
    city.agent(agent);
    let whole = admission(agent, ClerkRole::Speaker).abi_encode();
    for length in (4..whole.len()).step_by(4) {
        assert_eq!(call(panel, &whole[..length]), malformed, "{length}");
    }
    // Address, role, masks and rate beyond their types.
    for field in 0..5 {
        let mut input = whole.clone();
        input[4 + 32 * field] = 1;
        assert_eq!(call(panel, &input), malformed, "{field}");
    }
    assert_eq!(call(panel, &whole), Ok(Vec::new()));
}

/// The text of an interface.
fn interface(contract: Peer) -> &'static str {
    match contract {
        Peer::Constitution => include_str!("../../../../abi/sol/IConstitution.sol"),
        Peer::Agent => include_str!("../../../../abi/sol/IAgent.sol"),
        Peer::Management => include_str!("../../../../abi/sol/IManagement.sol"),
        Peer::Service => include_str!("../../../../abi/sol/IService.sol"),
        Peer::Legislature => include_str!("../../../../abi/sol/ILegislature.sol"),
        Peer::Collaboration => include_str!("../../../../abi/sol/ICollaboration.sol"),
        Peer::Treasury => include_str!("../../../../abi/sol/ITreasury.sol"),
        Peer::Adjudication => include_str!("../../../../abi/sol/IAdjudication.sol"),
        Peer::Verification => include_str!("../../../../abi/sol/IVerification.sol"),
        Peer::Guardian => include_str!("../../../../abi/sol/IGuardian.sol"),
        Peer::Assembly => include_str!("../../../../abi/sol/IAssembly.sol"),
        Peer::Statute => include_str!("../../../../abi/sol/IStatute.sol"),
        Peer::Enactment => include_str!("../../../../abi/sol/IEnactment.sol"),
        Peer::Roster => include_str!("../../../../abi/sol/IRoster.sol"),
    }
}

#[test]
fn every_function_that_the_table_of_operations_names_exists() {
    let exists = |function: Function| {
        let declaration = format!("function {}(", function.name);
        interface(function.contract).contains(&declaration)
    };
    for operation in Operation::ALL {
        assert!(exists(operation.function()), "{operation:?}");
    }
    for row in SEED_TABLE {
        if let Here::Rule(function, _) = row.here {
            assert!(exists(function), "{}: {function:?}", row.name);
        }
    }
}
