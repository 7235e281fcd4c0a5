//! What is asked of the other contracts of the city, by static call.

use agentcity_abi::{IAgent as agents, IConstitution as law, IService as services};
use agentcity_domain::{
    clerk::{ClerkRole, Standing},
    parameter::ParameterId,
    peer::Peer,
};
use agentcity_shell::{
    Input, malformed,
    member::Member,
    output::{self, number},
    peer,
};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use stylus_sdk::prelude::*;

use crate::storage::Offices;

impl Offices {
    /// What the agent contract says of an agent.
    #[inline(never)]
    pub(crate) fn standing(&self, agent: Address) -> Result<Standing, Vec<u8>> {
        let question = agents::standingCall::SELECTOR;
        let answer = self.ask_peer(Peer::Agent, question, &[output::address(agent)])?;
        let mut standing = Input::new(&answer);
        let (principal, _previous) = (standing.address()?, standing.address()?);
        Ok(Standing {
            agent_type: standing.u8()?,
            bars: standing.u8()?,
            principal,
        })
    }

    /// A number of policy, as it is now.
    #[inline(never)]
    pub(crate) fn parameter(&self, id: ParameterId) -> Result<u32, Vec<u8>> {
        let (_epoch, [value]) = self.parameters_in_force([id.place() as u8])?;
        u32::try_from(value).map_err(|_| malformed())
    }

    /// Office and principal that the manifest names for an agent.
    #[inline(never)]
    pub(crate) fn named_in_manifest(
        &self,
        agent: Address,
    ) -> Result<Option<(ClerkRole, Address)>, Vec<u8>> {
        let question = law::genesisClerksCall::SELECTOR;
        let answer = peer::ask(self.vm(), self.constitution_address(), &question)?;
        let most = ParameterId::MaxGenesisClerks.constant() as usize;
        let (count, mut clerks) = Input::new(&answer).list(most)?;
        for _ in 0..count {
            let (role, named, principal) = (clerks.u8()?, clerks.address()?, clerks.address()?);
            if named == agent {
                return Ok(ClerkRole::at(role).map(|role| (role, principal)));
            }
        }
        Ok(None)
    }

    /// Since when a service is deprecated; zero while it takes work. What is not registered is refused by the registry.
    #[inline(never)]
    pub(crate) fn deprecated_at(&self, service: B256) -> Result<u64, Vec<u8>> {
        let question = services::standingCall::SELECTOR;
        let answer = self.ask_peer(Peer::Service, question, &[service])?;
        let mut standing = Input::new(&answer);
        let _code_hash = standing.word()?;
        standing.u64()
    }

    /// Whether `account` registered `service`.
    #[inline(never)]
    pub(crate) fn owns(
        &self,
        service: B256,
        account: Address,
        details: B256,
    ) -> Result<bool, Vec<u8>> {
        let words = [service, output::address(account), details];
        let answer = self.ask_peer(Peer::Service, services::isOwnerCall::SELECTOR, &words)?;
        Ok(Input::new(&answer).word()? == number(1))
    }
}
