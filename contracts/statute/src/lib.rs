//! Pages and seats of missions, checked and made law (`abi/sol/IStatute.sol`).
//!
//! STUB-BODY: the bodies are stubs of realistic weight. They read every argument, check every caller, load and store
//! packed words, compute what is dense (every node, edge and seat of the pages) and emit events, so that the program's
//! size can be judged before the rules are filled in (docs/adr/0001). A test lists the programs that carry this mark.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod deployment;
mod finalising;
pub mod storage;
mod views;

use agentcity_abi::IStatute as wire;
use agentcity_domain::literal;
use agentcity_shell::{Answer, Input, member::Member, no_coins, router::Contract};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Statutes;

agentcity_shell::router!(Statutes);

impl Contract for Statutes {
    fn dispatch(&mut self, selector: [u8; 4], mut input: Input<'_>) -> Option<Answer> {
        let input = &mut input;
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        Some(match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire_members(literal!(wire::Wired::SIGNATURE_HASH)),
            wire::deployTrancheCall::SELECTOR => self.deploy_tranche(input),
            wire::deploySeatsCall::SELECTOR => self.deploy_seats(input),
            wire::finaliseDeploymentCall::SELECTOR => self.finalise(input),
            wire::pageCall::SELECTOR => self.page(input),
            wire::seatPageCall::SELECTOR => self.seat_page(input),
            wire::predicatesCall::SELECTOR => self.predicates(input),
            wire::deploymentCall::SELECTOR => self.deployment(input),
            _ => return None,
        })
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
