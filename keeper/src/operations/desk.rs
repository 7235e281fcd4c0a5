//! What host and operator share: a board on which the host writes how it stands, and orders that it takes.
//!
//! The host never waits for whoever reads the board, and obeys an order between two turns of its loop. What was paused is on disk before
//! the order is answered, since a restart must not resume what an operator stopped.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::Instant,
};

use super::trace::Trace;
use crate::{clock::Moment, journal::ActionKey};

/// Orders that wait for the host: an operator gives one at a time, and a script a few.
const ORDERS_MAX: usize = 16;
/// Longest wait for an answer: a pass of the transaction manager lasts twelve seconds at most.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// Longest file of pauses that is read.
const STATE_BYTES_MAX: u64 = 64 << 10;

/// What an operator wants.
#[derive(Debug)]
pub enum Order {
    /// Every open action, and why it waits.
    Actions,
    /// Begin nothing new of a stream. What was signed goes on.
    Pause(String),
    /// Begin new things again.
    Resume(String),
    /// Let parts look at the world now, and try again what rests: of this stream, or of all.
    Look(Option<String>),
    /// Record the state of every machine now.
    Checkpoint,
}

/// What an order came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Open actions.
    Actions(Vec<OpenAction>),
    /// It is done; of these streams.
    Done(Vec<String>),
    /// There is no such stream; these there are.
    NoStream(Vec<String>),
    /// It cannot be done.
    Failed(String),
}

/// An action that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenAction {
    /// Of which stream.
    pub stream: String,
    /// Its key.
    pub key: String,
    /// Its trace id.
    pub trace: String,
    /// What it is.
    pub kind: String,
    /// Why it has not ended.
    pub why: String,
    /// The transaction that carries it out, if one was signed.
    pub transaction: Option<OpenTransaction>,
    /// What exactly is wanted, as the journal has it.
    pub action: serde_json::Value,
}

/// A signed transaction whose nonce is not closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenTransaction {
    /// Its hash.
    pub hash: String,
    /// Its nonce.
    pub nonce: u64,
    /// How often it was handed to the endpoints.
    pub sends: u64,
}

/// How the host stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Its name among those that share the journal.
    pub name: String,
    /// The account that pays, if there is one.
    pub account: Option<String>,
    /// `working`, `waiting` or `starting`.
    pub standing: Standing,
    /// Transactions whose nonces are not closed.
    pub transactions_open: usize,
    /// Its streams.
    pub streams: Vec<StreamPicture>,
}

/// Whether it works.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Standing {
    /// It did not look yet.
    #[default]
    Starting,
    /// It holds its account and a stream.
    Working,
    /// Another keeper does.
    Waiting {
        /// Who.
        holder: String,
    },
}

/// How a stream stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamPicture {
    /// Its name.
    pub stream: String,
    /// Whether this keeper holds it.
    pub held: bool,
    /// Whether an operator paused it.
    pub paused: bool,
    /// Whether it follows the chain's logs.
    pub takes_logs: bool,
    /// Whether what the chain says is not known just now.
    pub unsure: bool,
    /// The block up to which it was told everything.
    pub reached: Option<u64>,
    /// Actions that have not ended.
    pub open: usize,
    /// Seconds since its last round of observation began.
    pub looked_secs_ago: Option<u64>,
    /// Pause between two of them, in seconds.
    pub pause_secs: u64,
}

/// The board.
#[derive(Debug)]
pub struct Board {
    begun: Instant,
    /// Milliseconds after `begun` of the last turn, and of the last look at which the journal was read and written.
    turned: AtomicU64,
    recorded: AtomicU64,
    draining: AtomicBool,
    drain: Notify,
    picture: Mutex<Picture>,
    orders: mpsc::Sender<(Order, oneshot::Sender<Answer>)>,
}

/// The host's side: orders come out here.
#[derive(Debug)]
pub struct Desk {
    /// What it writes on.
    pub(crate) board: std::sync::Arc<Board>,
    orders: mpsc::Receiver<(Order, oneshot::Sender<Answer>)>,
    pauses: Pauses,
    /// Why actions wait, as it was last found.
    pub(crate) whys: BTreeMap<ActionKey, String>,
}

/// Streams that are paused, on disk where a file is named.
#[derive(Debug, Default)]
struct Pauses {
    file: Option<PathBuf>,
    streams: BTreeSet<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PausesFile {
    paused: BTreeSet<String>,
}

impl Pauses {
    fn read(file: Option<PathBuf>) -> io::Result<Self> {
        let Some(path) = &file else {
            return Ok(Self::default());
        };
        let streams = match fs::metadata(path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
            Err(cause) => return Err(cause),
            Ok(about) if about.len() > STATE_BYTES_MAX => {
                return Err(io::Error::other("it is no file of pauses: it is too long"));
            }
            Ok(_) => {
                let text = fs::read(path)?;
                let read: PausesFile = serde_json::from_slice(&text).map_err(io::Error::other)?;
                read.paused
            }
        };
        Ok(Self { file, streams })
    }

    /// On disk before it counts.
    fn set(&mut self, stream: &str, paused: bool) -> io::Result<()> {
        let mut streams = self.streams.clone();
        if paused {
            streams.insert(stream.to_owned());
        } else {
            streams.remove(stream);
        }
        if let Some(path) = &self.file {
            let content = PausesFile {
                paused: streams.clone(),
            };
            write_whole(
                path,
                &serde_json::to_vec(&content).map_err(io::Error::other)?,
            )?;
        }
        self.streams = streams;
        Ok(())
    }
}

/// Writes a file beside, then puts it in its place.
fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    // `a` alone lies in the folder ``, which cannot be opened under that name.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// A board and its desk. `state_file` remembers what is paused.
///
/// Errors: the file cannot be read. Without it nobody knows what an operator stopped, so the keeper does not begin.
pub fn pair(state_file: Option<PathBuf>) -> io::Result<(std::sync::Arc<Board>, Desk)> {
    let (sender, orders) = mpsc::channel(ORDERS_MAX);
    let board = std::sync::Arc::new(Board {
        begun: Instant::now(),
        turned: AtomicU64::new(0),
        recorded: AtomicU64::new(0),
        draining: AtomicBool::new(false),
        drain: Notify::new(),
        picture: Mutex::default(),
        orders: sender,
    });
    let desk = Desk {
        board: std::sync::Arc::clone(&board),
        orders,
        pauses: Pauses::read(state_file)?,
        whys: BTreeMap::new(),
    };
    Ok((board, desk))
}

impl Board {
    fn millis(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long ago the host's loop turned.
    pub fn turned_ago(&self) -> Duration {
        let turned = self.turned.load(Ordering::Relaxed);
        Duration::from_millis(self.millis().saturating_sub(turned))
    }

    /// How long ago the journal took a write of the host.
    pub fn recorded_ago(&self) -> Duration {
        let recorded = self.recorded.load(Ordering::Relaxed);
        Duration::from_millis(self.millis().saturating_sub(recorded))
    }

    pub(crate) fn turn(&self) {
        self.turned.store(self.millis(), Ordering::Relaxed);
    }

    pub(crate) fn record(&self) {
        self.recorded.store(self.millis(), Ordering::Relaxed);
    }

    /// Whether the keeper is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The keeper begins nothing new from here on.
    pub fn begin_drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Wants the keeper to drain and stop, as SIGTERM does.
    pub fn want_drain(&self) {
        self.begin_drain();
        self.drain.notify_one();
    }

    /// Waits until somebody wants that.
    pub async fn drain_wanted(&self) {
        self.drain.notified().await;
    }

    /// How the host stands.
    pub fn picture(&self) -> Picture {
        self.picture.lock().clone()
    }

    pub(crate) fn show(&self, picture: Picture) {
        *self.picture.lock() = picture;
    }

    /// Hands an order in, and waits for its answer.
    ///
    /// Errors: why there is none. Whether the order was obeyed is not known then.
    pub async fn order(&self, order: Order) -> Result<Answer, &'static str> {
        let (answer, answered) = oneshot::channel();
        if self.is_draining() {
            return Err("the keeper drains and takes no orders any more");
        }
        let asked = async {
            if self.orders.send((order, answer)).await.is_err() {
                return Err("the keeper has stopped");
            }
            answered
                .await
                .map_err(|_| "the keeper stopped before it answered")
        };
        match tokio::time::timeout(ANSWER_WITHIN, asked).await {
            Ok(answered) => answered,
            Err(_) => Err("the keeper's loop did not take the order in time: see /health"),
        }
    }
}

impl Desk {
    /// The next order, and where its answer goes. `None` when nobody can give any.
    pub async fn next(&mut self) -> Option<(Order, oneshot::Sender<Answer>)> {
        self.orders.recv().await
    }

    /// Whether an operator paused a stream.
    pub(crate) fn is_paused(&self, stream: &str) -> bool {
        self.pauses.streams.contains(stream)
    }

    /// Pauses a stream, or resumes it.
    ///
    /// Errors: it cannot be remembered, so it is as before.
    pub(crate) fn pause(&mut self, stream: &str, paused: bool) -> io::Result<()> {
        self.pauses.set(stream, paused)
    }

    /// Remembers why an action waits.
    pub(crate) fn note(&mut self, key: ActionKey, why: String) {
        self.whys.insert(key, why);
    }

    /// Forgets those that ended.
    pub(crate) fn forget_all_but(&mut self, open: &BTreeSet<ActionKey>) {
        self.whys.retain(|key, _| open.contains(key));
    }
}

/// An id for a deed of an operator: it is in the answer and in the log.
pub(super) fn deed_id(now: Moment, number: u64) -> String {
    let name = format!("admin/{}/{}/{number}", std::process::id(), now.get());
    Trace(ActionKey(alloy::primitives::keccak256(name))).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_paused_stays_paused_over_a_restart() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("paused.json");
        let open = || pair(Some(file.clone())).expect("a file of pauses").1;
        let mut desk = open();
        assert!(!desk.is_paused("router"));
        desk.pause("router", true).expect("written");
        desk.pause("log-anchors", true).expect("written");
        desk.pause("log-anchors", false).expect("written");
        let again = open();
        assert!(again.is_paused("router") && !again.is_paused("log-anchors"));
        fs::write(&file, "{\"paused\":").expect("written");
        assert!(pair(Some(file)).is_err(), "unsure means refuse");
    }

    #[test]
    fn a_pause_that_cannot_be_remembered_is_none() {
        let dir = tempfile::tempdir().expect("a folder");
        let gone = dir.path().join("gone/paused.json");
        let mut desk = pair(Some(gone)).expect("no file yet").1;
        assert!(desk.pause("router", true).is_err());
        assert!(!desk.is_paused("router"));
    }

    #[tokio::test]
    async fn an_order_is_answered_by_the_host_and_refused_in_a_drain() {
        let (board, mut desk) = pair(None).expect("no file");
        let host = tokio::spawn(async move {
            let (order, answer) = desk.next().await.expect("an order");
            assert!(matches!(order, Order::Checkpoint));
            answer
                .send(Answer::Done(vec!["a".into()]))
                .expect("awaited");
            desk
        });
        let answer = board.order(Order::Checkpoint).await;
        assert_eq!(answer, Ok(Answer::Done(vec!["a".into()])));
        drop(host.await.expect("no panic"));
        assert_eq!(
            board.order(Order::Actions).await,
            Err("the keeper has stopped")
        );
        board.want_drain();
        board.drain_wanted().await;
        assert!(
            board
                .order(Order::Actions)
                .await
                .expect_err("drains")
                .contains("drains")
        );
    }
}
