//! What the guardian asks of the others, and what it orders.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IGuardian as wire};
use agentcity_domain::{
    machine::{MissionState, NodeState},
    peer::Peer,
    signed::selector,
};
use agentcity_shell::{
    malformed,
    member::Member,
    reader::Reader,
    sign,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError};
use stylus_sdk::prelude::*;

use crate::storage::Guardian;

/// `monitor` of the roster, and its numbers for one that is active and for one that leaves.
const MONITOR: [u8; 4] = selector("monitor(address)");
const ACTIVE: u8 = 2;
const LEAVING: u8 = 3;

/// A mission as far as it matters here.
pub(crate) struct Mission {
    pub(crate) state: MissionState,
    pub(crate) epoch: u64,
    /// When it entered its state.
    pub(crate) since: u64,
}

/// An attempt as far as it matters here.
pub(crate) struct Attempt {
    pub(crate) mission_state: MissionState,
    pub(crate) epoch: u64,
    pub(crate) state: NodeState,
    pub(crate) attempt: u8,
}

/// An order to collaboration; what it leaves out is zero.
#[derive(Clone, Copy)]
pub(crate) struct Order {
    pub(crate) order: collaboration::Order,
    pub(crate) mission: B256,
    pub(crate) node: u16,
    pub(crate) attempt: u8,
    pub(crate) agent: Address,
    pub(crate) halt: u64,
    pub(crate) points: u64,
    pub(crate) until: u64,
    pub(crate) secs: u64,
    pub(crate) reason: collaboration::Reason,
}

/// A monitor as the roster knows it.
pub(crate) struct Monitor {
    standing: u8,
    pub(crate) principal: Address,
    pub(crate) scorer: B256,
    suspended_until: u64,
}

impl Monitor {
    /// Whether its word counts.
    pub(crate) const fn counts(&self, now: u64) -> bool {
        self.standing == ACTIVE && self.suspended_until <= now
    }

    /// Whether there is a bond to charge.
    pub(crate) const fn is_bonded(&self) -> bool {
        self.standing == ACTIVE || self.standing == LEAVING
    }
}

impl Order {
    /// An order to a mission, or to the city for number zero.
    pub(crate) const fn to(order: collaboration::Order, mission: &B256) -> Self {
        Self {
            order,
            mission: *mission,
            node: 0,
            attempt: 0,
            agent: Address::ZERO,
            halt: 0,
            points: 0,
            until: 0,
            secs: 0,
            reason: collaboration::Reason::None,
        }
    }
}

impl Guardian {
    /// Has an order carried out. Everything of ours is stored before.
    #[inline(never)]
    pub(crate) fn order(&self, order: &Order) -> Result<(), Vec<u8>> {
        let mut words = Words::after(collaboration::interveneCall::SELECTOR);
        words
            .number(order.order as u64)
            .word(&order.mission)
            .number(order.node.into())
            .number(order.attempt.into())
            .address(&order.agent)
            .number(order.halt)
            .number(order.points)
            .number(order.until)
            .number(order.secs)
            .number(order.reason as u64);
        self.tell(Peer::Collaboration, &words)
    }

    /// A mission.
    ///
    /// Errors: collaboration's refusal of one that it does not know.
    #[inline(never)]
    pub(crate) fn mission(&self, mission: &B256) -> Result<Mission, Vec<u8>> {
        let answer = self.ask(
            Peer::Collaboration,
            Words::after(collaboration::missionCall::SELECTOR).word(mission),
        )?;
        let mut answer = Reader::new(&answer);
        let state = MissionState::from_u8(answer.u8());
        // Halt, sponsor, session.
        answer.skip(3);
        let epoch = answer.u64();
        // Nodes, completed, failed, depth, refinements, deadline, latest end of the halt, extension, parent and its node.
        answer.skip(10);
        let since = answer.seconds();
        answer.end()?;
        Ok(Mission {
            state: state.ok_or_else(malformed)?,
            epoch,
            since,
        })
    }

    /// The attempt of a node, of which `agent` must have a seat.
    ///
    /// Errors: `NotSeated`.
    #[inline(never)]
    pub(crate) fn attempt(
        &self,
        mission: &B256,
        node: u16,
        agent: Address,
    ) -> Result<Attempt, Vec<u8>> {
        let answer = self.ask(
            Peer::Collaboration,
            Words::after(collaboration::assignmentCall::SELECTOR)
                .word(mission)
                .number(node.into())
                // Who sits where, and no law.
                .truth(true)
                .number(0),
        )?;
        let mut answer = Reader::new(&answer);
        let (mission_state, _halt, epoch) = (answer.u8(), answer.u8(), answer.u64());
        let (state, attempt) = (answer.u8(), answer.u8());
        // Tier, seats, since, expiry, backup, threshold, mode, budget, digest.
        answer.skip(9);
        answer.end()?;
        for _ in 0..agentcity_domain::statute::SEATS_MAX {
            if answer.address() == agent && agent != Address::ZERO {
                return Ok(Attempt {
                    mission_state: MissionState::from_u8(mission_state).ok_or_else(malformed)?,
                    epoch,
                    state: NodeState::from_u8(state).ok_or_else(malformed)?,
                    attempt,
                });
            }
        }
        Words::after(wire::NotSeated::SELECTOR)
            .word(mission)
            .number(node.into())
            .address(&agent)
            .refuse()
    }

    /// A monitor, whatever its standing.
    #[inline(never)]
    pub(crate) fn monitor(&self, monitor: Address) -> Result<Monitor, Vec<u8>> {
        let answer = self.ask(Peer::Roster, Words::after(MONITOR).address(&monitor))?;
        let mut answer = Reader::new(&answer);
        let (standing, principal, scorer) = (answer.u8(), answer.address(), answer.word());
        // Bond, false positives.
        answer.skip(2);
        let suspended_until = answer.seconds();
        answer.end()?;
        Ok(Monitor {
            standing,
            principal,
            scorer,
            suspended_until,
        })
    }

    /// A monitor whose word counts.
    ///
    /// Errors: `MonitorRefused`.
    #[inline(never)]
    pub(crate) fn active_monitor(&self, monitor: Address) -> Result<Monitor, Vec<u8>> {
        let found = self.monitor(monitor)?;
        if !found.counts(self.now()) {
            return Words::after(wire::MonitorRefused::SELECTOR)
                .address(&monitor)
                .refuse();
        }
        Ok(found)
    }

    /// Checks a monitor's signature under a struct whose words these are.
    ///
    /// Errors: `DeadlinePassed`, `InvalidSignature`.
    #[inline(never)]
    pub(crate) fn signed(
        &self,
        words: &Words,
        monitor: Address,
        deadline: u64,
        signature: &[u8],
    ) -> Result<(), Vec<u8>> {
        if self.now() > deadline {
            return Words::after(wire::DeadlinePassed::SELECTOR)
                .number(deadline)
                .refuse();
        }
        let digest = sign::digest_of(self.vm(), self.hash(words));
        sign::require(self.vm(), monitor, digest, signature)
    }
}
