//! The freeze mirror: who is frozen, before and after the chain knows.
//!
//! Guards INV-MIRROR-01.
//!
//! ```text
//!         Measured beyond a limit                                    Told, settled: the panel decided,
//!                   │                                                 or the attempt is over
//!   free ───────────┴──► held ─ Arrest ─► arrested ─ Report ─► held ──────────────────► free
//!     ▲                   ▲    (stopped and sealed              │
//!     │                   │     before anything is signed)      │
//!     └ Told: not frozen  └─ Frozen; Told: FROZEN, FAILED ◄─────┘
//!
//!   any ── restart, takeover, Silent ──► unknown: nothing is routed until the chain answered
//! ```
//!
//! The mirror arrests by the same rule as the guardian, `domain::guardian::report::weigh`, and earlier: what it arrests here stays
//! arrested whether or not the chain takes the report (seed B.11, Failure Mode 2). Only the chain lets an execution go: an answer as
//! of a settled block, after which the panel has decided on a freeze of this execution, or the attempt is over. So a lone monitor's
//! deviation, on which no other agrees, holds its executor until the attempt ends, and never longer.
//!
//! INVARIANT 4 as RESOLUTIONS C-22 has it: what the mirror holds becomes FROZEN or FAILED on chain, or the attempt ends; and no routing
//! precedes the chain's answer after a restart. [`FreezeMirror::may_route`] is asked before each.

use std::collections::{BTreeMap, BTreeSet};

use agentcity_abi::IGuardian::NodeFrozen;
use agentcity_domain::{
    guardian::{
        freeze::Cause,
        report::{self, Heard, Kind, Report, Weight},
    },
    machine::NodeState,
    parameter::ParameterId,
};
use alloy::{
    primitives::{Address, B256},
    sol_types::SolEvent,
};
use serde::{Deserialize, Serialize};

use super::{
    Machine,
    missions::{self, Index, OPEN_MAX, Watched},
    pairs,
};
use crate::{
    action::{Action as Wanted, Outcome},
    event::{Event as Happened, numbered},
    execution::Execution,
    source::{
        chain,
        follow::REORG_BLOCKS_MAX,
        log::{City, Contract, Log},
    },
};

mod runs;
mod said;

use runs::Run;
pub use said::{Action, Age, Event, FreezeView, HeardView, Limits, Measure, NodeView, View};

/// Missions that are mirrored at once: each costs a round of questions within a look at the chain. What is beyond stays unknown, so
/// nothing of it is routed.
pub const MISSIONS_MAX: usize = 256;
/// How often an executor that does not stop is asked to in one incident: it is unplugged by a human then, who was told each time.
pub const ARRESTS_MAX: u32 = 5;
/// How often a report that the chain refuses is tried with a new sequence.
pub const REPORTS_MAX: u32 = 3;

/// Why something is not routed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Held {
    /// The chain did not say yet how the mission stands, or not since this keeper took over.
    #[error("mission {mission}: the chain has not said yet what is frozen")]
    Unknown {
        /// Which.
        mission: B256,
    },
    /// An agent is held here.
    #[error("{execution} is held: {}", if *.on_chain { "frozen on chain" } else { "arrested here" })]
    Held {
        /// Which.
        execution: Execution,
        /// Whether the chain knows.
        on_chain: bool,
    },
    /// The node's attempt is not one that can be routed.
    #[error("node {node} of mission {mission} is not eligible at attempt {attempt}")]
    NotEligible {
        /// The mission.
        mission: B256,
        /// The node.
        node: u16,
        /// The attempt that was to be routed.
        attempt: u8,
    },
}

/// The machine.
#[derive(Debug, Default)]
pub struct FreezeMirror {
    /// Under which its stream is held; nought, which no lease has, until that is said.
    fence: u64,
    /// Whose logs tell which missions there are, and what of them is frozen; nobody's where the part is told both.
    contracts: City,
    state: State,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    #[serde(with = "pairs")]
    missions: BTreeMap<B256, Mission>,
    #[serde(with = "pairs")]
    holds: BTreeMap<Execution, Hold>,
    running: BTreeSet<Execution>,
    /// What is known of those, and of what ended here, until the chain knows it as over.
    #[serde(default, with = "pairs")]
    runs: BTreeMap<Execution, Run>,
    /// Freezes whose logs were seen, by number.
    #[serde(with = "pairs")]
    freezes: BTreeMap<u64, Execution>,
    /// The last sequence that was given out or heard of.
    #[serde(with = "pairs")]
    sequences: BTreeMap<Execution, u64>,
    /// Arrests that were wanted, for the next one's number.
    #[serde(with = "pairs")]
    incidents: BTreeMap<Execution, u32>,
    alerts: u64,
    /// Missions that logs told of.
    #[serde(default)]
    found: Index,
}

/// What the chain last said of a mission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mission {
    /// Under which fence it was last told as of the newest block; `None` since it was silent.
    told: Option<u64>,
    nodes: Vec<NodeView>,
    freezes: Vec<FreezeView>,
    limits: Limits,
    alone: bool,
    settled: u64,
}

/// Why an execution is held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    /// The last block whose state had it frozen or failed.
    chain: Option<u64>,
    local: Option<Local>,
}

/// What was found here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Local {
    /// The latest freeze of the mission that was known then: a later one is of this incident.
    after: u64,
    #[serde(with = "numbered")]
    kind: Kind,
    measure: Measure,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Stage {
    /// It was not stopped yet, or would not be: nothing is signed before it was asked to.
    Arresting,
    /// The report is out. `refused`: how often the chain refused it; `stale`: it waits for the chain's word on the sequence.
    Reported {
        evidence: B256,
        refused: u32,
        stale: bool,
    },
}

impl FreezeMirror {
    /// Goes on from a checkpoint: what is held stays held, and every mission is unknown until the chain answered to the present
    /// holder of the stream. Nothing of a mission that is over runs, whatever an earlier version left of it.
    ///
    /// Errors: the checkpoint is not one of this machine.
    pub fn resume(state: &str) -> Result<Self, serde_json::Error> {
        let mut state: State = serde_json::from_str(state)?;
        state.forget_ended();
        Ok(Self {
            fence: 0,
            contracts: City::default(),
            state,
        })
    }

    /// Finds missions and freezes in the logs of these contracts.
    #[must_use]
    pub fn following(mut self, contracts: City) -> Self {
        self.contracts = contracts;
        self
    }

    /// Whether these agents may be routed to this attempt now. Unsure means no.
    ///
    /// Errors: [`Held`].
    pub fn may_route(
        &self,
        mission: B256,
        (node, attempt): (u16, u8),
        agents: &[Address],
    ) -> Result<(), Held> {
        let known = self.known(mission).ok_or(Held::Unknown { mission })?;
        let at_attempt = |held: &&Execution| held.node == node && held.attempt == attempt;
        let mut holds = self.holds_of(mission);
        if let Some((execution, hold)) = holds.find(|(held, _)| at_attempt(held)) {
            return Err(Held::Held {
                execution: *execution,
                on_chain: hold.chain.is_some(),
            });
        }
        let eligible = known.nodes.iter().any(|view| {
            view.node == node
                && view.attempt == attempt
                && view.state == NodeState::Eligible
                && agents.iter().all(|agent| view.agents.contains(agent))
        });
        if !eligible {
            return Err(Held::NotEligible {
                mission,
                node,
                attempt,
            });
        }
        Ok(())
    }

    /// Whether an execution may be asked for work, and what it hands in be passed on. Unsure means no.
    ///
    /// Errors: [`Held::Unknown`], [`Held::Held`].
    pub fn may_work(&self, execution: &Execution) -> Result<(), Held> {
        let mission = execution.mission;
        self.known(mission).ok_or(Held::Unknown { mission })?;
        match self.state.holds.get(execution) {
            None => Ok(()),
            Some(hold) => Err(Held::Held {
                execution: *execution,
                on_chain: hold.chain.is_some(),
            }),
        }
    }

    /// Where reports begin to count in a mission: its own limits, or what holds in a city that changed nothing.
    pub fn limits(&self, mission: B256) -> Limits {
        let known = self.state.missions.get(&mission);
        known.map_or_else(default_limits, |mission| mission.limits)
    }

    /// Whether an execution is held. What is not known is not said to be free: ask [`Self::is_known`].
    pub fn is_held(&self, execution: &Execution) -> bool {
        self.state.holds.contains_key(execution)
    }

    /// Whether the chain answered about a mission to this holder of the lease, and was not silent since.
    pub fn is_known(&self, mission: B256) -> bool {
        self.known(mission).is_some()
    }

    /// The missions that [are known](Self::is_known).
    pub fn known_missions(&self) -> impl Iterator<Item = B256> {
        let missions = self.state.missions.iter();
        let known = missions.filter(|(_, mission)| mission.told == Some(self.fence));
        known.map(|(mission, _)| *mission)
    }

    /// Executions that run here and are not held.
    pub fn running(&self) -> impl Iterator<Item = &Execution> {
        self.state.running.iter().filter(|one| !self.is_held(one))
    }

    /// The missions of which something runs here, held or not: each is looked at until the chain knows that as over.
    pub fn running_missions(&self) -> BTreeSet<B256> {
        let running = self.state.running.iter();
        running.map(|one| one.mission).collect()
    }

    /// Whose last reports are to be asked of the chain with the next view of a mission: the next sequence follows them.
    pub fn reported(&self, mission: B256) -> impl Iterator<Item = &Execution> {
        let running = self.state.running.iter().chain(self.state.holds.keys());
        running.filter(move |one| one.mission == mission)
    }

    /// Freezes of a mission whose logs were seen: what became of them is to be asked with its next view.
    pub fn freezes(&self, mission: B256) -> impl Iterator<Item = u64> {
        let freezes = self.state.freezes.iter();
        let of_it = freezes.filter(move |(_, execution)| execution.mission == mission);
        of_it.map(|(freeze, _)| *freeze)
    }

    fn known(&self, mission: B256) -> Option<&Mission> {
        let known = self.state.missions.get(&mission)?;
        (known.told == Some(self.fence)).then_some(known)
    }

    fn holds_of(&self, mission: B256) -> impl Iterator<Item = (&Execution, &Hold)> {
        let holds = self.state.holds.iter();
        holds.filter(move |(held, _)| held.mission == mission)
    }

    // ------------------------------------------------------------------ the chain

    fn told(&mut self, fence: u64, age: Age, view: &View) -> Vec<Action> {
        let missions = &mut self.state.missions;
        if !missions.contains_key(&view.mission) && missions.len() >= MISSIONS_MAX {
            return Vec::new();
        }
        let mission = missions.entry(view.mission).or_insert_with(|| Mission {
            told: None,
            nodes: Vec::new(),
            freezes: Vec::new(),
            limits: view.limits,
            alone: view.alone,
            settled: 0,
        });
        match age {
            Age::Newest => {
                mission.told = Some(fence);
                mission.nodes.clone_from(&view.nodes);
                mission.freezes.clone_from(&view.freezes);
                mission.limits = view.limits;
                mission.alone = view.alone;
                self.newest(view)
            }
            Age::Settled => {
                // An endpoint that lags behind what another said takes nothing back.
                if view.at.number >= mission.settled {
                    mission.settled = view.at.number;
                    self.settled(view);
                }
                Vec::new()
            }
        }
    }

    /// What the newest block has frozen or failed is held, and stopped where it runs here.
    fn newest(&mut self, view: &View) -> Vec<Action> {
        for heard in &view.heard {
            let last = self.state.sequences.entry(heard.execution).or_default();
            *last = (*last).max(heard.sequence);
        }
        let mut actions = Vec::new();
        for node in &view.nodes {
            if !matches!(node.state, NodeState::Frozen | NodeState::Failed) {
                continue;
            }
            for agent in &node.agents {
                let execution = Execution {
                    mission: view.mission,
                    node: node.node,
                    attempt: node.attempt,
                    agent: *agent,
                };
                actions.extend(self.hold_by_chain(execution, view.at.number));
            }
        }
        let mine: Vec<Execution> = self.holds_of(view.mission).map(|held| *held.0).collect();
        actions.extend(mine.iter().filter_map(|held| self.report_again(held)));
        actions
    }

    /// A stop is wanted where it runs here and was not held before: what is held was stopped.
    fn hold_by_chain(&mut self, execution: Execution, block: u64) -> Option<Action> {
        let known = self.state.holds.contains_key(&execution);
        let hold = self.state.holds.entry(execution).or_default();
        hold.chain = hold.chain.max(Some(block));
        if known || !self.state.running.contains(&execution) {
            return None;
        }
        // The cause is the chain's; it is asked there.
        Some(self.arrest(execution, Cause::Manual, None))
    }

    /// What a settled block lets go.
    fn settled(&mut self, view: &View) {
        self.state
            .holds
            .retain(|held, hold| held.mission != view.mission || !is_free(view, held, hold));
        self.state.forget_over(view);
        let deep = view.at.number.saturating_sub(REORG_BLOCKS_MAX);
        self.state.found.forget(deep);
        if view.state.is_terminal() {
            let over = |held: &Execution| held.mission == view.mission;
            self.state.found.finish(view.mission);
            self.state.missions.remove(&view.mission);
            self.state.sequences.retain(|held, _| !over(held));
            self.state.incidents.retain(|held, _| !over(held));
            self.state.freezes.retain(|_, held| !over(held));
        }
    }

    fn silent(&mut self, mission: B256) {
        if let Some(known) = self.state.missions.get_mut(&mission) {
            known.told = None;
        }
    }

    /// What a log tells. That a reorg takes a freeze back is nothing: it is held until the chain says what is so.
    fn heard(&mut self, told: &chain::Event) -> Vec<Action> {
        if let Some(mission) = self.state.found.take(&self.contracts, told) {
            let text = format!(
                "mission {mission} is not looked at: more than {OPEN_MAX} are open in this city; it stays unknown, so nothing of it is routed here"
            );
            let whole = Execution {
                mission,
                node: 0,
                attempt: 0,
                agent: Address::ZERO,
            };
            return vec![self.alert(whole, text)];
        }
        let chain::Event::Added(log) = told else {
            return Vec::new();
        };
        let Some((execution, freeze)) = frozen(&self.contracts, log) else {
            return Vec::new();
        };
        self.state.freezes.insert(freeze, execution);
        let held = self.hold_by_chain(execution, log.at.number);
        held.into_iter().collect()
    }

    // ------------------------------------------------------------------ detection

    fn measured(&mut self, execution: Execution, measure: Measure) -> Vec<Action> {
        let already = self.state.holds.get(&execution);
        if already.is_some_and(|hold| hold.local.is_some() || hold.chain.is_some()) {
            return Vec::new();
        }
        let limits = self.limits(execution.mission);
        let known = self.state.missions.get(&execution.mission);
        let freezes = known.map_or(&[][..], |mission| &mission.freezes);
        let of_this = freezes.iter().filter(|one| one.execution == execution);
        // Lifted with a warning: each grants the allowance anew, as the guardian counts them.
        let warnings = of_this.filter(|one| !one.open && !one.is_false).count();
        let after = self.freezes(execution.mission).max().unwrap_or_default();
        let Some((kind, cause)) = judged(&measure, limits, warnings) else {
            return Vec::new();
        };
        let hold = self.state.holds.entry(execution).or_default();
        hold.local = Some(Local {
            after,
            kind,
            measure,
            stage: Stage::Arresting,
        });
        vec![self.arrest(execution, cause, Some(measure))]
    }

    fn arrest(&mut self, execution: Execution, cause: Cause, measure: Option<Measure>) -> Action {
        let next = self.state.incidents.entry(execution).or_default();
        let incident = *next;
        *next = next.saturating_add(1);
        Action::Arrest {
            execution,
            cause,
            measure,
            incident,
            attempt: 0,
        }
    }

    // ------------------------------------------------------------------ what became of it

    fn arrested(&mut self, arrest: &Action, outcome: &Outcome) -> Vec<Action> {
        let Action::Arrest {
            execution,
            cause,
            measure,
            incident,
            attempt,
        } = *arrest
        else {
            return Vec::new();
        };
        let mut actions = Vec::new();
        let evidence = match outcome {
            Outcome::Reported { report } => {
                self.state.ended(&execution);
                // Nothing else is reported of an arrest.
                report.parse().unwrap_or_default()
            }
            Outcome::Refused { cause: why } => {
                let next = attempt.saturating_add(1);
                let text = format!(
                    "{execution} does not stop (try {next} of {ARRESTS_MAX}): {why}; end its process, nothing that it hands in is passed on"
                );
                actions.push(self.alert(execution, text));
                if next < ARRESTS_MAX {
                    actions.push(Action::Arrest {
                        execution,
                        cause,
                        measure,
                        incident,
                        attempt: next,
                    });
                }
                B256::ZERO
            }
            Outcome::Told | Outcome::Done { .. } | Outcome::Satisfied => {
                return actions;
            }
        };
        let waits = self
            .state
            .holds
            .get(&execution)
            .and_then(|hold| hold.local.as_ref());
        // The first answer, whatever it was, lets the report go: the chain must freeze all the more what cannot be stopped here.
        if waits.is_some_and(|local| local.stage == Stage::Arresting) {
            actions.extend(self.report(execution, evidence, 0));
        }
        actions
    }

    fn report(&mut self, execution: Execution, evidence: B256, refused: u32) -> Vec<Action> {
        let alone = self
            .state
            .missions
            .get(&execution.mission)
            .is_none_or(|known| known.alone);
        let Some(local) = self
            .state
            .holds
            .get_mut(&execution)
            .and_then(|hold| hold.local.as_mut())
        else {
            return Vec::new();
        };
        local.stage = Stage::Reported {
            evidence,
            refused,
            stale: false,
        };
        // A lone monitor's opinion freezes nothing; its counters, with the evidence, stand on chain (RULINGS R13).
        let kind = if alone { Kind::Counters } else { local.kind };
        let measure = local.measure;
        let last = self.state.sequences.entry(execution).or_default();
        *last = last.saturating_add(1);
        let report = Action::Report {
            execution,
            kind,
            measure,
            evidence,
            sequence: *last,
        };
        let why = if alone && local_is_opinion(&measure) {
            "no other monitor is there to agree, so only its counters are reported"
        } else {
            "it is reported"
        };
        let text = format!(
            "{execution} is arrested here ({} tool invocations, {} messages, deviation {:?} thousandths of σ); {why}; the panel decides",
            measure.tools, measure.messages, measure.deviation
        );
        vec![report, self.alert(execution, text)]
    }

    fn reported_so(&mut self, execution: Execution, outcome: &Outcome) -> Vec<Action> {
        let Outcome::Refused { cause } = outcome else {
            return Vec::new();
        };
        let local = self
            .state
            .holds
            .get_mut(&execution)
            .and_then(|hold| hold.local.as_mut());
        if let Some(Local {
            stage: Stage::Reported { refused, stale, .. },
            ..
        }) = local
        {
            *refused = refused.saturating_add(1);
            *stale = *refused < REPORTS_MAX;
        }
        let text = format!(
            "the chain refuses the report of {execution}: {cause}; it stays arrested here; an adjudicator may freeze it: agentcity override freeze-node"
        );
        vec![self.alert(execution, text)]
    }

    /// A report that was refused, now that the chain said which sequence is the last.
    fn report_again(&mut self, execution: &Execution) -> Option<Action> {
        let local = self.state.holds.get(execution)?.local.as_ref()?;
        let Stage::Reported {
            evidence,
            refused,
            stale: true,
        } = local.stage
        else {
            return None;
        };
        // The alert was given when the first was sent.
        self.report(*execution, evidence, refused)
            .into_iter()
            .find(|action| matches!(action, Action::Report { .. }))
    }

    fn alert(&mut self, execution: Execution, text: String) -> Action {
        let number = self.state.alerts;
        self.state.alerts = number.saturating_add(1);
        Action::Alert {
            execution,
            text,
            number,
        }
    }

    fn ended(&mut self, action: &Action, outcome: &Outcome) -> Vec<Action> {
        match action {
            Action::Arrest { .. } => self.arrested(action, outcome),
            Action::Report { execution, .. } => self.reported_so(*execution, outcome),
            Action::Alert { .. } => Vec::new(),
        }
    }

    fn take(&mut self, event: &Event) -> Vec<Action> {
        match event {
            Event::Told {
                fence, age, view, ..
            } => self.told(*fence, *age, view),
            Event::Silent { mission, .. } => {
                self.silent(*mission);
                Vec::new()
            }
            Event::Frozen {
                execution,
                freeze,
                block,
                ..
            } => {
                self.state.freezes.insert(*freeze, *execution);
                self.hold_by_chain(*execution, *block).into_iter().collect()
            }
            Event::Began {
                execution, since, ..
            } => {
                self.state.began(*execution, *since);
                // What was held before it began is stopped as if it had begun before: whoever began it did not ask.
                let held = self.is_held(execution);
                held.then(|| self.arrest(*execution, Cause::Manual, None))
                    .into_iter()
                    .collect()
            }
            Event::Over { execution, .. } => {
                self.state.ended(execution);
                Vec::new()
            }
            Event::Measured {
                execution, measure, ..
            } => self.measured(*execution, *measure),
        }
    }
}

impl Machine for FreezeMirror {
    fn held_under(&mut self, fence: u64) {
        self.fence = fence;
    }

    fn step(&mut self, event: &Happened) -> Vec<Wanted> {
        let actions = match event {
            Happened::Mirror(event) => self.take(event),
            Happened::Chain(told) => self.heard(told),
            Happened::Ended {
                action: Wanted::Mirror(action),
                outcome,
            } => self.ended(action, outcome),
            _ => Vec::new(),
        };
        actions.into_iter().map(Wanted::Mirror).collect()
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.state).expect("lists of numbers and names are JSON")
    }

    fn watched(&self) -> Vec<Watched> {
        let open = self.state.found.open();
        let watched = open.map(|(mission, ended)| Watched {
            mission,
            ended,
            freezes: self.freezes(mission).collect(),
        });
        watched.collect()
    }
}

/// Whether the mirror follows from a log: which missions there are, and what of them is frozen.
pub fn tells(contracts: &City, log: &Log) -> bool {
    missions::tells(contracts, log) || frozen(contracts, log).is_some()
}

/// What a log says was frozen, and the freeze's number.
fn frozen(contracts: &City, log: &Log) -> Option<(Execution, u64)> {
    let is_such = log.topics.first() == Some(&NodeFrozen::SIGNATURE_HASH)
        && contracts.at(log.address) == Some(Contract::Guardian);
    if !is_such {
        return None;
    }
    // What cannot be read is of another version of the contract: the views will say so.
    let said = NodeFrozen::decode_raw_log(&log.topics, &log.data).ok()?;
    let execution = Execution {
        mission: said.missionId,
        node: said.node,
        attempt: said.attempt,
        agent: said.agent,
    };
    Some((execution, said.freezeId))
}

/// Whether a settled block lets an execution go.
fn is_free(view: &View, held: &Execution, hold: &Hold) -> bool {
    if view.state.is_terminal() {
        return true;
    }
    // A view that is older than what was seen frozen says nothing about it.
    if hold.chain.is_some_and(|block| block > view.at.number) {
        return false;
    }
    let Some(node) = view.nodes.iter().find(|node| node.node == held.node) else {
        // Completed: its result counts. A node that was begun never waits again.
        return true;
    };
    if node.attempt > held.attempt {
        return true;
    }
    if matches!(node.state, NodeState::Frozen | NodeState::Failed) {
        return false;
    }
    match &hold.local {
        None => true,
        Some(local) => view
            .freezes
            .iter()
            .any(|one| one.execution == *held && one.freeze > local.after && !one.open),
    }
}

/// What the guardian would say of a measure: counters first, since they freeze alone.
fn judged(measure: &Measure, limits: Limits, warnings: usize) -> Option<(Kind, Cause)> {
    let heard = Heard {
        sequence: 0,
        tools: measure.tools,
        messages: measure.messages,
    };
    let warnings = u8::try_from(warnings).unwrap_or(u8::MAX);
    let kinds = [
        Some(Kind::Counters),
        measure.substituted.then_some(Kind::DeploymentSubstitution),
        measure.deviation.map(|_| Kind::Deviation),
    ];
    kinds.into_iter().flatten().find_map(|kind| {
        let report = Report {
            kind,
            deviation: measure.deviation.unwrap_or_default(),
            heard,
        };
        match report::weigh(&report, &limits.into(), warnings) {
            Weight::Noted => None,
            Weight::Freezes(cause) | Weight::Accuses(cause) => Some((kind, cause)),
        }
    })
}

fn local_is_opinion(measure: &Measure) -> bool {
    measure.deviation.is_some() || measure.substituted
}

/// What holds in a city that changed nothing, until the mission's own are known.
fn default_limits() -> Limits {
    Limits {
        deviation: ParameterId::DeviationThresholdSigma.row().default,
        tools: ParameterId::MaxToolInvocations.row().default,
        messages: ParameterId::MaxMessageVolume.row().default,
    }
}
