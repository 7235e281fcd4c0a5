//! Random commands against a naive model: everything that can be read is compared after each.
//!
//! `AGENTCITY_RUNS` sets how many runs there are, for long ones.

mod model;

use std::cell::Cell;

use agentcity_abi::IAssembly as wire;
use agentcity_domain::{
    machine::{MissionState, NodeState, SessionState},
    parameter::ParameterId,
};
use alloy_primitives::{Address, B256, aliases::U40};
use alloy_sol_types::SolCall;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use self::model::*;
use crate::city::*;

const SEED: [u8; 32] = *b"who decides what everybody obeys";
const RUNS: u32 = 40;
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
    3, 4, 3, 5, 3, 7, 4, 14, 6, 4, 8, 4, 9, 5, 12, 6, 16, 8, 8, 12, 2, 14, 2, 2, 1,
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

/// An order of so many candidates, by choice: mostly the same.
fn order(candidates: usize, choice: usize) -> Vec<u8> {
    let mut order: Vec<u8> = (0..candidates as u8).collect();
    match choice {
        0 | 1 => {}
        2 => order.reverse(),
        _ => order.rotate_left(candidates.min(1)),
    }
    order
}

fn next(who: usize) -> usize {
    (who + 1) % PEOPLE
}

/// The proposal of a session that an act means.
fn target(model: &Model, act: Act) -> Option<usize> {
    let session = model.sessions.get(act.of)?;
    let count = session.proposals.len();
    session
        .proposals
        .get((act.choice + act.who / 4) % count.max(1))
        .copied()
}

/// The proposal, of any session, that an act brings back.
fn earlier(model: &Model, act: Act) -> Option<usize> {
    let count = model.proposals.len();
    let back = act.choice + 4 * (act.who % 3);
    count.checked_sub(back + 1)
}

/// Ballots that a claim names: those like the first of somebody's, or the first few.
fn named(session: &Session, act: Act) -> Vec<u32> {
    let Some((_, like)) = session.opened.get(act.who) else {
        return vec![0; act.choice];
    };
    let numbered = (0..).zip(&session.opened);
    if act.choice == 3 {
        return numbered.map(|(number, _)| number).take(4).collect();
    }
    let same = numbered.filter(|(_, (_, order))| order == like);
    same.map(|(number, _)| number).collect()
}

fn occasion(choice: usize) -> u8 {
    [2, 3, 4, 3][choice]
}

fn may(kind: &str, model: &Model, act: Act, now: u64) -> bool {
    let Act { of, who, choice } = act;
    let petition = model.petitions.get(of);
    let gathers = petition.is_some_and(|p| !p.is_over && now <= p.expires);
    let session = model.sessions.get(of);
    let at = |step| model.is_at(of, step, now);
    let known = |names: &std::collections::BTreeSet<usize>| {
        [who, next(who)]
            .iter()
            .all(|one| names.contains(one) || model.speaks(*one))
    };
    match kind {
        "petition" => model.speaks(who),
        "sign" => gathers && model.speaks(who) && !petition.unwrap().names.contains(&who),
        "sign for" => gathers && known(&petition.unwrap().names),
        "open" => gathers && petition.unwrap().names.len() >= petition.unwrap().needed,
        "derive" => {
            let before = model.derived.get(&occasion(choice));
            before.is_none_or(|at| {
                let session = &model.sessions[*at];
                session.failed || session.taken == SessionState::Failed as u8
            })
        }
        "propose" => at(Step::Proposing) && model.speaks(who),
        "amend" => {
            let back = earlier(model, act).filter(|earlier| {
                let proposal = &model.proposals[*earlier];
                model.lost(*earlier)
                    && proposal.proposer == who
                    && !proposal.came_back
                    && proposal.times == 0
            });
            at(Step::Proposing) && model.speaks(who) && back.is_some()
        }
        "sponsor" => target(model, act).is_some_and(|proposal| {
            let sponsors = &model.proposals[proposal].sponsors;
            at(Step::Proposing) && model.speaks(who) && !sponsors.contains(&who)
        }),
        "sponsor for" => target(model, act).is_some_and(|proposal| {
            at(Step::Proposing) && known(&model.proposals[proposal].sponsors)
        }),
        "evidence" => at(Step::Proposing) || at(Step::Debating),
        "straw" => {
            let free = |s: &Session| {
                s.evidence
                    && s.drawn.is_none()
                    && choice < s.placed.len()
                    && !s.polled.contains(&who)
            };
            at(Step::Debating) && model.speaks(who) && session.is_some_and(free)
        }
        "draw" => {
            let ready = |s: &Session| {
                s.drawn.is_none() && now > s.expires - 3 * ROUND && !s.polled.is_empty()
            };
            at(Step::Debating) && session.is_some_and(ready)
        }
        "speak" => {
            let own = |s: &Session| {
                s.turn(now).is_some_and(|(whose, round)| {
                    whose == who && choice < 3 && !s.spoken.contains(&(who, round))
                })
            };
            at(Step::Debating) && model.speaks(who) && session.is_some_and(own)
        }
        "minority" => {
            let free = |s: &Session| {
                s.placed
                    .get(choice)
                    .is_some_and(|at| !model.proposals[*at].dissent.contains(&who))
            };
            at(Step::Debating) && model.speaks(who) && session.is_some_and(free)
        }
        "commit" => {
            let free = |s: &Session| !s.sealed.contains_key(&who);
            at(Step::Committing) && model.speaks(who) && session.is_some_and(free)
        }
        "commit for" => {
            let free = |s: &Session| {
                [who, next(who)]
                    .iter()
                    .all(|one| s.sealed.contains_key(one) || model.speaks(*one))
            };
            at(Step::Committing) && session.is_some_and(free)
        }
        "reveal" => {
            let shut = |s: &Session| {
                s.sealed.contains_key(&who) && s.opened.iter().all(|(opener, _)| *opener != who)
            };
            at(Step::Revealing) && session.is_some_and(shut)
        }
        "tally" => session.is_some_and(|s| {
            let counts = s.counted < s.opened.len() && choice > 0;
            let decides = s.counted == s.opened.len() && now > s.expires;
            !s.failed && s.step == Step::Tallying && (counts || decides)
        }),
        "claim" => session.is_some_and(|s| {
            let timely = at(Step::Revealing) || at(Step::Tallying);
            let known = named(s, act)
                .iter()
                .all(|number| (*number as usize) < s.opened.len());
            timely && s.claimable() && known && named(s, act).len() >= s.clique()
        }),
        "expire" => session.is_some_and(|s| {
            !s.failed && s.step != Step::Tallying && now > s.expires && s.taken == 0
        }),
        "expire petition" => petition.is_some_and(|p| !p.is_over && now > p.expires),
        _ => unreachable!("{kind}"),
    }
}

fn call<C: SolCall>(city: &City, from: Address, call: C) -> Option<C::Return> {
    city.call(from, call).ok()
}

/// Asks the contract; what it answered where it answers a number.
fn ask(kind: &str, city: &City, model: &Model, act: Act) -> Option<B256> {
    let Act { of, who, choice } = act;
    let me = principal(who);
    let id = model.sessions.get(of).map(|s| s.id).unwrap_or(salt(1));
    let petition = model.petitions.get(of).map(|p| p.id).unwrap_or(salt(1));
    match kind {
        "petition" => call(city, me, opening_petition()),
        "sign" => call(
            city,
            me,
            wire::signPetitionCall {
                petitionId: petition,
            },
        )
        .map(nothing),
        "sign for" => {
            let both = [who, next(who)].map(|i| city.naming(petition, i));
            let (names, signatures): (Vec<_>, Vec<_>) = both.into_iter().unzip();
            let signatures = signatures.into_iter().map(Into::into).collect();
            call(
                city,
                STRANGER,
                wire::signPetitionForCall { names, signatures },
            )
            .map(nothing)
        }
        "open" => call(
            city,
            STRANGER,
            wire::openSessionCall {
                petitionId: petition,
            },
        ),
        "derive" => {
            let (kind, mission, node) = [
                (wire::SessionKind::Child, AT_WORK, 1),
                (wire::SessionKind::Partial, AT_WORK, 2),
                (wire::SessionKind::Full, FAILED, 7),
                (wire::SessionKind::Partial, AT_WORK, 2),
            ][choice];
            let opening = wire::openDerivedSessionCall {
                kind,
                missionId: mission,
                node,
            };
            call(city, STRANGER, opening)
        }
        "propose" => call(city, agent(who), proposing(id, model.laws)),
        "amend" => {
            let amends = earlier(model, act).map(|at| model.proposals[at].id);
            let proposing = wire::proposeCall {
                amends: amends.unwrap_or(salt(1)),
                ..proposing(id, model.laws)
            };
            call(city, agent(who), proposing)
        }
        "sponsor" | "sponsor for" => {
            let proposal = target(model, act).map(|at| model.proposals[at].id);
            let proposal = proposal.unwrap_or(salt(1));
            if kind == "sponsor" {
                return call(
                    city,
                    me,
                    wire::sponsorCall {
                        proposalId: proposal,
                    },
                )
                .map(nothing);
            }
            let both = [who, next(who)].map(|i| city.backing(proposal, i));
            let (names, signatures): (Vec<_>, Vec<_>) = both.into_iter().unzip();
            let signatures = signatures.into_iter().map(Into::into).collect();
            call(city, STRANGER, wire::sponsorForCall { names, signatures }).map(nothing)
        }
        "evidence" => call(city, STRANGER, city.informing(id, salt(model.laws + 7))).map(nothing),
        "straw" => call(city, STRANGER, city.voting(id, who, choice as u8)).map(nothing),
        "draw" => call(
            city,
            STRANGER,
            wire::drawSpeakingOrderCall { sessionId: id },
        )
        .map(nothing),
        "speak" => {
            let turn = model
                .sessions
                .get(of)
                .and_then(|s| s.turn(city.world.now()));
            let round = turn.map_or(1, |(_, round)| round) + u8::from(choice == 3);
            call(city, STRANGER, city.speaking(id, who, round)).map(nothing)
        }
        "minority" => {
            let placed = model.sessions.get(of).and_then(|s| s.placed.get(choice));
            let minority = wire::recordMinorityCall {
                proposalId: placed.map_or(salt(1), |at| model.proposals[*at].id),
                positionHash: salt(who),
            };
            call(city, me, minority).map(nothing)
        }
        "commit" | "commit for" => {
            let candidates = model.sessions.get(of).map_or(1, |s| s.placed.len());
            let order = order(candidates, choice);
            if kind == "commit" {
                return call(city, me, sealing(id, who, &order)).map(nothing);
            }
            let both = [who, next(who)].map(|i| city.casting(id, i, seal(id, i, &order)));
            let (commitments, signatures): (Vec<_>, Vec<_>) = both.into_iter().unzip();
            let signatures = signatures.into_iter().map(Into::into).collect();
            let batch = wire::commitBallotsCall {
                commitments,
                signatures,
            };
            call(city, STRANGER, batch).map(nothing)
        }
        "reveal" => {
            let sealed = model.sessions.get(of).and_then(|s| s.sealed.get(&who));
            let order = sealed.cloned().unwrap_or_else(|| order(2, choice));
            call(city, STRANGER, showing(id, who, &order)).map(nothing)
        }
        "tally" => {
            let tally = wire::tallyCall {
                sessionId: id,
                ballots: amount(choice),
            };
            call(city, STRANGER, tally).map(nothing)
        }
        "claim" => {
            let ballots = model.sessions.get(of).map_or(vec![0], |s| named(s, act));
            call(city, STRANGER, claiming(id, &ballots)).map(nothing)
        }
        "expire" => call(city, STRANGER, expiring(id)).map(nothing),
        "expire petition" => call(
            city,
            STRANGER,
            wire::expirePetitionCall {
                petitionId: petition,
            },
        )
        .map(nothing),
        _ => unreachable!("{kind}"),
    }
}

/// Where a function answers no number.
fn nothing<T>(_: T) -> B256 {
    B256::ZERO
}

/// Ballots that a tally counts, by choice.
fn amount(choice: usize) -> u32 {
    [0, 1, 3, u32::MAX][choice]
}

/// What it did to the model.
fn done(kind: &str, city: &City, model: &mut Model, act: Act, answer: B256) {
    let Act { of, who, choice } = act;
    let now = city.world.now();
    let aimed = target(model, act);
    let back = earlier(model, act);
    match kind {
        "petition" => model.petitions.push(Petition {
            id: answer,
            names: [who].into(),
            needed: 3,
            expires: now + SPONSORING,
            is_over: false,
        }),
        "sign" => {
            model.petitions[of].names.insert(who);
        }
        "sign for" => model.petitions[of].names.extend([who, next(who)]),
        "open" => {
            model.petitions[of].is_over = true;
            model.begin(answer, 1, now);
        }
        "derive" => {
            let kind = occasion(choice);
            let at = model.begin(answer, kind, now);
            model.derived.insert(kind, at);
        }
        "propose" | "amend" => {
            let times = usize::from(kind == "amend");
            if let Some(earlier) = back.filter(|_| kind == "amend") {
                model.proposals[earlier].came_back = true;
            }
            model.proposals.push(Proposal {
                id: answer,
                session: of,
                proposer: who,
                sponsors: Default::default(),
                dissent: Default::default(),
                came_back: false,
                times,
            });
            let at = model.proposals.len() - 1;
            model.sessions[of].proposals.push(at);
            model.laws += 1;
        }
        "sponsor" => model.sponsor(aimed.unwrap(), who),
        "sponsor for" => {
            for one in [who, next(who)] {
                if !model.proposals[aimed.unwrap()].sponsors.contains(&one) {
                    model.sponsor(aimed.unwrap(), one);
                }
            }
        }
        "evidence" => {
            model.sessions[of].evidence = true;
            model.laws += 1;
        }
        "straw" => model.sessions[of].polled.push(who),
        "draw" => {
            let session = &model.sessions[of];
            // Whose order it is, the debate's own tests say; here it is read.
            let whose = |place| {
                let asked = wire::speakerCall {
                    sessionId: session.id,
                    place,
                };
                let at = city.call(STRANGER, asked).unwrap();
                (0..PEOPLE)
                    .find(|i| principal(*i) == at)
                    .expect("a straw voter")
            };
            let order: Vec<usize> = (0..session.polled.len() as u16).map(whose).collect();
            model.sessions[of].drawn = Some((now, order));
        }
        "speak" => {
            let (_, round) = model.sessions[of].turn(now).unwrap();
            model.sessions[of].spoken.insert((who, round));
        }
        "minority" => {
            let at = model.sessions[of].placed[choice];
            model.proposals[at].dissent.insert(who);
        }
        "commit" | "commit for" => {
            let session = &mut model.sessions[of];
            let order = order(session.placed.len(), choice);
            session.sealed.entry(who).or_insert(order.clone());
            if kind == "commit for" {
                session.sealed.entry(next(who)).or_insert(order);
            }
        }
        "reveal" => {
            let session = &mut model.sessions[of];
            let order = session.sealed[&who].clone();
            session.opened.push((who, order));
        }
        "tally" => {
            let session = &mut model.sessions[of];
            let more = amount(choice) as usize;
            session.counted = (session.counted + more).min(session.opened.len());
            if session.counted == session.opened.len() && now > session.expires {
                session.decide(now);
            }
        }
        "claim" => {
            let session = &mut model.sessions[of];
            let ballots = named(session, act);
            let of = |number: &u32| session.opened[*number as usize].1.clone();
            let orders: Vec<Vec<u8>> = ballots.iter().map(of).collect();
            let all = orders
                .iter()
                .all(|a| orders.iter().all(|b| are_alike(a, b)));
            if all {
                session.delays = 1;
                if session.step == Step::Tallying {
                    session.step = Step::Delayed;
                    session.expires = now + DELAY;
                }
            }
        }
        "expire" => {
            let session = &mut model.sessions[of];
            if session.step == Step::Debating {
                session.enrolled = PEOPLE;
            }
            session.expire(now);
        }
        "expire petition" => model.petitions[of].is_over = true,
        _ => unreachable!("{kind}"),
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
                (Some(session), _) if session.step == Step::Debating => ROUND / 3,
                (Some(_), _) => 40,
                (None, 0) => OPENING + 1,
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
    let distracts = |name: &str| match name {
        "petition" | "open" | "derive" => alive && !command.number.is_multiple_of(16),
        "propose" | "amend" => crowded && !command.number.is_multiple_of(4),
        _ => false,
    };
    let can = |name: &str| acts(things(name, model)).any(|act| may(name, model, act, now));
    if can(KINDS[command.kind]) && !distracts(KINDS[command.kind]) {
        return command;
    }
    // What a ballot is made of comes before what ends it.
    let rest = [
        "draw", "speak", "straw", "claim", "reveal", "tally", "commit", "minority", "sponsor",
        "evidence", "propose", "open", "sign", "expire",
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
