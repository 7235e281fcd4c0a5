//! Rules over source text. Patterns are put together from parts, so that the rules do not find themselves.

use super::{Finding, Tree, lines, whole};

/// Longest Rust file: beyond it nobody holds it in mind.
const MAX_LINES: usize = 800;

const CODE: [&str; 6] = [".rs", ".sh", ".js", ".sol", ".toml", ".html"];

/// Words and macros that mean "not done".
const UNFINISHED: [&str; 4] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
];

const IGNORED: [&str; 2] = [concat!("#[ig", "nore]"), concat!("#[ig", "nore =")];

/// Beginnings of paths that exist on one machine only.
const MACHINE: [&str; 4] = [
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
];

const CLOCKS: [&str; 3] = [
    concat!("System", "Time"),
    concat!("Ins", "tant"),
    concat!("std::", "time"),
];

pub(super) fn unfinished(tree: &Tree) -> Vec<Finding> {
    let judge = |line: &str| {
        UNFINISHED
            .iter()
            .find(|word| has_word(line, word))
            .map(|word| format!("`{word}`: finish it or leave it out"))
    };
    tree.ending(&CODE)
        .flat_map(|(file, text)| lines(file, text, judge))
        .collect()
}

pub(super) fn ignored_tests(tree: &Tree) -> Vec<Finding> {
    let judge = |line: &str| {
        IGNORED
            .iter()
            .any(|a| line.contains(a))
            .then(|| "an ignored test tells nothing".to_owned())
    };
    tree.ending(&[".rs"])
        .flat_map(|(file, text)| lines(file, text, judge))
        .collect()
}

pub(super) fn machine_paths(tree: &Tree) -> Vec<Finding> {
    let judge = |line: &str| {
        MACHINE
            .iter()
            .find(|path| begins_a_path(line, path))
            .map(|path| format!("path `{path}` of one machine"))
    };
    tree.files()
        .flat_map(|(file, text)| lines(file, text, judge))
        .collect()
}

pub(super) fn long_files(tree: &Tree) -> Vec<Finding> {
    tree.ending(&[".rs"])
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, count)| *count > MAX_LINES)
        .map(|(file, count)| {
            whole(
                file,
                format!("{count} lines, at most {MAX_LINES}: split by concept"),
            )
        })
        .collect()
}

pub(super) fn clocks(tree: &Tree) -> Vec<Finding> {
    let judge = |line: &str| {
        CLOCKS
            .iter()
            .find(|word| has_word(line, word))
            .map(|word| format!("`{word}`: time comes from the block, as an argument"))
    };
    tree.ending(&[".rs"])
        .filter(|(file, _)| file.starts_with("contracts/"))
        .flat_map(|(file, text)| lines(file, text, judge))
        .collect()
}

/// `word` occurs and is not a part of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let ends_in_name = word.chars().next_back().is_some_and(name);
        !(before.is_some_and(name) || ends_in_name && after.is_some_and(name))
    })
}

/// `path` occurs and is not the middle of a longer path.
fn begins_a_path(line: &str, path: &str) -> bool {
    let inside =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}' | '~' | '$' | '*' | '/');
    line.match_indices(path)
        .any(|(at, _)| !line[..at].chars().next_back().is_some_and(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rule: fn(&Tree) -> Vec<Finding>, file: &str, text: &str) -> usize {
        rule(&Tree::with(&[(file, text)])).len()
    }

    #[test]
    fn finds_unfinished_code_but_not_longer_names() {
        assert_eq!(
            count(
                unfinished,
                "a.rs",
                concat!("// TO", "DO later\nto", "do!()")
            ),
            2
        );
        assert_eq!(count(unfinished, "a.sh", concat!("# FIX", "ME")), 1);
        assert_eq!(
            count(unfinished, "a.rs", concat!("let AUTO", "DOCS = 1;")),
            0
        );
        assert_eq!(
            count(unfinished, "a.md", concat!("no TO", "DO is left")),
            0,
            "documents may speak of it"
        );
    }

    #[test]
    fn finds_ignored_tests() {
        assert_eq!(
            count(
                ignored_tests,
                "a.rs",
                concat!("#[ig", "nore]\n#[ig", "nore = \"slow\"]")
            ),
            2
        );
        assert_eq!(count(ignored_tests, "a.rs", "#[test]"), 0);
    }

    #[test]
    fn finds_machine_paths_in_any_file() {
        assert_eq!(
            count(machine_paths, "README.md", concat!("see /ho", "me/me/x")),
            1
        );
        assert_eq!(
            count(machine_paths, "a.rs", concat!("\"/ro", "ot/.cargo\"")),
            1
        );
        assert_eq!(
            count(
                machine_paths,
                "a.sh",
                concat!("target/wo", "rk/x $HOME/wo", "rk/")
            ),
            0
        );
    }

    #[test]
    fn finds_a_file_that_nobody_holds_in_mind() {
        assert_eq!(count(long_files, "a.rs", &"\n".repeat(MAX_LINES)), 0);
        assert_eq!(count(long_files, "a.rs", &"\n".repeat(MAX_LINES + 1)), 1);
    }

    #[test]
    fn finds_a_clock_in_the_law_only() {
        let text = concat!("let now = std::", "time::System", "Time::now();");
        assert_eq!(count(clocks, "contracts/domain/src/a.rs", text), 1);
        assert_eq!(count(clocks, "keeper/src/a.rs", text), 0);
        assert_eq!(
            count(
                clocks,
                "contracts/domain/src/a.rs",
                concat!("an Ins", "tants")
            ),
            0
        );
    }
}
