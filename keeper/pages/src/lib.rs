//! The executors of the three-task mission (seed §B.10): pages are fetched and parsed, three classifiers tell their topics, a report is made.
//!
//! ```text
//! sources ──▶ fetch ──▶ page ──▶ documents ──▶ model A, B, C ──▶ topics ──▶ report
//!              │          │                        ▲
//!           hosts,     charset, tree,           training (from data/, bit for bit)
//!           sizes      main text
//! ```
//!
//! Reading order: [`source`] and [`fetch`] (what is read, and from whom), [`page`] (what a page says), [`document`] (what is handed on),
//! [`model`] (how a topic is told, in whole numbers), [`training`] (where models come from, and how good they are), [`topics`], [`report`],
//! [`service`] (what is registered, and its code hash), [`job`] (the same as a process that an executor's runner starts).
//!
//! Every output is JSON in its one canonical form, so that honest executors who find the same say the same bytes.
#![forbid(unsafe_code)]

pub mod canonical;
pub mod corpus;
pub mod csv;
pub mod document;
pub mod fetch;
pub mod job;
pub mod model;
pub mod page;
pub mod report;
pub mod service;
pub mod source;
pub mod topics;
pub mod training;
