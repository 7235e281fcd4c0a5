//! The keeper against a running chain, against a naive model, and against its own death.

mod crash;
mod escrow_buffer;
mod freeze_mirror;
mod freeze_story;
mod host;
mod journal;
mod keepalive;
mod submit;
