//! What everybody may read.

use alloc::vec::Vec;

use agentcity_abi::IAgent as agents;
use agentcity_domain::{peer::Peer, statute::SEATS_MAX};
use agentcity_shell::{
    Answer, output,
    reader::Reader,
    word::{get, part},
    words::{Laid, Words},
};
use alloy_primitives::B256;
use alloy_sol_types::SolCall;

use crate::{
    nodes::{OBLIGED, STATES},
    storage::Missions,
};

impl Missions {
    pub(crate) fn mission(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        let word = self.of_mission(mission, 0);
        let (halt, until) = self.halt_of(mission, &word);
        let number = |at, bytes| get(&word, at, bytes);
        Words::new()
            .number(number(0, 1))
            .number(halt.into())
            .word(&Self::sponsor_word(mission))
            .word(&self.of_mission(mission, 1))
            .number(number(11, 5))
            .number(number(2, 2))
            .number(number(4, 2))
            .number(number(6, 2))
            .number(number(8, 1))
            .number(number(9, 2))
            .number(self.mission_deadline(mission, &word))
            .number(until)
            .number(number(26, 4))
            .word(&self.of_mission(mission, 4))
            .number(get(&self.of_mission(mission, 5), 30, 2))
            .number(number(21, 5))
            .answer()
    }

    pub(crate) fn node(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (&input.word(), input.u16());
        let word = self.node_in(mission, node, u16::MAX)?;
        let (law, _) = self.law(mission, node)?;
        Words::new()
            .number(self.state_of(mission, node).into())
            .number(get(&word, 0, 1))
            .number(law.tier.into())
            .number(law.redundancy.into())
            .number(law.threshold.into())
            .number(get(&word, 1, 1))
            .number(get(&word, 5, 5))
            .number(self.expiry(&self.of_mission(mission, 0), &word))
            .word(&self.of_node(mission, node, 1))
            .answer()
    }

    pub(crate) fn assignment(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (&input.word(), input.u16());
        let mission_word = self.mission_in(mission, u16::MAX)?;
        let word = self.node_in(mission, node, u16::MAX)?;
        let (law, _) = self.law(mission, node)?;
        let mut words = Vec::with_capacity(14 + SEATS_MAX);
        for number in [
            get(&mission_word, 0, 1),
            self.halt_of(mission, &mission_word).0.into(),
            Self::epoch_of(&mission_word),
            self.state_of(mission, node).into(),
            get(&word, 0, 1),
            law.tier.into(),
            law.redundancy.into(),
            law.threshold.into(),
            law.mode.into(),
            get(&word, 5, 5),
            self.expiry(&mission_word, &word),
            get(&word, 3, 1),
        ] {
            words.push(output::number(number));
        }
        words.push(output::amount(law.budget));
        words.push(law.digest);
        for agent in self.agents(mission, node, law.redundancy)? {
            words.push(agent.into_word());
        }
        Ok(output::words(&words))
    }

    pub(crate) fn node_states(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, group) = (&input.word(), input.u16());
        let states = self.entry(STATES, mission, group.into());
        Words::new().word(&states).answer()
    }

    pub(crate) fn seat(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, seat) = (&input.word(), input.u16(), input.u8());
        let [agent, service, money, source] = self.seat_words(mission, node, seat)?;
        Words::new()
            .word(&agent)
            .word(&service)
            .amount(part(money, 0, 16))
            .amount(part(money, 16, 16))
            .word(&source)
            .answer()
    }

    pub(crate) fn completion_digest(&mut self, input: &mut Reader<'_>) -> Answer {
        Words::new()
            .word(&self.of_mission(&input.word(), 3))
            .answer()
    }

    pub(crate) fn is_interested(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, principal) = (&input.word(), input.address().into_word());
        let sponsor = Self::sponsor_word(mission);
        let seated = self.entry_at(OBLIGED, mission, &principal) != B256::ZERO;
        if seated || sponsor == principal {
            return Words::new().truth(true).answer();
        }
        let answer = self.ask(
            Peer::Agent,
            Words::after(agents::principalOfCall::SELECTOR).word(&sponsor),
        )?;
        let mut answer = Reader::new(&answer);
        let same = answer.word() == principal;
        answer.end()?;
        Words::new().truth(same).answer()
    }

    pub(crate) fn expires_at(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (&input.word(), input.u16());
        let word = self.of_mission(mission, 0);
        let until = if u64::from(node) < get(&word, 2, 2) {
            self.expiry(&word, &self.of_node(mission, node, 0))
        } else {
            let (_, halted) = self.halt_of(mission, &word);
            self.mission_deadline(mission, &word).max(halted)
        };
        Words::new().number(until).answer()
    }
}
