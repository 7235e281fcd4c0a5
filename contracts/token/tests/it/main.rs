//! The shell, called as a chain calls it: encoded calls in, return data, revert data, logs and slots out.

mod chain;
mod construction;
mod permits;
mod units;
mod wire;
