//! Writes the chain into the keeper's log: every log of the city that is final, once, in the order of the chain.
//!
//! Guards INV-LOG-01.
//!
//! ```text
//!  log on disk: taken up to block b ─► blocks b+1 … that lie deep enough, linked to b ─► entries
//!        ▲                                                                                  │
//!        └───────────────── one commit: the entries, and up to which block ─────────────────┘
//! ```
//!
//! An entry is never taken back, so what may still be is not written. Where the chain does not hold the block any more up to which it was
//! taken, more was undone than counts as final: nothing is written then, and a human is told. Which keeper writes is settled by the
//! stream's lease, and by the log itself, which refuses a stretch that does not begin where it ends.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, LazyLock},
    time::Duration,
};

use agentcity_abi::{IAgent, IConstitution};
use agentcity_domain::peer::Peer;
use agentcity_hub::{
    chain::{Placed, drafts, topics},
    store::{DRAFTS_MAX, Disposition, Draft, LogError, Taken},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Log as Told, U256},
    providers::Provider,
    sol_types::SolEvent,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::Mutex;

use super::{Asking, CityChain, Feed, Part, Step, Task, log::Shared, within};
use crate::{
    action::{Action, Outcome},
    clock::Moment,
    event::{Event, Head},
    machine::{
        Machine,
        scribe::{self, Help, Scribe, Seen},
    },
    source::{
        agreed::Agreed,
        city::City,
        follow::{self, Doubt},
        log::Log,
    },
};

/// Pause between two rounds: eight of Arbitrum's blocks, fewer than count as final by default.
const PAUSE: Duration = Duration::from_secs(2);
/// Steps of one round, so that a long absence is caught up in rounds: five thousand blocks each.
const STEPS_MAX: usize = 50;
/// Questions that are open at once.
const QUESTIONS_MAX: usize = 16;
/// Blocks without an entry after which it is recorded how far the chain was read: four minutes of Arbitrum's, read again in a second.
const UNRECORDED_MAX: u64 = 1_000;
/// Failures in a row before anybody is told: one question in vain is none.
const FAILURES_TELL: u32 = 3;

/// Topics from which an entry comes.
static LOGGED: LazyLock<BTreeSet<(Peer, B256)>> = LazyLock::new(|| topics().into_iter().collect());

/// What the part works with.
pub struct Writing<P> {
    /// What a transaction used, and who answers for whom, is what enough of them say.
    endpoints: Agreed<P>,
    city: City,
    chain: Arc<CityChain>,
    log: Shared,
    depth_blocks: u64,
    stream: String,
    place: Mutex<Place>,
}

/// How far it read, which may be further than is recorded by blocks that hold nothing.
#[derive(Debug, Default)]
struct Place {
    reached: Option<Taken>,
    failures: u32,
    /// Whether the machine knows how it stands.
    told: Option<Standing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Writes,
    Stuck(Help),
}

/// Why a step was not made.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Chain(#[from] Doubt),
    #[error("{0}")]
    Silent(String),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Trouble {
    const fn help(&self) -> Help {
        match self {
            Self::Chain(doubt) => match doubt.disposition() {
                follow::Disposition::Retry => Help::Time,
                follow::Disposition::Resync => Help::Human,
            },
            Self::Silent(_) => Help::Time,
            Self::Log(_) => Help::Human,
        }
    }
}

// A provider's address may carry a key.
impl<P> fmt::Debug for Writing<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writing")
            .field("city", &self.city.constitution)
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> Writing<P> {
    /// Writes the city's logs into `log` when `depth_blocks` lie on them.
    pub fn new(
        endpoints: Agreed<P>,
        city: City,
        chain: Arc<CityChain>,
        log: Shared,
        depth_blocks: u64,
    ) -> Self {
        let author = log.lock().name().author;
        Self {
            endpoints,
            city,
            chain,
            log,
            depth_blocks,
            stream: format!("log-chain/{author:#x}"),
            place: Mutex::default(),
        }
    }

    fn author(&self) -> Address {
        self.log.lock().name().author
    }

    /// Some blocks more. Returns the newest that was taken, and whether there are more at once.
    async fn step(&self, place: &mut Place) -> Result<Option<(Taken, bool)>, Trouble> {
        let recorded = self.log.lock().taken()?;
        // Another process may have gone further, and what was read ahead holds nothing.
        let from = match (recorded, place.reached) {
            (Some(recorded), Some(reached)) if reached.block > recorded.block => Some(reached),
            (None, reached) => reached,
            (recorded, _) => recorded,
        };
        let after = from.map(|from| (from.block, from.hash));
        let settled = self.chain.settled(after, self.depth_blocks).await?;
        if settled.blocks == 0 {
            return Ok(from.map(|from| (from, false)));
        }
        let epoch = from.map_or(0, |from| from.epoch);
        let (mut drafts, epoch) = self.entries(&settled.logs, epoch).await?;
        let to = Taken {
            block: settled.top.number,
            hash: settled.top.hash,
            epoch,
        };
        let unrecorded = to
            .block
            .saturating_sub(recorded.map_or(0, |recorded| recorded.block));
        if !drafts.is_empty() || unrecorded >= UNRECORDED_MAX {
            let mut log = self.log.lock();
            // More than one commit takes is begun before: what of it is there already is not written twice.
            while drafts.len() > DRAFTS_MAX {
                let rest = drafts.split_off(DRAFTS_MAX);
                log.append(std::mem::replace(&mut drafts, rest))?;
            }
            log.take(recorded, drafts, to)?;
        }
        place.reached = Some(to);
        Ok(Some((to, settled.more)))
    }

    /// What logs are as entries, and the epoch after them.
    async fn entries(&self, logs: &[Log], mut epoch: u64) -> Result<(Vec<Draft>, u64), Trouble> {
        let contracts = self.city.contracts();
        let mut kept = Vec::new();
        for log in logs {
            let (Some(contract), Some(topic)) = (contracts.at(log.address), log.topics.first())
            else {
                continue;
            };
            if contract.peer() == Peer::Constitution
                && *topic == IConstitution::EpochOpened::SIGNATURE_HASH
                && let Some(opened) = log.topics.get(1)
            {
                epoch = u64::try_from(U256::from_be_bytes(opened.0)).unwrap_or(epoch);
            }
            if LOGGED.contains(&(contract.peer(), *topic)) {
                kept.push((contract.peer(), log, epoch));
            }
        }
        let transactions = kept
            .iter()
            .map(|(_, log, _)| (log.transaction, log.at.hash));
        let transactions: BTreeMap<B256, B256> = transactions.collect();
        let gas = self.gas(transactions).await.map_err(Trouble::Silent)?;
        let said: Vec<Told> = kept.iter().map(|(_, log, _)| told(log)).collect();
        let placed = kept.iter().zip(&said).map(|((peer, log, epoch), said)| {
            let placed = Placed {
                log: said,
                block: log.at.number,
                block_hash: log.at.hash,
                time_ms: log.at.time.get().saturating_mul(1_000),
                transaction: log.transaction,
                gas_used: gas.get(&log.transaction).copied().unwrap_or_default(),
                log_index: log.index,
                epoch: *epoch,
            };
            (*peer, placed)
        });
        let placed: Vec<(Peer, Placed<'_>)> = placed.collect();
        // Whom entries are about is known when they are made; who answers for them is asked then, and they are made again.
        let parties = RefCell::new(BTreeSet::new());
        for (peer, placed) in &placed {
            drafts(*peer, placed, |party| {
                parties.borrow_mut().insert(party);
                None
            });
        }
        let principals = self.principals(parties.into_inner()).await;
        let principals = principals.map_err(Trouble::Silent)?;
        let made = placed.iter().flat_map(|(peer, placed)| {
            drafts(*peer, placed, |party| principals.get(&party).copied())
        });
        Ok((made.collect(), epoch))
    }

    /// What transactions used, of those that are still in the blocks in which they were seen.
    async fn gas(&self, transactions: BTreeMap<B256, B256>) -> Result<BTreeMap<B256, u64>, String> {
        let asked = stream::iter(transactions).map(|(hash, block)| async move {
            let ask = |provider| used(provider, hash, block);
            let used = within(async {
                let used = self.endpoints.vote("what a transaction used", ask).await;
                used.map_err(|error| error.to_string())
            });
            Ok((hash, used.await?))
        });
        asked.buffer_unordered(QUESTIONS_MAX).try_collect().await
    }

    /// Who answers for accounts now, of those for which anybody does.
    async fn principals(
        &self,
        parties: BTreeSet<Address>,
    ) -> Result<BTreeMap<Address, Address>, String> {
        if parties.is_empty() {
            return Ok(BTreeMap::new());
        }
        // As of one block, or endpoints that are not equally far would contradict each other.
        let at = within(async {
            let newest = self.endpoints.settled(self.depth_blocks).await;
            newest.map_err(|error| error.to_string())
        });
        let (at, agents) = (at.await?, self.city.at(Peer::Agent));
        let asked = stream::iter(parties).map(|party| async move {
            let ask = |provider| answers_for(provider, agents, party, at);
            let principal = within(async {
                let principal = self.endpoints.vote("who answers for an account", ask).await;
                principal.map_err(|error| error.to_string())
            });
            Ok::<_, String>((party, principal.await?))
        });
        let known: BTreeMap<Address, Address> =
            asked.buffer_unordered(QUESTIONS_MAX).try_collect().await?;
        let answers = known.into_iter();
        Ok(answers
            .filter(|(_, principal)| !principal.is_zero())
            .collect())
    }

    async fn round(&self, asked: Moment, feed: &Feed) {
        // One round at a time; after a takeover the log says where to go on.
        let mut place = self.place.lock().await;
        for _ in 0..STEPS_MAX {
            let seen = match self.step(&mut place).await {
                Ok(None) => return,
                Ok(Some((taken, more))) => {
                    place.failures = 0;
                    if !feed.reached(taken.block).await {
                        return;
                    }
                    if more {
                        continue;
                    }
                    if place.told == Some(Standing::Writes) {
                        return;
                    }
                    place.told = Some(Standing::Writes);
                    let (block, hash) = (taken.block, taken.hash);
                    Seen::Wrote { block, hash, asked }
                }
                Err(trouble) => {
                    let help = trouble.help();
                    place.failures = place.failures.saturating_add(1);
                    if let Trouble::Log(error) = &trouble
                        && error.disposition() == Disposition::Retry
                    {
                        place.reached = None;
                        tracing::warn!("{error}");
                        return;
                    }
                    tracing::debug!("the log waits: {trouble}");
                    let is_news = place.told != Some(Standing::Stuck(help));
                    if !is_news || (help == Help::Time && place.failures < FAILURES_TELL) {
                        return;
                    }
                    place.told = Some(Standing::Stuck(help));
                    let cause = trouble.to_string();
                    Seen::Stuck { cause, help, asked }
                }
            };
            feed.tell(Event::Scribe(seen)).await;
            return;
        }
    }
}

/// What a transaction used, if it is still in the block in which it was seen.
async fn used<P: Provider>(provider: &P, hash: B256, block: B256) -> Result<u64, String> {
    let receipt = provider.get_transaction_receipt(hash).await;
    match receipt.map_err(|error| error.to_string())? {
        Some(receipt) if receipt.block_hash == Some(block) => Ok(receipt.gas_used),
        _ => Err(format!("it has no receipt of {hash} in block {block}")),
    }
}

async fn answers_for<P: Provider>(
    provider: &P,
    agents: Address,
    party: Address,
    at: Head,
) -> Result<Address, String> {
    let agents = IAgent::new(agents, provider);
    let principal = agents.principalOf(party).block(BlockId::hash(at.hash));
    principal.call().await.map_err(|error| error.to_string())
}

fn told(log: &Log) -> Told {
    Told::new_unchecked(log.address, log.topics.clone(), log.data.clone())
}

impl<P: Provider + 'static> Part for Writing<P> {
    fn stream(&self) -> &str {
        &self.stream
    }

    fn machine(
        &self,
        state: Option<&str>,
        _: bool,
    ) -> Result<Box<dyn Machine + Send>, serde_json::Error> {
        Ok(Box::new(match state {
            Some(state) => Scribe::resume(self.author(), state)?,
            None => Scribe::new(self.author()),
        }))
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    fn observe(self: Arc<Self>, asked: Moment, feed: Feed) -> Task<()> {
        Box::pin(async move { self.round(asked, &feed).await })
    }

    fn at_once(&self, action: &Action) -> Option<Outcome> {
        let Action::Scribe(scribe::Action::Tell { text, .. }) = action else {
            return None;
        };
        tracing::warn!("{text}");
        Some(Outcome::Told)
    }

    fn carry_out(self: Arc<Self>, _: Action, _: Asking) -> Task<Result<Step, String>> {
        Box::pin(async { Ok(Step::Later) })
    }
}
