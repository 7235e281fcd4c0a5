//! `cargo xtask up` and `down`: a devnode in the background with the first program on it.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use eyre::{Context, OptionExt, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    process::{self, step},
    programs, rpc,
    setup::{self, Need, Tools},
    workspace::Workspace,
};

/// Port clients try first.
const PORT: u16 = 8545;

/// A node that has not answered by then will not: it starts in a tenth of a second, this is a hundred times that.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How long a stopped node may take to write its state.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Pause between two looks at a starting or stopping node.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The first program, and a view that answers without arguments.
const PROGRAM: &str = "agentcity-token";
const VIEW: &str = "symbol()(string)";

/// What `up` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Port of the devnode; the next free one when it is taken.
    #[arg(long, default_value_t = PORT)]
    port: u16,
}

/// What we know of the node we started.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Running {
    pid: u32,
    address: SocketAddr,
}

/// `cargo xtask up`.
pub(crate) fn up(ws: &Workspace, options: &Options) -> eyre::Result<ExitCode> {
    let start = Instant::now();
    let tools = step("setup", || setup::run(ws, Need::Everything))?;
    step("programs", || {
        let reports = programs::build(ws, &tools, None)?;
        print!("{}", programs::table(&reports));
        Ok(())
    })?;
    step("binaries", || {
        let mut command = ws.cargo();
        command.args([
            "build",
            "--locked",
            "--package",
            "agentcity-devnode",
            "--package",
            "agentcity",
            "--bins",
        ]);
        process::run(&mut command)
    })?;
    let node = step("devnode", || ensure_node(ws, options.port))?;
    let key = first_key(ws)?;
    let deployed = step("deploy", || deploy(ws, &node, &key))?;
    report(ws, &tools, &node, &deployed)?;
    eprintln!(
        "up in {}; `cargo xtask down` stops the node",
        process::seconds(start.elapsed())
    );
    Ok(ExitCode::SUCCESS)
}

/// `cargo xtask down`.
pub(crate) fn down(ws: &Workspace) -> eyre::Result<ExitCode> {
    let Some(node) = recorded(ws) else {
        println!("no devnode was started from here");
        return Ok(ExitCode::SUCCESS);
    };
    if is_ours(&node) {
        // `kill` of the shell: the program of that name is not on every image.
        process::quietly(Command::new("sh").args(["-c", &format!("kill -TERM {}", node.pid)]))?;
        let start = Instant::now();
        while is_ours(&node) {
            if start.elapsed() > STOP_LIMIT {
                bail!(
                    "the devnode (process {}) does not stop: see {}",
                    node.pid,
                    log_file(ws).display()
                );
            }
            std::thread::sleep(LOOK_EVERY);
        }
        println!("devnode on {} stopped", node.address);
    } else {
        println!("the devnode on {} had already ended", node.address);
    }
    fs::remove_file(state_file(ws))?;
    Ok(ExitCode::SUCCESS)
}

fn dir(ws: &Workspace) -> PathBuf {
    ws.target().join("devnode")
}

fn state_file(ws: &Workspace) -> PathBuf {
    dir(ws).join("running.json")
}

fn log_file(ws: &Workspace) -> PathBuf {
    dir(ws).join("devnode.log")
}

fn recorded(ws: &Workspace) -> Option<Running> {
    serde_json::from_slice(&fs::read(state_file(ws)).ok()?).ok()
}

/// Whether the process still is the devnode we started: process ids are given out again.
fn is_ours(node: &Running) -> bool {
    // Where there is /proc, it tells without a tool that a small image may lack. A defunct process has no arguments.
    let args = if Path::new("/proc/self/cmdline").exists() {
        fs::read(format!("/proc/{}/cmdline", node.pid))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    } else {
        let mut ps = Command::new("ps");
        ps.args(["-o", "args=", "-p", &node.pid.to_string()]);
        process::stdout(&mut ps).unwrap_or_default()
    };
    args.contains("agentcity-devnode") && !args.contains("<defunct>")
}

fn is_healthy(node: &Running) -> bool {
    rpc::call(node.address, "eth_chainId", json!([])).is_ok()
}

fn ensure_node(ws: &Workspace, port: u16) -> eyre::Result<Running> {
    if let Some(node) = recorded(ws).filter(is_ours) {
        if is_healthy(&node) {
            eprintln!(
                "   using the devnode on {} (process {})",
                node.address, node.pid
            );
            return Ok(node);
        }
        bail!(
            "the devnode (process {}) does not answer on {}: `cargo xtask down`, then see {}",
            node.pid,
            node.address,
            log_file(ws).display()
        );
    }
    start_node(ws, port)
}

fn start_node(ws: &Workspace, port: u16) -> eyre::Result<Running> {
    fs::create_dir_all(dir(ws))?;
    // Port 0 lets the system choose; the node says which one it got.
    let port = if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
        port
    } else {
        eprintln!("   port {port} is taken, using another");
        0
    };
    let log = log_file(ws);
    let out = File::create(&log).wrap_err_with(|| format!("cannot create {}", log.display()))?;
    let mut command = Command::new(ws.cargo_debug().join("agentcity-devnode"));
    command
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .stdin(Stdio::null())
        .stderr(out.try_clone()?)
        .stdout(out)
        .current_dir(&ws.root);
    // Its own process group: Ctrl-C here, or the end of this shell's job, does not reach it.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().wrap_err("cannot start agentcity-devnode")?;
    let start = Instant::now();
    loop {
        let said = fs::read_to_string(&log).unwrap_or_default();
        if let Some(address) = listening_on(&said) {
            let node = Running {
                pid: child.id(),
                address,
            };
            if is_healthy(&node) {
                fs::write(state_file(ws), serde_json::to_vec_pretty(&node)?)?;
                eprintln!(
                    "   devnode on {address} (process {}), log in {}",
                    node.pid,
                    log.display()
                );
                return Ok(node);
            }
        }
        if let Some(status) = child.try_wait()? {
            bail!("the devnode ended at once ({status}):\n{said}");
        }
        if start.elapsed() > START_LIMIT {
            child.kill()?;
            bail!(
                "the devnode does not answer after {}:\n{said}",
                process::seconds(START_LIMIT)
            );
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Address in the line that anvil's clients wait for.
fn listening_on(log: &str) -> Option<SocketAddr> {
    log.lines()
        .find_map(|line| line.strip_prefix("Listening on ")?.trim().parse().ok())
}

/// Lines of the banner below `heading` that begin with `(`.
fn banner<'a>(log: &'a str, heading: &str) -> Vec<&'a str> {
    log.lines()
        .skip_while(|line| !line.starts_with(heading))
        .skip(1)
        .skip_while(|line| !line.starts_with('('))
        .take_while(|line| line.starts_with('('))
        .collect()
}

/// The first funded key, as the banner shows it: development money, known to everyone.
fn first_key(ws: &Workspace) -> eyre::Result<String> {
    let log = fs::read_to_string(log_file(ws))
        .wrap_err("the devnode's log is gone: `cargo xtask down`, then `up`")?;
    let keys = banner(&log, "Private Keys");
    let key = keys
        .first()
        .and_then(|line| line.split_whitespace().last())
        .ok_or_eyre("the devnode's banner shows no keys")?;
    Ok(key.to_owned())
}

/// Deploys and activates through the command line client; it finds out itself what is already there.
fn deploy(ws: &Workspace, node: &Running, key: &str) -> eyre::Result<Value> {
    let mut command = Command::new(ws.cargo_debug().join("agentcity"));
    command
        .args([
            "program",
            "deploy",
            "--json",
            "--rpc-url",
            &format!("http://{}", node.address),
        ])
        .args([
            "--wasm",
            &ws.programs()
                .join(format!("{PROGRAM}.wasm"))
                .to_string_lossy(),
        ])
        .args(["--book", &dir(ws).join("deployments").to_string_lossy()])
        .args(["--name", PROGRAM])
        .args(programs::constructor_arguments(ws, PROGRAM)?)
        // In the environment, not among the arguments: those are visible to every user of the machine.
        .env("AGENTCITY_PRIVATE_KEY", key)
        .current_dir(&ws.root);
    let text = process::stdout(&mut command)?;
    let answer: Value = serde_json::from_str(&text)
        .wrap_err("`agentcity program deploy --json` did not answer in JSON")?;
    Ok(answer["result"].clone())
}

fn report(ws: &Workspace, tools: &Tools, node: &Running, deployed: &Value) -> eyre::Result<()> {
    let log = fs::read_to_string(log_file(ws)).unwrap_or_default();
    let address = deployed["address"]
        .as_str()
        .ok_or_eyre("the deployment has no address")?;
    let url = format!("http://{}", node.address);
    println!("devnode    {url}");
    println!(
        "program    {PROGRAM} at {address}, activated as version {}",
        deployed["version"]
    );
    println!("accounts");
    for line in banner(&log, "Available Accounts") {
        println!("  {line}");
    }
    println!("try        cast call --rpc-url {url} {address} '{VIEW}'");
    if let Some(cast) = &tools.cast {
        let mut command = Command::new(cast);
        command.args(["call", "--rpc-url", &url, address, VIEW]);
        let answer = process::stdout(&mut command).wrap_err("the program does not answer")?;
        println!("answer     {}", answer.trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "Available Accounts\n==================\n\n(0) 0xf39F (10000 ETH)\n(1) 0x7099 (10000 ETH)\n\nPrivate Keys\n============\n\n(0) 0xac09\n(1) 0x59c6\n\nListening on 127.0.0.1:43121\n";

    #[test]
    fn reads_the_banner() {
        assert_eq!(listening_on(LOG), Some("127.0.0.1:43121".parse().unwrap()));
        assert_eq!(banner(LOG, "Private Keys"), ["(0) 0xac09", "(1) 0x59c6"]);
        assert_eq!(banner(LOG, "Available Accounts").len(), 2);
        assert_eq!(listening_on("nothing yet\n"), None);
    }

    #[test]
    fn another_process_with_the_recorded_id_is_not_taken_for_the_node() {
        let ours = Running {
            pid: std::process::id(),
            address: "127.0.0.1:1".parse().unwrap(),
        };
        assert!(!is_ours(&ours), "this test process is no devnode");
        assert!(!is_healthy(&ours));
    }
}
