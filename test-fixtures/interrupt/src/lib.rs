//! Programs that run others: what they started ends with them, interrupted or not.
//!
//! ```text
//!  main ── guard ──► work (a thread) ── spawn, adopt ──► known ──► forgotten
//!    ▲                                                     │
//!    └── SIGINT, SIGTERM: nothing more is started, all that is known is ended ◄┘
//! ```
//!
//! A second interrupt waits for nobody: all that is known is killed, with all that it has started.
//!
//! A destructor ends a process when its owner is dropped, and a signal drops nobody. So whatever is started through [`spawn`], or
//! [adopted](adopt), is known here until somebody [forgets](forget) it to let it run on; and [`guard`] ends it when a person interrupts
//! the program. An id that is given out again is nobody's here: only children that were not waited for are asked to end.

mod tree;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};
pub use tree::Process;

/// Between two looks at a process.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long whoever does the work may take to give up when all that it works with has ended: it still has files to remove.
const GIVING_UP: Duration = Duration::from_secs(5);
/// What shells add to a signal's number.
const SIGNALLED: u8 = 128; // structural: the convention of shells

/// Processes of this program.
struct Known {
    interrupted: bool,
    running: BTreeSet<u32>,
}

static KNOWN: Mutex<Known> = Mutex::new(Known {
    interrupted: false,
    running: BTreeSet::new(),
});

fn known() -> MutexGuard<'static, Known> {
    // A set of numbers is whole whoever panicked.
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How the work of a program ended.
#[derive(Debug)]
pub enum Ending<T> {
    /// It came to its end.
    Done(T),
    /// It did not: a person ended the program.
    Interrupted(Interrupted),
}

/// An interrupt, and what it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// Whether a person did so at the keyboard, or somebody by `kill`.
    pub by: By,
    /// Whether what ran was given its time.
    pub pace: Pace,
    /// How many processes that were started here were running then.
    pub ended: usize,
    /// Who did not end when it was asked to, or was not given the time; with all that those had started.
    pub killed: Vec<Process>,
}

/// Whether what ran was given its time to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It was asked to end, and killed only when its time was over.
    Orderly,
    /// The program was interrupted a second time.
    AtOnce,
}

/// By what a program is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Interrupted {
    /// What the program ends with, as a shell tells a signal.
    pub const fn exit_code(&self) -> u8 {
        let signal = match self.by {
            By::Interrupt => Signal::INT,
            By::Terminate => Signal::TERM,
        };
        SIGNALLED + signal.as_raw() as u8
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.by {
            By::Interrupt => "interrupted",
            By::Terminate => "terminated",
        };
        let again = match self.pace {
            Pace::Orderly => "",
            Pace::AtOnce => " again",
        };
        match self.ended {
            0 => write!(f, "{how}{again}: nothing was running")?,
            1 => write!(
                f,
                "{how}{again}: one process that was started here has ended"
            )?,
            many => write!(
                f,
                "{how}{again}: {many} processes that were started here have ended"
            )?,
        }
        for (place, killed) in self.killed.iter().enumerate() {
            let before = if place == 0 { "; killed: " } else { ", " };
            write!(f, "{before}{killed}")?;
        }
        Ok(())
    }
}

/// Does a program's work in a thread of its own, until it is done or a person interrupts it: then nothing more is started, all that is
/// known is asked to end, and killed after `patience`, or at once when the same signal comes a second time. SIGTERM after SIGINT is no
/// second time: a Ctrl-C reaches a whole group, and who leads it asks the others to end besides.
///
/// Errors: signals cannot be heard.
///
/// Panics: as the work does, when all that it started has ended.
pub fn guard<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Ending<T>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (done, mut finished) = oneshot::channel();
    // Heard from here on, before anything is started.
    let (mut interrupts, mut terminations) = {
        let _entered = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        )
    };
    let worker = thread::spawn(move || {
        let _ = done.send(work());
    });
    let by = runtime.block_on(async {
        tokio::select! {
            finished = &mut finished => Err(finished),
            _ = interrupts.recv() => Ok(By::Interrupt),
            _ = terminations.recv() => Ok(By::Terminate),
        }
    });
    match by {
        Err(Ok(value)) => Ok(Ending::Done(value)),
        Err(Err(_)) => {
            end_all(patience);
            match worker.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => Err(io::Error::other("the work ended without a result")),
            }
        }
        Ok(by) => {
            // What the work says and panics of from now on is that nothing answers any more, which is no news.
            std::panic::set_hook(Box::new(|_| {}));
            let (ended, mut asked) = oneshot::channel();
            thread::spawn(move || ended.send(end_all(patience)));
            let orderly = async {
                let ended = (&mut asked).await;
                let _ = tokio::time::timeout(GIVING_UP, finished).await;
                ended.unwrap_or_default()
            };
            let again = async {
                match by {
                    By::Interrupt => interrupts.recv().await,
                    By::Terminate => terminations.recv().await,
                }
            };
            let (pace, Ended { running, killed }) = runtime.block_on(async {
                tokio::select! {
                    ended = orderly => (Pace::Orderly, ended),
                    _ = again => (Pace::AtOnce, kill_all()),
                }
            });
            Ok(Ending::Interrupted(Interrupted {
                by,
                pace,
                ended: running,
                killed,
            }))
        }
    }
}

/// Starts a program that ends with this one.
///
/// Errors: it does not start, or this program was interrupted.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut known = known();
    if known.interrupted {
        return Err(interrupted());
    }
    let child = command.spawn()?;
    known.running.insert(child.id());
    Ok(child)
}

/// From now on a process that somebody else started ends with this program.
///
/// Errors: this program was interrupted, and the process was asked to end.
pub fn adopt(pid: u32) -> io::Result<()> {
    let mut known = known();
    if known.interrupted {
        send(pid, Signal::TERM);
        return Err(interrupted());
    }
    known.running.insert(pid);
    Ok(())
}

fn interrupted() -> io::Error {
    io::Error::new(
        io::ErrorKind::Interrupted,
        "the program was interrupted: it starts nothing more",
    )
}

/// Lets a process run on when this program ends.
pub fn forget(pid: u32) {
    known().running.remove(&pid);
}

/// Starts a program and waits for its end.
///
/// Errors: as [`spawn`].
pub fn status(command: &mut Command) -> io::Result<ExitStatus> {
    spawn(command)?.wait()
}

/// Starts a program that is told nothing, and waits for its end and all that it says, on both outputs.
///
/// Errors: as [`spawn`].
pub fn output(command: &mut Command) -> io::Result<Output> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    spawn(command)?.wait_with_output()
}

/// What was ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// How many processes that were started here were running.
    pub running: usize,
    /// Who was killed, with all that those had started.
    pub killed: Vec<Process>,
}

/// Asks all that is known to end, kills who did not after `patience`, and lets nothing more be started.
pub fn end_all(patience: Duration) -> Ended {
    let running = close();
    for pid in &running {
        send(*pid, Signal::TERM);
    }
    wait_for(&running, patience);
    Ended {
        running: running.len(),
        killed: kill(&running),
    }
}

/// Kills all that is known at once, with all that it has started, and lets nothing more be started.
pub fn kill_all() -> Ended {
    let running = close();
    Ended {
        running: running.len(),
        killed: kill(&running),
    }
}

/// From now on nothing is started. Who runs.
fn close() -> Vec<u32> {
    let mut known = known();
    known.interrupted = true;
    let running = known.running.iter().copied();
    running.filter(|pid| runs(*pid)).collect()
}

fn wait_for(running: &[u32], patience: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < patience && running.iter().any(|pid| runs(*pid)) {
        thread::sleep(LOOK_EVERY);
    }
}

/// Kills whoever of them runs, with all that it has started: a program that is killed ends nobody. All are held first, so that none
/// starts another meanwhile.
fn kill(running: &[u32]) -> Vec<Process> {
    let own: Vec<u32> = running.iter().copied().filter(|pid| runs(*pid)).collect();
    if own.is_empty() {
        return Vec::new();
    }
    let mut held: BTreeMap<u32, Process> = BTreeMap::new();
    for pid in &own {
        send(*pid, Signal::STOP);
    }
    loop {
        let found = tree::below(&own, &tree::processes());
        let new: Vec<Process> = found
            .into_iter()
            .filter(|one| !held.contains_key(&one.pid))
            .collect();
        if new.is_empty() {
            break;
        }
        for one in new {
            send(one.pid, Signal::STOP);
            held.insert(one.pid, one);
        }
    }
    // Those of whom the system says nothing, too.
    for pid in &own {
        held.entry(*pid).or_insert_with(|| Process::unnamed(*pid));
    }
    for pid in held.keys() {
        send(*pid, Signal::KILL);
    }
    wait_for(&own, GIVING_UP);
    held.into_values().collect()
}

/// Whether a child of this program is there and has not ended. Its end is left to be seen by whoever has it.
fn runs(pid: u32) -> bool {
    let Some(pid) = id(pid) else { return false };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(pid), options), Ok(None))
}

fn send(pid: u32, signal: Signal) {
    // It may have ended between the two.
    if let Some(pid) = id(pid) {
        let _ = kill_process(pid, signal);
    }
}

fn id(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}
