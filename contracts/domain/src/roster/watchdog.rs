//! The watchdog: patterns in what an adjudicator decided (RESOLUTIONS D-20 to D-23).
//!
//! Too many yes among enough decisions, or too many in a row, are one pattern: rubber stamps. Too many weakened parameters are
//! the other. One alone flags; both together freeze the city, as a flag does that another adjudicator confirms.
//!
//! INV-ROSTER-06. A flag is taken anew at each decision of its adjudicator, and goes when the pattern does; while the city is frozen it stays,
//! so that nobody signs himself free. A pattern that stands freezes once: again only when it comes back, or when its adjudicator
//! weakens one more parameter. So a freeze costs whoever wants one a decision that others can see, and cannot be had by waiting
//! (RULINGS A7).

use super::{
    Refused,
    city::City,
    history::{Counts, Decision, History},
    seat::Seat,
};

/// A percentage's whole.
const PERCENT: u32 = 100; // structural: what a percent is
/// Most that a counter of decisions holds.
pub const COUNTER_MAX: u32 = 0xff_ffff; // structural: three bytes

/// What is measured by, in the table's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Percent of yes above which they are too many.
    pub approval_pct: u32,
    /// Decisions before that means anything.
    pub least: u32,
    /// Yes in a row above which they are too many.
    pub run: u32,
    /// Weakenings above which they are too many.
    pub weakenings: u32,
    /// Days that count.
    pub days: u32,
    /// Hours that a freeze lasts at most.
    pub hours: u32,
}

/// What the counts show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The share of yes is too great, however few decisions there are.
    pub rate: bool,
    /// There are decisions enough for that to mean something.
    pub enough: bool,
    /// The run of yes is too long.
    pub run: bool,
    /// Too many parameters were weakened.
    pub weaken: bool,
}

/// What was noticed of an adjudicator and stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alerts {
    /// Rubber stamps.
    pub rubber: bool,
    /// Weakened parameters.
    pub weaken: bool,
    /// Another adjudicator confirmed it.
    pub confirmed: bool,
}

/// What is kept of an adjudicator's decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The latest ones.
    pub history: History,
    /// How many there ever were.
    pub actions: u32,
    /// Reviews that are not paid yet.
    pub unpaid: u32,
}

/// What a decision led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The record with it.
    pub record: Record,
    /// The seat with what was noticed.
    pub seat: Seat,
    /// The city with it.
    pub city: City,
    /// What the window holds.
    pub counts: Counts,
    /// What was noticed now and was not before.
    pub news: Alerts,
    /// Whether the city is frozen for it.
    pub freezes: bool,
}

impl Counts {
    /// What the rules see in them: `100·A > pct·n`, in whole numbers.
    ///
    /// Source: RESOLUTIONS D-21, vectors `watchdog_flags`.
    pub const fn findings(&self, rules: &Rules) -> Findings {
        Findings {
            rate: self.approvals.saturating_mul(PERCENT)
                > rules.approval_pct.saturating_mul(self.actions),
            enough: self.actions >= rules.least,
            run: self.run > rules.run,
            weaken: self.weakenings > rules.weakenings,
        }
    }
}

impl Findings {
    /// Rubber stamps: rate and run are one kind.
    pub const fn rubber(&self) -> bool {
        self.rate && self.enough || self.run
    }

    /// Whether anything is to be said.
    pub const fn alerts(&self) -> bool {
        self.rubber() || self.weaken
    }

    /// Whether the city is to be frozen.
    pub const fn freezes(&self) -> bool {
        self.rubber() && self.weaken
    }

    /// The same as the seed prints it, where few decisions are enough and rate and run are two kinds. For comparison only.
    pub const fn printed(&self) -> (bool, bool) {
        let two = self.rate && (self.run || self.weaken) || self.run && self.weaken;
        (self.rate || self.run || self.weaken, two)
    }
}

impl Alerts {
    /// Whether its adjudicator is flagged.
    pub const fn any(&self) -> bool {
        self.rubber || self.weaken
    }
}

impl Record {
    /// With one more decision at `now`, a review or not.
    #[must_use]
    pub fn with(self, decision: Decision, is_review: bool, days: u32, now: u64) -> Self {
        let one_more = |count: u32| count.saturating_add(1).min(COUNTER_MAX);
        Self {
            history: self.history.aged(days, now).with(decision),
            actions: one_more(self.actions),
            unpaid: if is_review {
                one_more(self.unpaid)
            } else {
                self.unpaid
            },
        }
    }

    /// Paid, and how many reviews that were.
    ///
    /// Errors: `NothingOwed`.
    pub const fn paid(self) -> Result<(Self, u32), Refused> {
        if self.unpaid == 0 {
            return Err(Refused::NothingOwed);
        }
        Ok((Self { unpaid: 0, ..self }, self.unpaid))
    }
}

/// Counts a decision of an active adjudicator, and looks for patterns.
///
/// Errors: `NotAdjudicator`.
pub fn watch(
    seat: Seat,
    record: Record,
    city: City,
    decision: Decision,
    is_review: bool,
    rules: &Rules,
    now: u64,
) -> Result<Watched, Refused> {
    if !seat.is_active() {
        return Err(Refused::NotAdjudicator);
    }
    let record = record.with(decision, is_review, rules.days, now);
    let counts = record.history.count(rules.days);
    let found = counts.findings(rules);
    let before = seat.alerts;
    let stays = |was: bool| city.is_frozen() && was;
    let mut alerts = Alerts {
        rubber: found.rubber() || stays(before.rubber),
        weaken: found.weaken || stays(before.weaken),
        confirmed: before.confirmed,
    };
    let news = Alerts {
        rubber: alerts.rubber && !before.rubber,
        weaken: alerts.weaken && !before.weaken,
        confirmed: false,
    };
    // What was confirmed is what stood then.
    alerts.confirmed &= alerts.any() && !news.any();
    let again = matches!(decision, Decision::Weakening);
    let freezes = !city.is_frozen() && found.freezes() && (news.any() || again);
    let mut city = city.reflagged(before.any(), alerts.any());
    if freezes {
        city = city.frozen(rules.hours.into(), now);
    }
    Ok(Watched {
        record,
        seat: Seat { alerts, ..seat },
        city,
        counts,
        news,
        freezes,
    })
}

/// An adjudicator confirms what was noticed of another, who had acted so often: the city is frozen. Once for each alert.
///
/// Errors: `WrongStanding`, `Changed`, `AlreadyDone`.
pub fn confirm(
    seat: Seat,
    record: &Record,
    city: City,
    actions: u32,
    hours: u64,
    now: u64,
) -> Result<(Seat, City), Refused> {
    if !seat.is_active() {
        return Err(Refused::WrongStanding(seat.standing));
    }
    if record.actions != actions {
        return Err(Refused::Changed {
            expected: actions.into(),
            found: record.actions.into(),
        });
    }
    if !seat.alerts.any() || seat.alerts.confirmed || city.is_frozen() {
        return Err(Refused::AlreadyDone);
    }
    let alerts = Alerts {
        confirmed: true,
        ..seat.alerts
    };
    Ok((Seat { alerts, ..seat }, city.frozen(hours, now)))
}
