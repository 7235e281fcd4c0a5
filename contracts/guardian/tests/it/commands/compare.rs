//! That the contracts hold what the model says.

use agentcity_abi::IGuardian as wire;
use proptest::prelude::*;

use super::{Command, Run, model::Ruling};
use crate::city::*;

impl Run<'_> {
    /// That guardian and collaboration hold what the model says.
    pub(super) fn compare(&self, command: Command) -> Result<(), TestCaseError> {
        let city = &self.city;
        for m in &self.model.missions {
            let id = mission(m.number);
            let watch = city.watch(id);
            let (since, until) = m.stop.unwrap_or_default();
            let expected = wire::Watch {
                stoppedAt: u40(since),
                stoppedUntil: u40(until),
                pausedUntil: u40(m.paused.unwrap_or_default()),
                clearedAt: u40(m.cleared.last().copied().unwrap_or_default()),
                stops: m.cleared.len() as u16,
                freezes: alloy_primitives::aliases::U24::from(m.freezes.len()),
                extendedSecs: u40(m.extended),
                degradedAt: u40(m.degraded_at),
            };
            prop_assert_eq!(watch, expected, "{:?}", command);
            let mask = |list: &[usize]| list.iter().fold(0u8, |mask, at| mask | 1 << at);
            let gate = city.gate(m.number);
            let found = (gate.passed, gate.failed, gate.cleared, gate.asked);
            let expected = (mask(&m.passed), mask(&m.failed), mask(&m.answered), m.asked);
            prop_assert_eq!(found, expected, "{:?}", command);
            prop_assert_eq!(gate.reconciledAt, u40(m.reconciled.unwrap_or_default()));
            prop_assert_eq!(city.state(m.number), m.state, "{:?}", command);
            let halt = match (m.stop, m.paused) {
                (Some((_, until)), _) => (1, until),
                (None, Some(until)) => (2, until),
                (None, None) => (0, city.halt(id).1),
            };
            if !m.is_over() {
                prop_assert_eq!(city.halt(id), halt, "{:?}", command);
            }
            prop_assert_eq!(city.moved(id), m.moved, "{:?}", command);
            for (node, expected) in (0..NODES).zip(&m.nodes) {
                let found = (city.node(m.number, node), city.attempt(m.number, node));
                prop_assert_eq!(found, *expected, "{:?}", command);
            }
            // The latest freeze after every command, all of them now and then.
            let all = command.numbers[0].is_multiple_of(16);
            for f in m
                .freezes
                .iter()
                .rev()
                .take(if all { usize::MAX } else { 1 })
            {
                let found = city.freeze(m.number, f.id);
                let open = f.ruling == Ruling::Open;
                prop_assert_eq!(
                    (found.open, found.falsePositive, found.charged),
                    (open, f.is_false, f.is_charged)
                );
                prop_assert_eq!((found.node, found.attempt), (f.subject.0, f.subject.1));
                prop_assert_eq!((found.agent, found.at), (worker(f.subject.2), u40(f.at)));
                prop_assert_eq!(found.monitors.len(), f.monitors.len());
            }
        }
        let (since, until) = self.model.city.unwrap_or_default();
        let watch = city.watch(CITY);
        prop_assert_eq!(
            (watch.stoppedAt, watch.stoppedUntil),
            (u40(since), u40(until))
        );
        prop_assert_eq!(city.moved(CITY), self.model.city_moved);
        Ok(())
    }
}
