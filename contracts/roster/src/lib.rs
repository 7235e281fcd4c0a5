//! Adjudicators, monitors, approved programs, and the checks on humans (`abi/sol/IRoster.sol`).
//!
//! STUB-BODY: the bodies are stubs of realistic weight. They read every argument, check every caller and signature, load
//! and store packed words, compute what is dense and emit events, so that the program's size can be judged before the
//! rules are filled in (docs/adr/0001). A test lists the programs that still carry this mark.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod anchors;
mod books;
mod cases;
mod decisions;
mod monitors;
mod programs;
mod seats;
pub mod storage;

use agentcity_abi::{IConstitution as founding, IRoster as wire};
use agentcity_domain::{literal, parameter::ParameterId};
use agentcity_shell::{Answer, Input, member::Member, no_coins, output, peer, router::Contract};
use alloc::vec::Vec;
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::{ASSET, Roster};

/// As many adjudicators as there can be.
const SIGNERS_MAX: usize = ParameterId::MaxAdjudicators.constant() as usize;
/// Seconds of an hour.
const HOUR: u64 = 3_600;

agentcity_shell::router!(Roster);

impl Contract for Roster {
    fn dispatch(&mut self, selector: [u8; 4], mut input: Input<'_>) -> Option<Answer> {
        let input = &mut input;
        if selector != wire::stakeCall::SELECTOR
            && let Err(refused) = no_coins(self.vm())
        {
            return Some(Err(refused));
        }
        Some(match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire(),
            wire::stakeCall::SELECTOR => self.stake(input),
            wire::resignCall::SELECTOR => self.resign(),
            wire::releaseStakeCall::SELECTOR => self.release_stake(input),
            wire::withdrawCall::SELECTOR => self.withdraw(),
            wire::withdrawToCall::SELECTOR => self.withdraw_to(input),
            wire::declareAssociationCall::SELECTOR => self.declare_association(input),
            wire::claimCompensationCall::SELECTOR => self.claim_compensation(),
            wire::bondMonitorCall::SELECTOR => self.bond_monitor(input),
            wire::retireMonitorCall::SELECTOR => self.retire_monitor(),
            wire::releaseMonitorCall::SELECTOR => self.release_monitor(input),
            wire::chargeMonitorCall::SELECTOR => self.charge_monitor(input),
            wire::approveMonitorCall::SELECTOR => self.approve_monitor(input),
            wire::revokeMonitorCall::SELECTOR => self.revoke_monitor(input),
            wire::approvePredicateCall::SELECTOR => self.change_program(input, 1, true),
            wire::revokePredicateCall::SELECTOR => self.change_program(input, 1, false),
            wire::approveVerifierCall::SELECTOR => self.change_program(input, 2, true),
            wire::revokeVerifierCall::SELECTOR => self.change_program(input, 2, false),
            wire::addAdjudicatorCall::SELECTOR => self.add_adjudicator(input),
            wire::removeAdjudicatorCall::SELECTOR => self.remove_adjudicator(input),
            wire::confirmAlertCall::SELECTOR => self.confirm_alert(input),
            wire::releaseWatchdogCall::SELECTOR => self.release_watchdog(input),
            wire::recordDecisionCall::SELECTOR => self.record_decision(input),
            wire::examineCall::SELECTOR => self.examine(input),
            wire::initiateImpeachmentCall::SELECTOR => self.initiate_impeachment(input),
            wire::voteImpeachmentCall::SELECTOR => self.vote_impeachment(input),
            wire::expireImpeachmentCall::SELECTOR => self.expire_impeachment(input),
            wire::expireWatchdogCall::SELECTOR => self.expire_watchdog(),
            wire::anchorCall::SELECTOR => self.anchor(input),
            wire::proveConsistencyCall::SELECTOR => self.prove_consistency(input),
            wire::anchorOfCall::SELECTOR => self.anchor_of(input),
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
        })
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}

impl Roster {
    /// Learns the peers, the asset, and who judges from the first hour.
    fn wire(&mut self) -> Answer {
        self.wire_members(literal!(wire::Wired::SIGNATURE_HASH))?;
        let from = self.constitution_address();
        let asset = peer::ask_word(self.vm(), from, &founding::assetCall::SELECTOR)?;
        let scale = peer::ask_word(self.vm(), from, &founding::unitScaleCall::SELECTOR)?;
        self.write(self.key(ASSET, B256::ZERO, B256::ZERO), asset);
        self.write(self.key(ASSET, output::number(1), B256::ZERO), scale);
        let answer = peer::ask(self.vm(), from, &founding::adjudicatorsCall::SELECTOR)?;
        let (count, mut list) = Input::new(&answer).list(SIGNERS_MAX)?;
        for _ in 0..count {
            let person = list.word()?;
            self.set_standing(person, 1);
        }
        Ok(Vec::new())
    }
}
