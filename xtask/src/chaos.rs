//! `cargo xtask chaos`: whatever may befall a keeper, each scenario by its name.
//!
//! Every scenario is one or more tests that `cargo xtask test` runs, too, in a quick form; here those that scale get more. Keepers
//! that are killed are processes of a release build.

use std::{path::PathBuf, process::ExitCode, time::Instant};

use eyre::bail;

use crate::{
    deep::{self, PROPERTY_SEED, Page, SEED_VARIABLE, harness::Harness},
    process, programs,
    setup::{self, Need},
    solidity,
    table::Table,
    workspace::Workspace,
};

/// Kills of the whole run, of which three hundred at least come at random times.
pub(crate) const KILLS: u64 = 1_000;
/// Lives of three keepers on one journal.
const ROUNDS: u64 = 25;
/// The executable that is killed.
const KEEPER: &str = "agentcity-keeper";

/// What `chaos` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How often keepers are killed over full missions.
    #[arg(long, default_value_t = KILLS)]
    kills: u64,
    /// Another seed than the usual one.
    #[arg(long)]
    seed: Option<u64>,
    /// Only these scenarios.
    #[arg(long, value_parser = SCENARIOS.map(|scenario| scenario.name))]
    only: Vec<String>,
    /// Say which scenarios there are.
    #[arg(long)]
    list: bool,
}

/// Something that may happen.
struct Scenario {
    name: &'static str,
    about: &'static str,
    /// Folder of the package, and the tests there whose names contain this.
    tests: &'static [(&'static str, &'static str)],
}

const SCENARIOS: [Scenario; 14] = [
    Scenario {
        name: "kills",
        about: "SIGKILL at seeded points and random times over full missions",
        tests: &[("keeper", "chaos::kills::missions_end_alike")],
    },
    Scenario {
        name: "boundaries",
        about: "SIGKILL at every boundary of journal, log and executor",
        tests: &[
            ("keeper", "crash::"),
            ("keeper/hub", "kill::"),
            ("keeper/executor", "jobs::a_kill_before_during_or_after"),
        ],
    },
    Scenario {
        name: "disk-full",
        about: "writes that fail over full missions",
        tests: &[("keeper", "chaos::kills::a_full_disk")],
    },
    Scenario {
        name: "outage",
        about: "no sequencer for an hour",
        tests: &[
            ("keeper", "chaos::drills::an_hour_without_the_sequencer"),
            ("keeper", "outage_story::an_outage_by_the_words"),
        ],
    },
    Scenario {
        name: "clocks",
        about: "three keepers of one account whose clocks jump, with deaths",
        tests: &[("keeper", "chaos::drills::three_keepers_of_one_account")],
    },
    Scenario {
        name: "accounts",
        about: "three keepers of three accounts whose clocks jump, with deaths",
        tests: &[("keeper", "chaos::drills::three_keepers_of_three_accounts")],
    },
    Scenario {
        name: "server",
        about: "keepers that share PostgreSQL: races, its death, three with clocks that jump",
        tests: &[
            ("keeper", "postgres::"),
            ("keeper", "chaos::drills::three_keepers_on_a_server"),
        ],
    },
    Scenario {
        name: "two-keepers",
        about: "one works, the other takes over; streams are divided",
        tests: &[
            ("keeper", "keepalive::of_two_keepers"),
            ("keeper", "host::keepers_divide"),
        ],
    },
    Scenario {
        name: "reorgs",
        about: "reorganisations to depth 64, met at work and after an absence",
        tests: &[
            ("keeper", "chain::reorganisations_are_undone"),
            ("keeper", "follow::"),
        ],
    },
    Scenario {
        name: "logs",
        about: "logs that are dropped, doubled or cut off",
        tests: &[("keeper", "chain::a_subscription_wakes")],
    },
    Scenario {
        name: "endpoints",
        about: "endpoints that lag, lie, split, flood or belong to another chain",
        tests: &[
            ("keeper", "chain::of_three_endpoints"),
            ("keeper", "chain::without_a_quorum"),
            ("keeper", "chain::an_endpoint_of_another_chain"),
            ("keeper", "chain::a_reply_without_end"),
        ],
    },
    Scenario {
        name: "transactions",
        about: "endpoints that swallow, deny, count wrongly or hang while transactions are open",
        tests: &[("keeper", "submit::")],
    },
    Scenario {
        name: "executors",
        about: "executors that hang, flood, lie, send elsewhere, or change their code",
        tests: &[("keeper/executor", "hostile::")],
    },
    Scenario {
        name: "mission",
        about: "an executor whose code is another in the middle of a mission",
        tests: &[("keeper", "mission::")],
    },
];

/// How a scenario went.
struct Verdict {
    name: &'static str,
    figures: Figures,
    took: String,
    fault: Option<String>,
}

/// What tests count.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    kills: u64,
    random: u64,
    full: u64,
    restarts: u64,
    missions: u64,
    rounds: u64,
}

impl Figures {
    /// Adds what lines such as `chaos kills=40 restarts=40` say.
    fn add(&mut self, said: &str) {
        let lines = said.lines().filter_map(|line| line.strip_prefix("chaos "));
        for word in lines.flat_map(str::split_whitespace) {
            let Some((name, Ok(number))) = word.split_once('=').map(|(n, v)| (n, v.parse::<u64>()))
            else {
                continue;
            };
            let sum = match name {
                "kills" => &mut self.kills,
                "random" => &mut self.random,
                "full" => &mut self.full,
                "restarts" => &mut self.restarts,
                "missions" => &mut self.missions,
                "rounds" => &mut self.rounds,
                _ => continue,
            };
            *sum += number;
        }
    }
}

/// `cargo xtask chaos`.
pub(crate) fn run(ws: &Workspace, options: &Options) -> eyre::Result<ExitCode> {
    if options.list {
        let mut table = Table::new(&["scenario", "about"]);
        for scenario in &SCENARIOS {
            table.row(vec![scenario.name.to_owned(), scenario.about.to_owned()]);
        }
        print!("{}", table.render());
        return Ok(ExitCode::SUCCESS);
    }
    let seed = options.seed.unwrap_or(PROPERTY_SEED);
    let verdicts = play(ws, options.kills, seed, &options.only)?;
    print!("{}", table(&verdicts, seed).render());
    Ok(match verdicts.iter().all(|v| v.fault.is_none()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// All scenarios, as a long profile with its page.
pub(crate) fn profile(ws: &Workspace, page: &mut Page) -> eyre::Result<()> {
    let seed = deep::seed()?;
    page.line("kills asked for", KILLS);
    page.line("seed", seed);
    let verdicts = play(ws, KILLS, seed, &[])?;
    let text = table(&verdicts, seed).render();
    print!("{text}");
    page.block(&text);
    let failed = verdicts.iter().filter(|v| v.fault.is_some());
    let failed: Vec<&str> = failed.map(|v| v.name).collect();
    if !failed.is_empty() {
        bail!("scenarios failed: {}", failed.join(", "));
    }
    Ok(())
}

fn play(ws: &Workspace, kills: u64, seed: u64, only: &[String]) -> eyre::Result<Vec<Verdict>> {
    let tools = setup::run(ws, Need::Everything)?;
    programs::build(ws, &tools, None)?;
    solidity::check(ws)?;
    let keeper = process::step("release build", || release(ws))?;
    let variables = [
        ("AGENTCITY_KILLS", kills.to_string()),
        ("AGENTCITY_ROUNDS", ROUNDS.to_string()),
        ("AGENTCITY_KEEPER", keeper.display().to_string()),
        (SEED_VARIABLE, seed.to_string()),
    ];
    let mut verdicts = Vec::new();
    for scenario in &SCENARIOS {
        if !only.is_empty() && !only.iter().any(|name| name == scenario.name) {
            continue;
        }
        let (start, mut figures) = (Instant::now(), Figures::default());
        let played = process::step(scenario.name, || {
            for (folder, filter) in scenario.tests {
                let harness = Harness::build(ws, folder)?;
                figures.add(&harness.run((filter, &[]), &variables)?);
            }
            Ok(())
        });
        // The next one is played all the same: a run should tell everything it can.
        let fault = played.err().map(|error| format!("{error:#}"));
        if let Some(fault) = &fault {
            eprintln!("error: {fault}");
        }
        verdicts.push(Verdict {
            name: scenario.name,
            figures,
            took: process::seconds(start.elapsed()),
            fault,
        });
    }
    Ok(verdicts)
}

/// The keeper as it is released.
fn release(ws: &Workspace) -> eyre::Result<PathBuf> {
    ws.build_release(&[KEEPER])?;
    Ok(ws.cargo_release().join(KEEPER))
}

fn table(verdicts: &[Verdict], seed: u64) -> Table {
    let mut table = Table::new(&[
        "scenario", "kills", "random", "full", "restarts", "missions", "rounds", "took", "seed",
        "verdict",
    ]);
    for verdict in verdicts {
        let f = &verdict.figures;
        let mut cells = vec![verdict.name.to_owned()];
        for count in [f.kills, f.random, f.full, f.restarts, f.missions, f.rounds] {
            cells.push(match count {
                0 => String::new(),
                count => count.to_string(),
            });
        }
        cells.extend([
            verdict.took.clone(),
            seed.to_string(),
            match verdict.fault {
                None => "passed".to_owned(),
                Some(_) => "FAILED".to_owned(),
            },
        ]);
        table.row(cells);
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn figures_are_those_that_tests_print_and_add_up() {
        let mut figures = Figures::default();
        figures.add(
            "test a ... AGENTCITY_SEED=1\nchaos kills=3 random=1 restarts=4 seed=9\nkills=9\n",
        );
        figures.add("chaos kills=2 missions=1\nok");
        let wanted = Figures {
            kills: 5,
            random: 1,
            restarts: 4,
            missions: 1,
            ..Figures::default()
        };
        assert_eq!(figures, wanted);
    }

    #[test]
    fn scenarios_have_names_of_their_own_and_tests_that_exist() {
        let names: BTreeSet<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), SCENARIOS.len());
        let ws = Workspace::find().unwrap();
        for (folder, filter) in SCENARIOS.iter().flat_map(|scenario| scenario.tests) {
            let (modules, name) = filter.rsplit_once("::").unwrap();
            let file = modules.replace("::", "/");
            let file = ws.root.join(folder).join(format!("tests/it/{file}.rs"));
            let text = std::fs::read_to_string(&file);
            let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            assert!(text.contains(&format!("fn {name}")), "{filter} in {folder}");
        }
    }
}
