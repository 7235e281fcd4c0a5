//! What can be asked.

use agentcity_domain::act::Signers;
use agentcity_shell::{
    Answer, Input,
    output::{self, number},
};
use alloy_primitives::B256;
use stylus_sdk::prelude::*;

use crate::{opened::Opened, storage::Adjudication};

/// Words of `IAdjudication.Decoded`, and the first of the three that every action has.
const DECODED: usize = 9;
const DECODED_TAIL: usize = 6;

impl Adjudication {
    /// Errors: `UnknownAction`, `MalformedPayload`.
    pub(crate) fn digest_of(&self, input: &mut Input<'_>) -> Answer {
        let opened = Opened::read(self.vm(), input)?;
        Ok(output::words(&[opened.digest]))
    }

    /// Mission, node and attempt where the action has them, then its other fields in order, and what all have.
    ///
    /// Errors: `UnknownAction`, `MalformedPayload`.
    pub(crate) fn decode_action(&self, input: &mut Input<'_>) -> Answer {
        let opened = Opened::read(self.vm(), input)?;
        let fields = usize::from(opened.shape.fields);
        let mut decoded = [B256::ZERO; DECODED];
        let mut next = 3;
        for place in 0..fields {
            let unused = opened.shape.unused(place as u8);
            let at = match (place, unused) {
                (0, _) if opened.shape.of_mission => 0,
                (1, 30) if opened.shape.of_mission => 1,
                (2, 31) if opened.shape.of_mission => 2,
                _ => {
                    next += 1;
                    next - 1
                }
            };
            // Three fields have no name of their own; further ones are read in the payload.
            if at < DECODED_TAIL
                && let Some(slot) = decoded.get_mut(at)
            {
                *slot = opened.word(place);
            }
        }
        for (slot, place) in decoded.iter_mut().skip(DECODED_TAIL).zip(fields..) {
            *slot = opened.word(place);
        }
        Ok(output::words(&decoded))
    }

    /// Errors: `UnknownAction`, `MalformedPayload`, `ValueChanged`, `DeltaTooLarge`; whatever the constitution refuses.
    pub(crate) fn requirement_of(&self, input: &mut Input<'_>) -> Answer {
        let opened = Opened::read(self.vm(), input)?;
        let panel = self.examine(&[])?.panel;
        let terms = self.terms(&opened)?;
        let limits = self.limits(opened.action, &terms)?;
        let demand = self.demand(&opened, &panel, &terms, &limits)?;
        let alternative = match opened.action.demands().map(|(signers, ..)| signers) {
            None | Some(Signers::One | Signers::Two) => 0,
            Some(Signers::Half) => 1,
            Some(Signers::TwoThirds) => 2,
            Some(Signers::ByTier) => 3,
            Some(Signers::ClearStop) => 4,
            Some(Signers::OneThenTwo) => 5,
            Some(Signers::Unflagged) => 6,
        };
        Ok(output::words(&[
            number(demand.signers.into()),
            number(demand.delay_secs),
            number(demand.class as u64),
            number(alternative),
        ]))
    }

    /// What is stored: an action that lapsed is queued until somebody ends it.
    pub(crate) fn action_state(&self, input: &mut Input<'_>) -> Answer {
        let entry = self.entry(input.word()?);
        Ok(output::words(&[
            number(entry.state().into()),
            number(entry.left().into()),
            number(entry.due_at()),
            number(entry.lapses_at()),
        ]))
    }
}
