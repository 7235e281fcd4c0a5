//! Until when what may be done (RULINGS R6, docs/adr/0005).
//!
//! ```text
//!  routed ───────────▶ commits ──────────▶ reveals ──────────▶ disputes ─────▶ over
//!         timeout + grace,      max(grace,           verificationRevealMs
//!         ≥ verificationCommitMs  verificationRevealMs)
//! ```
//!
//! A stage ends early when the last seat of it has acted; then the next deadline counts from that moment and collaboration is
//! told. A stage that time ends needs no call: the deadline that collaboration holds is that of the stage before, and the
//! later ones follow from it, so a halt moves them all (INV-VERIFY-04). Commitments and reveals are never possible at one
//! moment (INV-VERIFY-03), and waiting makes it possible to close (INV-VERIFY-05). The last second of a window belongs to it
//! (RESOLUTIONS C-16).

use super::{
    Refused,
    case::{CONSENSUS, Case, Record, Seats, Stage},
};
use crate::{
    machine::NodeState,
    parameter::ParameterId,
    time::{Millis, Seconds},
};

/// Lengths of the windows of one mission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// What an announcement adds.
    pub grace: Seconds,
    /// Least time to commit, from the routing on.
    pub commit: Seconds,
    /// Time to reveal: never less than an honest retry takes.
    pub reveal: Seconds,
    /// Time to dispute.
    pub dispute: Seconds,
}

impl Windows {
    /// What [`Self::of`] is made of.
    pub const PARAMETERS: [ParameterId; 3] = [
        ParameterId::FinalizationGraceMs,
        ParameterId::VerificationCommitMs,
        ParameterId::VerificationRevealMs,
    ];

    /// From the values of [`Self::PARAMETERS`], in milliseconds.
    pub const fn of([grace, commit, reveal]: [u64; 3]) -> Self {
        Self::of_seconds([
            Millis::new(grace).to_seconds_ceil().get(),
            Millis::new(commit).to_seconds_ceil().get(),
            Millis::new(reveal).to_seconds_ceil().get(),
        ])
    }

    /// The same in seconds, as a record keeps them.
    pub const fn of_seconds([grace, commit, reveal]: [u64; 3]) -> Self {
        let longer = if grace > reveal { grace } else { reveal };
        Self {
            grace: Seconds::new(grace),
            commit: Seconds::new(commit),
            reveal: Seconds::new(longer),
            dispute: Seconds::new(reveal),
        }
    }

    /// What [`Self::of_seconds`] is made of.
    pub const fn seconds(&self) -> [u64; 3] {
        [self.grace.get(), self.commit.get(), self.dispute.get()]
    }
}

/// The last seconds of an attempt's stages. Of one that ended early it is when it ended; of one before that, a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Of committing.
    pub commits: u64,
    /// Of revealing.
    pub reveals: u64,
    /// Of disputing.
    pub disputes: u64,
}

/// What may be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Seal values.
    Commits,
    /// Nothing but to close: fewer committed than must agree.
    Short,
    /// Open them.
    Reveals,
    /// Dissent.
    Disputes,
    /// Close.
    Over,
}

impl Schedule {
    /// Of an attempt on which values are sealed or opened.
    pub const fn of(case: &Case, windows: &Windows) -> Self {
        let (reveal, dispute) = (windows.reveal.get(), windows.dispute.get());
        match case.record.stage {
            Stage::Commit => {
                let commits = commits_until(case, windows);
                let reveals = commits.saturating_add(reveal);
                Self {
                    commits,
                    reveals,
                    disputes: reveals.saturating_add(dispute),
                }
            }
            Stage::Reveal => Self {
                commits: case.expires.saturating_sub(reveal),
                reveals: case.expires,
                disputes: case.expires.saturating_add(dispute),
            },
            Stage::Dispute => {
                let reveals = case.expires.saturating_sub(dispute);
                Self {
                    commits: reveals,
                    reveals,
                    disputes: case.expires,
                }
            }
        }
    }

    /// What may be done `now`.
    pub const fn phase(&self, case: &Case, now: u64) -> Phase {
        let sealing = matches!(case.record.stage, Stage::Commit);
        let opening = !matches!(case.record.stage, Stage::Dispute);
        if sealing && now <= self.commits {
            Phase::Commits
        } else if sealing && case.record.committed.count() < case.threshold {
            Phase::Short
        } else if opening && now <= self.reveals {
            Phase::Reveals
        } else if now <= self.disputes {
            Phase::Disputes
        } else {
            Phase::Over
        }
    }
}

/// Until when values are sealed: the node's deadline, and never sooner than the least window after the routing. The first
/// commitment has collaboration hold that instant.
const fn commits_until(case: &Case, windows: &Windows) -> u64 {
    if case.state != NodeState::Executing as u8 {
        return case.expires;
    }
    let least = case.since.saturating_add(windows.commit.get());
    if least > case.expires {
        least
    } else {
        case.expires
    }
}

/// What a step changes: what is kept, and the node's new deadline if collaboration is to be told one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is kept from now on.
    pub record: Record,
    /// The node's new deadline.
    pub expires: Option<u64>,
}

/// A seat has a result and needs the chain: the deadline moves by the grace, once an attempt (RESOLUTIONS C-18).
///
/// Errors: `AlreadyDone`, `TooLate`; `NodeState` once values are opened.
pub fn announce(case: &Case, windows: &Windows, seat: u8, now: u64) -> Result<Step, Refused> {
    let mut record = case.record;
    if record.announced || record.committed.has(seat) {
        return Err(Refused::AlreadyDone(seat));
    }
    let verified = case.state == NodeState::PendingVerification as u8;
    if verified && (case.tier != CONSENSUS || record.stage != Stage::Commit) {
        return Err(Refused::NodeState(case.state, case.attempt));
    }
    // Only consensus has a least window; a proof or a review ends with the node's own deadline.
    let until = if case.tier == CONSENSUS {
        commits_until(case, windows)
    } else {
        case.expires
    };
    if now > until {
        return Err(Refused::TooLate(until));
    }
    record.announced = true;
    Ok(Step {
        record,
        expires: Some(until.saturating_add(windows.grace.get())),
    })
}

/// A seat seals a value. The first takes the node to verification, the last one opens the reveals at once.
///
/// Errors: `Tier`, `AlreadyDone`, `TooLate`.
/// Source: RESOLUTIONS V-05: nobody commits once anything may be revealed.
pub fn commit(case: &Case, windows: &Windows, seat: u8, now: u64) -> Result<Step, Refused> {
    case.by_consensus()?;
    let mut record = case.record;
    if record.committed.has(seat) {
        return Err(Refused::AlreadyDone(seat));
    }
    let until = Schedule::of(case, windows).commits;
    if record.stage != Stage::Commit || now > until {
        return Err(Refused::TooLate(until));
    }
    record.committed = record.committed.with(seat);
    let expires = if record.committed == case.seats {
        record.stage = Stage::Reveal;
        Some(now.saturating_add(windows.reveal.get()))
    } else {
        (case.state == NodeState::Executing as u8).then_some(until)
    };
    Ok(Step { record, expires })
}

/// A seat's value is opened. The first one after a window that time ended is where collaboration learns the deadline; the last
/// one begins the time for disputes, unless the shell finds that all agree.
///
/// Errors: `Tier`, `NothingCommitted`, `AlreadyDone`, `Excluded`, `TooEarly`, `TooFew`, `TooLate`.
pub fn reveal(case: &Case, windows: &Windows, seat: u8, now: u64) -> Result<Step, Refused> {
    case.by_consensus()?;
    let mut record = case.record;
    if !record.committed.has(seat) {
        return Err(Refused::NothingCommitted(seat));
    }
    if record.revealed.has(seat) {
        return Err(Refused::AlreadyDone(seat));
    }
    if record.excluded.has(seat) {
        return Err(Refused::Excluded(seat));
    }
    let schedule = Schedule::of(case, windows);
    match schedule.phase(case, now) {
        Phase::Commits => return Err(Refused::TooEarly(schedule.commits)),
        Phase::Short => return Err(too_few(case)),
        Phase::Reveals => {}
        Phase::Disputes | Phase::Over => return Err(Refused::TooLate(schedule.reveals)),
    }
    record.revealed = record.revealed.with(seat);
    Ok(after_reveal(case, record, &schedule, windows, now))
}

/// A seat's value is excluded by the panel, before anything is concluded (RESOLUTIONS G-17). If it was the one that was awaited,
/// the time for disputes begins.
///
/// Errors: `Tier`, `NothingCommitted`, `AlreadyDone`, `Ruled`.
pub fn exclude(case: &Case, windows: &Windows, seat: u8, now: u64) -> Result<Step, Refused> {
    case.by_consensus()?;
    let mut record = case.record;
    if !record.committed.has(seat) {
        return Err(Refused::NothingCommitted(seat));
    }
    if record.excluded.has(seat) {
        return Err(Refused::AlreadyDone(seat));
    }
    if record.ruling.is_some() {
        return Err(Refused::Ruled);
    }
    record.excluded = record.excluded.with(seat);
    let schedule = Schedule::of(case, windows);
    let verified = case.state == NodeState::PendingVerification as u8;
    if !verified || schedule.phase(case, now) != Phase::Reveals {
        return Ok(Step {
            record,
            expires: None,
        });
    }
    Ok(after_reveal(case, record, &schedule, windows, now))
}

/// What is left to wait for, once a reveal came in or is awaited no more.
fn after_reveal(
    case: &Case,
    mut record: Record,
    schedule: &Schedule,
    windows: &Windows,
    now: u64,
) -> Step {
    let expires = if record.awaited() == Seats::NONE {
        record.stage = Stage::Dispute;
        Some(now.saturating_add(windows.dispute.get()))
    } else if case.record.stage == Stage::Commit {
        record.stage = Stage::Reveal;
        Some(schedule.reveals)
    } else {
        None
    };
    Step { record, expires }
}

/// Whether a verification or a dispute may be closed, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// It fails: too few committed.
    Short,
    /// By consensus, if all that was revealed agrees; otherwise not before this instant has passed.
    IfAgreed(u64),
    /// By consensus.
    Consensus,
    /// By what people decided.
    Ruling(super::review::Ruling),
}

/// What closes an attempt `now`.
///
/// Errors: `Tier`, `TooEarly`, `BackupUnopened`.
/// Source: RULINGS R6, R11, R12; docs/adr/0005.
pub fn close(case: &Case, windows: &Windows, now: u64) -> Result<Close, Refused> {
    case.by_consensus()?;
    if case.state == NodeState::PendingReview as u8 {
        if let Some(ruling) = case.record.ruling {
            return Ok(Close::Ruling(ruling));
        }
        // Silence of the reviewers and of their backups: the machine consensus stands.
        if now <= case.expires {
            return Err(Refused::TooEarly(case.expires));
        }
        if !case.backup {
            return Err(Refused::BackupUnopened);
        }
        return Ok(Close::Consensus);
    }
    let schedule = Schedule::of(case, windows);
    match schedule.phase(case, now) {
        Phase::Commits => Err(Refused::TooEarly(schedule.commits)),
        Phase::Short => Ok(Close::Short),
        Phase::Reveals => Err(Refused::TooEarly(schedule.reveals)),
        Phase::Disputes => Ok(Close::IfAgreed(schedule.disputes)),
        Phase::Over => Ok(Close::Consensus),
    }
}

/// Fewer committed than must agree.
pub(super) const fn too_few(case: &Case) -> Refused {
    Refused::TooFew(case.record.committed.count(), case.threshold)
}
