//! A keeper at work: the host of its parts. It holds their leases, takes what they learn, and has done what is to be done.
//!
//! One task owns all state: the journal, every machine, the leases. Parts ask the world in tasks of their own, which end in a
//! bounded queue; the transaction manager is one for all of them, under the lease of the account that pays.
//!
//! ```text
//!  part ─ feed ─┐                       ┌─ at once ──────────────────────────────┐
//!  part ─ feed ─┼─► host: take, decide ─┼─ carry out (a task) ─► ended ──────────┼─► settle
//!  part ─ feed ─┘                       └─ carry out ─► call ─► manager ─► final ┘
//! ```
//!
//! The host waits for no endpoint: while a pass of the transaction manager does, news is taken, and what is urgent is begun, so an
//! executor is stopped however slowly the chain answers.

mod common;
mod lease;
mod orders;
mod reach;
mod work;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    future::Future,
    sync::Arc,
    time::Duration,
};

use agentcity_domain::time::Millis;
use alloy::{primitives::Address, providers::Provider, signers::local::PrivateKeySigner};
use tokio::{
    sync::mpsc,
    task::{Id, JoinSet},
    time::Instant,
};

use self::{common::Common, reach::Reach};
pub use crate::part::ANSWER_WITHIN;
use crate::{
    action::{Action, Level},
    clock::{Clock, Moment},
    config::{Config, ConfigError},
    executor::{
        endpoint::Rpc,
        quorum::Quorum,
        submit::{Policy, Submitter, Wanted},
    },
    journal::{ActionKey, Journal, JournalError, Lease},
    machine::Machine,
    operations::desk::Desk,
    part::{self, News, Part, Step},
    runtime::{Stream, StreamError},
    source::ground::Ground,
};

/// How long a lease lasts: so long nobody works after a keeper died. One question and what is written after it fit thrice.
pub const LEASE_TERM: Millis = Millis::new(30_000);
/// Pause between two looks at leases, open actions and open transactions: several within the term of a lease, few for an endpoint.
const LOOK: Duration = Duration::from_secs(5);
/// How long a stop waits for open transactions. What is open then is recorded, and goes on with the next start.
const DRAIN: Duration = Duration::from_secs(20);
/// News that waits for the host: what a part learns in one round, without room for one that floods.
const NEWS_MAX: usize = 1_024;
/// News taken before the host looks whether anything is to be done about it: thousandths of a second of writing.
const BATCH_MAX: usize = 64;
/// Actions that are carried out at once: each holds a question to an endpoint or an executor open.
const CARRIED_MAX: usize = 64;
/// Urgent ones that are carried out beside them, however many others wait for an answer: as many executors are stopped at once.
const URGENT_MAX: usize = 64;
/// How long one pass of the transaction manager may take. What it did not reach waits for the next.
const PASS_WITHIN: Duration = Duration::from_secs(12);

/// Why a keeper stops. What it was about to do is recorded, and the next one goes on with it.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The stream cannot go on.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The journal cannot go on.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The configuration does not fit what there is.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A part cannot begin.
    #[error(transparent)]
    Raise(#[from] part::RaiseError),
    /// Two parts would write into one stream.
    #[error("two parts share the stream {0}: each needs its own")]
    SharedStream(String),
}

impl KeeperError {
    /// Whether another keeper has the work now, or may have it: nothing is wrong, and this one stands by.
    pub const fn is_fenced(&self) -> bool {
        matches!(
            self,
            Self::Journal(JournalError::Fenced { .. })
                | Self::Stream(StreamError::Journal(JournalError::Fenced { .. }))
        )
    }
}

/// What a keeper is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds its account and at least one stream, and works on the streams that it holds.
    Working,
    /// Another keeper does.
    Waiting {
        /// Who.
        holder: String,
        /// Until when, if it does not renew.
        until: Moment,
    },
}

/// One keeper.
#[derive(Debug)]
pub struct Keeper<J, P> {
    journal: Common<J>,
    name: String,
    depth_blocks: u64,
    submitter: Option<Arc<Submitter<Quorum<Rpc<P>>>>>,
    account: Option<Lease>,
    renewed: Moment,
    seats: Vec<Seat>,
    sender: mpsc::Sender<News>,
    news: mpsc::Receiver<News>,
    tasks: JoinSet<Done>,
    jobs: HashMap<Id, Job>,
    wanted: BTreeMap<ActionKey, Wanted>,
    /// Those that the pass of the transaction manager which is under way is about.
    passing: BTreeSet<ActionKey>,
    /// Actions that were asked about and do not go on, until when they are left alone.
    rests: BTreeMap<ActionKey, Instant>,
    /// Where an operator sees it and gives orders, if one does.
    desk: Option<Desk>,
}

/// A part with its stream, while that is held.
#[derive(Debug)]
struct Seat {
    part: Arc<dyn Part>,
    stream: Option<Stream<Box<dyn Machine + Send>>>,
    /// Up to which block everything was told.
    reach: Reach,
    observing: bool,
    /// Whether its machine was told that the chain is not known: no transaction of it is begun until it is.
    unsure: bool,
    due: Instant,
}

/// What a task is for.
#[derive(Debug)]
enum Job {
    Round(usize),
    Action {
        seat: usize,
        fence: u64,
        action: Box<Action>,
    },
}

/// How a task ended.
#[derive(Debug)]
enum Done {
    Round,
    Action(Result<Step, String>),
}

impl<J: Journal, P: Provider + Clone + 'static> Keeper<J, P> {
    /// A keeper of one endpoint with the parts that `config` asks for, on the ground that was found for it. Ties the journal to the
    /// chain.
    ///
    /// Errors: [`JournalError::OtherChain`], [`KeeperError::Config`] when `config` names more endpoints.
    pub fn new(
        journal: J,
        provider: P,
        config: Config,
        key: Option<PrivateKeySigner>,
        ground: &Ground,
    ) -> Result<Self, KeeperError> {
        Self::over(journal, vec![provider], config, key, ground)
    }

    /// A keeper whose `providers` are those of [`Config::endpoints`], in their order.
    ///
    /// Errors: [`JournalError::OtherChain`], [`KeeperError::Config`] when there are fewer or more than the quorum is of.
    pub fn over(
        journal: J,
        providers: Vec<P>,
        config: Config,
        key: Option<PrivateKeySigner>,
        ground: &Ground,
    ) -> Result<Self, KeeperError> {
        let policy = Policy {
            depth_blocks: config.depth_blocks,
            ..Policy::default()
        };
        let chain = config.chain(ground)?;
        let parts = part::raise(&config, &providers, chain.as_ref(), ground)?;
        let rpc = |provider| Rpc::new(provider, ANSWER_WITHIN);
        let endpoints: Vec<Rpc<P>> = providers.into_iter().map(rpc).collect();
        let endpoint = Quorum::new(endpoints, config.quorum).map_err(ConfigError::Quorum)?;
        let submitter = key.map(|key| Submitter::new(endpoint, key, ground.chain_id, policy));
        let mut keeper =
            Self::with_parts(journal, config.name, config.depth_blocks, submitter, parts)?;
        keeper.journal.bind(ground.chain_id, ground.genesis)?;
        Ok(keeper)
    }

    /// A keeper called `name` with these parts, for which blocks count as final when `depth_blocks` lie on them.
    ///
    /// Errors: [`KeeperError::SharedStream`].
    pub fn with_parts(
        journal: J,
        name: String,
        depth_blocks: u64,
        submitter: Option<Submitter<Quorum<Rpc<P>>>>,
        parts: Vec<Arc<dyn Part>>,
    ) -> Result<Self, KeeperError> {
        let (sender, news) = mpsc::channel(NEWS_MAX);
        let mut keeper = Self {
            journal: Common::new(journal),
            name,
            depth_blocks,
            submitter: submitter.map(Arc::new),
            account: None,
            renewed: Moment::default(),
            seats: Vec::new(),
            sender,
            news,
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
            wanted: BTreeMap::new(),
            passing: BTreeSet::new(),
            rests: BTreeMap::new(),
            desk: None,
        };
        for part in parts {
            keeper.join(part)?;
        }
        Ok(keeper)
    }

    /// Takes one part more, before or while it works.
    ///
    /// Errors: [`KeeperError::SharedStream`].
    pub fn join(&mut self, part: Arc<dyn Part>) -> Result<(), KeeperError> {
        if self
            .seats
            .iter()
            .any(|seat| seat.part.stream() == part.stream())
        {
            return Err(KeeperError::SharedStream(part.stream().to_owned()));
        }
        self.seats.push(Seat {
            part,
            stream: None,
            reach: Reach::default(),
            observing: false,
            unsure: false,
            due: Instant::now(),
        });
        Ok(())
    }

    /// The worst that its machines know of, while this keeper works; `None` when none of them knows anything.
    pub fn worst(&self) -> Option<Level> {
        let held = self.seats.iter().filter_map(|seat| seat.stream.as_ref());
        held.filter_map(|stream| stream.machine().worst()).max()
    }

    /// The account that pays, if the keeper acts.
    pub fn account(&self) -> Option<Address> {
        let submitter = self.submitter.as_ref();
        submitter.map(|submitter| submitter.account())
    }

    /// One round of observation of every part, whether or not it is due.
    ///
    /// Errors: [`KeeperError`]; one that [is fenced](KeeperError::is_fenced) leaves the keeper standing by.
    pub async fn observe(&mut self, clock: &dyn Clock) -> Result<(), KeeperError> {
        self.begin_rounds(clock, true)?;
        let mut rounds = Ok(());
        while rounds.is_ok() && self.seats.iter().any(|seat| seat.observing) {
            rounds = self.next(clock, Instant::now() + LOOK).await;
        }
        self.stood_down(rounds)
    }

    /// Does what is to be done as far as it goes now. `draining`: nothing new is begun. Returns how many transactions are open.
    ///
    /// Errors: [`KeeperError`]; one that [is fenced](KeeperError::is_fenced) leaves the keeper standing by.
    pub async fn act(&mut self, clock: &dyn Clock, draining: bool) -> Result<usize, KeeperError> {
        let done = self.carry_out(clock, draining).await;
        self.stood_down(done)
    }

    async fn carry_out(&mut self, clock: &dyn Clock, draining: bool) -> Result<usize, KeeperError> {
        self.rests.clear();
        self.begin_actions(clock, draining)?;
        let is_action = |job: &Job| matches!(job, Job::Action { .. });
        // A drain waits for none: what is cut off here is asked again after the next start.
        while !draining && self.jobs.values().any(is_action) {
            self.next(clock, Instant::now() + LOOK).await?;
        }
        if draining {
            self.wanted.clear();
        }
        self.pass(clock).await
    }

    /// Works until `stop`, then ends what is open, begins nothing, and leaves.
    ///
    /// Errors: [`KeeperError`], but none that [is fenced](KeeperError::is_fenced): then another keeper works, and this one waits.
    pub async fn run(
        &mut self,
        clock: &dyn Clock,
        stop: impl Future<Output = ()>,
    ) -> Result<(), KeeperError> {
        tokio::pin!(stop);
        let (mut looked, mut waited_for) = (None::<Instant>, None);
        loop {
            let look = looked.is_none_or(|at| at.elapsed() >= LOOK);
            if look {
                looked = Some(Instant::now());
                let standing = self.stand(clock)?;
                orders::tell_standing(&standing, clock, &mut waited_for);
                self.show(&standing, clock)?;
            }
            let worked = self.work(clock, look).await;
            stand_by_if_fenced(self.stood_down(worked))?;
            // What was found while a pass was under way is for the next one, which is due now.
            let until = match self.wanted.is_empty() {
                true => self.wakes(),
                false => Instant::now(),
            };
            tokio::select! {
                () = &mut stop => break,
                next = self.next(clock, until) => stand_by_if_fenced(self.stood_down(next))?,
            }
        }
        self.drain(clock).await
    }

    async fn work(&mut self, clock: &dyn Clock, look: bool) -> Result<(), KeeperError> {
        self.begin_rounds(clock, false)?;
        self.begin_actions(clock, false)?;
        if look || !self.wanted.is_empty() {
            self.pass_beside(clock).await?;
        }
        Ok(())
    }

    async fn drain(&mut self, clock: &dyn Clock) -> Result<(), KeeperError> {
        let end = Instant::now() + DRAIN;
        self.begins_drain();
        while self.stand(clock)? == Standing::Working {
            self.turned(clock);
            let open = match self.act(clock, true).await {
                Err(error) if error.is_fenced() => break,
                open => open?,
            };
            if open == 0 {
                break;
            }
            if Instant::now() >= end {
                tracing::warn!(
                    open,
                    "transactions are left open: the next start goes on with them"
                );
                break;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        self.leave(clock)
    }
}

/// Another keeper took over: not a fault, and the next look tells who it is. All else ends the process, whose successor reads the
/// journal.
fn stand_by_if_fenced(result: Result<(), KeeperError>) -> Result<(), KeeperError> {
    match result {
        Err(error) if error.is_fenced() => {
            tracing::warn!("{error}");
            Ok(())
        }
        other => other,
    }
}
