//! What monitors and the panel do, and the gate.

use agentcity_abi::{
    ICollaboration::{self as work, MissionState as M, NodeState as N},
    IGuardian as guardian,
};
use agentcity_domain::{
    act::Action,
    peer::Peer,
    signed::work::{MonitorReport, OutageReport},
};
use agentcity_missions::{STRANGER, number};
use agentcity_world::Key;
use alloy_primitives::{B256, aliases::U40, keccak256};
use alloy_sol_types::SolEvent;

use super::{
    Run,
    commands::{CARELESS_PCT, Outcome},
};

impl Run {
    pub(super) fn report(&mut self) -> Option<Outcome> {
        let at = self.node_in(&[N::Eligible, N::Executing])?;
        let agent = self.one_seated(at)?;
        let attempt = self.lives[at.0].mission.node(&self.city, at.1).attempt;
        let count = if self.rng.chance(50) { 2 } else { 1 };
        let kind = if count == 2 { 1 } else { 2 };
        let most = if self.rng.chance(60) { 500 } else { 20 };
        let (mut reports, mut signatures) = (Vec::new(), Vec::new());
        for number in 0..count {
            let monitor: Key = self.city.folk.monitors[number].clone();
            let sequence = self.sequences.entry(monitor.address).or_default();
            *sequence += 1;
            let report = MonitorReport {
                mission_id: self.lives[at.0].mission.id,
                node: at.1,
                attempt,
                agent,
                kind,
                deviation: if kind == 1 { 4_000 } else { 0 },
                tool_invocations: most,
                message_volume: most,
                evidence_hash: keccak256("evidence"),
                sequence: *sequence,
                deadline: self.city.world.now() + 60,
                monitor: monitor.address,
            };
            signatures.push(
                monitor
                    .sign(self.city.digest(Peer::Guardian, &report.words()))
                    .into(),
            );
            reports.push(guardian::MonitorReport {
                missionId: report.mission_id,
                node: report.node,
                attempt,
                agent,
                kind: if kind == 1 {
                    guardian::ReportKind::Deviation
                } else {
                    guardian::ReportKind::Counters
                },
                deviation: report.deviation,
                toolInvocations: most,
                messageVolume: most,
                evidenceHash: report.evidence_hash,
                sequence: report.sequence,
                deadline: report.deadline,
                monitor: monitor.address,
            });
        }
        let call = guardian::reportCall {
            reports,
            signatures,
        };
        let outcome = self.tell(STRANGER, call);
        Some(self.freezing(at.0, outcome))
    }

    /// Remembers the freezes that a call brings.
    fn freezing(&mut self, live: usize, outcome: Outcome) -> Outcome {
        let logs = self.city.world.take_logs();
        for log in &logs {
            if log.topics().first() == Some(&guardian::NodeFrozen::SIGNATURE_HASH) {
                let event = guardian::NodeFrozen::decode_log_validate(log).expect("an event");
                self.lives[live].freezes.push((event.node, event.freezeId));
            }
        }
        self.watch.hear(&logs);
        outcome
    }

    pub(super) fn freeze(&mut self) -> Option<Outcome> {
        let at = self.node_in(&[N::Eligible, N::Executing])?;
        let agent = self.one_seated(at)?;
        let attempt = self.lives[at.0].mission.node(&self.city, at.1).attempt;
        let fields = [
            ("missionId", self.id(at.0)),
            ("node", number(at.1)),
            ("attempt", number(attempt)),
            ("agent", agent.into_word()),
        ];
        let outcome = self.ruling(Action::FreezeNode, &fields);
        Some(self.freezing(at.0, outcome))
    }

    /// A freeze, mostly one that waits for a decision: mission, node, number.
    fn a_freeze(&mut self) -> Option<(B256, u16, u64)> {
        let all: Vec<(B256, u16, u64)> = self
            .lives
            .iter()
            .filter(|live| !live.is_closed)
            .filter(|live| {
                let state = live.mission.state(&self.city);
                !matches!(state, M::Completed | M::Aborted)
            })
            .flat_map(|live| {
                let mission = live.mission.id;
                let of = move |(node, freeze): &(u16, u64)| (mission, *node, *freeze);
                live.freezes.iter().map(of)
            })
            .collect();
        let open = |(mission, _, freeze): &&(B256, u16, u64)| {
            let call = guardian::freezeOfCall {
                missionId: *mission,
                freezeId: *freeze,
            };
            let freeze = self.city.ask(call);
            freeze.open && !freeze.falsePositive
        };
        let open: Vec<(B256, u16, u64)> = all.iter().filter(open).copied().collect();
        if self.rng.chance(CARELESS_PCT) {
            return self.rng.of(&all);
        }
        self.rng.of(&open)
    }

    pub(super) fn unfreeze(&mut self) -> Option<Outcome> {
        let (mission_id, node, freeze_id) = self.a_freeze()?;
        let kind = if self.rng.chance(50) {
            guardian::UnfreezeKind::FalsePositive
        } else {
            guardian::UnfreezeKind::Warning
        };
        let fields = [
            ("missionId", mission_id),
            ("node", number(node)),
            ("freezeId", number(freeze_id)),
            ("kind", number(kind as u8)),
        ];
        Some(self.ruling(Action::UnfreezeNode, &fields))
    }

    pub(super) fn confirm(&mut self) -> Option<Outcome> {
        let (mission_id, node, freeze_id) = self.a_freeze()?;
        let fields = [
            ("missionId", mission_id),
            ("node", number(node)),
            ("freezeId", number(freeze_id)),
        ];
        Some(self.ruling(Action::ConfirmFreeze, &fields))
    }

    pub(super) fn false_positive(&mut self) -> Option<Outcome> {
        let (mission_id, node, freeze_id) = self.a_freeze()?;
        let fields = [
            ("missionId", mission_id),
            ("node", number(node)),
            ("freezeId", number(freeze_id)),
        ];
        Some(self.ruling(Action::ClassifyFalsePositive, &fields))
    }

    pub(super) fn stop(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Active, M::Executing, M::Verification])?;
        let fields = [
            ("missionId", self.id(live)),
            ("evidenceHash", keccak256("evidence")),
        ];
        Some(self.ruling(Action::TriggerStop, &fields))
    }

    /// A mission under this halt, mostly.
    fn halted(&mut self, halt: work::Halt) -> Option<usize> {
        if self.rng.chance(CARELESS_PCT) {
            return self.mission_in(&[M::Executing]);
        }
        let halted: Vec<usize> = (0..self.lives.len())
            .filter(|index| !self.lives[*index].is_closed)
            .filter(|index| !matches!(self.state(*index), M::Completed | M::Aborted))
            .filter(|index| {
                let mission_id = self.lives[*index].mission.id;
                self.city
                    .ask(work::missionCall {
                        missionId: mission_id,
                    })
                    .halt
                    == halt
            })
            .collect();
        self.rng.of(&halted)
    }

    pub(super) fn clear_stop(&mut self) -> Option<Outcome> {
        let mission_id = self
            .halted(work::Halt::EmergencyStop)
            .map(|live| self.id(live))?;
        let until = self.watched(mission_id).stoppedUntil;
        let fields = [
            ("missionId", mission_id),
            ("haltedUntil", number(until.to::<u64>())),
        ];
        Some(self.ruling(Action::ClearStop, &fields))
    }

    pub(super) fn reconcile(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Verification])?;
        let monitor = self.city.folk.monitors[self.rng.below(3)].address;
        let call = guardian::reconcileCall {
            missionId: self.id(live),
            logRoot: keccak256("log"),
        };
        Some(self.tell(monitor, call))
    }

    pub(super) fn diverge(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Active, M::Executing, M::Verification])?;
        let key = self.city.folk.monitors[self.rng.below(3)].clone();
        self.purse(&key);
        let monitor = key.address;
        let call = guardian::reportDivergenceCall {
            missionId: self.id(live),
            evidenceHash: keccak256("difference"),
        };
        let outcome = self.tell(monitor, call);
        let logs = self.city.world.take_logs();
        for log in &logs {
            if log.topics().first() == Some(&guardian::DivergenceReported::SIGNATURE_HASH) {
                let event = guardian::DivergenceReported::decode_log_validate(log);
                self.books.bonds.insert(event.expect("an event").bondId);
                self.lives[live].has_bond = true;
            }
        }
        self.watch.hear(&logs);
        Some(outcome)
    }

    pub(super) fn lift_pause(&mut self) -> Option<Outcome> {
        let live = self.halted(work::Halt::Divergence)?;
        let mission_id = self.id(live);
        let forfeit = self.rng.chance(50);
        let until = self.watched(mission_id).pausedUntil;
        let fields = [
            ("missionId", mission_id),
            ("haltedUntil", number(until.to::<u64>())),
            ("forfeit", number(u8::from(forfeit))),
        ];
        let outcome = self.ruling(Action::LiftPause, &fields);
        self.lives[live].has_bond &= outcome.is_err();
        Some(outcome)
    }

    pub(super) fn degrade(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Executing])?;
        self.city.world.warp(2_000);
        let now = self.city.world.now();
        let (from, until) = (now - 1_950, now - 10);
        let mission = self.id(live);
        let folk = &self.city.folk;
        let (mut reports, mut signatures) = (Vec::new(), Vec::new());
        for monitor in &folk.monitors[..2] {
            let report = OutageReport {
                mission_id: mission,
                from,
                until,
                deadline: now + 60,
                monitor: monitor.address,
            };
            signatures.push(
                monitor
                    .sign(self.city.digest(Peer::Guardian, &report.words()))
                    .into(),
            );
            reports.push(guardian::OutageReport {
                missionId: mission,
                from: U40::from(from),
                until: U40::from(until),
                deadline: now + 60,
                monitor: monitor.address,
            });
        }
        let call = guardian::enterDegradedCall {
            reports: reports.try_into().expect("two"),
            signatures: signatures.try_into().expect("two"),
        };
        Some(self.tell(STRANGER, call))
    }

    pub(super) fn exit_degraded(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Degraded])?;
        let mission_id = self.id(live);
        Some(self.ruling(Action::ExitDegraded, &[("missionId", mission_id)]))
    }

    pub(super) fn filter(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Verification])?;
        if self.rng.chance(30) {
            self.city.world.warp(1_000);
        }
        let mission_id = self.id(live);
        Some(self.tell(
            STRANGER,
            guardian::filterOutputCall {
                missionId: mission_id,
            },
        ))
    }

    pub(super) fn clear_predicate(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Verification])?;
        let predicates = &self.lives[live].mission.statute.predicates;
        let cleared = self
            .city
            .ask(guardian::gateOfCall {
                missionId: self.id(live),
            })
            .cleared;
        let humans: Vec<usize> = (0..predicates.len())
            .filter(|i| predicates[*i].human && cleared >> i & 1 == 0)
            .collect();
        if humans.is_empty() && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let index = self.rng.of(&humans).unwrap_or(7) as u8;
        let [mission, digest] = self.output(live);
        let fields = [mission, digest, ("index", number(index))];
        Some(self.ruling(Action::ClearPredicate, &fields))
    }

    pub(super) fn veto(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Verification])?;
        let fields = self.output(live);
        Some(self.ruling(Action::VetoOutput, &fields))
    }

    pub(super) fn release(&mut self) -> Option<Outcome> {
        let live = self.mission_in(&[M::Verification])?;
        let fields = self.output(live);
        Some(self.ruling(Action::ReleaseOutput, &fields))
    }

    /// The output of a mission, as a ruling names it.
    fn output(&self, live: usize) -> [(&'static str, B256); 2] {
        let mission = self.id(live);
        let digest = self
            .city
            .ask(work::completionDigestCall { missionId: mission });
        [("missionId", mission), ("completionDigest", digest)]
    }

    fn watched(&self, mission: B256) -> guardian::Watch {
        self.city.ask(guardian::watchOfCall { missionId: mission })
    }
}
