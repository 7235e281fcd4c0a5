//! Reads pages from the web, from files, or from what ships, within bounds: whom it asks is said by its owner, not by the page.

pub mod address;
mod file;
mod http;

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use reqwest::Url;

use crate::source::Source;

/// Most bytes of a page: several times the longest article, and quick to parse whatever it holds.
pub const PAGE_BYTES_MAX: usize = 2 << 20; // structural: bound of one reading
/// Most redirections of one page.
pub const REDIRECTS_MAX: usize = 5; // structural: bound of one reading
/// Longest that one page may take, its redirections together.
pub const PAGE_TIME_MAX: Duration = Duration::from_secs(10); // structural: bound of one reading

/// Whom and what a fetch may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Hosts on the web.
    pub hosts: Hosts,
    /// Whether hosts may be at addresses that are not public.
    pub network: Network,
    /// Files.
    pub files: Files,
    /// Longest that one page may take.
    pub time_max: Duration,
}

impl Default for Rules {
    /// Nothing but what ships.
    fn default() -> Self {
        Self {
            hosts: Hosts::These(BTreeSet::new()),
            network: Network::Public,
            files: Files::None,
            time_max: PAGE_TIME_MAX,
        }
    }
}

/// Hosts that may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Each of them at the usual port of its scheme, or at that one that stands behind its colon.
    These(BTreeSet<String>),
    /// All of them, at usual ports.
    Any,
}

/// Networks that may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Addresses of the public internet.
    Public,
    /// Those of this machine and of its networks too.
    Private,
}

/// Files that may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// None.
    None,
    /// Those below a folder, by names relative to it.
    Below(PathBuf),
    /// All: the names are of the one who runs this.
    Any,
}

impl Rules {
    fn check_host(&self, url: &Url) -> Result<(), FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::Scheme(url.to_string()));
        }
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let named = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host,
        };
        match &self.hosts {
            Hosts::These(hosts) if hosts.contains(&named) => Ok(()),
            Hosts::Any if url.port().is_none() => Ok(()),
            Hosts::These(_) | Hosts::Any => Err(FetchError::Host(named)),
        }
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// Where it was in the end; none of what has no address.
    pub at: Option<Url>,
    /// What its sender says of its type.
    pub content_type: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a page could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// A redirection to something that is not of the web.
    #[error("it leads to {0}, and only http and https are followed")]
    Scheme(String),
    /// A host that nobody allowed.
    #[error("host {0} is not among those to be asked: allow it with --host {0}")]
    Host(String),
    /// A name that leads nowhere.
    #[error("host {host} is not found: {cause}")]
    Unknown {
        /// Which.
        host: String,
        /// Why.
        cause: String,
    },
    /// A host within.
    #[error("host {0} is at no public address: --allow-private lets it be asked")]
    Private(String),
    /// Nobody answers, or what answers breaks off.
    #[error("{host} does not answer: {cause}")]
    Connection {
        /// Who.
        host: String,
        /// Why.
        cause: String,
    },
    /// Too slow.
    #[error("not within {} ms", .0.as_millis())]
    Time(Duration),
    /// Too large.
    #[error("more than {PAGE_BYTES_MAX} bytes")]
    Size,
    /// An answer that is no page.
    #[error("the answer is {0}")]
    Status(u16),
    /// The same address twice.
    #[error("redirections lead in a circle, back to {0}")]
    Loop(String),
    /// A chain without end.
    #[error("more than {REDIRECTS_MAX} redirections")]
    Redirects,
    /// A redirection without a target.
    #[error("a redirection says not where to: {0}")]
    Location(String),
    /// From a safe connection to an open one.
    #[error("it leads from https to http, which is not followed: {0}")]
    Downgrade(String),
    /// Compressed, although nobody asked for that.
    #[error("the answer is packed as {0}, which was not asked for")]
    Packed(String),
    /// A file outside of what may be read.
    #[error("file {0} is not among those to be read: --root names the folder of such files")]
    Outside(String),
    /// A file that cannot be read.
    #[error("file {name}: {cause}")]
    File {
        /// Which.
        name: String,
        /// Why.
        cause: String,
    },
}

impl FetchError {
    /// Its kind in a word, for outputs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Scheme(_) => "scheme",
            Self::Host(_) => "host",
            Self::Unknown { .. } => "unknownHost",
            Self::Private(_) => "privateAddress",
            Self::Connection { .. } => "connection",
            Self::Time(_) => "time",
            Self::Size => "size",
            Self::Status(_) => "status",
            Self::Loop(_) => "redirectLoop",
            Self::Redirects | Self::Location(_) | Self::Downgrade(_) => "redirect",
            Self::Packed(_) => "packed",
            Self::Outside(_) => "outside",
            Self::File { .. } => "file",
        }
    }
}

/// Reads one page.
///
/// Errors: [`FetchError`].
pub async fn fetch(source: &Source, rules: &Rules) -> Result<Raw, FetchError> {
    match source {
        Source::Web(url) => {
            let read = tokio::time::timeout(rules.time_max, http::get(url, rules)).await;
            read.map_err(|_| FetchError::Time(rules.time_max))?
        }
        Source::File(name) => file::read(name, &rules.files),
        Source::Corpus(entry) => Ok(Raw {
            at: None,
            content_type: None,
            bytes: entry.bytes.to_vec(),
        }),
    }
}
