//! Why a configuration cannot be used.

use agentcity_hub::{redact::RuleError, store::RetentionError};
use alloy::{primitives::Address, transports::TransportError};

use super::{DEPTH_BLOCKS_MAX, MIRRORS_MAX, POLL_SECS_MAX, POLL_SECS_MIN, PROGRAMS_MAX};
use crate::{
    journal::NAME_BYTES_MAX,
    machine::program_life::NoticesCross,
    office::OfficeError,
    operations,
    part::{escrow, mirror, reconciliation, router},
    source::pool::BadQuorum,
};

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
    /// A section works in a city, and none is named.
    #[error("{0}: it works in a city: name its constitution and its first block under [city]")]
    NoCity(&'static str),
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
    /// The section `operations`.
    #[error(transparent)]
    Operations(#[from] operations::SettingsError),
    /// The section `escrow`.
    #[error(transparent)]
    Escrow(#[from] escrow::SectionError),
    /// Nobody hands anything in, or nobody knows what runs.
    #[error(
        "escrow: it holds what a `[router]` hands in, and stops what a `[mirror]` knows: it needs both"
    )]
    EscrowAlone,
    /// Nobody hands anything in, or nobody is told what of it is strange.
    #[error("monitor: it hears whom a `[router]` serves, and tells a `[mirror]`: it needs both")]
    Unheard,
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
