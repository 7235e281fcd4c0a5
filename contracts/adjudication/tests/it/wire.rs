//! Construction and wiring; that the router has every function of the interface and none besides; payloads are read as their
//! structs say, and signed as EIP-712 has it, by keys and by contracts.

use agentcity_abi::IAdjudication as wire;
use agentcity_adjudication::storage::Adjudication;
use agentcity_domain::{
    act::Action,
    panel::{audit::Audits, queue::Entry, rotation::Rotation},
    peer::Peer,
    signed::SignedStruct,
};
use agentcity_world::{Alone, Answer};
use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue, eip712_domain};

use crate::city::*;

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

/// The greatest value of a field's type; agents at fault ascend.
fn greatest(ty: &str, name: &str) -> [u8; 32] {
    let mut word = [0; 32];
    word[32 - used(ty)..].fill(0xff);
    match (ty, name) {
        ("bool", _) => word[31] = 1,
        (_, "first") => word[31] = 0x0f,
        (_, "second") => word[31] = 0x1f,
        (_, "third") => word[31] = 0x2f,
        _ => {}
    }
    word
}

/// A payload of the greatest values that its types allow.
fn full(signed: SignedStruct) -> Vec<[u8; 32]> {
    let fields = signed.entry().fields();
    fields.map(|(ty, name)| greatest(ty, name)).collect()
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
fn a_call_that_is_cut_short_is_malformed() {
    alone().refuses_what_is_cut_short();
}

#[test]
fn it_is_wired_once_after_the_seal() {
    let city = City::constructed();
    refused(
        &city,
        |city| city.call(STRANGER, wire::wireCall {}),
        wire::NotSealed {},
    );
    let act = Act::of(Action::FreezeNode);
    refused(&city, |city| city.submit(&act, &[0]), wire::NotWired {});
    city.given.borrow_mut().is_sealed = true;
    city.call(STRANGER, wire::wireCall {}).unwrap();
    let wired = city.look().said::<wire::Wired>();
    assert_eq!(wired[0].members, Peer::ALL.map(member));
    refused(
        &city,
        |city| city.call(STRANGER, wire::wireCall {}),
        wire::AlreadyWired {},
    );
    assert!(city.construct(member(Peer::Constitution)).is_err());
    city.submit(&act, &[0]).unwrap();
}

/// The words of `storage.rs`, by keys that stand there.
#[test]
fn words_lie_where_the_drawing_says() {
    let city = City::new();
    let slot = |kind: u8, first: B256, second: B256| {
        let key = keccak256([&[kind], first.as_slice(), second.as_slice()].concat());
        let slot = keccak256([key.as_slice(), number(2).as_slice()].concat());
        city.world.slot(here(), U256::from_be_bytes(slot.0))
    };
    let now = city.world.now();
    let stop = Act::of(Action::TriggerStop);
    city.submit(&stop, &[0]).unwrap();
    assert_eq!(slot(1, city.digest(&stop), CITY), Entry::done(1).0);
    let first = city.keys[0].address.into_word();
    assert_eq!(slot(3, mission(1), first), number(1));
    let disburse = Act::of(Action::Disburse);
    let digest = city.submit(&disburse, &[0, 1, 2, 3, 4]).unwrap();
    let entry = Entry::queued(5, 5, now, 2 * DAY, 7 * DAY);
    assert_eq!(slot(1, digest, CITY), entry.0);
    for place in 0..5 {
        let signer = city.keys[place].address.into_word();
        assert_eq!(slot(1, digest, number(place as u64 + 1)), signer);
    }
    let confirm = Act::of(Action::ConfirmFreeze);
    city.submit(&confirm, &[0]).unwrap();
    let set = keccak256(first);
    let mut rotation = Rotation::default();
    rotation.set_set(u64::from_be_bytes(set[..8].try_into().unwrap()));
    rotation.set_at(now);
    rotation.set_run(1);
    assert_eq!(slot(2, mission(1), number(2)), rotation.0);
    city.appoint(0);
    for place in 0..PANEL {
        city.interest(place, mission(3));
    }
    let alone = Act::of(Action::FreezeNode).about(mission(3));
    city.alone(&alone, 0, &city.first(7)).unwrap();
    let audits = Audits(slot(4, CITY, CITY));
    assert_eq!(
        (audits.open_one(), audits.audited()),
        (1, city.keys[0].address)
    );
}

/// ERC-1271: a contract on the panel signs as itself, before its signature stands its address (RULINGS R22).
#[test]
fn a_contract_signs_as_itself() {
    let mut city = City::new();
    let (wallet, other) = (Address::repeat_byte(0x01), Address::repeat_byte(0x02));
    let magic = |answer: Vec<u8>| {
        move |_: &agentcity_world::Frame, input: &[u8]| {
            assert_eq!(input[..4], hex!("1626ba7e"));
            Ok(answer.clone())
        }
    };
    let mut yes = vec![0; 32];
    yes[..4].copy_from_slice(&hex!("1626ba7e"));
    city.world.install(wallet, B256::ZERO, magic(yes.clone()));
    let seat = Seat {
        active: true,
        flagged: false,
        interests: vec![],
    };
    city.given.borrow_mut().seats.insert(wallet, seat.clone());
    let act = Act::of(Action::ReleaseOutput);
    let by = |contract: Address, rest: usize| -> Bytes {
        [contract.as_slice(), &vec![7; rest]].concat().into()
    };
    let key = city.sign(&act, &[0]).remove(0);
    for rest in [0, 44, 46, 65, 2_048] {
        city = City {
            world: city.world.clone(),
            ..city
        };
        let act = act.clone().about(mission(rest as u8)).again(rest as u64);
        let key = city.sign(&act, &[0]).remove(0);
        city.hand_in(&act, vec![by(wallet, rest), key])
            .expect("it agrees");
        let signers = &city.look().said::<wire::OverrideAction>()[0].signers;
        assert_eq!(*signers, [wallet, city.keys[0].address]);
    }
    // Too long, another answer, a word too many, no code: no signature.
    let too_long = vec![by(wallet, 2_049), key.clone()];
    let no = wire::MalformedCall {};
    refused(&city, |city| city.hand_in(&act, too_long), no);
    let mut almost = yes.clone();
    almost[31] = 1;
    for answer in [
        almost,
        vec![],
        [yes.clone(), vec![0]].concat(),
        yes[..31].to_vec(),
    ] {
        city.world.install(other, B256::ZERO, magic(answer));
        let signer = other;
        let signatures = vec![by(other, 7), key.clone()];
        refused(
            &city,
            |city| city.hand_in(&act, signatures),
            wire::InvalidSignature { signer },
        );
    }
    let signer = Address::repeat_byte(0x03);
    let signatures = vec![by(signer, 7), key.clone()];
    refused(
        &city,
        |city| city.hand_in(&act, signatures),
        wire::InvalidSignature { signer },
    );
    // A signature without a signer.
    let no = wire::MalformedCall {};
    refused(
        &city,
        |city| city.hand_in(&act, vec![Bytes::from(vec![1; 19])]),
        no,
    );
}

#[test]
fn what_is_not_there_reads_as_nothing() {
    let city = City::new();
    let state = city.state(WHY);
    assert_eq!((state.state, state.signers), (wire::ActionState::None, 0));
    assert!(state.dueAt.is_zero() && state.expiresAt.is_zero());
    let senior = city.call(STRANGER, wire::seniorCall {}).unwrap();
    assert_eq!((senior.account, senior.auditId), (Address::ZERO, 0));
    for call in ["withdraw", "expire"] {
        let state = wire::ActionState::None;
        let no = wire::WrongActionState { digest: WHY, state };
        refused(
            &city,
            |city| {
                if call == "expire" {
                    city.expire(WHY)
                } else {
                    city.withdraw(0, WHY)
                }
            },
            no,
        );
    }
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
