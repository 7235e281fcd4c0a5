//! The program against its interface, and the layout of its storage.

use agentcity_abi::{
    IConstitution as wire,
    IConstitution::{IConstitutionCalls as Calls, IConstitutionErrors as Errors},
};
use agentcity_domain::{
    parameter::{ParameterId, page},
    peer::Peer,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolInterface};
use stylus_sdk::stylus_core::AccountAccess;

use crate::city::{City, SCALE, STRANGER, THIS, member};

#[test]
fn every_function_of_the_interface_is_routed_and_nothing_else() {
    let city = City::sealed();
    let routed = |selector: [u8; 4]| {
        let answer = city.world.transact(STRANGER, THIS, U256::ZERO, &selector);
        // What is not routed reverts without a word.
        answer != Err(Vec::new())
    };
    for selector in Calls::selectors() {
        assert!(routed(selector), "{:?}", Calls::name_by_selector(selector));
    }
    for other in 0..2_000u32 {
        let selector: [u8; 4] = keccak256(other.to_be_bytes())[..4].try_into().unwrap();
        assert_eq!(routed(selector), Calls::valid_selector(selector));
    }
}

#[test]
fn every_refusal_is_an_error_of_the_interface() {
    // The source names its selectors through the bindings, so all that is left is that each error is used.
    let source = [
        include_str!("../../src/error.rs"),
        include_str!("../../src/lib.rs"),
        include_str!("../../src/manifest.rs"),
    ]
    .concat();
    let shared = [
        "Unauthorized",
        "MalformedCall",
        "NotPayable",
        "AlreadyConstructed",
        "NotSealed",
        "InvalidSignature",
    ];
    for selector in (0..Errors::COUNT).filter_map(Errors::selector_at) {
        let name = Errors::name_by_selector(selector).unwrap();
        let used = source.contains(&format!("wire::{name}::SELECTOR"));
        assert!(used || shared.contains(&name), "{name} is never raised");
    }
}

#[test]
fn coins_are_refused_by_every_function() {
    let city = City::sealed();
    city.world.mint(STRANGER, 10);
    for selector in Calls::selectors() {
        let answer = city
            .world
            .transact(STRANGER, THIS, U256::from(1), &selector);
        let not_payable = keccak256("NotPayable()")[..4].to_vec();
        assert_eq!(answer, Err(not_payable));
    }
    assert!(
        city.world
            .transact(STRANGER, THIS, U256::from(1), &[])
            .is_err()
    );
    assert_eq!(city.world.balance(THIS), U256::ZERO);
}

#[test]
fn malformed_calls_are_refused() {
    let city = City::sealed();
    let malformed = Err(keccak256("MalformedCall()")[..4].to_vec());
    let call = wire::readCall {
        number: 1,
        ids: vec![1, 2, 3].into(),
    }
    .abi_encode();
    let send = |input: &[u8]| city.world.transact(STRANGER, THIS, U256::ZERO, input);
    assert!(send(&call).is_ok());
    for cut in [4, 35, 36, 68, 99, 100, 102] {
        assert_eq!(send(&call[..cut]), malformed, "{cut} bytes");
    }
    let mut dirty = call.clone();
    dirty[4] = 1;
    assert_eq!(send(&dirty), malformed);
    let mut far = call.clone();
    far[65] = 1;
    assert_eq!(send(&far), malformed);
    let long = wire::readCall {
        number: 1,
        ids: vec![0; 257].into(),
    };
    assert_eq!(send(&long.abi_encode()), malformed);
    for input in [&[][..], &call[..3]] {
        assert_eq!(send(input), Err(Vec::new()));
    }
}

#[test]
fn a_manifest_cut_anywhere_is_refused_and_seals_nothing() {
    let city = City::founded();
    let manifest = city.manifest_with(&[(ParameterId::EmaLambda, 800)]);
    let signatures = city.sign(&manifest, 5);
    let call = wire::sealCall {
        manifest,
        signatures,
    }
    .abi_encode();
    // The last signature is followed by padding, which may be missing.
    let needed = call.len() - 31;
    for cut in (4..needed).step_by(13) {
        let answer = city
            .world
            .transact(STRANGER, THIS, U256::ZERO, &call[..cut]);
        assert_eq!(
            answer,
            Err(keccak256("MalformedCall()")[..4].to_vec()),
            "{cut} bytes"
        );
    }
    assert!(!city.ask(wire::isSealedCall {}));
    let whole = city
        .world
        .transact(STRANGER, THIS, U256::ZERO, &call[..needed]);
    assert!(whole.is_ok());
}

#[test]
fn slots_are_laid_out_as_documented() {
    let city = City::sealed();
    let word = |value: u64| B256::from(U256::from(value));
    let slot = |at: u64| city.world.slot(THIS, U256::from(at));
    let entry = |mapping: u64, key: B256| {
        let at = keccak256([key, word(mapping)].concat());
        city.world.slot(THIS, at.into())
    };
    assert_eq!(slot(0), crate::city::MANDATE);
    let mut head = B256::ZERO;
    head[7] = 1;
    head[10] = 7;
    head[11] = 4;
    assert_eq!(slot(1), head);
    assert_eq!(slot(2), word(SCALE));
    for peer in Peer::ALL {
        assert_eq!(entry(3, word(peer as u64)), member(peer).into_word());
    }
    for (index, founder) in city.founders.iter().enumerate() {
        assert_eq!(entry(4, word(index as u64)), founder.address.into_word());
    }
    let clerks = city.ask(wire::genesisClerksCall {});
    for (index, clerk) in clerks.iter().enumerate() {
        let mut agent = clerk.agent.into_word();
        agent[0] = clerk.role;
        assert_eq!(entry(5, word(2 * index as u64)), agent);
        let principal = clerk.principal.into_word();
        assert_eq!(entry(5, word(2 * index as u64 + 1)), principal);
    }
    let (id, domain) = (B256::repeat_byte(1), B256::repeat_byte(2));
    city.rule(wire::enactNormCall { id, domain }).unwrap();
    city.rule(wire::strikeNormCall { id }).unwrap();
    let mut standing = word(city.world.now());
    standing[23] = 2;
    assert_eq!((entry(7, id), entry(8, id)), (domain, standing));
    assert_eq!(entry(9, domain), word(1));
    // Three of foundation, every member, seven founders, four clerks in two words, three of the norm.
    assert_eq!(city.world.storage(THIS).len(), 3 + Peer::COUNT + 7 + 8 + 3);
}

#[test]
fn a_page_is_stop_and_then_every_value_in_place() {
    let city = City::sealed();
    let at = city.ask(wire::pageOfCall { number: 1 });
    assert_eq!(at, THIS.create(1));
    let code = code_of(&city, at);
    assert_eq!(code[..], page::defaults()[..]);
    assert_eq!((code.len(), code[0]), (page::LEN, 0));
    for number in [1, 2, 127, 128, 255, 256, u64::MAX] {
        let page = city.ask(wire::pageOfCall { number });
        assert_eq!(page, THIS.create(number), "{number}");
    }
}

#[test]
fn there_is_no_page_before_the_first() {
    let call = wire::pageOfCall { number: 0 };
    let refusal = wire::UnknownEpoch { epoch: 0 };
    let city = City::sealed();
    city.world.refused(STRANGER, THIS, 0, call, refusal);
}

#[test]
fn nobody_is_a_member_beyond_the_last() {
    let city = City::sealed();
    for peer in [Peer::COUNT as u8, 255] {
        let refusal = wire::UnknownPeer { peer };
        let call = wire::memberOfCall { peer };
        city.world.refused(STRANGER, THIS, 0, call, refusal);
    }
}

/// The bytes of code at an account, as any contract sees them.
fn code_of(city: &City, at: Address) -> Bytes {
    let viewer = Address::repeat_byte(0x5e);
    city.world.install(viewer, B256::ZERO, move |frame, _| {
        Ok(AccountAccess::code(frame, at))
    });
    let code = city.world.transact(STRANGER, viewer, U256::ZERO, &[]);
    code.unwrap().into()
}
