//! Random commands against a naive model of the offices.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use agentcity_abi::IManagement as wire;
use agentcity_domain::clerk::{ClerkRole, Operation};
use agentcity_world::Key;
use alloy_primitives::{Address, B256, keccak256};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::{
    city::{City, RATE, STRANGER, WAIT, admission, key, member},
    delegations::digest,
};

const SEED: [u8; 32] = *b"clerks do what envelopes permit.";
const RUNS: u32 = 48;
const LENGTH: usize = 60;

#[derive(Clone, Debug)]
enum Command {
    Admit(usize, u8),
    Update(usize, u64),
    Revoke(usize),
    Mandate(u8, u8),
    Validate(usize, u8, u8),
    Delegate(usize, u8, u8),
    Answer(usize, bool),
    Expire(usize),
    Bar(usize),
    Warp(u64),
}

const KINDS: [&str; 10] = [
    "admit", "update", "revoke", "mandate", "validate", "delegate", "answer", "expire", "bar",
    "warp",
];

/// Six agents: of each office one clerk of the manifest, and two more.
const AGENTS: usize = 6;

fn agent(number: usize) -> Key {
    match number {
        0..4 => key(ClerkRole::ALL[number], 0),
        _ => key(ClerkRole::ALL[number - 4], 1),
    }
}

fn command() -> impl Strategy<Value = Command> {
    let (who, operation, subject) = (0..AGENTS, 0..13u8, 0..3u8);
    prop_oneof![
        2 => (4..AGENTS, 0..4u8).prop_map(|(who, role)| Command::Admit(who, role)),
        2 => (who.clone(), any::<u64>()).prop_map(|(who, random)| Command::Update(who, random)),
        1 => (3..AGENTS).prop_map(Command::Revoke),
        1 => (0..9u8, 0..3u8).prop_map(|(operation, service)| Command::Mandate(operation, service)),
        9 => (who.clone(), operation, subject.clone())
            .prop_map(|(who, operation, subject)| Command::Validate(who, operation, subject)),
        8 => (who.clone(), any::<u8>(), subject)
            .prop_map(|(who, pick, subject)| Command::Delegate(who, pick, subject)),
        6 => (0..8usize, prop::bool::weighted(0.9)).prop_map(|(n, own)| Command::Answer(n, own)),
        2 => (0..8usize).prop_map(Command::Expire),
        1 => who.prop_map(Command::Bar),
        3 => prop_oneof![3 => 1..600u64, 2 => WAIT..WAIT * 2].prop_map(Command::Warp),
    ]
}

/// The seed's table once more, naively: of each office its operations, and of each delegated operation its office and
/// the operation behind which it stands.
const OFFICES: [&[u8]; 4] = [&[0, 1], &[2, 8], &[3, 4, 5, 8], &[6, 7]];
const GUARDS: [(u8, u8); 9] = [
    (0, 0),
    (0, 1),
    (1, 2),
    (1, 8),
    (2, 5),
    (2, 5),
    (3, 6),
    (3, 6),
    (3, 6),
];

#[derive(Clone)]
struct Office {
    role: u8,
    active: bool,
    permitted: BTreeSet<u8>,
    most: u16,
}

#[derive(Clone)]
struct Asked {
    request: wire::DelegationRequest,
    due: u64,
    closed: Option<wire::DelegationState>,
}

#[derive(Default)]
struct Model {
    offices: BTreeMap<Address, Office>,
    barred: BTreeSet<Address>,
    used: BTreeMap<(Address, B256), u16>,
    /// Clerk, subject, delegated operation.
    answered: BTreeSet<(Address, B256, u8)>,
    mandates: BTreeMap<u8, B256>,
    asked: Vec<Asked>,
    nonce: u64,
}

impl Model {
    fn holds(&self, who: Address) -> Option<&Office> {
        self.offices.get(&who).filter(|office| office.active)
    }

    fn may(&self, who: Address, operation: u8, subject: B256) -> bool {
        let Some(office) = self.holds(who) else {
            return false;
        };
        let used = self.used.get(&(who, subject)).copied().unwrap_or(0);
        let answered = self
            .behind(office.role, operation)
            .all(|delegated| self.answered.contains(&(who, subject, delegated)));
        !self.barred.contains(&who)
            && office.permitted.contains(&operation)
            && used < office.most
            && answered
    }

    /// Mandated operations behind which an operation of an office stands.
    fn behind(&self, role: u8, operation: u8) -> impl Iterator<Item = u8> {
        let mandated: Vec<u8> = self.mandates.keys().copied().collect();
        mandated
            .into_iter()
            .filter(move |delegated| GUARDS[usize::from(*delegated)] == (role, operation))
    }
}

fn subject(number: u8) -> B256 {
    keccak256([number, 1])
}

fn owner() -> Key {
    Key::of("owner of every service")
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
    let (tried, succeeded) = (Cell::new([0u32; 10]), Cell::new([0u32; 10]));
    let states = Cell::new([0u32; 6]);
    let commands = proptest::collection::vec(command(), LENGTH);
    TestRunner::new_with_rng(config, rng)
        .run(&commands, |commands| {
            let city = City::new();
            let mut model = Model::default();
            for service in 0..3 {
                city.service(owner().address, service);
            }
            for number in 0..AGENTS {
                city.agent(agent(number).address);
            }
            for (number, operations) in OFFICES.iter().enumerate() {
                let office = Office {
                    role: number as u8,
                    active: true,
                    permitted: operations.iter().copied().collect(),
                    most: RATE,
                };
                model.offices.insert(agent(number).address, office);
            }
            for operation in [0, 2, 4] {
                apply(&city, &mut model, &Command::Mandate(operation, 1))?;
            }
            for command in commands {
                let (kind, done) = apply(&city, &mut model, &command)?;
                let count = |cell: &Cell<[u32; 10]>| {
                    let mut counts = cell.get();
                    counts[kind] += 1;
                    cell.set(counts);
                };
                count(&tried);
                if done {
                    count(&succeeded);
                }
            }
            let mut reached = states.get();
            compare(&city, &model, &mut reached)?;
            states.set(reached);
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
    let names = ["none", "active", "revoked", "open", "recorded", "expired"];
    for (name, reached) in names.iter().zip(states.get()) {
        println!("ended {name}: {reached}");
        assert!(reached > 0, "no run ended with anything {name}");
    }
}

/// The chain says what the model says.
fn compare(city: &City, model: &Model, reached: &mut [u32; 6]) -> Result<(), TestCaseError> {
    for number in 0..AGENTS {
        let who = agent(number).address;
        let record = city
            .call(STRANGER, wire::clerkOfCall { clerk: who })
            .unwrap();
        let office = model.offices.get(&who);
        prop_assert_eq!(record.known, office.is_some());
        reached[match office {
            None => 0,
            Some(office) if office.active => 1,
            Some(_) => 2,
        }] += 1;
        let Some(office) = office else { continue };
        prop_assert_eq!((record.role, record.active), (office.role, office.active));
        let permitted = office.permitted.iter().fold(0, |mask, bit| mask | 1 << bit);
        prop_assert_eq!(record.permitted, permitted);
        // What is permitted is never prohibited, and never outside the office.
        prop_assert_eq!(record.permitted & record.prohibited, 0);
        for number in 0..3 {
            let subject = subject(number);
            let call = wire::ledgerOfCall {
                clerk: who,
                subject,
            };
            let ledger = city.call(STRANGER, call).unwrap();
            let used = model.used.get(&(who, subject)).copied().unwrap_or(0);
            prop_assert_eq!(ledger.used, used);
            let answered = (0..9)
                .filter(|delegated| model.answered.contains(&(who, subject, *delegated)))
                .fold(0, |mask, bit| mask | 1 << bit);
            prop_assert_eq!(ledger.answered, answered);
        }
    }
    for asked in &model.asked {
        let call = wire::delegationOfCall {
            delegationId: digest(city, &asked.request),
        };
        let record = city.call(STRANGER, call).unwrap();
        let state = asked.closed.unwrap_or(wire::DelegationState::Open);
        prop_assert_eq!(record.state, state);
        prop_assert_eq!(record.dueAt, asked.due);
        reached[2 + state as usize] += 1;
    }
    Ok(())
}

/// Whether the command succeeded, on the chain and in the model alike.
fn apply(
    city: &City,
    model: &mut Model,
    command: &Command,
) -> Result<(usize, bool), TestCaseError> {
    let now = city.world.now();
    let (kind, answered, expected) = match *command {
        Command::Admit(who, role) => {
            let who = agent(who).address;
            let answer = city.panel(admission(who, ClerkRole::ALL[usize::from(role)]));
            let expected = model.holds(who).is_none() && !model.barred.contains(&who);
            if expected {
                let office = Office {
                    role,
                    active: true,
                    permitted: OFFICES[usize::from(role)].iter().copied().collect(),
                    most: RATE,
                };
                model.offices.insert(who, office);
            }
            (0, answer.is_ok(), expected)
        }
        Command::Update(who, random) => {
            let who = agent(who).address;
            // Of the office's operations some; now and then one that is not.
            let role = model.offices.get(&who).map_or(0, |office| office.role);
            let own = OFFICES[usize::from(role)];
            let chosen = own.iter().filter(|operation| random >> *operation & 1 == 1);
            let mut permitted: BTreeSet<u8> = chosen.copied().collect();
            let foreign = random >> 60 == 0;
            if foreign {
                permitted.insert(9);
            }
            let most = (random >> 32) as u16 % (RATE + 1);
            let call = wire::updatePermissionsCall {
                clerk: who,
                permitted: permitted.iter().fold(0, |mask, bit| mask | 1 << bit),
                prohibited: 0,
                operationsMax: most,
            };
            let answer = city.panel(call);
            let expected =
                model.holds(who).is_some() && !permitted.is_empty() && !foreign && most > 0;
            if expected {
                let office = model.offices.get_mut(&who).unwrap();
                (office.permitted, office.most) = (permitted, most);
            }
            (1, answer.is_ok(), expected)
        }
        Command::Revoke(who) => {
            let who = agent(who).address;
            let call = wire::revokeManagementRoleCall {
                clerk: who,
                reason: subject(0),
            };
            let answer = city.panel(call);
            let expected = model.holds(who).is_some();
            if expected {
                model.offices.get_mut(&who).unwrap().active = false;
            }
            (2, answer.is_ok(), expected)
        }
        Command::Mandate(operation, service) => {
            let lifted = service == 0;
            let service_id = if lifted {
                B256::ZERO
            } else {
                keccak256([service])
            };
            let call = wire::setMandateCall {
                operation,
                serviceId: service_id,
                artifactSchema: B256::ZERO,
            };
            let answer = city.panel(call);
            model.mandates.remove(&operation);
            if !lifted {
                model.mandates.insert(operation, service_id);
            }
            model.answered.clear();
            (3, answer.is_ok(), true)
        }
        Command::Validate(who, pick, number) => {
            let (who, subject) = (agent(who).address, subject(number));
            // Mostly an operation that the clerk has, so that most succeed.
            let permitted = model.holds(who).map(|office| &office.permitted);
            let operation = match permitted {
                Some(permitted) if pick < 10 => {
                    let at = usize::from(pick) % permitted.len();
                    *permitted.iter().nth(at).unwrap()
                }
                _ => pick,
            };
            let answer = city.call(
                member(Operation::at(operation).unwrap().owner()),
                wire::validateOperationCall {
                    clerk: who,
                    operation,
                    subject,
                },
            );
            let expected = model.may(who, operation, subject);
            if expected {
                let role = model.offices[&who].role;
                prop_assert_eq!(answer.as_ref().ok(), Some(&role));
                *model.used.entry((who, subject)).or_default() += 1;
                let behind: Vec<u8> = model.behind(role, operation).collect();
                for delegated in behind {
                    model.answered.remove(&(who, subject, delegated));
                }
            }
            (4, answer.is_ok(), expected)
        }
        Command::Delegate(who, pick, number) => {
            // Mostly a clerk whose office hands something over, and that.
            let hands_over = |who: &usize| {
                let role = model.holds(agent(*who).address).map(|office| office.role);
                let mut mandated = model.mandates.keys();
                mandated.any(|operation| Some(GUARDS[usize::from(*operation)].0) == role)
            };
            let busy: Vec<usize> = (0..AGENTS).filter(hands_over).collect();
            let clerk = agent(match busy.get(who % busy.len().max(1)) {
                Some(busy) if pick >= 32 => *busy,
                _ => who,
            });
            let role = model.holds(clerk.address).map(|office| office.role);
            let due: Vec<u8> = model
                .mandates
                .keys()
                .copied()
                .filter(|operation| Some(GUARDS[usize::from(*operation)].0) == role)
                .collect();
            let operation = match due.get(usize::from(pick) % due.len().max(1)) {
                Some(operation) if pick < 240 => *operation,
                _ => pick % 9,
            };
            let mandated = model.mandates.get(&operation).copied();
            model.nonce += 1;
            let request = wire::DelegationRequest {
                clerk: clerk.address,
                operation,
                serviceId: mandated.unwrap_or(keccak256([1])),
                subject: subject(number),
                inputHash: keccak256(model.nonce.to_be_bytes()),
                deadline: now,
            };
            let call = wire::delegateCall {
                signature: clerk.sign(digest(city, &request)).into(),
                request: request.clone(),
            };
            let answer = city.call(STRANGER, call);
            let expected = role == Some(GUARDS[usize::from(operation)].0)
                && mandated.is_some()
                && !model.barred.contains(&clerk.address);
            if expected {
                model.asked.push(Asked {
                    request,
                    due: now + WAIT,
                    closed: None,
                });
            }
            (5, answer.is_ok(), expected)
        }
        Command::Answer(number, own) => {
            // Mostly one that waits.
            let open = model.asked.iter().rposition(|asked| asked.closed.is_none());
            let latest = model.asked.len().checked_sub(1 + number % 3);
            let Some(at) = open.filter(|_| number < 6).or(latest) else {
                return Ok((6, false));
            };
            let asked = &mut model.asked[at];
            let by = if own { owner() } else { Key::of("thief") };
            let result = wire::DelegationResult {
                delegationId: digest(city, &asked.request),
                outputHash: subject(9),
                artifactHash: B256::ZERO,
                deadline: now,
            };
            let digest = wire::resultDigestCall {
                result: result.clone(),
            };
            let service = (0..3u8)
                .find(|service| keccak256([*service]) == asked.request.serviceId)
                .unwrap();
            let call = wire::recordDelegationResultCall {
                request: asked.request.clone(),
                owner: by.address,
                details: B256::repeat_byte(service),
                signature: by.sign(city.call(STRANGER, digest).unwrap()).into(),
                result,
            };
            let answer = city.call(STRANGER, call);
            let expected = own && asked.closed.is_none() && now <= asked.due;
            if expected {
                asked.closed = Some(wire::DelegationState::Recorded);
                let request = &asked.request;
                if model.mandates.get(&request.operation) == Some(&request.serviceId) {
                    let entry = (request.clerk, request.subject, request.operation);
                    model.answered.insert(entry);
                }
            }
            (6, answer.is_ok(), expected)
        }
        Command::Expire(number) => {
            // The first that waits, if any does.
            let open = model.asked.iter().position(|asked| asked.closed.is_none());
            let Some(at) = open.or(model.asked.len().checked_sub(1 + number % 3)) else {
                return Ok((7, false));
            };
            let asked = &mut model.asked[at];
            let call = wire::expireDelegationCall {
                delegationId: digest(city, &asked.request),
            };
            let answer = city.call(STRANGER, call);
            let expected = asked.closed.is_none() && now > asked.due;
            if expected {
                asked.closed = Some(wire::DelegationState::Expired);
            }
            (7, answer.is_ok(), expected)
        }
        Command::Bar(who) => {
            let who = agent(who).address;
            if !model.barred.remove(&who) {
                model.barred.insert(who);
            }
            let bars = if model.barred.contains(&who) { 10 } else { 2 };
            city.bar(who, bars);
            (8, true, true)
        }
        Command::Warp(seconds) => {
            city.world.warp(seconds);
            (9, true, true)
        }
    };
    prop_assert_eq!(answered, expected, "{:?}", command);
    Ok((kind, expected))
}
