//! Outputs of missions that are halted: a stop, or a word that people have not said yet after an outage. The chain takes nobody's result then.

use agentcity_domain::time::Millis;

use super::{Action, EscrowBuffer, Failed, Stage};
use crate::execution::Execution;

impl EscrowBuffer {
    /// Its mission is halted: it waits, and this submission was none.
    pub(super) fn kept(&mut self, execution: &Execution, number: u32) {
        let since = self.state.time;
        if let Some(entry) = self.entry(execution)
            && let Stage::Sent { failed } = &entry.stage
            && entry.number == number.saturating_add(1)
        {
            let failed = failed.clone();
            entry.stage = Stage::Kept { failed, since };
        }
        self.nothing_out();
    }

    /// Its mission goes on: what is left of its tries has the times that it had.
    pub(super) fn freed(&mut self, execution: &Execution) -> Vec<Action> {
        let time = self.state.time.get();
        if let Some(entry) = self.entry(execution)
            && let Stage::Kept { failed, since } = &entry.stage
        {
            let lay = time.saturating_sub(since.get());
            let failed = failed.clone().map(|failed| Failed {
                first: Millis::new(failed.first.get().saturating_add(lay)),
                ..failed
            });
            entry.stage = failed.map_or(Stage::Queued, Stage::Failing);
        }
        self.flush()
    }
}
