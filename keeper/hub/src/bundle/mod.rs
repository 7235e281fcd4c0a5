//! A part of a log in one file, which proves itself: entries with their payloads and paths, the head that its author signed, the anchors
//! that the chain has (docs/log.md).
//!
//! Nothing in it is believed. Entries are hashed into the head's root; the head is signed by the log's author; each anchor's log begins
//! the head's, by the rule that the roster itself judges by; and that the chain has the anchor is asked of the chain ([`Bundle::anchors`])
//! or shown by a receipt ([`ReceiptProof`]). The text is in one form, so nothing in it is left unread.

pub mod receipt;

use std::collections::{BTreeMap, BTreeSet};

use agentcity_abi::document::ContentAddress;
use agentcity_domain::roster::anchor::Anchor;
use alloy::{
    consensus::Header,
    primitives::{Address, B256, keccak256},
};
use serde::{Deserialize, Serialize};

pub use receipt::{ReceiptError, ReceiptProof};

use crate::{
    entry::{Entry, LineError},
    head::{LogName, SignatureError, SignedHead},
    store::{Anchored, Log, LogError, Payload},
    tree,
};

/// Most bytes of a file: what a machine reads and hashes in seconds.
pub const BUNDLE_BYTES_MAX: usize = 64 << 20;
/// Most entries of a file. More go into several.
pub const ENTRIES_MAX: usize = 10_000;
/// Most anchors of a file: one is enough, a few tell a history.
pub const ANCHORS_MAX: usize = 64;
/// What the file is.
const FORMAT: &str = "agentcity-log-bundle";
/// Its version.
const VERSION: u32 = 1;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bundle {
    format: String,
    version: u32,
    log: LogName,
    head: SignedHead,
    entries: Vec<Part>,
    payloads: BTreeMap<String, String>,
    anchors: Vec<AnchorPart>,
}

/// An entry with its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Part {
    line: String,
    path: Vec<B256>,
}

/// An anchor, and that the head's log extends what it anchored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnchorPart {
    /// Where it stands.
    pub roster: Address,
    /// Its number among the author's.
    pub sequence: u64,
    /// Entries of the log that was anchored.
    pub size: u64,
    /// Its root.
    pub root: B256,
    /// The block that has it.
    pub block: u64,
    /// The transaction.
    pub transaction: B256,
    /// From its root to the head's.
    path: Vec<B256>,
    /// That the block has it, for who has the block's header and no chain.
    pub receipt: Option<ReceiptProof>,
}

/// What a bundle proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose log.
    pub log: LogName,
    /// At which size.
    pub head: Anchor,
    /// How many entries were proved.
    pub entries: usize,
    /// How many of them a log that was anchored has too.
    pub anchored: usize,
    /// How many payloads were compared with their entries.
    pub payloads: usize,
    /// How many entries name a payload that is not in the file: erased, or left out.
    pub without_payload: usize,
}

/// Why a bundle proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// It is larger than any.
    #[error(
        "the bundle has {bytes} bytes, at most {BUNDLE_BYTES_MAX}: ask for its entries in several"
    )]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// It is no bundle.
    #[error("the file is no bundle of a log: {cause}")]
    Malformed {
        /// Why.
        cause: String,
    },
    /// It is of another version.
    #[error(
        "the bundle is a `{format}` of version {version}, this program reads `{FORMAT}` of version {VERSION}"
    )]
    Version {
        /// What it calls itself.
        format: String,
        /// Its version.
        version: u32,
    },
    /// It is not in its one form.
    #[error("the bundle is not written as bundles are: something in it would not be read")]
    OtherForm,
    /// Too many things.
    #[error("the bundle has {given} {what}, at most {most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        given: usize,
        /// How many there may be.
        most: usize,
    },
    /// The head is not the author's.
    #[error("the head is not the author's: {0}")]
    Head(SignatureError),
    /// A line is no entry.
    #[error("entry {at} of the bundle: {cause}")]
    Line {
        /// Which of the bundle, from nought.
        at: usize,
        /// Why.
        cause: LineError,
    },
    /// An entry is not in the log.
    #[error(
        "entry {place} of the log is not what the author's root commits to: the entry, or its path, was changed"
    )]
    NotIncluded {
        /// Its place.
        place: u64,
    },
    /// Entries are not in their order, or one comes twice.
    #[error("entry {place} comes after a later one, or twice")]
    Order {
        /// Its place.
        place: u64,
    },
    /// A payload is not what its entry says.
    #[error("payload {address} is not what its entry names: it was changed")]
    Payload {
        /// As it is called.
        address: String,
    },
    /// No entry names a payload.
    #[error("payload {address} belongs to no entry of the bundle")]
    Stray {
        /// As it is called.
        address: String,
    },
    /// The log that was anchored is not the beginning of the head's.
    #[error(
        "the log of anchor {sequence} is not the beginning of the head's: the author forked its log, or the anchor was changed"
    )]
    Forked {
        /// Which.
        sequence: u64,
    },
    /// Anchors are not in their order, or one comes twice.
    #[error("anchor {sequence} comes after a later one, or twice")]
    AnchorOrder {
        /// Which.
        sequence: u64,
    },
    /// No receipt is in it.
    #[error("no anchor of the bundle has a receipt: export it with receipts, or ask a chain")]
    NoReceipt,
    /// A receipt proves nothing.
    #[error("anchor {sequence}: {cause}")]
    Receipt {
        /// Of which anchor.
        sequence: u64,
        /// Why.
        cause: ReceiptError,
    },
    /// The log cannot be read, for an export.
    #[error("{cause}")]
    Export {
        /// Why.
        cause: String,
    },
}

impl From<LogError> for BundleError {
    fn from(error: LogError) -> Self {
        Self::Export {
            cause: error.to_string(),
        }
    }
}

impl Bundle {
    /// Takes entries out of a log, with the payloads that are there, under its newest signed head, and the anchors that are given.
    ///
    /// Errors: [`BundleError::TooMany`]; [`BundleError::Export`] where no signed head has all of them.
    pub fn export(
        log: &Log,
        places: &BTreeSet<u64>,
        anchors: &[(Anchored, Option<ReceiptProof>)],
    ) -> Result<Self, BundleError> {
        bounded("entries", places.len(), ENTRIES_MAX)?;
        bounded("anchors", anchors.len(), ANCHORS_MAX)?;
        let size = log.size()?;
        let last = places.last().copied().unwrap_or_default();
        let head = log.head_within(size)?.filter(|head| last < head.head.size);
        let Some(head) = head else {
            let cause = format!(
                "no head that the log's author signed has entry {last}: let its keeper anchor first"
            );
            return Err(BundleError::Export { cause });
        };
        let (mut entries, mut payloads) = (Vec::new(), BTreeMap::new());
        for place in places {
            let line = log.line(*place)?;
            if let Ok(Entry::Event(event)) = Entry::read(&line)
                && let Payload::Here(body) = log.payload(&event.payload_cid)?
            {
                // Payloads are JSON, and that is text.
                let text = String::from_utf8_lossy(&body).into_owned();
                payloads.insert(event.payload_cid.to_string(), text);
            }
            let path = log.inclusion(*place, head.head.size)?;
            entries.push(Part { line, path });
        }
        let mut parts = Vec::with_capacity(anchors.len());
        for (anchored, receipt) in anchors {
            parts.push(AnchorPart {
                roster: anchored.roster,
                sequence: anchored.sequence,
                size: anchored.anchor.size,
                root: anchored.anchor.root,
                block: anchored.block,
                transaction: anchored.transaction,
                path: log.extension(anchored.anchor.size, head.head.size)?,
                receipt: receipt.clone(),
            });
        }
        parts.sort_by_key(|part| part.sequence);
        Ok(Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            log: *log.name(),
            head,
            entries,
            payloads,
            anchors: parts,
        })
    }

    /// The file.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a bundle is JSON");
        text.push('\n');
        text
    }

    /// Reads a file that may be anything. What it says is not verified yet.
    ///
    /// Errors: [`BundleError::TooLarge`], [`BundleError::Malformed`], [`BundleError::Version`], [`BundleError::OtherForm`].
    pub fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        #[derive(Deserialize)]
        struct Cover {
            format: String,
            version: u32,
        }
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(BundleError::TooLarge { bytes: bytes.len() });
        }
        let malformed = |error: serde_json::Error| BundleError::Malformed {
            cause: error.to_string(),
        };
        let cover: Cover = serde_json::from_slice(bytes).map_err(malformed)?;
        if (cover.format.as_str(), cover.version) != (FORMAT, VERSION) {
            let Cover { format, version } = cover;
            return Err(BundleError::Version { format, version });
        }
        let bundle: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        if bundle.text().as_bytes() != bytes {
            return Err(BundleError::OtherForm);
        }
        bounded("entries", bundle.entries.len(), ENTRIES_MAX)?;
        bounded("anchors", bundle.anchors.len(), ANCHORS_MAX)?;
        Ok(bundle)
    }

    /// Whose log it is of.
    pub const fn log(&self) -> &LogName {
        &self.log
    }

    /// What the chain must have: ask it, [`verify_header`](Self::verify_header) does not.
    pub fn anchors(&self) -> &[AnchorPart] {
        &self.anchors
    }

    /// The lines of its entries.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|part| part.line.as_str())
    }

    /// Verifies all that needs no chain.
    ///
    /// Errors: the first thing that is not so.
    pub fn verify(&self) -> Result<Report, BundleError> {
        self.head.verify(&self.log).map_err(BundleError::Head)?;
        let head = self.head.head.anchor();
        let mut report = Report {
            log: self.log,
            head,
            entries: self.entries.len(),
            anchored: 0,
            payloads: self.payloads.len(),
            without_payload: 0,
        };
        let covered = self.verify_anchors(&head)?;
        let mut named = BTreeSet::new();
        let mut last = None;
        for (at, part) in self.entries.iter().enumerate() {
            let entry = Entry::read(&part.line).map_err(|cause| BundleError::Line { at, cause })?;
            let place = entry.sequence();
            if last.is_some_and(|last| last >= place) {
                return Err(BundleError::Order { place });
            }
            last = Some(place);
            if !tree::includes(&head, place, &tree::leaf(part.line.as_bytes()), &part.path) {
                return Err(BundleError::NotIncluded { place });
            }
            report.anchored += usize::from(place < covered);
            if let Entry::Event(event) = entry {
                let address = event.payload_cid.to_string();
                match self.payloads.get(&address) {
                    Some(body) => {
                        let fits = ContentAddress::of(body) == event.payload_cid
                            && keccak256(body) == event.payload_hash;
                        if !fits {
                            return Err(BundleError::Payload { address });
                        }
                        named.insert(address);
                    }
                    None => report.without_payload += 1,
                }
            }
        }
        match self.payloads.keys().find(|key| !named.contains(*key)) {
            Some(address) => Err(BundleError::Stray {
                address: address.clone(),
            }),
            None => Ok(report),
        }
    }

    /// How many entries the greatest log that was anchored has.
    fn verify_anchors(&self, head: &Anchor) -> Result<u64, BundleError> {
        let (mut covered, mut last) = (0, None);
        for part in &self.anchors {
            let sequence = part.sequence;
            if last.is_some_and(|last| last >= sequence) {
                return Err(BundleError::AnchorOrder { sequence });
            }
            last = Some(sequence);
            if !tree::extends(&part.anchor(), head, &part.path) {
                return Err(BundleError::Forked { sequence });
            }
            covered = covered.max(part.size);
        }
        Ok(covered)
    }

    /// Whether the block behind a header has an anchor of the bundle. The header itself is the reader's: he compares its hash with one
    /// that he trusts. Which anchor it is.
    ///
    /// Errors: [`BundleError::NoReceipt`], [`BundleError::Receipt`].
    pub fn verify_header(&self, header: &Header) -> Result<&AnchorPart, BundleError> {
        let of_block = |part: &&AnchorPart| part.block == header.number && part.receipt.is_some();
        let part = self.anchors.iter().find(of_block);
        let part = part.or_else(|| self.anchors.iter().find(|part| part.receipt.is_some()));
        let Some((part, receipt)) = part.and_then(|part| Some((part, part.receipt.as_ref()?)))
        else {
            return Err(BundleError::NoReceipt);
        };
        let (author, sequence) = (self.log.author, part.sequence);
        receipt
            .verify(header, part.roster, author, sequence, &part.anchor())
            .map_err(|cause| BundleError::Receipt { sequence, cause })?;
        Ok(part)
    }
}

impl AnchorPart {
    /// As the roster knows it.
    pub const fn anchor(&self) -> Anchor {
        Anchor {
            size: self.size,
            root: self.root,
        }
    }
}

fn bounded(what: &'static str, given: usize, most: usize) -> Result<(), BundleError> {
    match given <= most {
        true => Ok(()),
        false => Err(BundleError::TooMany { what, given, most }),
    }
}
