//! Events of the naive model, carried out through collaboration's router: verification and guardian are stood in for by what
//! they know themselves (commitments, reveals, open freezes), and leave every state to the contract.

use agentcity_abi::ICollaboration as wire;
use agentcity_domain::{
    machine::model::{Event, Proof, SEATS_MAX},
    parameter::ParameterId as P,
    peer::Peer,
};
use alloy_primitives::{Address, B256};

use crate::city::*;

/// What verification keeps of an attempt.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    committed: u8,
    closed: bool,
    revealed: [Option<u32>; SEATS_MAX],
}

/// One mission under way.
pub(crate) struct Driver {
    pub(crate) city: City,
    pub(crate) mission: B256,
    kept: Vec<Kept>,
}

impl Driver {
    /// A mission that is deployed and waits to be finalised.
    pub(crate) fn new(tiers: &[u8], edges: &[(u16, u16)], refinements: u32) -> Self {
        let city = City::new();
        city.set(P::MaxRefinementIterations, refinements);
        let plan = Plan::of(tiers, edges);
        let law = Law {
            deadline: 1 << 39,
            ..city.root_law(tiers.len() as u16)
        };
        let mission = city.create("driven", law).expect("created");
        city.admit(mission, &plan);
        Self {
            city,
            mission,
            kept: vec![Kept::default(); tiers.len()],
        }
    }

    fn state(&self, node: usize) -> u8 {
        self.city.states(self.mission).1[node]
    }

    fn is(&self, node: usize, state: NodeState) -> bool {
        self.state(node) == state.number()
    }

    fn mission_is(&self, state: MissionState) -> bool {
        self.city.states(self.mission).0 == state.number()
    }

    fn seats(&self, node: usize) -> wire::Assignment {
        self.city.assignment(self.mission, node as u16)
    }

    fn redundancy(&self, node: usize) -> u8 {
        self.city.node(self.mission, node as u16).redundancy
    }

    fn judge(&self, node: usize, to: NodeState) -> bool {
        let outcomes = if to == NodeState::Completed || to == NodeState::Failed {
            let fault = if to == NodeState::Failed {
                wire::Reason::ConsensusFailed as u8
            } else {
                0
            };
            let seats = self.seats(node).agents;
            let taken = seats.iter().zip(0..).filter(|(a, _)| **a != Address::ZERO);
            taken.map(|(_, seat)| outcome(seat, fault)).collect()
        } else {
            Vec::new()
        };
        let until = self.city.world.now() + REVIEW;
        let (mission, node) = (self.mission, node as u16);
        self.city.judge(mission, node, to, until, outcomes).is_ok()
    }

    /// The machine consensus over what was revealed.
    fn conclude(&self, node: usize) -> bool {
        let revealed = self.kept[node].revealed;
        let threshold = usize::from(self.seats(node).threshold);
        let agree = revealed.iter().flatten().any(|value| {
            let same = revealed.iter().flatten().filter(|other| *other == value);
            same.count() >= threshold
        });
        let to = if agree {
            NodeState::Completed
        } else {
            NodeState::Failed
        };
        self.judge(node, to)
    }

    fn order(&self, kind: wire::Order, node: usize) -> bool {
        let seats = self.seats(node);
        let agent = seats.agents.iter().find(|agent| **agent != Address::ZERO);
        let until = self.city.world.now() + 259_200;
        let order = wire::Intervention {
            node: node as u16,
            attempt: seats.attempt,
            agent: *agent.expect("somebody is seated"),
            until: until.try_into().expect("40 bits"),
            ..order(kind, self.mission)
        };
        self.city.order(order).is_ok()
    }

    fn tier(&self, node: usize) -> u8 {
        self.seats(node).tier
    }

    /// Whether the event was accepted.
    pub(crate) fn apply(&mut self, event: Event) -> bool {
        let (city, mission) = (self.city.clone(), self.mission);
        match event {
            Event::Finalize => city.activate(mission).is_ok(),
            Event::Route(node) => {
                let done = city.begin(mission, node as u16).is_ok();
                if done {
                    self.kept[node] = Kept::default();
                }
                done
            }
            Event::Submit(node, proof) => {
                let to = match proof {
                    Proof::Holds => NodeState::Completed,
                    Proof::Fails => NodeState::Failed,
                };
                self.tier(node) == 1 && self.judge(node, to)
            }
            Event::SubmitForReview(node) => {
                self.tier(node) == 3 && self.judge(node, NodeState::PendingReview)
            }
            Event::Commit(node, seat) => {
                let seats = self.seats(node);
                let (bit, kept) = (1u8 << seat, self.kept[node]);
                if seats.tier != 2
                    || seat >= self.redundancy(node)
                    || kept.closed
                    || kept.committed & bit != 0
                    || !self.judge(node, NodeState::PendingVerification)
                {
                    return false;
                }
                let redundancy = self.redundancy(node);
                let kept = &mut self.kept[node];
                kept.committed |= bit;
                kept.closed = kept.committed.count_ones() == u32::from(redundancy);
                true
            }
            Event::CloseCommit(node) => {
                let (seats, kept) = (self.seats(node), self.kept[node]);
                if seats.tier != 2 || kept.closed || !self.is(node, NodeState::PendingVerification)
                {
                    return false;
                }
                if kept.committed.count_ones() < u32::from(seats.threshold) {
                    return self.judge(node, NodeState::Failed);
                }
                let done = self.judge(node, NodeState::PendingVerification);
                self.kept[node].closed |= done;
                done
            }
            Event::Reveal(node, seat, value) => {
                let kept = self.kept[node];
                let place = usize::from(seat);
                if !kept.closed
                    || kept.committed & 1 << seat == 0
                    || kept.revealed[place].is_some()
                    || !self.is(node, NodeState::PendingVerification)
                {
                    return false;
                }
                self.kept[node].revealed[place] = Some(value);
                let shown = self.kept[node].revealed.iter().flatten().count() as u32;
                let done = if shown == kept.committed.count_ones() {
                    self.conclude(node)
                } else {
                    self.judge(node, NodeState::PendingVerification)
                };
                if !done {
                    self.kept[node] = kept;
                }
                done
            }
            Event::CloseReveal(node) => {
                self.kept[node].closed
                    && self.is(node, NodeState::PendingVerification)
                    && self.conclude(node)
            }
            Event::TimeoutNode(node) => {
                city.warp(REVIEW + TIMEOUT);
                self.is(node, NodeState::Executing)
                    && city.expire_node(mission, node as u16).is_ok()
            }
            Event::Approve(node) => {
                self.is(node, NodeState::PendingReview) && self.judge(node, NodeState::Completed)
            }
            Event::Reject(node) => {
                self.is(node, NodeState::PendingReview) && self.judge(node, NodeState::Failed)
            }
            Event::TimeoutReview(node) => {
                city.warp(4 * REVIEW);
                self.is(node, NodeState::PendingReview)
                    && city.expire_node(mission, node as u16).is_ok()
            }
            Event::Freeze(node) => self.order(wire::Order::Freeze, node),
            Event::Unfreeze(node) => self.order(wire::Order::Unfreeze, node),
            // The guardian has an open freeze, or nothing to uphold.
            Event::ConfirmFreeze(node) => {
                self.is(node, NodeState::Frozen) && self.order(wire::Order::Confirm, node)
            }
            Event::Reassign(node) => {
                let seats = self.redundancy(node);
                let first = city.world.now() as u8 % 3 + 1;
                let agents: Vec<Address> = (first..first + seats).map(agent).collect();
                city.reassign(mission, node as u16, &agents).is_ok()
            }
            Event::FailMission => {
                let works = self.mission_is(MissionState::Active)
                    || self.mission_is(MissionState::Executing);
                works && city.expire_mission(mission).is_ok()
            }
            Event::Pass => city.order(order(wire::Order::Release, mission)).is_ok(),
            Event::Fail | Event::Veto => {
                let reason = if event == Event::Veto {
                    wire::Reason::OutputVetoed
                } else {
                    wire::Reason::PredicateFailed
                };
                let order = wire::Intervention {
                    reason,
                    ..order(wire::Order::Refuse, mission)
                };
                city.order(order).is_ok()
            }
            Event::Abort => {
                let call = wire::abortMissionCall {
                    missionId: mission,
                    justificationHash: B256::ZERO,
                };
                city.call(member(Peer::Adjudication), call).is_ok()
            }
            Event::EnterDegraded => city.order(order(wire::Order::Degrade, mission)).is_ok(),
            Event::ExitDegraded => city.order(order(wire::Order::Resume, mission)).is_ok(),
            Event::TimeoutDegraded => {
                city.warp(DEGRADED + 1);
                self.mission_is(MissionState::Degraded) && city.expire_mission(mission).is_ok()
            }
            Event::Stop => city
                .halt(mission, wire::Halt::EmergencyStop, 1 << 39)
                .is_ok(),
            Event::ClearStop => city.lift(mission, wire::Halt::EmergencyStop, 0).is_ok(),
        }
    }
}
