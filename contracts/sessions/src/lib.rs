//! The programs of the seven messages in their city: *legislature* and *enactment* run together, and those they ask and tell are
//! doubles that answer as facts say.
//!
//! What a double is told in a transaction it keeps in storage of the chain, so that what reverts is undone there as well.
//! Signatures are made by another implementation of EIP-712 than the programs have: that of `alloy-sol-types`.

pub mod doubles;
pub mod steps;

use std::{
    cell::{RefCell, RefMut},
    collections::BTreeMap,
    fmt,
    rc::Rc,
};

use agentcity_abi::{IAssembly as assembly, IEnactment as enacting, ILegislature as wire};
use agentcity_domain::{clerk::ClerkRole, parameter::ParameterId, peer::Peer};
use agentcity_enactment::storage::Enactment;
use agentcity_legislature::storage::Legislature;
use agentcity_world::{Key, World};
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::{Eip712Domain, SolCall, SolError, SolStruct, SolValue};
use stylus_sdk::abi::CONSTRUCTOR_SELECTOR;

/// Somebody without any part in the city.
pub const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");
/// Who funds missions.
pub const SPONSOR: Address = address!("0x5500000000000000000000000000000000000055");
/// Whose norms bind.
pub const DOMAIN: B256 = B256::repeat_byte(0xd0);
/// The epoch of every session.
pub const EPOCH: u64 = 5;
/// What one base unit is worth.
pub const UNIT: u128 = 1_000;
/// Seconds of the states, at the defaults.
pub const IDENTITY: u64 = 600;
/// See [`IDENTITY`].
pub const PROPOSAL: u64 = 600;
/// See [`IDENTITY`].
pub const BIDDING: u64 = 900;
/// See [`IDENTITY`].
pub const REVIEW: u64 = 300;
/// See [`IDENTITY`].
pub const CODING: u64 = 600;
/// See [`IDENTITY`].
pub const APPROVAL: u64 = 300;
/// Seconds of a partial session's bidding and review.
pub const PARTIAL: [u64; 2] = [300, 180];
/// Seconds in which sealed bids are opened.
pub const OPENING: u64 = 60;
/// Regulators of a city.
pub const REGULATORS: usize = 3;

pub use enacting::SessionKind as Kind;
pub use wire::SessionState as State;

/// An agent, as the doubles know it.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Who answers for it.
    pub principal: Address,
    /// Producer, management or monitor.
    pub kind: u8,
    /// What bars it.
    pub bars: u8,
    /// Its reputation.
    pub score: u16,
}

/// What the members know that are doubles here.
#[derive(Debug, Default)]
pub struct Facts {
    /// Whether the city is sealed.
    pub sealed: bool,
    /// What the assembly decided.
    pub outcomes: BTreeMap<B256, assembly::Outcome>,
    /// Agents and clerks.
    pub people: BTreeMap<Address, Person>,
    /// Offices.
    pub clerks: BTreeMap<Address, (ClerkRole, bool)>,
    /// Services and their code.
    pub services: BTreeMap<B256, B256>,
    /// Parameters that differ from the defaults.
    pub values: BTreeMap<u8, u32>,
    /// The session that made a mission.
    pub missions: BTreeMap<B256, B256>,
    /// A page of a mission's statute.
    pub pages: BTreeMap<(B256, u16), Address>,
    /// What a peer says to whatever it is told.
    pub refusing: BTreeMap<u8, Vec<u8>>,
}

/// A city. Clones are handles to the same one.
#[derive(Clone)]
pub struct City {
    /// The chain.
    pub world: World,
    facts: Rc<RefCell<Facts>>,
}

impl fmt::Debug for City {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.world.fmt(f)
    }
}

/// The address of a member.
pub fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xe0 + peer as u8)
}

/// The key of an office's `i`-th clerk.
pub fn clerk(role: ClerkRole, i: usize) -> Key {
    Key::of(&format!("{} {i}", role.name()))
}

/// The key of an agent.
pub fn agent(i: usize) -> Key {
    Key::of(&format!("agent {i}"))
}

/// The principal of an agent.
pub fn principal(i: usize) -> Address {
    Address::left_padding_from(&[0xaa, (i >> 8) as u8, i as u8])
}

/// The principal of an office's `i`-th clerk.
pub fn clerks_principal(role: ClerkRole, i: usize) -> Address {
    Address::left_padding_from(&[0xcc, role.number(), i as u8])
}

/// The service of an agent.
pub fn service(i: usize) -> B256 {
    keccak256(format!("service {i}"))
}

/// The code of a service.
pub fn code(i: usize) -> B256 {
    keccak256(format!("code {i}"))
}

/// A number as a word.
pub fn word(value: impl Into<u128>) -> B256 {
    U256::from(value.into()).into()
}

impl City {
    /// Constructed, not sealed.
    pub fn constructed() -> Self {
        let city = Self {
            world: World::new(),
            facts: Rc::default(),
        };
        city.world
            .program::<Legislature>(member(Peer::Legislature), "legislature");
        city.world
            .program::<Enactment>(member(Peer::Enactment), "enactment");
        doubles::install(&city);
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend(member(Peer::Constitution).abi_encode());
        for to in [Peer::Legislature, Peer::Enactment] {
            let founded = city
                .world
                .transact(STRANGER, member(to), U256::ZERO, &input);
            founded.expect("constructed");
        }
        city
    }

    /// Sealed, not wired.
    pub fn sealed() -> Self {
        let city = Self::constructed();
        city.facts_mut().sealed = true;
        city
    }

    /// Sealed and wired: a registrar, a speaker, a codifier and three regulators, each with a principal of its own, and as many
    /// producers.
    pub fn of(agents: usize) -> Self {
        let city = Self::sealed();
        city.law(wire::wireCall {}).expect("wired");
        city.enact(enacting::wireCall {}).expect("wired");
        for role in ClerkRole::ALL {
            let count = if *role == ClerkRole::Regulator {
                REGULATORS
            } else {
                1
            };
            for i in 0..count {
                city.appoint(*role, i);
            }
        }
        for i in 0..agents {
            city.enrol(i);
        }
        city.world.take_logs();
        city
    }

    /// The same with eight producers.
    pub fn new() -> Self {
        Self::of(8)
    }

    /// A producer with a service and money.
    pub fn enrol(&self, i: usize) {
        let mut facts = self.facts_mut();
        let person = Person {
            principal: principal(i),
            kind: 1,
            bars: 0,
            score: 500,
        };
        facts.people.insert(agent(i).address, person);
        facts.services.insert(service(i), code(i));
        drop(facts);
        doubles::credit(self, agent(i).address, 1_000_000 * UNIT);
    }

    /// A clerk with a principal of its own.
    pub fn appoint(&self, role: ClerkRole, i: usize) {
        let account = clerk(role, i).address;
        let mut facts = self.facts_mut();
        let person = Person {
            principal: clerks_principal(role, i),
            kind: 2,
            // What every clerk has against it: it is no producer.
            bars: 2,
            score: 500,
        };
        facts.people.insert(account, person);
        facts.clerks.insert(account, (role, true));
    }

    /// Changes what is known of an agent or a clerk.
    ///
    /// Panics: if there is none.
    pub fn change(&self, account: Address, change: impl FnOnce(&mut Person)) {
        change(self.facts_mut().people.get_mut(&account).expect("known"));
    }

    /// Another value than a parameter's default.
    pub fn set(&self, id: ParameterId, value: u32) {
        self.facts_mut().values.insert(id as u8, value);
    }

    /// A parameter's value.
    pub fn value(&self, id: u8) -> B256 {
        let own = self.facts.borrow().values.get(&id).copied();
        let default = ParameterId::ALL[usize::from(id)].default_word();
        own.map_or(default, word)
    }

    /// What the doubles know.
    pub fn facts_mut(&self) -> RefMut<'_, Facts> {
        self.facts.borrow_mut()
    }

    /// A stranger's call of the legislature.
    ///
    /// Errors: its refusal.
    pub fn law<C: SolCall>(&self, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(STRANGER, member(Peer::Legislature), call)
    }

    /// A stranger's call of the enactment.
    ///
    /// Errors: its refusal.
    pub fn enact<C: SolCall>(&self, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(STRANGER, member(Peer::Enactment), call)
    }

    /// The panel's call of the enactment.
    ///
    /// Errors: its refusal.
    pub fn panel<C: SolCall>(&self, call: C) -> Result<C::Return, Vec<u8>> {
        let panel = member(Peer::Adjudication);
        self.world.call(panel, member(Peer::Enactment), call)
    }

    /// A stranger's call that one of the two refuses for this reason, and nothing changes.
    #[track_caller]
    pub fn refuses<C, E>(&self, to: Peer, call: C, expected: E)
    where
        C: SolCall,
        E: SolError + PartialEq + fmt::Debug,
    {
        let before = self.storage();
        self.world.refused(STRANGER, member(to), 0, call, expected);
        assert_eq!(self.storage(), before, "{}: something moved", C::SIGNATURE);
    }

    /// All words of the two, and of what the treasury was told.
    pub fn storage(&self) -> [BTreeMap<U256, B256>; 3] {
        [Peer::Legislature, Peer::Enactment, Peer::Treasury]
            .map(|peer| self.world.storage(member(peer)))
    }

    /// A statement for a contract of the city, signed.
    pub fn sign<S: SolStruct>(&self, to: Peer, by: &Key, statement: &S) -> Bytes {
        by.sign(self.digest(to, statement)).into()
    }

    /// What is signed of a statement.
    pub fn digest<S: SolStruct>(&self, to: Peer, statement: &S) -> B256 {
        let domain = Eip712Domain::new(
            Some("AgentCity".into()),
            Some("1".into()),
            Some(U256::from(self.world.chain_id())),
            Some(member(to)),
            None,
        );
        statement.eip712_signing_hash(&domain)
    }

    /// A session as the legislature has it.
    ///
    /// Panics: if it does not answer.
    pub fn session(&self, id: B256) -> wire::Session {
        self.law(wire::sessionCall { sessionId: id }).expect("read")
    }

    /// A law as the enactment has it.
    ///
    /// Panics: if it does not answer.
    pub fn law_of(&self, id: B256) -> enacting::Law {
        self.enact(enacting::lawOfCall { sessionId: id })
            .expect("read")
    }

    /// Claims that a session is in a state.
    #[track_caller]
    pub fn is_in(&self, id: B256, state: State) {
        assert_eq!(self.session(id).state, state);
    }
}

impl Default for City {
    fn default() -> Self {
        Self::new()
    }
}
