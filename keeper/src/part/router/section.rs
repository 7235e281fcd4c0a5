//! The section `[router]` of the configuration.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use agentcity_executor::client::{Account, Client, NoExecutor, Patience};
use alloy::primitives::{Address, B256};
use serde::Deserialize;

use super::{Members, Setup, Texts};
use crate::library::{Library, LibraryError};

/// Executors that one keeper knows at most: outputs are asked of one after the other.
const EXECUTORS_MAX: usize = 64;
/// Missions that one keeper works on at most: each costs some calls a round.
const MISSIONS_MAX: usize = 256;
/// Longest pause between two looks: windows to accept a seat last five minutes by default.
const POLL_SECS_MAX: u64 = 60;

/// Why the section cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SectionError {
    /// Too many of something, or none.
    #[error("{key}: {found}, wanted 1 to {most}")]
    Count {
        /// Which key.
        key: &'static str,
        /// How many.
        found: u64,
        /// How many may be.
        most: u64,
    },
    /// Two executors of one agent, or one mission twice.
    #[error("{key} names {twice} twice")]
    Twice {
        /// Which key.
        key: &'static str,
        /// What.
        twice: String,
    },
    /// Nobody is served.
    #[error("router.executors: none is served: set served = true for those of your agents")]
    Nobody,
    /// An executor's address is none.
    #[error("router.executors of {agent}: {cause}")]
    Executor {
        /// Whose.
        agent: Address,
        /// Why.
        cause: NoExecutor,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {cause}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The folder of documents cannot be used.
    #[error("router.{0}")]
    Documents(#[from] LibraryError),
}

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Section {
    chain_id: u64,
    collaboration: Address,
    statute: Address,
    verification: Address,
    service: Address,
    treasury: Address,
    assembly: Address,
    guardian: Address,
    missions: Vec<B256>,
    documents: Option<PathBuf>,
    #[serde(default = "default_poll_secs")]
    poll_secs: u64,
    executors: Vec<Executor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Executor {
    agent: Address,
    url: String,
    #[serde(default)]
    served: bool,
    #[serde(default)]
    is_contract: bool,
    token_file: Option<PathBuf>,
}

// A reveal window lasts minutes: a look every few seconds misses none, and costs an endpoint little.
const fn default_poll_secs() -> u64 {
    5
}

impl Section {
    /// Validates it, and reads the files that it names.
    pub(crate) fn setup(self) -> Result<Setup, SectionError> {
        let members = Members {
            chain_id: self.chain_id,
            collaboration: self.collaboration,
            statute: self.statute,
            verification: self.verification,
            service: self.service,
            treasury: self.treasury,
            assembly: self.assembly,
            guardian: self.guardian,
        };
        counted("router.poll_secs", self.poll_secs, POLL_SECS_MAX)?;
        counted(
            "router.missions",
            self.missions.len() as u64,
            MISSIONS_MAX as u64,
        )?;
        counted(
            "router.executors",
            self.executors.len() as u64,
            EXECUTORS_MAX as u64,
        )?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = self.missions.iter().find(|mission| !seen.insert(**mission)) {
            return Err(SectionError::Twice {
                key: "router.missions",
                twice: twice.to_string(),
            });
        }
        let served: BTreeSet<Address> = self
            .executors
            .iter()
            .filter(|executor| executor.served)
            .map(|executor| executor.agent)
            .collect();
        if served.is_empty() {
            return Err(SectionError::Nobody);
        }
        let mut executors = BTreeMap::new();
        for executor in self.executors {
            let agent = executor.agent;
            if executors
                .insert(agent, executor.client(&members)?)
                .is_some()
            {
                return Err(SectionError::Twice {
                    key: "router.executors",
                    twice: agent.to_string(),
                });
            }
        }
        Ok(Setup {
            members,
            executors,
            served,
            missions: self.missions,
            texts: self
                .documents
                .as_deref()
                .map_or_else(|| Ok(Texts::default()), documents)?,
            pause: Duration::from_secs(self.poll_secs),
        })
    }
}

impl Executor {
    fn client(self, members: &Members) -> Result<Client, SectionError> {
        let token = match self.token_file {
            None => None,
            Some(path) => match fs::read_to_string(&path) {
                Ok(text) => Some(text.trim().to_owned()),
                Err(cause) => return Err(SectionError::Unreadable { path, cause }),
            },
        };
        let account = if self.is_contract {
            Account::Contract
        } else {
            Account::Key
        };
        let (agent, venue) = (self.agent, members.venue());
        Client::new(&self.url, agent, account, venue, token, Patience::default())
            .map_err(|cause| SectionError::Executor { agent, cause })
    }
}

const fn counted(key: &'static str, found: u64, most: u64) -> Result<(), SectionError> {
    if found == 0 || found > most {
        return Err(SectionError::Count { key, found, most });
    }
    Ok(())
}

/// All documents of a folder, as clerks and agents read it: what is no statute is passed over.
fn documents(folder: &Path) -> Result<Texts, SectionError> {
    // A folder that somebody mistyped is told, not made.
    if let Err(cause) = fs::read_dir(folder) {
        let path = folder.to_owned();
        return Err(SectionError::Unreadable { path, cause });
    }
    let library = Library::open(folder)?;
    let mut texts = Texts::default();
    for document in library.all() {
        texts.add(document);
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(change: impl Fn(String) -> String) -> Result<Setup, String> {
        let word = |byte: u8| B256::repeat_byte(byte);
        let at = |byte: u8| Address::repeat_byte(byte);
        let text = format!(
            "chain_id = 1\ncollaboration = \"{}\"\nstatute = \"{}\"\nverification = \"{}\"\nservice = \"{}\"\ntreasury = \"{}\"\nassembly = \"{}\"\nguardian = \"{}\"\nmissions = [\"{}\"]\n[[executors]]\nagent = \"{}\"\nurl = \"http://127.0.0.1:1\"\nserved = true\n",
            at(1),
            at(2),
            at(3),
            at(4),
            at(5),
            at(8),
            at(9),
            word(6),
            at(7)
        );
        let section: Section = toml::from_str(&change(text)).map_err(|error| error.to_string())?;
        section.setup().map_err(|error| error.to_string())
    }

    #[test]
    fn a_section_serves_whom_it_says() {
        let setup = section(|text| text).unwrap();
        assert_eq!(setup.served, BTreeSet::from([Address::repeat_byte(7)]));
        assert_eq!(setup.pause, Duration::from_secs(5));
        assert_eq!(setup.members.venue().verification, Address::repeat_byte(3));
    }

    #[test]
    fn each_fault_is_told_by_its_key() {
        let twice = format!("missions = [\"{0}\", \"{0}\"]", B256::repeat_byte(6));
        let once = format!("missions = [\"{}\"]", B256::repeat_byte(6));
        let cases: [(&str, &str, &str); 9] = [
            ("served = true", "served = false", "none is served"),
            (
                "http://127.0.0.1:1",
                "http://example.org",
                "no address of an executor",
            ),
            (
                "http://127.0.0.1:1",
                "ftp://localhost",
                "no address of an executor",
            ),
            (&once, &twice, "twice"),
            (&once, "missions = []", "router.missions: 0"),
            (
                "chain_id = 1",
                "chain_id = 1\npoll_secs = 61",
                "router.poll_secs: 61",
            ),
            ("chain_id = 1", "chain_id = 1\nmore = 1", "unknown field"),
            (
                "served = true",
                "served = true\ntoken_file = \"/no/such\"",
                "cannot read /no/such",
            ),
            (
                "chain_id = 1",
                "chain_id = 1\ndocuments = \"/no/such\"",
                "cannot read /no/such",
            ),
        ];
        for (from, to, wanted) in cases {
            let told = section(|text| text.replace(from, to)).expect_err(to);
            assert!(told.contains(wanted), "{to}: {told}");
        }
    }
}
