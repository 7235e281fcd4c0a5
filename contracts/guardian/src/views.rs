//! What everybody may read.

use agentcity_shell::{
    Answer,
    reader::Reader,
    word::get,
    words::{Laid, Words},
};

use crate::{
    gate::GATE,
    reports::{COUNTERS, attempt_word},
    storage::Guardian,
};

impl Guardian {
    pub(crate) fn freeze_of(&mut self, input: &mut Reader<'_>) -> Answer {
        let record = self.record(input.u64())?;
        let number = |at, bytes| get(&record.word, at, bytes);
        Words::new()
            .word(&record.mission)
            .number(number(4, 2))
            .number(number(3, 1))
            .address(&record.agent)
            .number(number(0, 1))
            .number(number(6, 5))
            .number(number(11, 5))
            .number(number(1, 1))
            .number(number(2, 1))
            .answer()
    }

    pub(crate) fn counters(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, attempt) = (&input.word(), input.u16(), input.u8());
        let word = self.entry_at(COUNTERS, mission, &attempt_word(node, attempt));
        Words::new()
            .number(get(&word, 0, 4))
            .number(get(&word, 4, 4))
            .number(get(&word, 8, 8))
            .answer()
    }

    pub(crate) fn gate_of(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        let word = self.entry(GATE, mission, 0);
        Words::new()
            .number(get(&word, 0, 1))
            .number(get(&word, 1, 1))
            .number(get(&word, 2, 1))
            .number(get(&word, 3, 5))
            .word(&self.entry(GATE, mission, 1))
            .answer()
    }
}
