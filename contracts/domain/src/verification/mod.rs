//! Rules of verification: what an executor's result is worth, by proof, by consensus or by review.
//!
//! ```text
//! tier 1   EXECUTING ─submit, proof holds─▶ COMPLETED
//!               └────submit, it does not──▶ FAILED
//! tier 2   commits ──all in, or time──▶ reveals ──all in, or time──▶ disputes ──time, anyone──▶ consensus
//!             └─time, too few──▶ FAILED    └─all agree──▶ consensus      └─a seat, under bond──▶ review
//! tier 3   EXECUTING ─submit─▶ review ─panel─▶ COMPLETED or FAILED; silence ─▶ FAILED without fault
//! ```
//!
//! Reading order: [`case`](mod@case) (an attempt as it stands, and what is kept of it), [`window`] (until when what may be done),
//! [`consensus`] (which values agree, and what that means for each seat), [`proof`] (tier 1), [`dispute`] (dissent under bond),
//! [`review`] (what people decide).
//!
//! Nothing here is an instant that is kept: a stage ends at the deadline that collaboration holds for the node, which halts
//! move, so a stop can cost nobody a window (RULINGS R9). Consensus looks at seven values at most; nothing here loops further.
//!
//! Source: seed B.3; RESOLUTIONS V-01…V-13, E-01; RULINGS R4, R6, R7, R9, R11, R24, R25, R29, A3, A10; docs/adr/0005.

pub mod case;
pub mod consensus;
pub mod dispute;
pub mod proof;
pub mod review;
pub mod window;

use alloy_primitives::Address;

/// Most results of one batch (RULINGS R4): each costs an executor's signature and at least one slot, so more would not
/// leave room in a block.
pub const BATCH_MAX: usize = 64; // structural: what a block has room for

/// The rule that a command broke, with the values that say how. Instants are unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The mission is in this state, in which nothing is verified.
    MissionState(u8),
    /// The mission, or the city, is stopped.
    Halted(u8),
    /// The node is in this state, at this attempt.
    NodeState(u8, u8),
    /// The node is verified by this tier.
    Tier(u8),
    /// The attempt that runs, and the one that was meant.
    Attempt(u8, u8),
    /// The agent has no seat at this node.
    NotSeated(Address),
    /// The seat has done this already.
    AlreadyDone(u8),
    /// The seat committed nothing.
    NothingCommitted(u8),
    /// The seat revealed nothing that counts.
    NothingRevealed(u8),
    /// The seat is excluded.
    Excluded(u8),
    /// No trail comes with the result.
    TrailMissing,
    /// So many committed, fewer than must agree: nothing is revealed any more.
    TooFew(u8, u8),
    /// Possible after this instant.
    TooEarly(u64),
    /// Was possible until this instant.
    TooLate(u64),
    /// All values that were revealed agree: there is no dissent.
    NoDissent,
    /// The first review period passed; the second has to be opened before it can pass.
    BackupUnopened,
    /// People decided already; what is left is to carry it out.
    Ruled,
    /// A score beyond the greatest, or one with a rejection.
    Score(u16, u16),
}
