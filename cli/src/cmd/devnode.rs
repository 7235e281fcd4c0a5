//! `agentcity devnode`: the local chain, run with whatever flags it has.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::{
    failure::{Code, Failure},
    output::Answer,
};

/// Name of the executable.
const DEVNODE: &str = "agentcity-devnode";

/// What the devnode is started with.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Flags of agentcity-devnode, for example `--port 0`; `--help` among them lists them all.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    flags: Vec<OsString>,
}

/// Runs the devnode until it ends; its output is its own.
pub(crate) fn run(options: &Options) -> Result<Answer, Failure> {
    let program = find(DEVNODE).ok_or_else(|| {
        Failure::new(
            Code::ToolMissing,
            format!("{DEVNODE} is neither beside this program nor in PATH"),
        )
        .hint("build it with `cargo build -p agentcity-devnode`, or install the whole release")
    })?;
    run_to_end(Command::new(program).args(&options.flags))
}

/// An executable beside ours, else in `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let own = std::env::current_exe().ok();
    let beside = own.as_deref().and_then(Path::parent).map(Path::to_owned);
    let path = std::env::var_os("PATH").unwrap_or_default();
    beside
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

/// Waits for a program that speaks for itself; its failure is ours.
pub(crate) fn run_to_end(command: &mut Command) -> Result<Answer, Failure> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| {
        Failure::new(
            Code::ToolFailed,
            format!("{shown} does not start ({error})"),
        )
    })?;
    if status.success() {
        return Ok(Answer::new(json!({ "program": shown, "exit": 0 }), ""));
    }
    Err(
        Failure::new(Code::ToolFailed, format!("{shown} failed: {status}"))
            .hint("see what it said above"),
    )
}
