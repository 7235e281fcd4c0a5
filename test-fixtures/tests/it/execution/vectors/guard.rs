//! Freezes of one agent at the instants of a vector, reported by monitors of two principals in turn to the deployed guardian, until it stops
//! the mission, or does not.

use agentcity_abi::{IAgent as agents, IGuardian as guardian};
use agentcity_domain::{parameter::ParameterId as P, peer::Peer, statute::Seat};
use agentcity_test_fixtures::{
    city::Person,
    mission::{Job, Law, Plan, Stage, Task},
};
use alloy::{
    primitives::keccak256,
    sol_types::{SolCall, SolEvent},
};
use serde_json::{Value, json};

use super::{
    Unreachable, Vector,
    law::{PRICE, STAKE, done, plan},
};

/// Points that one ruling may add or take.
const ADJUST_LIMIT: i64 = 100;
/// Freezes that stop a mission whoever they are of: no vector has as many.
const FREEZES_MAX: usize = 9;
/// Between now and the first freeze, in seconds.
const AHEAD: u64 = 100;
/// How long before it is cleared a stop begins, in seconds.
const STOPPED: u64 = 10;

/// Whether a threshold is asked for under other parameters than the defaults.
pub(super) fn is_of_another_city(vector: &Vector) -> Option<Unreachable> {
    let here = vector.number("base") == u64::from(P::EscalationFreezeCount.row().default)
        && vector.number("bonus") == u64::from(P::ReputationScalingBonus.row().default)
        && vector.inputs["scaling"] == Value::Bool(true);
    (!here).then_some(Unreachable::OtherCity)
}

pub(super) fn replay(stage: &mut Stage, vectors: &[&Vector]) {
    let monitors = ["monitor", "other monitor"].map(|name| stage.bring_monitor(name).unwrap());
    for vector in vectors {
        set_reputation(stage, vector.number("rho") as i64);
        let tasks = (0..FREEZES_MAX).map(|node| Task::proved(&format!("task {node}"), PRICE));
        let plan = plan(vector, tasks.collect(), Vec::new());
        let law = enact(stage, &plan, vector);
        let mut watch = Guarded {
            stage,
            law,
            vector,
            monitors: &monitors,
            frozen: 0,
        };
        if vector.kind == "t_eff" {
            watch.reaches_threshold();
        } else {
            watch.counts();
        }
    }
}

/// Brings the first executor to so many points.
fn set_reputation(stage: &mut Stage, points: i64) {
    let agent = stage.executors[0].agent.address();
    let to = stage.city.address(Peer::Agent);
    let call = agents::getReputationScoreCall { agent };
    let score = |stage: &mut Stage| i64::from(stage.city.client.ask(to, &call).unwrap());
    let mut at = score(stage);
    let mut calls = Vec::new();
    while at != points {
        let delta = (points - at).clamp(-ADJUST_LIMIT, ADJUST_LIMIT);
        at += delta;
        calls.push(agents::adjustReputationCall {
            agent,
            delta: delta as i16,
            evidence: keccak256("a ruling"),
        });
    }
    for call in &calls {
        stage.rule(Peer::Agent, call).unwrap();
    }
    assert_eq!(score(stage), points);
}

/// A mission all of whose seats are the first executor's.
fn enact(stage: &mut Stage, plan: &Plan, vector: &Vector) -> Law {
    let executor = stage.executors[0].clone();
    let agent = executor.agent.address();
    let seats = (0..plan.tasks.len() as u16).map(|node| Seat {
        node,
        seat: 0,
        agent,
        price: PRICE,
        stake: STAKE,
        source: agent.into_word(),
        service: executor.service,
    });
    let bids: Vec<Seat> = seats.collect();
    let mut law = done(stage.legislate_with(plan, &bids), vector);
    done(stage.make_law(&mut law), vector);
    law
}

/// A mission whose agent is watched.
struct Guarded<'a> {
    stage: &'a mut Stage,
    law: Law,
    vector: &'a Vector,
    monitors: &'a [Person],
    frozen: u16,
}

impl Guarded<'_> {
    /// The next block is of this second.
    fn at(&mut self, time: Option<u64>) {
        if let Some(time) = time {
            let next = json!([time]);
            let rpc = self.stage.city.client.rpc();
            rpc.call("evm_setNextBlockTimestamp", next).unwrap();
        }
    }

    fn order<C: SolCall>(&mut self, call: C, time: Option<u64>) {
        self.at(time);
        let step = self.stage.ruling(Peer::Guardian, &call).unwrap();
        done(self.stage.perform(&mut self.law, vec![step]), self.vector);
    }

    /// Begins the next node, and has it frozen in the same second; by its number in the log.
    fn freeze(&mut self, time: Option<u64>) -> guardian::NodeFrozen {
        let job: Job = self.stage.job(&self.law, self.frozen);
        let monitor = &self.monitors[usize::from(self.frozen) % self.monitors.len()];
        self.frozen += 1;
        let steps = [
            self.stage.routes(&job, job.agent(0)),
            self.stage.accuses(monitor, &job, 1),
        ];
        let mut frozen = None;
        for step in steps {
            self.at(time);
            let outcomes = done(self.stage.perform(&mut self.law, vec![step]), self.vector);
            let mut logs = outcomes.iter().flat_map(|outcome| &outcome.logs);
            frozen = logs.find_map(|log| guardian::NodeFrozen::decode_log(log).ok());
        }
        frozen
            .unwrap_or_else(|| panic!("{}: not frozen", self.vector.id))
            .data
    }

    fn is_stopped(&mut self) -> bool {
        let call = guardian::watchOfCall {
            missionId: self.law.mission,
        };
        let to = self.stage.city.address(Peer::Guardian);
        let watch = self.stage.city.client.ask(to, &call).unwrap();
        !watch.stoppedUntil.is_zero()
    }

    /// As many freezes as the vector says stop, and no fewer.
    fn reaches_threshold(&mut self) {
        let threshold = self.vector.expects("T").as_u64().expect("a number");
        for number in 1..=threshold {
            self.freeze(None);
            let stops = number == threshold;
            assert_eq!(self.is_stopped(), stops, "{}: {number}", self.vector.id);
        }
    }

    /// The freezes of the vector, those that were false among them, and the stop that was cleared before the last.
    fn counts(&mut self) {
        let vector = self.vector;
        let freezes: Vec<(u64, bool)> = vector
            .list("freezes")
            .iter()
            .map(|freeze| {
                let at = freeze["t"].as_u64().expect("an instant");
                (at, freeze["fp"] == Value::Bool(true))
            })
            .collect();
        let base = self.stage.city.client.now().unwrap() + AHEAD - freezes[0].0;
        let mut cleared_at = Some(vector.number("cleared_at")).filter(|at| *at != 0);
        for (at, is_false) in freezes {
            assert!(!self.is_stopped(), "{}: before {at}", vector.id);
            if let Some(cleared) = cleared_at.take_if(|cleared| *cleared <= at) {
                let stop = guardian::triggerStopCall {
                    missionId: self.law.mission,
                    evidenceHash: keccak256("a stop"),
                };
                self.order(stop, Some(base + cleared - STOPPED));
                let clear = guardian::clearStopCall {
                    missionId: self.law.mission,
                };
                self.order(clear, Some(base + cleared));
            }
            let frozen = self.freeze(Some(base + at));
            if is_false {
                let call = guardian::classifyFalsePositiveCall {
                    missionId: frozen.missionId,
                    node: frozen.node,
                    freezeId: frozen.freezeId,
                };
                self.order(call, Some(base + at));
            }
        }
        let stopped = Value::Bool(self.is_stopped());
        assert_eq!(*vector.expects("emergency_stop"), stopped, "{}", vector.id);
    }
}
