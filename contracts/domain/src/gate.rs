//! The gate: what lets the output of a mission leave.
//!
//! A statute names predicates: programs pinned by address and code, which are asked, and questions that the panel answers. Each program
//! is asked once, when it has its gas, and its answer is final (INV-GATE-01): one that would say yes only at the second call was asked
//! already, one that passed can not be made to fail. What fails for whatever reason has failed: a call that reverts, burns its
//! gas, writes, or answers anything but one true word, and a program that is no longer the one that was approved (RULINGS R24, P-05;
//! INV-GATE-02). Only the caller's own want of gas is no answer: then nothing happened.
//!
//! ```text
//!                   ┌─ a hard one failed, or a veto ────────────▶ FAILED
//!  VERIFICATION ────┼─ all passed and cleared, reconciled or overdue ▶ COMPLETED
//!                   ├─ a human one waits, a soft one failed ─────▶ the panel clears or releases
//!                   └─ nobody decides for gateTimeout ───────────▶ FAILED, without fault (collaboration)
//! ```

use crate::{
    guardian::after,
    machine::MissionState,
    time::{Seconds, Timestamp},
};

/// Most predicates of a mission: bits of a mask.
pub const PREDICATES_MAX: u8 = crate::statute::PREDICATES_MAX;

/// What kind of question a predicate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predicate {
    /// People answer it.
    pub is_human: bool,
    /// The output cannot leave against it.
    pub is_hard: bool,
}

/// Where a mission stands at the gate. Masks have a bit for each predicate, the first the lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Programs that said yes.
    pub passed: u8,
    /// Questions that people cleared.
    pub cleared: u8,
    /// Programs that did not.
    pub failed: u8,
    /// Whether people were asked for what they have to answer.
    pub is_asked: bool,
    /// When a monitor found log and chain equal, in unix seconds; zero: nobody did.
    pub reconciled_at: u64,
}

/// Why the gate does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The gate is not open: the mission is in another state.
    WrongMission {
        /// In which.
        state: MissionState,
    },
    /// The statute has no such human predicate.
    UnknownPredicate {
        /// Its number.
        index: u8,
        /// How many predicates there are.
        predicates: u8,
    },
    /// People cleared it before.
    AlreadyCleared {
        /// Its number.
        index: u8,
    },
    /// A hard predicate did not pass, so people cannot release the output either.
    HardFailed {
        /// Its number.
        index: u8,
    },
    /// All programs were asked; these predicates wait for people.
    AwaitsPanel {
        /// A bit for each.
        waiting: u8,
    },
    /// Nobody reconciled yet; from the second after this one on that does not matter.
    Unreconciled {
        /// In unix seconds.
        until: u64,
    },
    /// The programs that are left need more gas than there is.
    GasFloor {
        /// There is.
        available: u64,
        /// They need.
        needed: u64,
    },
}

/// What the gate does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It waits: for people, or for a reconciliation.
    Waits,
    /// It fails the mission.
    Refuses,
    /// It releases the output, after a reconciliation.
    Releases,
    /// It releases the output although nobody reconciled, because nobody did for too long (RULINGS R10).
    ReleasesUnreconciled,
}

/// What has to be left of a call's gas so that one program gets all that it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GasRule {
    /// `predicateGasLimit`.
    pub limit: u64,
    /// `predicateGasMargin`: what goes on beside it.
    pub margin: u64,
}

impl GasRule {
    /// Refuses unless `available` is enough for `programs` more: a call passes on 63 of 64 parts at most, so each needs
    /// `⌈limit · 64 ÷ 63⌉ + margin`. Asked for all at once, because whoever runs out in the middle would decide which are asked.
    ///
    /// Errors: `GasFloor`.
    /// Source: RESOLUTIONS P-04, RULINGS R24.
    pub const fn require(&self, available: u64, programs: u32) -> Result<(), Refused> {
        const PARTS: u64 = 64; // structural: EIP-150
        let parts = self.limit.saturating_mul(PARTS);
        let one = parts.div_ceil(PARTS - 1).saturating_add(self.margin);
        let needed = one.saturating_mul(programs as u64);
        if available < needed {
            return Err(Refused::GasFloor { available, needed });
        }
        Ok(())
    }
}

/// Refuses unless the gate decides about this mission now.
///
/// Errors: `WrongMission`.
/// Source: RESOLUTIONS P-01, P-07.
pub const fn require_open(state: MissionState) -> Result<(), Refused> {
    if !matches!(state, MissionState::Verification) {
        return Err(Refused::WrongMission { state });
    }
    Ok(())
}

/// The bit of a predicate.
const fn bit(index: u8) -> u8 {
    match 1u8.checked_shl(index as u32) {
        Some(bit) => bit,
        None => 0,
    }
}

impl Gate {
    /// Whether a program is still to be asked.
    pub const fn is_unasked(&self, index: u8, predicate: Predicate) -> bool {
        !predicate.is_human && (self.passed | self.failed) & bit(index) == 0
    }

    /// How many programs are still to be asked.
    pub fn unasked(&self, predicates: &[Predicate]) -> u32 {
        (0u8..)
            .zip(predicates)
            .filter(|(index, predicate)| self.is_unasked(*index, **predicate))
            .count() as u32
    }

    /// Notes a program's answer.
    pub const fn note(mut self, index: u8, passes: bool) -> Self {
        if passes {
            self.passed |= bit(index);
        } else {
            self.failed |= bit(index);
        }
        self
    }

    /// Whether people have to answer it and did not.
    pub const fn waits(&self, index: u8, predicate: Predicate) -> bool {
        predicate.is_human && self.cleared & bit(index) == 0
    }

    /// What follows once no program is left to ask, or a hard one failed. `has_progressed` says whether this call changed anything:
    /// one that did not is refused with the reason. `opened` is when the mission came to the gate, or was let go on after a stop;
    /// `timeout` is `reconcileTimeoutSecs`.
    ///
    /// Errors: `AwaitsPanel`, `Unreconciled`.
    /// Source: RESOLUTIONS P-01, P-02; RULINGS R10, R24.
    pub fn conclude(
        &self,
        predicates: &[Predicate],
        has_progressed: bool,
        opened: Timestamp,
        timeout: Seconds,
        now: Timestamp,
    ) -> Result<Outcome, Refused> {
        let mut waiting = 0;
        for (index, predicate) in (0u8..).zip(predicates) {
            let failed = self.failed & bit(index) != 0;
            if failed && predicate.is_hard {
                return Ok(Outcome::Refuses);
            }
            if failed || self.waits(index, *predicate) {
                waiting |= bit(index);
            }
        }
        let until = after(opened.get(), timeout.get());
        let refused = if waiting != 0 {
            Refused::AwaitsPanel { waiting }
        } else if self.reconciled_at != 0 {
            return Ok(Outcome::Releases);
        } else if now.get() > until {
            return Ok(Outcome::ReleasesUnreconciled);
        } else {
            Refused::Unreconciled { until }
        };
        if has_progressed {
            return Ok(Outcome::Waits);
        }
        Err(refused)
    }

    /// Clears a human predicate.
    ///
    /// Errors: `UnknownPredicate`, `AlreadyCleared`.
    /// Source: RESOLUTIONS P-02.
    pub fn clear(mut self, predicates: &[Predicate], index: u8) -> Result<Self, Refused> {
        let found = predicates.get(usize::from(index));
        if !found.is_some_and(|predicate| predicate.is_human) {
            return Err(Refused::UnknownPredicate {
                index,
                predicates: predicates.len() as u8,
            });
        }
        if self.cleared & bit(index) != 0 {
            return Err(Refused::AlreadyCleared { index });
        }
        self.cleared |= bit(index);
        Ok(self)
    }

    /// Whether people may release the output: every hard program passed. One that was not asked yet did not; anyone has it asked.
    /// Human predicates are theirs to answer, and soft ones to overrule.
    ///
    /// Errors: `HardFailed`.
    /// Source: RESOLUTIONS P-03.
    pub fn require_releasable(&self, predicates: &[Predicate]) -> Result<(), Refused> {
        for (index, predicate) in (0u8..).zip(predicates) {
            if predicate.is_hard && !predicate.is_human && self.passed & bit(index) == 0 {
                return Err(Refused::HardFailed { index });
            }
        }
        Ok(())
    }
}
