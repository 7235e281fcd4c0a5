//! Random commands against a naive model: everything that can be read is compared after each.
//!
//! `AGENTCITY_RUNS` sets how many runs there are, for long ones.

mod acts;
mod model;

use std::cell::Cell;

use agentcity_abi::IAssembly as wire;
use agentcity_domain::{
    machine::{MissionState, NodeState, SessionState},
    parameter::ParameterId,
};
use alloy_primitives::{B256, aliases::U40};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use self::{acts::*, model::*};
use crate::city::*;

const SEED: [u8; 32] = *b"who decides what everybody obeys";
const RUNS: u32 = 48;
const LENGTH: usize = 240;

/// What is asked of the contract, and behind it what happens around it.
const KINDS: [&str; 21] = [
    "petition",
    "sign",
    "sign for",
    "open",
    "derive",
    "propose",
    "amend",
    "sponsor",
    "sponsor for",
    "evidence",
    "straw",
    "draw",
    "speak",
    "minority",
    "commit",
    "commit for",
    "reveal",
    "tally",
    "claim",
    "expire",
    "expire petition",
];
const AROUND: [&str; 4] = ["warp", "take up", "fail there", "mute"];
const ALL: usize = KINDS.len() + AROUND.len();
const WEIGHTS: [usize; ALL] = [
    4, 3, 8, 5, 3, 7, 9, 12, 6, 3, 8, 6, 9, 5, 12, 6, 16, 8, 8, 12, 9, 26, 6, 4, 1,
];

/// Missions that sessions are derived from: one at work, one that failed.
const AT_WORK: B256 = B256::repeat_byte(0x31);
const FAILED: B256 = B256::repeat_byte(0x32);

#[derive(Clone, Copy, Debug)]
struct Command {
    kind: usize,
    number: usize,
    aims: bool,
}

fn command() -> impl Strategy<Value = Command> {
    let kinds: Vec<usize> = (0..ALL)
        .flat_map(|kind| vec![kind; WEIGHTS[kind]])
        .collect();
    let kind = prop::sample::select(kinds);
    (kind, any::<u32>(), prop::bool::weighted(0.85)).prop_map(|(kind, number, aims)| Command {
        kind,
        number: number as usize,
        aims,
    })
}

/// A command in full: session (or petition), principal, choice.
#[derive(Clone, Copy, Debug)]
struct Act {
    of: usize,
    who: usize,
    choice: usize,
}

/// Every act on one of the last few things.
fn acts(things: usize) -> impl Iterator<Item = Act> {
    let latest = things.saturating_sub(2)..things.max(1);
    latest.flat_map(|of| {
        (0..PEOPLE).flat_map(move |who| (0..4).map(move |choice| Act { of, who, choice }))
    })
}

fn things(kind: &str, model: &Model) -> usize {
    match kind {
        "sign" | "sign for" | "open" | "expire petition" => model.petitions.len(),
        _ => model.sessions.len(),
    }
}

fn pick(kind: &str, model: &Model, command: Command, now: u64) -> Act {
    let all: Vec<Act> = acts(things(kind, model)).collect();
    let fit: Vec<Act> = all
        .iter()
        .copied()
        .filter(|act| may(kind, model, *act, now))
        .collect();
    match fit.get(command.number % fit.len().max(1)) {
        Some(act) if command.aims => *act,
        _ => all[command.number % all.len()],
    }
}

/// What happens around the contract; whether anything did.
fn around(city: &City, model: &mut Model, command: Command) -> bool {
    let latest = model.sessions.len().checked_sub(1 + command.number % 3);
    match AROUND[command.kind - KINDS.len()] {
        "warp" => {
            let now = city.world.now();
            let last = model.sessions.last().filter(|session| is_alive(session));
            let end = |session: &Session| (session.expires + 1).saturating_sub(now);
            let seconds = match (last, command.number % 5) {
                (Some(session), _) if session.step == Step::Tallying => end(session),
                (Some(session), 0) => end(session),
                (Some(session), 1 | 2) if is_ripe(session) => end(session),
                (Some(session), n) if session.step == Step::Debating => {
                    ROUND / 3 * (n as u64 / 2 * 2 + 1)
                }
                (Some(_), _) => 40,
                (None, 0) => SPONSORING + 1,
                (None, _) => command.number as u64 % 300,
            };
            city.world.warp(seconds);
        }
        "take up" => {
            let Some(session) = latest.map(|at| &mut model.sessions[at]) else {
                return false;
            };
            let is_over = [Step::Decided, Step::Skipped].contains(&session.step);
            if session.failed || !is_over || session.taken != 0 {
                return false;
            }
            session.taken = SessionState::SessionInit as u8;
            city.affairs
                .borrow_mut()
                .sessions
                .insert(session.id, session.taken);
        }
        "fail there" => {
            let Some(session) = model.sessions.iter_mut().rev().find(|s| s.taken == 1) else {
                return false;
            };
            session.taken = SessionState::Failed as u8;
            city.affairs
                .borrow_mut()
                .sessions
                .insert(session.id, session.taken);
        }
        _ => {
            let who = command.number % PEOPLE;
            let is_mute = !model.mute.remove(&who);
            if is_mute && model.mute.len() < 2 {
                model.mute.insert(who);
            }
            let mute = model.mute.contains(&who);
            let until = if mute {
                city.world.now() + (1 << 30)
            } else {
                0
            };
            city.change(who, |record| record.frozenUntil = U40::from(until));
            let bars = if mute { 16 } else { 0 };
            let standing = (principal(who), bars);
            city.people.borrow_mut().agents.insert(agent(who), standing);
        }
    }
    true
}

/// Everything that can be read of the latest sessions is as the model has it.
fn compare(city: &City, model: &Model, command: Command) -> Result<(), TestCaseError> {
    let latest = model.sessions.len().saturating_sub(4)..;
    for session in &model.sessions[latest] {
        let found = city.election(session.id);
        let winner = session
            .winner
            .map_or(B256::ZERO, |at| model.proposals[at].id);
        prop_assert_eq!(
            (
                found.step,
                found.failed,
                found.kind as u8,
                found.expiresAt.to::<u64>(),
                found.winner
            ),
            (
                session.step,
                session.failed,
                session.kind,
                session.expires,
                winner
            ),
            "{:?}",
            command
        );
        prop_assert_eq!(
            [found.commits, found.reveals, found.enrolled].map(|n| n as usize),
            [session.sealed.len(), session.opened.len(), session.enrolled]
        );
        prop_assert_eq!(found.proposals as usize, session.proposals.len());
        prop_assert_eq!(usize::from(found.candidates), session.placed.len());
        for at in &session.proposals {
            let (proposal, found) = (
                &model.proposals[*at],
                city.proposal(model.proposals[*at].id),
            );
            let place = session.placed.iter().position(|placed| placed == at);
            prop_assert_eq!(
                usize::from(found.candidate),
                place.map_or(0, |place| place + 1)
            );
            prop_assert_eq!(found.sponsors as usize, proposal.sponsors.len());
            prop_assert_eq!(found.minorities as usize, proposal.dissent.len());
            use wire::ProposalState as S;
            let state = match session.step {
                _ if session.winner == Some(*at) => S::Adopted,
                Step::Proposing if !session.failed => S::Sponsoring,
                _ if model.lost(*at) && place.is_some() => S::Defeated,
                _ if model.lost(*at) => S::Lapsed,
                _ => S::Admitted,
            };
            prop_assert_eq!(found.state, state);
        }
        let outcome = city.outcome(session.id);
        let is_over = [Step::Decided, Step::Skipped].contains(&session.step);
        let decided = is_over && !session.failed && city.world.now() <= session.expires;
        prop_assert_eq!(outcome.decided, decided);
    }
    Ok(())
}

fn begin() -> City {
    let city = City::of(PEOPLE);
    city.set(ParameterId::SponsorQuorum, QUORUM as u32);
    city.set(ParameterId::CollusionMinCandidates, RANKED as u32);
    city.set(ParameterId::CollusionCliqueMin, LEAST as u32);
    city.credit(STRANGER, 1 << 60);
    let mut affairs = city.affairs.borrow_mut();
    affairs
        .missions
        .insert(AT_WORK, (MissionState::Executing as u8, salt(5)));
    affairs
        .missions
        .insert(FAILED, (MissionState::Failed as u8, salt(5)));
    affairs.laws.insert(salt(5), (salt(6), DOMAIN));
    affairs
        .nodes
        .insert((AT_WORK, 1), (NodeState::Eligible as u8, 0));
    affairs
        .nodes
        .insert((AT_WORK, 2), (NodeState::Failed as u8, 0));
    drop(affairs);
    city
}

/// Whether a step has most of what its next one needs.
fn is_ripe(session: &Session) -> bool {
    match session.step {
        Step::Proposing => session.placed.len() >= RANKED,
        Step::Committing => session.sealed.len() * 10 > PEOPLE * 6,
        Step::Revealing => session.opened.len() > LEAST,
        _ => false,
    }
}

/// Whether somebody still waits for a session's ballot.
fn is_alive(session: &Session) -> bool {
    let is_over = [Step::Decided, Step::Skipped].contains(&session.step);
    !session.failed && !is_over
}

/// The command that is meant: if it aims and cannot succeed, or would only begin something else while a session is alive, another
/// that can.
fn meant(model: &Model, command: Command, now: u64) -> Command {
    if command.kind >= KINDS.len() || !command.aims {
        return command;
    }
    let alive = model.sessions.last().is_some_and(is_alive);
    let crowded = model.sessions.last().is_some_and(|s| s.proposals.len() > 4);
    let last = model.sessions.last();
    let informed = last.is_some_and(|s| s.evidence);
    let ranked = last.is_some_and(|s| s.placed.len() > RANKED);
    let distracts = |name: &str| match name {
        "petition" | "open" | "derive" => alive && !command.number.is_multiple_of(16),
        "propose" | "amend" => crowded && !command.number.is_multiple_of(4),
        "evidence" => informed && !command.number.is_multiple_of(8),
        "sponsor" => ranked && !command.number.is_multiple_of(4),
        _ => false,
    };
    let can = |name: &str| acts(things(name, model)).any(|act| may(name, model, act, now));
    if can(KINDS[command.kind]) && !distracts(KINDS[command.kind]) {
        return command;
    }
    // What a ballot is made of comes before what ends it.
    let rest = [
        "draw", "speak", "straw", "claim", "reveal", "tally", "commit", "minority", "sponsor",
        "evidence", "propose", "open", "sign for", "sign", "expire",
    ];
    let names = (0..rest.len()).map(|next| rest[(command.number + next) % rest.len()]);
    let mut names = names.filter(|name| !distracts(name));
    let kind = names
        .find(|name| can(name))
        .and_then(|name| KINDS.iter().position(|kind| *kind == name));
    Command {
        kind: kind.unwrap_or(command.kind),
        ..command
    }
}

fn runs() -> u32 {
    let asked = std::env::var("AGENTCITY_RUNS").ok();
    asked.and_then(|runs| runs.parse().ok()).unwrap_or(RUNS)
}

#[test]
fn random_commands_keep_to_the_model() {
    println!("seed: {}", String::from_utf8_lossy(&SEED));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let config = Config {
        cases: runs(),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let (tried, succeeded) = (Cell::new([0u32; ALL]), Cell::new([0u32; ALL]));
    let reached = Cell::new([0u32; STEPS.len()]);
    let commands = prop::collection::vec(command(), LENGTH);
    TestRunner::new_with_rng(config, rng)
        .run(&commands, |commands| {
            let (city, mut model) = (begin(), Model::default());
            for command in commands {
                let now = city.world.now();
                let command = meant(&model, command, now);
                let count = |cell: &Cell<[u32; ALL]>| {
                    let mut counts = cell.get();
                    counts[command.kind] += 1;
                    cell.set(counts);
                };
                count(&tried);
                let good = match KINDS.get(command.kind) {
                    None => around(&city, &mut model, command),
                    Some(kind) => {
                        let act = pick(kind, &model, command, now);
                        let expected = may(kind, &model, act, now);
                        let answer = ask(kind, &city, &model, act);
                        prop_assert_eq!(answer.is_some(), expected, "{} {:?}", kind, act);
                        if let Some(answer) = answer {
                            done(kind, &city, &mut model, act, answer);
                        }
                        expected
                    }
                };
                if good {
                    count(&succeeded);
                }
                compare(&city, &model, command)?;
                let mut seen = reached.get();
                for session in &model.sessions {
                    seen[session.standing()] += 1;
                }
                reached.set(seen);
            }
            Ok(())
        })
        .unwrap();
    let (tried, succeeded) = (tried.get(), succeeded.get());
    for (kind, name) in KINDS.iter().chain(&AROUND).enumerate() {
        println!("{name}: {} of {}", succeeded[kind], tried[kind]);
    }
    let (all, good) = (
        tried[..KINDS.len()].iter().sum::<u32>(),
        succeeded[..KINDS.len()].iter().sum::<u32>(),
    );
    println!("all: {good} of {all}");
    for (name, times) in STEPS.iter().zip(reached.get()) {
        println!("{name}: {times}");
    }
    assert!(all >= 5_000);
    for (kind, name) in KINDS.iter().enumerate() {
        assert!(succeeded[kind] >= 20, "{name} succeeds too rarely");
    }
    assert!(good * 100 >= all * 40);
    for (name, times) in STEPS.iter().zip(reached.get()) {
        assert!(times > 0, "no session was ever {name}");
    }
}
