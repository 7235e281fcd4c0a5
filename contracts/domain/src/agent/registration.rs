//! Coming, leaving and changing sides.
//!
//! A sub-agent takes one of its parent's places for itself, and as many more as it may give away in turn; so the number to
//! which a principal put its name bounds everything below that agent. Whoever has sub-agents neither leaves nor changes its
//! principal, and whoever has a parent has its parent's principal: the chain never breaks (seed §3.6).

use alloy_primitives::Address;

use super::{
    Refused, in_time,
    principal::Principal,
    record::{Agent, AgentType, Bond, History, Hot, Proposal, Status},
    saturating_until,
};
use crate::{
    parameter::ParameterId,
    time::{Seconds, Timestamp},
};

/// What an agent wants to register as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its type, as given.
    pub agent_type: u8,
    /// Who answers for it.
    pub principal: Address,
    /// Places below it.
    pub max_sub_agents: u32,
}

/// What the table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Stake of an agent, in units.
    pub stake: u32,
    /// How long a former principal is remembered.
    pub memory: Seconds,
}

/// Greatest depth: that of the last agent in the longest chain, whose first has depth nought.
pub const DEPTH_MAX: u8 = ParameterId::MaxOwnershipDepth.constant() as u8 - 1;

/// An agent and its principal afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The agent.
    pub agent: Agent,
    /// Its principal.
    pub principal: Principal,
}

/// Registers an agent under a principal who signed for it. `former` is the record of the principal that it had before, if
/// that is another one: who was banned does not come back under somebody else.
///
/// Reputation: that of the principal's worst for a newcomer, at most 500 points; its own for one that comes back; the
/// lesser of both for one that comes back under another principal.
///
/// Errors: `InvalidAgentType`, `AlreadyRegistered`, `InvalidPrincipal`, `IsBanned`, `IsFrozen`, `IsLeaving`, `NotEnrolled`,
/// `OutOfRange`, `PrincipalRemembered`, `CounterExhausted`.
/// Source: seed B.3 `register`; RESOLUTIONS I-01, I-05, I-10; RULINGS K1.
pub fn register(
    request: Request,
    agent: Agent,
    principal: Principal,
    former: Option<Principal>,
    terms: Terms,
    now: Timestamp,
) -> Result<Registered, Refused> {
    let agent_type =
        AgentType::of(request.agent_type).ok_or(Refused::InvalidAgentType(request.agent_type))?;
    enter(request, agent_type, agent, principal, former, terms, 0, now)
}

/// Registers an agent below a parent that signed for it. Returns the parent afterwards too.
///
/// Errors: as [`register`], and `NotActive` for the parent, `SubAgentLimit`, `ChainTooDeep`; `InvalidAgentType` for clerks
/// too, whom only a principal appoints.
/// Source: seed §3.6 (inherited ownership chain); RULINGS R22.
pub fn register_sub_agent(
    request: Request,
    agent: Agent,
    parent: Agent,
    principal: Principal,
    former: Option<Principal>,
    terms: Terms,
    now: Timestamp,
) -> Result<(Registered, Agent), Refused> {
    let agent_type = AgentType::of(request.agent_type)
        .filter(|agent_type| *agent_type != AgentType::Management)
        .ok_or(Refused::InvalidAgentType(request.agent_type))?;
    parent.hot.require_active(parent.address)?;
    let depth = parent.bond.depth.saturating_add(1);
    if depth > DEPTH_MAX {
        return Err(Refused::ChainTooDeep(depth, DEPTH_MAX));
    }
    let needed = request.max_sub_agents.saturating_add(1);
    let free = parent
        .bond
        .max_sub_agents
        .saturating_sub(parent.hot.sub_agents);
    if needed > u32::from(free) {
        return Err(Refused::SubAgentLimit(parent.address, needed, free));
    }
    let registered = enter(
        request, agent_type, agent, principal, former, terms, depth, now,
    )?;
    let hot = Hot {
        // Below `free`, hence within the parent's own sixteen bits.
        sub_agents: parent.hot.sub_agents + needed as u16,
        ..parent.hot
    };
    Ok((registered, Agent { hot, ..parent }))
}

#[expect(
    clippy::too_many_arguments,
    reason = "the record and everything it depends on"
)]
fn enter(
    request: Request,
    agent_type: AgentType,
    agent: Agent,
    principal: Principal,
    former: Option<Principal>,
    terms: Terms,
    depth: u8,
    now: Timestamp,
) -> Result<Registered, Refused> {
    let (address, by) = (agent.address, request.principal);
    if agent.hot.status.is_registered() {
        return Err(Refused::AlreadyRegistered(address));
    }
    if by == Address::ZERO || by == address {
        return Err(Refused::InvalidPrincipal(by));
    }
    if let Some(former) = former {
        former.require_unbanned(agent.bond.principal)?;
    }
    require_answerable(by, principal, agent_type, now)?;
    let max_sub_agents = places(request.max_sub_agents)?;
    let registrations = agent
        .bond
        .registrations
        .checked_add(1)
        .ok_or(Refused::CounterExhausted(address))?;
    let (reputation, history) = match former {
        None if agent.hot.status == Status::None => (principal.worst, agent.history),
        None => (agent.hot.reputation, agent.history),
        Some(_) => (
            agent.hot.reputation.min(principal.worst),
            remember(&agent, by, terms.memory, now)?,
        ),
    };
    let stake = match agent_type {
        AgentType::Management => 0,
        AgentType::None | AgentType::Producer | AgentType::Monitor => terms.stake,
    };
    Ok(Registered {
        agent: Agent {
            address,
            hot: Hot {
                agent_type,
                status: Status::Active,
                reputation,
                stake,
                sub_agents: 0,
                ..agent.hot
            },
            bond: Bond {
                principal: by,
                registered_at: now.get(),
                registrations,
                max_sub_agents,
                depth,
            },
            history,
        },
        principal: principal.with_agent(by, agent_type == AgentType::Producer)?,
    })
}

/// Begins an agent's cooldown.
///
/// Errors: `NotActive`, `IsBanned`, `ObligationsOpen`, `SubAgentsRemain`.
pub fn request_deregistration(
    agent: Agent,
    principal: Principal,
    cooldown: Seconds,
    now: Timestamp,
) -> Result<Agent, Refused> {
    agent.hot.require_active(agent.address)?;
    principal.require_unbanned(agent.bond.principal)?;
    require_unbound(&agent)?;
    Ok(Agent {
        hot: Hot {
            status: Status::Leaving,
            ..agent.hot
        },
        history: History {
            leaves_at: saturating_until(now, cooldown),
            ..agent.history
        },
        ..agent
    })
}

/// Ends a registration after its cooldown; the stake is free. Anyone may. Returns agent, principal, and the stake it had.
///
/// Errors: `NotLeaving`, `IsBanned`, `TooEarly`.
pub fn complete_deregistration(
    agent: Agent,
    principal: Principal,
    now: Timestamp,
) -> Result<(Registered, u32), Refused> {
    if agent.hot.status != Status::Leaving {
        return Err(Refused::NotLeaving(agent.address));
    }
    principal.require_unbanned(agent.bond.principal)?;
    if now.get() <= agent.history.leaves_at {
        return Err(Refused::TooEarly(agent.history.leaves_at));
    }
    Ok(leave(agent, principal))
}

/// An agent that is registered no more, its principal, and the stake it had.
pub(crate) fn leave(agent: Agent, principal: Principal) -> (Registered, u32) {
    let produced = agent.hot.agent_type == AgentType::Producer;
    let registered = Registered {
        agent: Agent {
            hot: Hot {
                status: Status::Gone,
                stake: 0,
                sub_agents: 0,
                ..agent.hot
            },
            ..agent
        },
        principal: principal.without_agent(produced, agent.hot.reputation),
    };
    (registered, agent.hot.stake)
}

/// A parent after a sub-agent of it left: the places are free again.
pub fn without_sub_agent(parent: Hot, left: &Bond) -> Hot {
    let places = left.max_sub_agents.saturating_add(1);
    Hot {
        sub_agents: parent.sub_agents.saturating_sub(places),
        ..parent
    }
}

/// First step of a change of principal: the present one lets the agent go.
///
/// Errors: `NotActive`, `PrincipalInherited`, `InvalidPrincipal`, `IsBanned`, `IsFrozen`, `ObligationsOpen`,
/// `SubAgentsRemain`, `PrincipalRemembered`, `Expired`.
/// Source: RESOLUTIONS I-07.
pub fn propose(
    agent: Agent,
    parent: Address,
    principal: Principal,
    to: Address,
    until: u64,
    now: Timestamp,
) -> Result<Proposal, Refused> {
    require_changeable(&agent, parent, principal, now)?;
    if to == Address::ZERO || to == agent.address || to == agent.bond.principal {
        return Err(Refused::InvalidPrincipal(to));
    }
    require_forgotten(&agent, to, now)?;
    in_time(until, now)?;
    Ok(Proposal {
        to,
        until: until.min(super::INSTANT_MAX),
        registrations: agent.bond.registrations,
        changes: agent.history.changes,
    })
}

/// Second step: the other one takes it. Returns the agent and both principals, old and new.
///
/// Errors: `NoProposal`; those of [`propose`], since things may have changed; `IsLeaving`, `NotEnrolled` for the new one;
/// `OutOfRange`, `CounterExhausted`.
pub fn accept(
    agent: Agent,
    parent: Address,
    proposal: Proposal,
    (from, to): (Principal, Principal),
    max_sub_agents: u32,
    memory: Seconds,
    now: Timestamp,
) -> Result<(Agent, Principal, Principal), Refused> {
    let current = proposal.registrations == agent.bond.registrations
        && proposal.changes == agent.history.changes;
    if proposal.to == Address::ZERO || !current || now.get() > proposal.until {
        return Err(Refused::NoProposal(agent.address));
    }
    require_changeable(&agent, parent, from, now)?;
    require_answerable(proposal.to, to, agent.hot.agent_type, now)?;
    let history = remember(&agent, proposal.to, memory, now)?;
    let produces = agent.hot.agent_type == AgentType::Producer;
    let changed = Agent {
        bond: Bond {
            principal: proposal.to,
            max_sub_agents: places(max_sub_agents)?,
            ..agent.bond
        },
        history,
        ..agent
    };
    let reputation = agent.hot.reputation;
    let to = to
        .with_agent(proposal.to, produces)?
        .remembering(reputation);
    Ok((changed, from.without_agent(produces, reputation), to))
}

/// Whether a principal may answer for one agent more.
#[inline(never)]
fn require_answerable(
    account: Address,
    principal: Principal,
    agent_type: AgentType,
    now: Timestamp,
) -> Result<(), Refused> {
    principal.require_free(account, now)?;
    // Clerks are admitted by management, with no stake and under principals that need none (RESOLUTIONS I-10).
    if agent_type != AgentType::Management && !principal.is_enrolled() {
        return Err(Refused::NotEnrolled(account));
    }
    Ok(())
}

#[inline(never)]
fn require_unbound(agent: &Agent) -> Result<(), Refused> {
    if agent.hot.obligations > 0 {
        return Err(Refused::ObligationsOpen(
            agent.address,
            agent.hot.obligations,
        ));
    }
    if agent.hot.sub_agents > 0 {
        return Err(Refused::SubAgentsRemain(
            agent.address,
            agent.hot.sub_agents,
        ));
    }
    Ok(())
}

#[inline(never)]
fn require_changeable(
    agent: &Agent,
    parent: Address,
    principal: Principal,
    now: Timestamp,
) -> Result<(), Refused> {
    agent.hot.require_active(agent.address)?;
    if agent.bond.depth > 0 {
        return Err(Refused::PrincipalInherited(agent.address, parent));
    }
    principal.require_unbanned(agent.bond.principal)?;
    if principal.is_frozen(now) {
        return Err(Refused::IsFrozen(
            agent.bond.principal,
            principal.frozen_until,
        ));
    }
    require_unbound(agent)
}

/// One principal is remembered, so another change waits until that one is forgotten, unless it leads back to it.
#[inline(never)]
fn require_forgotten(agent: &Agent, to: Address, now: Timestamp) -> Result<(), Refused> {
    match agent.history.remembered(now) {
        Some(previous) if previous != to => Err(Refused::PrincipalRemembered(
            agent.address,
            agent.history.remembered_until,
        )),
        _ => Ok(()),
    }
}

/// The history of an agent that goes over to `to`.
#[inline(never)]
fn remember(
    agent: &Agent,
    to: Address,
    memory: Seconds,
    now: Timestamp,
) -> Result<History, Refused> {
    require_forgotten(agent, to, now)?;
    let changes = agent
        .history
        .changes
        .checked_add(1)
        .ok_or(Refused::CounterExhausted(agent.address))?;
    Ok(History {
        previous: agent.bond.principal,
        remembered_until: saturating_until(now, memory),
        changes,
        ..agent.history
    })
}

/// Places below an agent; a record counts sixteen bits of them.
#[inline(never)]
fn places(count: u32) -> Result<u16, Refused> {
    u16::try_from(count).map_err(|_| Refused::OutOfRange(u64::from(count), u64::from(u16::MAX)))
}
