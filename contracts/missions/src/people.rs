//! The people of a city: sponsors, producers with a principal each, monitors with theirs, adjudicators.

use agentcity_abi::{IAgent as wire, IRoster as roster, ITreasury as treasury};
use agentcity_domain::{
    act::Action,
    parameter::ParameterId,
    peer::Peer,
    signed::identity::{EnrolmentAttestation, PrincipalConsent, PrincipalEnrolment},
};
use agentcity_world::Key;
use alloy_primitives::{Address, B256, U256, keccak256};

use crate::city::{City, SCALE};

/// Type of an agent that produces.
const PRODUCER: u8 = 1;
/// Type of an agent that watches.
const MONITOR: u8 = 3;
/// Who attests principals.
const REGISTRAR: &str = "registrar";
/// Adjudicators of a city: two more than a city needs, so that some can be revoked.
const JUDGES: usize = 9;

/// Who lives there.
#[derive(Clone, Debug, Default)]
pub struct Folk {
    /// Pays for missions; a principal.
    pub sponsors: Vec<Key>,
    /// Agents.
    pub producers: Vec<Key>,
    /// Who answers for each.
    pub principals: Vec<Key>,
    /// Monitors, each under a principal of its own.
    pub monitors: Vec<Key>,
    /// Adjudicators, ascending by address.
    pub judges: Vec<Key>,
}

impl Folk {
    /// The genesis adjudicators.
    pub(crate) fn panel() -> Vec<Key> {
        let mut judges: Vec<Key> = (0..JUDGES)
            .map(|i| Key::of(&format!("judge {i}")))
            .collect();
        judges.sort_by_key(|key| key.address);
        judges
    }

    /// Enrols and registers everybody, has those stake who judge and watch, and lets them come of age.
    pub(crate) fn settle(city: &City, producers: usize) -> Self {
        let registrar = Key::of(REGISTRAR);
        let folk = Self {
            sponsors: (0..2).map(|i| Key::of(&format!("sponsor {i}"))).collect(),
            producers: (0..producers)
                .map(|i| Key::of(&format!("agent {i}")))
                .collect(),
            principals: (0..producers)
                .map(|i| Key::of(&format!("principal {i}")))
                .collect(),
            monitors: (0..3).map(|i| Key::of(&format!("monitor {i}"))).collect(),
            judges: Self::panel(),
        };
        for principal in folk.sponsors.iter().chain(&folk.principals) {
            city.fund(principal.address);
            enrol(city, principal, &registrar);
        }
        for (agent, principal) in folk.producers.iter().zip(&folk.principals) {
            city.fund(agent.address);
            register(city, agent, principal, PRODUCER);
        }
        for judge in &folk.judges {
            take_seat(city, judge);
        }
        for monitor in &folk.monitors {
            stand_watch(city, monitor);
            city.rule(Action::ApproveMonitor, &approval(monitor));
        }
        city.world
            .warp(u64::from(default(ParameterId::PrincipalAgeSecs)) + 1);
        folk
    }

    /// The producer at an address.
    pub fn producer(&self, agent: Address) -> &Key {
        let found = self.producers.iter().find(|key| key.address == agent);
        found.expect("a producer of the city")
    }
}

/// What a parameter is where nobody changed it.
pub(crate) fn default(id: ParameterId) -> u32 {
    id.row().default
}

fn enrol(city: &City, who: &Key, registrar: &Key) {
    let (principal, class, nonce, deadline) = (who.address, 1, 0, city.world.now() + 3_600);
    let evidence_hash = keccak256(principal);
    let consent = PrincipalEnrolment {
        principal,
        class,
        nonce,
        deadline,
    };
    let attestation = EnrolmentAttestation {
        principal,
        class,
        evidence_hash,
        registrar: registrar.address,
        nonce,
        deadline,
    };
    let call = wire::enrolPrincipalCall {
        principal,
        class,
        deadline,
        consent: who.sign(city.digest(Peer::Agent, &consent.words())).into(),
        registrar: registrar.address,
        evidenceHash: evidence_hash,
        attestation: registrar
            .sign(city.digest(Peer::Agent, &attestation.words()))
            .into(),
    };
    let stake = u128::from(default(ParameterId::PrincipalStake)) * SCALE;
    city.pay(principal, stake, call);
}

/// An adjudicator puts up its stake.
pub(crate) fn take_seat(city: &City, judge: &Key) {
    city.fund(judge.address);
    let stake = u128::from(default(ParameterId::AdjudicatorStake)) * SCALE;
    let call = roster::stakeCall {
        amount: U256::from(stake),
    };
    city.pay(judge.address, stake, call);
}

/// The scorer of a monitor: one of its own, so that any two are independent.
fn scorer(monitor: &Key) -> B256 {
    keccak256(monitor.address)
}

/// What approves a monitor.
pub fn approval(monitor: &Key) -> [(&'static str, B256); 2] {
    [
        ("monitor", monitor.address.into_word()),
        ("scorerId", scorer(monitor)),
    ]
}

/// A monitor is registered under a principal of its own, and puts up its bond.
pub(crate) fn stand_watch(city: &City, monitor: &Key) {
    let principal = Key::of(&format!("principal of {}", monitor.address));
    city.fund(principal.address);
    enrol(city, &principal, &Key::of(REGISTRAR));
    city.fund(monitor.address);
    register(city, monitor, &principal, MONITOR);
    let bond = u128::from(default(ParameterId::MonitorBond)) * SCALE;
    let deposit = treasury::depositCall {
        account: monitor.address,
        amount: U256::from(bond),
    };
    city.pay(monitor.address, bond, deposit);
    city.tell(
        monitor.address,
        roster::bondMonitorCall {
            scorerId: scorer(monitor),
        },
    );
}

fn register(city: &City, agent: &Key, principal: &Key, agent_type: u8) {
    let did = format!(
        "did:pkh:eip155:{}:{:#x}",
        city.world.chain_id(),
        agent.address
    );
    let deadline = city.world.now() + 3_600;
    let record = city.ask(wire::principalRecordCall {
        principal: principal.address,
    });
    let consent = PrincipalConsent {
        agent: agent.address,
        did_hash: keccak256(&did),
        agent_type,
        principal: principal.address,
        max_sub_agents: 0,
        nonce: u64::from(record.nonce) << 16,
        deadline,
    };
    let call = wire::registerCall {
        did,
        agentType: agent_type,
        principal: principal.address,
        maxSubAgents: 0,
        deadline,
        consent: principal
            .sign(city.digest(Peer::Agent, &consent.words()))
            .into(),
    };
    let stake = u128::from(default(ParameterId::RegistrationStake)) * SCALE;
    city.pay(agent.address, stake, call);
}
