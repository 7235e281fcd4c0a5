//! What everybody may read.

use agentcity_abi::IAgent as agents;
use agentcity_domain::peer::Peer;
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output,
    word::{part, with},
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

use crate::{
    guardian::COUNTERS,
    nodes::{PAGE, SEAT, STATES},
    storage::Missions,
};

impl Missions {
    pub(crate) fn mission(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let word = self.read(self.mission_key(mission, 0));
        let mut words = [B256::ZERO; 15];
        for (place, (at, bytes)) in [
            (0, 1),
            (1, 1),
            (0, 0),
            (0, 0),
            (0, 0),
            (2, 2),
            (4, 2),
            (6, 2),
            (8, 1),
            (9, 2),
            (16, 5),
            (21, 5),
            (26, 4),
        ]
        .into_iter()
        .enumerate()
        {
            words[place] = output::amount(part(word, at, bytes));
        }
        words[2] = output::amount(part(mission, 0, 16));
        words[3] = self.read(self.mission_key(mission, 1));
        words[13] = self.read(self.mission_key(mission, 4));
        words[14] = self.read(self.mission_key(mission, 10));
        Ok(output::words(&words))
    }

    pub(crate) fn node(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let (_, word) = self.node_in(mission, node, u16::MAX)?;
        let law = self.law(mission, node)?;
        let number = |value: u128| output::amount(value);
        Ok(output::words(&[
            output::number(self.state_of(mission, node).into()),
            number(part(word, 0, 1)),
            output::number(law.tier.into()),
            output::number(law.redundancy.into()),
            output::number(law.threshold.into()),
            number(part(word, 1, 1)),
            number(part(word, 2, 1)),
            number(part(word, 3, 1)),
            number(part(word, 5, 5)),
            number(part(word, 10, 5)),
            self.read(self.node_key(mission, node, 1)),
            self.read(self.node_key(mission, node, 2)),
        ]))
    }

    pub(crate) fn node_states(&mut self, input: &mut Input<'_>) -> Answer {
        let key = self.key(STATES, input.word()?, output::number(input.u16()?.into()));
        Ok(output::words(&[self.read(key)]))
    }

    pub(crate) fn seat(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, seat) = (input.word()?, input.u16()?, input.u8()?);
        let place = u64::from(node) << 8 | u64::from(seat);
        let money = self.read(self.key(SEAT, mission, output::number(2 << 32 | place)));
        Ok(output::words(&[
            self.seat_agent(mission, node, seat).into_word(),
            self.read(self.key(SEAT, mission, output::number(1 << 32 | place))),
            output::amount(part(money, 0, 16)),
            output::amount(part(money, 16, 16)),
            self.read(self.key(SEAT, mission, output::number(3 << 32 | place))),
        ]))
    }

    pub(crate) fn page(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, tranche, index) = (input.word()?, input.u16()?, input.u8()?);
        let word = self.read(self.key(
            PAGE,
            mission,
            output::number(u64::from(tranche) << 8 | u64::from(index)),
        ));
        Ok(output::words(&[with(word, 0, 12, 0), word]))
    }

    pub(crate) fn counters(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, attempt) = (input.word()?, input.u16()?, input.u8()?);
        let word = self.read(self.key(
            COUNTERS,
            mission,
            output::number(u64::from(node) << 8 | u64::from(attempt)),
        ));
        Ok(output::words(&[
            output::amount(part(word, 0, 4)),
            output::amount(part(word, 4, 4)),
            output::amount(part(word, 8, 8)),
        ]))
    }

    pub(crate) fn completion_digest(&mut self, input: &mut Input<'_>) -> Answer {
        Ok(output::words(&[
            self.read(self.mission_key(input.word()?, 3))
        ]))
    }

    pub(crate) fn is_interested(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, principal) = (input.word()?, input.address()?);
        let sponsor = Address::from_slice(&mission[..20]);
        let answer = self.ask_peer(
            Peer::Agent,
            agents::principalOfCall::SELECTOR,
            &[sponsor.into_word()],
        )?;
        let same = Input::new(&answer).address()? == principal || sponsor == principal;
        let seated = self.read(self.key(SEAT, mission, principal.into_word())) != B256::ZERO;
        Ok(output::words(&[output::truth(same || seated)]))
    }

    pub(crate) fn expires_at(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let word = self.read(self.mission_key(mission, 0));
        let until = if u128::from(node) < part(word, 2, 2) {
            part(self.read(self.node_key(mission, node, 0)), 10, 5)
        } else {
            part(word, 16, 5).max(part(word, 21, 5))
        };
        Ok(output::words(&[output::amount(until)]))
    }
}
