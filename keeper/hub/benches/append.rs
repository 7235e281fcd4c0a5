//! How many entries a second are on disk, acknowledged: batches into a log that grows, each one commit with index and payloads.
//!
//! `cargo bench -p agentcity-hub`. Exit code 1 below its goal.

use std::{process::ExitCode, time::Instant};

use agentcity_hub::{
    entry::Origin,
    head::LogName,
    kind::EventType,
    redact::Rules,
    store::{Draft, Log, Retention, Settings},
};
use alloy::primitives::{Address, B256, keccak256};
use serde_json::json;

/// Entries of a batch.
const BATCH: u64 = 5_000;
/// Batches; the median is told.
const ROUNDS: u64 = 21;
/// Entries a second.
const GOAL: f64 = 20_000.0;

fn draft(number: u64) -> Draft {
    let word = |salt: u64| keccak256([number.to_be_bytes(), salt.to_be_bytes()].concat());
    let account = |of: u64| Address::from_word(keccak256(of.to_be_bytes()));
    let kinds = EventType::ALL;
    Draft {
        kind: kinds[number as usize % kinds.len()],
        mission: keccak256((number / 500).to_be_bytes()),
        session: B256::ZERO,
        node: Some((number % 50) as u16),
        epoch: 1 + number / 40_000,
        contract: account(number % 14),
        primary: account(1_000 + number % 200),
        secondary: account(2_000 + number % 20),
        principals: vec![account(3_000 + number % 100)],
        block: 1 + number / 10,
        time_ms: 1_700_000_000_000 + number * 25,
        gas_used: 50_000,
        origin: Origin::Chain {
            block_hash: word(1),
            transaction: word(2),
            log_index: number % 10,
        },
        payload: json!({
            "contract": "collaboration", "event": "NodeCompleted",
            "fields": { "outputHash": word(3), "trailRoot": word(4), "attempt": "0", "tier": "2" },
        }),
    }
}

fn main() -> ExitCode {
    let dir = tempfile::tempdir().expect("a folder");
    let name = LogName {
        chain_id: 412_346,
        author: Address::repeat_byte(1),
    };
    let settings = Settings {
        redactor: Box::new(Rules::common()),
        retention: Retention::default(),
        mirrors: vec![Address::repeat_byte(2)],
    };
    let mut log = Log::open(&dir.path().join("log"), name, settings).expect("a log");
    let mut rates = Vec::new();
    for round in 0..ROUNDS {
        let first = round * BATCH;
        let drafts: Vec<Draft> = (first..first + BATCH).map(draft).collect();
        let begin = Instant::now();
        log.append(drafts).expect("an append");
        rates.push(BATCH as f64 / begin.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let median = rates[rates.len() / 2];
    println!(
        "log append: median {median:.0} entries/s, least {:.0}, greatest {:.0}, of {ROUNDS} batches of {BATCH}; goal {GOAL:.0}, ratio {:.2}",
        rates[0],
        rates[rates.len() - 1],
        median / GOAL
    );
    match median >= GOAL {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
