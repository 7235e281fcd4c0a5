//! The output holds exactly the elements of an input, in ascending order (`abi/sol/IVerifier.sol`, docs/verifiers.md).
//!
//! The rule is in [`agentcity_domain::verifier::permutation`]. The program keeps nothing and asks nobody.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod storage;

use alloc::{vec, vec::Vec};

use agentcity_abi::IVerifier as wire;
use agentcity_domain::{verification::proof::PROOF_BYTES_MAX, verifier::permutation::Proof};
use agentcity_shell::{Answer, Input, no_coins, output, router::Contract};
use alloy_sol_types::SolCall;
use stylus_sdk::prelude::*;

use crate::storage::SortedPermutation;

agentcity_shell::router!(SortedPermutation);

impl Contract for SortedPermutation {
    fn dispatch(&mut self, selector: [u8; 4], mut input: Input<'_>) -> Option<Answer> {
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        match selector {
            wire::verifyCall::SELECTOR => Some(self.verify(&mut input)),
            _ => None,
        }
    }

    /// Nothing is to be constructed.
    fn construct(&mut self, _: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        Ok(Vec::new())
    }
}

impl SortedPermutation {
    fn verify(&self, input: &mut Input<'_>) -> Answer {
        let (_mission, output_hash, expected) = (input.word()?, input.word()?, input.word()?);
        let proof = input.bytes(PROOF_BYTES_MAX)?;
        let holds = Proof::read(proof).is_some_and(|proof| {
            self.vm().native_keccak256(proof.committed) == expected
                && self.vm().native_keccak256(proof.output) == output_hash
                && proof.holds(&mut vec![0; proof.count()])
        });
        Ok(output::words(&[output::truth(holds)]))
    }
}
