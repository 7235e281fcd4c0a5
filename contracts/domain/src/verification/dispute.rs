//! Dissent: a seat that revealed takes the node to people, under bond (E-01, R11; docs/adr/0005).
//!
//! A dispute says that the machine decides wrongly. It holds if people decide otherwise than the machine would have; then the bond
//! returns. If nobody decides, the machine's consensus stands and the bond returns as well (INV-VERIFY-07).

use super::{
    Refused,
    case::{Case, Record, Stage},
    consensus::Finding,
    review::Ruling,
    window::{Phase, Schedule, Windows, too_few},
};
use crate::amount::{Amount, Bps};

/// A seat disputes what the machine finds.
///
/// Errors: `Tier`, `NothingRevealed`, `TooEarly`, `TooFew`, `TooLate`.
pub fn dispute(case: &Case, windows: &Windows, seat: u8, now: u64) -> Result<Record, Refused> {
    case.by_consensus()?;
    let mut record = case.record;
    let schedule = Schedule::of(case, windows);
    match schedule.phase(case, now) {
        Phase::Commits => return Err(Refused::TooEarly(schedule.commits)),
        Phase::Short => return Err(too_few(case)),
        Phase::Reveals => return Err(Refused::TooEarly(schedule.reveals)),
        Phase::Disputes => {}
        Phase::Over => return Err(Refused::TooLate(schedule.disputes)),
    }
    if !record.counting().has(seat) {
        return Err(Refused::NothingRevealed(seat));
    }
    record.stage = Stage::Dispute;
    record.disputant = Some(seat);
    Ok(record)
}

/// Refuses a dispute where there is no dissent.
///
/// Errors: `NoDissent`.
pub const fn require_dissent(finding: &Finding) -> Result<(), Refused> {
    if finding.agreed {
        return Err(Refused::NoDissent);
    }
    Ok(())
}

/// What a dispute is put up with: a share of what the node costs, and never nothing.
pub fn bond(budget: Amount, share: Bps) -> Amount {
    let bond = budget.bps_floor(share);
    if bond.is_zero() { Amount::new(1) } else { bond }
}

/// Whether people decided otherwise than the machine would have.
pub const fn holds(ruling: &Ruling, machine: &Finding) -> bool {
    let approved_alike = ruling.approved && machine.approved && machine.agreeing.has(ruling.seat);
    let failed_alike = !ruling.approved && !machine.approved;
    !approved_alike && !failed_alike
}
