//! Petitions, proposals, deliberation, ballots, collusion (`abi/sol/IAssembly.sol`).
//!
//! STUB-BODY: the bodies are stubs of realistic weight. They read every argument, check every caller and signature, load
//! and store packed words, compute what is dense (tally, Copeland, cliques) and emit events, so that the program's size can
//! be judged before the rules are filled in (docs/adr/0001). A test lists the programs that still carry this mark.
//!
//! Reading order: this file (calls to functions), `petitions.rs` (how a session begins), `election.rs` (its steps and their
//! ends), `debate.rs` (proposals, sponsors, speakers), `ballots.rs` (votes, tally, cliques), `views.rs`, [`mod@storage`].
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod ballots;
mod debate;
mod election;
mod petitions;
pub mod storage;
mod views;

use agentcity_abi::IAssembly as wire;
use agentcity_shell::{Answer, Input, member::Member, no_coins, router::Contract};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Assembly;

agentcity_shell::router!(Assembly);

impl Contract for Assembly {
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
            wire::expireDeliberationCall::SELECTOR => self.expire_deliberation(input),
            wire::expirePetitionCall::SELECTOR => self.expire_petition(input),
            wire::outcomeOfCall::SELECTOR => self.outcome_of(input),
            wire::electionCall::SELECTOR => self.election(input),
            wire::proposalCall::SELECTOR => self.proposal(input),
            wire::candidateCall::SELECTOR => self.candidate(input),
            wire::petitionCall::SELECTOR => self.petition(input),
            wire::ballotCall::SELECTOR => self.ballot(input),
            wire::matrixCall::SELECTOR => self.matrix(input),
            wire::scoresCall::SELECTOR => self.scores(input),
            _ => return None,
        })
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
