//! `cargo xtask dashboard`: the dashboard's page in a browser without a window.
//!
//! The tests are `keeper/dashboard/tests/*.test.mjs`, run by Node.js' own runner. They serve the page and the documents of
//! `keeper/dashboard/example.json` to the browser themselves, so no keeper and no chain is needed. Afterwards a test of the keeper points the
//! browser at a real one; in `cargo xtask test` it is among the keeper's.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use eyre::{OptionExt, bail};

use crate::{
    process, programs,
    setup::{self, Need, Tools},
    workspace::Workspace,
};

/// How long a file of tests may take, in milliseconds: a machine under load is slow.
const FILE_TIMEOUT_MS: &str = "300000"; // structural: how long a hung test lasts

/// What `dashboard` is asked for.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Take the pictures of docs/images anew instead.
    #[arg(long)]
    pictures: bool,
}

/// Tests the page, or takes its pictures.
pub(crate) fn run(ws: &Workspace, options: &Options) -> eyre::Result<ExitCode> {
    let tools = setup::run(ws, Need::Everything)?;
    if options.pictures {
        let script = tests(ws).join("pictures.mjs");
        process::run(node(ws, &tools)?.arg(script))?;
    } else {
        test(ws, &tools)?;
        walk(ws, &tools)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Tests the page with these tools.
pub(crate) fn test(ws: &Workspace, tools: &Tools) -> eyre::Result<()> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(tests(ws))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    if files.is_empty() {
        bail!("the dashboard has no tests");
    }
    let mut command = node(ws, tools)?;
    // One after another: a browser is busy enough on two cores.
    command
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .arg(format!("--test-timeout={FILE_TIMEOUT_MS}"))
        .args(files);
    process::run(&mut command)
}

/// Points the browser at a real keeper: a mission runs, and is looked at (`keeper/tests/it/browser.rs`).
fn walk(ws: &Workspace, tools: &Tools) -> eyre::Result<()> {
    programs::build(ws, tools, None)?;
    ws.build_binaries(&["agentcity-devnode", "agentcity-keeper"])?;
    // Of the whole workspace, so that what is compiled for one command is compiled for all.
    let test = [
        "test",
        "--workspace",
        "--locked",
        "--test",
        "it",
        "browser::",
    ];
    process::run(ws.cargo().args(test))
}

fn tests(ws: &Workspace) -> PathBuf {
    ws.root.join("keeper/dashboard/tests")
}

/// Node.js with what the tests find in its environment.
fn node(ws: &Workspace, tools: &Tools) -> eyre::Result<Command> {
    let missing = || tools.missing.join("; ");
    let browser: &Path = tools
        .chromium
        .as_deref()
        .ok_or_else(|| eyre::eyre!("the dashboard's tests need a browser: {}", missing()))?;
    let modules = tools.dashboard.as_deref().ok_or_else(|| {
        eyre::eyre!(
            "the dashboard's tests need what drives a browser: {}",
            missing()
        )
    })?;
    let node =
        process::on_path("node").ok_or_eyre("node is missing: install Node.js 20 or later")?;
    let mut command = Command::new(node);
    command
        .env("AGENTCITY_CHROMIUM", browser)
        .env("AGENTCITY_DASHBOARD_MODULES", modules)
        .current_dir(&ws.root);
    Ok(command)
}
