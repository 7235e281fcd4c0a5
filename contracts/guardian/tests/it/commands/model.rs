//! Missions, freezes and halts as lists that are searched: nothing is counted ahead, nothing bounded, nothing packed.

use std::collections::BTreeMap;

use agentcity_domain::machine::{MissionState, NodeState};

use crate::city::{DAY, MAXIMUM, NODES, WORKERS};

/// Principal and scorer of each monitor.
pub(super) const MONITORS: [(usize, usize); 6] = [(0, 0), (0, 1), (1, 1), (2, 2), (3, 0), (1, 3)];
/// Reputation of each worker: thresholds three to six.
pub(super) const SCORES: [u16; WORKERS] = [0, 400, 700, 1_000];

/// A report or a freeze is about this: node, attempt, worker.
pub(super) type Subject = (u16, u8, usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Deviation,
    Tools,
    Substitution,
    Manual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    Open,
    Lifted,
    Upheld,
}

#[derive(Clone, Debug)]
pub(super) struct Frozen {
    pub(super) id: u64,
    pub(super) subject: Subject,
    pub(super) cause: Cause,
    pub(super) at: u64,
    pub(super) ruling: Ruling,
    pub(super) is_false: bool,
    pub(super) is_charged: bool,
    pub(super) monitors: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Accusation {
    pub(super) subject: Subject,
    pub(super) cause: Cause,
    pub(super) monitor: usize,
    pub(super) at: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Mission {
    pub(super) number: u8,
    pub(super) state: MissionState,
    pub(super) since: u64,
    pub(super) nodes: Vec<(NodeState, u8)>,
    pub(super) stop: Option<(u64, u64)>,
    pub(super) paused: Option<u64>,
    pub(super) cleared: Vec<u64>,
    pub(super) freezes: Vec<Frozen>,
    pub(super) heard: BTreeMap<(Subject, usize), (u64, u32)>,
    pub(super) accusations: Vec<Accusation>,
    pub(super) warnings: Vec<Subject>,
    pub(super) extended: u64,
    pub(super) outage_ended: u64,
    pub(super) degraded_at: u64,
    pub(super) moved: u64,
    pub(super) passed: Vec<usize>,
    pub(super) failed: Vec<usize>,
    pub(super) answered: Vec<usize>,
    pub(super) asked: bool,
    pub(super) reconciled: Option<u64>,
}

/// What a statute asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) human: bool,
    pub(super) hard: bool,
    pub(super) permits: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) missions: Vec<Mission>,
    pub(super) next: u8,
    pub(super) city: Option<(u64, u64)>,
    pub(super) city_moved: u64,
    /// From when to when it was stopped.
    pub(super) city_stops: Vec<(u64, u64)>,
    pub(super) city_cleared: u64,
    /// Monitors whose word counts.
    pub(super) good: Vec<bool>,
    pub(super) questions: Vec<Question>,
}

/// What the gate does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtGate {
    Nothing,
    Waits,
    Fails,
    Releases { late: bool },
}

impl Mission {
    pub(super) fn new(number: u8, now: u64) -> Self {
        Self {
            number,
            state: MissionState::Executing,
            since: now,
            nodes: vec![(NodeState::Eligible, 1); NODES.into()],
            stop: None,
            paused: None,
            cleared: vec![],
            freezes: vec![],
            heard: BTreeMap::new(),
            accusations: vec![],
            warnings: vec![],
            extended: 0,
            outage_ended: 0,
            degraded_at: 0,
            moved: 0,
            passed: vec![],
            failed: vec![],
            answered: vec![],
            asked: false,
            reconciled: None,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        [MissionState::Completed, MissionState::Aborted].contains(&self.state)
    }

    pub(super) fn runs(&self, node: u16) -> bool {
        let works = [
            MissionState::Active,
            MissionState::Executing,
            MissionState::Degraded,
        ];
        let (state, _) = self.nodes[usize::from(node)];
        works.contains(&self.state) && [NodeState::Eligible, NodeState::Executing].contains(&state)
    }

    pub(super) fn attempt(&self, node: u16) -> u8 {
        self.nodes[usize::from(node)].1
    }

    pub(super) fn is_frozen(&self, freeze: &Frozen) -> bool {
        let (node, attempt, _) = freeze.subject;
        self.nodes[usize::from(node)] == (NodeState::Frozen, attempt)
    }

    fn cleared_at(&self) -> u64 {
        self.cleared.last().copied().unwrap_or_default()
    }
}

/// Whether a worker has a seat at a node.
pub(super) fn has_seat(node: u16, worker: usize) -> bool {
    let first = usize::from(node) % WORKERS;
    worker == first || worker == (first + 1) % WORKERS
}

impl Model {
    pub(super) fn new(now: u64, questions: Vec<Question>) -> Self {
        Self {
            missions: (1..=3).map(|number| Mission::new(number, now)).collect(),
            next: 4,
            city: None,
            city_moved: 0,
            city_stops: Vec::new(),
            city_cleared: 0,
            good: vec![true; MONITORS.len()],
            questions,
        }
    }

    /// For how many of these seconds the city was stopped.
    pub(super) fn city_stopped(&self, from: u64, until: u64) -> u64 {
        let lasts = self.city.map(|(since, _)| (since, until));
        let stops = self.city_stops.iter().copied().chain(lasts);
        stops
            .map(|(since, over)| over.min(until).saturating_sub(since.max(from)))
            .sum()
    }

    pub(super) fn is_calm(&self, m: usize) -> bool {
        let mission = &self.missions[m];
        mission.stop.is_none() && mission.paused.is_none() && self.city.is_none()
    }

    pub(super) fn is_stopped(&self, m: usize) -> bool {
        self.missions[m].stop.is_some() || self.city.is_some()
    }

    /// A freeze, and the stop that it may bring about: whether it did.
    pub(super) fn freeze(
        &mut self,
        m: usize,
        subject: Subject,
        cause: Cause,
        monitors: Vec<usize>,
        id: u64,
        now: u64,
    ) -> bool {
        let stopped = self.is_stopped(m);
        let mission = &mut self.missions[m];
        mission.nodes[usize::from(subject.0)].0 = NodeState::Frozen;
        mission.freezes.push(Frozen {
            id,
            subject,
            cause,
            at: now,
            ruling: Ruling::Open,
            is_false: false,
            is_charged: false,
            monitors,
        });
        let doublings = mission.cleared.len() as u32;
        let window = (1_200u64 << doublings.min(20)).min(DAY);
        let (cleared, agent) = (mission.cleared_at(), subject.2);
        let counted: Vec<_> = mission
            .freezes
            .iter()
            .filter(|f| !f.is_false && f.cause != Cause::Manual)
            .filter(|f| f.at + window > now && f.at > cleared)
            .collect();
        let heard = |freezes: &[&Frozen]| {
            let monitors = freezes.iter().flat_map(|f| &f.monitors);
            let mut principals: Vec<_> = monitors.map(|k| MONITORS[*k].0).collect();
            principals.sort_unstable();
            principals.dedup();
            principals.len() >= 2
        };
        let own: Vec<_> = counted
            .iter()
            .copied()
            .filter(|f| f.subject.2 == agent)
            .collect();
        let threshold = 3 + usize::from(SCORES[agent]) * 3 / 1_000;
        let stops = cause != Cause::Manual
            && !stopped
            && (own.len() >= threshold && heard(&own) || counted.len() >= 9 && heard(&counted));
        if stops {
            mission.stop = Some((now, now + MAXIMUM));
        }
        stops
    }

    /// Who agrees with a monitor's accusation of now: the first that do, if two are enough.
    pub(super) fn agrees(
        &self,
        m: usize,
        subject: Subject,
        cause: Cause,
        monitor: usize,
        now: u64,
    ) -> bool {
        self.missions[m].accusations.iter().any(|a| {
            let ((p, s), (q, t)) = (MONITORS[a.monitor], MONITORS[monitor]);
            a.subject == subject
                && a.cause == cause
                && now - a.at <= 60
                && self.good[a.monitor]
                && p != q
                && (cause == Cause::Substitution || s != t)
        })
    }

    /// What happens at the gate, and what it then remembers.
    pub(super) fn filter(&mut self, m: usize, now: u64) -> AtGate {
        let halted = !self.is_calm(m);
        let questions = self.questions.clone();
        let mission = &mut self.missions[m];
        if mission.state != MissionState::Verification || halted {
            return AtGate::Nothing;
        }
        let before = (mission.passed.len(), mission.failed.len(), mission.asked);
        let mut refused = false;
        for (index, question) in questions.iter().enumerate() {
            if question.human || mission.passed.contains(&index) || mission.failed.contains(&index)
            {
                continue;
            }
            if question.permits {
                mission.passed.push(index);
            } else {
                mission.failed.push(index);
                if question.hard {
                    refused = true;
                    break;
                }
            }
        }
        let open =
            |at: usize, mission: &Mission| questions[at].human && !mission.answered.contains(&at);
        if (0..questions.len()).any(|at| open(at, mission)) {
            mission.asked = true;
        }
        if refused {
            mission.state = MissionState::Failed;
            mission.since = now;
            return AtGate::Fails;
        }
        let waits = !mission.failed.is_empty() || (0..questions.len()).any(|at| open(at, mission));
        let opened = mission
            .since
            .max(mission.cleared_at())
            .max(self.city_cleared);
        let late = now > opened + 3_600;
        let after = (mission.passed.len(), mission.failed.len(), mission.asked);
        if waits || mission.reconciled.is_none() && !late {
            return if before == after {
                AtGate::Nothing
            } else {
                AtGate::Waits
            };
        }
        mission.state = MissionState::Completed;
        mission.since = now;
        AtGate::Releases {
            late: mission.reconciled.is_none(),
        }
    }

    /// Whether the panel may release what is at the gate.
    pub(super) fn is_releasable(&self, m: usize) -> bool {
        let mission = &self.missions[m];
        mission.state == MissionState::Verification
            && self.is_calm(m)
            && self.questions.iter().enumerate().all(|(at, question)| {
                question.human || !question.hard || mission.passed.contains(&at)
            })
    }
}
