//! Runs a service as a process within its constraints (RULINGS K14).
//!
//! ```text
//! unshare (users, processes, mounts, and network unless it is allowed)
//!   └─ sh   first process of its world: when it ends, everything in it ends
//!        └─ prlimit ─▶ setpriv ─▶ the program, in an empty folder, with an empty environment and no privilege
//! ```
//!
//! | limit | by whom | beyond it |
//! |---|---|---|
//! | wall time | this module's clock | killed |
//! | processor time, size of a file, open files | the kernel, for each process | killed, or refused to the program |
//! | memory, number of processes | a watch over all processes of the world, every [`WATCH_EVERY`]; the kernel's limit of the address space holds what grows faster | killed |
//! | output | this module | killed |
//! | network | a namespace with nothing in it | nothing to reach |
//!
//! No privilege is needed where the system lets users have namespaces. Where it does not, nothing is run: [`Unenforceable`] says what
//! is missing. What is *not* enforced: reading files that the user may read, but for the folders named as hidden; how much is written in
//! all; how the processor is shared below the limit.

mod watch;
mod wire;

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use agentcity_domain::signed;
use alloy::primitives::B256;
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

pub use self::watch::WATCH_EVERY;
use self::{
    watch::World,
    wire::{Line, Lines},
};
use crate::{
    protocol::{Cause, Failure, JobRequest, Limits, OUTPUT_BYTES_MAX},
    server::{Halted, Recorder, Work},
};

/// The policy under which a service may reach any network: keccak256 of `agentcity:network:any`. It is the only one besides none that
/// this module can enforce.
pub const NETWORK_ANY: B256 = signed::keccak256(&["agentcity:network:any"]);

/// Processes of one invocation at most, threads not counted: a service that wants more is a machine of its own.
const PROCESSES_MAX: u32 = 64;
/// Open files of one process at most: the usual soft limit of a quarter of what systems give.
const FILES_MAX: u32 = 256;
/// Bytes of one file at most.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// Bytes of standard error that are kept for people.
const STDERR_BYTES_MAX: usize = 400;
/// Bytes of standard output at most: the output in hexadecimal digits, and as much again for what was called and said.
const STDOUT_BYTES_MAX: usize = 6 * OUTPUT_BYTES_MAX;
/// How often its memory a process may have in address space: programs reserve far more than they use. It only holds what grows
/// faster than the watch looks.
const SPACE_FACTOR: u64 = 4;
/// Address space that every process may have, in mebibytes: what languages with a runtime reserve at their start.
const SPACE_FLOOR_MB: u64 = 2048;

/// The programs of util-linux and the shell that hold a program within its limits.
const TOOLS: [&str; 5] = [
    "/usr/bin/unshare",
    "/usr/bin/prlimit",
    "/usr/bin/setpriv",
    "/bin/sh",
    "/bin/mount",
];
/// Runs as the first process: covers hidden folders, then has the rest of its arguments run. 125: a folder could not be covered.
const FIRST: &str = r#"n=$1; shift
while [ "$n" -gt 0 ]; do /bin/mount -t tmpfs -o size=4k,mode=000 none "$1" || exit 125; shift; n=$((n - 1)); done
"$@"; exit $?"#;
/// What [`FIRST`] answers if a folder could not be covered.
const UNCOVERED: i32 = 125;

/// A limit cannot be enforced here, so nothing is run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unenforceable {
    /// A tool is missing.
    #[error("{0} is missing: install util-linux")]
    Tool(&'static str),
    /// The system gives its users no namespaces.
    #[error(
        "this system lets no user have namespaces of his own, so neither processes nor network can be held: {0}"
    )]
    Namespaces(String),
    /// A policy allows some of the network, which cannot be told from the rest here.
    #[error("network policy {0} cannot be enforced here: only no network, and {NETWORK_ANY}, can")]
    Policy(B256),
    /// A folder cannot be hidden.
    #[error("{} cannot be hidden from the service", .0.display())]
    Folder(PathBuf),
}

/// Why a run gave no work.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A limit cannot be enforced.
    #[error(transparent)]
    Unenforceable(#[from] Unenforceable),
    /// The process could not be begun, watched or fed.
    #[error("the process cannot be run: {0}")]
    System(#[from] io::Error),
    /// It took too long.
    #[error("not within {0:?}")]
    Latency(Duration),
    /// It used more than it may.
    #[error("{what}: {used} used, {allowed} allowed")]
    Over {
        /// Of what.
        what: &'static str,
        /// How much.
        used: u64,
        /// How much it may.
        allowed: u64,
    },
    /// It wrote something that is no line of the form.
    #[error("its output is none: {0}")]
    Line(String),
    /// It ended without an output.
    #[error("it ended with {status}: {stderr}")]
    Crashed {
        /// How.
        status: ExitStatus,
        /// The beginning of what it said to people.
        stderr: String,
    },
    /// Nothing more may happen in the job.
    #[error(transparent)]
    Halted(#[from] Halted),
}

impl RunError {
    /// How a job failed by it.
    pub fn failure(&self) -> Failure {
        let cause = match self {
            Self::Unenforceable(Unenforceable::Policy(_) | Unenforceable::Namespaces(_)) => {
                Cause::Network
            }
            Self::Unenforceable(_) | Self::System(_) | Self::Crashed { .. } => Cause::Service,
            Self::Latency(_) => Cause::Latency,
            Self::Over { .. } => Cause::Resources,
            Self::Line(_) => Cause::Output,
            Self::Halted(halted) => return halted.failure(),
        };
        Failure::new(cause, self.to_string())
    }
}

/// What a process may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confines {
    /// Wall time.
    pub latency: Duration,
    /// Processor time of each process, in whole seconds.
    pub cpu_secs: u64,
    /// Memory of all processes together, in mebibytes.
    pub memory_mb: u64,
    /// Processes at a time.
    pub processes_max: u32,
    /// Bytes of one file.
    pub file_bytes_max: u64,
    /// Bytes of the output.
    pub output_bytes_max: usize,
    /// What it may reach.
    pub network: Network,
}

/// What a process may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// Nothing, not even this machine.
    Nothing,
    /// Everything.
    Anything,
}

impl Confines {
    /// Those of a service's constraints; what these do not name is derived.
    ///
    /// Errors: [`Unenforceable::Policy`].
    pub fn of(limits: &Limits) -> Result<Self, Unenforceable> {
        let mut network = Network::Nothing;
        for policy in &limits.network_policies {
            if *policy != NETWORK_ANY {
                return Err(Unenforceable::Policy(*policy));
            }
            network = Network::Anything;
        }
        let latency = Duration::from_millis(limits.latency_ms.into());
        Ok(Self {
            latency,
            // One processor for the whole time.
            cpu_secs: latency.as_secs() + 1,
            memory_mb: limits.memory_mb.into(),
            processes_max: PROCESSES_MAX,
            file_bytes_max: FILE_BYTES_MAX,
            output_bytes_max: OUTPUT_BYTES_MAX,
            network,
        })
    }
}

/// A program that does a service's work: it reads a `JobRequest` from standard input and writes lines of JSON (docs/executors.md).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// With what.
    pub arguments: Vec<OsString>,
    /// Folders that it must not see: those of keys, before all.
    pub hidden: Vec<PathBuf>,
}

/// Runs programs. That there is one says that their limits can be enforced here.
#[derive(Clone, Debug)]
pub struct Runner {
    folder: PathBuf,
}

impl Runner {
    /// Tries whether limits can be enforced. Working folders are made in `folder`, which must exist.
    ///
    /// Errors: [`Unenforceable`].
    pub async fn probe(folder: &Path) -> Result<Self, Unenforceable> {
        if let Some(missing) = TOOLS.iter().find(|tool| !Path::new(tool).exists()) {
            return Err(Unenforceable::Tool(missing));
        }
        let mut tried = Command::new(TOOLS[0]);
        tried
            .args(world(Network::Nothing))
            .args(["/bin/sh", "-c", "exit 0"])
            .env_clear()
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let none = |cause: String| Unenforceable::Namespaces(cause);
        let output = tried
            .output()
            .await
            .map_err(|error| none(error.to_string()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(none(said.trim().to_owned()));
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Runs a program for a job. Dropping the future ends everything that it began.
    ///
    /// Errors: [`RunError`]; nothing runs on afterwards.
    pub async fn run(
        &self,
        program: &Program,
        confines: &Confines,
        request: &JobRequest,
        recorder: &Recorder,
    ) -> Result<Work, RunError> {
        let input = serde_json::to_vec(request).expect("a request is JSON");
        let mut run = Run::begin(&self.folder, program, confines)?;
        let work = tokio::time::timeout(confines.latency, run.work(confines, &input, recorder));
        let work = work.await;
        run.end();
        work.map_err(|_| RunError::Latency(confines.latency))?
    }
}

/// What unshare is told.
fn world(network: Network) -> Vec<&'static str> {
    let mut arguments = vec![
        "--user",
        "--map-root-user",
        "--pid",
        "--fork",
        "--kill-child=SIGKILL",
        "--mount",
        "--mount-proc",
        "--ipc",
    ];
    if network == Network::Nothing {
        arguments.push("--net");
    }
    arguments.push("--");
    arguments
}

/// A process with its folder. Its end is the end of both.
#[derive(Debug)]
struct Run {
    child: Child,
    world: World,
    // Dropped after the processes ended, by the order in `end`.
    folder: Option<TempDir>,
}

impl Run {
    fn begin(folder: &Path, program: &Program, confines: &Confines) -> Result<Self, RunError> {
        let folder = tempfile::Builder::new().prefix("job-").tempdir_in(folder)?;
        let space = confines
            .memory_mb
            .saturating_mul(SPACE_FACTOR)
            .max(SPACE_FLOOR_MB)
            << 20;
        let mut command = Command::new(TOOLS[0]);
        command
            .args(world(confines.network))
            .args([TOOLS[3], "-c", FIRST, "sh"])
            .arg(program.hidden.len().to_string())
            .args(&program.hidden)
            .arg(TOOLS[1])
            .arg(format!("--as={space}"))
            // A second between the signal that tells why and the one that nobody survives.
            .arg(format!(
                "--cpu={}:{}",
                confines.cpu_secs,
                confines.cpu_secs + 1
            ))
            .arg(format!("--fsize={}", confines.file_bytes_max))
            .arg(format!("--nofile={FILES_MAX}"))
            .args(["--core=0", "--", TOOLS[2], "--no-new-privs"])
            .args(["--bounding-set=-all", "--inh-caps=-all", "--"])
            .arg(&program.path)
            .args(&program.arguments)
            .current_dir(folder.path())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let child = command.spawn()?;
        let id = child
            .id()
            .ok_or_else(|| io::Error::other("the process has no number"))?;
        Ok(Self {
            child,
            world: World::of(id),
            folder: Some(folder),
        })
    }

    /// Feeds it, reads it and watches it, until it ended.
    async fn work(
        &mut self,
        confines: &Confines,
        input: &[u8],
        recorder: &Recorder,
    ) -> Result<Work, RunError> {
        let (stdin, stdout, stderr) = (
            self.child.stdin.take(),
            self.child.stdout.take(),
            self.child.stderr.take(),
        );
        let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(io::Error::other("the process has no pipes").into());
        };
        let feed = async {
            // A program may end without having read all, or anything: what it answers counts.
            let _ = stdin.write_all(input).await;
            drop(stdin);
            Ok::<(), RunError>(())
        };
        let work = read(stdout, confines, recorder);
        let said = beginning(stderr);
        let all = async {
            let ((), work, said) = tokio::try_join!(feed, work, said)?;
            let status = self.child.wait().await?;
            Ok::<_, RunError>((work, said, status))
        };
        let (work, stderr, status) = tokio::select! {
            ended = all => ended?,
            over = self.world.watch(confines) => return Err(over),
            halted = recorder.ends() => return Err(halted.into()),
        };
        if status.code() == Some(UNCOVERED) {
            return Err(Unenforceable::Folder(PathBuf::from(stderr)).into());
        }
        match work {
            Some(work) if status.success() => Ok(work),
            _ => Err(ended(status, stderr, confines)),
        }
    }

    /// Ends everything, and waits until nothing is left of it: a kill of the first process takes milliseconds. Then the folder goes.
    fn end(&mut self) {
        self.world.kill();
        let _ = self.child.start_kill();
        for _ in 0..watch::DEATH_LOOKS {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                break;
            }
            std::thread::sleep(watch::DEATH_LOOK_EVERY);
        }
        if let Some(folder) = self.folder.take() {
            let path = folder.path().to_owned();
            if let Err(error) = folder.close() {
                tracing::warn!(folder = %path.display(), "a working folder is left: {error}");
            }
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.end();
    }
}

/// How a status that is no success is told. The shell adds a signal's number to 128.
fn ended(status: ExitStatus, stderr: String, confines: &Confines) -> RunError {
    const SIGXCPU: i32 = 128 + 24;
    const SIGXFSZ: i32 = 128 + 25;
    match status.code() {
        Some(SIGXCPU) => RunError::Over {
            what: "processor seconds",
            used: confines.cpu_secs,
            allowed: confines.cpu_secs,
        },
        Some(SIGXFSZ) => RunError::Over {
            what: "bytes of a file",
            used: confines.file_bytes_max,
            allowed: confines.file_bytes_max,
        },
        _ => RunError::Crashed { status, stderr },
    }
}

/// Takes lines as they come: what was called and said goes into the trail at once, so that tokens are metered while it runs.
async fn read(
    mut stdout: impl AsyncRead + Unpin,
    confines: &Confines,
    recorder: &Recorder,
) -> Result<Option<Work>, RunError> {
    let mut lines = Lines::new(STDOUT_BYTES_MAX);
    let mut work = None;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = stdout.read(&mut buffer).await?;
        let end = count == 0;
        for line in lines.take(&buffer[..count], end)? {
            match line {
                _ if work.is_some() => {
                    return Err(RunError::Line("something follows the output".to_owned()));
                }
                Line::Tool {
                    name,
                    input,
                    output,
                } => recorder.tool(&name, input.as_bytes(), output.as_bytes())?,
                Line::Message {
                    from,
                    to,
                    content,
                    tokens,
                } => recorder.message(&from, &to, content.as_bytes(), tokens)?,
                Line::Produced { content } => recorder.produced(content.bytes())?,
                Line::Output { content, proof } => {
                    let used = content.bytes().len();
                    if used > confines.output_bytes_max {
                        return Err(RunError::Over {
                            what: "bytes of output",
                            used: used as u64,
                            allowed: confines.output_bytes_max as u64,
                        });
                    }
                    work = Some(Work {
                        output: content.bytes().to_vec(),
                        proof: proof.bytes().to_vec(),
                    });
                }
            }
        }
        if end {
            return Ok(work);
        }
    }
}

/// The beginning of what it says to people; the rest is read and dropped, so that it never waits for a reader.
async fn beginning(mut stderr: impl AsyncRead + Unpin) -> Result<String, RunError> {
    let (mut kept, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = stderr.read(&mut buffer).await?;
        if count == 0 {
            return Ok(String::from_utf8_lossy(&kept).trim().to_owned());
        }
        let room = STDERR_BYTES_MAX - kept.len();
        kept.extend_from_slice(&buffer[..count.min(room)]);
    }
}
