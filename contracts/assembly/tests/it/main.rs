//! Assembly as a chain calls it: encoded calls in; return data, logs, slots, calls to others and refusals out.

mod attacks;
mod ballots;
mod city;
mod commands;
mod debate;
mod derived;
mod proposals;
mod replay;
mod roles;
mod silence;
mod wire;
