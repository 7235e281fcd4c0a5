//! How an agent comes into the city: its principal enrols with the registrar's word, it registers, and money for stakes goes to the
//! treasury.
//!
//! In a city that pays in a token, the owner allows the contracts what they take; nothing here gives an allowance.

use agentcity_abi::{
    IAgent::{self, AgentType},
    IConstitution, ITreasury,
};
use agentcity_domain::{
    parameter::{self, ParameterId as P},
    peer::Peer,
    signed::identity::PrincipalConsent,
};
use agentcity_keeper::{
    executor::clerk::admission::Admissions,
    source::programs,
    statement::{self, enrolment::Attested},
};
use alloy::{
    primitives::{Bytes, U256, keccak256},
    providers::Provider,
    sol_types::SolCall,
};

use crate::{
    call::{CallError, Myself},
    mind::Act,
    policy::Register,
};

/// How long a consent counts, in seconds of the chain: an hour, in which it is sent or signed anew.
const CONSENT_SECS: u64 = 3_600;

fn silent(error: impl std::fmt::Display) -> CallError {
    CallError::Silent(error.to_string())
}

impl<Q: Provider> Myself<'_, Q> {
    fn rules(&self) -> Result<&Register, CallError> {
        let cause = || CallError::Refused("its policy does not register it any more".to_owned());
        self.register.ok_or_else(cause)
    }

    /// What a call brings, in coins: stakes of the table, and a deposit.
    ///
    /// Errors: `Refused` for a stake beyond what the owner lets go; `Silent`.
    pub(crate) async fn brings(&self, act: &Act) -> Result<U256, CallError> {
        let amount = match act {
            Act::Enrol { .. } => self.stake(P::PrincipalStake).await?,
            Act::Register { .. } => self.stake(P::RegistrationStake).await?,
            Act::Deposit { amount } => U256::from(*amount),
            _ => return Ok(U256::ZERO),
        };
        let constitution = IConstitution::new(self.city.constitution, self.provider);
        let asset = constitution.asset().call().await.map_err(silent)?;
        // Tokens are taken, not brought.
        Ok(if asset.is_zero() { amount } else { U256::ZERO })
    }

    /// A stake of the table, in base units.
    async fn stake(&self, of: P) -> Result<U256, CallError> {
        let constitution = IConstitution::new(self.city.constitution, self.provider);
        let read = constitution.readCurrent(vec![of as u8].into());
        let read = read.call().await.map_err(silent)?;
        let word = read.values.first().copied().unwrap_or_default();
        let units = parameter::number(word).unwrap_or(u32::MAX);
        let scale = constitution.unitScale().call().await.map_err(silent)?;
        let stake = scale.saturating_mul(U256::from(units));
        let most = self.rules()?.stake_max;
        if stake > U256::from(most) {
            return Err(CallError::Refused(format!(
                "register.stake_max_base_units: the stake is {stake}, and {most} is the most"
            )));
        }
        Ok(stake)
    }

    /// The principal itself sends, so the registrar's word is all that is signed.
    pub(crate) fn enrol(&self, nonce: u16) -> Result<(Peer, Bytes), CallError> {
        let principal = self.voter()?.address();
        let folder = self.rules()?.attestations.as_ref();
        let folder = folder.ok_or_else(|| CallError::Refused("no attestations".to_owned()))?;
        let path = Admissions::attestation(folder, principal);
        let at = |cause: String| CallError::Silent(format!("{}: {cause}", path.display()));
        // The registrar may take its time: what is not there yet is waited for.
        let text = std::fs::read_to_string(&path).map_err(|error| at(error.to_string()))?;
        let Attested { word, signature } = Attested::parse(&text).map_err(at)?;
        if word.principal != principal || word.nonce != u64::from(nonce) {
            return Err(at("it attests another enrolment".to_owned()));
        }
        let call = IAgent::enrolPrincipalCall {
            principal,
            class: word.class,
            deadline: word.deadline,
            consent: Bytes::new(),
            registrar: word.registrar,
            evidenceHash: word.evidence_hash,
            attestation: signature,
        };
        Ok((Peer::Agent, call.abi_encode().into()))
    }

    pub(crate) async fn register(
        &self,
        nonce: u16,
        registrations: u16,
    ) -> Result<(Peer, Bytes), CallError> {
        let (agent, principal) = (self.agent.address(), self.voter()?);
        let at = programs::head(self.provider).await.map_err(silent)?;
        let deadline = at.time.get().saturating_add(CONSENT_SECS);
        let did = statement::did(self.city.chain_id, agent);
        let consent = PrincipalConsent {
            agent,
            did_hash: keccak256(&did),
            agent_type: AgentType::Producer as u8,
            principal: principal.address(),
            max_sub_agents: 0,
            // structural: sixteen bits each, as the struct says
            nonce: u64::from(nonce) << 16 | u64::from(registrations),
            deadline,
        };
        let call = IAgent::registerCall {
            did,
            agentType: AgentType::Producer as u8,
            principal: principal.address(),
            maxSubAgents: 0,
            deadline,
            consent: self.sign(principal, Peer::Agent, &consent.words())?,
        };
        Ok((Peer::Agent, call.abi_encode().into()))
    }

    pub(crate) fn deposit(&self, amount: u128) -> (Peer, Bytes) {
        let call = ITreasury::depositCall {
            account: self.agent.address(),
            amount: U256::from(amount),
        };
        (Peer::Treasury, call.abi_encode().into())
    }
}
