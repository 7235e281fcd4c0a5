//! Rules over documents: what they promise exists.

use std::collections::BTreeSet;

use clap::CommandFactory;

use super::{Finding, Tree, lines, whole};

const REGISTER: &str = "docs/invariants.md";
const DECISIONS: &str = "docs/adr/";

/// Every `cargo xtask VERB` and `just RECIPE` in a document can be run.
pub(super) fn commands(tree: &Tree) -> Vec<Finding> {
    let verbs: BTreeSet<String> = crate::Args::command()
        .get_subcommands()
        .map(|c| c.get_name().to_owned())
        .chain(["help".to_owned()])
        .collect();
    let recipes: Option<BTreeSet<&str>> = tree.get("justfile").map(|text| {
        text.lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(head, _)| head.split(' ').next().unwrap_or_default())
            .collect()
    });
    let judge = |line: &str| {
        let line = line.trim_start_matches(['$', ' ', '`']);
        if let Some(verb) = word_after(line, "cargo xtask ") {
            return (!verbs.contains(verb)).then(|| format!("`cargo xtask {verb}` does not exist"));
        }
        let recipe = line
            .strip_prefix("just ")
            .and_then(|rest| rest.split_whitespace().next())?;
        (!recipes.as_ref()?.contains(recipe)).then(|| format!("`just {recipe}` does not exist"))
    };
    let mut findings: Vec<Finding> = tree
        .ending(&[".md"])
        .flat_map(|(file, text)| code_lines(file, text, judge))
        .collect();
    if tree.get("README.md").is_none() {
        findings.push(whole("README.md", "is missing"));
    }
    findings
}

/// Decision records are `NNNN-title.md`, no number stands twice, and their heading repeats it.
pub(super) fn decisions(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut last = 0;
    for (file, text) in tree
        .files()
        .filter(|(file, _)| file.starts_with(DECISIONS) && file.ends_with(".md"))
    {
        let name = &file[DECISIONS.len()..];
        let number = name
            .get(..5)
            .and_then(|head| head.strip_suffix('-'))
            .and_then(|digits| digits.parse::<u32>().ok());
        let Some(number) = number else {
            findings.push(whole(file, "is not called NNNN-title.md"));
            continue;
        };
        // The tree is in the order of names.
        if number <= last {
            findings.push(whole(file, format!("number {number} is taken")));
        }
        last = number;
        let heading = text.lines().next().unwrap_or_default();
        if !heading.starts_with('#') || !heading.contains(&name[..4]) {
            findings.push(whole(
                file,
                format!("the heading does not say {}", &name[..4]),
            ));
        }
    }
    findings
}

/// Each invariant of the register is named by code and by a test, and no code names one that is not registered.
pub(super) fn invariants(tree: &Tree) -> Vec<Finding> {
    let Some(register) = tree.get(REGISTER) else {
        return Vec::new();
    };
    let registered: BTreeSet<String> = register
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| ids(line).into_iter().next())
        .collect();
    let (mut in_code, mut in_tests) = (BTreeSet::new(), BTreeSet::new());
    let mut findings = Vec::new();
    for (file, text) in tree
        .ending(&[".rs"])
        .filter(|(file, _)| !file.starts_with("xtask/"))
    {
        let whole_is_test = file.contains("/tests/")
            || file.starts_with("test-fixtures/")
            || file.ends_with("/tests.rs");
        let mut in_test = whole_is_test;
        for (i, line) in text.lines().enumerate() {
            in_test |= line.trim_start().starts_with("#[cfg(test)]");
            for id in ids(line) {
                if !registered.contains(&id) {
                    findings.push(Finding {
                        file: file.to_owned(),
                        line: i + 1,
                        what: format!("{id} is not in {REGISTER}"),
                    });
                }
                if in_test {
                    in_tests.insert(id)
                } else {
                    in_code.insert(id)
                };
            }
        }
    }
    for id in &registered {
        if !in_code.contains(id) {
            findings.push(whole(REGISTER, format!("{id} is named by no code")));
        }
        if !in_tests.contains(id) {
            findings.push(whole(REGISTER, format!("{id} is named by no test")));
        }
    }
    findings
}

/// The book's table of contents names every document once.
pub(super) fn summary(tree: &Tree) -> Vec<Finding> {
    const SUMMARY: &str = "docs/SUMMARY.md";
    let Some(text) = tree.get(SUMMARY) else {
        return Vec::new();
    };
    let documents = tree.ending(&[".md"]);
    let documents = documents.filter_map(|(file, _)| file.strip_prefix("docs/").map(str::to_owned));
    let faults = crate::book::faults(text, &documents.collect());
    faults
        .into_iter()
        .map(|what| whole(SUMMARY, what))
        .collect()
}

/// Relative links lead to files that exist.
pub(super) fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.ending(&[".md"]) {
        let dir = file.rsplit_once('/').map_or("", |(dir, _)| dir);
        findings.extend(lines(file, text, |line| {
            line.split("](")
                .skip(1)
                .filter_map(|rest| rest.split([')', '#', ' ']).next())
                .find_map(|target| {
                    let foreign = target.is_empty()
                        || target.contains("://")
                        || target.starts_with("mailto:");
                    (!foreign && !exists(tree, &resolve(dir, target)))
                        .then(|| format!("link to `{target}`, which does not exist"))
                })
        }));
    }
    findings
}

fn exists(tree: &Tree, path: &str) -> bool {
    path.is_empty()
        || tree.get(path).is_some()
        || tree.files().any(|(file, _)| {
            file.strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
        })
}

fn resolve(dir: &str, target: &str) -> String {
    let mut parts: Vec<&str> = dir.split('/').filter(|p| !p.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// Lines inside code fences, and inline code that begins a line.
fn code_lines(file: &str, text: &str, judge: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut fenced = false;
    lines(file, text, |line| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return None;
        }
        if fenced {
            judge(line.trim())
        } else {
            line.split('`').skip(1).step_by(2).find_map(&judge)
        }
    })
}

/// The word that follows `before`, when it looks like a verb.
fn word_after<'a>(line: &'a str, before: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(before)?;
    let verb = rest
        .split(|c: char| !(c.is_ascii_lowercase() || c == '-'))
        .next()?;
    (!verb.is_empty()).then_some(verb)
}

/// Invariant ids in a line: INV- and what follows of capitals, digits and dashes.
fn ids(line: &str) -> Vec<String> {
    line.match_indices("INV-")
        .map(|(at, head)| {
            let tail: String = line[at + head.len()..]
                .chars()
                .take_while(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '-')
                .collect();
            format!("{head}{}", tail.trim_end_matches('-'))
        })
        .filter(|id| id.len() > "INV-".len())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<String> {
        rule(&Tree::with(files))
            .into_iter()
            .map(|f| f.what)
            .collect()
    }

    #[test]
    fn finds_a_command_that_does_not_exist() {
        let good =
            "```\ncargo xtask up\njust up\n```\nRun `cargo xtask test`, then `cargo xtask VERB`.\n";
        let justfile = ("justfile", "up:\n    cargo xtask up\n");
        assert!(found(commands, &[("README.md", good), justfile]).is_empty());
        assert_eq!(
            found(commands, &[("README.md", "```\n$ cargo xtask fly\n```\n")]),
            ["`cargo xtask fly` does not exist"]
        );
        assert_eq!(
            found(commands, &[("README.md", "run `cargo xtask fly --high`")]).len(),
            1
        );
        assert_eq!(
            found(commands, &[("README.md", "```\njust fly\n```"), justfile]).len(),
            1
        );
        assert_eq!(found(commands, &[]), ["is missing"]);
    }

    #[test]
    fn finds_repeated_numbers_and_wrong_names_among_decisions() {
        let one = ("docs/adr/0001-one.md", "# 0001 One\n");
        assert!(
            found(
                decisions,
                &[one, ("docs/adr/0002-two.md", "# ADR 0002: two\n")]
            )
            .is_empty()
        );
        assert!(
            found(
                decisions,
                &[one, ("docs/adr/0003-three.md", "# 0003 Three\n")]
            )
            .is_empty(),
            "a number may be kept free"
        );
        assert_eq!(
            found(
                decisions,
                &[one, ("docs/adr/0001-other.md", "# 0001 Other\n")]
            ),
            ["number 1 is taken"]
        );
        assert_eq!(
            found(decisions, &[("docs/adr/first.md", "# 0001\n")]).len(),
            1
        );
        assert_eq!(
            found(decisions, &[("docs/adr/0001-one.md", "# One\n")]).len(),
            1
        );
    }

    #[test]
    fn finds_invariants_without_code_or_test_and_strangers() {
        let register = (REGISTER, "| INV-01 | books balance |\n");
        let both = (
            "contracts/domain/src/a.rs",
            "// INV-01\n#[cfg(test)]\nmod tests { /* INV-01 */ }\n",
        );
        assert!(found(invariants, &[register, both]).is_empty());
        assert_eq!(
            found(
                invariants,
                &[register, ("contracts/domain/src/a.rs", "// INV-01\n")]
            ),
            ["INV-01 is named by no test"]
        );
        assert_eq!(
            found(
                invariants,
                &[register, ("contracts/domain/tests/a.rs", "// INV-01\n")]
            ),
            ["INV-01 is named by no code"]
        );
        let stranger = ("keeper/src/a.rs", "// INV-99\n");
        assert_eq!(found(invariants, &[register, both, stranger]).len(), 1);
    }

    #[test]
    fn finds_a_link_that_leads_nowhere() {
        let files = [
            (
                "docs/a.md",
                "[b](b.md), [c](../src/) and [w](https://x.y/z)",
            ),
            ("docs/b.md", ""),
            ("src/lib.rs", ""),
        ];
        assert!(found(links, &files).is_empty());
        assert_eq!(found(links, &[("docs/a.md", "[b](b.md#top)")]).len(), 1);
    }
}
