//! Graphs, rosters, redundancy and timeouts, put before the deployed statute as pages of a law.

use std::collections::BTreeMap;

use agentcity_abi::{
    ICollaboration::{self as work, MissionState, NodeState},
    IStatute::IStatuteErrors as Refusal,
};
use agentcity_domain::{
    mission::seat::CONFLICT,
    parameter::{ParameterId as P, word},
    peer::Peer,
    statute::{Mode, Rule, Seat},
};
use agentcity_test_fixtures::{
    city::CallError,
    gas,
    mission::{Law, MissionError, Plan, Stage, Task, charter},
    sender::Outcome,
};
use alloy::sol_types::SolEvent;
use serde_json::Value;

use super::{Vector, numbers};

/// As many principals as the largest roster of a vector, each with two agents.
const PRINCIPALS: usize = 7;
/// A seat's price and stake, in base units.
pub(super) const PRICE: u128 = 3_000_000_000;
pub(super) const STAKE: u128 = 2_000_000_000;

/// A city in which the least reputation may work.
pub(super) fn raise() -> Stage {
    let mut charter = charter();
    charter.parameters.insert(P::ReputationFloor as u8, word(0));
    let mut stage = Stage::raise(&charter, PRINCIPALS, 2).unwrap_or_else(|e| panic!("{e}"));
    gas::cache_city(&stage.city).unwrap();
    let age = u64::from(P::PrincipalAgeSecs.row().default) + 1;
    stage
        .city
        .client
        .warp(std::time::Duration::from_secs(age))
        .unwrap();
    stage
}

pub(super) fn replay(stage: &mut Stage, vectors: &[&Vector]) {
    for vector in vectors {
        match vector.kind.as_str() {
            "dag_check" => graph(stage, vector),
            "roster_ok" => roster(stage, vector),
            "redundancy_ok" => {
                let seats = ["k", "t"].map(|key| vector.number(key) as u8);
                let [redundancy, threshold] = seats;
                let budget = PRICE * u128::from(redundancy);
                let task = Task::agreed("agree", budget, redundancy, threshold, Mode::Exact);
                judged(stage, vector, task, Rule::Tier);
            }
            "node_timeout_ok" => {
                let mut task = match vector.number("tier") {
                    1 => Task::proved("prove", PRICE),
                    2 => Task::agreed("agree", 3 * PRICE, 3, 2, Mode::Exact),
                    _ => Task::reviewed("review", PRICE),
                };
                task.node.timeout_ms = vector.number("timeoutMs") as u32;
                judged(stage, vector, task, Rule::Timeout);
            }
            other => panic!("{}: kind {other} is not replayed here", vector.id),
        }
    }
}

pub(super) fn plan(vector: &Vector, tasks: Vec<Task>, edges: Vec<(u16, u16)>) -> Plan {
    Plan {
        name: vector.id.clone(),
        tasks,
        edges,
        predicates: Vec::new(),
    }
}

pub(super) fn done<T>(result: Result<T, MissionError>, vector: &Vector) -> T {
    result.unwrap_or_else(|e| panic!("{}: {e}", vector.id))
}

/// Whether the statute takes all pages; if not, which rule it says they break.
fn pages(stage: &mut Stage, law: &mut Law, vector: &Vector) -> Result<(), u8> {
    let anybody = stage.sponsor.clone();
    done(stage.create(law), vector);
    done(stage.fund(law), vector);
    let deployed = stage
        .deploy(law, &anybody, 1)
        .and_then(|()| stage.seat(law, &anybody, 1));
    match deployed {
        Ok(()) => Ok(()),
        Err(MissionError::Call(error)) => match error.refusal().and_then(|no| no.typed()) {
            Some(Refusal::StatuteRefused(refused)) => Err(refused.rule),
            _ => panic!("{}: {error}", vector.id),
        },
        Err(other) => panic!("{}: {other}", vector.id),
    }
}

/// A page of one node is taken if the vector says so, and otherwise refused by `rule`.
fn judged(stage: &mut Stage, vector: &Vector, task: Task, rule: Rule) {
    let plan = plan(vector, vec![task], Vec::new());
    let mut law = done(stage.legislate(&plan, STAKE), vector);
    let found = pages(stage, &mut law, vector);
    let expected = if *vector.expects("resolved") == Value::Bool(true) {
        Ok(())
    } else {
        Err(rule as u8)
    };
    assert_eq!(found, expected, "{}", vector.id);
}

pub(super) fn state(stage: &mut Stage, law: &Law) -> MissionState {
    let call = work::missionCall {
        missionId: law.mission,
    };
    let to = stage.city.address(Peer::Collaboration);
    stage.city.client.ask(to, &call).unwrap().state
}

pub(super) fn node_state(stage: &mut Stage, law: &Law, index: u16) -> NodeState {
    let call = work::nodeCall {
        missionId: law.mission,
        index,
    };
    let to = stage.city.address(Peer::Collaboration);
    stage.city.client.ask(to, &call).unwrap().state
}

fn eligible(outcome: &Outcome) -> Vec<u64> {
    let logs = outcome.logs.iter();
    logs.filter_map(|log| work::NodeEligible::decode_log(log).ok())
        .map(|log| log.node.into())
        .collect()
}

/// A law numbers its tasks so that edges lead upwards. Where the vector has an order, the tasks are numbered by it, its roots may begin, and they
/// can be done one after another; where it has none, no numbering lets all edges lead upwards, nor does this one.
fn graph(stage: &mut Stage, vector: &Vector) {
    let count = vector.number("n");
    let order = numbers(vector.expects("order"));
    let is_ok = *vector.expects("ok") == Value::Bool(true);
    let place = |node: u64| -> u16 {
        let found = order.iter().position(|other| *other == node);
        found.map_or(node as u16, |place| place as u16)
    };
    let edges = vector.list("edges").iter().map(|edge| {
        let ends = numbers(edge);
        (place(ends[0]), place(ends[1]))
    });
    let tasks = (0..count).map(|node| Task::proved(&format!("task {node}"), PRICE));
    let mut plan = plan(vector, tasks.collect(), edges.collect());
    let mission = stage.foretell(&plan.name);
    plan.commit_to(mission);
    let mut law = done(stage.legislate(&plan, STAKE), vector);
    let found = pages(stage, &mut law, vector);
    if !is_ok {
        assert_eq!(found, Err(Rule::Edges as u8), "{}", vector.id);
        return;
    }
    assert_eq!(found, Ok(()), "{}", vector.id);
    let anybody = stage.sponsor.clone();
    let active = done(stage.finalise(&mut law, &anybody), vector);
    let roots: Vec<u64> = eligible(&active)
        .iter()
        .map(|place| order[*place as usize])
        .collect();
    assert_eq!(roots, numbers(vector.expects("roots")), "{}", vector.id);
    let terminals = numbers(vector.expects("terminals"));
    for place in 0..count as u16 {
        let job = stage.job(&law, &plan, place);
        let steps = vec![stage.routes(&job, job.agent(0)), stage.submits(&job)];
        let outcomes = done(stage.perform(&mut law, steps), vector);
        let frees = outcomes.iter().flat_map(eligible).count();
        let is_last = terminals.contains(&order[usize::from(place)]);
        assert!(frees == 0 || !is_last, "{}: {place} is terminal", vector.id);
    }
    assert_eq!(
        state(stage, &law),
        MissionState::Verification,
        "{}",
        vector.id
    );
}

/// An agent has one seat of a node, which the pages' rules say; a principal's second one does not begin, which the routing says.
fn roster(stage: &mut Stage, vector: &Vector) {
    let mut principals = Vec::<&str>::new();
    let mut agents = BTreeMap::<&str, usize>::new();
    let mut seated = Vec::new();
    for pair in vector.list("executors") {
        let (agent, principal) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        let known = principals.iter().position(|other| *other == principal);
        let number = known.unwrap_or_else(|| {
            principals.push(principal);
            principals.len() - 1
        });
        // A principal's second agent stands a whole round behind the first.
        let taken = agents.values().any(|place| *place == number);
        let free = if taken { number + PRINCIPALS } else { number };
        seated.push(*agents.entry(agent).or_insert(free));
    }
    let count = vector.number("k") as u8;
    let task = Task::agreed("agree", PRICE * u128::from(count), count, 2, Mode::Exact);
    let plan = plan(vector, vec![task], Vec::new());
    let seats = (0..).zip(&seated).map(|(seat, place)| {
        let executor = &stage.executors[*place];
        let agent = executor.agent.address();
        Seat {
            node: 0,
            seat,
            agent,
            price: PRICE,
            stake: STAKE,
            source: agent.into_word(),
            service: executor.service,
        }
    });
    let seats = seats.collect();
    let mut law = done(stage.legislate_with(&plan, seats), vector);
    let is_ok = *vector.expects("ok") == Value::Bool(true);
    if let Err(rule) = pages(stage, &mut law, vector) {
        assert_eq!((is_ok, rule), (false, Rule::Roster as u8), "{}", vector.id);
        return;
    }
    let anybody = stage.sponsor.clone();
    done(stage.finalise(&mut law, &anybody), vector);
    let job = stage.job(&law, &plan, 0);
    let mut steps: Vec<_> = job
        .seats()
        .skip(1)
        .map(|seat| stage.accepts(&job, seat))
        .collect();
    steps.push(stage.routes(&job, job.agent(0)));
    match stage.perform(&mut law, steps) {
        Ok(_) => assert!(is_ok, "{}: a roster began that should not", vector.id),
        Err(MissionError::Call(error)) => {
            assert!(!is_ok, "{}: {error}", vector.id);
            assert!(is_conflict(&error), "{}: {error}", vector.id);
        }
        Err(other) => panic!("{}: {other}", vector.id),
    }
    let state = node_state(stage, &law, 0);
    assert_eq!(state == NodeState::Executing, is_ok, "{}", vector.id);
}

fn is_conflict(error: &CallError) -> bool {
    let typed = error.refusal().and_then(|no| no.typed());
    matches!(typed, Some(work::ICollaborationErrors::AgentRefused(no)) if no.rule & CONFLICT != 0)
}
