//! Finds or fetches what rustup and cargo do not bring. Idempotent, and quick when all is there.
//!
//! Answers go to `target/tools.json`, where tests read them (`agentcity_solidity::tools`).

mod npm;
mod tools;
mod wasm;

use std::{fs, path::PathBuf, time::Instant};

use eyre::Context;
use serde::Serialize;

pub(crate) use self::wasm::WasmStd;
use crate::{process, workspace::Workspace};

/// What the caller is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Build programs: WASM std and wasm-opt.
    Programs,
    /// Build programs, compile Solidity, and run tests against rivals.
    Everything,
}

/// Where the tools are.
#[derive(Debug, Serialize)]
pub(crate) struct Tools {
    /// How programs are compiled.
    pub(crate) wasm_std: WasmStd,
    /// `wasm-opt` of the pinned release.
    pub(crate) wasm_opt: PathBuf,
    /// Its version, part of what decides a program's bytes.
    pub(crate) wasm_opt_version: String,
    /// The Solidity compiler.
    pub(crate) solc: Option<PathBuf>,
    /// Rivals; `None` where they cannot be had, and then the tests that need them fail with `missing`.
    pub(crate) anvil: Option<PathBuf>,
    /// See `anvil`.
    pub(crate) cast: Option<PathBuf>,
    /// Signs structs in another language; `None` as with `anvil`.
    pub(crate) signer: Option<PathBuf>,
    /// The database server; `None` as with `anvil`.
    pub(crate) postgres: Option<PathBuf>,
    /// The browser for the dashboard's tests; `None` as with `anvil`.
    pub(crate) chromium: Option<PathBuf>,
    /// Folder of the modules that drive it; `None` as with `anvil`.
    pub(crate) dashboard: Option<PathBuf>,
    /// Why an optional tool is not there.
    pub(crate) missing: Vec<String>,
}

/// Sets up what `need` asks for and says in one line each what is used.
pub(crate) fn run(ws: &Workspace, need: Need) -> eyre::Result<Tools> {
    let start = Instant::now();
    let cache = crate::cache_dir()?;
    fs::create_dir_all(&cache).wrap_err_with(|| format!("cannot create {}", cache.display()))?;

    let wasm_std = wasm::ensure(ws)?;
    eprintln!("setup: wasm32 std        {}", wasm_std.describe());
    let wasm_opt = tools::ensure(&cache, &tools::WASM_OPT)?;
    let mut tools = Tools {
        wasm_std,
        wasm_opt_version: tools::WASM_OPT.version()?,
        wasm_opt,
        solc: None,
        anvil: None,
        cast: None,
        signer: None,
        postgres: None,
        chromium: None,
        dashboard: None,
        missing: Vec::new(),
    };
    if need == Need::Everything {
        tools.solc = Some(tools::ensure(&cache, &tools::SOLC)?);
        for (tool, slot) in [
            (&tools::ANVIL, &mut tools.anvil),
            (&tools::CAST, &mut tools.cast),
            (&tools::SIGNER, &mut tools.signer),
            (&tools::POSTGRES, &mut tools.postgres),
            (&tools::CHROMIUM, &mut tools.chromium),
        ] {
            match tools::ensure(&cache, tool) {
                Ok(path) => *slot = Some(path),
                Err(error) => {
                    let reason = format!(
                        "{} is not here, tests against it will fail: {error:#}",
                        tool.name
                    );
                    eprintln!("setup: {reason}");
                    tools.missing.push(reason);
                }
            }
        }
        match npm::ensure(&cache, &npm::DASHBOARD) {
            Ok((dir, _)) => tools.dashboard = Some(dir),
            Err(error) => {
                let reason = format!("the dashboard's tests will fail: {error:#}");
                eprintln!("setup: {reason}");
                tools.missing.push(reason);
            }
        }
        let file = ws.target().join("tools.json");
        fs::create_dir_all(ws.target())?;
        fs::write(&file, serde_json::to_vec_pretty(&tools)?)
            .wrap_err_with(|| format!("cannot write {}", file.display()))?;
    }
    eprintln!("setup: ready in {}", process::seconds(start.elapsed()));
    Ok(tools)
}
