//! A city in which laws are made and missions run, its panel seated.

use super::{Charge, Watcher};
use crate::city::{
    CallError, Charter, City, Person, RaiseError,
    life::{AgentType, Registration},
};
use agentcity_abi::{IService, ITreasury};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer, statute::encode::Unfit};
use alloy::{
    primitives::{Address, B256, U256},
    sol_types::{SolCall, SolEvent},
};
use std::collections::BTreeMap;

/// What every executor deposits for its stakes, in base units.
pub const DEPOSIT: u128 = 5_000_000_000_000_000_000;
/// Life of a mission in the stories: a day.
const LIFE_SECS: u64 = 86_400;
/// Gas limit of transactions for missions: what the sequencer takes in one.
pub const GAS: u64 = 32_000_000;

/// Why a mission did not come to be.
#[derive(Debug, thiserror::Error)]
pub enum MissionError {
    /// The city does not stand.
    #[error(transparent)]
    Raise(#[from] RaiseError),
    /// Somebody was refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The node refused.
    #[error(transparent)]
    Rpc(#[from] crate::RpcError),
    /// The plan has no encoding.
    #[error("the plan has no encoding: {0:?}")]
    Unfit(Unfit),
    /// The statute is not what the constitution or its template allows.
    #[error("node {node} breaks rule {rule} of docs/statute.md")]
    Invalid {
        /// Where.
        node: u16,
        /// Which.
        rule: u8,
    },
    /// A contract did not say what it says when it did something.
    #[error("{what} said nothing of it")]
    Silent {
        /// What was done.
        what: &'static str,
    },
}

/// Who answers for clerks, each once.
fn principals_of_clerks(city: &City) -> Vec<Person> {
    let mut principals: Vec<Person> = Vec::new();
    for clerk in &city.clerks {
        let known = |one: &Person| one.address() == clerk.principal.address();
        if !principals.iter().any(known) {
            principals.push(clerk.principal.clone());
        }
    }
    principals
}

impl From<Unfit> for MissionError {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(unfit)
    }
}

/// Who executes.
#[derive(Clone, Debug)]
pub struct Executor {
    /// The agent.
    pub agent: Person,
    /// Who answers for it.
    pub principal: Person,
    /// What it runs.
    pub service: B256,
}

/// A city, its sponsor and its executors.
#[derive(Debug)]
pub struct Stage {
    /// The city.
    pub city: City,
    /// Who commissions missions: an enrolled principal whose one agent proposes them and executes nothing.
    pub sponsor: Person,
    /// That agent.
    pub proposer: Person,
    /// Who executes; neighbours in this list answer to different principals.
    pub executors: Vec<Executor>,
    /// Executors that are contracts, `Turncoat` of the fixtures: by account, with its owner in the place of the agent.
    pub contracts: BTreeMap<Address, Executor>,
    /// What services run that were published with code of their own, by their numbers.
    pub codes: BTreeMap<B256, B256>,
    /// Monitors who put up a bond.
    pub watchers: Vec<Watcher>,
    /// Voters who neither sponsor nor execute anything.
    pub electorate: Vec<Person>,
    /// How long missions may take at most, in seconds; they end at whole hours.
    pub life: u64,
    /// What sessions cost since somebody looked last.
    pub(crate) session: Vec<Charge>,
}

impl Stage {
    /// Raises the city of `charter` with its clerks in office and its panel seated, and brings in a sponsor and `principals` owners with
    /// `agents_each` executors each, every one with a service and money for its stakes. All principals are old enough to vote, and
    /// those of the clerks are enrolled, whom no session hears otherwise.
    pub fn raise(
        charter: &Charter,
        principals: usize,
        agents_each: usize,
    ) -> Result<Self, MissionError> {
        let mut city = City::raise(charter)?;
        city.client.allow_gas(GAS);
        city.install_clerks()?;
        city.seat_panel()?;
        let sponsor = city.person("sponsor")?;
        let owners = city.people("owner", principals)?;
        let agents = city.people("executor", principals * agents_each)?;
        let proposer = city.person("proposer")?;
        let mut enrolling = vec![sponsor.clone()];
        enrolling.extend(owners.iter().cloned());
        enrolling.extend(principals_of_clerks(&city));
        let everybody = [enrolling.clone(), agents.clone(), vec![proposer.clone()]];
        city.give_tokens(&everybody.concat())?;
        city.enrol(&enrolling)?;
        let pairs = agents.iter().zip(owners.iter().cycle());
        let producer = |agent: &Person, principal: &Person| Registration {
            agent: agent.clone(),
            kind: AgentType::Producer,
            principal: principal.clone(),
        };
        let mut registrations: Vec<Registration> = pairs
            .map(|(agent, principal)| producer(agent, principal))
            .collect();
        registrations.push(producer(&proposer, &sponsor));
        city.register(&registrations)?;
        let published = city.publish(&agents)?;
        let services = published.iter().map(|outcome| {
            let log = outcome
                .logs
                .first()
                .map(IService::ServiceRegistered::decode_log);
            let what = "registerService";
            match log {
                Some(Ok(log)) => Ok(log.service),
                Some(Err(_)) | None => Err(MissionError::Silent { what }),
            }
        });
        let executors = registrations
            .into_iter()
            .zip(services)
            .map(|(registration, service)| {
                Ok(Executor {
                    agent: registration.agent,
                    principal: registration.principal,
                    service: service?,
                })
            })
            .collect::<Result<Vec<_>, MissionError>>()?;
        let mut stage = Self::enter(city, sponsor, proposer, executors);
        stage.deposit()?;
        stage.come_of_age()?;
        Ok(stage)
    }

    /// The same city and people, none of whom entered it: they have coins, and services are for later. Only the principals of the clerks
    /// are enrolled.
    pub fn found(charter: &Charter, executors: usize) -> Result<Self, MissionError> {
        let mut city = City::raise(charter)?;
        city.client.allow_gas(GAS);
        city.install_clerks()?;
        city.seat_panel()?;
        let (sponsor, proposer) = (city.person("sponsor")?, city.person("proposer")?);
        let owners = city.people("owner", executors)?;
        let agents = city.people("executor", executors)?;
        let enrolling = principals_of_clerks(&city);
        let newcomers = [
            vec![sponsor.clone(), proposer.clone()],
            owners.clone(),
            agents.clone(),
        ];
        city.give_tokens(&newcomers.concat())?;
        city.give_tokens(&enrolling)?;
        city.enrol(&enrolling)?;
        let pairs = agents.into_iter().zip(owners);
        let executors = pairs.map(|(agent, principal)| Executor {
            agent,
            principal,
            service: B256::ZERO,
        });
        let executors = executors.collect();
        Ok(Self::enter(city, sponsor, proposer, executors))
    }

    /// A stage in a city that stands already, with people who are in it already.
    pub const fn enter(
        city: City,
        sponsor: Person,
        proposer: Person,
        executors: Vec<Executor>,
    ) -> Self {
        Self {
            city,
            sponsor,
            proposer,
            executors,
            contracts: BTreeMap::new(),
            codes: BTreeMap::new(),
            watchers: Vec::new(),
            electorate: Vec::new(),
            life: LIFE_SECS,
            session: Vec::new(),
        }
    }

    /// Brings in voters, each answering for an agent that does nothing, and lets them become old enough.
    pub fn bring_voters(&mut self, office: &str, count: usize) -> Result<(), MissionError> {
        let voters = self.city.people(office, count)?;
        let agents = self.city.people(&format!("agent of a {office}"), count)?;
        self.city.give_tokens(&voters)?;
        self.city.give_tokens(&agents)?;
        self.city.enrol(&voters)?;
        let pairs = agents.into_iter().zip(voters.iter().cloned());
        let registrations: Vec<Registration> = pairs
            .map(|(agent, principal)| Registration {
                agent,
                kind: AgentType::Producer,
                principal,
            })
            .collect();
        self.city.register(&registrations)?;
        self.electorate.extend(voters);
        self.come_of_age()
    }

    /// An executor publishes another service, and bids with that from now on.
    pub fn publishes(
        &mut self,
        executor: usize,
        service: &IService::registerServiceCall,
    ) -> Result<B256, MissionError> {
        let to = self.city.address(Peer::Service);
        let by = self.executors[executor].agent.clone();
        let outcome = self.city.client.send(&by, to, service)?;
        let mut logs = outcome.logs.iter();
        let told = logs.find_map(|log| IService::ServiceRegistered::decode_log(log).ok());
        let what = "registerService";
        let number = told.ok_or(MissionError::Silent { what })?.service;
        self.executors[executor].service = number;
        self.codes.insert(number, service.codeHash);
        Ok(number)
    }

    /// Whoever enrolled becomes old enough to vote.
    pub fn come_of_age(&mut self) -> Result<(), MissionError> {
        let age = u64::from(self.city.number(P::PrincipalAgeSecs)?);
        let now = self.city.client.now()?;
        self.outlast(now + age)
    }

    /// Every executor deposits what its stakes will be taken from.
    fn deposit(&mut self) -> Result<(), MissionError> {
        let treasury = self.city.address(Peer::Treasury);
        let amount = U256::from(DEPOSIT);
        let value = self.city.value_of(amount);
        let mut sent = Vec::with_capacity(self.executors.len());
        for executor in &self.executors {
            let account = executor.agent.address();
            let input = ITreasury::depositCall { account, amount }.abi_encode();
            let what = format!("deposit of {}", executor.agent.name);
            let signer = executor.agent.signer();
            sent.push(
                self.city
                    .client
                    .launch(signer, treasury, value, input.into(), what)?,
            );
        }
        self.city.land_all(sent)?;
        Ok(())
    }

    /// Lets time pass until this second is over.
    pub fn outlast(&mut self, second: u64) -> Result<(), MissionError> {
        if self.city.client.now()? <= second {
            self.city.client.warp_to(second + 1)?;
        }
        Ok(())
    }
}
