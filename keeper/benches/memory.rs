//! A keeper's memory over a simulated week: it keeps a log that grows and is anchored, watches programs, and its process is looked at
//! every simulated hour.
//!
//! `cargo bench -p agentcity-keeper --bench memory`. Exit code 1 above the goal: flat, which is less than a hundredth of what it
//! holds after the first day for each day that follows.

use std::{
    fs::read_to_string,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use agentcity_domain::{peer::Peer, time::Millis};
use agentcity_hub::{
    entry::Origin,
    head::LogName,
    kind::EventType,
    redact::Rules,
    store::{Draft, Log, Retention, Settings},
};
use agentcity_keeper::{
    clock::{Clock, Moment},
    config::Config,
    daemon::{ANSWER_WITHIN, Keeper},
    executor::{
        endpoint::Rpc,
        quorum::Quorum,
        submit::{Policy, Submitter},
    },
    journal::SqliteJournal,
    machine::anchor::Pace,
    part::{
        Part,
        log::{Keeping, Setting, Shared},
        programs::ProgramLives,
    },
    source::{agreed::Agreed, city::City as Known},
};
use agentcity_test_fixtures::city::{Charter, City};
use alloy::{
    primitives::{Address, B256, keccak256},
    providers::{ProviderBuilder, RootProvider},
};
use parking_lot::Mutex;
use serde_json::json;

const DAYS: u64 = 7;
/// Simulated minutes between two rounds of the keeper.
const STEP_MINUTES: u64 = 10;
/// Entries of the log in each.
const ENTRIES: u64 = 20;
const NOON: u64 = 1_767_268_800_000;
/// Of what it holds after a day, for each day.
const GOAL: f64 = 0.01;

#[derive(Debug)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.load(Ordering::SeqCst))
    }
}

fn draft(number: u64, time_ms: u64) -> Draft {
    Draft {
        kind: EventType::TaskRouted,
        mission: keccak256((number / 500).to_be_bytes()),
        session: B256::ZERO,
        node: Some((number % 50) as u16),
        epoch: 1,
        contract: Address::ZERO,
        primary: Address::from_word(keccak256((number % 200).to_be_bytes())),
        secondary: Address::ZERO,
        principals: Vec::new(),
        block: 0,
        time_ms,
        gas_used: 0,
        origin: Origin::Keeper {
            record: keccak256(number.to_be_bytes()),
        },
        payload: json!({ "number": number }),
    }
}

/// Resident memory of this process, in bytes.
fn resident() -> f64 {
    let status = read_to_string("/proc/self/status").expect("a Linux system");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    // structural: bytes of a KiB
    1_024.0 * kib.unwrap_or(f64::NAN)
}

/// Rise of the line that lies nearest to the points.
fn slope(points: &[(f64, f64)]) -> f64 {
    let many = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / many;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let both: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let alone: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    both / alone
}

fn main() -> ExitCode {
    // Run among tests it would measure a build that is not made for it.
    if !std::env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    let mut city = City::raise(&Charter::default()).expect("a city");
    let key = city.person("log keeper").expect("a payer").signer().clone();
    let dir = tempfile::tempdir().expect("a folder");
    let name = LogName {
        chain_id: city.client.chain_id(),
        author: key.address(),
    };
    let settings = Settings {
        redactor: Box::new(Rules::common()),
        retention: Retention::default(),
        mirrors: Vec::new(),
    };
    let log = Log::open(&dir.path().join("log"), name, settings).expect("a log");
    let log: Shared = Arc::new(Mutex::new(log));
    let url = city.node.http_url();
    let provider: RootProvider = ProviderBuilder::default().connect_http(url.parse().expect("URL"));
    let setting = Setting {
        city: Known::of(name.chain_id, Peer::ALL.map(|peer| city.address(peer))),
        signer: key.clone(),
        mirrors: Default::default(),
        pace: Pace {
            entries: 200,
            wait: Millis::new(3_600_000),
        },
        pause: Duration::ZERO,
        depth_blocks: 0,
    };
    let programs = Peer::ALL.map(|peer| format!("\"{}\"", city.address(peer)));
    let config = Config::parse(&format!(
        "endpoint = {url:?}\njournal = \"journal\"\nprograms = [{}]\n",
        programs.join(",")
    ));
    let endpoints = Agreed::new(vec![provider.clone()], 1).expect("one");
    let asked = (provider.clone(), endpoints.clone());
    let keeping = Keeping::new(asked, Arc::clone(&log), setting).expect("means");
    let lives = ProgramLives::new(&config.expect("a configuration"), endpoints);
    let policy = Policy {
        depth_blocks: 0,
        ..Policy::default()
    };
    let endpoint = Quorum::of_one(Rpc::new(provider, ANSWER_WITHIN));
    let submitter = Submitter::new(endpoint, key, name.chain_id, policy);
    let journal = SqliteJournal::open(&dir.path().join("journal")).expect("a journal");
    let parts: Vec<Arc<dyn Part>> = vec![Arc::new(keeping), Arc::new(lives)];
    let keeper = Keeper::with_parts(journal, "one".into(), 0, Some(submitter), parts);
    let mut keeper: Keeper<SqliteJournal, RootProvider> = keeper.expect("two parts");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (clock, mut samples, mut entries) = (Hands(AtomicU64::new(NOON)), Vec::new(), 0);
    for minute in (0..DAYS * 24 * 60).step_by(STEP_MINUTES as usize) {
        let step_ms = STEP_MINUTES * 60_000;
        let now = step_ms + clock.0.fetch_add(step_ms, Ordering::SeqCst);
        let span = Duration::from_millis(step_ms);
        city.client.warp(span).expect("time passes");
        let drafts = (entries..entries + ENTRIES).map(|number| draft(number, now));
        log.lock().append(drafts.collect()).expect("entries");
        entries += ENTRIES;
        runtime.block_on(async {
            for _ in 0..2 {
                keeper.stand(&clock).expect("it stands");
                keeper.observe(&clock).await.expect("it looks");
                keeper.act(&clock, false).await.expect("it acts");
            }
        });
        if minute.is_multiple_of(60) {
            samples.push((minute as f64 / 1_440.0, resident()));
        }
    }
    let after: Vec<(f64, f64)> = samples.into_iter().filter(|p| p.0 >= 1.0).collect();
    let (held, a_day) = (after[0].1, slope(&after));
    // structural: bytes of a MiB
    let mib = 1_048_576.0;
    println!(
        "memory over a simulated week: slope {:.3} MiB/day, {:.1} MiB after a day, {:.1} after seven, {entries} entries; goal {:.3}, ratio {:.2}",
        a_day / mib,
        held / mib,
        after[after.len() - 1].1 / mib,
        GOAL * held / mib,
        a_day / (GOAL * held)
    );
    match a_day <= GOAL * held {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
