//! Norms: rules from outside the city (a statute of a state, a policy of an industry) on whose standing a domain of
//! missions relies. When one falls, its domain halts finalising, so that no new law is made on ground that is gone;
//! running missions keep theirs (RULINGS R15), and aborting and withdrawing are never halted (R9).
//!
//! ```text
//! Unknown --enact--> InForce --strike--> Struck
//!                       ^                  |
//!                       +-----restore------+
//! ```
//!
//! A norm keeps its id and its domain for ever. A domain is halted while at least one of its norms is struck, which a
//! count per domain tells in one read.

use alloy_primitives::B256;

use crate::time::Timestamp;

/// Where a norm stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Status {
    /// Never enacted.
    #[default]
    Unknown,
    /// Its domain relies on it.
    InForce,
    /// It fell: its domain halts.
    Struck,
}

/// A norm as stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Norm {
    /// Where it applies; zero while unknown.
    pub domain: B256,
    /// Where it stands.
    pub status: Status,
    /// Since when, in unix seconds.
    pub since: Timestamp,
}

/// What may be done to a norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Puts it in force in a domain.
    Enact {
        /// The domain.
        domain: B256,
    },
    /// Lets it fall.
    Strike,
    /// Lets it stand again.
    Restore,
}

/// A norm after a command, and what its domain counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The norm.
    pub norm: Norm,
    /// How the number of struck norms of its domain changes.
    pub struck: Change,
}

/// How a count changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Not at all.
    Same,
    /// One more.
    Up,
    /// One less.
    Down,
}

/// The rule that a command broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Zero is what an empty slot reads as: no norm and no domain has it.
    Empty {
        /// The norm.
        id: B256,
        /// The domain.
        domain: B256,
    },
    /// It was enacted before.
    Exists {
        /// The norm.
        id: B256,
        /// Its domain.
        domain: B256,
    },
    /// It was never enacted.
    Unknown {
        /// The norm.
        id: B256,
    },
    /// It is struck already.
    AlreadyStruck {
        /// The norm.
        id: B256,
    },
    /// It stands, so there is nothing to restore.
    NotStruck {
        /// The norm.
        id: B256,
    },
}

impl Status {
    /// The status that a stored byte means; nothing else is ever stored.
    pub const fn at(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Unknown),
            1 => Some(Self::InForce),
            2 => Some(Self::Struck),
            _ => None,
        }
    }
}

/// One command on norm `id`, which stands `at` now.
///
/// Units: `now` in unix seconds.
/// Errors: every variant of [`Refused`].
/// Events: the shell emits `NormEnacted`, `NormStruck` or `NormRestored`.
/// Source: DESIGN §3 (norm registry), §9.
pub fn step(id: B256, at: Norm, command: Command, now: Timestamp) -> Result<Step, Refused> {
    let (norm, struck) = match (at.status, command) {
        (Status::Unknown, Command::Enact { domain }) => {
            if id == B256::ZERO || domain == B256::ZERO {
                return Err(Refused::Empty { id, domain });
            }
            let norm = Norm {
                domain,
                status: Status::InForce,
                since: now,
            };
            (norm, Change::Same)
        }
        (Status::InForce | Status::Struck, Command::Enact { .. }) => {
            return Err(Refused::Exists {
                id,
                domain: at.domain,
            });
        }
        (Status::InForce, Command::Strike) => (moved(at, Status::Struck, now), Change::Up),
        (Status::Struck, Command::Strike) => return Err(Refused::AlreadyStruck { id }),
        (Status::Struck, Command::Restore) => (moved(at, Status::InForce, now), Change::Down),
        (Status::InForce, Command::Restore) => return Err(Refused::NotStruck { id }),
        (Status::Unknown, Command::Strike | Command::Restore) => {
            return Err(Refused::Unknown { id });
        }
    };
    Ok(Step { norm, struck })
}

const fn moved(norm: Norm, status: Status, now: Timestamp) -> Norm {
    Norm {
        status,
        since: now,
        ..norm
    }
}

impl Change {
    /// The count afterwards. It counts norms, each of which cost a transaction: 2⁶⁴ are never reached, and below zero
    /// [`step`] never goes.
    pub const fn apply(self, count: u64) -> u64 {
        match self {
            Self::Same => count,
            Self::Up => count.saturating_add(1),
            Self::Down => count.saturating_sub(1),
        }
    }
}
