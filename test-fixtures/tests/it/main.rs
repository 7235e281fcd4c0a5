//! Scenarios against running nodes: clients of other people, the law of a strict chain, hostile input, and peers.

// A test binary exports nothing: `pub` says what a module offers to its siblings.
#![allow(unreachable_pub)]

mod clients_alloy;
mod clients_cast;
mod differential;
mod hostile_rpc;
mod support;
mod wallet_ws;
