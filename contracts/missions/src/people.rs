//! The people of a city: a sponsor, producers with a principal each, monitors.

use agentcity_abi::IAgent as wire;
use agentcity_domain::{
    parameter::ParameterId,
    peer::Peer,
    signed::identity::{EnrolmentAttestation, PrincipalConsent, PrincipalEnrolment},
};
use agentcity_world::Key;
use alloy_primitives::{Address, keccak256};

use crate::city::{City, SCALE};

/// Type of an agent that produces.
const PRODUCER: u8 = 1;

/// Who lives there.
#[derive(Clone, Debug, Default)]
pub struct Folk {
    /// Pays for missions; a principal.
    pub sponsors: Vec<Key>,
    /// Agents.
    pub producers: Vec<Key>,
    /// Who answers for each.
    pub principals: Vec<Key>,
    /// Monitors; their principals are those of the roster's double.
    pub monitors: Vec<Key>,
}

impl Folk {
    /// Enrols and registers everybody, and lets them come of age.
    pub(crate) fn settle(city: &City, producers: usize) -> Self {
        let registrar = Key::of("registrar");
        let folk = Self {
            sponsors: (0..2).map(|i| Key::of(&format!("sponsor {i}"))).collect(),
            producers: (0..producers)
                .map(|i| Key::of(&format!("agent {i}")))
                .collect(),
            principals: (0..producers)
                .map(|i| Key::of(&format!("principal {i}")))
                .collect(),
            monitors: (0..3).map(|i| Key::of(&format!("monitor {i}"))).collect(),
        };
        for principal in folk.sponsors.iter().chain(&folk.principals) {
            city.fund(principal.address);
            enrol(city, principal, &registrar);
        }
        for (agent, principal) in folk.producers.iter().zip(&folk.principals) {
            city.fund(agent.address);
            register(city, agent, principal);
        }
        let mut answers = city.set();
        for (number, monitor) in folk.monitors.iter().enumerate() {
            city.fund(monitor.address);
            let principal = Key::of(&format!("watch {number}")).address;
            let scorer = keccak256(format!("scorer {number}"));
            answers
                .monitors
                .insert(monitor.address, (principal, scorer));
        }
        drop(answers);
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

fn register(city: &City, agent: &Key, principal: &Key) {
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
        agent_type: PRODUCER,
        principal: principal.address,
        max_sub_agents: 0,
        nonce: u64::from(record.nonce) << 16,
        deadline,
    };
    let call = wire::registerCall {
        did,
        agentType: PRODUCER,
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
