//! A package's tests, one after another, with what they print.
//!
//! Everything is built as `cargo xtask test` builds it: a package by itself would have other features, and all that it depends on
//! would be compiled a second time.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use eyre::{Context, OptionExt, ensure};
use serde::Deserialize;

use crate::{process, workspace::Workspace};

/// The test binary of every package that long runs use.
const TARGET: &str = "it";

/// A package's test binary.
pub(crate) struct Harness {
    /// Where its manifest lies; cargo runs tests there.
    folder: PathBuf,
    binary: PathBuf,
}

/// What cargo says of a thing it built; the rest of its fields and messages is not of interest.
#[derive(Debug, Deserialize)]
struct Built {
    manifest_path: PathBuf,
    target: Target,
    profile: Profile,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

impl Harness {
    /// Builds the workspace and finds the tests of the package in `folder`, which is relative to the root.
    pub(crate) fn build(ws: &Workspace, folder: &str) -> eyre::Result<Self> {
        let mut command = ws.cargo();
        command
            .args(["build", "--workspace", "--all-targets", "--locked"])
            .arg("--message-format=json-render-diagnostics");
        let output = command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .wrap_err("cannot start cargo")?;
        ensure!(output.status.success(), "the workspace does not build");
        let folder = ws.root.join(folder);
        let manifest = folder.join("Cargo.toml");
        let said = String::from_utf8(output.stdout).wrap_err("cargo did not answer in UTF-8")?;
        let binary = binary_of(&said, &manifest)
            .ok_or_eyre(format!("{} has no test `{TARGET}`", manifest.display()))?;
        Ok(Self { folder, binary })
    }

    /// Runs the tests that `filter` and the harness's own `options` choose; returns what they print.
    pub(crate) fn run(
        &self,
        (filter, options): (&str, &[&str]),
        variables: &[(&str, String)],
    ) -> eyre::Result<String> {
        let mut command = Command::new(&self.binary);
        command
            .current_dir(&self.folder)
            // Cargo sets it for whoever is run by it.
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .args([filter, "--nocapture", "--test-threads=1"])
            .args(options)
            .envs(variables.iter().map(|(name, value)| (name, value)));
        let said = process::stdout(&mut command)?;
        ensure!(
            !said.contains("\nrunning 0 tests"),
            "no test is called `{filter}`"
        );
        Ok(said)
    }
}

/// The test binary of the package with this manifest.
fn binary_of(said: &str, manifest: &std::path::Path) -> Option<PathBuf> {
    said.lines()
        .filter_map(|line| serde_json::from_str::<Built>(line).ok())
        .find(|built| {
            built.profile.test && built.target.name == TARGET && built.manifest_path == manifest
        })?
        .executable
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_tests_of_a_package_are_found_among_all_that_was_built() {
        let artifact = |folder: &str, target: &str, test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/{folder}/Cargo.toml","target":{{"name":"{target}","kind":["test"]}},"profile":{{"test":{test}}},"executable":"/{folder}-{target}"}}"#
            )
        };
        let said = [
            artifact("a", "it", true),
            artifact("b", "b", true),
            artifact("b", "it", false),
            r#"{"reason":"build-script-executed"}"#.to_owned(),
            "not JSON".to_owned(),
            artifact("b", "it", true),
        ]
        .join("\n");
        let found = |folder| binary_of(&said, &Path::new("/").join(folder).join("Cargo.toml"));
        assert_eq!(found("a"), Some(PathBuf::from("/a-it")));
        assert_eq!(found("b"), Some(PathBuf::from("/b-it")));
        assert_eq!(found("c"), None);
    }
}
