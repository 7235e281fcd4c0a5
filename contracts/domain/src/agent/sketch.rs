//! INV-AGENT-05. How often one sponsor's principal raised one agent's reputation lately: a bound that fits into the agent's record.
//!
//! A pair of sponsor and executor may raise reputation only so often in a window (RULINGS A2), and a slot for each pair
//! would cost more than the task. Four counters stand in the record instead and are kept as a Space-Saving sketch: who has
//! no counter takes the least one over *with its count*. A count therefore never lies below the truth: no pair exceeds its
//! limit, whoever else is served between. It may lie above it, for sponsors whose tags collide or who come fifth: an agent
//! has at most `4 × limit` raising updates in a window.
//!
//! Outcomes come from missions of different epochs, whose windows may differ in length. So the record holds when its window
//! began and how long it is, in days of UTC, and a window never ends before the longest that an outcome in it asks for: who
//! alternates between long and short windows wins nothing.

use alloy_primitives::Address;

/// Counters in a record.
pub const ENTRIES: usize = 4; // structural: what fits the record's first word

/// One counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Tag of the sponsor's principal.
    pub tag: u16,
    /// Raising updates, at least as many as there were; none means the counter is free.
    pub count: u8,
}

/// The counters of one agent in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairSketch {
    /// The day on which the window began.
    pub begun: u16,
    /// How many days it has.
    pub days: u8,
    /// The counters.
    pub entries: [Entry; ENTRIES],
}

/// Whether an update may raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It may; the counters afterwards.
    Within(PairSketch),
    /// The pair reached its limit in this window.
    Capped,
}

/// The sixteen bits that stand for a principal. Others may share them, which makes counts too high and never too low.
pub fn tag(principal: Address) -> u16 {
    u16::from_be_bytes([principal.0[18], principal.0[19]])
}

/// Seconds of a day.
const DAY: u64 = 86_400; // structural: what a day is

/// The day in which `now` lies. It wraps after 65,536 days, in the year 2149; a record untouched for exactly so long
/// would show old counts, too high once more.
///
/// Units: unix seconds in, days out.
pub const fn day(now: u64) -> u16 {
    (now / DAY) as u16
}

/// The days of a window, at least one and at most 255; a part of a day counts as a whole one.
///
/// Units: seconds in, days out.
pub const fn days_ceil(window: u32) -> u8 {
    let days = (window as u64).div_ceil(DAY);
    if days == 0 {
        1
    } else if days > u8::MAX as u64 {
        u8::MAX
    } else {
        days as u8
    }
}

impl PairSketch {
    /// Counts one raising update of the sponsor with `tag`, `today` and under terms with a window of `days`, unless that
    /// makes more than `limit`.
    pub fn count(self, today: u16, days: u8, tag: u16, limit: u8) -> Counted {
        let mut sketch = self;
        sketch.days = sketch.days.max(days);
        if today.wrapping_sub(sketch.begun) >= u16::from(sketch.days) {
            sketch = Self {
                begun: today,
                days,
                entries: [Entry::default(); ENTRIES],
            };
        }
        // Its own counter, or else the least; a free one is the least there is.
        let own = |entry: &Entry| entry.tag == tag && entry.count > 0;
        let Some(entry) = sketch
            .entries
            .iter_mut()
            .min_by_key(|entry| (!own(entry), entry.count))
        else {
            return Counted::Capped;
        };
        if entry.count >= limit {
            return Counted::Capped;
        }
        *entry = Entry {
            tag,
            // Below the limit, which has as many bits.
            count: entry.count.saturating_add(1),
        };
        Counted::Within(sketch)
    }
}
