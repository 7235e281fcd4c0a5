//! Carries actions out: what leaves the process leaves it here.

pub mod endpoint;
pub mod halt;
pub mod keepalive;
pub mod report;
pub mod submit;
