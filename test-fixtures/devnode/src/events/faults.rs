//! Faults in the delivery of logs, for tests of clients that must survive them.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What goes wrong with logs on their way to subscribers and filters. `eth_getLogs` always tells the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LogFaults {
    /// Milliseconds every delivery is late; 0 = none.
    pub delay_ms: u64,
    /// Every n-th delivery is lost; 0 = none, 1 = all.
    pub drop_every: u64,
    /// Every n-th delivery comes twice; 0 = none, 1 = all. A lost delivery is not doubled.
    pub duplicate_every: u64,
}

/// What the faults did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultCounts {
    /// Logs that were to be delivered since the faults were last set.
    pub deliveries: u64,
    /// Of these, lost.
    pub dropped: u64,
    /// Of these, sent twice.
    pub duplicated: u64,
    /// Of these, late.
    pub delayed: u64,
}

/// The faults in force and their effect.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FaultState {
    pub(super) faults: LogFaults,
    pub(super) counts: FaultCounts,
}

impl FaultState {
    pub(super) fn new(faults: LogFaults) -> Self {
        Self {
            faults,
            counts: FaultCounts::default(),
        }
    }

    /// Decides over the next delivery: how often it is sent, and how late.
    pub(super) fn next(&mut self) -> (u32, Duration) {
        self.counts.deliveries += 1;
        let nth = |every: u64| every != 0 && self.counts.deliveries.is_multiple_of(every);
        let copies = if nth(self.faults.drop_every) {
            self.counts.dropped += 1;
            return (0, Duration::ZERO);
        } else if nth(self.faults.duplicate_every) {
            self.counts.duplicated += 1;
            2
        } else {
            1
        };
        if self.faults.delay_ms > 0 {
            self.counts.delayed += 1;
        }
        (copies, Duration::from_millis(self.faults.delay_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_and_doubles_every_nth_delivery() {
        let mut state = FaultState::new(LogFaults {
            delay_ms: 0,
            drop_every: 3,
            duplicate_every: 2,
        });
        let copies: Vec<u32> = (0..6).map(|_| state.next().0).collect();
        assert_eq!(copies, [1, 2, 0, 2, 1, 0]);
        assert_eq!(
            state.counts,
            FaultCounts {
                deliveries: 6,
                dropped: 2,
                duplicated: 2,
                delayed: 0
            }
        );
    }

    #[test]
    fn leaves_everything_alone_by_default() {
        let mut state = FaultState::default();
        assert!((0..100).all(|_| state.next() == (1, Duration::ZERO)));
    }
}
