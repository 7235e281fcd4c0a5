//! `cargo xtask results`: measures what the paper lists as planned, and prints `docs/results.md`.
//!
//! ```text
//!  tests ── lines `result name=… key value …` ──► docs/results/measured.json ─┐
//!  cargo xtask gas ──────────────────────────────► gas/*.json ────────────────┼─ page ─► docs/results.md
//!  the paper ────────────────────────────────────► estimates ─────────────────┘
//! ```
//!
//! Each section is one test that `cargo xtask test` runs, too, in a quick form. What it printed is kept with its date, its commit and its machine, so the
//! page follows from files alone: `--check` compares it with them and measures nothing.

mod estimates;
mod guardian;
mod keepers;
mod line;
mod measured;
mod page;
#[cfg(test)]
mod tests;

use std::{
    fs,
    process::{Command, ExitCode},
    time::Instant,
};

use eyre::{WrapErr, bail};

use self::{
    line::Line,
    measured::{Measured, Section},
};
use crate::{
    deep::{self, PROPERTY_SEED, SEED_VARIABLE, harness::Harness},
    process, programs,
    setup::{self, Need},
    solidity,
    workspace::Workspace,
};

const PAGE: &str = "docs/results.md";
const MEASURED: &str = "docs/results/measured.json";

/// What `results` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Measure only these sections; of the others the page says what it knew.
    #[arg(long, value_parser = SOURCES.map(|source| source.name))]
    only: Vec<String>,
    /// Measure nothing: print the page anew from what is committed.
    #[arg(long, conflicts_with = "only")]
    print: bool,
    /// Measure and write nothing; fail when the page is not what its files say.
    #[arg(long, conflicts_with_all = ["only", "print"])]
    check: bool,
    /// Another seed than the usual one.
    #[arg(long, default_value_t = PROPERTY_SEED)]
    seed: u64,
}

/// Where a section's figures come from.
struct Source {
    name: &'static str,
    /// Folder of the package, and the test there.
    test: (&'static str, &'static str),
    /// How much of it: its quick form has less.
    variables: &'static [(&'static str, u64)],
}

const SOURCES: [Source; 4] = [
    Source {
        name: "costs",
        test: ("test-fixtures", "execution::costs::"),
        variables: &[("AGENTCITY_MISSION_NODES", 100)],
    },
    Source {
        name: "window",
        test: ("keeper", "results::window::"),
        variables: &[("AGENTCITY_MISSIONS", 3)],
    },
    Source {
        name: "divergence",
        test: ("keeper", "results::divergence::"),
        variables: &[("AGENTCITY_ROUNDS", 25)],
    },
    Source {
        name: "guardian",
        test: ("keeper/monitor", "guardian::two_scorers"),
        variables: &[("AGENTCITY_AGENTS", 320)],
    },
];

/// `cargo xtask results`.
pub(crate) fn run(ws: &Workspace, options: &Options) -> eyre::Result<ExitCode> {
    if options.check {
        check(ws)?;
        println!("{PAGE}: current");
        return Ok(ExitCode::SUCCESS);
    }
    let mut measured = Measured::read(&ws.root.join(MEASURED))?;
    let mut failed = Vec::new();
    if !options.print {
        let tools = setup::run(ws, Need::Everything)?;
        programs::build(ws, &tools, None)?;
        solidity::check(ws)?;
        for source in &SOURCES {
            let wanted = options.only.is_empty() || options.only.iter().any(|o| o == source.name);
            if !wanted {
                continue;
            }
            match process::step(source.name, || measure(ws, source, options.seed)) {
                Ok(section) => measured.put(source.name, section),
                // The next one is measured all the same, and the page keeps what it knew.
                Err(error) => {
                    eprintln!("error: {error:#}");
                    failed.push(source.name);
                }
            }
            measured.write(&ws.root.join(MEASURED))?;
        }
    }
    let text = rendered(ws, &measured)?;
    fs::write(ws.root.join(PAGE), text).wrap_err_with(|| format!("cannot write {PAGE}"))?;
    println!("{PAGE}: written");
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join(", "));
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails when the committed page is not what the committed files say.
pub(crate) fn check(ws: &Workspace) -> eyre::Result<()> {
    let wanted = rendered(ws, &Measured::read(&ws.root.join(MEASURED))?)?;
    let found = fs::read_to_string(ws.root.join(PAGE)).unwrap_or_default();
    if found == wanted {
        return Ok(());
    }
    let lines = found.lines().zip(wanted.lines());
    let same = lines.take_while(|(old, new)| old == new).count();
    bail!(
        "{PAGE}:{}: not what gas/*.json and {MEASURED} say: run `cargo xtask results --print`, then commit what it wrote",
        same + 1
    );
}

fn rendered(ws: &Workspace, measured: &Measured) -> eyre::Result<String> {
    Ok(page::render(
        &estimates::Gas::read(&ws.root.join("gas"))?,
        measured,
    ))
}

fn measure(ws: &Workspace, source: &Source, seed: u64) -> eyre::Result<Section> {
    let (folder, filter) = source.test;
    let harness = Harness::build(ws, folder)?;
    // Before it runs: what is committed meanwhile was not measured.
    let commit = deep::commit(ws)?;
    let date = process::stdout(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let variables = source.variables.iter();
    let variables = variables.map(|(name, value)| (*name, value.to_string()));
    let variables: Vec<(&str, String)> = variables
        .chain([(SEED_VARIABLE, seed.to_string())])
        .collect();
    let start = Instant::now();
    let said = harness.run((filter, &[]), &variables)?;
    let took = process::seconds(start.elapsed());
    let settings = variables.iter();
    let settings: Vec<String> = settings
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let lines: Vec<Line> = said.lines().filter_map(Line::of).collect();
    Ok(Section {
        date: date.trim().to_owned(),
        commit,
        machine: deep::machine(),
        took,
        test: format!("`{filter}` of {folder}"),
        settings: settings.join(" "),
        lines,
    })
}
