//! An action with its payload, every word within its type's range.

use alloc::vec::Vec;

use agentcity_abi::IAdjudication as wire;
use agentcity_domain::act::{self, Action, Shape};
use agentcity_shell::{
    Input,
    output::{self, number},
    refuse, sign,
    word::part,
};
use alloy_primitives::{Address, B256};
use alloy_sol_types::SolError;
use stylus_sdk::prelude::*;

/// Words that every payload ends with: hash and place of the justification, deadline.
pub(crate) const TAIL: usize = 3;
/// Bytes of the longest payload.
const PAYLOAD_MAX: usize = 32 * 16;
/// Bytes of a deadline's word that are zero.
const DEADLINE_ZEROS: usize = 24;

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
    /// Reads an action and its payload out of a call's arguments.
    ///
    /// Errors: `UnknownAction`, `MalformedPayload`, `MalformedCall`.
    #[inline(never)]
    pub(crate) fn read(vm: &impl Host, input: &mut Input<'_>) -> Result<Self, Vec<u8>> {
        let (action, payload) = (input.u8()?, input.bytes(PAYLOAD_MAX)?);
        let found = Action::at(action).and_then(|action| Some((action, action.shape()?)));
        let Some((action, shape)) = found else {
            return refuse(wire::UnknownAction::SELECTOR, &[number(action.into())]);
        };
        let count = usize::from(shape.fields).saturating_add(TAIL);
        if payload.len() != count.saturating_mul(32) {
            return malformed(action, count as u64);
        }
        let mut words = Vec::with_capacity(count.saturating_add(1));
        words.push(action.type_hash());
        for (bytes, place) in payload.chunks_exact(32).zip(0u8..) {
            let word = B256::try_from(bytes).unwrap_or_default();
            let fits = if usize::from(place).saturating_add(1) == count {
                part(word, 0, 16) == 0 && part(word, 16, DEADLINE_ZEROS - 16) == 0
            } else {
                place >= shape.fields || shape.takes(place, &word)
            };
            if !fits {
                return malformed(action, place.into());
            }
            words.push(word);
        }
        let digest = sign::digest(vm, &words);
        let opened = Self {
            action,
            shape,
            digest,
            words,
        };
        opened.require_meaning()?;
        Ok(opened)
    }

    /// That its words mean something together: a mission has a number, since number zero is the city, whose halts ask for more
    /// signers; agents at fault are in order; and the senior is appointed by its own action alone.
    ///
    /// Errors: `MalformedPayload`.
    #[inline(never)]
    fn require_meaning(&self) -> Result<(), Vec<u8>> {
        if self.shape.of_mission && self.word(0) == B256::ZERO {
            return malformed(self.action, 0);
        }
        match self.action {
            Action::AbortForFault => match act::named(&self.agents()) {
                Ok(_) => Ok(()),
                Err(place) => malformed(self.action, u64::from(place).saturating_add(1)),
            },
            Action::AmendParameter if self.word(0) == B256::ZERO => malformed(self.action, 0),
            _ => Ok(()),
        }
    }

    /// All words of the payload.
    pub(crate) fn payload(&self) -> &[B256] {
        self.words.get(1..).unwrap_or_default()
    }

    /// A word of the payload; zero beyond its end.
    #[inline(never)]
    pub(crate) fn word(&self, place: usize) -> B256 {
        self.words
            .get(place.saturating_add(1))
            .copied()
            .unwrap_or_default()
    }

    /// The address in a word of the payload.
    pub(crate) fn address(&self, place: usize) -> Address {
        Address::from_word(self.word(place))
    }

    /// The number in a word of the payload.
    pub(crate) fn number(&self, place: usize) -> u64 {
        part(self.word(place), 24, 8) as u64
    }

    /// The agents at whose fault a mission ends, with zeros behind them.
    pub(crate) fn agents(&self) -> [B256; 4] {
        [1, 2, 3, 4].map(|place| self.word(place))
    }

    /// Until when the action may be handed in, unix seconds.
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

    /// What it is about: mission, session, or person.
    pub(crate) fn matter(&self) -> B256 {
        self.word(0)
    }
}

#[inline(never)]
fn malformed<T>(action: Action, place: u64) -> Result<T, Vec<u8>> {
    refuse(
        wire::MalformedPayload::SELECTOR,
        &[number(action as u64), output::number(place)],
    )
}
