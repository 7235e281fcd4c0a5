//! An action with its payload, every word within its type's range.

use alloc::vec::Vec;

use agentcity_abi::IAdjudication as wire;
use agentcity_domain::act::{Action, Shape};
use agentcity_shell::{output, refuse, sign, word::part};
use alloy_primitives::B256;
use alloy_sol_types::SolError;
use stylus_sdk::prelude::*;

/// Words that every payload ends with: hash and place of the justification, deadline.
pub(crate) const TAIL: usize = 3;

/// What was signed.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) action: Action,
    pub(crate) shape: Shape,
    pub(crate) digest: B256,
    /// The struct's type hash, then the payload.
    words: Vec<B256>,
}

impl Opened {
    /// Reads a payload.
    ///
    /// Errors: `UnknownAction`, `MalformedPayload`.
    #[inline(never)]
    pub(crate) fn read(vm: &impl Host, action: u8, payload: &[u8]) -> Result<Self, Vec<u8>> {
        let number = output::number(action.into());
        let found = Action::at(action).and_then(|action| Some((action, action.shape()?)));
        let Some((action, shape)) = found else {
            return refuse(wire::UnknownAction::SELECTOR, &[number]);
        };
        let malformed = |place: u64| {
            refuse(
                wire::MalformedPayload::SELECTOR,
                &[number, output::number(place)],
            )
        };
        let count = usize::from(shape.fields).saturating_add(TAIL);
        if payload.len() != count.saturating_mul(32) {
            return malformed(count as u64);
        }
        let mut words = Vec::with_capacity(count.saturating_add(1));
        words.push(action.type_hash());
        for (bytes, place) in payload.chunks_exact(32).zip(0u8..) {
            let word = B256::try_from(bytes).unwrap_or_default();
            let zeros = if usize::from(place).saturating_add(1) == count {
                24
            } else {
                shape.leading_zeros(place)
            };
            if word.iter().take(zeros.into()).any(|byte| *byte != 0) {
                return malformed(place.into());
            }
            words.push(word);
        }
        let digest = sign::digest(vm, &words);
        Ok(Self {
            action,
            shape,
            digest,
            words,
        })
    }

    /// A word of the payload; zero beyond its end.
    #[inline(never)]
    pub(crate) fn word(&self, place: usize) -> B256 {
        self.words
            .get(place.saturating_add(1))
            .copied()
            .unwrap_or_default()
    }

    /// The number in a word of the payload.
    pub(crate) fn number(&self, place: usize) -> u64 {
        part(self.word(place), 24, 8) as u64
    }

    /// Until when the action is good, unix seconds.
    pub(crate) fn deadline(&self) -> u64 {
        self.number(usize::from(self.shape.fields).saturating_add(TAIL - 1))
    }

    /// The mission it acts in, or zero.
    pub(crate) fn mission(&self) -> B256 {
        if self.shape.of_mission {
            self.word(0)
        } else {
            B256::ZERO
        }
    }
}
