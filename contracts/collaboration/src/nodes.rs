//! Nodes: their words, their law, their transitions.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ICollaboration as wire, ITreasury as treasury};
use agentcity_domain::{
    machine::NodeState as State,
    parameter::ParameterId as P,
    peer::Peer,
    statute::{NODES_PER_PAGE, NODES_PER_SEAT_PAGE, Node, Page, SEATS_MAX, Seat},
};
use agentcity_shell::{
    malformed,
    member::{Kind, Member},
    output, page,
    reader::Reader,
    topic,
    word::{get, having, part, with},
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::{
    missions::{add, seconds},
    storage::Missions,
};

pub(crate) const STATES: Kind = 4;
/// Place 0: 0 attempt, 1 accepted, 2 which of them, 3 whether the backup period is open, 4 whether a child does the work,
/// 5..10 since, 10..15 expires, 15..19 seconds by which the mission's deadlines had moved then. 1 output.
pub(crate) const NODE: Kind = 5;
/// A seat that passed to another: agent | service | price, stake | source.
pub(crate) const SEAT: Kind = 6;
/// Account of a page of the statute.
pub(crate) const PAGE: Kind = 7;
/// Account of a page of seats.
pub(crate) const SEATS: Kind = 8;
/// Open edges into 32 nodes, a byte each.
pub(crate) const DEGREE: Kind = 9;
/// Of an agent in a mission: its principal, while it is obliged. Of a principal: whether it ever had a seat.
pub(crate) const OBLIGED: Kind = 10;

/// The bit of a state.
pub(crate) const fn bit(state: u8) -> u16 {
    if state > 15 { 0 } else { 1 << state }
}

impl Missions {
    /// A word of a node.
    #[inline(never)]
    pub(crate) fn of_node(&self, mission: &B256, node: u16, place: u64) -> B256 {
        self.entry(NODE, mission, u64::from(node) << 8 | place)
    }

    #[inline(never)]
    pub(crate) fn set_of_node(&mut self, mission: &B256, node: u16, place: u64, word: &B256) {
        self.set_entry(NODE, mission, u64::from(node) << 8 | place, word);
    }

    #[inline(never)]
    pub(crate) fn state_of(&self, mission: &B256, node: u16) -> u8 {
        let word = self.entry(STATES, mission, u64::from(node / 64));
        let byte = get(&word, 31 - usize::from(node % 64 / 2), 1) as u8;
        if node & 1 == 0 { byte & 15 } else { byte >> 4 }
    }

    #[inline(never)]
    pub(crate) fn set_state(&mut self, mission: &B256, node: u16, state: State) {
        let word = self.entry(STATES, mission, u64::from(node / 64));
        let at = 31 - usize::from(node % 64 / 2);
        let byte = get(&word, at, 1) as u8;
        let byte = if node & 1 == 0 {
            byte & 0xf0 | state as u8
        } else {
            byte & 15 | (state as u8) << 4
        };
        let word = having(&word, at, 1, byte.into());
        self.set_entry(STATES, mission, u64::from(node / 64), &word);
    }

    /// The node's word, if it is in one of these states (a bit each).
    #[inline(never)]
    pub(crate) fn node_in(&self, mission: &B256, node: u16, states: u16) -> Result<B256, Vec<u8>> {
        let count = get(&self.of_mission(mission, 0), 2, 2) as u16;
        if node >= count {
            return Words::after(wire::UnknownNode::SELECTOR)
                .word(mission)
                .number(node.into())
                .number(count.into())
                .refuse();
        }
        let word = self.of_node(mission, node, 0);
        let state = self.state_of(mission, node);
        if states & bit(state) == 0 {
            return self.wrong_node(mission, node, state, &word);
        }
        Ok(word)
    }

    /// The node is in another state, or at another attempt, than the command needs.
    #[inline(never)]
    pub(crate) fn wrong_node<T>(
        &self,
        mission: &B256,
        node: u16,
        state: u8,
        word: &B256,
    ) -> Result<T, Vec<u8>> {
        Words::after(wire::WrongNodeState::SELECTOR)
            .word(mission)
            .number(node.into())
            .number(state.into())
            .number(get(word, 0, 1))
            .refuse()
    }

    /// The node's word in one of these states, at this attempt.
    #[inline(never)]
    pub(crate) fn attempt_in(
        &self,
        mission: &B256,
        node: u16,
        attempt: u8,
        states: u16,
    ) -> Result<B256, Vec<u8>> {
        let word = self.node_in(mission, node, states)?;
        if get(&word, 0, 1) as u8 != attempt {
            return self.wrong_node(mission, node, self.state_of(mission, node), &word);
        }
        Ok(word)
    }

    /// Takes a node to a state that ends at `expires`.
    #[inline(never)]
    pub(crate) fn set_node(
        &mut self,
        mission: &B256,
        node: u16,
        state: State,
        word: &B256,
        expires: u64,
    ) {
        self.set_state(mission, node, state);
        let word = having(word, 5, 5, self.now());
        self.set_expiry(mission, node, &word, expires);
    }

    /// Sets when a node's state ends.
    #[inline(never)]
    pub(crate) fn set_expiry(&mut self, mission: &B256, node: u16, word: &B256, expires: u64) {
        let moved = self.moved(&self.of_mission(mission, 0));
        let word = having(&having(word, 10, 5, expires), 15, 4, moved);
        self.set_of_node(mission, node, 0, &word);
    }

    /// When a node's state ends, with what halts moved it since.
    #[inline(never)]
    pub(crate) fn expiry(&self, mission_word: &B256, word: &B256) -> u64 {
        let moved = self.moved(mission_word);
        let since = moved.saturating_sub(get(word, 15, 4));
        (get(word, 10, 5)).saturating_add(since)
    }

    #[inline(never)]
    fn page_of(&self, kind: Kind, mission: &B256, index: u16) -> Result<Vec<u8>, Vec<u8>> {
        let account = self.entry(kind, mission, index.into());
        match page::read(self.vm(), Address::from_word(account)) {
            Some(bytes) => Ok(bytes),
            None => Words::after(wire::PageChanged::SELECTOR)
                .word(&account)
                .word(&B256::ZERO)
                .word(&B256::ZERO)
                .refuse(),
        }
    }

    /// The node's law, and the nodes after it.
    #[inline(never)]
    pub(crate) fn law(&self, mission: &B256, node: u16) -> Result<(Node, Vec<u16>), Vec<u8>> {
        let bytes = self.page_of(PAGE, mission, node / NODES_PER_PAGE)?;
        let page = Page::read(&bytes).ok_or_else(malformed)?;
        let law = page.node(node % NODES_PER_PAGE).ok_or_else(malformed)?;
        Ok((law, page.successors(&law).collect()))
    }

    /// Agent and service of a seat, price and stake in one word, and the stake's source: those of the page, unless the seat
    /// passed to another.
    #[inline(never)]
    pub(crate) fn seat_words(
        &self,
        mission: &B256,
        node: u16,
        seat: u8,
    ) -> Result<[B256; 4], Vec<u8>> {
        let mut words = [B256::ZERO; 4];
        for (place, word) in (0..).zip(&mut words) {
            *word = self.entry(SEAT, mission, Self::seat_number(node, seat, place));
        }
        if words[0] != B256::ZERO {
            return Ok(words);
        }
        let bytes = self.page_of(SEATS, mission, node / NODES_PER_SEAT_PAGE)?;
        let Some(found) = Seat::find(&bytes, node, seat) else {
            return self.not_seated(mission, node, Address::ZERO);
        };
        let money = with(with(B256::ZERO, 0, 16, found.price), 16, 16, found.stake);
        Ok([found.agent.into_word(), found.service, money, found.source])
    }

    /// The number of a seat's word in a key.
    pub(crate) fn seat_number(node: u16, seat: u8, place: u64) -> u64 {
        place << 32 | u64::from(node) << 8 | u64::from(seat)
    }

    /// The agents of a node's seats, in their order.
    #[inline(never)]
    pub(crate) fn agents(
        &self,
        mission: &B256,
        node: u16,
        seats: u8,
    ) -> Result<[Address; SEATS_MAX], Vec<u8>> {
        let mut agents = [Address::ZERO; SEATS_MAX];
        for (agent, seat) in agents.iter_mut().zip(0..seats) {
            let [word, ..] = self.seat_words(mission, node, seat)?;
            *agent = Address::from_word(word);
        }
        Ok(agents)
    }

    /// The seat of an agent.
    #[inline(never)]
    pub(crate) fn seat_of(&self, mission: &B256, node: u16, agent: Address) -> Result<u8, Vec<u8>> {
        let (law, _) = self.law(mission, node)?;
        let agents = self.agents(mission, node, law.redundancy)?;
        match agents.iter().position(|seated| *seated == agent) {
            Some(seat) if agent != Address::ZERO => Ok(seat as u8),
            _ => self.not_seated(mission, node, agent),
        }
    }

    #[inline(never)]
    pub(crate) fn not_seated<T>(
        &self,
        mission: &B256,
        node: u16,
        agent: Address,
    ) -> Result<T, Vec<u8>> {
        Words::after(wire::NotSeated::SELECTOR)
            .word(mission)
            .number(node.into())
            .address(&agent)
            .refuse()
    }

    /// Opens an agent's obligation in a mission, once, and remembers whose interests it has (D-13).
    #[inline(never)]
    pub(crate) fn oblige(&mut self, mission: &B256, agent: Address) -> Result<(), Vec<u8>> {
        let agent = &agent.into_word();
        if self.entry_at(OBLIGED, mission, agent) != B256::ZERO {
            return Ok(());
        }
        let answer = self.ask(
            Peer::Agent,
            Words::after(agents::principalOfCall::SELECTOR).word(agent),
        )?;
        let mut answer = Reader::new(&answer);
        let principal = answer.word();
        answer.end()?;
        self.set_entry_at(OBLIGED, mission, agent, &principal);
        self.set_entry_at(OBLIGED, mission, &principal, &output::number(1));
        self.tell(
            Peer::Agent,
            Words::after(agents::openObligationCall::SELECTOR).word(agent),
        )?;
        Ok(())
    }

    /// Slashes one executor, and tells its reputation: by how much depends on the reason (S-15, R-06).
    #[inline(never)]
    pub(crate) fn fault(
        &mut self,
        mission: &B256,
        node: u16,
        seat: u8,
        reason: u8,
    ) -> Result<(), Vec<u8>> {
        let (units, share, points, kind) = match reason {
            r if r == wire::Reason::TimeoutExceeded as u8
                || r == wire::Reason::SeatNotAccepted as u8 =>
            {
                (P::SlashTimeoutUnits, P::SlashTimeoutBps, P::RepTimeout, 1)
            }
            r if r == wire::Reason::CodeHashMismatch as u8 => (
                P::SlashCodeHashUnits,
                P::SlashCodeHashBps,
                P::RepNodeFailure,
                2,
            ),
            r if r == wire::Reason::FaultNamed as u8 => (
                P::SlashNodeFailureUnits,
                P::SlashMissionAbortBps,
                P::RepMissionAbort,
                4,
            ),
            _ => (
                P::SlashNodeFailureUnits,
                P::SlashNodeFailureBps,
                P::RepNodeFailure,
                3,
            ),
        };
        let epoch = Self::epoch_of(&self.of_mission(mission, 0));
        let ids = [units as u8, share as u8, points as u8];
        let [units, share, points] = self.parameters(epoch, ids)?;
        let [agent, _, money, _] = self.seat_words(mission, node, seat)?;
        let part_of_stake = part(money, 16, 16)
            .saturating_mul(share.into())
            .div_euclid(10_000);
        let amount = u128::from(units)
            .saturating_mul(self.unit_scale())
            .max(part_of_stake);
        let attempt = get(&self.of_node(mission, node, 0), 0, 1);
        self.log(
            topic!(wire::FaultSignal::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .word(&agent)
                .number(attempt)
                .number(reason.into()),
            4,
        );
        self.tell(
            Peer::Treasury,
            Words::after(treasury::slashCall::SELECTOR)
                .word(mission)
                .number(node.into())
                .word(&agent)
                .number(kind)
                .amount(amount),
        )?;
        self.penalise(&agent, points, mission)
    }

    /// Takes points from an agent's reputation.
    #[inline(never)]
    pub(crate) fn penalise(
        &self,
        agent: &B256,
        points: u64,
        evidence: &B256,
    ) -> Result<(), Vec<u8>> {
        self.tell(
            Peer::Agent,
            Words::after(agents::applyPenaltyCall::SELECTOR)
                .word(agent)
                .number(points)
                .word(evidence),
        )?;
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn fail_node(&mut self, mission: &B256, node: u16, reason: u8) {
        self.set_state(mission, node, State::Failed);
        let word = self.of_mission(mission, 0);
        self.set_mission(mission, 0, &add(&word, 6, 2, 1));
        let attempt = get(&self.of_node(mission, node, 0), 0, 1);
        self.log(
            topic!(wire::NodeFailed::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .number(attempt)
                .number(reason.into()),
            3,
        );
    }

    /// Counts a completed node into the mission's digest, and an edge less into each of its successors.
    #[inline(never)]
    pub(crate) fn count_node(
        &mut self,
        mission: &B256,
        node: u16,
        after: &[u16],
        outcome: &[B256; 2],
    ) -> Result<B256, Vec<u8>> {
        let attempt = get(&self.of_node(mission, node, 0), 0, 1);
        self.set_state(mission, node, State::Completed);
        self.set_of_node(mission, node, 1, &outcome[0]);
        let chained = [
            self.of_mission(mission, 3),
            output::number(u64::from(node) << 8 | attempt),
            outcome[0],
            outcome[1],
        ];
        let digest = self.hash(Words::new().all(&chained));
        self.set_mission(mission, 3, &digest);
        let word = self.of_mission(mission, 0);
        self.set_mission(mission, 0, &add(&word, 4, 2, 1));
        for to in after {
            let (group, at) = (u64::from(to / 32), usize::from(to % 32));
            let degrees = self.entry(DEGREE, mission, group);
            let left = get(&degrees, at, 1).saturating_sub(1);
            self.set_entry(DEGREE, mission, group, &having(&degrees, at, 1, left));
            if left == 0 && self.state_of(mission, *to) == State::Waiting as u8 {
                self.make_eligible(mission, *to)?;
            }
        }
        Ok(digest)
    }

    /// The executors of a node may be routed; acceptance and routing have their windows.
    #[inline(never)]
    pub(crate) fn make_eligible(&mut self, mission: &B256, node: u16) -> Result<(), Vec<u8>> {
        let epoch = Self::epoch_of(&self.of_mission(mission, 0));
        let [acceptance, route] = self.parameters(
            epoch,
            [P::AcceptanceWindowMs as u8, P::RouteTimeoutMs as u8],
        )?;
        let window = seconds(acceptance).saturating_add(seconds(route));
        let attempt = get(&self.of_node(mission, node, 0), 0, 1);
        let word = having(&B256::ZERO, 0, 1, attempt);
        let expires = self.now().saturating_add(window);
        self.set_node(mission, node, State::Eligible, &word, expires);
        self.log(
            topic!(wire::NodeEligible::SIGNATURE_HASH)
                .word(mission)
                .number(node.into())
                .number(attempt as u64),
            3,
        );
        Ok(())
    }
}
