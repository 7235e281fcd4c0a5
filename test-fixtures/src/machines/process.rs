//! A process of the set: started with its output in a file, watched, and ended when its owner is.

use std::{
    ffi::OsStr,
    fs::File,
    io,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// Between two looks at a process or its output.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a process may take to end when it is asked to; then it is killed.
const PATIENCE: Duration = Duration::from_secs(3);
/// Lines of its output that are shown when a story fails.
const SHOWN_LINES: usize = 60;

/// Why a process does not do what it was started for.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It cannot be started.
    #[error("{name} cannot be started: {cause}")]
    Start {
        /// Which.
        name: String,
        /// Why.
        cause: io::Error,
    },
    /// It ended on its own.
    #[error("{name} ended on its own ({status}); it said:\n{said}")]
    Ended {
        /// Which.
        name: String,
        /// How.
        status: ExitStatus,
        /// The end of what it said.
        said: String,
    },
    /// It did not say what was waited for.
    #[error("{name} did not say {wanted:?} within {within:?}; it said:\n{said}")]
    Silent {
        /// Which.
        name: String,
        /// What was waited for.
        wanted: String,
        /// How long.
        within: Duration,
        /// The end of what it said.
        said: String,
    },
}

/// A running process.
#[derive(Debug)]
pub struct Process {
    /// What it is called in the story.
    pub name: String,
    log: PathBuf,
    child: Child,
    /// Whether it outlives its owner.
    stays: bool,
}

impl Process {
    /// Starts a program; both its outputs go to the end of `folder/<name>.log`. Nothing of ours in the environment reaches it but what
    /// `configure` gives it.
    ///
    /// Errors: [`ProcessError::Start`].
    pub fn start<S: AsRef<OsStr>>(
        name: &str,
        program: &Path,
        arguments: &[S],
        folder: &Path,
    ) -> Result<Self, ProcessError> {
        let log = folder.join(format!("{}.log", name.replace(' ', "-")));
        let start = || {
            let out = File::options().create(true).append(true).open(&log)?;
            let mut command = Command::new(program);
            for (variable, _) in std::env::vars_os() {
                if variable.to_string_lossy().starts_with("AGENTCITY_") {
                    command.env_remove(variable);
                }
            }
            command
                .args(arguments)
                .env("NO_COLOR", "1")
                .stdin(Stdio::null())
                .stdout(out.try_clone()?)
                .stderr(out);
            agentcity_interrupt::spawn(&mut command)
        };
        let child = start().map_err(|cause| ProcessError::Start {
            name: name.to_owned(),
            cause,
        })?;
        Ok(Self {
            name: name.to_owned(),
            log,
            child,
            stays: false,
        })
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it said so far.
    pub fn said(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The end of what it said.
    pub fn last_said(&self) -> String {
        let said = self.said();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
    }

    /// Whether it is still there.
    ///
    /// Errors: [`ProcessError::Ended`].
    pub fn alive(&mut self) -> Result<(), ProcessError> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(ProcessError::Ended {
                name: self.name.clone(),
                status,
                said: self.last_said(),
            }),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// Waits for a line that holds `wanted`, and answers what stands behind it in that line.
    ///
    /// Errors: [`ProcessError::Ended`], [`ProcessError::Silent`].
    pub fn wait_for(&mut self, wanted: &str, within: Duration) -> Result<String, ProcessError> {
        let begun = Instant::now();
        loop {
            let said = self.said();
            // A line that is half written is read again.
            let whole = said
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'));
            let found = whole
                .filter_map(|line| line.trim_end().split_once(wanted))
                .next_back();
            if let Some((_, rest)) = found {
                return Ok(rest.trim().to_owned());
            }
            self.alive()?;
            if begun.elapsed() > within {
                return Err(ProcessError::Silent {
                    name: self.name.clone(),
                    wanted: wanted.to_owned(),
                    within,
                    said: self.last_said(),
                });
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// SIGKILL: what a power cut looks like. Returns when it is gone.
    pub fn kill(mut self) {
        self.end(rustix::process::Signal::KILL);
    }

    /// Asks it to end, and does not wait.
    pub fn ask_to_end(&mut self) {
        // Whose end was seen already has no id any more: it may be somebody else's.
        if let Ok(None) = self.child.try_wait() {
            let pid = rustix::process::Pid::from_child(&self.child);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }

    /// Lets it run on when its owner is gone.
    pub fn leave(mut self) {
        agentcity_interrupt::forget(self.pid());
        self.stays = true;
    }

    /// SIGTERM; none if it had to be killed.
    pub fn stop(mut self) -> Option<ExitStatus> {
        self.end(rustix::process::Signal::TERM)
    }

    fn end(&mut self, signal: rustix::process::Signal) -> Option<ExitStatus> {
        if let Ok(Some(status)) = self.child.try_wait() {
            return Some(status);
        }
        let pid = rustix::process::Pid::from_child(&self.child);
        // It may end on its own between the two.
        let _ = rustix::process::kill_process(pid, signal);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        None
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        if std::thread::panicking() {
            eprintln!("---- {} said last:\n{}", self.name, self.last_said());
        }
        self.end(rustix::process::Signal::TERM);
    }
}
