//! Random commands against a naive model: a map of values for each epoch, a list of immediate changes for each
//! parameter, a map of norms.

use std::{cell::RefCell, collections::BTreeMap};

use agentcity_abi::IConstitution as wire;
use agentcity_domain::{
    parameter::{self, Kind, ParameterId, Tier, Weakens, relation::RELATIONS},
    peer::Peer,
};
use alloy_primitives::{Address, B256, U256};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::city::{City, STRANGER, member};

const SEED: [u8; 32] = *b"the law changes, old law remains";
const RUNS: u32 = 30;
const COMMANDS: usize = 80;
const WEEK: u64 = 604_800;
const DAY: u64 = 86_400;

#[derive(Clone, Debug)]
enum Command {
    /// A change of parameter to a place within its range, in thousandths, queued so many seconds ago, by so much of a
    /// caller's right: `false` is a stranger.
    Amend(u8, u32, u64, bool),
    /// A step up or down by so many thousandths of the range, at once.
    Nudge(u8, u32, bool),
    Read(u64, u8),
    ReadCurrent(u8),
    Enact(u8, u8),
    Strike(u8),
    Restore(u8),
    Warp(u64),
}

const KINDS: [&str; 8] = [
    "amend",
    "nudge",
    "read",
    "readCurrent",
    "enact",
    "strike",
    "restore",
    "warp",
];

fn command() -> impl Strategy<Value = Command> {
    let id = 0..ParameterId::COUNT as u8 + 2;
    let ago = prop_oneof![Just(0u64), 0..2 * DAY, Just(WEEK)];
    prop_oneof![
        4 => (id.clone(), 0..=1_000u32, ago, prop::bool::weighted(0.9))
            .prop_map(|(id, to, ago, by)| Command::Amend(id, to, ago, by)),
        // Few parameters, so that their shares are used up.
        3 => (prop::sample::select(vec![15u8, 16, 27, 28, 30]), 1..150u32, any::<bool>())
            .prop_map(|(id, by, up)| Command::Nudge(id, by, up)),
        2 => (0..14u64, id.clone()).prop_map(|(epoch, id)| Command::Read(epoch, id)),
        2 => id.prop_map(Command::ReadCurrent),
        3 => (1..9u8, 1..4u8).prop_map(|(id, domain)| Command::Enact(id, domain)),
        2 => (1..9u8).prop_map(Command::Strike),
        2 => (1..9u8).prop_map(Command::Restore),
        2 => prop_oneof![1..DAY, Just(WEEK)].prop_map(Command::Warp),
    ]
}

/// What the constitution should know.
struct Model {
    now: u64,
    epochs: Vec<BTreeMap<u8, B256>>,
    tightened: BTreeMap<u8, Vec<(u64, u64)>>,
    norms: BTreeMap<u8, (u8, bool)>,
}

impl Model {
    fn new(now: u64) -> Self {
        let defaults = ParameterId::ALL.map(|id| (id as u8, id.default_word()));
        Self {
            now,
            epochs: vec![defaults.into_iter().collect()],
            tightened: BTreeMap::new(),
            norms: BTreeMap::new(),
        }
    }

    fn values(&self) -> &BTreeMap<u8, B256> {
        self.epochs.last().unwrap()
    }

    fn number(&self, id: ParameterId) -> u64 {
        U256::from_be_bytes(self.values()[&(id as u8)].0).to()
    }

    /// What the immediate changes of a parameter used, looking back from now: those that no quiet week parts from it.
    fn used(&self, id: u8) -> u64 {
        let window = self.number(ParameterId::TighteningWindowSecs);
        let (mut until, mut used) = (self.now, 0);
        let steps = self.tightened.get(&id);
        for (at, step) in steps.into_iter().flatten().rev() {
            if until - at >= window {
                break;
            }
            used += step;
            until = *at;
        }
        used
    }

    /// Whether an amendment by the adjudication contract takes effect, and what it makes of the model.
    fn amend(&mut self, id: u8, new: B256, queued_at: u64) -> bool {
        let Some(&parameter) = ParameterId::ALL.get(usize::from(id)) else {
            return false;
        };
        let (row, old) = (parameter.row(), self.values()[&id]);
        let (before, after) = (U256::from_be_bytes(old.0), U256::from_be_bytes(new.0));
        let fits = match row.kind {
            Kind::Constant => false,
            Kind::Address => after < U256::from(1) << 160,
            Kind::Hash => after > U256::ZERO,
            Kind::Number => after >= U256::from(row.min) && after <= U256::from(row.max),
        };
        if !fits || before == after {
            return false;
        }
        let tighter = match row.weakens {
            Weakens::Up => after < before,
            Weakens::Down => after > before,
            Weakens::Any | Weakens::None => false,
        };
        let mut delay = match (parameter, row.tier) {
            (ParameterId::SeniorAdjudicatorAddr, _) => self.number(ParameterId::SeniorDelaySecs),
            (_, Tier::Low) => self.number(ParameterId::OverrideDelayLowSecs),
            (_, Tier::Medium) => self.number(ParameterId::OverrideDelayMediumSecs),
            (_, Tier::High) => self.number(ParameterId::OverrideDelayHighSecs),
        };
        let step: u64 = before.abs_diff(after).try_into().unwrap_or(u64::MAX);
        let of_range =
            u64::from(row.max - row.min) * self.number(ParameterId::TighteningSharePct) / 100;
        let used = self.used(id);
        let value: u64 = before.try_into().unwrap_or(u64::MAX);
        let of_value = value.saturating_sub(used).max(row.default.into());
        let within = row.kind == Kind::Number && used + step <= of_range.min(of_value);
        let excess = self.number(ParameterId::TighteningExcessDelaySecs);
        // A tightening within the share waits for nothing; any other change of a tier without a delay may use the share
        // as well, unless it waited as long as what goes beyond it.
        let waited = self.now >= queued_at + excess;
        let at_once = within && (tighter || (delay == 0 && !waited));
        if !within && (tighter || delay == 0) {
            delay = delay.max(excess);
        }
        if !(tighter && at_once) && self.now < queued_at + delay {
            return false;
        }
        let at_once = at_once.then_some(step);
        let mut values = self.values().clone();
        values.insert(id, new);
        let related = RELATIONS
            .iter()
            .all(|pair| values[&(pair.lesser as u8)] <= values[&(pair.greater as u8)]);
        if !related {
            return false;
        }
        self.epochs.push(values);
        if let Some(step) = at_once {
            let now = self.now;
            self.tightened.entry(id).or_default().push((now, step));
        }
        true
    }
}

fn norm(id: u8) -> B256 {
    B256::with_last_byte(id)
}

fn place(id: u8, thousandths: u32) -> B256 {
    match ParameterId::ALL.get(usize::from(id)) {
        Some(id) if id.row().kind == Kind::Number => {
            let row = id.row();
            let span = u64::from(row.max - row.min) * u64::from(thousandths) / 1_000;
            parameter::word(row.min + span as u32)
        }
        // Words: an address, and now and then nobody.
        Some(_) => B256::from(U256::from(thousandths / 10)),
        None => B256::ZERO,
    }
}

#[test]
fn random_commands_keep_to_the_model() {
    println!("seed: {}", String::from_utf8_lossy(&SEED));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let config = Config {
        cases: RUNS,
        failure_persistence: None,
        ..Config::default()
    };
    let counts = RefCell::new([(0u32, 0u32); KINDS.len()]);
    let longest = RefCell::new(0);
    TestRunner::new_with_rng(config, rng)
        .run(
            &proptest::collection::vec(command(), COMMANDS),
            |commands| {
                let city = City::sealed();
                let mut model = Model::new(city.world.now());
                for command in &commands {
                    let (kind, done) = apply(&city, &mut model, command)?;
                    let (tried, succeeded) = &mut counts.borrow_mut()[kind];
                    *tried += 1;
                    *succeeded += u32::from(done);
                }
                agrees(&city, &model)?;
                let epochs = model.epochs.len();
                let mut longest = longest.borrow_mut();
                *longest = epochs.max(*longest);
                Ok(())
            },
        )
        .unwrap();
    let (mut all, mut succeeded) = (0, 0);
    for (name, (tried, done)) in KINDS.iter().zip(counts.into_inner()) {
        println!("{name}: {done} of {tried}");
        assert!(done >= 20, "{name} succeeds too rarely");
        (all, succeeded) = (all + tried, succeeded + done);
    }
    println!(
        "all: {succeeded} of {all}; most epochs: {}",
        longest.borrow()
    );
    assert!(succeeded * 100 >= all * 40);
}

/// Whether the command succeeded, on the chain and in the model alike.
fn apply(
    city: &City,
    model: &mut Model,
    command: &Command,
) -> Result<(usize, bool), TestCaseError> {
    let current = |model: &Model, id: u8| model.values().get(&id).copied().unwrap_or_default();
    let amend = |model: &mut Model, by: Address, id, new, queued_at| {
        let call = wire::amendCall {
            id,
            oldValue: current(model, id),
            newValue: new,
            queuedAt: queued_at,
        };
        let done = city
            .world
            .call(by, member(Peer::Constitution), call)
            .is_ok();
        let may = by == member(Peer::Adjudication);
        (done, may && model.amend(id, new, queued_at))
    };
    let (kind, done, expected) = match *command {
        Command::Amend(id, to, ago, rightly) => {
            let by = if rightly {
                member(Peer::Adjudication)
            } else {
                STRANGER
            };
            let queued_at = model.now - ago;
            let (done, expected) = amend(model, by, id, place(id, to), queued_at);
            (0, done, expected)
        }
        Command::Nudge(id, by, up) => {
            let row = ParameterId::ALL[usize::from(id)].row();
            let step = u64::from(row.max - row.min) * u64::from(by) / 1_000;
            let step = U256::from(step.max(1));
            let old = U256::from_be_bytes(current(model, id).0);
            let new = if up {
                old + step
            } else {
                old.saturating_sub(step)
            };
            let adjudication = member(Peer::Adjudication);
            let now = model.now;
            let (done, expected) = amend(model, adjudication, id, new.into(), now);
            (1, done, expected)
        }
        Command::Read(epoch, id) => {
            let ids = vec![id].into();
            let call = wire::readCall { number: epoch, ids };
            let read = city.world.call(STRANGER, member(Peer::Constitution), call);
            let expected = (epoch as usize)
                .checked_sub(1)
                .and_then(|index| model.epochs.get(index))
                .and_then(|values| values.get(&id));
            let done = read.is_ok();
            prop_assert_eq!(read.ok().map(|values| values[0]), expected.copied());
            (2, done, expected.is_some())
        }
        Command::ReadCurrent(id) => {
            let ids = vec![id].into();
            let call = wire::readCurrentCall { ids };
            let read = city.world.call(STRANGER, member(Peer::Constitution), call);
            let expected = model
                .values()
                .get(&id)
                .map(|value| (model.epochs.len() as u64, *value));
            let done = read.is_ok();
            let found = read.ok().map(|read| (read.number, read.values[0]));
            prop_assert_eq!(found, expected);
            (3, done, expected.is_some())
        }
        Command::Enact(id, domain) => {
            let expected = !model.norms.contains_key(&id);
            model.norms.entry(id).or_insert((domain, false));
            let (id, domain) = (norm(id), norm(domain));
            let done = city.rule(wire::enactNormCall { id, domain }).is_ok();
            (4, done, expected)
        }
        Command::Strike(id) => {
            let expected = model.norms.get(&id).is_some_and(|(_, struck)| !struck);
            if expected {
                model.norms.entry(id).and_modify(|norm| norm.1 = true);
            }
            let done = city.rule(wire::strikeNormCall { id: norm(id) }).is_ok();
            (5, done, expected)
        }
        Command::Restore(id) => {
            let expected = model.norms.get(&id).is_some_and(|(_, struck)| *struck);
            if expected {
                model.norms.entry(id).and_modify(|norm| norm.1 = false);
            }
            let done = city.rule(wire::restoreNormCall { id: norm(id) }).is_ok();
            (6, done, expected)
        }
        Command::Warp(seconds) => {
            city.world.warp(seconds);
            model.now += seconds;
            (7, true, true)
        }
    };
    prop_assert_eq!(done, expected, "{:?}", command);
    Ok((kind, done))
}

/// Every epoch ever opened still reads as it was, and every domain is halted as its norms say.
fn agrees(city: &City, model: &Model) -> Result<(), TestCaseError> {
    let ids: Vec<u8> = ParameterId::ALL.map(|id| id as u8).to_vec();
    for (number, values) in (1..).zip(&model.epochs) {
        let read = city.ask(wire::readCall {
            number,
            ids: ids.clone().into(),
        });
        let expected: Vec<B256> = values.values().copied().collect();
        prop_assert_eq!(read, expected);
    }
    let epoch = city.ask(wire::epochCall {});
    prop_assert_eq!(epoch, model.epochs.len() as u64);
    for domain in 0..5u8 {
        let halted = city.ask(wire::isHaltedCall {
            domain: norm(domain),
        });
        let struck = model.norms.values().any(|norm| *norm == (domain, true));
        prop_assert_eq!(halted, struck);
    }
    Ok(())
}
