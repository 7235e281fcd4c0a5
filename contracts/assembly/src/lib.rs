//! Petitions, proposals, deliberation, ballots, collusion (`abi/sol/IAssembly.sol`).
//!
//! The rules are in [`agentcity_domain::legislation`]. A function loads words, lets the domain decide, stores what is left, emits, and
//! tells others last: management is charged for evidence, treasury takes the bond of a claim. Everybody else is only asked.
//!
//! Reading order: this file (calls to functions), `petitions.rs` (whose voice counts, how a session is wished for), `election.rs` (how
//! sessions begin, step on and end), `proposals.rs`, `debate.rs`, `ballots.rs` (votes, tally, cliques), `views.rs`, [`mod@storage`]
//! (slots and refusals).
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod ballots;
mod debate;
mod election;
mod petitions;
mod proposals;
pub mod storage;
mod views;

use alloc::vec::Vec;

use agentcity_abi::IAssembly as wire;
use agentcity_domain::literal;
use agentcity_shell::{
    Answer, Input,
    member::Member,
    no_coins,
    reader::{self, Reader},
    router::Contract,
};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::{Assembly, Refusal, Said};

agentcity_shell::router!(Assembly);

impl Contract for Assembly {
    fn dispatch(&mut self, selector: [u8; 4], input: Input<'_>) -> Option<Answer> {
        let input = &mut Reader::of(input);
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        let done = if let Some(command) = command(selector) {
            command(self, input).map(|()| Vec::new())
        } else if let Some(question) = question(selector) {
            question(self, input)
        } else {
            return match selector {
                wire::constitutionCall::SELECTOR => Some(self.constitution()),
                wire::wireCall::SELECTOR => {
                    Some(self.wire_members(literal!(wire::Wired::SIGNATURE_HASH)))
                }
                _ => None,
            };
        };
        Some(reader::answer(input, done.map_err(Refusal::bytes)))
    }

    fn construct(&mut self, input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        let mut input = Reader::of(input);
        let constitution = input.address();
        input.end()?;
        self.found(constitution)
    }
}

/// What changes something and answers nothing.
type Command = fn(&mut Assembly, &mut Reader<'_>) -> Said;
/// What answers.
type Question = fn(&mut Assembly, &mut Reader<'_>) -> Said<Vec<u8>>;

fn command(selector: [u8; 4]) -> Option<Command> {
    Some(match selector {
        wire::signPetitionCall::SELECTOR => Assembly::sign_petition,
        wire::signPetitionForCall::SELECTOR => Assembly::sign_petition_for,
        wire::sponsorCall::SELECTOR => Assembly::sponsor,
        wire::sponsorForCall::SELECTOR => Assembly::sponsor_for,
        wire::recordEvidenceCall::SELECTOR => Assembly::record_evidence,
        wire::strawVoteCall::SELECTOR => Assembly::straw_vote,
        wire::drawSpeakingOrderCall::SELECTOR => Assembly::draw_speaking_order,
        wire::speakCall::SELECTOR => Assembly::speak,
        wire::recordMinorityCall::SELECTOR => Assembly::record_minority,
        wire::commitBallotCall::SELECTOR => Assembly::commit_ballot,
        wire::commitBallotsCall::SELECTOR => Assembly::commit_ballots,
        wire::revealBallotCall::SELECTOR => Assembly::reveal_ballot,
        wire::tallyCall::SELECTOR => Assembly::tally,
        wire::claimCollusionCall::SELECTOR => Assembly::claim_collusion,
        wire::expireDeliberationCall::SELECTOR => Assembly::expire_deliberation,
        wire::expirePetitionCall::SELECTOR => Assembly::expire_petition,
        _ => return None,
    })
}

fn question(selector: [u8; 4]) -> Option<Question> {
    Some(match selector {
        wire::openPetitionCall::SELECTOR => Assembly::open_petition,
        wire::openSessionCall::SELECTOR => Assembly::open_session,
        wire::openDerivedSessionCall::SELECTOR => Assembly::open_derived_session,
        wire::proposeCall::SELECTOR => Assembly::propose,
        wire::outcomeOfCall::SELECTOR => Assembly::outcome_of,
        wire::electionCall::SELECTOR => Assembly::election,
        wire::proposalCall::SELECTOR => Assembly::proposal,
        wire::debateCall::SELECTOR => Assembly::debate,
        wire::speakerCall::SELECTOR => Assembly::speaker,
        wire::candidateCall::SELECTOR => Assembly::candidate,
        wire::petitionCall::SELECTOR => Assembly::petition,
        wire::ballotCall::SELECTOR => Assembly::ballot,
        wire::matrixCall::SELECTOR => Assembly::matrix,
        wire::scoresCall::SELECTOR => Assembly::scores,
        _ => return None,
    })
}
