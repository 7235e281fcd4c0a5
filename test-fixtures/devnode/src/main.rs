//! The binary `agentcity-devnode`: options, log, node.

use agentcity_devnode::{cli::Cli, logging, run};
use clap::{CommandFactory, Parser, error::ErrorKind};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(cli.verbose, cli.silent, cli.json);
    let config = match cli.config() {
        Ok(config) => config,
        Err(message) => Cli::command()
            .error(ErrorKind::ValueValidation, message)
            .exit(),
    };
    match run::main(config, cli.silent) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
