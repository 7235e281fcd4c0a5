//! Nobody alone decides a class of things in one mission more than so many times running, and no set of several does
//! (INV-PANEL-03). Both limits lift after a wait without another decision, and for a review when its backup period opens: then
//! nobody else came (RULINGS R12; RESOLUTIONS D-11, D-12).
//!
//! What is counted is kept for each class in each mission or session; for a ruling outside of both, for whom it is about.

// structural file: places of parts of a packed word

use crate::mission::word::packed;

packed! {
    /// The latest decisions of one class.
    Rotation {
        /// The first eight bytes of the hash of who signed the last one, ascending. A collision would only bar too many.
        set, set_set: 0, 8, u64;
        /// When, in unix seconds.
        at, set_at: 8, 5, u64;
        /// How many they have decided running.
        run, set_run: 13, 1, u8;
    }
}

/// How often running, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `maxConsecutiveActions`: one alone.
    pub alone: u64,
    /// `maxIdenticalSignerSets`: the same several.
    pub together: u64,
    /// `rotationLiftSecs`: without another decision for longer than that, both lift.
    pub lift_secs: u64,
}

/// Whether it is their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is.
    Theirs,
    /// It is not, but nobody else decided anything for long enough.
    Waited,
    /// It is not, unless a backup period is open.
    Others,
}

impl Rotation {
    /// After a decision by `signers` people whose hash begins with `set`, and whether it was theirs to take.
    pub fn next(&self, set: u64, signers: usize, now: u64, limits: &Limits) -> (Self, Turn) {
        let run = if self.set() == set {
            self.run().saturating_add(1)
        } else {
            1
        };
        let mut next = Self::default();
        next.set_set(set);
        next.set_at(now);
        next.set_run(run);
        let limit = if signers == 1 {
            limits.alone
        } else {
            limits.together
        };
        let lifts_at = self.at().saturating_add(limits.lift_secs);
        let turn = if u64::from(run) <= limit {
            Turn::Theirs
        } else if now > lifts_at {
            Turn::Waited
        } else {
            Turn::Others
        };
        (next, turn)
    }
}
