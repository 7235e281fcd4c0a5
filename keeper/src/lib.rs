//! What a machine does beside the executors.
//!
//! Source → journal → machine → journal → executor → journal: events come from [`source`], are written into the [`journal`], and
//! are taken by synchronous machines in [`machine`]; what these want done is written down before an [`executor`] does it, and how
//! that ended afterwards. The closed sets [`event::Event`] and [`action::Action`] are all that passes between them, and
//! [`runtime::Stream`] is the one owner of a machine's state. What one stream is about is a [`part`], and [`daemon`] is their host. There is no privileged keeper: whatever it does, anyone may do
//! (RULINGS R10).

pub mod action;
pub mod check;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod dashboard;
pub mod docket;
pub mod drill;
pub mod event;
pub mod execution;
pub mod executor;
pub mod journal;
pub mod library;
pub mod machine;
pub mod office;
pub mod openapi;
pub mod operations;
pub mod part;
pub mod runtime;
pub mod snapshot;
pub mod source;
pub mod statement;
pub mod vault;
