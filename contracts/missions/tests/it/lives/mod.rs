//! Random lives of missions: everybody does whatever they may, and much that they may not; after every command the books are
//! exact, every state has come about by a legal step, and whatever was refused says why.
//!
//! `AGENTCITY_COMMANDS` sets how many commands, `AGENTCITY_SEED` the seed; both are printed.

mod commands;
mod exits;
mod guard;
mod law;
mod money;
mod panel;
mod plan;
mod rng;
mod silence;
mod watch;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use agentcity_domain::{parameter::ParameterId as P, peer::Peer};
use agentcity_missions::{Books, City, Mission, STRANGER, member, name_of};
use agentcity_world::Key;
use alloy_primitives::{Address, B256};

use self::rng::Rng;

/// Commands of the quick run.
const COMMANDS: u64 = 18_000;
/// The seed of the quick run.
const SEED: u64 = 20_260_407;
/// Least share of commands that succeed, in percent.
const SUCCESS_PCT: u64 = 40;
/// Least successes of each kind.
const EACH: u64 = 20;
/// Points that faults cost here, and how many weakened parameters the watchdog lets pass.
const FOUNDED: [(P, u32); 4] = [
    (P::WatchdogWeakeningLimit, 1),
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
    /// Rulings so far.
    rulings: u64,
    /// How often one was handed in again.
    replays: u64,
    /// Who put up a stake to judge, or a bond to watch, since the city began.
    candidates: u64,
    /// Rulings that wait.
    queue: Vec<panel::Queued>,
    /// Monitors that retired and have not got their bonds back.
    retired: Vec<Key>,
    /// Cases against adjudicators.
    cases: Vec<u64>,
    tallies: BTreeMap<&'static str, Tally>,
    refusals: BTreeMap<String, u64>,
    watch: watch::Watch,
    /// How often *treasury* and *roster* had been written to when their books were last checked.
    checked: [u64; 2],
}

impl Run {
    fn new(seed: u64) -> Self {
        // So many faults as here would end every career: each costs less than by default. The watchdog alerts sooner.
        let city = City::founded(PRODUCERS, &FOUNDED);
        let mut books = Books::default();
        let folk = &city.folk;
        let everybody = folk
            .producers
            .iter()
            .chain(&folk.principals)
            .chain(&folk.sponsors)
            .chain(&folk.monitors)
            .chain(&folk.judges);
        books.accounts.extend(everybody.map(|key| key.address));
        books.accounts.insert(STRANGER);
        // A monitor's bond has the monitor's name.
        let bonds = folk.monitors.iter().map(|key| key.address.into_word());
        books.bonds.extend(bonds);
        city.fund(STRANGER);
        let mut run = Self {
            city,
            rng: Rng::new(seed),
            books,
            lives: Vec::new(),
            counters: [0; 2],
            sessions: 0,
            pools: Vec::new(),
            sequences: BTreeMap::new(),
            rulings: 0,
            replays: 0,
            candidates: 0,
            queue: Vec::new(),
            retired: Vec::new(),
            cases: Vec::new(),
            tallies: BTreeMap::new(),
            refusals: BTreeMap::new(),
            watch: watch::Watch::default(),
            checked: [0; 2],
        };
        run.install_predicates();
        run
    }

    /// Looks at everything after a command: states and how they came about, the books of the treasury and the roster. Books are read
    /// out of storage alone: where a command neither wrote to a book nor paid its keeper, it is as it was when it was last checked.
    fn look(&mut self, number: u64) {
        self.watch.look(&self.city, &self.lives, number);
        self.books.bonds.extend(self.watch.take_bonds());
        let keepers = [Peer::Treasury, Peer::Roster];
        let changes = keepers.map(|keeper| self.city.world.changes(member(keeper)));
        let [treasury, roster] = std::mem::replace(&mut self.checked, changes);
        if treasury != changes[0] {
            self.books.check(&self.city);
        }
        if roster != changes[1] {
            self.check_roster();
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
        run.look(number);
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
        for kind in commands::kinds() {
            let done = run.tallies.get(kind).map_or(0, |tally| tally.done);
            assert!(done >= EACH, "{kind} succeeded {done} times");
        }
        assert!(run.replays >= EACH, "{} rulings came again", run.replays);
        run.watch.require_all();
    }
}
