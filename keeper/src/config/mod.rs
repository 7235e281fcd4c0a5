//! Configuration: TOML with units in keys, validated once into a type that cannot hold a bad value.

mod error;
mod log;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alloy::{
    primitives::Address,
    providers::{ProviderBuilder, RootProvider},
    signers::local::PrivateKeySigner,
    transports::{TransportError, http::reqwest::Url},
};
use serde::Deserialize;

use self::log::LogFile;
pub use self::{
    error::{ConfigError, Misshapen},
    log::{ANCHOR_ENTRIES_MAX, ANCHOR_SECS_MAX, LogConfig, MIRRORS_MAX},
};
use crate::{
    journal::NAME_BYTES_MAX,
    machine::program_life::Notice,
    office::{Settings, Table},
    operations,
    part::{ANSWER_WITHIN, CityChain, escrow, mirror, monitor, reconciliation, router},
    source::{
        capped::Capped,
        chain::Chain,
        endpoint::HttpEndpoint,
        ground::Ground,
        pool::{self, Pool},
    },
};

/// Programs one keeper watches at most: each costs one call per round, and a round must end before the next.
pub const PROGRAMS_MAX: usize = 256;
/// Shortest pause between two rounds: a public endpoint refuses more.
pub const POLL_SECS_MIN: u64 = 5;
/// Longest pause: a day, so that the shortest sensible notice is never overslept.
pub const POLL_SECS_MAX: u64 = 86_400;

/// Most blocks that may have to lie on a transaction before it counts as final: an hour of blocks of 250 ms.
pub const DEPTH_BLOCKS_MAX: u64 = 14_400;

/// Pause between two looks at the chain without an announcement: four of Arbitrum's blocks, one question to each endpoint.
const CHAIN_LOOK: Duration = Duration::from_secs(1);

/// A valid configuration.
#[derive(Debug)]
pub struct Config {
    /// Where the chain answers, at least one. They may carry keys in path or query: printed without both.
    pub endpoints: Vec<Url>,
    /// How many of them must say the same about what moves money and about logs: more than half.
    pub quorum: usize,
    /// Where new blocks are announced over WebSocket. As secret as endpoints.
    pub websockets: Vec<Url>,
    /// The city that all parts work in.
    pub city: Option<CityConfig>,
    /// Pause between two rounds.
    pub poll: Duration,
    /// When to tell.
    pub notice: Notice,
    /// Whose lives to watch, without repetition; nobody's when empty.
    pub programs: Vec<Address>,
    /// Where the journal is. Keepers that share their work share it.
    pub journal: JournalAt,
    /// What this keeper is called among those that share a journal. Two with one name take each other's leases.
    pub name: String,
    /// How many blocks must lie on a block before it counts as final.
    pub depth_blocks: u64,
    /// File with the key that pays for keepalives; without it the keeper only tells.
    pub key_file: Option<PathBuf>,
    /// The log that it keeps, if it keeps one.
    pub log: Option<LogConfig>,
    /// What a clerk works with, for a keeper that fills an office (`--role`).
    pub clerk: Option<Settings>,
    /// For whom and with whom to work on missions; for nobody when there is none.
    pub router: Option<router::Settings>,
    /// Which missions' freezes to mirror, if any.
    pub mirror: Option<mirror::Section>,
    /// Which missions to compare with the chain at their boundaries, if any.
    pub reconciliation: Option<reconciliation::Section>,
    /// What is served to its operator; nothing when absent.
    pub operations: Option<operations::Settings>,
    /// How to hold outputs until the chain has them for good, if at all.
    pub escrow: Option<escrow::Section>,
    /// By what to judge what served executors hand in, if by anything.
    pub monitor: Option<monitor::Section>,
}

/// The city of a keeper. Its other members are what its constitution says they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CityConfig {
    /// Its constitution.
    pub constitution: Address,
    /// The first block that may hold a log of the city: that in which its constitution was deployed, as the address book has it.
    pub from_block: u64,
}

/// Where a journal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalAt {
    /// In this file of SQLite, for keepers of one machine.
    File(PathBuf),
    /// On the server of PostgreSQL whose connection string this file holds, for keepers of several machines. It may hold a password,
    /// so it is a file of its own.
    Server(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    endpoint: String,
    #[serde(default)]
    further_endpoints: Vec<String>,
    quorum: Option<usize>,
    #[serde(default)]
    websockets: Vec<String>,
    city: Option<CityConfig>,
    #[serde(default = "default_poll_secs")]
    poll_secs: u64,
    #[serde(default = "default_notice_days")]
    notice_days: u32,
    #[serde(default = "default_urgent_days")]
    urgent_days: u32,
    programs: Option<Vec<Address>>,
    journal: Option<PathBuf>,
    journal_url_file: Option<PathBuf>,
    #[serde(default = "default_name")]
    name: String,
    #[serde(default = "default_depth_blocks")]
    depth_blocks: u64,
    key_file: Option<PathBuf>,
    log: Option<LogFile>,
    clerk: Option<Table>,
    mirror: Option<mirror::Section>,
    monitor: Option<monitor::Section>,
    escrow: Option<escrow::Section>,
    router: Option<router::Section>,
    operations: Option<operations::Section>,
    reconciliation: Option<reconciliation::Section>,
}

fn default_name() -> String {
    "keeper".to_owned()
}

// Three seconds of Arbitrum's blocks: the sequencer's word is seldom taken back, and never so late.
const fn default_depth_blocks() -> u64 {
    12
}

const fn default_poll_secs() -> u64 {
    3_600
}

// A program can be extended from its 31st day on, so a month's notice always finds it extendable.
const fn default_notice_days() -> u32 {
    30
}

const fn default_urgent_days() -> u32 {
    7
}

impl Config {
    /// Reads and validates a file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable {
            path: path.display().to_string(),
            cause,
        })?;
        Self::parse(&text)
    }

    /// Validates a text.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| Misshapen::new(text, &error))?;
        let mut endpoints = Vec::new();
        for text in std::iter::once(&file.endpoint).chain(&file.further_endpoints) {
            endpoints.push(url(text, ["http", "https"]).ok_or(ConfigError::Endpoint)?);
        }
        // structural: more than half
        let quorum = file.quorum.unwrap_or(endpoints.len() / 2 + 1);
        pool::quorum(endpoints.len(), quorum)?;
        let mut websockets = Vec::new();
        for text in &file.websockets {
            websockets.push(url(text, ["ws", "wss"]).ok_or(ConfigError::WebSocket)?);
        }
        if !(POLL_SECS_MIN..=POLL_SECS_MAX).contains(&file.poll_secs) {
            return Err(ConfigError::Poll(file.poll_secs));
        }
        reconciled(&file)?;
        // A part without its section is not raised, and without any part there is nothing to do.
        let programs = file.programs.map(programs).transpose()?;
        let clerk = file.clerk.map(Table::settings).transpose()?;
        let router = file.router.map(router::Section::settings).transpose()?;
        if let Some(mirror) = &file.mirror {
            mirror.check()?;
            file.key_file.as_ref().ok_or(ConfigError::MirrorKey)?;
        }
        if file.monitor.is_some() && (file.mirror.is_none() || router.is_none()) {
            return Err(ConfigError::Unheard);
        }
        if let Some(escrow) = &file.escrow {
            escrow.check()?;
            if file.mirror.is_none() || router.is_none() {
                return Err(ConfigError::EscrowAlone);
            }
        }
        let operations = file
            .operations
            .map(operations::Section::settings)
            .transpose()?;
        let shows = operations
            .as_ref()
            .is_some_and(|served| served.dashboard.is_some());
        let is_idle = programs.is_none()
            && clerk.is_none()
            && router.is_none()
            && file.log.is_none()
            && file.mirror.is_none();
        if is_idle {
            return Err(ConfigError::Idle);
        }
        let in_city = [
            ("log", file.log.is_some()),
            ("router", router.is_some()),
            ("mirror", file.mirror.is_some()),
            ("clerk", clerk.is_some()),
            ("operations.dashboard", shows),
        ];
        if let (None, Some((section, _))) = (&file.city, in_city.iter().find(|(_, named)| *named)) {
            return Err(ConfigError::NoCity(section));
        }
        if file.log.is_some() && file.key_file.is_none() {
            return Err(ConfigError::LogWithoutKey);
        }
        if !(1..=NAME_BYTES_MAX).contains(&file.name.len()) {
            return Err(ConfigError::Name(file.name.len()));
        }
        if file.depth_blocks > DEPTH_BLOCKS_MAX {
            return Err(ConfigError::Depth(file.depth_blocks));
        }
        Ok(Self {
            journal: match (file.journal, file.journal_url_file) {
                (Some(path), None) => JournalAt::File(path),
                (None, Some(path)) => JournalAt::Server(path),
                _ => return Err(ConfigError::Journal),
            },
            name: file.name,
            depth_blocks: file.depth_blocks,
            key_file: file.key_file,
            city: file.city,
            endpoints,
            quorum,
            websockets,
            poll: Duration::from_secs(file.poll_secs),
            notice: Notice::days(file.notice_days, file.urgent_days)?,
            programs: programs.unwrap_or_default(),
            log: file.log.map(LogFile::config).transpose()?,
            clerk,
            mirror: file.mirror,
            operations,
            reconciliation: file.reconciliation,
            monitor: file.monitor,
            escrow: file.escrow,
            router,
        })
    }

    /// The key that pays, if the keeper is to act.
    ///
    /// Errors: [`ConfigError::Unreadable`], [`ConfigError::Key`].
    pub fn key(&self) -> Result<Option<PrivateKeySigner>, ConfigError> {
        let Some(file) = &self.key_file else {
            return Ok(None);
        };
        let path = file.display().to_string();
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(cause) => return Err(ConfigError::Unreadable { path, cause }),
        };
        match text.trim().parse() {
            Ok(key) => Ok(Some(key)),
            Err(_) => Err(ConfigError::Key { path }),
        }
    }

    /// All endpoints, in their order. Simple on purpose: nothing is filled in, signed or polled for behind whoever asks.
    ///
    /// Errors: there is no TLS on this machine.
    pub fn providers(&self) -> Result<Vec<RootProvider>, TransportError> {
        let connect = |url: &Url| {
            let client = Capped::new(url.clone(), ANSWER_WITHIN)?.client();
            Ok(ProviderBuilder::default().connect_client(client))
        };
        self.endpoints.iter().map(connect).collect()
    }

    /// The first endpoint without what may be a secret.
    pub fn endpoint_redacted(&self) -> String {
        redacted(&self.endpoints[0])
    }

    /// The chain of the city, if one is named and found. Wants a runtime, when new blocks are announced somewhere.
    ///
    /// Errors: [`ConfigError::Transport`].
    pub fn chain(&self, ground: &Ground) -> Result<Option<Arc<CityChain>>, ConfigError> {
        let Some(pool) = self.pool(ground)? else {
            return Ok(None);
        };
        let from_block = self.city.map_or(1, |city| city.from_block);
        let chain = Arc::new(Chain::new(pool, from_block, CHAIN_LOOK));
        for url in &self.websockets {
            drop(chain.subscribe(url.to_string()));
        }
        Ok(Some(chain))
    }

    /// The endpoints as one, to read the city's logs; with connections of their own.
    ///
    /// Errors: [`ConfigError::Transport`].
    pub fn pool(&self, ground: &Ground) -> Result<Option<Pool<HttpEndpoint>>, ConfigError> {
        let (Some(_), Some(city)) = (&self.city, &ground.city) else {
            return Ok(None);
        };
        let mut sources = Vec::new();
        for url in &self.endpoints {
            let chain = (ground.chain_id, ground.genesis);
            let addresses = city.contracts().addresses();
            let endpoint = HttpEndpoint::new(url.clone(), ANSWER_WITHIN, chain, addresses)?;
            sources.push((redacted(url), endpoint));
        }
        Ok(Some(Pool::new(sources, self.quorum)?))
    }
}

/// What reconciliation needs besides its section.
fn reconciled(file: &File) -> Result<(), reconciliation::SectionError> {
    let Some(section) = &file.reconciliation else {
        return Ok(());
    };
    section.check()?;
    let needs = |missing: bool, what| match missing {
        true => Err(reconciliation::SectionError::Needs(what)),
        false => Ok(()),
    };
    needs(file.city.is_none(), "the [city] whose chain it is")?;
    needs(file.log.is_none(), "the [log] that is compared")?;
    needs(
        file.key_file.is_none(),
        "`key_file`, with the key of a monitor that reports and anchors",
    )
}

fn url(text: &str, schemes: [&str; 2]) -> Option<Url> {
    let url = text.parse::<Url>().ok()?;
    schemes.contains(&url.scheme()).then_some(url)
}

pub(crate) fn redacted(url: &Url) -> String {
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or("?"))
}

fn programs(list: Vec<Address>) -> Result<Vec<Address>, ConfigError> {
    if list.is_empty() || list.len() > PROGRAMS_MAX {
        return Err(ConfigError::Programs(list.len()));
    }
    let mut seen = BTreeSet::new();
    if let Some(repeated) = list.iter().find(|program| !seen.insert(**program)) {
        return Err(ConfigError::Repeated(*repeated));
    }
    Ok(list)
}

#[cfg(test)]
mod tests;
