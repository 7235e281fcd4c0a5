//! What everybody may read.

use agentcity_shell::{Answer, Input, member::Member, output, word::part};

use crate::storage::Verifications;

impl Verifications {
    pub(crate) fn record_of(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node, attempt) = (input.word()?, input.u16()?, input.u8()?);
        let [word, outcome, trail, bond] =
            [0, 1, 2, 3].map(|place| self.read(self.record_key(mission, node, attempt, place)));
        Ok(output::words(&[
            output::amount(part(word, 0, 1)),
            output::amount(part(word, 1, 1)),
            output::amount(part(word, 2, 1)),
            output::amount(part(word, 3, 1)),
            output::amount(part(word, 4, 5)),
            output::amount(part(word, 9, 5)),
            outcome,
            trail,
            bond,
        ]))
    }

    pub(crate) fn commitment_of(&mut self, input: &mut Input<'_>) -> Answer {
        let (mission, node) = (input.word()?, input.u16()?);
        let (attempt, seat) = (input.u8()?, input.u8()?);
        let [commitment, trail, value] =
            [0, 1, 2].map(|place| self.read(self.seat_key(mission, node, attempt, seat, place)));
        Ok(output::words(&[commitment, value, trail]))
    }
}
