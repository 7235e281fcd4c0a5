//! Who lives in the town: twenty-five principals and forty agents, those of the clerks among them. Their keys follow from the city's seed
//! and their names, so everybody knows them. They come in by their own transactions, many at once.

use agentcity_abi::{IAgent, IService, ITreasury};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use alloy::{
    primitives::{Address, U256, utils::parse_ether},
    sol_types::SolCall,
};
use std::collections::BTreeSet;

use super::{TownError, services::Services};
use crate::{
    city::{
        City, Person,
        life::{AgentType, Registration},
        raise::fund,
    },
    mission::{Executor, Stage, stage::DEPOSIT},
};

/// Principals, with those who answer for the clerks.
pub const PRINCIPALS: usize = 25;
/// Agents, with the clerks.
pub const AGENTS: usize = 40;
/// Below so many coins somebody gets another purse, in ether: what a day of transactions and stakes takes.
const LEAST_ETHER: &str = "8";
/// Who proposes the laws, in the order of [`super::law::Bill::ALL`].
pub const PROPOSERS: usize = 3;

/// What an agent is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It wants this law of [`super::law::Bill::ALL`].
    Proposes(usize),
    /// It works: the name of its service.
    Works(&'static str),
    /// It votes, and puts its principal's name under petitions and proposals.
    Speaks,
    /// It votes.
    Votes,
    /// It is registered, and nobody runs it: its principal votes by another.
    Rests,
}

/// Who works, in the order of the agents: two who would fetch, one for each model, two who would report.
const WORKERS: [&str; 7] = [
    "fetch",
    "fetch",
    "classify-a",
    "classify-b",
    "classify-c",
    "report",
    "report",
];
/// How many sign petitions and proposals: two more than `sponsorQuorum` and `petitionPct` want of a city of this size.
const SPEAKERS: usize = 7;

/// The part of the agent of this number among so many principals: the first agent of each is run.
pub fn part(number: usize, principals: usize) -> Part {
    if number >= principals {
        return Part::Rests;
    }
    let Some(worker) = number.checked_sub(PROPOSERS) else {
        return Part::Proposes(number);
    };
    match WORKERS.get(worker) {
        Some(service) => Part::Works(service),
        None if worker < WORKERS.len() + SPEAKERS => Part::Speaks,
        None => Part::Votes,
    }
}

/// Everybody but the clerks and who answers for them.
#[derive(Clone, Debug)]
pub struct People {
    /// Those who answer.
    pub principals: Vec<Person>,
    /// Those who act.
    pub agents: Vec<Person>,
}

/// How many came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Principals that enrolled.
    pub principals: usize,
    /// Agents that registered.
    pub agents: usize,
    /// Services that were published.
    pub services: usize,
}

impl People {
    /// Those of this city, whether they are in it or not.
    pub fn of(city: &City) -> Self {
        let clerks: BTreeSet<Address> = city
            .clerks
            .iter()
            .map(|clerk| clerk.principal.address())
            .collect();
        let principals = PRINCIPALS.saturating_sub(clerks.len());
        let agents = AGENTS.saturating_sub(city.clerks.len());
        Self {
            principals: Person::many(city.seed, "principal", principals),
            agents: Person::many(city.seed, "agent", agents),
        }
    }

    /// Who answers for an agent.
    pub fn principal_of(&self, agent: usize) -> &Person {
        &self.principals[agent % self.principals.len()]
    }

    /// Every agent's number and part.
    pub fn parts(&self) -> impl Iterator<Item = (usize, Part)> + '_ {
        let count = self.principals.len();
        (0..self.agents.len()).map(move |number| (number, part(number, count)))
    }

    /// How many are run, which is how many vote: a principal has one voice.
    pub fn voices(&self) -> usize {
        self.parts()
            .filter(|(_, part)| *part != Part::Rests)
            .count()
    }

    /// Those who work, by their numbers, and the names of what they run.
    pub fn workers(&self) -> Vec<(usize, &'static str)> {
        let working = self.parts().filter_map(|(number, part)| match part {
            Part::Works(service) => Some((number, service)),
            Part::Proposes(_) | Part::Speaks | Part::Votes | Part::Rests => None,
        });
        working.collect()
    }

    /// The same as a stage takes them.
    pub fn executors(&self, services: &Services) -> Vec<Executor> {
        let workers = self.workers().into_iter();
        let executors = workers.map(|(number, service)| {
            let agent = self.agents[number].clone();
            Executor {
                service: services.id(service, agent.address()),
                principal: self.principal_of(number).clone(),
                agent,
            }
        });
        executors.collect()
    }

    /// Everybody comes in who is not there yet: enrols, registers, publishes, deposits, and becomes old enough to vote.
    ///
    /// Errors: [`TownError`].
    pub fn come(&self, stage: &mut Stage, services: &Services) -> Result<Arrived, TownError> {
        let city = &mut stage.city;
        let everybody: Vec<&Person> = self.principals.iter().chain(&self.agents).collect();
        purses(city, &everybody)?;
        let to = city.address(Peer::Agent);
        let mut strangers = Vec::new();
        for principal in &self.principals {
            let of = IAgent::principalRecordCall {
                principal: principal.address(),
            };
            if city.client.ask(to, &of)?.enrolledAt.is_zero() {
                strangers.push(principal.clone());
            }
        }
        city.enrol(&strangers)?;
        let mut unregistered = Vec::new();
        for (number, agent) in self.agents.iter().enumerate() {
            let of = IAgent::principalOfCall {
                agent: agent.address(),
            };
            if city.client.ask(to, &of)?.is_zero() {
                unregistered.push(Registration {
                    agent: agent.clone(),
                    kind: AgentType::Producer,
                    principal: self.principal_of(number).clone(),
                });
            }
        }
        city.register(&unregistered)?;
        let published = self.publish(stage, services)?;
        deposit(stage)?;
        self.come_of_age(stage)?;
        Ok(Arrived {
            principals: strangers.len(),
            agents: unregistered.len(),
            services: published,
        })
    }

    /// Time passes until the youngest is old enough to vote.
    fn come_of_age(&self, stage: &mut Stage) -> Result<(), TownError> {
        let to = stage.city.address(Peer::Agent);
        let mut youngest = 0;
        for principal in &self.principals {
            let of = IAgent::principalRecordCall {
                principal: principal.address(),
            };
            let record = stage.city.client.ask(to, &of)?;
            youngest = youngest.max(record.enrolledAt.to());
        }
        let age = u64::from(stage.city.number(P::PrincipalAgeSecs)?);
        stage.outlast(youngest + age)?;
        Ok(())
    }

    /// Executors publish what they run, where it is not registered yet. How many did.
    fn publish(&self, stage: &mut Stage, services: &Services) -> Result<usize, TownError> {
        let to = stage.city.address(Peer::Service);
        let mut sent = Vec::new();
        for (executor, (_, name)) in stage.executors.clone().iter().zip(self.workers()) {
            let service = executor.service;
            let client = &mut stage.city.client;
            let known = client.ask(to, &IService::standingCall { service });
            if known.is_ok_and(|standing| !standing.codeHash.is_zero()) {
                continue;
            }
            let what = format!("a service of {}", executor.agent.name);
            let input = services.named(name)?.call().abi_encode().into();
            sent.push(client.launch(executor.agent.signer(), to, U256::ZERO, input, what)?);
        }
        Ok(stage.city.land_all(sent)?.len())
    }
}
/// Coins for those who have few.
fn purses(city: &mut City, people: &[&Person]) -> Result<(), TownError> {
    let least = parse_ether(LEAST_ETHER).expect("a constant");
    let mut poor = Vec::new();
    for person in people {
        if city.client.balance(person.address())? < least {
            poor.push(*person);
        }
    }
    Ok(fund(&mut city.client, &poor)?)
}

/// Executors have what their stakes are taken from.
fn deposit(stage: &mut Stage) -> Result<(), TownError> {
    let to = stage.city.address(Peer::Treasury);
    let amount = U256::from(DEPOSIT);
    let value = stage.city.value_of(amount);
    let mut sent = Vec::new();
    for executor in stage.executors.clone() {
        let account = executor.agent.address();
        let credit = ITreasury::creditsCall { account };
        let credit = stage.city.client.ask(to, &credit)?;
        // Stakes that are still reserved are missing in it: half of it is a hundred stakes.
        if credit >= amount / U256::from(2) {
            continue;
        }
        let input = ITreasury::depositCall { account, amount }.abi_encode();
        let what = format!("deposit of {}", executor.agent.name);
        let client = &mut stage.city.client;
        sent.push(client.launch(executor.agent.signer(), to, value, input.into(), what)?);
    }
    stage.city.land_all(sent)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_principal_has_one_agent_that_is_run_and_every_trade_is_there() {
        let (principals, agents) = (PRINCIPALS - 2, AGENTS - 4);
        let parts: Vec<Part> = (0..agents).map(|number| part(number, principals)).collect();
        let run = parts.iter().filter(|part| **part != Part::Rests).count();
        assert_eq!(run, principals);
        assert!(parts[..principals].iter().all(|part| *part != Part::Rests));
        for service in ["fetch", "classify-a", "classify-b", "classify-c", "report"] {
            assert!(parts.contains(&Part::Works(service)), "{service}");
        }
        for bill in 0..PROPOSERS {
            assert!(parts.contains(&Part::Proposes(bill)));
        }
        let speak = parts.iter().filter(|part| **part == Part::Speaks).count();
        // A petition wants a fifth of all, a proposal five.
        assert!(speak > PRINCIPALS / 5, "{speak}");
        assert!(parts.contains(&Part::Votes));
    }
}
