//! How often one sponsor's principal raised one agent's reputation lately: a bound that fits into the agent's record.
//!
//! A pair of sponsor and executor may raise reputation only so often in a window (RULINGS A2), and a slot for each pair
//! would cost more than the task. Four counters stand in the record instead and are kept as a Space-Saving sketch: who has
//! no counter takes the least one over *with its count*. A count therefore never lies below the truth: no pair exceeds its
//! limit, whoever else is served between. It may lie above it, for sponsors whose tags collide or who come fifth: an agent
//! has at most `4 × limit` raising updates in a window.

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
    /// Which window they belong to.
    pub window: u16,
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

/// The number of the window in which `now` lies. It wraps after 65,536 windows; a record untouched for exactly so long
/// would show old counts, too high once more.
///
/// Units: seconds. A window of nothing counts as one second.
pub const fn window(now: u64, length: u32) -> u16 {
    let length = if length == 0 { 1 } else { length };
    (now / length as u64) as u16
}

impl PairSketch {
    /// Counts one raising update of the sponsor with `tag` in `window`, unless that makes more than `limit`.
    pub fn count(self, window: u16, tag: u16, limit: u8) -> Counted {
        let mut entries = if self.window == window {
            self.entries
        } else {
            [Entry::default(); ENTRIES]
        };
        // Its own counter, or else the least; a free one is the least there is.
        let own = |entry: &Entry| entry.tag == tag && entry.count > 0;
        let Some(entry) = entries
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
        Counted::Within(Self { window, entries })
    }
}
