//! One `cargo rustc` per program.

use std::path::{Path, PathBuf};

use eyre::{Context, eyre};

use crate::{process, setup::Tools, workspace::Workspace};

/// The variable cargo reads flags for this target from.
const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";
const TARGET: &str = "wasm32-unknown-unknown";

/// Flags of every program, apart from remapped paths:
/// - short relocations: the chain's parser refuses the padded five-byte index of `call_indirect`;
/// - no tables of what `match` arms hold: they would lie in the data segment, which is paid at every call;
/// - 32 KiB of stack instead of 1 MiB: every page above the second is paid at each call, and the chain grants 128 pages in all.
const LINK: [&str; 3] = [
    "-Cjump-tables=no",
    "-Clink-arg=--compress-relocations",
    "-Clink-arg=-zstack-size=32768",
];

/// Compiles `name` of the workspace at `root` and returns the linked module.
pub(crate) fn compile(
    root: &Path,
    target_dir: &Path,
    tools: &Tools,
    name: &str,
) -> eyre::Result<Vec<u8>> {
    let ws = Workspace {
        root: root.to_owned(),
    };
    let mut command = ws.cargo();
    command
        .args([
            "rustc",
            "--package",
            name,
            "--lib",
            "--profile",
            "program",
            "--target",
            TARGET,
        ])
        .args(["--crate-type", "cdylib", "--locked", "--target-dir"])
        .arg(target_dir)
        // They would replace the flags below, and a wrapper could change the output.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_RUSTFLAGS")
        .envs(&tools.wasm_std.env)
        .env(FLAGS, flags(root, tools)?);
    process::run(&mut command).wrap_err_with(|| format!("program {name} does not compile"))?;
    let file = target_dir
        .join(TARGET)
        .join("program")
        .join(format!("{}.wasm", name.replace('-', "_")));
    std::fs::read(&file).wrap_err_with(|| format!("cargo left no {}", file.display()))
}

/// All flags in one line, as cargo wants them in a variable: split at blanks.
fn flags(root: &Path, tools: &Tools) -> eyre::Result<String> {
    let mut flags: Vec<String> = tools
        .wasm_std
        .env
        .get(FLAGS)
        .map(|f| vec![f.clone()])
        .unwrap_or_default();
    flags.extend(LINK.map(str::to_owned));
    for (from, to) in remapped(root)? {
        let from = from
            .to_str()
            .ok_or_else(|| eyre!("{} is not UTF-8: build from another folder", from.display()))?;
        if from.contains(char::is_whitespace) {
            return Err(eyre!(
                "{from} contains a blank, which cargo's flag variable cannot carry: build from another folder"
            ));
        }
        flags.push(format!("--remap-path-prefix={from}={to}"));
    }
    Ok(flags.join(" "))
}

/// Folders whose names would otherwise end up in panic messages, and what stands for them.
fn remapped(root: &Path) -> eyre::Result<Vec<(PathBuf, &'static str)>> {
    let cargo_home = cargo_home()?;
    // rustc uses the last match, so the general one comes first.
    let mut pairs = vec![
        (cargo_home.clone(), "/cargo"),
        (root.to_owned(), "/agentcity"),
    ];
    let sources = cargo_home.join("registry/src");
    if let Ok(entries) = std::fs::read_dir(&sources) {
        // The folder's name is a hash of the registry's address: mirrors must not differ.
        let mut registries: Vec<PathBuf> =
            entries.filter_map(Result::ok).map(|e| e.path()).collect();
        registries.sort();
        pairs.extend(registries.into_iter().map(|dir| (dir, "/registry")));
    }
    Ok(pairs)
}

/// Cargo's home: `CARGO_HOME`, else `~/.cargo`.
pub(crate) fn cargo_home() -> eyre::Result<PathBuf> {
    match std::env::var_os("CARGO_HOME").filter(|v| !v.is_empty()) {
        Some(dir) => Ok(PathBuf::from(dir)),
        None => Ok(std::env::home_dir()
            .ok_or_else(|| eyre!("no home directory: set CARGO_HOME"))?
            .join(".cargo")),
    }
}
