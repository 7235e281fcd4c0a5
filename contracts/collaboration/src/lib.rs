//! Execution: orchestration, verification, guardian, gate (`abi/sol/ICollaboration.sol`).
//!
//! STUB-BODY: the bodies are stubs of realistic weight. They read every argument, check every caller, load and store
//! packed words, compute what is dense (pages, node states, consensus, reports) and emit events, so that the program's
//! size can be judged before the rules are filled in (docs/adr/0001). A test lists the programs that carry this mark.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod deployment;
mod exits;
mod guardian;
mod nodes;
pub mod storage;
mod verification;
mod views;

use agentcity_abi::ICollaboration as wire;
use agentcity_shell::{Answer, Input, member::Member, no_coins, router::Contract};
use alloy_sol_types::{SolCall, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::Missions;

agentcity_shell::router!(Missions);

impl Contract for Missions {
    fn dispatch(&mut self, selector: [u8; 4], mut input: Input<'_>) -> Option<Answer> {
        let input = &mut input;
        if let Err(refused) = no_coins(self.vm()) {
            return Some(Err(refused));
        }
        Some(match selector {
            wire::constitutionCall::SELECTOR => self.constitution(),
            wire::wireCall::SELECTOR => self.wire_members(wire::Wired::SIGNATURE_HASH),
            // orchestration
            wire::createMissionCall::SELECTOR => self.create_mission(input),
            wire::deployTrancheCall::SELECTOR => self.deploy_tranche(input),
            wire::deploySeatsCall::SELECTOR => self.deploy_seats(input),
            wire::finaliseDeploymentCall::SELECTOR => self.finalise(input),
            wire::acceptSeatCall::SELECTOR => self.accept_seat(input),
            wire::acceptSeatsCall::SELECTOR => self.accept_seats(input),
            wire::substituteRunnerUpCall::SELECTOR => self.substitute_runner_up(input),
            wire::routeTaskCall::SELECTOR => self.route_task(input),
            wire::reassignNodeCall::SELECTOR => self.reassign(input),
            wire::relegislateCall::SELECTOR => self.relegislate(input),
            wire::openChildCall::SELECTOR => self.open_child(input),
            wire::closeChildCall::SELECTOR => self.close_child(input),
            // verification
            wire::announceResultCall::SELECTOR => self.announce(input),
            wire::submitResultCall::SELECTOR => self.submit_result(input),
            wire::commitResultCall::SELECTOR => self.commit_result(input),
            wire::revealResultCall::SELECTOR => self.reveal_result(input),
            wire::submitBatchCall::SELECTOR => self.submit_batch(input),
            wire::closeVerificationCall::SELECTOR => self.close_verification(input),
            wire::disputeCall::SELECTOR => self.dispute(input),
            wire::decideReviewCall::SELECTOR => self.decide_review(input),
            wire::disqualifyCall::SELECTOR => self.disqualify(input),
            // exits
            wire::expireNodeCall::SELECTOR => self.expire_node(input),
            wire::expireMissionCall::SELECTOR => self.expire_mission(input),
            wire::abortMissionCall::SELECTOR => self.abort(input),
            wire::abortForFaultCall::SELECTOR => self.abort_for_fault(input),
            wire::releaseAgentCall::SELECTOR => self.release_agent(input),
            // guardian
            wire::reportCall::SELECTOR => self.report(input),
            wire::freezeNodeCall::SELECTOR => self.freeze_node(input),
            wire::unfreezeNodeCall::SELECTOR => self.unfreeze_node(input),
            wire::confirmFreezeCall::SELECTOR => self.confirm_freeze(input),
            wire::classifyFalsePositiveCall::SELECTOR => self.false_positive(input),
            wire::triggerStopCall::SELECTOR => self.trigger_stop(input),
            wire::clearStopCall::SELECTOR => self.lift_halt(input, 1),
            wire::liftPauseCall::SELECTOR => self.lift_halt(input, 2),
            wire::enterDegradedCall::SELECTOR => self.enter_degraded(input),
            wire::exitDegradedCall::SELECTOR => self.exit_degraded(input),
            wire::reconcileCall::SELECTOR => self.reconcile(input),
            wire::reportDivergenceCall::SELECTOR => self.report_divergence(input),
            // gate
            wire::filterOutputCall::SELECTOR => self.filter_output(input),
            wire::clearPredicateCall::SELECTOR => self.clear_predicate(input),
            wire::vetoOutputCall::SELECTOR => self.veto_output(input),
            wire::releaseOutputCall::SELECTOR => self.release_output(input),
            // views
            wire::missionCall::SELECTOR => self.mission(input),
            wire::nodeCall::SELECTOR => self.node(input),
            wire::nodeStatesCall::SELECTOR => self.node_states(input),
            wire::seatCall::SELECTOR => self.seat(input),
            wire::pageCall::SELECTOR => self.page(input),
            wire::freezeOfCall::SELECTOR => self.freeze_of(input),
            wire::countersCall::SELECTOR => self.counters(input),
            wire::completionDigestCall::SELECTOR => self.completion_digest(input),
            wire::isInterestedCall::SELECTOR => self.is_interested(input),
            wire::expiresAtCall::SELECTOR => self.expires_at(input),
            _ => return None,
        })
    }

    fn construct(&mut self, mut input: Input<'_>) -> Answer {
        no_coins(self.vm())?;
        self.found(input.address()?)
    }
}
