//! Into a city that stands already on a node that somebody else runs: everybody's keys are known, and nothing is deployed.

use super::{City, Client, Person, RaiseError, panel::Turns, raise::ClerkPair};
use crate::{Node, RpcError, city::life::GOOD_UNTIL};
use agentcity_deploy::{
    city::{CityPlan, CityPlanError, GenesisFile, Programs},
    plan::DEFAULT_SALT,
};
use agentcity_domain::clerk::ClerkRole;
use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use serde_json::json;

/// Who relays what adjudicators sign.
const COURIER: &str = "courier of the panel";

/// Why a city cannot be entered.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    /// The genesis file and the programs make no city.
    #[error(transparent)]
    Plan(#[from] CityPlanError),
    /// Nobody gave the key of one of its people.
    #[error("no key of {who}, {address}, is among those given")]
    NoKey {
        /// What that one is there.
        who: String,
        /// The account.
        address: Address,
    },
    /// The plan has no manifest, or the chain has no such city.
    #[error(
        "there is no city of this genesis file and these programs at {0}, which were changed since: `cargo xtask down` and `up` found a new one"
    )]
    NotThere(Address),
    /// The node refused.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// Who relays for the panel has no coins. Boxed: it carries a whole contract error.
    #[error(transparent)]
    Courier(#[from] Box<RaiseError>),
}

impl City {
    /// The city of a genesis file, founded from these programs with the default salt. `seed` makes the keys of whoever comes later.
    ///
    /// Errors: [`EnterError`].
    pub fn enter(
        node: Node,
        file: &GenesisFile,
        programs: &Programs,
        keys: &[PrivateKeySigner],
        seed: u64,
    ) -> Result<Self, EnterError> {
        let plan = CityPlan::of_programs(file, programs, DEFAULT_SALT)?;
        let at = plan.constitution.address;
        let mut client = Client::new(&node)?;
        let code = client.rpc().call("eth_getCode", json!([at, "latest"]))?;
        let is_there = code.as_str().is_some_and(|code| code != "0x");
        let manifest = plan.manifest(&file.genesis, GOOD_UNTIL);
        let manifest = manifest
            .filter(|_| is_there)
            .ok_or(EnterError::NotThere(at))?;
        let person = |who: String, address: Address| {
            let mut known = keys.iter();
            match known.find(|key| key.address() == address) {
                Some(key) => Ok(Person::with_key(who, key.clone())),
                None => Err(EnterError::NoKey { who, address }),
            }
        };
        let adjudicators = file.genesis.adjudicators.iter().zip(0..);
        let adjudicators =
            adjudicators.map(|(address, number)| person(format!("adjudicator {number}"), *address));
        let adjudicators = adjudicators.collect::<Result<Vec<_>, _>>()?;
        let mut listed = file.genesis.clerks.clone();
        listed.sort();
        let clerks = listed.iter().map(|clerk| {
            let office = ClerkRole::ALL.get(usize::from(clerk.role));
            let office = office.map_or("clerk", |role| role.name()).to_lowercase();
            Ok(ClerkPair {
                principal: person(format!("principal of the {office}"), clerk.principal)?,
                agent: person(office, clerk.agent)?,
            })
        });
        let clerks = clerks.collect::<Result<Vec<_>, EnterError>>()?;
        let mut city = Self {
            client,
            seed,
            genesis: file.genesis.clone(),
            plan,
            manifest,
            founding: Vec::new(),
            adjudicators,
            clerks,
            courier: Person::new(seed, COURIER),
            turns: Turns::default(),
            node,
        };
        city.courier = city.person(COURIER).map_err(Box::new)?;
        Ok(city)
    }
}
