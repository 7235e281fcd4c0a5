//! The commands. Each picks a mission and a node that suit it, mostly; what does not suit is refused, and is part of the run.

use agentcity_abi::ICollaboration::{self as work, MissionState as M, NodeState as N};
use agentcity_missions::{Addressed, Mission};
use alloy_primitives::{Address, B256};

use super::Run;

/// Missions at one time.
pub(super) const ALIVE: usize = 7;
/// How often a command picks at random instead of what suits.
pub(super) const CARELESS_PCT: u64 = 8;
/// A day, in seconds.
pub(super) const DAY: u64 = 86_400;

pub(super) type Outcome = Result<(), Vec<u8>>;

/// A kind of command, and how often it is chosen.
type Row = (&'static str, u64, fn(&mut Run) -> Option<Outcome>);

const ROWS: &[Row] = &[
    ("legislate", 40, Run::legislate),
    ("fund", 20, Run::fund),
    ("deploy", 60, Run::deploy),
    ("deploy seats", 60, Run::deploy_seats),
    ("finalise", 60, Run::finalise),
    ("accept", 260, Run::accept),
    ("substitute", 12, Run::substitute),
    ("route", 160, Run::route),
    ("announce", 12, Run::announce),
    ("submit", 120, Run::submit),
    ("commit", 200, Run::commit),
    ("reveal", 200, Run::reveal),
    ("close", 40, Run::close),
    ("dispute", 20, Run::dispute),
    ("decide", 60, Run::decide),
    ("disqualify", 10, Run::disqualify),
    ("report", 30, Run::report),
    ("freeze", 12, Run::freeze),
    ("unfreeze", 14, Run::unfreeze),
    ("confirm", 8, Run::confirm),
    ("false positive", 8, Run::false_positive),
    ("stop", 6, Run::stop),
    ("clear stop", 16, Run::clear_stop),
    ("reconcile", 30, Run::reconcile),
    ("diverge", 8, Run::diverge),
    ("lift pause", 16, Run::lift_pause),
    ("degrade", 6, Run::degrade),
    ("exit degraded", 14, Run::exit_degraded),
    ("filter", 60, Run::filter),
    ("clear predicate", 20, Run::clear_predicate),
    ("veto", 4, Run::veto),
    ("release", 10, Run::release),
    ("expire node", 50, Run::expire_node),
    ("expire mission", 50, Run::expire_mission),
    ("abort", 3, Run::abort),
    ("abort for fault", 3, Run::abort_for_fault),
    ("reassign", 24, Run::reassign),
    ("open child", 20, Run::open_child),
    ("close child", 30, Run::close_child),
    ("release agent", 90, Run::release_agent),
    ("close escrow", 40, Run::close_escrow),
    ("release bond", 10, Run::release_bond),
    ("withdraw", 40, Run::withdraw),
    ("deposit", 20, Run::deposit),
    ("create pool", 6, Run::create_pool),
    ("join pool", 24, Run::join_pool),
    ("leave pool", 16, Run::leave_pool),
    ("bind pool", 12, Run::bind_pool),
    ("contribute", 10, Run::contribute),
    ("skim", 6, Run::skim),
    ("insure", 6, Run::insure),
    ("disburse", 6, Run::disburse),
    ("wait", 60, Run::wait),
];

impl Run {
    /// One command.
    pub(super) fn step(&mut self) {
        if self.lives.is_empty() {
            self.install_predicates();
        }
        let sum: u64 = ROWS.iter().map(|(_, weight, _)| weight).sum();
        let mut ticket = self.rng.between(0, sum - 1);
        for (name, weight, command) in ROWS {
            if ticket < *weight {
                if let Some(outcome) = command(self) {
                    self.note(name, outcome);
                }
                return;
            }
            ticket -= weight;
        }
    }

    pub(super) fn tell<C: Addressed>(&self, from: Address, call: C) -> Outcome {
        self.city.try_to(from, call).map(|_| ())
    }

    pub(super) fn state(&self, live: usize) -> M {
        self.lives[live].mission.state(&self.city)
    }

    /// A mission in one of these states, mostly.
    pub(super) fn mission_in(&mut self, states: &[M]) -> Option<usize> {
        let open: Vec<usize> = (0..self.lives.len())
            .filter(|index| !self.lives[*index].is_closed)
            .collect();
        if self.rng.chance(CARELESS_PCT) {
            return self.rng.of(&open);
        }
        let suits: Vec<usize> = open
            .into_iter()
            .filter(|index| states.contains(&self.state(*index)))
            .collect();
        self.rng.of(&suits)
    }

    /// A node in one of these states in a mission at work, mostly.
    pub(super) fn node_in(&mut self, states: &[N]) -> Option<(usize, u16)> {
        self.node_where(&[M::Active, M::Executing], states)
    }

    pub(super) fn node_where(&mut self, missions: &[M], states: &[N]) -> Option<(usize, u16)> {
        let careless = self.rng.chance(CARELESS_PCT);
        let mut suits = Vec::new();
        for (index, live) in self.lives.iter().enumerate() {
            if live.is_closed || !missions.contains(&live.mission.state(&self.city)) {
                continue;
            }
            for node in 0..live.mission.statute.nodes.len() as u16 {
                if careless || states.contains(&live.mission.node(&self.city, node).state) {
                    suits.push((index, node));
                }
            }
        }
        self.rng.of(&suits)
    }

    /// Who sits at a node now.
    pub(super) fn seated(&self, (live, node): (usize, u16)) -> Vec<Address> {
        let call = work::assignmentCall {
            missionId: self.lives[live].mission.id,
            index: node,
        };
        let agents = self.city.ask(call).agents;
        agents
            .into_iter()
            .filter(|agent| !agent.is_zero())
            .collect()
    }

    pub(super) fn one_seated(&mut self, at: (usize, u16)) -> Option<Address> {
        if self.rng.chance(CARELESS_PCT) {
            return Some(self.agents(1)[0]);
        }
        let agents = self.seated(at);
        self.rng.of(&agents)
    }

    pub(super) fn id(&self, live: usize) -> B256 {
        self.lives[live].mission.id
    }

    /// Writes a mission into the books.
    pub(super) fn book(&mut self, mission: &Mission) {
        self.books.missions.insert(mission.id);
        for seat in mission.statute.nodes.iter().flat_map(|node| &node.seats) {
            self.books.stakes.insert((mission.id, seat.agent));
            self.books
                .reserves
                .insert((mission.session, seat.source, seat.agent));
        }
    }
}
