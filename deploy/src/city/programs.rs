//! The programs of a city as a build leaves them, and how that build was made.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use agentcity_domain::peer::Peer;
use alloy::primitives::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::artifact::Artifact;

/// File of a folder of programs that says how they were built.
pub const PROVENANCE_FILE: &str = "build.json";

/// The program of every member.
#[derive(Debug, Clone)]
pub struct Programs {
    artifacts: Vec<Artifact>,
    /// How they were built, as far as the folder says.
    pub provenance: Provenance,
}

/// What bytes depend on besides the sources' text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The compiler, as it names itself.
    pub toolchain: Option<String>,
    /// The commit of the sources.
    pub commit: Option<String>,
    /// Whether the sources differed from that commit.
    #[serde(default)]
    pub modified: bool,
    /// What optimised the modules, with its flags.
    pub optimiser: Option<String>,
}

/// Why programs cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ProgramsError {
    /// A file is missing or cannot be read.
    #[error("{}: {source}: build the programs with `agentcity build`, or name their folder with --programs", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The note of the build is not understood.
    #[error("{} is no note of a build ({source}): build the programs again", path.display())]
    Provenance {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
}

/// The file of a member's program.
pub fn file_name(peer: Peer) -> String {
    format!("agentcity-{}.wasm", peer.name())
}

impl Programs {
    /// Those of a folder, as `cargo xtask build` leaves them and releases carry them.
    pub fn load(dir: &Path) -> Result<Self, ProgramsError> {
        let artifacts = Peer::ALL
            .iter()
            .map(|peer| {
                let path = dir.join(file_name(*peer));
                Artifact::load(&path).map_err(|source| ProgramsError::File { path, source })
            })
            .collect::<Result<_, _>>()?;
        let path = dir.join(PROVENANCE_FILE);
        let provenance = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|source| ProgramsError::Provenance { path, source })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Provenance::default(),
            Err(source) => return Err(ProgramsError::File { path, source }),
        };
        Ok(Self {
            artifacts,
            provenance,
        })
    }

    /// Programs in the order of their peers.
    pub fn new(artifacts: [Artifact; Peer::COUNT], provenance: Provenance) -> Self {
        Self {
            artifacts: artifacts.into(),
            provenance,
        }
    }

    /// The program of a member.
    pub fn artifact(&self, peer: Peer) -> &Artifact {
        &self.artifacts[peer.place()]
    }

    /// SHA-256 of every module by its member's name, as `sha256sum` prints it.
    pub fn sha256(&self) -> BTreeMap<&'static str, String> {
        Peer::ALL
            .iter()
            .map(|peer| {
                (
                    peer.name(),
                    hex::encode(Sha256::digest(self.artifact(*peer).wasm())),
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let error = Programs::load(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("agentcity-constitution.wasm") && error.contains("agentcity build"),
            "{error}"
        );
    }

    #[test]
    fn a_folder_may_say_how_it_was_built() {
        let dir = tempfile::tempdir().unwrap();
        for peer in Peer::ALL {
            fs::write(dir.path().join(file_name(peer)), peer.name()).unwrap();
        }
        let silent = Programs::load(dir.path()).unwrap();
        assert_eq!(silent.provenance, Provenance::default());
        assert_eq!(silent.artifact(Peer::Roster).wasm(), b"roster");
        assert_eq!(silent.sha256()["agent"].len(), 64);
        fs::write(
            dir.path().join(PROVENANCE_FILE),
            r#"{"toolchain":"rustc 1.95.0"}"#,
        )
        .unwrap();
        let told = Programs::load(dir.path()).unwrap().provenance;
        assert_eq!(told.toolchain.as_deref(), Some("rustc 1.95.0"));
        fs::write(dir.path().join(PROVENANCE_FILE), "{").unwrap();
        assert!(matches!(
            Programs::load(dir.path()),
            Err(ProgramsError::Provenance { .. })
        ));
    }
}
