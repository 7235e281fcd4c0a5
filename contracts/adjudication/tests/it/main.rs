//! The router has every function of the interface and none besides; payloads are read as their structs say, and signed as
//! EIP-712 has it.

use agentcity_abi::IAdjudication as wire;
use agentcity_adjudication::storage::Adjudication;
use agentcity_domain::{act::Action, signed::SignedStruct};
use agentcity_world::{Alone, Answer};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue, eip712_domain};

fn alone() -> Alone {
    Alone::new::<Adjudication, wire::IAdjudicationCalls>()
}

/// Bytes that a value of a field's type may use.
fn used(ty: &str) -> usize {
    match ty {
        "address" => 20,
        "bool" => 1,
        "bytes32" | "int16" => 32,
        _ => ty.strip_prefix("uint").unwrap().parse::<usize>().unwrap() / 8,
    }
}

/// A payload with every bit set that its types allow.
fn full(signed: SignedStruct) -> Vec<[u8; 32]> {
    let fields = signed.entry().fields();
    fields
        .map(|(ty, _)| {
            let mut word = [0; 32];
            word[32 - used(ty)..].fill(0xff);
            word
        })
        .collect()
}

fn digest_of(alone: &Alone, action: Action, payload: Vec<u8>) -> Answer {
    let mut input = wire::digestOfCall {
        action: wire::Action::FreezeNode,
        payload: Bytes::from(payload),
    }
    .abi_encode();
    input[35] = action as u8;
    alone.call(0, &input)
}

#[test]
fn every_function_is_routed_and_nothing_else() {
    alone().routes_its_interface();
}

#[test]
fn coins_are_refused_by_every_function() {
    alone().refuses_coins();
}

#[test]
fn it_names_its_constitution() {
    alone().names_its_constitution();
}

#[test]
fn what_is_signed_is_the_typed_struct_of_the_action() {
    let alone = alone();
    let domain = eip712_domain! {
        name: "AgentCity",
        version: "1",
        chain_id: agentcity_world::CHAIN_ID,
        verifying_contract: Alone::CONTRACT,
    };
    for action in Action::ALL {
        let signed = action.signed().unwrap();
        let payload = full(signed).concat();
        let hash = keccak256([signed.type_hash().as_slice(), &payload].concat());
        let expected = keccak256([&[0x19, 0x01], &domain.separator()[..], &hash[..]].concat());
        assert_eq!(
            digest_of(&alone, *action, payload),
            Ok(expected.to_vec()),
            "{action:?}"
        );
    }
}

#[test]
fn a_word_beyond_its_type_and_a_word_too_many_or_too_few_are_refused() {
    let alone = alone();
    for action in Action::ALL {
        let signed = action.signed().unwrap();
        let malformed = |place: usize| {
            let words = [U256::from(*action as u8), U256::from(place)];
            Err([&wire::MalformedPayload::SELECTOR[..], &words.abi_encode()].concat())
        };
        let words = full(signed);
        for (place, (ty, _)) in signed.entry().fields().enumerate() {
            let mut dirty = words.clone();
            let Some(above) = 31usize.checked_sub(used(ty)) else {
                continue;
            };
            dirty[place][above] = 1;
            assert_eq!(
                digest_of(&alone, *action, dirty.concat()),
                malformed(place),
                "{action:?}, {place}"
            );
        }
        let count = words.len();
        assert_eq!(
            digest_of(&alone, *action, words[1..].concat()),
            malformed(count)
        );
        let longer = [words.concat(), vec![0; 32]].concat();
        assert_eq!(digest_of(&alone, *action, longer), malformed(count));
    }
}

#[test]
fn an_action_outside_the_table_is_unknown() {
    let alone = alone();
    let mut input = wire::digestOfCall {
        action: wire::Action::FreezeNode,
        payload: Bytes::new(),
    }
    .abi_encode();
    for number in [0, Action::ALL.len() as u8 + 1, 255] {
        input[35] = number;
        let expected = wire::UnknownAction { action: number }.abi_encode();
        assert_eq!(alone.call(0, &input), Err(expected));
    }
}

#[test]
fn a_payload_is_read_back() {
    let word = |n: u8| B256::with_last_byte(n);
    let payload: Vec<u8> = (1..=7).flat_map(|n| word(n).0).collect();
    let input = wire::decodeActionCall {
        action: wire::Action::FreezeNode,
        payload: payload.into(),
    };
    let answer = alone().call(0, &input.abi_encode()).expect("read");
    let read = wire::decodeActionCall::abi_decode_returns(&answer).unwrap();
    assert_eq!((read.missionId, read.node, read.attempt), (word(1), 2, 3));
    assert_eq!((read.subject, read.oldValue), (word(4), B256::ZERO));
    assert_eq!(
        (read.justificationHash, read.contentAddress, read.deadline),
        (word(5), word(6), 7)
    );
}
