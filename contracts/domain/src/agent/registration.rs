//! Coming, leaving and changing sides.
//!
//! A sub-agent takes one of its parent's places for itself, and as many more as it may give away in turn; so the number to
//! which a principal put its name bounds everything below that agent. Whoever has sub-agents neither goes nor changes its
//! principal, and whoever has a parent has its parent's principal: the chain never breaks (seed §3.6).
//!
//! INV-AGENT-06. Whoever asks to leave takes on nothing more from that moment, and goes when what it has is over. So a principal is rid of
//! an agent whose key was stolen: it asks for the agent and, from the top down, for those below it, and none of them grows any
//! more. The cooldown begins anew with the end of the last obligation: work can be judged as long as any leave takes.

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
    request: &Request,
    agent: &mut Agent,
    principal: &mut Principal,
    former: Option<&Principal>,
    terms: &Terms,
    now: Timestamp,
) -> Result<(), Refused> {
    let agent_type =
        AgentType::of(request.agent_type).ok_or(Refused::InvalidAgentType(request.agent_type))?;
    enter(request, agent_type, agent, principal, former, terms, 0, now)
}

/// Registers an agent below a parent that signed for it.
///
/// Errors: as [`register`], and `NotActive` for the parent, `SubAgentLimit`, `ChainTooDeep`; `InvalidAgentType` for clerks
/// too, whom only a principal appoints.
/// Source: seed §3.6 (inherited ownership chain); RULINGS R22.
pub fn register_sub_agent(
    request: &Request,
    agent: &mut Agent,
    parent: &mut Agent,
    principal: &mut Principal,
    former: Option<&Principal>,
    terms: &Terms,
    now: Timestamp,
) -> Result<(), Refused> {
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
    enter(
        request, agent_type, agent, principal, former, terms, depth, now,
    )?;
    // At most `free`, hence within the parent's own sixteen bits.
    parent.hot.sub_agents = parent.hot.sub_agents.saturating_add(needed as u16);
    Ok(())
}

#[expect(
    clippy::too_many_arguments,
    reason = "the record and everything it depends on"
)]
fn enter(
    request: &Request,
    agent_type: AgentType,
    agent: &mut Agent,
    principal: &mut Principal,
    former: Option<&Principal>,
    terms: &Terms,
    depth: u8,
    now: Timestamp,
) -> Result<(), Refused> {
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
    agent.bond.max_sub_agents = places(request.max_sub_agents)?;
    let registrations = agent.bond.registrations.checked_add(1);
    agent.bond.registrations = registrations.ok_or(Refused::CounterExhausted(address))?;
    if former.is_some() {
        agent.hot.reputation = agent.hot.reputation.min(principal.worst);
        remember(agent, by, terms.memory, now)?;
    } else if agent.hot.status == Status::None {
        agent.hot.reputation = principal.worst;
    }
    agent.hot.agent_type = agent_type;
    agent.hot.status = Status::Active;
    agent.hot.stake = match agent_type {
        AgentType::Management => 0,
        AgentType::None | AgentType::Producer | AgentType::Monitor => terms.stake,
    };
    agent.bond.principal = by;
    agent.bond.registered_at = now.get();
    agent.bond.depth = depth;
    principal.gain(by, agent_type == AgentType::Producer)
}

/// Begins an agent's cooldown, whatever it still has open.
///
/// Errors: `NotActive`, `IsBanned`.
pub fn request_deregistration(
    agent: &mut Agent,
    principal: &Principal,
    cooldown: Seconds,
    now: Timestamp,
) -> Result<(), Refused> {
    agent.hot.require_active(agent.address)?;
    principal.require_unbanned(agent.bond.principal)?;
    agent.hot.status = Status::Leaving;
    agent.history.leaves_at = saturating_until(now, cooldown);
    Ok(())
}

/// Whether the obligation that just ended was the last of a leaving agent, whose cooldown begins anew.
pub fn must_wait_anew(hot: &Hot) -> bool {
    hot.status == Status::Leaving && hot.obligations == 0
}

/// Begins the cooldown of a leaving agent anew; it never ends earlier than it would have.
pub fn wait_anew(history: &mut History, cooldown: Seconds, now: Timestamp) {
    history.leaves_at = history.leaves_at.max(saturating_until(now, cooldown));
}

/// INV-AGENT-02. Ends a registration after its cooldown; returns the stake it had, which is free. Anyone may.
///
/// Errors: `NotLeaving`, `IsBanned`, `ObligationsOpen`, `SubAgentsRemain`, `TooEarly`.
pub fn complete_deregistration(
    agent: &mut Agent,
    principal: &mut Principal,
    now: Timestamp,
) -> Result<u32, Refused> {
    if agent.hot.status != Status::Leaving {
        return Err(Refused::NotLeaving(agent.address));
    }
    principal.require_unbanned(agent.bond.principal)?;
    require_unbound(agent)?;
    if now.get() <= agent.history.leaves_at {
        return Err(Refused::TooEarly(agent.history.leaves_at));
    }
    Ok(leave(agent, principal))
}

/// Ends a registration; returns the stake it had.
pub(crate) fn leave(agent: &mut Agent, principal: &mut Principal) -> u32 {
    let hot = &mut agent.hot;
    principal.lose(hot.agent_type == AgentType::Producer, hot.reputation);
    hot.status = Status::Gone;
    hot.sub_agents = 0;
    core::mem::take(&mut hot.stake)
}

/// A parent after a sub-agent of it left: the places are free again.
pub fn without_sub_agent(parent: &mut Hot, left: &Bond) {
    let places = left.max_sub_agents.saturating_add(1);
    parent.sub_agents = parent.sub_agents.saturating_sub(places);
}

/// First step of a change of principal: the present one lets the agent go. Letting it go to the present one withdraws what
/// was released before, which is possible whatever stands against a release. `last` is what is stored.
///
/// Errors: `NotRegistered`, `Expired`; for a release `NotActive`, `PrincipalInherited`, `InvalidPrincipal`, `IsBanned`,
/// `IsFrozen`, `ObligationsOpen`, `SubAgentsRemain`, `PrincipalRemembered`, `CounterExhausted`.
/// Source: RESOLUTIONS I-07.
pub fn propose(
    agent: &Agent,
    parent: Address,
    principal: &Principal,
    last: &Proposal,
    (to, until): (Address, u64),
    now: Timestamp,
) -> Result<Proposal, Refused> {
    agent.hot.require_known(agent.address)?;
    in_time(until, now)?;
    let mut proposal = Proposal {
        to: Address::ZERO,
        until: until.min(super::INSTANT_MAX),
        registrations: agent.bond.registrations,
        changes: agent.history.changes,
        // At the greatest count no release follows that a nonce would have to tell from the last.
        releases: last.releases_of(agent).saturating_add(1),
    };
    if to == agent.bond.principal {
        return Ok(proposal);
    }
    require_changeable(agent, parent, principal, now)?;
    if to == Address::ZERO || to == agent.address {
        return Err(Refused::InvalidPrincipal(to));
    }
    require_forgotten(agent, to, now)?;
    if last.releases_of(agent) == u16::MAX {
        return Err(Refused::CounterExhausted(agent.address));
    }
    proposal.to = to;
    Ok(proposal)
}

/// Second step: the other one takes it.
///
/// Errors: `NoProposal`; those of [`propose`], since things may have changed; `IsLeaving`, `NotEnrolled` for the new one;
/// `OutOfRange`, `CounterExhausted`.
pub fn accept(
    agent: &mut Agent,
    parent: Address,
    proposal: &Proposal,
    (from, to): (&mut Principal, &mut Principal),
    max_sub_agents: u32,
    memory: Seconds,
    now: Timestamp,
) -> Result<(), Refused> {
    let current = proposal.is_current(agent);
    if proposal.to == Address::ZERO || !current || now.get() > proposal.until {
        return Err(Refused::NoProposal(agent.address));
    }
    require_changeable(agent, parent, from, now)?;
    require_answerable(proposal.to, to, agent.hot.agent_type, now)?;
    remember(agent, proposal.to, memory, now)?;
    agent.bond.max_sub_agents = places(max_sub_agents)?;
    agent.bond.principal = proposal.to;
    let (produces, reputation) = (
        agent.hot.agent_type == AgentType::Producer,
        agent.hot.reputation,
    );
    from.lose(produces, reputation);
    to.gain(proposal.to, produces)?;
    to.remember(reputation);
    Ok(())
}

/// Whether a principal may answer for one agent more.
#[inline(never)]
fn require_answerable(
    account: Address,
    principal: &Principal,
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
    principal: &Principal,
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

/// Enters into an agent's history that it goes over to `to`.
#[inline(never)]
fn remember(
    agent: &mut Agent,
    to: Address,
    memory: Seconds,
    now: Timestamp,
) -> Result<(), Refused> {
    require_forgotten(agent, to, now)?;
    let history = &mut agent.history;
    let changes = history.changes.checked_add(1);
    history.changes = changes.ok_or(Refused::CounterExhausted(agent.address))?;
    history.previous = agent.bond.principal;
    history.remembered_until = saturating_until(now, memory);
    Ok(())
}

/// Places below an agent; a record counts sixteen bits of them.
#[inline(never)]
fn places(count: u32) -> Result<u16, Refused> {
    u16::try_from(count).map_err(|_| Refused::OutOfRange(u64::from(count), u64::from(u16::MAX)))
}
