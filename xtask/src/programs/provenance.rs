//! How programs were built, beside them: whoever wants the same bytes needs the same compiler, sources and optimiser.

use std::{fs, path::Path, process::Command};

use eyre::Context;
use serde_json::json;

use super::finish::WASM_OPT;
use crate::{process, setup::Tools, workspace::Workspace};

/// Name of the file; the deployment library reads it.
const FILE: &str = "build.json";

/// Writes the note of a whole build.
pub(super) fn write(ws: &Workspace, out: &Path, tools: &Tools) -> eyre::Result<()> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let toolchain = process::stdout(Command::new(rustc).arg("-V").current_dir(&ws.root))?;
    // Sources without a repository, as in an archive, have no commit.
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        let text = process::stdout(command.args(args).current_dir(&ws.root)).ok()?;
        Some(text.trim().to_owned())
    };
    let changes = git(&["status", "--porcelain", "--untracked-files=no"]);
    let note = json!({
        "toolchain": toolchain.trim(),
        "commit": git(&["rev-parse", "HEAD"]),
        "modified": changes.is_some_and(|text| !text.is_empty()),
        "optimiser": format!("{} {}", tools.wasm_opt_version, WASM_OPT.join(" ")),
    });
    let file = out.join(FILE);
    let text = serde_json::to_string_pretty(&note)? + "\n";
    fs::write(&file, text).wrap_err_with(|| format!("cannot write {}", file.display()))
}
