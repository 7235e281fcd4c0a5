//! The binary: banner, signals, ports, files.

use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};

struct Process {
    child: Child,
    banner: Vec<String>,
    address: SocketAddr,
}

impl Process {
    fn start(args: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_agentcity-devnode"))
            .args(["-p", "0"])
            .args(args)
            .env_remove("RUST_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Owned at once, so that a failing start leaves nothing behind.
        let mut process = Self {
            child,
            banner: Vec::new(),
            address: ([0, 0, 0, 0], 0).into(),
        };
        // Dropped afterwards, as alloy does.
        for line in BufReader::new(process.child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(address) = line.strip_prefix("Listening on ") {
                process.address = address.parse().unwrap();
                return process;
            }
            process.banner.push(line);
        }
        panic!("no banner: {:?}", process.banner);
    }

    fn call(&self, method: &str, params: Value) -> Value {
        let body =
            json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: n\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        serde_json::from_str::<Value>(body).unwrap()["result"].clone()
    }

    fn signal(&mut self, name: &str) -> Option<i32> {
        let status = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn prints_the_banner_alloy_reads_and_lives_on_without_stdout() {
    let mut process = Process::start(&["-vv", "-a", "3", "--chain-id", "77"]);
    let keys = process
        .banner
        .iter()
        .skip_while(|line| !line.starts_with("Private Keys"));
    assert_eq!(keys.filter(|line| line.starts_with('(')).count(), 3);
    assert!(
        process
            .banner
            .iter()
            .any(|line| line.contains("Chain ID: 77"))
    );
    for _ in 0..3 {
        assert_eq!(process.call("evm_mine", json!([])), "0x0");
    }
    assert_eq!(process.call("eth_chainId", json!([])), "0x4d");
    assert_eq!(process.signal("TERM"), Some(0));
}

#[test]
fn stops_gracefully_on_both_signals_also_with_open_connections() {
    for signal in ["TERM", "INT"] {
        let mut process = Process::start(&["--silent"]);
        let idle = TcpStream::connect(process.address).unwrap();
        let mut half = TcpStream::connect(process.address).unwrap();
        half.write_all(b"POST / HTTP/1.1\r\nHost: n\r\nContent-Length: 100\r\n\r\n{")
            .unwrap();
        assert_eq!(process.signal(signal), Some(0), "{signal}");
        drop((idle, half));
    }
}

#[test]
fn a_port_in_use_is_said_clearly() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_agentcity-devnode"))
        .args(["-p", &port])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("cannot listen on") && error.contains("--port"),
        "{error}"
    );
}

#[test]
fn what_cannot_be_done_is_refused_with_a_reason() {
    for (args, reason) in [
        (
            &["--fork-url", "http://localhost:1"][..],
            "forking is not supported",
        ),
        (&["--nonsense"], "unexpected argument"),
        (&["-m", "not a mnemonic"], "mnemonic"),
        (
            &["--load-state", "/nonexistent"],
            "cannot read the state file",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_agentcity-devnode"))
            .args(["-p", "0"])
            .args(args)
            .output()
            .unwrap();
        assert_ne!(output.status.code(), Some(0), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(reason), "{args:?}: {error}");
    }
}

#[test]
fn the_state_file_survives_a_killed_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let args = ["--state", path.to_str().unwrap()];
    let account = "0x00000000000000000000000000000000000000aa";
    let first = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let mut process = Process::start(&args);
    process.call(
        "eth_sendTransaction",
        json!([{"from": first, "to": account, "value": "0x7b"}]),
    );
    let head = process.call("eth_getBlockByNumber", json!(["latest", false]));
    process.signal("KILL");
    let process = Process::start(&args);
    assert_eq!(
        process.call("eth_getBlockByNumber", json!(["latest", false])),
        head
    );
    assert_eq!(process.call("eth_getBalance", json!([account])), "0x7b");
}

#[test]
fn a_dump_at_the_end_starts_the_next_node() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump");
    let path = path.to_str().unwrap();
    let account = "0x00000000000000000000000000000000000000aa";
    let mut process = Process::start(&["--dump-state", path]);
    process.call("anvil_setBalance", json!([account, "0x5"]));
    assert_eq!(process.signal("TERM"), Some(0));
    let process = Process::start(&["--load-state", path]);
    assert_eq!(process.call("eth_getBalance", json!([account])), "0x5");
}
