//! The offices in their city: constitution, agent contract and registry as the offices ask them.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use agentcity_abi::{
    IAgent as agents, IConstitution as law, IManagement as wire, IService as services,
};
use agentcity_domain::{
    clerk::{ClerkRole, Mask, Operation},
    parameter::ParameterId,
    peer::Peer,
};
use agentcity_management::storage::Offices;
use agentcity_world::{Answer, Frame, Key, World};
use alloy_primitives::{Address, B256, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

pub(crate) const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");
/// Who answers for every clerk here, unless told otherwise.
pub(crate) const PRINCIPAL: Address = address!("0xb000000000000000000000000000000000000002");
pub(crate) const SUBJECT: B256 = B256::repeat_byte(0x5b);
/// Most operations on one subject, and the wait for an answer, as the table has them here.
pub(crate) const RATE: u16 = 5;
pub(crate) const WAIT: u64 = 3_600;

pub(crate) fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xe0 + peer as u8)
}

pub(crate) fn offices() -> Address {
    member(Peer::Management)
}

/// The key of a clerk of this office; other numbers are other clerks of it.
pub(crate) fn key(role: ClerkRole, number: u8) -> Key {
    Key::of(&format!("{} {number}", role.name()))
}

/// What the registry knows of a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    pub(crate) owner: Address,
    pub(crate) details: B256,
    pub(crate) deprecated_at: u64,
}

/// What the others say.
#[derive(Default)]
pub(crate) struct Others {
    pub(crate) is_sealed: bool,
    /// Type, bars, principal.
    pub(crate) agents: BTreeMap<Address, (u8, u8, Address)>,
    pub(crate) manifest: Vec<law::Clerk>,
    pub(crate) services: BTreeMap<B256, Service>,
    pub(crate) rate: u16,
    pub(crate) wait: u64,
}

#[derive(Clone)]
pub(crate) struct City {
    pub(crate) world: World,
    pub(crate) others: Rc<RefCell<Others>>,
}

impl City {
    /// Wired, with the four clerks of the manifest in office.
    pub(crate) fn new() -> Self {
        let city = Self::wired();
        for role in ClerkRole::ALL {
            let agent = key(*role, 0).address;
            city.call(STRANGER, wire::admitGenesisClerkCall { agent })
                .expect("admitted");
        }
        city.world.take_logs();
        city
    }

    /// Wired; nobody holds an office.
    pub(crate) fn wired() -> Self {
        let city = Self::bare();
        city.construct(member(Peer::Constitution))
            .expect("constructed");
        city.others.borrow_mut().is_sealed = true;
        city.call(STRANGER, wire::wireCall {}).expect("wired");
        city.world.take_logs();
        city
    }

    pub(crate) fn bare() -> Self {
        let others = Others {
            rate: RATE,
            wait: WAIT,
            ..Others::default()
        };
        let city = Self {
            world: World::new(),
            others: Rc::new(RefCell::new(others)),
        };
        for role in ClerkRole::ALL {
            let agent = key(*role, 0).address;
            city.agent(agent);
            city.others.borrow_mut().manifest.push(law::Clerk {
                role: role.number(),
                agent,
                principal: PRINCIPAL,
            });
        }
        city.world.program::<Offices>(offices(), "management");
        city.install(Peer::Constitution, answer_as_constitution);
        city.install(Peer::Agent, answer_as_agent);
        city.install(Peer::Service, answer_as_registry);
        city
    }

    fn install(&self, peer: Peer, answer: fn(&Others, &[u8]) -> Answer) {
        let others = self.others.clone();
        let body = move |_: &Frame, input: &[u8]| answer(&others.borrow(), input);
        self.world
            .install(member(peer), keccak256(peer.name()), body);
    }

    pub(crate) fn construct(&self, constitution: Address) -> Answer {
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend(constitution.abi_encode());
        self.world.transact(STRANGER, offices(), U256::ZERO, &input)
    }

    pub(crate) fn call<C: SolCall>(&self, from: Address, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(from, offices(), call)
    }

    #[track_caller]
    pub(crate) fn refused<E: SolError + PartialEq + std::fmt::Debug>(
        &self,
        from: Address,
        call: impl SolCall,
        expected: E,
    ) {
        let before = self.world.storage(offices());
        self.world.refused(from, offices(), 0, call, expected);
        assert_eq!(self.world.storage(offices()), before);
    }

    /// A call of the panel's.
    pub(crate) fn panel<C: SolCall>(&self, call: C) -> Result<C::Return, Vec<u8>> {
        self.call(member(Peer::Adjudication), call)
    }

    /// Registers a management agent of `PRINCIPAL`, not barred but by what every clerk is.
    pub(crate) fn agent(&self, agent: Address) {
        let clerk = (2, 2 | 4, PRINCIPAL);
        self.others.borrow_mut().agents.insert(agent, clerk);
    }

    /// Says of an agent what bars it.
    pub(crate) fn bar(&self, agent: Address, bars: u8) {
        if let Some(record) = self.others.borrow_mut().agents.get_mut(&agent) {
            record.1 = bars;
        }
    }

    /// Says of an agent who answers for it.
    pub(crate) fn release(&self, agent: Address, principal: Address) {
        if let Some(record) = self.others.borrow_mut().agents.get_mut(&agent) {
            record.2 = principal;
        }
    }

    /// A service of this owner.
    pub(crate) fn service(&self, owner: Address, number: u8) -> B256 {
        let id = keccak256([number]);
        let service = Service {
            owner,
            details: B256::repeat_byte(number),
            deprecated_at: 0,
        };
        self.others.borrow_mut().services.insert(id, service);
        id
    }

    pub(crate) fn validate(
        &self,
        clerk: Address,
        operation: Operation,
        subject: B256,
    ) -> Result<u8, Vec<u8>> {
        self.call(
            member(operation.owner()),
            validation(clerk, operation, subject),
        )
    }
}

pub(crate) fn validation(
    clerk: Address,
    operation: Operation,
    subject: B256,
) -> wire::validateOperationCall {
    wire::validateOperationCall {
        clerk,
        operation: operation.number(),
        subject,
    }
}

/// A call that gives `agent` an office with its whole envelope.
pub(crate) fn admission(agent: Address, role: ClerkRole) -> wire::registerManagementAgentCall {
    wire::registerManagementAgentCall {
        agent,
        role: role.number(),
        permitted: role.office().bits(),
        prohibited: 0,
        operationsMax: RATE,
    }
}

pub(crate) fn bits(operations: &[Operation]) -> u64 {
    Mask::of(operations).bits()
}

fn answer_as_constitution(others: &Others, input: &[u8]) -> Answer {
    let mut selector = [0; 4];
    selector.copy_from_slice(&input[..4]);
    match selector {
        law::membersCall::SELECTOR => {
            let at = |peer| {
                if others.is_sealed {
                    member(peer)
                } else {
                    Address::ZERO
                }
            };
            Ok(Peer::ALL.map(at).abi_encode())
        }
        law::genesisClerksCall::SELECTOR => {
            Ok(law::genesisClerksCall::abi_encode_returns(&others.manifest))
        }
        law::readCurrentCall::SELECTOR => {
            let asked = law::readCurrentCall::abi_decode_validate(input).expect("ids");
            let value = |id: &u8| {
                let number = if *id as usize == ParameterId::ClerkOperationsPerSubject.place() {
                    others.rate.into()
                } else {
                    assert_eq!(*id as usize, ParameterId::DelegationTimeoutSecs.place());
                    others.wait
                };
                B256::from(U256::from(number))
            };
            let values: Vec<_> = asked.ids.iter().map(value).collect();
            Ok((1u64, values).abi_encode_params())
        }
        other => panic!("the constitution is asked {other:02x?}"),
    }
}

fn answer_as_agent(others: &Others, input: &[u8]) -> Answer {
    let asked = agents::standingCall::abi_decode_validate(input).expect("standing");
    let nobody = (0, 1 | 2 | 4, Address::ZERO);
    let (agent_type, bars, principal) = others.agents.get(&asked.agent).copied().unwrap_or(nobody);
    let standing = agents::Standing {
        principal,
        previous: Address::ZERO,
        agentType: agents::AgentType::try_from(agent_type).expect("a type"),
        bars,
        score: 500,
        reputation: 500_000,
        enrolledAt: "0".parse().expect("zero"),
    };
    Ok(standing.abi_encode())
}

fn answer_as_registry(others: &Others, input: &[u8]) -> Answer {
    if let Ok(asked) = services::standingCall::abi_decode_validate(input) {
        let service = asked.service;
        return match others.services.get(&service) {
            Some(known) => Ok((B256::repeat_byte(1), known.deprecated_at).abi_encode_params()),
            None => Err(services::UnknownService { service }.abi_encode()),
        };
    }
    let asked = services::isOwnerCall::abi_decode_validate(input).expect("isOwner");
    let owns = others
        .services
        .get(&asked.service)
        .is_some_and(|known| (known.owner, known.details) == (asked.account, asked.details));
    Ok(owns.abi_encode())
}
