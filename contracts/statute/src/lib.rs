//! Pages and seats of missions, checked and made law (`abi/sol/IStatute.sol`).
//!
//! The law of a mission is written once, as the code of accounts that nobody can change. Anybody may bring its pages, in calls of
//! any size: each page is compared with what was approved before it is written (INV-STATUTE-01), so no order of calls, no
//! caller and no other page can spoil a deployment. What a page must be is `agentcity_domain::statute`; here is where pages
//! are kept, and who is asked and told.
//!
//! | file | holds |
//! |---|---|
//! | `deployment` | pages and seats, compared, judged, written; stakes locked |
//! | `finalising` | the requirements, all pages read again, the escrow's budget, activation |
//! | `peers` | what is asked of whom |
//! | `storage` | the slots, drawn; a deployment, and ordinals instead of addresses |
//! | `views` | what everybody may read |
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod acceptance;
mod deployment;
mod finalising;
mod peers;
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
            wire::deployMissionCall::SELECTOR => self.deploy_mission(input),
            wire::acceptSeatsCall::SELECTOR => self.accept_seats(input),
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
