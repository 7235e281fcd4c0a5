//! Sessions from their first message on: identity, proposal, bids, and where each stands (`abi/sol/ILegislature.sol`).
//!
//! Reading order: this file (calls to functions), `session.rs` (states and their ends), `messages.rs` (MSG_TYPE_1 to 3),
//! `bids.rs` (MSG_TYPE_4), [`mod@storage`].
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod bids;
mod messages;
mod session;
pub mod storage;

use agentcity_abi::ILegislature as wire;
use agentcity_shell::{Answer, Input, member::Member, no_coins, router::Contract};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Legislature;

agentcity_shell::router!(Legislature);

impl Contract for Legislature {
    fn dispatch(&mut self, selector: [u8; 4], mut input: Input<'_>) -> Option<Answer> {
        let input = &mut input;
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        Some(match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire_members(wire::Wired::SIGNATURE_HASH),
            wire::requestIdentityCall::SELECTOR => self.request_identity(input),
            wire::attestIdentityCall::SELECTOR => self.attest_identity(input),
            wire::confirmRosterCall::SELECTOR => self.confirm_roster(input),
            wire::publishProposalCall::SELECTOR => self.publish_proposal(input),
            wire::placeBidsCall::SELECTOR => self.place_bids(input),
            wire::sealBidCall::SELECTOR => self.seal_bid(input),
            wire::openBidCall::SELECTOR => self.open_bid(input),
            wire::closeBiddingCall::SELECTOR => self.close_bidding(input),
            wire::moveSessionCall::SELECTOR => self.move_session(input),
            wire::expireSessionCall::SELECTOR => self.expire_session(input),
            wire::releaseBidsCall::SELECTOR => self.release_bids(input),
            wire::sessionCall::SELECTOR => self.session(input),
            wire::attestedAsCall::SELECTOR => self.attested_as(input),
            wire::bidOfCall::SELECTOR => self.bid_of(input),
            wire::bidsOfCall::SELECTOR => self.bids_of(input),
            wire::bidsOnCall::SELECTOR => self.bids_on(input),
            _ => return None,
        })
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
