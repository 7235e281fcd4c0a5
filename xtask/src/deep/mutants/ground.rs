//! The ground on which mutants are tried: a throw-away workspace that holds the package alone.
//!
//! A bug is put into a copy, never into the tree. The copy knows nothing of the other packages, so cargo has little to
//! resolve; it keeps its build products from bug to bug, so that the compiler repeats only what a bug changes. Versions
//! are those of the lock file of the tree.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use eyre::{OptionExt, WrapErr, bail};
use toml::{Table, Value};

use super::narrow::{self, Narrow};
use crate::{process, workspace::Workspace};

/// Thousands of builds, each of which runs for a second or two and which nobody debugs: what is compiled again for every
/// bug is compiled as fast as can be, what the tests lean on is compiled once and well.
const PROFILES: &str = r#"
[dev]
debug = 0
incremental = true

[dev.package."*"]
opt-level = 2

[dev.build-override]
opt-level = 0
"#;

/// A laid ground.
#[derive(Debug)]
pub(super) struct Ground {
    dir: PathBuf,
    narrow: BTreeMap<String, Narrow>,
    tried: OnceLock<()>,
}

impl Ground {
    /// Copies the package (its name, its folder below the root) to `dir`, with its narrow crates. What was built there
    /// before is kept.
    pub(super) fn lay(
        ws: &Workspace,
        (crate_name, package): (&str, &str),
        dir: &Path,
    ) -> eyre::Result<Self> {
        let parts = ["src", "tests"].map(|part| Path::new(package).join(part));
        // Tests compare tables with the documents that show them.
        for part in parts
            .iter()
            .map(PathBuf::as_path)
            .chain([Path::new("docs")])
        {
            let to = dir.join(part);
            if to.exists() {
                fs::remove_dir_all(&to)?;
            }
            copy(&ws.root.join(part), &to)?;
        }
        for file in ["Cargo.lock", "rust-toolchain.toml"] {
            fs::copy(ws.root.join(file), dir.join(file))
                .wrap_err_with(|| format!("cannot copy {file}"))?;
        }
        let read = |file: &Path| -> eyre::Result<String> {
            fs::read_to_string(file).wrap_err_with(|| format!("cannot read {}", file.display()))
        };
        let member = read(&ws.root.join(package).join("Cargo.toml"))?;
        let whole = read(&ws.root.join("Cargo.toml"))?;
        fs::write(
            dir.join(package).join("Cargo.toml"),
            with_all_features(&member)?,
        )?;
        let narrow = narrow::plan(&dir.join(package), &crate_name.replace('-', "_"))?;
        let members = narrow.keys().map(|module| folder_of(module));
        let members: Vec<String> = [package.to_owned()].into_iter().chain(members).collect();
        let manifest = manifest(&whole, &members, &member)?;
        fs::write(dir.join("Cargo.toml"), manifest)?;
        let ground = Self {
            dir: dir.to_owned(),
            narrow,
            tried: OnceLock::new(),
        };
        ground.lay_narrow(&dir.join(package), crate_name, &member)?;
        // Leaves out of the lock file what the package does not need; no version changes.
        process::quietly(ground.cargo(ws).args(["metadata", "--format-version", "1"]))?;
        Ok(ground)
    }

    /// Whether all tests were seen to pass here.
    pub(super) fn is_tried(&self) -> bool {
        self.tried.get().is_some()
    }

    /// They were.
    pub(super) fn tried(&self) {
        let _ = self.tried.set(());
    }

    /// The narrow crate for a module, if there is one.
    pub(super) fn narrow(&self, module: &str) -> Option<String> {
        self.narrow.contains_key(module).then(|| name_of(module))
    }

    /// Writes the narrow crates, which take sources and tests from the package beside them.
    fn lay_narrow(&self, package: &Path, crate_name: &str, member: &str) -> eyre::Result<()> {
        for (module, narrow) in &self.narrow {
            let folder = self.dir.join(folder_of(module));
            fs::create_dir_all(&folder)?;
            let list = package.join(format!("tests/it/{}.rs", name_of(module)));
            fs::write(&list, narrow.list())?;
            let root = narrow.root(package, &crate_name.replace('-', "_"), &list);
            fs::write(folder.join("lib.rs"), root)?;
            fs::write(folder.join("Cargo.toml"), narrow_manifest(module, member)?)?;
        }
        Ok(())
    }

    /// Takes what another ground built, but for the package itself, unless something was built here before: dependencies do
    /// not know where the ground lies.
    pub(super) fn take_dependencies(&self, other: &Self) -> eyre::Result<()> {
        let (from, to) = (other.target().join("debug"), self.target().join("debug"));
        if to.exists() {
            return Ok(());
        }
        fs::create_dir_all(&to)?;
        // With their times, by which cargo tells what is up to date.
        let mut command = std::process::Command::new("cp");
        command.arg("-a");
        command.args([".fingerprint", "build", "deps"].map(|part| from.join(part)));
        process::quietly(command.arg(&to))
    }

    /// Where it builds.
    pub(super) fn target(&self) -> PathBuf {
        self.dir.join("target")
    }

    /// Its folder.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Cargo, there.
    pub(super) fn cargo(&self, ws: &Workspace) -> std::process::Command {
        let mut command = ws.cargo();
        command
            .current_dir(&self.dir)
            .env("CARGO_TARGET_DIR", self.target());
        command
    }
}

/// The manifest of a workspace of one package: what the whole one says, less what only others need.
fn manifest(whole: &str, members: &[String], member: &str) -> eyre::Result<String> {
    let mut root: Table = whole.parse().wrap_err("Cargo.toml is no TOML")?;
    let member: Table = member
        .parse()
        .wrap_err("the package's Cargo.toml is no TOML")?;
    let profiles: Table = PROFILES.parse()?;
    let workspace = root
        .get_mut("workspace")
        .and_then(Value::as_table_mut)
        .ok_or_eyre("Cargo.toml has no workspace")?;
    let members = members.iter().map(|member| member.as_str().into());
    workspace.insert("members".to_owned(), Value::Array(members.collect()));
    workspace.remove("default-members");
    let needed = |name: &str| {
        ["dependencies", "dev-dependencies"]
            .iter()
            .filter_map(|table| member.get(*table).and_then(Value::as_table))
            .any(|table| table.contains_key(name))
    };
    let Some(dependencies) = workspace
        .get_mut("dependencies")
        .and_then(Value::as_table_mut)
    else {
        bail!("the workspace shares no dependencies");
    };
    dependencies.retain(|name, _| needed(name));
    root.insert("profile".to_owned(), Value::Table(profiles));
    toml::to_string(&root).wrap_err("cannot write a manifest")
}

/// The package's manifest with all of its features on: what stands behind one is judged by tests that stand behind it, too.
fn with_all_features(member: &str) -> eyre::Result<String> {
    let mut member: Table = member.parse()?;
    if let Some(features) = member.get_mut("features").and_then(Value::as_table_mut) {
        let all = features.keys().map(|name| name.as_str().into()).collect();
        features.insert("default".to_owned(), Value::Array(all));
    }
    toml::to_string(&member).wrap_err("cannot write a manifest")
}

/// The manifest of a narrow crate: it needs what the package needs, tests included.
fn narrow_manifest(module: &str, member: &str) -> eyre::Result<String> {
    let member: Table = member.parse()?;
    let mut dependencies = Table::new();
    for table in ["dependencies", "dev-dependencies"] {
        let named = member.get(table).and_then(Value::as_table);
        dependencies.extend(named.cloned().unwrap_or_default());
    }
    let head = format!(
        "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition.workspace = true\n\n[lib]\npath = \"lib.rs\"\ndoctest = false\n",
        name_of(module)
    );
    let mut made: Table = head.parse()?;
    made.insert("dependencies".to_owned(), Value::Table(dependencies));
    toml::to_string(&made).wrap_err("cannot write a manifest")
}

fn name_of(module: &str) -> String {
    format!("narrow-{module}")
}

fn folder_of(module: &str) -> String {
    format!("narrow/{module}")
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> eyre::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).wrap_err_with(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).wrap_err_with(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_feature_is_judged_too() {
        let plain = "[package]\nname = \"a\"\n";
        assert_eq!(with_all_features(plain).unwrap(), plain);
        let told = with_all_features(&format!("{plain}[features]\none = []\ntwo = []\n")).unwrap();
        let told: Table = told.parse().unwrap();
        let all = Value::Array(vec!["one".into(), "two".into()]);
        assert_eq!(told["features"]["default"], all);
    }

    #[test]
    fn a_manifest_keeps_what_the_package_needs_and_nothing_else() {
        let whole = r#"
            [workspace]
            members = ["a", "b"]
            default-members = ["b"]
            [workspace.package]
            edition = "2024"
            [workspace.lints.rust]
            missing_docs = "warn"
            [workspace.dependencies]
            kept = "=1.2.3"
            tried = { version = "2", features = ["std"] }
            other = "3"
            [profile.dev]
            debug = "line-tables-only"
            [profile.program]
            inherits = "release"
        "#;
        let member =
            "[dependencies]\nkept.workspace = true\n[dev-dependencies]\ntried.workspace = true\n";
        let members = ["a".to_owned()];
        let made: Table = manifest(whole, &members, member).unwrap().parse().unwrap();
        let workspace = made["workspace"].as_table().unwrap();
        assert_eq!(workspace["members"], Value::Array(vec!["a".into()]));
        assert!(!workspace.contains_key("default-members"));
        assert_eq!(workspace["package"]["edition"], "2024".into());
        assert_eq!(workspace["lints"]["rust"]["missing_docs"], "warn".into());
        let dependencies = workspace["dependencies"].as_table().unwrap();
        assert_eq!(dependencies.keys().collect::<Vec<_>>(), ["kept", "tried"]);
        assert_eq!(dependencies["kept"], "=1.2.3".into());
        assert_eq!(made["profile"]["dev"]["debug"], Value::Integer(0));
        assert!(manifest("", &members, member).is_err());
        let narrow: Table = narrow_manifest("amount", member).unwrap().parse().unwrap();
        let dependencies = narrow["dependencies"].as_table().unwrap();
        assert_eq!(dependencies.keys().collect::<Vec<_>>(), ["kept", "tried"]);
        assert_eq!(narrow["package"]["name"], "narrow-amount".into());
    }

    #[test]
    fn a_folder_is_copied_with_all_that_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::create_dir_all(from.join("deep")).unwrap();
        fs::write(from.join("deep/file"), "text").unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("deep/file")).unwrap(), "text");
    }
}
