//! How evenly the seats of a mission are spread over the principals who bid for them.
//!
//! The seed measures concentration by the Herfindahl–Hirschman index between its least, 1 ÷ p, and its greatest, 1. Seats are whole,
//! so 1 ÷ p cannot be reached with fewer seats than bidders or with a remainder: the least here is the least that whole seats can
//! reach, and one seat alone is fair.
//!
//! ```text
//! fairness = ⌊1000 · (n² − Σ c²) ÷ (n² − least)⌋      least = r·(q + 1)² + (p − r)·q²,  n = q·p + r
//! ```
//!
//! `n` seats, `p` principals with a bid that could win somewhere, `c` seats of each. Counted over the whole mission, so that a node
//! given anew changes it as little as it should (RESOLUTIONS L-07).
//!
//! Source: RESOLUTIONS L-06, L-07, L-08; vectors `fairness`.

use crate::mission::word::packed;

/// The most there is.
pub const WHOLE: u16 = 1_000; // structural: a permille

packed! {
    /// How seats are spread, as far as the score asks.
    Spread {
        /// Seats that are given.
        seats, set_seats: 0, 4, u32;
        /// Principals with a bid that could win.
        bidders, set_bidders: 4, 4, u32;
        /// Sum of the squares of each principal's seats.
        squares, set_squares: 8, 8, u64;
    }
}

impl Spread {
    /// Counts a principal whose bid could win, once.
    pub fn count_bidder(&mut self) {
        self.set_bidders(self.bidders().saturating_add(1));
    }

    /// Gives a seat to a principal that has `before` of them.
    pub fn seat(&mut self, before: u32) {
        self.set_seats(self.seats().saturating_add(1));
        let squares = self.squares().saturating_add(odd(before));
        self.set_squares(squares);
    }

    /// Takes a seat from a principal that has `before` of them, at least one.
    pub fn unseat(&mut self, before: u32) {
        self.set_seats(self.seats().saturating_sub(1));
        let squares = self.squares().saturating_sub(odd(before.saturating_sub(1)));
        self.set_squares(squares);
    }

    /// The fairness in thousandths; none of no seats, which is no award.
    ///
    /// A single bidder with more than one seat has nought: the panel may waive what is needed.
    pub fn score(&self) -> Option<u16> {
        let (seats, bidders) = (u64::from(self.seats()), u64::from(self.bidders()));
        if seats < 2 {
            return (seats == 1).then_some(WHOLE);
        }
        let all = seats.saturating_mul(seats);
        let each = seats.checked_div(bidders)?;
        let more = seats.checked_rem(bidders)?;
        let next = each.saturating_add(1);
        let least = more
            .saturating_mul(next.saturating_mul(next))
            .saturating_add(
                bidders
                    .saturating_sub(more)
                    .saturating_mul(each.saturating_mul(each)),
            );
        let spread = all
            .saturating_sub(self.squares())
            .saturating_mul(WHOLE.into());
        let score = spread.checked_div(all.saturating_sub(least));
        Some(score.unwrap_or_default() as u16)
    }
}

/// The seed's score, whose least is 1 ÷ p whether whole seats reach it or not; none where it divides by nothing.
///
/// `squares` is the sum of the squares of the seats of each of `bidders`.
pub fn as_printed(seats: u64, bidders: u64, squares: u64) -> Option<u64> {
    let all = seats.checked_mul(seats)?;
    let spread = all.checked_sub(squares)?.checked_mul(bidders)?;
    let most = bidders.checked_sub(1)?.checked_mul(all)?;
    spread.checked_mul(WHOLE.into())?.checked_div(most)
}

/// (c + 1)² − c².
const fn odd(count: u32) -> u64 {
    (count as u64).saturating_mul(2).saturating_add(1)
}
