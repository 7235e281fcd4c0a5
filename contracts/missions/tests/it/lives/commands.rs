//! The commands. Each picks a mission and a node that suit it, mostly; what does not suit is refused, and is part of the run.

use agentcity_abi::ICollaboration::{self as work, MissionState as M, NodeState as N};
use agentcity_missions::{Addressed, Mission, STRANGER};
use alloy_primitives::{Address, B256};

use super::Run;

/// Missions at one time.
pub(super) const ALIVE: usize = 7;
/// How often a command picks at random instead of what suits. A command that finds nothing to suit it is drawn again, so what
/// is done at random is far more than this share.
pub(super) const CARELESS_PCT: u64 = 2;
/// How often somebody is late on purpose: nodes whose time is over are many, and met again and again.
const LATE_PCT: u64 = 1;
/// A day, in seconds.
pub(super) const DAY: u64 = 86_400;

pub(super) type Outcome = Result<(), Vec<u8>>;

/// A kind of command, and how often it is chosen.
type Row = (&'static str, u64, fn(&mut Run) -> Option<Outcome>);

/// The kind that never succeeds.
const REPLAY: &str = "replay";

const ROWS: &[Row] = &[
    ("legislate", 60, Run::legislate),
    ("fund", 3, Run::fund),
    ("deploy", 30, Run::deploy),
    ("deploy seats", 30, Run::deploy_seats),
    ("finalise", 24, Run::finalise),
    ("accept", 300, Run::accept),
    ("substitute", 8, Run::substitute),
    ("route", 240, Run::route),
    ("announce", 30, Run::announce),
    ("submit", 160, Run::submit),
    ("commit", 400, Run::commit),
    ("reveal", 300, Run::reveal),
    ("close", 50, Run::close),
    ("dispute", 1200, Run::dispute),
    ("decide", 100, Run::decide),
    ("disqualify", 25, Run::disqualify),
    ("report", 6, Run::report),
    ("freeze", 3, Run::freeze),
    ("unfreeze", 24, Run::unfreeze),
    ("confirm", 16, Run::confirm),
    ("false positive", 14, Run::false_positive),
    ("stop", 1, Run::stop),
    ("clear stop", 60, Run::clear_stop),
    ("reconcile", 150, Run::reconcile),
    ("diverge", 4, Run::diverge),
    ("lift pause", 4, Run::lift_pause),
    ("degrade", 3, Run::degrade),
    ("exit degraded", 60, Run::exit_degraded),
    ("filter", 180, Run::filter),
    ("clear predicate", 400, Run::clear_predicate),
    ("veto", 90, Run::veto),
    ("release", 170, Run::release),
    ("expire node", 12, Run::expire_node),
    ("expire mission", 6, Run::expire_mission),
    ("abort", 1, Run::abort),
    ("abort for fault", 1, Run::abort_for_fault),
    ("reassign", 10, Run::reassign),
    ("open child", 4, Run::open_child),
    ("close child", 24, Run::close_child),
    ("release agent", 45, Run::release_agent),
    ("close escrow", 8, Run::close_escrow),
    ("release bond", 120, Run::release_bond),
    ("withdraw", 4, Run::withdraw),
    ("deposit", 2, Run::deposit),
    ("create pool", 3, Run::create_pool),
    ("join pool", 9, Run::join_pool),
    ("ask to leave", 6, Run::ask_to_leave),
    ("leave pool", 9, Run::leave_pool),
    ("bind pool", 9, Run::bind_pool),
    ("contribute", 1, Run::contribute),
    ("skim", 1, Run::skim),
    ("insure", 2, Run::insure),
    ("disburse", 1, Run::disburse),
    ("amend", 4, Run::amend),
    ("execute", 40, Run::execute),
    ("withdraw signature", 6, Run::withdraw_signature),
    ("expire action", 30, Run::expire_action),
    (REPLAY, 8, Run::replay),
    ("confirm alert", 3, Run::confirm_alert),
    ("release watchdog", 400, Run::release_watchdog),
    ("accuse", 3, Run::accuse),
    ("vote", 30, Run::vote),
    ("expire case", 9, Run::expire_case),
    ("seat judge", 60, Run::seat_judge),
    ("seat monitor", 60, Run::seat_monitor),
    ("retire monitor", 1, Run::retire_monitor),
    ("release monitor", 3, Run::release_monitor),
    ("compensate", 20, Run::compensate),
    ("skim roster", 10, Run::skim_roster),
    ("wait", 6, Run::wait),
];

/// Every kind of command that may succeed.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    let kinds = ROWS.iter().map(|(kind, ..)| *kind);
    kinds.filter(|kind| *kind != REPLAY)
}

impl Run {
    /// One command.
    pub(super) fn step(&mut self) {
        let sum: u64 = ROWS.iter().map(|(_, weight, _)| weight).sum();
        // What nobody is there for is not a command.
        loop {
            let mut ticket = self.rng.between(0, sum - 1);
            let chosen = ROWS.iter().find(|(_, weight, _)| {
                let found = ticket < *weight;
                ticket = ticket.saturating_sub(*weight);
                found
            });
            let (name, _, command) = chosen.expect("a row for every ticket");
            if let Some(outcome) = command(self) {
                self.note(name, outcome);
                return;
            }
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
            .filter(|index| {
                let seen = self.watch.seen().get(*index);
                seen.is_some_and(|(state, _)| states.contains(state))
            })
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
        for (index, (mission, nodes)) in self.watch.seen().iter().enumerate() {
            if !missions.contains(mission) {
                continue;
            }
            for (node, state) in (0u16..).zip(nodes) {
                if careless || states.contains(state) {
                    suits.push((index, node));
                }
            }
        }
        self.rng.of(&suits)
    }

    /// A node in one of these states whose deadline has not passed, mostly.
    pub(super) fn timely(&mut self, states: &[N]) -> Option<(usize, u16)> {
        let at = self.node_in(states)?;
        let until = self.expires_at(at.0, at.1);
        // A node whose work a child does never expires, and takes no results.
        let late = until < self.city.world.now();
        if late && !self.rng.chance(LATE_PCT) {
            return None;
        }
        Some(at)
    }

    /// When anyone may expire a node, or a mission for a node that there is not.
    pub(super) fn expires_at(&self, live: usize, node: u16) -> u64 {
        let call = work::expiresAtCall {
            missionId: self.id(live),
            index: node,
        };
        self.city.try_to(STRANGER, call).map_or(0, |at| at.to())
    }

    /// Who sits at a node now.
    pub(super) fn seated(&self, (live, node): (usize, u16)) -> Vec<Address> {
        let call = work::assignmentCall {
            missionId: self.lives[live].mission.id,
            index: node,
            agents: true,
            lawIn: 0,
        };
        // Nobody is seated where no page is written yet.
        let found = self.city.try_to(STRANGER, call);
        let agents = found.map_or_else(|_| Vec::new(), |found| found.agents.to_vec());
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
