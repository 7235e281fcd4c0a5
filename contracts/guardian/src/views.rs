//! What everybody may read.

use agentcity_abi::IGuardian as wire;
use agentcity_shell::{Answer, reader::Reader, words::Words};
use alloy_sol_types::SolError;

use crate::storage::{Guardian, attempt_word};

impl Guardian {
    /// Errors: `UnknownFreeze`.
    pub(crate) fn freeze_of(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, id) = (&input.word(), input.u64());
        let number = self.freeze_number(mission, id);
        let Some((freeze, monitors)) = self.frozen(mission, number) else {
            return Words::after(wire::UnknownFreeze::SELECTOR)
                .word(mission)
                .number(0)
                .number(id)
                .refuse();
        };
        let mut words = Words::new();
        words
            // Where the struct begins, and in it, behind its ten words, the list of monitors.
            .number(32)
            .number(freeze.node.into())
            .number(freeze.attempt.into())
            .address(&freeze.agent)
            .number(freeze.cause.into())
            .number(freeze.at)
            .number(freeze.expires_at())
            .truth(freeze.is_open())
            .truth(freeze.is_false)
            .truth(freeze.is_charged)
            .number(320)
            .number(monitors as u64);
        for (monitor, _) in self.reporters(mission, number, monitors) {
            words.address(&monitor);
        }
        words.answer()
    }

    pub(crate) fn counters(&mut self, input: &mut Reader<'_>) -> Answer {
        let (mission, node, attempt) = (&input.word(), input.u16(), input.u8());
        let (agent, monitor) = (input.address(), input.address());
        let key = self.attempt_key(mission, &attempt_word(node, attempt, agent));
        let heard = self.heard(&key, &monitor.into_word());
        Words::new()
            .number(heard.tools.into())
            .number(heard.messages.into())
            .number(heard.sequence)
            .answer()
    }

    pub(crate) fn watch_of(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        let (watch, outages) = (self.watch(mission), self.outages(mission));
        let (since, until) = watch.stop.map_or((0, 0), |stop| (stop.since, stop.until));
        Words::new()
            .number(since)
            .number(until)
            .number(watch.paused_until.unwrap_or_default())
            .number(watch.cleared_at)
            .number(watch.stops.into())
            .number(watch.freezes.into())
            .number(outages.extended)
            .number(outages.entered_at)
            .answer()
    }

    pub(crate) fn gate_of(&mut self, input: &mut Reader<'_>) -> Answer {
        let mission = &input.word();
        let gate = self.gate(mission);
        Words::new()
            .number(gate.passed.into())
            .number(gate.cleared.into())
            .number(gate.failed.into())
            .truth(gate.is_asked)
            .number(gate.reconciled_at)
            .word(&self.log_root(mission))
            .answer()
    }
}
