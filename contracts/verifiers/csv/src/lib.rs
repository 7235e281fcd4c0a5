//! The output is a table in its one encoding, under the header that the statute commits to (`abi/sol/IVerifier.sol`, docs/verifiers.md).
//!
//! The rule is in [`agentcity_domain::verifier::csv`]. The program keeps nothing and asks nobody.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod storage;

use alloc::vec::Vec;

use agentcity_abi::IVerifier as wire;
use agentcity_domain::{verification::proof::PROOF_BYTES_MAX, verifier::csv};
use agentcity_shell::{Answer, Input, no_coins, output, router::Contract};
use alloy_sol_types::SolCall;
use stylus_sdk::prelude::*;

use crate::storage::CanonicalCsv;

agentcity_shell::router!(CanonicalCsv);

impl Contract for CanonicalCsv {
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

impl CanonicalCsv {
    fn verify(&self, input: &mut Input<'_>) -> Answer {
        let (_mission, output_hash, expected) = (input.word()?, input.word()?, input.word()?);
        let table = input.bytes(PROOF_BYTES_MAX)?;
        let holds = self.vm().native_keccak256(table) == output_hash
            && csv::header(table)
                .is_some_and(|header| self.vm().native_keccak256(header) == expected);
        Ok(output::words(&[output::truth(holds)]))
    }
}
