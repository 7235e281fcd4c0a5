//! Bugs put into the rules one at a time: do the tests notice?
//!
//! Every source file of the package is judged by itself, and its verdict is kept in the repository, in [`RECORD`]: the next run
//! judges what changed. As many files are judged at a time as there are cores, each on a [`ground`] of its own.

mod ground;
mod narrow;
mod verdict;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use eyre::{WrapErr, bail, ensure, eyre};
use sha2::{Digest, Sha256};

use self::{
    ground::Ground,
    verdict::{Basis, Outcome, Plan, Record, Verdict},
};
use super::{Installed, Options, Page, commit};
use crate::{process, table::Table, workspace::Workspace};

const CARGO_MUTANTS: Installed = Installed {
    package: "cargo-mutants",
    version: "27.1.0",
    why: "puts the bugs in, one at a time",
};

/// The package whose rules are changed, and whose tests alone must notice.
const PACKAGE: &str = "agentcity-domain";

/// Where it lies.
const FOLDER: &str = "contracts/domain";

/// Of a hundred bugs, at least so many must be noticed.
const CAUGHT_MIN_PERCENT: usize = 95;

/// Seconds of computing after which a compiler or a test is stopped: a proof or a test that a bug made endless. It takes a
/// second or two otherwise, and some ten for all tests at once. A compiler that was stopped did not compile, a test failed.
const CPU_SECS: u64 = 30;

/// Seconds by the clock after which a test counts as endless that waits and does not compute. None does; a machine that is busy
/// with other things must not make one seem so.
const TIMEOUT_SECS: u64 = 600;

/// The same for a build.
const BUILD_TIMEOUT_SECS: u64 = 1_200;

/// The tests, without a bug, take at most this part of it: what is merely slow must not pass for endless.
const TIMEOUT_MARGIN: u32 = 6;

/// Files judged at a time, for each core: while one waits for the linker or reads what it compiled before, another compiles.
const GROUNDS_PER_CORE: usize = 2;

/// What cargo is told beside the package: all tests of the package are one binary.
const TESTS: [&str; 3] = ["--locked", "--offline", "--test=it"];

/// Tests that take values at random try so many, the same in every run; a failure is not made smaller, nobody reads it.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("PROPTEST_CASES", "64"),
    ("PROPTEST_MAX_SHRINK_ITERS", "0"),
    ("PROPTEST_RNG_SEED", "20260407"),
];

/// Where the tool leaves its lists.
const LISTS: &str = "mutants.out";

/// What lists beside it were made on, so that what they say can be used after an interruption.
const MARKER: &str = "basis.json";

/// The verdicts, which stand in the repository.
const RECORD: &str = "docs/results/mutants.toml";

/// Survivors that were looked at, with the reason why each may live.
const REGISTER: &str = "docs/mutants.md";

/// Judges every file, or those asked for; fails below the minimum, for a survivor without a reason, and as long as a file
/// was never judged.
pub(super) fn run(ws: &Workspace, options: &Options, page: &mut Page) -> eyre::Result<()> {
    let tool = CARGO_MUTANTS.ensure(ws)?;
    page.line("tool", CARGO_MUTANTS.label());
    page.line(
        "tests",
        ENVIRONMENT
            .map(|(name, value)| format!("{name}={value}"))
            .join(" "),
    );
    let how = format!(
        "{} {} {TESTS:?} {ENVIRONMENT:?}",
        CARGO_MUTANTS.package, CARGO_MUTANTS.version
    );
    let bench = Bench {
        ws,
        tool,
        out: ws.target().join("mutants"),
        commit: commit(ws)?,
        tests: digest_of(&ws.root.join(FOLDER).join("tests"))?,
        record: Mutex::new(Record::load(&ws.root.join(RECORD), &how)),
        how,
    };
    let files = files(&ws.root, Path::new(FOLDER).join("src").as_path())?;
    bench.forget_others(&files)?;
    let judged = bench.judge(&asked(&files, &options.files), options.grounds);

    let mut verdicts = BTreeMap::new();
    let mut unjudged = Vec::new();
    for file in &files {
        match bench.kept(file)? {
            Some(verdict) if verdict.source == bench.basis(file)?.source => {
                verdicts.insert(file.as_str(), verdict);
            }
            _ => unjudged.push(file.as_str()),
        }
    }
    describe(page, &verdicts, &unjudged);
    judged?;
    let register = fs::read_to_string(ws.root.join(REGISTER)).unwrap_or_default();
    Score::of(verdicts.values()).judge(&register)?;
    ensure!(unjudged.is_empty(), "not judged: {}", unjudged.join(", "));
    Ok(())
}

/// What all files are judged with.
struct Bench<'a> {
    ws: &'a Workspace,
    tool: PathBuf,
    out: PathBuf,
    commit: String,
    /// Digest of all tests.
    tests: String,
    /// How the tool is called.
    how: String,
    /// What is known of all files.
    record: Mutex<Record>,
}

/// One file, and what has to be done for it.
struct Task {
    file: String,
    plan: Plan,
    kept: Option<Verdict>,
    basis: Basis,
}

impl Bench<'_> {
    /// What the record says of a file.
    fn kept(&self, file: &str) -> eyre::Result<Option<Verdict>> {
        Ok(self.record()?.files.get(file).cloned())
    }

    /// Keeps a verdict, at once: whoever interrupts the run loses one file.
    fn keep(&self, file: &str, verdict: Verdict) -> eyre::Result<()> {
        let mut record = self.record()?;
        record.files.insert(file.to_owned(), verdict);
        record.save(&self.ws.root.join(RECORD))
    }

    /// Drops what is known of files that are gone.
    fn forget_others(&self, files: &[String]) -> eyre::Result<()> {
        self.record()?.files.retain(|file, _| files.contains(file));
        Ok(())
    }

    fn record(&self) -> eyre::Result<MutexGuard<'_, Record>> {
        let record = self.record.lock();
        record.map_err(|_| eyre!("a worker panicked while it wrote the record"))
    }

    /// What an outcome for this file rests on now.
    fn basis(&self, file: &str) -> eyre::Result<Basis> {
        let source = fs::read(self.ws.root.join(file))?;
        Ok(Basis {
            how: self.how.clone(),
            source: hex::encode(Sha256::digest(source)),
            tests: self.tests.clone(),
        })
    }

    /// Judges what is not known of these files.
    fn judge(&self, files: &[&str], grounds: Option<usize>) -> eyre::Result<()> {
        fs::create_dir_all(&self.out)?;
        let mut tasks = VecDeque::new();
        for file in files {
            let (kept, basis) = (self.kept(file)?, self.basis(file)?);
            let plan = Verdict::plan(kept.as_ref(), &basis);
            if plan != Plan::Keep {
                tasks.push_back(Task {
                    file: (*file).to_owned(),
                    plan,
                    kept,
                    basis,
                });
            }
        }
        if tasks.is_empty() {
            eprintln!("   nothing to judge that is not known");
            return Ok(());
        }
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let wanted = grounds.unwrap_or(cores * GROUNDS_PER_CORE);
        let workers = wanted.clamp(1, tasks.len());
        eprintln!(
            "   {} files on {workers} grounds, lists and logs in {}",
            tasks.len(),
            self.out.display()
        );
        // The first compiles what all need.
        let mut grounds: Vec<Ground> = Vec::new();
        for number in 0..workers {
            let ground = Ground::lay(
                self.ws,
                (PACKAGE, FOLDER),
                &self.out.join(format!("ground-{number}")),
            )?;
            match grounds.first() {
                None => self.try_out(&ground)?,
                Some(first) => ground.take_dependencies(first)?,
            }
            grounds.push(ground);
        }
        let queue = Mutex::new(tasks);
        let next = || queue.lock().ok().and_then(|mut tasks| tasks.pop_front());
        let work = |ground: &Ground| -> eyre::Result<()> {
            while let Some(task) = next() {
                self.judge_file(ground, task)?;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let work = &work;
            let workers: Vec<_> = grounds
                .iter()
                .map(|ground| scope.spawn(move || work(ground)))
                .collect();
            // All are waited for: what one has judged is kept even if another failed.
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|_| bail!("a worker panicked")))
                .fold(Ok(()), eyre::Result::and)
        })
    }

    /// Sees that on this ground all tests pass while there is no bug, and quickly enough; once.
    fn try_out(&self, ground: &Ground) -> eyre::Result<()> {
        if ground.is_tried() {
            return Ok(());
        }
        self.test(ground, PACKAGE, &["--no-run"])?;
        let start = Instant::now();
        self.test(ground, PACKAGE, &[])?;
        let took = start.elapsed();
        ensure!(
            took * TIMEOUT_MARGIN <= Duration::from_secs(TIMEOUT_SECS),
            "the tests take {}: too long to tell slow from endless after {TIMEOUT_SECS} s",
            process::seconds(took)
        );
        ground.tried();
        Ok(())
    }

    /// Runs the tests of a package of the ground.
    fn test(&self, ground: &Ground, package: &str, args: &[&str]) -> eyre::Result<()> {
        let mut command = ground.cargo(self.ws);
        command.args(["test", "--package", package]);
        command.args(args).args(tests_of(package)).envs(ENVIRONMENT);
        process::quietly(&mut command)
    }

    /// Tries the bugs of one file and keeps the verdict.
    fn judge_file(&self, ground: &Ground, task: Task) -> eyre::Result<()> {
        let start = Instant::now();
        let file = task.file.as_str();
        let verdict = match (task.plan, task.kept) {
            (Plan::Again(survivors), Some(kept)) => {
                let judged = (file, &task.basis);
                let again = self.try_bugs(ground, judged, PACKAGE, Some(&survivors))?;
                kept.judged_again(task.basis, &self.commit, again)
            }
            _ => {
                let outcome = self.try_all(ground, file, &task.basis)?;
                let took = (!outcome.resumed).then(|| start.elapsed().as_secs());
                Verdict::new(task.basis, &self.commit, took, outcome)
            }
        };
        eprintln!(
            "   {file}: {} of {} survive, in {}",
            verdict.survivors.len(),
            verdict.all(),
            process::seconds(start.elapsed())
        );
        self.keep(file, verdict)?;
        // The verdict counts; the lists behind it are for people.
        for package in [Some(PACKAGE.to_owned()), ground.narrow(module_of(file))] {
            let marker = package.map(|package| self.out_of(file).join(package).join(MARKER));
            if let Some(marker) = marker.filter(|marker| marker.exists()) {
                fs::remove_file(marker)?;
            }
        }
        Ok(())
    }

    /// Tries all bugs of a file: on its narrow crate, and on the whole package what survives there.
    fn try_all(&self, ground: &Ground, file: &str, basis: &Basis) -> eyre::Result<Outcome> {
        let Some(narrow) = ground.narrow(module_of(file)) else {
            return self.try_bugs(ground, (file, basis), PACKAGE, None);
        };
        self.test(ground, &narrow, &[])?;
        let first = self.try_bugs(ground, (file, basis), &narrow, None)?;
        if first.survivors.is_empty() {
            return Ok(first);
        }
        let survivors = Some(first.survivors.as_slice());
        let second = self.try_bugs(ground, (file, basis), PACKAGE, survivors)?;
        Ok(first.with_survivors(second))
    }

    /// Puts bugs into a file, these or all, one at a time, and shows each to the tests of `package`. What a run on the same
    /// basis learned before it was interrupted is not tried again.
    fn try_bugs(
        &self,
        ground: &Ground,
        (file, basis): (&str, &Basis),
        package: &str,
        only: Option<&[String]>,
    ) -> eyre::Result<Outcome> {
        let out = self.out_of(file).join(package);
        fs::create_dir_all(&out)?;
        if package == PACKAGE {
            self.try_out(ground)?;
        }
        let marker = out.join(MARKER);
        let before: Option<(Basis, Option<Vec<String>>)> = fs::read(&marker)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        let known = match before {
            Some((before, bugs)) if before.is_of(basis) && bugs.as_deref() == only => {
                let known = Outcome::read_interrupted(&out, before.tests == basis.tests)?;
                Outcome {
                    resumed: known.all() > 0,
                    ..known
                }
            }
            _ => {
                fs::remove_dir_all(&out)?;
                fs::create_dir_all(&out)?;
                Outcome::default()
            }
        };
        fs::write(marker, serde_json::to_vec(&(basis, only))?)?;
        let all = match only {
            Some(only) => only.to_vec(),
            None => self.list(ground, file)?,
        };
        let tried: Vec<&String> = all.iter().filter(|bug| !known.has(bug)).collect();
        if tried.is_empty() {
            return Ok(known);
        }
        let log = fs::File::create(out.join("log.txt"))?;
        let mut command = self.mutants(ground, file);
        command
            .args(["--in-place", "--baseline", "skip", "--no-shuffle"])
            .args(["--test-package", package])
            .args(["--timeout", &TIMEOUT_SECS.to_string()])
            .args(["--build-timeout", &BUILD_TIMEOUT_SECS.to_string()])
            .args(["--jobserver-tasks", "1", "--output"])
            .arg(&out)
            .args(tests_of(package).map(|arg| format!("--cargo-arg={arg}")))
            .envs(ENVIRONMENT)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        if tried.len() < all.len() || only.is_some() {
            command.args(tried.iter().map(|s| format!("--re=^{}$", literally(s))));
        }
        let status = command.status().wrap_err("cannot start cargo-mutants")?;
        // 0: all noticed; 2: some survived; 3: some ran too long. Everything else is no result.
        ensure!(
            matches!(status.code(), Some(0 | 2 | 3)),
            "cargo-mutants came to no result for {file}: {status}, see {}",
            out.display()
        );
        // The tool tries some kinds of bugs though they were not asked for.
        let outcome = Outcome::read(&out.join(LISTS))?.of(&tried);
        ensure!(
            outcome.all() == tried.len(),
            "{} bugs of {file} were to be tried, and {} were",
            tried.len(),
            outcome.all()
        );
        Ok(known.and(outcome))
    }

    /// All bugs that the tool has for a file.
    fn list(&self, ground: &Ground, file: &str) -> eyre::Result<Vec<String>> {
        let mut command = self.mutants(ground, file);
        let list = process::stdout(command.arg("--list"))?;
        Ok(list.lines().map(str::to_owned).collect())
    }

    /// The tool, for one file of a ground.
    fn mutants(&self, ground: &Ground, file: &str) -> Command {
        // The limit counts what a process computes, not how long it waits for the others: it stops what is endless and
        // nothing that is slow.
        let limited = format!("ulimit -t {CPU_SECS} && exec \"$@\"");
        let mut command = Command::new("sh");
        command
            .args(["-c", &limited, "sh"])
            .arg(&self.tool)
            .current_dir(ground.dir())
            .args(["mutants", "--no-config", "--colors", "never"])
            .args(["--package", PACKAGE, "--file", file])
            .env("CARGO_TARGET_DIR", ground.target());
        command
    }

    /// Where the tool leaves its lists for a file.
    fn out_of(&self, file: &str) -> PathBuf {
        self.out.join("out").join(slug(file))
    }
}

/// What cargo is told beside the package whose tests are to run.
fn tests_of(package: &str) -> [&str; 3] {
    if package == PACKAGE {
        TESTS
    } else {
        let [locked, offline, _] = TESTS;
        [locked, offline, "--lib"]
    }
}

/// The module of the package that a source file belongs to.
fn module_of(file: &str) -> &str {
    let path = file.trim_start_matches(FOLDER).trim_start_matches("/src/");
    let first = path.split('/').next().unwrap_or(path);
    first.trim_end_matches(".rs")
}

/// Says on the page what was judged, when, and with what result.
fn describe(page: &mut Page, verdicts: &BTreeMap<&str, Verdict>, unjudged: &[&str]) {
    let score = Score::of(verdicts.values());
    page.line(
        "files judged",
        format_args!("{} of {}", verdicts.len(), verdicts.len() + unjudged.len()),
    );
    if !unjudged.is_empty() {
        page.line("not judged as they are now", unjudged.join(", "));
    }
    let commits: BTreeSet<&str> = verdicts
        .values()
        .flat_map(|v| [Some(v.commit.as_str()), v.again.as_deref()])
        .flatten()
        .collect();
    if commits.len() > 1 {
        page.line(
            "put together",
            format_args!(
                "from runs at {} commits, see the table; the time above is the last run's alone",
                commits.len()
            ),
        );
    }
    page.line("mutants", score.judged() + score.unviable);
    page.line("caught", score.caught);
    page.line("endless, so noticed", score.endless);
    page.line("did not compile, not counted", score.unviable);
    page.line("survived", score.survivors.len());
    page.line(
        "noticed of those that count",
        format_args!("{} %", score.percent()),
    );
    for survivor in &score.survivors {
        page.line("survivor", format_args!("`{survivor}`"));
    }
    let mut table = Table::new(&[
        "file",
        "mutants",
        "caught",
        "endless",
        "not compiled",
        "survived",
        "seconds",
        "judged at",
        "survivors again at",
    ]);
    for (file, verdict) in verdicts.iter().filter(|(_, v)| v.all() > 0) {
        table.row(vec![
            (*file).to_owned(),
            verdict.all().to_string(),
            verdict.caught.to_string(),
            verdict.endless.to_string(),
            verdict.unviable.to_string(),
            verdict.survivors.len().to_string(),
            verdict
                .took
                .map(|secs| secs.to_string())
                .unwrap_or_default(),
            verdict.commit.clone(),
            verdict.again.clone().unwrap_or_default(),
        ]);
    }
    page.0.push_str(
        "\nA file is judged again when it changes; when only tests change, its survivors are. Files without a mutant are left out. \
         Seconds are those of the clock, where they were kept, and the machine may have done other things, too.\n",
    );
    page.0.push_str(&format!("\n```\n{}```\n", table.render()));
}

/// The files whose path contains one of these parts, in the order of the parts; all if there are none.
fn asked<'f>(files: &'f [String], parts: &[String]) -> Vec<&'f str> {
    let mut asked: Vec<&str> = Vec::new();
    let every = [String::new()];
    for part in if parts.is_empty() { &every } else { parts } {
        for file in files {
            if file.contains(part) && !asked.contains(&file.as_str()) {
                asked.push(file);
            }
        }
    }
    asked
}

/// The source files below `folder`, from the root, sorted.
fn files(root: &Path, folder: &Path) -> eyre::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            found.extend(files(root, &path)?);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found.sort();
    Ok(found)
}

/// A digest of all files below a folder, names included.
fn digest_of(folder: &Path) -> eyre::Result<String> {
    let mut hash = Sha256::new();
    for file in files(folder, Path::new(""))? {
        let bytes = fs::read(folder.join(&file))?;
        hash.update((file.len() as u64).to_be_bytes());
        hash.update(file);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    Ok(hex::encode(hash.finalize()))
}

/// A file's name for its lists.
fn slug(file: &str) -> String {
    file.trim_start_matches(FOLDER)
        .trim_matches('/')
        .replace('/', "-")
}

/// A regular expression that this text alone matches.
fn literally(text: &str) -> String {
    let mut expression = String::new();
    for c in text.chars() {
        // `<` and `>` stand for themselves, and escaped for the edges of words.
        if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
            expression.push('\\');
        }
        expression.push(c);
    }
    expression
}

/// All verdicts in numbers.
#[derive(Debug, Default)]
struct Score {
    caught: usize,
    endless: usize,
    /// Did not compile: noticed by types or by a proof, and counted for neither side.
    unviable: usize,
    survivors: Vec<String>,
}

impl Score {
    fn of<'v>(verdicts: impl IntoIterator<Item = &'v Verdict>) -> Self {
        let mut score = Self::default();
        for verdict in verdicts {
            score.caught += verdict.caught;
            score.endless += verdict.endless;
            score.unviable += verdict.unviable;
            let survivors = verdict.survivors.iter().map(|line| unplaced(line));
            score.survivors.extend(survivors);
        }
        score
    }

    const fn noticed(&self) -> usize {
        self.caught + self.endless
    }

    const fn judged(&self) -> usize {
        self.noticed() + self.survivors.len()
    }

    /// In hundredths of those that count, with two digits, rounded down.
    fn percent(&self) -> String {
        let hundredths = self.noticed() * 10_000 / self.judged().max(1);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }

    fn judge(&self, register: &str) -> eyre::Result<()> {
        ensure!(self.judged() > 0, "no mutant was tried");
        // In a table of Markdown a bar is written with a backslash.
        let register = register.replace("\\|", "|");
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
        let known = "| `a.rs: x` | equal |\n| `c.rs: replace \\| with ^` | equal |\n";
        assert!(score(19, &["a.rs: x"]).judge(known).is_ok());
        assert!(score(19, &["c.rs: replace | with ^"]).judge(known).is_ok());
        let few = score(18, &["a.rs: x"]).judge(known).unwrap_err();
        assert!(few.to_string().starts_with("18 of 19"), "{few}");
        let new = score(99, &["b.rs: y"]).judge(known).unwrap_err();
        assert!(new.to_string().contains("b.rs: y"), "{new}");
        assert!(score(0, &[]).judge(known).is_err(), "nothing was tried");
    }

    #[test]
    fn a_page_says_what_was_judged_and_what_was_not() {
        let verdict = Verdict {
            commit: "one".to_owned(),
            again: Some("two".to_owned()),
            caught: 2,
            endless: 1,
            unviable: 1,
            survivors: vec!["a.rs:4:1: w".to_owned()],
            ..Verdict::default()
        };
        let verdicts = BTreeMap::from([("a.rs", verdict)]);
        let score = Score::of(verdicts.values());
        assert_eq!((score.noticed(), score.judged()), (3, 4));
        let mut page = Page::default();
        describe(&mut page, &verdicts, &["b.rs"]);
        for said in [
            "- files judged: 1 of 2\n",
            "- put together: from runs at 2 commits,",
            "- not judged as they are now: b.rs\n",
            "- mutants: 5\n",
            "- noticed of those that count: 75.00 %\n",
            "- survivor: `a.rs: w`\n",
        ] {
            assert!(page.0.contains(said), "{said} in {}", page.0);
        }
    }

    #[test]
    fn an_expression_matches_a_name_and_nothing_else() {
        assert_eq!(
            literally("src/a.rs:1:2: replace f -> (u8, x) with ()"),
            r"src\/a\.rs\:1\:2\: replace f \-> \(u8\, x\) with \(\)"
        );
    }

    #[test]
    fn a_digest_tells_what_is_where() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("a.rs", "one");
        write("deep/b.rs", "two");
        let found = files(dir.path(), Path::new("")).unwrap();
        assert_eq!(found, ["a.rs", "deep/b.rs"]);
        assert_eq!(asked(&found, &[]), ["a.rs", "deep/b.rs"]);
        let parts = ["deep".to_owned(), ".rs".to_owned()];
        assert_eq!(asked(&found, &parts), ["deep/b.rs", "a.rs"]);
        let before = digest_of(dir.path()).unwrap();
        assert_eq!(digest_of(dir.path()).unwrap(), before);
        write("a.rs", "two");
        assert_ne!(digest_of(dir.path()).unwrap(), before);
        assert_eq!(slug("contracts/domain/src/act/mod.rs"), "src-act-mod.rs");
        assert_eq!(module_of("contracts/domain/src/act/mod.rs"), "act");
        assert_eq!(module_of("contracts/domain/src/amount.rs"), "amount");
    }
}
