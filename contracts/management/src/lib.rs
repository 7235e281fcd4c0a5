//! Authority envelopes and delegations of the clerks (`abi/sol/IManagement.sol`).
//!
//! The rules are in [`agentcity_domain::clerk`]. A function loads what is stored, asks others by static call where it
//! must, lets the domain decide, stores the outcome and emits its event. Nobody is called otherwise.
//!
//! Reading order: this file (calls to functions), `offices.rs` (who holds which, and what it is charged), `delegations.rs`
//! (mandates, requests, answers), `views.rs`, `others.rs` (what is asked of whom), [`mod@storage`] (slots), `error.rs`.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod delegations;
mod error;
mod offices;
mod others;
pub mod storage;
mod views;

use agentcity_abi::IManagement as wire;
use agentcity_shell::{Answer, Input, member::Member, no_coins, router::Contract};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Offices;

agentcity_shell::router!(Offices);

impl Contract for Offices {
    fn dispatch(&mut self, selector: [u8; 4], mut input: Input<'_>) -> Option<Answer> {
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        let input = &mut input;
        Some(match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire_members(wire::Wired::SIGNATURE_HASH),
            wire::admitGenesisClerkCall::SELECTOR => self.admit_genesis(input),
            wire::registerManagementAgentCall::SELECTOR => self.register(input),
            wire::updatePermissionsCall::SELECTOR => self.update(input),
            wire::revokeManagementRoleCall::SELECTOR => self.revoke(input),
            wire::setMandateCall::SELECTOR => self.set_mandate(input),
            wire::validateOperationCall::SELECTOR => self.validate(input),
            wire::delegateCall::SELECTOR => self.delegate(input),
            wire::recordDelegationResultCall::SELECTOR => self.answer(input),
            wire::expireDelegationCall::SELECTOR => self.expire(input),
            wire::clerkOfCall::SELECTOR => self.clerk_of(input),
            wire::profileOfCall::SELECTOR => self.profile_of(input),
            wire::requirePermittedCall::SELECTOR => self.require_permitted(input),
            wire::ledgerOfCall::SELECTOR => self.ledger_of(input),
            wire::mandateOfCall::SELECTOR => self.mandate_of(input),
            wire::mandatesCall::SELECTOR => self.mandates(),
            wire::delegationOfCall::SELECTOR => self.delegation_of(input),
            wire::requestDigestCall::SELECTOR => self.request_digest(input),
            wire::resultDigestCall::SELECTOR => self.result_digest(input),
            _ => return None,
        })
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
