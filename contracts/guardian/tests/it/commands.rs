//! Random commands against a naive model of missions, freezes and halts.

mod compare;
mod model;
mod monitors;

use agentcity_abi::IGuardian as wire;
use agentcity_domain::{
    machine::{MissionState, NodeState},
    peer::Peer,
};
use agentcity_world::{
    Key,
    commands::{self, Plan, Tally, pick},
    predicate::Manners,
};
use alloy_primitives::B256;
use alloy_sol_types::SolCall;
use proptest::prelude::*;

use self::model::*;
use crate::{
    city::*,
    gate::{self, gated},
    halts,
};

const PLAN: Plan = Plan {
    seed: *b"who watches, and who watches him",
    runs: 30,
    length: 450,
    kinds: &[
        "counters",
        "deviation",
        "substitution",
        "freezeNode",
        "liftFalse",
        "liftWarning",
        "confirm",
        "classify",
        "stop",
        "clear",
        "haltCity",
        "resumeCity",
        "diverge",
        "liftPause",
        "releaseBond",
        "enterDegraded",
        "exitDegraded",
        "reconcile",
        "filter",
        "clearPredicate",
        "veto",
        "release",
    ],
    never: &[],
    around: &["warp", "reassign", "finish", "abort", "renew", "standing"],
    weights: &[
        34, 24, 12, 2, 5, 8, 3, 4, 2, 9, 1, 5, 5, 6, 4, 6, 7, 8, 12, 9, 2,
        5, // what is counted
        7, 40, 12, 2, 7, 2,
    ],
    aims: 0.85,
    reach: &[
        "stopped by the panel",
        "stopped by escalation",
        "paused",
        "stopped over a pause",
        "stopped under the city's halt",
        "city halted",
        "degraded",
        "frozen by one",
        "frozen by two",
        "frozen by hand",
        "lifted as false",
        "lifted with a warning",
        "upheld",
        "charged",
        "waits at the gate",
        "failed at the gate",
        "released",
        "released unreconciled",
        "released by the panel",
    ],
};

type Command = commands::Command<4>;

fn questions() -> impl Strategy<Value = Vec<Question>> {
    let question = (0..8u8).prop_map(|n| Question {
        human: n < 2,
        hard: n % 2 == 0,
        permits: n != 6 && n != 7,
    });
    prop::collection::vec(question, 0..5)
}

fn monitor_key(number: usize) -> Key {
    Key::of(&format!("monitor {number}"))
}

/// The city, the model, and what was reached.
struct Run<'a> {
    city: City,
    model: Model,
    tally: &'a Tally,
}

fn begin(questions: &[Question]) -> City {
    let asked: Vec<_> = questions
        .iter()
        .map(|question| {
            let manners = match (question.permits, question.hard) {
                (true, _) => Manners::Permits,
                (false, true) => Manners::Burns,
                (false, false) => Manners::Garbage,
            };
            match (question.human, question.hard) {
                (true, _) => gate::Question::Human,
                (false, true) => gate::Question::Hard(manners),
                (false, false) => gate::Question::Soft(manners),
            }
        })
        .collect();
    let city = gated(&asked);
    city.set_state(1, MissionState::Executing);
    for (number, (principal, scorer)) in MONITORS.into_iter().enumerate() {
        let name = format!("monitor {number}");
        city.monitor(
            &name,
            &format!("principal {principal}"),
            &format!("scorer {scorer}"),
        );
    }
    for (number, score) in SCORES.into_iter().enumerate() {
        city.set_score(worker(number), score);
    }
    city
}

#[test]
fn random_commands_keep_to_the_model() {
    PLAN.run(questions(), |tally, questions, commands| {
        let city = begin(&questions);
        let model = Model::new(city.world.now(), questions);
        let mut run = Run { city, model, tally };
        for command in commands {
            let (answered, expected) = run.apply(command);
            let name = PLAN.name(command.kind);
            prop_assert_eq!(answered, expected, "{} {:?}", name, command);
            tally.count(command.kind, answered);
            run.compare(command)?;
        }
        Ok(())
    });
}

impl Run<'_> {
    fn note(&self, state: &str) {
        self.tally.reach(state);
    }

    fn ok<C: SolCall>(&self, from: alloy_primitives::Address, call: C) -> bool {
        self.city.world.take_logs();
        self.city.call(from, call).is_ok()
    }

    fn rule<C: SolCall>(&self, call: C) -> bool {
        self.ok(member(Peer::Adjudication), call)
    }

    fn id(&self, m: usize) -> B256 {
        mission(self.model.missions[m].number)
    }

    /// Whether the command succeeded, on the chain and in the model; the model follows.
    fn apply(&mut self, command: Command) -> (bool, bool) {
        let Command {
            kind,
            numbers,
            aims,
        } = command;
        let [first, second, third, fourth] = numbers;
        let now = self.city.world.now();
        let count = self.model.missions.len();
        let kind = PLAN.name(kind);
        let model = &self.model;
        let of = |good: &dyn Fn(usize) -> bool| pick(count, first, aims, good);
        match kind {
            "counters" | "deviation" | "substitution" => self.monitors_say(kind, numbers, aims),
            "freezeNode" => {
                let m = of(&|m| (0..NODES).any(|node| model.missions[m].runs(node)));
                let node = pick(NODES.into(), second, aims, |n| {
                    model.missions[m].runs(n as u16)
                }) as u16;
                let who = pick(WORKERS, third, aims, |who| has_seat(node, who));
                let attempt = model.missions[m].attempt(node) + u8::from(!aims && fourth % 2 == 0);
                let expected = model.missions[m].runs(node)
                    && has_seat(node, who)
                    && attempt == model.missions[m].attempt(node);
                let call = wire::freezeNodeCall {
                    missionId: self.id(m),
                    node,
                    attempt,
                    agent: worker(who),
                };
                let answered = self.rule(call);
                if expected && answered {
                    self.note("frozen by hand");
                    let froze = (self.frozen(), vec![]);
                    self.froze(m, (node, attempt, who), Cause::Manual, froze, now);
                }
                (answered, expected)
            }
            "liftFalse" | "liftWarning" | "confirm" | "classify" => {
                self.panel_decides(kind, numbers, aims)
            }
            "stop" => {
                let m = of(&|m| model.missions[m].stop.is_none() && !model.missions[m].is_over());
                let mission = &model.missions[m];
                let expected = mission.stop.is_none() && !mission.is_over();
                let answered = self.rule(halts::stop(self.id(m)));
                if expected {
                    self.note("stopped by the panel");
                    if self.model.missions[m].paused.is_some() {
                        self.note("stopped over a pause");
                    }
                    self.model.missions[m].stop = Some((now, now + MAXIMUM));
                }
                (answered, expected)
            }
            "clear" => {
                let m = of(&|m| model.missions[m].stop.is_some() && !model.missions[m].is_over());
                let mission = &model.missions[m];
                let expected = mission.stop.is_some() && !mission.is_over();
                let answered = self.rule(halts::clear(self.id(m)));
                if expected {
                    let (since, _) = self.model.missions[m].stop.unwrap();
                    let twice = self.model.city_stopped(since, now);
                    if twice > 0 {
                        self.note("stopped under the city's halt");
                    }
                    let mission = &mut self.model.missions[m];
                    mission.stop = None;
                    mission.moved += now - since - twice;
                    mission.cleared.push(now);
                }
                (answered, expected)
            }
            "haltCity" => {
                let expected = model.city.is_none();
                let answered = self.rule(halts::stop(CITY));
                if expected {
                    self.note("city halted");
                    self.model.city = Some((now, now + MAXIMUM));
                }
                (answered, expected)
            }
            "resumeCity" => {
                let expected = model.city.is_some();
                let answered = self.rule(halts::clear(CITY));
                if let Some((since, _)) = self.model.city.take() {
                    self.model.city_moved += now - since;
                    self.model.city_stops.push((since, now));
                    self.model.city_cleared = now;
                }
                (answered, expected)
            }
            "diverge" => {
                let works = |m: usize| {
                    let states = [
                        MissionState::Active,
                        MissionState::Executing,
                        MissionState::Verification,
                    ];
                    states.contains(&model.missions[m].state) && model.is_calm(m)
                };
                let m = of(&works);
                let k = pick(MONITORS.len(), second, aims, |k| model.good[k]);
                let expected = works(m) && model.good[k];
                let answered = self.ok(monitor_key(k).address, halts::diverge(self.id(m)));
                if expected {
                    self.note("paused");
                    self.model.missions[m].paused = Some(now + MAXIMUM);
                }
                (answered, expected)
            }
            "liftPause" => {
                let may = |m: usize| {
                    let mission = &model.missions[m];
                    mission.paused.is_some() && mission.stop.is_none() && !mission.is_over()
                };
                let m = of(&may);
                let expected = may(m);
                let answered = self.rule(halts::lift(self.id(m), second % 2 == 0));
                if expected {
                    self.model.missions[m].paused = None;
                }
                (answered, expected)
            }
            "releaseBond" => {
                let may =
                    |m: usize| model.missions[m].paused.is_some() && model.missions[m].is_over();
                let m = of(&may);
                let expected = may(m);
                let answered = self.ok(STRANGER, halts::release_bond(self.id(m)));
                if expected {
                    self.model.missions[m].paused = None;
                }
                (answered, expected)
            }
            "enterDegraded" => self.monitors_prove(numbers, aims),
            "exitDegraded" => {
                let m = of(&|m| model.missions[m].state == MissionState::Degraded);
                let expected = model.missions[m].state == MissionState::Degraded;
                let call = wire::exitDegradedCall {
                    missionId: self.id(m),
                };
                let answered = self.rule(call);
                if expected {
                    let mission = &mut self.model.missions[m];
                    mission.moved += now - mission.degraded_at;
                    (mission.state, mission.since) = (MissionState::Executing, now);
                }
                (answered, expected)
            }
            "reconcile" => {
                let may = |m: usize| {
                    model.missions[m].state == MissionState::Verification && model.is_calm(m)
                };
                let m = of(&may);
                let k = pick(MONITORS.len(), second, aims, |k| model.good[k]);
                let expected = may(m) && model.good[k];
                let answered = self.ok(monitor_key(k).address, halts::reconcile(self.id(m)));
                if expected {
                    self.model.missions[m].reconciled = Some(now);
                }
                (answered, expected)
            }
            "filter" => {
                let m = of(&|m| {
                    let mut tried = model.clone();
                    tried.filter(m, now) != AtGate::Nothing
                });
                let outcome = self.model.filter(m, now);
                let call = wire::filterOutputCall {
                    missionId: self.id(m),
                };
                let answered = self.ok(STRANGER, call);
                match outcome {
                    AtGate::Nothing => {}
                    AtGate::Waits => self.note("waits at the gate"),
                    AtGate::Fails => self.note("failed at the gate"),
                    AtGate::Releases { late: false } => self.note("released"),
                    AtGate::Releases { late: true } => self.note("released unreconciled"),
                }
                (answered, outcome != AtGate::Nothing)
            }
            "clearPredicate" => {
                let open = |m: usize, at: usize| {
                    let mission = &model.missions[m];
                    mission.state == MissionState::Verification
                        && !model.is_stopped(m)
                        && model.questions.get(at).is_some_and(|q| q.human)
                        && !mission.answered.contains(&at)
                };
                let m = of(&|m| (0..8).any(|at| open(m, at)));
                let at = pick(8, second, aims, |at| open(m, at));
                let expected = open(m, at);
                let call = wire::clearPredicateCall {
                    missionId: self.id(m),
                    index: at as u8,
                };
                let answered = self.rule(call);
                if expected {
                    self.model.missions[m].answered.push(at);
                }
                (answered, expected)
            }
            "veto" => {
                let m = of(&|m| model.missions[m].state == MissionState::Verification);
                let expected = model.missions[m].state == MissionState::Verification;
                let call = wire::vetoOutputCall {
                    missionId: self.id(m),
                    justificationHash: EVIDENCE,
                };
                let answered = self.rule(call);
                if expected {
                    let mission = &mut self.model.missions[m];
                    (mission.state, mission.since) = (MissionState::Failed, now);
                }
                (answered, expected)
            }
            "release" => {
                let m = of(&|m| model.is_releasable(m));
                let expected = model.is_releasable(m);
                let call = wire::releaseOutputCall {
                    missionId: self.id(m),
                };
                let answered = self.rule(call);
                if expected {
                    self.note("released by the panel");
                    let mission = &mut self.model.missions[m];
                    (mission.state, mission.since) = (MissionState::Completed, now);
                }
                (answered, expected)
            }
            _ => {
                self.happen(kind, numbers);
                (true, true)
            }
        }
    }

    /// What happens around the guardian.
    fn happen(&mut self, kind: &str, [first, second, third, _]: [usize; 4]) {
        let now = self.city.world.now();
        // A paused mission ends more often than others do, so that bonds are left behind.
        let count = self.model.missions.len();
        let left = |m: usize| self.model.missions[m].paused.is_some();
        let m = pick(count, first, kind == "abort", left);
        let mission = &mut self.model.missions[m];
        let number = mission.number;
        match kind {
            "warp" => self
                .city
                .world
                .warp([1, 30, 61, 700, 4_000, 40_000][second % 6]),
            "reassign" => {
                // What is frozen or failed becomes eligible in another attempt, or runs.
                let node = (second % 4) as u16;
                let (state, attempt) = &mut mission.nodes[usize::from(node)];
                (*state, *attempt) = match state {
                    NodeState::Failed | NodeState::Frozen => (NodeState::Eligible, *attempt + 1),
                    NodeState::Eligible => (NodeState::Executing, *attempt),
                    _ if third % 8 == 0 => (NodeState::PendingVerification, *attempt),
                    _ => (NodeState::Eligible, *attempt),
                };
                self.city.set_node(number, node, *state, *attempt);
            }
            // The first mission stays at work, so that freezes add up.
            "finish" if mission.state == MissionState::Executing && m != 0 => {
                (mission.state, mission.since) = (MissionState::Verification, now);
                self.city.set_state(number, mission.state);
            }
            "abort" if !mission.is_over() => {
                (mission.state, mission.since) = (MissionState::Aborted, now);
                self.city.set_state(number, mission.state);
            }
            // One whose bond is still out stays a while, so that somebody can have it returned.
            "renew"
                if mission.state == MissionState::Failed
                    || mission.is_over() && mission.paused.is_none() =>
            {
                let next = Mission::new(self.model.next, now);
                self.model.next += 1;
                self.city.set_state(next.number, next.state);
                for node in 0..NODES {
                    self.city
                        .set_node(next.number, node, NodeState::Eligible, 1);
                }
                *mission = next;
            }
            "standing" => {
                use agentcity_abi::IRoster::Standing;
                let k = second % MONITORS.len();
                // Most of them stay in good standing.
                let good = third % 4 != 0;
                self.model.good[k] = good;
                self.city.change_monitor(&monitor_key(k), |found| {
                    found.standing = if good {
                        Standing::Active
                    } else {
                        Standing::Leaving
                    };
                });
            }
            _ => {}
        }
    }

    /// The number of the freeze that just happened.
    fn frozen(&self) -> u64 {
        self.city.events::<wire::NodeFrozen>()[0].freezeId
    }

    /// A freeze happened: the model says whether it stops.
    fn froze(
        &mut self,
        m: usize,
        subject: Subject,
        cause: Cause,
        (id, monitors): (u64, Vec<usize>),
        now: u64,
    ) {
        if self.model.freeze(m, subject, cause, monitors, id, now) {
            self.note("stopped by escalation");
        }
    }

    fn panel_decides(&mut self, kind: &str, numbers: [usize; 4], aims: bool) -> (bool, bool) {
        let [first, second, ..] = numbers;
        let model = &self.model;
        let fits = |m: usize, f: &Frozen| {
            let mission = &model.missions[m];
            match kind {
                "classify" => f.ruling != Ruling::Upheld && !f.is_charged,
                "confirm" => f.ruling == Ruling::Open && !f.is_false && mission.is_frozen(f),
                _ => f.ruling == Ruling::Open && mission.is_frozen(f),
            }
        };
        let m = pick(model.missions.len(), first, aims, |m| {
            model.missions[m].freezes.iter().any(|f| fits(m, f))
        });
        let count = model.missions[m].freezes.len();
        let at = pick(count.max(1), second, aims, |at| {
            model.missions[m]
                .freezes
                .get(at)
                .is_some_and(|f| fits(m, f))
        });
        let mission_id = self.id(m);
        let found = model.missions[m].freezes.get(at).cloned();
        let expected = found.as_ref().is_some_and(|f| fits(m, f));
        let (node, id) = found.as_ref().map_or((0, 7), |f| (f.subject.0, f.id));
        let lift = |kind| wire::unfreezeNodeCall {
            missionId: mission_id,
            node,
            freezeId: id,
            kind,
        };
        let answered = match kind {
            "liftFalse" => self.rule(lift(wire::UnfreezeKind::FalsePositive)),
            "liftWarning" => self.rule(lift(wire::UnfreezeKind::Warning)),
            "confirm" => self.rule(wire::confirmFreezeCall {
                missionId: mission_id,
                node,
                freezeId: id,
            }),
            _ => self.rule(wire::classifyFalsePositiveCall {
                missionId: mission_id,
                node,
                freezeId: id,
            }),
        };
        if !expected || !answered {
            return (answered, expected);
        }
        let mission = &mut self.model.missions[m];
        let freeze = &mut mission.freezes[at];
        let state = match kind {
            "liftFalse" => {
                (freeze.ruling, freeze.is_false) = (Ruling::Lifted, true);
                mission.nodes[usize::from(node)].0 = NodeState::Eligible;
                "lifted as false"
            }
            "liftWarning" => {
                freeze.ruling = Ruling::Lifted;
                mission.warnings.push(freeze.subject);
                mission.nodes[usize::from(node)].0 = NodeState::Eligible;
                "lifted with a warning"
            }
            "confirm" => {
                freeze.ruling = Ruling::Upheld;
                mission.nodes[usize::from(node)].0 = NodeState::Failed;
                "upheld"
            }
            _ => {
                (freeze.is_false, freeze.is_charged) = (true, true);
                "charged"
            }
        };
        self.note(state);
        (true, true)
    }
}
