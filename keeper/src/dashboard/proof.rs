//! That an entry is in the keeper's log, and that its root is on the chain: all that a browser needs to check both itself.

use std::sync::Arc;

use agentcity_hub::{
    store::{Log, LogError, Query},
    tree,
};
use alloy::primitives::{Address, B256};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::guard::Refusal;

/// A log's own handle, so that who reads keeps no writer waiting.
pub type Kept = Arc<Mutex<Log>>;

/// Which entry is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// By its place.
    Place(u64),
    /// The first of a transaction's.
    Transaction(B256),
}

impl Which {
    /// Reads a query.
    ///
    /// Errors: `dashboard/path`.
    pub fn read(query: Option<&str>) -> Result<Self, Refusal> {
        let query = query.unwrap_or_default();
        let wrong = || Refusal::path("one of `place=<number>` and `transaction=<hash>` is needed");
        match query.split_once('=') {
            Some(("place", text)) if text.bytes().all(|digit| digit.is_ascii_digit()) => {
                text.parse().map(Self::Place).map_err(|_| wrong())
            }
            Some(("transaction", text)) => text.parse().map(Self::Transaction).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

/// What the log says, and the anchor that covers it, of which the chain is asked besides.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The answer, without what the chain says.
    pub body: Value,
    /// Author and number of the anchor.
    pub anchor: Option<(Address, u64)>,
}

fn fault(error: &LogError) -> Refusal {
    tracing::warn!("the dashboard cannot read the log: {error}");
    Refusal::not_yet("the log cannot answer just now")
}

/// Reads an entry with its path. It reads files: not for a task that others wait for.
///
/// Errors: `dashboard/no-entry`, `dashboard/not-yet`.
pub fn prove(log: &Kept, which: Which) -> Result<Proven, Refusal> {
    let log = log.lock();
    let log = &*log;
    let size = log.size().map_err(|error| fault(&error))?;
    let place = match which {
        Which::Place(place) => place,
        Which::Transaction(transaction) => {
            find(log, transaction)?.ok_or_else(|| Refusal::no_entry("no entry is of it"))?
        }
    };
    if place >= size {
        return Err(Refusal::no_entry(format!("the log has {size} entries")));
    }
    let read = || -> Result<Proven, LogError> {
        let lines = log.lines(place, 1)?;
        let line = lines
            .into_iter()
            .next()
            .map_or_else(String::new, |(_, line)| line);
        let name = *log.name();
        let anchored = log
            .anchor_within(size)?
            .filter(|known| known.anchor.size > place);
        let anchor_path = match &anchored {
            Some(known) => Some(log.inclusion(place, known.anchor.size)?),
            None => None,
        };
        let body = json!({
            "place": place, "size": size, "line": line, "leaf": tree::leaf(line.as_bytes()), "root": log.root(size)?,
            "path": log.inclusion(place, size)?, "signed": log.head_within(size)?,
            "log": { "chainId": name.chain_id, "author": name.author.to_string() },
            "anchor": anchored.as_ref().map(anchor), "anchorPath": anchor_path, "onChain": null, "unknown": [],
        });
        Ok(Proven {
            body,
            anchor: anchored.map(|known| (name.author, known.sequence)),
        })
    };
    read().map_err(|error| fault(&error))
}

/// An anchor as the protocol has it.
fn anchor(known: &agentcity_hub::store::Anchored) -> Value {
    json!({
        "sequence": known.sequence, "size": known.anchor.size, "root": known.anchor.root,
        "roster": known.roster.to_string(), "block": known.block, "transaction": known.transaction,
    })
}

/// The first entry of a transaction, among the newest that are looked through.
fn find(log: &Log, transaction: B256) -> Result<Option<u64>, Refusal> {
    let text = format!("{transaction}");
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let page = log.query(
            &Query::default(),
            cursor.as_ref(),
            agentcity_hub::store::PAGE_MAX,
        );
        let page = page.map_err(|error| fault(&error))?;
        let page = page.map_err(Refusal::path)?;
        if let Some(hit) = page.hits.iter().find(|hit| hit.line.contains(&text)) {
            return Ok(Some(hit.place));
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(None)
}

/// Pages of the log that are looked through for a transaction: a bound on what one question costs.
const PAGES_MAX: usize = 64;

/// `log`, without the anchors that the chain tells.
///
/// Errors: why it cannot be read.
pub fn section(log: &Kept) -> Result<Value, String> {
    let log = log.lock();
    let read = || -> Result<Value, LogError> {
        let size = log.size()?;
        let name = log.name();
        Ok(json!({
            "kept": true, "chainId": name.chain_id, "author": name.author.to_string(), "size": size,
            "root": log.root(size)?, "signed": log.head_within(size)?,
            "anchored": log.anchor_within(size)?.as_ref().map(anchor),
        }))
    };
    read().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_one_entry() {
        let hash = B256::repeat_byte(7);
        assert_eq!(Which::read(Some("place=12")), Ok(Which::Place(12)));
        let text = format!("transaction={hash}");
        assert_eq!(Which::read(Some(&text)), Ok(Which::Transaction(hash)));
        for bad in [
            None,
            Some(""),
            Some("place"),
            Some("place="),
            Some("place=-1"),
            Some("place=+1"),
            Some("place=1&place=2"),
            Some("place=99999999999999999999"),
            Some("transaction=0x12"),
            Some("leaf=1"),
        ] {
            assert!(Which::read(bad).is_err(), "{bad:?}");
        }
    }
}
