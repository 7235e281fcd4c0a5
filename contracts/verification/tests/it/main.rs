//! Verification as a chain calls it: encoded calls in; return data, logs, slots, verdicts and refusals out.

mod attacks;
mod batch;
mod city;
mod commands;

mod consensus;
mod proofs;
mod reviews;
mod roles;
mod wire;
