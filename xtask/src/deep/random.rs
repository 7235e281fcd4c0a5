//! Long random runs of the single programs, each against a naive model of it.

use eyre::{OptionExt, ensure};

use super::{Page, harness::Harness};
use crate::{process, table::Table, workspace::Workspace};

/// Commands of each program, at least.
const COMMANDS: u32 = 100_000;

/// Says a test how many runs it makes.
const RUNS: &str = "AGENTCITY_RUNS";

/// The program, its random test, and how many runs are so many commands.
const TESTS: [(&str, &str, u32); 5] = [
    (
        "statute",
        "commands::random_calls_write_the_approved_pages_and_nothing_else",
        2_000,
    ),
    (
        "collaboration",
        "histories::random_histories_go_through_the_router_as_they_go_through_the_tables",
        3_000,
    ),
    (
        "verification",
        "commands::random_commands_keep_to_the_model_and_the_bonds_to_their_books",
        900,
    ),
    (
        "guardian",
        "commands::random_commands_keep_to_the_model",
        300,
    ),
    (
        "treasury",
        "commands::random_commands_keep_to_the_model_and_the_books_to_their_parts",
        240,
    ),
];

/// Runs all of them; fails for one that fails, and for one that is shorter than it should be.
pub(super) fn run(ws: &Workspace, page: &mut Page) -> eyre::Result<()> {
    page.line("commands of each, at least", COMMANDS);
    let mut table = Table::new(&["program", "runs", "commands", "succeeded", "seed"]);
    let mut told = String::new();
    for (program, test, runs) in TESTS {
        let harness = Harness::build(ws, &format!("contracts/{program}"))?;
        let variables = [(RUNS, runs.to_string())];
        let said = process::step(program, || harness.run((test, &["--exact"]), &variables))?;
        let said = Said::read(&said).ok_or_eyre(format!("{program} does not say what it did"))?;
        ensure!(
            said.commands >= COMMANDS,
            "{program} ran {} commands",
            said.commands
        );
        table.row(vec![
            program.to_owned(),
            runs.to_string(),
            said.commands.to_string(),
            said.rate(),
            said.seed.to_owned(),
        ]);
        told.push_str(&format!("{program}\n{}\n\n", said.counts));
    }
    page.0.push_str(&format!("\n```\n{}```\n", table.render()));
    page.block(&told);
    Ok(())
}

/// What a random test says of its run.
#[derive(Debug, PartialEq, Eq)]
struct Said<'s> {
    seed: &'s str,
    succeeded: u32,
    commands: u32,
    /// How often each command succeeded, and each state was reached.
    counts: String,
}

impl<'s> Said<'s> {
    fn read(said: &'s str) -> Option<Self> {
        let after = |prefix: &str| {
            let line = said
                .lines()
                .find_map(|line| line.trim().strip_prefix(prefix));
            line.and_then(|line| line.split(", ").next())
        };
        let (succeeded, commands) = after("all: ")?.split_once(" of ")?;
        let counts = said.lines().skip_while(|line| !line.contains("seed: "));
        let counts = counts.skip(1).take_while(|line| {
            let ends = ["test ", "ok"];
            !line.is_empty() && !ends.iter().any(|end| line.starts_with(end))
        });
        Some(Self {
            seed: seed(said)?,
            succeeded: succeeded.parse().ok()?,
            commands: commands.parse().ok()?,
            counts: counts.collect::<Vec<_>>().join("\n"),
        })
    }

    /// In tenths of a hundredth.
    fn rate(&self) -> String {
        let permille = u64::from(self.succeeded) * 1_000 / u64::from(self.commands.max(1));
        format!("{}.{} %", permille / 10, permille % 10)
    }
}

/// A seed is a text of 32 bytes, which may hold whatever separates other things.
fn seed(said: &str) -> Option<&str> {
    let (_, behind) = said.split_once("seed: ")?;
    behind.get(..32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_random_test_says_is_read() {
        let text = "\nrunning 1 test\nseed: every unit is somebody's, always, runs: 2 x 30\n\
            deposit: 3 of 4\nall: 7 of 9, 77.7 %\na bond: 2\ntest commands::random ... ok\n\ntest result: ok\n";
        let said = Said::read(text).unwrap();
        assert_eq!(said.seed, "every unit is somebody's, always");
        assert_eq!((said.succeeded, said.commands), (7, 9));
        assert_eq!(said.rate(), "77.7 %");
        assert_eq!(
            said.counts,
            "deposit: 3 of 4\nall: 7 of 9, 77.7 %\na bond: 2"
        );
        assert_eq!(Said::read("seed: none"), None);
    }
}
