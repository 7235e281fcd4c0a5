//! Where `cargo xtask setup` found the tools: `target/tools.json`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// Tools of this machine.
#[derive(Debug, Clone, Deserialize)]
pub struct Tools {
    solc: Option<PathBuf>,
    anvil: Option<PathBuf>,
    cast: Option<PathBuf>,
    #[serde(default)]
    missing: Vec<String>,
}

/// Why a tool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ToolsError {
    /// Setup never ran, or its answer is of another version.
    #[error("{} is not usable ({why}): run `cargo xtask setup`", file.display())]
    NoSetup {
        /// The file that setup writes.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Setup could not get it.
    #[error(
        "{name} is not on this machine: {why}; run `cargo xtask setup` where npm works, or put it on PATH"
    )]
    Missing {
        /// The tool.
        name: &'static str,
        /// What setup said.
        why: String,
    },
}

impl Tools {
    /// What the last setup of this workspace found.
    pub fn load() -> Result<Self, ToolsError> {
        Self::load_from(&crate::workspace().join("target/tools.json"))
    }

    /// The same from another file.
    pub fn load_from(file: &Path) -> Result<Self, ToolsError> {
        let no_setup = |why: String| ToolsError::NoSetup {
            file: file.to_owned(),
            why,
        };
        let text = fs::read(file).map_err(|e| no_setup(e.to_string()))?;
        serde_json::from_slice(&text).map_err(|e| no_setup(e.to_string()))
    }

    /// The Solidity compiler.
    pub fn solc(&self) -> Result<&Path, ToolsError> {
        self.get("solc", &self.solc)
    }

    /// The rival node.
    pub fn anvil(&self) -> Result<&Path, ToolsError> {
        self.get("anvil", &self.anvil)
    }

    /// The rival client.
    pub fn cast(&self) -> Result<&Path, ToolsError> {
        self.get("cast", &self.cast)
    }

    fn get<'a>(
        &self,
        name: &'static str,
        path: &'a Option<PathBuf>,
    ) -> Result<&'a Path, ToolsError> {
        path.as_deref().ok_or_else(|| ToolsError::Missing {
            name,
            why: self.missing.join("; "),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_setup_the_error_says_what_to_run() {
        let error = Tools::load_from(Path::new("/nowhere/tools.json")).unwrap_err();
        assert!(error.to_string().contains("cargo xtask setup"), "{error}");
    }

    #[test]
    fn a_missing_rival_carries_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tools.json");
        fs::write(&file, r#"{"solc":"/x/solc","anvil":null,"cast":null,"missing":["npm has no anvil for this platform"]}"#).unwrap();
        let tools = Tools::load_from(&file).unwrap();
        assert_eq!(tools.solc().unwrap(), Path::new("/x/solc"));
        assert!(
            tools
                .anvil()
                .unwrap_err()
                .to_string()
                .contains("no anvil for this platform")
        );
    }
}
