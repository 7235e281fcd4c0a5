//! Registry of the services that executors run (`abi/sol/IService.sol`).
//!
//! The rules are in [`agentcity_domain::service`]. A function loads what is stored, lets the domain decide, stores the
//! outcome and emits its event; the constitution and the agent contract are asked by static call before anything is
//! stored, and nobody is called otherwise.
//!
//! Reading order: this file (calls to functions), `methods.rs` (what they do), [`mod@storage`] (slots), `error.rs`.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod error;
mod methods;
pub mod storage;

use agentcity_abi::IService as wire;
use agentcity_shell::{Answer, Input, no_coins, router::Contract};
use alloy_sol_types::SolCall;
use stylus_sdk::prelude::*;

use crate::storage::Services;

agentcity_shell::router!(Services);

impl Contract for Services {
    fn dispatch(&mut self, selector: [u8; 4], mut input: Input<'_>) -> Option<Answer> {
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        let input = &mut input;
        Some(match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire(),
            wire::registerServiceCall::SELECTOR => self.register(input),
            wire::deprecateServiceCall::SELECTOR => self.deprecate(input),
            wire::verifyCodeHashCall::SELECTOR => self.verify_code_hash(input),
            wire::standingCall::SELECTOR => self.standing(input),
            wire::standingsCall::SELECTOR => self.standings(input),
            wire::isOwnerCall::SELECTOR => self.is_owner(input),
            wire::identifyCall::SELECTOR => self.identify(input),
            _ => return None,
        })
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
