//! Reading records, and what follows from them.

use agentcity_domain::{
    agent::{
        record::{Agent, Status},
        registration::DEPTH_MAX,
        standing::{self as rules, Purpose},
    },
    parameter::ParameterId,
    reputation::Points,
    statute::SEATS_MAX,
};
use agentcity_shell::{
    Answer, Input, Output, malformed,
    output::{self, address, number, truth},
};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256};

use crate::storage::Agents;

/// Words of a standing.
const STANDING_WORDS: usize = 7;

impl Agents {
    pub(crate) fn agent_record(&self, input: &mut Input<'_>) -> Answer {
        let agent = self.load_agent(input.address()?);
        let (hot, bond, history) = (&agent.hot, &agent.bond, &agent.history);
        Ok(output::words(&[
            number(hot.agent_type as u64),
            number(hot.status as u64),
            address(bond.principal),
            address(self.load_parent(agent.address, bond.depth)),
            number(hot.reputation.get().into()),
            number(hot.stake.into()),
            number(hot.missions.into()),
            number(hot.obligations.into()),
            number(bond.registrations.into()),
            number(history.changes.into()),
            number(self.load_proposal(agent.address).releases_of(&agent).into()),
            number(bond.max_sub_agents.into()),
            number(hot.sub_agents.into()),
            number(bond.depth.into()),
            number(bond.registered_at),
            number(history.leaves_at * u64::from(is_leaving(&agent))),
        ]))
    }

    pub(crate) fn principal_record(&self, input: &mut Input<'_>) -> Answer {
        let principal = self.load_principal(input.address()?);
        Ok(output::words(&[
            number(principal.class as u64),
            number(principal.stake.into()),
            number(principal.agents.into()),
            number(principal.producers.into()),
            number(principal.worst.get().into()),
            number(principal.nonce.into()),
            number(principal.enrolled_at),
            number(principal.leaves_at),
            number(principal.frozen_until),
            number(principal.appeal_until),
        ]))
    }

    pub(crate) fn standing(&self, input: &mut Input<'_>) -> Answer {
        Ok(output::words(&self.standing_of(input.address()?)))
    }

    /// Errors: `MalformedCall` for more agents than a node has seats.
    pub(crate) fn standings(&self, input: &mut Input<'_>) -> Answer {
        let (count, mut agents) = input.list(SEATS_MAX)?;
        let mut standings = Vec::with_capacity(count.saturating_mul(STANDING_WORDS));
        for _ in 0..count {
            standings.extend_from_slice(&self.standing_of(agents.address()?));
        }
        Ok(Output::of(1).list(&standings, STANDING_WORDS).finish())
    }

    #[inline(never)]
    fn standing_of(&self, agent: Address) -> [B256; STANDING_WORDS] {
        let agent = self.load_agent(agent);
        let (hot, account) = (&agent.hot, agent.bond.principal);
        let principal = self.load_principal(account);
        let bars = rules::bars(hot, &principal, self.now());
        [
            address(account),
            address(self.previous(&agent)),
            number(hot.agent_type as u64),
            number(bars.bits().into()),
            number(hot.reputation.score_floor().get().into()),
            number(hot.reputation.get().into()),
            number(principal.enrolled_at),
        ]
    }

    /// Errors: `MalformedCall` for no purpose.
    pub(crate) fn is_eligible(&self, input: &mut Input<'_>) -> Answer {
        let (agent, purpose) = (input.address()?, input.u8()?);
        let purpose = Purpose::of(purpose).ok_or_else(malformed)?;
        let hot = self.load_hot(agent);
        let principal = self.load_principal(self.load_bond(agent).principal);
        let limits = (self.floor()?, self.seconds(ParameterId::PrincipalAgeSecs)?);
        let bars = rules::bars_for(purpose, &hot, &principal, limits, self.now());
        Ok(output::words(&[
            truth(bars.is_empty()),
            number(bars.bits().into()),
        ]))
    }

    pub(crate) fn principal_of(&self, input: &mut Input<'_>) -> Answer {
        let principal = self.load_bond(input.address()?).principal;
        Ok(output::words(&[address(principal)]))
    }

    pub(crate) fn principals_for_conflict(&self, input: &mut Input<'_>) -> Answer {
        let agent = self.load_agent(input.address()?);
        Ok(output::words(&[
            address(agent.bond.principal),
            address(self.previous(&agent)),
        ]))
    }

    pub(crate) fn ownership_chain(&self, input: &mut Input<'_>) -> Answer {
        let mut agent = input.address()?;
        let mut bond = self.load_bond(agent);
        let mut chain = Vec::new();
        // A parent outlives its sub-agents' registrations or was forfeited with them; either way the records stay.
        while bond.depth > 0 && chain.len() <= usize::from(DEPTH_MAX) {
            agent = self.load_parent(agent, bond.depth);
            chain.push(address(agent));
            bond = self.load_bond(agent);
        }
        if bond.principal != Address::ZERO {
            chain.push(address(bond.principal));
        }
        Ok(Output::of(1).list(&chain, 1).finish())
    }

    pub(crate) fn reputation_score(&self, input: &mut Input<'_>) -> Answer {
        let score = self.load_hot(input.address()?).reputation.score_floor();
        Ok(output::words(&[number(score.get().into())]))
    }

    pub(crate) fn meets_floor(&self, input: &mut Input<'_>) -> Answer {
        let score = self.load_hot(input.address()?).reputation.score_floor();
        Ok(output::words(&[truth(score >= self.floor()?)]))
    }

    pub(crate) fn voter_count(&self) -> Answer {
        Ok(output::words(&[number(self.load_totals().voters.into())]))
    }

    fn floor(&self) -> Result<Points, Vec<u8>> {
        let floor = self.parameter(ParameterId::ReputationFloor)?;
        Points::new(floor.into()).map_err(|_| malformed())
    }

    fn previous(&self, agent: &Agent) -> Address {
        agent.history.remembered(self.now()).unwrap_or_default()
    }
}

fn is_leaving(agent: &Agent) -> bool {
    agent.hot.status == Status::Leaving
}
