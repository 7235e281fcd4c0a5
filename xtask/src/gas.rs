//! `cargo xtask gas`: what the operations of a city cost, against their ceilings and the committed numbers.

use std::process::{Command, ExitCode};

use eyre::{Context, bail};

use crate::{
    process, programs,
    setup::{self, Need},
    solidity,
    workspace::Workspace,
};

/// What `gas` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Leave the committed numbers alone, and fail when one differs.
    #[arg(long)]
    check: bool,
    /// Only these sets: `foundations`, `missions`, `legislation`, `adjudication`.
    sets: Vec<String>,
}

/// Builds programs and workspace and runs `agentcity-gas`; its exit code is ours. Gas is the same in every build.
pub(crate) fn run(ws: &Workspace, options: &Options) -> eyre::Result<ExitCode> {
    let tools = setup::run(ws, Need::Everything)?;
    let reports = programs::build(ws, &tools, None)?;
    if !reports.iter().all(programs::Report::is_deployable) {
        bail!("a program would be refused by the chain: see `cargo xtask sizes`");
    }
    // As `test` builds it: other features would mean to compile every dependency again.
    process::step("build", || {
        process::run(
            ws.cargo()
                .args(["build", "--workspace", "--all-targets", "--locked"]),
        )
    })?;
    solidity::run_built(ws)?;
    let binary = ws.cargo_debug().join("agentcity-gas");
    let mut command = Command::new(&binary);
    if options.check {
        command.arg("--check");
    }
    let status = command
        .args(&options.sets)
        .current_dir(&ws.root)
        .status()
        .wrap_err_with(|| format!("cannot start {}", binary.display()))?;
    // A signal leaves no code: that is a failure too.
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}
