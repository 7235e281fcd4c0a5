//! A keeper, round by round, and the chain that is asked afterwards.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
};

use agentcity_abi::{ARB_WASM, IArbWasm};
use alloy::{
    primitives::Address,
    providers::{Provider, ProviderBuilder, RootProvider},
    rpc::types::BlockNumberOrTag,
};
use eyre::{OptionExt, WrapErr};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Did, Fault, Found, Options, may_disturb,
    proxy::{Proxies, Trouble, chance},
};
use crate::{
    clock::{Clock, Moment},
    config::{Config, JournalAt},
    daemon::{ANSWER_WITHIN, Keeper},
    journal::SqliteJournal,
    machine::program_life::Notice,
    operations::metrics::metrics,
    source::{capped::Capped, ground::Ground},
};

/// Endpoints that the keeper is given: of three, two that agree outvote one that lies.
const ENDPOINTS: usize = 3;
/// How many of them must agree.
const QUORUM: usize = 2;
/// Rounds under a fault.
const ROUNDS_UNDER: u32 = 6;
/// Rounds within which it must have recovered: so often a transaction is sent again, with all its pauses.
const ROUNDS_AFTER: u32 = 60;
/// The keeper's clock goes on by so much a round: three rounds fit into a lease, and three make a pause before a transaction is sent again.
const ROUND_MILLIS: u64 = 7_000;
/// Blocks that lie on what is due before the fault: as deep as a reorganisation goes.
const BLOCKS_BEFORE: u64 = 24;
/// The clock's jump.
const JUMP_MILLIS: i64 = 7_200_000;
/// An hour of outage, in the keeper's time.
const OUTAGE_MILLIS: u64 = 3_600_000;
/// Pages that a full disk still takes.
const PAGES_LEFT: u32 = 0;
const DAY_SECS: u64 = 86_400;

/// The keeper's clock, as the drill sets it.
#[derive(Debug)]
struct DrillClock {
    now: AtomicU64,
    jumped: AtomicI64,
}

impl Clock for DrillClock {
    fn now(&self) -> Moment {
        let (now, jumped) = (
            self.now.load(Ordering::SeqCst),
            self.jumped.load(Ordering::SeqCst),
        );
        Moment::new(now.saturating_add_signed(jumped))
    }
}

type Drilled = Keeper<SqliteJournal, RootProvider>;

pub(super) struct Drill {
    config: PathBuf,
    seed: u64,
    /// The devnode itself.
    node: RootProvider,
    ground: Ground,
    proxies: Proxies,
    folder: TempDir,
    clock: DrillClock,
    keeper: Option<Drilled>,
    /// Pages by which the journal may grow, in a full disk.
    quota: Option<u32>,
    account: Option<Address>,
    programs: Vec<Address>,
    notice: Notice,
    depth_blocks: u64,
    begun: u64,
}

impl Drill {
    /// Errors: the configuration, the endpoint, or a chain that must not be disturbed.
    pub(super) async fn begin(options: &Options) -> eyre::Result<Self> {
        let config = Config::read(&options.config)?;
        let url = &config.endpoints[0];
        let node: RootProvider = ProviderBuilder::default()
            .connect_client(Capped::new(url.clone(), ANSWER_WITHIN)?.client());
        let id = node
            .get_chain_id()
            .await
            .wrap_err_with(|| config.endpoint_redacted())?;
        may_disturb(options, id)?;
        let constitution = config.city.map(|city| city.constitution);
        let ground = Ground::find(std::slice::from_ref(&node), 1, constitution).await?; // structural: the one endpoint that is not disturbed
        let newest = node.get_block(BlockNumberOrTag::Latest.into()).await?;
        let newest = newest
            .ok_or_eyre("the endpoint does not know its newest block")?
            .header;
        let proxies = Proxies::begin(url, ENDPOINTS, options.seed).await?;
        let account = config.key()?.map(|key| key.address());
        let drill = Self {
            seed: options.seed,
            ground,
            proxies,
            folder: tempfile::tempdir()?,
            clock: DrillClock {
                now: AtomicU64::new(newest.timestamp.saturating_mul(1_000)),
                jumped: AtomicI64::new(0),
            },
            keeper: None,
            quota: None,
            account,
            programs: config.programs.clone(),
            notice: config.notice,
            depth_blocks: config.depth_blocks,
            begun: 0,
            config: options.config.clone(),
            node,
        };
        // A node whose time and blocks nobody moves refuses here, before anything was done to it.
        drill.cheat("anvil_mine", json!(["0x1"])).await?;
        Ok(drill)
    }

    async fn cheat(&self, method: &'static str, params: Value) -> eyre::Result<Value> {
        let asked = self.node.raw_request(method.into(), params).await;
        asked.wrap_err_with(|| {
            format!(
                "{method} was refused: a drill moves time and blocks, and wants agentcity-devnode"
            )
        })
    }

    /// A keeper as the configuration wants it, but for what must not be touched: endpoints, journal, log and vault are the drill's.
    fn raise(&mut self) -> eyre::Result<()> {
        let mut config = Config::read(&self.config)?;
        let folder = self.folder.path();
        config.endpoints = self.proxies.urls().to_vec();
        config.quorum = QUORUM;
        config.websockets = Vec::new();
        config.operations = None;
        config.journal = JournalAt::File(folder.join("journal"));
        if let Some(log) = &mut config.log {
            log.file = folder.join("log");
            log.mirrors.clear();
            log.listen = None;
        }
        config.mirror = config
            .mirror
            .map(|mirror| mirror.with_vault_folder(folder.join("vault")));
        let providers = config.providers()?;
        let path = folder.join("journal");
        let journal = match self.quota {
            Some(pages) => SqliteJournal::open_within(&path, pages)?,
            None => SqliteJournal::open(&path)?,
        };
        let key = config.key()?;
        let ground = &self.ground;
        self.keeper = Some(Keeper::over(journal, providers, config, key, ground)?);
        Ok(())
    }

    /// One round. Whatever ends a keeper ends it here too, and the next round begins another, as a supervisor does.
    async fn round(&mut self, did: &mut Did) -> eyre::Result<()> {
        self.clock.now.fetch_add(ROUND_MILLIS, Ordering::SeqCst);
        if self.keeper.is_none() {
            self.begun = self.begun.saturating_add(1);
            if let Err(error) = self.raise() {
                if self.quota.is_none() {
                    return Err(error);
                }
                did.restarts = did.restarts.saturating_add(1);
                return Ok(());
            }
        }
        let Some(keeper) = &mut self.keeper else {
            return Ok(());
        };
        let worked = async {
            keeper.stand(&self.clock)?;
            keeper.observe(&self.clock).await?;
            keeper.act(&self.clock, false).await
        };
        match worked.await {
            Ok(_) => {}
            Err(error) if error.is_fenced() => {}
            Err(error) => {
                tracing::warn!("the keeper stopped: {error}");
                did.restarts = did.restarts.saturating_add(1);
                self.keeper = None;
            }
        }
        Ok(())
    }

    async fn mine(&self, blocks: u64) -> eyre::Result<()> {
        self.cheat("anvil_mine", json!([format!("{blocks:#x}")]))
            .await
            .map(drop)
    }

    /// Seconds of life of every program.
    async fn lives(&self) -> eyre::Result<Vec<u64>> {
        let mut lives = Vec::new();
        for program in &self.programs {
            let contract = IArbWasm::new(ARB_WASM, &self.node);
            let left = contract.programTimeLeft(*program).call().await;
            let left = left.wrap_err_with(|| {
                format!("{program} is no program that lives: `agentcity-keeper check` says why")
            })?;
            lives.push(left);
        }
        Ok(lives)
    }

    /// Lets the programs grow old, so that each must be extended. Whether there is anything to do.
    async fn make_due(&self) -> eyre::Result<bool> {
        if self.account.is_none() || self.programs.is_empty() {
            return Ok(false);
        }
        let longest = self.lives().await?.into_iter().max().unwrap_or_default();
        // structural: within the urgent notice, by a day or half of it
        let within = DAY_SECS.min(self.notice.urgent_secs() / 2);
        let wanted = self.notice.urgent_secs().saturating_sub(within);
        let by = longest.saturating_sub(wanted);
        self.cheat("evm_increaseTime", json!([by])).await?;
        self.mine(BLOCKS_BEFORE).await?;
        Ok(true)
    }

    async fn sent(&self) -> eyre::Result<u64> {
        match self.account {
            Some(account) => Ok(self.node.get_transaction_count(account).await?),
            None => Ok(0),
        }
    }

    /// Holds the drill of one fault.
    pub(super) async fn hold(&mut self, fault: Fault) -> eyre::Result<Found> {
        let mut did = Did::default();
        // It is well before the fault, so what is found afterwards is the fault's.
        self.proxies.trouble(|_| Trouble::None);
        self.settle(&mut did).await?.ok_or_eyre(
            "the keeper does not come to rest without any fault: see `agentcity-keeper check`",
        )?;
        let (counted, before) = (Did::now(), self.sent().await?);
        did = Did::default();
        let due = self.make_due().await?;
        let detail = self.under(fault, &mut did).await?;
        self.lift();
        let recovered_after = self.settle(&mut did).await?;
        let (sent, lives) = (
            self.sent().await?.saturating_sub(before),
            self.lives().await?,
        );
        let extended = lives.iter().all(|left| *left > self.notice.soon_secs());
        let wanted = if due { self.programs.len() as u64 } else { 0 };
        let fills = Did::fills().saturating_sub(counted.1);
        let single = sent == wanted.saturating_add(fills);
        let mut says = vec![match (due, extended) {
            (false, _) => {
                "nothing was due: name programs and a key_file to have something at stake"
                    .to_owned()
            }
            (true, true) => format!("{wanted} programs were extended"),
            (true, false) => "a program was not extended".to_owned(),
        }];
        if due {
            says.push(format!("by {sent} transactions"));
        }
        did = did.since(counted.0);
        Ok(Found {
            fault,
            detail,
            did,
            recovered_after: recovered_after.filter(|_| !due || (extended && single)),
            says: says.join(" "),
        })
    }

    /// Some rounds under a fault. Says what exactly was done.
    async fn under(&mut self, fault: Fault, did: &mut Did) -> eyre::Result<String> {
        let place = usize::try_from(chance(
            self.seed,
            &format!("{fault:?}/place"),
            ENDPOINTS as u64,
        ))?;
        let one =
            |trouble: Trouble| move |at: usize| if at == place { trouble } else { Trouble::None };
        let detail = match fault {
            Fault::Lag => {
                let blocks = 9 + chance(self.seed, "lag/blocks", BLOCKS_BEFORE);
                self.proxies.trouble(one(Trouble::Lag(blocks)));
                format!("endpoint {place} of {ENDPOINTS} is {blocks} blocks behind")
            }
            Fault::Drop => {
                self.proxies.trouble(|_| Trouble::Drop);
                "every endpoint loses one of two requests".to_owned()
            }
            Fault::Lie => {
                self.proxies.trouble(one(Trouble::Lie));
                format!("endpoint {place} of {ENDPOINTS} denies receipts and exaggerates counts")
            }
            Fault::Split => {
                self.proxies.trouble(|_| Trouble::Split);
                format!("each of {ENDPOINTS} endpoints tells receipts of another block")
            }
            Fault::Outage => {
                self.proxies.trouble(|_| Trouble::Out);
                format!("no endpoint answers for {} minutes", OUTAGE_MILLIS / 60_000)
            }
            Fault::DiskFull => {
                self.quota = Some(PAGES_LEFT);
                self.keeper = None;
                "the journal may not grow".to_owned()
            }
            Fault::ClockJump => {
                format!(
                    "the clock jumps {} minutes ahead, and back",
                    JUMP_MILLIS / 60_000
                )
            }
            Fault::Reorg => {
                let depth = 1 + chance(self.seed, "reorg/depth", BLOCKS_BEFORE);
                format!("{depth} blocks are taken back")
            }
        };
        for round in 0..ROUNDS_UNDER {
            match (fault, round) {
                (Fault::Outage, _) => {
                    let step = OUTAGE_MILLIS / u64::from(ROUNDS_UNDER);
                    self.clock.now.fetch_add(step, Ordering::SeqCst);
                }
                (Fault::ClockJump, 2) => self.clock.jumped.store(JUMP_MILLIS, Ordering::SeqCst),
                (Fault::ClockJump, 4) => self.clock.jumped.store(0, Ordering::SeqCst),
                (Fault::Reorg, 3) => {
                    let depth = 1 + chance(self.seed, "reorg/depth", BLOCKS_BEFORE);
                    self.cheat("anvil_reorg", json!([depth, []])).await?;
                }
                _ => {}
            }
            self.round(did).await?;
        }
        Ok(detail)
    }

    fn lift(&mut self) {
        self.proxies.trouble(|_| Trouble::None);
        self.clock.jumped.store(0, Ordering::SeqCst);
        if self.quota.take().is_some() {
            self.keeper = None;
        }
    }

    /// Rounds until all is well: everything told up to the head, nothing open. `None` when it does not come to that.
    async fn settle(&mut self, did: &mut Did) -> eyre::Result<Option<u32>> {
        let head = self.node.get_block_number().await?;
        for round in 1..=ROUNDS_AFTER {
            self.round(did).await?;
            self.mine(self.depth_blocks.saturating_add(1)).await?;
            let Some(keeper) = &mut self.keeper else {
                continue;
            };
            let streams = keeper.pictures()?;
            let told = |one: &crate::operations::desk::StreamPicture| {
                one.held
                    && !one.unsure
                    && one.open == 0
                    && one.reached.is_some_and(|block| block >= head)
            };
            if !streams.iter().all(told) || keeper.act(&self.clock, false).await? > 0 {
                continue;
            }
            let due = self
                .lives()
                .await?
                .into_iter()
                .any(|left| left <= self.notice.soon_secs());
            if self.account.is_none() || !due {
                return Ok(Some(round));
            }
        }
        Ok(None)
    }
}

impl Did {
    /// What was counted up to now, and how many nonces were filled up.
    fn now() -> (Self, u64) {
        let text = metrics().text();
        let of = |name: &str| total(&text, name);
        let did = Self {
            events: of("events_taken_total"),
            wanted: of("actions_wanted_total"),
            ended: of("actions_ended_total"),
            signed: of("transactions_signed_total"),
            sent: of("transactions_sent_total"),
            restarts: 0,
        };
        (did, Self::fills())
    }

    fn fills() -> u64 {
        metrics().gaps_filled.get()
    }

    /// What was counted since, with the restarts of this one.
    fn since(self, before: Self) -> Self {
        let (now, _) = Self::now();
        Self {
            events: now.events.saturating_sub(before.events),
            wanted: now.wanted.saturating_sub(before.wanted),
            ended: now.ended.saturating_sub(before.ended),
            signed: now.signed.saturating_sub(before.signed),
            sent: now.sent.saturating_sub(before.sent),
            restarts: self.restarts,
        }
    }
}

/// A counter over all of its labels.
fn total(text: &str, name: &str) -> u64 {
    let whole = format!("agentcity_keeper_{name}");
    let of = |line: &str| {
        let rest = line.strip_prefix(&whole)?;
        let (labels, number) = rest.rsplit_once(' ')?;
        (labels.is_empty() || labels.starts_with('{')).then(|| number.parse::<u64>().ok())?
    };
    text.lines().filter_map(of).sum()
}
