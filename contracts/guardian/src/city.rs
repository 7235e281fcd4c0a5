//! What the guardian asks of the others, and what it orders.

use alloc::vec::Vec;

use agentcity_abi::{ICollaboration as collaboration, IGuardian as wire};
use agentcity_domain::{peer::Peer, signed::selector};
use agentcity_shell::{Input, member::Member, output, refuse, sign};
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
        let number = output::number;
        self.tell_peer(
            Peer::Collaboration,
            collaboration::interveneCall::SELECTOR,
            &[
                number(order.order as u64),
                order.mission,
                number(order.node.into()),
                number(order.attempt.into()),
                order.agent.into_word(),
                number(order.halt.into()),
                number(order.points),
                number(order.until),
                number(order.secs),
                number(order.reason as u64),
            ],
        )?;
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn mission(&self, mission: B256) -> Result<Mission, Vec<u8>> {
        let answer = self.ask_peer(
            Peer::Collaboration,
            collaboration::missionCall::SELECTOR,
            &[mission],
        )?;
        let mut answer = Input::new(&answer);
        let [
            state,
            halt,
            _,
            _,
            epoch,
            _,
            _,
            _,
            _,
            _,
            _,
            until,
            _,
            _,
            _,
            since,
        ] = answer.fields([1, 1, 20, 32, 8, 2, 2, 2, 1, 2, 5, 5, 5, 32, 2, 5])?;
        let low = |word: B256| agentcity_shell::word::part(word, 24, 8) as u64;
        Ok(Mission {
            state: low(state) as u8,
            halt: low(halt) as u8,
            epoch: low(epoch),
            halted_until: low(until),
            since: low(since),
        })
    }

    /// The mission in this state, without a halt.
    #[inline(never)]
    pub(crate) fn mission_in(&self, mission: B256, state: u8) -> Result<Mission, Vec<u8>> {
        let found = self.mission(mission)?;
        if found.state != state {
            return refuse(
                wire::WrongMissionState::SELECTOR,
                &[mission, output::number(found.state.into())],
            );
        }
        if found.halt != 0 {
            return refuse(
                wire::Halted::SELECTOR,
                &[
                    mission,
                    output::number(found.halt.into()),
                    output::number(found.halted_until),
                ],
            );
        }
        Ok(found)
    }

    /// The attempt of a node, of which `agent` must have a seat.
    #[inline(never)]
    pub(crate) fn attempt(
        &self,
        mission: B256,
        node: u16,
        agent: Address,
    ) -> Result<Attempt, Vec<u8>> {
        let answer = self.ask_peer(
            Peer::Collaboration,
            collaboration::assignmentCall::SELECTOR,
            &[mission, output::number(node.into())],
        )?;
        let mut answer = Input::new(&answer);
        let (_state, _halt, epoch) = (answer.u8()?, answer.u8()?, answer.u64()?);
        let (state, attempt) = (answer.u8()?, answer.u8()?);
        for _ in 0..9 {
            answer.word()?;
        }
        for _ in 0..agentcity_domain::statute::SEATS_MAX {
            if answer.address()? == agent && agent != Address::ZERO {
                return Ok(Attempt {
                    epoch,
                    state,
                    attempt,
                });
            }
        }
        refuse(
            wire::NotSeated::SELECTOR,
            &[mission, output::number(node.into()), agent.into_word()],
        )
    }

    /// Principal and scorer of an active monitor that is not suspended.
    #[inline(never)]
    pub(crate) fn monitor(&self, monitor: Address) -> Result<(B256, B256), Vec<u8>> {
        let answer = self.ask_peer(Peer::Roster, MONITOR, &[monitor.into_word()])?;
        let mut answer = Input::new(&answer);
        let (standing, principal, scorer) = (answer.u8()?, answer.word()?, answer.word()?);
        let (_bond, _false, suspended) = (answer.word()?, answer.word()?, answer.u64()?);
        if standing != ACTIVE || suspended > self.now() {
            return self.refuse_monitor(monitor);
        }
        Ok((principal, scorer))
    }

    #[inline(never)]
    pub(crate) fn refuse_monitor<T>(&self, monitor: Address) -> Result<T, Vec<u8>> {
        refuse(wire::MonitorRefused::SELECTOR, &[monitor.into_word()])
    }

    /// Checks a monitor's signature under a struct whose words these are.
    #[inline(never)]
    pub(crate) fn signed(
        &self,
        words: &[B256],
        monitor: Address,
        deadline: u64,
        signature: &[u8],
    ) -> Result<(), Vec<u8>> {
        if self.now() > deadline {
            return refuse(wire::DeadlinePassed::SELECTOR, &[output::number(deadline)]);
        }
        let digest = sign::digest(self.vm(), words);
        sign::require(self.vm(), monitor, digest, signature)
    }
}
