//! Faults put into the programs by hand, one of each kind: a caller that is not checked, an effect behind the call, a deadline
//! that is off by one. Each names the test that must notice it.
//!
//! [`super::mutants`] changes operators and results in the rules; what goes wrong in a program is mostly a line that is missing or
//! stands in the wrong place, which no tool invents. The faults are data, [`LIST`]: a text of a source file and what stands there
//! instead. `cargo xtask tidy` sees that each text is still there, once, and that the test exists, so the list cannot rot.
//!
//! Faults are put into a copy of the tree, never into the tree, and what is built of them stays beside the copy: cargo tells
//! packages by where they lie in their workspace, so the tree would take a program with a fault for its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use eyre::{OptionExt, WrapErr, bail, ensure};
use serde::Deserialize;

use super::{Options, Page};
use crate::{process, table::Table, workspace::Workspace};

/// The list of faults, from the root.
pub(crate) const LIST: &str = "xtask/src/deep/seeded.toml";

/// Seconds of computing after which a test is stopped that a fault made endless; without a fault it takes a few.
const CPU_SECS: u64 = 120;

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    /// What kind of fault it is; no two are of one kind.
    pub(crate) class: String,
    /// The id of the invariant that it breaks.
    pub(crate) breaks: String,
    /// The source file of a program, from the root.
    pub(crate) file: String,
    /// What stands there, once.
    pub(crate) before: String,
    /// What stands there instead.
    pub(crate) after: String,
    /// The test of the program's package that must fail: its module and its name.
    pub(crate) test: String,
}

/// The file of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    fault: Vec<Seed>,
}

/// What became of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Noticed,
    Survived,
    /// Did not compile, or its test was not found: nothing is known.
    Untried,
}

impl Seed {
    /// The faults of a list.
    pub(crate) fn list(text: &str) -> eyre::Result<Vec<Self>> {
        let list: List = toml::from_str(text).wrap_err_with(|| format!("cannot read {LIST}"))?;
        Ok(list.fault)
    }

    /// The folder of the program.
    fn folder(&self) -> Option<&str> {
        let (folder, _) = self.file.split_once("/src/")?;
        folder.starts_with("contracts/").then_some(folder)
    }

    /// The package of the program.
    fn package(&self) -> eyre::Result<String> {
        let folder = self.folder().ok_or_eyre("a fault stands in no program")?;
        Ok(folder.replacen("contracts/", "agentcity-", 1))
    }

    /// The file of the test, and its name.
    fn test(&self) -> Option<(String, &str)> {
        let (module, name) = self.test.rsplit_once("::")?;
        let module = module.replace("::", "/");
        Some((format!("{}/tests/it/{module}.rs", self.folder()?), name))
    }

    /// The source with the fault.
    fn put_into(&self, source: &str) -> eyre::Result<String> {
        let found = source.matches(&self.before).count();
        ensure!(
            found == 1,
            "the text of \"{}\" stands {found} times in {}",
            self.class,
            self.file
        );
        Ok(source.replacen(&self.before, &self.after, 1))
    }

    /// What is wrong with it in a tree whose files `get` reads; nothing if it can be tried.
    pub(crate) fn faults<'t>(&self, get: impl Fn(&str) -> Option<&'t str>) -> Vec<String> {
        let mut faults = Vec::new();
        match get(&self.file).filter(|_| self.folder().is_some()) {
            Some(source) => faults.extend(self.put_into(source).err().map(|e| e.to_string())),
            None => faults.push(format!("{} is no source of a program", self.file)),
        }
        if self.before == self.after {
            faults.push(format!("\"{}\" changes nothing", self.class));
        }
        let declared = |(file, name): (String, &str)| {
            get(&file).is_some_and(|text| text.contains(&format!("fn {name}(")))
        };
        if !self.test().is_some_and(declared) {
            faults.push(format!("\"{}\" names no test: {}", self.class, self.test));
        }
        let row = format!("| {} |", self.breaks);
        if !get("docs/invariants.md").is_some_and(|register| register.contains(&row)) {
            let (class, id) = (&self.class, &self.breaks);
            faults.push(format!("\"{class}\" names no invariant: {id}"));
        }
        faults
    }
}

/// Tries every fault, or those of the files that were asked for; fails for one that survives.
pub(super) fn run(ws: &Workspace, options: &Options, page: &mut Page) -> eyre::Result<()> {
    let list = fs::read_to_string(ws.root.join(LIST)).wrap_err("no list of faults")?;
    let mut seeds = Seed::list(&list)?;
    let asked = |seed: &Seed| options.files.iter().any(|part| seed.file.contains(part));
    if !options.files.is_empty() {
        seeds.retain(asked);
        page.line("only files with", options.files.join(", "));
    }
    ensure!(!seeds.is_empty(), "no fault is asked for");
    let scratch = Scratch::lay(ws)?;
    let mut tests: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for seed in &seeds {
        tests.entry(seed.package()?).or_default().insert(&seed.test);
    }
    for (package, tests) in &tests {
        eprintln!("   {package}: {} tests without a fault", tests.len());
        scratch.build(package)?;
        for test in tests {
            let fate = scratch.test(package, test)?;
            ensure!(fate == Fate::Survived, "{test} fails without any fault");
        }
    }
    let mut fates = Vec::new();
    for seed in &seeds {
        // The next fault is tried all the same: a long run should tell everything it can.
        let fate = scratch.try_seed(seed).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Fate::Untried
        });
        eprintln!("   {}: {}", seed.class, fate.said());
        fates.push(fate);
    }
    let table = table(&seeds, &fates);
    print!("{table}");
    let missed: Vec<&str> = seeds
        .iter()
        .zip(&fates)
        .filter(|(_, fate)| **fate != Fate::Noticed)
        .map(|(seed, _)| seed.class.as_str())
        .collect();
    page.line("faults", seeds.len());
    page.line("noticed", seeds.len() - missed.len());
    page.line("seed of tests with random values", super::PROPERTY_SEED);
    page.0.push_str(&format!(
        "\nA fault that is noticed compiles, and the test beside it fails with it and passes without; `{LIST}` has the texts.\n\n```\n{table}```\n"
    ));
    if !missed.is_empty() {
        bail!("not noticed: {}", missed.join(", "));
    }
    Ok(())
}

impl Fate {
    const fn said(self) -> &'static str {
        match self {
            Self::Noticed => "noticed",
            Self::Survived => "SURVIVED",
            Self::Untried => "NOT TRIED",
        }
    }
}

fn table(seeds: &[Seed], fates: &[Fate]) -> String {
    let mut table = Table::new(&["fault", "file", "breaks", "test", "result"]);
    for (seed, fate) in seeds.iter().zip(fates) {
        table.row(vec![
            seed.class.clone(),
            seed.file.clone(),
            seed.breaks.clone(),
            seed.test.clone(),
            fate.said().to_owned(),
        ]);
    }
    table.render()
}

/// The copy of the tree.
struct Scratch<'a> {
    ws: &'a Workspace,
    root: PathBuf,
    /// Where it is built.
    target: PathBuf,
}

impl<'a> Scratch<'a> {
    /// Copies what git tracks or would track. Files that are there as they are stay untouched, so that little is compiled anew.
    fn lay(ws: &'a Workspace) -> eyre::Result<Self> {
        let [root, target] = ["tree", "build"].map(|name| ws.target().join("seeded").join(name));
        let mut git = Command::new("git");
        git.args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(&ws.root);
        let list = process::stdout(&mut git)?;
        let mut kept = BTreeSet::new();
        for name in list.split_terminator('\0') {
            // What is listed but gone was deleted and not yet committed.
            if let Ok(bytes) = fs::read(ws.root.join(name)) {
                let to = root.join(name);
                if !fs::read(&to).is_ok_and(|there| there == bytes) {
                    fs::create_dir_all(to.parent().unwrap_or(&root))?;
                    fs::write(&to, bytes).wrap_err_with(|| format!("cannot copy {name}"))?;
                }
                kept.insert(to);
            }
        }
        remove_others(&root, &kept)?;
        Ok(Self { ws, root, target })
    }

    /// Puts a fault in, sees what its test says, and takes it out again.
    fn try_seed(&self, seed: &Seed) -> eyre::Result<Fate> {
        let (file, package) = (self.root.join(&seed.file), seed.package()?);
        let source = fs::read_to_string(&file)?;
        fs::write(&file, seed.put_into(&source)?)?;
        let fate = self
            .build(&package)
            .wrap_err_with(|| format!("\"{}\" does not compile", seed.class))
            .and_then(|()| self.test(&package, &seed.test));
        // Out again, whatever came of it: the next fault is put into what the tree has.
        fs::write(&file, source)?;
        fate
    }

    fn build(&self, package: &str) -> eyre::Result<()> {
        process::quietly(self.cargo(package, "exec").arg("--no-run"))
    }

    /// Whether a test notices anything.
    fn test(&self, package: &str, test: &str) -> eyre::Result<Fate> {
        let mut command = self.cargo(package, &format!("ulimit -t {CPU_SECS} && exec"));
        command.args(["--", "--exact", test]);
        let output = command.stdin(Stdio::null()).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        match (output.status.success(), counts(&said)) {
            (true, Some((1, 0))) => Ok(Fate::Survived),
            (false, Some((0, 1))) => Ok(Fate::Noticed),
            _ => bail!("{package}: {test} came to no result: {}", output.status),
        }
    }

    /// The tests of a package of the copy, started by a shell that is told `how` first.
    fn cargo(&self, package: &str, how: &str) -> Command {
        let cargo = self.ws.cargo();
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{how} \"$@\""), "sh"])
            .arg(cargo.get_program())
            .args(["test", "--locked", "--package", package, "--test", "it"])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("PROPTEST_RNG_SEED", super::PROPERTY_SEED.to_string());
        for (name, value) in cargo.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// How many tests passed and failed, as the harness says at its end.
fn counts(said: &str) -> Option<(u32, u32)> {
    let line = said
        .lines()
        .rfind(|line| line.starts_with("test result:"))?;
    let count = |what: &str| {
        let (before, _) = line.split_once(what)?;
        before.rsplit([' ', '.']).next()?.parse().ok()
    };
    Some((count(" passed")?, count(" failed")?))
}

/// Removes files of a copy that the tree does not have any more.
fn remove_others(folder: &Path, kept: &BTreeSet<PathBuf>) -> eyre::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed() -> Seed {
        Seed {
            class: "a line is missing".to_owned(),
            breaks: "INV-X-01".to_owned(),
            file: "contracts/treasury/src/a.rs".to_owned(),
            before: "self.lock();".to_owned(),
            after: String::new(),
            test: "attacks::it_is_locked".to_owned(),
        }
    }

    fn get(file: &str) -> Option<&'static str> {
        match file {
            "contracts/treasury/src/a.rs" => Some("fn f() { self.lock(); self.pay(); }"),
            "contracts/treasury/tests/it/attacks.rs" => Some("fn it_is_locked() {}"),
            "docs/invariants.md" => Some("| INV-X-01 | always |"),
            _ => None,
        }
    }

    #[test]
    fn a_fault_whose_text_is_there_once_can_be_tried() {
        assert!(seed().faults(get).is_empty(), "{:?}", seed().faults(get));
        let source = get(&seed().file).unwrap();
        assert_eq!(seed().put_into(source).unwrap(), "fn f() {  self.pay(); }");
        assert_eq!(seed().package().unwrap(), "agentcity-treasury");
    }

    #[test]
    fn a_fault_that_rotted_is_found() {
        let with = |change: fn(&mut Seed)| {
            let mut seed = seed();
            change(&mut seed);
            seed.faults(get).join("; ")
        };
        type Change = fn(&mut Seed);
        let changes: [(Change, &str); 8] = [
            (|s| s.before = "self.open();".to_owned(), "stands 0 times"),
            (|s| s.before = "self".to_owned(), "stands 2 times"),
            (|s| s.after = s.before.clone(), "changes nothing"),
            (
                |s| s.file = "contracts/treasury/src/b.rs".to_owned(),
                "no source",
            ),
            (|s| s.file = "docs/invariants.md".to_owned(), "no source"),
            (
                |s| s.test = "attacks::it_is_lock".to_owned(),
                "names no test",
            ),
            (|s| s.test = "it_is_locked".to_owned(), "names no test"),
            (|s| s.breaks = "INV-X-0".to_owned(), "names no invariant"),
        ];
        for (change, said) in changes {
            let found = with(change);
            assert!(found.contains(said), "{said} in {found}");
        }
    }

    #[test]
    fn what_the_harness_says_is_read() {
        let said = |result: &str| format!("\nrunning 1 test\n\ntest result: {result}; 0 ignored\n");
        assert_eq!(counts(&said("ok. 1 passed; 0 failed")), Some((1, 0)));
        assert_eq!(counts(&said("FAILED. 0 passed; 1 failed")), Some((0, 1)));
        assert_eq!(counts("error: no test"), None);
    }

    #[test]
    fn a_copy_loses_what_the_tree_lost() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("deep")).unwrap();
        let (kept, gone) = (dir.path().join("deep/kept"), dir.path().join("deep/gone"));
        fs::write(&kept, "").unwrap();
        fs::write(&gone, "").unwrap();
        remove_others(dir.path(), &[kept.clone()].into()).unwrap();
        assert!(kept.exists() && !gone.exists());
    }
}
