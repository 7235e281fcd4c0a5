//! A program that starts others, ended from outside in the middle: this test's own executable is that program.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use agentcity_interrupt::{Ending, forget, guard, spawn};

/// Set for the program, and what it is to do.
const ROLE: &str = "AGENTCITY_INTERRUPT_ROLE";
const PATIENCE: Duration = Duration::from_secs(20);

/// The program: starts three that never end by themselves, says who they are, and waits. One of them does not end when it is asked to,
/// one is to run on.
///
/// Nobody else says what it is to do, so by itself it is no test.
#[test]
fn program() {
    let Ok(role) = env::var(ROLE) else {
        return;
    };
    // Who is interrupted twice, or by two, waits longer than anybody does here.
    let patience = match role.as_str() {
        "twice" | "both" => Duration::from_secs(600),
        _ => Duration::from_millis(300),
    };
    let ended = guard(patience, move || work(&role)).unwrap();
    let code = match ended {
        Ending::Done(code) => code,
        Ending::Interrupted(how) => {
            println!("{how}");
            how.exit_code()
        }
    };
    println!("code {code}");
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    // What runs on would keep an inherited pipe open.
    command.args(["-c", script]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Leads a group, with a child and with one in the group whose parent is gone; none ends when it is asked to. It notes their ids.
const FAMILY: &str = "trap '' TERM INT
sh -c 'while :; do sleep 0.1; done' & echo $! >> \"$NOTES\"
(sh -c 'while :; do sleep 0.1; done' & echo $! >> \"$NOTES\")
while :; do sleep 0.1; done";

#[expect(
    clippy::zombie_processes,
    reason = "that they end with this program is what is tested"
)]
fn work(role: &str) -> u8 {
    let mut meek = spawn(&mut shell("exec sleep 600")).unwrap();
    let stubborn = spawn(
        shell(match role {
            "twice" => FAMILY,
            // It has something to close, and then ends.
            "both" => {
                "trap 'sleep 1; echo closed > \"$NOTES\"; exit 0' TERM; while :; do sleep 0.1; done"
            }
            _ => "trap '' TERM; while :; do sleep 0.1; done",
        })
        .process_group(0),
    )
    .unwrap();
    let stays = spawn(&mut shell("exec sleep 600")).unwrap();
    forget(stays.id());
    println!("started {} {} {}", meek.id(), stubborn.id(), stays.id());
    std::io::stdout().flush().unwrap();
    if role == "panics" {
        panic!("as it was told");
    }
    meek.wait().unwrap();
    // It goes on where it was, and nothing more is started.
    match spawn(&mut shell("exec sleep 600")) {
        Ok(late) => println!("started {}", late.id()),
        Err(error) => println!("refused: {error}"),
    }
    0
}

struct Program {
    child: Child,
    lines: Vec<String>,
    pids: Vec<u32>,
    notes: PathBuf,
}

impl Program {
    fn start(role: &str) -> Self {
        let notes = env::temp_dir().join(format!("interrupt-{role}-{}", std::process::id()));
        let _ = std::fs::remove_file(&notes);
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "program", "--nocapture"])
            .env(ROLE, role)
            .env("NOTES", &notes)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let started = lines
            .by_ref()
            .map(Result::unwrap)
            .find_map(|line| Some(line.split_once("started ")?.1.to_owned()))
            .unwrap();
        let pids = started.split(' ').map(|pid| pid.parse().unwrap()).collect();
        // From here on all of them are ended with it, whatever is not as it should be.
        let mut program = Self {
            child,
            lines: Vec::new(),
            pids,
            notes,
        };
        let own = program.child.id().to_string();
        match role {
            "panics" => {}
            "twice" | "both" => {
                if role == "twice" {
                    until("a family", || noted(&program.notes).len() == 2);
                    program.pids.extend(noted(&program.notes));
                }
                kill(&own, "INT");
                // It has been heard.
                ends(program.pids[0]);
                kill(&own, if role == "twice" { "INT" } else { "TERM" });
            }
            signal => kill(&own, signal),
        }
        // What it says until it has ended.
        let said = thread::spawn(move || lines.map_while(Result::ok).collect());
        until("it does not end", || {
            said.is_finished() && program.child.try_wait().unwrap().is_some()
        });
        program.lines = said.join().unwrap();
        program
    }

    fn said(&self, text: &str) -> bool {
        self.lines.iter().any(|line| line.contains(text))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        for pid in &self.pids {
            kill(&pid.to_string(), "KILL");
        }
        let _ = self.child.kill();
        let _ = std::fs::remove_file(&self.notes);
    }
}

/// Ids in the file of notes.
fn noted(notes: &Path) -> Vec<u32> {
    let text = std::fs::read_to_string(notes).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

fn kill(pid: &str, signal: &str) {
    let script = format!("kill -{signal} {pid} 2>/dev/null");
    shell(&script).status().unwrap();
}

/// Whether a process is there, and no defunct one.
fn is_there(pid: u32) -> bool {
    let listed = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    let state = String::from_utf8_lossy(&listed.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[track_caller]
fn ends(pid: u32) {
    until(&format!("{pid} is still there"), || !is_there(pid));
}

#[test]
fn an_interrupt_ends_what_was_started_and_nothing_more_is_and_the_shell_is_told_the_signal() {
    assert!(Path::new("/bin/sh").exists(), "the tests take a shell");
    for (signal, how, code) in [("INT", "interrupted", 130), ("TERM", "terminated", 143)] {
        let program = Program::start(signal);
        let [meek, stubborn, stays] = program.pids[..] else {
            panic!("{:?}", program.pids);
        };
        ends(meek);
        ends(stubborn);
        assert!(is_there(stays), "who was let go runs on");
        let line = format!("{how}: 2 processes that were started here have ended");
        assert!(program.said(&line), "{:?}", program.lines);
        assert!(program.said(&format!("code {code}")), "{:?}", program.lines);
        assert!(program.said("refused: "), "{:?}", program.lines);
    }
}

#[test]
fn what_a_program_started_that_panics_ends_too() {
    let program = Program::start("panics");
    ends(program.pids[0]);
    ends(program.pids[1]);
    assert!(is_there(program.pids[2]));
}

#[test]
fn a_second_interrupt_kills_at_once_all_that_was_started_with_what_that_has_started_and_says_whom()
{
    let program = Program::start("twice");
    let [_, stubborn, stays, ref family @ ..] = program.pids[..] else {
        panic!("{:?}", program.pids);
    };
    ends(stubborn);
    for pid in family {
        ends(*pid);
    }
    assert!(is_there(stays), "who was let go runs on");
    let told = program
        .lines
        .iter()
        .find(|line| line.contains("interrupted again: "))
        .unwrap_or_else(|| panic!("{:?}", program.lines));
    for pid in [&[stubborn], family].concat() {
        assert!(told.contains(&format!("sh ({pid})")), "{told}");
    }
    assert!(program.said("code 130"), "{:?}", program.lines);
}

#[test]
fn a_request_to_end_after_an_interrupt_is_no_second_one_and_takes_nobody_the_time_to_close() {
    let program = Program::start("both");
    ends(program.pids[1]);
    let closed = std::fs::read_to_string(&program.notes).unwrap_or_default();
    assert_eq!(closed, "closed\n", "{:?}", program.lines);
    assert!(
        program.said("interrupted: 2 processes"),
        "{:?}",
        program.lines
    );
}
