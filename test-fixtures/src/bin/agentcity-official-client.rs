//! `agentcity-official-client <cargo-stylus>`: the unmodified official client against a strict devnode.
//!
//! It checks and deploys a compiled program of the build, refuses a module that the chain refuses, and deploys a project
//! with a constructor. Part of `cargo xtask deep`, because installing the client takes minutes. Exit code 0: all worked.

use agentcity_test_fixtures::{
    Actor, Node, Sender, Settings,
    program::{self, ARB_WASM, TOKEN_PROGRAM},
    tool::{target_dir, workspace_dir},
};
use alloy::{
    primitives::{Address, B256, U256, hex, keccak256},
    sol,
    sol_types::SolCall,
};
use eyre::{Context, OptionExt, bail, ensure};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What the constructor of the project is given.
const NUMBER: u64 = 4_711;
/// Variable with the compiler's flags for programs.
const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

sol! {
    function value() external view returns (uint256);
    function codehashVersion(bytes32 codehash) external view returns (uint16 version);
}

/// The official client, at its node.
struct Client {
    executable: PathBuf,
    /// What the compiler needs: the client builds the project even when it is given a file.
    env: Vec<(String, String)>,
    node: Node,
}

impl Client {
    /// Runs one command in `dir`; gives its words and whether it succeeded.
    fn run(&self, dir: &Path, args: &[&str]) -> eyre::Result<(bool, String)> {
        let output = Command::new(&self.executable)
            .arg("stylus")
            .args(&args[..1])
            // Not last: arguments of a constructor take all that follows.
            .args(["--endpoint", &self.node.http_url()])
            .args(&args[1..])
            .current_dir(dir)
            .envs(self.env.iter().cloned())
            .env("NO_COLOR", "1")
            .output()
            .wrap_err_with(|| format!("cannot run {}", self.executable.display()))?;
        let words = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok((output.status.success(), words))
    }

    fn succeed(&self, dir: &Path, args: &[&str]) -> eyre::Result<String> {
        let (succeeded, words) = self.run(dir, args)?;
        ensure!(
            succeeded,
            "cargo stylus {} failed:\n{words}",
            args.join(" ")
        );
        Ok(words)
    }

    fn sender(&self) -> eyre::Result<Sender> {
        Ok(Sender::new(&self.node, "alice")?)
    }
}

fn main() -> eyre::Result<()> {
    let executable = std::env::args_os()
        .nth(1)
        .ok_or_eyre("usage: agentcity-official-client <cargo-stylus>")?;
    let client = Client {
        executable: executable.into(),
        env: compiler_environment()?,
        node: Node::start(agentcity_test_fixtures::Kind::Devnode, &Settings::default())?,
    };
    let key = hex::encode(Actor::named("alice").signer.to_bytes());
    let project = project()?;

    checks_and_deploys_a_file(&client, &project, &key)?;
    refuses_what_the_chain_refuses(&client, &project)?;
    deploys_with_a_constructor(&client, &project, &key)?;
    println!("the official client checks, deploys and constructs");
    Ok(())
}

fn checks_and_deploys_a_file(client: &Client, dir: &Path, key: &str) -> eyre::Result<()> {
    let wasm = program::path(TOKEN_PROGRAM).display().to_string();
    client.succeed(dir, &["check", "--wasm-file", &wasm])?;
    let words = client.succeed(
        dir,
        &[
            "deploy",
            "--no-verify",
            "--wasm-file",
            &wasm,
            "--private-key",
            key,
        ],
    )?;
    let address = deployed(&words)?;
    ensure!(
        active(&mut client.sender()?, address)?,
        "{address} is deployed and not active:\n{words}"
    );
    // A second check finds it active already.
    client.succeed(dir, &["check", "--wasm-file", &wasm])?;
    println!("checked and deployed {TOKEN_PROGRAM} at {address}");
    Ok(())
}

fn refuses_what_the_chain_refuses(client: &Client, dir: &Path) -> eyre::Result<()> {
    let file = dir.join("float.wasm");
    let text = r#"(module (memory (export "memory") 1 1)
        (func (export "user_entrypoint") (param i32) (result i32) (drop (f32.const 1)) (i32.const 0)))"#;
    fs::write(&file, wat::parse_str(text)?)?;
    let (succeeded, words) =
        client.run(dir, &["check", "--wasm-file", &file.display().to_string()])?;
    ensure!(
        !succeeded && words.contains("floating point"),
        "a module with floats passes, or its reason is lost:\n{words}"
    );
    println!("a refused module is refused with its reason");
    Ok(())
}

fn deploys_with_a_constructor(client: &Client, dir: &Path, key: &str) -> eyre::Result<()> {
    let number = NUMBER.to_string();
    let words = client.succeed(
        dir,
        &[
            "deploy",
            "--no-verify",
            "--private-key",
            key,
            "--constructor-args",
            &number,
        ],
    )?;
    let address = deployed(&words)?;
    let mut sender = client.sender()?;
    ensure!(
        active(&mut sender, address)?,
        "{address} is deployed and not active:\n{words}"
    );
    let value = sender.ask(address, &valueCall {})?;
    ensure!(
        value == U256::from(NUMBER),
        "the constructor stored {value} instead of {NUMBER}"
    );
    println!("deployed and constructed a project at {address}");
    Ok(())
}

/// The address in `deployed code at address: 0x…`, whatever colours surround it.
fn deployed(words: &str) -> eyre::Result<Address> {
    let after = words
        .split("deployed code at address:")
        .nth(1)
        .ok_or_eyre(format!("no address in:\n{words}"))?;
    let start = after
        .find("0x")
        .ok_or_eyre("no address after its announcement")?;
    let digits = after
        .get(start..start + 42)
        .ok_or_eyre("the address is cut short")?;
    Ok(digits.parse()?)
}

fn active(sender: &mut Sender, address: Address) -> eyre::Result<bool> {
    let code = sender.rpc.call("eth_getCode", json!([address, "latest"]))?;
    let code: alloy::primitives::Bytes = serde_json::from_value(code)?;
    let codehash: B256 = keccak256(&code);
    Ok(sender
        .call(ARB_WASM, &codehashVersionCall { codehash }.abi_encode())
        .is_ok())
}

/// Copies the project out of the workspace, with the workspace's locked versions.
fn project() -> eyre::Result<PathBuf> {
    let from = workspace_dir().join("test-fixtures/data/official-client");
    let to = target_dir().join("official-client");
    for file in ["Cargo.toml", "Stylus.toml", "src/lib.rs", "src/main.rs"] {
        let target = to.join(file);
        fs::create_dir_all(target.parent().ok_or_eyre("a file in a folder")?)?;
        fs::copy(from.join(file), &target).wrap_err_with(|| format!("cannot copy {file}"))?;
    }
    fs::copy(workspace_dir().join("Cargo.lock"), to.join("Cargo.lock"))?;
    fs::copy(
        workspace_dir().join("rust-toolchain.toml"),
        to.join("rust-toolchain.toml"),
    )?;
    // Drops what the project does not use and adds the project itself; no version changes.
    let status = Command::new("cargo")
        .args(["update", "--workspace", "--quiet"])
        .current_dir(&to)
        .status()?;
    ensure!(status.success(), "the project's lock file cannot be made");
    Ok(to)
}

/// Variables for compiling programs: the private standard library where rustup has none, and short relocations, without
/// which the chain refuses every module that calls through a table.
fn compiler_environment() -> eyre::Result<Vec<(String, String)>> {
    let output = Command::new("bash")
        .arg(workspace_dir().join("scripts/wasm-toolchain.sh"))
        .arg("--plain")
        .current_dir(workspace_dir())
        .output()?;
    if !output.status.success() {
        bail!("no standard library for programs: run `cargo xtask setup`");
    }
    let text = String::from_utf8(output.stdout)?;
    let mut env: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let short = "-Clink-arg=--compress-relocations -Clink-arg=-zstack-size=32768";
    match env.iter_mut().find(|(name, _)| name == FLAGS) {
        Some((_, flags)) => *flags = format!("{flags} {short}"),
        None => env.push((FLAGS.to_owned(), short.to_owned())),
    }
    Ok(env)
}
