//! The main job in the city that `up` founded: people and agents come in, machines legislate a mission and carry it out. All of it is
//! `agentcity-town`, since `xtask` does not depend on what it takes; here is how that is called, and how what it left running ends.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use eyre::{Context, bail};
use serde::Deserialize;

use crate::{process, workspace::Workspace};

/// Everything that is run for it, and the stories that `agentcity demo` tells in a city like it.
pub(crate) const BINARIES: [&str; 7] = [
    "agentcity-devnode",
    "agentcity",
    "agentcity-keeper",
    "agentcity-agent",
    "agentcity-pages",
    "agentcity-town",
    "agentcity-demo",
];
/// The file that names what was left running.
const RECORD: &str = "running.json";
/// How long machines may take to end what is open, as keepers do.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the mission is about, and what is left of it.
#[derive(Debug, Default, clap::Args)]
// Part of another's options, which have a group by this name already.
#[group(skip)]
pub(crate) struct Options {
    /// Pages that the mission reads: addresses of http and https, files, `corpus:NAME`. Without any it is twelve pages that ship.
    #[arg(long, value_name = "FILE_OR_URL", num_args = 1..)]
    pub(crate) pages: Vec<String>,
    /// Let pages be fetched from hosts of this machine and its networks too.
    #[arg(long)]
    pub(crate) allow_private: bool,
    /// Leave clerks, agents, executors and keepers running.
    #[arg(long)]
    pub(crate) keep: bool,
}

/// Where the city is, and everything of it.
#[derive(Debug)]
pub(crate) struct Grounds {
    /// Where its devnode answers.
    pub(crate) node: SocketAddr,
    /// Its genesis file.
    pub(crate) genesis: PathBuf,
    /// Keys of its people.
    pub(crate) keys: PathBuf,
    /// Programs that it was founded from.
    pub(crate) programs: PathBuf,
    /// Folder of the machines.
    pub(crate) folder: PathBuf,
}

/// Has the mission done. Machines that an earlier run left are ended before: their offices and agents are those of the new ones.
pub(crate) fn run(ws: &Workspace, grounds: &Grounds, options: &Options) -> eyre::Result<()> {
    let before = stop(&grounds.folder)?;
    if before > 0 {
        eprintln!("   {before} machines of an earlier run stopped");
    }
    fs::create_dir_all(&grounds.folder)
        .wrap_err_with(|| format!("cannot create {}", grounds.folder.display()))?;
    let mut command = Command::new(ws.cargo_debug().join("agentcity-town"));
    command.arg("--node").arg(grounds.node.to_string());
    for (flag, path) in [
        ("--genesis", &grounds.genesis),
        ("--keys", &grounds.keys),
        ("--programs", &grounds.programs),
        ("--folder", &grounds.folder),
    ] {
        command.arg(flag).arg(path);
    }
    for (flag, is_set) in [
        ("--allow-private", options.allow_private),
        ("--keep", options.keep),
    ] {
        if is_set {
            command.arg(flag);
        }
    }
    // Names of files are the caller's, who is in the folder where `cargo xtask` was typed.
    command.arg("--").args(&options.pages);
    process::run(&mut command)
}

/// A process of the record.
#[derive(Debug, Deserialize)]
struct Started {
    name: String,
    pid: u32,
}

impl Started {
    /// Whether the process still is the one that was started.
    fn runs(&self) -> bool {
        let arguments = process::arguments(self.pid);
        arguments.contains("agentcity-keeper") || arguments.contains("agentcity-agent")
    }
}

/// Ends the machines that a folder's record names. How many there were.
pub(crate) fn stop(folder: &Path) -> eyre::Result<usize> {
    let record = folder.join(RECORD);
    let Ok(text) = fs::read(&record) else {
        return Ok(0);
    };
    let started: Vec<Started> = serde_json::from_slice(&text)
        .wrap_err_with(|| format!("{} names no processes: remove it", record.display()))?;
    let running: Vec<&Started> = started.iter().filter(|one| one.runs()).collect();
    for one in &running {
        process::terminate(one.pid)?;
    }
    let start = Instant::now();
    while let Some(one) = running.iter().find(|one| one.runs()) {
        if start.elapsed() > STOP_LIMIT {
            bail!(
                "{} (process {}) does not stop: see the logs in {}",
                one.name,
                one.pid,
                folder.display()
            );
        }
        std::thread::sleep(LOOK_EVERY);
    }
    fs::remove_file(&record).wrap_err_with(|| format!("cannot remove {}", record.display()))?;
    Ok(running.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_is_ended_for_having_the_id_of_a_machine() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(stop(folder.path()).unwrap(), 0);
        let own = std::process::id();
        let text = format!("[{{\"name\": \"keeper a\", \"pid\": {own}}}]");
        fs::write(folder.path().join(RECORD), text).unwrap();
        assert_eq!(stop(folder.path()).unwrap(), 0, "this test is no machine");
        assert!(!folder.path().join(RECORD).exists());
        fs::write(folder.path().join(RECORD), "pids").unwrap();
        let error = stop(folder.path()).unwrap_err().to_string();
        assert!(error.contains("remove it"), "{error}");
    }
}
