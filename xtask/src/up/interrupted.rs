//! `up` that somebody interrupts in its middle: a founded city on a devnode, with machines that legislate in it. This test's own
//! executable is the program.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use super::*;

/// Set for the program: the name of its folder.
const NAME: &str = "AGENTCITY_UP_NAME";
/// Set for a program that has something running which does not end when it is asked to.
const STUBBORN: &str = "AGENTCITY_UP_STUBBORN";
/// Longest wait for anything: founding and entering take seconds on a machine that does nothing else.
const WITHIN: Duration = Duration::from_secs(200);

/// `up` without what it builds. Nobody else names a folder, so by itself it is no test.
#[test]
fn program() {
    let Ok(name) = env::var(NAME) else { return };
    let ws = Workspace::find().unwrap();
    let own = name.clone();
    let code = to_its_end(&ws, &own, false, move |ws| {
        let home = Home::new(ws, &name);
        let (city, _) = raise(&home, 0)?;
        if env::var_os(STUBBORN).is_some() {
            let script = "trap '' INT TERM; while :; do sleep 0.1; done";
            let mut command = Command::new("sh");
            command.args(["-c", script]).stdin(Stdio::null());
            command.stdout(Stdio::null()).stderr(Stdio::null());
            agentcity_interrupt::spawn(&mut command)?;
        }
        eprintln!("founded");
        town::run(ws, &city.grounds(), &town::Options::default())
    });
    eprintln!("code {code:?}");
}

/// An `up` that runs.
struct Up<'a> {
    child: Child,
    said: Arc<Mutex<String>>,
    home: &'a Home<'a>,
}

impl<'a> Up<'a> {
    fn start(home: &'a Home<'a>, is_stubborn: bool) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", "up::interrupted::program", "--nocapture"])
            .env(NAME, home.dir.file_name().unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if is_stubborn {
            command.env(STUBBORN, "1");
        }
        let mut child = command.spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (lines, written) = (child.stderr.take().unwrap(), Arc::clone(&said));
        thread::spawn(move || {
            for line in BufReader::new(lines).lines().map_while(Result::ok) {
                *written.lock().unwrap() += &format!("{line}\n");
            }
        });
        Self { child, said, home }
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    #[track_caller]
    fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let begun = Instant::now();
        while !holds() {
            let running = running(self.home);
            assert!(
                begun.elapsed() < WITHIN,
                "{what}: {running:#?}\n{}",
                self.said()
            );
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Nobody else is told.
    fn interrupt(&self) {
        let order = format!("kill -INT {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &order]).status().unwrap();
        assert!(sent.success());
    }

    /// What it said until its end.
    fn ended(mut self) -> String {
        self.child.wait().unwrap();
        // The thread that reads it may be a line behind.
        self.until("its code", || self.said().contains("code "));
        self.said()
    }
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What runs of a folder: its machines, which were given their files in it, and its devnode.
fn running(home: &Home<'_>) -> Vec<String> {
    let listed = Command::new("ps")
        .args(["-eo", "stat=,args="])
        .output()
        .unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let (folder, own) = (home.dir.display().to_string(), "up::interrupted::program");
    let is_of = |line: &&str| line.contains(&folder) && !line.contains(own);
    let mut found: Vec<String> = listed
        .lines()
        .filter(|line| !line.starts_with('Z'))
        .filter(is_of)
        .map(str::to_owned)
        .collect();
    found.extend(
        home.recorded()
            .filter(is_ours)
            .map(|node| format!("{node:?}")),
    );
    found
}

#[test]
fn an_up_that_is_interrupted_in_its_middle_leaves_nothing_running_and_can_be_run_again() {
    let ws = Workspace::find().unwrap();
    let home = Home::new(&ws, &format!("interrupted-{}", std::process::id()));
    let up = Up::start(&home, false);
    up.until("machines", || {
        let is_keeper = |line: &String| line.contains("agentcity-keeper");
        running(&home).iter().any(is_keeper)
    });
    let node = home.recorded().unwrap();
    up.interrupt();
    let said = up.ended();
    assert!(said.contains("founded"), "{said}");
    assert!(said.contains("interrupted: "), "{said}");
    assert!(
        !said.contains("killed"),
        "all end when they are asked to: {said}"
    );
    assert!(said.contains("(130)"), "{said}");
    assert_eq!(running(&home), [""; 0], "{said}");
    assert!(!is_ours(&node) && home.recorded().is_none(), "{said}");

    // The same folder again; now something does not end when it is asked to, and the person who waits for it interrupts once more.
    let up = Up::start(&home, true);
    up.until("a city", || up.said().contains("founded"));
    let node = home.recorded().unwrap();
    up.interrupt();
    up.until("the first is heard", || !is_ours(&node));
    up.interrupt();
    let said = up.ended();
    let line = said
        .lines()
        .find(|line| line.contains("interrupted again: "));
    let line = line.unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("killed: ") && line.contains("sh ("), "{line}");
    assert!(said.contains("(130)"), "{said}");
    assert_eq!(running(&home), [""; 0], "{said}");
    assert!(home.recorded().is_none(), "{said}");
    fs::remove_dir_all(&home.dir).unwrap();
}
