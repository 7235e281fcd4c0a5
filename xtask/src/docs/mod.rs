//! `cargo xtask docs`: documents that are printed from the tables of the domain, so that they cannot disagree with the
//! law. The files are committed; `--check`, `cargo xtask test` and a unit test compare them with what would be printed.

mod actions;
#[cfg(test)]
mod agreement;
mod exits;
mod parameters;
mod signatures;

use std::{fs, path::Path, process::ExitCode};

use eyre::{WrapErr, bail};

use crate::workspace::Workspace;

/// One document: its path from the root, and what prints it.
type Document = (&'static str, fn() -> String);

/// Every generated document.
const DOCUMENTS: &[Document] = &[
    ("docs/exits.md", exits::print),
    ("docs/human-actions.md", actions::print),
    ("docs/parameters.md", parameters::print),
    ("docs/signatures.md", signatures::print),
];

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
        println!("docs: {} documents are current", DOCUMENTS.len());
        return Ok(ExitCode::SUCCESS);
    }
    for (path, print) in DOCUMENTS {
        let text = complete(*print);
        let target = ws.root.join(path);
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
    let stale: Vec<String> = DOCUMENTS
        .iter()
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

/// The text of a file, which says how it came to be.
fn complete(print: fn() -> String) -> String {
    format!(
        "<!-- Printed by `cargo xtask docs` from contracts/domain; edit the tables there. -->\n\n{}",
        print()
    )
}

/// How the committed file differs from what would be printed.
fn difference(root: &Path, (path, print): &Document) -> Option<String> {
    let wanted = complete(*print);
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
fn number(value: u32) -> String {
    let digits = value.to_string();
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
        let document: Document = ("a.md", || "one\ntwo\n".to_owned());
        assert_eq!(difference(dir.path(), &document).unwrap(), "a.md: missing");
        let text = complete(document.1);
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
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (10_000_000, "10,000,000"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
