//! Reports, freezes, halts, and the gate of missions (`abi/sol/IGuardian.sol`).
//!
//! Every function loads, has `agentcity_domain::guardian` or `::gate` decide, stores, says what happened, and then gives orders:
//! collaboration keeps the states of missions and nodes, the treasury the bonds, the roster the monitors.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod city;
mod error;
mod freezes;
mod gate;
mod halts;
mod reports;
pub mod storage;
mod views;

use agentcity_abi::IGuardian as wire;
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

use crate::storage::Guardian;

agentcity_shell::router!(Guardian);

impl Contract for Guardian {
    fn dispatch(&mut self, selector: [u8; 4], input: Input<'_>) -> Option<Answer> {
        let input = &mut Reader::of(input);
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        let answered = match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire_members(literal!(wire::Wired::SIGNATURE_HASH)),
            // guardian
            wire::reportCall::SELECTOR => self.report(input),
            wire::freezeNodeCall::SELECTOR => self.freeze_node(input),
            wire::unfreezeNodeCall::SELECTOR => self.unfreeze_node(input),
            wire::confirmFreezeCall::SELECTOR => self.confirm_freeze(input),
            wire::classifyFalsePositiveCall::SELECTOR => self.false_positive(input),
            wire::triggerStopCall::SELECTOR => self.trigger_stop(input),
            wire::clearStopCall::SELECTOR => self.clear_stop(input),
            wire::liftPauseCall::SELECTOR => self.lift_pause(input),
            wire::enterDegradedCall::SELECTOR => self.enter_degraded(input),
            wire::exitDegradedCall::SELECTOR => self.exit_degraded(input),
            wire::reconcileCall::SELECTOR => self.reconcile(input),
            wire::reportDivergenceCall::SELECTOR => self.report_divergence(input),
            wire::releaseBondCall::SELECTOR => self.release_bond(input),
            // gate
            wire::filterOutputCall::SELECTOR => self.filter_output(input),
            wire::clearPredicateCall::SELECTOR => self.clear_predicate(input),
            wire::vetoOutputCall::SELECTOR => self.veto_output(input),
            wire::releaseOutputCall::SELECTOR => self.release_output(input),
            // views
            wire::freezeOfCall::SELECTOR => self.freeze_of(input),
            wire::countersCall::SELECTOR => self.counters(input),
            wire::watchOfCall::SELECTOR => self.watch_of(input),
            wire::gateOfCall::SELECTOR => self.gate_of(input),
            _ => return None,
        };
        Some(reader::answer(input, answered))
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
