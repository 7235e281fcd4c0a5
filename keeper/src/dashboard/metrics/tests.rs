//! Each metric's condition on both sides of its bound.

use std::sync::Arc;

use agentcity_abi::ICollaboration::Reason;
use agentcity_domain::{
    guardian::freeze::Cause,
    machine::{MissionState as M, NodeState as N},
    peer::Peer,
};
use alloy::primitives::{Address, B256, U256};

use super::*;
use crate::dashboard::{
    facts::{Book, Fixed},
    gas::Cost,
    picture::{Freeze, Review, Reviewed, Standing, Subject, window::Sent},
};

const NOW: u64 = 10_000;
const ID: B256 = B256::repeat_byte(1);

/// A city with one executing mission of four nodes, in which nothing is wrong.
struct Scene {
    picture: Picture,
    facts: Facts,
    gas: Gas,
    budget: Option<u64>,
    held: Option<(u64, u64)>,
}

impl Scene {
    fn new() -> Self {
        let mut picture = Picture::default();
        let mut mission = Mission::new(ID, Address::ZERO, B256::ZERO, 4, NOW - 100);
        mission.enters(M::Active, Reason::None, NOW - 90);
        mission.enters(M::Executing, Reason::None, NOW - 80);
        mission.epoch = Some(1);
        mission.progress_at = NOW;
        picture.order.push_back(ID);
        picture.missions.insert(ID, mission);
        let mut facts = Facts::default();
        let limits = Limits {
            deviation: 2_000,
            tools: 40,
            messages: 120,
            reputation_floor: 100,
        };
        facts.limits.extend([(0, limits), (1, limits)]);
        facts.fixed = Some(Arc::new(Fixed {
            asset: Address::ZERO,
            unit_scale: U256::from(1),
            codes: Vec::new(),
        }));
        facts.books = Some((vec![book(5, 5, 5)], 1));
        Self {
            picture,
            facts,
            gas: Gas::default(),
            budget: Some(100),
            held: Some((1, 0)),
        }
    }

    fn mission(&mut self) -> &mut Mission {
        self.picture.missions.get_mut(&ID).expect("the mission")
    }

    fn measured(&self, id: &str) -> Measured {
        let sight = Sight {
            picture: &self.picture,
            facts: &self.facts,
            gas: &self.gas,
            now: NOW,
            mission_gas: self.budget,
            held: self.held,
        };
        let row = TABLE.iter().find(|row| row.id == id).expect("a metric");
        row.measured(&sight)
    }
}

fn book(part: u64, booked: u64, held: u64) -> Book {
    Book {
        peer: Peer::Treasury,
        booked: U256::from(booked),
        held: U256::from(held),
        parts: vec![("credits", U256::from(part))],
    }
}

fn at(node: u16) -> At {
    At {
        mission: ID,
        node,
        attempt: 1,
    }
}

/// The first node enters a state.
fn goes(scene: &mut Scene, state: N, at: u64) {
    scene.mission().goes(0, state, at);
}

fn counted(scene: &mut Scene, tools: u32) {
    let counters = Counters {
        tools,
        ..Counters::default()
    };
    scene
        .picture
        .counters
        .insert((at(0), Address::ZERO), counters);
}

fn phases(scene: &mut Scene, count: usize, secs: u64) {
    for _ in 0..count {
        scene.picture.phase_secs[usize::from(M::Executing.number())].push(secs);
    }
}

fn spent(scene: &mut Scene, gas: u64) {
    let transaction = B256::repeat_byte(9);
    let sent = Sent::In {
        transaction,
        block: 1,
        mission: Some(ID),
    };
    scene.gas.take(vec![sent], 1);
    scene
        .gas
        .measure(transaction, Some(Cost { called: None, gas }));
}

/// A metric, what happens, whether it alerts then, and its value.
type Case = (&'static str, fn(&mut Scene), Option<bool>, Option<u64>);

const CASES: &[Case] = &[
    ("nodeStates", |_| (), Some(false), Some(0)),
    (
        "nodeStates",
        |s| goes(s, N::Frozen, NOW),
        Some(true),
        Some(1),
    ),
    (
        "nodeStates",
        |s| goes(s, N::Failed, NOW),
        Some(true),
        Some(1),
    ),
    (
        "nodeStates",
        |s| goes(s, N::PendingFinalization, NOW - 30),
        Some(false),
        Some(0),
    ),
    (
        "nodeStates",
        |s| goes(s, N::PendingFinalization, NOW - 31),
        Some(true),
        Some(1),
    ),
    // Nobody does anything about a mission that ended.
    (
        "nodeStates",
        |s| {
            s.mission().goes(0, N::Failed, NOW);
            s.mission().enters(M::Aborted, Reason::None, NOW);
        },
        Some(false),
        Some(0),
    ),
    ("missionPhase", |s| phases(s, 4, 1), Some(false), Some(0)),
    ("missionPhase", |s| phases(s, 5, 40), Some(false), Some(0)),
    ("missionPhase", |s| phases(s, 5, 39), Some(true), Some(1)),
    ("anomalyCounters", |s| counted(s, 28), Some(false), Some(70)),
    ("anomalyCounters", |s| counted(s, 29), Some(true), Some(72)),
    ("anomalyCounters", |s| s.facts.limits.clear(), None, None),
    ("activeFreezes", |_| (), Some(false), Some(0)),
    (
        "activeFreezes",
        |s| {
            s.picture.freezes.insert(
                (ID, 1),
                Freeze {
                    at: at(0),
                    agent: Address::ZERO,
                    cause: Cause::Manual,
                    since: 1,
                    expires_at: 2,
                    transaction: B256::ZERO,
                },
            );
        },
        Some(true),
        Some(1),
    ),
    ("reviewQueue", |_| (), Some(false), Some(0)),
    (
        "reviewQueue",
        |s| {
            s.picture.reviews.insert(
                (ID, Subject::Node(0, 1)),
                Review {
                    what: Reviewed::Result,
                    since: 1,
                    deadline: None,
                    backup: false,
                    rubric: None,
                    transaction: B256::ZERO,
                },
            );
        },
        Some(true),
        Some(1),
    ),
    ("gas", |s| spent(s, 90), Some(false), Some(90)),
    ("gas", |s| spent(s, 91), Some(true), Some(91)),
    ("gas", |s| s.budget = None, None, None),
    (
        "reputation",
        |s| {
            s.picture.agents.insert(
                Address::ZERO,
                Standing {
                    reputation: 100_000,
                    at: 1,
                },
            );
        },
        Some(false),
        Some(0),
    ),
    (
        "reputation",
        |s| {
            s.picture.agents.insert(
                Address::ZERO,
                Standing {
                    reputation: 99_999,
                    at: 1,
                },
            );
        },
        Some(true),
        Some(1),
    ),
    ("reputation", |s| s.facts.limits.clear(), None, None),
    ("consistency", |_| (), Some(false), Some(0)),
    (
        "consistency",
        |s| {
            s.mission().enters(M::Degraded, Reason::None, NOW);
        },
        Some(true),
        Some(1),
    ),
    (
        "consistency",
        |s| s.mission().diverged = Some((1, B256::ZERO)),
        Some(true),
        Some(1),
    ),
    (
        "consistency",
        |s| goes(s, N::PendingFinalization, NOW),
        Some(true),
        Some(1),
    ),
    ("escrowBuffer", |s| s.held = None, None, None),
    (
        "escrowBuffer",
        |s| s.held = Some((3, 0)),
        Some(false),
        Some(3),
    ),
    (
        "escrowBuffer",
        |s| s.held = Some((3, 1)),
        Some(true),
        Some(3),
    ),
    (
        "progress",
        |s| s.mission().progress_at = 0,
        Some(false),
        Some(0),
    ),
    (
        "progress",
        |s| {
            s.picture.node_secs.push(10);
            s.mission().progress_at = NOW - 20;
        },
        Some(false),
        Some(0),
    ),
    (
        "progress",
        |s| {
            s.picture.node_secs.push(10);
            s.mission().progress_at = NOW - 21;
        },
        Some(true),
        Some(1),
    ),
    (
        "progress",
        |s| {
            s.picture.node_secs.push(10);
            s.mission().progress_at = 0;
            s.mission().enters(M::Verification, Reason::None, 1);
            s.mission().progress_at = 0;
        },
        Some(false),
        Some(0),
    ),
    ("emergencyStops", |_| (), Some(false), Some(0)),
    (
        "emergencyStops",
        |s| s.mission().stop = Some(stop(Halt::EmergencyStop)),
        Some(true),
        Some(1),
    ),
    (
        "emergencyStops",
        |s| s.mission().stop = Some(stop(Halt::Divergence)),
        Some(false),
        Some(0),
    ),
    (
        "emergencyStops",
        |s| s.picture.stop = Some(stop(Halt::EmergencyStop)),
        Some(true),
        Some(1),
    ),
    ("conservation", |_| (), Some(false), Some(0)),
    (
        "conservation",
        |s| s.facts.books = Some((vec![book(5, 5, 6)], 1)),
        Some(false),
        Some(0),
    ),
    (
        "conservation",
        |s| s.facts.books = Some((vec![book(5, 5, 4)], 1)),
        Some(true),
        Some(1),
    ),
    (
        "conservation",
        |s| s.facts.books = Some((vec![book(4, 5, 5)], 1)),
        Some(true),
        Some(1),
    ),
    // The escrows' events say that one unit more came in than the books hold.
    (
        "conservation",
        |s| {
            s.picture.flows.escrows.taken = U256::from(1);
            s.facts.books = Some((
                vec![Book {
                    parts: vec![("escrows", U256::ZERO)],
                    ..book(0, 0, 0)
                }],
                1,
            ));
        },
        Some(true),
        Some(1),
    ),
    ("conservation", |s| s.facts.books = None, None, None),
];

const fn stop(halt: Halt) -> Stop {
    Stop {
        halt,
        at: 1,
        until: 2,
        evidence: B256::ZERO,
        transaction: B256::ZERO,
    }
}

#[test]
fn every_condition_holds_beyond_its_bound_and_not_at_it() {
    for (number, (id, happens, alerting, value)) in CASES.iter().enumerate() {
        let mut scene = Scene::new();
        happens(&mut scene);
        let measured = scene.measured(id);
        assert_eq!(measured.alerting, *alerting, "{number}: {id}: {measured:?}");
        assert_eq!(measured.value, *value, "{number}: {id}: {measured:?}");
        assert_eq!(
            measured.why.is_some(),
            alerting.is_none(),
            "{number}: {id}: {measured:?}"
        );
        assert!(!measured.text.is_empty(), "{id}");
    }
}

#[test]
fn every_metric_has_a_case_for_each_answer_and_the_seeds_names() {
    for row in TABLE {
        for answer in [Some(false), Some(true)] {
            let has = |case: &&Case| case.0 == row.id && case.2 == answer;
            assert!(
                CASES.iter().any(|case| has(&case)),
                "{}: {answer:?}",
                row.id
            );
        }
    }
    let mut ids: Vec<&str> = TABLE.iter().map(|row| row.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), TABLE.len());
}

#[test]
fn a_history_says_since_when_and_keeps_a_point_in_ten_seconds() {
    let measured = |value, alerting| Measured {
        value: Some(value),
        alerting: Some(alerting),
        ..Measured::default()
    };
    let mut history = History::default();
    history.take(&measured(0, false), 100);
    history.take(&measured(1, true), 105);
    assert_eq!((history.since, history.series.len()), (Some(105), 1));
    history.take(&measured(2, true), 120);
    assert_eq!(history.since, Some(105));
    assert_eq!(Vec::from(history.series.clone()), [(100, 1), (120, 2)]);
    history.take(&measured(0, false), 140);
    assert_eq!(history.since, None);
    for number in 0..1_000 {
        history.take(&measured(number, false), 200 + 20 * number);
    }
    assert_eq!(history.series.len(), SERIES_MAX);
}
