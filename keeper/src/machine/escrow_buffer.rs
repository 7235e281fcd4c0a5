//! The escrow buffer: outputs that the chain has not confirmed, and what becomes of them when it stands still.
//!
//! Guards INV-ESCROW-01.
//!
//! ```text
//!  Delivered ─► queued ─ Submit ─► sent ─ Confirmed ─► confirmed ─ Settled ─► releasing ─ Release ─► gone
//!                 ▲                 │  ▲       │ Withdrawn
//!                 │ degraded        │  └───────┘ Submit
//!                 │         Refused ▼
//!                 └──────────── failing ─ +30 s, +2 min, +8 min ─ refused once more ─► faulty ─ Fault ─► gone
//!
//!  sent ── its mission is halted ──► kept ── Freed ──► queued or failing, with the tries that it had
//!
//!  normal ── no block ──► degraded ── degradedModeThresholdMs ──► stopped ── block, and a human's word ──► normal
//!                            └────────────── block ───────────────────────────────────────────────────────►┘
//! ```
//!
//! Nothing is released that no settled block has; nothing is released, and nothing handed in, while the chain stands still or a
//! stop waits for a human (seed B.11.5, Failure Modes 1 and 3). What was handed in waits in the order of its delivery, which is an
//! order of the graph: a successor's input is not there before its predecessor's output was released.
//!
//! **Time.** The machine keeps a time of its own, which is the sum of what passed between two events, at most [`TICK_MAX`] each and never
//! less than nothing. So a clock that is set forward, a process that slept and a restart after a day are no outage and exhaust no
//! retry; a clock that is set back delays nothing for ever. How far the machine's clock lies from the chain's is a condition of its
//! own ([`Skew`]): it is told, and nothing that the chain judges by its own time is computed from the machine's, but for how long an
//! [`Outage`] was seen to last.

use agentcity_domain::time::Millis;
use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

use super::Machine;
use crate::{
    action::{Action as Wanted, Outcome},
    clock::Moment,
    event::{Event as Happened, Head, whole_millis},
    execution::Execution,
};

mod halt;
mod held;
mod outage;
mod said;

pub use held::{Held, Reached};
pub use outage::Outage;
pub use said::{Action, Authority, Event};

/// Outputs that are held at once. Each is a file of some megabytes at most, and whoever routes asks [`EscrowBuffer::room`] first.
pub const ENTRIES_MAX: usize = 1_024;
/// When a refused submission is tried again, after it was refused for the first time (seed B.11.5; vectors `retry_vs_timeout`).
pub const RETRIES: [Millis; 3] = [
    Millis::new(30_000),
    Millis::new(120_000),
    Millis::new(480_000),
];
/// Longest time between two events that counts: the keeper looks every few seconds, so what is longer was no waiting.
pub const TICK_MAX: Millis = Millis::new(60_000);
/// How far this machine's clock may lie from the chain's: Arbitrum's sequencer stamps within seconds, and the law's shortest
/// grace is half a minute.
pub const SKEW_MAX_SECS: u64 = 15;

/// When silence of the chain is an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Blocks come by themselves: none for so long is an outage.
    Steady(Millis),
    /// Blocks come with transactions, as Arbitrum's do: silence counts only from when one of ours was out.
    OnDemand(Millis),
}

/// How the buffer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// When silence is an outage.
    pub pace: Pace,
    /// How long an outage may last before everything is stopped, until the chain says so ([`Event::Threshold`]).
    pub threshold: Millis,
}

/// How the keeper fares with the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Mode {
    /// The chain works.
    Normal,
    /// It stands still: executors go on, outputs wait.
    Degraded {
        /// Since when, by the machine's own time.
        #[serde(with = "whole_millis")]
        since: Millis,
    },
    /// It stood still for too long: nothing goes on without a human.
    Stopped {
        /// Which stop, counted from one.
        stop: u64,
        /// Since when it stood still, by the machine's own time.
        #[serde(with = "whole_millis")]
        since: Millis,
        /// The first block that came again.
        recovered: Option<u64>,
    },
}

/// This machine's clock lies too far from the chain's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(deny_unknown_fields)]
pub enum Skew {
    /// Ahead of it.
    #[error(
        "this machine's clock is {secs} s ahead of block {block}'s: set it, or ask an endpoint that keeps up"
    )]
    Ahead {
        /// How far.
        secs: u64,
        /// By which block.
        block: u64,
    },
    /// Behind it.
    #[error("this machine's clock is {secs} s behind block {block}'s: set it")]
    Behind {
        /// How far.
        secs: u64,
        /// By which block.
        block: u64,
    },
}

/// The machine.
#[derive(Debug)]
pub struct EscrowBuffer {
    rules: Rules,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    #[serde(with = "whole_millis")]
    time: Millis,
    last: Option<Moment>,
    mode: Mode,
    skew: Option<Skew>,
    block: Option<Seen>,
    /// Since when something is out that a block should hold.
    #[serde(with = "some_millis")]
    out: Option<Millis>,
    entries: Vec<Entry>,
    stops: u64,
    alerts: u64,
    /// `degradedModeThresholdMs`, as the chain said last.
    #[serde(with = "some_millis", default)]
    threshold: Option<Millis>,
    /// The last outage that was longer than that.
    #[serde(default)]
    outage: Option<Outage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    head: Head,
    #[serde(with = "whole_millis")]
    time: Millis,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    execution: Execution,
    since: u64,
    output: B256,
    /// The next submission's number.
    number: u32,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Stage {
    /// Waits for its turn.
    Queued,
    /// A submission is out.
    Sent { failed: Option<Failed> },
    /// The last submission was refused: it waits for its next.
    Failing(Failed),
    /// The newest block has it.
    Confirmed { failed: Option<Failed> },
    /// A settled block has it: it is released as soon as the keeper works.
    Settled,
    /// Its release is out.
    Releasing,
    /// Its fault signal is out.
    Faulty,
    /// Its mission is halted, so the chain takes nobody's result: that is no refusal of this one, and no silence of the chain.
    Kept {
        failed: Option<Failed>,
        #[serde(with = "whole_millis")]
        since: Millis,
    },
}

/// A submission that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed {
    /// When the first was, by the machine's own time.
    #[serde(with = "whole_millis")]
    first: Millis,
    /// How many were.
    times: usize,
    /// What the chain said.
    cause: String,
}

impl EscrowBuffer {
    /// Holds nothing, and knows no block.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            state: State {
                time: Millis::new(0),
                last: None,
                mode: Mode::Normal,
                skew: None,
                block: None,
                out: None,
                entries: Vec::new(),
                stops: 0,
                alerts: 0,
                threshold: None,
                outage: None,
            },
        }
    }

    /// Goes on from a checkpoint. Rules may be others than before.
    ///
    /// Errors: the checkpoint is not one of this machine.
    pub fn resume(rules: Rules, state: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            rules,
            state: serde_json::from_str(state)?,
        })
    }

    /// How the keeper fares.
    pub const fn mode(&self) -> Mode {
        self.state.mode
    }

    /// Whether the clocks are too far apart.
    pub const fn skew(&self) -> Option<Skew> {
        self.state.skew
    }

    /// Whether anything may be signed and sent now: what is intended already waits with the rest.
    pub const fn may_send(&self) -> bool {
        matches!(self.state.mode, Mode::Normal)
    }

    /// Whether executors may go on, and begin: also in an outage, until that is too long.
    pub const fn may_execute(&self) -> bool {
        match self.state.mode {
            Mode::Normal | Mode::Degraded { .. } => true,
            Mode::Stopped { .. } => false,
        }
    }

    /// How many more outputs are taken. Ask before something is routed, and count what runs.
    pub fn room(&self) -> usize {
        ENTRIES_MAX.saturating_sub(self.state.entries.len())
    }

    /// Outputs that are held, in the order of their delivery.
    pub fn held(&self) -> impl Iterator<Item = (Execution, B256)> + '_ {
        let entries = self.state.entries.iter();
        entries.map(|entry| (entry.execution, entry.output))
    }

    /// Whether time matters: if not, no tick need be taken.
    pub fn wants_time(&self) -> bool {
        match (self.state.mode, self.rules.pace) {
            (
                Mode::Stopped {
                    recovered: Some(_), ..
                },
                _,
            ) => false,
            // How long it lasts is told when it is over.
            (
                Mode::Stopped {
                    recovered: None, ..
                },
                _,
            )
            | (Mode::Degraded { .. }, _)
            | (Mode::Normal, Pace::Steady(_)) => true,
            (Mode::Normal, Pace::OnDemand(_)) => !self.state.entries.is_empty(),
        }
    }

    fn entry(&mut self, execution: &Execution) -> Option<&mut Entry> {
        let mut entries = self.state.entries.iter_mut();
        entries.find(|entry| entry.execution == *execution)
    }

    fn alert(&mut self, text: String) -> Action {
        let number = self.state.alerts;
        self.state.alerts = number.saturating_add(1);
        Action::Alert { text, number }
    }

    // ------------------------------------------------------------------ time

    fn pass(&mut self, at: Moment) {
        let passed = self.state.last.map_or(0, |last| at.since(last).get());
        let counted = passed.min(TICK_MAX.get());
        self.state.time = Millis::new(self.state.time.get().saturating_add(counted));
        self.state.last = Some(at);
    }

    fn since(&self, instant: Millis) -> u64 {
        self.state.time.get().saturating_sub(instant.get())
    }

    /// What is due, now that time passed.
    fn due(&mut self) -> Vec<Action> {
        match self.state.mode {
            Mode::Normal => match self.silent_since() {
                Some(since) => self.degrade(since),
                None => self.retry(),
            },
            Mode::Degraded { since } if self.since(since) >= self.threshold().get() => {
                self.stop(since)
            }
            Mode::Degraded { .. } | Mode::Stopped { .. } => Vec::new(),
        }
    }

    /// Since when the chain stands still, if that is longer than it may be silent.
    fn silent_since(&self) -> Option<Millis> {
        let block = self.state.block.map(|seen| seen.time);
        let (since, most) = match self.rules.pace {
            Pace::Steady(most) => (block?, most),
            Pace::OnDemand(most) => (
                block
                    .max(self.state.out)
                    .filter(|_| self.state.out.is_some())?,
                most,
            ),
        };
        (self.since(since) > most.get()).then_some(since)
    }

    fn degrade(&mut self, since: Millis) -> Vec<Action> {
        self.state.mode = Mode::Degraded { since };
        let secs = self.since(since) / 1_000;
        let text = format!(
            "no block for {secs} s: outputs are held and nothing is handed in until one comes"
        );
        vec![self.alert(text)]
    }

    fn stop(&mut self, since: Millis) -> Vec<Action> {
        let stop = self.state.stops.saturating_add(1);
        self.state.stops = stop;
        self.state.mode = Mode::Stopped {
            stop,
            since,
            recovered: None,
        };
        let minutes = self.threshold().get() / 60_000;
        let held = self.state.entries.len();
        let text = format!(
            "stop {stop}: the chain stood still for {minutes} minutes, every executor is stopped, {held} outputs are kept; when blocks come again, review the missions and let this keeper go on: the panel by exit-degraded, or its operator by the number of this stop"
        );
        vec![Action::Stop { stop }, self.alert(text)]
    }

    fn retry(&mut self) -> Vec<Action> {
        let time = self.state.time.get();
        let due = |entry: &Entry| match &entry.stage {
            Stage::Failing(failed) => RETRIES
                .get(failed.times.saturating_sub(1))
                .is_some_and(|wait| time >= failed.first.get().saturating_add(wait.get())),
            _ => false,
        };
        let due: Vec<usize> = (0..)
            .zip(&self.state.entries)
            .filter(|(_, entry)| due(entry))
            .map(|(at, _)| at)
            .collect();
        due.into_iter().filter_map(|at| self.submit(at)).collect()
    }

    // ------------------------------------------------------------------ outputs

    /// Hands one in, keeping what is known of its failures.
    fn submit(&mut self, at: usize) -> Option<Action> {
        let time = self.state.time;
        let entry = self.state.entries.get_mut(at)?;
        let failed = match &entry.stage {
            Stage::Queued => None,
            Stage::Failing(failed) => Some(failed.clone()),
            Stage::Sent { failed } | Stage::Confirmed { failed } => failed.clone(),
            Stage::Settled | Stage::Releasing | Stage::Faulty | Stage::Kept { .. } => return None,
        };
        let action = Action::Submit {
            execution: entry.execution,
            since: entry.since,
            output: entry.output,
            number: entry.number,
        };
        entry.number = entry.number.saturating_add(1);
        entry.stage = Stage::Sent { failed };
        self.state.out.get_or_insert(time);
        Some(action)
    }

    fn delivered(&mut self, execution: Execution, since: u64, output: B256) -> Vec<Action> {
        // What was frozen and let go is executed again: the earlier output will never be the node's.
        self.gone(&execution, |stage| {
            !matches!(stage, Stage::Settled | Stage::Releasing | Stage::Faulty)
        });
        if self.place(&execution).is_some() {
            let text = format!(
                "{execution}: an output came after another had settled or failed; it stays sealed"
            );
            return vec![self.alert(text)];
        }
        self.state.entries.push(Entry {
            execution,
            since,
            output,
            number: 0,
            stage: Stage::Queued,
        });
        self.flush()
    }

    /// What waited goes on, in the order of its delivery.
    fn flush(&mut self) -> Vec<Action> {
        if !self.may_send() {
            return Vec::new();
        }
        let mut actions = Vec::new();
        for at in 0..self.state.entries.len() {
            match self.state.entries[at].stage {
                Stage::Queued => actions.extend(self.submit(at)),
                Stage::Settled => {
                    let entry = &mut self.state.entries[at];
                    entry.stage = Stage::Releasing;
                    actions.push(Action::Release {
                        execution: entry.execution,
                        since: entry.since,
                        output: entry.output,
                    });
                }
                Stage::Sent { .. }
                | Stage::Failing(_)
                | Stage::Confirmed { .. }
                | Stage::Releasing
                | Stage::Faulty
                | Stage::Kept { .. } => {}
            }
        }
        actions
    }

    fn confirmed(&mut self, execution: &Execution) {
        if let Some(entry) = self.entry(execution)
            && let Stage::Queued | Stage::Sent { .. } | Stage::Failing(_) | Stage::Kept { .. } =
                &entry.stage
        {
            let failed = match &entry.stage {
                Stage::Failing(failed) => Some(failed.clone()),
                Stage::Sent { failed } | Stage::Kept { failed, .. } => failed.clone(),
                _ => None,
            };
            entry.stage = Stage::Confirmed { failed };
        }
        self.nothing_out();
    }

    /// A reorg took a confirmation back: it is handed in again, at its place in the queue.
    fn withdrawn(&mut self, execution: &Execution) -> Vec<Action> {
        if let Some(entry) = self.entry(execution)
            && let Stage::Confirmed { failed } = &entry.stage
        {
            entry.stage = match failed.clone() {
                Some(failed) => Stage::Failing(failed),
                None => Stage::Queued,
            };
        }
        self.flush()
    }

    fn settled(&mut self, execution: &Execution) -> Vec<Action> {
        if let Some(entry) = self.entry(execution)
            && !matches!(entry.stage, Stage::Releasing | Stage::Faulty)
        {
            entry.stage = Stage::Settled;
        }
        self.nothing_out();
        self.flush()
    }

    fn refuted(&mut self, execution: &Execution, cause: &str) -> Vec<Action> {
        let Some(at) = self.place(execution) else {
            return Vec::new();
        };
        if matches!(self.state.entries[at].stage, Stage::Releasing) {
            // What two settled blocks say of one attempt is not both so.
            let text = format!(
                "{execution}: settled, and now refuted ({cause}): the chain went back beyond the depth that counts as final; compare its successors' inputs with the chain"
            );
            return vec![self.alert(text)];
        }
        self.state.entries.remove(at);
        self.nothing_out();
        let text = format!("{execution}: its output is not the node's ({cause}); it stays sealed");
        vec![self.alert(text)]
    }

    fn refused(&mut self, execution: &Execution, number: u32, cause: &str) -> Vec<Action> {
        let time = self.state.time;
        let Some(entry) = self.entry(execution) else {
            return Vec::new();
        };
        // Of an earlier submission, or of one that counts meanwhile.
        let Stage::Sent { failed } = &entry.stage else {
            return Vec::new();
        };
        if entry.number != number.saturating_add(1) {
            return Vec::new();
        }
        let mut failed = failed.clone().unwrap_or(Failed {
            first: time,
            times: 0,
            cause: String::new(),
        });
        failed.times = failed.times.saturating_add(1);
        cause.clone_into(&mut failed.cause);
        let (times, since) = (failed.times, entry.since);
        let actions = if times > RETRIES.len() {
            entry.stage = Stage::Faulty;
            let fault = Action::Fault {
                execution: *execution,
                since,
                cause: cause.to_owned(),
            };
            let text = format!(
                "{execution}: its result was refused {times} times, last: {cause}; the fault is signalled, the output stays sealed"
            );
            vec![fault, self.alert(text)]
        } else {
            entry.stage = Stage::Failing(failed);
            Vec::new()
        };
        self.nothing_out();
        actions
    }

    fn gone(&mut self, execution: &Execution, when: fn(&Stage) -> bool) {
        if let Some(at) = self.place(execution)
            && when(&self.state.entries[at].stage)
        {
            self.state.entries.remove(at);
        }
    }

    fn place(&self, execution: &Execution) -> Option<usize> {
        let mut entries = self.state.entries.iter();
        entries.position(|entry| entry.execution == *execution)
    }

    /// Silence counts only while a submission is out.
    fn nothing_out(&mut self) {
        let out = |entry: &Entry| matches!(entry.stage, Stage::Sent { .. });
        if !self.state.entries.iter().any(out) {
            self.state.out = None;
        }
    }

    // ------------------------------------------------------------------ the chain

    fn block(&mut self, head: Head, at: Moment) -> Vec<Action> {
        let before = self.state.block;
        // A block that is no newer says that the endpoint lives, not that the chain does.
        if before.is_some_and(|seen| head.number <= seen.head.number) {
            return self.due();
        }
        let mut actions = self.compare_clocks(head, at, before.is_none());
        self.witness(head);
        self.state.block = Some(Seen {
            head,
            time: self.state.time,
        });
        match &mut self.state.mode {
            Mode::Normal => actions.extend(self.retry()),
            Mode::Degraded { .. } => {
                self.state.mode = Mode::Normal;
                // What is out waits from now on.
                self.state.out = self.state.out.map(|_| self.state.time);
                let text = format!(
                    "block {} came: what waited is handed in, in order",
                    head.number
                );
                actions.push(self.alert(text));
                actions.extend(self.flush());
                actions.extend(self.retry());
            }
            Mode::Stopped { recovered, .. } => {
                recovered.get_or_insert(head.number);
            }
        }
        actions
    }

    /// A block that was seen as new was made just before, but the first: that may be old, where blocks come on demand.
    fn compare_clocks(&mut self, head: Head, at: Moment, is_first: bool) -> Vec<Action> {
        let (here, there) = (at.get() / 1_000, head.time.get());
        let (ahead, behind) = (here.saturating_sub(there), there.saturating_sub(here));
        let block = head.number;
        let skew = if behind > SKEW_MAX_SECS {
            Some(Skew::Behind {
                secs: behind,
                block,
            })
        } else if ahead > SKEW_MAX_SECS && !is_first {
            Some(Skew::Ahead { secs: ahead, block })
        } else {
            None
        };
        let changed = self.state.skew.is_some() != skew.is_some();
        self.state.skew = skew;
        match skew {
            Some(skew) if changed => vec![self.alert(skew.to_string())],
            None if changed => {
                vec![self.alert("this machine's clock agrees with the chain's again".to_owned())]
            }
            Some(_) | None => Vec::new(),
        }
    }

    fn authorised(&mut self, by: &Authority, ends: u64) -> Vec<Action> {
        let text = match self.state.mode {
            Mode::Stopped {
                stop, recovered, ..
            } if stop == ends => {
                if recovered.is_some() {
                    self.state.mode = Mode::Normal;
                    self.state.out = self.state.out.map(|_| self.state.time);
                    let mut actions = self.flush();
                    actions.extend(self.retry());
                    return actions;
                }
                "no block came since: the chain still stands still"
            }
            Mode::Stopped { .. } | Mode::Normal | Mode::Degraded { .. } => "it is not in force",
        };
        let text = format!("stop {ends} was to be ended by {by:?}: {text}");
        vec![self.alert(text)]
    }

    fn take(&mut self, event: &Event) -> Vec<Action> {
        match event {
            Event::Delivered {
                execution,
                since,
                output,
                at,
            } => {
                // It bears the time of the last look, which may lie long before the last tick.
                if self.state.last.is_none_or(|last| *at > last) {
                    self.pass(*at);
                }
                self.delivered(*execution, *since, *output)
            }
            Event::Confirmed { execution, .. } => {
                self.confirmed(execution);
                Vec::new()
            }
            Event::Withdrawn { execution, .. } => self.withdrawn(execution),
            Event::Settled { execution, .. } => self.settled(execution),
            Event::Refuted {
                execution, cause, ..
            } => self.refuted(execution, cause),
            Event::Block { head, at } => {
                self.pass(*at);
                self.block(*head, *at)
            }
            Event::Tick { at } => {
                self.pass(*at);
                self.due()
            }
            Event::Authorised { by, stop } => self.authorised(by, *stop),
            Event::Threshold { millis, .. } => {
                self.state.threshold = Some(*millis);
                Vec::new()
            }
            Event::Struck { outage, mission } => self.struck(*outage, *mission),
            Event::Freed { execution, .. } => self.freed(execution),
        }
    }

    fn ended(&mut self, action: &Action, outcome: &Outcome) -> Vec<Action> {
        match (action, outcome) {
            (
                Action::Submit {
                    execution, number, ..
                },
                Outcome::Refused { cause },
            ) => self.refused(execution, *number, cause),
            (
                Action::Submit {
                    execution, number, ..
                },
                Outcome::Reported { .. },
            ) => {
                self.kept(execution, *number);
                Vec::new()
            }
            (Action::Release { execution, .. }, Outcome::Reported { .. } | Outcome::Told) => {
                self.gone(execution, |stage| matches!(stage, Stage::Releasing));
                Vec::new()
            }
            (Action::Fault { execution, .. }, _) => {
                self.gone(execution, |stage| matches!(stage, Stage::Faulty));
                Vec::new()
            }
            (
                Action::Submit { .. }
                | Action::Release { .. }
                | Action::Stop { .. }
                | Action::Declare { .. }
                | Action::Alert { .. },
                _,
            ) => Vec::new(),
        }
    }
}

impl Machine for EscrowBuffer {
    fn step(&mut self, event: &Happened) -> Vec<Wanted> {
        let actions = match event {
            Happened::Escrow(event) => self.take(event),
            Happened::Ended {
                action: Wanted::Escrow(action),
                outcome,
            } => self.ended(action, outcome),
            _ => Vec::new(),
        };
        actions.into_iter().map(Wanted::Escrow).collect()
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.state).expect("numbers and names are JSON")
    }
}

/// An instant of the machine's own time, if there is one.
mod some_millis {
    use agentcity_domain::time::Millis;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        value: &Option<Millis>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(Millis::get).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Millis>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Millis::new))
    }
}
