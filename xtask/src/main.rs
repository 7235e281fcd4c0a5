//! `cargo xtask`: every routine of the workspace by name.
//!
//! | verb | does |
//! |---|---|
//! | `setup` | finds or fetches what rustup and cargo do not bring: WASM std, solc, wasm-opt, anvil, cast, PostgreSQL, Chromium |
//! | `build` | programs to `target/programs`, Solidity to `target/solidity` |
//! | `sizes` | the table of the last build |
//! | `vectors` | runs a vector file through `agentcity_domain` |
//! | `docs` | prints the documents that come from the domain's tables, or compares them |
//! | `book` | runs the tutorials, or renders all documents |
//! | `up`, `down` | a devnode with a sealed city on it in which machines do a mission, and its end |
//! | `test`, `tidy`, `deep` | what CI runs, its textual part, and what takes too long for CI |
//! | `bench` | the keeper's figures, comparisons with rivals |
//! | `chaos` | kills and faults of every kind that befall keepers, each by its name |
//! | `dashboard` | the dashboard's page in a browser: its tests, its pictures |
//! | `gas` | what operations cost, against ceilings and committed numbers |
//! | `results` | what the paper lists as planned, measured, as a page |
//!
//! Results go to stdout, progress to stderr. Nothing here does arithmetic of the city: vectors call the domain.

mod bench;
mod book;
mod chaos;
mod dashboard;
mod deep;
mod docs;
mod gas;
mod process;
mod programs;
mod results;
mod rpc;
mod setup;
mod solidity;
mod table;
mod test;
mod tidy;
mod town;
mod up;
mod vectors;
mod workspace;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Routines of the AgentCity workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Check what the builds and tests need, and fetch what is missing.
    Setup,
    /// Build the programs (and the Solidity sources) and report on them.
    Build(programs::Options),
    /// Print the report of the last build.
    Sizes,
    /// Run a file of test vectors through the domain crate.
    Vectors(vectors::Options),
    /// Print the documents that come from the tables of the domain.
    Docs(docs::Options),
    /// Run the tutorials of the documents in a city, or render the documents.
    Book(book::Options),
    /// Start a devnode in the background, found a city on it, and have a mission legislated and carried out by machines.
    Up(up::Options),
    /// Stop what `up` left running.
    Down,
    /// Everything CI runs.
    Test(test::Options),
    /// Check the rules of the workspace that no compiler checks.
    Tidy,
    /// Long profiles: more cases, official clients, reproducibility, advisories.
    Deep(deep::Options),
    /// Measure the keeper against its goals, or compare with rivals.
    Bench(bench::Options),
    /// Let befall keepers whatever may, and say how it went.
    Chaos(chaos::Options),
    /// Test the dashboard's page in a browser, or take its pictures anew.
    Dashboard(dashboard::Options),
    /// Measure what operations cost, against their ceilings and the committed numbers.
    Gas(gas::Options),
    /// Measure what the paper lists as planned, and print the page of results.
    Results(results::Options),
    /// Compile the Solidity sources alone.
    Solidity,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(args.verb) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> eyre::Result<ExitCode> {
    let ws = Workspace::find()?;
    match verb {
        Verb::Setup => setup::run(&ws, setup::Need::Everything).map(|_| ExitCode::SUCCESS),
        Verb::Build(options) => programs::run(&ws, &options),
        Verb::Sizes => programs::sizes(&ws),
        Verb::Vectors(options) => Ok(vectors::run(&options)),
        Verb::Docs(options) => docs::run(&ws, &options),
        Verb::Book(options) => book::book(&ws, &options),
        Verb::Up(options) => up::up(&ws, options),
        Verb::Down => up::down(&ws),
        Verb::Test(options) => test::run(&ws, &options),
        Verb::Tidy => tidy::run(&ws),
        Verb::Deep(options) => deep::run(&ws, &options),
        Verb::Bench(options) => bench::run(&ws, &options),
        Verb::Chaos(options) => chaos::run(&ws, &options),
        Verb::Dashboard(options) => dashboard::run(&ws, &options),
        Verb::Gas(options) => gas::run(&ws, &options),
        Verb::Results(options) => results::run(&ws, &options),
        Verb::Solidity => solidity::run(&ws).map(|()| ExitCode::SUCCESS),
    }
}

/// Where downloads live between clones: `$XDG_CACHE_HOME/agentcity`.
fn cache_dir() -> eyre::Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME").filter(|v| !v.is_empty()) {
        Some(dir) => PathBuf::from(dir),
        None => std::env::home_dir()
            .ok_or_else(|| eyre::eyre!("no home directory: set XDG_CACHE_HOME"))?
            .join(".cache"),
    };
    Ok(base.join("agentcity"))
}
