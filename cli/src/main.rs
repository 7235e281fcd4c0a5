//! `agentcity`: everything a person does with the city.
//!
//! Results go to stdout, as text or (with `--json`) in a versioned envelope; everything else goes to stderr. The exit code is
//! 0 when it was done, 1 when not, 2 when the command line was not understood.

mod cmd;
mod output;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Command line of AgentCity.
#[derive(Debug, Parser)]
#[command(name = "agentcity", version)]
struct Args {
    #[command(subcommand)]
    noun: Noun,
    /// Answer in JSON, in a versioned envelope.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Stylus programs: check, deploy, look at, keep alive.
    #[command(subcommand)]
    Program(cmd::program::Verb),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.noun {
        Noun::Program(verb) => cmd::program::run(verb).await,
    };
    output::finish(done, args.json)
}
