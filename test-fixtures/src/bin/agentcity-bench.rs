//! `agentcity-bench devnode`: the devnode against anvil, in one run, with a verdict.
//!
//! Exit code 0: every goal kept, or listed in `docs/misses.md`. 1: a goal missed. 2: the run could not be finished.

use agentcity_test_fixtures::{
    bench::{
        BenchError, Plan, goals,
        report::{self, Verdict},
    },
    tool,
};
use clap::{Parser, Subcommand};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

#[derive(Debug, Parser)]
#[command(
    name = "agentcity-bench",
    version,
    about = "Measures the fixtures against their rivals"
)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The devnode against anvil.
    Devnode {
        /// A smoke test: small, one round, judged all the same only with --judge
        #[arg(long)]
        quick: bool,
        /// Judge also a quick run
        #[arg(long)]
        judge: bool,
        /// Rounds of each workload on each node
        #[arg(long)]
        rounds: Option<usize>,
        /// Only goals whose id contains this
        #[arg(long)]
        only: Option<String>,
        /// Executable of the devnode [default: beside this one]
        #[arg(long)]
        devnode: Option<PathBuf>,
        /// Compare anvil with itself, to see the noise
        #[arg(long)]
        self_check: bool,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "agentcity-bench: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, BenchError> {
    let What::Devnode {
        quick,
        judge,
        rounds,
        only,
        devnode,
        self_check,
    } = cli.what;
    let base = if quick { Plan::quick() } else { Plan::full() };
    let plan = Plan {
        rounds: rounds.unwrap_or(base.rounds),
        devnode,
        self_check,
        only,
        ..base
    };
    if cfg!(debug_assertions) && !quick {
        let _ = writeln!(
            io::stderr(),
            "agentcity-bench: built without optimisation, and so is the devnode beside it"
        );
    }
    let outcomes = agentcity_test_fixtures::bench::run(&plan, &mut |line| {
        let _ = writeln!(io::stderr(), "{line}");
    })?;
    let misses = goals::misses(&tool::workspace_dir());
    let labels = if self_check {
        ["anvil", "anvil again"]
    } else {
        ["anvil", "devnode"]
    };
    let _ = write!(
        io::stdout(),
        "{}",
        report::table(&outcomes, &misses, labels)
    );
    let missed = outcomes
        .iter()
        .filter(|outcome| report::verdict(outcome, &misses) == Verdict::Missed)
        .count();
    let judged = (!quick || judge) && !self_check;
    if judged && missed > 0 {
        let _ = writeln!(
            io::stderr(),
            "agentcity-bench: {missed} missed and not listed in docs/misses.md"
        );
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::SUCCESS)
}
