//! The city as its logs tell it: a fold that asks nobody, so it is the same after every restart.
//!
//! | module | concept |
//! |---|---|
//! | [`mission`] | one mission: phases, nodes, seats, money |
//! | `work` | what collaboration, verification and guardian tell |
//! | `money` | what the treasury tells |
//! | [`sums`] | what adds up over the city's life |
//! | [`window`] | blocks that may be taken back |

pub mod mission;
mod money;
pub mod sums;
pub mod window;
mod work;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agentcity_abi::{
    IAgent::IAgentEvents, ICollaboration::Reason, IConstitution::IConstitutionEvents,
    IRoster::IRosterEvents,
};
use agentcity_domain::{guardian::freeze::Cause, machine::MissionState};
use alloy::primitives::{Address, B256};

use self::{
    mission::{Mission, NODES_MAX, Stop},
    sums::{Ending, Epoch, Flows, Freezes, Samples, Tier},
};
use crate::{
    event::Head,
    source::log::{City, Log, Told},
};

/// Missions that are kept; the oldest that ended are let go first.
pub const MISSIONS_MAX: usize = 8_192;
/// Nodes of all missions together that are kept: forty statutes of the greatest size.
pub const NODES_KEPT_MAX: usize = 200_000;
/// Anchors that are kept.
const ANCHORS_MAX: usize = 64;
/// Agents whose reputation is kept.
const AGENTS_MAX: usize = 65_536;
/// Endings of nodes whose tier is not known yet.
const UNTIERED_MAX: usize = 4_096;

/// Which attempt of which node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// Its mission.
    pub mission: B256,
    /// The node.
    pub node: u16,
    /// The attempt.
    pub attempt: u8,
}

/// A freeze that nobody decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Which attempt.
    pub at: At,
    /// Whose.
    pub agent: Address,
    /// Why.
    pub cause: Cause,
    /// Since when.
    pub since: u64,
    /// When it ends by itself.
    pub expires_at: u64,
    /// The transaction.
    pub transaction: B256,
}

/// What people are to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Review {
    /// What.
    pub what: Reviewed,
    /// Since when.
    pub since: u64,
    /// Until when, if a log told.
    pub deadline: Option<u64>,
    /// Whether the pool of others may decide as well.
    pub backup: bool,
    /// What it is judged by.
    pub rubric: Option<B256>,
    /// The transaction.
    pub transaction: B256,
}

/// What a review is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reviewed {
    /// A result.
    Result,
    /// A consensus that somebody disputes.
    Dispute,
    /// A predicate of the gate.
    Predicate,
}

/// Of what in a mission: an attempt of a node, or a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A node, in an attempt.
    Node(u16, u8),
    /// A predicate.
    Predicate(u8),
}

/// Highest counters of an execution, over its monitors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Thousandths of a standard deviation.
    pub deviation: u32,
    /// Tool invocations.
    pub tools: u32,
    /// Messages.
    pub messages: u32,
    /// The last report.
    pub transaction: B256,
    /// When that was.
    pub at: u64,
}

/// A root of somebody's log on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Whose.
    pub author: Address,
    /// Which.
    pub sequence: u64,
    /// Of how many entries.
    pub size: u64,
    /// Which root.
    pub root: B256,
    /// In which block.
    pub block: u64,
    /// In which transaction.
    pub transaction: B256,
    /// When.
    pub time: u64,
}

/// An agent's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Thousandths of points.
    pub reputation: u32,
    /// Since when.
    pub at: u64,
}

/// Decisions on reviews.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// Approved.
    pub approved: u64,
    /// Rejected.
    pub rejected: u64,
    /// From request to decision.
    pub secs: Samples,
}

/// Disputes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disputes {
    /// Opened.
    pub opened: u64,
    /// Closed.
    pub closed: u64,
    /// Bonds that went back.
    pub returned: u64,
}

/// The city.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// The newest block that was taken.
    pub top: Option<Head>,
    /// The epoch in force.
    pub epoch: u64,
    /// Missions.
    pub missions: BTreeMap<B256, Mission>,
    /// Their ids, oldest first.
    pub order: VecDeque<B256>,
    /// How many there ever were.
    pub missions_total: u64,
    /// Open freezes by mission and number.
    pub freezes: BTreeMap<(B256, u64), Freeze>,
    /// All freezes.
    pub frozen: Freezes,
    /// What waits for people.
    pub reviews: BTreeMap<(B256, Subject), Review>,
    /// What they decided.
    pub decided: Decided,
    /// Disputes.
    pub disputes: Disputes,
    /// Seats that passed to runners-up.
    pub substitutions: u64,
    /// Counters of open executions.
    pub counters: BTreeMap<(At, Address), Counters>,
    /// Agents that are registered.
    pub agents: BTreeMap<Address, Standing>,
    /// A stop of the whole city.
    pub stop: Option<Stop>,
    /// How results ended, by tier, from the first on.
    pub tiers: [Tier; 3],
    /// Endings whose tier is not known yet.
    pub untiered: VecDeque<(B256, u16, Ending)>,
    /// The treasury's flows.
    pub flows: Flows,
    /// Epochs.
    pub epochs: BTreeMap<u64, Epoch>,
    /// How long phases lasted, by the number of the state that was left.
    pub phase_secs: [Samples; 9],
    /// From routed to completed, of all nodes.
    pub node_secs: Samples,
    /// The newest anchors, oldest first.
    pub anchors: VecDeque<Anchor>,
    /// Logs that no interface explains.
    pub undecodable: u64,
    /// Nodes whose states the chain must be asked for: those that a log named since it was asked last.
    pub touched: BTreeMap<B256, BTreeSet<u16>>,
    nodes_kept: usize,
}

/// A log with what is said in it.
struct Said<'a> {
    log: &'a Log,
}

impl Said<'_> {
    const fn at(&self) -> u64 {
        self.log.at.time.get()
    }
}

impl Picture {
    /// Takes a log in the order of the chain. The mission that it names, if it names one.
    pub fn take(&mut self, city: &City, log: &Log) -> Option<B256> {
        self.top = Some(log.at);
        let told = match city.decode(log)? {
            Ok(told) => told,
            Err(unknown) => {
                tracing::debug!("the dashboard passes over a log: {unknown}");
                self.undecodable = self.undecodable.saturating_add(1);
                return None;
            }
        };
        let said = &Said { log };
        let mission = match told {
            Told::Collaboration(event) => self.collaboration(said, *event),
            Told::Verification(event) => self.verification(said, *event),
            Told::Guardian(event) => self.guardian(said, *event),
            Told::Treasury(event) => self.treasury(said, *event),
            Told::Agent(event) => {
                self.agent(said, *event);
                None
            }
            Told::Constitution(event) => {
                if let IConstitutionEvents::EpochOpened(event) = *event {
                    self.epoch = self.epoch.max(event.epoch);
                }
                None
            }
            Told::Roster(event) => {
                if let IRosterEvents::Anchored(event) = *event {
                    if self.anchors.len() == ANCHORS_MAX {
                        self.anchors.pop_front();
                    }
                    self.anchors.push_back(Anchor {
                        author: event.author,
                        sequence: event.sequence,
                        size: event.size,
                        root: event.root,
                        block: log.at.number,
                        transaction: log.transaction,
                        time: said.at(),
                    });
                }
                None
            }
            Told::Statute(_)
            | Told::Assembly(_)
            | Told::Legislature(_)
            | Told::Enactment(_)
            | Told::Management(_)
            | Told::Service(_)
            | Told::Adjudication(_) => None,
        };
        let mission = mission.filter(|id| !id.is_zero())?;
        self.touched.entry(mission).or_default();
        Some(mission)
    }

    fn agent(&mut self, said: &Said<'_>, event: IAgentEvents) {
        let (agent, reputation) = match event {
            IAgentEvents::AgentRegistered(event) => (event.agent, event.reputation),
            IAgentEvents::ReputationUpdated(event) => (event.agent, event.reputation),
            IAgentEvents::ReputationAdjusted(event) => (event.agent, event.reputation),
            IAgentEvents::AgentLeft(event) => {
                self.agents.remove(&event.agent);
                return;
            }
            _ => return,
        };
        if self.agents.len() < AGENTS_MAX || self.agents.contains_key(&agent) {
            let at = said.at();
            self.agents.insert(agent, Standing { reputation, at });
        }
    }

    /// A mission begins.
    fn begins(&mut self, mission: Mission) {
        if self.missions.contains_key(&mission.id) {
            return;
        }
        self.nodes_kept = self.nodes_kept.saturating_add(mission.work.len());
        self.missions_total = self.missions_total.saturating_add(1);
        self.order.push_back(mission.id);
        self.missions.insert(mission.id, mission);
        self.trim();
    }

    /// Lets go what ended long ago, while more is kept than may be.
    fn trim(&mut self) {
        if self.nodes_kept > NODES_KEPT_MAX {
            for id in &self.order {
                let Some(mission) = self.missions.get_mut(id).filter(|one| !one.is_open()) else {
                    continue;
                };
                self.nodes_kept = self.nodes_kept.saturating_sub(mission.work.len());
                mission.forget();
                if self.nodes_kept <= NODES_KEPT_MAX {
                    break;
                }
            }
        }
        if self.missions.len() > MISSIONS_MAX {
            let ended = |id: &B256| self.missions.get(id).is_none_or(|one| !one.is_open());
            if let Some(place) = self.order.iter().position(ended)
                && let Some(id) = self.order.remove(place)
                && let Some(gone) = self.missions.remove(&id)
            {
                self.nodes_kept = self.nodes_kept.saturating_sub(gone.work.len());
            }
        }
    }

    /// The sums of a mission's epoch; nothing while that is not known.
    fn epoch_of(&mut self, mission: B256) -> Option<&mut Epoch> {
        let number = self.missions.get(&mission)?.epoch?;
        if self.epochs.len() >= sums::EPOCHS_MAX && !self.epochs.contains_key(&number) {
            self.epochs.pop_first();
        }
        Some(self.epochs.entry(number).or_default())
    }

    /// Counts how an attempt ended, once its tier is known.
    fn ends(&mut self, mission: B256, node: u16, tier: Option<u8>, ending: Ending) {
        match tier {
            // An imported node is of no tier.
            Some(tier) => {
                if let Some(tier) = self.tier(tier) {
                    tier.count(ending);
                }
            }
            None => {
                if self.untiered.len() == UNTIERED_MAX {
                    self.untiered.pop_front();
                }
                self.untiered.push_back((mission, node, ending));
            }
        }
    }

    fn tier(&mut self, tier: u8) -> Option<&mut Tier> {
        self.tiers.get_mut(usize::from(tier).checked_sub(1)?)
    }

    /// Counts endings whose tier is known by now.
    pub fn tiered(&mut self, tier_of: impl Fn(&B256, u16) -> Option<u8>) {
        for (mission, node, ending) in std::mem::take(&mut self.untiered) {
            self.ends(mission, node, tier_of(&mission, node), ending);
        }
    }

    /// Open missions, newest first.
    pub fn open(&self) -> impl Iterator<Item = &Mission> {
        let newest = self.order.iter().rev();
        newest
            .filter_map(|id| self.missions.get(id))
            .filter(|mission| mission.is_open())
    }

    /// Nothing of a mission that ended waits for anybody.
    fn over(&mut self, mission: B256) {
        self.reviews.retain(|(of, _), _| *of != mission);
        self.freezes.retain(|(of, _), _| *of != mission);
        self.counters.retain(|(at, _), _| at.mission != mission);
    }

    /// The states of these nodes, as the chain has them at the picture's newest block: how many were other than the logs had told.
    pub fn correct(&mut self, mission: B256, first: u16, states: &[u8], at: u64) -> usize {
        let Some(found) = self.missions.get_mut(&mission) else {
            return 0;
        };
        let nodes = first..found.nodes.min(NODES_MAX);
        let mut corrected = 0;
        for (node, number) in nodes.zip(states) {
            let state = agentcity_domain::machine::NodeState::from_u8(*number);
            if state.is_some_and(|state| found.corrects(node, state, at)) {
                corrected += 1;
            }
        }
        corrected
    }

    /// A phase of a mission begins.
    fn phase(&mut self, mission: B256, to: MissionState, reason: Reason, at: u64) {
        let Some(found) = self.missions.get_mut(&mission) else {
            return;
        };
        let from = found.state;
        let lasted = found.enters(to, reason, at);
        if let Some(samples) = self.phase_secs.get_mut(usize::from(from.number())) {
            samples.push(lasted);
        }
        if let Some(epoch) = self.epoch_of(mission) {
            match to {
                MissionState::Completed => epoch.completed += 1,
                MissionState::Aborted => epoch.aborted += 1,
                MissionState::Failed => epoch.failed += 1,
                _ => {}
            }
            if from == MissionState::Failed {
                epoch.failed = epoch.failed.saturating_sub(1);
            }
        }
        if from == MissionState::Verification {
            let is_predicate = |subject: &Subject| matches!(subject, Subject::Predicate(_));
            self.reviews
                .retain(|(of, subject), _| *of != mission || !is_predicate(subject));
        }
        if to.is_terminal() {
            self.over(mission);
        }
    }
}
