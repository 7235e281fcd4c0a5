//! What everybody may read.

use agentcity_shell::{Answer, Input, member::Member, output, word::part};
use alloy_primitives::B256;

use crate::{
    gate::GATE,
    reports::{COUNTERS, attempt_word},
    storage::Guardian,
};

impl Guardian {
    pub(crate) fn freeze_of(&mut self, input: &mut Input<'_>) -> Answer {
        let record = self.record(input.u64()?)?;
        let number = |at, bytes| output::amount(part(record.word, at, bytes));
        Ok(output::words(&[
            record.mission,
            number(4, 2),
            number(3, 1),
            record.agent.into_word(),
            number(0, 1),
            number(6, 5),
            number(11, 5),
            number(1, 1),
            number(2, 1),
        ]))
    }

    pub(crate) fn counters(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, attempt) = (input.word()?, input.u16()?, input.u8()?);
        let word = self.read(self.key(COUNTERS, mission, attempt_word(node, attempt)));
        Ok(output::words(&[
            output::amount(part(word, 0, 4)),
            output::amount(part(word, 4, 4)),
            output::amount(part(word, 8, 8)),
        ]))
    }

    pub(crate) fn gate_of(&mut self, input: &mut Input<'_>) -> Answer {
        let mission = input.word()?;
        let word = self.read(self.key(GATE, mission, B256::ZERO));
        Ok(output::words(&[
            output::amount(part(word, 0, 1)),
            output::amount(part(word, 1, 1)),
            output::amount(part(word, 2, 1)),
            output::amount(part(word, 3, 5)),
            self.read(self.key(GATE, mission, output::number(1))),
        ]))
    }
}
