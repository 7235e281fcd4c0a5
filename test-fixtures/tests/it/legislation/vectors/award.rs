//! How evenly seats are spread, how good a bid is, and how many regulators decide: by bids and awards of sessions.

use super::{PRINCIPALS, Unreachable, default_of, done};
use crate::public_vectors::{Vector, numbers};
use agentcity_abi::{
    IAgent as agents, IEnactment as enactment, ILegislature as legislature,
    ILegislature::SessionState, IManagement as management,
};
use agentcity_domain::{
    clerk::ClerkRole, parameter::ParameterId as P, peer::Peer, signed::legislation as signed,
    statute::Seat,
};
use agentcity_test_fixtures::{
    city::{
        Person,
        life::{AgentType, GOOD_UNTIL, Registration},
        raise::ClerkPair,
    },
    legislation::Bill,
    mission::{Plan, Scene, Task, seconds, told},
};
use alloy::primitives::{B256, keccak256};

/// A seat's price and stake, in base units.
const PRICE: u128 = 3_000_000_000;
const STAKE: u128 = 200_000_000_000_000;
/// Base units of what a vector of bids counts prices in.
const SCALE: u128 = 3_000_000;
/// More than any bid of a vector costs, in the same: with it a mission may cost what a bid asks too much of its own task.
const AMPLE: u128 = 1_000_000;
/// Points that one ruling may add or take.
const ADJUST_LIMIT: i64 = 100;
/// Clerks of the seal, one in each office.
const OFFICES: usize = 4;
/// Regulators of the largest vector.
const REGULATORS: usize = 5;
/// The whole of a permille.
const WHOLE: u64 = 1_000;

/// It has no seats, or more principals than the city.
pub(super) fn is_of_nobody(vector: &Vector) -> Option<Unreachable> {
    let counts = numbers(&vector.inputs["counts"]);
    if counts.iter().all(|count| *count == 0) {
        Some(Unreachable::NoSeats)
    } else {
        (counts.len() > PRINCIPALS).then_some(Unreachable::MorePeople)
    }
}

/// Quality and price do not count as they do by default.
pub(super) fn is_of_other_weights(vector: &Vector) -> Option<Unreachable> {
    let quality = default_of(P::BidQualityWeight);
    let here = vector.number("wq") == quality && vector.number("wp") == WHOLE - quality;
    (!here).then_some(Unreachable::OtherCity)
}

/// It has more regulators than the city.
pub(super) fn is_of_many(vector: &Vector) -> Option<Unreachable> {
    (vector.number("R") > REGULATORS as u64).then_some(Unreachable::MorePeople)
}

fn plan(name: &str, tasks: Vec<Task>) -> Plan {
    Plan {
        name: name.to_owned(),
        tasks,
        edges: Vec::new(),
        predicates: Vec::new(),
    }
}

/// What an executor offers for a task.
fn offer(scene: &Scene, executor: usize, node: u16, price: u128) -> Seat {
    let executor = &scene.stage.executors[executor];
    let agent = executor.agent.address();
    Seat {
        node,
        seat: 0,
        agent,
        price,
        stake: STAKE,
        source: agent.into_word(),
        service: executor.service,
    }
}

/// A bill in a session whose bidders are known.
fn bidding(scene: &mut Scene, vector: &Vector, plan: &Plan, bids: &[Seat]) -> Bill {
    let bill = done(scene.stage.adopt(plan), vector);
    done(scene.stage.identify(bill.session, bids), vector);
    done(scene.stage.publish_bill(&bill), vector);
    bill
}

/// A regulator decides for an award.
fn decision(
    scene: &Scene,
    session: B256,
    (assignments, fairness): (B256, u16),
    regulator: &Person,
) -> enactment::decideRegulatoryCall {
    let words = signed::RegulatoryDecision {
        session_id: session,
        assignments_hash: assignments,
        fairness,
        rejected: keccak256([]),
        flags: keccak256([]),
        repropose: false,
        deadline: GOOD_UNTIL,
    };
    enactment::decideRegulatoryCall {
        message: enactment::RegulatoryDecision {
            sessionId: session,
            assignmentsHash: assignments,
            fairness,
            rejected: Vec::new(),
            flags: Vec::new(),
            repropose: false,
            deadline: GOOD_UNTIL,
        },
        signature: scene.signature(regulator, Peer::Enactment, &words.words()),
    }
}

fn state(scene: &mut Scene, vector: &Vector, session: B256) -> SessionState {
    done(scene.stage.session(session), vector).state
}

/// Every principal wins as many tasks as the vector says; who wins none bids too much for the first.
pub(super) fn fairness(scene: &mut Scene, vector: &Vector) {
    let (mut tasks, mut bids) = (Vec::new(), Vec::new());
    for (executor, count) in numbers(&vector.inputs["counts"]).iter().enumerate() {
        if *count == 0 {
            bids.push(offer(scene, executor, 0, PRICE));
        }
        for _ in 0..*count {
            let node = tasks.len() as u16;
            tasks.push(Task::proved(&format!("{} {node}", vector.id), PRICE));
            bids.push(offer(scene, executor, node, PRICE / 2));
        }
    }
    let bill = bidding(scene, vector, &plan(&vector.id, tasks), &bids);
    done(scene.stage.place_bids(&bill, &bids), vector);
    done(scene.stage.close_bidding(bill.session), vector);
    let award = done(scene.stage.award(&bill), vector);
    let expected = vector.expects_number("resolved_int");
    assert_eq!(u64::from(award.1), expected, "{}: fairness", vector.id);
    let regulator = scene.stage.clerk(ClerkRole::Regulator);
    let call = decision(scene, bill.session, award, &regulator);
    let stranger = scene.stranger.clone();
    if vector.expects("resolved_gate").as_bool().expect("a gate") {
        scene.send(&stranger, Peer::Enactment, &call);
        let state = state(scene, vector, bill.session);
        assert_eq!(state, SessionState::Codification, "{}", vector.id);
    } else {
        let unfair = enactment::Unfair {
            fairness: award.1,
            minimum: default_of(P::MinFairnessScore) as u16,
        };
        scene.refused(&stranger, Peer::Enactment, &call, &unfair);
    }
}

/// Brings as many regulators into office as the largest vector has, the first of them with its envelope, each of a principal of its own.
pub(super) fn appoint(scene: &mut Scene) -> Vec<ClerkPair> {
    let count = REGULATORS - 1;
    let city = &mut scene.stage.city;
    let people = |done: Result<Vec<Person>, _>| done.unwrap_or_else(|e| panic!("{e}"));
    let agents = people(city.people("regulator", count));
    let principals = people(city.people("principal of a regulator", count));
    city.enrol(&principals).unwrap_or_else(|e| panic!("{e}"));
    let pairs = agents.into_iter().zip(principals);
    let pairs: Vec<ClerkPair> = pairs
        .map(|(agent, principal)| ClerkPair { agent, principal })
        .collect();
    let registrations = pairs.iter().map(|pair| Registration {
        agent: pair.agent.clone(),
        kind: AgentType::Management,
        principal: pair.principal.clone(),
    });
    let registrations: Vec<Registration> = registrations.collect();
    city.register(&registrations)
        .unwrap_or_else(|e| panic!("{e}"));
    let first = scene.stage.clerk(ClerkRole::Regulator).address();
    let like = scene.ask(Peer::Management, &management::clerkOfCall { clerk: first });
    for pair in &pairs {
        let call = management::registerManagementAgentCall {
            agent: pair.agent.address(),
            role: ClerkRole::Regulator.number(),
            permitted: like.permitted,
            prohibited: like.prohibited,
            operationsMax: like.operationsMax,
        };
        scene.rule(Peer::Management, &call);
    }
    scene.pass(seconds(P::PrincipalAgeSecs) + 1);
    pairs
}

/// As many regulators as a vector has attest, and decide for an award one after the other until it is decided.
pub(super) fn regulators(scene: &mut Scene, others: &[ClerkPair], vector: &Vector) {
    let others = &others[..vector.number("R") as usize - 1];
    // Whoever is among the clerks attests.
    scene.stage.city.clerks.truncate(OFFICES);
    scene.stage.city.clerks.extend_from_slice(others);
    let tasks = vec![Task::proved(&vector.id, PRICE)];
    let bids = [offer(scene, 0, 0, PRICE)];
    let bill = bidding(scene, vector, &plan(&vector.id, tasks), &bids);
    done(scene.stage.place_bids(&bill, &bids), vector);
    done(scene.stage.close_bidding(bill.session), vector);
    let award = done(scene.stage.award(&bill), vector);
    let first = scene.stage.clerk(ClerkRole::Regulator);
    let rest = others.iter().map(|pair| pair.agent.clone());
    let mut regulators = std::iter::once(first).chain(rest);
    let (stranger, needed) = (scene.stranger.clone(), vector.expects_number("resolved"));
    let mut decided = 0;
    while state(scene, vector, bill.session) == SessionState::RegulatoryReview {
        let regulator = regulators.next();
        let regulator = regulator.unwrap_or_else(|| panic!("{}: all decided", vector.id));
        let call = decision(scene, bill.session, award, &regulator);
        let said = scene.send(&stranger, Peer::Enactment, &call);
        let said = &told::<enactment::RegulatoryDecided>(&said)[0];
        decided += 1;
        assert_eq!(u64::from(said.approvals), decided, "{}", vector.id);
        assert_eq!(u64::from(said.needed), needed, "{}: needed", vector.id);
    }
    let state = state(scene, vector, bill.session);
    assert_eq!(state, SessionState::Codification, "{}", vector.id);
    assert_eq!(decided, needed, "{}: decided", vector.id);
    scene.stage.city.clerks.truncate(OFFICES);
}

/// Brings an agent to so many points.
fn set_reputation(scene: &mut Scene, executor: usize, points: i64) {
    let agent = scene.agent(executor).address();
    let call = agents::getReputationScoreCall { agent };
    let score = |scene: &mut Scene| i64::from(scene.ask(Peer::Agent, &call));
    let mut at = score(scene);
    while at != points {
        let delta = (points - at).clamp(-ADJUST_LIMIT, ADJUST_LIMIT);
        at += delta;
        let call = agents::adjustReputationCall {
            agent,
            delta: delta as i16,
            evidence: keccak256("a ruling"),
        };
        scene.rule(Peer::Agent, &call);
    }
    assert_eq!(score(scene), points);
}

/// A bid that says how well its service matches.
fn matching(
    scene: &mut Scene,
    vector: &Vector,
    session: B256,
    (executor, seat): (usize, Seat),
    fit: u16,
) -> (legislature::TaskBid, alloy::primitives::Bytes) {
    let (mut bid, _) = done(scene.stage.bid(session, &seat, 1), vector);
    bid.matchPermille = fit;
    let words = signed::TaskBid {
        session_id: session,
        node: bid.node,
        agent: bid.agent,
        service_id: bid.serviceId,
        code_hash: bid.codeHash,
        price: bid.price,
        stake: bid.stake,
        source: bid.source,
        latency_ms: bid.latencyMs,
        match_permille: fit,
        tier_acceptance: bid.tierAcceptance,
        deadline: bid.deadline,
    };
    let by = scene.agent(executor);
    let signature = scene.signature(&by, Peer::Legislature, &words.words());
    (bid, signature)
}

/// Each vector is the first bid on a task of its own. Somebody else bids on all of them whatever may be paid and matches none, so that it
/// wins what the vector's bid may not. A last task is dear enough that no bid costs more than the whole mission.
pub(super) fn scores(scene: &mut Scene, vectors: &[&Vector]) {
    let (Some(first), rival) = (vectors.first(), PRINCIPALS) else {
        return;
    };
    let mut tasks = Vec::new();
    let mut bids = Vec::new();
    for (vector, executor) in vectors.iter().zip(0..) {
        set_reputation(scene, executor, vector.number("rho") as i64);
        let (node, share) = (tasks.len() as u16, u128::from(vector.number("b")) * SCALE);
        tasks.push(Task::proved(&vector.id, share));
        let price = u128::from(vector.number("p")) * SCALE;
        let fit = vector.number("match") as u16;
        bids.push((executor, offer(scene, executor, node, price), fit));
        bids.push((rival, offer(scene, rival, node, share), 0));
    }
    let node = tasks.len() as u16;
    tasks.push(Task::proved("ample", AMPLE * SCALE));
    bids.push((rival, offer(scene, rival, node, AMPLE * SCALE), 0));
    let seats: Vec<Seat> = bids.iter().map(|(_, seat, _)| *seat).collect();
    let bill = bidding(scene, first, &plan("bids", tasks), &seats);
    let mut call = legislature::placeBidsCall {
        messages: Vec::new(),
        signatures: Vec::new(),
    };
    for (executor, seat, fit) in bids {
        let (bid, signature) = matching(scene, first, bill.session, (executor, seat), fit);
        call.messages.push(bid);
        call.signatures.push(signature);
    }
    let stranger = scene.stranger.clone();
    scene.send(&stranger, Peer::Legislature, &call);
    done(scene.stage.close_bidding(bill.session), first);
    let call = enactment::awardCall {
        sessionId: bill.session,
        seatPages: 1,
        pages: bill.pages.iter().map(|page| page.clone().into()).collect(),
        rest: B256::ZERO,
        earlier: Vec::new(),
    };
    let awarded = told::<enactment::NodeAwarded>(&scene.send(&stranger, Peer::Enactment, &call));
    assert_eq!(awarded.len(), vectors.len() + 1);
    for ((vector, awarded), node) in vectors.iter().zip(&awarded).zip(0u32..) {
        let (own, rivals) = (2 * node, 2 * node + 1);
        assert_eq!(awarded.node, node as u16);
        let score = if vector.expects("score").is_null() {
            assert_eq!(awarded.bids, [rivals], "{}: a bid too dear", vector.id);
            assert_eq!(awarded.runnerUp, 0, "{}: a bid too dear", vector.id);
            0
        } else {
            assert_eq!(awarded.bids, [own], "{}", vector.id);
            assert_eq!(awarded.runnerUp, rivals + 1, "{}", vector.id);
            awarded.scores[0]
        };
        let expected = vector.expects_number("score_int");
        assert_eq!(u64::from(score), expected, "{}: score", vector.id);
    }
}
