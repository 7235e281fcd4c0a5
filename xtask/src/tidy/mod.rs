//! `cargo xtask tidy`: rules of the workspace that no compiler checks. Each has a test that sees it fail.

mod claims;
mod documents;
mod manifests;
mod policy;
mod seeded;
mod source;

use std::{
    collections::BTreeMap,
    process::{Command, ExitCode},
};

use eyre::bail;

use crate::{process, workspace::Workspace};

/// Every text file that git tracks or would track, by name relative to the root.
#[derive(Debug, Default)]
struct Tree(BTreeMap<String, String>);

/// One breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    file: String,
    /// 1 for the first line; 0 when it concerns the whole file.
    line: usize,
    what: String,
}

type Rule = fn(&Tree) -> Vec<Finding>;

/// All rules by name.
const RULES: [(&str, Rule); 18] = [
    ("unfinished code", source::unfinished),
    ("ignored tests", source::ignored_tests),
    ("machine paths", source::machine_paths),
    ("file length", source::long_files),
    ("clock in the law", source::clocks),
    ("policy literals", policy::literals),
    ("inherited lints", manifests::lints),
    ("dependency arrows", manifests::arrows),
    ("justified dependencies", manifests::justified),
    ("commands in documents", documents::commands),
    ("decision records", documents::decisions),
    ("invariants", documents::invariants),
    ("links", documents::links),
    ("summary of the book", documents::summary),
    ("seeded faults", seeded::faults),
    ("named tests", claims::named_tests),
    ("claims of the security model", claims::claims),
    ("cited resolutions", claims::resolutions),
];

/// `cargo xtask tidy`.
pub(crate) fn run(ws: &Workspace) -> eyre::Result<ExitCode> {
    check(ws)?;
    println!("tidy: {} rules kept", RULES.len());
    Ok(ExitCode::SUCCESS)
}

/// Prints every finding and fails when there is one.
pub(crate) fn check(ws: &Workspace) -> eyre::Result<()> {
    let tree = Tree::of(ws)?;
    let mut count = 0;
    for (name, rule) in RULES {
        for f in rule(&tree) {
            count += 1;
            let at = if f.line == 0 {
                f.file
            } else {
                format!("{}:{}", f.file, f.line)
            };
            println!("{at}: {} [{name}]", f.what);
        }
    }
    if count > 0 {
        bail!("tidy: {count} findings");
    }
    Ok(())
}

impl Tree {
    fn of(ws: &Workspace) -> eyre::Result<Self> {
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
        let mut files = BTreeMap::new();
        for name in list.split_terminator('\0') {
            match std::fs::read_to_string(ws.root.join(name)) {
                Ok(text) => drop(files.insert(name.to_owned(), text)),
                // What is not UTF-8 is a picture: documents link to it, and it has no lines.
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                    files.insert(name.to_owned(), String::new());
                }
                // What is listed but gone was deleted and not yet committed.
                Err(_) => {}
            }
        }
        Ok(Self(files))
    }

    #[cfg(test)]
    fn with(files: &[(&str, &str)]) -> Self {
        Self(
            files
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
        )
    }

    fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn ending(&self, ends: &[&str]) -> impl Iterator<Item = (&str, &str)> {
        self.files()
            .filter(move |(name, _)| ends.iter().any(|end| name.ends_with(end)))
    }
}

/// Findings of one file, line by line.
fn lines(file: &str, text: &str, mut judge: impl FnMut(&str) -> Option<String>) -> Vec<Finding> {
    text.lines()
        .enumerate()
        .filter_map(|(i, line)| {
            judge(line).map(|what| Finding {
                file: file.to_owned(),
                line: i + 1,
                what,
            })
        })
        .collect()
}

/// A finding about a whole file.
fn whole(file: &str, what: impl Into<String>) -> Finding {
    Finding {
        file: file.to_owned(),
        line: 0,
        what: what.into(),
    }
}
