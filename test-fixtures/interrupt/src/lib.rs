//! Programs that run others: what they started ends with them, interrupted or not.
//!
//! ```text
//!  main ── guard ──► work (a thread) ── spawn, adopt ──► known ──► forgotten
//!    ▲                                                     │
//!    └── SIGINT, SIGTERM: nothing more is started, all that is known is ended ◄┘
//! ```
//!
//! A destructor ends a process when its owner is dropped, and a signal drops nobody. So whatever is started through [`spawn`], or
//! [adopted](adopt), is known here until somebody [forgets](forget) it to let it run on; and [`guard`] ends it when a person interrupts
//! the program. An id that is given out again is nobody's here: only children that were not waited for are asked to end.

use std::{
    collections::BTreeSet,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// Whether a person did so at the keyboard, or somebody by `kill`.
    pub by: By,
    /// How many processes were running then.
    pub ended: usize,
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
        let what = match self.ended {
            0 => return write!(f, "{how}: nothing was running"),
            1 => "one process that was started here has ended".to_owned(),
            many => format!("{many} processes that were started here have ended"),
        };
        write!(f, "{how}: {what}")
    }
}

/// Does a program's work in a thread of its own, until it is done or a person interrupts it: then nothing more is started, all that is
/// known is asked to end, and killed after `patience`.
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
            let ended = end_all(patience);
            let waited = async { tokio::time::timeout(GIVING_UP, finished).await };
            let _ = runtime.block_on(waited);
            Ok(Ending::Interrupted(Interrupted { by, ended }))
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

/// Ends all that is known, and lets nothing more be started. How many there were.
pub fn end_all(patience: Duration) -> usize {
    let running: Vec<u32> = {
        let mut known = known();
        known.interrupted = true;
        let running = known.running.iter().copied();
        running.filter(|pid| runs(*pid)).collect()
    };
    for (signal, patience) in [(Signal::TERM, patience), (Signal::KILL, GIVING_UP)] {
        for pid in running.iter().filter(|pid| runs(**pid)) {
            send(*pid, signal);
        }
        let begun = Instant::now();
        while begun.elapsed() < patience && running.iter().any(|pid| runs(*pid)) {
            thread::sleep(LOOK_EVERY);
        }
    }
    running.len()
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
