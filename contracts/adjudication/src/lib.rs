//! The Override Panel (`abi/sol/IAdjudication.sol`).
//!
//! Every function reads a signed action, asks who signed it and whether what they saw is still so, has `agentcity_domain::panel`
//! decide, stores, says what happened, and then tells the roster and whom the action concerns.
//!
//! | file | does |
//! |---|---|
//! | `opened` | reads an action, every word of its type |
//! | `signers` | who signed it, eligible and without an interest |
//! | `cases` | what they saw, and what it demands |
//! | `panel` | hands in, queues, carries out, withdraws, ends |
//! | `senior` | the senior adjudicator's acts, and their audits |
//! | `actions` | where each action lands |
//! | `views` | what can be asked |
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod actions;
mod cases;
mod opened;
mod panel;
mod senior;
mod signers;
pub mod storage;
mod views;

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
