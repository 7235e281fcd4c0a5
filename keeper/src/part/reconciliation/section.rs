//! Section `[reconciliation]` of the configuration.

use std::{collections::BTreeSet, time::Duration};

use alloy::primitives::B256;
use serde::Deserialize;

/// Missions that one keeper looks at in a round: each costs some questions. Where there are more, they take turns.
pub(super) const MISSIONS_MAX: usize = 256;
/// Shortest and longest pause between two looks, in seconds.
const POLL_SECS: std::ops::RangeInclusive<u64> = 1..=3_600;
/// Longest that the log may be behind the chain before what it lacks counts as lacking, in seconds: a day.
const PATIENCE_SECS_MAX: u64 = 86_400;

/// What a configuration says of reconciliation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Missions that are compared at their boundaries: only these of those that are found, and all when none is named.
    #[serde(default)]
    missions: Vec<B256>,
    /// Pause between two looks.
    #[serde(default = "default_poll_secs")]
    poll_secs: u64,
    /// How long what the log lacks beyond its newest block may only be late.
    #[serde(default = "default_patience_secs")]
    patience_secs: u64,
}

// A boundary is seen seconds after it is settled; the gate waits for an hour by default.
const fn default_poll_secs() -> u64 {
    10
}

// A sixth of the time that a gate waits for a word by default.
const fn default_patience_secs() -> u64 {
    600
}

/// Why the section cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SectionError {
    /// Too many.
    #[error(
        "reconciliation.missions: {0} missions, but it takes at most {MISSIONS_MAX}, or none for all that there are"
    )]
    Missions(usize),
    /// The same twice.
    #[error("reconciliation.missions: {0} is named twice")]
    Repeated(B256),
    /// Outside its bounds.
    #[error("reconciliation.poll_secs = {0} is not within 1..=3600")]
    Poll(u64),
    /// Outside its bounds.
    #[error("reconciliation.patience_secs = {0} is not within 0..={PATIENCE_SECS_MAX}")]
    Patience(u64),
    /// Something else is missing.
    #[error("reconciliation: it needs {0}")]
    Needs(&'static str),
}

impl Section {
    /// Of these missions, with the pauses that are usual.
    pub fn of(missions: Vec<B256>) -> Self {
        Self {
            missions,
            poll_secs: default_poll_secs(),
            patience_secs: default_patience_secs(),
        }
    }

    /// Errors: [`SectionError`].
    pub fn check(&self) -> Result<(), SectionError> {
        if self.missions.len() > MISSIONS_MAX {
            return Err(SectionError::Missions(self.missions.len()));
        }
        let mut seen = BTreeSet::new();
        if let Some(repeated) = self.missions.iter().find(|mission| !seen.insert(**mission)) {
            return Err(SectionError::Repeated(*repeated));
        }
        if !POLL_SECS.contains(&self.poll_secs) {
            return Err(SectionError::Poll(self.poll_secs));
        }
        if self.patience_secs > PATIENCE_SECS_MAX {
            return Err(SectionError::Patience(self.patience_secs));
        }
        Ok(())
    }

    pub(super) fn missions(&self) -> &[B256] {
        &self.missions
    }

    pub(super) const fn pause(&self) -> Duration {
        Duration::from_secs(self.poll_secs)
    }

    pub(super) const fn patience(&self) -> Duration {
        Duration::from_secs(self.patience_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(text: &str) -> Section {
        toml::from_str(text).expect("a section")
    }

    #[test]
    fn missions_are_named_once_and_within_bounds() {
        let mission = |byte: u8| format!("\"{}\"", B256::repeat_byte(byte));
        let of = |missions: &str, rest: &str| section(&format!("missions = [{missions}]\n{rest}"));
        let many: Vec<String> = (0..=MISSIONS_MAX).map(|_| mission(1)).collect();
        let said = of(&many.join(","), "")
            .check()
            .expect_err("too many")
            .to_string();
        assert!(said.contains("257 missions"), "{said}");
        assert_eq!(of(&mission(1), "").check(), Ok(()));
        assert_eq!(section("").check(), Ok(()), "all that there are");
        assert_eq!(of(&mission(1), "patience_secs = 0").check(), Ok(()));
        for (section, says) in [
            (of(&format!("{0},{0}", mission(1)), ""), "is named twice"),
            (of(&mission(1), "poll_secs = 0"), "poll_secs = 0"),
            (of(&mission(1), "poll_secs = 3601"), "poll_secs = 3601"),
            (
                of(&mission(1), "patience_secs = 86401"),
                "patience_secs = 86401",
            ),
        ] {
            let error = section.check().expect_err(says).to_string();
            assert!(error.contains(says), "{error}");
        }
        let unknown = toml::from_str::<Section>("missions = []\npatience = 1");
        assert!(unknown.is_err());
    }

    #[test]
    fn it_stands_on_a_city_a_log_and_a_key() {
        let bare = format!(
            "endpoint = \"http://h\"\njournal = \"j\"\nprograms = [\"0x{}\"]\n[reconciliation]\nmissions = [\"{}\"]\n",
            "11".repeat(20),
            B256::repeat_byte(1)
        );
        let error = crate::config::Config::parse(&bare).expect_err("no city");
        assert!(error.to_string().contains("it needs the [city]"), "{error}");
    }
}
