//! Straw poll, speaking order, turns (seed §3.4 stage 2).
//!
//! ```text
//! debate    0..4 voters   4..6 speakers   6..11 drawn   11..15 counted   15..17 node
//!
//!    start ──── poll ────▶ draw ── round 1 ──▶ … ── round n ──▶ end
//!           one round long      each: a turn for every speaker, by the clock
//! ```
//!
//! **Evidence first.** Nobody polls or speaks before the regulator's evidence is on record.
//!
//! **The order can be computed by anybody.** With the straw votes of a session, in the order of their logs, as
//! `(principalᵢ, proposalᵢ)`:
//!
//! 1. `seed = ⊕ keccak256(session ‖ principalᵢ ‖ proposalᵢ)`, each of the three a word. Exclusive or: whoever relays votes cannot choose
//!    among orders of relaying, and signature, deadline and salt have no part in it.
//! 2. `h₀ = seed`, `hᵢ₊₁ = keccak256(hᵢ)`, and `rᵢ` is the number in the last eight bytes of `hᵢ₊₁`.
//! 3. Fisher and Yates from the first place on: `order = [0, 1, …, n−1]`; for `i = 0 … k−1` exchange the places `i` and `i + rᵢ mod (n − i)`.
//! 4. The first `k = min(32, n, seconds of a round)` of them speak.
//!
//! The remainder is not exactly uniform: of 2⁶⁴ numbers some of `n ≤ 4,096` remainders have one more than others, so each choice
//! differs from uniform by less than 2⁻⁵² of its probability, and all 32 together by less than 2⁻⁴⁶. To reject the excess would change
//! nothing that anybody could observe.
//!
//! A bloc of `c` principals that votes last chooses among at most `(candidates + 1)ᶜ` orders: more than that a seed from votes cannot
//! promise on a chain without randomness. What is at stake is who speaks first.

// structural file: offsets and widths of the layout drawn above.

use alloc::vec::Vec;

use alloy_primitives::B256;

use super::refused::Refused;
use crate::mission::word::{get, packed, set};

/// Most speakers: two words of sixteen places.
pub const SPEAKERS_MAX: u16 = 32;
/// Places of a word.
pub const PLACES: usize = 16;
/// Most straw votes: what is shuffled in one call.
pub const VOTERS_MAX: u32 = 4_096;

packed! {
    /// A session's debate; beside it what else is small: how far the tally is, and which node is legislated.
    Debate {
        /// Straw votes.
        voters, set_voters: 0, 4, u32;
        /// Speakers; zero before the order is drawn.
        speakers, set_speakers: 4, 2, u16;
        /// When it was drawn.
        drawn, set_drawn: 6, 5, u64;
        /// Ballots that are counted.
        counted, set_counted: 11, 4, u32;
        /// The node that is legislated.
        node, set_node: 15, 2, u16;
    }
}

/// The rounds of a debate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounds {
    /// How many.
    pub count: u64,
    /// Seconds of each, and of the poll before them.
    pub secs: u64,
}

impl Rounds {
    /// Seconds of poll and rounds.
    pub const fn length(&self) -> u64 {
        self.count.saturating_add(1).saturating_mul(self.secs)
    }

    /// The last second of the poll, of a debate with this last second.
    pub const fn poll_ends(&self, expires: u64) -> u64 {
        expires.saturating_sub(self.count.saturating_mul(self.secs))
    }

    /// How many of so many straw voters speak.
    pub fn speakers(&self, voters: u32) -> u16 {
        let most = u64::from(SPEAKERS_MAX).min(self.secs);
        u64::from(voters).min(most) as u16
    }
}

/// The words whose hash a straw vote adds to the seed.
pub fn voice(session: &B256, principal: &B256, proposal: &B256) -> [B256; 3] {
    [*session, *principal, *proposal]
}

/// The seed with one voice more.
pub fn mix(seed: &B256, voice: &B256) -> B256 {
    let mut mixed = *seed;
    for (byte, with) in mixed.iter_mut().zip(voice.iter()) {
        *byte ^= *with;
    }
    mixed
}

/// Draws the order: the numbers of the `speakers` among so many voters, in which they speak.
#[inline(never)]
pub fn draw(seed: &B256, voters: u32, speakers: u16, hash: &dyn Fn(&B256) -> B256) -> Vec<u16> {
    let mut order: Vec<u16> = (0..voters.min(VOTERS_MAX) as u16).collect();
    let mut random = *seed;
    for place in 0..usize::from(speakers) {
        random = hash(&random);
        let rest = order.len().saturating_sub(place) as u64;
        let step = get(&random, 24, 8).checked_rem(rest).unwrap_or_default();
        let other = place.saturating_add(step as usize);
        if other < order.len() {
            order.swap(place, other);
        }
    }
    order.truncate(usize::from(speakers));
    order
}

/// A word of the order: sixteen voters' numbers.
pub fn order_word(order: &[u16], at: usize) -> B256 {
    let mut word = B256::ZERO;
    let places = order.iter().skip(at.saturating_mul(PLACES));
    for (voter, place) in places.zip(0..PLACES) {
        set(&mut word, place.saturating_mul(2), 2, u64::from(*voter));
    }
    word
}

/// The voter at a place of the order, in the word that holds it.
pub fn voter_at(word: &B256, place: u16) -> u16 {
    get(word, usize::from(place) % PLACES * 2, 2) as u16
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// In which round, counted from one.
    pub round: u8,
    /// At which place of the order.
    pub place: u16,
}

impl Debate {
    /// One straw vote more: its number.
    ///
    /// Errors: `TooLate` once the order is drawn, `TooMany`.
    pub fn poll(&mut self) -> Result<u32, Refused> {
        if self.speakers() != 0 {
            return Err(Refused::TooLate(self.drawn()));
        }
        let voters = self.voters();
        if voters >= VOTERS_MAX {
            return Err(Refused::TooMany(VOTERS_MAX));
        }
        self.set_voters(voters.saturating_add(1));
        Ok(voters)
    }

    /// The order is drawn: how many speak. Once, after the poll, if anybody voted; the rounds begin now.
    ///
    /// Errors: `Done`, `TooEarly`, `Missing`.
    pub fn open(&mut self, rounds: &Rounds, expires: u64, now: u64) -> Result<u16, Refused> {
        if self.speakers() != 0 {
            return Err(Refused::Done);
        }
        let polled = rounds.poll_ends(expires);
        if now <= polled {
            return Err(Refused::TooEarly(polled.saturating_add(1)));
        }
        let speakers = rounds.speakers(self.voters());
        if speakers == 0 {
            return Err(Refused::Missing(0, 1));
        }
        self.set_speakers(speakers);
        self.set_drawn(now);
        Ok(speakers)
    }

    /// Whose turn it is: time alone says, a silent turn passes. None before the draw and after the last round.
    #[inline(never)]
    pub fn turn(&self, rounds: &Rounds, now: u64) -> Option<Turn> {
        let speakers = u64::from(self.speakers());
        let since = now.checked_sub(self.drawn())?;
        let round = since.checked_div(rounds.secs)?;
        let within = since.checked_rem(rounds.secs)?;
        // No fewer seconds than speakers, so that everybody has one.
        let length = rounds.secs.checked_div(speakers)?;
        let place = within.checked_div(length)?.min(speakers.saturating_sub(1));
        (round < rounds.count).then_some(Turn {
            round: round.saturating_add(1) as u8,
            place: place as u16,
        })
    }
}
