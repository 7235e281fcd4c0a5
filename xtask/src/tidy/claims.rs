//! What documents claim is tested: each test that they name is one, and each claim of the security model names some.
//!
//! A test is named as `folder/module::function`: the folder of its package, its modules, its function, as in `keeper/hub/bundle::…` or
//! `contracts/domain/legislation/collusion::…`. It may be a test of the package or of a module of its source.

use std::collections::BTreeMap;

use super::{Finding, Tree, lines, whole};

const SECURITY: &str = "docs/security.md";
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
