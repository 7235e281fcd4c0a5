//! The sorted permutation as a chain asks it: encoded calls in, a truth value out.

use agentcity_abi::IVerifier::{IVerifierCalls, verifyCall};
use agentcity_verifier_permutation::storage::SortedPermutation;
use agentcity_world::{Alone, World};
use alloy_primitives::{Address, B256, keccak256};

const HERE: Address = Address::repeat_byte(0x5e);
const ME: Address = Address::repeat_byte(0x11);

fn alone() -> Alone {
    Alone::new::<SortedPermutation, IVerifierCalls>()
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

/// A call about `width`, input and output, under the commitment that they should have.
fn asked(width: u8, input: &[u8], output: &[u8]) -> verifyCall {
    verifyCall {
        missionId: B256::repeat_byte(7),
        outputHash: keccak256(output),
        expected: keccak256([&[width], input].concat()),
        proof: [&[width], input, output].concat().into(),
    }
}

fn holds(call: verifyCall) -> bool {
    let world = World::new();
    world.program::<SortedPermutation>(HERE, "permutation");
    let holds = world.call(ME, HERE, call).expect("answered");
    assert!(world.storage(HERE).is_empty() && world.take_logs().is_empty());
    holds
}

#[test]
fn the_sorted_input_holds() {
    assert!(holds(asked(2, &[0, 3, 0, 1, 0, 3], &[0, 1, 0, 3, 0, 3])));
    assert!(holds(asked(1, &[], &[])));
}

#[test]
fn what_is_unsorted_or_other_or_no_proof_does_not_hold() {
    assert!(!holds(asked(1, &[3, 1, 2], &[3, 1, 2])));
    assert!(!holds(asked(1, &[3, 1, 2], &[1, 2, 4])));
    assert!(!holds(asked(1, &[1, 1, 2], &[1, 2, 2])));
    assert!(!holds(asked(0, &[1], &[1])));
    assert!(!holds(asked(2, &[1, 2, 3], &[1, 2, 3])));
}

#[test]
fn another_input_width_or_output_than_committed_does_not_hold() {
    let good = asked(1, &[3, 1, 2, 0], &[0, 1, 2, 3]);
    assert!(holds(good.clone()));
    // One element of four bytes would be sorted whatever it holds.
    let wide = asked(4, &[3, 1, 2, 0], &[3, 1, 2, 0]);
    assert!(holds(wide.clone()), "under a commitment of its own");
    let expected = good.expected;
    assert!(!holds(verifyCall { expected, ..wide }));
    let output_hash = keccak256([0, 1, 2, 4]);
    assert!(!holds(verifyCall {
        outputHash: output_hash,
        ..good.clone()
    }));
    let other = asked(1, &[9, 9, 9, 9], &[9, 9, 9, 9]);
    assert!(!holds(verifyCall { expected, ..other }));
}
