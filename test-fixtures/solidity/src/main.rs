//! `agentcity-solidity`: compiles the Solidity of the workspace to `target/solidity` and exports the ABI of its interfaces.

use std::{fs, path::PathBuf};

use agentcity_solidity::{artifacts_dir, compile, export, tools::Tools, workspace};
use clap::Parser;
use eyre::Context;

/// Compile the Solidity of the workspace.
#[derive(Debug, Parser)]
#[command(name = "agentcity-solidity", version)]
struct Args {
    /// Compiler; without it the one that `cargo xtask setup` found.
    #[arg(long, env = "AGENTCITY_SOLC")]
    solc: Option<PathBuf>,
    /// Write the ABI of the interfaces here.
    #[arg(long)]
    abi_out: Option<PathBuf>,
    /// Write no ABI but fail when it would change.
    #[arg(long, requires = "abi_out")]
    check: bool,
}

fn main() -> eyre::Result<()> {
    let args = Args::parse();
    let solc = match args.solc {
        Some(path) => path,
        None => Tools::load()?.solc()?.to_owned(),
    };
    let sources = compile::sources(&workspace())?;
    let artifacts = compile::compile(&solc, &sources)?;
    let dir = artifacts_dir();
    // Contracts that no longer exist must not be found by a test.
    match fs::remove_dir_all(&dir) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(e).wrap_err_with(|| format!("cannot remove {}", dir.display()));
        }
        _ => {
            fs::create_dir_all(&dir).wrap_err_with(|| format!("cannot create {}", dir.display()))?
        }
    }
    for (name, artifact) in &artifacts {
        fs::write(
            dir.join(format!("{name}.json")),
            serde_json::to_vec_pretty(artifact)?,
        )?;
    }
    eprintln!(
        "solidity: {} contracts from {} files",
        artifacts.len(),
        sources.len()
    );
    if let Some(out) = args.abi_out {
        if args.check {
            export::check(&out, &artifacts)?;
        } else {
            for name in export::write(&out, &artifacts)? {
                eprintln!("solidity: {} updated", out.join(name).display());
            }
        }
    }
    Ok(())
}
