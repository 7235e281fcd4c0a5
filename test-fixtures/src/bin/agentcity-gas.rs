//! `agentcity-gas`: what the operations of a city cost, compared with the committed snapshot.
//!
//! Exit code 0: every ceiling kept, or listed in `docs/misses.md`. 1: a ceiling missed, or with `--check` a number changed.
//! 2: the run could not be finished.

use agentcity_test_fixtures::{
    bench::goals::{excused, misses},
    gas::{self, table::Snapshot},
    tool,
};
use clap::Parser;
use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
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
    /// The snapshot [default: gas/foundations.json]
    #[arg(long)]
    snapshot: Option<PathBuf>,
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
    let workspace = tool::workspace_dir();
    let file = cli
        .snapshot
        .clone()
        .unwrap_or_else(|| workspace.join("gas/foundations.json"));
    let before: Snapshot = match fs::read(&file) {
        Ok(text) => serde_json::from_slice(&text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Snapshot::default(),
        Err(error) => return Err(error.into()),
    };
    let now = gas::run(&mut |line| {
        let _ = writeln!(io::stderr(), "{line}");
    })?;
    let excuses = misses(&workspace);
    let mut out = io::stdout();
    write!(out, "{}", now.table(&excuses))?;
    let changes = now.changes(&before);
    if changes.is_empty() {
        writeln!(out, "\nno number differs from {}", file.display())?;
    } else {
        writeln!(
            out,
            "\nchanged (cached / uncached):\n{}",
            changes.join("\n")
        )?;
    }
    if !cli.check {
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
    let changed = cli.check && !changes.is_empty();
    Ok(if missed.is_empty() && !changed {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
