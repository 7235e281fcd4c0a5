//! What a line of the log says: an event, the receipt of a mirror, or that a payload is gone. One line of JSON in one form: what is
//! read and written again is the same line, so what a proof proves is what a reader saw.

use std::fmt;

use agentcity_abi::document::ContentAddress;
use alloy::primitives::{Address, B256, Bytes, keccak256};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::kind::EventType;

/// Most bytes of a line: an event has less than two thousand, whatever it says.
pub const LINE_BYTES_MAX: usize = 8_192;
/// Most principals that one event is attributed to: those of its two parties.
pub const PRINCIPALS_MAX: usize = 2;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "camelCase", deny_unknown_fields)]
pub enum Entry {
    /// Something happened.
    Event(Box<Event>),
    /// A mirror has a copy of an event that must not be lost.
    Receipt(Receipted),
    /// A payload is not kept any more. The entries that name it stay as they are.
    Tombstone(Tombstone),
}

/// The seed's `LogEvent`, with what its index dimensions ask for besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// keccak256(mission or session ‖ sequence), 64 bytes.
    pub event_id: B256,
    /// Its place in the log.
    pub sequence: u64,
    /// The mission, or zero.
    pub mission_id: B256,
    /// The session of legislation, or zero. A mission's id holds its session's, so both are found by the mission.
    pub session_id: B256,
    /// The epoch of the city.
    pub epoch: u64,
    /// What happened.
    pub event_type: EventType,
    /// The contract that said so; zero for a keeper's own record.
    pub emitter_contract: Address,
    /// The agent, contract or adjudicator that it is about, or zero.
    pub primary_entity: Address,
    /// The other party, or zero.
    pub secondary_entity: Address,
    /// Who answered for the two when it was recorded.
    pub principals: Vec<Address>,
    /// The node of the mission's statute.
    pub node: Option<u16>,
    /// keccak256 of the payload as it is kept, after redaction.
    pub payload_hash: B256,
    /// Where it is found.
    #[serde(with = "cid")]
    pub payload_cid: ContentAddress,
    /// How many values were taken out of it beforehand.
    pub redactions: u32,
    /// Zero for a keeper's own record.
    pub block_number: u64,
    /// Unix milliseconds.
    pub timestamp: u64,
    /// Zero for a keeper's own record.
    pub gas_used: u64,
    /// What makes it the same event.
    pub origin: Origin,
}

/// What makes an event the same event: it is logged once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "camelCase", deny_unknown_fields)]
pub enum Origin {
    /// A contract's log.
    #[serde(rename_all = "camelCase")]
    Chain {
        /// In which block.
        block_hash: B256,
        /// In which transaction.
        transaction: B256,
        /// Its index in the block.
        log_index: u64,
    },
    /// A keeper's record, by a name that follows from what it is about.
    Keeper {
        /// keccak256 of that name.
        record: B256,
    },
}

/// A mirror's receipt, as a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipted {
    /// Its place in the log.
    pub sequence: u64,
    /// The place of the entry of which there is a copy.
    pub of: u64,
    /// The address of what was stored: the entry with its payload.
    #[serde(with = "cid")]
    pub parcel: ContentAddress,
    /// Whose storage it is.
    pub mirror: Address,
    /// When it says to have stored it, in unix milliseconds.
    pub stored_at: u64,
    /// Its signature over [`crate::mirror::Receipt::statement`].
    pub signature: Bytes,
    /// When it was recorded, in unix milliseconds.
    pub timestamp: u64,
}

/// A payload that is gone, as a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tombstone {
    /// Its place in the log.
    pub sequence: u64,
    /// What was erased.
    #[serde(with = "cid")]
    pub payload: ContentAddress,
    /// Why.
    pub why: Erased,
    /// When it was erased, in unix milliseconds.
    pub timestamp: u64,
}

/// Why a payload is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "camelCase", deny_unknown_fields)]
pub enum Erased {
    /// Its retention is over.
    Expired {
        /// Since when, in unix milliseconds.
        since: u64,
    },
    /// Somebody ordered it: a claim of a person whose data it held.
    Ordered {
        /// keccak256 of the order, which is kept elsewhere.
        order: B256,
    },
}

/// A line is no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It is longer than any entry.
    #[error("a line of {bytes} bytes is no entry: at most {LINE_BYTES_MAX}")]
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// It is no JSON of an entry.
    #[error("the line is no entry of this log's format: {cause}")]
    Malformed {
        /// Why.
        cause: String,
    },
    /// It says the same in another form than the one that is written.
    #[error("the line is not in the one form of an entry: its hash would not be the entry's")]
    OtherForm,
    /// It names itself another number or id than its own.
    #[error("the entry calls itself number {given}, or another event than it is")]
    Misnamed {
        /// What it says.
        given: u64,
    },
}

impl Entry {
    /// The line, without an end.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("an entry is JSON")
    }

    /// Reads a line that must be in its one form.
    ///
    /// Errors: [`LineError`].
    pub fn read(line: &str) -> Result<Self, LineError> {
        if line.len() > LINE_BYTES_MAX {
            return Err(LineError::TooLong { bytes: line.len() });
        }
        let entry: Self = serde_json::from_str(line).map_err(|error| LineError::Malformed {
            cause: error.to_string(),
        })?;
        if entry.line() != line {
            return Err(LineError::OtherForm);
        }
        let named = match &entry {
            Self::Event(event) => {
                event.event_id == event_id(event.subject(), event.sequence)
                    && event.principals.len() <= PRINCIPALS_MAX
            }
            Self::Receipt(_) | Self::Tombstone(_) => true,
        };
        if !named {
            let given = entry.sequence();
            return Err(LineError::Misnamed { given });
        }
        Ok(entry)
    }

    /// Its place in the log.
    pub const fn sequence(&self) -> u64 {
        match self {
            Self::Event(event) => event.sequence,
            Self::Receipt(receipt) => receipt.sequence,
            Self::Tombstone(tombstone) => tombstone.sequence,
        }
    }

    /// Its time, in unix milliseconds.
    pub const fn timestamp(&self) -> u64 {
        match self {
            Self::Event(event) => event.timestamp,
            Self::Receipt(receipt) => receipt.timestamp,
            Self::Tombstone(tombstone) => tombstone.timestamp,
        }
    }
}

impl Event {
    /// What it is about as a whole: the mission, or the session of which none has come yet.
    pub fn subject(&self) -> B256 {
        match self.mission_id {
            B256::ZERO => self.session_id,
            mission => mission,
        }
    }
}

impl Origin {
    /// Under which it is known, for one type of event: a contract's log can be several.
    pub(crate) fn key(&self, kind: EventType) -> B256 {
        keccak256(match self {
            Self::Chain {
                block_hash,
                transaction,
                log_index,
            } => format!("{}/{block_hash}/{transaction}/{log_index}", kind.text()),
            Self::Keeper { record } => format!("{}/{record}", kind.text()),
        })
    }
}

/// The seed's `eventId`.
pub(crate) fn event_id(subject: B256, sequence: u64) -> B256 {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(subject.as_slice());
    bytes[56..].copy_from_slice(&sequence.to_be_bytes());
    keccak256(bytes)
}

impl fmt::Display for Erased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { since } => write!(f, "its retention ended at {since}"),
            Self::Ordered { order } => write!(f, "order {order}"),
        }
    }
}

/// Content addresses as CIDs in JSON.
pub(crate) mod cid {
    use super::{ContentAddress, Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(
        address: &ContentAddress,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(address)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<ContentAddress, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
