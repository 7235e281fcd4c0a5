//! Principals, agents and money as lists that are searched.

use std::collections::BTreeMap;

use agentcity_domain::agent::registration::DEPTH_MAX;
use agentcity_world::Key;
use alloy_primitives::{Address, keccak256};

use super::{AGENTS, PRINCIPALS};
use crate::city::*;

#[derive(Clone, Default)]
pub(super) struct Person {
    pub(super) enrolled: bool,
    pub(super) enrolled_at: u64,
    pub(super) leaves_at: Option<u64>,
    pub(super) frozen_until: u64,
    pub(super) appeal_until: Option<u64>,
    pub(super) stake: u128,
    pub(super) nonce: u16,
    pub(super) worst: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Life {
    #[default]
    Unknown,
    Active,
    Leaving,
    Gone,
}

#[derive(Clone, Default)]
pub(super) struct Worker {
    pub(super) life: Life,
    pub(super) kind: u8,
    pub(super) principal: usize,
    pub(super) parent: Option<usize>,
    pub(super) places: u32,
    pub(super) reputation: u32,
    pub(super) stake: u128,
    pub(super) missions: u32,
    pub(super) obligations: u16,
    pub(super) registrations: u16,
    pub(super) changes: u16,
    pub(super) releases: u16,
    /// To whom, until when.
    pub(super) released: Option<(usize, u64)>,
    /// Who, until when.
    pub(super) previous: Option<(usize, u64)>,
    pub(super) leaves_at: u64,
    pub(super) window: Window,
}

/// Who raised whom, exactly: since which day, for how many, and how often.
#[derive(Clone, Default)]
pub(super) struct Window {
    pub(super) begun: u64,
    pub(super) days: u64,
    pub(super) counts: BTreeMap<u8, u8>,
}

#[derive(Default)]
pub(super) struct Model {
    pub(super) people: Vec<Person>,
    pub(super) workers: Vec<Worker>,
    pub(super) credits: BTreeMap<Address, u128>,
    pub(super) treasury: u128,
    pub(super) insurance: u128,
}

pub(super) fn person(number: usize) -> Key {
    Key::of(["ann", "bob", "cara", "dora", "emil", "fred"][number])
}

pub(super) fn worker(number: usize) -> Key {
    Key::of(&format!("worker {number}"))
}

pub(super) fn sponsor(number: u8) -> Address {
    Address::from_word(keccak256([number]))
}

impl Model {
    pub(super) fn new() -> Self {
        let unknown = Person {
            worst: 500_000,
            ..Person::default()
        };
        Self {
            people: vec![unknown; PRINCIPALS],
            workers: vec![Worker::default(); AGENTS],
            ..Self::default()
        }
    }

    pub(super) fn banned(&self, who: usize) -> bool {
        self.people[who].appeal_until.is_some()
    }

    pub(super) fn banned_for_good(&self, who: usize, now: u64) -> bool {
        self.people[who]
            .appeal_until
            .is_some_and(|until| now > until)
    }

    pub(super) fn frozen(&self, who: usize, now: u64) -> bool {
        now <= self.people[who].frozen_until
    }

    pub(super) fn registered(&self, agent: usize) -> bool {
        matches!(self.workers[agent].life, Life::Active | Life::Leaving)
    }

    /// Agents registered under somebody.
    pub(super) fn agents_of(&self, who: usize) -> Vec<usize> {
        (0..AGENTS)
            .filter(|agent| self.registered(*agent) && self.workers[*agent].principal == who)
            .collect()
    }

    pub(super) fn is_voter(&self, who: usize) -> bool {
        let agents = self.agents_of(who);
        let produces = agents.iter().any(|agent| self.workers[*agent].kind == 1);
        self.people[who].enrolled && !self.banned(who) && produces
    }

    /// Places below an agent that are taken.
    pub(super) fn taken(&self, agent: usize) -> u32 {
        if !self.registered(agent) {
            return 0;
        }
        let below = (0..AGENTS)
            .filter(|other| self.registered(*other) && self.workers[*other].parent == Some(agent));
        below.map(|other| 1 + self.workers[other].places).sum()
    }

    pub(super) fn depth(&self, agent: usize) -> u8 {
        self.workers[agent]
            .parent
            .map_or(0, |parent| 1 + self.depth(parent))
    }

    pub(super) fn remembered(&self, agent: usize, now: u64) -> Option<usize> {
        self.workers[agent]
            .previous
            .filter(|(_, until)| now <= *until)
            .map(|(who, _)| who)
    }

    pub(super) fn may_go_over(&self, agent: usize, to: usize, now: u64) -> bool {
        self.remembered(agent, now)
            .is_none_or(|previous| previous == to)
    }

    pub(super) fn may_answer(&self, who: usize, kind: u8, now: u64) -> bool {
        let person = &self.people[who];
        !self.banned(who)
            && !self.frozen(who, now)
            && person.leaves_at.is_none()
            && (kind == 2 || person.enrolled)
    }

    pub(super) fn may_register(&self, agent: usize, who: usize, kind: u8, now: u64) -> bool {
        let worker = &self.workers[agent];
        let other = worker.life != Life::Unknown && worker.principal != who;
        !self.registered(agent)
            && self.may_answer(who, kind, now)
            && !(other && (self.banned(worker.principal) || !self.may_go_over(agent, who, now)))
    }

    pub(super) fn may_register_below(
        &self,
        agent: usize,
        parent: usize,
        places: u32,
        now: u64,
    ) -> bool {
        let above = &self.workers[parent];
        above.life == Life::Active
            && self.depth(parent) < DEPTH_MAX
            && places < above.places - self.taken(parent)
            && self.may_register(agent, above.principal, 1, now)
    }

    pub(super) fn may_change(&self, agent: usize, now: u64) -> bool {
        let worker = &self.workers[agent];
        worker.life == Life::Active
            && worker.parent.is_none()
            && !self.banned(worker.principal)
            && !self.frozen(worker.principal, now)
            && worker.obligations == 0
            && self.taken(agent) == 0
    }

    pub(super) fn may_accept(&self, agent: usize, now: u64) -> bool {
        let released = self.workers[agent]
            .released
            .filter(|(_, until)| now <= *until);
        released.is_some_and(|(to, _)| {
            self.may_change(agent, now)
                && self.may_answer(to, self.workers[agent].kind, now)
                && self.may_go_over(agent, to, now)
        })
    }

    pub(super) fn may_complete(&self, agent: usize, now: u64) -> bool {
        let worker = &self.workers[agent];
        worker.life == Life::Leaving
            && !self.banned(worker.principal)
            && worker.obligations == 0
            && self.taken(agent) == 0
            && now > worker.leaves_at
    }

    pub(super) fn enter(
        &mut self,
        agent: usize,
        who: usize,
        parent: Option<usize>,
        (kind, places): (u8, u32),
        now: u64,
    ) {
        let worst = self.people[who].worst;
        let worker = &mut self.workers[agent];
        match worker.life {
            Life::Unknown => worker.reputation = worst,
            _ if worker.principal != who => {
                worker.reputation = worker.reputation.min(worst);
                worker.previous = Some((worker.principal, now + MEMORY));
                worker.changes += 1;
            }
            _ => {}
        }
        worker.life = Life::Active;
        worker.kind = kind;
        worker.principal = who;
        worker.parent = parent;
        worker.places = places;
        worker.registrations += 1;
        (worker.releases, worker.released) = (0, None);
        worker.stake = if kind == 2 { 0 } else { base(STAKE) };
    }

    pub(super) fn remember(&mut self, who: usize, reputation: u32) {
        let worst = &mut self.people[who].worst;
        *worst = reputation.min(*worst);
    }

    /// Ends a registration; the stake it had.
    pub(super) fn end(&mut self, agent: usize) -> u128 {
        let (who, reputation) = (
            self.workers[agent].principal,
            self.workers[agent].reputation,
        );
        self.remember(who, reputation);
        self.workers[agent].life = Life::Gone;
        std::mem::take(&mut self.workers[agent].stake)
    }

    pub(super) fn set_reputation(&mut self, agent: usize, reputation: u32) {
        let before = std::mem::replace(&mut self.workers[agent].reputation, reputation);
        if reputation < before {
            self.remember(self.workers[agent].principal, reputation);
        }
    }

    pub(super) fn forfeit(&mut self, stake: u128) {
        self.insurance += stake / 2;
        self.treasury += stake - stake / 2;
    }

    pub(super) fn booked(&self) -> u128 {
        let people: u128 = self.people.iter().map(|person| person.stake).sum();
        let workers: u128 = self.workers.iter().map(|worker| worker.stake).sum();
        let credits: u128 = self.credits.values().sum();
        people + workers + credits + self.treasury + self.insurance
    }
}
