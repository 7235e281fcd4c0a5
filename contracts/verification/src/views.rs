//! What everybody may read.

use agentcity_domain::{
    machine::NodeState,
    verification::window::{Phase, Schedule},
};
use agentcity_shell::{Answer, member::Member, reader::Reader, words::Words};
use alloy_primitives::B256;

use crate::case::Ask;
use crate::storage::{Key, OUTPUT, TRAIL, VALUE, Verifications};

impl Verifications {
    pub(crate) fn record_of(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, of) = (input.word(), input.u16(), input.u8());
        let mut running = self.attempt(mission, node, Ask::STATE)?;
        let key = Key {
            attempt: of,
            ..running.key
        };
        let runs =
            running.key.attempt == of && running.case.state == NodeState::PendingVerification as u8;
        let record = &self.record(&key);
        let (mut reveals, mut disputes) = (0, 0);
        if runs {
            let windows = self.law_of(&mut running)?.windows;
            let schedule = Schedule::of(&running.case, &windows);
            let phase = schedule.phase(&running.case, self.now());
            if !matches!(phase, Phase::Commits | Phase::Short) {
                reveals = schedule.reveals;
            }
            if matches!(phase, Phase::Disputes | Phase::Over) {
                disputes = schedule.disputes;
            }
        }
        let bond = match record.disputant {
            Some(seat) => self.bond_id(&key, seat),
            None => B256::ZERO,
        };
        Words::new()
            .truth(record.announced)
            .number(record.committed.mask().into())
            .number(record.revealed.mask().into())
            .number(record.excluded.mask().into())
            .number(reveals)
            .number(disputes)
            .word(&self.beside(&key, OUTPUT))
            .word(&self.beside(&key, TRAIL))
            .word(&bond)
            .answer()
    }

    pub(crate) fn commitment_of(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node) = (input.word(), input.u16());
        let (attempt, seat) = (input.u8(), input.u8());
        let key = Key {
            mission,
            node,
            attempt,
        };
        let kept = self.of_seat(&key, seat, VALUE);
        let opened = self.record(&key).revealed.has(seat);
        let (commitment, value) = if opened {
            (B256::ZERO, kept)
        } else {
            (kept, B256::ZERO)
        };
        Words::new().word(&commitment).word(&value).answer()
    }
}
