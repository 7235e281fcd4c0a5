//! `cargo xtask bench`: comparisons with rivals, in release builds.

use std::process::{Command, ExitCode};

use eyre::Context;

use crate::{
    process, programs,
    setup::{self, Need},
    solidity,
    workspace::Workspace,
};

/// What `bench` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What is compared: `devnode` against anvil.
    #[arg(value_parser = ["devnode"])]
    what: String,
    /// Passed on to `agentcity-bench`.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Builds and runs `agentcity-bench`; its exit code is ours, so that a missed goal is seen.
pub(crate) fn run(ws: &Workspace, options: &Options) -> eyre::Result<ExitCode> {
    let tools = setup::run(ws, Need::Everything)?;
    programs::build(ws, &tools, None)?;
    solidity::run(ws)?;
    process::step("release build", || {
        let mut command = ws.cargo();
        command.args([
            "build",
            "--release",
            "--locked",
            "--bins",
            "--package",
            "agentcity-devnode",
            "--package",
            "agentcity-test-fixtures",
        ]);
        process::run(&mut command)
    })?;
    let binary = ws.cargo_target().join("release/agentcity-bench");
    let mut command = Command::new(&binary);
    command
        .arg(&options.what)
        .args(&options.rest)
        .current_dir(&ws.root);
    let status = command
        .status()
        .wrap_err_with(|| format!("cannot start {}", binary.display()))?;
    // A signal leaves no code: that is a failure too.
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}
