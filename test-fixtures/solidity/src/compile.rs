//! Sources to artifacts, by one exact compiler with one set of settings.
//!
//! All sources go into one standard-JSON input under names relative to the workspace, so that nothing of the machine reaches
//! the output and relative imports resolve among them. No metadata hash is appended: the code depends on the code alone.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use foundry_compilers::{
    artifacts::{
        BytecodeHash, EvmVersion, Optimizer, Settings, SettingsMetadata, SolcInput, Source,
        Sources, output_selection::OutputSelection,
    },
    solc::{Solc, SolcLanguage},
};

use serde::Deserialize;

use crate::artifact::Artifact;

/// Folders whose `.sol` files are compiled, relative to the workspace.
pub const SOURCE_DIRS: [&str; 2] = ["abi/sol", "test-fixtures/sol"];

/// The rules the devnode runs.
pub const EVM_VERSION: EvmVersion = EvmVersion::Prague;

/// Runs the optimiser is tuned for.
pub const OPTIMIZER_RUNS: usize = 200;

/// Most source files taken: far above what the workspace holds, so that a wrong folder is noticed before it is compiled.
const MAX_SOURCES: usize = 2_000;

/// Why sources do not become artifacts.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// A folder or file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// More files than could be meant.
    #[error("more than {MAX_SOURCES} Solidity files below {}", root.display())]
    TooMany {
        /// The folder searched.
        root: PathBuf,
    },
    /// The compiler cannot be run.
    #[error("cannot run the Solidity compiler {}: {source}; run `cargo xtask setup`", solc.display())]
    Solc {
        /// The compiler.
        solc: PathBuf,
        /// What went wrong.
        source: Box<foundry_compilers::error::SolcError>,
    },
    /// The compiler refused the sources.
    #[error("the Solidity sources do not compile:\n{0}")]
    Refused(String),
    /// Two contracts would overwrite each other's artifact.
    #[error("two contracts are called `{name}`: {first} and {second}")]
    SameName {
        /// The name.
        name: String,
        /// One source file.
        first: String,
        /// The other.
        second: String,
    },
}

/// The settings of every compilation.
pub fn settings() -> Settings {
    Settings {
        optimizer: Optimizer {
            enabled: Some(true),
            runs: Some(OPTIMIZER_RUNS),
            details: None,
        },
        evm_version: Some(EVM_VERSION),
        metadata: Some(SettingsMetadata::new(BytecodeHash::None, false)),
        output_selection: OutputSelection::common_output_selection(
            ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"].map(str::to_owned),
        ),
        ..Settings::default()
    }
}

/// Every `.sol` file of [`SOURCE_DIRS`], by name relative to `root`.
pub fn sources(root: &Path) -> Result<BTreeMap<String, String>, CompileError> {
    let mut found = BTreeMap::new();
    let mut dirs: Vec<PathBuf> = SOURCE_DIRS
        .iter()
        .map(|dir| root.join(dir))
        .filter(|dir| dir.is_dir())
        .collect();
    while let Some(dir) = dirs.pop() {
        let unreadable = |source| CompileError::Unreadable {
            path: dir.clone(),
            source,
        };
        for entry in fs::read_dir(&dir).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|e| e == "sol") {
                let text =
                    fs::read_to_string(&path).map_err(|source| CompileError::Unreadable {
                        path: path.clone(),
                        source,
                    })?;
                let name = path
                    .strip_prefix(root)
                    .unwrap_or(&path)
                    .to_string_lossy()
                    .replace('\\', "/");
                found.insert(name, text);
            }
            if found.len() > MAX_SOURCES {
                return Err(CompileError::TooMany {
                    root: root.to_owned(),
                });
            }
        }
    }
    Ok(found)
}

/// Compiles `sources` with the compiler at `solc`; artifacts by name.
pub fn compile(
    solc: &Path,
    sources: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Artifact>, CompileError> {
    if sources.is_empty() {
        return Ok(BTreeMap::new());
    }
    let cannot_run = |source| CompileError::Solc {
        solc: solc.to_owned(),
        source: Box::new(source),
    };
    let compiler = Solc::new(solc).map_err(cannot_run)?;
    let texts: Sources = sources
        .iter()
        .map(|(name, text)| (PathBuf::from(name), Source::new(text.as_str())))
        .collect();
    let mut input = SolcInput::new(SolcLanguage::Solidity, texts, settings());
    input.sanitize(&compiler.version);
    let output: Output = compiler.compile_as(&input).map_err(cannot_run)?;
    let refusals: Vec<String> = output
        .errors
        .into_iter()
        .filter(|e| e.severity == "error")
        .map(|e| e.formatted_message.unwrap_or(e.message))
        .collect();
    if !refusals.is_empty() {
        return Err(CompileError::Refused(refusals.join("\n")));
    }
    let mut artifacts: BTreeMap<String, Artifact> = BTreeMap::new();
    for (source, contracts) in output.contracts {
        for (name, contract) in contracts {
            if let Some(other) = artifacts.get(&name) {
                return Err(CompileError::SameName {
                    name,
                    first: other.source.clone(),
                    second: source,
                });
            }
            let artifact = Artifact {
                name: name.clone(),
                source: source.clone(),
                abi: contract.abi,
                bytecode: format!("0x{}", contract.evm.bytecode.object),
                deployed_bytecode: format!("0x{}", contract.evm.deployed_bytecode.object),
            };
            artifacts.insert(name, artifact);
        }
    }
    Ok(artifacts)
}

/// What we read of the compiler's answer. Our own types keep the ABI exactly as the compiler wrote it.
#[derive(Debug, Deserialize)]
struct Output {
    #[serde(default)]
    errors: Vec<Diagnostic>,
    #[serde(default)]
    contracts: BTreeMap<String, BTreeMap<String, Contract>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Diagnostic {
    severity: String,
    message: String,
    formatted_message: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Contract {
    abi: serde_json::Value,
    evm: Evm,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Evm {
    bytecode: Code,
    deployed_bytecode: Code,
}

#[derive(Debug, Deserialize)]
struct Code {
    object: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{tools::Tools, workspace};

    fn solc() -> PathBuf {
        Tools::load().unwrap().solc().unwrap().to_owned()
    }

    fn one(text: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(
            "t/One.sol".to_owned(),
            format!("// SPDX-License-Identifier: MIT\npragma solidity 0.8.30;\n{text}"),
        )])
    }

    #[test]
    fn a_contract_becomes_code_and_abi() {
        let found = compile(
            &solc(),
            &one("contract One { function f() external pure returns (uint) { return 1; } }"),
        )
        .unwrap();
        let artifact = &found["One"];
        assert_eq!(artifact.source, "t/One.sol");
        assert_eq!(artifact.abi[0]["name"], "f");
        assert!(!artifact.creation_code().unwrap().is_empty());
        // The last instruction of a contract without metadata is not the CBOR length of one.
        assert!(
            !artifact.bytecode.contains("64736f6c63"),
            "a metadata hash was appended"
        );
    }

    #[test]
    fn a_fault_in_the_sources_is_shown_as_the_compiler_words_it() {
        let error = compile(
            &solc(),
            &one("contract One { function f() external { nothing(); } }"),
        )
        .unwrap_err();
        assert!(
            error.to_string().contains("Undeclared identifier")
                && error.to_string().contains("t/One.sol"),
            "{error}"
        );
    }

    #[test]
    fn two_contracts_of_one_name_are_refused() {
        let mut sources = one("contract One {}");
        sources.insert("u/Two.sol".into(), sources["t/One.sol"].clone());
        assert!(matches!(
            compile(&solc(), &sources),
            Err(CompileError::SameName { .. })
        ));
    }

    #[test]
    fn a_missing_compiler_is_named() {
        let error = compile(Path::new("/nowhere/solc"), &one("contract One {}")).unwrap_err();
        assert!(
            error.to_string().contains("/nowhere/solc")
                && error.to_string().contains("cargo xtask setup"),
            "{error}"
        );
    }

    #[test]
    fn forge_users_get_the_same_settings() {
        let text = fs::read_to_string(workspace().join("foundry.toml")).unwrap();
        let line = |key: &str| {
            let found = text
                .lines()
                .find(|l| l.split('=').next().is_some_and(|k| k.trim() == key));
            found
                .and_then(|l| l.split_once('='))
                .map(|(_, v)| v.trim().trim_matches('"').to_owned())
                .unwrap_or_default()
        };
        assert_eq!(line("evm_version"), EVM_VERSION.to_string());
        assert_eq!(line("optimizer_runs"), OPTIMIZER_RUNS.to_string());
        assert_eq!(line("optimizer"), "true");
        assert_eq!(line("bytecode_hash"), "none");
        assert_eq!(line("cbor_metadata"), "false");
        let pinned = fs::read_to_string(workspace().join("scripts/npm/solc/package.json")).unwrap();
        assert!(
            pinned.contains(&format!("\"solc\": \"{}\"", line("solc"))),
            "foundry.toml names another compiler than scripts/npm/solc"
        );
    }
}
