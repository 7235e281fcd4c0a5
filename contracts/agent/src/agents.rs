//! Agents: registering, leaving, changing their principal.

use agentcity_abi::IAgent as wire;
use agentcity_domain::{
    agent::{
        Refused, did,
        principal::Principal,
        record::{Agent, Status},
        registration::{self as rules, Registered, Request, Terms},
    },
    parameter::ParameterId,
    signed::{
        Typed,
        identity::{PrincipalAcceptance, PrincipalConsent, PrincipalRelease, SubAgentConsent},
    },
    time::Seconds,
};
use agentcity_shell::{
    Answer, Input, Output,
    output::{self, address, number},
    sign::SIGNATURE_BYTES_MAX,
    unauthorized,
};
use alloc::vec::Vec;
use alloy_primitives::Address;
use alloy_sol_types::SolEvent;
use stylus_sdk::prelude::*;

use crate::{error::revert, storage::Agents};

/// Most bytes that are read of an identifier: more than the rules admit, so that their refusal answers.
const DID_READ_MAX: usize = 65_535;

/// The arguments that both ways of registering have in common.
struct Entering<'a> {
    did: &'a [u8],
    agent_type: u8,
    /// The principal, or the parent.
    above: Address,
    max_sub_agents: u32,
    deadline: u64,
    consent: &'a [u8],
}

impl<'a> Entering<'a> {
    fn read(input: &mut Input<'a>) -> Result<Self, Vec<u8>> {
        Ok(Self {
            did: input.bytes(DID_READ_MAX)?,
            agent_type: input.u8()?,
            above: input.address()?,
            max_sub_agents: input.u32()?,
            deadline: input.u64()?,
            consent: input.bytes(SIGNATURE_BYTES_MAX)?,
        })
    }
}

/// Under whom an agent registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Above {
    /// A principal who signed for it.
    Principal,
    /// A parent that did.
    Parent,
}

impl Agents {
    /// Errors: what [`did::check`], [`rules::register`] and [`rules::register_sub_agent`] refuse; `Expired`,
    /// `InvalidSignature`; `AmountMismatch`, `Reentered`, `NotWired`.
    /// Events: `AgentRegistered`.
    #[inline(never)]
    pub(crate) fn register(&mut self, above: Above, input: &mut Input<'_>) -> Answer {
        let entering = Entering::read(input)?;
        let address = self.vm().msg_sender();
        did::check(entering.did, address).map_err(|error| revert(Refused::Did(error)))?;
        let before = self.load_agent(address);
        let parent = match above {
            Above::Principal => Agent::default(),
            Above::Parent => self.load_agent(entering.above),
        };
        let account = match above {
            Above::Principal => entering.above,
            Above::Parent => parent.bond.principal,
        };
        let (principal, former) = self.load_sides(&before, account);
        let request = Request {
            agent_type: entering.agent_type,
            principal: account,
            max_sub_agents: entering.max_sub_agents,
        };
        let (terms, now) = (self.terms()?, self.now());
        let (after, parent_after) = match above {
            Above::Principal => rules::register(request, before, principal, former, terms, now)
                .map(|after| (after, parent)),
            Above::Parent => {
                rules::register_sub_agent(request, before, parent, principal, former, terms, now)
            }
        }
        .map_err(revert)?;
        let mut consent = PrincipalConsent {
            agent: address,
            did_hash: self.vm().native_keccak256(entering.did),
            agent_type: entering.agent_type,
            principal: entering.above,
            max_sub_agents: entering.max_sub_agents,
            nonce: before.bond.registrations.into(),
            deadline: entering.deadline,
        }
        .words();
        if above == Above::Parent {
            // A parent's consent has the same fields, with the parent in the principal's place.
            consent[0] = SubAgentConsent::HASH;
        }
        let (deadline, signature) = (entering.deadline, entering.consent);
        self.require_consent(entering.above, &consent, deadline, signature)?;

        if above == Above::Parent {
            self.store_agent(&parent, &parent_after);
            self.store_parent(address, parent.address);
        }
        self.enter(&before, &after, &principal, parent.address, entering.did)
    }

    /// Errors: `NotRegistered`, `Unauthorized` for others than the agent and its principal; what
    /// [`rules::request_deregistration`] refuses.
    /// Events: `AgentLeaving`.
    pub(crate) fn request_deregistration(&mut self, input: &mut Input<'_>) -> Answer {
        let (caller, before) = (self.vm().msg_sender(), self.load_agent(input.address()?));
        before.hot.require_known(before.address).map_err(revert)?;
        if caller != before.address && caller != before.bond.principal {
            return Err(unauthorized(caller));
        }
        let principal = self.load_principal(before.bond.principal);
        let cooldown = self.seconds(ParameterId::DeregistrationCooldownSecs)?;
        let after = rules::request_deregistration(before, principal, cooldown, self.now())
            .map_err(revert)?;

        self.store_agent(&before, &after);

        output::log(
            self.vm(),
            &[wire::AgentLeaving::SIGNATURE_HASH, address(before.address)],
            &output::words(&[number(after.history.leaves_at)]),
        );
        Ok(Vec::new())
    }

    /// Errors: what [`rules::complete_deregistration`] refuses.
    /// Events: `AgentLeft`.
    pub(crate) fn complete_deregistration(&mut self, input: &mut Input<'_>) -> Answer {
        let before = self.load_agent(input.address()?);
        let principal = self.load_principal(before.bond.principal);
        let (after, stake) =
            rules::complete_deregistration(before, principal, self.now()).map_err(revert)?;

        self.store_departure(&before, &after, &principal);
        self.credit(before.address, stake)?;

        output::log(
            self.vm(),
            &[wire::AgentLeft::SIGNATURE_HASH, address(before.address)],
            &output::words(&[number(stake.into())]),
        );
        Ok(Vec::new())
    }

    /// Errors: what [`rules::propose`] refuses; `InvalidSignature`.
    /// Events: `PrincipalProposed`.
    pub(crate) fn propose_principal(&mut self, input: &mut Input<'_>) -> Answer {
        let agent = self.load_agent(input.address()?);
        let (to, deadline) = (input.address()?, input.u64()?);
        let consent = input.bytes(SIGNATURE_BYTES_MAX)?;
        let from = agent.bond.principal;
        let parent = self.load_parent(agent.address, agent.bond.depth);
        let principal = self.load_principal(from);
        let proposal =
            rules::propose(agent, parent, principal, to, deadline, self.now()).map_err(revert)?;
        let release = PrincipalRelease {
            agent: agent.address,
            from,
            to,
            nonce: agent.change_nonce(),
            deadline,
        };
        self.require_consent(from, &release.words(), deadline, consent)?;

        self.store_proposal(agent.address, Some(proposal));

        output::log(
            self.vm(),
            &[
                wire::PrincipalProposed::SIGNATURE_HASH,
                address(agent.address),
                address(from),
                address(to),
            ],
            &output::words(&[number(deadline)]),
        );
        Ok(Vec::new())
    }

    /// Errors: what [`rules::accept`] refuses; `Expired`, `InvalidSignature`.
    /// Events: `PrincipalChanged`.
    pub(crate) fn accept_principal(&mut self, input: &mut Input<'_>) -> Answer {
        let agent = self.load_agent(input.address()?);
        let (max_sub_agents, deadline) = (input.u32()?, input.u64()?);
        let consent = input.bytes(SIGNATURE_BYTES_MAX)?;
        let proposal = self.load_proposal(agent.address);
        let (from, to) = (agent.bond.principal, proposal.to);
        let parent = self.load_parent(agent.address, agent.bond.depth);
        let sides = (self.load_principal(from), self.load_principal(to));
        let memory = self.seconds(ParameterId::PrincipalMemorySecs)?;
        let (after, from_after, to_after) = rules::accept(
            agent,
            parent,
            proposal,
            sides,
            max_sub_agents,
            memory,
            self.now(),
        )
        .map_err(revert)?;
        let acceptance = PrincipalAcceptance {
            agent: agent.address,
            from,
            to,
            max_sub_agents,
            nonce: agent.change_nonce(),
            deadline,
        };
        self.require_consent(to, &acceptance.words(), deadline, consent)?;

        self.store_agent(&agent, &after);
        self.store_proposal(agent.address, None);
        self.store_principal(from, &sides.0, &from_after);
        self.store_principal(to, &sides.1, &to_after);

        output::log(
            self.vm(),
            &[
                wire::PrincipalChanged::SIGNATURE_HASH,
                address(agent.address),
                address(from),
                address(to),
            ],
            &output::words(&[number(after.history.remembered_until)]),
        );
        Ok(Vec::new())
    }

    /// Writes a registration that ended: agent, principal, and the places of its parent.
    pub(crate) fn store_departure(
        &mut self,
        before: &Agent,
        after: &Registered,
        principal: &Principal,
    ) {
        self.store_agent(before, &after.agent);
        self.store_principal(before.bond.principal, principal, &after.principal);
        if before.bond.depth > 0 {
            let parent = self.load_parent(before.address, before.bond.depth);
            let hot = rules::without_sub_agent(self.load_hot(parent), &before.bond);
            self.store_hot(parent, &hot);
        }
    }

    /// The principal that an agent enters under, and the one it had before, if that is another.
    #[inline(never)]
    fn load_sides(&self, agent: &Agent, account: Address) -> (Principal, Option<Principal>) {
        let returns = agent.hot.status != Status::None && agent.bond.principal != account;
        let former = returns.then(|| self.load_principal(agent.bond.principal));
        (self.load_principal(account), former)
    }

    #[inline(never)]
    fn terms(&self) -> Result<Terms, Vec<u8>> {
        use ParameterId::{PrincipalMemorySecs, RegistrationStake};
        let values = self.parameters(&[RegistrationStake, PrincipalMemorySecs])?;
        let value = |place: usize| values.get(place).copied().unwrap_or_default();
        Ok(Terms {
            stake: value(0),
            memory: Seconds::new(value(1).into()),
        })
    }

    /// Writes a registration, tells it, and takes the stake.
    fn enter(
        &mut self,
        before: &Agent,
        after: &Registered,
        principal: &Principal,
        parent: Address,
        did: &[u8],
    ) -> Answer {
        let Agent {
            address: agent,
            hot,
            bond,
            ..
        } = after.agent;
        self.store_agent(before, &after.agent);
        self.store_principal(bond.principal, principal, &after.principal);

        let data = Output::of(6)
            .word(number(hot.agent_type as u64))
            .word(number(bond.registrations.into()))
            .word(number(hot.reputation.get().into()))
            .word(number(hot.stake.into()))
            .word(number(bond.max_sub_agents.into()))
            .bytes(did)
            .finish();
        output::log(
            self.vm(),
            &[
                wire::AgentRegistered::SIGNATURE_HASH,
                address(agent),
                address(bond.principal),
                address(parent),
            ],
            &data,
        );
        self.collect(hot.stake)?;
        Ok(Vec::new())
    }
}
