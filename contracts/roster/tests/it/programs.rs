//! Predicates and verifiers: pinned by their code, which does not delegate and stays activated.

use agentcity_abi::IRoster as wire;
use agentcity_domain::parameter::ParameterId;
use agentcity_world::Activation;
use alloy_primitives::{Address, B256, hex, keccak256};
use alloy_sol_types::SolValue;

use crate::city::*;

const PROGRAM: Address = Address::repeat_byte(0xf0);
const PLAIN: [u8; 5] = hex!("6001600055");
const LIFE_MIN: u64 = 30 * DAY;

fn approve(account: Address, codehash: B256) -> wire::approvePredicateCall {
    wire::approvePredicateCall {
        program: account,
        codehash,
    }
}

fn verify(account: Address, codehash: B256) -> wire::approveVerifierCall {
    wire::approveVerifierCall {
        program: account,
        codehash,
    }
}

fn wrong(account: Address, expected: B256, found: B256) -> wire::WrongProgram {
    wire::WrongProgram {
        account,
        expected,
        found,
        needed: LIFE_MIN,
    }
}

fn code(city: &City, account: Address, kind: wire::ProgramKind) -> B256 {
    city.call(STRANGER, wire::approvedCodeCall { account, kind })
        .unwrap()
}

#[test]
fn a_predicate_is_approved_with_its_code_and_no_longer_when_revoked() {
    let city = City::new();
    city.world.data(PROGRAM, &PLAIN);
    let hash = keccak256(PLAIN);
    city.rule(approve(PROGRAM, hash)).unwrap();
    let said = city.events::<wire::ProgramChanged>();
    assert_eq!(
        (
            said[0].account,
            said[0].kind,
            said[0].codehash,
            said[0].approved
        ),
        (PROGRAM, wire::ProgramKind::Predicate, hash, true)
    );
    assert_eq!(code(&city, PROGRAM, wire::ProgramKind::Predicate), hash);
    assert_eq!(
        code(&city, PROGRAM, wire::ProgramKind::Verifier),
        B256::ZERO,
        "another kind"
    );
    let twice = wire::AlreadyDone { who: PROGRAM };
    city.rule_refused(approve(PROGRAM, hash), twice);
    let revoke = |codehash| wire::revokePredicateCall {
        program: PROGRAM,
        codehash,
    };
    let other = B256::repeat_byte(3);
    city.rule_refused(
        revoke(other),
        wire::ValueChanged {
            expected: other,
            found: hash,
        },
    );
    city.rule(revoke(hash)).unwrap();
    assert!(!city.events::<wire::ProgramChanged>()[0].approved);
    assert_eq!(
        code(&city, PROGRAM, wire::ProgramKind::Predicate),
        B256::ZERO
    );
    city.rule_refused(revoke(B256::ZERO), wire::AlreadyDone { who: PROGRAM });
}

#[test]
fn a_verifier_is_approved_by_its_own_function() {
    let city = City::new();
    city.world.data(PROGRAM, &PLAIN);
    let hash = keccak256(PLAIN);
    city.rule(verify(PROGRAM, hash)).unwrap();
    assert_eq!(code(&city, PROGRAM, wire::ProgramKind::Verifier), hash);
    assert_eq!(
        code(&city, PROGRAM, wire::ProgramKind::Predicate),
        B256::ZERO
    );
    let revoke = wire::revokeVerifierCall {
        program: PROGRAM,
        codehash: hash,
    };
    city.rule(revoke).unwrap();
    assert_eq!(
        code(&city, PROGRAM, wire::ProgramKind::Verifier),
        B256::ZERO
    );
}

#[test]
fn other_code_and_no_code_are_refused() {
    let city = City::new();
    let hash = keccak256(PLAIN);
    city.rule_refused(approve(PROGRAM, hash), wrong(PROGRAM, hash, B256::ZERO));
    city.rule_refused(
        approve(PROGRAM, B256::ZERO),
        wrong(PROGRAM, B256::ZERO, B256::ZERO),
    );
    city.fund(PROGRAM);
    let empty = keccak256([]);
    city.rule_refused(approve(PROGRAM, empty), wrong(PROGRAM, empty, empty));
    city.world.data(PROGRAM, &PLAIN);
    let other = B256::repeat_byte(3);
    city.rule_refused(approve(PROGRAM, other), wrong(PROGRAM, other, hash));
}

/// RESOLUTIONS P-05: an approval would outlive what a proxy points at.
#[test]
fn code_that_delegates_is_refused() {
    let city = City::new();
    let pointer = [&hex!("ef0100")[..], &[7; 20]].concat();
    for code in [
        &hex!(
            "363d3d373d3d3d363d73bebebebebebebebebebebebebebebebebebebebe5af43d82803e903d91602b57fd5bf3"
        )[..],
        &pointer,
        &hex!("6000f4"),
        &hex!("00005bf2"),
    ] {
        city.world.data(PROGRAM, code);
        let hash = keccak256(code);
        city.rule_refused(approve(PROGRAM, hash), wrong(PROGRAM, hash, hash));
        city.rule_refused(verify(PROGRAM, hash), wrong(PROGRAM, hash, hash));
    }
    // The same byte as a number, and behind the end.
    for code in [&hex!("60f400")[..], &hex!("00f4f2")] {
        city.world.data(PROGRAM, code);
        city.rule(approve(PROGRAM, keccak256(code))).unwrap();
        let call = wire::revokePredicateCall {
            program: PROGRAM,
            codehash: keccak256(code),
        };
        city.rule(call).unwrap();
    }
}

/// RULINGS A8: a program has thirty days left when it is approved.
#[test]
fn a_program_stays_activated_for_a_while() {
    let city = City::new();
    let hash = keccak256("judge of texts");
    city.world.install(PROGRAM, hash, |_, _| Ok(Vec::new()));
    // Where nobody answers for programs, none is active.
    city.rule_refused(approve(PROGRAM, hash), wrong(PROGRAM, hash, hash));
    let activation = Activation::of(&city.world);
    activation.lapse(PROGRAM);
    city.rule_refused(approve(PROGRAM, hash), wrong(PROGRAM, hash, hash));
    activation.renew(PROGRAM);
    city.rule(approve(PROGRAM, hash)).unwrap();
    let asked = Address::from_word(B256::left_padding_from(&[0x71]));
    for (time_left, expected) in [(LIFE_MIN - 1, false), (LIFE_MIN, true)] {
        let city = City::new();
        city.world.install(PROGRAM, hash, |_, _| Ok(Vec::new()));
        city.world
            .install(asked, keccak256("ArbWasm"), move |_, _| {
                Ok(time_left.abi_encode())
            });
        assert_eq!(
            city.rule(approve(PROGRAM, hash)).is_ok(),
            expected,
            "{time_left}"
        );
    }
    let city = City::new();
    city.set(ParameterId::ProgramLifeMinSecs, 366 * DAY);
    city.world.install(PROGRAM, hash, |_, _| Ok(Vec::new()));
    let _activation = Activation::of(&city.world);
    assert!(
        city.rule(approve(PROGRAM, hash)).is_err(),
        "the table's time"
    );
}
