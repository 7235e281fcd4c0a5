//! What the guardian asks of the others, and what it orders.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IGuardian as wire};
use agentcity_domain::{peer::Peer, signed::selector};
use agentcity_shell::{
    member::Member,
    reader::Reader,
    sign,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError};
use stylus_sdk::prelude::*;

use crate::storage::Guardian;

/// `monitor` of the roster, and its number for an active one.
const MONITOR: [u8; 4] = selector("monitor(address)");
const ACTIVE: u8 = 2;

/// A mission as far as it matters here.
pub(crate) struct Mission {
    pub(crate) state: u8,
    pub(crate) halt: u8,
    pub(crate) epoch: u64,
    pub(crate) halted_until: u64,
    pub(crate) since: u64,
}

/// An attempt as far as it matters here.
pub(crate) struct Attempt {
    pub(crate) epoch: u64,
    pub(crate) state: u8,
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
    pub(crate) halt: u8,
    pub(crate) points: u64,
    pub(crate) until: u64,
    pub(crate) secs: u64,
    pub(crate) reason: collaboration::Reason,
}

impl Order {
    /// An order to a mission, or to the city for number zero.
    pub(crate) const fn to(order: collaboration::Order, mission: B256) -> Self {
        Self {
            order,
            mission,
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
            .number(order.halt.into())
            .number(order.points)
            .number(order.until)
            .number(order.secs)
            .number(order.reason as u64);
        self.tell(Peer::Collaboration, &words)
    }

    #[inline(never)]
    pub(crate) fn mission(&self, mission: &B256) -> Result<Mission, Vec<u8>> {
        let answer = self.ask(
            Peer::Collaboration,
            Words::after(collaboration::missionCall::SELECTOR).word(mission),
        )?;
        let mut answer = Reader::new(&answer);
        let (state, halt) = (answer.u8(), answer.u8());
        answer.skip(2);
        let epoch = answer.u64();
        answer.skip(6);
        let halted_until = answer.seconds();
        answer.skip(3);
        let since = answer.seconds();
        answer.end()?;
        Ok(Mission {
            state,
            halt,
            epoch,
            halted_until,
            since,
        })
    }

    /// The mission in this state, without a halt.
    #[inline(never)]
    pub(crate) fn mission_in(&self, mission: &B256, state: u8) -> Result<Mission, Vec<u8>> {
        let found = self.mission(mission)?;
        if found.state != state {
            return Words::after(wire::WrongMissionState::SELECTOR)
                .word(mission)
                .number(found.state.into())
                .refuse();
        }
        if found.halt != 0 {
            return Words::after(wire::Halted::SELECTOR)
                .word(mission)
                .number(found.halt.into())
                .number(found.halted_until)
                .refuse();
        }
        Ok(found)
    }

    /// The attempt of a node, of which `agent` must have a seat.
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
                .number(node.into()),
        )?;
        let mut answer = Reader::new(&answer);
        let (_state, _halt, epoch) = (answer.u8(), answer.u8(), answer.u64());
        let (state, attempt) = (answer.u8(), answer.u8());
        answer.skip(9);
        answer.end()?;
        for _ in 0..agentcity_domain::statute::SEATS_MAX {
            if answer.address() == agent && agent != Address::ZERO {
                return Ok(Attempt {
                    epoch,
                    state,
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

    /// Principal and scorer of an active monitor that is not suspended.
    #[inline(never)]
    pub(crate) fn monitor(&self, monitor: Address) -> Result<(B256, B256), Vec<u8>> {
        let answer = self.ask(Peer::Roster, Words::after(MONITOR).address(&monitor))?;
        let mut answer = Reader::new(&answer);
        let (standing, principal, scorer) = (answer.u8(), answer.word(), answer.word());
        answer.skip(2);
        let suspended = answer.seconds();
        answer.end()?;
        if standing != ACTIVE || suspended > self.now() {
            return self.refuse_monitor(monitor);
        }
        Ok((principal, scorer))
    }

    #[inline(never)]
    pub(crate) fn refuse_monitor<T>(&self, monitor: Address) -> Result<T, Vec<u8>> {
        Words::after(wire::MonitorRefused::SELECTOR)
            .address(&monitor)
            .refuse()
    }

    /// Checks a monitor's signature under a struct whose words these are.
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
