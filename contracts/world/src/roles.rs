//! Each function × each caller of one contract, generated from its role table (`abi/roles`): what SP-1 and SP-3 of the
//! specification (§4.2) say of it, executed.
//!
//! Complete by construction: the table names the functions, the interface the selectors that must come out, and
//! [`agentcity_domain::peer::Peer`] the members. A function without a call, a call of another function, an event that the table
//! does not give, or one that no call evokes makes the test fail.

use std::collections::BTreeSet;

use agentcity_abi::roles::{CONTRACTS, Caller, Role, table};
use agentcity_domain::peer::Peer;
use alloy_primitives::{Address, B256, U256, address, keccak256};

use crate::World;

/// Who has nothing to do with anything, besides those whom a contract names.
pub const PASSER_BY: Address = address!("0xd000000000000000000000000000000000000099");

/// What a generated binding answers to a selector of four bytes, or to a topic of 32.
pub type Signature<const BYTES: usize> = fn([u8; BYTES]) -> Option<&'static str>;

/// Whose a call is that acts on what is the caller's own.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Own {
    /// Of these accounts.
    Of(Vec<Address>),
    /// Everybody has something of the kind, or may begin with one.
    Everybody,
}

/// A call that succeeds if its caller may make it, in a city where it does.
#[derive(Debug)]
pub struct Prepared<C> {
    /// The city.
    pub city: C,
    /// Selector and arguments.
    pub input: Vec<u8>,
    /// Coins that go with it, in base units.
    pub coins: u128,
    own: Own,
}

impl<C> Prepared<C> {
    /// A call that is nobody's own, without coins.
    pub const fn new(city: C, input: Vec<u8>) -> Self {
        Self {
            city,
            input,
            coins: 0,
            own: Own::Of(Vec::new()),
        }
    }

    /// Acts on what is these accounts' own.
    pub fn of(mut self, owners: impl IntoIterator<Item = Address>) -> Self {
        self.own = Own::Of(owners.into_iter().collect());
        self
    }

    /// Acts on what is the caller's own, whoever calls.
    pub fn of_everybody(mut self) -> Self {
        self.own = Own::Everybody;
        self
    }

    /// Wants coins.
    pub const fn with_coins(mut self, coins: u128) -> Self {
        self.coins = coins;
        self
    }
}

/// A contract and its city, as the matrix needs them.
pub trait Roles {
    /// Name as in [`CONTRACTS`].
    const CONTRACT: &'static str;
    /// Signatures of the interface's functions: `ICalls::signature_by_selector`.
    const FUNCTION: Signature<4>;
    /// Signatures of the interface's events: `IEvents::signature_by_selector`.
    const EVENT: Signature<32>;
    /// How many functions the interface has: `ICalls::VARIANT_NAMES.len()`.
    const FUNCTIONS: usize;
    /// Functions that change something and leave it to the contract that called them, or that they call, to say so.
    const SPOKEN_FOR: &'static [&'static str] = &[];
    /// Events that the table gives to a function and that the prepared calls do not evoke: others circumstances do.
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[];

    /// What the contract lives in.
    type City;

    /// Its chain.
    fn world(city: &Self::City) -> &World;

    /// Where a member stands.
    fn member(peer: Peer) -> Address;

    /// People who call besides the members, by name.
    fn people() -> Vec<(&'static str, Address)>;

    /// A call of a function, and a city in which it succeeds once for whoever may call it; `by` is the member for which it is
    /// prepared, where it matters.
    ///
    /// Panics: if it knows no such function.
    fn prepared(function: &str, by: Option<Caller>) -> Prepared<Self::City>;

    /// How a function refuses somebody whose the thing is not: `Unauthorized(caller)` unless its interface says more.
    fn not_own(_city: &Self::City, _function: &str, caller: Address, _input: &[u8]) -> Vec<u8> {
        unauthorized(caller)
    }
}

/// Somebody who calls.
struct Visitor {
    name: &'static str,
    address: Address,
    member: Option<Caller>,
}

/// The member's name in the tables.
///
/// Panics: if the tables do not know it.
pub fn caller_of(peer: Peer) -> Caller {
    let all = [
        Caller::Constitution,
        Caller::Agent,
        Caller::Management,
        Caller::Service,
        Caller::Legislature,
        Caller::Collaboration,
        Caller::Treasury,
        Caller::Adjudication,
        Caller::Verification,
        Caller::Guardian,
        Caller::Assembly,
        Caller::Statute,
        Caller::Enactment,
        Caller::Roster,
    ];
    let found = all.into_iter().find(|caller| caller.name() == peer.name());
    found.expect("a member that the tables know")
}

fn unauthorized(caller: Address) -> Vec<u8> {
    let selector = &keccak256("Unauthorized(address)")[..4];
    [selector, caller.into_word().as_slice()].concat()
}

fn this<R: Roles>() -> Peer {
    let place = CONTRACTS.iter().position(|name| *name == R::CONTRACT);
    Peer::ALL[place.expect("a contract of the city")]
}

/// A name without its arguments.
fn bare(signature: Option<&'static str>) -> Option<&'static str> {
    signature.and_then(|signature| signature.split('(').next())
}

fn visitors<R: Roles>(own: &Own) -> Vec<Visitor> {
    let mut visitors = vec![Visitor {
        name: "a passer-by",
        address: PASSER_BY,
        member: None,
    }];
    visitors.extend(R::people().into_iter().map(|(name, address)| Visitor {
        name,
        address,
        member: None,
    }));
    if let Own::Of(owners) = own {
        for owner in owners {
            if visitors.iter().all(|visitor| visitor.address != *owner) {
                visitors.push(Visitor {
                    name: "its owner",
                    address: *owner,
                    member: None,
                });
            }
        }
    }
    let members = Peer::ALL.into_iter().filter(|peer| *peer != this::<R>());
    visitors.extend(members.map(|peer| Visitor {
        name: peer.name(),
        address: R::member(peer),
        member: Some(caller_of(peer)),
    }));
    visitors
}

/// Whether the table lets somebody in.
fn may(role: &Role, own: &Own, visitor: &Visitor) -> bool {
    let owns = match own {
        Own::Everybody => true,
        Own::Of(owners) => owners.contains(&visitor.address),
    };
    role.callers.contains(&Caller::Anyone)
        || visitor
            .member
            .is_some_and(|member| role.callers.contains(&member))
        || role.callers.contains(&Caller::Own) && owns
}

/// Somebody whom the table lets in.
fn welcome<R: Roles>(function: &str, role: &Role) -> (Prepared<R::City>, Address) {
    let first = R::prepared(function, None);
    let visitors = visitors::<R>(&first.own);
    let guest = visitors
        .iter()
        .find(|visitor| may(role, &first.own, visitor))
        .unwrap_or_else(|| panic!("{}.{function}: nobody may call it", R::CONTRACT));
    (R::prepared(function, guest.member), guest.address)
}

/// Names of the events that the contract said since the last look, each once.
fn said<R: Roles>(world: &World, function: &str) -> BTreeSet<&'static str> {
    let here = R::member(this::<R>());
    let logs = world.take_logs();
    let own = logs.iter().filter(|log| log.address == here);
    own.map(|log| {
        let topic = log.topics().first().map_or(B256::ZERO, |topic| *topic);
        bare(R::EVENT(topic.0)).unwrap_or_else(|| panic!("{function} says what no interface has"))
    })
    .collect()
}

/// SP-1, wiring integrity: whoever stands in a function's row is let in, and everybody else is refused for who he is.
///
/// Panics: if a function lets in or refuses anybody against the table, or has no call.
pub fn each_caller<R: Roles>() {
    let functions = table(R::CONTRACT).functions;
    assert_eq!(functions.len(), R::FUNCTIONS, "a row for each function");
    let here = R::member(this::<R>());
    let (mut allowed, mut refused) = (0, 0);
    for (function, role) in &functions {
        let own = R::prepared(function, None).own;
        for visitor in visitors::<R>(&own) {
            let prepared = R::prepared(function, visitor.member);
            let Prepared {
                city, input, coins, ..
            } = prepared;
            let selector = *input.first_chunk().expect("a selector");
            assert_eq!(
                bare(R::FUNCTION(selector)),
                Some(function.as_str()),
                "a call of another function"
            );
            let (name, caller) = (visitor.name, visitor.address);
            let world = R::world(&city);
            world.mint(caller, coins);
            let otherwise = if role.callers.contains(&Caller::Own) {
                R::not_own(&city, function, caller, &input)
            } else {
                unauthorized(caller)
            };
            let answer = world.transact(caller, here, U256::from(coins), &input);
            if may(role, &own, &visitor) {
                assert!(answer.is_ok(), "{function} refuses {name}: {answer:02x?}");
                allowed += 1;
            } else {
                assert_eq!(answer, Err(otherwise), "{function} by {name}");
                refused += 1;
            }
        }
    }
    println!(
        "{}: {allowed} pairs of function and caller let in, {refused} refused",
        R::CONTRACT
    );
}

/// SP-3, full auditability: what changes something says so in the table's words, and what says nothing changes nothing.
///
/// Panics: if not.
pub fn each_change_is_said<R: Roles>() {
    let here = R::member(this::<R>());
    let mut silent = Vec::new();
    let mut elsewhere = Vec::new();
    for (function, role) in table(R::CONTRACT).functions {
        let (prepared, caller) = welcome::<R>(&function, &role);
        let Prepared {
            city, input, coins, ..
        } = prepared;
        let world = R::world(&city);
        world.mint(caller, coins);
        world.take_logs();
        let answer = world.transact(caller, here, U256::from(coins), &input);
        assert!(answer.is_ok(), "{function}: {answer:02x?}");
        let said = said::<R>(world, &function);
        for event in &said {
            assert!(
                role.emits.iter().any(|name| name == event),
                "{function} says {event}"
            );
        }
        assert_eq!(
            said.is_empty(),
            role.emits.is_empty(),
            "{function} says nothing"
        );
        let unheard = role
            .emits
            .iter()
            .filter(|event| !said.contains(event.as_str()));
        elsewhere.extend(unheard.map(|event| (function.clone(), event.clone())));

        let (prepared, caller) = welcome::<R>(&function, &role);
        let Prepared { city, input, .. } = prepared;
        let world = R::world(&city);
        world.install(caller, B256::ZERO, move |frame, _| {
            frame.call(here, U256::ZERO, &input, true, u64::MAX)
        });
        let reads = world.transact(PASSER_BY, caller, U256::ZERO, &[]).is_ok();
        assert!(
            !reads || role.emits.is_empty(),
            "{function} says that it changed something, and did not"
        );
        if !reads && role.emits.is_empty() {
            silent.push(function);
        }
    }
    assert_eq!(
        silent,
        R::SPOKEN_FOR,
        "functions that change something and do not say so"
    );
    let listed: Vec<_> = R::ELSEWHERE
        .iter()
        .map(|(function, event)| ((*function).to_owned(), (*event).to_owned()))
        .collect();
    assert_eq!(elsewhere, listed, "events that no prepared call evokes");
}
