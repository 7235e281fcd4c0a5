//! The Override Panel as a chain calls it, its neighbours doubled in process.

mod city;
mod commands;
mod eligible;
mod lands;
mod queue;
mod replay;
mod roles;
mod wire;
