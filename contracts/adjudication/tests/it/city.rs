//! The panel in its city: adjudicators with keys, and the neighbours as it meets them.
//!
//! The doubles note what they are told. The one of the constitution amends by the domain's own rule; the one of the guardian
//! keeps when stops and pauses end. What a test lays down in [`Given`] no call changes.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use agentcity_abi::{
    IAdjudication as wire, IAgent as agents, ICollaboration as work, IConstitution as law,
    IEnactment as laws, IGuardian as guard, ILegislature as bids, IRoster as roster,
};
use agentcity_adjudication::storage::Adjudication;
use agentcity_domain::{
    act::Action,
    parameter::{
        Change, ParameterId,
        amendment::{self, Amendment, Ledger, Policy},
        word,
    },
    peer::Peer,
    time::Timestamp,
};
pub(crate) use agentcity_world::Act;
use agentcity_world::{Answer, Frame, Key, World};
use alloy_primitives::{
    Address, B256, Bytes, U256, address,
    aliases::{U24, U40},
    b256, keccak256,
};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolValue};
use stylus_sdk::{abi::CONSTRUCTOR_SELECTOR, stylus_core::RawLogAccess};

pub(crate) const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");
pub(crate) const AGENT: Address = address!("0xa900000000000000000000000000000000000001");
pub(crate) const WHY: B256 =
    b256!("0x1111111111111111111111111111111111111111111111111111111111111111");
pub(crate) const DIGEST: B256 =
    b256!("0x2222222222222222222222222222222222222222222222222222222222222222");
pub(crate) const SESSION: B256 =
    b256!("0x3333333333333333333333333333333333333333333333333333333333333333");
pub(crate) const ASSIGNMENTS: B256 =
    b256!("0x4444444444444444444444444444444444444444444444444444444444444444");
pub(crate) const CITY: B256 = B256::ZERO;
/// Adjudicators of the city, and one more key that is none.
pub(crate) const PANEL: usize = 7;
pub(crate) const DAY: u64 = 86_400;
pub(crate) const SCORE: u16 = 500;
pub(crate) const FAIRNESS: u16 = 480;
pub(crate) const BEST: u32 = 4;
pub(crate) const UNTIL: u64 = 1_700_100_000;

/// Topic of what a double was told, beside its own address.
const TOLD: B256 = b256!("0x7010000000000000000000000000000000000000000000000000000000000000");
/// How a test has the guardian's double end a stop at another time, by mission: this, mission, place, end.
const SET: [u8; 4] = *b"set!";

/// The address of a member.
pub(crate) fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xe0 + peer as u8)
}

pub(crate) fn here() -> Address {
    member(Peer::Adjudication)
}

pub(crate) fn mission(number: u8) -> B256 {
    B256::left_padding_from(&[7, number])
}

pub(crate) fn number(value: u64) -> B256 {
    B256::from(U256::from(value))
}

pub(crate) fn principal(name: &str) -> Address {
    Key::of(name).address
}

/// An adjudicator as the roster's double knows it.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) active: bool,
    pub(crate) flagged: bool,
    pub(crate) interests: Vec<Address>,
}

/// What a test lays down beforehand.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) is_sealed: bool,
    pub(crate) values: BTreeMap<u8, B256>,
    pub(crate) seats: BTreeMap<Address, Seat>,
    pub(crate) overdue: bool,
    /// Who has an interest in which mission.
    pub(crate) interested: BTreeSet<(B256, Address)>,
    pub(crate) digest: B256,
    pub(crate) backup: bool,
    pub(crate) score: u16,
    pub(crate) fairness: u16,
    pub(crate) assignments: B256,
    pub(crate) winners: Vec<u32>,
    pub(crate) sponsor: Address,
    pub(crate) bidder: Address,
    /// Who answers for an agent, and did before.
    pub(crate) principals: BTreeMap<Address, (Address, Address)>,
    /// Who refuses what it is told.
    pub(crate) refuses: Option<Peer>,
}

/// What those whom an action concerns say when they refuse.
pub(crate) const REFUSAL: &[u8] = b"not so";

#[derive(Clone)]
pub(crate) struct City {
    pub(crate) world: World,
    pub(crate) given: Rc<RefCell<Given>>,
    /// Keys of the adjudicators, ascending by address.
    pub(crate) keys: Vec<Key>,
}

/// Notes what a double was told.
fn told(frame: &Frame, given: &Given, peer: Peer, input: &[u8]) -> Answer {
    assert_eq!(frame.caller, here(), "only the panel tells");
    if given.refuses == Some(peer) {
        return Err(REFUSAL.to_vec());
    }
    frame.emit_log(&[TOLD.as_slice(), input].concat(), 1);
    Ok(Vec::new())
}

/// Slot of a parameter that the constitution's double amended, and that of its ledger.
fn slots(id: u8) -> (u64, u64) {
    (2 * u64::from(id), 2 * u64::from(id) + 1)
}

/// Set in a slot that was written, since a value may be zero.
fn value_of(frame: &Frame, given: &Given, id: u8) -> B256 {
    let kept = frame.load(slots(id).0);
    let own = given.values.get(&id).copied();
    let before = own.unwrap_or_else(|| ParameterId::ALL[usize::from(id)].default_word());
    if kept.is_zero() {
        return before;
    }
    B256::from(U256::from_be_bytes(kept.0) - U256::from(1))
}

fn ledger_of(frame: &Frame, id: u8) -> Ledger {
    let kept = frame.load(slots(id).1);
    let half = |at: usize| u64::from_be_bytes(kept[at..at + 8].try_into().unwrap());
    Ledger {
        last_at: Timestamp::new(half(0)),
        used: half(24) as u32,
    }
}

fn policy(frame: &Frame, given: &Given) -> Policy {
    Policy::of(|id| U256::from_be_bytes(value_of(frame, given, id as u8).0).to())
}

fn constitution(frame: &Frame, given: &Given, input: &[u8]) -> Answer {
    if law::membersCall::abi_decode_validate(input).is_ok() {
        let sealed = given.is_sealed;
        let at = |peer| if sealed { member(peer) } else { Address::ZERO };
        return Ok(Peer::ALL.map(at).abi_encode());
    }
    if let Ok(asked) = law::readCurrentCall::abi_decode_validate(input) {
        let values: Vec<_> = asked
            .ids
            .iter()
            .map(|id| value_of(frame, given, *id))
            .collect();
        return Ok((U256::from(5), values).abi_encode_params());
    }
    let now = Timestamp::new(frame.world().now());
    if let Ok(asked) = law::amendmentTermsCall::abi_decode_validate(input) {
        let found = value_of(frame, given, asked.id);
        let id = ParameterId::at(asked.id).map_err(|_| REFUSAL.to_vec())?;
        let ledger = ledger_of(frame, asked.id);
        let policy = policy(frame, given);
        let terms = amendment::terms(id, found, asked.newValue, now, ledger, &policy)
            .map_err(|_| REFUSAL.to_vec())?;
        let weakens = terms.change == Change::Weaker;
        return Ok((found, id.row().tier as u16, weakens, terms.delay_secs).abi_encode_params());
    }
    if let Ok(asked) = law::amendCall::abi_decode_validate(input) {
        let id = ParameterId::at(asked.id).unwrap();
        let change = Amendment {
            id,
            old: asked.oldValue,
            new: asked.newValue,
            queued_at: Timestamp::new(asked.queuedAt),
        };
        let found = value_of(frame, given, asked.id);
        let ledger = ledger_of(frame, asked.id);
        let decided = amendment::decide(&change, found, now, ledger, &policy(frame, given))
            .map_err(|_| REFUSAL.to_vec())?;
        let kept = U256::from_be_bytes(asked.newValue.0) + U256::from(1);
        frame.store(slots(asked.id).0, B256::from(kept));
        let mut ledger = B256::ZERO;
        ledger[..8].copy_from_slice(&decided.ledger.last_at.get().to_be_bytes());
        ledger[24..].copy_from_slice(&u64::from(decided.ledger.used).to_be_bytes());
        frame.store(slots(asked.id).1, ledger);
    }
    told(frame, given, Peer::Constitution, input)
}

fn roster_of(frame: &Frame, given: &Given, input: &[u8]) -> Answer {
    let Ok(asked) = roster::examineCall::abi_decode_validate(input) else {
        return told(frame, given, Peer::Roster, input);
    };
    let count = |fit: &dyn Fn(&Seat) -> bool| given.seats.values().filter(|s| fit(s)).count() as u8;
    let (mut flagged, mut interests) = (0, Vec::new());
    for (signer, place) in asked.signers.iter().zip(0u8..) {
        let seat = given.seats.get(signer).filter(|seat| seat.active);
        let Some(seat) = seat else {
            return Err(roster::NotAdjudicator { signer: *signer }.abi_encode());
        };
        flagged |= u64::from(seat.flagged) << place;
        for principal in &seat.interests {
            interests.push(roster::Interest {
                signer: place,
                principal: *principal,
            });
        }
    }
    let panel = roster::Panel {
        active: count(&|seat| seat.active),
        unflagged: count(&|seat| seat.active && !seat.flagged),
        overdue: given.overdue,
        flagged,
        interests,
    };
    let answer = panel.abi_encode();
    assert!(answer.len() <= 8_192, "more than a peer's answer holds");
    Ok(answer)
}

fn collaboration(frame: &Frame, given: &Given, input: &[u8]) -> Answer {
    if let Ok(asked) = work::isInterestedCall::abi_decode_validate(input) {
        let found = given
            .interested
            .contains(&(asked.missionId, asked.principal));
        return Ok(found.abi_encode());
    }
    if work::completionDigestCall::abi_decode_validate(input).is_ok() {
        return Ok(given.digest.abi_encode());
    }
    if let Ok(asked) = work::assignmentCall::abi_decode_validate(input) {
        assert_eq!((asked.index, asked.agents, asked.lawIn), (2, false, 0));
        let found = work::Assignment {
            missionState: work::MissionState::Executing,
            halt: work::Halt::None,
            epoch: 3,
            state: work::NodeState::PendingReview,
            attempt: 1,
            tier: 3,
            seats: 1,
            since: U40::ZERO,
            expiresAt: U40::ZERO,
            backup: given.backup,
            threshold: 0,
            mode: 0,
            budget: 0,
            digest: B256::ZERO,
            agents: [Address::ZERO; 7],
        };
        return Ok(found.abi_encode());
    }
    told(frame, given, Peer::Collaboration, input)
}

/// Slots of the guardian's double, of a mission: when its stop ends, and its pause.
fn watch_slot(mission: B256, place: u64) -> u64 {
    10 * u64::from(mission[31]) + place
}

fn guardian(frame: &Frame, given: &Given, input: &[u8]) -> Answer {
    if let Some(rest) = input.strip_prefix(&SET) {
        let (mission, place, until) = <(B256, U256, U256)>::abi_decode_params(rest).unwrap();
        frame.store(watch_slot(mission, place.to()), B256::from(until));
        return Ok(Vec::new());
    }
    if let Ok(asked) = guard::watchOfCall::abi_decode_validate(input) {
        let end = |place| {
            let kept = frame.load(watch_slot(asked.missionId, place));
            U40::from(U256::from_be_bytes(kept.0).to::<u64>())
        };
        let watch = guard::Watch {
            stoppedAt: U40::from(1),
            stoppedUntil: end(1),
            pausedUntil: end(2),
            clearedAt: U40::from(2),
            stops: 3,
            freezes: U24::from(4),
            extendedSecs: U40::from(5),
            degradedAt: U40::from(6),
        };
        return Ok(watch.abi_encode());
    }
    told(frame, given, Peer::Guardian, input)
}

fn enactment(frame: &Frame, given: &Given, input: &[u8]) -> Answer {
    if laws::lawOfCall::abi_decode_validate(input).is_ok() {
        let found = laws::Law {
            approved: false,
            audited: false,
            kind: laws::SessionKind::try_from(1).unwrap(),
            statuteHash: DIGEST,
            assignmentsHash: given.assignments,
            epoch: 3,
            nodes: 6,
            fairness: given.fairness,
            fairnessWaived: false,
            budget: 9,
            missionDeadline: U40::from(8),
            missionId: B256::ZERO,
            node: 0,
            sponsor: given.sponsor,
            domain: B256::ZERO,
        };
        return Ok(found.abi_encode());
    }
    if let Ok(asked) = laws::awardOfCall::abi_decode_validate(input) {
        assert_eq!((asked.sessionId, asked.node), (SESSION, 2));
        return Ok((given.winners.clone(), 9u32).abi_encode_params());
    }
    told(frame, given, Peer::Enactment, input)
}

fn legislature(given: &Given, input: &[u8]) -> Answer {
    let asked = bids::bidOfCall::abi_decode_validate(input).expect("a known question");
    assert_eq!((asked.sessionId, asked.bid), (SESSION, 5));
    let found = bids::Bid {
        number: asked.bid,
        state: bids::BidState::try_from(1).unwrap(),
        round: 0,
        node: 2,
        agent: given.bidder,
        serviceId: WHY,
        price: 1,
        stake: 2,
        source: B256::ZERO,
        latencyMs: 3,
        matchPermille: 4,
        tierAcceptance: 5,
    };
    Ok(found.abi_encode())
}

fn agent(frame: &Frame, given: &Given, input: &[u8]) -> Answer {
    if agents::getReputationScoreCall::abi_decode_validate(input).is_ok() {
        return Ok(given.score.abi_encode());
    }
    if let Ok(asked) = agents::principalsForConflictCall::abi_decode_validate(input) {
        let found = given.principals.get(&asked.agent).copied();
        return Ok(found.unwrap_or_default().abi_encode_params());
    }
    told(frame, given, Peer::Agent, input)
}

impl City {
    /// Sealed and wired: seven adjudicators, each of a principal of its own that has an interest in nothing.
    pub(crate) fn new() -> Self {
        let city = Self::constructed();
        city.given.borrow_mut().is_sealed = true;
        city.call(STRANGER, wire::wireCall {}).expect("wired");
        city.set_end(mission(1), 1, UNTIL);
        city.set_end(mission(1), 2, UNTIL);
        city.set_end(CITY, 1, UNTIL);
        city.world.take_logs();
        city
    }

    /// Constructed, not sealed.
    pub(crate) fn constructed() -> Self {
        let world = World::new();
        let mut keys: Vec<Key> = (0..PANEL).map(|n| Key::of(&format!("judge {n}"))).collect();
        keys.sort_by_key(|key| key.address);
        let seat = |(place, key): (usize, &Key)| {
            let seat = Seat {
                active: true,
                flagged: false,
                interests: vec![principal(&format!("judge's principal {place}"))],
            };
            (key.address, seat)
        };
        let given = Given {
            is_sealed: false,
            values: BTreeMap::new(),
            seats: keys.iter().enumerate().map(seat).collect(),
            overdue: false,
            interested: BTreeSet::new(),
            digest: DIGEST,
            backup: false,
            score: SCORE,
            fairness: FAIRNESS,
            assignments: ASSIGNMENTS,
            winners: vec![BEST, 6],
            sponsor: principal("sponsor"),
            bidder: AGENT,
            principals: BTreeMap::from([(AGENT, (principal("owner"), principal("owner before")))]),
            refuses: None,
        };
        let city = Self {
            world,
            given: Rc::new(RefCell::new(given)),
            keys,
        };
        city.world.program::<Adjudication>(here(), "adjudication");
        for peer in Peer::ALL {
            if peer == Peer::Adjudication {
                continue;
            }
            let given = city.given.clone();
            let body = move |frame: &Frame, input: &[u8]| {
                let given = &given.borrow();
                match peer {
                    Peer::Constitution => constitution(frame, given, input),
                    Peer::Roster => roster_of(frame, given, input),
                    Peer::Collaboration => collaboration(frame, given, input),
                    Peer::Guardian => guardian(frame, given, input),
                    Peer::Enactment => enactment(frame, given, input),
                    Peer::Legislature => legislature(given, input),
                    Peer::Agent => agent(frame, given, input),
                    _ => told(frame, given, peer, input),
                }
            };
            city.world.install(member(peer), keccak256("member"), body);
        }
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

    /// When a mission's stop (1) or pause (2) ends.
    pub(crate) fn set_end(&self, mission: B256, place: u64, until: u64) {
        let arguments = (mission, U256::from(place), U256::from(until)).abi_encode_params();
        let input = [SET.as_slice(), &arguments].concat();
        let to = member(Peer::Guardian);
        self.world
            .transact(STRANGER, to, U256::ZERO, &input)
            .unwrap();
    }

    pub(crate) fn set(&self, id: ParameterId, value: u32) {
        self.given.borrow_mut().values.insert(id as u8, word(value));
    }

    /// Makes an adjudicator the senior one.
    pub(crate) fn appoint(&self, place: usize) {
        let senior = self.keys[place].address.into_word();
        let id = ParameterId::SeniorAdjudicatorAddr as u8;
        self.given.borrow_mut().values.insert(id, senior);
    }

    pub(crate) fn seat(&self, place: usize, change: impl FnOnce(&mut Seat)) {
        let mut given = self.given.borrow_mut();
        change(given.seats.get_mut(&self.keys[place].address).unwrap());
    }

    /// An adjudicator gets an interest in a mission.
    pub(crate) fn interest(&self, place: usize, mission: B256) {
        let mut given = self.given.borrow_mut();
        let principal = given.seats[&self.keys[place].address].interests[0];
        given.interested.insert((mission, principal));
    }

    /// The value of a parameter, as the constitution's double has it.
    pub(crate) fn value(&self, id: ParameterId) -> B256 {
        let kept = self
            .world
            .slot(member(Peer::Constitution), U256::from(slots(id as u8).0));
        if kept.is_zero() {
            let own = self.given.borrow().values.get(&(id as u8)).copied();
            return own.unwrap_or_else(|| id.default_word());
        }
        B256::from(U256::from_be_bytes(kept.0) - U256::from(1))
    }

    /// What a neighbour was told, and what we said, since the last look at any logs.
    pub(crate) fn look(&self) -> Look {
        let mut look = Look::default();
        for log in self.world.take_logs() {
            let peer = Peer::ALL
                .into_iter()
                .find(|peer| member(*peer) == log.address);
            match peer.unwrap() {
                Peer::Adjudication => look.said.push(log),
                peer => look.told.push((peer, log.data.data.to_vec())),
            }
        }
        look
    }

    pub(crate) fn state(&self, digest: B256) -> wire::actionStateReturn {
        self.call(STRANGER, wire::actionStateCall { digest })
            .unwrap()
    }

    /// The digest that adjudicators sign, by EIP-712 and not by our code.
    pub(crate) fn digest(&self, act: &Act) -> B256 {
        act.digest(self.world.chain_id(), here())
    }

    /// Signatures of adjudicators by their places, in this order.
    pub(crate) fn sign(&self, act: &Act, places: &[usize]) -> Vec<Bytes> {
        let digest = self.digest(act);
        let sign = |place: &usize| self.keys[*place].sign(digest).into();
        places.iter().map(sign).collect()
    }

    /// Hands an action in, signed by adjudicators by their places.
    pub(crate) fn submit(&self, act: &Act, places: &[usize]) -> Result<B256, Vec<u8>> {
        self.hand_in(act, self.sign(act, places))
    }

    pub(crate) fn hand_in(&self, act: &Act, signatures: Vec<Bytes>) -> Result<B256, Vec<u8>> {
        let input = act.call(wire::submitCall::SELECTOR, |payload, action| {
            wire::submitCall {
                action,
                payload,
                signatures,
            }
            .abi_encode()
        });
        let answer = self.world.transact(STRANGER, here(), U256::ZERO, &input)?;
        Ok(B256::from_slice(&answer))
    }

    pub(crate) fn execute(&self, act: &Act) -> Answer {
        let input = act.call(wire::executeCall::SELECTOR, |payload, action| {
            wire::executeCall { action, payload }.abi_encode()
        });
        self.world.transact(STRANGER, here(), U256::ZERO, &input)
    }

    /// The senior's act, with those named who have an interest.
    pub(crate) fn alone(&self, act: &Act, senior: usize, conflicted: &[usize]) -> Answer {
        let signature: Bytes = self.keys[senior].sign(self.digest(act)).into();
        let conflicted = conflicted.iter().map(|place| self.keys[*place].address);
        let conflicted: Vec<_> = conflicted.collect();
        let input = act.call(wire::submitUnilateralCall::SELECTOR, |payload, action| {
            wire::submitUnilateralCall {
                action,
                payload,
                signature,
                conflicted,
            }
            .abi_encode()
        });
        self.world.transact(STRANGER, here(), U256::ZERO, &input)
    }

    pub(crate) fn withdraw(&self, place: usize, digest: B256) -> Result<(), Vec<u8>> {
        let call = wire::withdrawSignatureCall { digest };
        self.call(self.keys[place].address, call).map(|_| ())
    }

    pub(crate) fn expire(&self, digest: B256) -> Result<(), Vec<u8>> {
        self.call(STRANGER, wire::expireActionCall { digest })
            .map(|_| ())
    }

    /// How many signers an action demands now.
    pub(crate) fn needs(&self, act: &Act) -> wire::Requirement {
        let input = act.call(wire::requirementOfCall::SELECTOR, |payload, action| {
            wire::requirementOfCall { action, payload }.abi_encode()
        });
        let answer = self.world.transact(STRANGER, here(), U256::ZERO, &input);
        wire::requirementOfCall::abi_decode_returns_validate(&answer.expect("a demand")).unwrap()
    }

    /// So many adjudicators, from the first on.
    pub(crate) fn first(&self, count: u8) -> Vec<usize> {
        (0..usize::from(count)).collect()
    }
}

/// What happened since the last look.
#[derive(Default)]
pub(crate) struct Look {
    pub(crate) told: Vec<(Peer, Vec<u8>)>,
    said: Vec<alloy_primitives::Log>,
}

impl Look {
    /// Our events of one kind.
    pub(crate) fn said<E: SolEvent>(&self) -> Vec<E> {
        let of_kind =
            |log: &&alloy_primitives::Log| log.topics().first() == Some(&E::SIGNATURE_HASH);
        let logs = self.said.iter().filter(of_kind);
        logs.map(|log| E::decode_log_validate(log).expect(E::SIGNATURE).data)
            .collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.said.len()
    }

    /// What the roster was told to count.
    pub(crate) fn counted(&self) -> Vec<roster::recordDecisionCall> {
        let decode = |(peer, data): &(Peer, Vec<u8>)| {
            let call = roster::recordDecisionCall::abi_decode_validate(data).ok()?;
            (*peer == Peer::Roster).then_some(call)
        };
        self.told.iter().filter_map(decode).collect()
    }
}

/// Actions that fit the city.
pub(crate) trait Fitting {
    /// One whose fields all have a value that fits the city, good for a day.
    fn of(action: Action) -> Self;
    /// The same with another justification: another digest.
    fn again(self, number: u64) -> Self;
    /// The mission it acts in, or zero.
    fn mission(&self) -> B256;
    /// A call that takes action and payload first, with the number of any action.
    fn call(
        &self,
        selector: [u8; 4],
        encode: impl FnOnce(Bytes, wire::Action) -> Vec<u8>,
    ) -> Vec<u8>;
}

impl Fitting for Act {
    fn of(action: Action) -> Self {
        Self::with_fields(action, |(ty, name)| sample(action, ty, name))
    }

    fn again(self, number: u64) -> Self {
        self.with("justificationHash", self::number(0x1000 + number))
    }

    fn mission(&self) -> B256 {
        let fields = self.action.signed().unwrap().entry().fields().next();
        if fields == Some(("bytes32", "missionId")) {
            self.words[0]
        } else {
            B256::ZERO
        }
    }

    fn call(
        &self,
        selector: [u8; 4],
        encode: impl FnOnce(Bytes, wire::Action) -> Vec<u8>,
    ) -> Vec<u8> {
        let action = wire::Action::try_from(self.action as u8).unwrap();
        let input = encode(self.payload(), action);
        assert_eq!(input[..4], selector);
        input
    }
}

/// A value of a field that fits the city.
fn sample(action: Action, ty: &str, name: &str) -> B256 {
    let address = |n: u8| Address::repeat_byte(n).into_word();
    match name {
        "missionId" => mission(1),
        "sessionId" => SESSION,
        "justificationHash" => WHY,
        "completionDigest" => DIGEST,
        "assignmentsHash" => ASSIGNMENTS,
        "deadline" => number(agentcity_world::GENESIS + DAY),
        "haltedUntil" => number(UNTIL),
        "node" => number(2),
        "agent" => AGENT.into_word(),
        "attempt" | "kind" | "approved" | "forfeit" | "auditId" => number(1),
        "first" => address(0x21),
        "second" => address(0x22),
        "third" | "fourth" => B256::ZERO,
        "oldScore" => number(SCORE.into()),
        "delta" => number(50),
        "fairness" => number(FAIRNESS.into()),
        "best" => number(BEST.into()),
        "chosen" => number(5),
        "parameter" => number(ParameterId::NumericTolerancePct as u64),
        "oldValue" => ParameterId::NumericTolerancePct.default_word(),
        "newValue" => number(4),
        "oldSenior" => B256::ZERO,
        _ => {
            let hash = keccak256(format!("{action:?}.{name}"));
            match ty {
                "bytes32" => hash,
                "address" => Address::from_word(hash).into_word(),
                _ => B256::with_last_byte(hash[31] & 0x3f),
            }
        }
    }
}

/// Claims that a call was refused so, and that nothing of ours changed.
#[track_caller]
pub(crate) fn refused<T>(
    city: &City,
    call: impl FnOnce(&City) -> Result<T, Vec<u8>>,
    expected: impl SolError,
) {
    refused_with(city, call, &expected.abi_encode());
}

#[track_caller]
pub(crate) fn refused_with<T>(
    city: &City,
    call: impl FnOnce(&City) -> Result<T, Vec<u8>>,
    expected: &[u8],
) {
    let before = city.world.storage(here());
    let answer = call(city);
    let data = answer.err().expect("it was taken");
    assert_eq!(
        Bytes::from(data),
        Bytes::copy_from_slice(expected),
        "refused otherwise"
    );
    assert_eq!(city.world.storage(here()), before, "something changed");
}

/// Another contract of the city, for which somebody might sign.
pub(crate) fn other() -> Peer {
    Peer::Guardian
}
