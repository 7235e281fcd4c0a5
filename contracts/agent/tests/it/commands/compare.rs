//! What the model and the chain say of the same people.

use agentcity_abi::{IAgent as wire, IAgent::Status};
use agentcity_world::commands::Tally;
use alloy_primitives::Address;
use proptest::prelude::*;

use super::{AGENTS, PRINCIPALS, model::*};
use crate::city::*;

pub(super) const STATES: [&str; 16] = [
    "an unknown principal",
    "an enrolled principal",
    "a leaving principal",
    "a frozen principal",
    "a banned principal that may appeal",
    "a principal banned for good",
    "an unknown agent",
    "an active agent",
    "a leaving agent",
    "a leaving agent with obligations",
    "an agent that is gone",
    "an agent below another",
    "an agent two below another",
    "an agent released to another principal",
    "an agent with a remembered principal",
    "a clerk of somebody unknown",
];

pub(super) fn note(model: &Model, now: u64, tally: &Tally) {
    let see = |state: usize, holds: bool| tally.see(state, holds);
    for (who, person) in model.people.iter().enumerate() {
        see(0, !person.enrolled);
        see(1, person.enrolled);
        see(2, person.leaves_at.is_some());
        see(3, model.frozen(who, now));
        see(4, model.banned(who) && !model.banned_for_good(who, now));
        see(5, model.banned_for_good(who, now));
    }
    for (agent, worker) in model.workers.iter().enumerate() {
        see(6, worker.life == Life::Unknown);
        see(7, worker.life == Life::Active);
        see(8, worker.life == Life::Leaving);
        see(9, worker.life == Life::Leaving && worker.obligations > 0);
        see(10, worker.life == Life::Gone);
        see(11, model.registered(agent) && model.depth(agent) == 1);
        see(12, model.registered(agent) && model.depth(agent) == 2);
        see(13, worker.released.is_some());
        see(14, model.remembered(agent, now).is_some());
        let clerk = model.registered(agent) && worker.kind == 2;
        see(15, clerk && !model.people[worker.principal].enrolled);
    }
}

pub(super) fn accounts() -> Vec<Address> {
    let people = (0..PRINCIPALS).map(|who| person(who).address);
    people
        .chain((0..AGENTS).map(|agent| worker(agent).address))
        .collect()
}

/// The chain says what the model says.
pub(super) fn compare(city: &City, model: &Model) -> Result<(), TestCaseError> {
    let now = city.world.now();
    for (who, person_of) in model.people.iter().enumerate() {
        let record = city.principal(person(who).address);
        let agents = model.agents_of(who);
        let producers = agents
            .iter()
            .filter(|agent| model.workers[**agent].kind == 1)
            .count();
        prop_assert_eq!(base(record.stake), person_of.stake);
        prop_assert_eq!(
            (record.agents as usize, record.producers as usize),
            (agents.len(), producers)
        );
        prop_assert_eq!(
            (record.worstReputation, record.nonce),
            (person_of.worst, person_of.nonce)
        );
        let enrolled_at = if person_of.enrolled {
            person_of.enrolled_at
        } else {
            0
        };
        prop_assert_eq!(record.enrolledAt.to::<u64>(), enrolled_at);
        prop_assert_eq!(
            record.leavesAt.to::<u64>(),
            person_of.leaves_at.unwrap_or(0)
        );
        prop_assert_eq!(record.frozenUntil.to::<u64>(), person_of.frozen_until);
        prop_assert_eq!(
            record.appealUntil.to::<u64>(),
            person_of.appeal_until.unwrap_or(0)
        );
    }
    for (agent, of_model) in model.workers.iter().enumerate() {
        let record = city.record(worker(agent).address);
        let status = match of_model.life {
            Life::Unknown => Status::None,
            Life::Active => Status::Active,
            Life::Leaving => Status::Leaving,
            Life::Gone => Status::Gone,
        };
        prop_assert_eq!(record.status, status);
        if of_model.life == Life::Unknown {
            continue;
        }
        prop_assert_eq!(record.agentType as u8, of_model.kind);
        prop_assert_eq!(record.principal, person(of_model.principal).address);
        let parent = of_model
            .parent
            .map_or(Address::ZERO, |parent| worker(parent).address);
        prop_assert_eq!(record.parent, parent);
        prop_assert_eq!(
            (record.reputation, record.missions),
            (of_model.reputation, of_model.missions)
        );
        prop_assert_eq!(base(record.stake), of_model.stake);
        prop_assert_eq!(record.obligations, of_model.obligations);
        prop_assert_eq!(
            (record.registrations, record.changes),
            (of_model.registrations, of_model.changes)
        );
        prop_assert_eq!(record.releases, of_model.releases);
        prop_assert_eq!(u32::from(record.maxSubAgents), of_model.places);
        prop_assert_eq!(u32::from(record.subAgents), model.taken(agent));
        prop_assert_eq!(record.depth, model.depth(agent));
        let leaves_at = if of_model.life == Life::Leaving {
            of_model.leaves_at
        } else {
            0
        };
        prop_assert_eq!(record.leavesAt.to::<u64>(), leaves_at);
        let agent_at = worker(agent).address;
        let conflicts = wire::principalsForConflictCall { agent: agent_at };
        let conflicts = city.call(STRANGER, conflicts).unwrap();
        let previous = model
            .remembered(agent, now)
            .map_or(Address::ZERO, |who| person(who).address);
        prop_assert_eq!(conflicts.previous, previous);
    }
    for account in accounts() {
        let credit = model.credits.get(&account).copied().unwrap_or(0);
        prop_assert_eq!(city.credit(account), credit);
    }
    Ok(())
}
