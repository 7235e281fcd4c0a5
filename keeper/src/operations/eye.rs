//! Looks at the endpoints for the operator, whether or not this keeper works: who answers, how quickly, and whether they tell one chain.
//!
//! Nothing is decided by it. What the keeper acts on is asked anew, with a quorum, by those who act.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use alloy::{
    primitives::{Address, B256},
    providers::Provider,
    rpc::types::BlockNumberOrTag,
    transports::http::reqwest::Url,
};
use futures_util::future::join_all;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::time::Instant;

use super::{
    metrics::{gauge, metrics},
    observe::wei,
};
use crate::{clock::Clock, config::redacted, part::within};

/// What was last found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sighting {
    /// The newest block that enough endpoints have; `None` when too few answered.
    pub head: Option<u64>,
    /// Its time, unix seconds.
    pub head_time: Option<u64>,
    /// Each endpoint.
    pub endpoints: Vec<EndpointSighting>,
    /// How many must agree.
    pub quorum: usize,
}

/// What was last found of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EndpointSighting {
    /// Its name, without what may be a secret.
    pub endpoint: String,
    /// The newest block that it told.
    pub head: Option<u64>,
    /// Whether it tells the same blocks as most.
    pub agrees: bool,
    /// Why it did not answer.
    pub silent: Option<String>,
}

/// Where the last sighting lies. It is none before the first.
pub type Sighted = Arc<Mutex<Option<Sighting>>>;

/// Looks.
#[derive(Debug)]
pub struct Eye<P> {
    endpoints: Vec<(String, P)>,
    quorum: usize,
    account: Option<Address>,
}

/// A block, as an endpoint tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    number: u64,
    hash: B256,
    time: u64,
}

impl<P: Provider> Eye<P> {
    /// Looks at endpoints with the addresses `urls`, of which `quorum` must agree, and at what `account` holds.
    pub fn new(urls: &[Url], providers: Vec<P>, quorum: usize, account: Option<Address>) -> Self {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let mut named = |url: &Url| {
            let name = redacted(url);
            let times = seen.entry(name.clone()).or_insert(0);
            *times += 1;
            // Two keys of one provider differ in what is not told.
            if *times == 1 {
                name
            } else {
                format!("{name}#{times}")
            }
        };
        let names: Vec<String> = urls.iter().map(&mut named).collect();
        Self {
            endpoints: names.into_iter().zip(providers).collect(),
            quorum,
            account,
        }
    }

    /// Looks for ever.
    pub async fn watch(self, pause: Duration, clock: impl Clock, sighted: Sighted) {
        loop {
            let sighting = self.look(&clock).await;
            *sighted.lock() = Some(sighting);
            tokio::time::sleep(pause).await;
        }
    }

    /// One look.
    pub async fn look(&self, clock: &dyn Clock) -> Sighting {
        let newest = self.endpoints.iter().map(|(_, provider)| async move {
            let begun = Instant::now();
            let block = within(block(provider, BlockNumberOrTag::Latest)).await;
            (block, begun.elapsed())
        });
        let newest = join_all(newest).await;
        let mut heads: Vec<Told> = newest
            .iter()
            .filter_map(|(b, _)| b.as_ref().ok())
            .copied()
            .collect();
        // The highest that enough reach, as everywhere in the keeper.
        heads.sort_unstable_by_key(|told| std::cmp::Reverse(told.number));
        let head = heads.get(self.quorum.saturating_sub(1)).copied();
        let common = heads.last().map(|told| told.number);
        let hashes = match common {
            Some(common) if heads.len() > 1 => self.hashes(common).await,
            _ => vec![None; self.endpoints.len()],
        };
        let most = most_frequent(&hashes);
        let mut endpoints = Vec::new();
        for (((name, _), (block, took)), hash) in self.endpoints.iter().zip(newest).zip(hashes) {
            let agrees = hash.is_none() || hash == most;
            count(name, &block, took, agrees);
            endpoints.push(EndpointSighting {
                endpoint: name.clone(),
                head: block.as_ref().ok().map(|told| told.number),
                agrees,
                silent: block.err(),
            });
        }
        if let Some(head) = head {
            let metrics = metrics();
            metrics.head.set(gauge(head.number));
            metrics.head_time.set(gauge(head.time));
            let now = clock.now().get() / 1_000;
            metrics
                .clock_behind
                .set(gauge(head.time.saturating_sub(now)));
        }
        self.look_at_balance().await;
        Sighting {
            head: head.map(|told| told.number),
            head_time: head.map(|told| told.time),
            endpoints,
            quorum: self.quorum,
        }
    }

    /// Hashes that each endpoint tells under one number.
    async fn hashes(&self, number: u64) -> Vec<Option<B256>> {
        let asked = self.endpoints.iter().map(|(_, provider)| async move {
            let told = within(block(provider, BlockNumberOrTag::Number(number))).await;
            told.ok().map(|told| told.hash)
        });
        join_all(asked).await
    }

    async fn look_at_balance(&self) {
        let (Some(account), Some((_, provider))) = (self.account, self.endpoints.first()) else {
            return;
        };
        let held = async {
            provider
                .get_balance(account)
                .await
                .map_err(|e| e.to_string())
        };
        if let Ok(held) = within(held).await {
            let labels = [("account", account.to_string())];
            metrics().balance.get_or_create(&labels).set(wei(held));
        }
    }
}

async fn block<P: Provider>(provider: &P, at: BlockNumberOrTag) -> Result<Told, String> {
    match provider.get_block(at.into()).await {
        Ok(Some(block)) => Ok(Told {
            number: block.header.number,
            hash: block.header.hash,
            time: block.header.timestamp,
        }),
        Ok(None) => Err("it does not know the block".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn most_frequent(hashes: &[Option<B256>]) -> Option<B256> {
    let mut counted: BTreeMap<B256, usize> = BTreeMap::new();
    for hash in hashes.iter().flatten() {
        *counted.entry(*hash).or_insert(0) += 1;
    }
    counted
        .into_iter()
        .max_by_key(|(_, times)| *times)
        .map(|(hash, _)| hash)
}

fn count(name: &str, block: &Result<Told, String>, took: Duration, agrees: bool) {
    let (metrics, labels) = (metrics(), [("endpoint", name.to_owned())]);
    metrics
        .endpoint_up
        .get_or_create(&labels)
        .set(i64::from(block.is_ok()));
    if let Ok(told) = block {
        metrics
            .endpoint_head
            .get_or_create(&labels)
            .set(gauge(told.number));
        metrics
            .endpoint_latency
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }
    let disagreements = metrics.disagreements.get_or_create(&labels);
    if !agrees {
        disagreements.inc();
    }
}
