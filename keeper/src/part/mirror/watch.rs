//! Watching what runs here: what executors used, and what they say.
//!
//! Nothing of the chain is asked, so nothing of it delays an arrest, and a keeper that begins while no endpoint answers watches what ran before
//! it. Each executor is asked for itself, and counts apart from words, so one that hangs delays the watch of no other.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::{
    event::Event,
    execution::Execution,
    executor::arrest::{Stopper, Used},
    machine::freeze_mirror::{self, FreezeMirror, Measure},
    part::{Feed, board::Board, monitor::Ears, within},
};

/// Pause between two looks at what runs here: who says too much is stopped as late as that.
const WATCH_PAUSE: Duration = Duration::from_millis(500);
/// Measures of what was said are told apart from those of how much: their steps lie beyond every trail's.
const SPOKEN: u64 = 1 << 32;
/// Executions that are watched: those of as many nodes as one keeper serves at a time.
const RUNS_MAX: usize = 4_096;

/// Who watches.
#[derive(Debug)]
pub(super) struct Watcher {
    sees: Sees,
    /// Looks that are under way. They outlast a round, or an executor that answers slower than rounds follow each other would never be measured.
    looks: Mutex<BTreeMap<(Execution, Of), Look>>,
}

/// What a look needs.
#[derive(Clone, Debug)]
struct Sees {
    stopper: Arc<dyn Stopper>,
    board: Board<FreezeMirror>,
    /// Hears what executors say while they work, if anything does.
    ears: Option<Arc<Ears>>,
    /// Nothing is decided by it, and it is learnt anew after a restart.
    runs: Arc<Mutex<BTreeMap<Execution, Run>>>,
}

/// What is known of something that runs here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// Since when; of what was begun before this keeper held its stream, and of which it was not told yet, the stream's fence: no block is
    /// as old as that.
    since: u64,
    /// What it was measured to have used.
    used: Option<Used>,
    /// How many of its messages were heard.
    heard: u32,
}

/// What a look is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Counts,
    Words,
}

/// A look that is cut off with whoever began it.
#[derive(Debug)]
struct Look(JoinHandle<()>);

impl Drop for Look {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Watcher {
    /// Asks `stopper` about what runs by `board`.
    pub(super) fn new(stopper: Arc<dyn Stopper>, board: Board<FreezeMirror>) -> Self {
        let sees = Sees {
            stopper,
            board,
            ears: None,
            runs: Arc::default(),
        };
        Self {
            sees,
            looks: Mutex::default(),
        }
    }

    /// Hears what executors say while they work.
    #[must_use]
    pub(super) fn hearing(self, ears: Arc<Ears>) -> Self {
        let ears = Some(ears);
        let sees = Sees { ears, ..self.sees };
        Self { sees, ..self }
    }

    /// Learns what must be known before something is heard that is to be stopped.
    pub(super) async fn prepare(&self) {
        let Some(ears) = &self.sees.ears else {
            return;
        };
        let learnt = within(async { ears.learn().await.map_err(|error| error.to_string()) });
        if let Err(cause) = learnt.await {
            tracing::warn!("what the city said last counts: {cause}");
        }
    }

    /// An execution was begun here, or is seen to run.
    pub(super) fn began(&self, execution: Execution, since: u64) {
        let mut runs = self.sees.runs.lock();
        while runs.len() >= RUNS_MAX {
            runs.pop_first();
        }
        runs.insert(execution, Run::new(since));
    }

    /// It runs no more.
    pub(super) fn over(&self, execution: &Execution) {
        self.sees.runs.lock().remove(execution);
    }

    /// Asks executors that run here, until it is cut off.
    pub(super) async fn watch(&self, feed: &Feed) {
        loop {
            for (execution, run) in self.sees.running(feed.fence) {
                for of in [Of::Counts, Of::Words] {
                    self.look(of, execution, run, feed);
                }
            }
            tokio::time::sleep(WATCH_PAUSE).await;
        }
    }

    /// Begins a look, if none is under way.
    fn look(&self, of: Of, execution: Execution, run: Run, feed: &Feed) {
        let mut looks = self.looks.lock();
        looks.retain(|_, look| !look.0.is_finished());
        let Entry::Vacant(free) = looks.entry((execution, of)) else {
            return;
        };
        let (sees, feed) = (self.sees.clone(), feed.aside());
        free.insert(Look(tokio::spawn(async move {
            match of {
                Of::Counts => sees.count(execution, run, &feed).await,
                Of::Words => sees.hear(execution, run, &feed).await,
            }
        })));
    }
}

impl Run {
    const fn new(since: u64) -> Self {
        Self {
            since,
            used: None,
            heard: 0,
        }
    }
}

impl Sees {
    /// What runs here by the mirror, which is known before any executor is asked for work.
    fn running(&self, fence: u64) -> Vec<(Execution, Run)> {
        let running = self
            .board
            .look(|mirror| mirror.running().copied().collect::<Vec<_>>());
        let mut runs = self.runs.lock();
        let running = running.unwrap_or_default().into_iter().take(RUNS_MAX);
        let known = running.map(|execution| {
            let run = runs.entry(execution).or_insert_with(|| Run::new(fence));
            (execution, *run)
        });
        known.collect()
    }

    /// What became of a look: nothing, if it was begun anew meanwhile.
    fn learn(&self, execution: &Execution, since: u64, what: impl FnOnce(&mut Run)) {
        let mut runs = self.runs.lock();
        if let Some(run) = runs.get_mut(execution).filter(|run| run.since == since) {
            what(run);
        }
    }

    async fn count(&self, execution: Execution, run: Run, feed: &Feed) {
        let used = self.stopper.used(&execution).await;
        let Some(used) = used.filter(|used| Some(*used) != run.used) else {
            return;
        };
        let step = u64::from(used.tools) + u64::from(used.messages);
        let told = tell(feed, execution, run.since, step, (used, None)).await;
        if told {
            self.learn(&execution, run.since, |run| run.used = Some(used));
        }
    }

    /// Hears what an executor said that was not heard yet; what lies too far from what is usual is told.
    async fn hear(&self, execution: Execution, run: Run, feed: &Feed) {
        let ears = self.ears.as_ref().filter(|ears| ears.hears_messages());
        let (Some(ears), Some(used)) = (ears, run.used) else {
            return;
        };
        if used.messages <= run.heard {
            return;
        }
        let limits = self.board.look(|mirror| mirror.limits(execution.mission));
        let said = self.stopper.said(&execution, run.heard).await;
        let (Some(limits), Some((first, messages))) = (limits, said) else {
            return;
        };
        let (mut most, mut heard) = (None, first);
        for message in messages {
            let found = ears.hears_message(&execution, heard, &message, limits.deviation);
            match within(async { found.await.map_err(|error| error.to_string()) }).await {
                Ok(deviation) => most = most.max(deviation),
                // It is heard again, and held against the trail, before anything is handed in.
                Err(cause) => tracing::warn!(%execution, "a message was not heard: {cause}"),
            }
            heard = heard.saturating_add(1);
        }
        if most.is_some() {
            let step = SPOKEN + u64::from(used.messages);
            if !tell(feed, execution, run.since, step, (used, most)).await {
                return;
            }
        }
        // Of what is sealed nothing is said on the way.
        let heard = if heard > run.heard {
            heard
        } else {
            used.messages
        };
        self.learn(&execution, run.since, |run| run.heard = heard);
    }
}

async fn tell(
    feed: &Feed,
    execution: Execution,
    since: u64,
    step: u64,
    (used, deviation): (Used, Option<u32>),
) -> bool {
    let event = freeze_mirror::Event::Measured {
        execution,
        since,
        step,
        measure: Measure {
            tools: used.tools,
            messages: used.messages,
            deviation,
            substituted: false,
        },
    };
    feed.tell(Event::Mirror(event)).await
}
