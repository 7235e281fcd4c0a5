//! Rules over `Cargo.toml` files.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::{Finding, Tree, whole};

/// Which of our packages may use which, besides in tests. Programs are not listed: they use the rules and the interfaces, and
/// nothing uses them. A package that is missing here fails, so that its place is decided.
const ARROWS: [(&str, &[&str]); 22] = [
    ("agentcity-domain", &[]),
    ("agentcity-abi", &["agentcity-domain"]),
    ("agentcity-shell", &["agentcity-domain"]),
    // The role tables by which it tries every contract.
    ("agentcity-world", &["agentcity-abi", "agentcity-domain"]),
    // Runs programs natively, as tests of one contract do; nothing depends on it.
    (
        "agentcity-missions",
        &[
            "agentcity-abi",
            "agentcity-adjudication",
            "agentcity-agent",
            "agentcity-collaboration",
            "agentcity-constitution",
            "agentcity-domain",
            "agentcity-guardian",
            "agentcity-roster",
            "agentcity-statute",
            "agentcity-treasury",
            "agentcity-verification",
            "agentcity-world",
        ],
    ),
    // The same of the two programs whose tests use it.
    (
        "agentcity-sessions",
        &[
            "agentcity-abi",
            "agentcity-domain",
            "agentcity-enactment",
            "agentcity-legislature",
            "agentcity-world",
        ],
    ),
    ("agentcity-devnode-program", &[]),
    ("agentcity-devnode-engine", &["agentcity-devnode-program"]),
    (
        "agentcity-devnode-chain",
        &["agentcity-devnode-program", "agentcity-devnode-engine"],
    ),
    (
        "agentcity-devnode",
        &[
            "agentcity-devnode-program",
            "agentcity-devnode-engine",
            "agentcity-devnode-chain",
        ],
    ),
    ("agentcity-solidity", &[]),
    ("agentcity-interrupt", &[]),
    (
        "agentcity-deploy",
        &[
            "agentcity-domain",
            "agentcity-abi",
            "agentcity-devnode-program",
        ],
    ),
    (
        "agentcity",
        &[
            "agentcity-domain",
            "agentcity-abi",
            "agentcity-deploy",
            "agentcity-hub",
        ],
    ),
    ("agentcity-hub", &["agentcity-domain", "agentcity-abi"]),
    (
        "agentcity-keeper",
        &[
            "agentcity-domain",
            "agentcity-abi",
            "agentcity-executor",
            "agentcity-hub",
            "agentcity-monitor",
        ],
    ),
    ("agentcity-executor", &["agentcity-domain", "agentcity-abi"]),
    // It keeps its acts in a keeper's journal and sends through a keeper's transaction manager.
    (
        "agentcity-agent-daemon",
        &[
            "agentcity-domain",
            "agentcity-abi",
            "agentcity-executor",
            "agentcity-keeper",
        ],
    ),
    ("agentcity-monitor", &["agentcity-domain"]),
    // Services of its own, which know of the city only what a request says.
    (
        "agentcity-pages",
        &["agentcity-domain", "agentcity-executor"],
    ),
    (
        "agentcity-test-fixtures",
        &[
            "agentcity-abi",
            "agentcity-deploy",
            "agentcity-devnode",
            "agentcity-devnode-chain",
            "agentcity-devnode-engine",
            "agentcity-devnode-program",
            "agentcity-domain",
            "agentcity-interrupt",
            "agentcity-solidity",
        ],
    ),
    (
        "xtask",
        &[
            "agentcity-domain",
            "agentcity-devnode-program",
            "agentcity-interrupt",
        ],
    ),
];

/// What a program may use of ours.
const PROGRAM_ARROWS: [&str; 3] = ["agentcity-domain", "agentcity-abi", "agentcity-shell"];

const JUSTIFICATIONS: &str = "docs/dependencies.md";

struct Member<'a> {
    file: &'a str,
    manifest: Table,
}

impl Member<'_> {
    fn name(&self) -> &str {
        self.manifest
            .get("package")
            .and_then(|p| p.get("name"))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Whether it is a contract: built as a program, or said not to fit one yet.
    fn is_program(&self) -> bool {
        let flag = ["package", "metadata", "agentcity", "program"];
        let root = Value::Table(self.manifest.clone());
        flag.iter()
            .try_fold(&root, |value, key| value.get(key))
            .and_then(Value::as_bool)
            .is_some()
    }

    fn dependencies(&self, section: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.manifest
            .get(section)
            .and_then(Value::as_table)
            .into_iter()
            .flatten()
    }
}

/// Manifests of our packages, and findings for those that cannot be read. A package that is a workspace of its own is a
/// fixture: it is built as its users build it, and no part of ours.
fn members(tree: &Tree) -> (Vec<Member<'_>>, Vec<Finding>) {
    let (mut members, mut findings) = (Vec::new(), Vec::new());
    for (file, text) in tree.ending(&["Cargo.toml"]) {
        match text.parse::<Table>() {
            Ok(manifest) if !manifest.contains_key("package") => {}
            Ok(manifest) if manifest.contains_key("workspace") => {}
            Ok(manifest) => members.push(Member { file, manifest }),
            Err(error) => findings.push(whole(file, format!("unreadable: {error}"))),
        }
    }
    (members, findings)
}

pub(super) fn lints(tree: &Tree) -> Vec<Finding> {
    let (members, mut findings) = members(tree);
    for m in members {
        let inherits = m
            .manifest
            .get("lints")
            .and_then(|l| l.get("workspace"))
            .and_then(Value::as_bool)
            == Some(true);
        if !inherits {
            findings.push(whole(
                m.file,
                "does not inherit the lints: add `[lints]` with `workspace = true`",
            ));
        }
    }
    findings
}

pub(super) fn arrows(tree: &Tree) -> Vec<Finding> {
    let (members, mut findings) = members(tree);
    let programs: BTreeSet<&str> = members
        .iter()
        .filter(|m| m.is_program())
        .map(Member::name)
        .collect();
    let ours: BTreeSet<&str> = members.iter().map(Member::name).collect();
    for m in &members {
        let allowed: &[&str] = if m.is_program() {
            &PROGRAM_ARROWS
        } else if let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == m.name()) {
            allowed
        } else {
            findings.push(whole(
                m.file,
                format!(
                    "`{}` has no place among the dependency arrows (xtask/src/tidy/manifests.rs)",
                    m.name()
                ),
            ));
            continue;
        };
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (name, _) in m
                .dependencies(section)
                .filter(|(name, _)| ours.contains(name.as_str()))
            {
                if programs.contains(name.as_str()) && !allowed.contains(&name.as_str()) {
                    findings.push(whole(
                        m.file,
                        format!("depends on the program `{name}`: nothing may"),
                    ));
                } else if section != "dev-dependencies" && !allowed.contains(&name.as_str()) {
                    findings.push(whole(
                        m.file,
                        format!("`{}` must not depend on `{name}`", m.name()),
                    ));
                }
            }
        }
    }
    findings
}

pub(super) fn justified(tree: &Tree) -> Vec<Finding> {
    let (members, mut findings) = members(tree);
    let Some(text) = tree.get(JUSTIFICATIONS) else {
        return vec![whole(JUSTIFICATIONS, "is missing")];
    };
    let mut used: BTreeSet<String> = BTreeSet::new();
    if let Some(root) = tree
        .get("Cargo.toml")
        .and_then(|text| text.parse::<Table>().ok())
    {
        let shared = root
            .get("workspace")
            .and_then(|w| w.get("dependencies"))
            .and_then(Value::as_table);
        used.extend(
            shared
                .into_iter()
                .flatten()
                .filter(|(_, spec)| is_foreign(spec))
                .map(|(name, _)| name.clone()),
        );
    }
    for m in &members {
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            used.extend(
                m.dependencies(section)
                    .filter(|(_, spec)| is_foreign(spec))
                    .map(|(name, _)| name.clone()),
            );
        }
    }
    let told: Vec<(&str, &str)> = text.lines().filter_map(row).collect();
    for name in &used {
        if !told.iter().any(|(n, why)| n == name && !why.is_empty()) {
            findings.push(whole(
                JUSTIFICATIONS,
                format!("has no line that justifies `{name}`"),
            ));
        }
    }
    for (name, _) in &told {
        if !used.contains(*name) {
            findings.push(whole(
                JUSTIFICATIONS,
                format!("justifies `{name}`, which is not used"),
            ));
        }
    }
    findings
}

/// Neither ours nor a reference to the workspace's own list.
fn is_foreign(spec: &Value) -> bool {
    spec.get("path").is_none() && spec.get("workspace").is_none()
}

/// A line "| `name` | why |".
fn row(line: &str) -> Option<(&str, &str)> {
    let (name, why) = line.strip_prefix("| `")?.split_once("` |")?;
    Some((name, why.trim().trim_end_matches('|').trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINTS: &str = "[lints]\nworkspace = true\n";

    fn package(name: &str, rest: &str) -> String {
        format!("[package]\nname = \"{name}\"\n{LINTS}{rest}")
    }

    fn found(rule: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<String> {
        rule(&Tree::with(files))
            .into_iter()
            .map(|f| f.what)
            .collect()
    }

    #[test]
    fn leaves_a_workspace_of_its_own_alone() {
        let fixture = "[package]\nname = \"a\"\n[workspace]\n";
        assert!(found(lints, &[("data/Cargo.toml", fixture)]).is_empty());
        assert!(found(arrows, &[("data/Cargo.toml", fixture)]).is_empty());
    }

    #[test]
    fn finds_a_package_with_lints_of_its_own() {
        assert_eq!(
            found(lints, &[("a/Cargo.toml", "[package]\nname = \"a\"\n")]).len(),
            1
        );
        assert_eq!(
            found(
                lints,
                &[(
                    "a/Cargo.toml",
                    "[package]\nname = \"a\"\n[lints]\nworkspace = false\n"
                )]
            )
            .len(),
            1
        );
        assert!(found(lints, &[("a/Cargo.toml", &package("a", ""))]).is_empty());
        assert_eq!(
            found(lints, &[("a/Cargo.toml", "[package")]).len(),
            1,
            "unreadable"
        );
    }

    #[test]
    fn finds_an_arrow_that_points_the_wrong_way() {
        let abi = package("agentcity-abi", "");
        let domain = package(
            "agentcity-domain",
            "[dependencies]\nagentcity-abi.workspace = true\n",
        );
        assert_eq!(
            found(arrows, &[("a/Cargo.toml", &abi), ("d/Cargo.toml", &domain)]),
            ["`agentcity-domain` must not depend on `agentcity-abi`"]
        );
        let keeper = package(
            "agentcity-keeper",
            "[dependencies]\nagentcity-abi.workspace = true\n",
        );
        assert!(found(arrows, &[("a/Cargo.toml", &abi), ("k/Cargo.toml", &keeper)]).is_empty());
    }

    #[test]
    fn finds_a_dependency_on_a_program_even_in_tests() {
        let token = package(
            "agentcity-token",
            "[package.metadata.agentcity]\nprogram = true\n",
        );
        let cli = package(
            "agentcity",
            "[dev-dependencies]\nagentcity-token.workspace = true\n",
        );
        let what = found(arrows, &[("t/Cargo.toml", &token), ("c/Cargo.toml", &cli)]);
        assert_eq!(
            what,
            ["depends on the program `agentcity-token`: nothing may"]
        );
    }

    #[test]
    fn finds_a_package_without_a_place() {
        assert_eq!(
            found(arrows, &[("n/Cargo.toml", &package("newcomer", ""))]).len(),
            1
        );
    }

    #[test]
    fn finds_dependencies_nobody_justified_and_justifications_nobody_needs() {
        let root = (
            "Cargo.toml",
            "[workspace.dependencies]\nserde = \"1\"\nagentcity-abi = { path = \"abi\" }\n",
        );
        let member = package(
            "a",
            "[dependencies]\nserde.workspace = true\nsha2 = \"0.11\"\n",
        );
        let member = ("a/Cargo.toml", member.as_str());
        let good = "| `serde` | reads JSON |\n| `sha2` | hashes |\n";
        assert!(found(justified, &[root, member, (JUSTIFICATIONS, good)]).is_empty());
        assert_eq!(
            found(
                justified,
                &[root, member, (JUSTIFICATIONS, "| `serde` | reads JSON |\n")]
            )
            .len(),
            1
        );
        assert_eq!(
            found(
                justified,
                &[root, member, (JUSTIFICATIONS, &good.replace("hashes", ""))]
            )
            .len(),
            1,
            "no reason given"
        );
        assert_eq!(
            found(
                justified,
                &[
                    root,
                    member,
                    (JUSTIFICATIONS, &format!("{good}| `rand` | luck |\n"))
                ]
            )
            .len(),
            1
        );
        assert_eq!(found(justified, &[root, member]).len(), 1);
    }
}
