//! `agentcity-gas`: what the operations of a city cost, compared with the committed snapshots in `gas/`.
//!
//! Exit code 0: every ceiling kept, or listed in `docs/misses.md`. 1: a ceiling missed, or with `--check` a number changed.
//! 2: the run could not be finished.

use agentcity_test_fixtures::{
    bench::goals::{excused, misses},
    gas::Set,
    tool,
};
use clap::Parser;
use std::{
    fs,
    io::{self, Write},
    process::ExitCode,
};

#[derive(Debug, Parser)]
#[command(
    name = "agentcity-gas",
    version,
    about = "Measures what the operations of a city cost"
)]
struct Cli {
    /// Leave the committed snapshot alone, and fail when a number differs from it
    #[arg(long)]
    check: bool,
    /// Only these sets; all if none is named
    #[arg(value_parser = Set::ALL.map(|set| set.name))]
    sets: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "agentcity-gas: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> eyre::Result<ExitCode> {
    let mut kept = true;
    for set in Set::ALL {
        if cli.sets.is_empty() || cli.sets.iter().any(|name| name == set.name) {
            kept &= compare(&set, cli.check)?;
        }
    }
    Ok(if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Measures a set and compares it with what is committed. Whether every ceiling is kept or excused, and with `check` every number
/// is what it was.
fn compare(set: &Set, check: bool) -> eyre::Result<bool> {
    let file = set.file();
    let before = set.committed()?;
    let now = (set.measure)(&mut |line| {
        let _ = writeln!(io::stderr(), "{line}");
    })?;
    let excuses = misses(&tool::workspace_dir());
    let mut out = io::stdout();
    writeln!(out, "{}\n\n{}", set.name, now.table(&excuses))?;
    let changes = now.changes(&before);
    if changes.is_empty() {
        writeln!(out, "no number differs from {}\n", file.display())?;
    } else {
        writeln!(
            out,
            "changed (cached / uncached):\n{}\n",
            changes.join("\n")
        )?;
    }
    if !check {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, serde_json::to_string_pretty(&now)? + "\n")?;
    }
    let missed: Vec<&str> = now
        .missed()
        .into_iter()
        .filter(|id| !excused(&excuses, id))
        .collect();
    if !missed.is_empty() {
        writeln!(
            io::stderr(),
            "agentcity-gas: missed and not listed in docs/misses.md: {}",
            missed.join(", ")
        )?;
    }
    Ok(missed.is_empty() && (changes.is_empty() || !check))
}
