//! A PostgreSQL server of its own for a test: begun in a fresh folder, reached by a socket in it, gone with the test.
//!
//! The server refuses to run as root, so it then runs as nobody, from a copy that nobody may read. A shell stands over it that ends it
//! when the test is gone, however that ended.

use crate::tool::{Tool, ToolMissing};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::{
    fs, io,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The user without rights, on every Linux.
const NOBODY: u32 = 65_534;
/// Longest wait for a server to begin or to end: it takes half a second on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The server ends at once when the shell's input does: its owner is gone.
const GUARD: &str =
    r#""$@" </dev/null & server=$!; read -r _; kill -QUIT "$server"; wait "$server""#;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No executable.
    #[error(transparent)]
    Missing(#[from] ToolMissing),
    /// Files or processes.
    #[error("a PostgreSQL server cannot be begun: {0}")]
    Io(#[from] io::Error),
    /// It was run and did not come up.
    #[error("PostgreSQL did not {what}: {log}")]
    Failed {
        /// What it should have done.
        what: &'static str,
        /// What it said.
        log: String,
    },
}

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    dir: TempDir,
    bin: PathBuf,
    guard: Option<Child>,
    /// Where it takes encrypted connections, if it does.
    port: Option<u16>,
}

/// The certificate of a server that encrypts, in PEM: of `localhost`, and of nobody's trust but who is shown it.
pub const CERTIFICATE: &str = include_str!("../data/postgres/server.pem");
/// Another of the same name.
pub const STRANGERS_CERTIFICATE: &str = include_str!("../data/postgres/stranger.pem");
/// What signs for the first: it is of a test, and opens nothing else.
const CERTIFICATE_KEY: &str = include_str!("../data/postgres/server.key");

impl Postgres {
    /// The same, which takes connections over TCP too, and these encrypted alone.
    pub fn start_encrypted() -> Result<Self, PostgresError> {
        let mut server = Self::make()?;
        let free = std::net::TcpListener::bind("127.0.0.1:0")?;
        server.port = Some(free.local_addr()?.port());
        drop(free);
        for (name, content) in [("server.pem", CERTIFICATE), ("server.key", CERTIFICATE_KEY)] {
            let path = server.data().join(name);
            fs::write(&path, content)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            if geteuid().is_root() {
                chown(&path, Some(NOBODY), Some(NOBODY))?;
            }
        }
        // Who comes unencrypted is sent away.
        let rules = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";
        fs::write(server.data().join("pg_hba.conf"), rules)?;
        server.begin()?;
        Ok(server)
    }

    /// Where it takes encrypted connections.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Begins a server with one empty database, `postgres`, and one user, `keeper`, who needs no password.
    pub fn start() -> Result<Self, PostgresError> {
        let mut server = Self::make()?;
        server.begin()?;
        Ok(server)
    }

    fn make() -> Result<Self, PostgresError> {
        let found = Tool::Postgres.find()?;
        let found = found.parent().unwrap_or(&found).to_path_buf();
        let dir = tempfile::Builder::new().prefix("pg").tempdir()?;
        let bin = if geteuid().is_root() {
            chown(dir.path(), Some(NOBODY), Some(NOBODY))?;
            copy(found.parent().unwrap_or(&found), &dir.path().join("server"))?;
            dir.path().join("server/bin")
        } else {
            found
        };
        let server = Self {
            dir,
            bin,
            guard: None,
            port: None,
        };
        let made = server
            .command(&server.bin.join("initdb"))
            .args(["--username=keeper", "--auth=trust", "--encoding=UTF8"])
            .args(["--no-locale", "--no-sync", "--pgdata"])
            .arg(server.data())
            .output()?;
        if !made.status.success() {
            let log = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(PostgresError::Failed {
                what: "make its folder",
                log,
            });
        }
        Ok(server)
    }

    /// Connection string for every client.
    pub fn url(&self) -> String {
        format!(
            "host={} user=keeper dbname=postgres",
            self.dir.path().display()
        )
    }

    /// Ends it at once, as a power cut would: what was not committed is lost.
    pub fn kill(&mut self) -> Result<(), PostgresError> {
        // Its folder names it in the first line.
        let named = fs::read_to_string(self.data().join("postmaster.pid"))?;
        let pid = named.lines().next().and_then(|line| line.parse().ok());
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            kill_process(pid, Signal::QUIT).map_err(io::Error::from)?;
        }
        self.end();
        Ok(())
    }

    /// Begins it again after [`Self::kill`], with all that was committed.
    pub fn begin(&mut self) -> Result<(), PostgresError> {
        let log = self.dir.path().join("log");
        let out = fs::File::create(&log)?;
        let socket = format!("unix_socket_directories={}", self.dir.path().display());
        let listens: Vec<String> = match self.port {
            None => vec!["-c".into(), "listen_addresses=".into()],
            Some(port) => [
                "listen_addresses=127.0.0.1".into(),
                format!("port={port}"),
                "ssl=on".into(),
                "ssl_cert_file=server.pem".into(),
                "ssl_key_file=server.key".into(),
            ]
            .into_iter()
            .flat_map(|setting: String| ["-c".to_owned(), setting])
            .collect(),
        };
        let mut guard = self.command(Path::new("/bin/sh"));
        guard
            .args(["-c", GUARD, "sh"])
            .arg(self.bin.join("postgres"))
            .arg("-D")
            .arg(self.data())
            .args(["-c", &socket])
            .args(listens)
            .stdin(Stdio::piped())
            .stdout(out.try_clone()?)
            .stderr(out);
        self.guard = Some(guard.spawn()?);
        let began = Instant::now();
        loop {
            let told = fs::read_to_string(&log)?;
            if told.contains("ready to accept connections") {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(PostgresError::Failed {
                    what: "come up",
                    log: told,
                });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.dir.path()).env_clear();
        if geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn end(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            let _ = guard.wait();
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end();
    }
}

/// A folder again, with its links, where all may read it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&source, &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
        } else {
            // The same bytes under another name where that goes.
            fs::hard_link(&source, &target).or_else(|_| fs::copy(&source, &target).map(drop))?;
        }
    }
    Ok(())
}
