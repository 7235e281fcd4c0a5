//! The section `[log]` of the configuration.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use agentcity_domain::time::Millis;
use agentcity_hub::{
    redact::{Rule, Rules},
    store::{RETENTION_MONTHS_MIN, Retention},
};
use alloy::{primitives::Address, transports::http::reqwest::Url};
use serde::Deserialize;

use super::ConfigError;
use crate::machine::anchor::Pace;

/// Most mirrors: each is pushed each critical entry.
pub const MIRRORS_MAX: usize = 16;
/// Most entries that may wait for an anchor.
pub const ANCHOR_ENTRIES_MAX: u64 = 1_000_000;
/// Longest that an entry may wait for an anchor: a week.
pub const ANCHOR_SECS_MAX: u64 = 7 * 86_400;

/// The log that a keeper keeps.
#[derive(Debug)]
pub struct LogConfig {
    /// Where it is.
    pub file: PathBuf,
    /// When its roots are anchored.
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogFile {
    file: PathBuf,
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

impl LogFile {
    /// Validates it.
    pub(super) fn config(self) -> Result<LogConfig, ConfigError> {
        for (key, given, most) in [
            ("anchor_entries", self.anchor_entries, ANCHOR_ENTRIES_MAX),
            ("anchor_secs", self.anchor_secs, ANCHOR_SECS_MAX),
        ] {
            if !(1..=most).contains(&given) {
                return Err(ConfigError::LogPace { key, given, most });
            }
        }
        if self.mirrors.len() > MIRRORS_MAX {
            return Err(ConfigError::Mirrors(self.mirrors.len()));
        }
        let mut mirrors = BTreeMap::new();
        for (mirror, url) in self.mirrors {
            let url = url.parse::<Url>().ok();
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
            mirrors.insert(mirror, url.ok_or(ConfigError::Mirror(mirror))?);
        }
        Ok(LogConfig {
            file: self.file,
            pace: Pace {
                entries: self.anchor_entries,
                wait: Millis::new(self.anchor_secs * 1_000),
            },
            retention: Retention::months(self.retention_months)?,
            redaction: Rules::new(&self.redact)?.and(Rules::common()),
            mirrors,
            listen: self.listen,
        })
    }
}
