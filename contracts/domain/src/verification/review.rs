//! What people decide: tier 3, and disputed consensus (K10, V-10, R11, R12).
//!
//! One adjudicator approves, with a score, or rejects; the panel's own rules say who may. Silence of two periods fails a node of tier
//! 3 without fault and unpaid, by collaboration's exit; its output is encrypted to adjudicators, so silence yields no free work.

use super::{
    Refused,
    case::{CONSENSUS, Case, Record, Seats},
    consensus::{End, Fault, Outcome},
};
use crate::reputation::Points;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// Whether an output stands.
    pub approved: bool,
    /// How good it is; zero with a rejection.
    pub score: Points,
    /// Whose output it is.
    pub seat: u8,
}

/// A review is decided.
///
/// Errors: `Attempt`, `Score`, `Ruled`; `NothingRevealed` for a seat without an output that counts.
pub fn rule(
    case: &Case,
    attempt: u8,
    approved: bool,
    score: u16,
    seat: u8,
) -> Result<Ruling, Refused> {
    case.at(attempt)?;
    if case.record.ruling.is_some() {
        return Err(Refused::Ruled);
    }
    let most = if approved { Points::MAX } else { Points::ZERO };
    let points = Points::new(score.into()).unwrap_or(Points::MAX);
    if points.get() != score || points > most {
        return Err(Refused::Score(score, most.get()));
    }
    // Of tier 3, the one seat has the one output; of a dispute, whoever revealed one that counts.
    let has_output = if case.tier == CONSENSUS {
        case.record.counting().has(seat)
    } else {
        seat == 0
    };
    // A rejection names nobody.
    if approved && !has_output || !approved && seat != 0 {
        return Err(Refused::NothingRevealed(seat));
    }
    Ok(Ruling {
        approved,
        score: points,
        seat,
    })
}

/// Keeps a ruling until somebody brings the sets that it needs.
pub const fn keep(case: &Case, ruling: Ruling) -> Record {
    let mut record = case.record;
    record.ruling = Some(ruling);
    record
}

/// How a disputed attempt ends by a ruling, given the seats that agree with the one it names.
pub const fn end(ruling: &Ruling, agreeing: Seats) -> End {
    if ruling.approved {
        End::Stands(agreeing, ruling.score)
    } else {
        End::Rejected
    }
}

/// What a ruling on tier 3 means for the executor.
pub const fn outcome(ruling: &Ruling) -> Outcome {
    Outcome {
        seat: 0,
        paid: ruling.approved,
        scored: true,
        score: ruling.score.get(),
        fault: if ruling.approved {
            Fault::None
        } else {
            Fault::Rejected
        },
    }
}
