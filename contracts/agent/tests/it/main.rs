//! The agent contract as a chain calls it: encoded calls in; return data, logs, slots and refusals out.

mod city;
mod consent;
mod lives;
mod wire;
