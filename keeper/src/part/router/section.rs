//! The section `[router]` of the configuration.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use agentcity_executor::client::{Account, Client, NoExecutor, Patience};
use alloy::primitives::{Address, B256};
use serde::Deserialize;

use super::{Setup, Texts};
use crate::{
    library::{Library, LibraryError},
    source::city::City,
};

/// Executors that one keeper knows at most: outputs are asked of all, some tens at a time.
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
    /// More missions than one keeper works on.
    #[error("router.missions: {0}, wanted at most {MISSIONS_MAX}, or none for all that there are")]
    Missions(usize),
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
    #[serde(default)]
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

/// What the section says, validated; whom it is about is known when the city is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Executors by their agents: those that it serves, and others that it may ask for live code and outputs.
    executors: BTreeMap<Address, Reached>,
    served: BTreeSet<Address>,
    missions: Vec<B256>,
    texts: Texts,
    documents: Option<PathBuf>,
    pause: Duration,
}

/// How an executor is reached.
#[derive(Clone)]
struct Reached {
    url: String,
    account: Account,
    token: Option<String>,
}

// A token is a secret.
impl fmt::Debug for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reached")
            .field("url", &self.url)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

impl Section {
    /// Validates it, and reads the files that it names.
    pub(crate) fn settings(self) -> Result<Settings, SectionError> {
        counted("router.poll_secs", self.poll_secs, POLL_SECS_MAX)?;
        if self.missions.len() > MISSIONS_MAX {
            return Err(SectionError::Missions(self.missions.len()));
        }
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
            if executors.insert(agent, executor.reached()?).is_some() {
                return Err(SectionError::Twice {
                    key: "router.executors",
                    twice: agent.to_string(),
                });
            }
        }
        Ok(Settings {
            executors,
            served,
            missions: self.missions,
            texts: self
                .documents
                .as_deref()
                .map_or_else(|| Ok(Texts::default()), documents)?,
            documents: self.documents,
            pause: Duration::from_secs(self.poll_secs),
        })
    }
}

impl Settings {
    /// The agents that are served.
    pub const fn served(&self) -> &BTreeSet<Address> {
        &self.served
    }

    /// Where the documents are, and come.
    pub fn documents(&self) -> Option<&Path> {
        self.documents.as_deref()
    }

    /// What a router works with in a city.
    ///
    /// Errors: [`SectionError::Executor`], where there are no means to connect.
    pub fn setup(&self, city: City) -> Result<Setup, SectionError> {
        let mut executors = BTreeMap::new();
        for (agent, reached) in &self.executors {
            let client = Client::new(
                &reached.url,
                *agent,
                reached.account,
                city.venue(),
                reached.token.clone(),
                Patience::default(),
            );
            let no_executor = |cause| SectionError::Executor {
                agent: *agent,
                cause,
            };
            executors.insert(*agent, client.map_err(no_executor)?);
        }
        Ok(Setup {
            city,
            executors,
            served: self.served.clone(),
            missions: self.missions.clone(),
            texts: self.texts.clone(),
            pause: self.pause,
        })
    }
}

impl Executor {
    fn reached(self) -> Result<Reached, SectionError> {
        let agent = self.agent;
        Client::address(&self.url).map_err(|cause| SectionError::Executor { agent, cause })?;
        let token = match self.token_file {
            None => None,
            Some(path) => match fs::read_to_string(&path) {
                Ok(text) => Some(text.trim().to_owned()),
                Err(cause) => return Err(SectionError::Unreadable { path, cause }),
            },
        };
        Ok(Reached {
            url: self.url,
            account: if self.is_contract {
                Account::Contract
            } else {
                Account::Key
            },
            token,
        })
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

    fn section(change: impl Fn(String) -> String) -> Result<Settings, String> {
        let text = format!(
            "missions = [\"{}\"]\n[[executors]]\nagent = \"{}\"\nurl = \"http://127.0.0.1:1\"\nserved = true\n",
            B256::repeat_byte(6),
            Address::repeat_byte(7)
        );
        let section: Section = toml::from_str(&change(text)).map_err(|error| error.to_string())?;
        section.settings().map_err(|error| error.to_string())
    }

    #[test]
    fn a_section_serves_whom_it_says() {
        let settings = section(|text| text).unwrap();
        assert_eq!(settings.served, BTreeSet::from([Address::repeat_byte(7)]));
        assert_eq!(settings.pause, Duration::from_secs(5));
    }

    #[test]
    fn a_token_is_never_printed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        fs::write(&path, "sesame").unwrap();
        let token = format!(
            "served = true\ntoken_file = {:?}",
            path.display().to_string()
        );
        let settings = section(|text| text.replace("served = true", &token)).unwrap();
        let reached = settings.executors.values().next().unwrap();
        assert_eq!(reached.token.as_deref(), Some("sesame"));
        assert!(!format!("{settings:?}").contains("sesame"));
    }

    #[test]
    fn each_fault_is_told_by_its_key() {
        assert!(section(|text| text.replacen("missions", "# missions", 1)).is_ok());
        let twice = format!("missions = [\"{0}\", \"{0}\"]", B256::repeat_byte(6));
        let once = format!("missions = [\"{}\"]", B256::repeat_byte(6));
        let cases: [(&str, &str, &str); 8] = [
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
            (
                "missions",
                "poll_secs = 61\nmissions",
                "router.poll_secs: 61",
            ),
            ("missions", "more = 1\nmissions", "unknown field"),
            (
                "served = true",
                "served = true\ntoken_file = \"/no/such\"",
                "cannot read /no/such",
            ),
            (
                "missions",
                "documents = \"/no/such\"\nmissions",
                "cannot read /no/such",
            ),
        ];
        for (from, to, wanted) in cases {
            let told = section(|text| text.replace(from, to)).expect_err(to);
            assert!(told.contains(wanted), "{to}: {told}");
        }
    }
}
