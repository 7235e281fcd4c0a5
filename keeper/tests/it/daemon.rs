//! The real binary: started, asked over HTTP, and stopped, as its operator does.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use agentcity_test_fixtures::Actor;
use alloy::{hex, primitives::Address};
use serde_json::{Value, json};

/// Longest wait for anything: a busy machine takes seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// The token of these tests.
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A folder with a keeper's files.
#[derive(Debug)]
pub(crate) struct Files(pub(crate) tempfile::TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file that only its owner reads.
    pub(crate) fn secret(&self, name: &str, content: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.at(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) fn key(&self, actor: &str) -> PathBuf {
        let key = Actor::named(actor).signer.to_bytes();
        self.secret("key", &hex::encode(key))
    }

    /// A configuration that watches a program and pays with bob's key, with lines of its own above and sections below.
    pub(crate) fn config(
        &self,
        endpoint: impl AsRef<str>,
        programs: &[Address],
        lines: &str,
        sections: &str,
    ) -> PathBuf {
        let key = self.key("bob");
        let programs: Vec<String> = programs
            .iter()
            .map(|program| format!("{program:?}", program = program.to_string()))
            .collect();
        let mut text = String::new();
        writeln!(text, "endpoint = {:?}", endpoint.as_ref()).unwrap();
        writeln!(text, "journal = {:?}", self.at("journal")).unwrap();
        writeln!(text, "key_file = {key:?}").unwrap();
        writeln!(text, "programs = [{}]", programs.join(", ")).unwrap();
        writeln!(text, "{lines}\n{sections}").unwrap();
        let path = self.at("keeper.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The section of operations with everything in it.
    pub(crate) fn operations(&self) -> String {
        let token = self.secret("token", TOKEN);
        let state = self.at("paused.json");
        format!(
            "[operations]\nlisten = \"127.0.0.1:0\"\nstatus = true\nlook_secs = 1\nadmin_listen = \"127.0.0.1:0\"\nadmin_token_file = {token:?}\nadmin_state_file = {state:?}\n"
        )
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// A running keeper.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Daemon {
    pub(crate) fn start(config: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_agentcity-keeper"))
            .args(["--json", "--config"])
            .arg(config)
            .env_remove("RUST_LOG")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&lines);
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                written.lock().unwrap().push(line);
            }
        });
        Self { child, lines }
    }

    /// Lines that were logged.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.lines.lock().unwrap().clone()
    }

    /// The first logged line that will do, once it is there.
    pub(crate) fn line(&mut self, will_do: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = self.lines().into_iter().find(&will_do) {
                return found;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                Instant::now() < end && ended.is_none(),
                "{ended:?}: {:#?}",
                self.lines()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Where something is served.
    pub(crate) fn address(&mut self, key: &str) -> String {
        let message = format!("operations.{key} is served");
        let line = self.line(|line| line["fields"]["message"] == json!(message));
        line["fields"]["address"].as_str().unwrap().to_owned()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Its exit code.
    pub(crate) fn code(&mut self) -> Option<i32> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < end, "{:#?}", self.lines());
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks, with a token or without.
pub(crate) fn ask(
    address: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &str,
) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let token = token.map_or(String::new(), |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: keeper\r\n{token}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply {
        status,
        body: body.to_owned(),
    }
}

pub(crate) fn read(address: &str, path: &str) -> Reply {
    ask(address, "GET", path, None, "")
}

pub(crate) fn order(address: &str, path: &str, body: &Value) -> Reply {
    ask(address, "POST", path, Some(TOKEN), &body.to_string())
}

/// The first answer that will do, once there is one.
pub(crate) fn until(
    what: &str,
    mut asked: impl FnMut() -> Reply,
    will_do: impl Fn(&Reply) -> bool,
) -> Reply {
    let end = Instant::now() + PATIENCE;
    loop {
        let reply = asked();
        if will_do(&reply) {
            return reply;
        }
        assert!(Instant::now() < end, "{what}: {reply:#?}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// A counter or gauge of one series.
pub(crate) fn sample(text: &str, series: &str) -> Option<f64> {
    let of = |line: &str| line.strip_prefix(series)?.trim().parse().ok();
    text.lines().find_map(of)
}
