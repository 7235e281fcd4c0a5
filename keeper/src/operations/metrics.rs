//! What a keeper counts of itself, as Prometheus reads it.
//!
//! Names follow Prometheus' conventions: base units (seconds, bytes; wei where money is meant, since no fraction of it exists), `_total`
//! for what only grows. [`TABLE`] is the whole list, from which registration takes its texts; docs/operations.md and the dashboard are
//! compared with it by tests. Counters begin at nought with each start, as Prometheus expects.

use std::sync::{OnceLock, atomic::AtomicU64};

use parking_lot::Mutex;
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry},
};

use super::observe::Memory;

/// What every name begins with.
pub const PREFIX: &str = "agentcity_keeper_";

/// One label and its value.
pub type One = [(&'static str, String); 1];
/// Two labels and their values.
pub type Two = [(&'static str, String); 2];
/// Three labels and their values.
pub type Three = [(&'static str, String); 3];
/// A gauge of fractions and of numbers beyond 63 bits.
pub type Float = Gauge<f64, AtomicU64>;

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// What is known of a metric besides its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its whole name, as it is scraped.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

macro_rules! table {
    ($($name:literal $kind:ident [$($label:literal),*] $help:literal;)*) => {
        /// Every metric.
        pub const TABLE: &[Told] = &[$(Told {
            name: concat!("agentcity_keeper_", $name),
            kind: Kind::$kind,
            labels: &[$($label),*],
            help: $help,
        }),*];
    };
}

table! {
    "build_info" Gauge ["version"] "Always 1; its label is the release";
    "events_taken_total" Counter ["stream"] "Events that were new and were taken by their machine";
    "actions_wanted_total" Counter ["stream", "kind"] "Actions that a machine wanted and that were recorded";
    "actions_ended_total" Counter ["stream", "kind", "outcome"] "Actions that ended, by how: told, reported, done, satisfied, refused";
    "actions_open" Gauge ["stream"] "Actions of a held stream that have not ended";
    "news_waiting" Gauge [] "What parts learnt and the host has not taken yet; parts wait at 1024";
    "host_turns_total" Counter [] "Turns of the host's loop";
    "host_turn_timestamp_seconds" Gauge [] "When the host's loop last turned, unix time";
    "stream_held" Gauge ["stream"] "1 while this keeper holds the stream's lease, else 0";
    "stream_block" Gauge ["stream"] "The block up to which the stream was told everything";
    "stream_lag_blocks" Gauge ["stream"] "Blocks between that and the chain's head";
    "account_held" Gauge [] "1 while this keeper holds the lease of its account, else 0";
    "lease_takeovers_total" Counter [] "Times that this keeper took work over from another";
    "transactions_signed_total" Counter ["attempt"] "Transactions that were signed, by attempt: first, dearer, fill";
    "transactions_sent_total" Counter [] "Times that signed bytes were handed to the endpoints";
    "transactions_resent_total" Counter [] "Times that this was done again, for silence or a low price";
    "nonce_gaps_filled_total" Counter [] "Nonces that were used up because later ones waited for them";
    "transactions_open" Gauge [] "Transactions whose nonces are not closed";
    "transactions_held" Gauge ["reason"] "Actions that wait in the transaction manager: poor, waits, unsent, unexplained, elsewhere, cheap";
    "fee_offered_wei" Gauge [] "What the last signed transaction pays for a unit of gas at most";
    "account_balance_wei" Gauge ["account"] "What the account that pays holds";
    "event_to_transaction_seconds" Histogram [] "From an event that was taken to the signature of the transaction that it led to, questions to endpoints included";
    "endpoint_up" Gauge ["endpoint"] "1 while the endpoint answers, else 0";
    "endpoint_latency_seconds" Histogram ["endpoint"] "How long the endpoint took to tell its newest block";
    "endpoint_head_block" Gauge ["endpoint"] "The newest block that the endpoint told";
    "endpoint_disagreements_total" Counter ["endpoint"] "Times that the endpoint told another block than most of them under the same number";
    "chain_head_block" Gauge [] "The newest block that enough endpoints have";
    "chain_head_timestamp_seconds" Gauge [] "The time of that block, unix time";
    "clock_behind_seconds" Gauge [] "How far that block's time lies ahead of this machine's clock";
    "router_missions" Gauge ["state"] "Missions of the router by their state on chain";
    "router_jobs" Gauge ["state"] "Seats of served agents by how their jobs stand with the executors";
    "routing_seconds" Histogram [] "From a node that is wanted routed to the end of that action";
    "freezes_seen_total" Counter [] "Freezes that the chain told the mirror";
    "arrests_total" Counter ["outcome"] "Arrests that ended, by how";
    "arrest_seconds" Histogram [] "From an arrest that is wanted to an executor that is stopped and sealed";
    "log_entries" Gauge [] "Entries of the keeper's log";
    "log_anchored_entries" Gauge [] "Entries under its last anchor";
    "log_anchor_age_seconds" Gauge [] "How long entries have been waiting for an anchor, as far as this process saw; 0 when all are anchored";
    "disk_free_bytes" Gauge ["of"] "Room on the disks of journal, log and vault, as far as they are files here";
    "admin_deeds_total" Counter ["deed"] "Orders of the admin API that were obeyed";
}

/// All that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    registered: Vec<&'static str>,
    /// `events_taken_total`
    pub events_taken: Family<One, Counter>,
    /// `actions_wanted_total`
    pub actions_wanted: Family<Two, Counter>,
    /// `actions_ended_total`
    pub actions_ended: Family<Three, Counter>,
    /// `actions_open`
    pub actions_open: Family<One, Gauge>,
    /// `news_waiting`
    pub news_waiting: Gauge,
    /// `host_turns_total`
    pub host_turns: Counter,
    /// `host_turn_timestamp_seconds`
    pub host_turn: Float,
    /// `stream_held`
    pub stream_held: Family<One, Gauge>,
    /// `stream_block`
    pub stream_block: Family<One, Gauge>,
    /// `stream_lag_blocks`
    pub stream_lag: Family<One, Gauge>,
    /// `account_held`
    pub account_held: Gauge,
    /// `lease_takeovers_total`
    pub takeovers: Counter,
    /// `transactions_signed_total`
    pub signed: Family<One, Counter>,
    /// `transactions_sent_total`
    pub sent: Counter,
    /// `transactions_resent_total`
    pub resent: Counter,
    /// `nonce_gaps_filled_total`
    pub gaps_filled: Counter,
    /// `transactions_open`
    pub open: Gauge,
    /// `transactions_held`
    pub held: Family<One, Gauge>,
    /// `fee_offered_wei`
    pub fee_offered: Float,
    /// `account_balance_wei`
    pub balance: Family<One, Float>,
    /// `event_to_transaction_seconds`
    pub event_to_transaction: Histogram,
    /// `endpoint_up`
    pub endpoint_up: Family<One, Gauge>,
    /// `endpoint_latency_seconds`
    pub endpoint_latency: Family<One, Histogram>,
    /// `endpoint_head_block`
    pub endpoint_head: Family<One, Gauge>,
    /// `endpoint_disagreements_total`
    pub disagreements: Family<One, Counter>,
    /// `chain_head_block`
    pub head: Gauge,
    /// `chain_head_timestamp_seconds`
    pub head_time: Gauge,
    /// `clock_behind_seconds`
    pub clock_behind: Gauge,
    /// `router_missions`
    pub missions: Family<One, Gauge>,
    /// `router_jobs`
    pub jobs: Family<One, Gauge>,
    /// `routing_seconds`
    pub routing: Histogram,
    /// `freezes_seen_total`
    pub freezes: Counter,
    /// `arrests_total`
    pub arrests: Family<One, Counter>,
    /// `arrest_seconds`
    pub arrest: Histogram,
    /// `log_entries`
    pub log_entries: Gauge,
    /// `log_anchored_entries`
    pub log_anchored: Gauge,
    /// `log_anchor_age_seconds`
    pub log_anchor_age: Gauge,
    /// `disk_free_bytes`
    pub disk_free: Family<One, Gauge>,
    /// `admin_deeds_total`
    pub deeds: Family<One, Counter>,
    /// What the escrow buffer held when it looked last.
    pub(crate) outputs: Mutex<Option<(u64, u64)>>,
    /// What is not told itself, but measured by.
    pub(super) memory: Mutex<Memory>,
}

/// Bounds of what takes thousandths of a second when all is well: 1 ms to 16 s, each twice the one before.
fn quick() -> Histogram {
    Histogram::new((0..15).map(|power| f64::from(1_u32 << power) / 1_000.0))
}

/// Bounds of what waits for blocks: 0.25 s to 68 min, each four times the one before.
fn slow() -> Histogram {
    Histogram::new((0..8).map(|power| f64::from(4_u32.pow(power)) / 4.0))
}

struct Maker {
    registry: Registry,
    registered: Vec<&'static str>,
}

impl Maker {
    /// Registers under a name of the table.
    fn make<M: Metric + Clone>(&mut self, name: &'static str, metric: M) -> M {
        let whole = |told: &&Told| told.name.strip_prefix(PREFIX) == Some(name);
        let told = TABLE.iter().find(whole);
        let told = told.expect("every metric that is registered stands in the table");
        // The encoder puts the suffix of counters back.
        let bare = told.name.strip_suffix("_total").unwrap_or(told.name);
        self.registry.register(bare, told.help, metric.clone());
        self.registered.push(told.name);
        metric
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut maker = Maker {
            registry: Registry::default(),
            registered: Vec::new(),
        };
        let build: Family<One, Gauge> = maker.make("build_info", Family::default());
        let version = [("version", env!("CARGO_PKG_VERSION").to_owned())];
        build.get_or_create(&version).set(1);
        Self {
            events_taken: maker.make("events_taken_total", Family::default()),
            actions_wanted: maker.make("actions_wanted_total", Family::default()),
            actions_ended: maker.make("actions_ended_total", Family::default()),
            actions_open: maker.make("actions_open", Family::default()),
            news_waiting: maker.make("news_waiting", Gauge::default()),
            host_turns: maker.make("host_turns_total", Counter::default()),
            host_turn: maker.make("host_turn_timestamp_seconds", Float::default()),
            stream_held: maker.make("stream_held", Family::default()),
            stream_block: maker.make("stream_block", Family::default()),
            stream_lag: maker.make("stream_lag_blocks", Family::default()),
            account_held: maker.make("account_held", Gauge::default()),
            takeovers: maker.make("lease_takeovers_total", Counter::default()),
            signed: maker.make("transactions_signed_total", Family::default()),
            sent: maker.make("transactions_sent_total", Counter::default()),
            resent: maker.make("transactions_resent_total", Counter::default()),
            gaps_filled: maker.make("nonce_gaps_filled_total", Counter::default()),
            open: maker.make("transactions_open", Gauge::default()),
            held: maker.make("transactions_held", Family::default()),
            fee_offered: maker.make("fee_offered_wei", Float::default()),
            balance: maker.make("account_balance_wei", Family::default()),
            event_to_transaction: maker.make("event_to_transaction_seconds", quick()),
            endpoint_up: maker.make("endpoint_up", Family::default()),
            endpoint_latency: maker.make(
                "endpoint_latency_seconds",
                Family::new_with_constructor(quick as fn() -> Histogram),
            ),
            endpoint_head: maker.make("endpoint_head_block", Family::default()),
            disagreements: maker.make("endpoint_disagreements_total", Family::default()),
            head: maker.make("chain_head_block", Gauge::default()),
            head_time: maker.make("chain_head_timestamp_seconds", Gauge::default()),
            clock_behind: maker.make("clock_behind_seconds", Gauge::default()),
            missions: maker.make("router_missions", Family::default()),
            jobs: maker.make("router_jobs", Family::default()),
            routing: maker.make("routing_seconds", slow()),
            freezes: maker.make("freezes_seen_total", Counter::default()),
            arrests: maker.make("arrests_total", Family::default()),
            arrest: maker.make("arrest_seconds", quick()),
            log_entries: maker.make("log_entries", Gauge::default()),
            log_anchored: maker.make("log_anchored_entries", Gauge::default()),
            log_anchor_age: maker.make("log_anchor_age_seconds", Gauge::default()),
            disk_free: maker.make("disk_free_bytes", Family::default()),
            deeds: maker.make("admin_deeds_total", Family::default()),
            outputs: Mutex::default(),
            memory: Mutex::default(),
            registry: maker.registry,
            registered: maker.registered,
        }
    }
}

impl Metrics {
    /// Whole names of all that is registered, in the order of registration.
    pub fn names(&self) -> &[&'static str] {
        &self.registered
    }

    /// How many outputs this keeper holds, and how many of them wait for their last try; nothing before it looked.
    pub fn outputs(&self) -> Option<(u64, u64)> {
        *self.outputs.lock()
    }

    /// Everything, in the text format of OpenMetrics, which Prometheus scrapes.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The process's own, as a process has one log: whoever has something to count counts it here.
pub fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(Metrics::default)
}

/// A number as a gauge takes it.
pub(crate) fn gauge(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_metric_of_the_table_is_registered_once_and_named_as_prometheus_wants() {
        let metrics = Metrics::default();
        let registered: BTreeSet<&str> = metrics.names().iter().copied().collect();
        assert_eq!(registered.len(), metrics.names().len());
        let table: BTreeSet<&str> = TABLE.iter().map(|told| told.name).collect();
        assert_eq!(registered, table);
        for told in TABLE {
            assert!(told.name.starts_with(PREFIX));
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            assert!(told.name.bytes().all(fits), "{}", told.name);
            let counts = told.name.ends_with("_total");
            assert_eq!(counts, told.kind == Kind::Counter, "{}", told.name);
            assert!(!told.help.ends_with('.'), "{}", told.name);
        }
    }

    #[test]
    fn what_is_counted_is_scraped() {
        let metrics = Metrics::default();
        metrics
            .events_taken
            .get_or_create(&[("stream", "router".to_owned())])
            .inc_by(3);
        metrics
            .balance
            .get_or_create(&[("account", "0x1".into())])
            .set(1.5e18);
        metrics.arrest.observe(0.003);
        let text = metrics.text();
        for line in [
            "agentcity_keeper_events_taken_total{stream=\"router\"} 3",
            "agentcity_keeper_account_balance_wei{account=\"0x1\"} 1500000000000000000.0",
            "agentcity_keeper_arrest_seconds_bucket{le=\"0.002\"} 0",
            "agentcity_keeper_arrest_seconds_bucket{le=\"0.004\"} 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
