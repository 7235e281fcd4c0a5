//! Where events come from.
//!
//! ```text
//!  endpoint ┐
//!  endpoint ┼─ pool (enough agree) ─ chain ─┬─ follower ─ feed of a stream
//!  endpoint ┘                               └─ follower ─ feed of a stream
//! ```

pub mod agreed;
pub mod capped;
pub mod chain;
pub mod city;
pub mod endpoint;
pub mod follow;
pub mod ground;
pub mod kept;
pub mod log;
pub mod missions;
pub mod onchain;
pub mod pool;
pub mod programs;
pub mod sessions;
