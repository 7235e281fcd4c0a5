//! What monitors say: of attempts, and of outages.

use agentcity_domain::machine::MissionState;

use super::{Run, model::*, monitor_key, pick};
use crate::city::*;

impl Run<'_> {
    pub(super) fn monitors_say(
        &mut self,
        kind: &str,
        numbers: [usize; 4],
        aims: bool,
    ) -> (bool, bool) {
        let [first, second, third, fourth] = numbers;
        let (now, model) = (self.city.world.now(), &self.model);
        let runs = |m: usize| (0..NODES).any(|node| model.missions[m].runs(node));
        let m = pick(model.missions.len(), first, aims, runs);
        // Few subjects, so that reports meet.
        let node = pick(NODES.into(), second % 3, aims, |n| {
            model.missions[m].runs(n as u16)
        }) as u16;
        let who = pick(WORKERS, third % 2, aims, |who| has_seat(node, who));
        let k = pick(MONITORS.len(), third / 2, aims, |k| model.good[k]);
        let mission = &model.missions[m];
        let attempt = mission.attempt(node) + u8::from(!aims && fourth % 5 == 0);
        let subject = (node, attempt, who);
        let (last, used) = mission
            .heard
            .get(&(subject, k))
            .copied()
            .unwrap_or_default();
        let sequence = if aims {
            last + 1
        } else {
            last + fourth as u64 % 2
        };
        let tools = match fourth % 4 {
            0 if !aims => used.saturating_sub(1),
            0 | 1 => used,
            2 => used + 30,
            _ => used + 200,
        };
        let deviation = if fourth % 3 == 0 { 2_000 } else { 2_001 };
        let said = Said {
            mission: mission.number,
            node,
            attempt,
            agent: worker(who),
            tools,
            ..match kind {
                "counters" => Said::counters(1, 0, sequence, 0),
                "deviation" => Said::deviation(1, 0, sequence, deviation),
                _ => Said::substitution(1, 0, sequence),
            }
        };
        let expected = model.good[k]
            && has_seat(node, who)
            && attempt == mission.attempt(node)
            && sequence > last
            && tools >= used;
        let cause = match kind {
            "counters" => Cause::Tools,
            "deviation" => Cause::Deviation,
            _ => Cause::Substitution,
        };
        let granted = 1 + mission.warnings.iter().filter(|w| **w == subject).count() as u32;
        let accuses = kind == "substitution" || kind == "deviation" && deviation > 2_000;
        let agrees = accuses && model.agrees(m, subject, cause, k, now);
        let freezes = mission.runs(node) && (kind == "counters" && tools > 40 * granted || agrees);
        self.city.world.take_logs();
        let answered = self.city.relay(&[(&monitor_key(k), said)]).is_ok();
        if !expected || !answered {
            return (answered, expected);
        }
        let mission = &mut self.model.missions[m];
        mission.heard.insert((subject, k), (sequence, tools));
        let same = |a: &Accusation| a.subject == subject && a.cause == cause;
        if freezes {
            let id = self.frozen();
            let mut monitors = vec![k];
            if accuses {
                // Who agreed is told by the record; that they fit is what the model says.
                self.model.missions[m].accusations.retain(|a| !same(a));
                monitors = self.reporters(m, id, k, cause);
                self.note("frozen by two");
            } else {
                self.note("frozen by one");
            }
            self.froze(m, subject, cause, (id, monitors), now);
        } else if accuses {
            mission.accusations.retain(|a| !same(a) || a.monitor != k);
            mission.accusations.push(Accusation {
                subject,
                cause,
                monitor: k,
                at: now,
            });
        }
        (true, true)
    }

    /// The monitors of a freeze, after looking that they may have agreed.
    fn reporters(&self, m: usize, id: u64, last: usize, cause: Cause) -> Vec<usize> {
        let freeze = self.city.freeze(self.model.missions[m].number, id);
        let number_of = |who| (0..MONITORS.len()).find(|k| monitor_key(*k).address == who);
        let named: Vec<usize> = freeze.monitors.into_iter().filter_map(number_of).collect();
        assert_eq!((named.len(), named[1]), (2, last));
        let ((p, s), (q, t)) = (MONITORS[named[0]], MONITORS[named[1]]);
        assert!(p != q && (cause == Cause::Substitution || s != t));
        named
    }

    pub(super) fn monitors_prove(&mut self, numbers: [usize; 4], aims: bool) -> (bool, bool) {
        let [first, second, third, fourth] = numbers;
        let (now, model) = (self.city.world.now(), &self.model);
        let m = pick(model.missions.len(), first, aims, |m| {
            let mission = &model.missions[m];
            let behind = now - mission.since.max(mission.outage_ended);
            mission.state == MissionState::Executing && mission.extended < DAY && behind > 1_900
        });
        let k = pick(MONITORS.len(), second, aims, |k| model.good[k]);
        let l = pick(MONITORS.len(), third, aims, |l| {
            model.good[l] && MONITORS[l].0 != MONITORS[k].0
        });
        let mission = &model.missions[m];
        let (long, short) = (30_000, if aims { 0 } else { fourth as u64 % 40_000 });
        let (from, until) = (now - long, now - short.min(long));
        let begins = from.max(mission.since).max(mission.outage_ended);
        let secs = until.saturating_sub(begins);
        let left = DAY - mission.extended;
        let expected = model.good[k]
            && model.good[l]
            && MONITORS[k].0 != MONITORS[l].0
            && mission.state == MissionState::Executing
            && secs > 1_800
            && left > 0;
        let words = [
            (&monitor_key(k), from, until),
            (&monitor_key(l), from, until),
        ];
        let call = self.city.outage(mission.number, words);
        let answered = self.ok(STRANGER, call);
        if expected {
            self.note("degraded");
            let mission = &mut self.model.missions[m];
            let moved = (secs + 3_600).min(left);
            mission.extended += moved;
            mission.moved += moved;
            mission.outage_ended = until;
            mission.degraded_at = now;
            (mission.state, mission.since) = (MissionState::Degraded, now);
        }
        (answered, expected)
    }
}
