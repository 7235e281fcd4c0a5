//! Execution of Stylus programs: prices, host functions, frames.
//!
//! `hooks` defines what a program can import; what needs the state becomes a `request`, which `serve` answers;
//! `run` drives a frame through both.

pub(crate) mod compiled;
mod hooks;
mod hooks_debug;
mod hooks_math;
pub(crate) mod host;
pub(crate) mod pages;
pub mod price;
mod request;
pub(crate) mod run;
mod serve;
mod storage_cache;

pub use compiled::PROGRAMS_MAX;
