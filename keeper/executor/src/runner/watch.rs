//! The processes of one run: counted, weighed and killed as a whole.

use std::{fs, time::Duration};

use rustix::process::{Pid, Signal, kill_process};

use super::{Confines, RunError};

/// How often the processes of a run are looked at: within it a program gains at most what a machine can fill in ten milliseconds.
pub const WATCH_EVERY: Duration = Duration::from_millis(10);
/// How often it is looked whether all are dead after a kill, in all a second: the kernel ends a world in a few milliseconds.
pub(super) const DEATH_LOOKS: u32 = 1000;
/// Pause between these looks.
pub(super) const DEATH_LOOK_EVERY: Duration = Duration::from_millis(1);

/// All processes below one.
#[derive(Debug)]
pub(super) struct World {
    top: u32,
}

impl World {
    /// Below the process that made it.
    pub(super) const fn of(top: u32) -> Self {
        Self { top }
    }

    /// Looks at it until it goes beyond its limits.
    pub(super) async fn watch(&self, confines: &Confines) -> RunError {
        loop {
            tokio::time::sleep(WATCH_EVERY).await;
            let all = self.processes();
            // The one that made it, and the first in it, are not the program's.
            let (used, allowed) = (
                all.len().saturating_sub(2) as u64,
                confines.processes_max.into(),
            );
            if used > allowed {
                return RunError::Over {
                    what: "processes",
                    used,
                    allowed,
                };
            }
            let used = all.iter().map(|process| resident_kb(*process)).sum::<u64>() >> 10;
            let allowed = confines.memory_mb;
            if used > allowed {
                return RunError::Over {
                    what: "mebibytes of memory",
                    used,
                    allowed,
                };
            }
        }
    }

    /// Kills the first process in it, and with it, by the kernel's own rule, all others.
    pub(super) fn kill(&self) {
        for first in children(self.top) {
            if let Some(process) = i32::try_from(first).ok().and_then(Pid::from_raw) {
                // It may be dead already.
                let _ = kill_process(process, Signal::KILL);
            }
        }
    }

    /// What ends while it is looked at is left out.
    fn processes(&self) -> Vec<u32> {
        let mut all = vec![self.top];
        let mut next = 0;
        while let Some(process) = all.get(next) {
            let below = children(*process);
            all.extend(below);
            next += 1;
        }
        all
    }
}

fn children(process: u32) -> Vec<u32> {
    let mut all = Vec::new();
    for thread in fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let listed = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        all.extend(
            listed
                .split_whitespace()
                .filter_map(|child| child.parse::<u32>().ok()),
        );
    }
    all
}

fn resident_kb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}
