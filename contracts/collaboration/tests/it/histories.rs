//! Whole missions, event by event: the public vectors, and random histories against the naive model of the tables
//! (INV-MISSION-01).

use std::cell::Cell;

use agentcity_domain::machine::model::{Event, Mission, Node, Proof, Refused, Tier};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::{
    city::{MissionState, NodeState},
    driver::Driver,
    traces::{TRACES, Trace},
};

fn event(trace: &Trace, words: &[&str], seen: &mut Vec<String>) -> Option<Event> {
    let node = || {
        trace
            .nodes
            .iter()
            .position(|node| node.0 == words[1])
            .expect("a node")
    };
    let seat = || {
        let roster = trace.nodes[node()].4;
        roster
            .iter()
            .position(|who| *who == words[2])
            .map(|place| place as u8)
    };
    Some(match words[0] {
        "finalizeDeployment" => Event::Finalize,
        "routeTask" => Event::Route(node()),
        "submit1" if words[2] == "true" => Event::Submit(node(), Proof::Holds),
        "submit1" => Event::Submit(node(), Proof::Fails),
        "submit3" => Event::SubmitForReview(node()),
        "commit2" => Event::Commit(node(), seat()?),
        "reveal2" => {
            let value = words[3].to_owned();
            let place = seen.iter().position(|known| *known == value);
            let place = place.unwrap_or_else(|| {
                seen.push(value);
                seen.len() - 1
            });
            Event::Reveal(node(), seat()?, place as u32)
        }
        "closeCommit" => Event::CloseCommit(node()),
        "closeReveal" => Event::CloseReveal(node()),
        "timeoutNode" => Event::TimeoutNode(node()),
        "approve" => Event::Approve(node()),
        "freeze" => Event::Freeze(node()),
        "unfreeze" => Event::Unfreeze(node()),
        "confirmFreeze" => Event::ConfirmFreeze(node()),
        "reassign" => Event::Reassign(node()),
        "failMission" => Event::FailMission,
        "filterPass" => Event::Pass,
        "abort" => Event::Abort,
        other => panic!("{other} is no event of these vectors"),
    })
}

#[test]
fn every_public_trace_goes_through_the_router_as_it_goes_through_the_tables() {
    assert_eq!(TRACES.len(), 5);
    for trace in TRACES {
        let place = |id: &str| trace.nodes.iter().position(|node| node.0 == id).unwrap() as u16;
        let edges: Vec<_> = trace
            .edges
            .iter()
            .map(|(a, b)| (place(a), place(b)))
            .collect();
        let tiers: Vec<_> = trace.nodes.iter().map(|node| node.1).collect();
        for (_, tier, seats, agree, _) in trace.nodes {
            let expected = if *tier == 2 { (3, 2) } else { (1, 1) };
            assert_eq!((*seats, *agree), expected, "the plans of these tests");
        }
        let mut driver = Driver::new(&tiers, &edges, trace.refinements);
        let mut seen = Vec::new();
        for (number, (words, accepted, mission, nodes)) in trace.steps.iter().enumerate() {
            let event = event(trace, words, &mut seen);
            let done = event.is_some_and(|event| driver.apply(event));
            let at = format!("{} step {number} {words:?}", trace.id);
            assert_eq!(done, *accepted, "{at}");
            let (state, states) = driver.city.states(driver.mission);
            assert_eq!(
                MissionState::from_u8(state).unwrap().name(),
                *mission,
                "{at}"
            );
            for (found, expected) in states.iter().zip(*nodes) {
                // Nodes are none yet while their mission waits.
                let name = NodeState::from_u8(*found).map_or("WAITING", NodeState::name);
                assert_eq!(name, *expected, "{at}");
            }
        }
    }
}

const SEED: [u8; 32] = *b"what may follow what, and what n";
const TIERS: [u8; 4] = [1, 2, 3, 1];
const EDGES: [(u16, u16); 3] = [(0, 1), (0, 2), (1, 3)];
const KINDS: usize = 28;
const LENGTH: usize = 80;

fn kind(event: Event) -> usize {
    match event {
        Event::Finalize => 0,
        Event::Route(_) => 1,
        Event::Submit(_, Proof::Holds) => 2,
        Event::Submit(_, Proof::Fails) => 3,
        Event::SubmitForReview(_) => 4,
        Event::Commit(..) => 5,
        Event::Reveal(..) => 6,
        Event::CloseCommit(_) => 7,
        Event::CloseReveal(_) => 8,
        Event::TimeoutNode(_) => 9,
        Event::Approve(_) => 10,
        Event::Reject(_) => 11,
        Event::TimeoutReview(_) => 12,
        Event::Freeze(_) => 13,
        Event::Unfreeze(_) => 14,
        Event::ConfirmFreeze(_) => 15,
        Event::Reassign(_) => 16,
        Event::FailMission => 17,
        Event::Pass => 18,
        Event::Fail => 19,
        Event::Veto => 20,
        Event::Abort => 21,
        Event::EnterDegraded => 22,
        Event::ExitDegraded => 23,
        Event::TimeoutDegraded => 24,
        Event::Stop => 25,
        Event::ClearStop => 26,
    }
}

/// An event of a kind about a node and a seat.
fn of(kind: usize, node: usize, seat: u8, value: u32) -> Event {
    match kind {
        0 => Event::Finalize,
        1 | 27 => Event::Route(node),
        2 => Event::Submit(node, Proof::Holds),
        3 => Event::Submit(node, Proof::Fails),
        4 => Event::SubmitForReview(node),
        5 => Event::Commit(node, seat),
        6 => Event::Reveal(node, seat, value),
        7 => Event::CloseCommit(node),
        8 => Event::CloseReveal(node),
        9 => Event::TimeoutNode(node),
        10 => Event::Approve(node),
        11 => Event::Reject(node),
        12 => Event::TimeoutReview(node),
        13 => Event::Freeze(node),
        14 => Event::Unfreeze(node),
        15 => Event::ConfirmFreeze(node),
        16 => Event::Reassign(node),
        17 => Event::FailMission,
        18 => Event::Pass,
        19 => Event::Fail,
        20 => Event::Veto,
        21 => Event::Abort,
        22 => Event::EnterDegraded,
        23 => Event::ExitDegraded,
        24 => Event::TimeoutDegraded,
        25 => Event::Stop,
        _ => Event::ClearStop,
    }
}

/// Whether the model would let it happen, without letting it.
fn fits(nodes: &[Node], history: &[Event], edges: &[(usize, usize)], event: Event) -> bool {
    let mut nodes = nodes.to_vec();
    let mut trial = Mission::new(&mut nodes, edges, MOST);
    for past in history {
        let _ = trial.apply(*past);
    }
    trial.apply(event).is_ok()
}

const MOST: u32 = 3;

/// A wish: kinds in the order in which they are tried, node, seat, value, and whether to look for one that succeeds.
type Wish = (Vec<usize>, usize, u8, u32, bool);

fn wish() -> impl Strategy<Value = Wish> {
    let weights: [usize; KINDS] = [
        8, 12, 12, 2, 8, 14, 14, 3, 5, 1, 9, 3, 2, 1, 4, 3, 9, 3, 5, 5, 5, 3, 1, 6, 3, 1, 6, 9,
    ];
    let kinds: Vec<usize> = (0..KINDS).flat_map(|k| vec![k; weights[k]]).collect();
    let tries = prop::collection::vec(prop::sample::select(kinds), 6);
    (
        tries,
        0..TIERS.len(),
        0..3u8,
        0..2u32,
        prop::bool::weighted(0.8),
    )
}

#[test]
fn random_histories_go_through_the_router_as_they_go_through_the_tables() {
    let runs: u32 = std::env::var("AGENTCITY_RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(360);
    println!("seed: {}", String::from_utf8_lossy(&SEED));
    let edges: Vec<(usize, usize)> = EDGES
        .iter()
        .map(|(a, b)| ((*a).into(), (*b).into()))
        .collect();
    let fresh: Vec<Node> = TIERS
        .iter()
        .map(|tier| {
            Node::new(match tier {
                1 => Tier::One,
                2 => Tier::Two {
                    seats: 3,
                    threshold: 2,
                },
                _ => Tier::Three,
            })
        })
        .collect();
    let config = Config {
        cases: runs,
        failure_persistence: None,
        ..Config::default()
    };
    let (tried, succeeded) = (Cell::new([0u32; KINDS]), Cell::new([0u32; KINDS]));
    let (missions, nodes_at) = (Cell::new([0u32; 16]), Cell::new([0u32; 16]));
    let count = |cell: &Cell<[u32; KINDS]>, at: usize| {
        let mut counts = cell.get();
        counts[at] += 1;
        cell.set(counts);
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    TestRunner::new_with_rng(config, rng)
        .run(&prop::collection::vec(wish(), LENGTH), |wishes| {
            let mut driver = Driver::new(&TIERS, &EDGES, MOST);
            let mut nodes = fresh.clone();
            let mut model = Mission::new(&mut nodes, &edges, MOST);
            let mut history = Vec::new();
            for (kinds, node, seat, value, aims) in wishes {
                let candidates = kinds.iter().flat_map(|kind| {
                    (0..TIERS.len()).map(move |more| {
                        of(
                            *kind,
                            (node + more) % TIERS.len(),
                            (seat + more as u8) % 3,
                            value,
                        )
                    })
                });
                // An end comes always right: it must not come too often.
                let lies = model.state() == MissionState::Failed;
                let ends =
                    |event: &Event| *event == Event::Abort && (node, seat) != (0, 0) && !lies;
                let mut candidates: Vec<Event> = candidates.filter(|e| !ends(e)).collect();
                if candidates.is_empty() {
                    continue;
                }
                if !aims {
                    candidates.truncate(1);
                }
                // Where nothing of what is wished may happen, most wishes are content with something that carries work on.
                let works = [26, 23, 0, 1, 2, 4, 5, 6, 7, 8, 10, 16].into_iter();
                let works = works.map(|kind| of(kind, node, seat, value));
                let onward: Vec<Event> = if aims { works.collect() } else { Vec::new() };
                let event = candidates
                    .iter()
                    .chain(&onward)
                    .copied()
                    .find(|event| fits(&fresh, &history, &edges, *event))
                    .unwrap_or(candidates[0]);
                let expected = model.apply(event);
                let done = driver.apply(event);
                history.push(event);
                // An ended mission has no halt that could be lifted; the tables do not say so.
                let ended = model.state().is_terminal();
                if !(ended && event == Event::ClearStop) {
                    prop_assert_eq!(done, expected.is_ok(), "{:?}: {:?}", event, expected);
                }
                count(&tried, kind(event));
                if done {
                    count(&succeeded, kind(event));
                }
                let (state, states) = driver.city.states(driver.mission);
                prop_assert_eq!(state, model.state().number(), "{:?}", event);
                let mut reached = missions.get();
                reached[usize::from(state)] += 1;
                missions.set(reached);
                for (found, node) in states.iter().zip(model.nodes()) {
                    let known = if *found == 0 {
                        NodeState::Waiting.number()
                    } else {
                        *found
                    };
                    prop_assert_eq!(known, node.state().number(), "{:?}", event);
                    let mut reached = nodes_at.get();
                    reached[usize::from(known)] += 1;
                    nodes_at.set(reached);
                }
                let found = driver.city.mission(driver.mission);
                prop_assert_eq!(u32::from(found.refinements), model.refinements());
                let in_state = |state: NodeState| {
                    model
                        .nodes()
                        .iter()
                        .filter(|node| node.state() == state)
                        .count()
                };
                prop_assert_eq!(usize::from(found.completed), in_state(NodeState::Completed));
                prop_assert_eq!(usize::from(found.failed), in_state(NodeState::Failed));
                if model.state().is_terminal() {
                    break;
                }
            }
            Ok(())
        })
        .unwrap();
    let (tried, succeeded) = (tried.get(), succeeded.get());
    for kind in 0..KINDS - 1 {
        println!(
            "{:?}: {} of {}",
            of(kind, 0, 0, 0),
            succeeded[kind],
            tried[kind]
        );
    }
    let (all, done) = (tried.iter().sum::<u32>(), succeeded.iter().sum::<u32>());
    println!("all: {done} of {all}");
    for state in MissionState::ALL {
        println!(
            "{}: {}",
            state.name(),
            missions.get()[usize::from(state.number())]
        );
        assert!(missions.get()[usize::from(state.number())] > 0);
    }
    for state in NodeState::ALL {
        let times = nodes_at.get()[usize::from(state.number())];
        println!("{}: {times}", state.name());
        assert_eq!(times > 0, *state != NodeState::PendingFinalization);
    }
    assert!(done * 100 >= all * 40);
    for (kind, times) in succeeded.into_iter().enumerate().take(KINDS - 1) {
        assert!(times >= 20, "{:?} succeeds too rarely", of(kind, 0, 0, 0));
    }
}

#[test]
fn the_model_refuses_what_it_does_not_know() {
    // The histories above compare against it, so it must be able to say no.
    let mut nodes = [Node::new(Tier::One)];
    let mut model = Mission::new(&mut nodes, &[], 1);
    assert_eq!(
        model.apply(Event::Route(0)),
        Err(Refused::Mission {
            state: MissionState::Pending
        })
    );
}
