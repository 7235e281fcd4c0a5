//! What executors, and those who judge their results, do.

use agentcity_abi::{
    ICollaboration::{self as work, NodeState as N},
    IEnactment as enactment, ITreasury as treasury, IVerification as results,
};
use agentcity_domain::{act::Action, peer::Peer};
use agentcity_missions::{STRANGER, member, number, output_of, service_of};
use alloy_primitives::{Address, B256, U256, keccak256};

use super::{
    Run,
    commands::{CARELESS_PCT, Outcome},
    plan::wrong_code,
};

impl Run {
    pub(super) fn accept(&mut self) -> Option<Outcome> {
        let (live, node) = self.timely(&[N::Eligible])?;
        let agent = self.one_seated((live, node))?;
        let attempt = self.lives[live].mission.attempt(&self.city, node);
        let key = (node, attempt, agent);
        if self.lives[live].accepted.contains(&key) && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let outcome = self.lives[live].mission.accept(&self.city, node, agent);
        if outcome.is_ok() {
            self.lives[live].accepted.insert(key);
        }
        Some(outcome)
    }

    pub(super) fn substitute(&mut self) -> Option<Outcome> {
        let (live, node) = self.node_in(&[N::Eligible])?;
        let seat = self.rng.below(self.seated((live, node)).len()) as u8;
        let agent = self.agents(1)[0];
        let mission = self.lives[live].mission.clone();
        let next = enactment::AwardedSeat {
            agent,
            serviceId: service_of(9),
            price: 1,
            stake: 1_000,
            source: agent.into_word(),
        };
        self.reserve(mission.session, agent, 1_000);
        let mut answers = self.city.set();
        answers.runners_up.insert((mission.session, node), next);
        drop(answers);
        self.books.stakes.insert((mission.id, agent));
        // Often the window must pass first.
        if self.rng.chance(60) {
            self.city.world.warp(400);
        }
        let call = work::substituteRunnerUpCall {
            missionId: mission.id,
            node,
            seat,
        };
        let outcome = self.tell(STRANGER, call);
        if outcome.is_err() {
            self.give_back(mission.session, agent, 1_000);
        }
        Some(outcome)
    }

    /// Sets stake of an agent aside in a session.
    pub(super) fn reserve(&mut self, session: B256, agent: Address, amount: u128) {
        let deposit = treasury::depositCall {
            account: agent,
            amount: U256::from(amount),
        };
        self.city.pay(agent, amount, deposit);
        let call = treasury::reserveStakeCall {
            sessionId: session,
            source: agent.into_word(),
            agent,
            amount: U256::from(amount),
        };
        self.city.tell(member(Peer::Legislature), call);
        self.books
            .reserves
            .insert((session, agent.into_word(), agent));
    }

    /// Frees what was set aside for nothing.
    pub(super) fn give_back(&mut self, session: B256, agent: Address, amount: u128) {
        let source = agent.into_word();
        let call = treasury::releaseReserveCall {
            sessionId: session,
            source,
            agent,
            amount: U256::from(amount),
        };
        self.city.tell(member(Peer::Legislature), call);
        let left = treasury::reservedStakeCall {
            sessionId: session,
            source,
            agent,
        };
        if self.city.ask(left).is_zero() {
            self.books.reserves.remove(&(session, source, agent));
        }
    }

    pub(super) fn route(&mut self) -> Option<Outcome> {
        let (live, node) = self.timely(&[N::Eligible])?;
        let found = self.lives[live].mission.node(&self.city, node);
        if found.accepted < found.redundancy && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        if self.rng.chance(CARELESS_PCT) {
            let count = self.seated((live, node)).len();
            let call = work::routeTaskCall {
                missionId: self.id(live),
                node,
                liveCodeHashes: vec![wrong_code(); count],
            };
            let outcome = self.tell(STRANGER, call);
            assert!(outcome.is_err(), "nothing is routed with foreign code");
            return Some(outcome);
        }
        Some(self.lives[live].mission.route(&self.city, node))
    }

    pub(super) fn announce(&mut self) -> Option<Outcome> {
        let at = self.timely(&[N::Executing])?;
        let agent = self.one_seated(at)?;
        let call = results::announceResultCall {
            missionId: self.id(at.0),
            node: at.1,
            commitment: output_of(at.1),
        };
        Some(self.tell(agent, call))
    }

    fn tier(&self, (live, node): (usize, u16)) -> u8 {
        self.lives[live].mission.statute.nodes[usize::from(node)].tier
    }

    pub(super) fn submit(&mut self) -> Option<Outcome> {
        let at = self.timely(&[N::Executing])?;
        if self.tier(at) == 2 && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let agent = self.one_seated(at)?;
        let good = self.rng.chance(85);
        Some(
            self.lives[at.0]
                .mission
                .submit(&self.city, at.1, agent, good),
        )
    }

    pub(super) fn commit(&mut self) -> Option<Outcome> {
        let at = self.timely(&[N::Executing, N::PendingVerification])?;
        if self.tier(at) != 2 && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let agent = self.one_seated(at)?;
        let attempt = self.lives[at.0].mission.attempt(&self.city, at.1);
        let key = (at.1, attempt, agent);
        if self.lives[at.0].sealed.contains_key(&key) && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let value = if self.rng.chance(50) {
            output_of(at.1)
        } else {
            keccak256([self.rng.below(3) as u8])
        };
        let life = &self.lives[at.0];
        let outcome = life.mission.commit(&self.city, at.1, agent, value);
        if outcome.is_ok() {
            self.lives[at.0].sealed.insert(key, value);
        }
        Some(outcome)
    }

    /// What is kept of an attempt's verification.
    fn record(&self, (live, node): (usize, u16)) -> results::Record {
        self.city.ask(results::recordOfCall {
            missionId: self.id(live),
            node,
            attempt: self.lives[live].mission.attempt(&self.city, node),
        })
    }

    pub(super) fn reveal(&mut self) -> Option<Outcome> {
        let at = self.timely(&[N::PendingVerification])?;
        let record = self.record(at);
        let is_time = !record.revealUntil.is_zero() && record.disputeUntil.is_zero();
        if !is_time && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let agent = self.one_seated(at)?;
        let life = &self.lives[at.0];
        let attempt = life.mission.node(&self.city, at.1).attempt;
        let sealed = life.sealed.get(&(at.1, attempt, agent)).copied();
        if sealed.is_none() && !self.rng.chance(CARELESS_PCT) {
            return None;
        }
        let life = &self.lives[at.0];
        let value = sealed.unwrap_or_else(|| output_of(at.1));
        Some(life.mission.reveal(&self.city, at.1, agent, value))
    }

    pub(super) fn close(&mut self) -> Option<Outcome> {
        let at = self.node_in(&[N::PendingVerification, N::PendingReview])?;
        if self.rng.chance(60) {
            self.city.world.warp(1_200);
        }
        Some(self.lives[at.0].mission.close(&self.city, at.1))
    }

    pub(super) fn dispute(&mut self) -> Option<Outcome> {
        let at = self.timely(&[N::PendingVerification])?;
        let record = self.record(at);
        if (record.disputeUntil.is_zero() || record.revealed == 0) && !self.rng.chance(CARELESS_PCT)
        {
            return None;
        }
        // Disputes begin when reveals are over.
        let wait = (record.revealUntil.to::<u64>() + 1).saturating_sub(self.city.world.now());
        if record.revealed != 0 && !self.rng.chance(CARELESS_PCT) {
            self.city.world.warp(wait);
        }
        let agent = self.one_seated(at)?;
        let amount = 1_000_000_000;
        let deposit = treasury::depositCall {
            account: agent,
            amount: U256::from(amount),
        };
        self.city.pay(agent, amount, deposit);
        let call = results::disputeCall {
            missionId: self.id(at.0),
            node: at.1,
            groundsHash: keccak256("grounds"),
        };
        let outcome = self.tell(agent, call);
        self.note_bonds(at);
        Some(outcome)
    }

    /// Writes a dispute's bond into the books.
    fn note_bonds(&mut self, (live, node): (usize, u16)) {
        let mission_id = self.id(live);
        let attempt = self.lives[live].mission.node(&self.city, node).attempt;
        let record = results::recordOfCall {
            missionId: mission_id,
            node,
            attempt,
        };
        let bond = self.city.ask(record).bondId;
        if !bond.is_zero() {
            self.books.bonds.insert(bond);
        }
    }

    pub(super) fn decide(&mut self) -> Option<Outcome> {
        let (live, node) = self.node_in(&[N::PendingReview])?;
        let attempt = self.lives[live].mission.node(&self.city, node).attempt;
        let seat = self.rng.below(self.seated((live, node)).len()) as u8;
        let approved = self.rng.chance(80);
        // What is rejected is worth nothing.
        let most = if approved { 1_000 } else { 0 };
        let score = self.rng.between(0, most) as u16;
        let mission_id = self.id(live);
        let fields = [
            ("missionId", mission_id),
            ("node", number(node)),
            ("attempt", number(attempt)),
            ("approved", number(u8::from(approved))),
            ("score", number(score)),
            ("seat", number(seat)),
        ];
        Some(self.ruling(Action::DecideReview, &fields))
    }

    pub(super) fn disqualify(&mut self) -> Option<Outcome> {
        let (live, node) = self.node_in(&[N::PendingVerification])?;
        let executor = self.one_seated((live, node))?;
        let attempt = self.lives[live].mission.node(&self.city, node).attempt;
        let mission_id = self.id(live);
        let fields = [
            ("missionId", mission_id),
            ("node", number(node)),
            ("attempt", number(attempt)),
            ("executor", executor.into_word()),
        ];
        Some(self.ruling(Action::Disqualify, &fields))
    }
}
