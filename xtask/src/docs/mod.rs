//! `cargo xtask docs`: documents that are printed from the tables of the domain, so that they cannot disagree with the
//! law. The files are committed; `--check`, `cargo xtask test` and a unit test compare them with what would be printed.

mod actions;
#[cfg(test)]
mod agreement;
mod contracts;
mod exits;
mod parameters;
mod signatures;

use std::{fs, path::Path, process::ExitCode};

use eyre::{WrapErr, bail};

use crate::workspace::Workspace;

/// One document.
#[derive(Clone, Copy, Debug)]
struct Document {
    /// From the root.
    path: &'static str,
    /// Where what it says stands, and is edited.
    source: &'static str,
    print: fn() -> String,
}

const fn of_domain(path: &'static str, print: fn() -> String) -> Document {
    Document {
        path,
        source: "contracts/domain",
        print,
    }
}

/// What is printed from the tables of the domain.
const TABLES: &[Document] = &[
    of_domain("docs/exits.md", exits::print),
    of_domain("docs/human-actions.md", actions::print),
    of_domain("docs/parameters.md", parameters::print),
    of_domain("docs/signatures.md", signatures::print),
];

/// Every generated document.
fn documents() -> impl Iterator<Item = &'static Document> {
    TABLES.iter().chain(contracts::PAGES)
}

/// What `docs` is asked for.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail when a committed document is not what would be printed.
    #[arg(long)]
    check: bool,
}

/// Writes every document, or compares.
pub(crate) fn run(ws: &Workspace, options: &Options) -> eyre::Result<ExitCode> {
    if options.check {
        check(ws)?;
        println!("docs: {} documents are current", documents().count());
        return Ok(ExitCode::SUCCESS);
    }
    for document in documents() {
        let path = document.path;
        let text = document.complete();
        let target = ws.root.join(path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)
                .wrap_err_with(|| format!("cannot create {path}'s folder"))?;
        }
        if fs::read_to_string(&target).is_ok_and(|old| old == text) {
            println!("{path}: current");
            continue;
        }
        fs::write(&target, text).wrap_err_with(|| format!("cannot write {path}"))?;
        println!("{path}: written");
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails when a committed document is not what would be printed, naming the first line that differs.
pub(crate) fn check(ws: &Workspace) -> eyre::Result<()> {
    let stale: Vec<String> = documents()
        .filter_map(|document| difference(&ws.root, document))
        .collect();
    if !stale.is_empty() {
        bail!(
            "run `cargo xtask docs`, then commit what it wrote:\n{}",
            stale.join("\n")
        );
    }
    Ok(())
}

impl Document {
    /// The text of the file, which says how it came to be.
    fn complete(&self) -> String {
        format!(
            "<!-- Printed by `cargo xtask docs` from {}; edit it there. -->\n\n{}",
            self.source,
            (self.print)()
        )
    }
}

/// How the committed file differs from what would be printed.
fn difference(root: &Path, document: &Document) -> Option<String> {
    let (path, wanted) = (document.path, document.complete());
    let Ok(found) = fs::read_to_string(root.join(path)) else {
        return Some(format!("{path}: missing"));
    };
    if found == wanted {
        return None;
    }
    let same = found
        .lines()
        .zip(wanted.lines())
        .take_while(|(old, new)| old == new)
        .count();
    Some(format!("{path}:{}: not what would be printed", same + 1))
}

/// A number with its digits in groups of three.
pub(crate) fn number(value: impl Into<u64>) -> String {
    let digits = value.into().to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_committed_document_is_current() {
        check(&Workspace::find().unwrap()).unwrap();
    }

    #[test]
    fn a_document_that_was_edited_by_hand_is_found_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let document = of_domain("a.md", || "one\ntwo\n".to_owned());
        assert_eq!(difference(dir.path(), &document).unwrap(), "a.md: missing");
        let text = document.complete();
        fs::write(dir.path().join("a.md"), &text).unwrap();
        assert_eq!(difference(dir.path(), &document), None);
        fs::write(dir.path().join("a.md"), text.replace("two", "three")).unwrap();
        assert!(
            difference(dir.path(), &document)
                .unwrap()
                .starts_with("a.md:4:")
        );
    }

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (value, text) in [
            (0_u32, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (10_000_000, "10,000,000"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
