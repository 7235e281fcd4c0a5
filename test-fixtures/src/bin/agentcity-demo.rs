//! `agentcity-demo`: stories of a city, told while they happen on a chain of their own (`docs/demo.md`). `agentcity demo` runs it.
//!
//! What is told goes to stdout; with `--json` to stderr, and stdout has the facts. Exit code 0: the story came to its end. 1: it did
//! not. 2: the command line is not understood. 130, 143: somebody interrupted it (SIGINT, SIGTERM), and all that it had started has ended.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use agentcity_domain::peer::Peer;
use agentcity_interrupt::{Ending as Ended, guard};
use agentcity_test_fixtures::demo::{DemoError, Ending, Story, Teller};
use clap::Parser;
use serde_json::json;

#[derive(Debug, Parser)]
#[command(
    name = "agentcity-demo",
    version,
    about = "Stories of a city, told while they happen on a chain of their own"
)]
struct Cli {
    /// The story; without one they are listed
    #[arg(value_parser = Story::ALL.map(|story| story.name))]
    story: Option<String>,
    /// List the stories, a line each
    #[arg(long, conflicts_with = "story")]
    list: bool,
    /// Leave the chain there after the end, until Enter is pressed
    #[arg(long, requires = "story")]
    keep: bool,
    /// Tell on stderr, and the facts in JSON on stdout
    #[arg(long)]
    json: bool,
}

/// How long a machine may take to end when somebody interrupts the story: nothing of it is worth waiting for.
const PATIENCE: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (code, said) = match guard(PATIENCE, move || run(&cli)) {
        Ok(Ended::Done(Ok(()))) => return ExitCode::SUCCESS,
        Ok(Ended::Done(Err(error))) => (ExitCode::FAILURE, error.to_string()),
        Ok(Ended::Interrupted(how)) => (ExitCode::from(how.exit_code()), how.to_string()),
        Err(error) => (ExitCode::FAILURE, format!("it cannot be run: {error}")),
    };
    let _ = writeln!(io::stderr(), "agentcity-demo: {said}");
    code
}

fn run(cli: &Cli) -> Result<(), DemoError> {
    let story = cli.story.as_deref().and_then(Story::named);
    let Some(story) = story else {
        return Ok(list(cli.json)?);
    };
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let listener: &mut dyn Write = if cli.json { &mut err } else { &mut out };
    let mut teller = Teller::new(listener);
    let ending = story.tell(&mut teller)?;
    let facts = teller.facts().clone();
    if cli.json {
        writeln!(io::stdout(), "{}", json!(facts))?;
    }
    if cli.keep {
        keep(&ending)?;
    }
    Ok(())
}

/// The stories, a line each.
fn list(as_json: bool) -> io::Result<()> {
    let mut out = io::stdout();
    if as_json {
        let stories = Story::ALL.map(|story| json!({ "story": story.name, "about": story.about }));
        return writeln!(out, "{}", json!(stories));
    }
    let width = Story::ALL.iter().map(|story| story.name.len()).max();
    let width = width.unwrap_or_default();
    for Story { name, about, .. } in Story::ALL {
        writeln!(out, "{name:width$}  {about}.")?;
    }
    Ok(())
}

/// Leaves the chain there until somebody presses Enter, or nobody can.
fn keep(ending: &Ending) -> io::Result<()> {
    let mut err = io::stderr();
    let city = &ending.stage.city;
    writeln!(
        err,
        "\nThe chain is still there. In another terminal:\n     export AGENTCITY_RPC_URL={} AGENTCITY_CITY={}\nEnter ends it.",
        city.node.http_url(),
        city.address(Peer::Constitution)
    )?;
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}
