//! The standard library for `wasm32-unknown-unknown`, by `scripts/wasm-toolchain.sh`.

use std::{collections::BTreeMap, process::Command};

use eyre::{Context, OptionExt, bail};
use serde::Serialize;

use crate::{process, workspace::Workspace};

/// How to compile for wasm32 on this machine.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WasmStd {
    /// `rustup`, `debian-src` or `debian-rustc`: where std comes from.
    pub(crate) kind: String,
    /// Variables for cargo, among them perhaps flags with a private sysroot.
    pub(crate) env: BTreeMap<String, String>,
}

impl WasmStd {
    pub(crate) fn describe(&self) -> &'static str {
        match self.kind.as_str() {
            "rustup" => "of rustup's toolchain",
            "debian-src" => "built from Debian's source of the same release",
            "debian-rustc" => "with Debian's rustc-web",
            _ => "of an unknown kind",
        }
    }
}

/// Runs the script; it is quick when there is nothing to do.
pub(crate) fn ensure(ws: &Workspace) -> eyre::Result<WasmStd> {
    let mut command = Command::new("bash");
    command
        .arg(ws.root.join("scripts/wasm-toolchain.sh"))
        .arg("--plain")
        .current_dir(&ws.root);
    // It would be found there as well, but a caller's other sysroot must not be taken for ours.
    command
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    let text = process::stdout(&mut command)
        .wrap_err("no WASM standard library: run `rustup target add wasm32-unknown-unknown`, or install apt and its Debian keyring")?;
    parse(&text)
}

fn parse(text: &str) -> eyre::Result<WasmStd> {
    let mut env = BTreeMap::new();
    for line in text.lines() {
        let (name, value) = line
            .split_once('=')
            .ok_or_eyre("wasm-toolchain.sh printed a line without `=`")?;
        env.insert(name.to_owned(), value.to_owned());
    }
    let Some(kind) = env.remove("WASM_TOOLCHAIN_KIND") else {
        bail!("wasm-toolchain.sh did not say what it found")
    };
    Ok(WasmStd { kind, env })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_lines_of_the_script() {
        let std = parse("WASM_TOOLCHAIN_KIND=debian-src\nCARGO_X=--sysroot=/a b\n").unwrap();
        assert_eq!(std.kind, "debian-src");
        assert_eq!(std.env["CARGO_X"], "--sysroot=/a b");
    }

    #[test]
    fn refuses_output_that_says_nothing() {
        assert!(parse("").is_err());
        assert!(parse("hello\n").is_err());
    }
}
