//! Missions and nodes: every pair of states, every packed part, every refusal beside its allowed neighbour.

mod exits;
mod records;
mod refinements;
mod rules;

use agentcity_domain::{
    machine::{MissionState, NodeState},
    mission::{
        Refused, Why,
        record::{Mission, States},
    },
};
use alloy_primitives::B256;

fn mission(state: MissionState) -> Mission {
    let mut mission = Mission::default();
    mission.set_state(state.number());
    mission.set_nodes(10);
    mission.set_deadline(1_000);
    mission
}

/// States with node zero in this one.
fn at(state: NodeState) -> States {
    let mut word = B256::ZERO;
    word[0] = state.number();
    States(word)
}

fn why<T>(said: Result<T, Refused>) -> Result<T, Why> {
    said.map_err(Refused::why)
}
