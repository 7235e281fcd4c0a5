//! `agentcity build`: the programs of a checkout.

use std::{ffi::OsString, path::PathBuf, process::Command};

use super::devnode::run_to_end;
use crate::{
    failure::{Code, Failure},
    output::Answer,
};

/// What is built.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Flags of `cargo xtask build`, for example `--no-solidity`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    flags: Vec<OsString>,
}

/// Builds the programs of the checkout that the current folder lies in.
pub(crate) fn run(options: &Options) -> Result<Answer, Failure> {
    let root = checkout().ok_or_else(|| {
        Failure::new(Code::NoCheckout, "this folder is in no checkout of AgentCity")
            .hint("change into one; a release brings its programs built, name their folder with --programs")
    })?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["xtask", "build"]).args(&options.flags);
    run_to_end(command.current_dir(root))
}

fn checkout() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let mut above = here.ancestors();
    let root = above.find(|dir| dir.join("xtask/Cargo.toml").is_file())?;
    Some(root.to_owned())
}
