//! Carries actions out: what leaves the process leaves it here.

pub mod arrest;
pub mod clerk;
pub mod endpoint;
pub mod keepalive;
pub mod outage;
pub mod quorum;
pub mod remote;
pub mod report;
pub mod submit;
