//! Programs: from a contract package to the bytes that are deployed, and what they cost.

mod compile;
mod finish;
mod order;
mod provenance;
mod report;
mod reproduce;

use std::{fs, process::ExitCode, time::Instant};

use eyre::{Context, bail};

pub(crate) use self::{
    report::{Report, table},
    reproduce::check as check_reproducible,
};
use crate::{
    process,
    setup::{self, Need, Tools},
    solidity,
    workspace::Workspace,
};

/// What `build` is asked for.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Only this program (package name); the Solidity sources are left alone.
    #[arg(long)]
    program: Option<String>,
    /// Build twice, from another folder and into another target folder, and compare the bytes.
    #[arg(long)]
    check_reproducible: bool,
    /// Only the programs, not the Solidity sources.
    #[arg(long)]
    no_solidity: bool,
}

/// `cargo xtask build`.
pub(crate) fn run(ws: &Workspace, options: &Options) -> eyre::Result<ExitCode> {
    let solidity = options.program.is_none() && !options.no_solidity;
    let tools = setup::run(
        ws,
        if solidity {
            Need::Everything
        } else {
            Need::Programs
        },
    )?;
    let reports = build(ws, &tools, options.program.as_deref())?;
    print!("{}", table(&reports));
    if options.check_reproducible {
        check_reproducible(ws, &tools, &reports)?;
    }
    if solidity {
        solidity::run(ws)?;
    }
    Ok(verdict(&reports))
}

/// `cargo xtask sizes`.
pub(crate) fn sizes(ws: &Workspace) -> eyre::Result<ExitCode> {
    let mut reports = Vec::new();
    for package in ws.program_packages()? {
        reports.push(Report::load(&ws.programs(), &package.name)?);
    }
    print!("{}", table(&reports));
    Ok(verdict(&reports))
}

/// Builds all programs, or the one named, and returns their reports in order of name.
pub(crate) fn build(
    ws: &Workspace,
    tools: &Tools,
    only: Option<&str>,
) -> eyre::Result<Vec<Report>> {
    let mut packages = ws.program_packages()?;
    if let Some(name) = only {
        let names: Vec<String> = packages.iter().map(|p| p.name.clone()).collect();
        packages.retain(|p| p.name == name);
        if packages.is_empty() {
            bail!("no program `{name}`; there are: {}", names.join(", "));
        }
    }
    let out = ws.programs();
    fs::create_dir_all(&out).wrap_err_with(|| format!("cannot create {}", out.display()))?;
    let mut reports = Vec::new();
    for package in packages {
        let start = Instant::now();
        let name = &package.name;
        eprintln!("program {name}: compiling");
        let compiled =
            compile::compile(&ws.root, &ws.target().join("programs-build"), tools, name)?;
        let report = match report::up_to_date(&out, name, &compiled, tools) {
            Some(report) => report,
            None => finish::finish(ws, &out, name, &compiled, tools)?,
        };
        eprintln!(
            "program {name}: {} in {}",
            report.verdict(),
            process::seconds(start.elapsed())
        );
        reports.push(report);
    }
    if only.is_none() {
        provenance::write(ws, &out, tools)?;
    }
    Ok(reports)
}

fn verdict(reports: &[Report]) -> ExitCode {
    if reports.iter().all(Report::is_deployable) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
