//! Canonical CSV as a chain asks it: encoded calls in, a truth value out.

use agentcity_abi::IVerifier::{IVerifierCalls, verifyCall};
use agentcity_verifier_csv::storage::CanonicalCsv;
use agentcity_world::{Alone, World};
use alloy_primitives::{Address, B256, keccak256};

const HERE: Address = Address::repeat_byte(0x5e);
const ME: Address = Address::repeat_byte(0x11);

fn alone() -> Alone {
    Alone::new::<CanonicalCsv, IVerifierCalls>()
}

#[test]
fn its_one_function_is_routed_and_nothing_else() {
    alone().routes_its_interface();
}

#[test]
fn a_call_that_is_cut_short_is_malformed() {
    alone().refuses_what_is_cut_short();
}

#[test]
fn coins_are_refused() {
    alone().refuses_coins();
}

fn asked(header: &str, table: &[u8]) -> verifyCall {
    verifyCall {
        missionId: B256::repeat_byte(7),
        outputHash: keccak256(table),
        expected: keccak256(header),
        proof: table.to_vec().into(),
    }
}

fn holds(call: verifyCall) -> bool {
    let world = World::new();
    world.program::<CanonicalCsv>(HERE, "csv");
    let holds = world.call(ME, HERE, call).expect("answered");
    assert!(world.storage(HERE).is_empty() && world.take_logs().is_empty());
    holds
}

#[test]
fn a_table_in_its_one_encoding_under_its_header_holds() {
    assert!(holds(asked("id,name", b"id,name\r\n1,\"a,b\"\r\n")));
    assert!(holds(asked("\"a,b\"", b"\"a,b\"\r\n")), "a header alone");
}

#[test]
fn another_encoding_of_the_same_table_does_not_hold() {
    for table in [
        &b"id,name\n1,a\n"[..],
        b"id,name\r\n1,a",
        b"id,name\r\n1,\"a\"\r\n",
        b"id,name\r\n1,a\r\n\r\n",
        b"\xef\xbb\xbfid,name\r\n1,a\r\n",
    ] {
        assert!(!holds(asked("id,name", table)), "{table:?}");
    }
}

#[test]
fn another_header_or_output_than_committed_does_not_hold() {
    let good = asked("id,name", b"id,name\r\n1,a\r\n");
    assert!(holds(good.clone()));
    assert!(!holds(asked("id,title", b"id,name\r\n1,a\r\n")));
    assert!(!holds(verifyCall {
        outputHash: keccak256(b"id,name\r\n2,a\r\n"),
        ..good.clone()
    }));
    assert!(!holds(verifyCall {
        proof: b"id,name\r\n2,a\r\n".to_vec().into(),
        ..good
    }));
}
