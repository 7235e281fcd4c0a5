//! Compares a city on a chain with its plan and the local build, as anybody can who holds both.
//!
//! Whatever the seal fixed must be as planned: code, wiring, foundation, the first epoch, the offices of genesis. What people do
//! afterwards (clerks take office, adjudicators put up stakes) is told as open or done, and is no fault.

use std::fmt;

use agentcity_abi::{IArbWasm, IConstitution, IManagement, IRoster};
use agentcity_domain::{
    parameter::{self, ParameterId},
    peer::Peer,
};
use alloy::{
    primitives::{Address, B256, keccak256},
    providers::Provider,
    rpc::types::Filter,
    sol_types::SolEvent,
    transports::{RpcError, TransportErrorKind},
};
use serde::Serialize;

use super::{
    apply::{Wired, is_wired},
    genesis::Genesis,
    names,
    plan::CityPlan,
};
use crate::chain::{self, Activation, Traits};

/// Seconds that a program must be active for yet: what predicates and verifiers need (RULINGS A8).
pub const LIFE_LEAST_SECS: u64 = 30 * 86_400;

/// How a finding came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is as it should be.
    Holds,
    /// Somebody has yet to do it.
    Open,
    /// It is not as it should be.
    Broken,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about: a member, or `city`.
    pub subject: &'static str,
    /// What was looked at.
    pub what: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What was found; for what is broken, what should be, too.
    pub found: String,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds => "holds",
            Self::Open => "open",
            Self::Broken => "BROKEN",
        })
    }
}

/// Why a city cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum CityVerifyError {
    /// The node did not answer, or refused.
    #[error("asking the node failed: {0}")]
    Rpc(#[from] RpcError<TransportErrorKind>),
}

/// Looks at everything. What a contract does not answer is a finding, not an error.
pub async fn verify<P: Provider>(
    provider: &P,
    genesis: &Genesis,
    plan: &CityPlan,
) -> Result<Vec<Finding>, CityVerifyError> {
    let mut look = Look {
        provider,
        traits: Traits::ask(provider).await?,
        genesis,
        plan,
        found: Vec::new(),
    };
    for peer in Peer::ALL {
        look.code(peer).await?;
    }
    if look.foundation().await? {
        for peer in &Peer::ALL[1..] {
            look.wiring(*peer).await?;
        }
        look.first_epoch().await?;
        look.roles().await?;
    }
    Ok(look.found)
}

struct Look<'a, P> {
    provider: &'a P,
    traits: Traits,
    genesis: &'a Genesis,
    plan: &'a CityPlan,
    found: Vec<Finding>,
}

/// The answer of a view; `None` where the contract has none. A node that is not there is an error.
fn answer<T>(
    asked: Result<T, alloy::contract::Error>,
) -> Result<Option<T>, RpcError<TransportErrorKind>> {
    match asked {
        Ok(value) => Ok(Some(value)),
        Err(alloy::contract::Error::TransportError(error @ RpcError::Transport(_))) => Err(error),
        Err(_) => Ok(None),
    }
}

fn listed(addresses: &[Address]) -> String {
    let all: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    all.join(" ")
}

impl<P: Provider> Look<'_, P> {
    fn note(
        &mut self,
        subject: &'static str,
        what: impl Into<String>,
        verdict: Verdict,
        found: impl Into<String>,
    ) {
        self.found.push(Finding {
            subject,
            what: what.into(),
            verdict,
            found: found.into(),
        });
    }

    /// Notes whether what was found is what is expected.
    fn compare(
        &mut self,
        subject: &'static str,
        what: impl Into<String>,
        expected: impl fmt::Display,
        found: Option<impl fmt::Display>,
    ) {
        let expected = expected.to_string();
        let found = found.map(|found| found.to_string());
        match found {
            Some(found) if found == expected => self.note(subject, what, Verdict::Holds, found),
            Some(found) => {
                let told = format!("{found}, should be {expected}");
                self.note(subject, what, Verdict::Broken, told);
            }
            None => {
                let told = format!("no answer, should be {expected}");
                self.note(subject, what, Verdict::Broken, told);
            }
        }
    }

    async fn code(&mut self, peer: Peer) -> Result<(), CityVerifyError> {
        let (name, address) = (peer.name(), self.plan.address(peer));
        let code = self.provider.get_code_at(address).await?;
        if code.is_empty() {
            self.note(name, "code", Verdict::Broken, format!("none at {address}"));
            return Ok(());
        }
        let codehash = keccak256(&code);
        let Some(program) = self.plan.program(peer) else {
            self.note(name, "code", Verdict::Holds, codehash.to_string());
            return Ok(());
        };
        self.compare(name, "code", program.codehash, Some(codehash));
        let activation = chain::activation(self.provider, &self.traits, codehash).await;
        match answer(activation)? {
            Some(Activation::Active { version }) => {
                let wasm = IArbWasm::new(self.traits.arb_wasm, self.provider);
                let left = answer(wasm.programTimeLeft(address).call().await)?.unwrap_or(0);
                let verdict = if left < LIFE_LEAST_SECS {
                    Verdict::Open
                } else {
                    Verdict::Holds
                };
                let told = format!("version {version}, {left} s left");
                self.note(name, "activation", verdict, told);
            }
            Some(other) => {
                self.note(name, "activation", Verdict::Broken, format!("{other:?}"));
            }
            None => {
                let told = "the chain does not answer about programs";
                self.note(name, "activation", Verdict::Broken, told);
            }
        }
        Ok(())
    }

    /// What the constitution was constructed with, and whether it is sealed.
    async fn foundation(&mut self) -> Result<bool, CityVerifyError> {
        let city = IConstitution::new(self.plan.constitution.address, self.provider);
        let genesis = self.genesis;
        let mandate = answer(city.mandate().call().await)?;
        self.compare("city", "mandate", genesis.mandate, mandate);
        let asset = answer(city.asset().call().await)?;
        self.compare("city", "asset", genesis.asset.unwrap_or_default(), asset);
        let scale = answer(city.unitScale().call().await)?;
        self.compare("city", "unit scale", genesis.unit_scale, scale);
        let adjudicators = answer(city.adjudicators().call().await)?;
        self.compare(
            "city",
            "genesis adjudicators",
            listed(&genesis.adjudicators),
            adjudicators.map(|all| listed(&all)),
        );
        let is_sealed = answer(city.isSealed().call().await)?.unwrap_or(false);
        self.compare("city", "sealed", true, Some(is_sealed));
        if is_sealed {
            let members = answer(city.members().call().await)?;
            self.compare(
                "city",
                "members",
                listed(&self.plan.addresses()),
                members.map(|all| listed(&all)),
            );
        }
        Ok(is_sealed)
    }

    /// A member's own view: which city it belongs to, and which peers it learnt.
    async fn wiring(&mut self, peer: Peer) -> Result<(), CityVerifyError> {
        let (name, address) = (peer.name(), self.plan.address(peer));
        let city = self.plan.constitution.address;
        let member = Wired::new(address, self.provider);
        let named = answer(member.constitution().call().await)?;
        self.compare(name, "constitution", city, named);
        let is_wired = is_wired(self.provider, address).await?;
        self.compare(name, "wired", true, Some(is_wired));
        if !is_wired {
            return Ok(());
        }
        // No view tells a member's peers: it logged them when it learnt them, once.
        let filter = Filter::new()
            .address(address)
            .event_signature(IRoster::Wired::SIGNATURE_HASH)
            .from_block(0);
        let Ok(logs) = self.provider.get_logs(&filter).await else {
            let told = "the node does not search its whole history";
            self.note(name, "peers", Verdict::Open, told);
            return Ok(());
        };
        let peers = logs.first().and_then(|log| {
            let event = IRoster::Wired::decode_log(&log.inner).ok()?;
            Some(listed(&event.members))
        });
        self.compare(name, "peers", listed(&self.plan.addresses()), peers);
        Ok(())
    }

    async fn first_epoch(&mut self) -> Result<(), CityVerifyError> {
        let city = IConstitution::new(self.plan.constitution.address, self.provider);
        let ids: Vec<u8> = ParameterId::ALL.iter().map(|id| id.place() as u8).collect();
        let values: Option<Vec<B256>> = answer(city.read(1, ids.into()).call().await)?;
        let Some(values) = values else {
            self.note("city", "first epoch", Verdict::Broken, "no answer");
            return Ok(());
        };
        let expected = self.genesis.first_epoch();
        let mut differs = false;
        for ((id, expected), found) in expected.iter().zip(&values) {
            if expected != found {
                differs = true;
                let what = format!("first epoch: {}", id.described().name);
                self.compare("city", what, expected, Some(found));
            }
        }
        if !differs {
            let told = format!("{} parameters as decided", expected.len());
            self.note("city", "first epoch", Verdict::Holds, told);
        }
        let epoch = answer(city.epoch().call().await)?.unwrap_or(0);
        let told = match epoch {
            1 => "the first is in force".to_owned(),
            later => format!("{later} is in force: the panel amended since"),
        };
        self.note("city", "epoch", Verdict::Holds, told);
        Ok(())
    }

    async fn roles(&mut self) -> Result<(), CityVerifyError> {
        let city = IConstitution::new(self.plan.constitution.address, self.provider);
        let show = |role: u8, agent: Address, principal: Address| {
            let role = names::clerks().nth(role.into()).unwrap_or_default();
            format!("{role} {agent} of {principal}")
        };
        let mut clerks = self.genesis.clerks.clone();
        clerks.sort_unstable();
        let expected: Vec<_> = clerks
            .iter()
            .map(|clerk| show(clerk.role, clerk.agent, clerk.principal))
            .collect();
        let found = answer(city.genesisClerks().call().await)?.map(|all| {
            let all = all.iter().map(|c| show(c.role, c.agent, c.principal));
            all.collect::<Vec<_>>().join(", ")
        });
        self.compare("city", "genesis clerks", expected.join(", "), found);

        let management = IManagement::new(self.plan.address(Peer::Management), self.provider);
        for clerk in &clerks {
            let role = names::clerks().nth(clerk.role.into()).unwrap_or_default();
            let record = answer(management.clerkOf(clerk.agent).call().await)?;
            let holds = record.is_some_and(|record| record.active);
            let (verdict, told) = if holds {
                (Verdict::Holds, format!("{} is in office", clerk.agent))
            } else {
                (
                    Verdict::Open,
                    format!("{} is not in office yet", clerk.agent),
                )
            };
            self.note("management", role, verdict, told);
        }
        let roster = IRoster::new(self.plan.address(Peer::Roster), self.provider);
        let active = answer(roster.activeAdjudicators().call().await)?.unwrap_or(0);
        let listed = self.genesis.adjudicators.len();
        let quorum = self
            .genesis
            .first_epoch()
            .into_iter()
            .find(|(id, _)| *id == ParameterId::AdjudicatorQuorum)
            .and_then(|(_, word)| parameter::number(word))
            .unwrap_or(0);
        let verdict = if u32::from(active) >= quorum {
            Verdict::Holds
        } else {
            Verdict::Open
        };
        let told = format!("{active} active, {listed} of genesis, {quorum} are a quorum");
        self.note("roster", "adjudicators", verdict, told);
        Ok(())
    }
}
