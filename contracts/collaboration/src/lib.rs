//! The states of missions and of their nodes, seats, routing, refinement, recursion and exits
//! (`abi/sol/ICollaboration.sol`). No other contract writes a state: statute, verification and the guardian tell this one.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod exits;
mod missions;
mod nodes;
mod orders;
mod recursion;
mod seats;
pub mod storage;
mod verdicts;
mod views;

use alloc::vec::Vec;

use agentcity_abi::ICollaboration as wire;
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

use crate::storage::{Missions, Refusal, Said};

agentcity_shell::router!(Missions);

impl Contract for Missions {
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
                wire::wireCall::SELECTOR => Some(self.wire()),
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

impl Missions {
    fn wire(&mut self) -> Answer {
        let wired = self.wire_members(literal!(wire::Wired::SIGNATURE_HASH))?;
        self.learn_unit_scale().map_err(Refusal::bytes)?;
        Ok(wired)
    }
}

/// What changes something and answers nothing.
type Command = fn(&mut Missions, &mut Reader<'_>) -> Said;
/// What answers.
type Question = fn(&mut Missions, &mut Reader<'_>) -> Said<Vec<u8>>;

fn command(selector: [u8; 4]) -> Option<Command> {
    Some(match selector {
        wire::admitTrancheCall::SELECTOR => Missions::admit_tranche,
        wire::admitSeatsCall::SELECTOR => Missions::admit_seats,
        wire::activateMissionCall::SELECTOR => Missions::activate,
        wire::acceptSeatCall::SELECTOR => Missions::accept_seat,
        wire::acceptSeatForCall::SELECTOR => Missions::accept_seat_for,
        wire::substituteRunnerUpCall::SELECTOR => Missions::substitute_runner_up,
        wire::routeTaskCall::SELECTOR => Missions::route_task,
        wire::applyVerdictCall::SELECTOR => Missions::apply_verdict,
        wire::interveneCall::SELECTOR => Missions::intervene,
        wire::expireNodeCall::SELECTOR => Missions::expire_node,
        wire::expireMissionCall::SELECTOR => Missions::expire_mission,
        wire::abortMissionCall::SELECTOR => Missions::abort,
        wire::abortForFaultCall::SELECTOR => Missions::abort_for_fault,
        wire::releaseAgentCall::SELECTOR => Missions::release_agent,
        wire::reassignNodeCall::SELECTOR => Missions::reassign,
        wire::relegislateCall::SELECTOR => Missions::relegislate,
        wire::openChildCall::SELECTOR => Missions::open_child,
        wire::closeChildCall::SELECTOR => Missions::close_child,
        _ => return None,
    })
}

fn question(selector: [u8; 4]) -> Option<Question> {
    Some(match selector {
        wire::createMissionCall::SELECTOR => Missions::create_mission,
        wire::missionCall::SELECTOR => Missions::mission,
        wire::deploymentCall::SELECTOR => Missions::deployment,
        wire::pageOrdinalsCall::SELECTOR => Missions::page_ordinals,
        wire::nodeCall::SELECTOR => Missions::node,
        wire::assignmentCall::SELECTOR => Missions::assignment,
        wire::nodeStatesCall::SELECTOR => Missions::node_states,
        wire::seatCall::SELECTOR => Missions::seat,
        wire::completionDigestCall::SELECTOR => Missions::completion_digest,
        wire::isInterestedCall::SELECTOR => Missions::is_interested,
        wire::expiresAtCall::SELECTOR => Missions::expires_at,
        _ => return None,
    })
}
