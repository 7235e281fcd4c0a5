//! Nodes: their law, their seats, and what faults cost.

use alloc::{boxed::Box, vec::Vec};

use agentcity_abi::{
    IAgent as agents, ICollaboration as wire, IService as services, ITreasury as treasury,
};
use agentcity_domain::{
    agent::standing::Bars,
    mission::{
        fault,
        node::seat_bit,
        seat::Standing,
        word::{get, set},
    },
    parameter::ParameterId as P,
    peer::Peer,
    statute::{NODES_PER_PAGE, NODES_PER_SEAT_PAGE, Page, SEATS_MAX, Seat, seats::Seats},
};
use agentcity_shell::{
    member::{Kind, Member},
    output, page, peer,
    reader::Reader,
    topic,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use stylus_sdk::prelude::*;

use crate::storage::*;

/// Flags of an agent's obligation in a mission: byte 0 whether one is open, byte 1 whether it was at fault.
const OPEN: usize = 0;
const AT_FAULT: usize = 1;

/// Bytes of an ordinal.
pub(crate) const ORDINAL: usize = 4; // structural: eight to a word

impl Missions {
    /// A page of a mission's statute, or of its seats.
    ///
    /// Errors: `WrongMissionState` of a mission whose page was not deployed; `PageChanged`.
    #[inline(never)]
    fn page_of(&self, kind: Kind, mission: &B256, index: u16) -> Said<Vec<u8>> {
        let ordinal = if index == 0 {
            let pages = self.pages(mission);
            match kind {
                PAGE => pages.first_page(),
                _ => pages.first_seats(),
            }
        } else {
            let (place, at) = ordinal_at(index);
            get(&self.entry(kind, mission, place), at, ORDINAL) as u32
        };
        let account = page::address(self.vm(), self.member(Peer::Statute)?, ordinal.into());
        match page::read(self.vm(), account) {
            Some(bytes) => Ok(bytes),
            None if ordinal == 0 => Words::after(wire::WrongMissionState::SELECTOR)
                .word(mission)
                .number(self.lookup(mission).word.state().into())
                .no(),
            None => Words::after(wire::PageChanged::SELECTOR)
                .address(&account)
                .word(&B256::ZERO)
                .word(&B256::ZERO)
                .no(),
        }
    }

    /// The node's law, and the nodes after it.
    #[inline(never)]
    pub(crate) fn law(&self, mission: &B256, node: u16) -> Said<Box<Law>> {
        let bytes = self.page_of(PAGE, mission, node / NODES_PER_PAGE)?;
        let page = Page::read(&bytes).ok_or_else(wrong)?;
        let node = page.node(node % NODES_PER_PAGE).ok_or_else(wrong)?;
        let after = page.successors(&node).collect();
        Ok(Box::new(Law { node, after }))
    }

    /// The seats of a node: those of its page, but for those that passed to others.
    #[inline(never)]
    pub(crate) fn seats(&self, mission: &B256, node: &Attempt) -> Said<Vec<Seat>> {
        let number = node.number;
        let bytes = self.page_of(SEATS, mission, number / NODES_PER_SEAT_PAGE)?;
        let mut seats = Vec::with_capacity(SEATS_MAX);
        let first = number.saturating_sub(number % NODES_PER_SEAT_PAGE);
        for mut seat in Seats::of(&bytes, first) {
            if seat.node != number {
                continue;
            }
            if node.word.replaced() & seat_bit(seat.seat) != 0 {
                let word = |place| self.entry(SEAT, mission, seat_number(number, seat.seat, place));
                seat.agent = Address::from_word(word(0));
                seat.service = word(1);
                seat.price = amount_of(&word(2));
                seat.stake = amount_of(&word(3));
                seat.source = word(4);
            }
            seats.push(seat);
        }
        Ok(seats)
    }

    /// The seat of an agent.
    #[inline(never)]
    pub(crate) fn seat_of(
        &self,
        mission: &B256,
        node: &Attempt,
        agent: Address,
    ) -> Said<Box<Seat>> {
        let mut seats = self.seats(mission, node)?;
        seats.retain(|seat| seat.agent == agent);
        match seats.pop() {
            Some(seat) => Ok(Box::new(seat)),
            None => not_seated(mission, node.number, agent),
        }
    }

    /// The seat at a place.
    #[inline(never)]
    pub(crate) fn seat_at(&self, mission: &B256, node: &Attempt, place: u8) -> Said<Box<Seat>> {
        for seat in &self.seats(mission, node)? {
            if seat.seat == place {
                return Ok(Box::new(*seat));
            }
        }
        not_seated(mission, node.number, Address::ZERO)
    }

    /// Asks *agent* or *service* how seats of a node stand, a bit each, in one call.
    #[inline(never)]
    pub(crate) fn standings(&self, of: Peer, seats: &[Seat], mask: u8) -> Said<Vec<u8>> {
        let of_agents = of == Peer::Agent;
        let mut call = Words::after(if of_agents {
            agents::standingsCall::SELECTOR
        } else {
            services::standingsCall::SELECTOR
        });
        // structural: where the list stands
        call.number(32).number(mask.count_ones().into());
        for seat in seats {
            if mask & seat_bit(seat.seat) == 0 {
                continue;
            }
            if of_agents {
                call.address(&seat.agent);
            } else {
                call.word(&seat.service);
            }
        }
        self.query(of, &call)
    }

    /// What the agent contract says of an agent.
    #[inline(never)]
    pub(crate) fn standing(&self, agent: Address) -> Said<Box<Standing>> {
        let answer = self.query(
            Peer::Agent,
            Words::after(agents::standingCall::SELECTOR).address(&agent),
        )?;
        next_standing(&mut skipped(&answer, 0))
    }

    /// The agent's obligation in a mission, or nothing.
    pub(crate) fn obligation(&self, mission: &B256, agent: &B256) -> B256 {
        self.entry_at(OBLIGED, mission, agent)
    }

    /// Whether an obligation is open in the agent's own record.
    pub(crate) fn is_open(obligation: &B256) -> bool {
        get(obligation, OPEN, 1) != 0
    }

    /// Whether an agent was at fault in a mission.
    pub(crate) fn is_at_fault(obligation: &B256) -> bool {
        get(obligation, AT_FAULT, 1) != 0
    }

    /// Opens the obligations in a mission of agents that have none there, as many as agent takes in one call, and remembers whose
    /// interests they have (D-13). The principal of the last.
    ///
    /// An agent that leaves takes on nothing more; if it won a seat before, the deployment goes on without its obligation and it
    /// may not begin. Nobody stops a mission by leaving, or by a change of principals: whose agents they are is asked when
    /// their node begins.
    ///
    /// What is stored is what agent answers, so it is told before; it calls nobody meanwhile.
    #[inline(never)]
    pub(crate) fn oblige(
        &mut self,
        mission: &B256,
        agents: &[Address],
        may_have_left: bool,
    ) -> Said<Address> {
        let mut last = Address::ZERO;
        if agents.is_empty() {
            return Ok(last);
        }
        let mut call = Words::after(agents::openObligationsCall::SELECTOR);
        // structural: the list stands behind one word
        call.number(32).number(agents.len() as u64);
        for agent in agents {
            call.address(agent);
        }
        let to = self.member(Peer::Agent)?;
        let answer = peer::tell(self.vm(), to, call.bytes(), U256::ZERO)?;
        let (_, mut opened) = Reader::new(&answer).list(agents.len());
        for agent in agents {
            let (principal, is_open) = (opened.address(), opened.bool());
            if !is_open && !may_have_left {
                return refuse_agent(*agent, Bars::NOT_ACTIVE.bits());
            }
            let mut word = principal.into_word();
            set(&mut word, OPEN, 1, is_open.into());
            // A seat of nobody's would read as none: byte 2 says that there is one.
            set(&mut word, 2, 1, 1);
            self.set_entry_at(OBLIGED, mission, &agent.into_word(), &word);
            let interest = &output::number(1);
            self.set_entry_at(INTERESTED, mission, &principal.into_word(), interest);
            last = principal;
        }
        end(&opened)?;
        Ok(last)
    }

    /// Slashes one executor, and tells its reputation: by how much depends on the reason (S-15, R-06).
    #[inline(never)]
    pub(crate) fn fault(
        &mut self,
        mission: &Loaded,
        node: u16,
        attempt: u8,
        (agent, stake): (Address, u128),
        reason: u8,
        evidence: &B256,
    ) -> Said {
        let price = fault::price(reason);
        let ids = price.ids.map(|id| id as u8);
        let [units, bps, points] = self.terms(mission.word.epoch(), ids)?;
        let amount = fault::amount(units, self.unit_scale(), stake, bps);
        let mut obligation = self.obligation(&mission.id, &agent.into_word());
        if obligation != B256::ZERO {
            set(&mut obligation, AT_FAULT, 1, 1);
            self.set_entry_at(OBLIGED, &mission.id, &agent.into_word(), &obligation);
        }
        self.log(
            topic!(wire::FaultSignal::SIGNATURE_HASH)
                .word(&mission.id)
                .number(node.into())
                .address(&agent)
                .number(attempt.into())
                .number(reason.into()),
            4,
        );
        self.command(
            Peer::Treasury,
            Words::after(treasury::slashCall::SELECTOR)
                .word(&mission.id)
                .number(node.into())
                .address(&agent)
                .number(price.kind.into())
                .amount(amount),
        )?;
        self.penalise(agent, points, evidence)
    }

    /// The same of several seats, a bit each.
    #[inline(never)]
    pub(crate) fn fault_seats(
        &mut self,
        mission: &Loaded,
        node: &Attempt,
        mask: u8,
        reason: u8,
    ) -> Said {
        if mask == 0 {
            return Ok(());
        }
        let attempt = node.word.attempt();
        for seat in &self.seats(&mission.id, node)? {
            if mask & seat_bit(seat.seat) != 0 {
                let who = (seat.agent, seat.stake);
                self.fault(mission, node.number, attempt, who, reason, &mission.id)?;
            }
        }
        Ok(())
    }

    /// Takes points from an agent's reputation.
    #[inline(never)]
    pub(crate) fn penalise(&self, agent: Address, points: u64, evidence: &B256) -> Said {
        self.command(
            Peer::Agent,
            Words::after(agents::applyPenaltyCall::SELECTOR)
                .address(&agent)
                .number(points)
                .word(evidence),
        )
    }

    /// What an agent has at stake in a mission, in base units.
    #[inline(never)]
    pub(crate) fn locked_stake(&self, mission: &B256, agent: Address) -> Said<u128> {
        let held = self.query(
            Peer::Treasury,
            Words::after(treasury::lockedStakeCall::SELECTOR)
                .word(mission)
                .address(&agent),
        )?;
        let mut held = skipped(&held, 1);
        let amount = held.u128();
        end(&held)?;
        Ok(amount)
    }

    /// Counts a node that failed, stores it with its mission, and says so.
    #[inline(never)]
    pub(crate) fn fail_node(&mut self, mission: &mut Loaded, node: &Attempt, reason: u8) -> Said {
        let ids = [P::MaxRefinementIterations as u8];
        let [most] = self.terms(mission.word.epoch(), ids)?;
        let attempt = node.word.attempt();
        mission.word.count_failed(u64::from(attempt) >= most);
        self.store_attempt(&mission.id, node);
        self.store(mission);
        self.log(
            topic!(wire::NodeFailed::SIGNATURE_HASH)
                .word(&mission.id)
                .number(node.number.into())
                .number(attempt.into())
                .number(reason.into()),
            3,
        );
        Ok(())
    }
}

/// Words of an answered list before its items: where it stands, and their number.
pub(crate) const OF_LIST: usize = 2;

/// The next of some standings.
#[inline(never)]
pub(crate) fn next_standing(answer: &mut Reader<'_>) -> Said<Box<Standing>> {
    let (principal, previous) = (answer.address(), answer.address());
    let (_type, bars, score) = (answer.u8(), answer.u8(), answer.u16());
    let (_reputation, enrolled_at) = (answer.u32(), answer.seconds());
    end(answer)?;
    Ok(Box::new(Standing {
        principal,
        previous,
        bars,
        score,
        enrolled_at,
    }))
}

/// The place of the word in which a page's ordinal stands, and where in it.
pub(crate) fn ordinal_at(index: u16) -> (u64, usize) {
    // structural: eight ordinals to a word
    (u64::from(index / 8), usize::from(index % 8) * ORDINAL)
}

/// The number of a seat's word in a key.
pub(crate) fn seat_number(node: u16, seat: u8, place: u64) -> u64 {
    place << 32 | u64::from(node) << 8 | u64::from(seat)
}

#[inline(never)]
pub(crate) fn not_seated<T>(mission: &B256, node: u16, agent: Address) -> Said<T> {
    Words::after(wire::NotSeated::SELECTOR)
        .word(mission)
        .number(node.into())
        .address(&agent)
        .no()
}

#[inline(never)]
pub(crate) fn refuse_agent<T>(agent: Address, rule: u8) -> Said<T> {
    Words::after(wire::AgentRefused::SELECTOR)
        .address(&agent)
        .number(rule.into())
        .no()
}
