//! `agentcity demo`: stories of a city, told by a program of their own while they happen on a chain of their own.

use std::{
    io,
    path::PathBuf,
    process::{Output, Stdio},
};

use serde_json::{Value, json};
use tokio::{
    process::Command,
    signal::unix::{SignalKind, signal},
};

use super::devnode::find;
use crate::{
    failure::{Code, Failure},
    output::Answer,
};

/// Name of the executable, and the variable that names another.
const DEMO: &str = "agentcity-demo";
const VARIABLE: &str = "AGENTCITY_DEMO";
/// How it ends when it does not know the story.
const MISUNDERSTOOD: i32 = 2;

/// Which story.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The story; without one they are listed.
    #[arg(conflicts_with = "list")]
    story: Option<String>,
    /// List the stories, a line each.
    #[arg(long)]
    list: bool,
    /// Leave the chain there after the end, until Enter is pressed.
    #[arg(long, requires = "story")]
    keep: bool,
}

/// Runs a story to its end, or lists them; what it tells is its own. In JSON it tells on stderr, and the answer has the facts.
///
/// Errors: `tool/missing`, `tool/failed`; `input/choice` for a story that is none; `tool/interrupted` and `tool/terminated` when somebody
/// ended it.
pub(crate) async fn run(options: &Options, as_json: bool) -> Result<Answer, Failure> {
    let program = program()?;
    let shown = program.display().to_string();
    let mut command = Command::new(program);
    command.arg(options.story.as_deref().unwrap_or("--list"));
    if options.keep {
        command.arg("--keep");
    }
    if as_json {
        command.arg("--json").stdout(Stdio::piped());
    }
    let ended = to_its_end(command).await.map_err(|error| {
        Failure::new(Code::ToolFailed, format!("{shown} does not run ({error})"))
    })?;
    let ended = match ended {
        Ended::Itself(ended) => ended,
        Ended::By(code) => {
            let message = "the story was ended in the middle: its chain and its machines are gone";
            return Err(Failure::new(code, message));
        }
    };
    match (ended.status.code(), &options.story) {
        (Some(0), _) if as_json => serde_json::from_slice::<Value>(&ended.stdout)
            .map(|facts| Answer::new(facts, ""))
            .map_err(|error| {
                Failure::new(
                    Code::ToolFailed,
                    format!("{shown} answers no JSON ({error})"),
                )
                .hint("build it and this program from the same commit")
            }),
        (Some(0), story) => Ok(Answer::new(json!({ "story": story }), "")),
        (Some(MISUNDERSTOOD), Some(story)) => {
            Err(Failure::new(Code::Choice, format!("{story} is no story"))
                .hint("`agentcity demo` lists them"))
        }
        _ => Err(Failure::new(
            Code::ToolFailed,
            format!("{shown} failed: {}", ended.status),
        )
        .hint("see what it said above")),
    }
}

/// How a story ended.
enum Ended {
    /// By itself.
    Itself(Output),
    /// Because somebody wanted it.
    By(Code),
}

/// Runs a story. Whoever ends this program ends the story, which ends what it has started before it goes.
async fn to_its_end(mut command: Command) -> io::Result<Ended> {
    // Before there is a story: no signal is missed.
    let (mut interrupts, mut terminations) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let child = command.spawn()?;
    let pid = child.id();
    let mut waited = Box::pin(child.wait_with_output());
    let (code, heard) = tokio::select! {
        ended = &mut waited => return ended.map(Ended::Itself),
        _ = interrupts.recv() => (Code::Interrupted, &mut interrupts),
        _ = terminations.recv() => (Code::Terminated, &mut terminations),
    };
    loop {
        if let Some(pid) = pid {
            // Which the story may have heard already, where both were in front of a terminal.
            let order = format!("kill -TERM {pid} 2>/dev/null");
            Command::new("sh").args(["-c", &order]).status().await?;
        }
        // Who is told a second time ends at once.
        tokio::select! {
            ended = &mut waited => return ended.map(|_| Ended::By(code)),
            _ = heard.recv() => {}
        }
    }
}

/// The executable that is named, else the one beside this program or in `PATH`.
fn program() -> Result<PathBuf, Failure> {
    // A variable that is set is an instruction: another program instead of it would mislead.
    if let Some(path) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        return match path.is_file() {
            true => Ok(path),
            false => Err(Failure::new(
                Code::ToolMissing,
                format!("{VARIABLE} names {}, which is no file", path.display()),
            )
            .hint("name the executable, or unset it")),
        };
    }
    find(DEMO).ok_or_else(|| {
        Failure::new(
            Code::ToolMissing,
            format!("{DEMO} is neither beside this program nor in PATH"),
        )
        .hint("in a checkout `cargo xtask up` builds it and all that it runs; or name it by AGENTCITY_DEMO")
    })
}
