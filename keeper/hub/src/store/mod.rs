//! The log on disk: one SQLite file, one commit an append.
//!
//! Guards INV-LOG-02.
//!
//! What is acknowledged is on disk: entries, tree, payloads and index are one transaction, and the process that dies before its end
//! leaves nothing of it. Nothing of the log is kept in memory between appends, so no process can go on from another log than the one
//! on disk: it cannot fork. What was appended and not acknowledged is found again by its origin, and not appended twice.

mod copies;
mod keep;
mod query;
mod read;
mod sql;
mod taken;

use std::{collections::BTreeMap, fmt, num::NonZero, path::Path, thread, time::Duration};

use agentcity_abi::document::ContentAddress;
use agentcity_domain::roster::tree::{Span, Whole};
use alloy::primitives::{Address, B256, Bytes, keccak256};
use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Params, Row, Transaction, TransactionBehavior, params,
};
use serde_json::Value;

pub use copies::{Abandoned, PUSHES_PER_PASS_MAX, Push, TRIES_MAX, Tried};
pub use keep::{Payload, RETENTION_MONTHS_MIN, Retention, RetentionError};
pub use query::{Cursor, CursorError, Hit, PAGE_MAX, Page, Query, QueryError, SCAN_MAX};
pub use read::Anchored;
pub use taken::Taken;

use crate::{
    entry::{Entry, Event, Origin, PRINCIPALS_MAX, event_id},
    head::LogName,
    kind::EventType,
    redact::{RedactError, Redactor},
    tree,
};
use query::Terms;

/// Most drafts of one append: a commit of so many takes a fraction of a second, and readers wait no longer.
pub const DRAFTS_MAX: usize = 10_000;
/// Most bytes of a payload. Outputs and traces that are larger have stores of their own, and a hash here.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;
/// Fewer drafts than so many are no work for a thread of their own: to begin one costs as much as some ten drafts.
const DRAFTS_PER_THREAD_MIN: usize = 256;
/// How long a write waits for another process: longer than any append takes on a slow disk.
const BUSY: Duration = Duration::from_secs(5);
/// After how many written pages (of 4 KiB) they are moved from the write-ahead file into the log's own: the larger, the less often the same page of an
/// index is, and the more is read when the file is opened after a death. More pages in memory would gain a twentieth, and grow for days.
const CHECKPOINT_PAGES: i64 = 16_384;
/// Queries that are kept compiled: more than there are.
const STATEMENTS: usize = 64;
/// The lowest level whose subtrees are stored. Below, sixteen leaves or fewer are hashed anew: that costs less than seven rows of
/// eight.
const LOW_LEVEL: u8 = 4;
/// Levels of the greatest tree.
const LEVELS: usize = 64;

/// What is to be logged.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What happened.
    pub kind: EventType,
    /// The mission, or zero.
    pub mission: B256,
    /// The session, or zero.
    pub session: B256,
    /// The node of the mission.
    pub node: Option<u16>,
    /// The epoch of the city.
    pub epoch: u64,
    /// Who said so; zero for a keeper.
    pub contract: Address,
    /// Whom it is about, or zero.
    pub primary: Address,
    /// The other party, or zero.
    pub secondary: Address,
    /// Who answers for them.
    pub principals: Vec<Address>,
    /// Zero off chain.
    pub block: u64,
    /// Unix milliseconds.
    pub time_ms: u64,
    /// Zero off chain.
    pub gas_used: u64,
    /// What makes it the same event.
    pub origin: Origin,
    /// What it says; redacted before it is written.
    pub payload: Value,
}

/// What became of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is the entry at this place.
    Fresh(u64),
    /// It was already.
    Known(u64),
}

/// What a log is opened with.
#[derive(Debug)]
pub struct Settings {
    /// Takes out of payloads what must not be written.
    pub redactor: Box<dyn Redactor>,
    /// How long payloads are kept, where nobody [demands](Log::expire) longer.
    pub retention: Retention,
    /// Whose storages get copies of the four critical kinds.
    pub mirrors: Vec<Address>,
}

/// Why the log did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store failed. Nothing was written.
    #[error("the log's store failed: {0}")]
    Store(#[from] rusqlite::Error),
    /// A commit failed: whether it is on disk is not known.
    #[error("an earlier commit of the log failed: open it again before anything is written")]
    Poisoned,
    /// The file is of another format.
    #[error(
        "the log's file is of format `{found}`, this program reads {}",
        sql::FORMAT
    )]
    Format {
        /// Which.
        found: String,
    },
    /// The file is another log.
    #[error("the file holds the log {recorded}, not {asked}: name another file")]
    OtherLog {
        /// Whose it is.
        recorded: String,
        /// Whose was asked for.
        asked: String,
    },
    /// What is on disk contradicts itself.
    #[error("the log is damaged: {what}; restore it from a copy, and do not append")]
    Damaged {
        /// What.
        what: String,
    },
    /// A draft cannot be logged as it is. Nothing of its batch was.
    #[error("draft {place} of the batch: {cause}")]
    Draft {
        /// Which.
        place: usize,
        /// Why.
        cause: DraftError,
    },
    /// Too many at once.
    #[error("{given} drafts at once, at most {DRAFTS_MAX}: append them in several batches")]
    TooMany {
        /// How many.
        given: usize,
    },
    /// No such entry, or no such size.
    #[error("the log has {size} entries, and none, or no size, of {asked}")]
    Beyond {
        /// How many it has.
        size: u64,
        /// What was asked for.
        asked: u64,
    },
    /// The chain was taken up to another block than was thought.
    #[error("the chain is in the log up to block {found} already: go on from there")]
    Taken {
        /// Up to which.
        found: u64,
    },
    /// A root that contradicts the log.
    #[error(
        "what is to be recorded of size {size} has root {given}, the log has {own}: one of them is another log"
    )]
    OtherRoot {
        /// Of which size.
        size: u64,
        /// What was given.
        given: B256,
        /// What the log has.
        own: B256,
    },
}

/// Why a draft is no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// The payload is too large.
    #[error(
        "its payload has {bytes} bytes, at most {PAYLOAD_BYTES_MAX}: log its hash, and keep it elsewhere"
    )]
    PayloadTooLarge {
        /// How many.
        bytes: usize,
    },
    /// More parties than an event has.
    #[error("it has {given} principals, at most {PRINCIPALS_MAX}")]
    Principals {
        /// How many.
        given: usize,
    },
    /// A number that no column holds.
    #[error("{given} is beyond what is kept of times, blocks and epochs")]
    Number {
        /// The number.
        given: u64,
    },
    /// The redactor refuses it.
    #[error(transparent)]
    Redaction(#[from] RedactError),
}

/// What follows from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The same again may succeed.
    Retry,
    /// The same again fails: drop it, and tell why.
    Refuse,
    /// Nothing may be appended until a human looked.
    Halt,
}

impl LogError {
    /// What follows.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::Store(error) => match error.sqlite_error_code() {
                Some(
                    rusqlite::ErrorCode::DatabaseBusy
                    | rusqlite::ErrorCode::DatabaseLocked
                    | rusqlite::ErrorCode::DiskFull,
                ) => Disposition::Retry,
                _ => Disposition::Halt,
            },
            Self::Taken { .. } => Disposition::Retry,
            Self::Poisoned
            | Self::Format { .. }
            | Self::OtherLog { .. }
            | Self::Damaged { .. }
            | Self::OtherRoot { .. } => Disposition::Halt,
            Self::Draft { .. } | Self::TooMany { .. } | Self::Beyond { .. } => Disposition::Refuse,
        }
    }

    fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
}

/// A place at which a process may die, told before and after every commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// All is written, nothing is recorded.
    Before(&'static str),
    /// It is recorded, and the caller does not know yet.
    After(&'static str),
}

type Watch = Box<dyn FnMut(Boundary) + Send>;

/// A log in a file.
pub struct Log {
    connection: Connection,
    name: LogName,
    settings: Settings,
    watch: Option<Watch>,
    poisoned: bool,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("path", &self.connection.path())
            .field("name", &self.name)
            .field("poisoned", &self.poisoned)
            .finish()
    }
}

impl Log {
    /// Opens a file, or begins one. Looks whether its last root follows from its tree.
    ///
    /// Errors: [`LogError::Format`], [`LogError::OtherLog`], [`LogError::Damaged`], [`LogError::Store`].
    pub fn open(path: &Path, name: LogName, settings: Settings) -> Result<Self, LogError> {
        Self::begin(Connection::open(path)?, name, settings, None)
    }

    /// Opens a file, and tells `watch` before and after every commit: there a drill may end the process.
    pub fn open_watched(
        path: &Path,
        name: LogName,
        settings: Settings,
        watch: impl FnMut(Boundary) + Send + 'static,
    ) -> Result<Self, LogError> {
        Self::begin(
            Connection::open(path)?,
            name,
            settings,
            Some(Box::new(watch)),
        )
    }

    /// Opens a file that is there to read it, beside a process that may write. What writes is refused by the store.
    ///
    /// Errors: as [`Self::open`].
    pub fn open_to_read(path: &Path) -> Result<Self, LogError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        check_format(&connection)?;
        let recorded: String = one(&connection, sql::META, ["log"], |row| row.get(0))?;
        let name = serde_json::from_str(&recorded)
            .map_err(|_| LogError::damaged("its name cannot be read"))?;
        let settings = Settings {
            redactor: Box::new(crate::redact::Rules::default()),
            retention: Retention::default(),
            mirrors: Vec::new(),
        };
        let log = Self {
            connection,
            name,
            settings,
            watch: None,
            poisoned: false,
        };
        log.check_tip()?;
        Ok(log)
    }

    fn begin(
        connection: Connection,
        name: LogName,
        settings: Settings,
        watch: Option<Watch>,
    ) -> Result<Self, LogError> {
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        // What is erased is overwritten.
        connection.pragma_update(None, "secure_delete", "ON")?;
        let mut log = Self {
            connection,
            name,
            settings,
            watch,
            poisoned: false,
        };
        let asked = serde_json::to_string(&name).expect("a name is JSON");
        log.write("open", |tx, _| {
            for statement in sql::CREATE {
                tx.execute(statement, [])?;
            }
            run(tx, sql::META_SET, ["format", sql::FORMAT])?;
            check_format(tx)?;
            run(tx, sql::META_SET, ["log", &asked])?;
            let recorded: String = one(tx, sql::META, ["log"], |row| row.get(0))?;
            if recorded != asked {
                return Err(LogError::OtherLog {
                    recorded,
                    asked: asked.clone(),
                });
            }
            Ok(())
        })?;
        log.check_tip()?;
        log.enlist_mirrors()?;
        Ok(log)
    }

    /// Whose log it is.
    pub const fn name(&self) -> &LogName {
        &self.name
    }

    /// Appends what is new, as one: all of it is on disk when this returns, or nothing is.
    ///
    /// Errors: [`LogError::TooMany`], [`LogError::Draft`], [`LogError::Store`], [`LogError::Poisoned`].
    pub fn append(&mut self, drafts: Vec<Draft>) -> Result<Vec<Appended>, LogError> {
        self.append_with(drafts, |_| Ok(()))
    }

    /// Appends, and does `also` in the same commit.
    fn append_with(
        &mut self,
        drafts: Vec<Draft>,
        also: impl FnOnce(&Transaction<'_>) -> Result<(), LogError>,
    ) -> Result<Vec<Appended>, LogError> {
        if drafts.len() > DRAFTS_MAX {
            let given = drafts.len();
            return Err(LogError::TooMany { given });
        }
        let ready = Ready::of_all(drafts, self.settings.redactor.as_ref())?;
        self.write("append", |tx, settings| {
            let mut edge = Edge::begin(tx)?;
            let (mut appended, mut fresh) =
                (Vec::with_capacity(ready.len()), Vec::<(u64, &Ready)>::new());
            for ready in &ready {
                let place = edge.size.saturating_add(fresh.len() as u64);
                let what = claim(tx, ready.key, place)?;
                if what == Appended::Fresh(place) {
                    fresh.push((place, ready));
                }
                appended.push(what);
            }
            let leaves = on_all_cores(fresh.clone(), |(place, ready)| {
                Leaf::of(&ready.entry(place))
            });
            for ((_, ready), leaf) in fresh.into_iter().zip(leaves) {
                edge.event(tx, settings, ready, leaf)?;
            }
            edge.finish(tx)?;
            also(tx)?;
            Ok(appended)
        })
    }

    /// Checks and writes as one. What fails inside leaves no trace; a commit that fails leaves open whether it did, so nothing is
    /// written any more.
    fn write<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&Transaction<'_>, &Settings) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        if self.poisoned {
            return Err(LogError::Poisoned);
        }
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&tx, &self.settings)?;
        if let Some(watch) = &mut self.watch {
            watch(Boundary::Before(name));
        }
        if let Err(error) = tx.commit() {
            self.poisoned = true;
            return Err(error.into());
        }
        if let Some(watch) = &mut self.watch {
            watch(Boundary::After(name));
        }
        Ok(done)
    }
}

/// A draft that can be written: redacted, hashed.
struct Ready {
    draft: Draft,
    key: B256,
    body: Vec<u8>,
    hash: B256,
    cid: ContentAddress,
    redactions: u32,
}

impl Ready {
    /// All of them, or why the first that is no entry is none.
    fn of_all(drafts: Vec<Draft>, redactor: &dyn Redactor) -> Result<Vec<Self>, LogError> {
        let made = on_all_cores(drafts, |draft| Self::of(draft, redactor));
        let made = made.into_iter().enumerate();
        let made = made.map(|(place, made)| made.map_err(|cause| LogError::Draft { place, cause }));
        made.collect()
    }

    fn of(mut draft: Draft, redactor: &dyn Redactor) -> Result<Self, DraftError> {
        let given = draft.principals.len();
        if given > PRINCIPALS_MAX {
            return Err(DraftError::Principals { given });
        }
        for given in [draft.block, draft.time_ms, draft.epoch, draft.gas_used] {
            if i64::try_from(given).is_err() {
                return Err(DraftError::Number { given });
            }
        }
        let redactions = redactor.redact(&mut draft.payload)?;
        let payload = sorted(std::mem::take(&mut draft.payload));
        let body = serde_json::to_vec(&payload).expect("a value is JSON");
        if body.len() > PAYLOAD_BYTES_MAX {
            return Err(DraftError::PayloadTooLarge { bytes: body.len() });
        }
        Ok(Self {
            key: draft.origin.key(draft.kind),
            hash: keccak256(&body),
            cid: ContentAddress::of(&body),
            draft,
            body,
            redactions,
        })
    }

    fn entry(&self, sequence: u64) -> Entry {
        let draft = &self.draft;
        let mut event = Event {
            event_id: B256::ZERO,
            sequence,
            mission_id: draft.mission,
            session_id: draft.session,
            epoch: draft.epoch,
            event_type: draft.kind,
            emitter_contract: draft.contract,
            primary_entity: draft.primary,
            secondary_entity: draft.secondary,
            principals: draft.principals.clone(),
            node: draft.node,
            payload_hash: self.hash,
            payload_cid: self.cid,
            redactions: self.redactions,
            block_number: draft.block,
            timestamp: draft.time_ms,
            gas_used: draft.gas_used,
            origin: draft.origin.clone(),
        };
        event.event_id = event_id(event.subject(), sequence);
        Entry::Event(Box::new(event))
    }
}

/// An entry as it is written.
struct Leaf {
    line: String,
    hash: B256,
    time: u64,
    block: u64,
    terms: Terms,
}

impl Leaf {
    fn of(entry: &Entry) -> Self {
        let line = entry.line();
        Self {
            hash: tree::leaf(line.as_bytes()),
            line,
            time: entry.timestamp(),
            block: match entry {
                Entry::Event(event) => event.block_number,
                Entry::Receipt(_) | Entry::Tombstone(_) => 0,
            },
            terms: Terms::of(entry),
        }
    }
}

/// Takes a place for what makes an event one, unless it has one.
fn claim(tx: &Transaction<'_>, key: B256, place: u64) -> Result<Appended, LogError> {
    let key = key.as_slice();
    if run(tx, sql::ORIGIN_ADD, params![key, stored(place)?])? > 0 {
        return Ok(Appended::Fresh(place));
    }
    let known = one(tx, sql::ORIGIN, [key], |row| row.get(0))?;
    Ok(Appended::Known(read(known)?))
}

/// Does work that hangs on nothing but its item. Several threads share it where there are many items, by [`DRAFTS_MAX`] and
/// [`DRAFTS_PER_THREAD_MIN`] forty at most.
fn on_all_cores<T: Send, U: Send>(items: Vec<T>, work: impl Fn(T) -> U + Sync) -> Vec<U> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let (count, share) = (items.len(), items.len().div_ceil(threads));
    let share = share.max(DRAFTS_PER_THREAD_MIN);
    let mut items = items.into_iter();
    if count <= share {
        return items.map(work).collect();
    }
    thread::scope(|scope| {
        let mut workers = Vec::new();
        while items.len() > 0 {
            let part: Vec<T> = items.by_ref().take(share).collect();
            let part = || part.into_iter().map(&work).collect::<Vec<U>>();
            workers.push(scope.spawn(part));
        }
        let mut done = Vec::with_capacity(count);
        for worker in workers {
            let part = worker.join();
            done.extend(part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    })
}

/// The right edge of the tree, while entries are added: the whole subtrees of which it is made, by level.
struct Edge {
    size: u64,
    first: u64,
    edge: [Option<B256>; LEVELS],
    terms: Terms,
}

impl Edge {
    fn begin(tx: &Transaction<'_>) -> Result<Self, LogError> {
        let size = size(tx)?;
        let mut edge = [None; LEVELS];
        for whole in span(size)?.wholes() {
            edge[usize::from(whole.level)] = Some(node(tx, whole)?);
        }
        Ok(Self {
            size,
            first: size,
            edge,
            terms: Terms::default(),
        })
    }

    fn event(
        &mut self,
        tx: &Transaction<'_>,
        settings: &Settings,
        ready: &Ready,
        leaf: Leaf,
    ) -> Result<(), LogError> {
        let (place, time) = (stored(self.size)?, leaf.time);
        let (until, cid) = (keep::least_until(time), ready.cid.word());
        run(
            tx,
            sql::PAYLOAD_ADD,
            params![cid.as_slice(), ready.body, stored(until)?],
        )?;
        if ready.draft.kind.is_critical() {
            for mirror in &settings.mirrors {
                let push = params![place, mirror.as_slice(), cid.as_slice(), stored(time)?];
                run(tx, sql::PUSH_ADD, push)?;
            }
        }
        self.put(tx, leaf)?;
        Ok(())
    }

    /// Adds an entry whose sequence is this place.
    fn add(&mut self, tx: &Transaction<'_>, entry: &Entry) -> Result<u64, LogError> {
        self.put(tx, Leaf::of(entry))
    }

    fn put(&mut self, tx: &Transaction<'_>, leaf: Leaf) -> Result<u64, LogError> {
        let place = self.size;
        run(
            tx,
            sql::ENTRY_ADD,
            params![
                stored(place)?,
                leaf.line,
                leaf.hash.as_slice(),
                stored(leaf.time)?,
                stored(leaf.block)?
            ],
        )?;
        self.terms.extend(leaf.terms);
        let (mut hash, mut level) = (leaf.hash, 0);
        while let Some(left) = self.edge[level].take() {
            hash = tree::join(&left, &hash);
            level += 1;
            if level >= usize::from(LOW_LEVEL) {
                let index = stored(place >> level)?;
                run(
                    tx,
                    sql::NODE_ADD,
                    params![level as i64, index, hash.as_slice()],
                )?;
            }
        }
        self.edge[level] = Some(hash);
        self.size = span(place + 1)?.entries().end;
        Ok(place)
    }

    fn finish(self, tx: &Transaction<'_>) -> Result<(), LogError> {
        if self.size == self.first {
            return Ok(());
        }
        self.terms.write(tx)?;
        let root = root(tx, self.size)?;
        run(tx, sql::TIP_SET, [format!("{} {root}", self.size)])?;
        Ok(())
    }
}

/// With its keys in their order: the same payload is the same bytes, whoever put it together.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(sorted).collect(),
        Value::Object(fields) => {
            let fields: BTreeMap<String, Value> = fields.into_iter().collect();
            let fields = fields.into_iter();
            Value::Object(fields.map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn check_format(connection: &Connection) -> Result<(), LogError> {
    let found: String = one(connection, sql::META, ["format"], |row| row.get(0))?;
    match found.as_str() {
        sql::FORMAT => Ok(()),
        _ => Err(LogError::Format { found }),
    }
}

fn size(connection: &Connection) -> Result<u64, LogError> {
    read(one(connection, sql::SIZE, [], |row| row.get(0))?)
}

fn span(size: u64) -> Result<Span, LogError> {
    Span::of_log(size).ok_or(LogError::Beyond { size, asked: size })
}

fn root(connection: &Connection, size: u64) -> Result<B256, LogError> {
    let hash = span(size)?.hash(|whole| node(connection, whole), tree::join)?;
    Ok(hash.unwrap_or_else(tree::empty))
}

/// The hash of a whole subtree.
fn node(connection: &Connection, whole: Whole) -> Result<B256, LogError> {
    if whole.level >= LOW_LEVEL {
        let at = params![i64::from(whole.level), stored(whole.index)?];
        let found = maybe(connection, sql::NODE, at, word)?;
        return found.ok_or_else(|| LogError::damaged(format!("{whole:?} is missing")));
    }
    let (begin, end) = (stored(whole.begin())?, stored(whole.end())?);
    let leaves: Vec<B256> = all(connection, sql::LEAVES, [begin, end], word)?;
    if leaves.len() as u64 != whole.end() - whole.begin() {
        return Err(LogError::damaged(format!(
            "leaves of {whole:?} are missing"
        )));
    }
    Ok(tree::of_whole(&leaves))
}

fn word(row: &Row<'_>) -> rusqlite::Result<B256> {
    row.get::<_, [u8; 32]>(0).map(B256::new)
}

fn bytes(row: &Row<'_>, place: usize) -> rusqlite::Result<Bytes> {
    row.get::<_, Vec<u8>>(place).map(Bytes::from)
}

fn stored(number: u64) -> Result<i64, LogError> {
    i64::try_from(number).map_err(|_| LogError::Beyond {
        size: i64::MAX as u64,
        asked: number,
    })
}

fn read(number: i64) -> Result<u64, LogError> {
    u64::try_from(number).map_err(|_| LogError::damaged(format!("{number} is no count")))
}

fn run(connection: &Connection, query: &str, params: impl Params) -> Result<usize, LogError> {
    Ok(connection.prepare_cached(query)?.execute(params)?)
}

fn one<T>(
    connection: &Connection,
    query: &str,
    params: impl Params,
    make: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<T, LogError> {
    Ok(connection.prepare_cached(query)?.query_row(params, make)?)
}

fn maybe<T>(
    connection: &Connection,
    query: &str,
    params: impl Params,
    make: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, LogError> {
    let mut statement = connection.prepare_cached(query)?;
    Ok(statement.query_row(params, make).optional()?)
}

fn all<T>(
    connection: &Connection,
    query: &str,
    params: impl Params,
    make: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, LogError> {
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map(params, make)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
