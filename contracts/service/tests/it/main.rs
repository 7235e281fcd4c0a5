//! The registry as a chain calls it: encoded calls in; return data, logs, slots and refusals out.

mod city;
mod commands;
mod records;
mod roles;
mod wire;
