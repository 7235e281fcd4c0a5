//! What is looked at after every command besides money: states, and how they came about.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_abi::{
    ICollaboration::{self as work, MissionState as M, NodeState as N},
    ITreasury as treasury,
};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    mission::record::{NODES_PER_STATES, States},
    peer::Peer,
};
use agentcity_missions::{City, member};
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
    /// Bonds that were posted.
    bonds: Vec<B256>,
    /// Every mission that is not closed, as it was last found, and its nodes.
    seen: Vec<(M, Vec<N>)>,
    /// How often *collaboration* had been written to by then.
    changes: u64,
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

    /// Bonds that were posted since this was last asked.
    pub(crate) fn take_bonds(&mut self) -> Vec<B256> {
        std::mem::take(&mut self.bonds)
    }

    /// Every mission as it was last found, and its nodes; nothing of one that is closed.
    pub(crate) fn seen(&self) -> &[(M, Vec<N>)] {
        &self.seen
    }

    /// Looks at every mission. What *collaboration* answers about them comes out of its storage alone: where a command wrote nothing
    /// there, nothing is asked again.
    pub(crate) fn look(&mut self, city: &City, lives: &[Live], command: u64) {
        let logs = city.world.take_logs();
        self.heard.extend(logs);
        for log in std::mem::take(&mut self.heard) {
            if log.topics().first() == Some(&treasury::BondPosted::SIGNATURE_HASH) {
                self.bonds.push(log.topics()[1]);
            }
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
        let changes = city.world.changes(member(Peer::Collaboration));
        if changes != self.changes {
            self.changes = changes;
            self.seen = lives
                .iter()
                .map(|live| self.find(city, live, command))
                .collect();
        }
        for (live, seen) in lives.iter().zip(&mut self.seen) {
            if live.is_closed {
                *seen = (M::None, Vec::new());
            }
        }
    }

    /// Looks at a mission, if it is not closed.
    fn find(&mut self, city: &City, live: &Live, command: u64) -> (M, Vec<N>) {
        let mut states = Vec::new();
        if live.is_closed {
            return (M::None, states);
        }
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
        let mut word = States(B256::ZERO);
        for node in 0..live.mission.statute.nodes.len() as u16 {
            if node % NODES_PER_STATES == 0 {
                word = States(city.ask(work::nodeStatesCall {
                    missionId: id,
                    word: node / NODES_PER_STATES,
                }));
            }
            let state = word.of(node);
            states.push(N::try_from(state).expect("a state"));
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
        (mission.state, states)
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
