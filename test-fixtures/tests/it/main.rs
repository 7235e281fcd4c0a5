//! Scenarios against running nodes: clients of other people, the law of a strict chain, hostile input, and rivals.

// A test binary exports nothing: `pub` says what a module offers to its siblings.
#![allow(unreachable_pub)]

mod adjudication;
mod clients_alloy;
mod clients_cast;
mod demo;
mod differential;
mod execution;
mod expiry;
mod foundations;
mod gas;
mod golden_costs;
mod hostile_rpc;
mod legislation;
mod persistence;
mod public_vectors;
mod reorg_and_outage;
mod signatures;
mod strict;
mod stylus_calls;
mod support;
mod token;
mod verifiers;
mod wallet_ws;
