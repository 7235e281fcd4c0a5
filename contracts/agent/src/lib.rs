//! Identity, principals, reputation, registration stakes and bans (`abi/sol/IAgent.sol`).
//!
//! The rules are in [`agentcity_domain::agent`]. A function loads what is stored, lets the domain decide, stores the
//! outcome and emits its event; signers and the constitution are asked by static call before anything is stored,
//! management and the settlement asset are called after everything is.
//!
//! Reading order: this file (calls to functions), `city.rs` (peers, parameters, signatures), `principals.rs`, `agents.rs`,
//! `sanctions.rs`, `work.rs` (reputation, obligations), `reading.rs`, `accounts.rs` (money), [`mod@storage`] (slots),
//! `error.rs`.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod accounts;
mod agents;
mod city;
mod error;
mod principals;
mod reading;
mod sanctions;
pub mod storage;
mod work;

use agentcity_abi::IAgent as wire;
use agentcity_domain::peer::Peer;
use agentcity_shell::{Answer, Input, no_coins, router::Contract};
use alloy_sol_types::SolCall;
use stylus_sdk::prelude::*;

use crate::{agents::Above, sanctions::Sanction, storage::Agents, work::Obligation};

agentcity_shell::router!(Agents);

impl Contract for Agents {
    fn dispatch(&mut self, selector: [u8; 4], mut input: Input<'_>) -> Option<Answer> {
        let input = &mut input;
        // The three that take a stake look at the coins themselves.
        let paying = match selector {
            wire::enrolPrincipalCall::SELECTOR => Some(self.enrol_principal(input)),
            wire::registerCall::SELECTOR => Some(self.register(Above::Principal, input)),
            wire::registerSubAgentCall::SELECTOR => Some(self.register(Above::Parent, input)),
            _ => None,
        };
        if paying.is_some() {
            return paying;
        }
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        Some(match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire(),

            wire::requestLeaveCall::SELECTOR => self.request_leave(),
            wire::completeLeaveCall::SELECTOR => self.complete_leave(input),
            wire::revokeConsentsCall::SELECTOR => self.revoke_consents(),

            wire::requestDeregistrationCall::SELECTOR => self.request_deregistration(input),
            wire::completeDeregistrationCall::SELECTOR => self.complete_deregistration(input),
            wire::proposePrincipalCall::SELECTOR => self.propose_principal(input),
            wire::acceptPrincipalCall::SELECTOR => self.accept_principal(input),

            wire::banAgentCall::SELECTOR => self.sanction(Sanction::BanAgent, input),
            wire::banPrincipalCall::SELECTOR => self.sanction(Sanction::Ban, input),
            wire::liftBanCall::SELECTOR => self.sanction(Sanction::Lift, input),
            wire::freezePrincipalCall::SELECTOR => self.sanction(Sanction::Freeze, input),
            wire::unfreezePrincipalCall::SELECTOR => self.sanction(Sanction::Unfreeze, input),
            wire::forfeitCall::SELECTOR => self.forfeit(input),
            wire::forfeitPrincipalCall::SELECTOR => self.forfeit_principal(input),

            wire::updateReputationCall::SELECTOR => self.update_reputation(input),
            wire::applyPenaltyCall::SELECTOR => self.adjust(Peer::Collaboration, input),
            wire::adjustReputationCall::SELECTOR => self.adjust(Peer::Adjudication, input),
            wire::openObligationsCall::SELECTOR => self.open_obligations(input),
            wire::closeObligationCall::SELECTOR => self.end_obligation(Obligation::Close, input),
            wire::completeObligationCall::SELECTOR => {
                self.end_obligation(Obligation::Complete, input)
            }

            wire::agentRecordCall::SELECTOR => self.agent_record(input),
            wire::principalRecordCall::SELECTOR => self.principal_record(input),
            wire::standingCall::SELECTOR => self.standing(input),
            wire::standingsCall::SELECTOR => self.standings(input),
            wire::isEligibleCall::SELECTOR => self.is_eligible(input),
            wire::principalOfCall::SELECTOR => self.principal_of(input),
            wire::principalsForConflictCall::SELECTOR => self.principals_for_conflict(input),
            wire::ownershipChainCall::SELECTOR => self.ownership_chain(input),
            wire::getReputationScoreCall::SELECTOR => self.reputation_score(input),
            wire::meetsReputationFloorCall::SELECTOR => self.meets_floor(input),
            wire::voterCountCall::SELECTOR => self.voter_count(),

            wire::creditsCall::SELECTOR => self.credits(input),
            wire::duesCall::SELECTOR => self.dues(),
            wire::bookedCall::SELECTOR => self.booked(),
            wire::withdrawCall::SELECTOR => self.withdraw(),
            wire::withdrawToCall::SELECTOR => self.withdraw_to(input),
            wire::skimCall::SELECTOR => self.skim(),
            wire::remitCall::SELECTOR => self.remit(),
            _ => return None,
        })
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
