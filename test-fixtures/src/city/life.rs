//! What people do in a city: principals enrol, agents register, services are published. Many at once are sent before the
//! first is waited for, so that a city of a hundred is raised in seconds.

use super::{
    City,
    client::{CallError, Sent},
    person::Person,
    raise::minter,
};
use crate::{Actor, sender::Outcome};
use agentcity_abi::{IAgent, IConstitution, IManagement, IService, ISettlementToken};
use agentcity_deploy::city::apply::eip712_domain;
use agentcity_domain::{
    parameter::{self, ParameterId},
    peer::Peer,
    service,
    signed::identity::{EnrolmentAttestation, PrincipalConsent, PrincipalEnrolment},
};
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolCall,
};

pub use agentcity_abi::IAgent::{AgentType, PrincipalClass};

/// Until when everything that is signed in a story is good, unix seconds: after any story. Constant, because its bytes and
/// those of the signatures over it are calldata, and gas is compared from run to run.
pub const GOOD_UNTIL: u64 = 4_000_000_000;

/// Settlement tokens that everybody in a city of tokens holds to begin with, in base units: stakes of any story.
const TOKENS: u64 = 10_000_000_000_000_000_000;

/// Whom a registration is for.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The agent; it sends.
    pub agent: Person,
    /// What it is to be.
    pub kind: AgentType,
    /// Who answers for it, and signs.
    pub principal: Person,
}

impl City {
    /// A parameter's number in the epoch in force.
    pub fn number(&mut self, id: ParameterId) -> Result<u32, CallError> {
        let call = IConstitution::readCurrentCall {
            ids: vec![id.place() as u8].into(),
        };
        let answer = self.client.ask(self.address(Peer::Constitution), &call)?;
        // A word where a number is asked for is a defect of the story.
        Ok(parameter::number(answer.values[0]).expect("the parameter is a number"))
    }

    /// A stake in base units.
    pub fn base_units(&self, units: u32) -> U256 {
        U256::from(units) * self.genesis.unit_scale
    }

    /// Whether it pays in a token.
    pub const fn pays_in_token(&self) -> bool {
        self.genesis.asset.is_some()
    }

    /// What a transaction that collects `amount` carries: all of it in a city of coins, nothing in one of tokens.
    pub fn value_of(&self, amount: U256) -> U256 {
        if self.pays_in_token() {
            U256::ZERO
        } else {
            amount
        }
    }

    /// In a city of tokens: gives each tokens, and lets the contracts that collect money take what they are owed.
    pub fn give_tokens(&mut self, people: &[Person]) -> Result<(), CallError> {
        let Some(token) = self.genesis.asset else {
            return Ok(());
        };
        let spenders = [Peer::Agent, Peer::Treasury, Peer::Roster].map(|peer| self.address(peer));
        let mut sent = Vec::with_capacity((1 + spenders.len()) * people.len());
        for person in people {
            let mint = ISettlementToken::mintCall {
                to: person.address(),
                value: U256::from(TOKENS),
            };
            let approve = spenders.map(|spender| ISettlementToken::approveCall {
                spender,
                value: U256::MAX,
            });
            let minter: &Actor = minter();
            let minted = std::iter::once((&minter.signer, mint.abi_encode()));
            let approved = approve.map(|call| (person.signer(), call.abi_encode()));
            for (by, input) in minted.chain(approved) {
                let what = format!("tokens for {}", person.name);
                sent.push(
                    self.client
                        .launch(by, token, U256::ZERO, input.into(), what)?,
                );
            }
        }
        self.land_all(sent).map(|_| ())
    }

    /// Waits for all.
    pub fn land_all(&mut self, sent: Vec<Sent>) -> Result<Vec<Outcome>, CallError> {
        sent.into_iter()
            .map(|sent| self.client.land(sent))
            .collect()
    }

    /// The EIP-712 digest of a struct of the domain's table, for the contract of `peer`.
    pub fn digest(&self, peer: Peer, words: &[B256]) -> B256 {
        let separator = eip712_domain(self.client.chain_id(), self.address(peer)).separator();
        let signed = keccak256(words.concat());
        keccak256([&[0x19, 0x01], separator.as_slice(), signed.as_slice()].concat())
    }

    /// The call by which `principal` enrols, signed by it and by the registrar.
    pub fn enrolment(
        &mut self,
        principal: &Person,
        class: PrincipalClass,
    ) -> Result<IAgent::enrolPrincipalCall, CallError> {
        let deadline = GOOD_UNTIL;
        let registrar = self.clerks[0].agent.clone();
        let record = IAgent::principalRecordCall {
            principal: principal.address(),
        };
        let record = self.client.ask(self.address(Peer::Agent), &record)?;
        let evidence = keccak256(format!("seen: {}", principal.name));
        let consent = PrincipalEnrolment {
            principal: principal.address(),
            class: class as u8,
            nonce: record.nonce.into(),
            deadline,
        };
        let attestation = EnrolmentAttestation {
            principal: principal.address(),
            class: class as u8,
            evidence_hash: evidence,
            registrar: registrar.address(),
            nonce: record.nonce.into(),
            deadline,
        };
        Ok(IAgent::enrolPrincipalCall {
            principal: principal.address(),
            class: class as u8,
            deadline,
            consent: principal.sign(self.digest(Peer::Agent, &consent.words())),
            registrar: registrar.address(),
            evidenceHash: evidence,
            attestation: registrar.sign(self.digest(Peer::Agent, &attestation.words())),
        })
    }

    /// Enrols everybody. Each sends its own enrolment with its stake.
    pub fn enrol(&mut self, principals: &[Person]) -> Result<Vec<Outcome>, CallError> {
        let stake = self.number(ParameterId::PrincipalStake)?;
        let value = self.value_of(self.base_units(stake));
        let agent = self.address(Peer::Agent);
        let mut sent = Vec::with_capacity(principals.len());
        for principal in principals {
            let call = self.enrolment(principal, PrincipalClass::Owner)?;
            let what = format!("enrolment of {}", principal.name);
            let input = call.abi_encode().into();
            sent.push(
                self.client
                    .launch(principal.signer(), agent, value, input, what)?,
            );
        }
        self.land_all(sent)
    }

    /// The call by which an agent registers, with its principal's consent.
    pub fn registration(
        &mut self,
        registration: &Registration,
    ) -> Result<IAgent::registerCall, CallError> {
        let deadline = GOOD_UNTIL;
        let agent = registration.agent.address();
        let record = self.client.ask(
            self.address(Peer::Agent),
            &IAgent::agentRecordCall { agent },
        )?;
        let principal = IAgent::principalRecordCall {
            principal: registration.principal.address(),
        };
        let principal = self.client.ask(self.address(Peer::Agent), &principal)?;
        let did = registration.agent.did(self.client.chain_id());
        let consent = PrincipalConsent {
            agent,
            did_hash: keccak256(&did),
            agent_type: registration.kind as u8,
            principal: registration.principal.address(),
            max_sub_agents: 0,
            nonce: u64::from(principal.nonce) << 16 | u64::from(record.registrations),
            deadline,
        };
        Ok(IAgent::registerCall {
            did,
            agentType: registration.kind as u8,
            principal: registration.principal.address(),
            maxSubAgents: 0,
            deadline,
            consent: registration
                .principal
                .sign(self.digest(Peer::Agent, &consent.words())),
        })
    }

    /// Coins that a registration of this type carries.
    pub fn registration_value(&mut self, kind: AgentType) -> Result<U256, CallError> {
        if kind == AgentType::Management {
            return Ok(U256::ZERO);
        }
        let stake = self.number(ParameterId::RegistrationStake)?;
        Ok(self.value_of(self.base_units(stake)))
    }

    /// Registers everybody. Each agent sends its own.
    pub fn register(&mut self, registrations: &[Registration]) -> Result<Vec<Outcome>, CallError> {
        let to = self.address(Peer::Agent);
        let mut sent = Vec::with_capacity(registrations.len());
        for registration in registrations {
            let value = self.registration_value(registration.kind)?;
            let input = self.registration(registration)?.abi_encode().into();
            let what = format!(
                "registration of {} by {}",
                registration.agent.name, registration.principal.name
            );
            let signer = registration.agent.signer();
            sent.push(self.client.launch(signer, to, value, input, what)?);
        }
        self.land_all(sent)
    }

    /// Brings the four clerks of the seal into office: each registers as an agent of its principal and is admitted, which
    /// anyone may ask for.
    pub fn install_clerks(&mut self) -> Result<Vec<Outcome>, CallError> {
        let mut outcomes = self.register_clerks()?;
        let management = self.address(Peer::Management);
        for clerk in self.clerks.clone() {
            let admit = IManagement::admitGenesisClerkCall {
                agent: clerk.agent.address(),
            };
            outcomes.push(self.client.send(&clerk.principal, management, &admit)?);
        }
        Ok(outcomes)
    }

    /// The four clerks of the seal register, which is what they can be admitted after.
    pub fn register_clerks(&mut self) -> Result<Vec<Outcome>, CallError> {
        let clerks = self.clerks.clone();
        let registrations: Vec<Registration> = clerks
            .iter()
            .map(|clerk| Registration {
                agent: clerk.agent.clone(),
                kind: AgentType::Management,
                principal: clerk.principal.clone(),
            })
            .collect();
        self.register(&registrations)
    }

    /// Publishes one service for each owner.
    pub fn publish(&mut self, owners: &[Person]) -> Result<Vec<Outcome>, CallError> {
        let to = self.address(Peer::Service);
        let mut sent = Vec::with_capacity(owners.len());
        for owner in owners {
            let input = service_of(owner).abi_encode().into();
            let what = format!("a service of {}", owner.name);
            sent.push(
                self.client
                    .launch(owner.signer(), to, U256::ZERO, input, what)?,
            );
        }
        self.land_all(sent)
    }
}

/// What an owner publishes in the stories.
pub fn service_of(owner: &Person) -> IService::registerServiceCall {
    IService::registerServiceCall {
        codeHash: keccak256(format!("code of {}", owner.name)),
        schemaHash: keccak256(format!("schema of {}", owner.name)),
        endpoint: format!("https://{}.example/invoke", owner.name.replace(' ', "-")),
        constraints: IService::Constraints {
            maxLatencyMs: 5_000,
            maxMemoryMb: 256,
            maxConcurrency: 4,
            networkPolicies: Vec::new(),
        },
    }
}

/// The number that a service will have, whoever publishes it when.
pub fn service_id(owner: Address, of: &IService::registerServiceCall) -> B256 {
    let record = service::Record {
        code_hash: of.codeHash,
        schema_hash: of.schemaHash,
        endpoint: of.endpoint.as_bytes(),
        constraints: service::Constraints {
            max_latency_ms: of.constraints.maxLatencyMs,
            max_memory_mb: of.constraints.maxMemoryMb,
            max_concurrency: of.constraints.maxConcurrency,
            network_policies: &of.constraints.networkPolicies,
        },
    };
    let policies = keccak256(of.constraints.networkPolicies.concat());
    let details = service::encode_details(&record, keccak256(record.endpoint), policies);
    keccak256(service::encode_id(owner, of.codeHash, keccak256(details)))
}

/// How an outcome moves reputation in the stories: the defaults of the table.
pub fn terms() -> IAgent::ReputationTerms {
    let default = |id: ParameterId| id.row().default;
    IAgent::ReputationTerms {
        lambda: default(ParameterId::EmaLambda) as u16,
        fullWeight: default(ParameterId::RepFullWeight).into(),
        pairCap: default(ParameterId::RepPairCap) as u8,
        pairWindow: default(ParameterId::RepPairWindowSecs),
    }
}

/// An outcome of full weight for `agent`.
pub fn outcome_for(agent: Address, score: u16, sponsor: Address) -> IAgent::updateReputationCall {
    let terms = terms();
    IAgent::updateReputationCall {
        agent,
        score,
        price: terms.fullWeight,
        sponsorPrincipal: sponsor,
        evidence: keccak256("evidence"),
        terms,
    }
}
