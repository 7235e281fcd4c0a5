//! Results of nodes: proofs, commitments, consensus, reviews (`abi/sol/IVerification.sol`).
//!
//! The rules are in [`agentcity_domain::verification`]. A function asks collaboration for the attempt, lets the domain decide,
//! stores what is left, emits, and tells treasury and collaboration last. Collaboration alone writes the node's state; what is
//! kept here are seals, values and trails, by mission, node and attempt.
//!
//! Reading order: this file (calls to functions), `case.rs` (an attempt, and the verdict on it), `results.rs` (what executors hand
//! in, and closing), `consensus.rs` (weighing), `review.rs` (people), `views.rs`, [`mod@storage`] (slots), `error.rs`.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod case;
mod consensus;
mod error;
mod results;
mod review;
pub mod storage;
mod views;

use agentcity_abi::IVerification as wire;
use agentcity_domain::literal;
use agentcity_shell::{
    Answer, Input,
    member::Member,
    no_coins,
    reader::{self, Reader},
    router::Contract,
};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Verifications;

agentcity_shell::router!(Verifications);

impl Contract for Verifications {
    fn dispatch(&mut self, selector: [u8; 4], input: Input<'_>) -> Option<Answer> {
        let input = &mut Reader::of(input);
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        let answered = match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire_members(literal!(wire::Wired::SIGNATURE_HASH)),
            wire::announceResultCall::SELECTOR => self.announce(input),
            wire::submitResultCall::SELECTOR => self.submit_result(input),
            wire::commitResultCall::SELECTOR => self.commit_result(input),
            wire::revealResultCall::SELECTOR => self.reveal_result(input),
            wire::submitBatchCall::SELECTOR => self.submit_batch(input),
            wire::closeVerificationCall::SELECTOR => self.close_verification(input),
            wire::disputeCall::SELECTOR => self.dispute(input),
            wire::decideReviewCall::SELECTOR => self.decide_review(input),
            wire::disqualifyCall::SELECTOR => self.disqualify(input),
            wire::releaseBondCall::SELECTOR => self.release_bond(input),
            wire::recordOfCall::SELECTOR => self.record_of(input),
            wire::commitmentOfCall::SELECTOR => self.commitment_of(input),
            _ => return None,
        };
        Some(reader::answer(input, answered))
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
