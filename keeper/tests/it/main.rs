//! The keeper against a running chain, against a naive model, and against its own death.

mod chain;
mod crash;
mod follow;
mod host;
mod journal;
mod keepalive;
mod log;
mod mission;
mod postgres;
mod submit;
