//! What everybody may read.

use alloc::{boxed::Box, vec::Vec};

use agentcity_domain::{
    machine::NodeState,
    mission::{exit, node::seat_bit, record::bit},
    statute::SEATS_MAX,
};
use agentcity_shell::{
    reader::Reader,
    words::{Laid, Words},
};
use alloy_primitives::{Address, B256};

use crate::storage::*;

/// States that end at an instant of their own.
const TIMED: u16 = bit(NodeState::Executing as u8)
    | bit(NodeState::PendingVerification as u8)
    | bit(NodeState::PendingReview as u8);

impl Missions {
    #[inline(never)]
    pub(crate) fn mission(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let mission = self.lookup(&input.word());
        let id = &mission.id;
        let (halt, until) = self.lying(&mission, 0).shown();
        let word = &mission.word;
        let mut words = Words::new();
        words
            .number(word.state().into())
            .number(halt.into())
            .address(&mission.sponsor())
            .word(&self.of_mission(id, OF_SESSION));
        for number in [
            word.epoch(),
            word.nodes().into(),
            word.completed().into(),
            word.failed().into(),
            word.depth().into(),
            word.refinements().into(),
            self.deadline(&mission),
            until,
            word.moved().into(),
        ] {
            words.number(number);
        }
        words
            .word(&self.of_mission(id, PARENT))
            .number(self.link(id).node().into())
            .number(word.since())
            .reply()
    }

    /// What deploying a mission asks, in as few words as that takes.
    #[inline(never)]
    pub(crate) fn deployment(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let mission = self.lookup(&input.word());
        let (id, word) = (&mission.id, &mission.word);
        Words::new()
            .number(word.state().into())
            .word(&self.of_mission(id, OF_SESSION))
            .number(word.epoch())
            .number(word.nodes().into())
            .number(self.deadline(&mission))
            .word(&self.pages(id).0)
            .reply()
    }

    #[inline(never)]
    pub(crate) fn page_ordinals(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let mission = &input.word();
        let kind = if input.bool() { SEATS } else { PAGE };
        let word = self.entry(kind, mission, input.u16().into());
        Words::new().word(&word).reply()
    }

    /// When a node's state ends; zero for one without a deadline.
    #[inline(never)]
    fn ends(&self, mission: &Loaded, node: &Attempt) -> Said<u64> {
        let state = bit(node.state());
        if state == bit(NodeState::Eligible as u8) {
            return Ok(self.ask_windows(mission, &node.word)?.expires);
        }
        if state == bit(NodeState::Frozen as u8) {
            return Ok(node.word.expires());
        }
        if state & TIMED == 0 || node.word.is_child() {
            return Ok(0);
        }
        Ok(node.word.ends(mission.moved()))
    }

    /// The node that a question is about, and its mission.
    ///
    /// Errors: `UnknownMission`, `UnknownNode`.
    #[inline(never)]
    fn asked(&self, input: &mut Reader<'_>) -> Said<(Box<Loaded>, Box<Attempt>)> {
        let mission = self.lookup(&input.word());
        let node = self.attempt(&mission, input.u16())?;
        Ok((mission, node))
    }

    #[inline(never)]
    pub(crate) fn node(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (mission, node) = self.asked(input)?;
        let law = &self.law(&mission.id, node.number)?.node;
        let mut words = Words::new();
        for number in [
            node.state().into(),
            node.word.attempt().into(),
            law.tier.into(),
            law.redundancy.into(),
            law.threshold.into(),
            node.word.accepted().into(),
            node.word.since(),
            self.ends(&mission, &node)?,
        ] {
            words.number(number);
        }
        words.word(&self.output_of(&mission.id, &node)).reply()
    }

    /// Seats and law stand in pages, which are read for whoever asks for them.
    #[inline(never)]
    pub(crate) fn assignment(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (mission, node) = self.asked(input)?;
        let (seats, law_in) = (input.bool(), input.u16());
        let (halt, _) = self.lying(&mission, 0).shown();
        let mut words = Words::new();
        for number in [
            mission.word.state().into(),
            halt.into(),
            mission.word.epoch(),
            node.state().into(),
            node.word.attempt().into(),
            node.word.tier().into(),
            node.word.taken().into(),
            node.word.began(mission.moved()),
            self.ends(&mission, &node)?,
            node.word.has_backup().into(),
        ] {
            words.number(number);
        }
        if law_in & bit(node.state()) == 0 {
            skip(&mut words, 4); // structural: what the law would fill
        } else {
            let law = &self.law(&mission.id, node.number)?.node;
            words
                .number(law.threshold.into())
                .number(law.mode.into())
                .amount(law.budget)
                .word(&law.digest);
        }
        if seats {
            for agent in &self.agents(&mission.id, &node)? {
                words.address(agent);
            }
        } else {
            skip(&mut words, SEATS_MAX);
        }
        words.reply()
    }

    /// Who works on an attempt, by seat: once it runs, those who began it; before, and in the end, those who are seated.
    #[inline(never)]
    fn agents(&self, mission: &B256, node: &Attempt) -> Said<[Address; SEATS_MAX]> {
        let mut agents = [Address::ZERO; SEATS_MAX];
        for seat in &self.seats(mission, node)? {
            let begun = node.word.taken() & seat_bit(seat.seat) != 0;
            if node.word.tier() != 0 && !begun {
                continue;
            }
            if let Some(agent) = agents.get_mut(usize::from(seat.seat)) {
                *agent = seat.agent;
            }
        }
        Ok(agents)
    }

    #[inline(never)]
    pub(crate) fn node_states(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (mission, group) = (&input.word(), input.u16());
        let first = group.saturating_mul(agentcity_domain::mission::record::NODES_PER_STATES);
        Words::new()
            .word(&self.load_states(mission, first).0)
            .reply()
    }

    #[inline(never)]
    pub(crate) fn seat(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (mission, node) = self.asked(input)?;
        let seat = self.seat_at(&mission.id, &node, input.u8())?;
        Words::new()
            .address(&seat.agent)
            .word(&seat.service)
            .amount(seat.price)
            .amount(seat.stake)
            .word(&seat.source)
            .reply()
    }

    #[inline(never)]
    pub(crate) fn completion_digest(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let digest = self.of_mission(&input.word(), DIGEST);
        Words::new().word(&digest).reply()
    }

    #[inline(never)]
    pub(crate) fn is_interested(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (mission, principal) = (&input.word(), input.address());
        let sponsor = sponsor_of(mission);
        let seated = self.entry_at(INTERESTED, mission, &principal.into_word()) != B256::ZERO;
        if seated || sponsor == principal {
            return Words::new().truth(true).reply();
        }
        let same = self.standing(sponsor)?.principal == principal;
        Words::new().truth(same).reply()
    }

    #[inline(never)]
    pub(crate) fn expires_at(&mut self, input: &mut Reader<'_>) -> Said<Vec<u8>> {
        let (id, number) = (&input.word(), input.u16());
        let mission = self.lookup(id);
        let until = if number < mission.word.nodes() {
            let node = self.attempt(&mission, number)?;
            self.ends(&mission, &node)?
        } else {
            let clock = self.clock(id);
            let of = (&mission.word, &clock, &mission.city);
            match exit::of_mission(of, self.limits(&mission)?) {
                Some(exit) => exit.from.min(self.lying(&mission, 0).overdue_at()),
                None => 0,
            }
        };
        Words::new().number(until).reply()
    }
}

/// Leaves words empty.
#[inline(never)]
fn skip(words: &mut Words, count: usize) {
    for _ in 0..count {
        words.number(0);
    }
}
