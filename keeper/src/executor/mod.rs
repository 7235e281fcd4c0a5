//! Carries actions out: what leaves the process leaves it here.

pub mod arrest;
pub mod endpoint;
pub mod keepalive;
pub mod report;
pub mod submit;
