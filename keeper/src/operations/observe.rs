//! Where the keeper's work becomes numbers and lines: each is called at one place of the host, and changes nothing there.
//!
//! What machines want and how it ends passes through [`crate::runtime::Stream`], what is signed through the transaction manager, so
//! a new part is counted and traced without a line of its own.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    time::Instant,
};

use alloy::primitives::{B256, U256};
use serde_json::Value;
use tracing::{Instrument, instrument::Instrumented};

use super::{
    metrics::{Metrics, gauge, metrics},
    trace::{Trace, after},
};
use crate::{
    action::{Action, Outcome},
    clock::Moment,
    event::Event,
    executor::{
        endpoint::EndpointError,
        submit::{Held, Pass},
    },
    journal::{ActionKey, Identity, Signed},
    machine::{anchor, freeze_mirror, router::Sight},
    source::pool::Health,
};

/// Missions that are remembered as they were seen last: more than one keeper works on.
const SIGHTS_MAX: usize = 1_024;
/// Actions whose beginnings are remembered at most. Beyond it durations are not measured; nothing else follows.
const BEGUN_MAX: usize = 8_192;

/// What durations and states are measured by.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// When what led to an action was taken, until the action ended; and whether a transaction was signed for it.
    begun: HashMap<ActionKey, (Instant, bool)>,
    sights: BTreeMap<B256, Seen>,
    /// The last anchor's number, and since when something waits for the next.
    anchor: Option<(u64, Moment)>,
}

/// A mission as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Seen {
    pub(super) state: String,
    pub(super) halt: String,
    pub(super) block: u64,
    /// Nodes by state, those that wait left out.
    pub(super) nodes: BTreeMap<String, u64>,
    /// Seats of served agents by how their jobs stand.
    #[serde(skip)]
    jobs: BTreeMap<String, i64>,
}

/// What an action is, by the names under which the journal has it: `router/route`, `mirror/arrest`, `keepalive`.
pub fn kind(action: &Action) -> String {
    let mut names = Vec::new();
    let recorded = serde_json::to_value(action).unwrap_or_default();
    let Some((name, body)) = tag(&recorded) else {
        return "unknown".to_owned();
    };
    names.push(name);
    if let Some((name, body)) = tag(body) {
        names.push(name);
        // A batch is of one kind.
        if let Some((name, _)) = body.pointer("/steps/0/0").and_then(tag) {
            names.retain(|name| *name != "Do");
            names.push(name);
        }
        if let Some(act) = body.get("act") {
            names.retain(|name| *name != "Do");
            names.extend(tag(act).map(|(name, _)| name).or(act.as_str()));
        }
    }
    names.join("/").to_lowercase()
}

/// The name of a variant and what it holds. Fields are written in small letters, variants are not.
fn tag(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (name, body) = object.iter().next()?;
    let is_variant = name.starts_with(|letter: char| letter.is_ascii_uppercase());
    is_variant.then_some((name.as_str(), body))
}

/// How an action ended, in a word.
const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Told => "told",
        Outcome::Reported { .. } => "reported",
        Outcome::Done { .. } => "done",
        Outcome::Satisfied => "satisfied",
        Outcome::Refused { .. } => "refused",
    }
}

/// What is told of an end: a transaction, a report, a cause.
fn details(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Told | Outcome::Satisfied => String::new(),
        Outcome::Reported { report } => report.clone(),
        Outcome::Done { hash, block } => format!("{hash:#x} in block {block}"),
        Outcome::Refused { cause } => cause.clone(),
    }
}

fn stream_label(stream: &str) -> (&'static str, String) {
    ("stream", stream.to_owned())
}

/// An event was new and is about to be decided on.
pub(crate) fn took(stream: &str, now: Moment, event: &Event) {
    metrics().took(stream, now, event);
}

/// A machine wanted these about an event, and they are recorded.
pub(crate) fn wanted(stream: &str, seq: u64, event: &Event, actions: &[Action], new: &[ActionKey]) {
    let event_name = match event.identity() {
        Identity::Once(name) => name,
        Identity::Log {
            block_hash, index, ..
        } => format!("log/{block_hash:#x}/{index}"),
    };
    for action in actions {
        let key = action.key();
        if !new.contains(&key) {
            continue;
        }
        let kind = kind(action);
        metrics().began(stream, &kind, key);
        tracing::info!(
            trace = %Trace(key),
            after = after(event),
            stream,
            kind,
            seq,
            event = event_name,
            "wanted"
        );
    }
}

/// An action ended, and its machine is about to learn it.
pub(crate) fn ended(stream: &str, action: &Action, outcome: &Outcome) {
    let (key, kind) = (action.key(), kind(action));
    metrics().ended(stream, &kind, key, outcome);
    let (outcome, details) = (word(outcome), details(outcome));
    tracing::info!(trace = %Trace(key), stream, kind, outcome, details, "ended");
}

/// What is done for an action on the spot, with its trace on every line that is logged meanwhile.
pub(crate) fn on_the_spot<T>(stream: &str, key: ActionKey, work: impl FnOnce() -> T) -> T {
    tracing::info_span!("action", trace = %Trace(key), stream).in_scope(work)
}

/// What is done for an action, with its trace on every line that is logged meanwhile.
pub(crate) fn traced<F: Future>(stream: &str, action: &Action, work: F) -> Instrumented<F> {
    let (trace, kind) = (Trace(action.key()), kind(action));
    work.instrument(tracing::info_span!("action", %trace, stream, kind))
}

/// A transaction was signed and recorded.
pub(crate) fn signed(signed: &Signed) {
    metrics().signed(signed);
    tracing::info!(
        trace = %Trace(signed.action),
        nonce = signed.nonce,
        attempt = signed.attempt,
        fill = signed.fill,
        transaction = %signed.hash,
        "signed"
    );
}

/// Signed bytes were handed to the endpoints; `refused` is what they said, unless one took them.
pub(crate) fn sent(signed: &Signed, refused: Option<&EndpointError>) {
    metrics().sent.inc();
    let refused = refused.map(ToString::to_string).unwrap_or_default();
    tracing::debug!(trace = %Trace(signed.action), transaction = %signed.hash, refused, "sent");
}

/// An open transaction is due to be sent again.
pub(crate) fn resent() {
    metrics().resent.inc();
}

/// A pass of the transaction manager was made.
pub(crate) fn passed(pass: &Pass) {
    metrics().passed(pass);
}

/// Another keeper's work is this one's now.
pub(crate) fn took_over() {
    metrics().takeovers.inc();
}

/// An endpoint of the city's chain fares worse than before.
pub(crate) fn doubted(endpoint: &str, health: &Health) {
    if matches!(health, Health::Contradicts { .. } | Health::Lying { .. }) {
        let labels = [("endpoint", endpoint.to_owned())];
        metrics().disagreements.get_or_create(&labels).inc();
    }
}

/// Why an action waits in the transaction manager, in a word.
const fn reason(held: &Held) -> &'static str {
    match held {
        Held::Poor { .. } => "poor",
        Held::Waits { .. } => "waits",
        Held::Unsent { .. } => "unsent",
        Held::Unexplained { .. } => "unexplained",
        Held::Elsewhere { .. } => "elsewhere",
        Held::Cheap { .. } => "cheap",
    }
}
const REASONS: [&str; 6] = [
    "poor",
    "waits",
    "unsent",
    "unexplained",
    "elsewhere",
    "cheap",
];

impl Metrics {
    fn took(&self, stream: &str, now: Moment, event: &Event) {
        self.events_taken
            .get_or_create(&[stream_label(stream)])
            .inc();
        match event {
            Event::Router(sight) => self.saw(sight),
            Event::Mirror(freeze_mirror::Event::Frozen { .. }) => {
                self.freezes.inc();
            }
            Event::Log(seen) => self.log_stands(seen, now),
            _ => {}
        }
    }

    fn saw(&self, sight: &Sight) {
        let (mut nodes, mut jobs) = (BTreeMap::new(), BTreeMap::new());
        for node in &sight.nodes {
            *nodes.entry(name(&node.state)).or_insert(0) += 1;
            for seat in &node.seats {
                *jobs.entry(name(&seat.job)).or_insert(0) += 1;
            }
        }
        let seen = Seen {
            state: name(&sight.state),
            halt: name(&sight.halt),
            block: sight.at.number,
            nodes,
            jobs,
        };
        let mut memory = self.memory.lock();
        memory.sights.remove(&sight.mission);
        while memory.sights.len() >= SIGHTS_MAX {
            memory.sights.pop_first();
        }
        memory.sights.insert(sight.mission, seen);
        let (mut missions, mut jobs) = (BTreeMap::new(), BTreeMap::new());
        for seen in memory.sights.values() {
            *missions.entry(seen.state.clone()).or_insert(0) += 1;
            for (state, number) in &seen.jobs {
                *jobs.entry(state.clone()).or_insert(0) += number;
            }
        }
        drop(memory);
        for (family, counted) in [(&self.missions, missions), (&self.jobs, jobs)] {
            family.clear();
            for (state, number) in counted {
                family.get_or_create(&[("state", state)]).set(number);
            }
        }
    }

    fn log_stands(&self, seen: &anchor::Seen, now: Moment) {
        let anchor::Seen::Both {
            size,
            sequence,
            anchored_size,
            ..
        } = seen;
        self.log_entries.set(gauge(*size));
        self.log_anchored.set(gauge(*anchored_size));
        let mut memory = self.memory.lock();
        let since = match memory.anchor {
            Some((known, since)) if known == *sequence && size > anchored_size => since,
            _ => now,
        };
        memory.anchor = Some((*sequence, since));
        self.log_anchor_age
            .set(gauge(now.since(since).get() / 1_000));
    }

    fn began(&self, stream: &str, kind: &str, key: ActionKey) {
        let labels = [stream_label(stream), ("kind", kind.to_owned())];
        self.actions_wanted.get_or_create(&labels).inc();
        let mut memory = self.memory.lock();
        if memory.begun.len() < BEGUN_MAX {
            memory.begun.insert(key, (Instant::now(), false));
        }
    }

    fn ended(&self, stream: &str, kind: &str, key: ActionKey, outcome: &Outcome) {
        let how = word(outcome);
        let labels = [
            stream_label(stream),
            ("kind", kind.to_owned()),
            ("outcome", how.to_owned()),
        ];
        self.actions_ended.get_or_create(&labels).inc();
        let begun = self.memory.lock().begun.remove(&key);
        let took = begun.map(|(at, _)| at.elapsed().as_secs_f64());
        if kind == "router/route"
            && let Some(took) = took
        {
            self.routing.observe(took);
        }
        if kind == "mirror/arrest" {
            let labels = [("outcome", how.to_owned())];
            self.arrests.get_or_create(&labels).inc();
            if let Some(took) = took {
                self.arrest.observe(took);
            }
        }
    }

    fn signed(&self, signed: &Signed) {
        let attempt = match (signed.fill, signed.attempt) {
            (true, _) => "fill",
            (false, 0) => "first",
            (false, _) => "dearer",
        };
        self.signed
            .get_or_create(&[("attempt", attempt.to_owned())])
            .inc();
        self.fee_offered.set(signed.fee_max as f64);
        if signed.fill {
            if signed.attempt == 0 {
                self.gaps_filled.inc();
            }
            return;
        }
        let mut memory = self.memory.lock();
        if let Some((at, first @ false)) = memory.begun.get_mut(&signed.action) {
            self.event_to_transaction
                .observe(at.elapsed().as_secs_f64());
            *first = true;
        }
    }

    fn passed(&self, pass: &Pass) {
        self.open.set(gauge(pass.open));
        for reason_of in REASONS {
            let of = |(_, held): &&(ActionKey, Held)| reason(held) == reason_of;
            let number = pass.held.iter().filter(of).count();
            let labels = [("reason", reason_of.to_owned())];
            self.held.get_or_create(&labels).set(gauge(number));
        }
    }

    /// Missions as they were last seen.
    pub(super) fn seen(&self) -> BTreeMap<B256, Seen> {
        self.memory.lock().sights.clone()
    }
}

/// A state by its name, in small letters.
fn name(state: &impl std::fmt::Debug) -> String {
    format!("{state:?}").to_lowercase()
}

/// Wei as a number that Prometheus takes: exact up to 2^53, to fifteen digits beyond.
pub(super) fn wei(amount: U256) -> f64 {
    f64::from(amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::router;
    use agentcity_domain::time::Timestamp;
    use agentcity_executor::protocol::{JobId, Place};
    use alloy::primitives::Address;

    fn job() -> JobId {
        JobId {
            mission: B256::repeat_byte(1),
            node: 2,
            attempt: 0,
            seat: Place::new(0).expect("a place"),
        }
    }

    /// How often a histogram was added to, as it is scraped.
    fn observed(metrics: &Metrics, name: &str) -> u64 {
        let text = metrics.text();
        let series = format!("agentcity_keeper_{name}_seconds_count ");
        let number = text.lines().find_map(|line| line.strip_prefix(&series));
        number.expect("a histogram").parse().expect("a number")
    }

    fn router(step: router::Step) -> Action {
        Action::Router(router::Action::Do {
            steps: vec![(step, router::Round::default())],
        })
    }

    #[test]
    fn kinds_are_the_names_that_the_journal_has() {
        let route = router::Step::Route {
            mission: B256::ZERO,
            node: 0,
            attempt: 0,
        };
        let keepalive = Action::Keepalive {
            program: Address::ZERO,
            expires: Timestamp::new(1),
            attempt: 0,
        };
        let told = Action::Router(router::Action::Tell {
            mission: B256::ZERO,
            text: "a".into(),
            number: 0,
        });
        for (action, wanted) in [
            (router(route), "router/route"),
            (router(router::Step::Invoke(job())), "router/invoke"),
            (told, "router/tell"),
            (keepalive, "keepalive"),
        ] {
            assert_eq!(kind(&action), wanted);
        }
    }

    #[test]
    fn a_transaction_is_measured_from_its_event_once_and_a_gap_is_counted_once() {
        let (metrics, key) = (Metrics::default(), ActionKey(B256::repeat_byte(1)));
        let mut one = Signed {
            account: Address::ZERO,
            nonce: 0,
            attempt: 0,
            action: key,
            fill: false,
            hash: B256::ZERO,
            raw: Default::default(),
            fee_max: 7,
            after_block: 0,
        };
        metrics.signed(&one);
        assert_eq!(
            observed(&metrics, "event_to_transaction"),
            0,
            "nobody saw it begin"
        );
        metrics.began("s", "k", key);
        metrics.signed(&one);
        one.attempt = 1;
        metrics.signed(&one);
        assert_eq!(observed(&metrics, "event_to_transaction"), 1);
        one.fill = true;
        metrics.signed(&one);
        one.attempt = 0;
        metrics.signed(&one);
        assert_eq!(metrics.gaps_filled.get(), 1);
        assert_eq!(metrics.fee_offered.get(), 7.0);
    }

    #[test]
    fn an_arrest_and_a_route_are_timed_and_another_kind_is_not() {
        let (metrics, key) = (Metrics::default(), ActionKey(B256::repeat_byte(1)));
        for kind in ["mirror/arrest", "router/route", "mirror/report"] {
            metrics.began("s", kind, key);
            metrics.ended("s", kind, key, &Outcome::Satisfied);
        }
        assert_eq!(
            (observed(&metrics, "arrest"), observed(&metrics, "routing")),
            (1, 1)
        );
        assert!(metrics.memory.lock().begun.is_empty());
    }

    #[test]
    fn an_anchor_is_as_old_as_what_waits_for_the_next() {
        let metrics = Metrics::default();
        let seen = |size, sequence, anchored_size| anchor::Seen::Both {
            size,
            root: B256::ZERO,
            sequence,
            anchored_size,
            is_ours: true,
            asked: Moment::default(),
        };
        for (size, sequence, anchored, at, age) in [
            (5, 0, 0, 1_000, 0),
            (6, 0, 0, 61_000, 60),
            (6, 1, 6, 62_000, 0),
            (6, 1, 6, 900_000, 0),
            (7, 1, 6, 901_000, 1),
            (7, 1, 6, 910_000, 10),
        ] {
            metrics.log_stands(&seen(size, sequence, anchored), Moment::new(at));
            assert_eq!(metrics.log_anchor_age.get(), age, "at {at}");
        }
    }
}
