//! Who started whom, as the system says.

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::Path,
    process::{Command, Stdio},
};

/// A process of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// The program that it runs, shortened by the system to some 15 characters.
    pub name: String,
    /// Who started it.
    pub(crate) parent: u32,
    /// The process that leads its group.
    pub(crate) group: u32,
}

impl Process {
    /// One of which only the id is known.
    pub(crate) fn unnamed(pid: u32) -> Self {
        Self {
            pid,
            name: "process".to_owned(),
            parent: 0,
            group: 0,
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.pid)
    }
}

/// All processes; none when the system does not say. Where there is /proc, it tells without a tool that a small image may lack.
pub(crate) fn processes() -> Vec<Process> {
    if !Path::new("/proc/self/stat").exists() {
        return listed();
    }
    let Ok(folder) = fs::read_dir("/proc") else {
        return listed();
    };
    let all = folder.filter_map(|entry| {
        let path = entry.ok()?.path();
        path.file_name()?.to_str()?.parse::<u32>().ok()?;
        // It may have ended meanwhile.
        stat(&fs::read_to_string(path.join("stat")).ok()?)
    });
    all.collect()
}

/// `12 (name) S 1 12 …`: a name may hold anything, a parenthesis as well.
fn stat(text: &str) -> Option<Process> {
    let (pid, rest) = text.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let mut words = rest.split(' ').skip(1);
    Some(Process {
        pid: pid.parse().ok()?,
        name: name.to_owned(),
        parent: words.next()?.parse().ok()?,
        group: words.next()?.parse().ok()?,
    })
}

fn listed() -> Vec<Process> {
    let listed = Command::new("ps")
        .args([
            "-A", "-o", "pid=", "-o", "ppid=", "-o", "pgid=", "-o", "comm=",
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let text = listed.map(|listed| listed.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<Process> {
    let mut rest = line.trim();
    let mut numbers = [0; 3];
    for number in &mut numbers {
        let (word, after) = rest.split_once(' ')?;
        *number = word.parse().ok()?;
        rest = after.trim_start();
    }
    let [pid, parent, group] = numbers;
    Some(Process {
        pid,
        name: rest.rsplit('/').next()?.to_owned(),
        parent,
        group,
    })
}

/// Of `all` those of `roots`, whom they started, and all of the groups that one of these leads: a program whose parent has ended is
/// nobody's child any more, and still of its group.
pub(crate) fn below(roots: &[u32], all: &[Process]) -> Vec<Process> {
    let own = std::process::id();
    let mut found: BTreeSet<u32> = roots.iter().copied().collect();
    loop {
        let before = found.len();
        let of = |one: &&Process| found.contains(&one.parent) || found.contains(&one.group);
        let more: Vec<u32> = all.iter().filter(of).map(|one| one.pid).collect();
        found.extend(more.into_iter().filter(|pid| *pid != own));
        if found.len() == before {
            break;
        }
    }
    let is_found = |one: &&Process| found.contains(&one.pid);
    all.iter().filter(is_found).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, parent: u32, group: u32) -> Process {
        Process {
            pid,
            name: "sh".to_owned(),
            parent,
            group,
        }
    }

    #[test]
    fn both_ways_of_asking_tell_the_same_of_a_process_whatever_its_name_is() {
        let wanted = Process {
            name: "a (b) c".to_owned(),
            ..process(12, 1, 7)
        };
        assert_eq!(
            stat("12 (a (b) c) S 1 7 7 0 -1 4194560"),
            Some(wanted.clone())
        );
        assert_eq!(row("   12     1     7 a (b) c"), Some(wanted));
        assert_eq!(
            row("   12     1     7 /usr/bin/sh"),
            Some(process(12, 1, 7))
        );
        assert_eq!((stat("12 (sh"), row("PID PPID PGID COMMAND")), (None, None));
        let own = std::process::id();
        assert!(processes().iter().any(|one| one.pid == own));
    }

    #[test]
    fn what_somebody_started_is_found_by_its_parents_and_by_the_groups_that_they_lead() {
        let all = [
            // Ours, which leads no group.
            process(10, 1, 5),
            process(11, 10, 5),
            // It leads one, and what is left of it has no parent any more.
            process(12, 11, 12),
            process(13, 1, 12),
            // Somebody else's in the group of all.
            process(14, 1, 5),
            process(5, 1, 5),
        ];
        let found: Vec<u32> = below(&[10], &all).iter().map(|one| one.pid).collect();
        assert_eq!(found, [10, 11, 12, 13]);
        assert_eq!(below(&[99], &all), []);
    }
}
