//! Several parts in one keeper: each has its lease and its pace, and what befalls one does not befall the others.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use agentcity_domain::time::Timestamp;
use agentcity_keeper::{
    action::{Action, Level, Outcome},
    clock::{Clock, Moment},
    daemon::{Keeper, KeeperError, LEASE_TERM, Standing},
    event::Event,
    executor::{
        endpoint::{Call, Rpc},
        quorum::Quorum,
        submit::{Policy, Submitter},
    },
    journal::{Journal, SqliteJournal},
    machine::Machine,
    operations::desk::pair,
    part::{Asking, Feed, Part, Step, Task},
    source::{chain, follow::Doubt},
};
use agentcity_test_fixtures::{Actor, Node, Settings};
use alloy::{
    primitives::{Address, U256},
    providers::{Provider, ProviderBuilder, RootProvider},
};
use tempfile::tempdir;

const NOBODY: Address = Address::repeat_byte(0x4e);

#[derive(Debug, Default)]
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Moment {
        Moment::new(self.0.load(Ordering::SeqCst))
    }
}

/// What a part of these tests does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Its actions are transfers of a wei to nobody.
    Pays,
    /// The same, and right afterwards it does not know the chain any more.
    Doubts,
    /// Its actions are done without the chain.
    Reports,
    /// Its rounds panic.
    Panics,
    /// Its actions never answer.
    Hangs,
    /// It looks often, and sees nothing.
    Looks,
}

/// A part that sees something once in its life, and wants one thing done about it.
#[derive(Debug)]
pub(crate) struct Sees {
    stream: &'static str,
    program: Address,
    habit: Habit,
    done: AtomicBool,
    rounds: AtomicU64,
}

pub(crate) fn part(stream: &'static str, program: u8, habit: Habit) -> Arc<Sees> {
    Arc::new(Sees {
        stream,
        program: Address::repeat_byte(program),
        habit,
        done: AtomicBool::new(false),
        rounds: AtomicU64::new(0),
    })
}

/// Remembers how what it wanted ended.
#[derive(Debug, Default)]
struct Wants(String);

impl Machine for Wants {
    fn step(&mut self, event: &Event) -> Vec<Action> {
        match event {
            Event::Unreachable { program, .. } => vec![Action::Keepalive {
                program: *program,
                expires: Timestamp::new(1),
                attempt: 0,
            }],
            Event::Ended { outcome, .. } => {
                self.0.push_str(match outcome {
                    Outcome::Done { .. } => "done",
                    Outcome::Reported { report } => report,
                    _ => "other",
                });
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        self.0.clone()
    }

    fn worst(&self) -> Option<Level> {
        (!self.0.is_empty()).then_some(Level::Fine)
    }
}

impl Part for Sees {
    fn stream(&self) -> &str {
        self.stream
    }

    fn machine(
        &self,
        state: Option<&str>,
        _: bool,
    ) -> Result<Box<dyn Machine + Send>, serde_json::Error> {
        Ok(Box::new(Wants(state.unwrap_or_default().to_owned())))
    }

    fn pause(&self) -> Duration {
        match self.habit {
            Habit::Looks => Duration::from_millis(10),
            _ => Duration::from_secs(3_600),
        }
    }

    fn observe(self: Arc<Self>, _: Moment, feed: Feed) -> Task<()> {
        Box::pin(async move {
            self.rounds.fetch_add(1, Ordering::SeqCst);
            assert_ne!(self.habit, Habit::Panics, "as this test wants it");
            if self.habit == Habit::Looks {
                return;
            }
            let event = Event::Unreachable {
                program: self.program,
                cause: "seen".into(),
                asked: Moment::new(1),
            };
            feed.tell(event).await;
            if self.habit == Habit::Doubts {
                let doubt = Doubt::TooDeep { bottom: 1 };
                let (asked, number) = (Moment::new(1), 1);
                let unsure = chain::Event::Unsure {
                    doubt,
                    asked,
                    number,
                };
                feed.tell(Event::Chain(unsure)).await;
            }
            feed.reached(100).await;
        })
    }

    fn at_once(&self, _: &Action) -> Option<Outcome> {
        None
    }

    fn carry_out(self: Arc<Self>, _: Action, asking: Asking) -> Task<Result<Step, String>> {
        Box::pin(async move {
            Ok(match self.habit {
                Habit::Pays if asking.payer.is_none() => Step::Later,
                Habit::Pays | Habit::Doubts => Step::Call(Call {
                    to: NOBODY,
                    value: U256::ONE,
                    input: Default::default(),
                }),
                Habit::Hangs => std::future::pending().await,
                // The first time it only begins, as a job with an executor does.
                _ if !self.done.swap(true, Ordering::SeqCst) => Step::Later,
                _ => Step::Ended(Outcome::Reported {
                    report: "reported".into(),
                }),
            })
        })
    }
}

type Real = Keeper<SqliteJournal, RootProvider>;

fn keeper(
    dir: &Path,
    name: &str,
    submitter: Option<Submitter<Quorum<Rpc<RootProvider>>>>,
    parts: Vec<Arc<Sees>>,
) -> Real {
    let journal = SqliteJournal::open(&dir.join("journal")).unwrap();
    let parts = parts
        .into_iter()
        .map(|part| part as Arc<dyn Part>)
        .collect();
    Keeper::with_parts(journal, name.into(), 0, submitter, parts).unwrap()
}

fn remembered(dir: &Path, stream: &str) -> Option<String> {
    let mut journal = SqliteJournal::open(&dir.join("journal")).unwrap();
    journal.replay(stream).unwrap().state
}

#[tokio::test]
async fn two_parts_pay_from_one_account() {
    let node = Node::devnode(&Settings::default());
    let provider = ProviderBuilder::default().connect_http(node.http_url().parse().unwrap());
    let policy = Policy {
        depth_blocks: 0,
        ..Policy::default()
    };
    let key = Actor::named("bob").signer.clone();
    let endpoint = Quorum::of_one(Rpc::new(provider.clone(), Duration::from_secs(10)));
    let submitter = Submitter::new(endpoint, key, Settings::default().chain_id, policy);
    let (dir, clock) = (tempdir().unwrap(), Hands::default());
    let parts = vec![
        part("a", 1, Habit::Pays),
        part("b", 2, Habit::Pays),
        part("c", 3, Habit::Reports),
        part("d", 4, Habit::Doubts),
    ];
    let mut keeper = keeper(dir.path(), "one", Some(submitter), parts);
    assert_eq!(keeper.stand(&clock).unwrap(), Standing::Working);
    for _ in 0..4 {
        keeper.observe(&clock).await.unwrap();
        keeper.act(&clock, false).await.unwrap();
    }
    keeper.leave(&clock).unwrap();
    let paid = provider.get_balance(NOBODY).await.unwrap();
    assert_eq!(
        paid,
        U256::from(2),
        "one wei for each stream, however often it was looked at, and none for the one that knows nothing"
    );
    for (stream, state) in [("a", "done"), ("b", "done"), ("c", "reported")] {
        assert_eq!(remembered(dir.path(), stream).as_deref(), Some(state));
    }
}

#[tokio::test]
async fn a_part_that_panics_or_hangs_stops_no_other() {
    let (dir, clock) = (tempdir().unwrap(), Hands::default());
    let parts = vec![
        part("panics", 1, Habit::Panics),
        part("hangs", 2, Habit::Hangs),
        part("reports", 3, Habit::Reports),
    ];
    // Its job was begun by an earlier keeper.
    parts[2].done.store(true, Ordering::SeqCst);
    let mut keeper = keeper(dir.path(), "one", None, parts);
    // The daemon's own loop, until the one part that works has worked.
    let journal = dir.path().to_owned();
    let stop = async move {
        for _ in 0..600 {
            let mut store = SqliteJournal::open(&journal.join("journal")).unwrap();
            let replay = store.replay("reports").unwrap();
            if replay
                .events
                .iter()
                .any(|event| event.body.contains("reported"))
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    keeper.run(&clock, stop).await.unwrap();
    assert_eq!(
        remembered(dir.path(), "reports").as_deref(),
        Some("reported")
    );
}

#[tokio::test]
async fn a_part_looks_at_its_own_pace_and_not_at_the_hosts() {
    /// So many rounds would take the host some minutes at its own pace.
    const ROUNDS: u64 = 50;
    let (dir, clock) = (tempdir().unwrap(), Hands::default());
    let looks = part("looks", 1, Habit::Looks);
    let mut keeper = keeper(dir.path(), "one", None, vec![Arc::clone(&looks)]);
    let stop = async {
        for _ in 0..600 {
            if looks.rounds.load(Ordering::SeqCst) >= ROUNDS {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    keeper.run(&clock, stop).await.unwrap();
    assert!(looks.rounds.load(Ordering::SeqCst) >= ROUNDS);
}

#[tokio::test]
async fn keepers_divide_the_streams_between_them() {
    let (dir, clock) = (tempdir().unwrap(), Hands::default());
    let mut one = keeper(dir.path(), "one", None, vec![part("a", 1, Habit::Reports)]);
    let both = vec![part("a", 1, Habit::Reports), part("b", 2, Habit::Reports)];
    let mut two = keeper(dir.path(), "two", None, both);
    assert_eq!(one.stand(&clock).unwrap(), Standing::Working);
    assert_eq!(two.stand(&clock).unwrap(), Standing::Working);
    for _ in 0..3 {
        two.observe(&clock).await.unwrap();
        two.act(&clock, false).await.unwrap();
    }
    let mut store = SqliteJournal::open(&dir.path().join("journal")).unwrap();
    assert!(
        store.replay("a").unwrap().events.is_empty(),
        "it is the first keeper's"
    );
    assert!(!store.replay("b").unwrap().events.is_empty());
    // The first dies; what it held is the other's when its lease is over.
    clock.0.fetch_add(LEASE_TERM.get() / 2, Ordering::SeqCst);
    two.stand(&clock).unwrap();
    clock.0.fetch_add(LEASE_TERM.get() / 2, Ordering::SeqCst);
    two.stand(&clock).unwrap();
    two.observe(&clock).await.unwrap();
    assert!(!store.replay("a").unwrap().events.is_empty());
    assert!(
        matches!(one.stand(&clock).unwrap(), Standing::Waiting { holder, .. } if holder == "two")
    );
}

#[tokio::test]
async fn a_keeper_that_stands_by_knows_whether_its_journal_takes_writes() {
    let (dir, clock) = (tempdir().unwrap(), Hands::default());
    let mut one = keeper(dir.path(), "one", None, vec![part("a", 1, Habit::Reports)]);
    assert_eq!(one.stand(&clock).unwrap(), Standing::Working);
    let waited = Duration::from_millis(100);
    for takes in [true, false] {
        let mut two = keeper(dir.path(), "two", None, vec![part("a", 1, Habit::Reports)]);
        if !takes {
            // Leases can still be looked at, and nothing else can be written.
            let store = rusqlite::Connection::open(dir.path().join("journal")).unwrap();
            store.execute_batch("DROP TABLE meta").unwrap();
        }
        let (board, desk) = pair(None).unwrap();
        two.attend(desk);
        tokio::time::sleep(waited).await;
        two.run(&clock, tokio::time::sleep(waited / 2))
            .await
            .unwrap();
        assert_eq!(
            board.recorded_ago() < waited,
            takes,
            "{:?}",
            board.recorded_ago()
        );
    }
}

#[test]
fn two_parts_with_one_stream_are_refused() {
    let dir = tempdir().unwrap();
    let journal = SqliteJournal::open(&dir.path().join("journal")).unwrap();
    let parts: Vec<Arc<dyn Part>> = vec![part("a", 1, Habit::Pays), part("a", 2, Habit::Pays)];
    let refused = Real::with_parts(journal, "one".into(), 0, None, parts).unwrap_err();
    assert!(matches!(refused, KeeperError::SharedStream(stream) if stream == "a"));
}
