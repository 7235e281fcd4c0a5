//! The statute contract in its city: peers that answer as facts say, and keep what they are told as logs, so that what reverts
//! was never told.

use std::{
    cell::{RefCell, RefMut},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use agentcity_abi::{
    ARB_WASM, IArbWasm, ICollaboration as work, IConstitution as founding, IEnactment as enacting,
    IRoster as roster, IStatute as wire, ITreasury as treasury,
};
use agentcity_domain::{
    mission::record::{LAW, Pages},
    parameter::ParameterId,
    peer::Peer,
    statute::{
        Node, Predicate, Seat,
        encode::{self, Draft},
        fold::fold,
    },
};
use agentcity_statute::storage::Statutes;
use agentcity_world::{Answer, Frame, World};
use alloy_primitives::{Address, B256, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use stylus_sdk::{abi::CONSTRUCTOR_SELECTOR, prelude::*};

pub(crate) const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");
pub(crate) const SPONSOR: Address = address!("0x5500000000000000000000000000000000000055");
/// The epoch of every law here; another is in force.
pub(crate) const EPOCH: u64 = 3;
pub(crate) const IN_FORCE: u64 = 5;
/// How long every mission has to be deployed, in seconds.
pub(crate) const LIFE: u64 = 1_000_000;

/// The address of a member.
pub(crate) fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xe0 + peer as u8)
}

pub(crate) fn here() -> Address {
    member(Peer::Statute)
}

/// What the peers know.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) sealed: bool,
    pub(crate) missions: BTreeMap<B256, work::Deployment>,
    pub(crate) laws: BTreeMap<B256, enacting::Law>,
    pub(crate) active: u8,
    pub(crate) frozen_until: u64,
    pub(crate) struck: BTreeSet<B256>,
    pub(crate) approved: BTreeMap<Address, B256>,
    /// Parameters that differ from the defaults: of the laws' epoch, and of the one in force.
    pub(crate) of_law: BTreeMap<u8, u32>,
    pub(crate) in_force: BTreeMap<u8, u32>,
    /// What a peer says to whatever it is told.
    pub(crate) refusing: BTreeMap<u8, Vec<u8>>,
    /// Life of programs, in seconds; of those that are not named ArbWasm says nothing.
    pub(crate) lives: BTreeMap<Address, u64>,
}

/// A mission with its law, as people wrote it.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) mission: B256,
    pub(crate) session: B256,
    pub(crate) pages: Vec<Vec<u8>>,
    pub(crate) seats: Vec<Vec<u8>>,
}

pub(crate) struct City {
    pub(crate) world: World,
    facts: Rc<RefCell<Facts>>,
}

/// A lawful node of tier 1, 2 or 3.
pub(crate) fn node(tier: u8) -> Node {
    let (redundancy, threshold) = if tier == 2 { (3, 2) } else { (1, 1) };
    Node {
        digest: B256::repeat_byte(0xd1),
        tier,
        risk: 1,
        redundancy,
        threshold,
        mode: 0,
        timeout_ms: if tier == 3 { 300_000 } else { 60_000 },
        budget: 300,
        first_edge: 0,
        outs: 0,
        tokens: 10,
    }
}

pub(crate) fn draft(node: Node, successors: &[u16]) -> Draft {
    Draft {
        node,
        successors: successors.to_vec(),
    }
}

/// The agent of this number; its principal is another address.
pub(crate) fn agent(number: u16) -> Address {
    Address::from_word(keccak256(number.to_be_bytes()))
}

/// Seats for all nodes, by agents in turn, at the node's share and a stake of their own.
pub(crate) fn seats_of(nodes: &[Draft]) -> Vec<Seat> {
    let (mut seats, mut next) = (Vec::new(), 0);
    for (draft, number) in nodes.iter().zip(0..) {
        for seat in 0..draft.node.redundancy {
            let agent = agent(next % 40);
            seats.push(Seat {
                node: number,
                seat,
                agent,
                price: draft.node.share(),
                stake: 50 + u128::from(seat),
                source: agent.into_word(),
                service: B256::repeat_byte(0x5e),
            });
            next += 1;
        }
    }
    seats
}

/// What a sequence of pages hashes to.
pub(crate) fn hash(pages: &[Vec<u8>]) -> B256 {
    let keccak = |bytes: &[u8]| keccak256(bytes);
    fold(&keccak, pages.iter().map(Vec::as_slice), B256::ZERO)
}

/// An answer as an interface says it, or whatever the peer was made to refuse with.
fn told(frame: &Frame, facts: &Facts, peer: Peer, input: &[u8], answer: Vec<u8>) -> Answer {
    assert_eq!(frame.caller, here(), "only the statute tells its peers");
    if let Some(refusal) = facts.refusing.get(&(peer as u8)) {
        return Err(refusal.clone());
    }
    frame.raw_log(&[], input).expect("logged");
    Ok(answer)
}

/// Kinds of words that collaboration keeps of a mission here.
const PROGRESS: u8 = 0;
fn kind_of(seats: bool) -> u8 {
    1 + u8::from(seats)
}

/// Where collaboration keeps them.
fn slot_of(mission: B256, kind: u8, place: u16) -> u64 {
    let key = [mission.as_slice(), &[kind], &place.to_be_bytes()].concat();
    u64::from_be_bytes(*keccak256(key).last_chunk().expect("a word"))
}

/// Keeps the word of a deployment and the ordinals of its pages, a page at a time and not as the program does.
fn admit(
    frame: &Frame,
    mission: B256,
    seats: bool,
    progress: B256,
    (first, pages, ordinal): (u16, u16, u32),
) {
    frame.store(slot_of(mission, PROGRESS, 0), progress);
    for (index, ordinal) in (first..first + pages).zip(ordinal..) {
        let slot = slot_of(mission, kind_of(seats), index / 8);
        let mut word = frame.load(slot);
        let at = usize::from(index % 8) * 4;
        if index > 0 {
            word[at..at + 4].copy_from_slice(&ordinal.to_be_bytes());
        }
        frame.store(slot, word);
    }
}

impl City {
    /// Sealed and wired.
    pub(crate) fn new() -> Self {
        let city = Self::constructed();
        city.facts_mut().sealed = true;
        city.call(wire::wireCall {}).expect("wired");
        city.world.take_logs();
        city
    }

    /// Constructed, not sealed.
    pub(crate) fn constructed() -> Self {
        let city = Self {
            world: World::new(),
            facts: Rc::new(RefCell::new(Facts {
                active: 7,
                ..Facts::default()
            })),
        };
        city.world.program::<Statutes>(here(), "statute");
        city.install(Peer::Constitution, Self::constitution);
        city.install(Peer::Collaboration, Self::collaboration);
        city.install(Peer::Enactment, Self::enactment);
        city.install(Peer::Treasury, Self::treasury);
        city.install(Peer::Roster, Self::roster);
        let facts = city.facts.clone();
        let arb_wasm = move |_: &Frame, input: &[u8]| -> Answer {
            let asked = IArbWasm::programTimeLeftCall::abi_decode_validate(input).expect("asked");
            let left = facts.borrow().lives.get(&asked.program).copied();
            left.map(|left| left.abi_encode()).ok_or_else(Vec::new)
        };
        city.world
            .install(ARB_WASM, keccak256("precompile"), arb_wasm);
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend(member(Peer::Constitution).abi_encode());
        let founded = city.world.transact(STRANGER, here(), U256::ZERO, &input);
        founded.expect("constructed");
        city
    }

    fn install(&self, peer: Peer, body: fn(&Frame, &Facts, &[u8]) -> Answer) {
        let facts = self.facts.clone();
        let run = move |frame: &Frame, input: &[u8]| body(frame, &facts.borrow(), input);
        self.world.install(member(peer), keccak256("member"), run);
    }

    fn constitution(_: &Frame, facts: &Facts, input: &[u8]) -> Answer {
        if founding::membersCall::abi_decode_validate(input).is_ok() {
            let at = |peer| {
                if facts.sealed {
                    member(peer)
                } else {
                    Address::ZERO
                }
            };
            return Ok(Peer::ALL.map(at).abi_encode());
        }
        if let Ok(asked) = founding::isHaltedCall::abi_decode_validate(input) {
            return Ok(facts.struck.contains(&asked.domain).abi_encode());
        }
        let read = |own: &BTreeMap<u8, u32>, ids: &[u8]| -> Vec<B256> {
            let value = |id: &u8| {
                let default = ParameterId::ALL[usize::from(*id)].default_word();
                let own = own.get(id).copied();
                own.map_or(default, |value| B256::from(U256::from(value)))
            };
            ids.iter().map(value).collect()
        };
        if let Ok(asked) = founding::readCall::abi_decode_validate(input) {
            assert_eq!(asked.number, EPOCH, "a mission's law is that of its epoch");
            return Ok((read(&facts.of_law, &asked.ids),).abi_encode_params());
        }
        let asked = founding::readCurrentCall::abi_decode_validate(input).expect("a question");
        let values = read(&facts.in_force, &asked.ids);
        Ok((U256::from(IN_FORCE), values).abi_encode_params())
    }

    fn collaboration(frame: &Frame, facts: &Facts, input: &[u8]) -> Answer {
        if let Ok(asked) = work::deploymentCall::abi_decode_validate(input) {
            let nothing = work::Deployment {
                state: work::MissionState::None,
                sessionId: B256::ZERO,
                epoch: 0,
                nodes: 0,
                deadline: U256::ZERO.to(),
                progress: B256::ZERO,
            };
            let mut found = facts.missions.get(&asked.missionId).cloned();
            if let Some(mission) = &mut found {
                mission.progress = frame.load(slot_of(asked.missionId, PROGRESS, 0));
                if mission.progress[31] == LAW {
                    mission.state = work::MissionState::Active;
                }
            }
            let found = found.unwrap_or(nothing);
            return Ok(work::deploymentCall::abi_encode_returns(&found));
        }
        if let Ok(asked) = work::pageOrdinalsCall::abi_decode_validate(input) {
            let kind = kind_of(asked.seats);
            return Ok(frame
                .load(slot_of(asked.missionId, kind, asked.word))
                .abi_encode());
        }
        if let Ok(activated) = work::activateMissionCall::abi_decode_validate(input) {
            let answer = told(frame, facts, Peer::Collaboration, input, Vec::new())?;
            let slot = slot_of(activated.missionId, PROGRESS, 0);
            let mut pages = Pages(frame.load(slot));
            pages.become_law(frame.world().now(), 0);
            frame.store(slot, pages.0);
            return Ok(answer);
        }
        let pages = work::admitTrancheCall::abi_decode_validate(input);
        let seats = work::admitSeatsCall::abi_decode_validate(input);
        if let Ok(told) = &pages {
            let run = (told.firstPage, told.pages, told.firstOrdinal);
            admit(frame, told.missionId, false, told.progress, run);
        }
        if let Ok(told) = &seats {
            let run = (told.firstPage, told.pages, told.firstOrdinal);
            admit(frame, told.missionId, true, told.progress, run);
        }
        let (pages, seats) = (pages.is_ok(), seats.is_ok());
        let taken = work::acceptSeatForCall::abi_decode_validate(input).is_ok();
        assert!(
            pages || seats || taken,
            "collaboration is not told this: {input:02x?}"
        );
        told(frame, facts, Peer::Collaboration, input, Vec::new())
    }

    fn enactment(_: &Frame, facts: &Facts, input: &[u8]) -> Answer {
        let asked = enacting::lawOfCall::abi_decode_validate(input).expect("a law");
        let law = facts.laws.get(&asked.sessionId).cloned();
        let law = law.unwrap_or_else(|| lawless(B256::ZERO, B256::ZERO, 0));
        Ok(enacting::lawOfCall::abi_encode_returns(&law))
    }

    fn treasury(frame: &Frame, facts: &Facts, input: &[u8]) -> Answer {
        let locked = treasury::lockStakesCall::abi_decode_validate(input).is_ok();
        let allocated = treasury::allocateBudgetCall::abi_decode_validate(input).is_ok();
        assert!(
            locked || allocated,
            "the treasury is not told this: {input:02x?}"
        );
        told(frame, facts, Peer::Treasury, input, Vec::new())
    }

    fn roster(_: &Frame, facts: &Facts, input: &[u8]) -> Answer {
        if roster::activeAdjudicatorsCall::abi_decode_validate(input).is_ok() {
            return Ok(U256::from(facts.active).abi_encode());
        }
        if roster::haltedUntilCall::abi_decode_validate(input).is_ok() {
            return Ok(U256::from(facts.frozen_until).abi_encode());
        }
        let asked = roster::approvedCodeCall::abi_decode_validate(input).expect("a program");
        assert_eq!(asked.kind, roster::ProgramKind::Predicate);
        let code = facts.approved.get(&asked.account).copied();
        Ok(code.unwrap_or_default().abi_encode())
    }

    pub(crate) fn facts_mut(&self) -> RefMut<'_, Facts> {
        self.facts.borrow_mut()
    }

    /// A mission that waits for its deployment, of a law with these nodes, predicates and seats, whether lawful or not.
    pub(crate) fn case(
        &self,
        name: &str,
        nodes: &[Draft],
        predicates: &[Predicate],
        seats: &[Seat],
    ) -> Case {
        let pages = encode::statute(nodes, predicates).expect("nodes fit");
        let seats = encode::seats(nodes.len() as u16, seats).expect("seats fit");
        self.case_of(name, nodes.len() as u16, pages, seats)
    }

    /// The same of pages, whatever they hold.
    pub(crate) fn case_of(
        &self,
        name: &str,
        nodes: u16,
        pages: Vec<Vec<u8>>,
        seats: Vec<Vec<u8>>,
    ) -> Case {
        let case = Case {
            mission: keccak256(["mission ", name].concat()),
            session: keccak256(["session ", name].concat()),
            pages,
            seats,
        };
        let mut facts = self.facts_mut();
        facts.laws.insert(
            case.session,
            lawless(hash(&case.pages), hash(&case.seats), nodes),
        );
        let mission = work::Deployment {
            state: work::MissionState::Pending,
            sessionId: case.session,
            epoch: EPOCH,
            nodes,
            deadline: self.deadline().try_into().expect("an instant"),
            progress: B256::ZERO,
        };
        facts.missions.insert(case.mission, mission);
        drop(facts);
        case
    }

    /// A lawful mission of so many nodes in a chain, every third of tier 2, every seventh of tier 3.
    pub(crate) fn chain(&self, name: &str, nodes: u16) -> Case {
        let drafts = chain(nodes);
        let seats = seats_of(&drafts);
        self.case(name, &drafts, &[], &seats)
    }

    /// The last second of a mission that is created now.
    pub(crate) fn deadline(&self) -> u64 {
        self.world.now() + LIFE
    }

    /// A stranger's call.
    pub(crate) fn call<C: SolCall>(&self, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(STRANGER, here(), call)
    }

    /// A stranger's call that is refused so, and changes nothing.
    #[track_caller]
    pub(crate) fn refused<C: SolCall, E: SolError + PartialEq + std::fmt::Debug>(
        &self,
        call: C,
        expected: E,
    ) {
        let before = self.world.storage(here());
        self.world.take_logs();
        self.world.refused(STRANGER, here(), 0, call, expected);
        assert_eq!(self.world.storage(here()), before);
        assert!(self.world.take_logs().is_empty());
    }

    /// What a peer was told since the last look.
    pub(crate) fn take_told<C: SolCall>(&self, peer: Peer) -> Vec<C> {
        let logs = self.world.take_logs();
        let of = logs.iter().filter(|log| log.address == member(peer));
        of.filter_map(|log| C::abi_decode_validate(&log.data.data).ok())
            .collect()
    }

    /// Deploys all pages in one call, and all seats in another.
    pub(crate) fn deploy(&self, case: &Case) {
        self.call(case.tranche(0, case.pages.len())).expect("pages");
        self.call(case.seating(0, case.seats.len())).expect("seats");
    }

    pub(crate) fn deployment(&self, case: &Case) -> wire::deploymentReturn {
        let asked = wire::deploymentCall {
            missionId: case.mission,
        };
        self.call(asked).expect("a view")
    }
}

impl Case {
    /// The call that brings pages `from..to` of the statute.
    pub(crate) fn tranche(&self, from: usize, to: usize) -> wire::deployTrancheCall {
        wire::deployTrancheCall {
            missionId: self.mission,
            tranche: from as u16,
            pages: bytes(&self.pages[from..to]),
            rest: hash(&self.pages[to..]),
        }
    }

    /// The call that brings pages `from..to` of seats.
    pub(crate) fn seating(&self, from: usize, to: usize) -> wire::deploySeatsCall {
        wire::deploySeatsCall {
            missionId: self.mission,
            tranche: from as u16,
            pages: bytes(&self.seats[from..to]),
            rest: hash(&self.seats[to..]),
        }
    }

    /// The call that brings everything at once.
    pub(crate) fn whole(&self) -> wire::deployMissionCall {
        wire::deployMissionCall {
            missionId: self.mission,
            pages: bytes(&self.pages),
            seatPages: bytes(&self.seats),
        }
    }

    pub(crate) fn finalise(&self) -> wire::finaliseDeploymentCall {
        wire::finaliseDeploymentCall {
            missionId: self.mission,
        }
    }

    /// The refusal of a page.
    pub(crate) fn broken(&self, page: u16, offset: usize, rule: u8) -> wire::StatuteRefused {
        wire::StatuteRefused {
            missionId: self.mission,
            page,
            offset: offset as u32,
            rule,
        }
    }

    /// The refusal of pages that are not what was approved.
    pub(crate) fn unapproved(&self, expected: B256, found: B256) -> wire::NotApproved {
        wire::NotApproved {
            missionId: self.mission,
            expected,
            found,
        }
    }

    pub(crate) fn unmet(&self, rule: u8, need: u128, have: u128) -> wire::RequirementUnmet {
        wire::RequirementUnmet {
            missionId: self.mission,
            rule,
            need: U256::from(need),
            have: U256::from(have),
        }
    }
}

fn bytes(pages: &[Vec<u8>]) -> Vec<alloy_primitives::Bytes> {
    pages.iter().map(|page| page.clone().into()).collect()
}

/// Nodes in a chain, every third of tier 2, every seventh of tier 3.
pub(crate) fn chain(nodes: u16) -> Vec<Draft> {
    let tier = |number: u16| match (number % 3, number % 7) {
        (_, 6) => 3,
        (2, _) => 2,
        _ => 1,
    };
    let next = |number: u16| (number + 1 < nodes).then_some(number + 1);
    (0..nodes)
        .map(|number| Draft {
            node: node(tier(number)),
            successors: next(number).into_iter().collect(),
        })
        .collect()
}

/// An approved law of these hashes.
fn lawless(statute: B256, assignments: B256, nodes: u16) -> enacting::Law {
    enacting::Law {
        approved: nodes > 0,
        audited: false,
        kind: enacting::SessionKind::Mission,
        statuteHash: statute,
        assignmentsHash: assignments,
        epoch: EPOCH,
        nodes,
        fairness: 600,
        fairnessWaived: false,
        budget: 300 * u128::from(nodes),
        missionDeadline: U256::from(1u64 << 39).to(),
        missionId: B256::ZERO,
        node: 0,
        sponsor: SPONSOR,
        domain: keccak256("medicine"),
    }
}
