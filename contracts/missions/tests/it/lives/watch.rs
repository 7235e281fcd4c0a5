//! What is looked at after every command besides money: states, and how they came about.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_abi::ICollaboration as work;
use agentcity_domain::{
    machine::{MissionState, NodeState},
    mission::record::{NODES_PER_STATES, States},
};
use agentcity_missions::City;
use alloy_primitives::{B256, Log};
use alloy_sol_types::SolEvent;

use super::Live;

/// Node states that no chain writes.
const UNWRITTEN: [NodeState; 1] = [NodeState::PendingFinalization];
/// Steps of one node within one call: through verification to an end.
const STEPS_AT_ONCE: usize = 3;

/// What was seen.
#[derive(Default)]
pub(crate) struct Watch {
    nodes: BTreeMap<(B256, u16), u8>,
    missions: BTreeMap<B256, u8>,
    node_states: BTreeSet<u8>,
    mission_states: BTreeSet<u8>,
    steps: BTreeSet<(u8, u8)>,
    /// Logs that a command looked at itself.
    heard: Vec<Log>,
}

/// Whether `to` can be reached from `from` in so many legal steps.
fn within(from: NodeState, to: NodeState, steps: usize) -> bool {
    from == to
        || steps > 0
            && NodeState::ALL.iter().any(|next| {
                NodeState::transition(from, *next).is_ok() && within(*next, to, steps - 1)
            })
}

impl Watch {
    /// Takes logs that a command looked at itself.
    pub(crate) fn hear(&mut self, logs: &[Log]) {
        self.heard.extend_from_slice(logs);
    }

    /// Looks at every mission.
    pub(crate) fn look(&mut self, city: &City, lives: &[Live], command: u64) {
        let logs = city.world.take_logs();
        self.heard.extend(logs);
        for log in std::mem::take(&mut self.heard) {
            if log.topics().first() != Some(&work::MissionStateChanged::SIGNATURE_HASH) {
                continue;
            }
            let event = work::MissionStateChanged::decode_log_validate(&log).expect("an event");
            let (from, to) = (event.from as u8, event.to as u8);
            let known = self.missions.insert(event.missionId, to);
            assert!(
                known.unwrap_or(MissionState::Pending as u8) == from,
                "command {command}: a step starts where the last one ended"
            );
            let (from, to) = (MissionState::from_u8(from), MissionState::from_u8(to));
            let (from, to) = (from.expect("a state"), to.expect("a state"));
            assert!(
                MissionState::transition(from, to).is_ok(),
                "command {command}: {from:?} to {to:?}"
            );
            self.steps.insert((from as u8, to as u8));
        }
        for live in lives.iter().filter(|live| !live.is_closed) {
            let id = live.mission.id;
            let mission = city.ask(work::missionCall { missionId: id });
            self.mission_states.insert(mission.state as u8);
            let told = self.missions.get(&id).copied();
            assert_eq!(
                told.unwrap_or(MissionState::Pending as u8),
                mission.state as u8,
                "command {command}: what is told is what is"
            );
            let (mut completed, mut failed) = (0, 0);
            for node in 0..live.mission.statute.nodes.len() as u16 {
                let word = city.ask(work::nodeStatesCall {
                    missionId: id,
                    word: node / NODES_PER_STATES,
                });
                let state = States(word).of(node);
                let Some(now) = NodeState::from_u8(state) else {
                    // Its deployment waits, or never came.
                    let undeployed = matches!(
                        mission.state,
                        work::MissionState::Pending | work::MissionState::Aborted
                    );
                    assert!(undeployed, "command {command}: {:?}", mission.state);
                    continue;
                };
                completed += u16::from(now == NodeState::Completed);
                failed += u16::from(now == NodeState::Failed);
                self.node_states.insert(state);
                let before = self.nodes.insert((id, node), state);
                let before = before.and_then(NodeState::from_u8);
                let legal = before.is_none_or(|before| within(before, now, STEPS_AT_ONCE));
                assert!(
                    legal,
                    "command {command}: node {node} from {before:?} to {now:?}"
                );
            }
            assert_eq!(mission.completed, completed, "command {command}: completed");
            assert_eq!(mission.failed, failed, "command {command}: failed");
        }
    }

    /// Says what was reached.
    pub(crate) fn print(&self) {
        let missions: Vec<_> = self
            .mission_states
            .iter()
            .filter_map(|state| MissionState::from_u8(*state))
            .collect();
        let nodes: Vec<_> = self
            .node_states
            .iter()
            .filter_map(|state| NodeState::from_u8(*state))
            .collect();
        println!("missions were {missions:?}");
        println!("nodes were {nodes:?}");
        println!("missions made {} different steps", self.steps.len());
    }

    /// Claims that every state was reached.
    pub(crate) fn require_all(&self) {
        for state in MissionState::ALL {
            assert!(
                self.mission_states.contains(&(*state as u8)),
                "no mission was {state:?}"
            );
        }
        for state in NodeState::ALL
            .iter()
            .filter(|state| !UNWRITTEN.contains(state))
        {
            assert!(
                self.node_states.contains(&(*state as u8)),
                "no node was {state:?}"
            );
        }
    }
}
