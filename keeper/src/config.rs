//! Configuration: TOML with units in keys, validated once into a type that cannot hold a bad value.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use alloy::{
    primitives::Address, signers::local::PrivateKeySigner, transports::http::reqwest::Url,
};
use serde::Deserialize;

use crate::{
    journal::NAME_BYTES_MAX,
    machine::program_life::{Notice, NoticesCross},
};

/// Programs one keeper watches at most: each costs one call per round, and a round must end before the next.
pub const PROGRAMS_MAX: usize = 256;
/// Shortest pause between two rounds: a public endpoint refuses more.
pub const POLL_SECS_MIN: u64 = 5;
/// Longest pause: a day, so that the shortest sensible notice is never overslept.
pub const POLL_SECS_MAX: u64 = 86_400;

/// Most blocks that may have to lie on a transaction before it counts as final: an hour of blocks of 250 ms.
pub const DEPTH_BLOCKS_MAX: u64 = 14_400;

/// A valid configuration.
#[derive(Debug)]
pub struct Config {
    /// Where the chain answers. May carry a key in its path or query: printed without both.
    pub endpoint: Url,
    /// Pause between two rounds.
    pub poll: Duration,
    /// When to tell.
    pub notice: Notice,
    /// Whose lives to watch, without repetition; nobody's when empty.
    pub programs: Vec<Address>,
    /// Where the journal is. Keepers that share their work share it.
    pub journal: PathBuf,
    /// What this keeper is called among those that share a journal. Two with one name take each other's leases.
    pub name: String,
    /// How many blocks must lie on a block before it counts as final.
    pub depth_blocks: u64,
    /// File with the key that pays for keepalives; without it the keeper only tells.
    pub key_file: Option<PathBuf>,
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
    /// No part of the keeper has anything to do.
    #[error("nothing to do: name the `programs` to watch")]
    Idle,
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
    #[serde(default = "default_poll_secs")]
    poll_secs: u64,
    #[serde(default = "default_notice_days")]
    notice_days: u32,
    #[serde(default = "default_urgent_days")]
    urgent_days: u32,
    programs: Option<Vec<Address>>,
    journal: PathBuf,
    #[serde(default = "default_name")]
    name: String,
    #[serde(default = "default_depth_blocks")]
    depth_blocks: u64,
    key_file: Option<PathBuf>,
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
        // A part without its section is not raised, and without any part there is nothing to do.
        let programs = file.programs.map(programs).transpose()?;
        let programs = programs.ok_or(ConfigError::Idle)?;
        if !(1..=NAME_BYTES_MAX).contains(&file.name.len()) {
            return Err(ConfigError::Name(file.name.len()));
        }
        if file.depth_blocks > DEPTH_BLOCKS_MAX {
            return Err(ConfigError::Depth(file.depth_blocks));
        }
        Ok(Self {
            journal: file.journal,
            name: file.name,
            depth_blocks: file.depth_blocks,
            key_file: file.key_file,
            endpoint,
            poll: Duration::from_secs(file.poll_secs),
            notice: Notice::days(file.notice_days, file.urgent_days)?,
            programs,
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
    fn every_bad_value_is_refused_with_its_key() {
        let programs =
            |list: &str| format!("endpoint = \"http://h\"\njournal = \"j\"\nprograms = [{list}]\n");
        let many: Vec<String> = (0..=PROGRAMS_MAX)
            .map(|index| format!("\"0x{index:040x}\""))
            .collect();
        for (text, says) in [
            (with("poll_secs = 4"), "poll_secs = 4"),
            (with("poll_secs = 86401"), "poll_secs = 86401"),
            (with("urgent_days = 31"), "urgent_days"),
            (with("pol_secs = 60"), "unknown field `pol_secs`"),
            (with("name = \"\""), "name: 0 bytes"),
            (with("depth_blocks = 14401"), "depth_blocks = 14401"),
            (
                with("").replace("journal = \"keeper.sqlite\"", ""),
                "missing field `journal`",
            ),
            (programs(""), "programs: 0 addresses"),
            (
                "endpoint = \"http://h\"\njournal = \"j\"\n".to_owned(),
                "nothing to do",
            ),
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
