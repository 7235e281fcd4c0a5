//! What an action demands when it is handed in. It is asked for once: what was queued keeps its count and its delay, whatever
//! the panel becomes in the meantime (T5: q is the number of active adjudicators when the case opens).

use crate::{
    act::{Action, Delay, Panel, RotationClass},
    parameter::Tier,
};

/// What the constitution says of a change of one of its parameters; of any other action, [`Terms::NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The parameter's risk.
    pub tier: Tier,
    /// Whether it weakens the law.
    pub weakens: bool,
    /// How long it waits, in seconds ([`crate::parameter::amendment::terms`]; INV-PANEL-06).
    pub delay_secs: u64,
}

impl Terms {
    /// Of what changes no parameter.
    pub const NONE: Self = Self {
        tier: Tier::High,
        weakens: false,
        delay_secs: 0,
    };
}

/// What an action demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// How many sign, one at least.
    pub signers: u8,
    /// How long it waits, in seconds.
    pub delay_secs: u64,
    /// Among whom it rotates.
    pub class: RotationClass,
}

/// What `action` demands of this panel; nothing for none.
pub fn of(
    action: Action,
    panel: &Panel,
    terms: &Terms,
    disburse_delay_secs: u64,
) -> Option<Demand> {
    let (signers, delay, class) = action.demands()?;
    Some(Demand {
        signers: signers.count(panel, terms.tier),
        delay_secs: match delay {
            Delay::None => 0,
            Delay::ByTier | Delay::Senior => terms.delay_secs,
            Delay::Disburse => disburse_delay_secs,
        },
        class,
    })
}

/// Whether the watchdog counts it as letting something pass (RESOLUTIONS D-21): a review by its verdict, a score by its sign, a
/// parameter by whether it weakens the law.
pub fn approves(action: Action, terms: &Terms, verdict: bool, delta: i16) -> bool {
    match action {
        Action::DecideReview => verdict,
        Action::AdjustReputation => delta > 0,
        Action::AmendParameter | Action::AppointSenior => terms.weakens,
        _ => !action.brakes(),
    }
}

/// Whether a ruling moves a score by more than `limit` points (RESOLUTIONS R-04).
pub const fn moves_too_far(delta: i16, limit: u64) -> bool {
    delta.unsigned_abs() as u64 > limit
}
