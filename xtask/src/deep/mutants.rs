//! Bugs put into the rules one at a time: do the tests notice?

use std::{fs, path::Path};

use eyre::{WrapErr, bail, ensure};

use super::{Installed, Page};
use crate::{process, workspace::Workspace};

const CARGO_MUTANTS: Installed = Installed {
    package: "cargo-mutants",
    version: "27.1.0",
    why: "puts the bugs in, one at a time",
};

/// The package whose rules are changed, and whose tests alone must notice.
const PACKAGE: &str = "agentcity-domain";

/// Of a hundred bugs, at least so many must be noticed.
const CAUGHT_MIN_PERCENT: usize = 95;

/// Seconds after which a run that a bug made endless counts as noticed. The tests take a few.
const TIMEOUT_SECS: u32 = 120;

/// Seconds after which a build counts as noticed: a proof that runs while compiling may be made endless, too. The first
/// build, of all dependencies, has to fit.
const BUILD_TIMEOUT_SECS: u32 = 600;

/// Survivors that were looked at, with the reason why each may live.
const REGISTER: &str = "docs/mutants.md";

/// Runs every mutant; fails below the minimum, and for a survivor without a reason.
pub(super) fn run(ws: &Workspace, page: &mut Page) -> eyre::Result<()> {
    let tool = CARGO_MUTANTS.ensure(ws)?;
    page.line("tool", CARGO_MUTANTS.label());
    let out = ws.target().join("mutants");
    fs::create_dir_all(&out)?;
    let mut command = std::process::Command::new(tool);
    // A copy of the tree is changed, never the tree itself.
    command
        .current_dir(&ws.root)
        .args([
            "mutants",
            "--package",
            PACKAGE,
            "--no-shuffle",
            "--colors",
            "never",
        ])
        .args(["--timeout", &TIMEOUT_SECS.to_string()])
        .args([
            "--build-timeout",
            &BUILD_TIMEOUT_SECS.to_string(),
            "--output",
        ])
        .arg(&out)
        .args(["--", "--all-targets", "--locked"])
        // Thousands of builds: nobody debugs a mutant.
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    eprintln!("   {}", process::show(&command));
    let status = command.status().wrap_err("cannot start cargo-mutants")?;
    // 0: all noticed; 2: some survived; 3: some ran too long. Everything else is no result.
    ensure!(
        matches!(status.code(), Some(0 | 2 | 3)),
        "cargo-mutants came to no result: {status}"
    );
    let score = Score::read(&out.join("mutants.out"))?;
    score.describe(page);
    let register = fs::read_to_string(ws.root.join(REGISTER)).unwrap_or_default();
    score.judge(&register)
}

/// What became of all mutants.
#[derive(Debug, Default)]
struct Score {
    caught: usize,
    endless: usize,
    /// Did not compile: noticed by types or by a proof, and counted for neither side.
    unviable: usize,
    survivors: Vec<String>,
}

impl Score {
    fn read(dir: &Path) -> eyre::Result<Self> {
        let lines = |name: &str| -> eyre::Result<Vec<String>> {
            let file = dir.join(name);
            let text = fs::read_to_string(&file)
                .wrap_err_with(|| format!("cannot read {}", file.display()))?;
            Ok(text.lines().map(unplaced).collect())
        };
        Ok(Self {
            caught: lines("caught.txt")?.len(),
            endless: lines("timeout.txt")?.len(),
            unviable: lines("unviable.txt")?.len(),
            survivors: lines("missed.txt")?,
        })
    }

    const fn noticed(&self) -> usize {
        self.caught + self.endless
    }

    const fn judged(&self) -> usize {
        self.noticed() + self.survivors.len()
    }

    fn describe(&self, page: &mut Page) {
        page.line("mutants", self.judged() + self.unviable);
        page.line("caught", self.caught);
        page.line("endless, so noticed", self.endless);
        page.line("did not compile, not counted", self.unviable);
        page.line("survived", self.survivors.len());
        for survivor in &self.survivors {
            page.line("survivor", format_args!("`{survivor}`"));
        }
    }

    fn judge(&self, register: &str) -> eyre::Result<()> {
        ensure!(self.judged() > 0, "no mutant was tried");
        let unexplained: Vec<&str> = self
            .survivors
            .iter()
            .map(String::as_str)
            .filter(|survivor| !register.contains(&format!("`{survivor}`")))
            .collect();
        if !unexplained.is_empty() {
            bail!(
                "survivors without a reason in {REGISTER}:\n{}",
                unexplained.join("\n")
            );
        }
        ensure!(
            self.noticed() * 100 >= CAUGHT_MIN_PERCENT * self.judged(),
            "{} of {} noticed, at least {CAUGHT_MIN_PERCENT} % are wanted",
            self.noticed(),
            self.judged()
        );
        Ok(())
    }
}

/// A mutant without line and column, which move: `a.rs:3:5: replace x` as `a.rs: replace x`.
fn unplaced(line: &str) -> String {
    let Some((place, what)) = line.split_once(": ") else {
        return line.to_owned();
    };
    let file = place.split(':').next().unwrap_or(place);
    format!("{file}: {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(caught: usize, survivors: &[&str]) -> Score {
        Score {
            caught,
            survivors: survivors.iter().map(|s| (*s).to_owned()).collect(),
            ..Score::default()
        }
    }

    #[test]
    fn a_mutant_is_known_by_what_it_is_not_by_where() {
        assert_eq!(
            unplaced("contracts/domain/src/a.rs:12:5: replace f -> bool with true"),
            "contracts/domain/src/a.rs: replace f -> bool with true"
        );
    }

    #[test]
    fn fewer_than_wanted_fail_and_so_does_a_survivor_nobody_explained() {
        let known = "| `a.rs: x` | equal |\n";
        assert!(score(19, &["a.rs: x"]).judge(known).is_ok());
        let few = score(18, &["a.rs: x"]).judge(known).unwrap_err();
        assert!(few.to_string().starts_with("18 of 19"), "{few}");
        let new = score(99, &["b.rs: y"]).judge(known).unwrap_err();
        assert!(new.to_string().contains("b.rs: y"), "{new}");
        assert!(score(0, &[]).judge(known).is_err(), "nothing was tried");
    }

    #[test]
    fn the_tools_lists_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("caught.txt", "a.rs:1:1: x\na.rs:2:1: y\n"),
            ("timeout.txt", "a.rs:3:1: z\n"),
            ("unviable.txt", ""),
            ("missed.txt", "a.rs:4:1: w\n"),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let score = Score::read(dir.path()).unwrap();
        assert_eq!((score.noticed(), score.judged()), (3, 4));
        assert_eq!(score.survivors, ["a.rs: w"]);
        fs::remove_file(dir.path().join("missed.txt")).unwrap();
        assert!(Score::read(dir.path()).is_err());
    }
}
