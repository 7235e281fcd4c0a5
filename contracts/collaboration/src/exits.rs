//! Exits by deadline, and ends.

use alloc::vec::Vec;

use agentcity_abi::{IAgent as agents, ICollaboration as wire, ITreasury as treasury};
use agentcity_domain::peer::Peer;
use agentcity_shell::{
    Answer, Input,
    member::Member,
    output, refuse,
    word::{part, with},
};
use alloy_primitives::B256;
use alloy_sol_types::{SolCall, SolError, SolEvent};

use crate::storage::Missions;

impl Missions {
    pub(crate) fn expire_node(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let (key, word) = self.node_in(mission, node, 0b1_0011_1100)?;
        let until = part(word, 10, 5) as u64;
        if self.now() <= until {
            return refuse(wire::TooEarly::SELECTOR, &[output::number(until)]);
        }
        let attempt = part(word, 0, 1) as u8;
        match self.state_of(mission, node) {
            2 => self.fail_node(mission, node, 7),
            3 => {
                let law = self.law(mission, node)?;
                for seat in 0..law.redundancy {
                    let agent = self.seat_agent(mission, node, seat);
                    self.fault(mission, node, attempt, agent, 1)?;
                }
                self.fail_node(mission, node, 1);
            }
            5 if part(word, 29, 1) == 0 => {
                let [window] = self.parameters(0, [15])?;
                let expires = self.now() + window.div_ceil(1_000);
                self.write(key, with(with(word, 29, 1, 1), 10, 5, expires.into()));
                self.emit(
                    &[
                        wire::BackupOpened::SIGNATURE_HASH,
                        mission,
                        output::number(node.into()),
                    ],
                    &[output::number(attempt.into()), output::number(expires)],
                );
            }
            5 => self.fail_node(mission, node, 15),
            _ => self.fail_node(mission, node, 16),
        }
        Ok(Vec::new())
    }

    #[inline(never)]
    fn end(&mut self, mission: B256, word: B256, to: u8, reason: u8) -> Result<(), Vec<u8>> {
        let [sanction] = self.parameters(0, [21])?;
        self.move_mission(mission, word, to, reason);
        self.tell_peer(
            Peer::Treasury,
            treasury::beginClosingCall::SELECTOR,
            &[mission, output::number(sanction)],
        )?;
        Ok(())
    }

    pub(crate) fn expire_mission(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let (key, word) = self.mission_in(mission, 0b1_0101_1110)?;
        let (deadline, halted) = (part(word, 16, 5) as u64, part(word, 21, 5) as u64);
        let [recovery, gate, most] = self.parameters(0, [22, 23, 12])?;
        let now = self.now();
        if halted != 0 && now > halted {
            self.end(mission, word, 7, 17)?;
            return Ok(Vec::new());
        }
        let parent = self.read(self.mission_key(mission, 4));
        if parent != B256::ZERO {
            let above = part(self.read(self.mission_key(parent, 0)), 0, 1);
            if matches!(above, 5 | 7) {
                self.end(mission, word, 7, 18)?;
                return Ok(Vec::new());
            }
        }
        let exhausted = part(word, 6, 2) > 0 && part(word, 9, 2) as u64 >= most;
        let (to, from, reason) = match part(word, 0, 1) {
            1 => (7, deadline, 19),
            2 | 3 if exhausted => (6, 0, 11),
            2 | 3 => (6, deadline, 12),
            4 => (6, deadline + gate.div_ceil(1_000), 15),
            6 => (7, deadline + recovery.div_ceil(1_000), 11),
            _ => (7, halted, 15),
        };
        if now <= from {
            return refuse(wire::TooEarly::SELECTOR, &[output::number(from)]);
        }
        if to == 6 {
            self.write(key, word);
            self.move_mission(mission, word, 6, reason);
        } else {
            self.end(mission, word, to, reason)?;
        }
        Ok(Vec::new())
    }

    pub(crate) fn abort(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, _justification) = (input.word()?, input.word()?);
        self.only(&[Peer::Adjudication])?;
        let (_, word) = self.mission_in(mission, 0b1_0101_1110)?;
        self.end(mission, word, 7, 15)?;
        Ok(Vec::new())
    }

    pub(crate) fn abort_for_fault(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let (count, mut named) = input.list(32)?;
        let _justification = input.word()?;
        self.only(&[Peer::Adjudication])?;
        let (_, word) = self.mission_in(mission, 0b1_0101_1110)?;
        for _ in 0..count {
            let agent = named.address()?;
            self.fault(mission, 0, 0, agent, 14)?;
        }
        self.end(mission, word, 7, 14)?;
        Ok(Vec::new())
    }

    pub(crate) fn release_agent(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, agent) = (input.word()?, input.address()?);
        self.mission_in(mission, 0b1010_0000)?;
        let words = [mission, agent.into_word()];
        self.tell_peer(Peer::Treasury, treasury::releaseStakeCall::SELECTOR, &words)?;
        self.tell_peer(
            Peer::Agent,
            agents::closeObligationCall::SELECTOR,
            &words[1..],
        )?;
        Ok(Vec::new())
    }

    /// The mission's output leaves the gate.
    #[inline(never)]
    pub(crate) fn release(
        &mut self,
        mission: B256,
        word: B256,
        by_panel: bool,
    ) -> Result<(), Vec<u8>> {
        let digest = self.read(self.mission_key(mission, 3));
        self.emit(
            &[wire::OutputReleased::SIGNATURE_HASH, mission],
            &[digest, output::truth(by_panel)],
        );
        self.end(mission, word, 5, 20)
    }
}
