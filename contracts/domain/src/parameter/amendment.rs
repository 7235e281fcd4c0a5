//! When a change of a parameter takes effect (RESOLUTIONS D-26, D-08; RULINGS A4, R15, R23).
//!
//! Every change waits as long as its row's tier says, from the moment it was queued. A tightening need not wait, as long as
//! all immediate tightenings of one parameter together move it by a bounded share of its range, and by no more than the value it
//! had when the share was whole (or its default, if that is more): a quarter of a stake's range is many times any stake, so the
//! range alone would brake nothing there (docs/adr/0004). The share is whole again when
//! the parameter was left alone for a window. So a handful of signers can brake at once, and cannot end legislation at once.
//! A tightening beyond the share waits for its tier's delay, and never less than `tighteningExcessDelaySecs`: the low tier has
//! no delay of its own, and A4 names a parameter of that tier. For the same reason every other change in a tier without a delay
//! is held to the same share: one signer could otherwise end legislation by shortening its windows.

use alloy_primitives::B256;

use super::{Change, Kind, ParameterId, Refused, Tier, check, direction, number};
use crate::time::Timestamp;

/// A change as the panel asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// Which parameter.
    pub id: ParameterId,
    /// The value that the signers saw.
    pub old: B256,
    /// The value that they want.
    pub new: B256,
    /// When it was queued.
    pub queued_at: Timestamp,
}

/// Immediate changes of one parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// When the last one happened; the epoch if none did.
    pub last_at: Timestamp,
    /// By how much they moved the value since the share was whole, in the parameter's unit.
    pub used: u32,
}

/// The parameters by which amendments are judged, in their own units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `tighteningSharePct`.
    pub share_pct: u32,
    /// `tighteningWindowSecs`.
    pub window_secs: u32,
    /// `tighteningExcessDelaySecs`.
    pub excess_delay_secs: u32,
    /// `overrideDelayLowSecs`.
    pub low_delay_secs: u32,
    /// `overrideDelayMediumSecs`.
    pub medium_delay_secs: u32,
    /// `overrideDelayHighSecs`.
    pub high_delay_secs: u32,
    /// `seniorDelaySecs`.
    pub senior_delay_secs: u32,
}

/// What an accepted change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Its direction, for the event and the watchdog.
    pub change: Change,
    /// The parameter's ledger afterwards.
    pub ledger: Ledger,
}

impl Policy {
    /// The policy among the numbers that `value` gives.
    pub fn of(value: impl Fn(ParameterId) -> u32) -> Self {
        Self {
            share_pct: value(ParameterId::TighteningSharePct),
            window_secs: value(ParameterId::TighteningWindowSecs),
            excess_delay_secs: value(ParameterId::TighteningExcessDelaySecs),
            low_delay_secs: value(ParameterId::OverrideDelayLowSecs),
            medium_delay_secs: value(ParameterId::OverrideDelayMediumSecs),
            high_delay_secs: value(ParameterId::OverrideDelayHighSecs),
            senior_delay_secs: value(ParameterId::SeniorDelaySecs),
        }
    }

    /// The wait of a change that is not immediate.
    const fn delay(&self, id: ParameterId) -> u32 {
        if matches!(id, ParameterId::SeniorAdjudicatorAddr) {
            return self.senior_delay_secs;
        }
        match id.row().tier {
            Tier::Low => self.low_delay_secs,
            Tier::Medium => self.medium_delay_secs,
            Tier::High => self.high_delay_secs,
        }
    }
}

/// What a change asks for if it is queued now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its direction.
    pub change: Change,
    /// How long it waits, in seconds; zero if it may take effect at once.
    pub delay_secs: u32,
}

/// Whether `asked` may take effect now, given the parameter's present value `found` and its ledger. That the whole page stays
/// consistent is [`relation::check`](super::relation::check)'s business.
///
/// Errors: [`Refused::Constant`], [`Refused::Stale`], [`Refused::Unchanged`], [`Refused::OutOfRange`], [`Refused::Malformed`],
/// [`Refused::TooEarly`].
pub fn decide(
    asked: &Amendment,
    found: B256,
    now: Timestamp,
    ledger: Ledger,
    policy: &Policy,
) -> Result<Decided, Refused> {
    let change = admissible(asked, found)?;
    let share = immediate(asked, now, ledger, policy);
    let delay = wait(asked.id, change, share.is_some(), policy);
    let ready_at = asked.queued_at.get().saturating_add(u64::from(delay));
    if now.get() < ready_at {
        return Err(Refused::TooEarly {
            ready_at,
            now: now.get(),
        });
    }
    let has_no_delay = policy.delay(asked.id) == 0 && !waited(asked, now, policy);
    let uses_share = change == Change::Tighter || has_no_delay;
    Ok(Decided {
        change,
        ledger: share.filter(|_| uses_share).unwrap_or(ledger),
    })
}

/// What changing a parameter from its present value `found` to `new` would wait for, queued now: [`decide`] takes it then.
///
/// Errors: [`Refused::Constant`], [`Refused::Unchanged`], [`Refused::OutOfRange`], [`Refused::Malformed`].
pub fn terms(
    id: ParameterId,
    found: B256,
    new: B256,
    now: Timestamp,
    ledger: Ledger,
    policy: &Policy,
) -> Result<Terms, Refused> {
    let asked = Amendment {
        id,
        old: found,
        new,
        queued_at: now,
    };
    let change = admissible(&asked, found)?;
    let share = immediate(&asked, now, ledger, policy);
    Ok(Terms {
        change,
        delay_secs: wait(id, change, share.is_some(), policy),
    })
}

/// The direction of a change that can take effect at some time.
fn admissible(asked: &Amendment, found: B256) -> Result<Change, Refused> {
    let id = asked.id;
    if id.row().kind == Kind::Constant {
        return Err(Refused::Constant { id });
    }
    if asked.old != found {
        return Err(Refused::Stale {
            expected: asked.old,
            found,
        });
    }
    check(id, asked.new)?;
    match direction(id, found, asked.new) {
        Change::Same => Err(Refused::Unchanged { value: found }),
        change => Ok(change),
    }
}

/// How long a change waits from its queueing on, in seconds. `within_share`: whether it could be immediate.
fn wait(id: ParameterId, change: Change, within_share: bool, policy: &Policy) -> u32 {
    let delay = policy.delay(id);
    match (change, within_share) {
        (Change::Tighter, true) => 0,
        (Change::Tighter, false) => delay.max(policy.excess_delay_secs),
        _ if delay > 0 => delay,
        // The tier has no delay of its own.
        (_, true) => 0,
        (_, false) => policy.excess_delay_secs,
    }
}

/// Whether the change stood open to objection as long as one beyond the share must.
fn waited(asked: &Amendment, now: Timestamp, policy: &Policy) -> bool {
    let ready_at = asked
        .queued_at
        .get()
        .saturating_add(u64::from(policy.excess_delay_secs));
    now.get() >= ready_at
}

/// The ledger after an immediate change, if the share allows it.
fn immediate(asked: &Amendment, now: Timestamp, ledger: Ledger, policy: &Policy) -> Option<Ledger> {
    let row = asked.id.row();
    let step = number(asked.old)?.abs_diff(number(asked.new)?);
    let whole_again = ledger
        .last_at
        .get()
        .saturating_add(u64::from(policy.window_secs))
        <= now.get();
    let before = if whole_again { 0 } else { ledger.used };
    let used = before.checked_add(step)?;
    let of_range = u64::from(row.max.saturating_sub(row.min)) * u64::from(policy.share_pct)
        / u64::from(PERCENT);
    // What it was when the share was whole, if it rose since; less than that, if it fell.
    let of_value = number(asked.old)?.saturating_sub(before).max(row.default);
    let share = of_range.min(u64::from(of_value));
    (u64::from(used) <= share).then_some(Ledger { last_at: now, used })
}

/// Parts of a whole in percent.
const PERCENT: u32 = 100;
