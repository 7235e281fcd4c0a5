//! Random commands against a naive model of the registry.

use std::{cell::Cell, collections::BTreeMap};

use agentcity_abi::IService as wire;
use alloy_primitives::{Address, B256};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::city::{ANN, BANNED, BOB, CARL, City, STRANGER, identity, registration};

const SEED: [u8; 32] = *b"services are registered and end!";
const RUNS: u32 = 40;

#[derive(Clone, Debug)]
enum Command {
    Register(usize, u64),
    Deprecate(usize, u64, usize),
    Verify(u64, usize, bool),
    Own(u64, usize, usize),
    Bar(usize),
    Warp(u64),
}

const KINDS: [&str; 6] = ["register", "deprecate", "verify", "own", "bar", "warp"];
const PEOPLE: [Address; 4] = [ANN, BOB, CARL, STRANGER];

fn command() -> impl Strategy<Value = Command> {
    let (person, number) = (0..3usize, 0..24u64);
    prop_oneof![
        5 => (0..4usize, number.clone()).prop_map(|(who, n)| Command::Register(who, n)),
        2 => (person.clone(), number.clone(), prop_oneof![4 => Just(0), 1 => 1..3usize])
            .prop_map(|(owner, n, by)| Command::Deprecate(owner, n, by)),
        2 => (number.clone(), person.clone(), any::<bool>())
            .prop_map(|(n, who, same)| Command::Verify(n, who, same)),
        1 => (number, person.clone(), person).prop_map(|(n, who, by)| Command::Own(n, who, by)),
        1 => (0..3usize).prop_map(Command::Bar),
        1 => (1..1_000u64).prop_map(Command::Warp),
    ]
}

/// What the registry should know: by owner and number, since when it is ended.
#[derive(Default)]
struct Model {
    services: BTreeMap<(Address, u64), Option<u64>>,
    barred: BTreeMap<Address, bool>,
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
    let (tried, succeeded) = (Cell::new([0u32; 6]), Cell::new([0u32; 6]));
    let commands = proptest::collection::vec(command(), 60);
    TestRunner::new_with_rng(config, rng)
        .run(&commands, |commands| {
            let city = City::new();
            let mut model = Model::default();
            model.barred.insert(CARL, false);
            city.bars.borrow_mut().insert(CARL, 0);
            for command in commands {
                let (kind, done) = apply(&city, &mut model, &command)?;
                let count = |cell: &Cell<[u32; 6]>| {
                    let mut counts = cell.get();
                    counts[kind] += 1;
                    cell.set(counts);
                };
                count(&tried);
                if done {
                    count(&succeeded);
                }
            }
            // The chain holds exactly what the model holds.
            let ended = model.services.values().filter(|at| at.is_some()).count();
            let slots = 2 + model.services.len() + ended;
            prop_assert_eq!(city.world.storage(crate::city::registry()).len(), slots);
            for ((owner, number), at) in &model.services {
                let (service, _) = identity(*owner, &registration(*number));
                let found = city.call(STRANGER, wire::standingCall { service }).unwrap();
                prop_assert_eq!(found.codeHash, registration(*number).codeHash);
                prop_assert_eq!(found.deprecatedAt, at.unwrap_or(0));
            }
            Ok(())
        })
        .unwrap();
    let (tried, succeeded) = (tried.get(), succeeded.get());
    for (kind, name) in KINDS.iter().enumerate() {
        println!("{name}: {} of {}", succeeded[kind], tried[kind]);
        assert!(succeeded[kind] >= 20, "{name} succeeds too rarely");
    }
    let (all, done) = (tried.iter().sum::<u32>(), succeeded.iter().sum::<u32>());
    println!("all: {done} of {all}");
    assert!(done * 100 >= all * 40);
}

/// Whether the command succeeded, on the chain and in the model alike.
fn apply(
    city: &City,
    model: &mut Model,
    command: &Command,
) -> Result<(usize, bool), TestCaseError> {
    let barred = |model: &Model, who| model.barred.get(&who).copied().unwrap_or(who == STRANGER);
    Ok(match *command {
        Command::Register(who, number) => {
            let who = PEOPLE[who];
            let answer = city.call(who, registration(number));
            let expected = !barred(model, who) && !model.services.contains_key(&(who, number));
            prop_assert_eq!(answer.is_ok(), expected);
            if expected {
                prop_assert_eq!(answer.unwrap(), identity(who, &registration(number)).0);
                model.services.insert((who, number), None);
            }
            (0, expected)
        }
        Command::Deprecate(owner, number, by) => {
            // One who exists, if any does, so that most succeed.
            let alive = model.services.iter().filter(|(_, at)| at.is_none());
            let chosen = alive.map(|(key, _)| *key).nth(number as usize % 5);
            let (owner, number) = chosen.unwrap_or((PEOPLE[owner], number));
            let (service, details) = identity(owner, &registration(number));
            let place = PEOPLE.iter().position(|who| *who == owner).unwrap();
            let caller = PEOPLE[(place + by) % 3];
            let answer = city.call(caller, wire::deprecateServiceCall { service, details });
            let expected = caller == owner && model.services.get(&(owner, number)) == Some(&None);
            prop_assert_eq!(answer.is_ok(), expected);
            if expected {
                model
                    .services
                    .insert((owner, number), Some(city.world.now()));
            }
            (1, expected)
        }
        Command::Verify(number, who, same) => {
            let (service, _) = identity(PEOPLE[who], &registration(number));
            let live_hash = if same {
                registration(number).codeHash
            } else {
                B256::repeat_byte(3)
            };
            let question = wire::verifyCodeHashCall {
                service,
                liveHash: live_hash,
            };
            let answer = city.call(STRANGER, question);
            let known = model.services.contains_key(&(PEOPLE[who], number));
            prop_assert_eq!(answer.as_ref().ok(), known.then_some(&same));
            (2, known)
        }
        Command::Own(number, owner, account) => {
            let (service, details) = identity(PEOPLE[owner], &registration(number));
            let question = wire::isOwnerCall {
                service,
                account: PEOPLE[account],
                details,
            };
            let known = model.services.contains_key(&(PEOPLE[owner], number));
            let owns = city.call(STRANGER, question).unwrap();
            prop_assert_eq!(owns, known && owner == account);
            (3, true)
        }
        Command::Bar(who) => {
            let who = PEOPLE[who];
            let barred = !barred(model, who);
            model.barred.insert(who, barred);
            let bars = if barred { BANNED } else { 0 };
            city.bars.borrow_mut().insert(who, bars);
            (4, true)
        }
        Command::Warp(seconds) => {
            city.world.warp(seconds);
            (5, true)
        }
    })
}
