//! The people of a genesis file on their way into office, and who of them is not there yet.
//!
//! A clerk registers as an agent of its principal and is admitted, which anyone may ask for; its principal enrols with a stake
//! and the registrar's word; an adjudicator puts up its stake; the codifier publishes the templates that the file lists. Each of it is one person's act: here for those whose keys are at
//! hand, everything that is done already left alone.

use std::{collections::BTreeMap, path::PathBuf};

use agentcity_abi::{
    IAgent::{self, AgentType, PrincipalClass},
    IEnactment, IManagement, IRoster,
};
use agentcity_deploy::city::Template;
use agentcity_domain::{
    clerk::ClerkRole,
    parameter::{self, ParameterId},
    peer::Peer,
    signed::{
        SignedStruct,
        identity::{EnrolmentAttestation, PrincipalConsent, PrincipalEnrolment},
        legislation::TemplateVersion,
    },
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, Bytes, U256, keccak256},
    providers::Provider,
};
use serde_json::{Value, json};

use super::read_keys;
use crate::{
    cmd::deploy::{Planned, Plot},
    failure::{Code, Failure},
    opts::{Chain, Endpoint},
    output::{self, Answer},
    send::{Call, perform},
    signed,
    signer::Signer,
};

/// Seconds for which what is signed here is good: it is used at once.
const GOOD_FOR_SECS: u64 = 3_600;

#[derive(Debug, clap::Args)]
pub(crate) struct People {
    #[command(flatten)]
    plot: Plot,
    #[command(flatten)]
    endpoint: Endpoint,
    /// File of private keys, one a line in hex, of people of the genesis file.
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// Send nothing: say who is not in office yet.
    #[arg(long)]
    dry_run: bool,
}

/// One person's act, and whether it is done.
pub(crate) struct Act {
    /// What is done.
    pub(crate) what: String,
    /// Who does it.
    pub(crate) who: Address,
    /// Whether it is done.
    pub(crate) done: bool,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Register { principal: Address },
    Admit,
    Enrol,
    Stake,
    Publish(Template),
}

/// What the people of a sealed and wired city have to do before it can work, in the order in which it goes.
pub(crate) async fn standing(chain: &Chain, planned: &Planned) -> Result<Vec<Act>, Failure> {
    let provider = &chain.provider;
    let at = |peer| planned.plan.address(peer);
    let agent = IAgent::new(at(Peer::Agent), provider);
    let management = IManagement::new(at(Peer::Management), provider);
    let roster = IRoster::new(at(Peer::Roster), provider);
    let offices: Vec<String> = agentcity_deploy::city::clerk_names().collect();
    let (mut acts, mut principals) = (Vec::new(), Vec::new());
    for clerk in &planned.file.genesis.clerks {
        let office = offices.get(usize::from(clerk.role));
        let office = office.map_or("clerk", String::as_str);
        let record = agent.agentRecord(clerk.agent).call().await?;
        acts.push(Act {
            what: format!("register the {office}"),
            who: clerk.agent,
            done: record.principal == clerk.principal,
            kind: Kind::Register {
                principal: clerk.principal,
            },
        });
        acts.push(Act {
            what: format!("admit the {office}"),
            who: clerk.agent,
            done: management.clerkOf(clerk.agent).call().await?.active,
            kind: Kind::Admit,
        });
        if !principals.contains(&clerk.principal) {
            principals.push(clerk.principal);
        }
    }
    for principal in principals {
        let record = agent.principalRecord(principal).call().await?;
        acts.push(Act {
            what: "enrol the clerks' principal".to_owned(),
            who: principal,
            done: record.enrolledAt != alloy::primitives::Uint::ZERO,
            kind: Kind::Enrol,
        });
    }
    for adjudicator in &planned.file.genesis.adjudicators {
        let record = roster.adjudicator(*adjudicator).call().await?;
        let is_waiting = matches!(
            record.standing,
            IRoster::Standing::Candidate | IRoster::Standing::None
        );
        acts.push(Act {
            what: "put up an adjudicator's stake".to_owned(),
            who: *adjudicator,
            done: !is_waiting,
            kind: Kind::Stake,
        });
    }
    acts.extend(templates(chain, planned).await?);
    Ok(acts)
}

/// What the codifier has to publish.
///
/// Errors: `verify/mismatch` where a version stands with other ranges: what is published never changes.
async fn templates(chain: &Chain, planned: &Planned) -> Result<Vec<Act>, Failure> {
    let law = IEnactment::new(planned.plan.address(Peer::Enactment), &chain.provider);
    let clerks = &planned.file.genesis.clerks;
    let codifier = clerks
        .iter()
        .find(|clerk| clerk.role == ClerkRole::Codifier.number());
    let codifier = codifier.map(|clerk| clerk.agent).unwrap_or_default();
    let mut acts = Vec::new();
    for wanted in &planned.file.templates {
        let found = law.template(wanted.id, wanted.version).call().await?;
        let done = found.nodesMax != 0;
        let stands = Template {
            id: wanted.id,
            version: wanted.version,
            schema: found.schemaHash,
            nodes_max: found.nodesMax,
            tiers: found.tiersAllowed,
            risk_max: found.riskMax,
            predicates_min: found.predicatesMin,
        };
        let name = format!("version {} of template {}", wanted.version, wanted.id);
        if done && stands != *wanted {
            return Err(Failure::new(
                Code::Mismatch,
                format!("{name} stands with other ranges than the genesis file's"),
            )
            .hint("list a later version: what is published never changes"));
        }
        acts.push(Act {
            what: format!("publish {name}"),
            who: codifier,
            done,
            kind: Kind::Publish(*wanted),
        });
    }
    Ok(acts)
}

/// Who acts, and what they need to know.
struct Office<'a> {
    endpoint: &'a Endpoint,
    planned: &'a Planned,
    chain: Chain,
    keys: BTreeMap<Address, Signer>,
    deadline: u64,
}

pub(crate) async fn run(options: People) -> Result<Answer, Failure> {
    let planned = options.plot.read()?;
    let keys = read_keys(&options.keys)?;
    let chain = options.endpoint.connect().await?;
    let city = agentcity_abi::IConstitution::new(
        planned.plan.constitution.address,
        chain.provider.clone(),
    );
    let is_there = chain.provider.get_code_at(*city.address()).await?;
    if is_there.is_empty() || !city.isSealed().call().await? {
        return Err(Failure::new(
            Code::NotSealed,
            format!("the city at {} is not sealed", city.address()),
        )
        .hint("its founders sign and seal it with `agentcity deploy apply`"));
    }
    let newest = chain
        .provider
        .get_block_by_number(BlockNumberOrTag::Latest)
        .await?;
    let now = newest.map_or(0, |block| block.header.timestamp);
    let office = Office {
        endpoint: &options.endpoint,
        planned: &planned,
        keys: keys.into_iter().map(|key| (key.address(), key)).collect(),
        deadline: now.saturating_add(GOOD_FOR_SECS),
        chain,
    };
    let (mut rows, mut told, mut left) = (Vec::new(), Vec::new(), 0);
    for act in standing(&office.chain, &planned).await? {
        let state = if act.done {
            "was done"
        } else if options.dry_run || !office.has_keys(&act) {
            left += 1;
            "left to do"
        } else {
            office.carry_out(&act).await?;
            "done"
        };
        told.push(json!({ "what": act.what, "by": act.who, "state": state }));
        rows.push(vec![act.what, act.who.to_string(), state.to_owned()]);
    }
    Ok(Answer::new(
        json!({ "city": city.address(), "left": left, "acts": Value::from(told) }),
        output::table(&["what", "by", "state"], &rows),
    ))
}

impl Office<'_> {
    fn at(&self, peer: Peer) -> Address {
        self.planned.plan.address(peer)
    }

    fn registrar(&self) -> Address {
        // Clerks come by the numbers of their offices, and the registrar's is the first.
        let first = self.planned.file.genesis.clerks.first();
        first.map(|clerk| clerk.agent).unwrap_or_default()
    }

    /// Whether the keys of all who must sign or send are here.
    fn has_keys(&self, act: &Act) -> bool {
        let needed = match act.kind {
            Kind::Register { principal } => vec![act.who, principal],
            Kind::Enrol => vec![act.who, self.registrar()],
            Kind::Admit | Kind::Stake | Kind::Publish(_) => vec![act.who],
        };
        // In a city of tokens whoever stakes approves first: that is its own matter.
        let is_free = matches!(
            act.kind,
            Kind::Register { .. } | Kind::Admit | Kind::Publish(_)
        );
        let is_native = self.planned.file.genesis.asset.is_none();
        (is_free || is_native) && needed.iter().all(|who| self.keys.contains_key(who))
    }

    async fn sign(
        &self,
        signer: Address,
        kind: SignedStruct,
        words: &[B256],
    ) -> Result<Bytes, Failure> {
        let missing = || Failure::new(Code::KeyMissing, format!("the key of {signer} is not here"));
        let key = self.keys.get(&signer).ok_or_else(missing)?;
        let member = self.at(kind.entry().contract);
        signed::seal(kind, self.chain.id, member, words, key).await
    }

    /// Base units of a stake that the table names in units.
    fn stake(&self, id: ParameterId) -> U256 {
        let genesis = &self.planned.file.genesis;
        let value = genesis.first_epoch().into_iter().find(|(at, _)| *at == id);
        let units = value.and_then(|(_, word)| parameter::number(word));
        U256::from(units.unwrap_or_default()).saturating_mul(genesis.unit_scale)
    }

    async fn carry_out(&self, act: &Act) -> Result<(), Failure> {
        let provider = &self.chain.provider;
        let agent = IAgent::new(self.at(Peer::Agent), provider);
        let (who, deadline) = (act.who, self.deadline);
        let call = match act.kind {
            Kind::Register { principal } => {
                let record = agent.agentRecord(who).call().await?;
                let answerer = agent.principalRecord(principal).call().await?;
                let did = format!("did:pkh:eip155:{}:{who:#x}", self.chain.id);
                let consent = PrincipalConsent {
                    agent: who,
                    did_hash: keccak256(&did),
                    agent_type: AgentType::Management as u8,
                    principal,
                    max_sub_agents: 0,
                    nonce: u64::from(answerer.nonce) << 16 | u64::from(record.registrations),
                    deadline,
                };
                let call = IAgent::registerCall {
                    did,
                    agentType: AgentType::Management as u8,
                    principal,
                    maxSubAgents: 0,
                    deadline,
                    consent: self
                        .sign(principal, SignedStruct::PrincipalConsent, &consent.words())
                        .await?,
                };
                Call::new(&act.what, self.at(Peer::Agent), &call)
            }
            Kind::Admit => {
                let call = IManagement::admitGenesisClerkCall { agent: who };
                Call::new(&act.what, self.at(Peer::Management), &call)
            }
            Kind::Enrol => {
                let record = agent.principalRecord(who).call().await?;
                let (class, registrar) = (PrincipalClass::Owner as u8, self.registrar());
                let evidence = keccak256(format!("named by the genesis file: {who}"));
                let consent = PrincipalEnrolment {
                    principal: who,
                    class,
                    nonce: record.nonce.into(),
                    deadline,
                };
                let attestation = EnrolmentAttestation {
                    principal: who,
                    class,
                    evidence_hash: evidence,
                    registrar,
                    nonce: record.nonce.into(),
                    deadline,
                };
                let call = IAgent::enrolPrincipalCall {
                    principal: who,
                    class,
                    deadline,
                    consent: self
                        .sign(who, SignedStruct::PrincipalEnrolment, &consent.words())
                        .await?,
                    registrar,
                    evidenceHash: evidence,
                    attestation: self
                        .sign(
                            registrar,
                            SignedStruct::EnrolmentAttestation,
                            &attestation.words(),
                        )
                        .await?,
                };
                let stake = self.stake(ParameterId::PrincipalStake);
                Call::new(&act.what, self.at(Peer::Agent), &call).paying(stake)
            }
            Kind::Stake => {
                let amount = self.stake(ParameterId::AdjudicatorStake);
                let call = IRoster::stakeCall { amount };
                Call::new(&act.what, self.at(Peer::Roster), &call).paying(amount)
            }
            Kind::Publish(template) => {
                let version = TemplateVersion {
                    template_id: template.id,
                    version: template.version,
                    schema_hash: template.schema,
                    nodes_max: template.nodes_max,
                    tiers_allowed: template.tiers,
                    risk_max: template.risk_max,
                    predicates_min: template.predicates_min,
                    deadline,
                };
                let call = IEnactment::publishTemplateCall {
                    message: IEnactment::TemplateVersion {
                        templateId: version.template_id,
                        version: version.version,
                        schemaHash: version.schema_hash,
                        nodesMax: version.nodes_max,
                        tiersAllowed: version.tiers_allowed,
                        riskMax: version.risk_max,
                        predicatesMin: version.predicates_min,
                        deadline,
                    },
                    signature: self
                        .sign(who, SignedStruct::TemplateVersion, &version.words())
                        .await?,
                };
                Call::new(&act.what, self.at(Peer::Enactment), &call)
            }
        };
        let missing = || Failure::new(Code::KeyMissing, format!("the key of {who} is not here"));
        let key = self.keys.get(&who).ok_or_else(missing)?;
        let chain = self.endpoint.connect_as(key).await?;
        eprintln!("{}: {who}", act.what);
        perform(&chain, who, call, false).await.map(|_| ())
    }
}
