//! A city in which missions can run: real programs for the execution and its foundations, doubles for who legislates and judges.

use crate::city::{
    CallError, Charter, City, Person, RaiseError,
    life::{AgentType, Registration},
};
use agentcity_abi::{IRoster, IService, ITreasury};
use agentcity_domain::{peer::Peer, statute::encode::Unfit};
use alloy::{
    primitives::{B256, U256},
    sol_types::{SolCall, SolEvent},
};

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
    /// The pages could be law under no parameters.
    #[error(transparent)]
    Unreadable(#[from] agentcity_abi::document::Unreadable),
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
    /// Who commissions missions: an enrolled principal without agents.
    pub sponsor: Person,
    /// Who executes; neighbours in this list answer to different principals.
    pub executors: Vec<Executor>,
    /// How long missions may take, in seconds.
    pub life: u64,
}

/// The charter of such a city: doubles for legislature, assembly, enactment, adjudication and roster, programs for the rest.
pub fn charter() -> Charter {
    Charter {
        doubles: vec![
            Peer::Legislature,
            Peer::Adjudication,
            Peer::Assembly,
            Peer::Enactment,
            Peer::Roster,
        ],
        ..Charter::default()
    }
}

impl Stage {
    /// Raises the city of `charter` with its clerks in office, and brings in a sponsor and `principals` owners with
    /// `agents_each` executors each, every one with a service and money for its stakes.
    pub fn raise(
        charter: &Charter,
        principals: usize,
        agents_each: usize,
    ) -> Result<Self, MissionError> {
        let mut city = City::raise(charter)?;
        city.client.allow_gas(GAS);
        city.install_clerks()?;
        let sponsor = city.person("sponsor")?;
        let owners = city.people("owner", principals)?;
        let agents = city.people("executor", principals * agents_each)?;
        let everybody = [vec![sponsor.clone()], owners.clone(), agents.clone()].concat();
        city.give_tokens(&everybody)?;
        city.enrol(&[vec![sponsor.clone()], owners.clone()].concat())?;
        let pairs = agents.iter().zip(owners.iter().cycle());
        let registrations: Vec<Registration> = pairs
            .map(|(agent, principal)| Registration {
                agent: agent.clone(),
                kind: AgentType::Producer,
                principal: principal.clone(),
            })
            .collect();
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
        let mut stage = Self {
            city,
            sponsor,
            executors,
            life: LIFE_SECS,
        };
        stage.deposit()?;
        stage.seat_roster()?;
        Ok(stage)
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

    /// What the roster's double answers: all genesis adjudicators are active, nothing is frozen, no program is approved yet.
    fn seat_roster(&mut self) -> Result<(), MissionError> {
        let roster = self.city.double(Peer::Roster);
        let active = self.city.adjudicators.len() as u8;
        let client = &mut self.city.client;
        roster.answers::<IRoster::activeAdjudicatorsCall>(client, &active)?;
        let never = U256::ZERO.to();
        roster.answers::<IRoster::haltedUntilCall>(client, &never)?;
        roster.answers::<IRoster::approvedCodeCall>(client, &B256::ZERO)?;
        Ok(())
    }

    /// Lets the roster's double approve a program with the code that it has.
    pub fn approve(
        &mut self,
        program: alloy::primitives::Address,
        kind: IRoster::ProgramKind,
    ) -> Result<B256, MissionError> {
        let codehash = self.city.client.codehash(program)?;
        let call = IRoster::approvedCodeCall {
            account: program,
            kind,
        };
        let roster = self.city.double(Peer::Roster);
        roster.answers_to(&mut self.city.client, &call, &codehash)?;
        Ok(codehash)
    }
}
