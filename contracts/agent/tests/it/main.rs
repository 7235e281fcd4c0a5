//! The agent contract as a chain calls it: encoded calls in; return data, logs, slots and refusals out.

mod attacks;
mod city;
mod commands;
mod consent;
mod lives;
mod replay;
mod roles;
mod wire;
