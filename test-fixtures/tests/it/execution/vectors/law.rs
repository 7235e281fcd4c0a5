//! Graphs, rosters, redundancy and timeouts, legislated as pages of a law: what holds becomes one and is deployed, what does not is
//! refused by the deployed enactment, by the same rules by which the statute would refuse it. (That the statute does, were it approved
//! all the same, is tried in process: `contracts/statute/tests/it`.)

use std::collections::BTreeMap;

use agentcity_abi::{
    ICollaboration::{self as work, MissionState, NodeState},
    ILegislature::{self as legislature, SessionState},
};
use agentcity_domain::{
    parameter::{ParameterId as P, word},
    peer::Peer,
    statute::{Mode, Rule, Seat},
};
use agentcity_test_fixtures::{
    gas,
    mission::{Charter, Law, MissionError, Plan, Stage, Task},
    sender::Outcome,
};
use alloy::sol_types::{SolError, SolEvent};
use serde_json::Value;

use super::{Vector, numbers};

/// As many principals as the largest roster of a vector, each with two agents.
const PRINCIPALS: usize = 7;
/// A seat's price and stake, in base units: the one so low that outcomes move no reputation, the other what a bid needs.
pub(super) const PRICE: u128 = 3_000_000_000;
pub(super) const STAKE: u128 = 200_000_000_000_000;
/// Executors of whom two may agree.
const TWO: u32 = 2;

/// A city in which the least reputation may work, two may agree without a third, and a false alarm costs a monitor nothing.
pub(super) fn raise() -> Stage {
    let mut charter = Charter::default();
    charter.parameters.insert(P::ReputationFloor as u8, word(0));
    charter.parameters.insert(P::RedundancyLow as u8, word(TWO));
    // The same monitors report whatever of them was false before.
    charter
        .parameters
        .insert(P::MonitorSuspensionSecs as u8, word(0));
    charter
        .parameters
        .insert(P::FalsePositiveSlashBps as u8, word(0));
    let stage = Stage::raise(&charter, PRINCIPALS, 2).unwrap_or_else(|e| panic!("{e}"));
    gas::cache_city(&stage.city).unwrap();
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

/// Legislates a plan; if it may not be, which rule it breaks. Of such a one the session is not law, and can come to none.
fn legislated(stage: &mut Stage, plan: &Plan, vector: &Vector) -> Result<Law, u8> {
    let bids = plan.seats(&stage.executors, STAKE);
    let bill = done(stage.adopt(plan), vector);
    match stage.carry(&bill, &bids) {
        Ok(law) => Ok(law),
        Err(MissionError::Invalid { node: _, rule }) => {
            let session = done(stage.session(bill.session), vector);
            assert_eq!(session.state, SessionState::Codification, "{}", vector.id);
            Err(rule)
        }
        Err(other) => panic!("{}: {other}", vector.id),
    }
}

/// All pages of a law are taken.
fn deployed(stage: &mut Stage, law: &mut Law, vector: &Vector) {
    let anybody = stage.sponsor.clone();
    done(stage.create(law), vector);
    done(stage.fund(law), vector);
    done(stage.deploy(law, &anybody, 1), vector);
    done(stage.seat(law, &anybody, 1), vector);
}

/// A page of one node is taken if the vector says so, and otherwise refused by `rule`.
fn judged(stage: &mut Stage, vector: &Vector, task: Task, rule: Rule) {
    let plan = plan(vector, vec![task], Vec::new());
    let found = legislated(stage, &plan, vector);
    if *vector.expects("resolved") == Value::Bool(true) {
        let mut law = found.unwrap_or_else(|rule| panic!("{}: rule {rule}", vector.id));
        deployed(stage, &mut law, vector);
    } else {
        assert_eq!(found.err(), Some(rule as u8), "{}", vector.id);
    }
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
    let plan = plan(vector, tasks.collect(), edges.collect());
    let found = legislated(stage, &plan, vector);
    if !is_ok {
        assert_eq!(found.err(), Some(Rule::Edges as u8), "{}", vector.id);
        return;
    }
    let mut law = found.unwrap_or_else(|rule| panic!("{}: rule {rule}", vector.id));
    deployed(stage, &mut law, vector);
    let anybody = stage.sponsor.clone();
    let active = done(stage.finalise(&mut law, &anybody), vector);
    let roots: Vec<u64> = eligible(&active)
        .iter()
        .map(|place| order[*place as usize])
        .collect();
    assert_eq!(roots, numbers(vector.expects("roots")), "{}", vector.id);
    let terminals = numbers(vector.expects("terminals"));
    for place in 0..count as u16 {
        let job = stage.job(&law, place);
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

/// A principal has one bid on a node, so neither it nor any agent of it comes to two seats there. (Who comes to them otherwise is refused
/// where the node begins: `seats.rs`.)
fn roster(stage: &mut Stage, vector: &Vector) {
    let mut principals = Vec::<&str>::new();
    let mut agents = BTreeMap::<&str, usize>::new();
    let (mut seated, mut twice) = (Vec::new(), None);
    for pair in vector.list("executors") {
        let (agent, principal) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        let known = principals.iter().position(|other| *other == principal);
        let number = known.unwrap_or_else(|| {
            principals.push(principal);
            principals.len() - 1
        });
        if known.is_some() {
            twice = twice.or(Some(number));
        }
        // A principal's second agent stands a whole round behind the first.
        let taken = agents.values().any(|place| *place == number);
        let free = if taken { number + PRINCIPALS } else { number };
        seated.push(*agents.entry(agent).or_insert(free));
    }
    let count = vector.number("k") as u8;
    let task = Task::agreed("agree", PRICE * u128::from(count), count, 2, Mode::Exact);
    let plan = plan(vector, vec![task], Vec::new());
    let bids = (0..).zip(&seated).map(|(seat, place)| {
        let executor = &stage.executors[*place];
        let agent = executor.agent.address();
        Seat {
            node: 0,
            seat,
            agent,
            // A little less each, so that no two bids are one.
            price: PRICE - u128::from(seat),
            stake: STAKE,
            source: agent.into_word(),
            service: executor.service,
        }
    });
    let bids: Vec<Seat> = bids.collect();
    let is_ok = *vector.expects("ok") == Value::Bool(true);
    assert_eq!(twice.is_none(), is_ok, "{}", vector.id);
    let bill = done(stage.adopt(&plan), vector);
    let mut law = match stage.carry(&bill, &bids) {
        Ok(law) => law,
        Err(MissionError::Call(error)) => {
            let place = twice.unwrap_or_else(|| panic!("{}: {error}", vector.id));
            let refused = legislature::AlreadyDone {
                id: bill.session,
                who: stage.executors[place].principal.address(),
            };
            let said = error.refusal().map(|refusal| refusal.0.to_vec());
            assert_eq!(said, Some(refused.abi_encode()), "{}: {error}", vector.id);
            return;
        }
        Err(other) => panic!("{}: {other}", vector.id),
    };
    assert!(is_ok, "{}: a roster became law that should not", vector.id);
    deployed(stage, &mut law, vector);
    let anybody = stage.sponsor.clone();
    done(stage.finalise(&mut law, &anybody), vector);
    let job = stage.job(&law, 0);
    let mut steps: Vec<_> = job
        .seats()
        .skip(1)
        .map(|seat| stage.accepts(&job, seat))
        .collect();
    steps.push(stage.routes(&job, job.agent(0)));
    done(stage.perform(&mut law, steps), vector);
    let state = node_state(stage, &law, 0);
    assert_eq!(state, NodeState::Executing, "{}", vector.id);
}
