//! `cargo xtask deep`: what takes too long for every change. Each profile leaves a page under `docs/results`.

pub(crate) mod harness;
mod mutants;
mod random;
pub(crate) mod seeded;

use std::{
    fmt::Write as _,
    fs,
    path::PathBuf,
    process::{Command, ExitCode},
    time::Instant,
};

use eyre::{Context, bail};

use self::harness::Harness;
use crate::{
    chaos, process, programs,
    setup::{self, Need},
    solidity,
    table::Table,
    workspace::Workspace,
};

/// Cases per property; the quick path runs proptest's default of 256.
const PROPERTY_CASES: u32 = 10_000;

/// Cities of the long run of lives, each of a seed of its own: one that grew on and on would spend its time on looking at
/// missions that ended long ago.
const LIVES_CITIES: u64 = 5;
/// Commands in each; the quick run of one city has fewer.
const LIVES_COMMANDS: u64 = 20_000;
const LIVES_TEST: &str = "lives::whatever_happens_the_books_are_exact_and_every_step_is_legal";

/// One seed for all, printed and recorded: a failing run is repeated with it.
pub(crate) const PROPERTY_SEED: u64 = 20_260_407;

/// Names another seed for one run of `lives` or `scale`.
pub(crate) const SEED_VARIABLE: &str = "AGENTCITY_SEED";

/// Tools that only deep profiles use, with their reason.
const CARGO_STYLUS: Installed = Installed {
    package: "cargo-stylus",
    version: "0.10.10",
    why: "the official client, of the SDK's release",
};
const CARGO_DENY: Installed = Installed {
    package: "cargo-deny",
    version: "0.20.2",
    why: "reads the advisory database of its time",
};

/// What `deep` is asked for.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Only these profiles.
    #[arg(value_parser = PROFILES.map(|p| p.name))]
    profiles: Vec<String>,
    /// Say which profiles there are.
    #[arg(long)]
    list: bool,
    /// `mutants` and `seeded` only: files whose path contains this; of the others `mutants` knows what it knew.
    #[arg(long, alias = "file", value_name = "PART")]
    files: Vec<String>,
    /// `mutants` only: so many files at a time; two for each core if nothing is said.
    #[arg(long)]
    grounds: Option<usize>,
}

/// One long run.
struct Profile {
    name: &'static str,
    about: &'static str,
    run: fn(&Workspace, &Options, &mut Page) -> eyre::Result<()>,
}

const PROFILES: [Profile; 13] = [
    Profile {
        name: "properties",
        about: "every property test with 10,000 cases from one seed",
        run: properties,
    },
    Profile {
        name: "lives",
        about: "random commands of everybody in the missions of five cities, 100,000 in all, books and states looked at after each",
        run: lives,
    },
    Profile {
        name: "reproducible",
        about: "programs built from another folder have the same bytes",
        run: reproducible,
    },
    Profile {
        name: "cargo-stylus",
        about: "the official client checks and deploys on the devnode",
        run: cargo_stylus,
    },
    Profile {
        name: "advisories",
        about: "licences, sources and known faults of the dependencies",
        run: advisories,
    },
    Profile {
        name: "ledger",
        about: "the command line with the feature `ledger`, and its signatures by a simulated device below the crates that speak to USB",
        run: ledger,
    },
    Profile {
        name: "missions",
        about: "a law of 5,000 nodes on the devnode",
        run: missions,
    },
    Profile {
        name: "scale",
        about: "5,000 nodes of all tiers on the devnode, worked off, settled and withdrawn by transactions alone",
        run: scale,
    },
    Profile {
        name: "programs",
        about: "100,000 random commands of each program of the execution, compared with a naive model after each",
        run: |ws, _, page| random::run(ws, page),
    },
    Profile {
        name: "chaos",
        about: "a thousand kills of keepers over full missions, and every other fault that may befall them",
        run: |ws, _, page| chaos::profile(ws, page),
    },
    Profile {
        name: "fuzz",
        about: "every decoder and every server of keepers and agents, 100,000 changed inputs each",
        run: fuzz,
    },
    Profile {
        name: "mutants",
        about: "bugs put into the rules one at a time, and noticed by their tests; takes hours",
        run: mutants::run,
    },
    Profile {
        name: "seeded",
        about: "faults put into the programs by hand, one of each kind, and noticed by the test that each names",
        run: seeded::run,
    },
];

/// `cargo xtask deep`.
pub(crate) fn run(ws: &Workspace, options: &Options) -> eyre::Result<ExitCode> {
    if options.list {
        let mut table = Table::new(&["profile", "about"]);
        for p in &PROFILES {
            table.row(vec![p.name.to_owned(), p.about.to_owned()]);
        }
        print!("{}", table.render());
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = |p: &&Profile| {
        options.profiles.is_empty() || options.profiles.iter().any(|name| name == p.name)
    };
    run_profiles(ws, options, PROFILES.iter().filter(chosen)).map(|()| ExitCode::SUCCESS)
}

/// Every profile.
pub(crate) fn run_all(ws: &Workspace) -> eyre::Result<()> {
    run_profiles(ws, &Options::default(), PROFILES.iter())
}

fn run_profiles<'a>(
    ws: &Workspace,
    options: &Options,
    profiles: impl Iterator<Item = &'a Profile>,
) -> eyre::Result<()> {
    let mut failed = Vec::new();
    for profile in profiles {
        let start = Instant::now();
        let mut page = Page::default();
        // Before it runs: what is committed meanwhile was not run.
        let commit = commit(ws)?;
        // The next profile runs all the same: a night's run should tell everything it can.
        let result = process::step(profile.name, || (profile.run)(ws, options, &mut page));
        let took = process::seconds(start.elapsed());
        let verdict = match &result {
            Ok(()) => "passed".to_owned(),
            Err(error) => {
                eprintln!("error: {error:#}");
                failed.push(profile.name);
                "FAILED".to_owned()
            }
        };
        let file = results(ws).join(format!("{}.md", profile.name));
        fs::create_dir_all(results(ws))?;
        let text = format!(
            "# {}\n\n{}.\n\n- result: {verdict}\n- commit: {commit}\n- machine: {}\n- took: {took}\n{}",
            profile.name,
            profile.about,
            machine(),
            page.0
        );
        fs::write(&file, text).wrap_err_with(|| format!("cannot write {}", file.display()))?;
        println!(
            "{}: {verdict} in {took}, docs/results/{}.md",
            profile.name, profile.name
        );
    }
    if !failed.is_empty() {
        bail!("profiles failed: {}", failed.join(", "));
    }
    Ok(())
}

/// Lines that a profile adds to its page.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    pub(crate) fn line(&mut self, key: &str, value: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "- {key}: {value}");
    }

    pub(crate) fn block(&mut self, text: &str) {
        let _ = write!(self.0, "\n```text\n{}\n```\n", text.trim_end());
    }
}

fn properties(ws: &Workspace, _: &Options, page: &mut Page) -> eyre::Result<()> {
    page.line("cases per property", PROPERTY_CASES);
    page.line("seed", PROPERTY_SEED);
    eprintln!("   PROPTEST_CASES={PROPERTY_CASES} PROPTEST_RNG_SEED={PROPERTY_SEED}");
    let tools = setup::run(ws, Need::Everything)?;
    programs::build(ws, &tools, None)?;
    // Tests start binaries of other packages, which a test build alone would leave stale.
    process::run(
        ws.cargo()
            .args(["build", "--workspace", "--all-targets", "--locked"]),
    )?;
    solidity::check(ws)?;
    let mut command = ws.cargo();
    if process::on_path("cargo-nextest").is_some() {
        command.args([
            "nextest",
            "run",
            "--workspace",
            "--locked",
            "--profile",
            "deep",
        ]);
    } else {
        command.args(["test", "--workspace", "--all-targets", "--locked"]);
    }
    command
        .env("PROPTEST_CASES", PROPERTY_CASES.to_string())
        .env("PROPTEST_RNG_SEED", PROPERTY_SEED.to_string());
    process::run(&mut command)
}

/// The seed of a run of its own: [`PROPERTY_SEED`], or the one asked for.
///
/// Errors: what is no number; a run with another seed than asked for would mislead.
pub(crate) fn seed() -> eyre::Result<u64> {
    match std::env::var(SEED_VARIABLE) {
        Ok(text) => text
            .parse()
            .wrap_err_with(|| format!("{SEED_VARIABLE}={text}")),
        Err(_) => Ok(PROPERTY_SEED),
    }
}

/// Runs tests of the package in a folder one after another; what they print is part of the page.
fn tell(
    ws: &Workspace,
    page: &mut Page,
    folder: &str,
    tests: (&str, &[&str]),
    variables: &[(&str, String)],
) -> eyre::Result<()> {
    let harness = Harness::build(ws, folder)?;
    let start = Instant::now();
    let said = harness.run(tests, variables);
    page.line(
        &format!("`{}` of {folder}", tests.0),
        process::seconds(start.elapsed()),
    );
    page.block(&words_of(&said?));
    Ok(())
}

/// What tests print, without the harness's own lines: these say nothing about the run.
fn words_of(said: &str) -> String {
    let harness = |line: &&str| {
        line.is_empty()
            || *line == "ok"
            || line.starts_with("running ")
            || line.starts_with("test result")
    };
    let told: Vec<&str> = said.lines().filter(|line| !harness(line)).collect();
    told.join("\n")
}

fn lives(ws: &Workspace, _: &Options, page: &mut Page) -> eyre::Result<()> {
    let seed = seed()?;
    page.line("commands", LIVES_CITIES * LIVES_COMMANDS);
    page.line("cities", LIVES_CITIES);
    page.line("seed of the first, the others follow", seed);
    let harness = Harness::build(ws, "contracts/missions")?;
    let live = |city: u64| {
        let variables = [
            ("AGENTCITY_COMMANDS", LIVES_COMMANDS.to_string()),
            (SEED_VARIABLE, seed.wrapping_add(city).to_string()),
        ];
        harness.run((LIVES_TEST, &["--exact"]), &variables)
    };
    // All at once: each is one thread, and there are few.
    let told = std::thread::scope(|scope| {
        let live = &live;
        let cities: Vec<_> = (0..LIVES_CITIES)
            .map(|city| scope.spawn(move || live(city)))
            .collect();
        cities
            .into_iter()
            .map(|city| city.join().unwrap_or_else(|_| bail!("a city panicked")))
            .collect::<eyre::Result<Vec<_>>>()
    })?;
    for said in told {
        page.block(&words_of(&said));
    }
    Ok(())
}

fn reproducible(ws: &Workspace, _: &Options, page: &mut Page) -> eyre::Result<()> {
    let tools = setup::run(ws, Need::Programs)?;
    page.line("standard library", &tools.wasm_std.kind);
    let reports = programs::build(ws, &tools, None)?;
    for report in &reports {
        page.line(&report.name, format_args!("sha256 {}", report.wasm_sha256));
    }
    programs::check_reproducible(ws, &tools, &reports)
}

fn cargo_stylus(ws: &Workspace, _: &Options, page: &mut Page) -> eyre::Result<()> {
    let tools = setup::run(ws, Need::Everything)?;
    programs::build(ws, &tools, None)?;
    let client = CARGO_STYLUS.ensure(ws)?;
    page.line("client", CARGO_STYLUS.label());
    // A binary of its own, so that the test run holds no test that passes by not running.
    let mut command = ws.cargo();
    command
        .args([
            "run",
            "--locked",
            "--package",
            "agentcity-test-fixtures",
            "--bin",
            "agentcity-official-client",
            "--",
        ])
        .arg(client);
    process::run(&mut command)
}

/// Nodes of the largest law; the quick run deploys 500.
const MISSION_NODES: u32 = 5_000;

/// Programs and Solidity: what the scenarios on a devnode run, beside what is built with them.
fn ground(ws: &Workspace) -> eyre::Result<()> {
    let tools = setup::run(ws, Need::Everything)?;
    programs::build(ws, &tools, None)?;
    solidity::check(ws)
}

fn missions(ws: &Workspace, _: &Options, page: &mut Page) -> eyre::Result<()> {
    page.line("nodes of the largest law", MISSION_NODES);
    ground(ws)?;
    tell(
        ws,
        page,
        "test-fixtures",
        ("execution::deployment::", &[]),
        &[("AGENTCITY_MISSION_NODES", MISSION_NODES.to_string())],
    )
}

/// Not among the quick tests: the feature changes those of `libc`, so that everything is compiled anew.
fn ledger(ws: &Workspace, _: &Options, page: &mut Page) -> eyre::Result<()> {
    ground(ws)?;
    // The device's tests raise cities, whose node is a binary of another package.
    process::run(
        ws.cargo()
            .args(["build", "--workspace", "--bins", "--locked"]),
    )?;
    let feature = ["--package", "agentcity", "--features", "ledger", "--locked"];
    process::run(ws.cargo().arg("clippy").args(feature).args([
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))?;
    let mut command = ws.cargo();
    command.arg("test").args(feature);
    command.args(["--bin", "agentcity", "--", "ledger::"]);
    let said = process::stdout(&mut command)?;
    page.block(said.trim());
    Ok(())
}

fn scale(ws: &Workspace, _: &Options, page: &mut Page) -> eyre::Result<()> {
    let seed = seed()?;
    page.line("nodes", MISSION_NODES);
    page.line("seed", seed);
    ground(ws)?;
    tell(
        ws,
        page,
        "test-fixtures",
        ("execution::scale::", &[]),
        &[
            ("AGENTCITY_MISSION_NODES", MISSION_NODES.to_string()),
            (SEED_VARIABLE, seed.to_string()),
        ],
    )
}

/// Inputs for each reader; the quick run gives 3,000.
const FUZZ_INPUTS: u64 = 100_000;

fn fuzz(ws: &Workspace, _: &Options, page: &mut Page) -> eyre::Result<()> {
    let seed = seed()?;
    page.line(
        "inputs of each decoder, a quarter of them for a server",
        FUZZ_INPUTS,
    );
    page.line("seed", seed);
    let variables = [
        ("AGENTCITY_FUZZ", FUZZ_INPUTS.to_string()),
        (SEED_VARIABLE, seed.to_string()),
    ];
    for folder in ["keeper", "keeper/agent"] {
        tell(ws, page, folder, ("fuzz::", &[]), &variables)?;
    }
    Ok(())
}

fn advisories(ws: &Workspace, _: &Options, page: &mut Page) -> eyre::Result<()> {
    let deny = CARGO_DENY.ensure(ws)?;
    page.line("tool", CARGO_DENY.label());
    process::run(
        Command::new(deny)
            .args(["--all-features", "check"])
            .current_dir(&ws.root),
    )
}

/// A cargo tool kept in the cache, of one exact version.
pub(crate) struct Installed {
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
    pub(crate) why: &'static str,
}

impl Installed {
    fn label(&self) -> String {
        format!("{} {} ({})", self.package, self.version, self.why)
    }

    /// The binary: on `PATH` in that version, or installed into the cache.
    pub(crate) fn ensure(&self, ws: &Workspace) -> eyre::Result<PathBuf> {
        if let Some(path) = process::on_path(self.package)
            && process::stdout(Command::new(&path).arg("--version"))
                .is_ok_and(|said| said.contains(self.version))
        {
            return Ok(path);
        }
        let home = crate::cache_dir()?.join(format!("{}-{}", self.package, self.version));
        let binary = home.join("bin").join(self.package);
        if !binary.is_file() {
            eprintln!("   installing {}, this takes minutes", self.label());
            let mut command = ws.cargo();
            command
                .args(["install", "--locked", "--version", self.version, "--root"])
                .arg(&home)
                .arg(self.package);
            process::run(&mut command)?;
        }
        Ok(binary)
    }
}

fn results(ws: &Workspace) -> PathBuf {
    ws.root.join("docs/results")
}

/// The commit measured; changes that are not committed are said.
pub(crate) fn commit(ws: &Workspace) -> eyre::Result<String> {
    let git = |args: &[&str]| process::stdout(Command::new("git").args(args).current_dir(&ws.root));
    let head = git(&["rev-parse", "--short=12", "HEAD"])?;
    let dirty = !git(&[
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        ":!docs/results",
        ":!docs/results.md",
    ])?
    .trim()
    .is_empty();
    Ok(format!(
        "{}{}",
        head.trim(),
        if dirty { " with local changes" } else { "" }
    ))
}

/// Cores and memory, no names: enough to judge a number by.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = meminfo.lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?
            .trim()
            .strip_suffix(" kB")?
            .parse::<u64>()
            .ok()
    });
    match kib {
        Some(kib) => format!(
            "{cores} cores, {} GiB, {}",
            kib.div_ceil(1 << 20),
            std::env::consts::ARCH
        ),
        None => format!("{cores} cores, {}", std::env::consts::ARCH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_cores_and_no_host_name() {
        let said = machine();
        assert!(
            said.contains("cores") && !said.contains("0 cores,"),
            "{said}"
        );
        if let Ok(host) = fs::read_to_string("/etc/hostname") {
            assert!(host.trim().is_empty() || !said.contains(host.trim()));
        }
    }

    #[test]
    fn a_page_has_what_the_tests_say_and_not_what_their_harness_says() {
        let said = "\nrunning 1 test\ntest lives::all ... AGENTCITY_SEED=1\n5 of 6\nok\n\ntest result: ok. 1 passed\n";
        assert_eq!(
            words_of(said),
            "test lives::all ... AGENTCITY_SEED=1\n5 of 6"
        );
    }

    #[test]
    fn profile_names_are_file_names_and_differ() {
        let mut names: Vec<&str> = PROFILES.iter().map(|p| p.name).collect();
        assert!(
            names
                .iter()
                .all(|n| n.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PROFILES.len());
    }
}
