//! Configuration: TOML with units in keys, validated once into a type that cannot hold a bad value.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use agentcity_domain::time::Millis;
use agentcity_hub::{
    redact::{Rule, RuleError, Rules},
    store::{RETENTION_MONTHS_MIN, Retention, RetentionError},
};
use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
    transports::{TransportError, http::reqwest::Url},
};
use serde::Deserialize;

use crate::{
    journal::NAME_BYTES_MAX,
    machine::{
        anchor::Pace,
        program_life::{Notice, NoticesCross},
    },
    office::{OfficeError, Settings, Table},
    part::{ANSWER_WITHIN, CityChain, mirror, reconciliation, router},
    source::{
        chain::Chain,
        endpoint::HttpEndpoint,
        log::{City, Contract, UnknownContract},
        pool::{self, BadQuorum, Pool},
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
    /// The city whose logs are followed, and the first block that may hold one.
    pub city: Option<(City, u64)>,
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
    pub router: Option<router::Setup>,
    /// Which missions' freezes to mirror, if any.
    pub mirror: Option<mirror::Section>,
    /// Which missions to compare with the chain at their boundaries, if any.
    pub reconciliation: Option<reconciliation::Section>,
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

/// The log that a keeper keeps.
#[derive(Debug)]
pub struct LogConfig {
    /// Where it is.
    pub file: PathBuf,
    /// The city's roster, where its roots are anchored.
    pub roster: Address,
    /// When they are.
    pub pace: Pace,
    /// How long payloads are kept.
    pub retention: Retention,
    /// What is taken out of payloads beforehand.
    pub redaction: Rules,
    /// Whose storages get copies, and where they are.
    pub mirrors: BTreeMap<Address, Url>,
    /// Where it is served to whomever; nowhere when absent.
    pub listen: Option<SocketAddr>,
}

/// Most mirrors: each is pushed each critical entry.
pub const MIRRORS_MAX: usize = 16;
/// Most entries that may wait for an anchor.
pub const ANCHOR_ENTRIES_MAX: u64 = 1_000_000;
/// Longest that an entry may wait for an anchor: a week.
pub const ANCHOR_SECS_MAX: u64 = 7 * 86_400;

/// What is not TOML, or not of the wanted shape. The line itself is not repeated: it may carry a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {key}: {cause}")]
pub struct Misshapen {
    /// Which line, from one.
    pub line: usize,
    /// What stands before its equals sign.
    pub key: String,
    /// Why.
    pub cause: String,
}

impl Misshapen {
    /// Where in `text` an error is.
    pub fn new(text: &str, error: &toml::de::Error) -> Self {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.as_bytes().iter().take(start);
        let above = before.filter(|byte| **byte == b'\n').count();
        let line = text.lines().nth(above).unwrap_or_default();
        let key = line.split('=').next().unwrap_or_default();
        Self {
            line: above.saturating_add(1),
            key: key.trim().to_owned(),
            cause: error.message().to_owned(),
        }
    }
}

/// Why a configuration cannot be used. Every message names the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The section of the router.
    #[error(transparent)]
    Router(#[from] router::SectionError),
    /// The file could not be read.
    #[error("cannot read {path}: {cause}")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// Not TOML, or not of this shape.
    #[error("configuration: {0}")]
    Shape(#[from] Misshapen),
    /// Not a URL of HTTP. The value is not repeated: it may carry a key.
    #[error("endpoint: not an http:// or https:// address")]
    Endpoint,
    /// Not a URL of WebSocket.
    #[error("websockets: not a ws:// or wss:// address")]
    WebSocket,
    /// Too many or too few must agree.
    #[error(transparent)]
    Quorum(#[from] BadQuorum),
    /// A contract that is none.
    #[error("city.contracts: {0}")]
    Contract(#[from] UnknownContract),
    /// A city with one contract missing, so that its logs would be.
    #[error("city.contracts: {0} is missing: name the address of all fourteen")]
    ContractMissing(Contract),
    /// There is no TLS on this machine.
    #[error("endpoint: {0}")]
    Transport(#[from] TransportError),
    /// Outside its bounds.
    #[error("poll_secs = {0} is not within {POLL_SECS_MIN}..={POLL_SECS_MAX}")]
    Poll(u64),
    /// Notices in the wrong order.
    #[error("notice_days, urgent_days: {0}")]
    Notices(#[from] NoticesCross),
    /// No part of the keeper has anything to do.
    #[error(
        "nothing to do: name the `programs` to watch, a `log` to keep, whom the `[router]` serves, the missions of a `[mirror]`, or the `[clerk]` to be"
    )]
    Idle,
    /// No journal, or two.
    #[error(
        "journal: name a file under `journal`, or a file with the connection string of a PostgreSQL server under `journal_url_file`: exactly one of the two"
    )]
    Journal,
    /// The table of a clerk.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The section `mirror`.
    #[error(transparent)]
    Mirrored(#[from] mirror::SectionError),
    /// The section `reconciliation`.
    #[error(transparent)]
    Reconciled(#[from] reconciliation::SectionError),
    /// Nobody signs reports.
    #[error("mirror: it needs `key_file`, whose key signs reports and what is sealed")]
    MirrorKey,
    /// Nobody to watch, or too many.
    #[error("programs: {0} addresses, but it takes 1..={PROGRAMS_MAX}")]
    Programs(usize),
    /// The same program twice.
    #[error("programs: {0} is named twice")]
    Repeated(Address),
    /// No name, or a long one.
    #[error("name: {0} bytes, but it takes 1..={NAME_BYTES_MAX}")]
    Name(usize),
    /// Outside its bounds.
    #[error("depth_blocks = {0} is not within 0..={DEPTH_BLOCKS_MAX}")]
    Depth(u64),
    /// A log without a key.
    #[error("log: it is anchored in the name of a key: name the `key_file`")]
    LogWithoutKey,
    /// Outside its bounds.
    #[error("log.{key} = {given} is not within 1..={most}")]
    LogPace {
        /// Which key.
        key: &'static str,
        /// What it says.
        given: u64,
        /// What it may say at most.
        most: u64,
    },
    /// Outside its bounds.
    #[error("log.retention_months: {0}")]
    Retention(#[from] RetentionError),
    /// A rule of redaction cannot be followed.
    #[error("log.redact: {0}")]
    Redaction(#[from] RuleError),
    /// Too many mirrors.
    #[error("log.mirrors: {0} of them, at most {MIRRORS_MAX}")]
    Mirrors(usize),
    /// Not a URL of HTTP. It is not repeated: it may carry a key.
    #[error("log.mirrors: that of {0} is no http:// or https:// address")]
    Mirror(Address),
    /// The file with the key holds none. What it holds is not repeated.
    #[error(
        "key_file: {path} does not hold a secp256k1 key: it takes 64 hexadecimal digits, with or without 0x, and nothing else"
    )]
    Key {
        /// Which file.
        path: String,
    },
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
    city: Option<CityFile>,
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
    router: Option<router::Section>,
    reconciliation: Option<reconciliation::Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogFile {
    file: PathBuf,
    roster: Address,
    #[serde(default = "default_anchor_entries")]
    anchor_entries: u64,
    #[serde(default = "default_anchor_secs")]
    anchor_secs: u64,
    #[serde(default = "default_retention_months")]
    retention_months: u32,
    #[serde(default)]
    redact: Vec<Rule>,
    #[serde(default)]
    mirrors: BTreeMap<Address, String>,
    listen: Option<SocketAddr>,
}

// A transaction for so many entries costs less than a thousandth of what they tell about.
const fn default_anchor_entries() -> u64 {
    1_000
}

// So long a log can be forked unseen by who looks at the chain alone.
const fn default_anchor_secs() -> u64 {
    3_600
}

const fn default_retention_months() -> u32 {
    RETENTION_MONTHS_MIN
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CityFile {
    from_block: u64,
    contracts: BTreeMap<String, Address>,
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
        let router = file.router.map(router::Section::setup).transpose()?;
        if let Some(mirror) = &file.mirror {
            mirror.check()?;
            file.key_file.as_ref().ok_or(ConfigError::MirrorKey)?;
        }
        let is_idle = programs.is_none()
            && clerk.is_none()
            && router.is_none()
            && file.log.is_none()
            && file.mirror.is_none();
        if is_idle {
            return Err(ConfigError::Idle);
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
            city: file.city.map(city).transpose()?,
            endpoints,
            quorum,
            websockets,
            poll: Duration::from_secs(file.poll_secs),
            notice: Notice::days(file.notice_days, file.urgent_days)?,
            programs: programs.unwrap_or_default(),
            log: file.log.map(log).transpose()?,
            clerk,
            mirror: file.mirror,
            reconciliation: file.reconciliation,
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

    /// The first endpoint without what may be a secret.
    pub fn endpoint_redacted(&self) -> String {
        redacted(&self.endpoints[0])
    }

    /// The chain of the city, if one is named. Wants a runtime, when new blocks are announced somewhere.
    ///
    /// Errors: [`ConfigError::Transport`].
    pub fn chain(
        &self,
        chain_id: u64,
        genesis: B256,
    ) -> Result<Option<Arc<CityChain>>, ConfigError> {
        let Some((city, from_block)) = &self.city else {
            return Ok(None);
        };
        let mut sources = Vec::new();
        for url in &self.endpoints {
            let chain = (chain_id, genesis);
            let endpoint = HttpEndpoint::new(url.clone(), ANSWER_WITHIN, chain, city.addresses())?;
            sources.push((redacted(url), endpoint));
        }
        let pool = Pool::new(sources, self.quorum)?;
        let chain = Arc::new(Chain::new(pool, *from_block, CHAIN_LOOK));
        for url in &self.websockets {
            drop(chain.subscribe(url.to_string()));
        }
        Ok(Some(chain))
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

fn redacted(url: &Url) -> String {
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or("?"))
}

fn city(file: CityFile) -> Result<(City, u64), ConfigError> {
    let mut members = BTreeMap::new();
    for (name, address) in file.contracts {
        members.insert(name.parse::<Contract>()?, address);
    }
    if let Some(missing) = Contract::ALL.into_iter().find(|c| !members.contains_key(c)) {
        return Err(ConfigError::ContractMissing(missing));
    }
    Ok((City::new(members), file.from_block))
}

fn log(file: LogFile) -> Result<LogConfig, ConfigError> {
    for (key, given, most) in [
        ("anchor_entries", file.anchor_entries, ANCHOR_ENTRIES_MAX),
        ("anchor_secs", file.anchor_secs, ANCHOR_SECS_MAX),
    ] {
        if !(1..=most).contains(&given) {
            return Err(ConfigError::LogPace { key, given, most });
        }
    }
    if file.mirrors.len() > MIRRORS_MAX {
        return Err(ConfigError::Mirrors(file.mirrors.len()));
    }
    let mut mirrors = BTreeMap::new();
    for (mirror, url) in file.mirrors {
        let url = url.parse::<Url>().ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        mirrors.insert(mirror, url.ok_or(ConfigError::Mirror(mirror))?);
    }
    Ok(LogConfig {
        file: file.file,
        roster: file.roster,
        pace: Pace {
            entries: file.anchor_entries,
            wait: Millis::new(file.anchor_secs * 1_000),
        },
        retention: Retention::months(file.retention_months)?,
        redaction: Rules::new(&file.redact)?.and(Rules::common()),
        mirrors,
        listen: file.listen,
    })
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
mod tests {
    use super::*;
    use alloy::primitives::B256;

    const ADDRESS: &str = "0x1111111111111111111111111111111111111111";

    fn with(line: &str) -> String {
        format!(
            "endpoint = \"http://127.0.0.1:8545/secret\"\njournal = \"keeper.sqlite\"\nprograms = [\"{ADDRESS}\"]\n{line}\n"
        )
    }

    #[test]
    fn a_short_file_gets_the_defaults() {
        let config = Config::parse(&with("")).expect("valid");
        assert_eq!(config.poll, Duration::from_secs(3_600));
        assert_eq!(config.notice, Notice::days(30, 7).expect("ordered"));
    }

    #[test]
    fn a_quorum_is_more_than_half_of_what_is_named() {
        let config = Config::parse(&with(
            "further_endpoints = [\"http://b\", \"http://c\"]\nwebsockets = [\"ws://a\"]",
        ));
        assert_eq!(config.expect("valid").quorum, 2);
        let contracts: Vec<String> = Contract::ALL
            .iter()
            .map(|contract| format!("{contract} = \"0x{:040x}\"", *contract as u8))
            .collect();
        let city = format!(
            "[city]\nfrom_block = 7\n[city.contracts]\n{}",
            contracts.join("\n")
        );
        let config = Config::parse(&with(&city)).expect("valid");
        let (city, from_block) = config.city.as_ref().expect("a city");
        assert_eq!((city.addresses().len(), *from_block), (14, 7));
        assert!(config.chain(1, B256::ZERO).expect("TLS").is_some());
    }

    #[test]
    fn a_key_in_the_endpoint_is_never_printed() {
        let config = Config::parse(&with("")).expect("valid");
        assert_eq!(config.endpoint_redacted(), "http://127.0.0.1:8545");
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused_without_its_content() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("key");
        let config = Config::parse(&with(&format!(
            "key_file = {:?}",
            path.display().to_string()
        )))
        .expect("valid");
        let unreadable = config.key().expect_err("no file").to_string();
        assert!(unreadable.contains("cannot read"), "{unreadable}");
        std::fs::write(&path, "sesame").expect("written");
        let error = config.key().expect_err("no key").to_string();
        assert!(
            error.contains("key_file") && !error.contains("sesame"),
            "{error}"
        );
        std::fs::write(&path, format!("0x{}\n", "11".repeat(32))).expect("written");
        assert!(config.key().expect("a key").is_some());
        assert!(
            Config::parse(&with(""))
                .expect("valid")
                .key()
                .expect("none")
                .is_none()
        );
    }

    #[test]
    fn what_cannot_be_read_is_named_and_not_repeated() {
        let secret = "endpoint = \"https://node/v2/s3cret";
        let told = Config::parse(secret).expect_err("no end").to_string();
        assert!(
            told.starts_with("configuration: line 1: endpoint: "),
            "{told}"
        );
        assert!(!told.contains("s3cret"), "{told}");
    }

    fn logged(line: &str) -> String {
        format!("key_file = \"k\"\n[log]\nfile = \"log.sqlite\"\nroster = \"{ADDRESS}\"\n{line}")
    }

    #[test]
    fn a_log_may_be_all_that_there_is_to_do() {
        let text =
            with(&logged("anchor_secs = 5")).replace(&format!("programs = [\"{ADDRESS}\"]"), "");
        let config = Config::parse(&text).expect("valid");
        let log = config.log.expect("a log");
        assert_eq!(
            (log.pace.entries, log.pace.wait),
            (1_000, Millis::new(5_000))
        );
        assert!(config.programs.is_empty() && log.listen.is_none());
    }

    #[test]
    fn missions_are_mirrored_with_a_key_and_within_bounds() {
        let mission = |byte: u8| format!("\"{}\"", B256::repeat_byte(byte));
        let section = |missions: &str, rest: &str| {
            with(&format!(
                "key_file = \"key\"\n[mirror]\nmissions = [{missions}]\ncollaboration = \"{ADDRESS}\"\nguardian = \"{ADDRESS}\"\nconstitution = \"{ADDRESS}\"\nroster = \"{ADDRESS}\"\nvault = \"v\"\nvault_key_file = \"k\"\n{rest}"
            ))
        };
        assert!(
            Config::parse(&section(&mission(1), ""))
                .expect("valid")
                .mirror
                .is_some()
        );
        let alone = section(&mission(1), "").replace(&format!("programs = [\"{ADDRESS}\"]\n"), "");
        assert!(Config::parse(&alone).expect("valid").programs.is_empty());
        let many: Vec<String> = (0..9).map(|_| format!("\"{ADDRESS}\"")).collect();
        for (text, says) in [
            (section("", ""), "mirror.missions: 0 missions"),
            (
                section(&format!("{0},{0}", mission(1)), ""),
                "is named twice",
            ),
            (
                section(&mission(1), "poll_secs = 61"),
                "mirror.poll_secs = 61",
            ),
            (
                section(&mission(1), "poll_sec = 1"),
                "unknown field `poll_sec`",
            ),
            (
                section(&mission(1), &format!("partners = [{}]", many.join(","))),
                "mirror.partners: 9",
            ),
            (
                section(&mission(1), "").replace("key_file = \"key\"\n", ""),
                "it needs `key_file`",
            ),
        ] {
            let error = Config::parse(&text).expect_err(&text).to_string();
            assert!(error.contains(says), "{text}\nsaid: {error}");
        }
    }

    #[test]
    fn every_bad_value_is_refused_with_its_key() {
        let programs =
            |list: &str| format!("endpoint = \"http://h\"\njournal = \"j\"\nprograms = [{list}]\n");
        let many: Vec<String> = (0..=PROGRAMS_MAX)
            .map(|index| format!("\"0x{index:040x}\""))
            .collect();
        for (text, says) in [
            (with("poll_secs = 4"), "poll_secs = 4"),
            (with("quorum = 2"), "quorum = 2 of 1"),
            (
                with("further_endpoints = [\"http://b\"]\nquorum = 1"),
                "quorum = 1 of 2",
            ),
            (
                with("further_endpoints = [\"ftp://b\"]"),
                "endpoint: not an http",
            ),
            (with("websockets = [\"http://b\"]"), "websockets: not a ws"),
            (
                with("[city]\nfrom_block = 1\ncontracts = {}"),
                "adjudication is missing",
            ),
            (
                with(&format!(
                    "[city]\nfrom_block = 1\ncontracts = {{ token = \"{ADDRESS}\" }}"
                )),
                "no contract is called token",
            ),
            (with("poll_secs = 86401"), "poll_secs = 86401"),
            (with("urgent_days = 31"), "urgent_days"),
            (with("pol_secs = 60"), "unknown field `pol_secs`"),
            (with("name = \"\""), "name: 0 bytes"),
            (with("depth_blocks = 14401"), "depth_blocks = 14401"),
            (
                with("").replace("journal = \"keeper.sqlite\"", ""),
                "exactly one of the two",
            ),
            (with("journal_url_file = \"j\""), "exactly one of the two"),
            (programs(""), "programs: 0 addresses"),
            (
                "endpoint = \"http://h\"\njournal = \"j\"\n".to_owned(),
                "nothing to do",
            ),
            (
                with(&logged("")).replace("key_file = \"k\"", ""),
                "key_file",
            ),
            (with(&logged("anchor_secs = 0")), "log.anchor_secs = 0"),
            (
                with(&logged("anchor_entries = 1000001")),
                "log.anchor_entries",
            ),
            (with(&logged("retention_months = 23")), "at least 24"),
            (with(&logged("roots = 1")), "unknown field `roots`"),
            (
                with(&logged("redact = [{ name = \"a\", pattern = \"(\" }]")),
                "log.redact: rule `a`",
            ),
            (
                with(&logged(&format!(
                    "mirrors = {{ \"{ADDRESS}\" = \"ftp://x\" }}"
                ))),
                "log.mirrors: that of",
            ),
            (with(&logged("listen = \"here\"")), "listen"),
            (programs(&many.join(",")), "programs: 257 addresses"),
            (
                programs(&format!("\"{ADDRESS}\",\"{ADDRESS}\"")),
                "named twice",
            ),
            (programs("\"0x11\""), "programs"),
            (
                with("").replace("http://127.0.0.1:8545/secret", "ftp://h"),
                "endpoint: not an http",
            ),
            (
                format!("programs = [\"{ADDRESS}\"]"),
                "missing field `endpoint`",
            ),
        ] {
            let error = Config::parse(&text).expect_err(&text).to_string();
            assert!(error.contains(says), "{text}\nsaid: {error}");
        }
    }
}
