//! Both sides of a comparison, read: the log and executors on one, enough endpoints on the other.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use agentcity_domain::{
    parameter::ParameterId,
    time::{Millis, Timestamp},
};
use agentcity_hub::store::Log;
use alloy::{eips::BlockId, primitives::B256, providers::Provider};

use super::super::Task;
use crate::{
    config::{Config, ConfigError},
    event::Head,
    machine::reconciliation::{Claim, Finding, OnChain, Phase, Record, compare},
    source::{
        agreed::{Agreed, head},
        city::City,
        kept,
        onchain::{self, Books, Members, Stand},
    },
};

/// What executors hold of their work: whoever knows them can be asked.
pub trait Fabric: fmt::Debug + Send + Sync {
    /// What those that this keeper serves hold of a mission's work, as far as it is open.
    ///
    /// Errors: why that could not be learnt.
    fn claims(self: Arc<Self>, mission: B256, at: Head) -> Task<Result<Vec<Claim>, String>>;
}

/// Both sides.
pub struct Sources<P> {
    pub(super) agreed: Agreed<P>,
    pub(super) members: Members,
    city: City,
    pub(super) from_block: u64,
    depth_blocks: u64,
    log: PathBuf,
    fabric: Option<Arc<dyn Fabric>>,
}

// A provider's address may carry a key.
impl<P> fmt::Debug for Sources<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("members", &self.members)
            .field("from_block", &self.from_block)
            .field("depth_blocks", &self.depth_blocks)
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

impl<P: Provider> Sources<P> {
    /// What a configuration names, in the city that was found for it: its log, and what enough of its endpoints say.
    ///
    /// Errors: [`ConfigError`].
    pub fn of(config: &Config, city: &City, agreed: Agreed<P>) -> Result<Self, ConfigError> {
        let needs = super::SectionError::Needs;
        let named = config
            .city
            .as_ref()
            .ok_or(needs("the [city] whose chain it is"))?;
        let log = config
            .log
            .as_ref()
            .ok_or(needs("the [log] that is compared"))?;
        Ok(Self::new(
            agreed,
            *city,
            named.from_block,
            config.depth_blocks,
            log.file.clone(),
        ))
    }

    /// Logs of the city begin at `from_block`; blocks count as settled when `depth_blocks` lie on them; `log` is the file of the
    /// keeper's log.
    pub const fn new(
        agreed: Agreed<P>,
        city: City,
        from_block: u64,
        depth_blocks: u64,
        log: PathBuf,
    ) -> Self {
        Self {
            agreed,
            members: Members::of(&city),
            city,
            from_block,
            depth_blocks,
            log,
            fabric: None,
        }
    }

    /// Executors are asked too.
    #[must_use]
    pub fn with_fabric(mut self, fabric: Arc<dyn Fabric>) -> Self {
        self.fabric = Some(fabric);
        self
    }

    /// The newest block that counts as final.
    ///
    /// Errors: why there is none.
    pub async fn settled(&self) -> Result<Head, String> {
        let settled = self.agreed.settled(self.depth_blocks).await;
        settled.map_err(|error| error.to_string())
    }

    /// The newest block.
    ///
    /// Errors: why there is none.
    pub async fn newest(&self) -> Result<Head, String> {
        let newest = self.agreed.settled(0).await;
        newest.map_err(|error| error.to_string())
    }

    /// How a mission stands.
    ///
    /// Errors: why that is not known.
    pub async fn stand(&self, mission: B256, at: Head) -> Result<Stand, String> {
        let ask = |provider| onchain::stand(provider, &self.members, mission, at);
        let stand = self.agreed.vote("how a mission stands", ask).await;
        stand.map_err(|error| error.to_string())
    }

    /// The treasury's books.
    ///
    /// Errors: why they are not known.
    pub async fn books(&self, at: Head) -> Result<Books, String> {
        let ask = |provider| onchain::books(provider, &self.members, at);
        let books = self.agreed.vote("the treasury's books", ask).await;
        books.map_err(|error| error.to_string())
    }

    /// Whether this evidence was reported of a mission.
    ///
    /// Errors: why that is not known.
    pub async fn is_reported(
        &self,
        mission: B256,
        evidence: B256,
        at: Head,
    ) -> Result<bool, String> {
        let (members, from) = (&self.members, self.from_block);
        let ask = |provider| onchain::is_reported(provider, members, mission, evidence, from, at);
        let said = self.agreed.vote("reports of divergence", ask).await;
        said.map_err(|error| error.to_string())
    }

    /// Compares record and chain as of `at`.
    ///
    /// Errors: why that could not be done; then nothing is known.
    pub async fn compare(&self, mission: B256, phase: Phase, at: Head) -> Result<Finding, String> {
        let (members, from) = (&self.members, self.from_block);
        let ask = |provider| onchain::read(provider, members, mission, from, at);
        let chain = self.agreed.vote("a mission's logs and states", ask).await;
        let mut chain = chain.map_err(|error| error.to_string())?;
        let mut record = self.record(mission).await?;
        if let Some(fabric) = &self.fabric {
            record.claims = Arc::clone(fabric).claims(mission, at).await?;
        }
        self.times(&record, &mut chain).await?;
        let window = self.window(at).await;
        let found = compare(mission, phase, &record, &chain, window);
        found.map_err(|error| error.to_string())
    }

    /// How far a keeper's view may lie behind the chain, as the city has it. It only warns, so where that is not known the default does.
    async fn window(&self, at: Head) -> Millis {
        let (id, block) = (ParameterId::OptimisticWindowMaxMs, BlockId::hash(at.hash));
        let ask = |provider| async move { self.city.in_force(provider, block, &[id]).await };
        let window = match self.agreed.vote("the city's parameters", ask).await {
            Ok(values) => values.of(id),
            Err(cause) => {
                tracing::warn!("late results are told by the default: {cause}");
                id.row().default
            }
        };
        Millis::new(window.into())
    }

    async fn record(&self, mission: B256) -> Result<Record, String> {
        let log = self.log.clone();
        let read = tokio::task::spawn_blocking(move || record(&log, mission));
        read.await.map_err(|error| error.to_string())?
    }

    /// Times of the blocks that confirmed what is known to have been there before.
    async fn times(&self, record: &Record, chain: &mut OnChain) -> Result<(), String> {
        let finished = |said: &&_| {
            let said: &crate::machine::reconciliation::Completion = said;
            record.finished.contains_key(&said.node)
        };
        let blocks = chain.completed.iter().filter(finished);
        let blocks: Vec<u64> = blocks.map(|said| said.spot.block).collect();
        for block in blocks {
            if chain.times.contains_key(&block) {
                continue;
            }
            let asked = self
                .agreed
                .vote("a block", |provider| head(provider, block));
            let time: Timestamp = asked.await.map_err(|error| error.to_string())?.time;
            chain.times.insert(block, time.get());
        }
        Ok(())
    }
}

/// What the log in this file holds of a mission, read beside whoever writes it.
fn record(log: &Path, mission: B256) -> Result<Record, String> {
    let log = Log::open_to_read(log).map_err(|error| format!("log: {error}"))?;
    kept::read(&log, mission).map_err(|error| error.to_string())
}
