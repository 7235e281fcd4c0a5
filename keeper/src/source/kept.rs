//! A mission as the keeper's log holds it: entries with their payloads, typed.

use std::collections::BTreeMap;

use agentcity_hub::{
    entry::{Entry, Event, Origin},
    kind::EventType,
    store::{Log, LogError, PAGE_MAX, Payload, Query, QueryError},
};
use alloy::primitives::B256;
use serde::{Deserialize, de::DeserializeOwned};

use crate::machine::reconciliation::{Completion, Kept, KeptLaw, KeptRoute, Record, Spot};

/// Entries at the log's end among which its newest block is looked for: more than a block has logs of a city.
const TAIL: u64 = 1_000;

/// Why the record cannot be read. That is no divergence: nothing is known.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The log is not to be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// It has no answer.
    #[error("log: {0}")]
    Query(#[from] QueryError),
    /// A payload is not there any more.
    #[error(
        "entry {entry} of the log has no payload any more: its retention is over, so it cannot be compared"
    )]
    Gone {
        /// Which entry.
        entry: u64,
    },
    /// An entry says something else than its type means.
    #[error("entry {entry} of the log cannot be read: {cause}")]
    Unreadable {
        /// Which entry.
        entry: u64,
        /// Why.
        cause: String,
    },
}

#[derive(Deserialize)]
struct Said<T> {
    fields: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Completed {
    node: String,
    attempt: String,
    tier: String,
    output_hash: B256,
    trail_root: B256,
    digest: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Routed {
    node: String,
    attempt: String,
    live_code_hash: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deployed {
    statute_hash: B256,
}

/// What a log holds of a mission.
///
/// Errors: [`KeptError`].
pub fn read(log: &Log, mission: B256) -> Result<Record, KeptError> {
    let size = log.size()?;
    let mut record = Record {
        root: log.root(size)?,
        newest_block: newest_block(log, size)?,
        size,
        ..Record::default()
    };
    each(log, mission, EventType::DagDeployed, size, |event| {
        let said: Deployed = fields(log, event)?;
        record.laws.push(KeptLaw {
            entry: event.sequence,
            statute: said.statute_hash,
        });
        Ok(())
    })?;
    each(log, mission, EventType::TaskRouted, size, |event| {
        let said: Routed = fields(log, event)?;
        record.routed.push(KeptRoute {
            entry: event.sequence,
            node: number(event, &said.node)?,
            attempt: number(event, &said.attempt)?,
            code: said.live_code_hash,
        });
        Ok(())
    })?;
    each(log, mission, EventType::TaskCompleted, size, |event| {
        let said: Completed = fields(log, event)?;
        record.completed.push(Kept {
            entry: event.sequence,
            said: Completion {
                node: number(event, &said.node)?,
                attempt: number(event, &said.attempt)?,
                tier: number(event, &said.tier)?,
                output: said.output_hash,
                trail: said.trail_root,
                digest: said.digest,
                spot: spot(event),
            },
        });
        Ok(())
    })?;
    let mut finished = BTreeMap::new();
    each(
        log,
        mission,
        EventType::PendingFinalization,
        size,
        |event| {
            if let (Some(node), Origin::Keeper { .. }) = (event.node, &event.origin) {
                finished.insert(node, event.timestamp);
            }
            Ok(())
        },
    )?;
    record.finished = finished;
    Ok(record)
}

/// Takes every event of a kind among the first `size` entries.
fn each(
    log: &Log,
    mission: B256,
    kind: EventType,
    size: u64,
    mut take: impl FnMut(&Event) -> Result<(), KeptError>,
) -> Result<(), KeptError> {
    let query = Query {
        mission: Some(mission),
        kind: Some(kind),
        ..Query::default()
    };
    let mut cursor = None;
    loop {
        let page = log.query(&query, cursor.as_ref(), PAGE_MAX)??;
        for hit in page.hits.iter().filter(|hit| hit.place < size) {
            match line(hit.place, &hit.line)? {
                Entry::Event(event) if event.mission_id == mission => take(&event)?,
                Entry::Event(_) | Entry::Receipt(_) | Entry::Tombstone(_) => {}
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn line(entry: u64, line: &str) -> Result<Entry, KeptError> {
    Entry::read(line).map_err(|error| unreadable(entry, error))
}

fn unreadable(entry: u64, cause: impl ToString) -> KeptError {
    let cause = cause.to_string();
    KeptError::Unreadable { entry, cause }
}

fn fields<T: DeserializeOwned>(log: &Log, event: &Event) -> Result<T, KeptError> {
    let entry = event.sequence;
    match log.payload(&event.payload_cid)? {
        Payload::Here(body) => serde_json::from_slice::<Said<T>>(&body)
            .map(|said| said.fields)
            .map_err(|error| unreadable(entry, error)),
        Payload::Gone(_) | Payload::Unknown => Err(KeptError::Gone { entry }),
    }
}

fn number<T: std::str::FromStr<Err: ToString>>(event: &Event, text: &str) -> Result<T, KeptError> {
    text.parse()
        .map_err(|error: T::Err| unreadable(event.sequence, error))
}

fn spot(event: &Event) -> Spot {
    match event.origin {
        Origin::Chain {
            block_hash,
            transaction,
            log_index,
        } => Spot {
            block: event.block_number,
            block_hash,
            transaction,
            index: log_index,
        },
        // The chain says so, or nobody: a keeper's own word has no place there.
        Origin::Keeper { .. } => Spot::default(),
    }
}

/// Up to which block the log has the chain: as far as it was taken, or where its latest entries come from.
fn newest_block(log: &Log, size: u64) -> Result<u64, KeptError> {
    let from = size.saturating_sub(TAIL);
    let mut newest = log.taken()?.map_or(0, |taken| taken.block);
    // As many as there are: a thousand at most.
    for (place, text) in log.lines(from, TAIL as usize)? {
        if let Entry::Event(event) = line(place, &text)? {
            newest = newest.max(event.block_number);
        }
    }
    Ok(newest)
}
