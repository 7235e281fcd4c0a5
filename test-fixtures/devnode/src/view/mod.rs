//! What clients see of blocks, transactions, receipts and logs.
//!
//! Receipts and logs are written straight to bytes: a query of 10,000 logs is a hot path, and a detour over a tree of
//! values would cost several times the answer itself.

pub(crate) mod block;
pub(crate) mod log;
pub(crate) mod receipt;
pub(crate) mod transaction;
mod writer;

pub(crate) use writer::{Object, list};
