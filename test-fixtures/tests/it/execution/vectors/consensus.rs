//! Values of a tier 2, sealed and opened by executors, weighed by the deployed verification.

use std::time::Duration;

use agentcity_abi::{
    ICollaboration::{self as work, NodeState, Reason},
    ITreasury as treasury, IVerification as results,
};
use agentcity_domain::{peer::Peer, statute::Mode};
use agentcity_test_fixtures::{
    mission::{Job, Stage, Task},
    sender::Outcome,
};
use alloy::{
    primitives::{Address, I256, keccak256},
    sol_types::SolEvent,
};
use serde_json::Value;

use super::{
    Vector,
    law::{PRICE, STAKE, done, node_state, plan},
    numbers,
};

/// Longer than all windows of a verification.
const LONG: Duration = Duration::from_secs(3_600);
/// Lanes of the vectors' sketches, and of ours.
const PRINTED_LANES: usize = 20;
const LANES: usize = 32;
/// Of the lanes that a vector does not have, so many are the same for all: then as many equal lanes of 32 are 85 % as are of 20.
const SAME_LANES: usize = 11;

pub(super) fn replay(stage: &mut Stage, vectors: &[&Vector]) {
    for vector in vectors {
        agree(stage, vector);
    }
}

/// The values as their mode writes them.
fn values(vector: &Vector) -> (Mode, Vec<Vec<u8>>) {
    let named = |value: &Value| keccak256(value.to_string()).to_vec();
    let number = |value: &Value| {
        let number = value.as_i64().expect("a number");
        I256::try_from(number).unwrap().to_be_bytes::<32>().to_vec()
    };
    match vector.kind.as_str() {
        "tier2_exact" => (
            Mode::Exact,
            vector.list("values").iter().map(named).collect(),
        ),
        "tier2_numeric" => (
            Mode::Numeric,
            vector.list("values").iter().map(number).collect(),
        ),
        _ => {
            let sketches = vector.list("sketches").iter().zip(0u16..);
            (
                Mode::Sketch,
                sketches.map(|(lanes, seat)| sketch(lanes, seat)).collect(),
            )
        }
    }
}

fn sketch(lanes: &Value, seat: u16) -> Vec<u8> {
    let mut lanes: Vec<u16> = numbers(lanes).iter().map(|lane| *lane as u16).collect();
    assert_eq!(lanes.len(), PRINTED_LANES);
    lanes.resize(PRINTED_LANES + SAME_LANES, 0);
    lanes.resize(LANES, seat);
    lanes.iter().flat_map(|lane| lane.to_be_bytes()).collect()
}

fn event<E: SolEvent>(outcome: &Outcome) -> Option<E> {
    let mut logs = outcome.logs.iter();
    logs.find_map(|log| E::decode_log(log).ok())
        .map(|log| log.data)
}

fn agree(stage: &mut Stage, vector: &Vector) {
    let (mode, values) = values(vector);
    let threshold = vector.number("t") as u8;
    // Too few values are values of too few seats.
    let seats = threshold.max(values.len() as u8);
    let budget = PRICE * u128::from(seats);
    let task = Task::agreed("agree", budget, seats, threshold, mode);
    let plan = plan(vector, vec![task], Vec::new());
    let mut law = done(stage.enact(&plan, STAKE), vector);
    let job = stage.job(&law, 0);
    let mut steps: Vec<_> = job
        .seats()
        .skip(1)
        .map(|seat| stage.accepts(&job, seat))
        .collect();
    steps.push(stage.routes(&job, job.agent(0)));
    let by_seat = || (0..).zip(&values);
    steps.extend(by_seat().map(|(seat, value)| stage.seals(&job, seat, value)));
    let are_complete = values.len() == job.executors.len();
    if are_complete {
        steps.extend(by_seat().map(|(seat, value)| stage.opens(&job, seat, value)));
    }
    let mut outcomes = done(stage.perform(&mut law, steps), vector);
    if node_state(stage, &law, 0) == NodeState::PendingVerification {
        // Somebody stands outside, or did not seal anything: once nobody may dissent any more, anyone closes.
        stage.city.client.warp(LONG).unwrap();
        let close = results::closeVerificationCall {
            missionId: law.mission,
            node: 0,
            elements: Vec::new(),
        };
        let anybody = stage.sponsor.clone();
        let step = stage.step(&anybody, Peer::Verification, &close, 0);
        outcomes.extend(done(stage.perform(&mut law, vec![step]), vector));
    }
    let last = outcomes.last().expect("a transaction");
    if *vector.expects("approved") == Value::Bool(true) {
        assert_eq!(
            node_state(stage, &law, 0),
            NodeState::Completed,
            "{}",
            vector.id
        );
        stands(vector, last, &job, &values);
    } else {
        assert_eq!(
            node_state(stage, &law, 0),
            NodeState::Failed,
            "{}",
            vector.id
        );
        let failed: work::NodeFailed = event(last).expect("it failed");
        assert_eq!(failed.reason, Reason::ConsensusFailed, "{}", vector.id);
        assert_eq!(paid(last, &job), Vec::<u64>::new(), "{}", vector.id);
    }
}

/// Seats that were paid.
fn paid(outcome: &Outcome, job: &Job) -> Vec<u64> {
    let seat_of = |agent: Address| {
        let mut executors = job.executors.iter();
        let place = executors.position(|executor| executor.agent.address() == agent);
        place.expect("an executor of the node") as u64
    };
    let logs = outcome.logs.iter();
    logs.filter_map(|log| treasury::Settled::decode_log(log).ok())
        .map(|log| seat_of(log.agent))
        .collect()
}

/// The value of the vector's representative stands, and those who agree with it are paid.
fn stands(vector: &Vector, outcome: &Outcome, job: &Job, values: &[Vec<u8>]) {
    let reached: results::ConsensusReached = event(outcome).expect("a consensus");
    let support = vector.expects("support").as_u64().expect("a number");
    assert_eq!(u64::from(reached.agreeing), support, "{}", vector.id);
    assert_eq!(usize::from(reached.revealed), values.len(), "{}", vector.id);
    let agreeing = numbers(vector.expects("agreeing"));
    assert_eq!(paid(outcome, job), agreeing, "{}", vector.id);
    let value = match vector.expected.get("winner") {
        Some(winner) => keccak256(winner.to_string()).to_vec(),
        None => values[vector.expects("rep").as_u64().expect("a seat") as usize].clone(),
    };
    assert_eq!(reached.outputHash, keccak256(value), "{}", vector.id);
}
