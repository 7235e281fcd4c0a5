//! The offices as a chain calls them: encoded calls in; return data, logs, slots and refusals out.

mod city;
mod commands;
mod delegations;
mod offices;
mod roles;
mod wire;
