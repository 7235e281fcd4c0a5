//! What is stored of a node's current attempt: one word, none as long as nobody accepted a seat.
//!
//! ```text
//! node  0 attempt   1 seats that are taken   2 seats that passed to others   3 what it is   4..9 since   9..14 expires
//!       14..18 moved   18..32 reputation of each seat when it was routed, two bytes each
//! ```
//!
//! A root is eligible since its mission became active, so it needs no word of its own (ADR 0005). While a node is
//! eligible, its deadlines follow from when it became so and the mission's parameters. A completed node's word is its output;
//! what it was before is kept beside only where an attempt or a seat is not the first.

// structural file: offsets and widths of the layout drawn above.

use super::{
    record::{Mission, Pages, moved},
    word::{get, packed, set},
};
use crate::statute::SEATS_MAX;

packed! {
    /// A node's attempt.
    Node {
        /// Which attempt it is, from zero.
        attempt, set_attempt: 0, 1, u8;
        /// Seats that are taken, one bit each.
        taken, set_taken: 1, 1, u8;
        /// Seats that passed to others than the statute's pages name, one bit each.
        replaced, set_replaced: 2, 1, u8;
        /// Its tier once it runs; [`CHILD`] for one that runs as a mission, [`BACKUP`] once the backup period is open.
        kind, set_kind: 3, 1, u8;
        /// When it came into its state.
        since, set_since: 4, 5, u64;
        /// When its state ends; zero while it is eligible.
        expires, set_expires: 9, 5, u64;
        /// Seconds by which deadlines had moved then.
        moved, set_moved: 14, 4, u32;
    }
}

/// In a node's kind: it runs as a mission of its own.
pub const CHILD: u8 = 0x80;
/// In a node's kind: the backup period of its review is open.
pub const BACKUP: u8 = 0x40;
const TIER: u8 = 3;

/// The tier of nodes that a proof decides.
pub const TIER_PROOF: u8 = 1;
/// The tier of nodes that agreement decides.
pub const TIER_CONSENSUS: u8 = 2;
/// The tier of nodes that people decide.
pub const TIER_REVIEW: u8 = 3;

/// Where the reputations begin, and their bytes.
const SCORES: usize = 18;
const SCORE: usize = 2;

/// Seats of a mask, one bit each.
pub const fn seat_bit(seat: u8) -> u8 {
    if seat > 7 { 0 } else { 1 << seat }
}

impl Node {
    /// Seats that are taken.
    pub fn accepted(&self) -> u8 {
        self.taken().count_ones() as u8
    }

    /// 1 proof, 2 consensus, 3 review; zero for a node that does not run, or runs as a mission.
    pub fn tier(&self) -> u8 {
        self.kind() & TIER
    }

    /// Whether a mission does its work.
    pub fn is_child(&self) -> bool {
        self.kind() & CHILD != 0
    }

    /// Whether every eligible adjudicator may review it.
    pub fn has_backup(&self) -> bool {
        self.kind() & BACKUP != 0
    }

    /// Reputation of a seat when the node was routed, in whole points.
    pub fn score(&self, seat: u8) -> u16 {
        let at = SCORES.saturating_add(usize::from(seat).saturating_mul(SCORE));
        if usize::from(seat) < SEATS_MAX {
            get(&self.0, at, SCORE) as u16
        } else {
            0
        }
    }

    /// Keeps the reputation of a seat.
    pub fn set_score(&mut self, seat: u8, points: u16) {
        let at = SCORES.saturating_add(usize::from(seat).saturating_mul(SCORE));
        if usize::from(seat) < SEATS_MAX {
            set(&mut self.0, at, SCORE, points.into());
        }
    }

    /// A fresh attempt, or the same anew: who accepted has to accept again.
    pub fn renew(&mut self, attempt: u8, now: u64, moved: u32) {
        let replaced = self.replaced();
        *self = Self::default();
        self.set_attempt(attempt);
        self.set_replaced(replaced);
        self.set_since(now);
        self.set_moved(moved);
    }

    /// Sets when its state ends.
    pub fn expire_at(&mut self, until: u64, moved: u32) {
        self.set_expires(until);
        self.set_moved(moved);
    }

    /// When its state ends, as halts moved it since.
    pub fn ends(&self, moved_now: u32) -> u64 {
        self.later(self.expires(), moved_now)
    }

    /// From when windows of its state count that have a length of their own, as halts moved it since; zero for no instant.
    pub fn began(&self, moved_now: u32) -> u64 {
        match self.since() {
            0 => 0,
            since => self.later(since, moved_now),
        }
    }

    #[inline(never)]
    fn later(&self, at: u64, moved_now: u32) -> u64 {
        at.saturating_add(moved_now.saturating_sub(self.moved()).into())
    }

    /// Whether its word says more than its output once it is completed.
    pub fn must_be_kept(&self) -> bool {
        self.attempt() != 0 || self.replaced() != 0
    }
}

/// The windows of an eligible node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eligible {
    /// Last second in which every seat must be taken; later, silent seats are at fault.
    pub closes: u64,
    /// Last second before anyone may expire it.
    pub expires: u64,
}

impl Eligible {
    /// Units: milliseconds in, unix seconds out; each sum is rounded up (RESOLUTIONS C-16).
    /// Source: RESOLUTIONS C-14; RULINGS R7; ADR 0005.
    #[inline(never)]
    pub fn of(
        node: &Node,
        (mission, pages, city): (&Mission, &Pages, &Mission),
        [acceptance_ms, route_ms, grace_ms]: [u64; 3],
    ) -> Self {
        let (since, then) = if node.since() == 0 {
            (pages.activated(), pages.moved_then())
        } else {
            (node.since(), node.moved())
        };
        let later = moved(mission, city).saturating_sub(then);
        let closes = since
            .saturating_add(later.into())
            .saturating_add(seconds(acceptance_ms.saturating_add(grace_ms)));
        Self {
            closes,
            expires: closes.saturating_add(seconds(route_ms)),
        }
    }
}

/// Seconds of milliseconds, rounded up (RESOLUTIONS C-16).
pub const fn seconds(millis: u64) -> u64 {
    millis.div_ceil(1_000)
}
