//! Copies elsewhere: an adjudicator's storage takes entries of the four critical kinds with their payloads, and signs that it has them
//! (RULINGS K18; seed §B.12, Retention Policy).
//!
//! ```text
//! PUT /cid/<cid of the parcel>      body: the entry's line, a line's end, the payload
//! 200 {"parcel": …, "mirror": …, "storedAt": …, "signature": …}
//! ```
//!
//! Putting twice is putting once: the mirror answers with the receipt it gave. [`Client`] pushes and believes nothing; [`Shelf`] is the
//! storage itself.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use agentcity_abi::document::ContentAddress;
use alloy::{
    primitives::{Address, Bytes, keccak256},
    signers::local::PrivateKeySigner,
    transports::http::reqwest::{self, Url, redirect},
};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::{
    entry::{Entry, LINE_BYTES_MAX, cid},
    head::{SignatureError, sign, signed_by},
    store::PAYLOAD_BYTES_MAX,
};

/// Most bytes of a parcel: a line and a payload.
pub const PARCEL_BYTES_MAX: usize = LINE_BYTES_MAX + 1 + PAYLOAD_BYTES_MAX;
/// Most bytes of an answer: a receipt has some three hundred.
const ANSWER_BYTES_MAX: usize = 4_096;
/// How long a mirror may take for one parcel.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// An entry with its payload, as one content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    bytes: Bytes,
}

/// What a mirror signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// What it has.
    #[serde(with = "cid")]
    pub parcel: ContentAddress,
    /// Whose storage it is.
    pub mirror: Address,
    /// Since when, in unix milliseconds, by its clock.
    pub stored_at: u64,
    /// Over [`Self::statement`], as wallets sign texts.
    pub signature: Bytes,
}

/// What went wrong with a mirror.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MirrorError {
    /// Nobody is known under that name.
    #[error("no address is configured for the mirror {mirror}")]
    Unknown {
        /// Which.
        mirror: Address,
    },
    /// Nobody answers there.
    #[error("the mirror cannot be reached: {cause}")]
    Unreachable {
        /// Why.
        cause: String,
    },
    /// It takes too long.
    #[error("the mirror has not answered within {} s", ANSWER_WITHIN.as_secs())]
    Silent,
    /// It does not take the parcel.
    #[error("the mirror refuses with status {status}")]
    Refused {
        /// Its status.
        status: u16,
    },
    /// It answers more than a receipt.
    #[error("the mirror answers more than {ANSWER_BYTES_MAX} bytes")]
    TooMuch,
    /// It answers no receipt.
    #[error("the mirror answers no receipt: {cause}")]
    Malformed {
        /// Why.
        cause: String,
    },
    /// It signs for something else. A lie.
    #[error("the mirror gives a receipt for {given}, not for {expected}")]
    OtherParcel {
        /// For what.
        given: ContentAddress,
        /// What was sent.
        expected: ContentAddress,
    },
    /// It signs in another's name. A lie.
    #[error("the mirror gives a receipt of {given}, not of {expected}")]
    OtherMirror {
        /// In whose.
        given: Address,
        /// Who it is.
        expected: Address,
    },
    /// It has not signed it. A lie.
    #[error("the mirror's receipt is not signed: {0}")]
    Signature(#[from] SignatureError),
}

impl MirrorError {
    /// Whether it said what is not so: another try would prove nothing.
    pub const fn is_lie(&self) -> bool {
        match self {
            Self::OtherParcel { .. } | Self::OtherMirror { .. } | Self::Signature(_) => true,
            Self::Unknown { .. }
            | Self::Unreachable { .. }
            | Self::Silent
            | Self::Refused { .. }
            | Self::TooMuch
            | Self::Malformed { .. } => false,
        }
    }
}

impl Parcel {
    /// Of a line and the payload it names; without one if that is gone.
    pub fn new(line: &str, payload: &[u8]) -> Self {
        Self {
            bytes: [line.as_bytes(), b"\n", payload].concat().into(),
        }
    }

    /// Where it is found.
    pub fn address(&self) -> ContentAddress {
        ContentAddress::of(&self.bytes)
    }

    /// What is stored.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Reads bytes that may be anything: an event of a critical kind, with the payload it names or with none.
    ///
    /// Errors: why they are no parcel.
    pub fn read(bytes: Bytes) -> Result<Self, String> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (line, payload) = bytes.split_at(end.ok_or("it has no line")?);
        let line = std::str::from_utf8(line).map_err(|error| error.to_string())?;
        let event = match Entry::read(line).map_err(|error| error.to_string())? {
            Entry::Event(event) => event,
            Entry::Receipt(_) | Entry::Tombstone(_) => return Err("it is no event".to_owned()),
        };
        if !event.event_type.is_critical() {
            return Err(format!("{} is not mirrored", event.event_type.text()));
        }
        let payload = &payload[1..];
        let fits = keccak256(payload) == event.payload_hash
            && ContentAddress::of(payload) == event.payload_cid;
        if !payload.is_empty() && !fits {
            return Err("its payload is not the one that the entry names".to_owned());
        }
        Ok(Self { bytes })
    }
}

impl Receipt {
    /// The text that is signed.
    pub fn statement(&self) -> String {
        format!(
            "AgentCity mirror receipt, version 1\nparcel: {}\nmirror: {:#x}\ntime: {}",
            self.parcel, self.mirror, self.stored_at
        )
    }

    /// Whether it is this mirror's for this parcel.
    ///
    /// Errors: the lie.
    pub fn verify(&self, parcel: ContentAddress, mirror: Address) -> Result<(), MirrorError> {
        if self.parcel != parcel {
            return Err(MirrorError::OtherParcel {
                given: self.parcel,
                expected: parcel,
            });
        }
        if self.mirror != mirror {
            return Err(MirrorError::OtherMirror {
                given: self.mirror,
                expected: mirror,
            });
        }
        Ok(signed_by(&self.statement(), &self.signature, mirror)?)
    }
}

/// Pushes parcels to mirrors.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
}

impl Client {
    /// Errors: the machine has no means to connect.
    pub fn new() -> Result<Self, MirrorError> {
        let http = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            // A mirror is where the operator said, nowhere else.
            .redirect(redirect::Policy::none())
            .build();
        let http = http.map_err(|error| unreachable(&error))?;
        Ok(Self { http })
    }

    /// Stores a parcel at a mirror, and verifies its receipt.
    ///
    /// Errors: [`MirrorError`].
    pub async fn push(
        &self,
        base: &Url,
        mirror: Address,
        parcel: &Parcel,
    ) -> Result<Receipt, MirrorError> {
        let address = parcel.address();
        let mut url = base.clone();
        match url.path_segments_mut() {
            Ok(mut path) => {
                path.pop_if_empty().push("cid").push(&address.to_string());
            }
            Err(()) => {
                let cause = format!("`{base}` is no address of a server");
                return Err(MirrorError::Unreachable { cause });
            }
        }
        let request = self.http.put(url).body(parcel.bytes.to_vec());
        let mut answer = request.send().await.map_err(|error| unreachable(&error))?;
        if !answer.status().is_success() {
            let status = answer.status().as_u16();
            return Err(MirrorError::Refused { status });
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| unreachable(&error))? {
            if body.len() + part.len() > ANSWER_BYTES_MAX {
                return Err(MirrorError::TooMuch);
            }
            body.extend_from_slice(&part);
        }
        let receipt: Receipt =
            serde_json::from_slice(&body).map_err(|error| MirrorError::Malformed {
                cause: error.to_string(),
            })?;
        receipt.verify(address, mirror)?;
        Ok(receipt)
    }
}

fn unreachable(error: &reqwest::Error) -> MirrorError {
    if error.is_timeout() {
        return MirrorError::Silent;
    }
    // Without the address: it may hold a password.
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    MirrorError::Unreachable {
        cause: cause.to_string(),
    }
}

/// A mirror's storage: one file, which takes parcels and gives receipts.
#[derive(Clone)]
pub struct Shelf {
    connection: Arc<Mutex<Connection>>,
    signer: PrivateKeySigner,
    bytes_max: u64,
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf")
            .field("mirror", &self.signer.address())
            .field("bytes_max", &self.bytes_max)
            .finish_non_exhaustive()
    }
}

/// Why a shelf does not take a parcel.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] rusqlite::Error),
    /// It is not what it is called.
    #[error("what was sent is {found}, not {expected}")]
    OtherContent {
        /// What it is.
        found: ContentAddress,
        /// What it was called.
        expected: ContentAddress,
    },
    /// It is no parcel.
    #[error("what was sent is no parcel: {cause}")]
    NoParcel {
        /// Why.
        cause: String,
    },
    /// There is no room.
    #[error("the shelf is full: {bytes_max} bytes")]
    Full {
        /// How much it holds.
        bytes_max: u64,
    },
    /// It cannot sign.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Shelf {
    /// Opens a file, or begins one. It holds so many bytes of parcels at most, and signs with this key.
    pub fn open(path: &Path, signer: PrivateKeySigner, bytes_max: u64) -> Result<Self, ShelfError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute(
            "CREATE TABLE IF NOT EXISTS parcels (cid BLOB PRIMARY KEY, body BLOB NOT NULL, time INTEGER NOT NULL)",
            [],
        )?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
            signer,
            bytes_max,
        })
    }

    /// Stores what was sent under an address at `now_ms`; what is there already keeps its time. On disk when it returns.
    pub fn put(
        &self,
        address: ContentAddress,
        body: Bytes,
        now_ms: u64,
    ) -> Result<Receipt, ShelfError> {
        let found = ContentAddress::of(&body);
        if found != address {
            return Err(ShelfError::OtherContent {
                found,
                expected: address,
            });
        }
        let parcel = Parcel::read(body).map_err(|cause| ShelfError::NoParcel { cause })?;
        let key = address.word();
        let connection = self.connection.lock();
        let before = "SELECT time FROM parcels WHERE cid = ?1";
        let before = connection
            .query_row(before, [key.as_slice()], |row| row.get::<_, i64>(0))
            .optional()?;
        let time = match before {
            Some(time) => time,
            None => {
                let held = "SELECT COALESCE(SUM(LENGTH(body)), 0) FROM parcels";
                let held: i64 = connection.query_row(held, [], |row| row.get(0))?;
                if held as u64 + parcel.bytes.len() as u64 > self.bytes_max {
                    let bytes_max = self.bytes_max;
                    return Err(ShelfError::Full { bytes_max });
                }
                let now = i64::try_from(now_ms).unwrap_or(i64::MAX);
                connection.execute(
                    "INSERT INTO parcels (cid, body, time) VALUES (?1, ?2, ?3)",
                    params![key.as_slice(), parcel.bytes.as_ref(), now],
                )?;
                now
            }
        };
        let mut receipt = Receipt {
            parcel: address,
            mirror: self.signer.address(),
            stored_at: time as u64,
            signature: Bytes::new(),
        };
        receipt.signature = sign(&receipt.statement(), &self.signer)?;
        Ok(receipt)
    }

    /// A parcel, hashed again.
    pub fn get(&self, address: ContentAddress) -> Result<Option<Bytes>, ShelfError> {
        let key = address.word();
        let query = "SELECT body FROM parcels WHERE cid = ?1";
        let body: Option<Vec<u8>> = self
            .connection
            .lock()
            .query_row(query, [key.as_slice()], |row| row.get(0))
            .optional()?;
        let Some(body) = body else {
            return Ok(None);
        };
        let found = ContentAddress::of(&body);
        if found != address {
            return Err(ShelfError::OtherContent {
                found,
                expected: address,
            });
        }
        Ok(Some(body.into()))
    }
}
