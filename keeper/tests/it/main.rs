//! The keeper against a running chain, against a naive model, and against its own death.

mod crash;
mod host;
mod journal;
mod keepalive;
mod submit;
