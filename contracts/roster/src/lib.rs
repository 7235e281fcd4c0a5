//! Adjudicators, monitors, approved programs, and the checks on humans (`abi/sol/IRoster.sol`).
//!
//! Every function loads, has `agentcity_domain::roster` decide, stores, says what happened, and then tells others: the treasury
//! keeps the bonds of monitors and cases and pays for reviews, *agent* says who answers for a key.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod anchors;
mod books;
mod cases;
mod decisions;
mod error;
mod monitors;
mod programs;
mod seats;
pub mod storage;

use agentcity_abi::{IConstitution as founding, IRoster as wire};
use agentcity_domain::{literal, machine::SeatState, parameter::ParameterId, roster::seat::Seat};
use agentcity_shell::{
    Answer, Input,
    member::Member,
    no_coins, peer,
    reader::{self, Reader},
    router::Contract,
};
use alloc::vec::Vec;
use alloy_primitives::Address;
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Roster;

/// As many adjudicators as there can be.
const SIGNERS_MAX: usize = ParameterId::MaxAdjudicators.constant() as usize;

agentcity_shell::router!(Roster);

impl Contract for Roster {
    fn dispatch(&mut self, selector: [u8; 4], input: Input<'_>) -> Option<Answer> {
        let input = &mut Reader::of(input);
        if selector != wire::stakeCall::SELECTOR
            && let Err(refused) = no_coins(self.vm())
        {
            return Some(Err(refused));
        }
        let answered = match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire(),
            // adjudicators
            wire::stakeCall::SELECTOR => self.stake(input),
            wire::resignCall::SELECTOR => self.resign(),
            wire::releaseStakeCall::SELECTOR => self.release_stake(input),
            wire::withdrawCall::SELECTOR => self.withdraw(),
            wire::withdrawToCall::SELECTOR => self.withdraw_to(input),
            wire::declareAssociationCall::SELECTOR => self.declare_association(input),
            wire::claimCompensationCall::SELECTOR => self.claim_compensation(),
            // monitors
            wire::bondMonitorCall::SELECTOR => self.bond_monitor(input),
            wire::retireMonitorCall::SELECTOR => self.retire_monitor(),
            wire::releaseMonitorCall::SELECTOR => self.release_monitor(input),
            wire::chargeMonitorCall::SELECTOR => self.charge_monitor(input),
            // the panel's powers
            wire::approveMonitorCall::SELECTOR => self.approve_monitor(input),
            wire::revokeMonitorCall::SELECTOR => self.revoke_monitor(input),
            wire::approvePredicateCall::SELECTOR => self.approve_program(input, 1),
            wire::revokePredicateCall::SELECTOR => self.revoke_program(input, 1),
            wire::approveVerifierCall::SELECTOR => self.approve_program(input, 2),
            wire::revokeVerifierCall::SELECTOR => self.revoke_program(input, 2),
            wire::addAdjudicatorCall::SELECTOR => self.add_adjudicator(input),
            wire::removeAdjudicatorCall::SELECTOR => self.remove_adjudicator(input),
            wire::confirmAlertCall::SELECTOR => self.confirm_alert(input),
            wire::releaseWatchdogCall::SELECTOR => self.release_watchdog(input),
            wire::recordDecisionCall::SELECTOR => self.record_decision(input),
            wire::examineCall::SELECTOR => self.examine(input),
            // checks on humans
            wire::initiateImpeachmentCall::SELECTOR => self.initiate_impeachment(input),
            wire::voteImpeachmentCall::SELECTOR => self.vote_impeachment(input),
            wire::expireImpeachmentCall::SELECTOR => self.expire_impeachment(input),
            wire::expireWatchdogCall::SELECTOR => self.expire_watchdog(),
            // anchors
            wire::anchorCall::SELECTOR => self.anchor(input),
            wire::proveConsistencyCall::SELECTOR => self.prove_consistency(input),
            wire::anchorOfCall::SELECTOR => self.anchor_of(input),
            // views
            wire::adjudicatorCall::SELECTOR => self.adjudicator(input),
            wire::activeAdjudicatorsCall::SELECTOR => self.active_adjudicators(),
            wire::monitorCall::SELECTOR => self.monitor(input),
            wire::approvedCodeCall::SELECTOR => self.approved_code(input),
            wire::haltedUntilCall::SELECTOR => self.halted_until(),
            wire::impeachmentCall::SELECTOR => self.impeachment(input),
            wire::creditsCall::SELECTOR => self.credits(input),
            wire::bookedCall::SELECTOR => self.booked(),
            wire::partsCall::SELECTOR => self.parts(),
            wire::skimCall::SELECTOR => self.skim(),
            _ => return None,
        };
        Some(reader::answer(input, answered))
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}

impl Roster {
    /// Learns the peers, the asset, and who judges from the first hour.
    ///
    /// Errors: `AlreadyWired`, `NotSealed`.
    /// Events: `Wired`, `StandingChanged` of each genesis adjudicator.
    fn wire(&mut self) -> Answer {
        self.wire_members(literal!(wire::Wired::SIGNATURE_HASH))?;
        let from = self.constitution_address();
        let asset = peer::ask_word(self.vm(), from, &founding::assetCall::SELECTOR)?;
        let scale = peer::ask_word(self.vm(), from, &founding::unitScaleCall::SELECTOR)?;
        let mut scale = Reader::new(scale.as_slice());
        self.set_asset(Address::from_word(asset), scale.u128());
        scale.end()?;
        let answer = peer::ask(self.vm(), from, &founding::adjudicatorsCall::SELECTOR)?;
        let mut answer = Reader::new(&answer);
        let (count, mut list) = answer.list(SIGNERS_MAX);
        answer.end()?;
        let seat = Seat::of_genesis(self.now());
        for _ in 0..count {
            let person = list.address().into_word();
            self.set_seat(&person, &seat);
            self.say_standing(&person, SeatState::Candidate);
        }
        list.end()?;
        Ok(Vec::new())
    }
}
