//! Keeper and executor against each other: honest, hostile, killed and over their limits.

mod hostile;
mod jobs;
mod limits;
mod openapi;
mod support;
mod trails;
