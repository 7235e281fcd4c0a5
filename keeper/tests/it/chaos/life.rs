//! One keeper as a process, life after life, and where each life is to end.

use std::{
    fs::{File, OpenOptions, read_to_string},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use agentcity_test_fixtures::chance::Chance;
use parking_lot::Mutex;

/// A life whose point is not reached by then ends all the same: there may be nothing left for it to do.
const LIFE_MAX: Duration = Duration::from_secs(4);
/// Longest wait for a process that was told to stop: it drains for twenty seconds.
const STOP_WITHIN: Duration = Duration::from_secs(40);
/// Names the executable under test; the one of this build otherwise.
const EXECUTABLE: &str = "AGENTCITY_KEEPER";

/// When the process dies: before what it said is passed on, or before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// To whom it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Road {
    /// The chain.
    Chain,
    /// The chain, and it hands in a transaction.
    Send,
    /// An executor.
    Executor,
}

/// Where a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    /// Nowhere.
    Never,
    /// So long after it began.
    Time(Duration),
    /// At this request on this road, counted from one.
    Request(Road, u64, Side),
    /// When its journal grew so often, as far as who looks every thousandth of a second sees it.
    Journal(u64),
    /// When no file can grow any more: each may have so many bytes more than the longest has.
    Full(u64),
}

impl Point {
    /// A third at random times, the others around what leaves the process or stays of it.
    pub(super) fn random(chance: &mut Chance) -> Self {
        let side = match chance.one_of(2) {
            true => Side::Before,
            false => Side::After,
        };
        match chance.within(0..20) {
            0..8 => Self::Time(Duration::from_millis(chance.within(20..1_500))),
            8..12 => Self::Request(Road::Send, chance.within(1..3), side),
            12..15 => Self::Request(Road::Chain, chance.within(1..90), side),
            15..17 => Self::Request(Road::Executor, chance.within(1..12), side),
            _ => Self::Journal(chance.within(1..30)),
        }
    }

    /// The disk is full sooner or later.
    pub(super) fn full(chance: &mut Chance) -> Self {
        Self::Full(chance.within(0..48 << 10))
    }
}

/// How a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Death {
    /// At a random time.
    Random,
    /// At a point.
    Seeded,
    /// By itself, because it could not write.
    Full,
}

/// A request that was counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    life: u64,
    road: Road,
    /// Its places among all on its road, and for a transaction among all to the chain.
    places: [u64; 2],
}

/// What knows a life from outside, and ends it.
#[derive(Debug, Default)]
pub(super) struct Tap(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    child: Option<Child>,
    life: u64,
    point: Option<Point>,
    chain: u64,
    sends: u64,
    executors: u64,
    death: Option<Death>,
}

impl Inner {
    fn kill(&mut self, death: Death) {
        if let Some(child) = &mut self.child {
            // One that ended a moment ago cannot be killed, and its exit is looked at.
            if child.kill().is_ok() {
                self.death.get_or_insert(death);
            }
        }
    }

    fn dies(&self, asked: &Asked, side: Side) -> bool {
        let Some(Point::Request(road, place, at)) = self.point else {
            return false;
        };
        let reached = match (road, asked.road) {
            (Road::Chain, Road::Send) => asked.places[1] == place,
            (road, asked_on) => road == asked_on && asked.places[0] == place,
        };
        self.life == asked.life && at == side && reached
    }
}

impl Tap {
    /// How many transactions were handed in in this life.
    pub(super) fn sends(&self) -> u64 {
        self.0.lock().sends
    }

    /// Counts a request. `None`: nobody is left who asked.
    pub(super) fn asks(&self, road: Road) -> Option<Asked> {
        let mut inner = self.0.lock();
        let life = inner.life;
        let places = match road {
            Road::Chain => {
                inner.chain += 1;
                [inner.chain; 2]
            }
            Road::Send => {
                inner.chain += 1;
                inner.sends += 1;
                [inner.sends, inner.chain]
            }
            Road::Executor => {
                inner.executors += 1;
                [inner.executors; 2]
            }
        };
        let asked = Asked { life, road, places };
        if inner.dies(&asked, Side::Before) {
            inner.kill(Death::Seeded);
            return None;
        }
        Some(asked)
    }

    /// A request has an answer, which goes back if there is still somebody who asked.
    pub(super) fn answers(&self, asked: &Asked) -> bool {
        let mut inner = self.0.lock();
        if inner.dies(asked, Side::After) {
            inner.kill(Death::Seeded);
            return false;
        }
        inner.life == asked.life
    }
}

/// One keeper.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    pub(super) tap: Arc<Tap>,
    began: Instant,
    grown: u64,
    length: u64,
}

impl Keeper {
    pub(super) fn new(name: &str, folder: PathBuf, tap: Arc<Tap>) -> Self {
        Self {
            name: name.to_owned(),
            folder,
            tap,
            began: Instant::now(),
            grown: 0,
            length: 0,
        }
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("keeper.toml")
    }

    fn said(&self) -> PathBuf {
        self.folder.join("said")
    }

    /// Begins a life that ends at `point`.
    pub(super) fn begin(&mut self, point: Point) {
        let said = said_into(&self.said());
        let mut command = match point {
            Point::Full(bytes) => self.confined(bytes),
            _ => Command::new(executable()),
        };
        let child = command
            .arg("--config")
            .arg(self.config())
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .expect("the keeper begins");
        let mut inner = self.tap.0.lock();
        let life = inner.life + 1;
        *inner = Inner {
            child: Some(child),
            life,
            point: Some(point),
            ..Inner::default()
        };
        drop(inner);
        (self.began, self.grown) = (Instant::now(), 0);
        self.length = journalled(&self.journal());
    }

    /// The executable where no file grows beyond the longest there is and `bytes` more. A write beyond fails, as on a full disk.
    fn confined(&self, bytes: u64) -> Command {
        let files = self.folder.read_dir().expect("a folder");
        let lengths =
            files.map(|file| file.and_then(|file| file.metadata()).map(|meta| meta.len()));
        let longest = lengths.map_while(Result::ok).max().unwrap_or_default();
        // structural: a shell counts files in blocks of so many bytes
        let blocks = (longest + bytes) / 512;
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                r#"trap "" XFSZ; ulimit -f "$1"; shift; exec "$@""#,
                "sh",
            ])
            .arg(blocks.to_string())
            .arg(executable());
        command
    }

    /// Ends the life if it is time, and says how it ended if it did.
    ///
    /// Panics when it ended by itself: a keeper goes on whatever happens to it here.
    pub(super) fn look(&mut self) -> Option<Death> {
        let length = journalled(&self.journal());
        if length != self.length {
            (self.length, self.grown) = (length, self.grown + 1);
        }
        let lived = self.began.elapsed();
        let mut inner = self.tap.0.lock();
        match inner.point? {
            Point::Never => {}
            Point::Time(span) if lived >= span => inner.kill(Death::Random),
            Point::Journal(times) if self.grown >= times => inner.kill(Death::Seeded),
            _ if lived >= LIFE_MAX => inner.kill(Death::Random),
            _ => {}
        }
        let status = inner.child.as_mut()?.try_wait().expect("a process")?;
        inner.child = None;
        match (inner.death, inner.point) {
            (Some(death), _) if killed(&status) => Some(death),
            (None, Some(Point::Full(_))) if status.code() == Some(1) => Some(Death::Full),
            _ => panic!(
                "keeper {} ended by itself, {status}: {}",
                self.name,
                self.last_words()
            ),
        }
    }

    /// SIGKILL now.
    pub(super) fn kill(&mut self) {
        let mut inner = self.tap.0.lock();
        if let Some(mut child) = inner.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM, and waits for its end.
    ///
    /// Panics when it does not end well, or not in time.
    pub(super) fn stop(&mut self) {
        let mut inner = self.tap.0.lock();
        let Some(mut child) = inner.child.take() else {
            return;
        };
        drop(inner);
        let told = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
        assert!(told.expect("kill").success(), "it is told to stop");
        let until = Instant::now() + STOP_WITHIN;
        loop {
            if let Some(status) = child.try_wait().expect("a process") {
                assert!(
                    status.success(),
                    "keeper {}, {status}: {}",
                    self.name,
                    self.last_words()
                );
                return;
            }
            if Instant::now() >= until {
                let _ = child.kill();
                panic!("keeper {} does not stop: {}", self.name, self.last_words());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(super) fn last_words(&self) -> String {
        let said = read_to_string(self.said()).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What runs.
pub(super) fn executable() -> PathBuf {
    std::env::var_os(EXECUTABLE).map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_agentcity-keeper")),
        PathBuf::from,
    )
}

pub(super) fn said_into(path: &Path) -> File {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.expect("a file for what is said")
}

/// How long the journal is, with what is not folded into it yet.
fn journalled(journal: &Path) -> u64 {
    let mut ahead = journal.as_os_str().to_owned();
    ahead.push("-wal");
    let length = |path: &Path| path.metadata().map_or(0, |meta| meta.len());
    length(journal) + length(Path::new(&ahead))
}

fn killed(status: &ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    // structural: the number of SIGKILL
    status.signal() == Some(9)
}
