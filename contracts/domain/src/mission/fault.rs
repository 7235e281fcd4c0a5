//! What a fault costs: a slash by schedule, never more than the seat's stake, and points of reputation (RESOLUTIONS S-15, R-06;
//! INV-MISSION-03).

use super::Reason;
use crate::{amount::Bps, parameter::ParameterId as P};

/// The price of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// What it costs at least, in units; what share of the stake, in basis points; how many points.
    pub ids: [P; 3],
    /// The number of the fault in the treasury's schedule.
    pub kind: u8,
}

/// The price of a fault by its reason. What is nobody's fault is not asked for.
#[inline(never)]
pub const fn price(reason: u8) -> Price {
    const TIMEOUT: u8 = Reason::TimeoutExceeded as u8;
    const SILENT: u8 = Reason::SeatNotAccepted as u8;
    const DEPRECATED: u8 = Reason::ServiceDeprecated as u8;
    const CODE: u8 = Reason::CodeHashMismatch as u8;
    const NAMED: u8 = Reason::FaultNamed as u8;
    match reason {
        TIMEOUT | SILENT | DEPRECATED => Price {
            ids: [P::SlashTimeoutUnits, P::SlashTimeoutBps, P::RepTimeout],
            kind: 1,
        },
        CODE => Price {
            ids: [
                P::SlashCodeHashUnits,
                P::SlashCodeHashBps,
                P::RepNodeFailure,
            ],
            kind: 2, // structural: the treasury's number
        },
        NAMED => Price {
            ids: [
                P::SlashNodeFailureUnits,
                P::SlashMissionAbortBps,
                P::RepMissionAbort,
            ],
            kind: 4, // structural: the treasury's number
        },
        _ => Price {
            ids: [
                P::SlashNodeFailureUnits,
                P::SlashNodeFailureBps,
                P::RepNodeFailure,
            ],
            kind: 3, // structural: the treasury's number
        },
    }
}

/// What is taken: the greater of the two, rounded down, and at most what stands behind the seat: a fault at one seat does not
/// reach into what its agent put up for another. The treasury takes no more than is left of all.
///
/// Units: `unit` base units a unit; `stake` and the result base units; `bps` basis points.
/// Source: RESOLUTIONS S-15.
#[inline(never)]
pub fn amount(units: u64, unit: u128, stake: u128, bps: u64) -> u128 {
    const WHOLE: u128 = Bps::MAX.get() as u128;
    let least = unit.saturating_mul(units.into());
    // Whole parts first, so that the greatest stake does not overflow; no share is more than the whole.
    let bps = u128::from(bps).min(WHOLE);
    let whole = divide(stake, WHOLE);
    let rest = stake.wrapping_sub(whole.wrapping_mul(WHOLE));
    let share = divide(rest.wrapping_mul(bps), WHOLE);
    least
        .max(whole.wrapping_mul(bps).wrapping_add(share))
        .min(stake)
}

/// The quotient, rounded down; zero for the divisor zero. Bit by bit: the library's division fills a kilobyte of a program.
#[inline(never)]
pub fn divide(of: u128, by: u128) -> u128 {
    let (mut rest, mut quotient) = (0u128, 0u128);
    if by == 0 {
        return 0;
    }
    for place in (0..u128::BITS).rev() {
        // What the rest loses on the left is above every divisor.
        let over = rest >> 127 != 0;
        rest = rest << 1 | of >> place & 1;
        if over || rest >= by {
            rest = rest.wrapping_sub(by);
            quotient |= 1 << place;
        }
    }
    quotient
}
