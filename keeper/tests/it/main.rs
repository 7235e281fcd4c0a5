//! The keeper against a running chain, against a naive model, and against its own death.

mod chain;
mod chaos;
mod check;
mod crash;
mod daemon;
mod drill;
mod escrow_buffer;
mod finding;
mod follow;
mod freeze_mirror;
mod freeze_story;
mod fuzz;
mod ground;
mod host;
mod journal;
mod keepalive;
mod log;
mod machines;
mod mission;
mod operations;
mod postgres;
mod reconciliation;
mod results;
mod scribe;
mod stop_story;
mod submit;
