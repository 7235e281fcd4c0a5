//! Random commands against a naive model of windows, seals, values and bonds: everything is compared after each.

mod model;

use agentcity_abi::{ICollaboration::Reason, IVerification as wire};
use agentcity_domain::{machine::NodeState, peer::Peer, verification::proof::reference};
use agentcity_world::commands::{self, Plan};
use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::SolCall;
use proptest::prelude::*;

use self::model::*;
use crate::{batch, city::*, consensus};

/// What is asked of the contract, and what happens around it.
const KINDS: [&str; 11] = [
    "announce", "prove", "submit", "commit", "batch", "reveal", "close", "dispute", "decide",
    "exclude", "release",
];
const AROUND: [&str; 7] = ["route", "backup", "stop", "lift", "end", "begin", "warp"];

const PLAN: Plan = Plan {
    seed: *b"what is a result worth, to whom?",
    runs: 60,
    length: 160,
    kinds: &KINDS,
    never: &[],
    around: &AROUND,
    weights: &[3, 2, 2, 14, 2, 16, 8, 7, 3, 1, 3, 6, 5, 1, 6, 2, 6, 9],
    aims: 0.85,
    reach: &STATES,
};

type Command = commands::Command<4>;

/// A command in full: node, seat, value or choice.
#[derive(Clone, Copy, Debug)]
struct Act {
    node: usize,
    seat: u8,
    choice: u8,
}

/// Every node, seat and choice.
fn acts() -> Vec<Act> {
    let mut all = Vec::new();
    for node in 0..NODES {
        for seat in 0..SEATS {
            for choice in 0..4 {
                all.push(Act { node, seat, choice });
            }
        }
    }
    all
}

/// One of all acts: one that may succeed if it aims and any may.
fn pick(command: Command, may: impl Fn(Act) -> bool) -> Act {
    let all = acts();
    let fit: Vec<Act> = all.iter().copied().filter(|act| may(*act)).collect();
    let [first, second, ..] = command.numbers;
    let number = first * 65_536 + second;
    match fit.get(number % fit.len().max(1)) {
        Some(act) if command.aims => *act,
        _ => all[number % all.len()],
    }
}

/// The bytes of one of three values at a node: the first two are near each other but at the first node.
fn bytes(node: usize, choice: u8) -> Vec<u8> {
    match node {
        EXACT => value(choice + 1).to_vec(),
        SETS => {
            let (from, to) = [(0, 20), (0, 19), (50, 60)][usize::from(choice)];
            consensus::set(from, to).1
        }
        _ => consensus::number([100, 103, 200][usize::from(choice)]).to_vec(),
    }
}

fn elements(node: &Node) -> Vec<Vec<B256>> {
    let of = |(_, choice): (u8, u8)| {
        let (from, to) = [(0, 20), (0, 19), (50, 60)][usize::from(choice)];
        consensus::set(from, to).0
    };
    node.counting().into_iter().map(of).collect()
}

const INPUT: B256 = B256::repeat_byte(0x1a);
const OUTPUT: B256 = B256::repeat_byte(0x2b);

fn law_of(node: usize) -> Law {
    match node {
        EXACT => law(2, SEATS, 2, 0),
        SETS => law(2, SEATS, 2, 3),
        PROOF => {
            let mut law = law(1, 1, 1, 0);
            let words = reference(&mission(), node as u16, &INPUT, &OUTPUT, &salt(0));
            law.terms.expected = keccak256(words.concat());
            law
        }
        REVIEWED => law(3, 1, 1, 0),
        _ => law(2, SEATS, 2, 1),
    }
}

#[test]
fn random_commands_keep_to_the_model_and_the_bonds_to_their_books() {
    PLAN.run(Just(()), |tally, (), commands| {
        let city = City::new();
        let mut model = Model::new(city.world.now());
        for node in 0..NODES {
            city.route(node as u16, 1, law_of(node));
        }
        for seat in 0..SEATS {
            city.credit(executor(seat).address, PURSE);
        }
        for command in commands {
            let command = meant(&model, command, city.world.now());
            let done = apply(&city, &mut model, command)?;
            tally.count(command.kind, done);
            compare(&city, &model, command)?;
            for node in &model.nodes {
                tally.reach_at(node.standing(city.world.now()));
            }
        }
        Ok(())
    });
}

/// The command that is meant: if it aims and cannot succeed, the next kind that can, if any.
fn meant(model: &Model, command: Command, now: u64) -> Command {
    let asked = KINDS.get(command.kind).copied();
    let can = |kind: usize| {
        let name = KINDS[kind];
        let any = |act: Act| may(name, model, act, now);
        match name {
            "release" => model.ended && !model.bonds.is_empty(),
            _ if !model.works() => false,
            "prove" => any(Act {
                node: PROOF,
                seat: 0,
                choice: 0,
            }),
            "submit" => any(Act {
                node: REVIEWED,
                seat: 0,
                choice: 0,
            }),
            _ => acts().into_iter().any(any),
        }
    };
    if asked.is_none() || !command.aims || can(command.kind) {
        return command;
    }
    if !model.works() && !command.numbers[3].is_multiple_of(4) {
        // Nothing can succeed meanwhile but a release: mostly, the city goes on.
        let name = match (model.ended, model.bonds.is_empty()) {
            (true, false) => {
                return Command {
                    kind: KINDS.len() - 1,
                    ..command
                };
            }
            (true, true) => "begin",
            (false, _) => "lift",
        };
        let kind = AROUND.iter().position(|around| *around == name);
        let kind = KINDS.len() + kind.expect("a kind");
        return Command { kind, ..command };
    }
    // What consensus is made of comes before what cuts it short.
    let rest = ["dispute", "reveal", "commit", "close"];
    let kinds = (0..rest.len()).map(|next| rest[(command.numbers[3] + next) % rest.len()]);
    let mut kinds = kinds.filter_map(|name| KINDS.iter().position(|kind| *kind == name));
    let kind = kinds.find(|kind| can(*kind)).unwrap_or(command.kind);
    Command { kind, ..command }
}

/// Whether the command succeeded, on the chain and in the model alike.
fn apply(city: &City, model: &mut Model, command: Command) -> Result<bool, TestCaseError> {
    let now = city.world.now();
    let name = KINDS.iter().chain(&AROUND).nth(command.kind).unwrap();
    if command.kind >= KINDS.len() {
        return Ok(around(city, model, command, name));
    }
    let works = model.works();
    let may = |model: &Model, act: Act| -> bool { works && may(name, model, act, now) };
    let (act, expected) = if *name == "release" {
        // Of a bond that is held, if it aims.
        let held = model
            .bonds
            .get(command.numbers[0] % model.bonds.len().max(1));
        let (node, attempt) = match held {
            Some(bond) if command.aims => (bond.0, bond.1),
            _ => (command.numbers[0] % NODES, command.numbers[1] as u8 % 4),
        };
        let act = Act {
            node,
            seat: attempt,
            choice: 0,
        };
        let held = model
            .bonds
            .iter()
            .any(|bond| (bond.0, bond.1) == (node, attempt));
        (act, held && model.ended)
    } else {
        let act = pick(command, |act| may(model, act));
        // A proof is of the one node, an output for review of the other.
        let node = match *name {
            "prove" => PROOF,
            "submit" => REVIEWED,
            _ => act.node,
        };
        let act = Act { node, ..act };
        (act, may(model, act))
    };
    city.world.take_logs();
    let answered = ask(name, city, model, act);
    prop_assert_eq!(answered, expected, "{} {:?} at {}", name, act, now);
    if expected {
        done(name, model, act, now);
        // An end is told once, as the model says.
        let node = &model.nodes[act.node];
        let ends = [State::Completed, State::Failed].contains(&node.state);
        let verdicts = city.verdicts();
        if ends && *name != "release" {
            let got: Vec<Part> = outcomes(verdicts.last().unwrap())
                .iter()
                .map(|o| (o.1, o.2, o.3))
                .collect();
            prop_assert_eq!(&got, &node.parts, "{} {:?}", name, act);
        }
    }
    Ok(expected)
}

/// Whether a command may succeed while the mission works.
fn may(name: &str, model: &Model, act: Act, now: u64) -> bool {
    let node = &model.nodes[act.node];
    let seat = &node.seats[usize::from(act.seat)];
    let sealing = node.state == State::Executing || node.state == State::Verifying;
    match name {
        "announce" => {
            let alone = node.state == State::Executing && act.seat == 0;
            let seated = node.is_consensus() && sealing || alone;
            seated && !node.announced && seat.committed.is_none() && node.in_commits(now)
        }
        "prove" => act.node == PROOF && node.state == State::Executing && now <= node.expires,
        "submit" => act.node == REVIEWED && node.state == State::Executing && now <= node.expires,
        "commit" => {
            let taken = seat.committed.is_some();
            node.is_consensus() && sealing && !taken && act.choice < 3 && node.in_commits(now)
        }
        // Two seats of one node at once.
        "batch" => {
            let next = &node.seats[usize::from((act.seat + 1) % SEATS)];
            let taken = seat.committed.is_some() || next.committed.is_some();
            node.is_consensus() && sealing && !taken && act.choice < 3 && node.in_commits(now)
        }
        "reveal" => {
            let opens = seat.committed == Some(act.choice) && !seat.revealed && !seat.excluded;
            node.state == State::Verifying && opens && node.in_reveals(now)
        }
        "close" => may_close(node, act.choice % 2 == 1, now),
        "dispute" => {
            let dissent = !(node.is_plain() && node.all_agree());
            node.state == State::Verifying && seat.counts() && node.in_disputes(now) && dissent
        }
        "decide" => {
            let reviewed = node.state == State::Reviewing && node.ruling.is_none();
            let (approved, _, named) = ruling(act);
            let has = if node.is_consensus() {
                seat.counts()
            } else {
                named == 0
            };
            reviewed && (!approved || has)
        }
        "exclude" => {
            let open = node.state == State::Verifying || node.state == State::Reviewing;
            let sealed = seat.committed.is_some() && !seat.excluded;
            node.is_consensus() && open && sealed && node.ruling.is_none()
        }
        _ => unreachable!("{name}"),
    }
}

/// With elements or without.
fn may_close(node: &Node, brought: bool, now: u64) -> bool {
    if !node.is_consensus() {
        return false;
    }
    // What is brought for other nodes than that of sets is too much, if there is anything to bring.
    let fits = !brought || node.number == SETS || node.counting().is_empty();
    let known = if node.number == SETS {
        brought || node.all_alike()
    } else {
        true
    };
    let agreed = node.all_agree() && known;
    match node.state {
        State::Verifying if node.in_commits(now) => false,
        State::Verifying if node.is_short(now) => true,
        State::Verifying if node.in_reveals(now) => false,
        State::Verifying if node.in_disputes(now) => fits && agreed,
        State::Verifying => fits && known,
        State::Reviewing if node.ruling.is_some() => fits && known,
        State::Reviewing => node.backup && now > node.expires && fits && known,
        _ => false,
    }
}

fn ruling(act: Act) -> (bool, u16, u8) {
    match act.choice {
        0 => (false, 0, 0),
        choice => (true, u16::from(choice) * 300, act.seat),
    }
}

/// Asks the contract.
fn ask(name: &str, city: &City, model: &Model, act: Act) -> bool {
    let node = act.node as u16;
    let me = executor(act.seat).address;
    let panel = member(Peer::Adjudication);
    let call = |from: Address, call: Vec<u8>| {
        let value = alloy_primitives::U256::ZERO;
        city.world.transact(from, here(), value, &call).is_ok()
    };
    let result = |proof: Vec<u8>| wire::submitResultCall {
        missionId: mission(),
        node,
        terms: law_of(act.node).terms,
        outputHash: OUTPUT,
        trailRoot: trail(0),
        proof: proof.into(),
    };
    let choice = act.choice % 3;
    match name {
        "announce" => call(me, announcing(node).abi_encode()),
        "prove" => {
            let salt = if act.choice > 0 { salt(0) } else { INPUT };
            let proof = [INPUT, salt].concat();
            call(executor(0).address, result(proof).abi_encode())
        }
        "submit" => call(executor(0).address, result(Vec::new()).abi_encode()),
        "commit" if act.choice == 3 => {
            let mut trailless = city.committing(node, act.seat, &bytes(act.node, 0));
            trailless.trailRoot = B256::ZERO;
            call(me, trailless.abi_encode())
        }
        "commit" => {
            let value = bytes(act.node, choice);
            call(me, city.committing(node, act.seat, &value).abi_encode())
        }
        "batch" => {
            let seats = [act.seat, (act.seat + 1) % SEATS];
            let value = bytes(act.node, choice);
            let mut results = seats.map(|seat| (seat, batch::committed(city, node, seat, &value)));
            if act.choice == 3 {
                results[1].1.trailRoot = B256::ZERO;
            }
            call(STRANGER, batch::batch(city, &results, &[]).abi_encode())
        }
        "reveal" => {
            let mut opening = revealing(node, act.seat, &bytes(act.node, choice));
            if act.choice == 3 {
                opening.salt = INPUT;
            }
            call(STRANGER, opening.abi_encode())
        }
        "close" => {
            let mut closing = closing(node);
            if act.choice % 2 == 1 {
                closing.elements = elements(&model.nodes[act.node]);
            }
            call(STRANGER, closing.abi_encode())
        }
        "dispute" => call(me, disputing(node).abi_encode()),
        "decide" => {
            let (approved, score, seat) = ruling(act);
            let decision = wire::decideReviewCall {
                missionId: mission(),
                node,
                attempt: city.attempt(node),
                approved,
                score,
                seat,
            };
            call(panel, decision.abi_encode())
        }
        "exclude" => {
            let exclusion = wire::disqualifyCall {
                missionId: mission(),
                node,
                attempt: city.attempt(node),
                executor: me,
            };
            call(panel, exclusion.abi_encode())
        }
        "release" => {
            let release = wire::releaseBondCall {
                missionId: mission(),
                node,
                attempt: act.seat,
            };
            call(STRANGER, release.abi_encode())
        }
        _ => unreachable!("{name}"),
    }
}

/// Does in the model what succeeded.
fn done(name: &str, model: &mut Model, act: Act, now: u64) {
    let Act { node, seat, choice } = act;
    if name == "release" {
        model.nodes[node].disputant = None;
        model.settle_bond(node, seat, true);
        return;
    }
    let attempt = model.nodes[node].attempt;
    let mut returned = None;
    let at = &mut model.nodes[node];
    match name {
        "announce" => at.announce(),
        "prove" => at.end_alone(choice > 0, 1_000, Reason::ProofRejected),
        "submit" => at.review(now),
        "commit" => at.commit(seat, choice, now),
        "batch" => {
            at.commit(seat, choice, now);
            at.commit((seat + 1) % SEATS, choice, now);
        }
        "reveal" => at.reveal(seat, now),
        "close" if at.state == State::Verifying && at.is_short(now) => at.end_short(),
        "close" => match at.ruling {
            Some(ruling) => returned = Some(at.end_by_ruling(ruling)),
            None => {
                at.end_by_consensus();
                returned = Some(true);
            }
        },
        "dispute" => {
            at.disputant = Some(seat);
            at.review(now);
            model.credits[usize::from(seat)] -= BOND;
            model.bonds.push((node, attempt, seat));
        }
        "decide" => {
            let ruling = ruling(act);
            if !at.is_consensus() {
                at.end_alone(ruling.0, ruling.1, Reason::ReviewRejected);
            } else if at.is_plain() {
                returned = Some(at.end_by_ruling(ruling));
            } else {
                at.ruling = Some(ruling);
            }
        }
        "exclude" => at.exclude(seat, now),
        _ => unreachable!("{name}"),
    }
    if let Some(returned) = returned {
        model.settle_bond(node, attempt, returned);
    }
}

/// What happens around the contract.
fn around(city: &City, model: &mut Model, command: Command, name: &str) -> bool {
    let now = city.world.now();
    let number = command.numbers[0];
    let fits = |node: &Node| match name {
        "route" => {
            let idle = node.state == State::Executing && now > node.expires;
            model.works() && (idle || [State::Completed, State::Failed].contains(&node.state))
        }
        "backup" => {
            model.works() && node.state == State::Reviewing && !node.backup && now > node.expires
        }
        _ => false,
    };
    let fit: Vec<usize> = (0..NODES).filter(|n| fits(&model.nodes[*n])).collect();
    match name {
        "route" | "backup" => {
            let Some(place) = fit.get(number % fit.len().max(1)).copied() else {
                return false;
            };
            let node = &mut model.nodes[place];
            if name == "route" {
                *node = Node::routed(place, node.attempt.wrapping_add(1), now);
                city.route(place as u16, node.attempt, law_of(place));
            } else {
                node.backup = true;
                node.expires = now + REVIEW;
                city.set(place as u16, 4, 1);
                city.set(place as u16, 3, node.expires);
            }
        }
        "stop" if model.works() => model.stopped = Some(now),
        "lift" => {
            let Some(since) = model.stopped.take() else {
                return false;
            };
            for (place, node) in (0..).zip(&mut model.nodes) {
                if ![State::Completed, State::Failed].contains(&node.state) {
                    node.shift(now - since);
                    city.set(place, 3, node.expires);
                }
            }
        }
        // Mostly while bonds are held, and until they are released.
        "end" if model.stopped.is_none() && !(command.aims && model.bonds.is_empty()) => {
            model.ended = true;
        }
        "begin" if model.ended && (!command.aims || model.bonds.is_empty()) => {
            model.ended = false;
            for (place, node) in model.nodes.iter_mut().enumerate() {
                *node = Node::routed(place, node.attempt.wrapping_add(1), now);
                city.route(place as u16, node.attempt, law_of(place));
            }
        }
        "warp" => {
            // To a second around some deadline, or a little on.
            let reviewed = model.nodes.iter().find(|n| n.state == State::Reviewing);
            let node = match reviewed {
                Some(node) if command.numbers[3].is_multiple_of(3) => node,
                _ => &model.nodes[number % NODES],
            };
            let around = node.expires.saturating_sub(now) + command.numbers[1] as u64 % 3;
            let little = command.numbers[2] as u64 % 90;
            city.world.warp(if command.aims && around > 0 {
                around - 1
            } else {
                little
            });
        }
        _ => return false,
    }
    let state = if model.ended { 7 } else { 3 };
    let halt = u8::from(model.stopped.is_some());
    city.standing.replace((state, halt, 0));
    true
}

/// Everything that there is, on the chain and in the model.
fn compare(city: &City, model: &Model, command: Command) -> Result<(), TestCaseError> {
    for (number, node) in (0..).zip(&model.nodes) {
        let state = match node.state {
            State::Executing => NodeState::Executing,
            State::Verifying => NodeState::PendingVerification,
            State::Reviewing => NodeState::PendingReview,
            State::Completed => NodeState::Completed,
            State::Failed => NodeState::Failed,
        };
        prop_assert_eq!(city.state(number), state, "{} {:?}", number, command);
        prop_assert_eq!(
            city.expires(number),
            node.expires,
            "{} {:?}",
            number,
            command
        );
        let record = city.record(number);
        let mask = |test: &dyn Fn(&Seat) -> bool| -> u8 {
            let seats = node.seats.iter().enumerate();
            seats
                .map(|(place, seat)| u8::from(test(seat)) << place)
                .sum()
        };
        // A verdict clears what was kept; but a proof asks for nothing of it, so an announcement stays.
        let ended = [State::Completed, State::Failed].contains(&node.state);
        let over = ended && node.number != PROOF;
        let kept = |mask: u8| if over { 0 } else { mask };
        prop_assert_eq!(record.announced, node.announced && !over);
        prop_assert_eq!(
            record.committed,
            kept(mask(&|seat| seat.committed.is_some()))
        );
        prop_assert_eq!(record.revealed, kept(mask(&|seat| seat.revealed)));
        prop_assert_eq!(record.disqualified, kept(mask(&|seat| seat.excluded)));
        if node.is_consensus() {
            let order: &[u8] = if over { &[] } else { &node.order };
            prop_assert_eq!(record.trailRoot, trails(order));
        }
        let held = model
            .bonds
            .iter()
            .any(|bond| (bond.0, bond.1) == (usize::from(number), node.attempt));
        prop_assert_eq!(record.bondId != B256::ZERO, held);
        if held {
            prop_assert_eq!(city.bond_of(record.bondId), BOND);
        }
    }
    for (seat, credit) in (0..).zip(model.credits) {
        prop_assert_eq!(city.credit_of(executor(seat).address), credit);
    }
    Ok(())
}
