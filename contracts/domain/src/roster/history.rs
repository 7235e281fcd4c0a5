//! An adjudicator's latest decisions: as many as the table remembers, as old as its window, in 24 bytes.
//!
//! Symbols of two bits, the newest lowest: a decision (no; yes; yes, and it weakened a parameter), or a period that passed. A
//! window is at most thirty periods, so all its marks and 64 decisions fit into 96 symbols, and what is shifted out beyond them
//! is older than the window or not of the latest 64. Nothing at all reads as periods without a decision.
//!
//! A period is a day where the window has at most thirty. Periods are counted whole: a decision counts for the whole window and
//! for less than one period more. If an amendment changes the length of a period, the marks written before count with the new
//! one: what is remembered is then forgotten at the earlier of the two laws' instants.

// structural file: symbols of two bits in three words of 64

use crate::parameter::ParameterId;

/// Symbols that are kept.
pub const SYMBOLS: u32 = 96;
/// Most decisions that count.
pub const DECISIONS: u32 = ParameterId::AdjudicatorActionRing.constant();
/// Most periods of a window.
pub const PERIODS: u32 = 30;
/// Seconds of a day.
const DAY: u64 = 86_400;

const BITS: u32 = 2;
const MASK: u64 = 3;

const _: () = assert!(DECISIONS + PERIODS <= SYMBOLS && DECISIONS <= u64::BITS);

/// What an adjudicator decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Decision {
    /// It let nothing pass.
    No = 1,
    /// It let something pass.
    Yes = 2,
    /// It let a parameter become weaker, which is a yes.
    Weakening = 3,
}

impl Decision {
    /// As adjudication tells it.
    pub const fn of(approves: bool, weakens: bool) -> Self {
        match (approves, weakens) {
            (_, true) => Self::Weakening,
            (true, false) => Self::Yes,
            (false, false) => Self::No,
        }
    }
}

/// Decisions, and since which day they are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The symbols, the oldest in the highest bits of the first.
    pub symbols: [u64; 3],
    /// The day on which the current period began, counted from the epoch.
    pub day: u16,
}

/// What the window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Decisions, at most [`DECISIONS`].
    pub actions: u32,
    /// Yes among them.
    pub approvals: u32,
    /// The latest ones that are all yes.
    pub run: u32,
    /// Weakenings among them.
    pub weakenings: u32,
    /// Each of them, the newest in the lowest bit, 1 for yes.
    pub bits: u64,
}

/// Days of a period, and periods of a window of `days`.
const fn periods(days: u32) -> (u32, u32) {
    let length = days.div_ceil(PERIODS);
    let length = if length == 0 { 1 } else { length };
    (length, days.div_ceil(length))
}

impl History {
    fn push(&mut self, symbol: u64) {
        let [high, middle, low] = self.symbols;
        let carried = u64::BITS - BITS;
        self.symbols = [
            high << BITS | middle >> carried,
            middle << BITS | low >> carried,
            low << BITS | symbol,
        ];
    }

    /// At `now`, with a window of `days`: whole periods that passed are marked.
    #[must_use]
    pub fn aged(mut self, days: u32, now: u64) -> Self {
        let (length, _) = periods(days);
        let today = now / DAY;
        let passed = today.saturating_sub(self.day.into()) as u32 / length;
        for _ in 0..passed.min(SYMBOLS) {
            self.push(0);
        }
        let begun = u32::from(self.day).saturating_add(passed.saturating_mul(length));
        self.day = begun as u16;
        self
    }

    /// With one more decision.
    #[must_use]
    pub fn with(mut self, decision: Decision) -> Self {
        self.push(decision as u64);
        self
    }

    /// What a window of `days` holds, which ends where the history was aged to.
    pub fn count(&self, days: u32) -> Counts {
        let (_, most) = periods(days);
        let (mut counts, mut passed, mut unbroken) = (Counts::default(), 0, true);
        let mut left = *self;
        for _ in 0..SYMBOLS {
            let [high, middle, low] = left.symbols;
            let symbol = low & MASK;
            let carried = u64::BITS - BITS;
            left.symbols = [
                high >> BITS,
                middle >> BITS | high << carried,
                low >> BITS | middle << carried,
            ];
            if symbol == 0 {
                passed += 1;
                if passed > most {
                    break;
                }
                continue;
            }
            if counts.actions == DECISIONS {
                break;
            }
            let yes = symbol != Decision::No as u64;
            unbroken &= yes;
            counts.bits |= u64::from(yes) << counts.actions;
            counts.actions += 1;
            counts.approvals += u32::from(yes);
            counts.run += u32::from(unbroken);
            counts.weakenings += u32::from(symbol == Decision::Weakening as u64);
        }
        counts
    }
}
