//! Compiles the Solidity of the workspace: interfaces (`abi/sol`), and the twins and hostile contracts that tests deploy
//! (`test-fixtures/sol`).
//!
//! [`compile`] turns sources into [`Artifact`]s, [`export`] writes the ABI of the interfaces where it is committed, and
//! [`load`] gives an artifact to a test. `foundry.toml` holds the same settings for people who use forge; a test compares.
//! [`tools`] tells tests where the tools are that `cargo xtask setup` found.

pub mod artifact;
pub mod compile;
pub mod export;
pub mod tools;

pub use artifact::{Artifact, LoadError, load, load_from};

use std::path::{Path, PathBuf};

/// Root of the workspace this crate was compiled in.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Where artifacts are written and looked for.
pub fn artifacts_dir() -> PathBuf {
    workspace().join("target/solidity")
}
