//! `agentcity demo`: stories of a city, told by a program of their own while they happen on a chain of their own.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

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
/// Errors: `tool/missing`, `tool/failed`; `input/choice` for a story that is none.
pub(crate) fn run(options: &Options, as_json: bool) -> Result<Answer, Failure> {
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
    let ended = command.spawn().and_then(|child| child.wait_with_output());
    let ended = ended.map_err(|error| {
        Failure::new(Code::ToolFailed, format!("{shown} does not run ({error})"))
    })?;
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
