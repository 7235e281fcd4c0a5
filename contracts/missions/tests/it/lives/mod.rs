//! Random lives of missions: everybody does whatever they may, and much that they may not; after every command the books are
//! exact, every state has come about by a legal step, and whatever was refused says why.
//!
//! `AGENTCITY_COMMANDS` sets how many commands, `AGENTCITY_SEED` the seed; both are printed.

mod commands;
mod exits;
mod guard;
mod law;
mod money;
mod plan;
mod rng;
mod silence;
mod watch;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use agentcity_abi::ICollaboration::{MissionState, NodeState};
use agentcity_domain::parameter::ParameterId as P;
use agentcity_missions::{Books, City, Mission, STRANGER, name_of};
use alloy_primitives::{Address, B256};

use self::rng::Rng;

/// Commands of the quick run.
const COMMANDS: u64 = 14_000;
/// The seed of the quick run.
const SEED: u64 = 20_260_407;
/// Least share of commands that succeed, in percent.
const SUCCESS_PCT: u64 = 40;
/// Least successes of each kind.
const EACH: u64 = 20;
/// Points that faults cost here.
const PENALTIES: [(P, u64); 3] = [
    (P::RepTimeout, 2),
    (P::RepNodeFailure, 4),
    (P::RepMissionAbort, 10),
];
/// Agents of the city.
const PRODUCERS: usize = 14;

/// A mission that is under way, or was.
struct Live {
    mission: Mission,
    pages: usize,
    seats: usize,
    /// Who took a seat, by node, attempt and agent.
    accepted: BTreeSet<(u16, u8, Address)>,
    /// What executors sealed, by node, attempt and agent.
    sealed: BTreeMap<(u16, u8, Address), B256>,
    /// Freezes of its nodes, by number.
    freezes: Vec<(u16, u64)>,
    /// Whether a report of divergence was bonded.
    has_bond: bool,
    /// Mission and node whose work it does.
    parent: Option<(B256, u16)>,
    is_closed: bool,
}

/// What came of one kind of command.
#[derive(Default)]
struct Tally {
    done: u64,
    tried: u64,
}

struct Run {
    city: City,
    rng: Rng,
    books: Books,
    lives: Vec<Live>,
    counters: [u64; 2],
    sessions: u64,
    pools: Vec<B256>,
    sequences: BTreeMap<Address, u64>,
    tallies: BTreeMap<&'static str, Tally>,
    refusals: BTreeMap<String, u64>,
    watch: watch::Watch,
    /// States of missions and their nodes when the present command was drawn.
    seen: Vec<(MissionState, Vec<NodeState>)>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let city = City::of(PRODUCERS);
        // So many faults as here would end every career: each costs less than by default.
        for (parameter, points) in PENALTIES {
            city.set().values.insert(parameter as u8, points);
        }
        let mut books = Books::default();
        let folk = &city.folk;
        let everybody = folk
            .producers
            .iter()
            .chain(&folk.principals)
            .chain(&folk.sponsors)
            .chain(&folk.monitors);
        books.accounts.extend(everybody.map(|key| key.address));
        books.accounts.insert(STRANGER);
        city.fund(STRANGER);
        Self {
            city,
            rng: Rng::new(seed),
            books,
            lives: Vec::new(),
            counters: [0; 2],
            sessions: 0,
            pools: Vec::new(),
            sequences: BTreeMap::new(),
            tallies: BTreeMap::new(),
            refusals: BTreeMap::new(),
            watch: watch::Watch::default(),
            seen: Vec::new(),
        }
    }

    /// Notes what came of a command.
    fn note(&mut self, kind: &'static str, outcome: Result<(), Vec<u8>>) {
        let tally = self.tallies.entry(kind).or_default();
        tally.tried += 1;
        match outcome {
            Ok(()) => tally.done += 1,
            Err(refusal) => {
                let name = name_of(&refusal);
                assert!(
                    !name.starts_with('?') && name != "nothing",
                    "{kind} was refused without a reason: {name}"
                );
                let name = name.split(' ').next().unwrap_or_default().to_owned();
                *self.refusals.entry(format!("{kind}: {name}")).or_default() += 1;
            }
        }
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn whatever_happens_the_books_are_exact_and_every_step_is_legal() {
    let (seed, commands) = (
        setting("AGENTCITY_SEED", SEED),
        setting("AGENTCITY_COMMANDS", COMMANDS),
    );
    println!("AGENTCITY_SEED={seed} AGENTCITY_COMMANDS={commands}");
    let mut run = Run::new(seed);
    for number in 0..commands {
        run.step();
        run.watch.look(&run.city, &run.lives, number);
        run.books.check(&run.city);
    }
    let (mut done, mut tried) = (0, 0);
    for (kind, tally) in &run.tallies {
        println!("{kind:<22}{:>7} of {:>7}", tally.done, tally.tried);
        done += tally.done;
        tried += tally.tried;
    }
    println!(
        "{done} of {tried} commands succeeded, {} %",
        done * 100 / tried
    );
    for (refusal, times) in &run.refusals {
        println!("  {refusal}: {times}");
    }
    run.watch.print();
    assert!(
        done * 100 >= tried * SUCCESS_PCT,
        "too few commands succeed"
    );
    if commands >= COMMANDS {
        for (kind, tally) in &run.tallies {
            assert!(tally.done >= EACH, "{kind} succeeded {} times", tally.done);
        }
        run.watch.require_all();
    }
}
