//! `agentcity-town`: the main job of `cargo xtask up`, in the city that it founded. What happened goes to standard output, progress to
//! standard error. Exit code 130, 143: somebody interrupted it (SIGINT, SIGTERM), and all machines that it had started have ended.

use agentcity_interrupt::{Ending, guard};
use agentcity_test_fixtures::town::{self, Afterwards, Options, input::Network};
use clap::Parser;
use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

#[derive(Debug, Parser)]
#[command(
    name = "agentcity-town",
    version,
    about = "Has a mission legislated and carried out by machines in a city on a devnode"
)]
struct Cli {
    /// Where the devnode answers
    #[arg(long)]
    node: SocketAddr,
    /// The founders' decisions
    #[arg(long)]
    genesis: PathBuf,
    /// Keys of founders and clerks, one a line
    #[arg(long)]
    keys: PathBuf,
    /// Folder of the programs
    #[arg(long)]
    programs: PathBuf,
    /// Folder of everything that is written
    #[arg(long)]
    folder: PathBuf,
    /// Hosts of this machine and its networks may be asked
    #[arg(long)]
    allow_private: bool,
    /// Leave the machines running
    #[arg(long)]
    keep: bool,
    /// Addresses, files, or corpus: for what ships
    pages: Vec<String>,
}

/// How long a machine may take to end what is open when somebody interrupts the work.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let options = Options {
        node: cli.node,
        genesis: cli.genesis,
        keys: cli.keys,
        programs: cli.programs,
        folder: cli.folder,
        pages: cli.pages,
        network: if cli.allow_private {
            Network::Private
        } else {
            Network::Public
        },
        afterwards: if cli.keep {
            Afterwards::Keep
        } else {
            Afterwards::Stop
        },
    };
    let folder = options.folder.display().to_string();
    let (code, said) = match guard(PATIENCE, move || town::run(&options)) {
        Ok(Ending::Done(Ok(told))) => {
            let _ = io::stdout().write_all(told.text.as_bytes());
            return ExitCode::SUCCESS;
        }
        Ok(Ending::Done(Err(error))) => (ExitCode::FAILURE, format!("error: {error}")),
        Ok(Ending::Interrupted(how)) => (ExitCode::from(how.exit_code()), how.to_string()),
        Err(error) => (ExitCode::FAILURE, format!("error: {error}")),
    };
    let _ = writeln!(io::stderr(), "{said}\n   logs are in {folder}");
    code
}
