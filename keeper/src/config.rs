//! Configuration: TOML with units in keys, validated once into a type that cannot hold a bad value.

use std::{collections::BTreeSet, path::Path, time::Duration};

use alloy::{primitives::Address, transports::http::reqwest::Url};
use serde::Deserialize;

use crate::machine::program_life::{Notice, NoticesCross};

/// Programs one keeper watches at most: each costs one call per round, and a round must end before the next.
pub const PROGRAMS_MAX: usize = 256;
/// Shortest pause between two rounds: a public endpoint refuses more.
pub const POLL_SECS_MIN: u64 = 5;
/// Longest pause: a day, so that the shortest sensible notice is never overslept.
pub const POLL_SECS_MAX: u64 = 86_400;

/// A valid configuration.
#[derive(Debug)]
pub struct Config {
    /// Where the chain answers. May carry a key in its path or query: printed without both.
    pub endpoint: Url,
    /// Pause between two rounds.
    pub poll: Duration,
    /// When to tell.
    pub notice: Notice,
    /// Whom to watch, without repetition.
    pub programs: Vec<Address>,
}

/// Why a configuration cannot be used. Every message names the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
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
    Shape(#[from] toml::de::Error),
    /// Not a URL of HTTP. The value is not repeated: it may carry a key.
    #[error("endpoint: not an http:// or https:// address")]
    Endpoint,
    /// Outside its bounds.
    #[error("poll_secs = {0} is not within {POLL_SECS_MIN}..={POLL_SECS_MAX}")]
    Poll(u64),
    /// Notices in the wrong order.
    #[error("notice_days, urgent_days: {0}")]
    Notices(#[from] NoticesCross),
    /// Nobody to watch, or too many.
    #[error("programs: {0} addresses, but it takes 1..={PROGRAMS_MAX}")]
    Programs(usize),
    /// The same program twice.
    #[error("programs: {0} is named twice")]
    Repeated(Address),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    endpoint: String,
    #[serde(default = "default_poll_secs")]
    poll_secs: u64,
    #[serde(default = "default_notice_days")]
    notice_days: u32,
    #[serde(default = "default_urgent_days")]
    urgent_days: u32,
    programs: Vec<Address>,
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
        let file: File = toml::from_str(text)?;
        let endpoint = file
            .endpoint
            .parse::<Url>()
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or(ConfigError::Endpoint)?;
        if !(POLL_SECS_MIN..=POLL_SECS_MAX).contains(&file.poll_secs) {
            return Err(ConfigError::Poll(file.poll_secs));
        }
        if file.programs.is_empty() || file.programs.len() > PROGRAMS_MAX {
            return Err(ConfigError::Programs(file.programs.len()));
        }
        let mut seen = BTreeSet::new();
        if let Some(repeated) = file.programs.iter().find(|program| !seen.insert(**program)) {
            return Err(ConfigError::Repeated(*repeated));
        }
        Ok(Self {
            endpoint,
            poll: Duration::from_secs(file.poll_secs),
            notice: Notice::days(file.notice_days, file.urgent_days)?,
            programs: file.programs,
        })
    }

    /// The endpoint without what may be a secret.
    pub fn endpoint_redacted(&self) -> String {
        let port = self
            .endpoint
            .port()
            .map_or(String::new(), |port| format!(":{port}"));
        format!(
            "{}://{}{port}",
            self.endpoint.scheme(),
            self.endpoint.host_str().unwrap_or("?")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "0x1111111111111111111111111111111111111111";

    fn with(line: &str) -> String {
        format!("endpoint = \"http://127.0.0.1:8545/secret\"\nprograms = [\"{ADDRESS}\"]\n{line}\n")
    }

    #[test]
    fn a_short_file_gets_the_defaults() {
        let config = Config::parse(&with("")).expect("valid");
        assert_eq!(config.poll, Duration::from_secs(3_600));
        assert_eq!(config.notice, Notice::days(30, 7).expect("ordered"));
    }

    #[test]
    fn a_key_in_the_endpoint_is_never_printed() {
        let config = Config::parse(&with("")).expect("valid");
        assert_eq!(config.endpoint_redacted(), "http://127.0.0.1:8545");
    }

    #[test]
    fn every_bad_value_is_refused_with_its_key() {
        let programs = |list: &str| format!("endpoint = \"http://h\"\nprograms = [{list}]\n");
        let many: Vec<String> = (0..=PROGRAMS_MAX)
            .map(|index| format!("\"0x{index:040x}\""))
            .collect();
        for (text, says) in [
            (with("poll_secs = 4"), "poll_secs = 4"),
            (with("poll_secs = 86401"), "poll_secs = 86401"),
            (with("urgent_days = 31"), "urgent_days"),
            (with("pol_secs = 60"), "unknown field `pol_secs`"),
            (programs(""), "programs: 0 addresses"),
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
