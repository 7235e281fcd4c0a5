//! The keeper's log: its roots are anchored, what must not be lost is pushed to mirrors, and what was kept long enough is erased.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use agentcity_abi::IRoster;
use agentcity_domain::{parameter::ParameterId, peer::Peer, roster::anchor::Anchor};
use agentcity_hub::{
    head::{Head, LogName, SignedHead},
    mirror,
    store::{Anchored, Disposition, Log, LogError, Retention, Settings},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bytes, U256},
    providers::Provider,
    rpc::types::{BlockNumberOrTag, Filter},
    signers::local::PrivateKeySigner,
    sol_types::{SolCall, SolEvent},
    transports::http::reqwest::Url,
};
use parking_lot::Mutex;

use super::{Asking, Feed, Part, RaiseError, Step, Task, within};
use crate::{
    action::{Action, Outcome},
    clock::Moment,
    config::{Config, LogConfig},
    event::Event,
    executor::endpoint::Call,
    machine::{
        Machine,
        anchor::{self, Anchoring, Pace, Seen},
    },
    source::{agreed::Agreed, city::City},
};

/// The stream of the log's anchors.
pub const STREAM: &str = "log-anchors";
/// Most anchors of the author that one round finds out about: one a round is usual.
const ANCHORS_PER_ROUND_MAX: usize = 64;

/// The log, shared with who else writes into it in this process.
pub type Shared = Arc<Mutex<Log>>;

/// What the part works with.
pub struct Keeping<P> {
    provider: P,
    agreed: Agreed<P>,
    log: Shared,
    city: City,
    signer: PrivateKeySigner,
    mirrors: BTreeMap<Address, Url>,
    client: mirror::Client,
    pace: Pace,
    pause: Duration,
    depth_blocks: u64,
}

/// What [`Keeping`] is made of.
#[derive(Debug)]
pub struct Setting {
    /// The city whose roster takes its anchors, and which says how long payloads are kept at least.
    pub city: City,
    /// Whose log it is: anchors are sent, and heads signed, in its name.
    pub signer: PrivateKeySigner,
    /// Where the mirrors are.
    pub mirrors: BTreeMap<Address, Url>,
    /// When to anchor.
    pub pace: Pace,
    /// Pause between two rounds.
    pub pause: Duration,
    /// How many blocks must lie on an anchor before it is recorded.
    pub depth_blocks: u64,
}

// A provider's address may carry a key, and so may a mirror's.
impl<P> fmt::Debug for Keeping<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeping")
            .field("city", &self.city.constitution)
            .field("author", &self.signer.address())
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> Keeping<P> {
    /// Opens the log that a configuration names, in the name of its key.
    ///
    /// Errors: [`RaiseError`].
    pub fn raise(
        config: &Config,
        kept: &LogConfig,
        signer: PrivateKeySigner,
        (provider, agreed): (P, Agreed<P>),
        city: &City,
    ) -> Result<Self, RaiseError> {
        let name = LogName {
            chain_id: city.chain_id,
            author: signer.address(),
        };
        let settings = Settings {
            redactor: Box::new(kept.redaction.clone()),
            retention: kept.retention,
            mirrors: kept.mirrors.keys().copied().collect(),
        };
        let log = Log::open(&kept.file, name, settings)?;
        let setting = Setting {
            city: *city,
            signer,
            mirrors: kept.mirrors.clone(),
            pace: kept.pace,
            pause: config.poll,
            depth_blocks: config.depth_blocks,
        };
        let log = Arc::new(Mutex::new(log));
        Ok(Self::new((provider, agreed), log, setting)?)
    }

    /// `agreed`: endpoints that are asked what cannot be taken back.
    ///
    /// Errors: the machine has no means to connect to mirrors.
    pub fn new(
        (provider, agreed): (P, Agreed<P>),
        log: Shared,
        setting: Setting,
    ) -> Result<Self, mirror::MirrorError> {
        Ok(Self {
            provider,
            agreed,
            log,
            client: mirror::Client::new()?,
            city: setting.city,
            signer: setting.signer,
            mirrors: setting.mirrors,
            pace: setting.pace,
            pause: setting.pause,
            depth_blocks: setting.depth_blocks,
        })
    }

    /// The log that it keeps, for who writes into it.
    pub fn log(&self) -> Shared {
        Arc::clone(&self.log)
    }

    fn author(&self) -> Address {
        self.signer.address()
    }

    const fn roster(&self) -> Address {
        self.city.at(Peer::Roster)
    }

    async fn anchored(&self, sequence: u64) -> Result<Option<Anchor>, String> {
        let roster = IRoster::new(self.roster(), &self.provider);
        let found = roster.anchorOf(self.author(), sequence).call().await;
        let found = found.map_err(|error| error.to_string())?;
        let anchor = Anchor {
            size: found.size,
            root: found.root,
        };
        Ok((anchor.size > 0).then_some(anchor))
    }

    /// The author's last anchor: from the last that is recorded on, one after the other.
    async fn last(&self) -> Result<(u64, Option<Anchor>), String> {
        let recorded = self.read(|log| log.anchor_within(log.size()?))?;
        let (mut sequence, mut last) = (0, None);
        if let Some(recorded) = recorded
            && self.anchored(recorded.sequence).await? == Some(recorded.anchor)
        {
            (sequence, last) = (recorded.sequence, Some(recorded.anchor));
        }
        for _ in 0..ANCHORS_PER_ROUND_MAX {
            match self.anchored(sequence + 1).await? {
                Some(anchor) => (sequence, last) = (sequence + 1, Some(anchor)),
                None => break,
            }
        }
        Ok((sequence, last))
    }

    fn read<T>(&self, work: impl FnOnce(&Log) -> Result<T, LogError>) -> Result<T, String> {
        work(&self.log.lock()).map_err(|error| error.to_string())
    }

    async fn look(&self, asked: Moment) -> Result<(Event, u64), String> {
        let newest = self.provider.get_block_number().await;
        let newest = newest.map_err(|error| error.to_string())?;
        let (sequence, last) = self.last().await?;
        let (size, root, is_ours) = self.read(|log| {
            let size = log.size()?;
            let is_ours = match last {
                None => true,
                Some(last) => last.size <= size && log.root(last.size)? == last.root,
            };
            Ok((size, log.root(size)?, is_ours))
        })?;
        if let Some(last) = last.filter(|_| is_ours) {
            self.record(sequence, last, newest).await?;
        }
        let seen = Seen::Both {
            size,
            root,
            sequence,
            anchored_size: last.map_or(0, |last| last.size),
            is_ours,
            asked,
        };
        Ok((Event::Log(seen), newest))
    }

    /// Writes down in which transaction the anchor stands, once enough blocks lie on it.
    async fn record(&self, sequence: u64, anchor: Anchor, newest: u64) -> Result<(), String> {
        if self.read(|log| log.anchor(sequence))?.is_some() {
            return Ok(());
        }
        let filter = self.filter(IRoster::Anchored::SIGNATURE_HASH, sequence);
        let Some((block, transaction)) = self.found(&filter).await? else {
            return Ok(());
        };
        if block.saturating_add(self.depth_blocks) > newest {
            return Ok(());
        }
        let anchored = Anchored {
            roster: self.roster(),
            sequence,
            anchor,
            block,
            transaction,
        };
        let mut log = self.log.lock();
        log.record_anchor(&anchored)
            .map_err(|error| error.to_string())
    }

    /// Events of the roster about a number of this author.
    fn filter(&self, topic: B256, sequence: u64) -> Filter {
        Filter::new()
            .address(self.roster())
            .from_block(BlockNumberOrTag::Earliest)
            .event_signature(topic)
            .topic1(self.author().into_word())
            .topic2(B256::from(U256::from(sequence)))
    }

    async fn found(&self, filter: &Filter) -> Result<Option<(u64, B256)>, String> {
        let logs = self.provider.get_logs(filter).await;
        let logs = logs.map_err(|error| error.to_string())?;
        let log = logs.first();
        Ok(log.and_then(|log| Some((log.block_number?, log.transaction_hash?))))
    }

    async fn need(&self, step: anchor::Step, now: Moment) -> Result<Step, String> {
        match step {
            anchor::Step::Anchor {
                sequence,
                size,
                root,
                ..
            } => self.anchor(sequence, Anchor { size, root }, now).await,
            anchor::Step::Prove { first, second, .. } => self.prove(first, second).await,
            anchor::Step::Tell { .. } => Ok(Step::Later),
        }
    }

    async fn anchor(&self, sequence: u64, next: Anchor, now: Moment) -> Result<Step, String> {
        match self.anchored(sequence).await? {
            Some(found) if found == next => return Ok(Step::Ended(Outcome::Satisfied)),
            Some(found) => {
                return Ok(refused(format!(
                    "number {sequence} is taken by root {} of {} entries",
                    found.root, found.size
                )));
            }
            None => {}
        }
        if sequence > 1 && self.anchored(sequence - 1).await?.is_none() {
            return Ok(refused(format!("number {} does not stand", sequence - 1)));
        }
        let head = Head {
            size: next.size,
            root: next.root,
            timestamp: now.get(),
        };
        // Signed before it is sent: whoever sees the anchor finds the head.
        if let Err(error) = self.sign(head) {
            return match error.disposition() {
                Disposition::Retry => Err(error.to_string()),
                Disposition::Refuse | Disposition::Halt => Ok(refused(error.to_string())),
            };
        }
        let call = IRoster::anchorCall {
            sequence,
            size: next.size,
            root: next.root,
        };
        Ok(self.call(&call))
    }

    fn sign(&self, head: Head) -> Result<(), LogError> {
        let mut log = self.log.lock();
        let name: LogName = *log.name();
        let signed = SignedHead::sign(head, &name, &self.signer);
        let signed = signed.map_err(|error| LogError::Damaged {
            what: format!("its author is not this keeper's account: {error}"),
        })?;
        log.record_head(&signed)
    }

    async fn prove(&self, first: u64, second: u64) -> Result<Step, String> {
        let filter = self
            .filter(IRoster::ConsistencyProved::SIGNATURE_HASH, first)
            .topic3(B256::from(U256::from(second)));
        if self.found(&filter).await?.is_some() {
            return Ok(Step::Ended(Outcome::Satisfied));
        }
        let (old, new) = (self.anchored(first).await?, self.anchored(second).await?);
        let (Some(old), Some(new)) = (old, new) else {
            return Ok(refused(format!(
                "anchors {first} and {second} do not stand"
            )));
        };
        match self.log.lock().extension(old.size, new.size) {
            Ok(proof) => Ok(self.call(&IRoster::proveConsistencyCall {
                author: self.author(),
                first,
                second,
                proof,
            })),
            Err(error) => Ok(refused(error.to_string())),
        }
    }

    fn call(&self, call: &impl SolCall) -> Step {
        Step::Call(Call {
            to: self.roster(),
            value: U256::ZERO,
            input: Bytes::from(call.abi_encode()),
        })
    }

    /// Erases what was kept long enough by this keeper's file, and by the city: without its word nothing is erased.
    async fn expire(&self, now: Moment) -> Result<(), String> {
        let id = ParameterId::LogRetentionMonths;
        let newest = BlockId::latest();
        let ask = |provider| async move { self.city.in_force(provider, newest, &[id]).await };
        // What is erased does not come back.
        let values = self.agreed.vote("how long payloads are kept", ask).await;
        let months = values.map_err(|error| error.to_string())?.of(id);
        let demanded = Retention::demanded(months);
        let erased = self.log.lock().expire(now.get(), demanded);
        let erased = erased.map_err(|error| error.to_string())?;
        if !erased.is_empty() {
            tracing::info!(payloads = erased.len(), "their retention is over: erased");
        }
        Ok(())
    }

    /// One round of copies. Each is its own truth, on disk: who dies in between pushes again.
    async fn push(&self, now: Moment) -> Result<(), String> {
        let due = self.read(|log| log.pushes_due(now.get()))?;
        for push in due {
            let result = match self.mirrors.get(&push.mirror) {
                Some(url) => self.client.push(url, push.mirror, &push.parcel).await,
                None => Err(mirror::MirrorError::Unknown {
                    mirror: push.mirror,
                }),
            };
            if let Err(error) = &result {
                tracing::warn!(mirror = %push.mirror, entry = push.place, lie = error.is_lie(), "{error}");
            }
            let tried = self.log.lock().tried(&push, now.get(), result.as_ref());
            tried.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

fn refused(cause: String) -> Step {
    Step::Ended(Outcome::Refused { cause })
}

impl<P: Provider + 'static> Part for Keeping<P> {
    fn stream(&self) -> &str {
        STREAM
    }

    fn machine(
        &self,
        state: Option<&str>,
        _pays: bool,
    ) -> Result<Box<dyn Machine + Send>, serde_json::Error> {
        Ok(Box::new(match state {
            Some(state) => Anchoring::resume(self.author(), self.pace, state)?,
            None => Anchoring::new(self.author(), self.pace),
        }))
    }

    fn pause(&self) -> Duration {
        self.pause
    }

    fn observe(self: Arc<Self>, asked: Moment, feed: Feed) -> Task<()> {
        Box::pin(async move {
            match within(self.look(asked)).await {
                Ok((event, newest)) => {
                    if !feed.tell(event).await {
                        return;
                    }
                    feed.reached(newest).await;
                }
                Err(cause) => tracing::warn!("the log and the roster cannot be compared: {cause}"),
            }
            if let Err(cause) = self.push(asked).await {
                tracing::error!("copies of the log: {cause}");
            }
            if let Err(cause) = within(self.expire(asked)).await {
                tracing::error!("retention of the log: {cause}");
            }
        })
    }

    fn at_once(&self, action: &Action) -> Option<Outcome> {
        let Action::Log(anchor::Step::Tell { text, .. }) = action else {
            return None;
        };
        tracing::warn!("{text}");
        Some(Outcome::Told)
    }

    fn carry_out(self: Arc<Self>, action: Action, asking: Asking) -> Task<Result<Step, String>> {
        Box::pin(async move {
            match action {
                Action::Log(step) if asking.payer == Some(self.author()) => {
                    self.need(step, asking.now).await
                }
                _ => Ok(Step::Later),
            }
        })
    }
}
