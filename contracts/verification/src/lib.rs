//! Results of nodes: proofs, commitments, consensus, reviews (`abi/sol/IVerification.sol`).
//!
//! STUB-BODY: the bodies are stubs of realistic weight. They read every argument, check every caller and signature, load
//! and store packed words, compute what is dense (consensus, similarity) and emit events, so that the program's size can be
//! judged before the rules are filled in (docs/adr/0001). A test lists the programs that carry this mark.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod case;
mod consensus;
mod results;
mod review;
pub mod storage;
mod views;

use agentcity_abi::IVerification as wire;
use agentcity_domain::literal;
use agentcity_shell::{Answer, Input, member::Member, no_coins, router::Contract};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Verifications;

agentcity_shell::router!(Verifications);

impl Contract for Verifications {
    fn dispatch(&mut self, selector: [u8; 4], mut input: Input<'_>) -> Option<Answer> {
        let input = &mut input;
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        Some(match selector {
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
        })
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
