//! Who may judge, who may accuse, and which programs may be asked; and the checks on those who judge.
//!
//! ```text
//!  seat      CANDIDATE ──▶ ACTIVE ──▶ LEAVING ──▶ RELEASED      the stake is owed: resigned, or removed without fault
//!                            └────────────┴─────▶ REMOVED       the stake is lost: revoked by two thirds
//!  watchdog  decisions ──▶ alert ──▶ freeze of the city ──▶ released by the unflagged │ ended by anyone after its maximum
//! ```
//!
//! Nobody is held: whoever sits may resign at any time, a case lapses, a freeze ends, and a stake is released by anyone. What
//! the panel does to one of its own without fault costs nothing; what costs the stake is a case with evidence, a bond and
//! votes by name (RESOLUTIONS D-16 to D-19).
//!
//! | file | rules |
//! |---|---|
//! | [`seat`] | adjudicators: stake, admission, leaving (D-01, D-14, D-28, I-03) |
//! | [`city`] | how many sit, and the watchdog's freeze (D-22; R9) |
//! | [`history`] | an adjudicator's latest decisions, in one word (D-20, A-14) |
//! | [`watchdog`] | patterns in them, alerts (D-21, D-23, D-27) |
//! | [`case`](mod@case) | revocation (D-16 to D-19) |
//! | [`association`] | declared interests (D-13) |
//! | [`monitor`] | monitors and their bonds (G-10; R13) |
//! | [`program`] | predicates and verifiers (P-05, V-01; A8) |
//! | [`anchor`] | roots of logs, and proofs that one extends another |
//! | [`tree`] | which hashes of a log make its root and its proofs, and what is in it |
//! | [`books`] | the contract's money (R17) |

pub mod anchor;
pub mod association;
pub mod books;
pub mod case;
pub mod city;
pub mod history;
pub mod monitor;
pub mod program;
pub mod seat;
pub mod tree;
pub mod watchdog;

use alloy_primitives::Address;

use crate::machine::SeatState;

/// Why a command changes nothing. Instants in unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The standing of whom it is about takes no such command; none for somebody unknown.
    WrongStanding(Option<SeatState>),
    /// The stake is not that of the table.
    WrongStake {
        /// What the table demands, in base units.
        needed: u128,
    },
    /// Not before this instant.
    NotDue(u64),
    /// Too few would be left.
    QuorumFloor {
        /// How many.
        left: u8,
        /// The least.
        floor: u8,
    },
    /// As many sit as can.
    PanelFull {
        /// How many.
        most: u8,
    },
    /// As many associations are declared as count.
    TooManyAssociations {
        /// How many.
        most: u8,
    },
    /// Who calls is no active adjudicator, or was none when the case began.
    NotAdjudicator,
    /// Another principal answers for the candidate.
    OtherPrincipal {
        /// Who.
        found: Address,
    },
    /// A number is not the one that was signed.
    Changed {
        /// The one that was signed.
        expected: u64,
        /// The one that is.
        found: u64,
    },
    /// There is no such case or freeze, or its time is over.
    NoCase,
    /// It was done before, or cannot be done by or to this one.
    AlreadyDone,
    /// There is nothing to take, or less than was asked for.
    NothingOwed,
    /// The anchor does not follow its author's last.
    OutOfOrder {
        /// The sequence that does.
        expected: u64,
    },
    /// Two roots are not connected.
    Inconsistent,
    /// An amount that no city has.
    OutOfRange,
}

/// `at + secs`, which no clock reaches where it would not fit.
pub(crate) const fn after(at: u64, secs: u64) -> u64 {
    at.saturating_add(secs)
}

/// Refuses what comes before an instant.
///
/// Errors: `NotDue`.
pub const fn due(from: u64, now: u64) -> Result<(), Refused> {
    if now < from {
        return Err(Refused::NotDue(from));
    }
    Ok(())
}
