//! What everybody may read.

use alloc::vec::Vec;

use agentcity_abi::IAgent as agents;
use agentcity_domain::{peer::Peer, statute::SEATS_MAX};
use agentcity_shell::{Answer, Input, member::Member, output, word::part};
use alloy_primitives::B256;
use alloy_sol_types::SolCall;

use crate::{
    nodes::{OBLIGED, STATES},
    storage::Missions,
};

impl Missions {
    pub(crate) fn mission(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let word = self.of_mission(mission, 0);
        let (halt, until) = self.halt_of(mission, word);
        let number = |at, bytes| output::amount(part(word, at, bytes));
        Ok(output::words(&[
            number(0, 1),
            output::number(halt.into()),
            Self::sponsor_word(mission),
            self.of_mission(mission, 1),
            number(11, 5),
            number(2, 2),
            number(4, 2),
            number(6, 2),
            number(8, 1),
            number(9, 2),
            output::number(self.mission_deadline(mission, word)),
            output::number(until),
            number(26, 4),
            self.of_mission(mission, 4),
            output::amount(part(self.of_mission(mission, 5), 30, 2)),
            number(21, 5),
        ]))
    }

    pub(crate) fn node(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let word = self.node_in(mission, node, u16::MAX)?;
        let (law, _) = self.law(mission, node)?;
        Ok(output::words(&[
            output::number(self.state_of(mission, node).into()),
            output::amount(part(word, 0, 1)),
            output::number(law.tier.into()),
            output::number(law.redundancy.into()),
            output::number(law.threshold.into()),
            output::amount(part(word, 1, 1)),
            output::amount(part(word, 5, 5)),
            output::number(self.expiry(self.of_mission(mission, 0), word)),
            self.of_node(mission, node, 1),
        ]))
    }

    pub(crate) fn assignment(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let mission_word = self.mission_in(mission, u16::MAX)?;
        let word = self.node_in(mission, node, u16::MAX)?;
        let (law, _) = self.law(mission, node)?;
        let mut words = Vec::with_capacity(14 + SEATS_MAX);
        for number in [
            part(mission_word, 0, 1) as u64,
            self.halt_of(mission, mission_word).0.into(),
            Self::epoch_of(mission_word),
            self.state_of(mission, node).into(),
            part(word, 0, 1) as u64,
            law.tier.into(),
            law.redundancy.into(),
            law.threshold.into(),
            law.mode.into(),
            part(word, 5, 5) as u64,
            self.expiry(mission_word, word),
            part(word, 3, 1) as u64,
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

    pub(crate) fn node_states(&mut self, input: &mut Input<'_>) -> Answer {
        let key = self.key(STATES, input.word()?, output::number(input.u16()?.into()));
        Ok(output::words(&[self.read(key)]))
    }

    pub(crate) fn seat(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, seat) = (input.word()?, input.u16()?, input.u8()?);
        let [agent, service, money, source] = self.seat_words(mission, node, seat)?;
        Ok(output::words(&[
            agent,
            service,
            output::amount(part(money, 0, 16)),
            output::amount(part(money, 16, 16)),
            source,
        ]))
    }

    pub(crate) fn completion_digest(&mut self, input: &mut Input<'_>) -> Answer {
        Ok(output::words(&[self.of_mission(input.word()?, 3)]))
    }

    pub(crate) fn is_interested(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, principal) = (input.word()?, input.address()?.into_word());
        let sponsor = Self::sponsor_word(mission);
        let seated = self.read(self.key(OBLIGED, mission, principal)) != B256::ZERO;
        if seated || sponsor == principal {
            return Ok(output::words(&[output::truth(true)]));
        }
        let answer = self.ask_peer(Peer::Agent, agents::principalOfCall::SELECTOR, &[sponsor])?;
        let same = Input::new(&answer).word()? == principal;
        Ok(output::words(&[output::truth(same)]))
    }

    pub(crate) fn expires_at(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let word = self.of_mission(mission, 0);
        let until = if u128::from(node) < part(word, 2, 2) {
            self.expiry(word, self.of_node(mission, node, 0))
        } else {
            let (_, halted) = self.halt_of(mission, word);
            self.mission_deadline(mission, word).max(halted)
        };
        Ok(output::words(&[output::number(until)]))
    }
}
