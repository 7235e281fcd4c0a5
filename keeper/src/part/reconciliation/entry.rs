//! What was found, as an entry of the log: `RECONCILIATION_PASSED` or `RECONCILIATION_FAILED`, with its evidence.

use agentcity_hub::{entry::Origin, kind::EventType, store::Draft};
use alloy::primitives::{Address, B256, keccak256};
use serde_json::{Map, Value, json};

use crate::machine::reconciliation::{Divergence, Finding, Kind, Spot};

/// The entry. The same finding is the same entry, however often it is written.
pub(super) fn draft(finding: &Finding, author: Address) -> Draft {
    let kind = if finding.passes() {
        EventType::ReconciliationPassed
    } else {
        EventType::ReconciliationFailed
    };
    let (mission, evidence) = (finding.mission, finding.evidence());
    let name = format!(
        "reconciliation/{mission:#x}/{}/{:#x}/{:#x}/{evidence:#x}",
        finding.phase, finding.at.hash, finding.root
    );
    Draft {
        kind,
        mission,
        session: B256::ZERO,
        node: None,
        epoch: finding.epoch,
        contract: Address::ZERO,
        primary: author,
        secondary: Address::ZERO,
        principals: Vec::new(),
        block: 0,
        time_ms: finding.at.time.get().saturating_mul(1_000),
        gas_used: 0,
        origin: Origin::Keeper {
            record: keccak256(name),
        },
        payload: payload(finding),
    }
}

/// What it says, in words and numbers: enough to compute the evidence again.
pub fn payload(finding: &Finding) -> Value {
    let mut counts = Map::new();
    for (kind, count) in Kind::ALL.iter().zip(finding.counts) {
        counts.insert(kind.text().to_owned(), json!(count));
    }
    let warnings = finding.warnings.iter().map(ToString::to_string);
    json!({
        "phase": finding.phase.name(),
        "block": finding.at.number,
        "blockHash": finding.at.hash,
        "nodes": finding.nodes,
        "completed": finding.completed,
        "logSize": finding.size,
        "logRoot": finding.root,
        "completionDigest": finding.digest,
        "passed": finding.passes(),
        "evidence": (!finding.passes()).then(|| finding.evidence()),
        "counts": counts,
        "divergences": finding.told.iter().map(told).collect::<Vec<_>>(),
        "warnings": warnings.collect::<Vec<_>>(),
        "warningCount": finding.warned,
    })
}

fn told(divergence: &Divergence) -> Value {
    json!({
        "kind": divergence.kind.text(),
        "node": divergence.node,
        "attempt": divergence.attempt,
        "ours": divergence.ours.map(|value| value.to_string()),
        "oursAt": divergence.ours_at.to_string(),
        "chain": divergence.theirs.map(|value| value.to_string()),
        "chainAt": divergence.theirs_at.map(place),
    })
}

fn place(spot: Spot) -> Value {
    json!({
        "block": spot.block,
        "blockHash": spot.block_hash,
        "transaction": spot.transaction,
        "logIndex": spot.index,
    })
}
