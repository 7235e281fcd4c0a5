//! Agents: registering, leaving, changing their principal.

use agentcity_abi::IAgent as wire;
use agentcity_domain::{
    agent::{
        Refused, did,
        principal::Principal,
        record::{Agent, History, Proposal, Status},
        registration::{self as rules, Request, Terms},
    },
    literal,
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
        let mut agent = self.load_agent(address);
        let (mut parent, account) = match above {
            Above::Principal => (Agent::default(), entering.above),
            Above::Parent => {
                let parent = self.load_agent(entering.above);
                (parent, parent.bond.principal)
            }
        };
        let mut principal = self.load_principal(account);
        let nonce = agent.consent_nonce(&principal);
        // Whoever had another principal before must not leave that one's ban behind.
        let returns = agent.hot.status != Status::None && agent.bond.principal != account;
        let former = returns.then(|| self.load_principal(agent.bond.principal));
        let former = former.as_ref();
        let request = Request {
            agent_type: entering.agent_type,
            principal: account,
            max_sub_agents: entering.max_sub_agents,
        };
        let (terms, now) = (self.terms()?, self.now());
        match above {
            Above::Principal => {
                rules::register(&request, &mut agent, &mut principal, former, &terms, now)
            }
            Above::Parent => rules::register_sub_agent(
                &request,
                &mut agent,
                &mut parent,
                &mut principal,
                former,
                &terms,
                now,
            ),
        }
        .map_err(revert)?;
        let mut consent = PrincipalConsent {
            agent: address,
            did_hash: self.vm().native_keccak256(entering.did),
            agent_type: entering.agent_type,
            principal: entering.above,
            max_sub_agents: entering.max_sub_agents,
            nonce,
            deadline: entering.deadline,
        }
        .words();
        if above == Above::Parent {
            // A parent's consent has the same fields, with the parent in the principal's place.
            consent[0] = literal!(SubAgentConsent::HASH);
        }
        let (deadline, signature) = (entering.deadline, entering.consent);
        self.require_consent(entering.above, &consent, deadline, signature)?;

        if above == Above::Parent {
            self.store_agent(&parent);
            self.store_parent(address, parent.address);
        }
        self.enter(&agent, &principal, parent.address, entering.did)
    }

    /// Errors: `NotRegistered`, `Unauthorized` for others than the agent and its principal; what
    /// [`rules::request_deregistration`] refuses.
    /// Events: `AgentLeaving`.
    pub(crate) fn request_deregistration(&mut self, input: &mut Input<'_>) -> Answer {
        let (caller, mut agent) = (self.vm().msg_sender(), self.load_agent(input.address()?));
        agent.hot.require_known(agent.address).map_err(revert)?;
        if caller != agent.address && caller != agent.bond.principal {
            return Err(unauthorized(caller));
        }
        let principal = self.load_principal(agent.bond.principal);
        let cooldown = self.seconds(ParameterId::DeregistrationCooldownSecs)?;
        rules::request_deregistration(&mut agent, &principal, cooldown, self.now())
            .map_err(revert)?;

        self.store_agent(&agent);

        self.log_leaving(agent.address, &agent.history);
        Ok(Vec::new())
    }

    /// Tells until when an agent's cooldown runs.
    #[inline(never)]
    pub(crate) fn log_leaving(&self, agent: Address, history: &History) {
        self.emit(
            &[literal!(wire::AgentLeaving::SIGNATURE_HASH), address(agent)],
            &[number(history.leaves_at)],
        );
    }

    /// Errors: what [`rules::complete_deregistration`] refuses.
    /// Events: `AgentLeft`.
    pub(crate) fn complete_deregistration(&mut self, input: &mut Input<'_>) -> Answer {
        let mut agent = self.load_agent(input.address()?);
        let mut principal = self.load_principal(agent.bond.principal);
        let stake = rules::complete_deregistration(&mut agent, &mut principal, self.now())
            .map_err(revert)?;

        self.store_departure(&agent, &principal);
        self.credit(agent.address, stake)?;

        self.emit(
            &[
                literal!(wire::AgentLeft::SIGNATURE_HASH),
                address(agent.address),
            ],
            &[number(stake.into())],
        );
        Ok(Vec::new())
    }

    /// A release, or with the present principal as the next one the withdrawal of the last.
    ///
    /// Errors: what [`rules::propose`] refuses; `InvalidSignature`.
    /// Events: `PrincipalProposed`.
    pub(crate) fn propose_principal(&mut self, input: &mut Input<'_>) -> Answer {
        let agent = self.load_agent(input.address()?);
        let (to, deadline) = (input.address()?, input.u64()?);
        let consent = input.bytes(SIGNATURE_BYTES_MAX)?;
        let from = agent.bond.principal;
        let parent = self.load_parent(agent.address, agent.bond.depth);
        let (principal, last) = (self.load_principal(from), self.load_proposal(agent.address));
        let proposal = rules::propose(
            &agent,
            parent,
            &principal,
            &last,
            (to, deadline),
            self.now(),
        )
        .map_err(revert)?;
        let release = PrincipalRelease {
            agent: agent.address,
            from,
            to,
            nonce: agent.change_nonce(&principal, last.releases_of(&agent)),
            deadline,
        };
        self.require_consent(from, &release.words(), deadline, consent)?;

        self.store_proposal(agent.address, &proposal);

        self.emit(
            &[
                literal!(wire::PrincipalProposed::SIGNATURE_HASH),
                address(agent.address),
                address(from),
                address(to),
            ],
            &[number(deadline)],
        );
        Ok(Vec::new())
    }

    /// Errors: what [`rules::accept`] refuses; `Expired`, `InvalidSignature`.
    /// Events: `PrincipalChanged`.
    pub(crate) fn accept_principal(&mut self, input: &mut Input<'_>) -> Answer {
        let mut agent = self.load_agent(input.address()?);
        let (max_sub_agents, deadline) = (input.u32()?, input.u64()?);
        let consent = input.bytes(SIGNATURE_BYTES_MAX)?;
        let proposal = self.load_proposal(agent.address);
        let (from, to) = (agent.bond.principal, proposal.to);
        let parent = self.load_parent(agent.address, agent.bond.depth);
        let (mut old, mut new) = (self.load_principal(from), self.load_principal(to));
        // The release that is accepted was counted when it was stored.
        let nonce = agent.change_nonce(&new, proposal.releases.saturating_sub(1));
        let memory = self.seconds(ParameterId::PrincipalMemorySecs)?;
        rules::accept(
            &mut agent,
            parent,
            &proposal,
            (&mut old, &mut new),
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
            nonce,
            deadline,
        };
        self.require_consent(to, &acceptance.words(), deadline, consent)?;

        self.store_agent(&agent);
        self.store_proposal(agent.address, &Proposal::default());
        self.store_principal(from, &old);
        self.store_principal(to, &new);

        self.emit(
            &[
                literal!(wire::PrincipalChanged::SIGNATURE_HASH),
                address(agent.address),
                address(from),
                address(to),
            ],
            &[number(agent.history.remembered_until)],
        );
        Ok(Vec::new())
    }

    /// Writes a registration that ended: agent, principal, and the places of its parent.
    #[inline(never)]
    pub(crate) fn store_departure(&mut self, agent: &Agent, principal: &Principal) {
        self.store_agent(agent);
        self.store_principal(agent.bond.principal, principal);
        if agent.bond.depth > 0 {
            let parent = self.load_parent(agent.address, agent.bond.depth);
            let mut hot = self.load_hot(parent);
            rules::without_sub_agent(&mut hot, &agent.bond);
            self.store_hot(parent, &hot);
        }
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
        agent: &Agent,
        principal: &Principal,
        parent: Address,
        did: &[u8],
    ) -> Answer {
        let (hot, bond) = (&agent.hot, &agent.bond);
        self.store_agent(agent);
        self.store_principal(bond.principal, principal);

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
                literal!(wire::AgentRegistered::SIGNATURE_HASH),
                address(agent.address),
                address(bond.principal),
                address(parent),
            ],
            &data,
        );
        self.collect(hot.stake)?;
        Ok(Vec::new())
    }
}
