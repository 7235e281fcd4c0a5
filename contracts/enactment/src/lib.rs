//! From bids to law: award, regulation, codification, validation, approval (`abi/sol/IEnactment.sol`).
//!
//! Reading order: this file (calls to functions), `session.rs` (whose turn it is, as the legislature says), `pages.rs` (nodes
//! of a statute), `award.rs` (seats), `regulation.rs` (MSG_TYPE_5), `law.rs` (MSG_TYPE_6 and 7, and what follows),
//! `views.rs`, [`mod@storage`].
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod award;
mod law;
mod pages;
mod regulation;
mod session;
pub mod storage;
mod views;

use agentcity_abi::IEnactment as wire;
use agentcity_shell::{Answer, Input, member::Member, no_coins, router::Contract};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Enactment;

agentcity_shell::router!(Enactment);

impl Contract for Enactment {
    fn dispatch(&mut self, selector: [u8; 4], mut input: Input<'_>) -> Option<Answer> {
        let input = &mut input;
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        Some(match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire_members(wire::Wired::SIGNATURE_HASH),
            wire::awardCall::SELECTOR => self.award(input),
            wire::deviateAwardCall::SELECTOR => self.deviate_award(input),
            wire::countersignAwardCall::SELECTOR => self.countersign_award(input),
            wire::decideRegulatoryCall::SELECTOR => self.decide_regulatory(input),
            wire::waiveFairnessCall::SELECTOR => self.waive_fairness(input),
            wire::codifyCall::SELECTOR => self.codify(input),
            wire::validateCall::SELECTOR => self.validate(input),
            wire::approveCall::SELECTOR => self.approve(input),
            wire::auditCodificationCall::SELECTOR => self.audit_codification(input),
            wire::publishTemplateCall::SELECTOR => self.publish_template(input),
            wire::applyReassignmentCall::SELECTOR => self.apply_reassignment(input),
            wire::declareSpecificationFaultCall::SELECTOR => {
                self.declare_specification_fault(input)
            }
            wire::awardedCall::SELECTOR => self.awarded(input),
            wire::runnerUpCall::SELECTOR => self.runner_up(input),
            wire::awardOfCall::SELECTOR => self.award_of(input),
            wire::lawOfCall::SELECTOR => self.law_of(input),
            wire::templateCall::SELECTOR => self.template(input),
            wire::specificationFaultCall::SELECTOR => self.specification_fault(input),
            _ => return None,
        })
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
