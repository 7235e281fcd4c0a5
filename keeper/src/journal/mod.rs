//! What was seen, what is intended, what was signed and how it ended: written down before anything leaves the process.
//!
//! Guards INV-KEEPER-02.
//!
//! ```text
//! source ─ see ─► machine ─ intend ─► executor ─ sign ─► sent ─► settle ─► machine
//! ```
//!
//! Every arrow is one transaction of the store that checks and records at once, so that a process may die between any two and
//! the next one goes on where it was: an event that was seen is taken again by its machine, an action that was intended is
//! carried out, bytes that were signed are sent again as they are. An error means "not safe": nothing may leave the process after it.
//!
//! Work is divided into **streams**, each of which one keeper at a time holds under a **lease**. A lease carries a **fence**, a
//! number that grows with each new holder. Every write names its fence and is refused when it is not the newest, so a keeper that
//! was thought dead and wakes up can record nothing any more, and therefore do nothing. Accounts are leased in the same way:
//! who signs with a key holds the lease of its account.

use std::fmt;

use agentcity_domain::time::Millis;
use alloy::primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

use crate::clock::Moment;

mod ledger;
mod postgres;
mod rows;
mod rules;
mod sql;
mod sqlite;
mod store;
mod tls;

pub(crate) use self::tls::open as server;
pub use self::{
    ledger::{Boundary, Ledger},
    postgres::{Postgres, PostgresJournal},
    sqlite::{Sqlite, SqliteJournal},
    store::{Access, Row, Store, StoreError, Value},
};

/// Longest name of a lease, a stream or a keeper, in bytes: they are keys of small tables.
pub const NAME_BYTES_MAX: usize = 128;

/// A held lease, as its holder proves it with every write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What is held: a stream, or an account ([`account_lease`]).
    pub name: String,
    /// The fencing token: grows by one with every holder.
    pub fence: u64,
    /// Until when, by the clock of whoever asked.
    pub until: Moment,
}

/// Name of the lease under which an account signs.
pub fn account_lease(account: Address) -> String {
    format!("account/{account:#x}")
}

/// What an event is to the journal: two with one identity are the same event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// A log of the chain. `removed` is its inverse: a reorg took it back.
    Log {
        /// Number of its block.
        block: u64,
        /// Hash of its block.
        block_hash: B256,
        /// Its place in the block.
        index: u64,
        /// Whether it is taken back.
        removed: bool,
    },
    /// Something else that happens once, under a name of its own. It is known until a checkpoint forgets it.
    Once(String),
}

impl Identity {
    /// The identity without its direction, as the store compares it.
    fn name(&self) -> String {
        match self {
            Self::Log {
                block_hash, index, ..
            } => format!("log/{block_hash:#x}/{index}"),
            Self::Once(name) => format!("once/{name}"),
        }
    }

    const fn is_removal(&self) -> bool {
        matches!(self, Self::Log { removed: true, .. })
    }

    const fn block(&self) -> Option<u64> {
        match self {
            Self::Log { block, .. } => Some(*block),
            Self::Once(_) => None,
        }
    }
}

/// What became of an event that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It was new and has this place in its stream.
    Recorded(u64),
    /// It stands already, or is a removal of what does not stand: nothing was recorded, nothing is to be done.
    Known,
}

/// An event with its place in its stream. `body` is whatever was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its place, counted from one.
    pub seq: u64,
    /// Whether it takes back an earlier one.
    pub removed: bool,
    /// The event as text.
    pub body: String,
}

/// From where a machine goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// State of the machine at `from`, if any was ever recorded.
    pub state: Option<String>,
    /// The last event that `state` contains.
    pub from: u64,
    /// The last event whose actions are recorded; later ones were seen only.
    pub cursor: u64,
    /// Events after `from`, in order.
    pub events: Vec<Recorded>,
}

/// What of the chain a stream knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Last block that counts as final; `None` when none does.
    pub floor: Option<u64>,
    /// A block up to there, to tell by whether the chain is still the same.
    pub mark: Option<Mark>,
    /// Bodies of the logs above it that were not taken back, in order.
    pub logs: Vec<String>,
}

/// A block that counted as final, and as what the chain held it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its number.
    pub block: u64,
    /// Its hash.
    pub hash: B256,
}

/// Up to where the chain counts as final.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finality {
    /// The last such block.
    pub block: u64,
    /// One of them, where its hash is known: whoever goes on later tells by it whether the chain is still the same.
    pub mark: Option<Mark>,
}

impl From<u64> for Finality {
    fn from(block: u64) -> Self {
        Self { block, mark: None }
    }
}

/// What makes an action the same action: recorded once however often it is intended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActionKey(pub B256);

impl fmt::Display for ActionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// An action to record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its key.
    pub key: ActionKey,
    /// The action as text.
    pub body: String,
}

/// A transaction that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Who signed.
    pub account: Address,
    /// Its place among the account's.
    pub nonce: u64,
    /// Which of the transactions with this nonce, counted from nought.
    pub attempt: u64,
    /// The action it carries out.
    pub action: ActionKey,
    /// Whether it only uses up the nonce, and leaves the action undone.
    pub fill: bool,
    /// Its hash.
    pub hash: B256,
    /// Its bytes.
    pub raw: Bytes,
    /// Most it pays for a unit of gas, in wei.
    pub fee_max: u128,
    /// Number of the chain's newest block when it was signed: it is in none up to there.
    pub after_block: u64,
}

/// A signed transaction with what is known of its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// What was signed.
    pub signed: Signed,
    /// How often it was handed to an endpoint.
    pub sends: u64,
    /// When it was handed to an endpoint for the last time.
    pub sent: Option<Moment>,
}

/// Whether a lease can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is ours.
    Granted(Lease),
    /// Another holds it.
    Held {
        /// Who.
        holder: String,
        /// Until when, by that one's clock.
        until: Moment,
    },
}

/// Why the journal recorded nothing. Whatever it is, nothing may leave the process on the strength of what was to be recorded.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Somebody else holds the lease now, or it is over.
    #[error(
        "lease {name} with fence {fence} is over or another keeper's: this process must stop acting on it"
    )]
    Fenced {
        /// The lease.
        name: String,
        /// The fence that was shown.
        fence: u64,
    },
    /// The lease of another thing was shown.
    #[error("lease {shown} was shown where {wanted} is written")]
    WrongLease {
        /// The lease that was shown.
        shown: String,
        /// The lease that is wanted.
        wanted: String,
    },
    /// A name that is empty or too long.
    #[error("a name has {0} bytes, but it takes 1..={NAME_BYTES_MAX}")]
    Name(usize),
    /// A number that the store cannot hold.
    #[error("{0} exceeds 2^63-1, the largest number the journal holds")]
    Number(u64),
    /// The machine skipped an event, or took one twice.
    #[error("stream {stream}: event {seq} was to be taken, but {next} is the next")]
    OutOfOrder {
        /// The stream.
        stream: String,
        /// The event that was taken.
        seq: u64,
        /// The event that is next.
        next: u64,
    },
    /// A log is taken back that lies deeper than the journal goes.
    #[error(
        "stream {stream}: a log of block {block} was taken back, but everything up to block {floor} counts as final: compare the city's state with the chain, then begin a new journal"
    )]
    BelowFloor {
        /// The stream.
        stream: String,
        /// Block of the log.
        block: u64,
        /// Last block that counts as final.
        floor: u64,
    },
    /// An action with the same key and another body.
    #[error("action {key} is recorded with another content: its key does not say all that it does")]
    KeyReused {
        /// The key.
        key: ActionKey,
    },
    /// No such action.
    #[error("action {key} was never intended")]
    UnknownAction {
        /// The key.
        key: ActionKey,
    },
    /// The action ended already, in another way.
    #[error("action {key} ended already: {outcome}")]
    Ended {
        /// The key.
        key: ActionKey,
        /// How.
        outcome: String,
    },
    /// Another action has this nonce.
    #[error("nonce {nonce} of {account} belongs to action {owner}")]
    NonceTaken {
        /// Whose nonce.
        account: Address,
        /// Which.
        nonce: u64,
        /// The action that has it.
        owner: ActionKey,
    },
    /// The chain used this nonce already.
    #[error("nonce {nonce} of {account} is used up: nothing more is signed with it")]
    NonceClosed {
        /// Whose nonce.
        account: Address,
        /// Which.
        nonce: u64,
    },
    /// The action could take effect twice.
    #[error(
        "action {key} has nonce {nonce} of {account}, which may still take effect: it gets no other"
    )]
    HasNonce {
        /// The action.
        key: ActionKey,
        /// Whose nonce.
        account: Address,
        /// Which.
        nonce: u64,
    },
    /// An attempt was left out, or is there already.
    #[error("attempt {attempt} at nonce {nonce} of {account}: the next is {next}")]
    Attempt {
        /// Whose nonce.
        account: Address,
        /// Which.
        nonce: u64,
        /// The attempt that was to be recorded.
        attempt: u64,
        /// The attempt that is next.
        next: u64,
    },
    /// No such transaction.
    #[error("transaction {hash} was never signed here")]
    UnknownTransaction {
        /// Its hash.
        hash: B256,
    },
    /// The journal is of another chain.
    #[error(
        "the journal is of chain {recorded}, this is chain {asked}: name another file under `journal`"
    )]
    OtherChain {
        /// Chain id and genesis hash in the journal.
        recorded: String,
        /// Chain id and genesis hash of the chain.
        asked: String,
    },
    /// Written by another release.
    #[error(
        "the journal has format {found}, this keeper writes {expected}: use the keeper that wrote it"
    )]
    Format {
        /// Format of the file.
        found: String,
        /// Format of this release.
        expected: u32,
    },
    /// What is recorded cannot be read.
    #[error("the journal holds what it cannot have written: {0}")]
    Corrupt(String),
    /// A write failed in a way that leaves open whether it was recorded.
    #[error("an earlier write failed, so what is recorded is not known: open the journal again")]
    Poisoned,
    /// The store failed.
    #[error("the journal's store failed: {0}")]
    Store(#[from] StoreError),
}

/// The write-ahead log and checkpoint, whatever the store.
///
/// `now` is the caller's clock: it decides when leases are over, and nothing else. Clocks that differ between keepers make a
/// takeover early or late; they cannot make an effect double, since fences and nonces do not ask for the time.
pub trait Journal: fmt::Debug + Send {
    /// Ties the journal to one chain for ever.
    ///
    /// Errors: [`JournalError::OtherChain`].
    fn bind(&mut self, chain_id: u64, genesis: B256) -> Result<(), JournalError>;

    /// Writes something that nothing follows from, for whoever holds no lease and wants to know whether the journal takes writes.
    fn probe(&mut self, holder: &str, now: Moment) -> Result<(), JournalError>;

    /// Takes a lease that is free, over, or was this holder's before: a process that was restarted under its name need not wait
    /// for itself. The fence grows in each case.
    fn acquire(
        &mut self,
        name: &str,
        holder: &str,
        now: Moment,
        term: Millis,
    ) -> Result<Claim, JournalError>;

    /// Prolongs a lease. Errors: [`JournalError::Fenced`] when it is over, even if nobody took it: it must be acquired then.
    fn renew(&mut self, lease: &Lease, now: Moment, term: Millis) -> Result<Lease, JournalError>;

    /// Gives a lease back before its end. Errors: [`JournalError::Fenced`] when it is not ours.
    fn release(&mut self, lease: &Lease, now: Moment) -> Result<(), JournalError>;

    /// Records an event unless it stands already. A removal stands for the end of its addition, which may come again.
    fn see(
        &mut self,
        stream: &Lease,
        now: Moment,
        identity: &Identity,
        body: &str,
    ) -> Result<Seen, JournalError>;

    /// From where the machine of a stream goes on. Reads only.
    fn replay(&mut self, stream: &str) -> Result<Replay, JournalError>;

    /// What of the chain a stream knows and may have to take back. Reads only.
    fn standing(&mut self, stream: &str) -> Result<Standing, JournalError>;

    /// Records what a machine wants done about event `seq`, and that it took it. Returns the keys that were new.
    ///
    /// Errors: [`JournalError::OutOfOrder`] unless `seq` follows the cursor, [`JournalError::KeyReused`].
    fn intend(
        &mut self,
        stream: &Lease,
        now: Moment,
        seq: u64,
        intents: &[Intent],
    ) -> Result<Vec<ActionKey>, JournalError>;

    /// Actions of a stream that have not ended, in the order in which they were intended. Reads only.
    fn open(&mut self, stream: &str) -> Result<Vec<Intent>, JournalError>;

    /// Records how an action ended, and the event by which its machine learns so, at once. Again with the same outcome:
    /// [`Seen::Known`].
    ///
    /// Errors: [`JournalError::Ended`] with another outcome, [`JournalError::UnknownAction`].
    fn settle(
        &mut self,
        stream: &Lease,
        now: Moment,
        key: ActionKey,
        outcome: &str,
        event: &str,
    ) -> Result<Seen, JournalError>;

    /// How an action ended; `None` while it has not. Errors: [`JournalError::UnknownAction`].
    fn outcome(&mut self, key: ActionKey) -> Result<Option<String>, JournalError>;

    /// Records signed bytes before they leave. An action has one nonce of one account until that is lost, and a nonce has one action.
    ///
    /// Errors: [`JournalError::NonceTaken`], [`JournalError::HasNonce`], [`JournalError::Attempt`], [`JournalError::Ended`],
    /// [`JournalError::NonceClosed`], [`JournalError::UnknownAction`].
    fn sign(&mut self, account: &Lease, now: Moment, signed: &Signed) -> Result<(), JournalError>;

    /// Records that a transaction was handed to an endpoint, whatever that answered.
    fn sent(&mut self, account: &Lease, now: Moment, hash: B256) -> Result<(), JournalError>;

    /// Records by which transaction a nonce was used for good: one of ours (`winner`), or another's (`None`). Where none that
    /// carries out the action won, the action may have another nonce. Again with the same winner: nothing.
    ///
    /// Errors: [`JournalError::UnknownTransaction`] when the winner is not one of that nonce.
    fn close(
        &mut self,
        lease: &Lease,
        now: Moment,
        account: Address,
        nonce: u64,
        winner: Option<B256>,
    ) -> Result<(), JournalError>;

    /// Transactions of an account whose nonces are not closed, by nonce and attempt. Reads only.
    fn posted(&mut self, account: Address) -> Result<Vec<Posted>, JournalError>;

    /// The first nonce of an account above all for which anything was ever signed here. Reads only.
    fn next_nonce(&mut self, account: Address) -> Result<u64, JournalError>;

    /// One above the highest closed nonce of an account, nought if there is none: the chain can never count fewer. Reads only.
    fn closed_below(&mut self, account: Address) -> Result<u64, JournalError>;

    /// Records a machine's state after event `seq`, forgets events up to it that nothing can take back any more (those of blocks
    /// up to the last final one, and those of no block), and takes logs of such blocks for known from now on. A mark stays until a later
    /// one takes its place.
    ///
    /// Errors: [`JournalError::OutOfOrder`] when `seq` was not taken yet, or lies before the last checkpoint.
    fn checkpoint(
        &mut self,
        stream: &Lease,
        now: Moment,
        seq: u64,
        state: &str,
        finality: Finality,
    ) -> Result<(), JournalError>;
}
