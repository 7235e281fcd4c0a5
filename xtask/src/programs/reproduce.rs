//! Builds each program again, from a copy of the sources in another folder and into another target folder, and compares.

use std::{fs, path::Path, process::Command};

use eyre::{Context, bail};
use sha2::{Digest, Sha256};

use super::{Report, compile, finish};
use crate::{process, setup::Tools, workspace::Workspace};

/// Fails when a copy of the sources gives other bytes than `reports` say.
pub(crate) fn check(ws: &Workspace, tools: &Tools, reports: &[Report]) -> eyre::Result<()> {
    // Outside the clone, at another depth: both would show in the bytes if a path leaked.
    let home = std::env::temp_dir().join(format!("agentcity-reproduce-{}", std::process::id()));
    let copy = home.join("a/copy/of/the/sources");
    let result =
        copy_sources(ws, &copy).and_then(|()| compare(&copy, &home.join("target"), tools, reports));
    let removed =
        fs::remove_dir_all(&home).wrap_err_with(|| format!("cannot remove {}", home.display()));
    result.and(removed)
}

fn compare(copy: &Path, target: &Path, tools: &Tools, reports: &[Report]) -> eyre::Result<()> {
    fs::create_dir_all(target)?;
    let mut different = Vec::new();
    for report in reports {
        eprintln!("program {}: compiling a copy", report.name);
        let compiled = compile::compile(copy, target, tools, &report.name)?;
        let wasm = finish::optimise(target, &report.name, &compiled, tools)?;
        let hash = hex::encode(Sha256::digest(&wasm));
        if hash == report.wasm_sha256 {
            println!("{}: reproducible, sha256 {hash}", report.name);
        } else {
            println!(
                "{}: NOT reproducible: sha256 {} here, {hash} from the copy",
                report.name, report.wasm_sha256
            );
            different.push(report.name.as_str());
        }
    }
    if !different.is_empty() {
        bail!(
            "built from another folder these programs have other bytes: {}",
            different.join(", ")
        );
    }
    Ok(())
}

/// What git tracks or would track: no build products.
fn copy_sources(ws: &Workspace, to: &Path) -> eyre::Result<()> {
    let mut git = Command::new("git");
    git.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ])
    .current_dir(&ws.root);
    let list = process::stdout(&mut git).wrap_err("the sources are listed by git")?;
    for file in list.split_terminator('\0') {
        let (from, dest) = (ws.root.join(file), to.join(file));
        if !from.is_file() {
            continue;
        }
        if let Some(dir) = dest.parent() {
            fs::create_dir_all(dir)?;
        }
        fs::copy(&from, &dest).wrap_err_with(|| format!("cannot copy {file}"))?;
    }
    Ok(())
}
