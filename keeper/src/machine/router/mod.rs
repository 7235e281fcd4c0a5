//! Brings the work of a mission from its law to its settlement: seats, routing, work, results, reveals, closes.
//!
//! Guards INV-ROUTER-01.
//!
//! ```text
//!  ELIGIBLE ── accept… ── route ──▶ EXECUTING ── invoke ── proof ───────────────────────▶ COMPLETED ── open (tier 3)
//!     └ substitute a silent seat         │          └───── review ──▶ PENDING_REVIEW ─────────▲
//!                                        └─ commit… ──▶ PENDING_VERIFICATION ── reveal…, close┘
//!  FROZEN, FAILED, stopped ── stop           FAILED ── open the session for new seats        any state beyond its time ── expire
//!  VERIFICATION mission ── ask the gate      COMPLETED, ABORTED mission ── release…, close the escrow      beyond its deadline ── end
//! ```
//!
//! It is level-triggered: whatever it is shown, it wants what is due of that and is not under way, so what it missed it needs not know.
//! Nobody is privileged: all of it may be done by anyone, and other keepers do the same for their executors. The chain decides; a step
//! that it knows as done ends as satisfied.
//!
//! What it never does: see a salt or an unopened value (executors give neither), work for two seats of one node (their sealed values
//! would be in one hand; the second is told and left to another keeper), hand on an output that the chain did not complete.

mod act;
mod precedence;
mod sight;

use std::collections::{BTreeMap, BTreeSet};

use agentcity_domain::{
    machine::{MissionState, NodeState},
    verification::{BATCH_MAX, case::CONSENSUS, window::Phase},
};
use agentcity_executor::protocol::{JobId, Kind, Place};
use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use self::precedence::Precedence;
pub use self::{
    act::{Action, Round, Step},
    sight::{Halted, JobSight, NodeSight, SeatSight, Sight},
};
use super::{
    Machine,
    missions::{Index, OPEN_MAX, Watched},
};
use crate::{
    action, event,
    source::{chain, follow::REORG_BLOCKS_MAX, log::City},
};

/// How often a step is tried after it was refused: what was refused three times wants a human, who is told.
const TRIES_MAX: u32 = 3;
/// How often work is asked for while its node stays in one state: an executor that forgets it each time is left.
const AGAIN_MAX: u32 = 16;
/// The tier of nodes whose result proves itself.
const PROVED: u8 = 1;
/// The tier of nodes whose result people look at.
const REVIEWED: u8 = 3;

/// For whom it works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// The agents whose executors this keeper asks.
    pub agents: BTreeSet<Address>,
}

/// The machine: what is under way, and what was refused.
#[derive(Debug)]
pub struct Router {
    served: Served,
    /// Whose logs tell which missions there are; nobody's where the part is told them.
    contracts: City,
    state: State,
}

/// What it remembers, as its checkpoint. But for the names of missions that are over, all of it is of missions that are not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    /// Steps of actions that did not end.
    open: BTreeSet<Step>,
    /// Steps that were refused, or that ended where the chain does not tell.
    #[serde(with = "pairs")]
    known: BTreeMap<Step, Known>,
    /// Work that was asked for, to be stopped when it has become pointless.
    working: BTreeSet<JobId>,
    /// Nodes of which somebody was told that two seats are this keeper's.
    told: BTreeSet<(B256, u16, u8)>,
    /// Who comes first at nodes that want a route.
    #[serde(default)]
    precedence: Precedence,
    /// Missions of which nothing is due any more, of those that no log told of.
    over: BTreeSet<B256>,
    /// Missions that logs told of.
    #[serde(default)]
    found: Index,
    number: u64,
}

/// What is known of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    round: Round,
    done: bool,
}

impl Router {
    /// Knowing nothing yet.
    pub fn new(served: Served) -> Self {
        Self {
            served,
            contracts: City::default(),
            state: State::default(),
        }
    }

    /// Finds missions in the logs of these contracts.
    #[must_use]
    pub fn following(mut self, contracts: City) -> Self {
        self.contracts = contracts;
        self
    }

    /// Goes on from a checkpoint. It may serve others than before.
    ///
    /// Errors: the checkpoint is not one of this machine.
    pub fn resume(served: Served, state: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            served,
            contracts: City::default(),
            state: serde_json::from_str(state)?,
        })
    }

    /// What is due of what it is shown.
    fn see(&mut self, sight: &Sight) -> Vec<Action> {
        let state = &mut self.state;
        state
            .found
            .forget(sight.at.number.saturating_sub(REORG_BLOCKS_MAX));
        if state.over.contains(&sight.mission) || state.found.is_over(sight.mission) {
            return Vec::new();
        }
        let (mut actions, mut due) = (Vec::new(), Vec::new());
        let works_here = !self.own_agents(sight).is_empty();
        let mut routable = Vec::new();
        for node in &sight.nodes {
            let mut steps = self.pointless(sight, node);
            if let Some(place) = self.own_seat(sight, node, &mut actions) {
                steps.extend(for_seat(sight, node, place));
                let common = for_anybody(sight, node);
                let is_route = matches!(common, Some(Step::Route { .. }));
                if is_route {
                    routable.push((node.node, node.attempt));
                }
                if !is_route || self.state.precedence.comes(place, sight, node) {
                    steps.extend(common);
                }
            }
            // Whoever failed is the last to say so: every keeper of the mission does, and who waits behind a silent seat.
            let waits = node.runner_up.as_ref();
            let is_behind = waits.is_some_and(|agent| self.served.agents.contains(agent));
            if works_here || is_behind {
                let passes_on = substitution(sight, node);
                let passes_on = passes_on.filter(|step| !self.is_given_up(step, node.since));
                steps.extend(passes_on.or_else(|| exit(sight, node)));
            }
            due.extend(steps.into_iter().map(|step| (step, node.since)));
        }
        self.state.precedence.keep(sight.mission, &routable);
        if works_here && sight.state == MissionState::Verification {
            let mission = sight.mission;
            due.push((Step::Filter { mission }, 0));
        }
        if works_here && is_overdue(sight) {
            let mission = sight.mission;
            due.push((Step::End { mission }, sight.since));
        }
        if sight.state.is_terminal() {
            let last = self.settlement(sight);
            if last.iter().all(|step| self.is_past(step)) {
                self.forget(sight.mission);
                return actions;
            }
            due.extend(last.into_iter().map(|step| (step, 0)));
        }
        let wanted = self.not_under_way(due);
        actions.extend(act::batched(wanted, BATCH_MAX));
        actions
    }

    /// What the chain tells of the missions that there are.
    fn hear(&mut self, told: &chain::Event) -> Vec<Action> {
        let Some(mission) = self.state.found.take(&self.contracts, told) else {
            return Vec::new();
        };
        let text = format!(
            "mission {mission} is not looked at: more than {OPEN_MAX} are open in this city, which is more than one keeper knows"
        );
        vec![self.tell(mission, text)]
    }

    /// The one seat of a node that this keeper works for: the first of those that it serves.
    fn own_seat(
        &mut self,
        sight: &Sight,
        node: &NodeSight,
        actions: &mut Vec<Action>,
    ) -> Option<Place> {
        let served = |(_, seat): &(Place, &SeatSight)| self.served.agents.contains(&seat.agent);
        let mut own = node.places().filter(served).map(|(place, _)| place);
        let first = own.next()?;
        let second = own.next();
        let name = (sight.mission, node.node, node.attempt);
        if let Some(second) = second
            && self.state.told.insert(name)
        {
            let text = format!(
                "node {} of mission {} has two seats of agents of this keeper ({} and {}): their values must not be in one hand, so it works for the first; let another keeper serve the second",
                node.node,
                sight.mission,
                first.get(),
                second.get()
            );
            actions.push(self.tell(sight.mission, text));
        }
        Some(first)
    }

    /// Work that was asked for and leads nowhere any more: its node is frozen, failed or at another attempt. And what runs while all work is
    /// stopped; a value that the chain has a seal of does not run, and could never be opened if it were ended.
    fn pointless(&self, sight: &Sight, node: &NodeSight) -> Vec<Step> {
        let ended = matches!(node.state, NodeState::Frozen | NodeState::Failed)
            || sight.state == MissionState::Aborted;
        let runs = matches!(
            node.state,
            NodeState::Executing | NodeState::PendingVerification
        );
        let halted = |job: &JobId| {
            let seat = node.seats.get(usize::from(job.seat.get()));
            sight.halt == Halted::AllWork && runs && seat.is_none_or(|seat| !seat.committed)
        };
        let here = |job: &&JobId| (job.mission, job.node) == (sight.mission, node.node);
        let working = self.state.working.iter().filter(here);
        working
            .filter(|job| ended || job.attempt != node.attempt || halted(job))
            .map(|job| Step::Stop(*job))
            .collect()
    }

    /// Stakes of the agents that it serves, and the escrow, of a mission that ended.
    fn settlement(&self, sight: &Sight) -> Vec<Step> {
        let mission = sight.mission;
        let mut own = self.own_agents(sight);
        let staked = sight.staked.iter().copied();
        own.extend(staked.filter(|agent| self.served.agents.contains(agent)));
        if own.is_empty() {
            return Vec::new();
        }
        let released = own
            .into_iter()
            .map(|agent| Step::Release { mission, agent });
        released.chain([Step::CloseEscrow { mission }]).collect()
    }

    /// The agents that it serves which are seated in what it is shown.
    fn own_agents(&self, sight: &Sight) -> BTreeSet<Address> {
        let seated = sight.nodes.iter().flat_map(|node| &node.seats);
        let agents = seated.map(|seat| seat.agent);
        agents
            .filter(|agent| self.served.agents.contains(agent))
            .collect()
    }

    /// Whether a step was refused so often, in this state of its node, that another is wanted.
    fn is_given_up(&self, step: &Step, since: u64) -> bool {
        let known = self.state.known.get(step);
        known.is_some_and(|known| known.round.since == since && known.round.refused >= TRIES_MAX)
    }

    /// Whether nothing is to be expected of a step any more.
    fn is_past(&self, step: &Step) -> bool {
        let known = self.state.known.get(step);
        known.is_some_and(|known| known.done || known.round.refused >= TRIES_MAX)
    }

    /// Those of the steps that are not under way, were not given up, and did not end where the chain does not tell.
    fn not_under_way(&mut self, due: Vec<(Step, u64)>) -> Vec<(Step, Round)> {
        let mut wanted = Vec::new();
        for (step, since) in due {
            if self.state.open.contains(&step) {
                continue;
            }
            let fresh = Known {
                round: Round {
                    since,
                    ..Round::default()
                },
                done: false,
            };
            let known = self.state.known.get(&step).copied().unwrap_or(fresh);
            let known = if known.round.since == since {
                known
            } else {
                fresh
            };
            if known.done || known.round.refused >= TRIES_MAX {
                continue;
            }
            self.state.open.insert(step);
            if let Step::Invoke(job) = step {
                self.state.working.insert(job);
            }
            wanted.push((step, known.round));
        }
        wanted
    }

    fn ended(&mut self, action: &Action, outcome: &action::Outcome) -> Vec<Action> {
        let Action::Do { steps } = action else {
            return Vec::new();
        };
        let mut told = Vec::new();
        for (step, round) in steps {
            // What its mission's end forgot is not remembered again.
            if !self.state.open.remove(step) {
                continue;
            }
            match outcome {
                action::Outcome::Refused { cause } => {
                    let refused = round.refused.saturating_add(1);
                    let round = Round { refused, ..*round };
                    let done = false;
                    self.state.known.insert(*step, Known { round, done });
                    if refused == TRIES_MAX {
                        let text = format!(
                            "{} was refused {TRIES_MAX} times and is given up: {cause}",
                            step.name()
                        );
                        told.push(self.tell(step.mission(), text));
                    }
                }
                action::Outcome::Told
                | action::Outcome::Reported { .. }
                | action::Outcome::Done { .. }
                | action::Outcome::Satisfied => self.succeeded(*step, *round),
            }
        }
        told
    }

    /// What the next sight tells needs not be remembered.
    fn succeeded(&mut self, step: Step, round: Round) {
        self.state.known.remove(&step);
        match step {
            // An executor that stopped what it was asked for may be asked anew, in the same state of its node.
            Step::Stop(_) | Step::Invoke(_) => {
                if let Step::Stop(job) = step {
                    self.state.working.remove(&job);
                }
                let again = round.again.saturating_add(1);
                let round = Round {
                    refused: 0,
                    again,
                    ..round
                };
                let done = again >= AGAIN_MAX;
                self.state.known.insert(step, Known { round, done });
            }
            Step::Release { .. } | Step::CloseEscrow { .. } => {
                let done = true;
                self.state.known.insert(step, Known { round, done });
            }
            Step::Accept(_)
            | Step::Route { .. }
            | Step::Result(..)
            | Step::Open(_)
            | Step::Close { .. }
            | Step::Expire { .. }
            | Step::Substitute { .. }
            | Step::Reopen { .. }
            | Step::Filter { .. }
            | Step::End { .. } => {}
        }
    }

    /// Forgets a mission of which nothing is due any more, but for its name.
    fn forget(&mut self, mission: B256) {
        let state = &mut self.state;
        state.open.retain(|step| step.mission() != mission);
        state.known.retain(|step, _| step.mission() != mission);
        state.working.retain(|job| job.mission != mission);
        state.told.retain(|(told, ..)| *told != mission);
        state.precedence.keep(mission, &[]);
        if !state.found.finish(mission) {
            state.over.insert(mission);
        }
    }

    fn tell(&mut self, mission: B256, text: String) -> Action {
        let number = self.state.number;
        self.state.number = number.saturating_add(1);
        Action::Tell {
            mission,
            text,
            number,
        }
    }
}

/// What is due of the keeper's own seat.
fn for_seat(sight: &Sight, node: &NodeSight, place: Place) -> Option<Step> {
    let seat = node.seats.get(usize::from(place.get()))?;
    let job = node.job(sight.mission, place);
    match node.state {
        NodeState::Eligible if may_begin(sight) && !seat.taken => Some(Step::Accept(job)),
        NodeState::Executing | NodeState::PendingVerification if may_go_on(sight) && seat.taken => {
            work(node, seat, job)
        }
        // The output was sealed until now.
        NodeState::Completed if node.tier == REVIEWED && seat.job == JobSight::Committed => {
            Some(Step::Open(job))
        }
        NodeState::Eligible
        | NodeState::Executing
        | NodeState::PendingVerification
        | NodeState::Waiting
        | NodeState::PendingReview
        | NodeState::Completed
        | NodeState::Failed
        | NodeState::Frozen
        | NodeState::PendingFinalization => None,
    }
}

/// What anyone may do at a node, and whoever serves a seat of it does.
fn for_anybody(sight: &Sight, node: &NodeSight) -> Option<Step> {
    let (mission, attempt) = (sight.mission, node.attempt);
    let node_number = node.node;
    match (node.state, node.phase) {
        (NodeState::Eligible, _) if may_begin(sight) && is_seated(sight, node) => {
            Some(Step::Route {
                mission,
                node: node_number,
                attempt,
            })
        }
        (state, phase) if may_go_on(sight) && may_close(node, state, phase) => Some(Step::Close {
            mission,
            node: node_number,
            attempt,
        }),
        _ => None,
    }
}

/// When asking whether a verification may be closed is worth while (`verification::window::close`). Whether sets agree shows by their
/// elements alone: who brings these need not wait for disputes of which there can be none. What people decided on sets, or did not
/// decide in time, is carried out by whoever closes.
const fn may_close(node: &NodeSight, state: NodeState, phase: Option<Phase>) -> bool {
    match (state, phase) {
        (NodeState::PendingVerification, Some(Phase::Short | Phase::Over)) => true,
        (NodeState::PendingVerification, Some(Phase::Disputes)) => node.is_of_sets,
        (NodeState::PendingReview, _) => node.tier == CONSENSUS,
        _ => false,
    }
}

/// The first silent seat of a node that cannot begin without it, once it may pass to the runner-up (`mission::seat::substitute`).
fn substitution(sight: &Sight, node: &NodeSight) -> Option<Step> {
    let waits = node.state == NodeState::Eligible && may_begin(sight) && !is_seated(sight, node);
    if !waits || node.runner_up.is_none() || sight.at.time.get() <= node.seats_close {
        return None;
    }
    let (seat, _) = node.places().find(|(_, seat)| !seat.taken)?;
    Some(Step::Substitute {
        mission: sight.mission,
        node: node.node,
        attempt: node.attempt,
        seat,
    })
}

/// Whether a mission lives on though its deadline passed: nothing of it can be won any more, and stakes and escrow are bound. At the
/// gate nothing is ended: its output may leave late.
fn is_overdue(sight: &Sight) -> bool {
    let lives = matches!(
        sight.state,
        MissionState::Active | MissionState::Executing | MissionState::Failed
    );
    lives && sight.deadline != 0 && sight.at.time.get() > sight.deadline
}

/// What anyone may do at a node that does not go on by itself: its time is over, or it failed and wants new seats.
fn exit(sight: &Sight, node: &NodeSight) -> Option<Step> {
    let (mission, attempt) = (sight.mission, node.attempt);
    let number = node.node;
    let lives = matches!(
        sight.state,
        MissionState::Active | MissionState::Executing | MissionState::Failed
    );
    let is_over = node.ends != 0 && sight.at.time.get() > node.ends;
    match node.state {
        NodeState::Failed if lives && sight.halt != Halted::AllWork => Some(Step::Reopen {
            mission,
            node: number,
            attempt,
        }),
        NodeState::Eligible
        | NodeState::Executing
        | NodeState::PendingReview
        | NodeState::Frozen
            if lives && is_over =>
        {
            Some(Step::Expire {
                mission,
                node: number,
                attempt,
            })
        }
        // A verification is closed, by whoever serves a seat of it.
        NodeState::PendingVerification
        | NodeState::Failed
        | NodeState::Eligible
        | NodeState::Executing
        | NodeState::PendingReview
        | NodeState::Frozen
        | NodeState::Waiting
        | NodeState::Completed
        | NodeState::PendingFinalization => None,
    }
}

/// Whether a mission's nodes may be begun.
fn may_begin(sight: &Sight) -> bool {
    may_go_on(sight) && sight.halt == Halted::Not
}

/// Whether what runs in a mission goes on.
fn may_go_on(sight: &Sight) -> bool {
    let works = matches!(sight.state, MissionState::Active | MissionState::Executing);
    works && sight.halt != Halted::AllWork
}

/// As the domain begins a node (`mission::seat::begin`): with every seat, or after the window with as many as must agree. The chain
/// decides; this only says when asking is worth while.
fn is_seated(sight: &Sight, node: &NodeSight) -> bool {
    let taken = node.seats.iter().filter(|seat| seat.taken).count();
    let needed = if sight.at.time.get() <= node.seats_close {
        node.seats.len()
    } else {
        usize::from(node.threshold)
    };
    taken >= needed.max(1)
}

/// The next step of a seat whose node runs.
const fn work(node: &NodeSight, seat: &SeatSight, job: JobId) -> Option<Step> {
    match (seat.job, node.tier, node.phase) {
        (JobSight::Missing | JobSight::Stopped, ..) if !seat.committed && node.has_inputs => {
            Some(Step::Invoke(job))
        }
        (JobSight::Delivered, PROVED, _) => Some(Step::Result(job, Kind::Proof)),
        (JobSight::Committed, REVIEWED, _) => Some(Step::Result(job, Kind::Review)),
        (JobSight::Committed, CONSENSUS, Some(Phase::Commits)) if !seat.committed => {
            Some(Step::Result(job, Kind::Commit))
        }
        (JobSight::Committed | JobSight::Delivered, CONSENSUS, Some(Phase::Reveals))
            if seat.committed && !seat.opened =>
        {
            Some(Step::Result(job, Kind::Reveal))
        }
        _ => None,
    }
}

impl Machine for Router {
    fn step(&mut self, event: &event::Event) -> Vec<action::Action> {
        let actions = match event {
            event::Event::Router(sight) => self.see(sight),
            event::Event::Chain(told) => self.hear(told),
            event::Event::Ended {
                action: action::Action::Router(action),
                outcome,
            } => self.ended(action, outcome),
            // Another part's.
            _ => Vec::new(),
        };
        actions.into_iter().map(action::Action::Router).collect()
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.state).expect("steps are JSON")
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
}

/// Maps whose keys are no texts, as lists of pairs.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let pairs = Vec::<(K, V)>::deserialize(deserializer)?;
        Ok(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
