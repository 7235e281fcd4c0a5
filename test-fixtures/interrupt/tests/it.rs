//! A program that starts others, ended from outside in the middle: this test's own executable is that program.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
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
    let ended = guard(Duration::from_millis(300), move || work(&role)).unwrap();
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

#[expect(
    clippy::zombie_processes,
    reason = "that they end with this program is what is tested"
)]
fn work(role: &str) -> u8 {
    let mut meek = spawn(&mut shell("exec sleep 600")).unwrap();
    let stubborn = spawn(&mut shell("trap '' TERM; while :; do sleep 0.1; done")).unwrap();
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
}

impl Program {
    fn start(role: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "program", "--nocapture"])
            .env(ROLE, role)
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
        if role != "panics" {
            kill(&child.id().to_string(), role);
        }
        // What it says until it has ended.
        let lines = lines.map(Result::unwrap).collect();
        child.wait().unwrap();
        Self { child, lines, pids }
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
    }
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
fn ends(pid: u32) {
    let begun = Instant::now();
    while is_there(pid) {
        assert!(begun.elapsed() < PATIENCE, "{pid} is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
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
