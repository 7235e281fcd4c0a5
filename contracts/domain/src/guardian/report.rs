//! Reports: what one monitor's word is worth, and when the words of several agree.
//!
//! Counters are each monitor's own (INV-GUARD-01): a monitor that reports more than there was harms a node once, at its own cost, and
//! never makes an honest monitor's smaller number stale. They are cumulative, so a relay that is late or out of order changes
//! nothing (RESOLUTIONS G-11). A report binds mission, node, attempt, agent and sequence, so it counts once and nowhere else
//! (RULINGS A10).
//!
//! A score is an opinion, a counter is a fact that the monitor answers for. So counters freeze alone, and opinions only when monitors
//! of different principals agree, who score by different means (INV-GUARD-02; RULINGS R13). That an agent deployed other code than
//! it registered is a fact, but the worst that can be said: it takes as many principals as a deviation does, by whatever means
//! (RESOLUTIONS G-14).

use alloy_primitives::{Address, B256};

use super::{Refused, freeze::Cause};
use crate::time::{Millis, Seconds};

/// What a monitor reports. The number is the one on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Its scorer finds the agent's work beside its mandate.
    Deviation = 1,
    /// What the agent used up.
    Counters,
    /// The agent runs other code than it registered.
    DeploymentSubstitution,
}

impl Kind {
    /// The kind of a number.
    pub const fn at(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Deviation),
            2 => Some(Self::Counters),
            3 => Some(Self::DeploymentSubstitution),
            _ => None,
        }
    }
}

/// What one monitor last said of one agent's attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Number of the report among this monitor's about this attempt; zero: none yet.
    pub sequence: u64,
    /// Tool invocations of the agent since the attempt began.
    pub tools: u32,
    /// Messages since then.
    pub messages: u32,
}

/// A report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Of what.
    pub kind: Kind,
    /// Centred deviation in thousandths of a standard deviation.
    pub deviation: u32,
    /// Sequence and counters.
    pub heard: Heard,
}

/// Where a report begins to count, from the mission's epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `deviationThresholdSigma`.
    pub deviation: u32,
    /// `maxToolInvocations`.
    pub tools: u32,
    /// `maxMessageVolume`.
    pub messages: u32,
}

/// What a report is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It is noted.
    Noted,
    /// It freezes.
    Freezes(Cause),
    /// It accuses: it freezes with others that agree.
    Accuses(Cause),
}

impl Heard {
    /// The next report of the same monitor about the same attempt.
    ///
    /// Errors: `Stale` unless the sequence rises and no counter falls.
    /// Source: RESOLUTIONS G-11, RULINGS A10.
    pub const fn followed_by(self, next: Self) -> Result<Self, Refused> {
        if next.sequence <= self.sequence
            || next.tools < self.tools
            || next.messages < self.messages
        {
            return Err(Refused::Stale {
                given: next.sequence,
                last: self.sequence,
            });
        }
        Ok(next)
    }
}

/// Refuses a report about another attempt than the current one.
///
/// Errors: `WrongAttempt`.
/// Source: RULINGS A10.
pub const fn require_current(found: u8, given: u8) -> Result<(), Refused> {
    if found != given {
        return Err(Refused::WrongAttempt { found, given });
    }
    Ok(())
}

/// What a report is worth. `warnings` are freezes of this attempt that the panel lifted with a warning: each grants the allowance
/// anew, because a node whose counters cannot fall would be frozen again by the next honest report, and a warning means that it
/// may go on.
pub const fn weigh(report: &Report, limits: &Limits, warnings: u8) -> Weight {
    let allowances = (warnings as u64).saturating_add(1);
    match report.kind {
        Kind::Counters => {
            if report.heard.tools as u64 > allowances * limits.tools as u64 {
                Weight::Freezes(Cause::ToolLimit)
            } else if report.heard.messages as u64 > allowances * limits.messages as u64 {
                Weight::Freezes(Cause::MessageLimit)
            } else {
                Weight::Noted
            }
        }
        Kind::Deviation => {
            if report.deviation > limits.deviation {
                Weight::Accuses(Cause::Deviation)
            } else {
                Weight::Noted
            }
        }
        Kind::DeploymentSubstitution => Weight::Accuses(Cause::DeploymentSubstitution),
    }
}

/// Accusers who are looked at together.
pub const ACCUSERS_MAX: usize = 8; // structural: bits of a mask of them

/// Accusations of one cause that are kept while they wait for others: room for the most monitors that the table can demand, and
/// for some whose word adds nothing.
pub const KEPT_MAX: usize = ACCUSERS_MAX - 1;

/// A monitor in good standing, and when it accused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accuser {
    /// Its account.
    pub monitor: Address,
    /// Who answers for it.
    pub principal: Address,
    /// By what it scores.
    pub scorer: B256,
    /// When, in unix seconds.
    pub at: u64,
}

impl Accuser {
    /// Whether the words of two say more than one of them.
    pub fn adds_to(&self, other: &Self, cause: Cause) -> bool {
        let scores = matches!(cause, Cause::Deviation);
        self.principal != other.principal && (!scores || self.scorer != other.scorer)
    }
}

/// Whether a word of `at` is recent enough to agree with one of now.
pub const fn is_recent(at: u64, window: Millis, now: u64) -> bool {
    let window: Seconds = window.to_seconds_ceil();
    now.saturating_sub(at) <= window.get()
}

/// INV-GUARD-02. `needed` of these accusers who agree with each other, the last among them: those whose bits are set, or none. The
/// others are asked for only when the last one spoke, so without it they do not agree.
///
/// Shape: at most [`ACCUSERS_MAX`], each in good standing and recent. Bounded by 2⁷ choices.
/// Source: RESOLUTIONS G-10, RULINGS R13.
pub fn agreement(accusers: &[Accuser], cause: Cause, needed: u32) -> Option<u8> {
    let count = accusers.len().min(ACCUSERS_MAX) as u32;
    let newest = count.checked_sub(1)?;
    let choices = 1u32.checked_shl(newest)?;
    (0..choices)
        .map(|others| (others | choices) as u8)
        .find(|chosen| chosen.count_ones() == needed && agree(accusers, cause, *chosen))
}

fn agree(accusers: &[Accuser], cause: Cause, chosen: u8) -> bool {
    let is_chosen = |place: usize| chosen.checked_shr(place as u32).unwrap_or(0) & 1 == 1;
    accusers.iter().enumerate().all(|(place, one)| {
        let mut later = accusers.iter().enumerate().skip(place.saturating_add(1));
        !is_chosen(place)
            || later.all(|(place, other)| !is_chosen(place) || one.adds_to(other, cause))
    })
}

/// Where an accusation is kept among those that wait: in place of the same monitor's, of one that counts no more, behind the last,
/// in place of one that says the same, or of the oldest of the principal that has most there. `kept` are those that still count,
/// `None` the others.
///
/// With two needed nothing is lost by a full list: all that wait without agreeing share a principal, or a scorer, and whoever
/// agrees with one that gave way agrees with others that stayed. With more needed, no crowd of one principal's monitors takes the
/// place of another principal's.
pub fn place(kept: &[Option<Accuser>], new: &Accuser) -> usize {
    let at = |fits: &dyn Fn(&Option<Accuser>) -> bool| kept.iter().position(fits);
    let own = at(&|one| one.is_some_and(|one| one.monitor == new.monitor));
    if let Some(place) = own.or_else(|| at(&|one| one.is_none())) {
        return place;
    }
    if kept.len() < KEPT_MAX {
        return kept.len();
    }
    let same = at(&|one| {
        one.is_some_and(|one| one.principal == new.principal && one.scorer == new.scorer)
    });
    let crowd = |principal: Address| {
        let of_it = |one: &&Option<Accuser>| one.is_some_and(|one| one.principal == principal);
        kept.iter().filter(of_it).count()
    };
    let oldest_of_most = || {
        let rank = |(_, one): &(usize, &Option<Accuser>)| {
            one.map(|one| (usize::MAX.saturating_sub(crowd(one.principal)), one.at))
        };
        kept.iter().enumerate().min_by_key(rank)
    };
    same.or_else(|| oldest_of_most().map(|(place, _)| place))
        .unwrap_or_default()
}
