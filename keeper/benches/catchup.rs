//! How many blocks a second a keeper catches up after it was away: headers linked, logs by ranges, every log recorded, on a devnode.
//!
//! `cargo bench -p agentcity-keeper --bench catchup`. Exit code 1 below its goal.

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use agentcity_keeper::{
    action::{Action, Outcome},
    clock::{Moment, SystemClock},
    daemon::Keeper,
    event::Event,
    journal::SqliteJournal,
    machine::Machine,
    part::{Asking, CityChain, Feed, Part, Step, Task},
    source::{
        chain::{self, Chain},
        endpoint::HttpEndpoint,
        pool::Pool,
    },
};
use agentcity_test_fixtures::{Node, Sender, Settings, contracts};
use alloy::{
    primitives::{B256, TxKind, U256},
    providers::RootProvider,
};
use serde_json::json;

/// Blocks of each absence, of which this many have a log.
const BLOCKS: u64 = 2_000;
const LOGS: u64 = 500;
/// Absences; the median is told.
const ROUNDS: u64 = 5;
/// Blocks a second.
const GOAL: f64 = 200.0;

/// Knows the block of the newest log that it was told of.
#[derive(Debug)]
struct Newest(Arc<AtomicU64>);

impl Machine for Newest {
    fn step(&mut self, event: &Event) -> Vec<Action> {
        if let Event::Chain(chain::Event::Added(log)) = event {
            self.0.fetch_max(log.at.number, Ordering::SeqCst);
        }
        Vec::new()
    }

    fn state(&self) -> String {
        String::new()
    }
}

/// A part that only listens.
#[derive(Debug)]
struct Listens {
    chain: Arc<CityChain>,
    told: Arc<AtomicU64>,
}

impl Part for Listens {
    fn stream(&self) -> &str {
        "listens"
    }

    fn machine(
        &self,
        _: Option<&str>,
        _: bool,
    ) -> Result<Box<dyn Machine + Send>, serde_json::Error> {
        Ok(Box::new(Newest(Arc::clone(&self.told))))
    }

    fn pause(&self) -> Duration {
        Duration::ZERO
    }

    fn takes_logs(&self) -> bool {
        true
    }

    fn observe(self: Arc<Self>, asked: Moment, mut feed: Feed) -> Task<()> {
        Box::pin(async move {
            let position = feed.position();
            self.chain.follow(position, asked, &feed).await;
        })
    }

    fn at_once(&self, _: &Action) -> Option<Outcome> {
        None
    }

    fn carry_out(self: Arc<Self>, _: Action, _: Asking) -> Task<Result<Step, String>> {
        Box::pin(async { Ok(Step::Later) })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // Run among tests it would measure a build that is not made for it.
    if !std::env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    let node = Node::devnode(&Settings::lenient());
    let mut alice = Sender::new(&node, "alice").expect("alice");
    let creation = contracts::creation(&contracts::cell());
    let cell = alice.create(creation).expect("a contract");
    let genesis = alice
        .rpc
        .call("eth_getBlockByNumber", json!(["0x0", false]))
        .expect("a block");
    let genesis: B256 = genesis["hash"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a hash");
    let chain_id = Settings::lenient().chain_id;
    let dir = tempfile::tempdir().expect("a folder");
    let told = Arc::new(AtomicU64::new(0));
    let (mut rates, mut stored) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        // Nobody is there while it happens. Logs come last: whoever knows the last one was told of all.
        let empty = format!("{:#x}", BLOCKS - LOGS);
        let mined = alice.rpc.call("anvil_mine", json!([empty]));
        mined.expect("blocks");
        for _ in 0..LOGS {
            stored += 1;
            let word = U256::from(stored).to_be_bytes::<32>().to_vec();
            let sent = alice.send(TxKind::Call(cell), U256::ZERO, word.into());
            sent.expect("a log");
        }
        let newest = alice.rpc.block_number().expect("a block");
        let url = format!("{}/", node.http_url().trim_end_matches('/'));
        let url = url.parse().expect("a URL");
        let patience = Duration::from_secs(10);
        let endpoint = HttpEndpoint::new(url, patience, (chain_id, genesis), vec![cell]);
        let sources = vec![("devnode".to_owned(), endpoint.expect("an endpoint"))];
        let pool = Pool::new(sources, 1).expect("a pool");
        let chain = Arc::new(Chain::new(pool, 1, Duration::from_millis(5)));
        let journal = SqliteJournal::open(&dir.path().join("journal")).expect("a journal");
        let part = Listens {
            chain,
            told: Arc::clone(&told),
        };
        let keeper = Keeper::with_parts(journal, "one".into(), 0, None, vec![Arc::new(part)]);
        let mut keeper: Keeper<SqliteJournal, RootProvider> = keeper.expect("one part");
        let (heard, took) = (Arc::clone(&told), Arc::new(AtomicU64::new(0)));
        let (began, ended) = (Instant::now(), Arc::clone(&took));
        let all = async move {
            while heard.load(Ordering::SeqCst) < newest {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let micros = began.elapsed().as_micros() as u64;
            ended.store(micros, Ordering::SeqCst);
        };
        keeper.run(&SystemClock, all).await.expect("it works");
        let took = Duration::from_micros(took.load(Ordering::SeqCst));
        rates.push(BLOCKS as f64 / took.as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let median = rates[rates.len() / 2];
    println!(
        "catch-up: median {median:.0} blocks/s, least {:.0}, greatest {:.0}, of {ROUNDS} absences of {BLOCKS} blocks with {LOGS} logs; goal {GOAL:.0}, ratio {:.2}",
        rates[0],
        rates[rates.len() - 1],
        median / GOAL
    );
    match median >= GOAL {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
