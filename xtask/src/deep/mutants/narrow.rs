//! Narrow crates: a module of the package with what it uses and the tests that ask for no more, in one crate each.
//!
//! A bug in `amount` needs neither the table of parameters nor the tests of clerks to be noticed, and most of the time
//! that a bug takes is the compiler reading again what the bug does not touch. What a narrow crate notices the whole
//! package notices, by the same test; what survives there is tried on the whole package before it counts as a survivor.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use eyre::WrapErr;

type Names = BTreeSet<String>;

/// What one narrow crate holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Narrow {
    /// Modules of the package.
    pub(super) modules: Names,
    /// Modules of its tests.
    pub(super) tests: Names,
}

/// The narrow crates of a package, by the module that each is for. A module that no test asks for alone has none.
pub(super) fn plan(package: &Path, crate_name: &str) -> eyre::Result<BTreeMap<String, Narrow>> {
    let read = |folder: &str, root: &str, prefix: &str| -> eyre::Result<BTreeMap<String, Names>> {
        let mut uses = BTreeMap::new();
        let folder = package.join(folder);
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let Some(name) = path.file_stem().and_then(|n| n.to_str()) else {
                continue;
            };
            if name != root {
                // A module's file and its folder count together.
                let used: &mut Names = uses.entry(name.to_owned()).or_default();
                used.extend(heads(&text(&path)?, prefix));
            }
        }
        Ok(uses)
    };
    let sources = read("src", "lib", "crate::")?;
    let tests = read("tests/it", "main", &format!("{crate_name}::"))?;
    Ok(choose(&sources, &tests))
}

fn choose(
    sources: &BTreeMap<String, Names>,
    tests: &BTreeMap<String, Names>,
) -> BTreeMap<String, Narrow> {
    let mut plan = BTreeMap::new();
    for module in sources.keys() {
        let mut modules = closure(sources, [module.clone()].into());
        if let Some(own) = tests.get(module) {
            modules.extend(closure(sources, own.clone()));
        }
        let tests: Names = tests
            .iter()
            .filter(|(_, used)| {
                used.contains(module) && closure(sources, (*used).clone()).is_subset(&modules)
            })
            .map(|(test, _)| test.clone())
            .collect();
        if !tests.is_empty() {
            plan.insert(module.clone(), Narrow { modules, tests });
        }
    }
    plan
}

/// These modules and all that they use.
fn closure(sources: &BTreeMap<String, Names>, mut known: Names) -> Names {
    let mut open: Vec<String> = known.iter().cloned().collect();
    while let Some(module) = open.pop() {
        for used in sources.get(&module).into_iter().flatten() {
            if known.insert(used.clone()) {
                open.push(used.clone());
            }
        }
    }
    known
}

/// The code of a file, or of all files of a folder, without its comments.
fn text(path: &Path) -> eyre::Result<String> {
    let mut code = String::new();
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            code.push_str(&text(&entry?.path())?);
        }
        return Ok(code);
    }
    let whole =
        fs::read_to_string(path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
    for line in whole
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        code.push_str(line);
        code.push('\n');
    }
    Ok(code)
}

/// The first names of all paths that begin with `prefix`, grouped or not.
fn heads(code: &str, prefix: &str) -> Names {
    let mut names = Names::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(name(rest));
            continue;
        };
        let (mut depth, mut fresh) = (1, true);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => fresh = true,
                c if depth == 1 && fresh && !c.is_whitespace() => {
                    names.insert(name(&group[i..]));
                    fresh = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names.remove("");
    names
}

fn name(code: &str) -> String {
    code.chars()
        .take_while(|c| c.is_ascii_lowercase() || *c == '_')
        .collect()
}

impl Narrow {
    /// The root of the crate, for modules and tests of the package. Not every module needs the allocator, and none minds.
    pub(super) fn root(&self, package: &Path, crate_name: &str, list: &Path) -> String {
        let mut text = format!("extern crate alloc;\nextern crate self as {crate_name};\n");
        for module in &self.modules {
            let source = package.join("src");
            let (file, folder) = (
                source.join(format!("{module}.rs")),
                source.join(module).join("mod.rs"),
            );
            let path = if file.is_file() { file } else { folder };
            text.push_str(&format!("#[path = {path:?}]\npub mod {module};\n"));
        }
        text.push_str(&format!("#[cfg(test)]\n#[path = {list:?}]\nmod it;\n"));
        text
    }

    /// The list of its tests, which lies beside them.
    pub(super) fn list(&self) -> String {
        self.tests
            .iter()
            .map(|test| format!("mod {test};\n"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Names {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn uses(uses: &[(&str, &[&str])]) -> BTreeMap<String, Names> {
        uses.iter()
            .map(|(name, used)| ((*name).to_owned(), names(used)))
            .collect()
    }

    #[test]
    fn first_names_are_found_in_every_way_of_writing_them() {
        let code = "use crate::peer::Peer;\nuse crate::{\n    agent::{record::X, standing::Y},\n    time::Z,\n};\n $crate::signed::k()";
        let found = heads(code, "crate::");
        assert_eq!(found, names(&["peer", "agent", "time", "signed"]));
        assert_eq!(heads("use other::thing;", "crate::"), Names::new());
    }

    #[test]
    fn a_module_gets_what_it_uses_and_the_tests_that_ask_for_no_more() {
        let sources = uses(&[
            ("amount", &["range"]),
            ("range", &["range"]),
            ("token", &["amount", "time"]),
            ("time", &[]),
            ("lone", &["token"]),
        ]);
        let tests = uses(&[
            ("amount", &["amount"]),
            ("token", &["token", "amount"]),
            ("words", &["amount", "token"]),
            ("clock", &["time"]),
        ]);
        let plan = choose(&sources, &tests);
        let narrow = |modules: &[&str], tests: &[&str]| Narrow {
            modules: names(modules),
            tests: names(tests),
        };
        assert_eq!(plan["amount"], narrow(&["amount", "range"], &["amount"]));
        let all = ["amount", "range", "time", "token"];
        assert_eq!(plan["token"], narrow(&all, &["token", "words"]));
        assert_eq!(plan["time"], narrow(&["time"], &["clock"]));
        assert!(!plan.contains_key("lone"), "no test asks for it");
    }
}
