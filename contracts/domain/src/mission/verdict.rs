//! What verification may say of an attempt, and where that takes the node.
//!
//! | tier | from | to |
//! |---|---|---|
//! | any | executing | executing: later only |
//! | 1 | executing | through verification to completed or failed, in one step |
//! | 2 | executing | verification |
//! | 2 | verification | verification: another end; review; completed or failed |
//! | 2 | review | completed or failed |
//! | 3 | executing | review |
//! | 3 | review | completed or failed |
//!
//! A mission in which a node failed may have failed and live again; then it is active, not executing, and nodes that ran before
//! run on. They are judged in both states. The last node is never completed by that: the one that was given anew has to begin
//! first, which takes its mission to executing.
//!
//! Source: RESOLUTIONS C-07 to C-09; RULINGS R6, R11.

use super::{
    Reason, Refused, Why,
    node::{Node, TIER_CONSENSUS, TIER_PROOF, TIER_REVIEW, seat_bit},
    record::States,
};
use crate::{machine::NodeState as S, reputation::Points};

/// What a verdict means for one seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Which.
    pub seat: u8,
    /// Whether it shares in the price.
    pub paid: bool,
    /// Whether its reputation moves.
    pub scored: bool,
    /// To which score, in whole points.
    pub score: u16,
    /// Why it is at fault; the number of a [`Reason`], zero for the faultless.
    pub fault: u8,
}

impl Outcome {
    /// Whether it may follow an outcome of seat `after`, if there was one.
    ///
    /// Errors: `Order` for a seat that is not taken or out of order, a score that is none, a fault that is nobody's, or pay for
    /// what is not completed.
    pub fn judge(&self, node: &Node, after: Option<u8>, completed: bool) -> Result<(), Refused> {
        let is_taken = node.taken() & seat_bit(self.seat) != 0;
        let follows = after.is_none_or(|after| after < self.seat);
        let bears = self.fault == 0 || Reason::is_fault(self.fault);
        let good = is_taken && follows && bears && self.score <= Points::MAX.get();
        if !good || self.paid && !completed {
            return Err(Why::Order.into());
        }
        Ok(())
    }
}

/// Takes an attempt where a verdict says, until `expires`.
///
/// Errors: `NodeState` if the node's tier has no such way; `Order` for a number of no such state, or an end that would come
/// sooner while it executes.
#[inline(never)]
pub fn apply(
    states: &mut States,
    number: u16,
    node: &mut Node,
    to: u8,
    expires: u64,
    (now, moved): (u64, u32),
) -> Result<(), Refused> {
    const EXECUTING: u8 = S::Executing as u8;
    const VERIFYING: u8 = S::PendingVerification as u8;
    const REVIEWED: u8 = S::PendingReview as u8;
    let (state, attempt) = (states.of(number), node.attempt());
    let no_way = Why::NodeState { state, attempt };
    let to = match S::from_u8(to) {
        Some(to @ (S::Completed | S::Failed)) => {
            match (node.tier(), state) {
                (TIER_PROOF, EXECUTING) => states.step(number, S::PendingVerification, attempt)?,
                (TIER_CONSENSUS, VERIFYING | REVIEWED) | (TIER_REVIEW, REVIEWED) => (),
                _ => return Err(no_way.into()),
            }
            return states.step(number, to, attempt);
        }
        Some(to @ (S::Executing | S::PendingVerification | S::PendingReview)) => to,
        _ => return Err(Why::Order.into()),
    };
    match (to, node.tier(), state) {
        (S::Executing, TIER_PROOF..=TIER_REVIEW, EXECUTING) => {
            if expires < node.ends(moved) {
                return Err(Why::Order.into());
            }
        }
        (S::PendingVerification, TIER_CONSENSUS, VERIFYING) => (),
        (S::PendingVerification, TIER_CONSENSUS, EXECUTING)
        | (S::PendingReview, TIER_CONSENSUS, VERIFYING)
        | (S::PendingReview, TIER_REVIEW, EXECUTING) => {
            states.step(number, to, attempt)?;
            node.set_since(now);
        }
        _ => return Err(no_way.into()),
    }
    node.expire_at(expires, moved);
    Ok(())
}
