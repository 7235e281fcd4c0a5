//! The contract's state, and the program's entry point: a member of the city with words by keys of its own
//! (`agentcity_shell::member`).
//!
//! ```text
//! kind            of                  number              word
//! MISSION         mission             0                   domain::mission::record::Mission; the city is number zero
//!                                     1                   its session
//!                                     2                   record::Clock, of a mission or city that a halt touched
//!                                     3                   completion digest
//!                                     4                   parent or predecessor
//!                                     5                   record::Link
//!                                     6                   record::Pages; statute's word until it is law
//! UNIT_SCALE      0                   0                   base units of a unit
//! STATES          mission             node / 32           record::States
//! NODE            mission             node · 256          domain::mission::node::Node; a completed node's output
//!                                     node · 256 + 1      what the word was before, where it says more
//!                                     node · 256 + 2      the session of a reassigned node
//! SEAT            mission             seat_number         agent; service; price; stake; source of a seat that passed on
//! PAGE, SEATS     mission             index / 8           ordinals of eight pages; that of page 0 stands in Pages
//! OBLIGED         mission             agent               0 obliged, 1 at fault, 12..32 its principal
//! INTERESTED      mission             principal           1 if it ever had a seat
//! ```
//!
//! An *ordinal* says as which account of statute's a page was created; its address follows from that, because statute creates
//! nothing but pages.

// The entry point that the macro generates has no documentation; everything of ours here has.
#![allow(missing_docs)]

use alloc::{boxed::Box, vec, vec::Vec};

use agentcity_abi::{ICollaboration as wire, IConstitution as founding};
use agentcity_domain::mission::{
    Refused,
    halt::Lying,
    kind,
    node::Node,
    record::{Clock, Link, Mission, NODES_PER_STATES, Pages, States, moved},
    word::{get, set},
};
use agentcity_domain::{machine::NodeState, peer::Peer, statute};
use agentcity_shell::{
    malformed,
    member::{Kind, Member},
    peer,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

/// The contract. It has no fields: its slots are reached by number.
#[entrypoint]
#[storage]
pub struct Missions {}

impl Member for Missions {}

pub(crate) const MISSION: Kind = 1;
pub(crate) const UNIT_SCALE: Kind = 3;
const STATES: Kind = 4;
const NODE: Kind = 5;
pub(crate) const SEAT: Kind = 6;
pub(crate) const PAGE: Kind = 7;
pub(crate) const SEATS: Kind = 8;
pub(crate) const OBLIGED: Kind = 10;
pub(crate) const INTERESTED: Kind = 11;

/// A refusal: one pointer, so that passing it on costs a comparison where the bytes themselves would be copied.
#[expect(
    clippy::box_collection,
    reason = "what is passed on must be one pointer, not three words"
)]
pub(crate) struct Refusal(Box<Vec<u8>>);

/// What a function says, or why it refuses.
pub(crate) type Said<T = ()> = Result<T, Refusal>;

impl Refusal {
    /// The words are the refusal.
    #[inline(never)]
    pub(crate) fn of(words: &Words) -> Self {
        words.bytes().to_vec().into()
    }

    /// Its bytes.
    pub(crate) fn bytes(self) -> Vec<u8> {
        *self.0
    }
}

impl From<Vec<u8>> for Refusal {
    #[inline(never)]
    fn from(bytes: Vec<u8>) -> Self {
        Self(Box::new(bytes))
    }
}

/// The arguments are no encoding.
#[inline(never)]
pub(crate) fn wrong() -> Refusal {
    malformed().into()
}

/// Whether all that was read was right.
#[inline(never)]
pub(crate) fn end(reader: &Reader<'_>) -> Said {
    Ok(reader.end()?)
}

/// What words become.
pub(crate) trait Become {
    /// They are the refusal.
    fn no<T>(&mut self) -> Said<T>;

    /// They are the answer.
    fn reply(&mut self) -> Said<Vec<u8>>;
}

impl Become for Words {
    fn no<T>(&mut self) -> Said<T> {
        Err(Refusal::of(self))
    }

    fn reply(&mut self) -> Said<Vec<u8>> {
        Ok(self.answer()?)
    }
}

/// Places of a mission's words.
pub(crate) const OF_SESSION: u64 = 1;
const CLOCK: u64 = 2;
pub(crate) const DIGEST: u64 = 3;
pub(crate) const PARENT: u64 = 4;
const LINK: u64 = 5;
const PAGES: u64 = 6;

/// Places of a node's words.
const KEPT: u64 = 1;
const REASSIGNED_BY: u64 = 2;

/// A mission as it was loaded, with the city that its time depends on.
pub(crate) struct Loaded {
    pub(crate) id: B256,
    pub(crate) word: Mission,
    pub(crate) city: Mission,
}

/// A node's law, and the nodes after it.
pub(crate) struct Law {
    pub(crate) node: statute::Node,
    pub(crate) after: Vec<u16>,
}

/// A node as it was loaded, with its state's word.
pub(crate) struct Attempt {
    pub(crate) number: u16,
    pub(crate) word: Node,
    pub(crate) states: States,
}

impl Loaded {
    /// By how many seconds its deadlines moved until now.
    pub(crate) fn moved(&self) -> u32 {
        moved(&self.word, &self.city)
    }

    /// The account in its number: who funds it.
    pub(crate) fn sponsor(&self) -> Address {
        sponsor_of(&self.id)
    }
}

impl Attempt {
    /// The number of its state.
    pub(crate) fn state(&self) -> u8 {
        self.states.of(self.number)
    }
}

/// The account in a mission's number.
#[inline(never)]
pub(crate) fn sponsor_of(mission: &B256) -> Address {
    mission
        .first_chunk()
        .copied()
        .map_or(Address::ZERO, Address::new)
}

impl Missions {
    /// Refuses everybody but this member.
    #[inline(never)]
    pub(crate) fn only_peer(&self, peer: Peer) -> Said {
        Ok(self.only(&[peer])?)
    }

    /// Asks a peer.
    #[inline(never)]
    pub(crate) fn query(&self, to: Peer, call: &Words) -> Said<Vec<u8>> {
        Ok(self.ask(to, call)?)
    }

    /// Tells a peer. Everything of ours is stored before.
    #[inline(never)]
    pub(crate) fn command(&self, to: Peer, call: &Words) -> Said {
        Ok(self.tell(to, call)?)
    }

    /// Parameters of an epoch, in one call.
    pub(crate) fn terms<const N: usize>(&self, epoch: u64, ids: [u8; N]) -> Said<[u64; N]> {
        let mut values = [0; N];
        self.read_terms(epoch, &ids, &mut values)?;
        Ok(values)
    }

    #[inline(never)]
    fn read_terms(&self, epoch: u64, ids: &[u8], values: &mut [u64]) -> Said {
        let mut list = B256::ZERO;
        for (at, id) in ids.iter().enumerate() {
            set(&mut list, at, 1, u64::from(*id));
        }
        let mut call = Words::after(founding::readCall::SELECTOR);
        // structural: the list of ids stands behind two words, as one padded word
        call.number(epoch)
            .number(64)
            .number(ids.len() as u64)
            .word(&list);
        let answer = peer::ask(self.vm(), self.constitution_address(), call.bytes())?;
        let mut answer = Reader::new(&answer);
        let (count, mut list) = answer.list(values.len());
        if count != values.len() {
            return Err(wrong());
        }
        for value in values {
            *value = list.u64();
        }
        end(&list)
    }

    /// A word of a mission.
    #[inline(never)]
    pub(crate) fn of_mission(&self, mission: &B256, place: u64) -> B256 {
        self.entry(MISSION, mission, place)
    }

    #[inline(never)]
    pub(crate) fn set_of_mission(&mut self, mission: &B256, place: u64, word: &B256) {
        self.set_entry(MISSION, mission, place, word);
    }

    /// A mission, or none: all of its word is zero then.
    #[inline(never)]
    pub(crate) fn lookup(&self, mission: &B256) -> Box<Loaded> {
        let city = Mission(self.of_mission(&B256::ZERO, 0));
        let word = if *mission == B256::ZERO {
            Mission::default()
        } else {
            Mission(self.of_mission(mission, 0))
        };
        Box::new(Loaded {
            id: *mission,
            word,
            city,
        })
    }

    pub(crate) fn store(&mut self, mission: &Loaded) {
        self.set_of_mission(&mission.id, 0, &mission.word.0);
    }

    /// Stores a mission that came from another state, and says so.
    #[inline(never)]
    pub(crate) fn store_moved(&mut self, mission: &Loaded, from: u8, reason: u8) {
        self.store(mission);
        self.log(
            topic!(wire::MissionStateChanged::SIGNATURE_HASH)
                .word(&mission.id)
                .number(from.into())
                .number(mission.word.state().into())
                .number(reason.into()),
            2,
        );
    }

    pub(crate) fn clock(&self, mission: &B256) -> Clock {
        Clock(self.of_mission(mission, CLOCK))
    }

    pub(crate) fn set_clock(&mut self, mission: &B256, clock: &Clock) {
        self.set_of_mission(mission, CLOCK, &clock.0);
    }

    /// A mission's last second. A city that moved nothing left nothing on its clock.
    #[inline(never)]
    pub(crate) fn deadline(&self, mission: &Loaded) -> u64 {
        if mission.city.moved() == 0 {
            return mission.word.deadline();
        }
        let clock = self.clock(&mission.id);
        clock.deadline(&mission.word, &mission.city)
    }

    pub(crate) fn pages(&self, mission: &B256) -> Pages {
        Pages(self.of_mission(mission, PAGES))
    }

    pub(crate) fn set_pages(&mut self, mission: &B256, pages: &B256) {
        self.set_of_mission(mission, PAGES, pages);
    }

    pub(crate) fn link(&self, mission: &B256) -> Link {
        Link(self.of_mission(mission, LINK))
    }

    pub(crate) fn set_link(&mut self, mission: &B256, link: &Link) {
        self.set_of_mission(mission, LINK, &link.0);
    }

    /// What lies on a mission, with what the watchdog said where it was asked.
    #[inline(never)]
    pub(crate) fn lying(&self, mission: &Loaded, watchdog: u64) -> Lying {
        let until = |halt: u8, of: &B256| match halt {
            0 => (0, 0),
            _ => (halt, self.clock(of).halted_until()),
        };
        Lying {
            own: until(mission.word.halt(), &mission.id),
            city: until(mission.city.halt(), &B256::ZERO),
            watchdog,
        }
    }

    #[inline(never)]
    pub(crate) fn load_states(&self, mission: &B256, node: u16) -> States {
        States(self.entry(STATES, mission, u64::from(node / NODES_PER_STATES)))
    }

    #[inline(never)]
    pub(crate) fn store_states(&mut self, mission: &B256, node: u16, states: &States) {
        let index = u64::from(node / NODES_PER_STATES);
        self.set_entry(STATES, mission, index, &states.0);
    }

    /// A node of the mission's statute.
    ///
    /// Errors: `UnknownMission`, `UnknownNode`.
    #[inline(never)]
    pub(crate) fn attempt(&self, mission: &Loaded, number: u16) -> Said<Box<Attempt>> {
        let known = mission
            .word
            .must_be(u16::MAX)
            .and_then(|()| mission.word.must_have(number));
        self.ok(&mission.id, number, known)?;
        let states = self.load_states(&mission.id, number);
        let place = if states.of(number) == NodeState::Completed as u8 {
            KEPT
        } else {
            0
        };
        Ok(Box::new(Attempt {
            number,
            word: Node(self.of_node(&mission.id, number, place)),
            states,
        }))
    }

    /// Stores a node with its state.
    #[inline(never)]
    pub(crate) fn store_attempt(&mut self, mission: &B256, node: &Attempt) {
        self.store_states(mission, node.number, &node.states);
        self.set_of_node(mission, node.number, 0, &node.word.0);
    }

    /// Stores a node that is completed: its word is its output now.
    pub(crate) fn store_completed(&mut self, mission: &B256, node: &Attempt, output: &B256) {
        self.store_states(mission, node.number, &node.states);
        self.set_of_node(mission, node.number, 0, output);
        if node.word.must_be_kept() {
            self.set_of_node(mission, node.number, KEPT, &node.word.0);
        }
    }

    /// A completed node's output; zero for another.
    pub(crate) fn output_of(&self, mission: &B256, node: &Attempt) -> B256 {
        if node.state() == NodeState::Completed as u8 {
            self.of_node(mission, node.number, 0)
        } else {
            B256::ZERO
        }
    }

    /// The session whose awards an attempt follows.
    pub(crate) fn session_of(&self, mission: &B256, node: &Attempt) -> B256 {
        if node.word.attempt() == 0 {
            self.of_mission(mission, OF_SESSION)
        } else {
            self.of_node(mission, node.number, REASSIGNED_BY)
        }
    }

    pub(crate) fn set_session_of(&mut self, mission: &B256, number: u16, session: &B256) {
        self.set_of_node(mission, number, REASSIGNED_BY, session);
    }

    #[inline(never)]
    fn of_node(&self, mission: &B256, node: u16, place: u64) -> B256 {
        self.entry(NODE, mission, u64::from(node) << 8 | place)
    }

    #[inline(never)]
    fn set_of_node(&mut self, mission: &B256, node: u16, place: u64, word: &B256) {
        self.set_entry(NODE, mission, u64::from(node) << 8 | place, word);
    }

    /// What a rule said, as the interface refuses it.
    pub(crate) fn said<T>(&self, mission: &B256, node: u16, said: Result<T, Refused>) -> Said<T> {
        said.map_err(|why| refusal(mission, node, why))
    }

    /// The same of a rule that says nothing else: one body for most of them.
    #[inline(never)]
    pub(crate) fn ok(&self, mission: &B256, node: u16, said: Result<(), Refused>) -> Said {
        self.said(mission, node, said)
    }
}

/// A refusal of the rules as the interface's error.
#[inline(never)]
fn refusal(mission: &B256, node: u16, why: Refused) -> Refusal {
    const OF_MISSION: u8 = 1;
    const OF_NODE: u8 = 2;
    let (number, first, second) = why.parts();
    // Selector; whether mission and node stand in front; how many values follow.
    let (selector, names, values) = match number {
        kind::UNKNOWN_MISSION => (wire::UnknownMission::SELECTOR, OF_MISSION, 0),
        kind::UNKNOWN_NODE => (wire::UnknownNode::SELECTOR, OF_MISSION | OF_NODE, 1),
        kind::MISSION_STATE => (wire::WrongMissionState::SELECTOR, OF_MISSION, 1),
        kind::NODE_STATE => (wire::WrongNodeState::SELECTOR, OF_MISSION | OF_NODE, 2),
        kind::HALTED => (wire::Halted::SELECTOR, OF_MISSION, 2),
        // The rules name the last second that is refused, the interface the first that is not.
        kind::TOO_EARLY => return instant(wire::TooEarly::SELECTOR, second.saturating_add(1)),
        kind::TOO_LATE => return instant(wire::TooLate::SELECTOR, second),
        kind::SEATS => (wire::SeatsUnaccepted::SELECTOR, OF_MISSION | OF_NODE, 2),
        kind::REFINEMENTS => (wire::RefinementExhausted::SELECTOR, OF_MISSION, 2),
        kind::DEPTH => (wire::TooDeep::SELECTOR, 0, 2),
        kind::DISPUTED => (wire::Disputed::SELECTOR, OF_MISSION | OF_NODE, 0),
        _ => return wrong(),
    };
    let mut refusal = Words::after(selector);
    if names & OF_MISSION != 0 {
        refusal.word(mission);
    }
    if names & OF_NODE != 0 {
        refusal.number(node.into());
    }
    for value in [first, second].iter().take(values) {
        refusal.number(*value);
    }
    Refusal::of(&refusal)
}

/// The amount in a word.
#[inline(never)]
pub(crate) fn amount_of(word: &B256) -> u128 {
    u128::from(get(word, 16, 8)) << 64 | u128::from(get(word, 24, 8))
}

/// A refusal that carries an instant.
#[inline(never)]
pub(crate) fn instant(selector: [u8; 4], at: u64) -> Refusal {
    Refusal::of(Words::after(selector).number(at))
}

/// Most bytes of an answer that are skipped: named here because two readers agree on it.
pub(crate) fn skipped<'a>(answer: &'a [u8], words: usize) -> Reader<'a> {
    let mut reader = Reader::new(answer);
    reader.skip(words);
    reader
}
