//! Where things are: the root, the target folders, the packages.

use std::{path::PathBuf, process::Command};

use eyre::{Context, OptionExt, bail};
use serde::Deserialize;

use crate::process;

/// The workspace this command runs in.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// Folder of the top `Cargo.toml`.
    pub(crate) root: PathBuf,
}

impl Workspace {
    /// The workspace of the running `xtask`; cargo tells where its manifest is, and the current folder does otherwise.
    pub(crate) fn find() -> eyre::Result<Self> {
        let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
            Some(dir) => PathBuf::from(dir),
            None => std::env::current_dir()?,
        };
        let root = start
            .ancestors()
            .find(|dir| dir.join("xtask/Cargo.toml").is_file())
            .ok_or_eyre("not inside the AgentCity workspace: change into the clone")?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// Build products that are not cargo's own. It stays in the clone even when `CARGO_TARGET_DIR` points elsewhere, so that tests find it.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// `<name>.wasm`, `<name>.code`, `<name>.json` of every program.
    pub(crate) fn programs(&self) -> PathBuf {
        self.target().join("programs")
    }

    /// Where cargo puts host binaries of the dev profile.
    pub(crate) fn cargo_debug(&self) -> PathBuf {
        self.cargo_target().join("debug")
    }

    /// Where it puts those of the release profile.
    pub(crate) fn cargo_release(&self) -> PathBuf {
        self.cargo_target().join("release")
    }

    /// Cargo's target folder.
    pub(crate) fn cargo_target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => self.root.join(dir),
            None => self.target(),
        }
    }

    /// A cargo command in the root. It always uses the toolchain that runs us.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root);
        // What cargo told us about xtask must not reach the build scripts of other packages: it would rebuild them.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command
    }

    /// Builds these binaries with the features that everything is built with together, those of tests included, so that what is
    /// compiled for one command is compiled for all. Features follow from the packages that are selected and from whether anything is
    /// selected that needs what tests depend on: `--examples` is that, and there are none to build.
    pub(crate) fn build_binaries(&self, names: &[&str]) -> eyre::Result<()> {
        self.build_binaries_in("dev", names)
    }

    /// The same as they are released, and what measures them.
    pub(crate) fn build_release(&self, names: &[&str]) -> eyre::Result<()> {
        self.build_binaries_in("release", names)
    }

    fn build_binaries_in(&self, profile: &str, names: &[&str]) -> eyre::Result<()> {
        let mut command = self.cargo();
        command.args(["build", "--workspace", "--locked", "--examples"]);
        command.args(["--profile", profile]);
        for name in names {
            command.args(["--bin", *name]);
        }
        process::run(&mut command)
    }

    /// `cargo metadata` without dependencies: fast, and needs no network.
    pub(crate) fn metadata(&self) -> eyre::Result<Metadata> {
        let mut command = self.cargo();
        command.args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ]);
        let text = process::stdout(&mut command)?;
        serde_json::from_str(&text).wrap_err("cargo metadata answered something unexpected")
    }

    /// Packages with `[package.metadata.agentcity] program = true`, by name.
    pub(crate) fn program_packages(&self) -> eyre::Result<Vec<Package>> {
        let mut programs: Vec<Package> = self
            .metadata()?
            .packages
            .into_iter()
            .filter(Package::is_program)
            .collect();
        programs.sort_by(|a, b| a.name.cmp(&b.name));
        if programs.is_empty() {
            bail!("no package has `[package.metadata.agentcity] program = true`");
        }
        Ok(programs)
    }
}

/// What we read of `cargo metadata`.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
}

/// One workspace member.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) metadata: serde_json::Value,
}

impl Package {
    /// Whether it is built to WASM and deployed.
    pub(crate) fn is_program(&self) -> bool {
        self.metadata
            .pointer("/agentcity/program")
            .and_then(serde_json::Value::as_bool)
            == Some(true)
    }
}
