//! The log of what happens in a city: append-only, provable, with its payloads beside it (seed §B.12, Logging Hub).
//!
//! ```text
//! draft ─► redact ─► append (one commit: entries, tree, payloads, terms) ─► head ─► anchored on the roster
//!                       │                          │
//!                       ├─► query, /log, /cid      └─► bundle ─► verified by anyone, with nothing else
//!                       └─► mirrors, for the four kinds that must not be lost ─► receipts, which are entries too
//! ```
//!
//! The log is an RFC 6962 tree over Keccak-256; which hashes make its roots and proofs is the law's rule
//! (`domain::roster::tree`), and so is when one log extends another, which the roster asks on chain (INV-ROSTER-05). An entry is
//! one line of JSON and is never changed. Payloads are addressed by their content (`abi::document::ContentAddress`), may be
//! erased when their time is over, and no proof depends on one.
//!
//! | module | concept |
//! |---|---|
//! | [`kind`] | the 52 types of the seed, closed, and where each comes from |
//! | [`entry`] | what a line of the log says |
//! | [`chain`] | from a contract's log to drafts of entries |
//! | [`redact`] | what must not be written is taken out beforehand |
//! | [`tree`] | hashes, roots and proofs of lists |
//! | [`store`] | the log on disk: append, query, prove, retention |
//! | [`head`] | a root signed by the log's author |
//! | [`mirror`] | copies elsewhere, and receipts of them |
//! | [`http`] | what others may read |
//! | [`bundle`] | a part of the log in one file, and its verification |
#![forbid(unsafe_code)]

pub mod bundle;
pub mod chain;
pub mod entry;
pub mod head;
pub mod http;
pub mod kind;
pub mod mirror;
pub mod redact;
pub mod store;
pub mod tree;
