//! `agentcity-keeper check`: everything that a keeper of a configuration needs, looked at before it is needed.
//!
//! Nothing is changed: no file is made, no transaction sent, no lease taken. A keeper may be at work on the same journal meanwhile.
//! One line each, `ok`, `warn` or `fail`, with what to do.

mod chain;
mod files;
mod members;
mod peers;

use std::{fmt, path::PathBuf, process::ExitCode};

use alloy::providers::ProviderBuilder;
use clap::Args;
use serde::Serialize;

use crate::{
    clock::{Clock, SystemClock},
    config::{Config, redacted},
    part::ANSWER_WITHIN,
    source::capped::Capped,
};

/// Edition of the JSON output.
const EDITION: u32 = 1;

/// What is checked.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// TOML file of the keeper
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The findings as JSON
    #[arg(long)]
    pub json: bool,
}

/// How something stands. The number is the exit code of the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Ok = 0,
    /// A keeper works with it, and somebody should act.
    Warn = 1,
    /// A keeper would not work, or not safely.
    Fail = 2,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        })
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// How it stands.
    pub state: State,
    /// What it is about.
    pub about: String,
    /// What was found.
    pub says: String,
    /// What to do, unless all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<String>,
}

/// All findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    v: u32,
    worst: State,
    lines: Vec<Line>,
}

/// Where findings are written down.
#[derive(Debug, Default)]
pub struct Findings(Vec<Line>);

impl Findings {
    fn put(
        &mut self,
        state: State,
        about: impl Into<String>,
        says: impl Into<String>,
        act: Option<String>,
    ) {
        let (about, says) = (about.into(), says.into());
        self.0.push(Line {
            state,
            about,
            says,
            act,
        });
    }

    fn ok(&mut self, about: impl Into<String>, says: impl Into<String>) {
        self.put(State::Ok, about, says, None);
    }

    fn warn(&mut self, about: impl Into<String>, says: impl Into<String>, act: impl Into<String>) {
        self.put(State::Warn, about, says, Some(act.into()));
    }

    fn fail(&mut self, about: impl Into<String>, says: impl Into<String>, act: impl Into<String>) {
        self.put(State::Fail, about, says, Some(act.into()));
    }

    /// As a report.
    pub fn report(self) -> Report {
        let worst = self.0.iter().map(|line| line.state).max();
        Report {
            v: EDITION,
            worst: worst.unwrap_or(State::Ok),
            lines: self.0,
        }
    }
}

impl Report {
    /// The worst of all.
    pub const fn worst(&self) -> State {
        self.worst
    }

    /// The findings.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            // One line each, whatever others said.
            let says = line.says.replace(['\n', '\r'], " ");
            write!(f, "{:<4} {}: {says}", line.state, line.about)?;
            if let Some(act) = &line.act {
                write!(f, " -> {act}")?;
            }
            writeln!(f)?;
        }
        let of = |state: State| self.lines.iter().filter(|line| line.state == state).count();
        let (ok, warn, fail) = (of(State::Ok), of(State::Warn), of(State::Fail));
        writeln!(f, "{ok} ok, {warn} warn, {fail} fail")
    }
}

/// Checks, and prints what was found.
pub async fn run(options: &Options) -> ExitCode {
    let report = all(options, &SystemClock).await;
    if options.json {
        let text = serde_json::to_string_pretty(&report).unwrap_or_default();
        say(&format!("{text}\n"));
    } else {
        say(&report.to_string());
    }
    ExitCode::from(report.worst() as u8)
}

/// A result goes to stdout, and who closed that does not want it.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Checks everything, as of `clock`.
pub async fn all(options: &Options, clock: &dyn Clock) -> Report {
    let mut found = Findings::default();
    let config = match Config::read(&options.config) {
        Ok(config) => config,
        Err(error) => {
            found.fail(
                "configuration",
                error.to_string(),
                "correct it; docs/operations.md lists every key",
            );
            return found.report();
        }
    };
    found.ok(
        "configuration",
        format!("{} is valid", options.config.display()),
    );
    files::check(&config, &mut found);
    let mut endpoints = Vec::new();
    for url in &config.endpoints {
        match Capped::new(url.clone(), ANSWER_WITHIN) {
            Ok(capped) => {
                let provider = ProviderBuilder::default().connect_client(capped.client());
                endpoints.push((redacted(url), provider));
            }
            Err(error) => {
                found.fail(
                    format!("endpoint {}", redacted(url)),
                    error.to_string(),
                    "install the system's certificates",
                );
            }
        }
    }
    let key = config.key().ok().flatten();
    let account = key
        .as_ref()
        .map(alloy::signers::local::PrivateKeySigner::address);
    let chain = chain::check(&config, &endpoints, account, clock, &mut found).await;
    if let (Some(chain), Some((_, provider))) = (&chain, endpoints.first()) {
        let city = members::check(&config, provider, chain, clock, &mut found).await;
        if let (Some(city), Some(router)) = (city, &config.router) {
            peers::check_executors(router, city, provider, &mut found).await;
        }
    }
    peers::check_mirrors(&config, &mut found).await;
    found.report()
}
