//! Solidity sources, by the package `agentcity-solidity`.

use std::process::Command;

use crate::{process, workspace::Workspace};

/// Compiles everything and writes the exported ABI.
pub(crate) fn run(ws: &Workspace) -> eyre::Result<()> {
    ws.build_binaries(&["agentcity-solidity"])?;
    run_built(ws)
}

/// The same with the binary that a build of the workspace left.
pub(crate) fn run_built(ws: &Workspace) -> eyre::Result<()> {
    process::run(&mut built(ws))
}

/// Compiles everything with the binary that is already built, and fails when the committed ABI is stale.
pub(crate) fn check(ws: &Workspace) -> eyre::Result<()> {
    process::run(built(ws).arg("--check"))
}

fn built(ws: &Workspace) -> Command {
    let mut command = Command::new(ws.cargo_debug().join("agentcity-solidity"));
    command
        .args(["--abi-out", "abi/json"])
        .current_dir(&ws.root);
    command
}
