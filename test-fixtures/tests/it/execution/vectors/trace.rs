//! Whole missions, event by event: what the deployed contracts take or refuse, and the state of the mission and of every node after each.

use std::{collections::BTreeMap, time::Duration};

use agentcity_abi::{
    ICollaboration::{self as work, MissionState, NodeState},
    IEnactment as enactment,
    IGuardian::{self as guardian, UnfreezeKind},
    IVerification as results,
};
use agentcity_domain::{
    parameter::ParameterId as P,
    peer::Peer,
    statute::{Mode, Seat},
};
use agentcity_test_fixtures::{
    city::Person,
    mission::{Job, Law, MissionError, Stage, Step, Task},
};
use alloy::{
    primitives::{B256, keccak256},
    sol_types::{SolCall, SolEvent},
};
use serde_json::Value;

use super::{
    Vector,
    law::{PRICE, STAKE, done, node_state, plan, state},
};

/// What an executor's time is made of.
const WORK: [P; 3] = [
    P::MaxNodeTimeoutMs,
    P::FinalizationGraceMs,
    P::TimeoutGraceMs,
];

pub(super) fn replay(stage: &mut Stage, vectors: &[&Vector]) {
    let monitor = stage.bring_monitor("monitor of traces").unwrap();
    for vector in vectors {
        Trace::begin(stage, vector, monitor.clone()).run();
    }
}

/// A mission of the vector's tasks.
struct Trace<'a> {
    stage: &'a mut Stage,
    vector: &'a Vector,
    monitor: Person,
    law: Law,
    /// The last freeze's number.
    frozen: Option<u64>,
    /// Who sits at nodes whose seats were given anew, by place among the executors.
    reassigned: BTreeMap<u16, usize>,
}

/// The name of a state in the vectors.
fn mission_name(state: MissionState) -> &'static str {
    match state {
        MissionState::Pending => "PENDING",
        MissionState::Active => "ACTIVE",
        MissionState::Executing => "EXECUTING",
        MissionState::Verification => "VERIFICATION",
        MissionState::Completed => "COMPLETED",
        MissionState::Failed => "FAILED",
        MissionState::Aborted => "ABORTED",
        MissionState::Degraded => "DEGRADED",
        MissionState::None | MissionState::__Invalid => "none",
    }
}

/// The same of a node.
fn node_name(state: NodeState) -> &'static str {
    match state {
        NodeState::Waiting | NodeState::None => "WAITING",
        NodeState::Eligible => "ELIGIBLE",
        NodeState::Executing => "EXECUTING",
        NodeState::PendingVerification => "PENDING_VERIFICATION",
        NodeState::PendingReview => "PENDING_REVIEW",
        NodeState::Completed => "COMPLETED",
        NodeState::Failed => "FAILED",
        NodeState::Frozen => "FROZEN",
        NodeState::PendingFinalization | NodeState::__Invalid => "none",
    }
}

impl<'a> Trace<'a> {
    /// Everything but the last step of the deployment.
    fn begin(stage: &'a mut Stage, vector: &'a Vector, monitor: Person) -> Self {
        let tasks = vector.list("nodes").iter().map(|node| {
            let number = |key: &str| node[key].as_u64().expect("a number") as u8;
            let name = node["id"].as_str().expect("a name");
            match number("tier") {
                1 => Task::proved(name, PRICE),
                2 => {
                    let (count, threshold) = (number("k"), number("t"));
                    let budget = PRICE * u128::from(count);
                    Task::agreed(name, budget, count, threshold, Mode::Exact)
                }
                _ => Task::reviewed(name, PRICE),
            }
        });
        let place = |name: &Value| number_of(vector, name);
        let edges = vector.list("edges").iter();
        let edges = edges.map(|edge| (place(&edge[0]), place(&edge[1])));
        let plan = plan(vector, tasks.collect(), edges.collect());
        let mut law = done(stage.legislate(&plan, STAKE), vector);
        let anybody = stage.sponsor.clone();
        done(stage.create(&mut law), vector);
        done(stage.fund(&mut law), vector);
        done(stage.deploy(&mut law, &anybody, 1), vector);
        done(stage.seat(&mut law, &anybody, 1), vector);
        Self {
            stage,
            vector,
            monitor,
            law,
            frozen: None,
            reassigned: BTreeMap::new(),
        }
    }

    fn run(mut self) {
        let steps = self.vector.expects("steps").as_array().expect("a list");
        for (number, step) in steps.iter().enumerate() {
            let at = format!("{} step {number}: {}", self.vector.id, step["ev"]);
            let taken = self.apply(&step["ev"]);
            assert_eq!(Value::Bool(taken.is_ok()), step["ok"], "{at}: {taken:?}");
            let found = state(self.stage, &self.law);
            assert_eq!(step["mission"], mission_name(found), "{at}");
            for (name, expected) in step["nodes"].as_object().expect("states") {
                let node = number_of(self.vector, &Value::String(name.clone()));
                let found = self.state_of(found, node);
                assert_eq!(*expected, found, "{at}: {name}");
            }
        }
    }

    /// Before a mission is active nobody may ask for its nodes: none is anything but waiting.
    fn state_of(&mut self, mission: MissionState, node: u16) -> &'static str {
        if mission == MissionState::Pending {
            return "WAITING";
        }
        node_name(node_state(self.stage, &self.law, node))
    }

    fn job(&mut self, event: &Value) -> Job {
        let node = number_of(self.vector, &event[1]);
        let mut job = self.stage.job(&self.law, node);
        let call = work::nodeCall {
            missionId: self.law.mission,
            index: node,
        };
        let to = self.stage.city.address(Peer::Collaboration);
        if let Ok(found) = self.stage.city.client.ask(to, &call) {
            job.attempt = found.attempt;
        }
        if let Some(place) = self.reassigned.get(&node) {
            job.executors = vec![self.stage.executors[*place].clone()];
        }
        job
    }

    /// Another session gives the one seat of a node to the next executor.
    fn reassign(&mut self, job: &Job) -> Result<(), MissionError> {
        let place = self.reassigned.get(&job.node).copied().unwrap_or_default() + 1;
        let executor = self.stage.executors[place].clone();
        let agent = executor.agent.address();
        let seat = Seat {
            node: job.node,
            seat: 0,
            agent,
            price: PRICE,
            stake: self.law.plan.stake(job.node, STAKE),
            source: agent.into_word(),
            service: executor.service,
        };
        let session = self.stage.legislate_anew(&self.law, job.node, &[seat])?;
        let call = enactment::applyReassignmentCall { sessionId: session };
        self.anybody(Peer::Enactment, &call)?;
        self.reassigned.insert(job.node, place);
        Ok(())
    }

    fn send(&mut self, steps: Vec<Step>) -> Result<(), MissionError> {
        let outcomes = self.stage.perform(&mut self.law, steps)?;
        let mut logs = outcomes.iter().flat_map(|outcome| &outcome.logs);
        let frozen = logs.find_map(|log| guardian::NodeFrozen::decode_log(log).ok());
        self.frozen = frozen.map(|log| log.freezeId).or(self.frozen);
        Ok(())
    }

    fn rule<C: SolCall>(&mut self, to: Peer, call: C) -> Result<(), MissionError> {
        let step = self.stage.ruling(to, &call)?;
        self.send(vec![step])
    }

    fn anybody<C: SolCall>(&mut self, to: Peer, call: &C) -> Result<(), MissionError> {
        let by = self.stage.sponsor.clone();
        let step = self.stage.step(&by, to, call, "");
        self.send(vec![step])
    }

    fn wait(&mut self, by: &[P]) {
        let millis: u64 = by.iter().map(|id| u64::from(id.row().default)).sum();
        let time = Duration::from_millis(millis) + Duration::from_secs(1);
        self.stage.city.client.warp(time).unwrap();
    }

    /// What an event of the vectors is here: windows that close are time that passes.
    fn apply(&mut self, event: &Value) -> Result<(), MissionError> {
        let kind = event[0].as_str().expect("an event");
        let mission = self.law.mission;
        match kind {
            "finalizeDeployment" => {
                let anybody = self.stage.sponsor.clone();
                self.stage.finalise(&mut self.law, &anybody).map(|_| ())
            }
            "filterPass" => {
                let steps = self.stage.opens_gate(&self.law, &self.monitor);
                self.send(steps)
            }
            "abort" => self.rule(
                Peer::Collaboration,
                work::abortMissionCall {
                    missionId: mission,
                    justificationHash: keccak256("no longer wanted"),
                },
            ),
            // What cannot be saved any more is given up by anyone.
            "failMission" => self.anybody(
                Peer::Collaboration,
                &work::expireMissionCall { missionId: mission },
            ),
            _ => self.apply_to(kind, event, mission),
        }
    }

    fn apply_to(&mut self, kind: &str, event: &Value, mission: B256) -> Result<(), MissionError> {
        let job = self.job(event);
        let node = job.node;
        match kind {
            "routeTask" => {
                // All seats are taken; where they cannot be, nothing can begin either.
                let seats = job.seats().skip(1);
                let mut steps: Vec<Step> =
                    seats.map(|seat| self.stage.accepts(&job, seat)).collect();
                steps.push(self.stage.routes(&job, job.agent(0)));
                self.send(steps)
            }
            "submit1" if event[2] == Value::Bool(false) => {
                let call = results::submitResultCall {
                    missionId: mission,
                    node,
                    terms: job.task.terms.clone(),
                    outputHash: keccak256("something else"),
                    trailRoot: job.trail(0),
                    proof: job.proof(),
                };
                let step = self
                    .stage
                    .step(job.agent(0), Peer::Verification, &call, node);
                self.send(vec![step])
            }
            "submit1" | "submit3" => {
                let step = self.stage.submits(&job);
                self.send(vec![step])
            }
            "commit2" | "reveal2" => {
                let name = event[2].as_str().expect("a name");
                let roster = &self.vector.list("nodes")[usize::from(node)]["roster"];
                let mut names = roster.as_array().expect("names").iter();
                let seat = names.position(|other| other == name).unwrap_or(0) as u8;
                let step = if kind == "commit2" {
                    self.stage.commits(&job, seat)
                } else {
                    self.stage.reveals(&job, seat)
                };
                self.send(vec![step])
            }
            "closeCommit" => {
                self.wait(&WORK);
                Ok(())
            }
            "closeReveal" => {
                self.wait(&[P::FinalizationGraceMs]);
                self.anybody(
                    Peer::Verification,
                    &results::closeVerificationCall {
                        missionId: mission,
                        node,
                        elements: Vec::new(),
                    },
                )
            }
            "approve" => self.rule(Peer::Verification, Stage::approval(&job)),
            "freeze" => self.rule(
                Peer::Guardian,
                guardian::freezeNodeCall {
                    missionId: mission,
                    node,
                    attempt: job.attempt,
                    agent: job.agent(0).address(),
                },
            ),
            "unfreeze" => self.rule(
                Peer::Guardian,
                guardian::unfreezeNodeCall {
                    missionId: mission,
                    node,
                    freezeId: self.frozen.expect("a freeze"),
                    kind: UnfreezeKind::FalsePositive,
                },
            ),
            "reassign" => self.reassign(&job),
            "confirmFreeze" => self.rule(
                Peer::Guardian,
                guardian::confirmFreezeCall {
                    missionId: mission,
                    node,
                    freezeId: self.frozen.expect("a freeze"),
                },
            ),
            "timeoutNode" => {
                // Only who works can be late.
                if node_state(self.stage, &self.law, node) == NodeState::Executing {
                    self.wait(&WORK);
                }
                self.anybody(
                    Peer::Collaboration,
                    &work::expireNodeCall {
                        missionId: mission,
                        node,
                    },
                )
            }
            other => panic!("{}: event {other} is not replayed here", self.vector.id),
        }
    }
}

fn number_of(vector: &Vector, name: &Value) -> u16 {
    let mut nodes = vector.list("nodes").iter();
    let place = nodes.position(|node| node["id"] == *name);
    place.expect("a node of the vector") as u16
}
