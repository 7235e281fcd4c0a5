//! What documents claim is tested: each test that they name is one, and each claim of the security model names some. And what sources
//! cite is explained: each resolution has its row among the deviations.
//!
//! A test is named as `folder/module::function`: the folder of its package, its modules, its function, as in `keeper/hub/bundle::…` or
//! `contracts/domain/legislation/collusion::…`. It may be a test of the package or of a module of its source.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Tree, lines, whole};

const SECURITY: &str = "docs/security.md";
const DEVIATIONS: &str = "docs/deviations.md";
/// First letters of the resolutions' ids, by subject (docs/glossary.md).
const SUBJECTS: &str = "AIRCVGPSLDE";
/// Claims of the paper by their letters, and how many there are of each: guarantees, assumptions, what is not guaranteed.
const CLAIMS: [(&str, usize); 3] = [("SP", 4), ("TA", 8), ("NP", 7)];

/// Every test that a document names exists.
pub(super) fn named_tests(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in tree.ending(&[".md"]) {
        findings.extend(lines(file, text, |line| {
            names(line)
                .find(|name| !exists(tree, name))
                .map(|name| format!("names `{name}`, which is no test"))
        }));
    }
    findings
}

/// Every guarantee, assumption and limit has a row of the security model that names a test.
pub(super) fn claims(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.get(SECURITY) else {
        return Vec::new();
    };
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let ids = line[2..].split(" |").next().unwrap_or_default();
        for id in ids.split(", ") {
            rows.insert(id, names(line).count());
        }
    }
    let wanted = CLAIMS
        .iter()
        .flat_map(|(letters, count)| (1..=*count).map(move |number| format!("{letters}-{number}")));
    wanted
        .filter_map(|id| match rows.get(id.as_str()) {
            None => Some(format!("has no row of {id}")),
            Some(0) => Some(format!("names no test of {id}")),
            Some(_) => None,
        })
        .map(|what| whole(SECURITY, what))
        .collect()
}

/// Every resolution that a source or a document cites stands among the deviations, alone or within a range.
pub(super) fn resolutions(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.get(DEVIATIONS) else {
        return Vec::new();
    };
    let mut told: BTreeSet<(char, u32)> = resolutions_of(text).collect();
    for (before, after) in text.match_indices(" to ").map(|(at, to)| {
        let (before, after) = text.split_at(at);
        (before, &after[to.len()..])
    }) {
        let first = before.get(before.len().saturating_sub(4)..);
        let last = after.get(..4);
        let id = |word: Option<&str>| word.and_then(resolution);
        if let (Some((subject, first)), Some((same, last))) = (id(first), id(last))
            && subject == same
        {
            told.extend((first..=last).map(|number| (subject, number)));
        }
    }
    let mut findings = Vec::new();
    for (file, text) in tree.ending(&[".rs", ".sol", ".md"]) {
        findings.extend(lines(file, text, |line| {
            resolutions_of(line)
                .find(|id| !told.contains(id))
                .map(|(subject, number)| {
                    format!("cites {subject}-{number:02}, which {DEVIATIONS} does not tell")
                })
        }));
    }
    findings
}

/// Ids of resolutions among the words of a text: a letter, a dash, two digits.
fn resolutions_of(text: &str) -> impl Iterator<Item = (char, u32)> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
    words.filter_map(resolution)
}

fn resolution(word: &str) -> Option<(char, u32)> {
    let (letter, number) = word.split_once('-')?;
    let mut letters = letter.chars();
    let (subject, None) = (letters.next()?, letters.next()) else {
        return None;
    };
    let is_id = SUBJECTS.contains(subject) && number.len() == 2;
    is_id
        .then(|| number.parse().ok())
        .flatten()
        .map(|number| (subject, number))
}

/// Names of tests among the code of a line: a folder, and something behind colons.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split('`').skip(1).step_by(2);
    code.filter(|code| {
        let first = code.split_once("::").map(|(first, _)| first);
        first.is_some_and(|first| first.contains('/'))
            && code
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | ':' | '_' | '-'))
    })
}

fn exists(tree: &Tree, name: &str) -> bool {
    let Some((path, function)) = name.rsplit_once("::") else {
        return false;
    };
    let path = path.replace("::", "/");
    // Where the package ends and its modules begin.
    let splits = path.match_indices('/').map(|(at, _)| path.split_at(at));
    splits.into_iter().any(|(package, module)| {
        ["tests/it", "src"].iter().any(|root| {
            ["", "/mod"].iter().any(|end| {
                let file = format!("{package}/{root}{module}{end}.rs");
                tree.get(&file).is_some_and(|text| is_test(text, function))
            })
        })
    })
}

/// A function of that name, below an attribute that makes it a test, or within a block of property tests.
fn is_test(text: &str, function: &str) -> bool {
    let head = format!("fn {function}(");
    let all: Vec<&str> = text.lines().map(str::trim_start).collect();
    let Some(at) = all.iter().position(|line| {
        line.split_once(&head)
            .is_some_and(|(before, _)| matches!(before, "" | "async " | "pub(crate) "))
    }) else {
        return false;
    };
    let above = all[..at].iter().rev();
    above
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
        .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: &str = "/// Says so.\n#[test]\nfn it_holds() {}\n\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn it_waits() {}\n\nfn it_helps() {}\n";

    fn found(rule: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<String> {
        let findings = rule(&Tree::with(files));
        findings.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn finds_a_named_test_that_is_none() {
        fn files(page: &str) -> [(&str, &str); 4] {
            [
                ("docs/a.md", page),
                ("keeper/tests/it/one.rs", TEST),
                ("keeper/hub/tests/it/two/mod.rs", TEST),
                ("keeper/src/part/three.rs", TEST),
            ]
        }
        let good = "`keeper/one::it_holds`, `keeper/hub/two::it_waits`, `keeper/part/three::it_holds`, `a::b`, `a/b.rs`, `cargo x`";
        assert!(found(named_tests, &files(good)).is_empty());
        for bad in [
            "keeper/one::it_holds_not",
            "keeper/one::it_helps",
            "keeper/hub/one::it_holds",
            "hub/two::it_waits",
        ] {
            let wanted = format!("names `{bad}`, which is no test");
            let page = format!("`{bad}`");
            assert_eq!(found(named_tests, &files(&page)), [wanted]);
        }
    }

    #[test]
    fn finds_a_resolution_that_no_document_tells() {
        let page = (
            DEVIATIONS,
            "| A-01, B-7 | x |\n| D-16 to D-19 | x | as R-05 has it |\n",
        );
        let cites = |text| found(resolutions, &[page, ("keeper/src/lib.rs", text)]);
        assert!(
            cites("// Source: RESOLUTIONS A-01, D-17, R-05; UTF-16, A-1, AB-02, X-01, A-123")
                .is_empty()
        );
        for (bad, id) in [("A-02", "A-02"), ("(D-20).", "D-20"), ("R-05…R-09", "R-09")] {
            let wanted = format!("cites {id}, which {DEVIATIONS} does not tell");
            assert_eq!(cites(bad), [wanted]);
        }
    }

    #[test]
    fn finds_a_claim_without_a_row_and_one_without_a_test() {
        let row = |id: &str| format!("| {id} | it is so | `keeper/one::it_holds` |\n");
        let ids = |letters, count| (1..=count).map(move |n| format!("{letters}-{n}"));
        let all: Vec<String> = CLAIMS
            .iter()
            .flat_map(|(letters, count)| ids(*letters, *count))
            .collect();
        let page = |leave_out: &str| -> String {
            all.iter()
                .filter(|id| *id != leave_out)
                .map(|id| row(id))
                .collect()
        };
        assert!(found(claims, &[(SECURITY, &page(""))]).is_empty());
        assert_eq!(
            found(claims, &[(SECURITY, &page("TA-5"))]),
            ["has no row of TA-5"]
        );
        let both = page("NP-5").replace("| NP-7 |", "| NP-5, NP-7 |");
        assert!(found(claims, &[(SECURITY, &both)]).is_empty());
        let bare = page("SP-2") + "| SP-2 | it is so | somewhere |\n";
        assert_eq!(
            found(claims, &[(SECURITY, &bare)]),
            ["names no test of SP-2"]
        );
    }
}
