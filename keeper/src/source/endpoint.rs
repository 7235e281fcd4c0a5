//! One endpoint, read with distrust: every header is hashed again, every log is looked at, and what cannot be is a lie.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use agentcity_domain::time::Timestamp;
use alloy::{
    primitives::{Address, B256, U64},
    rpc::{
        client::RpcClient,
        types::{BlockNumberOrTag, Filter, Header, Log as RpcLog},
    },
    transports::{RpcError, TransportError, TransportErrorKind, http::reqwest::Url},
};

use futures_util::{StreamExt, stream};

use super::{
    capped::Capped,
    follow::{Block, Link, STEP_BLOCKS_MAX, STRETCH_BLOCKS_MAX, STRETCH_LOGS_MAX},
    log::{Log, TOPICS_MAX},
};
use crate::event::Head;

/// Below the newest block by so much, logs are asked for by ranges; above, for each block by its hash, since an endpoint answers a
/// range that it does not know to its end as if nothing were there.
pub const RANGE_BELOW_TIP: u64 = 64;

/// Answers with headers that are waited for at once.
const ANSWERS_AT_ONCE: usize = 4;

/// Why an endpoint gave no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It did not answer in time, or the connection failed.
    #[error("no answer: {0}")]
    Silent(String),
    /// It answered that it refuses.
    #[error("refused: {0}")]
    Refused(String),
    /// It does not know a block that others have, or has another one by now.
    #[error("it does not know block {0}, or no longer")]
    Behind(u64),
    /// Its answer cannot be true.
    #[error("it lies: {0}")]
    Lie(String),
    /// It is an endpoint of another chain.
    #[error("it is of chain {found}, this is chain {wanted}")]
    OtherChain {
        /// Chain id and first block that it tells.
        found: String,
        /// Chain id and first block of ours.
        wanted: String,
    },
}

impl Fault {
    /// Whether it must not be believed any more.
    pub const fn is_lie(&self) -> bool {
        matches!(self, Self::Lie(_) | Self::OtherChain { .. })
    }
}

/// What is asked of an endpoint: a seam, so that a test can put one in between that lies.
pub trait Source: Send + Sync + 'static {
    /// Number of the newest block.
    fn tip(&self) -> impl Future<Output = Result<u64, Fault>> + Send;
    /// Headers of blocks `from` to `to`, at most [`REORG_BLOCKS_MAX`](super::follow::REORG_BLOCKS_MAX) + 1.
    fn links(&self, from: u64, to: u64) -> impl Future<Output = Result<Vec<Link>, Fault>> + Send;
    /// Blocks `from` to `to`, at most [`STEP_BLOCKS_MAX`], with the logs of the city. `tip` is the newest block that is known.
    fn blocks(
        &self,
        from: u64,
        to: u64,
        tip: u64,
    ) -> impl Future<Output = Result<Vec<Block>, Fault>> + Send;
    /// Of blocks `from` to `to`, at most [`STRETCH_BLOCKS_MAX`] and all of them deep, those with logs of the city, and the last one.
    /// Nothing when there are more logs than [`STRETCH_LOGS_MAX`].
    fn stretch(
        &self,
        from: u64,
        to: u64,
    ) -> impl Future<Output = Result<Option<Vec<Block>>, Fault>> + Send;
}

/// An endpoint of JSON-RPC over HTTP.
#[derive(Debug)]
pub struct HttpEndpoint {
    client: RpcClient,
    patience: Duration,
    chain: (u64, B256),
    known: AtomicBool,
    /// Blocks in one range, as far as it took them: of an ordinary step, and of a stretch.
    span: AtomicU64,
    reach: AtomicU64,
    addresses: Vec<Address>,
}

impl HttpEndpoint {
    /// Reads logs of `addresses` on the chain with this id and first block.
    ///
    /// Errors: there is no TLS on this machine.
    pub fn new(
        url: Url,
        patience: Duration,
        chain: (u64, B256),
        addresses: Vec<Address>,
    ) -> Result<Self, TransportError> {
        Ok(Self {
            client: Capped::new(url, patience)?.client(),
            patience,
            chain,
            known: AtomicBool::new(false),
            span: AtomicU64::new(STEP_BLOCKS_MAX),
            reach: AtomicU64::new(STRETCH_BLOCKS_MAX),
            addresses,
        })
    }

    /// Blocks that it is asked about in one range now: fewer than at first, when it refused more.
    pub fn span(&self) -> u64 {
        self.span.load(Ordering::Relaxed)
    }

    /// An answer within the patience. An endpoint that was silent may come back as another: it is asked again who it is.
    async fn ask<T>(&self, answer: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let asked = async {
            if !self.known.load(Ordering::Relaxed) {
                self.identify().await?;
                self.known.store(true, Ordering::Relaxed);
            }
            answer.await
        };
        let answer = match tokio::time::timeout(self.patience, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(Fault::Silent(format!(
                "not within {} ms",
                self.patience.as_millis()
            ))),
        };
        if let Err(Fault::Silent(_)) = &answer {
            self.known.store(false, Ordering::Relaxed);
        }
        answer
    }

    async fn identify(&self) -> Result<(), Fault> {
        let id: U64 = self
            .client
            .request_noparams("eth_chainId")
            .await
            .map_err(fault)?;
        let genesis = self.headers(0, 0).await?[0].at.hash;
        let found = (id.to::<u64>(), genesis);
        if found == self.chain {
            return Ok(());
        }
        let name = |(id, genesis): (u64, B256)| format!("{id} {genesis:#x}");
        Err(Fault::OtherChain {
            found: name(found),
            wanted: name(self.chain),
        })
    }

    async fn headers(&self, from: u64, to: u64) -> Result<Vec<Link>, Fault> {
        self.headers_of(from..=to).await
    }

    /// Headers of some blocks, in one answer; neighbours are linked.
    async fn headers_of(
        &self,
        numbers: impl Iterator<Item = u64> + Send,
    ) -> Result<Vec<Link>, Fault> {
        let mut batch = self.client.new_batch();
        let mut waiting = Vec::new();
        for number in numbers {
            let params = (BlockNumberOrTag::Number(number), false);
            let header = batch.add_call::<_, Option<Header>>("eth_getBlockByNumber", &params);
            waiting.push((number, header.map_err(fault)?));
        }
        batch.send().await.map_err(fault)?;
        let mut links: Vec<Link> = Vec::new();
        for (number, header) in waiting {
            let header = header.await.map_err(fault)?.ok_or(Fault::Behind(number))?;
            let link = checked(number, &header)?;
            if links.last().is_some_and(|below| parted(below, &link)) {
                // A reorganisation between the two, which an endpoint answers one after the other.
                return Err(Fault::Behind(number));
            }
            links.push(link);
        }
        Ok(links)
    }

    /// Logs of a stretch, in halves when it refuses them; nothing when there are too many. Each range is answered together with the header
    /// of its last block: who answers both from one chain has the range whole.
    async fn reached(&self, from: u64, to: u64) -> Result<Option<(Vec<RpcLog>, Link)>, Fault> {
        let (mut logs, mut next) = (Vec::new(), from);
        loop {
            let width = self.reach.load(Ordering::Relaxed).max(1);
            let last = to.min(next.saturating_add(width.saturating_sub(1)));
            let filter = Filter::new()
                .address(self.addresses.clone())
                .from_block(next)
                .to_block(last);
            let (more, header) = match self.logs_and_header(&filter, last).await {
                Ok((more, Some(header))) => (more, checked(last, &header)?),
                Ok((_, None)) => return Err(Fault::Behind(last)),
                Err(Fault::Refused(_)) if last > next => {
                    let half = last.saturating_sub(next).saturating_add(1) / 2;
                    self.reach.store(half, Ordering::Relaxed);
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            let is_within = |log: &RpcLog| {
                log.block_number
                    .is_some_and(|number| (next..=last).contains(&number))
            };
            if !more.iter().all(is_within) {
                let told = format!("a log outside blocks {next} to {last}, which were asked for");
                return Err(Fault::Lie(told));
            }
            logs.extend(more);
            if logs.len() > STRETCH_LOGS_MAX {
                return Ok(None);
            }
            if last == to {
                return Ok(Some((logs, header)));
            }
            next = last.saturating_add(1);
        }
    }

    /// Headers of the blocks that have these logs, and that of the last block of their stretch, in its place.
    async fn headers_below(&self, logs: &[RpcLog], last: Link) -> Result<Vec<Link>, Fault> {
        let numbers: BTreeSet<u64> = logs.iter().filter_map(|log| log.block_number).collect();
        let numbers: Vec<u64> = numbers
            .into_iter()
            .filter(|number| *number != last.at.number)
            .collect();
        let step = usize::try_from(STEP_BLOCKS_MAX).unwrap_or(1);
        let mut answers = stream::iter(numbers.chunks(step).map(<[u64]>::to_vec))
            .map(|some| self.headers_of(some.into_iter()))
            .buffered(ANSWERS_AT_ONCE);
        let mut links: Vec<Link> = Vec::new();
        while let Some(more) = answers.next().await {
            links.extend(more?);
        }
        links.push(last);
        let torn = links.windows(2).find(|pair| parted(&pair[0], &pair[1]));
        match torn {
            Some(pair) => Err(Fault::Behind(pair[1].at.number)),
            None => Ok(links),
        }
    }

    /// Logs of a range that lies deep, in halves when it refuses them.
    async fn range(&self, links: &[Link]) -> Result<Vec<RpcLog>, Fault> {
        let mut logs = Vec::new();
        let mut rest = links;
        while let Some(first) = rest.first() {
            let span = usize::try_from(self.span())
                .unwrap_or(1)
                .clamp(1, rest.len());
            let last = rest[span.saturating_sub(1)];
            let filter = Filter::new()
                .address(self.addresses.clone())
                .from_block(first.at.number)
                .to_block(last.at.number);
            match self.logs_to(&filter, last).await {
                Ok(more) => {
                    logs.extend(more);
                    rest = &rest[span..];
                }
                Err(Fault::Refused(_)) if span > 1 => {
                    self.span.store(span as u64 / 2, Ordering::Relaxed);
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(logs)
    }

    /// Together with the last header of the range: who answers both from one chain has the range whole.
    async fn logs_to(&self, filter: &Filter, last: Link) -> Result<Vec<RpcLog>, Fault> {
        match self.logs_and_header(filter, last.at.number).await? {
            (logs, Some(header)) if header.hash == last.at.hash => Ok(logs),
            _ => Err(Fault::Behind(last.at.number)),
        }
    }

    async fn logs_and_header(
        &self,
        filter: &Filter,
        last: u64,
    ) -> Result<(Vec<RpcLog>, Option<Header>), Fault> {
        let mut batch = self.client.new_batch();
        let logs = batch.add_call::<_, Vec<RpcLog>>("eth_getLogs", &(filter,));
        let logs = logs.map_err(fault)?;
        let params = (BlockNumberOrTag::Number(last), false);
        let header = batch.add_call::<_, Option<Header>>("eth_getBlockByNumber", &params);
        let header = header.map_err(fault)?;
        batch.send().await.map_err(fault)?;
        let logs = logs.await.map_err(fault)?;
        Ok((logs, header.await.map_err(fault)?))
    }

    async fn by_hash(&self, links: &[Link]) -> Result<Vec<RpcLog>, Fault> {
        let mut batch = self.client.new_batch();
        let mut waiting = Vec::new();
        for link in links {
            let filter = Filter::new()
                .address(self.addresses.clone())
                .at_block_hash(link.at.hash);
            let logs = batch.add_call::<_, Vec<RpcLog>>("eth_getLogs", &(filter,));
            waiting.push((link.at.number, logs.map_err(fault)?));
        }
        batch.send().await.map_err(fault)?;
        let mut logs = Vec::new();
        for (number, more) in waiting {
            logs.extend(more.await.map_err(|error| match fault(error) {
                // Endpoints word it differently that they do not have a block of this hash.
                Fault::Refused(_) => Fault::Behind(number),
                fault => fault,
            })?);
        }
        Ok(logs)
    }

    /// Gives every block its logs.
    fn assembled(&self, links: Vec<Link>, logs: Vec<RpcLog>) -> Result<Vec<Block>, Fault> {
        let addresses: BTreeSet<&Address> = self.addresses.iter().collect();
        let mut blocks: Vec<Block> = links
            .into_iter()
            .map(|link| Block {
                link,
                logs: Vec::new(),
            })
            .collect();
        let mut before = None;
        for log in logs {
            let (Some(number), Some(hash), Some(transaction), Some(index), false) = (
                log.block_number,
                log.block_hash,
                log.transaction_hash,
                log.log_index,
                log.removed,
            ) else {
                return Err(Fault::Lie("a log without its place in the chain".into()));
            };
            let place = blocks.binary_search_by_key(&number, |block| block.link.at.number);
            let Some(block) = place.ok().and_then(|place| blocks.get_mut(place)) else {
                return Err(Fault::Lie(format!(
                    "a log of block {number}, which was not asked for"
                )));
            };
            if !addresses.contains(&log.address()) || log.topics().len() > TOPICS_MAX {
                return Err(Fault::Lie(format!(
                    "a log of {}, which was not asked for",
                    log.address()
                )));
            }
            if before.replace((number, index)) >= Some((number, index)) {
                return Err(Fault::Lie(format!(
                    "log {index} of block {number} out of order"
                )));
            }
            if hash != block.link.at.hash {
                return Err(Fault::Behind(number));
            }
            block.logs.push(Log {
                address: log.address(),
                topics: log.topics().to_vec(),
                data: log.data().data.clone(),
                at: block.link.at,
                transaction,
                index,
            });
        }
        Ok(blocks)
    }
}

impl Source for HttpEndpoint {
    async fn tip(&self) -> Result<u64, Fault> {
        self.ask(async {
            let tip = self.client.request_noparams::<U64>("eth_blockNumber").await;
            Ok(tip.map_err(fault)?.to())
        })
        .await
    }

    async fn links(&self, from: u64, to: u64) -> Result<Vec<Link>, Fault> {
        self.ask(self.headers(from, to)).await
    }

    async fn blocks(&self, from: u64, to: u64, tip: u64) -> Result<Vec<Block>, Fault> {
        self.ask(async {
            let links = self.headers(from, to).await?;
            let deep = tip.saturating_sub(RANGE_BELOW_TIP).saturating_add(1);
            let split = links.partition_point(|link| link.at.number < deep);
            let mut logs = self.range(&links[..split]).await?;
            if split < links.len() {
                logs.extend(self.by_hash(&links[split..]).await?);
            }
            self.assembled(links, logs)
        })
        .await
    }

    async fn stretch(&self, from: u64, to: u64) -> Result<Option<Vec<Block>>, Fault> {
        self.ask(async {
            let Some((logs, last)) = self.reached(from, to).await? else {
                return Ok(None);
            };
            let links = self.headers_below(&logs, last).await?;
            self.assembled(links, logs).map(Some)
        })
        .await
    }
}

/// Whether two blocks follow each other by their numbers and not by their hashes.
fn parted(below: &Link, above: &Link) -> bool {
    below.at.number.saturating_add(1) == above.at.number && below.at.hash != above.parent
}

/// A header that is the one asked for, and has the hash that it says.
fn checked(number: u64, header: &Header) -> Result<Link, Fault> {
    let inner = &header.inner;
    if inner.number != number {
        return Err(Fault::Lie(format!(
            "block {} for block {number}",
            inner.number
        )));
    }
    let hash = inner.hash_slow();
    if hash != header.hash {
        return Err(Fault::Lie(format!(
            "block {number} is told as {}, and its header hashes to {hash}",
            header.hash
        )));
    }
    Ok(Link {
        at: Head {
            number,
            hash,
            time: Timestamp::new(inner.timestamp),
        },
        parent: inner.parent_hash,
    })
}

fn fault(error: RpcError<TransportErrorKind>) -> Fault {
    match error {
        RpcError::ErrorResp(payload) => Fault::Refused(payload.message.to_string()),
        RpcError::DeserError { err, .. } => Fault::Lie(format!("it cannot be read: {err}")),
        other => Fault::Silent(other.to_string()),
    }
}
