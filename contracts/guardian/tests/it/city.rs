//! The guardian in its city: its neighbours as it meets them, monitors with keys.
//!
//! The doubles keep what they are told in storage of their own, so that what reverts is undone there too. The one of
//! collaboration obeys orders by the machines of the domain and refuses everything else.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use agentcity_abi::{
    IAgent as agents, ICollaboration as work, IConstitution as law, IGuardian as wire,
    IRoster as roster, IStatute as statute, ITreasury as treasury,
};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    parameter::ParameterId,
    peer::Peer,
    signed::work::{MonitorReport, OutageReport},
};
use agentcity_guardian::storage::Guardian;
pub(crate) use agentcity_world::digest_at;
use agentcity_world::{Activation, Answer, Frame, Key, World};
use alloy_primitives::{Address, B256, U256, address, aliases::U40, b256, keccak256};
use alloy_sol_types::{SolCall, SolEvent, SolValue};
use stylus_sdk::{abi::CONSTRUCTOR_SELECTOR, stylus_core::RawLogAccess};

pub(crate) const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");
pub(crate) const EVIDENCE: B256 =
    b256!("0x1111111111111111111111111111111111111111111111111111111111111111");
/// Base units of a unit.
pub(crate) const SCALE: u128 = 1_001;
/// Nodes of each mission, and agents that work at them.
pub(crate) const NODES: u16 = 6;
pub(crate) const WORKERS: usize = 4;
/// The epoch that rules all missions here; another one is in force.
pub(crate) const EPOCH: u64 = 3;
pub(crate) const EPOCH_IN_FORCE: u64 = 5;
pub(crate) const DAY: u64 = 86_400;
pub(crate) const MAXIMUM: u64 = 3 * DAY;

/// Topic of what a double was told, beside its own address.
const TOLD: B256 = b256!("0x7010000000000000000000000000000000000000000000000000000000000000");
/// How a test sets a word of a double: this, slot, word.
const SET: [u8; 4] = *b"set!";

pub(crate) fn u40(value: u64) -> U40 {
    U40::from(value)
}

/// The address of a member.
pub(crate) fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xe0 + peer as u8)
}

pub(crate) fn here() -> Address {
    member(Peer::Guardian)
}

pub(crate) fn mission(number: u8) -> B256 {
    B256::left_padding_from(&[7, number])
}

pub(crate) const CITY: B256 = B256::ZERO;

pub(crate) fn worker(number: usize) -> Address {
    Address::repeat_byte(0xa0 + (number % WORKERS) as u8)
}

/// Who has the first seat of a node.
pub(crate) fn seated(node: u16) -> Address {
    worker(usize::from(node))
}

pub(crate) fn digest_of(mission: B256) -> B256 {
    keccak256([b"output".as_slice(), mission.as_slice()].concat())
}

/// A monitor as the roster's double knows it.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) standing: roster::Standing,
    pub(crate) principal: Address,
    pub(crate) scorer: B256,
    pub(crate) suspended_until: u64,
}

/// What a test lays down beforehand; no call changes it.
#[derive(Clone, Default)]
pub(crate) struct Given {
    pub(crate) values: BTreeMap<u8, u32>,
    pub(crate) monitors: BTreeMap<Address, Registered>,
    pub(crate) approved: BTreeMap<Address, B256>,
    pub(crate) predicates: Vec<statute::Predicate>,
    pub(crate) scores: BTreeMap<Address, u16>,
    pub(crate) is_poor: bool,
    pub(crate) is_sealed: bool,
}

#[derive(Clone)]
pub(crate) struct City {
    pub(crate) world: World,
    pub(crate) given: Rc<RefCell<Given>>,
    /// Which programs lapsed.
    pub(crate) activation: Activation,
}

// Slots of collaboration's double, for mission `m`: 100·m state, +1 halt, +2 since, +3 latest end of the halt, +4 seconds by which
// deadlines moved, +5 reason; +10+n state of node n, +30+n its attempt.
const STATE: u64 = 0;
const HALT: u64 = 1;
const SINCE: u64 = 2;
const UNTIL: u64 = 3;
const MOVED: u64 = 4;
const REASON: u64 = 5;
const NODE: u64 = 10;
const ATTEMPT: u64 = 30;

fn slot(mission: B256, at: u64) -> u64 {
    100 * u64::from(mission[31]) + at
}

fn get(frame: &Frame, mission: B256, at: u64) -> u64 {
    U256::from_be_bytes(frame.load(slot(mission, at)).0).to()
}

fn put(frame: &Frame, mission: B256, at: u64, value: u64) {
    frame.store(slot(mission, at), B256::from(U256::from(value)));
}

fn is_known(mission: B256) -> bool {
    mission[30] == 7
}

/// Notes what a double was told.
fn tell(frame: &Frame, input: &[u8]) {
    frame.emit_log(&[TOLD.as_slice(), input].concat(), 1);
}

fn set(frame: &Frame, input: &[u8]) -> Option<Answer> {
    let rest = input.strip_prefix(&SET)?;
    let (slot, word) = <(U256, B256)>::abi_decode_params_validate(rest).unwrap();
    frame.store(slot.to(), word);
    Some(Ok(Vec::new()))
}

fn no<T>() -> Result<T, Vec<u8>> {
    Err(b"collaboration refuses".to_vec())
}

/// Obeys an order by the machines, or refuses.
fn obey(frame: &Frame, order: &work::Intervention) -> Answer {
    use work::Order as O;
    assert_eq!(frame.caller, here(), "only the guardian gives orders");
    let mission = order.missionId;
    let state = MissionState::from_u8(get(frame, mission, STATE) as u8);
    let now = frame.world().now();
    let moves = |secs: u64| put(frame, mission, MOVED, get(frame, mission, MOVED) + secs);
    let secs = order.secs.to::<u64>();
    let node = |to: NodeState| -> Result<(), Vec<u8>> {
        let at = NODE + u64::from(order.node);
        let from = NodeState::from_u8(get(frame, mission, at) as u8).unwrap();
        let attempt = get(frame, mission, ATTEMPT + u64::from(order.node));
        if attempt != u64::from(order.attempt) || NodeState::transition(from, to).is_err() {
            return no();
        }
        put(frame, mission, at, to as u64);
        Ok(())
    };
    let passes = |to: MissionState| -> Result<(), Vec<u8>> {
        if MissionState::transition(state.unwrap(), to).is_err() {
            return no();
        }
        put(frame, mission, STATE, to as u64);
        put(frame, mission, SINCE, now);
        Ok(())
    };
    let halted = get(frame, mission, HALT);
    match order.order {
        O::Freeze => node(NodeState::Frozen)?,
        O::Unfreeze => node(NodeState::Eligible)?,
        O::Confirm => node(NodeState::Failed)?,
        O::Halt => {
            let over = halted == 0 || halted == 2 && order.halt == work::Halt::EmergencyStop;
            if !over || order.until.to::<u64>() == 0 {
                return no();
            }
            put(frame, mission, HALT, order.halt as u64);
            put(frame, mission, UNTIL, order.until.to());
        }
        O::Lift => {
            if halted != order.halt as u64 {
                return no();
            }
            put(frame, mission, HALT, 0);
            moves(secs);
        }
        O::Degrade => {
            passes(MissionState::Degraded)?;
            moves(secs);
        }
        O::Resume => {
            passes(MissionState::Executing)?;
            moves(secs);
        }
        O::Release => passes(MissionState::Completed)?,
        O::Refuse => {
            passes(MissionState::Failed)?;
            put(frame, mission, REASON, order.reason as u64);
        }
        O::None | O::__Invalid => return no(),
    }
    tell(frame, &order.abi_encode());
    Ok(Vec::new())
}

fn collaboration(frame: &Frame, input: &[u8]) -> Answer {
    if let Some(done) = set(frame, input) {
        return done;
    }
    if let Ok(told) = work::interveneCall::abi_decode_validate(input) {
        return obey(frame, &told.intervention);
    }
    if let Ok(asked) = work::completionDigestCall::abi_decode_validate(input) {
        return Ok(digest_of(asked.missionId).abi_encode());
    }
    if let Ok(asked) = work::missionCall::abi_decode_validate(input) {
        let id = asked.missionId;
        if !is_known(id) {
            return no();
        }
        let number = |at| get(frame, id, at);
        let found = work::Mission {
            state: work::MissionState::try_from(number(STATE) as u8).unwrap(),
            halt: work::Halt::try_from(number(HALT) as u8).unwrap(),
            sponsor: Address::repeat_byte(0x51),
            sessionId: EVIDENCE,
            epoch: EPOCH,
            nodes: NODES,
            completed: 0,
            failed: 0,
            depth: 0,
            refinements: 0,
            deadline: u40(1 << 39),
            haltedUntil: u40(number(UNTIL)),
            extendedSecs: u40(number(MOVED)),
            parent: B256::ZERO,
            parentNode: 0,
            since: u40(number(SINCE)),
        };
        return Ok(found.abi_encode());
    }
    let asked = work::assignmentCall::abi_decode_validate(input).expect("a known question");
    let (id, node) = (asked.missionId, asked.index);
    if !is_known(id) || node >= NODES {
        return no();
    }
    let number = |at| get(frame, id, at);
    let mut seats = [Address::ZERO; 7];
    seats[0] = seated(node);
    seats[1] = worker(usize::from(node) + 1);
    assert!(
        asked.agents && asked.lawIn == 0,
        "who sits where, and no law"
    );
    let found = work::Assignment {
        missionState: work::MissionState::try_from(number(STATE) as u8).unwrap(),
        halt: work::Halt::try_from(number(HALT) as u8).unwrap(),
        epoch: EPOCH,
        state: work::NodeState::try_from(number(NODE + u64::from(node)) as u8).unwrap(),
        attempt: number(ATTEMPT + u64::from(node)) as u8,
        tier: 2,
        seats: 0b11,
        since: u40(number(SINCE)),
        expiresAt: u40(0),
        backup: false,
        threshold: 0,
        mode: 0,
        budget: 0,
        digest: B256::ZERO,
        agents: seats,
    };
    Ok(found.abi_encode())
}

fn constitution(given: &Given, input: &[u8]) -> Answer {
    if law::membersCall::abi_decode_validate(input).is_ok() {
        let at = |peer| {
            if given.is_sealed {
                member(peer)
            } else {
                Address::ZERO
            }
        };
        return Ok(Peer::ALL.map(at).abi_encode());
    }
    if law::unitScaleCall::abi_decode_validate(input).is_ok() {
        return Ok(U256::from(SCALE).abi_encode());
    }
    let values = |ids: &[u8]| -> Vec<B256> {
        let value = |id: &u8| {
            let own = given.values.get(id).copied();
            let default = ParameterId::ALL[usize::from(*id)].default_word();
            own.map_or(default, |value| B256::from(U256::from(value)))
        };
        ids.iter().map(value).collect()
    };
    if let Ok(asked) = law::readCurrentCall::abi_decode_validate(input) {
        let read = values(&asked.ids);
        return Ok((U256::from(EPOCH_IN_FORCE), read).abi_encode_params());
    }
    let asked = law::readCall::abi_decode_validate(input).expect("a known question");
    assert!(
        [EPOCH, EPOCH_IN_FORCE].contains(&asked.number),
        "a known epoch"
    );
    Ok(values(&asked.ids).abi_encode())
}

fn roster_of(frame: &Frame, given: &Given, input: &[u8]) -> Answer {
    if let Ok(asked) = roster::monitorCall::abi_decode_validate(input) {
        let found = given.monitors.get(&asked.account);
        let monitor = roster::Monitor {
            standing: found.map_or(roster::Standing::None, |found| found.standing),
            principal: found.map_or(Address::ZERO, |found| found.principal),
            scorerId: found.map_or(B256::ZERO, |found| found.scorer),
            bond: 500,
            falsePositives: 0,
            suspendedUntil: u40(found.map_or(0, |found| found.suspended_until)),
        };
        return Ok(monitor.abi_encode());
    }
    if let Ok(asked) = roster::approvedCodeCall::abi_decode_validate(input) {
        assert_eq!(asked.kind, roster::ProgramKind::Predicate);
        let code = given.approved.get(&asked.account).copied();
        return Ok(code.unwrap_or_default().abi_encode());
    }
    let told = roster::chargeMonitorCall::abi_decode_validate(input).expect("a known call");
    assert_eq!(frame.caller, here());
    let standing = given
        .monitors
        .get(&told.account)
        .map(|found| found.standing);
    let bonded = [roster::Standing::Active, roster::Standing::Leaving];
    // As the roster does: for those it has a bond of, and once for a freeze.
    let once = U256::from_be_bytes(keccak256(input).0).as_limbs()[0];
    if !standing.is_some_and(|standing| bonded.contains(&standing)) || !frame.load(once).is_zero() {
        return Err(b"the roster refuses".to_vec());
    }
    frame.store(once, B256::with_last_byte(1));
    tell(frame, input);
    Ok(Vec::new())
}

/// Keeps each bond's state in the slot of its name: 1 posted, 2 returned, 3 forfeited.
fn treasury_of(frame: &Frame, given: &Given, input: &[u8]) -> Answer {
    assert_eq!(frame.caller, here());
    let name = |bond: B256| U256::from_be_bytes(bond.0).as_limbs()[0];
    let pass = |bond: B256, from: u8, to: u8| {
        if frame.load(name(bond))[31] != from {
            return Err(b"the treasury knows no such bond".to_vec());
        }
        frame.store(name(bond), B256::with_last_byte(to));
        tell(frame, input);
        Ok(Vec::new())
    };
    if let Ok(told) = treasury::postBondCall::abi_decode_validate(input) {
        assert_eq!(told.kind, treasury::BondKind::Divergence);
        assert_eq!(told.amount, U256::from(500 * SCALE));
        if given.is_poor {
            return Err(b"no credit".to_vec());
        }
        return pass(told.bondId, 0, 1);
    }
    if let Ok(told) = treasury::returnBondCall::abi_decode_validate(input) {
        return pass(told.bondId, 1, 2);
    }
    let told = treasury::forfeitBondCall::abi_decode_validate(input).expect("a known call");
    pass(told.bondId, 1, 3)
}

impl City {
    /// Sealed and wired; missions 1 to 4 execute, all their nodes are eligible in their first attempt.
    pub(crate) fn new() -> Self {
        let city = Self::constructed();
        city.given.borrow_mut().is_sealed = true;
        city.call(STRANGER, wire::wireCall {}).expect("wired");
        for number in 1..=4 {
            city.set_state(number, MissionState::Executing);
            for node in 0..NODES {
                city.set_node(number, node, NodeState::Eligible, 1);
            }
        }
        city.world.take_logs();
        city
    }

    /// Constructed, not sealed.
    pub(crate) fn constructed() -> Self {
        let world = World::new();
        let city = Self {
            activation: Activation::of(&world),
            world,
            given: Rc::default(),
        };
        let world = &city.world;
        world.program::<Guardian>(here(), "guardian");
        let hash = keccak256("member");
        world.install(member(Peer::Collaboration), hash, collaboration);
        let given = city.given.clone();
        world.install(member(Peer::Constitution), hash, move |_, input| {
            constitution(&given.borrow(), input)
        });
        let given = city.given.clone();
        world.install(member(Peer::Roster), hash, move |frame, input| {
            roster_of(frame, &given.borrow(), input)
        });
        let given = city.given.clone();
        world.install(member(Peer::Treasury), hash, move |frame, input| {
            treasury_of(frame, &given.borrow(), input)
        });
        let given = city.given.clone();
        world.install(member(Peer::Statute), hash, move |_, input| {
            statute::predicatesCall::abi_decode_validate(input).expect("a known question");
            Ok(given.borrow().predicates.abi_encode())
        });
        let given = city.given.clone();
        world.install(member(Peer::Agent), hash, move |_, input| {
            let asked = agents::getReputationScoreCall::abi_decode_validate(input).unwrap();
            let score = given.borrow().scores.get(&asked.agent).copied();
            Ok(score.unwrap_or(500).abi_encode())
        });
        city.construct(member(Peer::Constitution))
            .expect("constructed");
        city
    }

    pub(crate) fn construct(&self, constitution: Address) -> Answer {
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend(constitution.abi_encode());
        self.world.transact(STRANGER, here(), U256::ZERO, &input)
    }

    pub(crate) fn call<C: SolCall>(&self, from: Address, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(from, here(), call)
    }

    /// The panel's call.
    pub(crate) fn rule<C: SolCall>(&self, call: C) -> Result<C::Return, Vec<u8>> {
        self.call(member(Peer::Adjudication), call)
    }

    #[track_caller]
    pub(crate) fn refused<C: SolCall, E>(&self, from: Address, call: C, expected: E)
    where
        E: alloy_sol_types::SolError + PartialEq + std::fmt::Debug,
    {
        let before = self.world.storage(here());
        self.world.refused(from, here(), 0, call, expected);
        assert_eq!(self.world.storage(here()), before, "nothing changes");
    }

    #[track_caller]
    pub(crate) fn panel_refused<C: SolCall, E>(&self, call: C, expected: E)
    where
        E: alloy_sol_types::SolError + PartialEq + std::fmt::Debug,
    {
        self.refused(member(Peer::Adjudication), call, expected);
    }

    fn set_word(&self, mission: B256, at: u64, value: u64) {
        let word = B256::from(U256::from(value));
        let arguments = (U256::from(slot(mission, at)), word).abi_encode_params();
        let input = [SET.as_slice(), &arguments].concat();
        let to = member(Peer::Collaboration);
        self.world
            .transact(STRANGER, to, U256::ZERO, &input)
            .unwrap();
    }

    fn word(&self, mission: B256, at: u64) -> u64 {
        let word = self
            .world
            .slot(member(Peer::Collaboration), U256::from(slot(mission, at)));
        U256::from_be_bytes(word.0).to()
    }

    pub(crate) fn set_state(&self, number: u8, state: MissionState) {
        self.set_word(mission(number), STATE, state as u64);
        self.set_word(mission(number), SINCE, self.world.now());
    }

    pub(crate) fn state(&self, number: u8) -> MissionState {
        MissionState::from_u8(self.word(mission(number), STATE) as u8).unwrap()
    }

    pub(crate) fn set_node(&self, number: u8, node: u16, state: NodeState, attempt: u8) {
        let node = u64::from(node);
        self.set_word(mission(number), NODE + node, state as u64);
        self.set_word(mission(number), ATTEMPT + node, attempt.into());
    }

    pub(crate) fn node(&self, number: u8, node: u16) -> NodeState {
        NodeState::from_u8(self.word(mission(number), NODE + u64::from(node)) as u8).unwrap()
    }

    pub(crate) fn attempt(&self, number: u8, node: u16) -> u8 {
        self.word(mission(number), ATTEMPT + u64::from(node)) as u8
    }

    /// Halt of a mission or the city with collaboration, and its latest end.
    pub(crate) fn halt(&self, mission: B256) -> (u64, u64) {
        let halt = self.word(mission, HALT);
        (halt, self.word(mission, UNTIL))
    }

    /// By how many seconds the deadlines of a mission, or of the city, moved.
    pub(crate) fn moved(&self, mission: B256) -> u64 {
        self.word(mission, MOVED)
    }

    pub(crate) fn reason(&self, number: u8) -> u64 {
        self.word(mission(number), REASON)
    }

    /// Sets a parameter of every epoch.
    pub(crate) fn set(&self, id: ParameterId, value: u32) {
        self.given.borrow_mut().values.insert(id as u8, value);
    }

    pub(crate) fn set_score(&self, agent: Address, score: u16) {
        self.given.borrow_mut().scores.insert(agent, score);
    }

    /// A monitor in good standing, of a principal and a scorer that have these names.
    pub(crate) fn monitor(&self, name: &str, principal: &str, scorer: &str) -> Key {
        let key = Key::of(name);
        let registered = Registered {
            standing: roster::Standing::Active,
            principal: Key::of(principal).address,
            scorer: keccak256(scorer),
            suspended_until: 0,
        };
        self.given
            .borrow_mut()
            .monitors
            .insert(key.address, registered);
        key
    }

    pub(crate) fn change_monitor(&self, key: &Key, change: impl FnOnce(&mut Registered)) {
        change(
            self.given
                .borrow_mut()
                .monitors
                .get_mut(&key.address)
                .unwrap(),
        );
    }

    /// The digest that is signed for a struct, by EIP-712 and not by our code.
    pub(crate) fn digest(&self, words: &[B256]) -> B256 {
        digest_at(self.world.chain_id(), here(), words)
    }

    /// Relays reports, signed by whom they name.
    pub(crate) fn relay(&self, reports: &[(&Key, Said)]) -> Result<(), Vec<u8>> {
        self.call(STRANGER, self.reports(reports)).map(|_| ())
    }

    pub(crate) fn reports(&self, reports: &[(&Key, Said)]) -> wire::reportCall {
        let (mut list, mut signatures) = (Vec::new(), Vec::new());
        for (key, said) in reports {
            let report = said.by(key.address, self.world.now() + 600);
            signatures.push(key.sign(self.digest(&words_of(&report))).into());
            list.push(report);
        }
        wire::reportCall {
            reports: list,
            signatures,
        }
    }

    /// Two monitors' word of an outage.
    pub(crate) fn outage(
        &self,
        number: u8,
        words: [(&Key, u64, u64); 2],
    ) -> wire::enterDegradedCall {
        let report = |(key, from, until): (&Key, u64, u64)| {
            let report = OutageReport {
                mission_id: mission(number),
                from,
                until,
                deadline: self.world.now() + 600,
                monitor: key.address,
            };
            let signature = key.sign(self.digest(&report.words())).into();
            let report = wire::OutageReport {
                missionId: report.mission_id,
                from: u40(from),
                until: u40(until),
                deadline: report.deadline,
                monitor: report.monitor,
            };
            (report, signature)
        };
        let [one, other] = words.map(report);
        wire::enterDegradedCall {
            reports: [one.0, other.0],
            signatures: [one.1, other.1],
        }
    }

    /// Our events of one kind since the last look; all else is dropped.
    pub(crate) fn events<E: SolEvent>(&self) -> Vec<E> {
        self.world.take_events()
    }

    /// The orders that collaboration got since the last look at any logs.
    pub(crate) fn orders(&self) -> Vec<work::Intervention> {
        self.told(Peer::Collaboration)
            .iter()
            .map(|data| work::Intervention::abi_decode_validate(data).unwrap())
            .collect()
    }

    /// What a neighbour was told since the last look at any logs.
    pub(crate) fn told(&self, peer: Peer) -> Vec<Vec<u8>> {
        self.world
            .take_logs()
            .into_iter()
            .filter(|log| log.address == member(peer))
            .map(|log| log.data.data.to_vec())
            .collect()
    }

    pub(crate) fn watch(&self, mission: B256) -> wire::Watch {
        let mission_id = mission;
        self.call(
            STRANGER,
            wire::watchOfCall {
                missionId: mission_id,
            },
        )
        .unwrap()
    }

    pub(crate) fn freeze(&self, number: u8, id: u64) -> wire::Freeze {
        let call = wire::freezeOfCall {
            missionId: mission(number),
            freezeId: id,
        };
        self.call(STRANGER, call).unwrap()
    }

    pub(crate) fn gate(&self, number: u8) -> wire::Gate {
        let mission_id = mission(number);
        self.call(
            STRANGER,
            wire::gateOfCall {
                missionId: mission_id,
            },
        )
        .unwrap()
    }
}

/// What a monitor says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub(crate) mission: u8,
    pub(crate) node: u16,
    pub(crate) attempt: u8,
    pub(crate) agent: Address,
    pub(crate) kind: wire::ReportKind,
    pub(crate) deviation: u32,
    pub(crate) tools: u32,
    pub(crate) messages: u32,
    pub(crate) sequence: u64,
}

impl Said {
    /// Counters of the first seat's agent in the first attempt.
    pub(crate) fn counters(mission: u8, node: u16, sequence: u64, tools: u32) -> Self {
        Self {
            mission,
            node,
            attempt: 1,
            agent: seated(node),
            kind: wire::ReportKind::Counters,
            deviation: 0,
            tools,
            messages: 0,
            sequence,
        }
    }

    /// A deviation of the same.
    pub(crate) fn deviation(mission: u8, node: u16, sequence: u64, deviation: u32) -> Self {
        Self {
            kind: wire::ReportKind::Deviation,
            deviation,
            ..Self::counters(mission, node, sequence, 0)
        }
    }

    /// A substitution of the same.
    pub(crate) fn substitution(mission: u8, node: u16, sequence: u64) -> Self {
        Self {
            kind: wire::ReportKind::DeploymentSubstitution,
            ..Self::counters(mission, node, sequence, 0)
        }
    }

    pub(crate) fn by(&self, monitor: Address, deadline: u64) -> wire::MonitorReport {
        wire::MonitorReport {
            missionId: mission(self.mission),
            node: self.node,
            attempt: self.attempt,
            agent: self.agent,
            kind: self.kind,
            deviation: self.deviation,
            toolInvocations: self.tools,
            messageVolume: self.messages,
            evidenceHash: EVIDENCE,
            sequence: self.sequence,
            deadline,
            monitor,
        }
    }
}

pub(crate) fn words_of(report: &wire::MonitorReport) -> [B256; 13] {
    MonitorReport {
        mission_id: report.missionId,
        node: report.node,
        attempt: report.attempt,
        agent: report.agent,
        kind: report.kind as u8,
        deviation: report.deviation,
        tool_invocations: report.toolInvocations,
        message_volume: report.messageVolume,
        evidence_hash: report.evidenceHash,
        sequence: report.sequence,
        deadline: report.deadline,
        monitor: report.monitor,
    }
    .words()
}

/// An order that says nothing but its kind and mission.
pub(crate) fn order(order: work::Order, mission: B256) -> work::Intervention {
    work::Intervention {
        order,
        missionId: mission,
        node: 0,
        attempt: 0,
        agent: Address::ZERO,
        halt: work::Halt::None,
        points: 0,
        until: u40(0),
        secs: u40(0),
        reason: work::Reason::None,
    }
}
