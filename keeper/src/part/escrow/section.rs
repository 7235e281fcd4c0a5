//! Section `escrow` of the configuration.

use std::{collections::BTreeSet, net::SocketAddr, ops::RangeInclusive, path::PathBuf};

use agentcity_domain::{parameter::ParameterId, time::Millis};
use agentcity_executor::client::Client;
use alloy::primitives::Address;
use serde::Deserialize;

use crate::machine::escrow_buffer::{Pace, Rules};

/// Shortest and longest pause between two looks, in seconds: an outage is noticed as late as that.
const POLL_SECS: RangeInclusive<u64> = 1..=60;
/// Shortest and longest silence that is an outage, in seconds: a sequencer pauses for seconds, and the law's shortest threshold is a minute.
const SILENCE_SECS: RangeInclusive<u64> = 10..=3_600;
/// Longest time that outputs of ended missions are kept, in days: ten years.
const RETENTION_DAYS: RangeInclusive<u64> = 0..=3_650;
/// Monitors that one keeper asks about an outage: one of another principal is enough.
const MONITORS_MAX: usize = 8;

/// The section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// How blocks come.
    #[serde(default)]
    blocks: Blocks,
    /// Silence that is an outage.
    #[serde(default = "default_silence_secs")]
    silence_secs: u64,
    /// Pause between two looks at the chain.
    #[serde(default = "default_poll_secs")]
    pub(super) poll_secs: u64,
    /// File into which the operator writes the number of the stop that is to end, where no panel can.
    pub(super) authorise_file: PathBuf,
    /// How long outputs are kept after their mission ended.
    #[serde(default = "default_retention_days")]
    pub(super) retention_days: u64,
    /// Where this keeper's word about outages is served; nowhere when absent.
    pub(super) listen: Option<SocketAddr>,
    /// Whose words it asks for.
    #[serde(default)]
    pub(super) monitors: Vec<Witness>,
}

/// A monitor of another keeper, and where its words are served.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// Its account.
    pub(super) monitor: Address,
    /// Where its keeper listens.
    pub(super) url: String,
}

/// How blocks come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Blocks {
    /// With transactions, as Arbitrum's do.
    #[default]
    OnDemand,
    /// By themselves.
    Steady,
}

const fn default_silence_secs() -> u64 {
    60
}

const fn default_poll_secs() -> u64 {
    2
}

// A month: longer than any window in which people look back at an ended mission.
const fn default_retention_days() -> u64 {
    30
}

/// Why the section cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SectionError {
    /// A number outside its bounds.
    #[error("escrow.{key} = {given} is not within {least}..={most}")]
    Bounds {
        /// Which key.
        key: &'static str,
        /// What it says.
        given: u64,
        /// At least.
        least: u64,
        /// At most.
        most: u64,
    },
    /// Too many.
    #[error("escrow.monitors: {0} monitors, but it takes at most {MONITORS_MAX}")]
    Monitors(usize),
    /// The same twice.
    #[error("escrow.monitors: {0} is named twice")]
    Repeated(Address),
    /// Nobody can be asked there.
    #[error(
        "escrow.monitors: {url:?}, of {monitor}, is no address of a keeper: wanted https://host[:port], or http:// on this machine"
    )]
    Address {
        /// Whose.
        monitor: Address,
        /// What it says.
        url: String,
    },
}

impl Section {
    /// Errors: [`SectionError`].
    pub fn check(&self) -> Result<(), SectionError> {
        for (key, given, within) in [
            ("silence_secs", self.silence_secs, SILENCE_SECS),
            ("poll_secs", self.poll_secs, POLL_SECS),
            ("retention_days", self.retention_days, RETENTION_DAYS),
        ] {
            if !within.contains(&given) {
                let (least, most) = (*within.start(), *within.end());
                return Err(SectionError::Bounds {
                    key,
                    given,
                    least,
                    most,
                });
            }
        }
        if self.monitors.len() > MONITORS_MAX {
            return Err(SectionError::Monitors(self.monitors.len()));
        }
        let mut seen = BTreeSet::new();
        for Witness { monitor, url } in &self.monitors {
            if !seen.insert(monitor) {
                return Err(SectionError::Repeated(*monitor));
            }
            // The same holds for whom else a keeper asks: nothing crosses a network unencrypted.
            Client::address(url).map_err(|_| SectionError::Address {
                monitor: *monitor,
                url: url.clone(),
            })?;
        }
        Ok(())
    }

    /// How the buffer works until the chain said what its threshold is.
    pub(super) fn rules(&self) -> Rules {
        let silence = Millis::new(self.silence_secs * 1_000);
        let threshold = ParameterId::DegradedModeThresholdMs.row().default;
        Rules {
            pace: match self.blocks {
                Blocks::OnDemand => Pace::OnDemand(silence),
                Blocks::Steady => Pace::Steady(silence),
            },
            threshold: Millis::new(threshold.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Section, String> {
        let text = format!("authorise_file = \"go on\"\n{text}");
        let section: Section = toml::from_str(&text).map_err(|error| error.to_string())?;
        section.check().map_err(|error| error.to_string())?;
        Ok(section)
    }

    fn witness(number: u8, url: &str) -> String {
        let monitor = Address::repeat_byte(number);
        format!("[[monitors]]\nmonitor = \"{monitor}\"\nurl = {url:?}\n")
    }

    #[test]
    fn every_bad_value_is_refused_with_its_key() {
        assert_eq!(read("").expect("short").retention_days, 30);
        let many: String = (0..9)
            .map(|number| witness(number, "https://other.example"))
            .collect();
        let twice = witness(1, "https://one.example") + &witness(1, "https://two.example");
        for (text, says) in [
            ("silence_secs = 9", "silence_secs = 9"),
            ("poll_secs = 0", "poll_secs = 0"),
            ("retention_days = 3651", "retention_days = 3651"),
            ("threshold_ms = 60000", "unknown field `threshold_ms`"),
            ("blocks = \"seldom\"", "unknown variant"),
            ("listen = \"here\"", "invalid socket address"),
            (&many, "9 monitors"),
            (&twice, "named twice"),
            (
                &witness(1, "http://other.example"),
                "no address of a keeper",
            ),
            (&witness(1, "ftp://other.example"), "no address of a keeper"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(says), "{text}\nsaid: {error}");
        }
        let section = read(&witness(1, "http://127.0.0.1:8081")).expect("this machine");
        assert_eq!(section.monitors.len(), 1);
    }
}
