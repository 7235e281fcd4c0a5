//! The Override Panel (`abi/sol/IAdjudication.sol`).
//!
//! STUB-BODY: the bodies are stubs of realistic weight. They read every argument, recover every signature, load and store
//! packed words, compute what is dense (digests, requirements, rotation), make every call and emit every event, so that the
//! program's size can be judged before the rules are filled in (docs/adr/0001). A test lists the programs that still carry
//! this mark.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod actions;
mod checks;
mod opened;
mod panel;
pub mod storage;

use agentcity_abi::IAdjudication as wire;
use agentcity_domain::literal;
use agentcity_shell::{Answer, Input, member::Member, no_coins, router::Contract};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Adjudication;

agentcity_shell::router!(Adjudication);

impl Contract for Adjudication {
    fn dispatch(&mut self, selector: [u8; 4], mut input: Input<'_>) -> Option<Answer> {
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        let input = &mut input;
        Some(match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire_members(literal!(wire::Wired::SIGNATURE_HASH)),
            wire::submitCall::SELECTOR => self.submit(input),
            wire::submitUnilateralCall::SELECTOR => self.submit_unilateral(input),
            wire::executeCall::SELECTOR => self.execute(input),
            wire::withdrawSignatureCall::SELECTOR => self.withdraw_signature(input),
            wire::expireActionCall::SELECTOR => self.expire_action(input),
            wire::digestOfCall::SELECTOR => self.digest_of(input),
            wire::decodeActionCall::SELECTOR => self.decode_action(input),
            wire::requirementOfCall::SELECTOR => self.requirement_of(input),
            wire::actionStateCall::SELECTOR => self.action_state(input),
            wire::seniorCall::SELECTOR => self.senior(),
            _ => return None,
        })
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
