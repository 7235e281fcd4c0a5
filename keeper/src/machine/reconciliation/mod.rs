//! Reconciliation: at each boundary of a mission the keeper's record is compared with the chain, and what follows is done once.
//!
//! Guards INV-RECONCILE-01.
//!
//! ```text
//!  law ──────────── legislation ─┐               ┌─ equal ──► entry ──(release)──► anchor of the log at the gate
//!  all nodes done ─ orchestration┼─► compare ────┤
//!  gate open ────── release ─────┤               └─ differs ► entry, alert, report under bond ─► mission paused
//!  failed, aborted ─ failure ────┘                                  people decide ◄──────────────────┘
//! ```
//!
//! The part reads both sides as of one settled block, as enough endpoints say alike, and [`compare()`] is a function of what it read;
//! the machine remembers which boundaries are behind a mission and which differences were reported. A difference is one report,
//! whatever its block, and one that people decided on is not reported again. There is no keeper role: a monitor reports under bond,
//! and where nobody compares the release waits for `reconcileTimeoutSecs` and no longer (RULINGS R10).

mod compare;
mod finding;
mod record;

use std::collections::BTreeMap;

use agentcity_domain::machine::MissionState;
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

pub use self::{
    compare::compare,
    finding::{Divergence, Finding, Held, Kind, Phase, TOLD_MAX, Value, Warning},
    record::{Claim, Completion, Kept, KeptLaw, KeptRoute, OnChain, Record, Spot, Torn},
};
use super::{
    Machine,
    missions::{Index, OPEN_MAX, Watched},
};
use crate::{
    action::{self, Level, Outcome},
    clock::Moment,
    event::{self, Head, numbered},
    source::{chain, follow::REORG_BLOCKS_MAX, log::City},
};

/// How often a report or an anchor is tried after the chain refused it: what it refused three times wants a human, who is told.
const TRIES_MAX: u32 = 3;

/// How a report ends without a transaction: another monitor's report suspends the mission.
pub const COVERED: &str = "another report suspends the mission";
/// How a report ends without a transaction: the difference is not there any more.
pub const GONE: &str = "the difference is gone";

/// What the keeper learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Event {
    /// How a mission stands as of a settled block.
    Stood {
        /// Which mission.
        mission: B256,
        /// As of which block.
        at: Head,
        /// Its state.
        #[serde(with = "numbered")]
        state: MissionState,
        /// Whether a report of divergence pauses it.
        paused: bool,
        /// Whether a monitor's word that nothing differs stands at its gate.
        reconciled: bool,
        /// When it was asked, by this machine's clock.
        asked: Moment,
    },
}

impl Event {
    /// What makes it the same event, as text.
    pub fn identity(&self) -> String {
        let Self::Stood {
            mission, at, asked, ..
        } = self;
        format!("reconciliation/{mission:#x}/{:#x}/{}", at.hash, asked.get())
    }
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Action {
    /// Compare. It ends as reported, with the [`Finding`].
    Compare {
        /// Which mission.
        mission: B256,
        /// At which boundary.
        phase: Phase,
        /// Which comparison of the mission.
        round: u32,
    },
    /// Write into the log what was found. The log knows whether it is there.
    Enter {
        /// What.
        finding: Box<Finding>,
        /// Of which comparison.
        round: u32,
    },
    /// Report a difference under bond. The chain knows whether it stands, by its evidence.
    Report {
        /// Which mission.
        mission: B256,
        /// At which boundary it was found.
        phase: Phase,
        /// What it is known by.
        evidence: B256,
        /// Which try.
        attempt: u32,
    },
    /// Say at the gate, as a monitor, that nothing differs. The gate knows whether somebody did.
    Anchor {
        /// Which mission.
        mission: B256,
        /// Root of the log that was compared.
        root: B256,
        /// Which try.
        attempt: u32,
    },
    /// Tell a human.
    Tell {
        /// About which mission.
        mission: B256,
        /// What is known, and what to do.
        text: String,
        /// Its place among what this machine told.
        number: u64,
    },
}

impl Action {
    /// What makes two of them one, as text.
    pub fn name(&self) -> String {
        match self {
            Self::Compare {
                mission,
                phase,
                round,
            } => format!("reconciliation/compare/{mission:#x}/{phase}/{round}"),
            Self::Enter { finding, round } => {
                let (mission, phase) = (finding.mission, finding.phase);
                format!("reconciliation/enter/{mission:#x}/{phase}/{round}")
            }
            Self::Report {
                mission,
                evidence,
                attempt,
                ..
            } => format!("reconciliation/report/{mission:#x}/{evidence:#x}/{attempt}"),
            Self::Anchor {
                mission,
                root,
                attempt,
            } => format!("reconciliation/anchor/{mission:#x}/{root:#x}/{attempt}"),
            Self::Tell {
                mission, number, ..
            } => format!("reconciliation/tell/{mission:#x}/{number}"),
        }
    }

    /// Which mission it is about.
    pub fn mission(&self) -> B256 {
        match self {
            Self::Enter { finding, .. } => finding.mission,
            Self::Compare { mission, .. }
            | Self::Report { mission, .. }
            | Self::Anchor { mission, .. }
            | Self::Tell { mission, .. } => *mission,
        }
    }
}

/// The machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// Whose logs tell which missions there are; nobody's where the part is told them.
    contracts: City,
    state: State,
}

/// What it remembers, as its checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    cases: BTreeMap<B256, Case>,
    /// Missions that logs told of.
    #[serde(default)]
    found: Index,
    number: u64,
}

/// One mission.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    stands: Option<Standing>,
    /// Comparisons that were begun.
    round: u32,
    /// What is being compared.
    comparing: Option<Phase>,
    /// Whether what was found last is on its way into the log, of which the next comparison is too.
    #[serde(default)]
    entering: bool,
    /// Boundaries that are behind it.
    behind: BTreeMap<Phase, Verdict>,
    /// Differences that were to be reported, by their evidence.
    reports: BTreeMap<B256, Report>,
    /// The word at the gate.
    anchor: Option<Anchor>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standing {
    #[serde(with = "numbered")]
    state: MissionState,
    paused: bool,
    reconciled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Verdict {
    Equal,
    Differs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    phase: Phase,
    attempt: u32,
    fate: Fate,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Fate {
    /// It is wanted.
    Wanted,
    /// It stands since this block; since when is not known until the pause was seen.
    Stands(Option<u64>),
    /// Another's suspends the mission.
    Covered,
    /// It stood, and the pause is over: people decided, or the mission ended.
    Decided,
    /// The chain refused it too often.
    GivenUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Anchor {
    root: B256,
    attempt: u32,
    open: bool,
}

impl Reconciliation {
    /// Goes on from a checkpoint.
    ///
    /// Errors: the checkpoint is not one of this machine.
    pub fn resume(state: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            contracts: City::default(),
            state: serde_json::from_str(state)?,
        })
    }

    /// Finds missions in the logs of these contracts.
    #[must_use]
    pub fn following(mut self, contracts: City) -> Self {
        self.contracts = contracts;
        self
    }

    /// What the chain tells of the missions that there are.
    fn hear(&mut self, told: &chain::Event) -> Vec<Action> {
        let Some(mission) = self.state.found.take(&self.contracts, told) else {
            return Vec::new();
        };
        let text = format!(
            "mission {mission} is not compared: more than {OPEN_MAX} are open in this city, which is more than one keeper knows"
        );
        vec![tell(&mut self.state.number, mission, text)]
    }

    /// Forgets a mission that ended and of which nothing is due any more. What differs stays known.
    fn finish(&mut self, mission: B256) {
        let state = &mut self.state;
        let Some(case) = state.cases.get(&mission) else {
            return;
        };
        if case.is_over() && state.found.finish(mission) && state.found.is_over(mission) {
            let differs = case.behind.values().any(|v| *v == Verdict::Differs);
            if !differs {
                state.cases.remove(&mission);
            }
        }
    }

    fn stood(&mut self, event: &Event) -> Vec<Action> {
        let Event::Stood {
            mission,
            at,
            state,
            paused,
            reconciled,
            ..
        } = *event;
        let settled = at.number.saturating_sub(REORG_BLOCKS_MAX);
        self.state.found.forget(settled);
        if self.state.found.is_over(mission) {
            return Vec::new();
        }
        let case = self.state.cases.entry(mission).or_default();
        case.stands = Some(Standing {
            state,
            paused,
            reconciled,
        });
        case.step_back(state);
        let decided = case.pause_seen(paused, at.number);
        let mut actions: Vec<Action> = decided
            .into_iter()
            .map(|evidence| {
                let text = format!(
                    "mission {mission}: the pause of report {evidence} is over: people decided, or the mission ended; it is not reported again"
                );
                tell(&mut self.state.number, mission, text)
            })
            .collect();
        actions.extend(self.due(mission));
        self.finish(mission);
        actions
    }

    /// The comparison that is due and not under way.
    fn due(&mut self, mission: B256) -> Option<Action> {
        let case = self.state.cases.get_mut(&mission)?;
        let phase = case.due()?;
        case.comparing = Some(phase);
        let round = case.round;
        case.round = round.saturating_add(1);
        Some(Action::Compare {
            mission,
            phase,
            round,
        })
    }

    fn ended(&mut self, action: &Action, outcome: &Outcome) -> Vec<Action> {
        match action {
            Action::Compare {
                mission,
                phase,
                round,
            } => self.compared(*mission, *phase, *round, outcome),
            Action::Enter { finding, .. } => self.entered(finding, outcome),
            Action::Report {
                mission, evidence, ..
            } => self.reported(*mission, *evidence, outcome),
            Action::Anchor { mission, .. } => self.anchored(*mission, outcome),
            Action::Tell { .. } => Vec::new(),
        }
    }

    fn compared(
        &mut self,
        mission: B256,
        phase: Phase,
        round: u32,
        outcome: &Outcome,
    ) -> Vec<Action> {
        let Some(case) = self.state.cases.get_mut(&mission) else {
            return Vec::new();
        };
        case.comparing = None;
        let finding = match outcome {
            Outcome::Reported { report } => serde_json::from_str::<Finding>(report).ok(),
            _ => None,
        };
        let Some(finding) = finding.filter(|finding| finding.mission == mission) else {
            let cause = outcome.refusal().unwrap_or("it ended without a finding");
            let text = format!("mission {mission}: it cannot be compared at {phase}: {cause}");
            return vec![tell(&mut self.state.number, mission, text)];
        };
        let verdict = if finding.passes() {
            Verdict::Equal
        } else {
            Verdict::Differs
        };
        case.behind.insert(phase, verdict);
        case.entering = true;
        let mut actions = vec![Action::Enter {
            finding: Box::new(finding.clone()),
            round,
        }];
        match verdict {
            Verdict::Equal => actions.extend(case.word_at_gate(mission, &finding)),
            Verdict::Differs => {
                let evidence = finding.evidence();
                let (report, follows) = case.report(mission, phase, evidence);
                let text = format!("{}; {follows}", finding.text());
                actions.push(tell(&mut self.state.number, mission, text));
                actions.extend(report);
            }
        }
        actions
    }

    fn entered(&mut self, finding: &Finding, outcome: &Outcome) -> Vec<Action> {
        let mission = finding.mission;
        let mut actions = Vec::new();
        if let Some(cause) = outcome.refusal() {
            let text = format!(
                "mission {mission}: what was found at the boundary of {} is not in the log: {cause}",
                finding.phase
            );
            actions.push(tell(&mut self.state.number, mission, text));
        }
        if let Some(case) = self.state.cases.get_mut(&mission) {
            case.entering = false;
        }
        actions.extend(self.due(mission));
        self.finish(mission);
        actions
    }

    fn reported(&mut self, mission: B256, evidence: B256, outcome: &Outcome) -> Vec<Action> {
        let Some(case) = self.state.cases.get_mut(&mission) else {
            return Vec::new();
        };
        let Some(report) = case.reports.get_mut(&evidence) else {
            return Vec::new();
        };
        match outcome {
            Outcome::Done { block, .. } => report.fate = Fate::Stands(Some(*block)),
            Outcome::Satisfied | Outcome::Told => report.fate = Fate::Stands(None),
            Outcome::Reported { report: how } if how == COVERED => report.fate = Fate::Covered,
            Outcome::Reported { .. } => {
                // The chain or the record is another by now: that boundary is looked at anew.
                let phase = report.phase;
                case.reports.remove(&evidence);
                case.behind.remove(&phase);
                return self.due(mission).into_iter().collect();
            }
            Outcome::Refused { cause } => {
                report.attempt = report.attempt.saturating_add(1);
                if report.attempt < TRIES_MAX {
                    let (phase, attempt) = (report.phase, report.attempt);
                    return vec![Action::Report {
                        mission,
                        phase,
                        evidence,
                        attempt,
                    }];
                }
                report.fate = Fate::GivenUp;
                let text = format!(
                    "mission {mission}: report {evidence} was refused {TRIES_MAX} times and is given up: {cause}; have a monitor report it, or the panel stop the mission"
                );
                return vec![tell(&mut self.state.number, mission, text)];
            }
        }
        Vec::new()
    }

    fn anchored(&mut self, mission: B256, outcome: &Outcome) -> Vec<Action> {
        let Some(case) = self.state.cases.get_mut(&mission) else {
            return Vec::new();
        };
        let waits = case.state() == Some(MissionState::Verification);
        let Some(anchor) = &mut case.anchor else {
            return Vec::new();
        };
        anchor.open = false;
        let Outcome::Refused { cause } = outcome else {
            return Vec::new();
        };
        if !waits {
            return Vec::new();
        }
        anchor.attempt = anchor.attempt.saturating_add(1);
        let Anchor { root, attempt, .. } = *anchor;
        if attempt < TRIES_MAX {
            anchor.open = true;
            return vec![Action::Anchor {
                mission,
                root,
                attempt,
            }];
        }
        let text = format!(
            "mission {mission}: the word at its gate was refused {TRIES_MAX} times and is given up: {cause}; without any the release waits for reconcileTimeoutSecs"
        );
        vec![tell(&mut self.state.number, mission, text)]
    }
}

impl Case {
    fn state(&self) -> Option<MissionState> {
        self.stands.map(|stands| stands.state)
    }

    /// A reorganisation may take a boundary back: it is ahead again then.
    fn step_back(&mut self, state: MissionState) {
        match state {
            MissionState::Pending => self.behind.clear(),
            MissionState::Active | MissionState::Executing => {
                self.behind.retain(|phase, _| *phase == Phase::Legislation);
            }
            // What failed may live on, and fail again.
            MissionState::Verification | MissionState::Completed => {
                self.behind.remove(&Phase::Failure);
            }
            MissionState::Failed | MissionState::Aborted | MissionState::Degraded => {}
        }
    }

    /// Whether it ended, and nothing of it is compared, reported or said any more.
    fn is_over(&self) -> bool {
        let ended = self.state().is_some_and(MissionState::is_terminal);
        let wanted = |report: &Report| report.fate == Fate::Wanted;
        let says = self.anchor.is_some_and(|anchor| anchor.open);
        ended
            && self.comparing.is_none()
            && !self.entering
            && self.due().is_none()
            && !says
            && !self.reports.values().any(wanted)
    }

    /// Takes note of a pause, or of its absence at `block`. Reports that were decided on by that.
    fn pause_seen(&mut self, paused: bool, block: u64) -> Vec<B256> {
        let mut decided = Vec::new();
        if paused {
            for report in self.reports.values_mut() {
                if report.fate == Fate::Stands(None) {
                    report.fate = Fate::Stands(Some(block));
                }
            }
            return decided;
        }
        for (evidence, report) in &mut self.reports {
            if let Fate::Stands(Some(since)) = report.fate
                && block >= since
            {
                report.fate = Fate::Decided;
                decided.push(*evidence);
            }
        }
        // What another's report covered stands on its own feet again, if it is still there.
        let covered = |report: &Report| report.fate == Fate::Covered;
        let phases: Vec<Phase> = self
            .reports
            .values()
            .filter(|report| covered(report))
            .map(|report| report.phase)
            .collect();
        self.reports.retain(|_, report| !covered(report));
        self.behind.retain(|phase, _| !phases.contains(phase));
        decided
    }

    fn due(&self) -> Option<Phase> {
        let stands = self.stands?;
        if self.comparing.is_some() || self.entering {
            return None;
        }
        let is_ahead = |phase: &Phase| !self.behind.contains_key(phase);
        let is_open =
            |report: &Report| matches!(report.fate, Fate::Wanted | Fate::Stands(_) | Fate::Covered);
        match stands.state {
            MissionState::Active | MissionState::Executing => {
                Some(Phase::Legislation).filter(is_ahead)
            }
            MissionState::Verification if is_ahead(&Phase::Orchestration) => {
                Some(Phase::Orchestration)
            }
            // Nothing leaves while people look at it.
            MissionState::Verification if stands.paused || self.reports.values().any(is_open) => {
                None
            }
            MissionState::Verification | MissionState::Completed => {
                Some(Phase::Release).filter(is_ahead)
            }
            MissionState::Failed | MissionState::Aborted => Some(Phase::Failure).filter(is_ahead),
            MissionState::Pending | MissionState::Degraded => None,
        }
    }

    fn word_at_gate(&mut self, mission: B256, finding: &Finding) -> Option<Action> {
        let stands = self.stands?;
        let is_due = finding.phase == Phase::Release
            && stands.state == MissionState::Verification
            && !stands.reconciled
            && self.anchor.is_none();
        if !is_due {
            return None;
        }
        let (root, attempt, open) = (finding.root, 0, true);
        self.anchor = Some(Anchor {
            root,
            attempt,
            open,
        });
        Some(Action::Anchor {
            mission,
            root,
            attempt,
        })
    }

    /// The report that is wanted of a difference, if one is, and what follows in words.
    fn report(
        &mut self,
        mission: B256,
        phase: Phase,
        evidence: B256,
    ) -> (Option<Action>, &'static str) {
        if let Some(known) = self.reports.get(&evidence) {
            let follows = match known.fate {
                Fate::Wanted | Fate::Stands(_) | Fate::Covered => "it is reported already",
                Fate::Decided => "people decided on it already, so it is not reported again",
                Fate::GivenUp => "the chain refuses its report",
            };
            return (None, follows);
        }
        // What the guardian pauses (`guardian::divergence`).
        let may_pause = matches!(
            self.state(),
            Some(MissionState::Active | MissionState::Executing | MissionState::Verification)
        );
        if !may_pause {
            return (None, "the mission cannot be suspended any more");
        }
        let (attempt, fate) = (0, Fate::Wanted);
        let report = Report {
            phase,
            attempt,
            fate,
        };
        self.reports.insert(evidence, report);
        let wanted = Action::Report {
            mission,
            phase,
            evidence,
            attempt,
        };
        (Some(wanted), "it is reported under bond")
    }
}

fn tell(number: &mut u64, mission: B256, text: String) -> Action {
    let this = *number;
    *number = this.saturating_add(1);
    Action::Tell {
        mission,
        text,
        number: this,
    }
}

impl Machine for Reconciliation {
    fn step(&mut self, event: &event::Event) -> Vec<action::Action> {
        let actions = match event {
            event::Event::Reconciliation(event) => self.stood(event),
            event::Event::Chain(told) => self.hear(told),
            event::Event::Ended {
                action: action::Action::Reconciliation(action),
                outcome,
            } => self.ended(action, outcome),
            // Another part's.
            _ => Vec::new(),
        };
        let wrapped = actions.into_iter();
        wrapped.map(action::Action::Reconciliation).collect()
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.state).expect("cases are JSON")
    }

    fn watched(&self) -> Vec<Watched> {
        let open = self.state.found.open();
        let watched = open.map(|(mission, ended)| Watched {
            mission,
            ended,
            freezes: Vec::new(),
        });
        watched.collect()
    }

    fn worst(&self) -> Option<Level> {
        let cases = self.state.cases.values();
        let of = |case: &Case| {
            let differs = case.behind.values().any(|v| *v == Verdict::Differs);
            let decided = |report: &Report| report.fate == Fate::Decided;
            match (differs, case.behind.is_empty()) {
                (true, _) if !case.reports.values().any(decided) => Some(Level::Urgent),
                (_, true) => None,
                (_, false) => Some(Level::Fine),
            }
        };
        cases.filter_map(of).max()
    }
}

#[cfg(test)]
mod tests;
