//! A registry in its city: the constitution and the agent contract as the registry asks them.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use agentcity_abi::{IAgent as agents, IConstitution as law, IService as wire};
use agentcity_domain::peer::Peer;
use agentcity_service::storage::Services;
use agentcity_world::{Answer, Frame, World};
use alloy_primitives::{Address, B256, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

pub(crate) const ANN: Address = address!("0xa000000000000000000000000000000000000001");
pub(crate) const BOB: Address = address!("0xb000000000000000000000000000000000000002");
/// Registered, but barred in one way or another.
pub(crate) const CARL: Address = address!("0xc000000000000000000000000000000000000003");
/// Never registered.
pub(crate) const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");

/// Why an agent is barred, as `IAgent.standing` says it.
pub(crate) const NOT_ACTIVE: u8 = 1;
pub(crate) const NO_PRODUCER: u8 = 2;
pub(crate) const NOT_ENROLLED: u8 = 4;
pub(crate) const BANNED: u8 = 8;
pub(crate) const FROZEN: u8 = 16;

/// The address of a member.
pub(crate) fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xe0 + peer as u8)
}

pub(crate) fn registry() -> Address {
    member(Peer::Service)
}

#[derive(Clone)]
pub(crate) struct City {
    pub(crate) world: World,
    /// What bars an agent; those missing never registered.
    pub(crate) bars: Rc<RefCell<BTreeMap<Address, u8>>>,
    pub(crate) is_sealed: Rc<RefCell<bool>>,
}

impl City {
    /// Sealed and wired; Ann and Bob are producers.
    pub(crate) fn new() -> Self {
        let city = Self::constructed();
        city.is_sealed.replace(true);
        city.call(STRANGER, wire::wireCall {}).expect("wired");
        city.world.take_logs();
        city
    }

    /// Constructed, not sealed.
    pub(crate) fn constructed() -> Self {
        let city = Self::bare();
        city.construct(member(Peer::Constitution))
            .expect("constructed");
        city
    }

    pub(crate) fn bare() -> Self {
        let world = World::new();
        let city = Self {
            world,
            bars: Rc::new(RefCell::new(BTreeMap::from([(ANN, 0), (BOB, 0)]))),
            is_sealed: Rc::default(),
        };
        city.world.program::<Services>(registry(), "service");
        let is_sealed = city.is_sealed.clone();
        let constitution = move |_: &Frame, input: &[u8]| -> Answer {
            law::membersCall::abi_decode_validate(input).expect("only members are asked for");
            let members = Peer::ALL.map(|peer| {
                if *is_sealed.borrow() {
                    member(peer)
                } else {
                    Address::ZERO
                }
            });
            Ok(members.abi_encode())
        };
        let place = member(Peer::Constitution);
        city.world.install(place, keccak256("law"), constitution);
        let bars = city.bars.clone();
        let agent = move |_: &Frame, input: &[u8]| -> Answer {
            let asked = agents::standingCall::abi_decode_validate(input)
                .expect("only standings are asked for");
            let bars = bars.borrow().get(&asked.agent).copied();
            let standing = agents::Standing {
                principal: Address::repeat_byte(9),
                previous: Address::ZERO,
                agentType: if bars.is_some_and(|bars| bars & NO_PRODUCER == 0) {
                    agents::AgentType::Producer
                } else {
                    agents::AgentType::Monitor
                },
                bars: bars.unwrap_or(NOT_ACTIVE | NO_PRODUCER | NOT_ENROLLED),
                score: 500,
                reputation: 500_000,
                enrolledAt: "1".parse().unwrap(),
            };
            Ok(standing.abi_encode())
        };
        city.world
            .install(member(Peer::Agent), keccak256("agent"), agent);
        city
    }

    pub(crate) fn construct(&self, constitution: Address) -> Answer {
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend(constitution.abi_encode());
        self.world
            .transact(STRANGER, registry(), U256::ZERO, &input)
    }

    pub(crate) fn call<C: SolCall>(&self, from: Address, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(from, registry(), call)
    }
}

pub(crate) fn limits(policies: &[u8]) -> wire::Constraints {
    wire::Constraints {
        maxLatencyMs: 5_000,
        maxMemoryMb: 512,
        maxConcurrency: 3,
        networkPolicies: policies.iter().copied().map(B256::repeat_byte).collect(),
    }
}

/// A registration that differs from others by `number`.
pub(crate) fn registration(number: u64) -> wire::registerServiceCall {
    wire::registerServiceCall {
        codeHash: keccak256(number.to_be_bytes()),
        schemaHash: B256::repeat_byte(2),
        endpoint: format!("https://worker-{number}.example/run"),
        constraints: limits(&[7, 8]),
    }
}

/// Details and id, as the interface defines them in Solidity's terms.
pub(crate) fn identity(owner: Address, call: &wire::registerServiceCall) -> (B256, B256) {
    let limits = &call.constraints;
    let policies: Vec<u8> = limits.networkPolicies.iter().flat_map(|p| p.0).collect();
    let details = keccak256(
        (
            call.schemaHash,
            keccak256(&call.endpoint),
            limits.maxLatencyMs,
            limits.maxMemoryMb,
            limits.maxConcurrency,
            keccak256(policies),
        )
            .abi_encode(),
    );
    let id = keccak256((owner, call.codeHash, details).abi_encode());
    (id, details)
}
