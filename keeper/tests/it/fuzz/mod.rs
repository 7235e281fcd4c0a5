//! Bytes against everything that reads bytes from outside, or from a disk that somebody else may have written on: nothing panics,
//! nothing takes its time, what was read is written as the same again. `cargo xtask deep fuzz` gives each reader many more.
//!
//! The corpus of each reader is a folder of `tests/corpus`; its files are what the real parts said to each other in a mission.

use std::path::PathBuf;

use agentcity_test_fixtures::fuzz;
use serde::{Serialize, de::DeserializeOwned};

mod dashboard;
mod files;
pub(crate) mod served;
mod wire;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    fuzz::corpus(&folder.join(name))
}

/// Whether bytes are JSON of this type, which is then written as what reads as the same.
fn json<T: DeserializeOwned + Serialize + PartialEq>(bytes: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<T>(bytes) else {
        return false;
    };
    let written = serde_json::to_vec(&value).expect("what was read can be written");
    let again: T = serde_json::from_slice(&written).expect("what was written can be read");
    assert!(again == value, "it reads as something else");
    true
}

/// Bytes as text, if they are some.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
