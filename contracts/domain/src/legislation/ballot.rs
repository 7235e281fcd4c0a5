//! Rankings, and the seals that they are cast under.
//!
//! A ranking is a permutation of the candidates in four bits each, the best in the lowest; beyond the last there is nothing. A
//! sealed ballot is `keccak256(session ‖ principal ‖ ranking ‖ salt)`, four words: whoever copies another's seal can never open it,
//! since the principal under it is not his (INV-ASSEMBLY-03).
//!
//! The word of a voter holds its seal until that is opened, then the number of the opening, counted from one. A seal whose first
//! 24 bytes are zero is refused, so neither is ever taken for the other.

use alloy_primitives::{Address, B256};

use super::{proposal::CANDIDATES_MAX, refused::Refused};
use crate::{
    machine::BallotState,
    mission::word::{get, set},
};

/// Bits of a place.
const BITS: u32 = 4; // structural: sixteen candidates

/// A complete and strict ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ranking(u64);

impl Ranking {
    /// The ranking in these bits.
    ///
    /// Errors: `Ranking` for what is none of so many candidates.
    #[inline(never)]
    pub const fn new(bits: u64, candidates: u8) -> Result<Self, Refused> {
        let refused = Err(Refused::Ranking(candidates));
        if candidates > CANDIDATES_MAX {
            return refused;
        }
        let (mut rest, mut seen, mut left) = (bits, 0u32, candidates);
        while left > 0 {
            seen |= 1 << (rest & 15); // structural: four bits
            rest >>= BITS;
            left -= 1;
        }
        // As many candidates as places, each of the first ones: every one stands once.
        if rest != 0 || seen != (1u32 << candidates) - 1 {
            return refused;
        }
        Ok(Self(bits))
    }

    /// A ranking that was one when it was stored.
    pub const fn stored(bits: u64) -> Self {
        Self(bits)
    }

    /// Its bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Its first candidates, the best first; beyond the sixteenth there are none.
    pub fn first(self, count: u8) -> impl Iterator<Item = u8> + Clone {
        (0..count.min(CANDIDATES_MAX)).map(move |place| self.at(place))
    }

    /// The candidate at a place.
    const fn at(self, place: u8) -> u8 {
        (self.0 >> ((BITS * place as u32) & 63) & 15) as u8 // structural: four of 64 bits
    }
}

/// The words whose hash seals a ranking.
pub fn sealed(session: &B256, principal: &Address, ranking: u64, salt: &B256) -> [B256; 4] {
    let mut bits = B256::ZERO;
    set(&mut bits, 24, 8, ranking); // structural: a number's last eight bytes
    [*session, principal.into_word(), bits, *salt]
}

/// What a voter's word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// No ballot.
    None,
    /// A sealed one.
    Sealed,
    /// The so manieth that was opened, counted from zero.
    Opened(u32),
}

impl Cast {
    /// What the word says.
    #[inline(never)]
    pub fn of(word: &B256) -> Self {
        let number = get(word, 24, 8) as u32; // structural: a number's last eight bytes
        if word.is_zero() {
            Self::None
        } else if is_seal(word) {
            Self::Sealed
        } else {
            Self::Opened(number.saturating_sub(1))
        }
    }

    /// Its state, while its election stands at a step up to the reveals, or beyond.
    pub fn state(self, is_over: bool) -> Option<BallotState> {
        match self {
            Self::None => None,
            Self::Sealed if is_over => Some(BallotState::Spent),
            Self::Sealed => Some(BallotState::Committed),
            Self::Opened(_) => Some(BallotState::Revealed),
        }
    }
}

/// The word of a voter whose ballot was opened as the `index`-th.
pub fn opened(index: u32) -> B256 {
    let mut word = B256::ZERO;
    set(&mut word, 24, 8, u64::from(index).saturating_add(1)); // structural: as above
    word
}

/// Casts a sealed ballot into a voter's word.
///
/// Errors: `Done`; `NoSeal` for what could be taken for an opened one.
#[inline(never)]
pub fn cast(word: &B256, seal: &B256) -> Result<(), Refused> {
    if Cast::of(word) != Cast::None {
        return Err(Refused::Done);
    }
    if !is_seal(seal) {
        return Err(Refused::NoSeal);
    }
    Ok(())
}

/// Whether a word cannot be the number of an opening.
fn is_seal(word: &B256) -> bool {
    // structural: the first 24 bytes, eight at a time
    get(word, 0, 8) | get(word, 8, 8) | get(word, 16, 8) != 0
}
