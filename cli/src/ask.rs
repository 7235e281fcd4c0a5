//! Questions that several verbs ask a city.

use std::io::IsTerminal as _;

use agentcity_abi::IConstitution;
use agentcity_deploy::chain;
use agentcity_domain::{
    machine::Machine,
    parameter::{self, ParameterId},
    peer::Peer,
};
use alloy::{
    primitives::{self, Address, B256},
    providers::Provider,
    rpc::types::{BlockNumberOrTag, Filter, Log},
    sol_types::SolEvent,
    transports::RpcError,
};
use serde_json::{Value, json};

use crate::{
    failure::{Code, Failure},
    opts::{Chain, City},
    send::{self, Told},
};

/// Blocks that one question for events covers at most: what public nodes answer.
const BLOCKS_PER_QUESTION: u64 = 10_000; // structural: a habit of nodes, no rule of the city

/// After so many answers more blocks are asked for again: a stretch that is full of events ends, a node's bound does not, and then
/// one question in so many is asked in vain.
const ANSWERS_BEFORE_MORE: u32 = 8; // structural

/// The name of a machine's state by its number, as documents and vectors spell it.
pub(crate) fn state(machine: Machine, number: u8) -> String {
    let state = machine.graph().state(number);
    state.map_or_else(|| "NONE".to_owned(), |state| state.name.to_owned())
}

/// Time of the newest block, in unix seconds.
pub(crate) async fn now(city: &City) -> Result<u64, Failure> {
    Ok(head(city).await?.1)
}

/// Number and time of the newest block.
pub(crate) async fn head(city: &City) -> Result<(u64, u64), Failure> {
    let block = city
        .chain
        .provider
        .get_block_by_number(BlockNumberOrTag::Latest)
        .await?;
    let block = block.ok_or_else(|| {
        Failure::new(Code::Answer, "the node knows no newest block")
            .hint("ask another node with --rpc-url")
    })?;
    Ok((block.header.number, block.header.timestamp))
}

/// Numbers of parameters, in an epoch or, without one, in that which is in force.
pub(crate) async fn numbers<const N: usize>(
    city: &City,
    epoch: Option<u64>,
    ids: [ParameterId; N],
) -> Result<[u32; N], Failure> {
    let contract = IConstitution::new(city.at(Peer::Constitution), &city.chain.provider);
    let places: Vec<u8> = ids.iter().map(|id| id.place() as u8).collect();
    let words = match epoch {
        Some(epoch) => contract.read(epoch, places.into()).call().await?,
        None => contract.readCurrent(places.into()).call().await?.values,
    };
    let mut numbers = [0; N];
    for (number, word) in numbers.iter_mut().zip(&words) {
        *number = parameter::number(*word).unwrap_or_default();
    }
    if words.len() == N {
        return Ok(numbers);
    }
    Err(Failure::new(
        Code::Answer,
        format!("{N} parameters were asked for, and {} came", words.len()),
    )
    .hint("is this a city of this version?"))
}

/// An event, told, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// What it says.
    pub(crate) told: Told,
    /// In which block.
    pub(crate) block: u64,
    /// In which transaction.
    pub(crate) transaction: B256,
}

impl Seen {
    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let mut value = self.told.json();
        value["block"] = json!(self.block);
        value["transaction"] = json!(self.transaction);
        value
    }

    /// A field's text.
    pub(crate) fn field(&self, name: &str) -> &str {
        let field = self.told.fields.iter().find(|(of, _)| of == name);
        field.map_or("", |(_, value)| value)
    }
}

fn foreign() -> Failure {
    Failure::new(
        Code::Answer,
        "the node answers with events that are none of the city's",
    )
    .hint("ask another node with --rpc-url")
}

/// What contracts said, oldest first, in blocks `from` to `to`.
pub(crate) async fn seen(
    city: &City,
    filter: Filter,
    from: u64,
    to: u64,
) -> Result<Vec<Seen>, Failure> {
    let logs = logs(city, filter, from, to).await?;
    Ok(logs.into_iter().map(|(_, seen)| seen).collect())
}

async fn logs(
    city: &City,
    filter: Filter,
    from: u64,
    to: u64,
) -> Result<Vec<(primitives::Log, Seen)>, Failure> {
    let found = between(&city.chain, &filter, from, to).await?;
    let told = found.into_iter().map(|log| {
        let seen = Seen {
            told: send::tell(&log.inner).ok_or_else(foreign)?,
            block: log.block_number.unwrap_or_default(),
            transaction: log.transaction_hash.unwrap_or_default(),
        };
        Ok((log.inner, seen))
    });
    told.collect()
}

/// The block from which on something can have happened in a city: what was asked for; else what the address book says; else the
/// first in which its constitution has code; nought where the node does not keep old states.
pub(crate) async fn first_block(city: &City, asked: Option<u64>) -> Result<u64, Failure> {
    if let Some(block) = asked.or(city.since) {
        return Ok(block);
    }
    let found = chain::first_block(&city.chain.provider, city.at(Peer::Constitution)).await?;
    Ok(found.unwrap_or_default())
}

/// The logs of a filter in their order: from a block, or the city's first, to another, or the newest.
pub(crate) async fn scan(
    city: &City,
    filter: &Filter,
    from: Option<u64>,
    to: Option<u64>,
) -> Result<Vec<Log>, Failure> {
    let newest = city.chain.provider.get_block_number().await?;
    let last = to.map_or(newest, |to| to.min(newest));
    let first = first_block(city, from).await?;
    between(&city.chain, filter, first, last).await
}

/// The same of blocks that are there, in as many questions as a node answers. Nodes bound blocks or answers, each in words of its
/// own: what is refused is asked again of half as many blocks, until one block alone is refused.
async fn between(
    chain: &Chain,
    filter: &Filter,
    mut first: u64,
    last: u64,
) -> Result<Vec<Log>, Failure> {
    let mut logs = Vec::new();
    let mut search = Search::of(first, last);
    let (mut width, mut answered) = (BLOCKS_PER_QUESTION, 0);
    while first <= last {
        let end = last.min(first.saturating_add(width - 1));
        let question = filter.clone().from_block(first).to_block(end);
        match chain.provider.get_logs(&question).await {
            Ok(found) => {
                logs.extend(found);
                first = end + 1;
                answered += 1;
            }
            // At most fourteen refusals one after another: the range halves.
            Err(RpcError::ErrorResp(_)) if first < end => {
                width = (end - first).div_ceil(2);
                answered = 0;
            }
            Err(error) => return Err(error.into()),
        }
        if answered == ANSWERS_BEFORE_MORE {
            width = BLOCKS_PER_QUESTION.min(width * 2);
            answered = 0;
        }
        search.reached(first);
    }
    Ok(logs)
}

/// How far a search through many blocks is, told where somebody watches a terminal, and wiped when it ends.
struct Search {
    first: u64,
    last: u64,
    is_watched: bool,
}

impl Search {
    fn of(first: u64, last: u64) -> Self {
        // What one question answers is no long work.
        let is_long = last.saturating_sub(first) >= BLOCKS_PER_QUESTION;
        Self {
            first,
            last,
            is_watched: is_long && std::io::stderr().is_terminal(),
        }
    }

    fn reached(&mut self, block: u64) {
        if self.is_watched {
            let (done, all) = (block - self.first, self.last - self.first + 1);
            eprint!("\rsearched {done} of {all} blocks");
        }
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        if self.is_watched {
            eprint!("\r\x1b[K");
        }
    }
}

/// Events of one kind as the interface has them, oldest first, from the filter's first block to `to`.
pub(crate) async fn typed<E: SolEvent>(
    city: &City,
    filter: Filter,
    to: u64,
) -> Result<Vec<(E, Seen)>, Failure> {
    let from = first_block(city, filter.get_from_block()).await?;
    let mut all = Vec::new();
    for (log, seen) in logs(city, filter, from, to).await? {
        let event = E::decode_log(&log).map_err(|_| foreign())?;
        all.push((event.data, seen));
    }
    Ok(all)
}

/// Events of one kind by a member, all of them, from a block or the city's first.
pub(crate) async fn all<E: SolEvent>(
    city: &City,
    peer: Peer,
    topic: Option<B256>,
    from: Option<u64>,
) -> Result<Vec<Seen>, Failure> {
    let mut filter = Filter::new()
        .address(city.at(peer))
        .event_signature(E::SIGNATURE_HASH);
    if let Some(topic) = topic {
        filter = filter.topic1(topic);
    }
    let (newest, _) = head(city).await?;
    let first = first_block(city, from).await?;
    seen(city, filter, first, newest).await
}

/// The member at an address, if it is one.
pub(crate) fn member(city: &City, address: Address) -> Option<&'static str> {
    let mut peers = Peer::ALL.into_iter();
    peers.find(|peer| city.at(*peer) == address).map(Peer::name)
}
