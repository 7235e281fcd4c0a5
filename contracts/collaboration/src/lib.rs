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

use crate::storage::Missions;

agentcity_shell::router!(Missions);

impl Contract for Missions {
    fn dispatch(&mut self, selector: [u8; 4], input: Input<'_>) -> Option<Answer> {
        let input = &mut Reader::of(input);
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        let answered = match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire(),
            // orchestration
            wire::createMissionCall::SELECTOR => self.create_mission(input),
            wire::admitTrancheCall::SELECTOR => self.admit_tranche(input),
            wire::admitSeatsCall::SELECTOR => self.admit_seats(input),
            wire::activateMissionCall::SELECTOR => self.activate(input),
            wire::acceptSeatCall::SELECTOR => self.accept_seat(input),
            wire::acceptSeatsCall::SELECTOR => self.accept_seats(input),
            wire::substituteRunnerUpCall::SELECTOR => self.substitute_runner_up(input),
            wire::routeTaskCall::SELECTOR => self.route_task(input),
            // what verification and the guardian tell
            wire::applyVerdictCall::SELECTOR => self.apply_verdict(input),
            wire::interveneCall::SELECTOR => self.intervene(input),
            // exits
            wire::expireNodeCall::SELECTOR => self.expire_node(input),
            wire::expireMissionCall::SELECTOR => self.expire_mission(input),
            wire::abortMissionCall::SELECTOR => self.abort(input),
            wire::abortForFaultCall::SELECTOR => self.abort_for_fault(input),
            wire::releaseAgentCall::SELECTOR => self.release_agent(input),
            // refinement and recursion
            wire::reassignNodeCall::SELECTOR => self.reassign(input),
            wire::relegislateCall::SELECTOR => self.relegislate(input),
            wire::openChildCall::SELECTOR => self.open_child(input),
            wire::closeChildCall::SELECTOR => self.close_child(input),
            // views
            wire::missionCall::SELECTOR => self.mission(input),
            wire::nodeCall::SELECTOR => self.node(input),
            wire::assignmentCall::SELECTOR => self.assignment(input),
            wire::nodeStatesCall::SELECTOR => self.node_states(input),
            wire::seatCall::SELECTOR => self.seat(input),
            wire::completionDigestCall::SELECTOR => self.completion_digest(input),
            wire::isInterestedCall::SELECTOR => self.is_interested(input),
            wire::expiresAtCall::SELECTOR => self.expires_at(input),
            _ => return None,
        };
        Some(reader::answer(input, answered))
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}

impl Missions {
    fn wire(&mut self) -> Answer {
        self.wire_members(literal!(wire::Wired::SIGNATURE_HASH))?;
        self.learn_unit_scale()
    }
}
