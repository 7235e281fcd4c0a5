//! The configuration of a clerk: the `[clerk]` table of a keeper's file, validated before anything is asked of a chain.

use std::{path::PathBuf, time::Duration};

use agentcity_abi::IManagement;
use agentcity_domain::{clerk::ClerkRole, peer::Peer};
use alloy::{
    primitives::{Address, B256},
    providers::Provider,
    signers::local::PrivateKeySigner,
};
use serde::Deserialize;

use crate::{
    executor::clerk::{Template, admission::Admissions},
    source::city::{City, cause},
};

/// Longest pause between two looks, in seconds: a sixth of the shortest window of the defaults, so none is overslept.
pub const POLL_SECS_MAX: u64 = 30;

/// Tiers that there are, a bit each.
const TIERS: u8 = 0b1110;
/// The greatest risk that there is.
const RISK_MAX: u8 = 2;

/// The table as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    key_file: PathBuf,
    documents: PathBuf,
    #[serde(default = "default_poll_secs")]
    poll_secs: u64,
    template: Option<TemplateTable>,
    admissions: Option<AdmissionsTable>,
}

const fn default_poll_secs() -> u64 {
    5
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdmissionsTable {
    evidence: PathBuf,
    attestations: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateTable {
    id: B256,
    version: u16,
    schema_hash: B256,
    nodes_max: u16,
    tiers: Vec<u8>,
    risk_max: u8,
    predicates_min: u8,
}

/// What a clerk works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// File with the key of the agent that holds the office.
    pub key_file: PathBuf,
    /// Folder of statutes' documents.
    pub documents: PathBuf,
    /// Pause between two looks at the sessions.
    pub poll: Duration,
    /// The template that a codifier names.
    pub template: Template,
    /// Enrolments that a registrar attests; none without.
    pub admissions: Option<Admissions>,
}

/// Why a table cannot be used. Every message names the key.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// Outside its bounds.
    #[error("clerk.poll_secs = {0} is not within 1..={POLL_SECS_MAX}")]
    Poll(u64),
    /// A template that no statute can hold to.
    #[error("clerk.template.{key} = {found}: {wanted}")]
    Template {
        /// Which key.
        key: &'static str,
        /// What stands there.
        found: String,
        /// What it takes.
        wanted: &'static str,
    },
    /// The file with the key could not be read.
    #[error("clerk.key_file: cannot read {path}: {cause}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The file with the key holds none. What it holds is not repeated.
    #[error(
        "clerk.key_file: {path} does not hold a secp256k1 key: it takes 64 hexadecimal digits, with or without 0x, and nothing else"
    )]
    Key {
        /// Which file.
        path: PathBuf,
    },
}

impl Table {
    /// Validates it.
    ///
    /// Errors: [`OfficeError::Poll`], [`OfficeError::Template`].
    pub fn settings(self) -> Result<Settings, OfficeError> {
        if !(1..=POLL_SECS_MAX).contains(&self.poll_secs) {
            return Err(OfficeError::Poll(self.poll_secs));
        }
        let template = self.template.map(template).transpose()?;
        Ok(Settings {
            key_file: self.key_file,
            documents: self.documents,
            poll: Duration::from_secs(self.poll_secs),
            template: template.unwrap_or_default(),
            admissions: self.admissions.map(|table| Admissions {
                evidence: table.evidence,
                attestations: table.attestations,
            }),
        })
    }
}

impl Settings {
    /// The clerk's key.
    ///
    /// Errors: [`OfficeError::Unreadable`], [`OfficeError::Key`].
    pub fn key(&self) -> Result<PrivateKeySigner, OfficeError> {
        let path = self.key_file.clone();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) => return Err(OfficeError::Unreadable { path, cause }),
        };
        let key = text.trim().parse();
        key.map_err(|_| OfficeError::Key { path })
    }
}

fn template(table: TemplateTable) -> Result<Template, OfficeError> {
    let wrong = |key, found: String, wanted| OfficeError::Template { key, found, wanted };
    if table.nodes_max == 0 {
        return Err(wrong("nodes_max", "0".to_owned(), "a statute has a node"));
    }
    if table.risk_max > RISK_MAX {
        let found = table.risk_max.to_string();
        return Err(wrong("risk_max", found, "0 is low, 1 medium, 2 high"));
    }
    let mut tiers = 0;
    for tier in &table.tiers {
        let bit = 1u8.checked_shl((*tier).into()).unwrap_or_default();
        if bit & TIERS == 0 || tiers & bit != 0 {
            return Err(wrong("tiers", tier.to_string(), "1, 2 or 3, each once"));
        }
        tiers |= bit;
    }
    if tiers == 0 {
        return Err(wrong("tiers", "[]".to_owned(), "1, 2 or 3, each once"));
    }
    if table.version == 0 {
        return Err(wrong("version", "0".to_owned(), "versions count from 1"));
    }
    Ok(Template {
        id: table.id,
        version: table.version,
        schema_hash: table.schema_hash,
        nodes_max: table.nodes_max,
        tiers,
        risk_max: table.risk_max,
        predicates_min: table.predicates_min,
    })
}

/// Whether an agent holds an office of a city: better to stop at once than to be refused at the first message.
///
/// Errors: what it holds instead, or why that could not be asked.
pub async fn holds<P: Provider>(
    provider: &P,
    city: &City,
    role: ClerkRole,
    clerk: Address,
) -> Result<(), String> {
    let management = IManagement::new(city.at(Peer::Management), provider);
    let record = management.clerkOf(clerk).call().await.map_err(cause)?;
    if record.active && record.role == role.number() {
        return Ok(());
    }
    Err(format!(
        "agent {clerk} does not hold the office of {} in the city of {}: name the key of the agent that does under clerk.key_file",
        role.name(),
        city.constitution
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"key_file = "clerk.key"
documents = "documents"

[template]
id = "0x1111111111111111111111111111111111111111111111111111111111111111"
version = 1
schema_hash = "0x2222222222222222222222222222222222222222222222222222222222222222"
nodes_max = 128
tiers = [1, 3]
risk_max = 1
predicates_min = 0
"#;

    fn read(text: &str) -> Result<Settings, String> {
        let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
        table.settings().map_err(|error| error.to_string())
    }

    #[test]
    fn a_template_is_what_its_table_says_and_everything_without_one() {
        let settings = read(TABLE).expect("valid");
        assert_eq!(settings.template.tiers, 0b1010);
        let bare = TABLE.split("[template]").next().expect("a head");
        assert_eq!(read(bare).expect("valid").template, Template::default());
    }

    #[test]
    fn every_bad_value_is_refused_with_its_key() {
        for (from, to, says) in [
            (
                "nodes_max = 128",
                "nodes_max = 0",
                "clerk.template.nodes_max = 0",
            ),
            (
                "risk_max = 1",
                "risk_max = 3",
                "clerk.template.risk_max = 3",
            ),
            ("tiers = [1, 3]", "tiers = []", "clerk.template.tiers = []"),
            (
                "tiers = [1, 3]",
                "tiers = [1, 1]",
                "clerk.template.tiers = 1",
            ),
            ("tiers = [1, 3]", "tiers = [0]", "clerk.template.tiers = 0"),
            (
                "tiers = [1, 3]",
                "tiers = [200]",
                "clerk.template.tiers = 200",
            ),
            ("version = 1", "version = 0", "clerk.template.version = 0"),
            (
                "documents = ",
                "poll_secs = 31\ndocuments = ",
                "clerk.poll_secs = 31",
            ),
            ("documents = ", "document = ", "unknown field `document`"),
            ("key_file = \"clerk.key\"\n", "", "missing field `key_file`"),
        ] {
            let error = read(&TABLE.replacen(from, to, 1)).expect_err(to);
            assert!(error.contains(says), "{to}\nsaid: {error}");
        }
    }
}
