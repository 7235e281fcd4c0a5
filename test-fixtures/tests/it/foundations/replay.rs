//! Public vectors of the kinds that concern the foundations, replayed through the deployed contracts.
//!
//! The domain crate passes all of them (`cargo xtask vectors`); here the very contracts do, for every vector whose start a
//! deployed city can reach. Outcomes of any score are what no mission comes to: there *collaboration* says what it is told, on a
//! node that lets itself be cheated. That leaves out averages from a score other than a newcomer's (no sequence of outcomes arrives at
//! 0.999999), and the two rows whose range a resolution widened (S-16). At least a tenth of each kind must remain.

use super::amendments::{amendment, would};
use agentcity_abi::{IAgent, IConstitution::IConstitutionErrors as Refusal};
use agentcity_domain::{
    parameter::{ParameterId, word},
    peer::Peer,
};
use agentcity_test_fixtures::{
    Settings,
    city::{
        Charter, City, Person,
        life::{AgentType, Registration, outcome_for},
    },
    sender::Outcome,
    tool::workspace_dir,
};
use alloy::{
    primitives::{Address, keccak256},
    sol_types::SolEvent,
};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// Rows that the city rules otherwise than Table 19 prints (RESOLUTIONS S-16).
const RULED_OTHERWISE: [&str; 3] = ["minStakeLow", "minStakeMedium", "minStakeHigh"];
/// Points that one ruling may add or take.
const ADJUST_LIMIT: i64 = 100;
const NEWCOMER: u64 = 500_000;

#[derive(Debug, Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(Debug, Deserialize)]
struct Vector {
    id: String,
    kind: String,
    inputs: Value,
    expected: Value,
}

impl Vector {
    fn numbers(value: &Value) -> Vec<u64> {
        let list = value.as_array().expect("a list");
        list.iter().map(|n| n.as_u64().expect("a number")).collect()
    }

    /// Whether a deployed city can be brought to where the vector starts.
    fn is_reachable(&self) -> bool {
        match self.kind.as_str() {
            "param_range" => {
                !RULED_OTHERWISE.contains(&self.inputs["param"].as_str().expect("a name"))
            }
            "ema_int" => self.inputs["start"] == NEWCOMER,
            _ => true,
        }
    }
}

fn vectors() -> Vec<Vector> {
    let file = workspace_dir().join("test-fixtures/data/vectors.json");
    serde_json::from_slice::<File>(&std::fs::read(file).unwrap())
        .unwrap()
        .vectors
}

/// A city with one producer for each vector that moves reputation.
fn set_up(count: usize) -> (City, Vec<Person>) {
    let charter = Charter {
        settings: Settings::lenient(),
        ..Charter::default()
    };
    let mut city = City::raise(&charter).unwrap_or_else(|e| panic!("{e}"));
    city.install_clerks().unwrap_or_else(|e| panic!("{e}"));
    city.seat_panel().unwrap_or_else(|e| panic!("{e}"));
    let principals = city.people("principal", 1).unwrap();
    city.enrol(&principals).unwrap_or_else(|e| panic!("{e}"));
    let producers = city.people("producer", count).unwrap();
    let registrations: Vec<Registration> = producers
        .iter()
        .map(|agent| Registration {
            agent: agent.clone(),
            kind: AgentType::Producer,
            principal: principals[0].clone(),
        })
        .collect();
    city.register(&registrations)
        .unwrap_or_else(|e| panic!("{e}"));
    city.client.warp(Duration::from_secs(9 * 86_400)).unwrap();
    (city, producers)
}

#[test]
fn the_deployed_contracts_agree_with_the_public_vectors() {
    let all = vectors();
    let reachable: Vec<&Vector> = all.iter().filter(|v| v.is_reachable()).collect();
    let movers = reachable.iter().filter(|v| v.kind != "param_range").count();
    let (mut city, producers) = set_up(movers);
    let mut free = producers.iter().map(Person::address);
    let mut replayed = BTreeMap::<&str, (usize, usize)>::new();
    for vector in &all {
        replayed.entry(&vector.kind).or_default().1 += 1;
    }
    for vector in reachable {
        match vector.kind.as_str() {
            "param_range" => ranges(&mut city, vector),
            "ema_int" => average(&mut city, vector, free.next().unwrap()),
            "ema_steps" => steps(&mut city, vector, free.next().unwrap()),
            "rep_clamp" => clamp(&mut city, vector, free.next().unwrap()),
            other => panic!("{}: kind {other} is not replayed here", vector.id),
        }
        replayed.entry(&vector.kind).or_default().0 += 1;
    }
    for (kind, (done, of)) in &replayed {
        println!("{kind}: {done} of {of} replayed");
        assert!(10 * done >= *of, "{kind}: less than a tenth");
    }
    assert_eq!(replayed.len(), 4);
}

/// Each value, put to the vote of nobody but the range.
fn ranges(city: &mut City, vector: &Vector) {
    let name = vector.inputs["param"].as_str().unwrap();
    let id = ParameterId::named(name).unwrap_or_else(|| panic!("{}: no {name}", vector.id));
    // Table 19 prints σ, the city stores thousandths of it (RESOLUTIONS G-09).
    let scale = if name == "deviationThresholdSigma" {
        1_000
    } else {
        1
    };
    let values = Vector::numbers(&vector.inputs["values"]);
    let expected = vector.expected["ok"].as_array().unwrap();
    assert_eq!(values.len(), expected.len());
    for (value, ok) in values.into_iter().zip(expected) {
        let new = word(u32::try_from(value * scale).unwrap());
        let call = amendment(city, id, new, 1);
        let in_range = match would(city, &call) {
            Ok(()) => true,
            Err(error) => match error.refusal().and_then(|r| r.typed::<Refusal>()) {
                Some(Refusal::ParameterOutOfRange(_)) => false,
                // Judged after the range: the value is in force, or contradicts another.
                Some(Refusal::UnchangedValue(_) | Refusal::RelationBroken(_)) => true,
                _ => panic!("{}: {value}: {error}", vector.id),
            },
        };
        assert_eq!(
            Value::Bool(in_range),
            *ok,
            "{}: {name} = {value}",
            vector.id
        );
    }
}

/// Outcomes of full weight, each of another sponsor, so that no cap is reached (RULINGS V).
fn outcomes(
    city: &mut City,
    agent: Address,
    lambda: u64,
    scores: &[u64],
) -> Vec<IAgent::ReputationUpdated> {
    let calls: Vec<IAgent::updateReputationCall> = scores
        .iter()
        .enumerate()
        .map(|(index, score)| {
            let sponsor = Address::from_word(keccak256(format!("sponsor {index}")));
            let mut call = outcome_for(agent, *score as u16, sponsor);
            call.terms.lambda = lambda as u16;
            call
        })
        .collect();
    let told = calls.iter().flat_map(|call| {
        let outcome = city.speak_as(Peer::Collaboration, Peer::Agent, call);
        events(&outcome.unwrap_or_else(|e| panic!("{e}")))
    });
    told.collect()
}

fn events<E: SolEvent>(outcome: &Outcome) -> Vec<E> {
    let logs = outcome.logs.iter();
    logs.filter_map(|log| E::decode_log(log).ok())
        .map(|log| log.data)
        .collect()
}

fn average(city: &mut City, vector: &Vector, agent: Address) {
    let scores = Vector::numbers(&vector.inputs["scores"]);
    let lambda = vector.inputs["lam"].as_u64().unwrap();
    let trace: Vec<u64> = outcomes(city, agent, lambda, &scores)
        .iter()
        .map(|event| event.reputation.into())
        .collect();
    assert_eq!(
        trace,
        Vector::numbers(&vector.expected["trace"]),
        "{}",
        vector.id
    );
    assert_eq!(
        score(city, agent),
        vector.expected["score"],
        "{}",
        vector.id
    );
}

fn steps(city: &mut City, vector: &Vector, agent: Address) {
    let input = |key: &str| vector.inputs[key].as_u64().unwrap();
    let (outcome, limit) = (input("S"), input("limit"));
    let expected = vector.expected["steps"].as_u64().unwrap();
    let trace = outcomes(city, agent, input("lam"), &vec![outcome; expected as usize]);
    let arrived = |event: &IAgent::ReputationUpdated| {
        let score = u64::from(event.reputation) / 1_000;
        if outcome == 0 {
            score <= limit
        } else {
            score >= limit
        }
    };
    let first = trace.iter().position(arrived).map(|index| index as u64 + 1);
    assert_eq!(first, Some(expected), "{}", vector.id);
}

fn clamp(city: &mut City, vector: &Vector, agent: Address) {
    let start = vector.inputs["score"].as_i64().unwrap();
    let delta = vector.inputs["delta"].as_i64().unwrap();
    let mut calls = Vec::new();
    let mut at = NEWCOMER as i64 / 1_000;
    while at != start {
        let step = (start - at).clamp(-ADJUST_LIMIT, ADJUST_LIMIT);
        calls.push(step);
        at += step;
    }
    calls.push(delta);
    let calls: Vec<IAgent::adjustReputationCall> = calls
        .into_iter()
        .map(|delta| IAgent::adjustReputationCall {
            agent,
            delta: delta as i16,
            evidence: keccak256("a ruling"),
        })
        .collect();
    for call in &calls {
        city.rule(Peer::Agent, call)
            .unwrap_or_else(|e| panic!("{}: {e}", vector.id));
    }
    assert_eq!(score(city, agent), vector.expected["new"], "{}", vector.id);
}

fn score(city: &mut City, agent: Address) -> Value {
    let call = IAgent::getReputationScoreCall { agent };
    let agents = city.address(Peer::Agent);
    city.client.ask(agents, &call).unwrap().into()
}
