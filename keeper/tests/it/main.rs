//! The keeper against a running chain, against a naive model, and against its own death.

mod chain;
mod chaos;
mod crash;
mod escrow_buffer;
mod follow;
mod freeze_mirror;
mod freeze_story;
mod fuzz;
mod host;
mod journal;
mod keepalive;
mod log;
mod mission;
mod postgres;
mod submit;
