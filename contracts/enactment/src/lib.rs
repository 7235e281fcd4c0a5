//! From bids to law: award, regulation, codification, validation, approval (`abi/sol/IEnactment.sol`).
//!
//! Reading order: this file (calls to functions), `session.rs` (whose turn it is, as the legislature says), `pages.rs` (nodes
//! of a statute), `award.rs` (seats), `regulation.rs` (MSG_TYPE_5), `law.rs` (MSG_TYPE_6 and 7, and what follows),
//! `anew.rs` (a failed node's new seats), `views.rs`, [`mod@storage`].
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod anew;
mod award;
mod law;
mod pages;
mod regulation;
mod session;
pub mod storage;
mod views;

use alloc::vec::Vec;

use agentcity_abi::IEnactment as wire;
use agentcity_domain::literal;
use agentcity_shell::{
    Answer, Input,
    member::Member,
    no_coins,
    reader::{self, Reader},
    router::Contract,
    said::{Refusal, Said},
};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Enactment;

agentcity_shell::router!(Enactment);

impl Contract for Enactment {
    fn dispatch(&mut self, selector: [u8; 4], input: Input<'_>) -> Option<Answer> {
        let input = &mut Reader::of(input);
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        let done = if let Some(command) = command(selector) {
            command(self, input).map(|()| Vec::new())
        } else if let Some(question) = question(selector) {
            question(self, input)
        } else {
            return match selector {
                wire::constitutionCall::SELECTOR => Some(self.constitution()),
                wire::wireCall::SELECTOR => {
                    Some(self.wire_members(literal!(wire::Wired::SIGNATURE_HASH)))
                }
                _ => None,
            };
        };
        Some(reader::answer(input, done.map_err(Refusal::bytes)))
    }

    fn construct(&mut self, input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        let mut input = Reader::of(input);
        let constitution = input.address();
        input.end()?;
        self.found(constitution)
    }
}

/// What changes something and answers nothing.
type Command = fn(&mut Enactment, &mut Reader<'_>) -> Said;
/// What answers.
type Question = fn(&mut Enactment, &mut Reader<'_>) -> Said<Vec<u8>>;

fn command(selector: [u8; 4]) -> Option<Command> {
    Some(match selector {
        wire::awardCall::SELECTOR => Enactment::award,
        wire::deviateAwardCall::SELECTOR => Enactment::deviate_award,
        wire::countersignAwardCall::SELECTOR => Enactment::countersign_award,
        wire::decideRegulatoryCall::SELECTOR => Enactment::decide_regulatory,
        wire::waiveFairnessCall::SELECTOR => Enactment::waive_fairness,
        wire::codifyCall::SELECTOR => Enactment::codify,
        wire::validateCall::SELECTOR => Enactment::validate,
        wire::approveCall::SELECTOR => Enactment::approve,
        wire::auditCodificationCall::SELECTOR => Enactment::audit_codification,
        wire::publishTemplateCall::SELECTOR => Enactment::publish_template,
        wire::applyReassignmentCall::SELECTOR => Enactment::apply_reassignment,
        wire::declareSpecificationFaultCall::SELECTOR => Enactment::declare_specification_fault,
        _ => return None,
    })
}

fn question(selector: [u8; 4]) -> Option<Question> {
    Some(match selector {
        wire::awardedCall::SELECTOR => Enactment::awarded,
        wire::runnerUpCall::SELECTOR => Enactment::runner_up,
        wire::awardOfCall::SELECTOR => Enactment::award_of,
        wire::lawOfCall::SELECTOR => Enactment::law_of,
        wire::templateCall::SELECTOR => Enactment::template,
        wire::specificationFaultCall::SELECTOR => Enactment::specification_fault,
        _ => return None,
    })
}
