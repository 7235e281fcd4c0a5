//! Petitions, proposals, ballots, the seven messages, and what becomes law (`abi/sol/ILegislature.sol`).
//!
//! STUB-BODY: the bodies are stubs of realistic weight. They read every argument, check every caller and signature, load
//! and store packed words, compute what is dense (tally, Copeland, cliques, fairness, pages) and emit events, so that the
//! program's size can be judged before the rules are filled in (docs/adr/0001). A test lists the programs that still
//! carry this mark.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod ballots;
mod enactment;
mod messages;
mod proposals;
pub mod storage;
mod views;

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
            wire::openPetitionCall::SELECTOR => self.open_petition(input),
            wire::signPetitionCall::SELECTOR => self.sign_petition(input),
            wire::signPetitionForCall::SELECTOR => self.sign_petition_for(input),
            wire::openSessionCall::SELECTOR => self.open_session(input),
            wire::openDerivedSessionCall::SELECTOR => self.open_derived_session(input),
            wire::proposeCall::SELECTOR => self.propose(input),
            wire::sponsorCall::SELECTOR => self.sponsor(input),
            wire::sponsorForCall::SELECTOR => self.sponsor_for(input),
            wire::recordEvidenceCall::SELECTOR => self.record_evidence(input),
            wire::strawVoteCall::SELECTOR => self.straw_vote(input),
            wire::drawSpeakingOrderCall::SELECTOR => self.draw_speaking_order(input),
            wire::speakCall::SELECTOR => self.speak(input),
            wire::recordMinorityCall::SELECTOR => self.record_minority(input),
            wire::commitBallotCall::SELECTOR => self.commit_ballot(input),
            wire::commitBallotsCall::SELECTOR => self.commit_ballots(input),
            wire::revealBallotCall::SELECTOR => self.reveal_ballot(input),
            wire::tallyCall::SELECTOR => self.tally(input),
            wire::claimCollusionCall::SELECTOR => self.claim_collusion(input),
            wire::requestIdentityCall::SELECTOR => self.request_identity(input),
            wire::attestIdentityCall::SELECTOR => self.attest_identity(input),
            wire::confirmRosterCall::SELECTOR => self.confirm_roster(input),
            wire::publishProposalCall::SELECTOR => self.publish_proposal(input),
            wire::placeBidsCall::SELECTOR => self.place_bids(input),
            wire::sealBidCall::SELECTOR => self.seal_bid(input),
            wire::openBidCall::SELECTOR => self.open_bid(input),
            wire::closeBiddingCall::SELECTOR => self.close_bidding(input),
            wire::awardCall::SELECTOR => self.award(input),
            wire::deviateAwardCall::SELECTOR => self.deviate_award(input),
            wire::countersignAwardCall::SELECTOR => self.countersign_award(input),
            wire::decideRegulatoryCall::SELECTOR => self.decide_regulatory(input),
            wire::waiveFairnessCall::SELECTOR => self.waive_fairness(input),
            wire::codifyCall::SELECTOR => self.codify(input),
            wire::validateCall::SELECTOR => self.validate(input),
            wire::approveCall::SELECTOR => self.approve(input),
            wire::auditCodificationCall::SELECTOR => self.audit_codification(input),
            wire::applyReassignmentCall::SELECTOR => self.apply_reassignment(input),
            wire::declareSpecificationFaultCall::SELECTOR => {
                self.declare_specification_fault(input)
            }
            wire::publishTemplateCall::SELECTOR => self.publish_template(input),
            wire::expireSessionCall::SELECTOR => self.expire_session(input),
            wire::expirePetitionCall::SELECTOR => self.expire_petition(input),
            wire::releaseBidsCall::SELECTOR => self.release_bids(input),
            wire::sessionCall::SELECTOR => self.session(input),
            wire::proposalCall::SELECTOR => self.proposal(input),
            wire::candidateCall::SELECTOR => self.candidate(input),
            wire::petitionCall::SELECTOR => self.petition(input),
            wire::ballotCall::SELECTOR => self.ballot(input),
            wire::matrixCall::SELECTOR => self.matrix(input),
            wire::scoresCall::SELECTOR => self.scores(input),
            wire::bidOfCall::SELECTOR => self.bid_of(input),
            wire::awardedCall::SELECTOR => self.awarded(input),
            wire::lawOfCall::SELECTOR => self.law_of(input),
            wire::templateCall::SELECTOR => self.template(input),
            _ => return None,
        })
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
