//! Pages of friends and strangers, models against what they were made from, and the mission from sources to report.

mod corpus;
mod hostile;
mod jobs;
mod models;
mod services;

use std::path::PathBuf;

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
