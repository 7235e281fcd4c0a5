//! Verification in its city: collaboration, treasury, roster and constitution as it meets them, and executors with keys.
//!
//! The doubles keep what they are told in storage of the chain, so that what reverts is undone there as well.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use agentcity_abi::{
    ICollaboration as collaboration, IConstitution as law, IRoster as roster,
    ITreasury as treasury, IVerification as wire, IVerifier,
};
use agentcity_domain::{
    machine::NodeState, parameter::ParameterId, peer::Peer, signed::work::NodeResult,
    verification::consensus::sealed,
};
use agentcity_verification::storage::Verifications;
pub(crate) use agentcity_world::digest_at;
use agentcity_world::{Activation, Answer, Frame, Key, World};
use alloy_primitives::{Address, B256, Bytes, Log, U256, address, aliases::U40, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use stylus_sdk::{abi::CONSTRUCTOR_SELECTOR, stylus_core::RawLogAccess};

pub(crate) const STRANGER: Address = address!("0xd000000000000000000000000000000000000004");
/// Lets calls through with the gas that the first word says.
const THRIFT: Address = address!("0xd000000000000000000000000000000000000005");
pub(crate) const EPOCH: u64 = 5;
/// Seconds, at the defaults.
pub(crate) const GRACE: u64 = 540;
pub(crate) const REVEAL: u64 = 540;
pub(crate) const DISPUTE: u64 = 120;
pub(crate) const REVIEW: u64 = 3_600;
/// What a node has to work, with the grace.
pub(crate) const WORK: u64 = 600;
pub(crate) const BUDGET: u128 = 90_001;
/// A tenth, rounded down.
pub(crate) const BOND: u128 = 9_000;
pub(crate) const RUBRIC: B256 = B256::repeat_byte(0x3b);

/// The address of a member.
pub(crate) fn member(peer: Peer) -> Address {
    Address::with_last_byte(0xe0 + peer as u8)
}

pub(crate) fn here() -> Address {
    member(Peer::Verification)
}

pub(crate) fn mission() -> B256 {
    B256::repeat_byte(0xa1)
}

/// The executor at a seat.
pub(crate) fn executor(seat: u8) -> Key {
    Key::of(&format!("executor {seat}"))
}

pub(crate) fn trail(seat: u8) -> B256 {
    B256::repeat_byte(0xc0 + seat)
}

pub(crate) fn salt(seat: u8) -> B256 {
    B256::repeat_byte(0x50 + seat)
}

/// The trails of seats that committed in this order, from the interface's words and not by our code.
pub(crate) fn trails(seats: &[u8]) -> B256 {
    let mut trails = B256::ZERO;
    for seat in seats {
        trails = keccak256((trails, U256::from(*seat), trail(*seat)).abi_encode());
    }
    trails
}

/// What is kept of a seat's commitment.
pub(crate) fn kept(commitment: B256, seat: u8) -> B256 {
    keccak256((commitment, executor(seat).address).abi_encode())
}

/// A node's law.
#[derive(Clone, Debug)]
pub(crate) struct Law {
    pub(crate) tier: u8,
    pub(crate) threshold: u8,
    pub(crate) mode: u8,
    pub(crate) terms: wire::NodeTerms,
    pub(crate) agents: Vec<Address>,
}

pub(crate) fn terms() -> wire::NodeTerms {
    wire::NodeTerms {
        inputSchemaHash: B256::repeat_byte(1),
        outputSchemaHash: B256::repeat_byte(2),
        labelHash: B256::repeat_byte(3),
        rubricHash: RUBRIC,
        verifier: Address::ZERO,
        verifierCodehash: B256::ZERO,
        expected: B256::repeat_byte(7),
    }
}

pub(crate) fn law(tier: u8, seats: u8, threshold: u8, mode: u8) -> Law {
    Law {
        tier,
        threshold,
        mode,
        terms: terms(),
        agents: (0..seats).map(|seat| executor(seat).address).collect(),
    }
}

/// What collaboration was told of an ended attempt.
pub(crate) type Verdict = collaboration::applyVerdictCall;

#[derive(Clone)]
pub(crate) struct City {
    pub(crate) world: World,
    pub(crate) laws: Rc<RefCell<BTreeMap<u16, Law>>>,
    /// Parameters that differ from the defaults.
    pub(crate) values: Rc<RefCell<BTreeMap<u8, u32>>>,
    /// Approved verifiers.
    pub(crate) approved: Rc<RefCell<BTreeMap<Address, B256>>>,
    /// State, halt and end of the halt of the mission.
    pub(crate) standing: Rc<RefCell<(u8, u8, u64)>>,
    /// Which programs lapsed.
    pub(crate) activation: Activation,
    is_sealed: Rc<RefCell<bool>>,
}

/// Slots of collaboration's double for a node: 0 state, 1 attempt, 2 since, 3 expires, 4 backup.
fn slot(node: u16, place: u64) -> u64 {
    u64::from(node) << 8 | place
}

fn low(word: B256) -> u64 {
    U256::from_be_bytes(word.0).as_limbs()[0]
}

fn word(number: u64) -> B256 {
    U256::from(number).into()
}

impl City {
    /// Sealed and wired.
    pub(crate) fn new() -> Self {
        let city = Self::sealed();
        city.call(STRANGER, wire::wireCall {}).expect("wired");
        city.world.take_logs();
        city
    }

    /// Sealed, not wired.
    pub(crate) fn sealed() -> Self {
        let city = Self::constructed();
        city.is_sealed.replace(true);
        city
    }

    /// Constructed, not sealed.
    pub(crate) fn constructed() -> Self {
        let world = World::new();
        let city = Self {
            activation: Activation::of(&world),
            world,
            laws: Rc::default(),
            values: Rc::default(),
            approved: Rc::default(),
            standing: Rc::new(RefCell::new((3, 0, 0))),
            is_sealed: Rc::default(),
        };
        city.world.program::<Verifications>(here(), "verification");
        let hash = keccak256("member");
        let double = city.clone();
        city.world
            .install(member(Peer::Constitution), hash, move |_, input| {
                double.constitution(input)
            });
        let double = city.clone();
        city.world
            .install(member(Peer::Collaboration), hash, move |frame, input| {
                double.collaboration(frame, input)
            });
        city.world.install(member(Peer::Treasury), hash, treasury);
        let approved = city.approved.clone();
        city.world
            .install(member(Peer::Roster), hash, move |_, input| {
                let asked = roster::approvedCodeCall::abi_decode_validate(input).expect("asked");
                assert_eq!(asked.kind, roster::ProgramKind::Verifier);
                let code = approved.borrow().get(&asked.account).copied();
                Ok(code.unwrap_or_default().abi_encode())
            });
        city.world
            .install(THRIFT, keccak256("thrift"), |frame, input| {
                let (gas, call) = input.split_at(8);
                let gas = u64::from_be_bytes(gas.try_into().unwrap());
                frame.call(here(), U256::ZERO, call, false, gas)
            });
        let mut input = CONSTRUCTOR_SELECTOR.to_be_bytes().to_vec();
        input.extend(member(Peer::Constitution).abi_encode());
        city.world
            .transact(STRANGER, here(), U256::ZERO, &input)
            .expect("constructed");
        city
    }

    fn constitution(&self, input: &[u8]) -> Answer {
        if law::membersCall::abi_decode_validate(input).is_ok() {
            let is_sealed = *self.is_sealed.borrow();
            let at = |peer| {
                if is_sealed {
                    member(peer)
                } else {
                    Address::ZERO
                }
            };
            return Ok(Peer::ALL.map(at).abi_encode());
        }
        let asked = law::readCall::abi_decode_validate(input).expect("a known question");
        assert_eq!(asked.number, EPOCH, "the mission's epoch");
        let value = |id: &u8| -> B256 {
            let default = ParameterId::ALL[usize::from(*id)].default_word();
            let own = self.values.borrow().get(id).copied();
            own.map_or(default, |value| B256::from(U256::from(value)))
        };
        let read: Vec<B256> = asked.ids.iter().map(value).collect();
        Ok(read.abi_encode())
    }

    fn collaboration(&self, frame: &Frame, input: &[u8]) -> Answer {
        if let Some(set) = input.strip_prefix(b"set") {
            let (at, value) = <(u64, u64)>::abi_decode_validate(set).unwrap();
            frame.store(at, word(value));
            return Ok(Vec::new());
        }
        if let Ok(asked) = collaboration::assignmentCall::abi_decode_validate(input) {
            let Some(law) = self.laws.borrow().get(&asked.index).cloned() else {
                return Err(b"unknown node".to_vec());
            };
            assert_eq!(asked.missionId, mission());
            let read = |place| low(frame.load(slot(asked.index, place)));
            let (state_of_mission, halt, _) = *self.standing.borrow();
            let (mut agents, mut seats) = ([Address::ZERO; 7], 0);
            for (seat, agent) in law.agents.iter().enumerate() {
                seats |= u8::from(*agent != Address::ZERO) << seat;
                if asked.agents {
                    agents[seat] = *agent;
                }
            }
            let told = asked.lawIn >> read(0) & 1 == 1;
            let of_law = |value: u128| U256::from(if told { value } else { 0 });
            let digest = keccak256(law.terms.abi_encode());
            let head = (
                U256::from(state_of_mission),
                U256::from(halt),
                U256::from(EPOCH),
                U256::from(read(0)),
                U256::from(read(1)),
                U256::from(law.tier),
                U256::from(seats),
                U256::from(read(2)),
                U256::from(read(3)),
                U256::from(read(4)),
            );
            let tail = (
                of_law(law.threshold.into()),
                of_law(law.mode.into()),
                of_law(BUDGET),
                if told { digest } else { B256::ZERO },
                agents,
            );
            return Ok([head.abi_encode(), tail.abi_encode()].concat());
        }
        if collaboration::missionCall::abi_decode_validate(input).is_ok() {
            let (state, halt, until) = *self.standing.borrow();
            let mut words = [U256::ZERO; 16];
            (words[0], words[1]) = (U256::from(state), U256::from(halt));
            words[11] = U256::from(until);
            return Ok(words.abi_encode());
        }
        let told = Verdict::abi_decode_validate(input).expect("a verdict");
        assert_eq!(frame.caller, here());
        let (verdict, node) = (&told.verdict, told.verdict.node);
        assert_eq!(verdict.missionId, mission());
        let state = NodeState::from_u8(low(frame.load(slot(node, 0))) as u8).expect("a state");
        assert_eq!(u64::from(verdict.attempt), low(frame.load(slot(node, 1))));
        let to = NodeState::from_u8(verdict.to as u8).expect("a state");
        let by_proof = state == NodeState::Executing
            && NodeState::transition(NodeState::PendingVerification, to).is_ok();
        assert!(
            state == to || NodeState::transition(state, to).is_ok() || by_proof,
            "{state:?} to {to:?}"
        );
        let seats: Vec<u8> = told.outcomes.iter().map(|outcome| outcome.seat).collect();
        assert!(seats.is_sorted_by(|a, b| a < b), "ascending: {seats:?}");
        frame.store(slot(node, 0), word(to as u64));
        frame.store(slot(node, 3), word(verdict.expiresAt.to()));
        if state != to {
            frame.store(slot(node, 2), word(frame.world().now()));
        }
        let log = [keccak256("verdict").as_slice(), input].concat();
        frame.emit_log(&log, 1);
        Ok(Vec::new())
    }

    /// Routes an attempt of a node now, whatever was before.
    pub(crate) fn route(&self, node: u16, attempt: u8, law: Law) {
        self.laws.borrow_mut().insert(node, law);
        let now = self.world.now();
        let state = NodeState::Executing as u64;
        for (place, value) in (0..).zip([state, attempt.into(), now, now + WORK, 0]) {
            self.set(node, place, value);
        }
    }

    /// Writes a word of collaboration's double.
    pub(crate) fn set(&self, node: u16, place: u64, value: u64) {
        let mut input = b"set".to_vec();
        input.extend((slot(node, place), value).abi_encode());
        self.world
            .transact(STRANGER, member(Peer::Collaboration), U256::ZERO, &input)
            .expect("written");
    }

    pub(crate) fn get(&self, node: u16, place: u64) -> u64 {
        let at = member(Peer::Collaboration);
        low(self.world.slot(at, U256::from(slot(node, place))))
    }

    pub(crate) fn state(&self, node: u16) -> NodeState {
        NodeState::from_u8(self.get(node, 0) as u8).expect("a state")
    }

    pub(crate) fn expires(&self, node: u16) -> u64 {
        self.get(node, 3)
    }

    pub(crate) fn attempt(&self, node: u16) -> u8 {
        self.get(node, 1) as u8
    }

    /// Gives somebody a credit at the treasury.
    pub(crate) fn credit(&self, account: Address, amount: u128) {
        let at = member(Peer::Treasury);
        let mut input = b"gift".to_vec();
        input.extend((account, U256::from(amount)).abi_encode());
        self.world
            .transact(STRANGER, at, U256::ZERO, &input)
            .expect("given");
    }

    pub(crate) fn credit_of(&self, account: Address) -> u128 {
        let at = member(Peer::Treasury);
        let word = self.world.slot(at, U256::from(short(account.into_word())));
        U256::from_be_bytes(word.0).to()
    }

    /// What a bond holds.
    pub(crate) fn bond_of(&self, bond: B256) -> u128 {
        let at = member(Peer::Treasury);
        U256::from_be_bytes(self.world.slot(at, U256::from(short(bond))).0).to()
    }

    pub(crate) fn call<C: SolCall>(&self, from: Address, call: C) -> Result<C::Return, Vec<u8>> {
        self.world.call(from, here(), call)
    }

    /// A call with so much gas.
    pub(crate) fn call_with_gas<C: SolCall>(&self, gas: u64, call: C) -> Answer {
        let input = [gas.to_be_bytes().as_slice(), &call.abi_encode()].concat();
        self.world.transact(STRANGER, THRIFT, U256::ZERO, &input)
    }

    #[track_caller]
    pub(crate) fn refused<C, E>(&self, from: Address, call: C, expected: E)
    where
        C: SolCall,
        E: alloy_sol_types::SolError + PartialEq + std::fmt::Debug,
    {
        let before = self.world.storage(here());
        self.world.refused(from, here(), 0, call, expected);
        assert_eq!(self.world.storage(here()), before, "nothing moves");
    }

    /// The verdicts since the last look at any logs.
    pub(crate) fn verdicts(&self) -> Vec<Verdict> {
        let topic = keccak256("verdict");
        self.world
            .take_logs()
            .iter()
            .filter(|log| log.topics().first() == Some(&topic))
            .map(verdict_of)
            .collect()
    }

    pub(crate) fn record(&self, node: u16) -> wire::Record {
        let call = wire::recordOfCall {
            missionId: mission(),
            node,
            attempt: self.attempt(node),
        };
        self.call(STRANGER, call).expect("a record")
    }

    /// The commitment of a seat to a value.
    pub(crate) fn seal(&self, node: u16, seat: u8, value: &[u8]) -> B256 {
        let words = sealed(
            &mission(),
            node,
            self.attempt(node),
            executor(seat).address,
            &keccak256(value),
            &salt(seat),
        );
        keccak256(words.concat())
    }

    pub(crate) fn committing(&self, node: u16, seat: u8, value: &[u8]) -> wire::commitResultCall {
        wire::commitResultCall {
            missionId: mission(),
            node,
            commitment: self.seal(node, seat, value),
            trailRoot: trail(seat),
        }
    }

    pub(crate) fn commit(&self, node: u16, seat: u8, value: &[u8]) {
        let call = self.committing(node, seat, value);
        self.call(executor(seat).address, call).expect("committed");
    }

    pub(crate) fn reveal(&self, node: u16, seat: u8, value: &[u8]) {
        self.call(STRANGER, revealing(node, seat, value))
            .expect("revealed");
    }

    /// Commits and reveals values, in the order of the seats.
    pub(crate) fn play(&self, node: u16, values: &[&[u8]]) {
        for (seat, value) in (0..).zip(values) {
            self.commit(node, seat, value);
        }
        for (seat, value) in (0..).zip(values) {
            self.reveal(node, seat, value);
        }
    }

    /// The digest that is signed for a result, by EIP-712 and not by our code.
    pub(crate) fn digest(&self, result: &wire::NodeResult) -> B256 {
        let signed = NodeResult {
            mission_id: result.missionId,
            node: result.node,
            attempt: result.attempt,
            kind: result.kind as u8,
            executor: result.executor,
            output_hash: result.outputHash,
            trail_root: result.trailRoot,
            proof: keccak256(&result.proof),
            deadline: result.deadline,
        };
        digest_at(self.world.chain_id(), here(), &signed.words())
    }
}

/// The verdict that a log of collaboration's double holds.
pub(crate) fn verdict_of(log: &Log) -> Verdict {
    Verdict::abi_decode_validate(&log.data.data).unwrap()
}

/// A short number of an id or an account, for the treasury's double.
fn short(word: B256) -> u64 {
    u64::from_be_bytes(word[24..].try_into().unwrap()) | 1
}

/// Credits and bonds, each in a slot; a bond's owner in the slot before.
fn treasury(frame: &Frame, input: &[u8]) -> Answer {
    let load = |at: u64| -> u128 { U256::from_be_bytes(frame.load(at).0).to() };
    let save = |at: u64, value: u128| frame.store(at, U256::from(value).into());
    if let Some(gift) = input.strip_prefix(b"gift") {
        let (account, amount) = <(Address, U256)>::abi_decode_validate(gift).unwrap();
        let at = short(account.into_word());
        save(at, load(at) + amount.to::<u128>());
        return Ok(Vec::new());
    }
    assert_eq!(frame.caller, here());
    if let Ok(told) = treasury::postBondCall::abi_decode_validate(input) {
        assert_eq!(told.kind, treasury::BondKind::Dissent);
        let (at, purse) = (short(told.bondId), short(told.owner.into_word()));
        assert_eq!(load(at), 0, "a bond of this id is held");
        let amount = told.amount.to::<u128>();
        let Some(rest) = load(purse).checked_sub(amount) else {
            return Err(b"poor".to_vec());
        };
        save(purse, rest);
        save(at, amount);
        frame.store(at - 1, told.owner.into_word());
        return Ok(Vec::new());
    }
    let (bond, returned) = match treasury::returnBondCall::abi_decode_validate(input) {
        Ok(told) => (told.bondId, true),
        Err(_) => {
            let told = treasury::forfeitBondCall::abi_decode_validate(input).expect("told");
            (told.bondId, false)
        }
    };
    let at = short(bond);
    assert!(load(at) > 0, "no bond of this id is held");
    if returned {
        let purse = short(frame.load(at - 1));
        save(purse, load(purse) + load(at));
    }
    save(at, 0);
    Ok(Vec::new())
}

pub(crate) fn revealing(node: u16, seat: u8, value: &[u8]) -> wire::revealResultCall {
    wire::revealResultCall {
        missionId: mission(),
        node,
        executor: executor(seat).address,
        value: Bytes::copy_from_slice(value),
        salt: salt(seat),
    }
}

pub(crate) fn closing(node: u16) -> wire::closeVerificationCall {
    wire::closeVerificationCall {
        missionId: mission(),
        node,
        elements: Vec::new(),
    }
}

pub(crate) fn disputing(node: u16) -> wire::disputeCall {
    wire::disputeCall {
        missionId: mission(),
        node,
        groundsHash: B256::repeat_byte(0x66),
    }
}

pub(crate) fn announcing(node: u16) -> wire::announceResultCall {
    wire::announceResultCall {
        missionId: mission(),
        node,
        commitment: B256::repeat_byte(0x44),
    }
}

/// A value of exact mode.
pub(crate) fn value(byte: u8) -> [u8; 32] {
    [byte; 32]
}

pub(crate) fn u40(seconds: u64) -> U40 {
    U40::from(seconds)
}

/// Who is paid, who is scored with how much, and whose fault is what, by seat.
pub(crate) fn outcomes(verdict: &Verdict) -> Vec<(u8, bool, Option<u16>, collaboration::Reason)> {
    verdict
        .outcomes
        .iter()
        .map(|o| (o.seat, o.paid, o.scored.then_some(o.score), o.fault))
        .collect()
}

/// Puts a verifier at an address that answers `answer`, approved and pinned by its code; the terms that name it.
pub(crate) fn verifier(
    city: &City,
    answer: impl Fn(&Frame, IVerifier::verifyCall) -> Answer + 'static,
) -> wire::NodeTerms {
    let at = Address::repeat_byte(0x5e);
    let code = keccak256("verifier");
    city.world.install(at, code, move |frame, input| {
        let asked = IVerifier::verifyCall::abi_decode_validate(input).expect("asked");
        answer(frame, asked)
    });
    city.approved.borrow_mut().insert(at, code);
    wire::NodeTerms {
        verifier: at,
        verifierCodehash: code,
        ..terms()
    }
}
