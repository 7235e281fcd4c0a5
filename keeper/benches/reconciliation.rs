//! How long a mission of 5,000 nodes takes to be reconciled: its entries read from the log on disk, with their payloads, and compared
//! with what the chain holds. The endpoints' own time is not in it.
//!
//! `cargo bench -p agentcity-keeper --bench reconciliation`. Exit code 1 above its goal.

use std::{collections::BTreeMap, path::Path, process::ExitCode, time::Instant};

use agentcity_domain::{
    machine::NodeState,
    time::{Millis, Timestamp},
};
use agentcity_hub::{
    entry::Origin,
    head::LogName,
    kind::EventType,
    redact::Rules,
    store::{DRAFTS_MAX, Draft, Log, Retention, Settings},
};
use agentcity_keeper::{
    event::Head,
    machine::reconciliation::{Completion, OnChain, Phase, Spot, compare},
    source::kept,
};
use alloy::primitives::{Address, B256, keccak256};
use serde_json::{Value, json};

/// Nodes of the mission.
const NODES: u16 = 5_000;
/// Entries of the log about other missions, beside which they lie.
const OTHERS: u64 = 20_000;
/// Rounds; the median is told.
const ROUNDS: usize = 21;
/// Seconds.
const GOAL: f64 = 1.0;
const WINDOW: Millis = Millis::new(10_000);

fn word(number: u64, salt: u64) -> B256 {
    keccak256([number.to_be_bytes(), salt.to_be_bytes()].concat())
}

fn mission() -> B256 {
    word(0, 0)
}

fn chain() -> OnChain {
    let mut chain = OnChain {
        at: Head {
            number: 100_000,
            hash: word(1, 1),
            time: Timestamp::new(1_700_100_000),
        },
        epoch: 1,
        law: Some((word(0, 1), spot(1))),
        tiers: vec![1; NODES.into()],
        states: vec![NodeState::Completed.number(); NODES.into()],
        routed: BTreeMap::new(),
        completed: Vec::with_capacity(NODES.into()),
        times: BTreeMap::new(),
        base: Some(B256::ZERO),
        digest: B256::ZERO,
    };
    for node in 0..NODES {
        let number = u64::from(node);
        let mut said = Completion {
            node,
            attempt: 0,
            tier: 1,
            output: word(number, 2),
            trail: word(number, 3),
            digest: B256::ZERO,
            spot: spot(10 + 2 * number),
        };
        said.digest = said.fold(chain.digest);
        chain.digest = said.digest;
        let routed = (word(number, 4), spot(9 + 2 * number));
        chain.routed.insert((node, 0), routed);
        chain.completed.push(said);
    }
    chain
}

fn spot(block: u64) -> Spot {
    Spot {
        block,
        block_hash: word(block, 5),
        transaction: word(block, 6),
        index: 0,
    }
}

fn draft(kind: EventType, mission: B256, node: Option<u16>, at: Spot, payload: Value) -> Draft {
    Draft {
        kind,
        mission,
        session: B256::ZERO,
        node,
        epoch: 1,
        contract: Address::repeat_byte(1),
        primary: Address::ZERO,
        secondary: Address::ZERO,
        principals: Vec::new(),
        block: at.block,
        time_ms: 1_700_000_000_000 + at.block,
        gas_used: 50_000,
        origin: Origin::Chain {
            block_hash: at.block_hash,
            transaction: at.transaction,
            log_index: at.index,
        },
        payload,
    }
}

/// The entries of the mission as the chain has it, among those of others.
fn drafts(chain: &OnChain) -> Vec<Draft> {
    let id = mission();
    let (statute, at) = chain.law.expect("a law");
    let law = json!({ "fields": { "missionId": id, "statuteHash": statute } });
    let mut drafts = vec![draft(EventType::DagDeployed, id, None, at, law)];
    for said in &chain.completed {
        let (code, at) = chain.routed[&(said.node, said.attempt)];
        let (node, attempt) = (said.node.to_string(), said.attempt.to_string());
        let routed = json!({ "contract": "collaboration", "event": "TaskRouted", "fields": {
            "missionId": id, "node": node, "attempt": attempt, "liveCodeHash": code, "expiresAt": "1700000000",
        }});
        drafts.push(draft(
            EventType::TaskRouted,
            id,
            Some(said.node),
            at,
            routed,
        ));
        let completed = json!({ "contract": "collaboration", "event": "NodeCompleted", "fields": {
            "missionId": id, "node": node, "attempt": attempt, "tier": said.tier.to_string(),
            "outputHash": said.output, "trailRoot": said.trail, "digest": said.digest,
        }});
        let kind = EventType::TaskCompleted;
        drafts.push(draft(kind, id, Some(said.node), said.spot, completed));
    }
    for number in 0..OTHERS {
        let payload = json!({ "fields": { "number": number.to_string() } });
        let at = spot(200_000 + number);
        let other = word(number / 100, 7);
        drafts.push(draft(EventType::TaskCompleted, other, Some(1), at, payload));
    }
    drafts
}

fn written(path: &Path, chain: &OnChain) -> Log {
    let name = LogName {
        chain_id: 412_346,
        author: Address::repeat_byte(1),
    };
    let settings = Settings {
        redactor: Box::new(Rules::common()),
        retention: Retention::default(),
        mirrors: Vec::new(),
    };
    let mut log = Log::open(path, name, settings).expect("a log");
    for chunk in drafts(chain).chunks(DRAFTS_MAX) {
        log.append(chunk.to_vec()).expect("an append");
    }
    log
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> ExitCode {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("log");
    let chain = chain();
    drop(written(&path, &chain));
    let (mut whole, mut compared) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let log = Log::open_to_read(&path).expect("a log");
        let record = kept::read(&log, mission()).expect("a record");
        let read = Instant::now();
        let finding = compare(mission(), Phase::Release, &record, &chain, WINDOW);
        compared.push(read.elapsed().as_secs_f64());
        whole.push(begin.elapsed().as_secs_f64());
        let finding = finding.expect("one chain");
        assert!(finding.passes(), "{finding:?}");
        assert_eq!(finding.completed, NODES);
    }
    let greatest = whole.iter().copied().fold(0.0, f64::max);
    let (whole, compared) = (median(whole), median(compared));
    println!(
        "reconciliation of {NODES} nodes: median {:.1} ms, of which {:.1} ms compare, greatest {:.1} ms, of {ROUNDS} rounds; goal {:.0} ms, ratio {:.2}",
        whole * 1e3,
        compared * 1e3,
        greatest * 1e3,
        GOAL * 1e3,
        GOAL / whole
    );
    match whole <= GOAL {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
