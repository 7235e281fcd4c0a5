//! Outages that lasted longer than the law lets them pass: what this keeper can say of one when it is over, and that it wants it declared
//! for each mission that it struck (RESOLUTIONS C-20, RULINGS R30).

use agentcity_domain::time::Millis;
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

use super::{Action, EscrowBuffer, Mode};
use crate::event::Head;

/// An outage, by the chain's own times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// From then on no block came, in unix seconds.
    pub from: u64,
    /// The time of the first block after it.
    pub until: u64,
    /// That block.
    pub block: u64,
}

impl EscrowBuffer {
    /// `degradedModeThresholdMs`: as the chain said last, or as the rules have it.
    pub fn threshold(&self) -> Millis {
        self.state.threshold.unwrap_or(self.rules.threshold)
    }

    /// `degradedModeThresholdMs`, if the chain said it.
    pub const fn threshold_told(&self) -> Option<Millis> {
        self.state.threshold
    }

    /// The last outage that was longer than the threshold.
    pub const fn outage(&self) -> Option<Outage> {
        self.state.outage
    }

    /// A block that ends an outage: as long as it was seen to last, it lasted until that block's time, and not before the last block's.
    /// What this keeper slept through it did not see.
    pub(super) fn witness(&mut self, head: Head) {
        let since = match self.state.mode {
            Mode::Degraded { since }
            | Mode::Stopped {
                since,
                recovered: None,
                ..
            } => since,
            Mode::Normal | Mode::Stopped { .. } => return,
        };
        let until = head.time.get();
        let before = self.state.block.map_or(0, |seen| seen.head.time.get());
        let from = until.saturating_sub(self.since(since) / 1_000).max(before);
        let threshold = self.threshold().to_seconds_ceil().get();
        if until.saturating_sub(from) > threshold {
            self.state.outage = Some(Outage {
                from,
                until,
                block: head.number,
            });
        }
    }

    /// A mission that was open in the outage.
    pub(super) fn struck(&self, outage: Outage, mission: B256) -> Vec<Action> {
        match self.state.outage {
            Some(last) if last == outage => vec![Action::Declare { mission, outage }],
            Some(_) | None => Vec::new(),
        }
    }
}
