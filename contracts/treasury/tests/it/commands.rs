//! Random commands against a naive model of the treasury: maps that are searched, sums that are taken anew each time, and
//! settlements in 256 bits.

mod apply;
mod backing;
mod model;

use std::cell::Cell;

use agentcity_world::token::Manners;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use self::{apply::apply, model::*};
use crate::city::*;

const SEED: [u8; 32] = *b"every unit is somebody's, always";
const LENGTH: usize = 260;
/// Runs of the quick form, for each asset; `AGENTCITY_RUNS` says another number.
const RUNS: u32 = 30;

pub(super) const KINDS: [&str; 34] = [
    "deposit",
    "deposit in excess",
    "withdraw",
    "withdrawTo",
    "open",
    "fund",
    "fund from credit",
    "allocate",
    "settle",
    "lend",
    "return",
    "succeed",
    "fail",
    "end",
    "close",
    "reserve",
    "release reserve",
    "lock",
    "slash",
    "release stake",
    "post bond",
    "return bond",
    "forfeit bond",
    "charge bond",
    "create pool",
    "join pool",
    "ask to leave",
    "leave pool",
    "bind pool",
    "contribute",
    "skim",
    "insurance",
    "disburse",
    "compensate",
];
const WARP: usize = KINDS.len();
const WEIGHTS: [usize; WARP + 1] = [
    5, 1, 3, 2, 8, 10, 6, 10, 9, 9, 8, 5, 2, 4, 2, 10, 3, 12, 5, 7, 3, 2, 2, 2, 1, 4, 1, 4, 5, 5,
    2, 3, 2, 3, 6,
];

/// What to do, by its place in [`KINDS`]; four numbers for whatever it needs; and whether to look for something with which it
/// may succeed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Command {
    pub(super) kind: usize,
    pub(super) numbers: [usize; 4],
    pub(super) aims: bool,
}

fn command() -> impl Strategy<Value = Command> {
    let kinds: Vec<usize> = (0..=WARP)
        .flat_map(|kind| vec![kind; WEIGHTS[kind]])
        .collect();
    let kind = prop::sample::select(kinds);
    (kind, any::<[u16; 4]>(), prop::bool::weighted(0.9)).prop_map(|(kind, numbers, aims)| Command {
        kind,
        numbers: numbers.map(usize::from),
        aims,
    })
}

pub(super) const STATES: [&str; 22] = [
    "a mission that is open",
    "a mission that is closing",
    "a mission that is closed",
    "a mission with a child that owes",
    "a mission that lent to a node twice",
    "a successor of a child",
    "a reserve of one's own",
    "a reserve out of a pool",
    "a stake of one's own",
    "a stake out of a pool",
    "a stake that was taken whole",
    "a stake that may be released",
    "a bond",
    "a bond of which nothing is left",
    "a pool that is open",
    "a pool that is bound",
    "a pool that lost everything",
    "an agent that was compensated",
    "a subsidy budget with something in it",
    "somebody who waits to leave a pool",
    "somebody who waits for those who wait",
    "somebody who may leave a pool that is bound",
];

#[test]
fn random_commands_keep_to_the_model_and_the_books_to_their_parts() {
    let runs = std::env::var("AGENTCITY_RUNS").ok();
    let runs = runs.map_or(RUNS, |runs| runs.parse().expect("a number of runs"));
    println!("seed: {}, runs: 2 x {runs}", String::from_utf8_lossy(&SEED));
    let (tried, succeeded) = (Cell::new([0u32; WARP + 1]), Cell::new([0u32; WARP + 1]));
    let reached = Cell::new([0u32; STATES.len()]);
    for in_token in [false, true] {
        let mut seed = SEED;
        seed[0] ^= u8::from(in_token);
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let config = Config {
            cases: runs,
            failure_persistence: None,
            ..Config::default()
        };
        let commands = prop::collection::vec(command(), LENGTH);
        TestRunner::new_with_rng(config, rng)
            .run(&commands, |commands| {
                let city = if in_token {
                    City::with_token(Manners::Honest)
                } else {
                    City::new()
                };
                let mut model = Model::new(&city);
                for command in commands {
                    let done = apply(&city, &mut model, command)?;
                    model.settle_requests();
                    let count = |cell: &Cell<[u32; WARP + 1]>| {
                        let mut counts = cell.get();
                        counts[command.kind] += 1;
                        cell.set(counts);
                    };
                    count(&tried);
                    if done {
                        count(&succeeded);
                    }
                    // INV-TREASURY-01: after every command.
                    prop_assert_eq!(city.parts(), model.parts(), "{:?}", command);
                    prop_assert_eq!(city.booked(), model.booked(), "{:?}", command);
                    prop_assert_eq!(city.balance(here()), model.booked() + model.forced);
                    note(&model, city.world.now(), &reached);
                }
                compare(&city, &model)
            })
            .unwrap();
    }
    let (tried, succeeded) = (tried.get(), succeeded.get());
    for (kind, name) in KINDS.iter().chain(&["warp"]).enumerate() {
        println!("{name}: {} of {}", succeeded[kind], tried[kind]);
    }
    let (all, done) = (tried.iter().sum::<u32>(), succeeded.iter().sum::<u32>());
    println!(
        "all: {done} of {all}, {:.1} %",
        100.0 * f64::from(done) / f64::from(all)
    );
    for (name, times) in STATES.iter().zip(reached.get()) {
        println!("{name}: {times}");
    }
    for (kind, name) in KINDS.iter().enumerate() {
        // What never succeeds is tried to see that it does not.
        let least = if *name == "deposit in excess" { 0 } else { 20 };
        assert!(succeeded[kind] >= least, "{name} succeeds too rarely");
    }
    assert!(done * 100 >= all * 40);
    for (name, times) in STATES.iter().zip(reached.get()) {
        assert!(times > 0, "there never was {name}");
    }
}
