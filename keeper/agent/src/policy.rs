//! What an owner lets its agent do: a TOML file with units in keys, validated once into a type that cannot hold a bad value.
//!
//! What the file does not allow is not done. There is no default that spends anything.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use agentcity_domain::legislation::proposal::CANDIDATES_MAX;
use agentcity_keeper::config::Misshapen;
use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
    transports::http::reqwest::Url,
};
use serde::Deserialize;

/// Services that one agent bids with at most: each is weighed for every node.
pub const OFFERS_MAX: usize = 64;
/// Laws that one agent proposes at most: as many as a principal may in one session.
pub const AGENDA_MAX: usize = CANDIDATES_MAX as usize;
/// Domains of one list.
pub const DOMAINS_MAX: usize = 64;
/// Bids that may be reserved at once at most.
pub const BIDS_MAX: u32 = 1_024;
/// Jobs at a time at most: each is a process with what its service may use.
pub const JOBS_MAX: usize = 64;
/// Longest pause between two looks, in seconds: half the shortest window of the defaults, so none is overslept.
pub const POLL_SECS_MAX: u64 = 30;
/// Most blocks that may have to lie on a transaction before it counts as final: an hour of blocks of 250 ms.
pub const DEPTH_BLOCKS_MAX: u64 = 14_400;
/// The whole of a permille.
const WHOLE: u16 = 1_000;
/// Most that is staked of the least stake: ten times, so that a slip of the keyboard does not stake everything.
const STAKE_PERMILLE_MAX: u16 = 10_000;

/// A valid policy.
#[derive(Debug)]
pub struct Policy {
    /// Where the chain answers. Printed without what may be a secret.
    pub endpoint: Url,
    /// The city.
    pub constitution: Address,
    /// File with the agent's key.
    pub agent_key_file: PathBuf,
    /// File with the principal's key; without it the agent neither votes nor sponsors.
    pub principal_key_file: Option<PathBuf>,
    /// Where the journal is.
    pub journal: PathBuf,
    /// Where secrets and promises are kept.
    pub secrets: PathBuf,
    /// Folder of statutes' documents.
    pub documents: PathBuf,
    /// What this process is called among those that share the journal.
    pub name: String,
    /// Pause between two looks.
    pub poll: Duration,
    /// Blocks that must lie on a transaction before it counts as final.
    pub depth_blocks: u64,
    /// The block from which sessions are looked for.
    pub from_block: u64,
    /// What it bids, in order: of several that fit a node the first.
    pub offers: Vec<Offer>,
    /// How much it takes on.
    pub limits: Limits,
    /// How it votes; not at all without it.
    pub vote: Option<Vote>,
    /// What it sponsors.
    pub sponsor: Option<Sponsor>,
    /// What it proposes.
    pub agenda: Vec<Item>,
    /// Whether it takes seats that it won.
    pub accepts_seats: bool,
    /// When it withdraws its credit; never without it.
    pub withdraw: Option<Withdraw>,
    /// How it comes into the city; by its owner's hand without it.
    pub register: Option<Register>,
    /// How it serves keepers; not at all without it.
    pub serve: Option<Serve>,
}

/// How an agent serves keepers (docs/executors.md).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serve {
    /// Where it listens. Without a token on this machine alone.
    pub listen: SocketAddr,
    /// Where jobs are kept.
    pub jobs: PathBuf,
    /// Folder in which services have their working folders.
    pub scratch: PathBuf,
    /// File with the word that callers show.
    pub token_file: Option<PathBuf>,
    /// Most jobs at a time.
    pub jobs_max: usize,
    /// What it runs.
    pub services: Vec<Service>,
}

/// A service that runs as a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its number in the city.
    pub service: B256,
    /// File or folder whose hash is its code hash (docs/services.md).
    pub artifact: PathBuf,
    /// What is run.
    pub program: PathBuf,
    /// With what.
    pub arguments: Vec<String>,
}

/// How an agent comes into the city: its principal enrols with the registrar's word, then it registers as a producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// Folder in which the registrar's attestations come in; without it the principal enrols by hand.
    pub attestations: Option<PathBuf>,
    /// Most that one stake may be, in base units.
    pub stake_max: u128,
    /// What it deposits with the treasury, once, for the stakes of its bids, in base units.
    pub deposit: u128,
}

/// When credit at the treasury is withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdraw {
    /// From how many base units on.
    pub from: u128,
    /// How much of it stays, for stakes.
    pub keep: u128,
}

/// What is bid with one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The service.
    pub service: B256,
    /// Domains in which it bids; all if there is none.
    pub domains: BTreeSet<B256>,
    /// Tiers that it accepts.
    pub tiers: BTreeSet<u8>,
    /// Its price in thousandths of what a seat of the node may cost.
    pub price_permille: u16,
    /// The least price, in base units.
    pub price_min: u128,
    /// What it stakes, in thousandths of the least at the node's risk.
    pub stake_permille: u16,
    /// How well it matches, in thousandths.
    pub match_permille: u16,
    /// How long it takes, in milliseconds.
    pub latency_ms: u32,
    /// Whether the price is sealed until bidding is over.
    pub sealed: bool,
}

/// How much an agent takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bids of one session.
    pub bids_max: u32,
    /// Stake of all its bids in one session, in base units.
    pub stake_max: u128,
}

/// By what candidates are ranked; ties to the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The smallest budget first.
    Cheapest,
    /// The fewest nodes first.
    Smallest,
    /// The order of the ballot.
    Earliest,
}

/// How an agent votes for its principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// By what it ranks.
    pub order: Order,
    /// Domains that come before all others.
    pub prefers: BTreeSet<B256>,
}

/// What an agent puts its principal's name under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sponsor {
    /// Whether it signs petitions.
    pub petitions: bool,
    /// Domains whose proposals it sponsors; all if there is none.
    pub domains: BTreeSet<B256>,
}

/// A law that an agent wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The file of its document.
    pub document: PathBuf,
    /// Whose norms bind it.
    pub domain: B256,
}

/// Why a policy cannot be used. Every message names the key.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file could not be read.
    #[error("cannot read {path}: {cause}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Not TOML, or not of this shape. The line is named and not repeated: it may hold an endpoint with a key.
    #[error("policy: {0}")]
    Shape(#[from] Misshapen),
    /// Not a URL of HTTP. The value is not repeated: it may carry a key.
    #[error("endpoint: not an http:// or https:// address")]
    Endpoint,
    /// Outside its bounds.
    #[error("{key} = {found} is not within {least}..={most}")]
    Range {
        /// Which key.
        key: String,
        /// What stands there.
        found: u128,
        /// The least.
        least: u128,
        /// The most.
        most: u128,
    },
    /// No amount.
    #[error("{key} = {found:?} is no amount: it takes decimal digits, in base units")]
    Amount {
        /// Which key.
        key: String,
        /// What stands there.
        found: String,
    },
    /// The same twice.
    #[error("{key}: {what} is named twice")]
    Repeated {
        /// Which key.
        key: String,
        /// What.
        what: String,
    },
    /// Something that needs the principal's key.
    #[error(
        "{0}: it needs principal_key_file, since a principal votes, sponsors, petitions and consents"
    )]
    NeedsPrincipal(&'static str),
    /// Whoever reaches it could have it work.
    #[error(
        "serve.listen = {0}: without token_file it listens on this machine alone (127.0.0.1 or ::1)"
    )]
    Open(SocketAddr),
    /// Bids without limits.
    #[error("[[bid]]: it needs [limits] with bids_max and stake_max_base_units")]
    NeedsLimits,
    /// Two files that are one.
    #[error("{first} and {second} name one file: each needs its own")]
    SameFile {
        /// One key.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// The file with a key holds none. What it holds is not repeated.
    #[error(
        "{key}: {path} does not hold a secp256k1 key: it takes 64 hexadecimal digits, with or without 0x, and nothing else"
    )]
    Key {
        /// Which key of the policy.
        key: &'static str,
        /// Which file.
        path: PathBuf,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    endpoint: String,
    constitution: Address,
    agent_key_file: PathBuf,
    principal_key_file: Option<PathBuf>,
    journal: PathBuf,
    secrets: PathBuf,
    documents: PathBuf,
    #[serde(default = "default_name")]
    name: String,
    #[serde(default = "default_poll_secs")]
    poll_secs: u64,
    #[serde(default = "default_depth_blocks")]
    depth_blocks: u64,
    #[serde(default)]
    from_block: u64,
    #[serde(default)]
    bid: Vec<BidTable>,
    limits: Option<LimitsTable>,
    vote: Option<VoteTable>,
    sponsor: Option<SponsorTable>,
    #[serde(default)]
    agenda: Vec<ItemTable>,
    accept: Option<AcceptTable>,
    withdraw: Option<WithdrawTable>,
    register: Option<RegisterTable>,
    serve: Option<ServeTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServeTable {
    listen: SocketAddr,
    jobs: PathBuf,
    scratch: PathBuf,
    token_file: Option<PathBuf>,
    jobs_max: usize,
    service: Vec<ServiceTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceTable {
    service: B256,
    artifact: PathBuf,
    program: PathBuf,
    #[serde(default)]
    arguments: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BidTable {
    service: B256,
    #[serde(default)]
    domains: Vec<B256>,
    tiers: Vec<u8>,
    price_permille: u16,
    price_min_base_units: String,
    stake_permille: u16,
    match_permille: u16,
    latency_ms: u32,
    #[serde(default)]
    sealed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsTable {
    bids_max: u32,
    stake_max_base_units: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VoteTable {
    order: Order,
    #[serde(default)]
    prefers_domains: Vec<B256>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SponsorTable {
    petitions: bool,
    #[serde(default)]
    domains: Vec<B256>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemTable {
    document: PathBuf,
    domain: B256,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisterTable {
    attestations: Option<PathBuf>,
    stake_max_base_units: String,
    deposit_base_units: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptTable {
    seats: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithdrawTable {
    from_base_units: String,
    keep_base_units: String,
}

fn default_name() -> String {
    "agent".to_owned()
}

const fn default_poll_secs() -> u64 {
    5
}

// Three seconds of Arbitrum's blocks, as for keepers.
const fn default_depth_blocks() -> u64 {
    12
}

impl Policy {
    /// Reads and validates a file.
    ///
    /// Errors: [`PolicyError`].
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let text = std::fs::read_to_string(path).map_err(|cause| PolicyError::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
        Self::parse(&text)
    }

    /// Validates a text.
    ///
    /// Errors: [`PolicyError`].
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: File = toml::from_str(text).map_err(|error| Misshapen::new(text, &error))?;
        let endpoint = file
            .endpoint
            .parse::<Url>()
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or(PolicyError::Endpoint)?;
        within("poll_secs", file.poll_secs, 1, POLL_SECS_MAX)?;
        within("depth_blocks", file.depth_blocks, 0, DEPTH_BLOCKS_MAX)?;
        within(
            "name (bytes)",
            file.name.len() as u64,
            1,
            agentcity_keeper::journal::NAME_BYTES_MAX as u64,
        )?;
        within("bid (tables)", file.bid.len() as u64, 0, OFFERS_MAX as u64)?;
        within(
            "agenda (tables)",
            file.agenda.len() as u64,
            0,
            AGENDA_MAX as u64,
        )?;
        if file.journal == file.secrets {
            return Err(PolicyError::SameFile {
                first: "journal",
                second: "secrets",
            });
        }
        if file.principal_key_file.as_ref() == Some(&file.agent_key_file) {
            return Err(PolicyError::SameFile {
                first: "agent_key_file",
                second: "principal_key_file",
            });
        }
        if file.principal_key_file.is_none() {
            for (table, is_there) in [
                ("[vote]", file.vote.is_some()),
                ("[sponsor]", file.sponsor.is_some()),
                ("[[agenda]]", !file.agenda.is_empty()),
                ("[register]", file.register.is_some()),
            ] {
                if is_there {
                    return Err(PolicyError::NeedsPrincipal(table));
                }
            }
        }
        let offers = offers(file.bid)?;
        Ok(Self {
            endpoint,
            constitution: file.constitution,
            agent_key_file: file.agent_key_file,
            principal_key_file: file.principal_key_file,
            journal: file.journal,
            secrets: file.secrets,
            documents: file.documents,
            name: file.name,
            poll: Duration::from_secs(file.poll_secs),
            depth_blocks: file.depth_blocks,
            from_block: file.from_block,
            limits: limits(file.limits, !offers.is_empty())?,
            offers,
            vote: file.vote.map(vote).transpose()?,
            sponsor: file.sponsor.map(sponsor).transpose()?,
            agenda: agenda(file.agenda)?,
            accepts_seats: file.accept.is_some_and(|accept| accept.seats),
            withdraw: file.withdraw.as_ref().map(withdraw).transpose()?,
            register: file.register.map(register).transpose()?,
            serve: file.serve.map(serve).transpose()?,
        })
    }

    /// The agent's key.
    ///
    /// Errors: [`PolicyError::Unreadable`], [`PolicyError::Key`].
    pub fn agent_key(&self) -> Result<PrivateKeySigner, PolicyError> {
        key("agent_key_file", &self.agent_key_file)
    }

    /// The principal's key, if the agent acts for it.
    ///
    /// Errors: as of [`agent_key`](Self::agent_key).
    pub fn principal_key(&self) -> Result<Option<PrivateKeySigner>, PolicyError> {
        let file = self.principal_key_file.as_ref();
        file.map(|file| key("principal_key_file", file)).transpose()
    }
}

impl Policy {
    /// Folders that no service may see: those of keys, of secrets and of what was signed.
    pub fn secret_folders(&self) -> Vec<PathBuf> {
        let files = [&self.agent_key_file, &self.secrets, &self.journal];
        let files = files.into_iter().chain(&self.principal_key_file);
        let folders = files.filter_map(|file| std::path::absolute(file).ok());
        let folders = folders.filter_map(|file| file.parent().map(Path::to_owned));
        folders.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Offer {
    /// Whether it is made in a domain.
    pub fn is_for(&self, domain: B256) -> bool {
        self.domains.is_empty() || self.domains.contains(&domain)
    }
}

impl Sponsor {
    /// Whether a proposal of a domain has its name.
    pub fn is_for(&self, domain: B256) -> bool {
        self.domains.is_empty() || self.domains.contains(&domain)
    }
}

fn offers(tables: Vec<BidTable>) -> Result<Vec<Offer>, PolicyError> {
    let mut services = BTreeSet::new();
    let each = tables.into_iter().zip(0..).map(|(table, place)| {
        let at = |name: &str| format!("bid[{place}].{name}");
        if !services.insert(table.service) {
            return Err(PolicyError::Repeated {
                key: at("service"),
                what: table.service.to_string(),
            });
        }
        within(&at("tiers (entries)"), table.tiers.len() as u64, 1, 3)?;
        for tier in &table.tiers {
            within(&at("tiers"), u64::from(*tier), 1, 3)?;
        }
        let whole = u64::from(WHOLE);
        within(&at("price_permille"), table.price_permille.into(), 1, whole)?;
        within(&at("match_permille"), table.match_permille.into(), 0, whole)?;
        within(
            &at("stake_permille"),
            table.stake_permille.into(),
            whole,
            STAKE_PERMILLE_MAX.into(),
        )?;
        within(
            &at("latency_ms"),
            table.latency_ms.into(),
            1,
            u32::MAX.into(),
        )?;
        Ok(Offer {
            service: table.service,
            domains: set(&at("domains"), table.domains)?,
            tiers: set(&at("tiers"), table.tiers)?,
            price_permille: table.price_permille,
            price_min: amount(&at("price_min_base_units"), &table.price_min_base_units)?,
            stake_permille: table.stake_permille,
            match_permille: table.match_permille,
            latency_ms: table.latency_ms,
            sealed: table.sealed,
        })
    });
    each.collect()
}

/// Whoever bids says how much at most; whoever does not needs no limits.
fn limits(table: Option<LimitsTable>, bids: bool) -> Result<Limits, PolicyError> {
    match table {
        Some(table) => {
            within("limits.bids_max", table.bids_max.into(), 1, BIDS_MAX.into())?;
            Ok(Limits {
                bids_max: table.bids_max,
                stake_max: amount("limits.stake_max_base_units", &table.stake_max_base_units)?,
            })
        }
        None if bids => Err(PolicyError::NeedsLimits),
        None => Ok(Limits {
            bids_max: 0,
            stake_max: 0,
        }),
    }
}

fn serve(table: ServeTable) -> Result<Serve, PolicyError> {
    if table.token_file.is_none() && !table.listen.ip().is_loopback() {
        return Err(PolicyError::Open(table.listen));
    }
    within("serve.jobs_max", table.jobs_max as u64, 1, JOBS_MAX as u64)?;
    within(
        "serve.service (tables)",
        table.service.len() as u64,
        1,
        OFFERS_MAX as u64,
    )?;
    let mut known = BTreeSet::new();
    let services = table.service.into_iter().zip(0..).map(|(table, place)| {
        if !known.insert(table.service) {
            return Err(PolicyError::Repeated {
                key: format!("serve.service[{place}].service"),
                what: table.service.to_string(),
            });
        }
        Ok(Service {
            service: table.service,
            artifact: table.artifact,
            program: table.program,
            arguments: table.arguments,
        })
    });
    Ok(Serve {
        services: services.collect::<Result<_, _>>()?,
        listen: table.listen,
        jobs: table.jobs,
        scratch: table.scratch,
        token_file: table.token_file,
        jobs_max: table.jobs_max,
    })
}

fn withdraw(table: &WithdrawTable) -> Result<Withdraw, PolicyError> {
    let from = amount("withdraw.from_base_units", &table.from_base_units)?;
    let keep = amount("withdraw.keep_base_units", &table.keep_base_units)?;
    if keep >= from {
        return Err(PolicyError::Range {
            key: "withdraw.keep_base_units".to_owned(),
            found: keep,
            least: 0,
            most: from.saturating_sub(1),
        });
    }
    Ok(Withdraw { from, keep })
}

fn register(table: RegisterTable) -> Result<Register, PolicyError> {
    Ok(Register {
        attestations: table.attestations,
        stake_max: amount("register.stake_max_base_units", &table.stake_max_base_units)?,
        deposit: amount("register.deposit_base_units", &table.deposit_base_units)?,
    })
}

fn vote(table: VoteTable) -> Result<Vote, PolicyError> {
    Ok(Vote {
        order: table.order,
        prefers: set("vote.prefers_domains", table.prefers_domains)?,
    })
}

fn sponsor(table: SponsorTable) -> Result<Sponsor, PolicyError> {
    Ok(Sponsor {
        petitions: table.petitions,
        domains: set("sponsor.domains", table.domains)?,
    })
}

fn agenda(tables: Vec<ItemTable>) -> Result<Vec<Item>, PolicyError> {
    let mut documents = BTreeSet::new();
    let each = tables.into_iter().zip(0..).map(|(table, place)| {
        if !documents.insert(table.document.clone()) {
            return Err(PolicyError::Repeated {
                key: format!("agenda[{place}].document"),
                what: table.document.display().to_string(),
            });
        }
        Ok(Item {
            document: table.document,
            domain: table.domain,
        })
    });
    each.collect()
}

fn set<T: Ord + Copy + std::fmt::Display>(
    key: &str,
    list: Vec<T>,
) -> Result<BTreeSet<T>, PolicyError> {
    within(
        &format!("{key} (entries)"),
        list.len() as u64,
        0,
        DOMAINS_MAX as u64,
    )?;
    let mut set = BTreeSet::new();
    for one in list {
        if !set.insert(one) {
            return Err(PolicyError::Repeated {
                key: key.to_owned(),
                what: one.to_string(),
            });
        }
    }
    Ok(set)
}

fn within(key: &str, found: u64, least: u64, most: u64) -> Result<(), PolicyError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(PolicyError::Range {
        key: key.to_owned(),
        found: found.into(),
        least: least.into(),
        most: most.into(),
    })
}

/// Decimal digits: a number of TOML holds 63 bits, and an amount of 18 decimals soon has more.
fn amount(key: &str, text: &str) -> Result<u128, PolicyError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let amount = text.parse().ok().filter(|_| digits);
    amount.ok_or_else(|| PolicyError::Amount {
        key: key.to_owned(),
        found: text.to_owned(),
    })
}

fn key(key: &'static str, path: &Path) -> Result<PrivateKeySigner, PolicyError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) => {
            let path = path.to_owned();
            return Err(PolicyError::Unreadable { path, cause });
        }
    };
    text.trim().parse().map_err(|_| PolicyError::Key {
        key,
        path: path.to_owned(),
    })
}
