//! What an agent must not lose and must not contradict: secrets that are kept before their seals leave, and promises of which only the
//! first ever counts.
//!
//! Both are one rule, checked and recorded in one transaction: **the first words about a subject stay**. A salt that was drawn twice, by
//! two processes or after a crash, is the first one both times; a result that contradicts an earlier one is not signed, whatever asked
//! for it. Every commit is on the disk when it returns, so what was answered once is answered again after any crash.
//!
//! INV-DESK-01: for one (mission, node, attempt, seat, kind) at most one content is ever signed.
//! INV-DESK-02: what opens a seal is on the disk before the seal leaves.

use std::{fmt, path::Path, time::Duration};

use agentcity_executor::{
    protocol::{JobId, Kind},
    signing::Unsigned,
};
use alloy::primitives::{Address, B256, keccak256};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

/// The format of the file.
const FORMAT: &str = "1";
/// How long a write waits for another process that writes: longer than any transaction here takes on a slow disk.
const BUSY: Duration = Duration::from_secs(5);
/// Most bytes of the words about a subject: a salt and a bid, with their names.
const WORDS_BYTES_MAX: usize = 4_096;

/// A place at which a process may die, told before and after every commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// All is written, nothing is recorded.
    Before,
    /// It is recorded, and the caller does not know yet.
    After,
}

/// Why something was not recorded. Whatever it is, nothing is signed and nothing leaves.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Other words are recorded about the subject.
    #[error("{subject}: {recorded} was promised, so {asked} is not")]
    Contradiction {
        /// What about.
        subject: String,
        /// What was recorded first.
        recorded: String,
        /// What was asked for.
        asked: String,
    },
    /// A reveal that does not open what was committed.
    #[error("{subject}: the reveal does not open {committed}, which was committed")]
    NotOpening {
        /// What about.
        subject: String,
        /// The commitment.
        committed: B256,
    },
    /// Too much.
    #[error("{subject}: {bytes} bytes, but it takes at most {WORDS_BYTES_MAX}")]
    TooLong {
        /// What about.
        subject: String,
        /// How many.
        bytes: usize,
    },
    /// The file is another agent's, or of another city.
    #[error("the secrets are of {recorded}, this is {asked}: name another file under `secrets`")]
    Foreign {
        /// Whose they are.
        recorded: String,
        /// Who asked.
        asked: String,
    },
    /// Written by another release.
    #[error("the secrets have format {found}, this release writes {FORMAT}")]
    Format {
        /// Format of the file.
        found: String,
    },
    /// The store failed.
    #[error("the store of secrets failed: {0}")]
    Store(#[from] rusqlite::Error),
}

type Watch = Box<dyn FnMut(Boundary) + Send>;

/// The file.
pub struct Vault {
    connection: Connection,
    watch: Option<Watch>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("path", &self.connection.path())
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens a file, or begins one that its owner alone reads.
    ///
    /// Errors: [`VaultError::Format`], [`VaultError::Store`].
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        private(path)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute(
            "CREATE TABLE IF NOT EXISTS first (subject TEXT PRIMARY KEY, words TEXT NOT NULL) STRICT",
            [],
        )?;
        let found = first(&tx, "format", FORMAT)?;
        tx.commit()?;
        if found != FORMAT {
            return Err(VaultError::Format { found });
        }
        Ok(Self {
            connection,
            watch: None,
        })
    }

    /// Opens a file, and tells `watch` before and after every commit: there a drill may end the process.
    ///
    /// Errors: as of [`open`](Self::open).
    pub fn open_watched(
        path: &Path,
        watch: impl FnMut(Boundary) + Send + 'static,
    ) -> Result<Self, VaultError> {
        let mut vault = Self::open(path)?;
        vault.watch = Some(Box::new(watch));
        Ok(vault)
    }

    /// Ties the file to one agent of one city for ever: its promises are worth nothing beside another file's.
    ///
    /// Errors: [`VaultError::Foreign`].
    pub fn bind(
        &mut self,
        chain_id: u64,
        constitution: Address,
        agent: Address,
    ) -> Result<(), VaultError> {
        let asked = format!("agent {agent:#x} of city {constitution:#x} on chain {chain_id}");
        let recorded = self.keep("owner", &asked)?;
        if recorded != asked {
            return Err(VaultError::Foreign { recorded, asked });
        }
        Ok(())
    }

    /// Keeps words about a subject, unless there are some: what is recorded, the first words.
    ///
    /// Errors: [`VaultError::TooLong`], [`VaultError::Store`].
    pub fn keep(&mut self, subject: &str, words: &str) -> Result<String, VaultError> {
        let bytes = subject.len().saturating_add(words.len());
        if bytes > WORDS_BYTES_MAX {
            let subject = subject.to_owned();
            return Err(VaultError::TooLong { subject, bytes });
        }
        self.write(|tx| Ok(first(tx, subject, words)?))
    }

    /// The words about a subject, if there are some.
    ///
    /// Errors: [`VaultError::Store`].
    pub fn known(&self, subject: &str) -> Result<Option<String>, VaultError> {
        let query = "SELECT words FROM first WHERE subject = ?1";
        let row = self
            .connection
            .query_row(query, [subject], |row| row.get(0));
        Ok(row.optional()?)
    }

    /// The secret of a subject; `draw` is asked for a new one if there is none yet.
    ///
    /// Errors: [`VaultError::Store`].
    pub fn secret(
        &mut self,
        subject: &str,
        draw: impl FnOnce() -> B256,
    ) -> Result<B256, VaultError> {
        if let Some(known) = self.known(subject)? {
            return read(subject, &known);
        }
        let words = self.keep(subject, &draw().to_string())?;
        read(subject, &words)
    }

    /// Promises a result: afterwards it may be signed, and no other of its kind for that seat (INV-DESK-01). The same again is no
    /// contradiction, whatever its deadline. A reveal opens what was committed, with the salt in its proof.
    ///
    /// Errors: [`VaultError::Contradiction`], [`VaultError::NotOpening`], [`VaultError::Store`].
    pub fn promise(
        &mut self,
        job: &JobId,
        agent: Address,
        result: &Unsigned<'_>,
    ) -> Result<(), VaultError> {
        let subject = subject(job, result.kind);
        let asked = content(result);
        let committed = subject_of_commit(job, result.kind);
        self.write(|tx| {
            if let Some(commit) = &committed {
                let query = "SELECT words FROM first WHERE subject = ?1";
                let known: Option<String> =
                    tx.query_row(query, [commit], |row| row.get(0)).optional()?;
                opens(job, agent, result, known.as_deref(), commit)?;
            }
            let recorded = first(tx, &subject, &asked)?;
            if recorded != asked {
                return Err(VaultError::Contradiction {
                    subject: subject.clone(),
                    recorded,
                    asked: asked.clone(),
                });
            }
            Ok(())
        })
    }

    /// Checks and records as one.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&tx)?;
        if let Some(watch) = &mut self.watch {
            watch(Boundary::Before);
        }
        tx.commit()?;
        if let Some(watch) = &mut self.watch {
            watch(Boundary::After);
        }
        Ok(done)
    }
}

/// The first words about a subject, which are these if there were none.
fn first(tx: &Transaction<'_>, subject: &str, words: &str) -> rusqlite::Result<String> {
    tx.execute(
        "INSERT INTO first (subject, words) VALUES (?1, ?2) ON CONFLICT (subject) DO NOTHING",
        params![subject, words],
    )?;
    tx.query_row(
        "SELECT words FROM first WHERE subject = ?1",
        [subject],
        |row| row.get(0),
    )
}

fn read(subject: &str, words: &str) -> Result<B256, VaultError> {
    words.parse().map_err(|_| VaultError::Contradiction {
        subject: subject.to_owned(),
        recorded: "what is no word of 32 bytes".to_owned(),
        asked: "a secret".to_owned(),
    })
}

fn subject(job: &JobId, kind: Kind) -> String {
    format!("result/{job}/{}", kind as u8)
}

/// What a reveal is held against.
fn subject_of_commit(job: &JobId, kind: Kind) -> Option<String> {
    match kind {
        Kind::Reveal => Some(subject(job, Kind::Commit)),
        Kind::Proof | Kind::Commit | Kind::Review => None,
    }
}

/// Everything of a result but its deadline.
fn content(result: &Unsigned<'_>) -> String {
    let Unsigned {
        output_hash,
        trail_root,
        proof,
        ..
    } = result;
    // The trails of a reveal are the chain's, and may be learnt anew; what it opens is the promise.
    match result.kind {
        Kind::Reveal => format!("{output_hash} {}", keccak256(proof)),
        Kind::Proof | Kind::Commit | Kind::Review => {
            format!("{output_hash} {trail_root} {}", keccak256(proof))
        }
    }
}

/// Refuses a reveal of something that was never committed, or of something else.
fn opens(
    job: &JobId,
    agent: Address,
    reveal: &Unsigned<'_>,
    known: Option<&str>,
    subject: &str,
) -> Result<(), VaultError> {
    let word = known.and_then(|words| words.split(' ').next()?.parse().ok());
    let committed: B256 = word.unwrap_or_default();
    // The salt is the last word of the proof, behind the value.
    let salt = reveal
        .proof
        .last_chunk::<32>()
        .map(|salt| B256::from(*salt));
    let own = salt
        .map(|salt| agentcity_executor::value::commitment(job, agent, reveal.output_hash, salt));
    if committed.is_zero() || own != Some(committed) {
        return Err(VaultError::NotOpening {
            subject: subject.to_owned(),
            committed,
        });
    }
    Ok(())
}

/// Makes the file, if there is none, such that its owner alone reads it.
fn private(path: &Path) -> Result<(), VaultError> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options.open(path).map(drop);
    opened.map_err(|error| {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        let text = format!("{}: {error}", path.display());
        VaultError::Store(rusqlite::Error::SqliteFailure(code, Some(text)))
    })
}
