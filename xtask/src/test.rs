//! `cargo xtask test`: what CI runs.
//!
//! The order keeps each package compiled as few times as possible: one check pass (clippy, and the documentation reuses it),
//! one build pass of everything with the features of the whole workspace, and the tests run what that pass built.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use eyre::bail;

use crate::{
    book, deep, docs, process, programs, results,
    setup::{self, Need},
    solidity,
    table::Table,
    tidy,
    workspace::Workspace,
};

/// What `test` is asked for.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Run the long profiles of `cargo xtask deep` afterwards.
    #[arg(long)]
    deep: bool,
}

/// Runs every step, stops at the first that fails, and prints how long each took.
pub(crate) fn run(ws: &Workspace, options: &Options) -> eyre::Result<ExitCode> {
    let mut log = Log::default();
    let result = steps(ws, options, &mut log);
    print!("{}", log.render());
    result.map(|()| ExitCode::SUCCESS)
}

fn steps(ws: &Workspace, options: &Options, log: &mut Log) -> eyre::Result<()> {
    log.step("format", || cargo(ws, &["fmt", "--all", "--check"]))?;
    log.step("tidy", || tidy::check(ws))?;
    log.step("generated documents", || {
        docs::check(ws)?;
        results::check(ws)
    })?;
    let tools = log.step("setup", || setup::run(ws, Need::Everything))?;
    log.step("clippy", || {
        cargo(
            ws,
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ],
        )
    })?;
    log.step("programs", || {
        let reports = programs::build(ws, &tools, None)?;
        print!("{}", programs::table(&reports));
        if !reports.iter().all(programs::Report::is_deployable) {
            bail!("a program would be refused by the chain");
        }
        Ok(())
    })?;
    log.step("build", || {
        cargo(ws, &["build", "--workspace", "--all-targets", "--locked"])
    })?;
    log.step("solidity", || solidity::check(ws))?;
    log.step("tests", || {
        eprintln!("   PROPTEST_RNG_SEED={}", deep::PROPERTY_SEED);
        let mut command = ws.cargo();
        if process::on_path("cargo-nextest").is_some() {
            command.args(["nextest", "run", "--workspace", "--locked"]);
        } else {
            command.args(["test", "--workspace", "--all-targets", "--locked"]);
        }
        // The same cases in every run: other seeds are for the deep profiles.
        process::run(command.env("PROPTEST_RNG_SEED", deep::PROPERTY_SEED.to_string()))
    })?;
    log.step("doc tests", || {
        cargo(ws, &["test", "--workspace", "--doc", "--locked", "--quiet"])
    })?;
    log.step("tutorials", || book::run(ws, None))?;
    log.step("documentation", || {
        let mut command = ws.cargo();
        command.args([
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
            "--locked",
            "--quiet",
        ]);
        process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    if options.deep {
        log.step("deep", || deep::run_all(ws))?;
    }
    Ok(())
}

fn cargo(ws: &Workspace, args: &[&str]) -> eyre::Result<()> {
    process::run(ws.cargo().args(args))
}

/// Names and durations of the steps so far.
#[derive(Debug, Default)]
struct Log {
    steps: Vec<(String, Duration, bool)>,
}

impl Log {
    fn step<T>(&mut self, name: &str, work: impl FnOnce() -> eyre::Result<T>) -> eyre::Result<T> {
        let start = Instant::now();
        let result = process::step(name, work);
        self.steps
            .push((name.to_owned(), start.elapsed(), result.is_ok()));
        result
    }

    fn render(&self) -> String {
        let mut table = Table::new(&["step", "took", "result"]);
        for (name, took, good) in &self.steps {
            table.row(vec![
                name.clone(),
                process::seconds(*took),
                if *good { "passed" } else { "FAILED" }.to_owned(),
            ]);
        }
        let total: Duration = self.steps.iter().map(|(_, took, _)| *took).sum();
        table.row(vec!["total".into(), process::seconds(total), String::new()]);
        table.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_the_step_that_failed() {
        let mut log = Log::default();
        log.step("first", || Ok(())).unwrap();
        let failed = log.step("second", || -> eyre::Result<()> { bail!("no") });
        assert!(failed.is_err());
        let text = log.render();
        assert!(text.contains("first") && text.contains("passed"), "{text}");
        assert!(
            text.lines()
                .any(|l| l.starts_with("second") && l.ends_with("FAILED")),
            "{text}"
        );
    }
}
