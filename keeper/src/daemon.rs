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

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    future::Future,
    sync::Arc,
    time::Duration,
};

use agentcity_domain::time::Millis;
use alloy::{
    primitives::{Address, B256},
    providers::Provider,
    signers::local::PrivateKeySigner,
};
use tokio::{
    sync::mpsc,
    task::{Id, JoinError, JoinSet},
    time::Instant,
};

pub use crate::part::ANSWER_WITHIN;
use crate::{
    action::{Action, Level, Outcome},
    clock::{Clock, Moment},
    config::{Config, ConfigError},
    event::Event,
    executor::{
        endpoint::Rpc,
        quorum::Quorum,
        submit::{End, Pass, Policy, SubmitError, Submitter, Wanted},
    },
    journal::{ActionKey, Claim, Journal, JournalError, Lease, account_lease},
    machine::Machine,
    part::{self, Asking, Feed, News, Part, Step, What, within},
    runtime::{Stream, StreamError},
    source::{
        chain::{self, Position},
        follow::REORG_BLOCKS_MAX,
    },
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
/// How long one pass of the transaction manager may take: within it no lease is renewed. What it did not reach waits for the next.
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
    journal: J,
    name: String,
    depth_blocks: u64,
    submitter: Option<Submitter<Quorum<Rpc<P>>>>,
    account: Option<Lease>,
    renewed: Moment,
    seats: Vec<Seat>,
    sender: mpsc::Sender<News>,
    news: mpsc::Receiver<News>,
    tasks: JoinSet<Done>,
    jobs: HashMap<Id, Job>,
    wanted: BTreeMap<ActionKey, Wanted>,
    /// Actions that were asked about and do not go on, until when they are left alone.
    rests: BTreeMap<ActionKey, Instant>,
}

/// A part with its stream, while that is held.
#[derive(Debug)]
struct Seat {
    part: Arc<dyn Part>,
    stream: Option<Stream<Box<dyn Machine + Send>>>,
    /// Up to which block everything was told.
    reached: Option<u64>,
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
    /// A keeper of one endpoint with the parts that `config` asks for. Ties the journal to the chain.
    ///
    /// Errors: [`JournalError::OtherChain`], [`KeeperError::Config`] when `config` names more endpoints.
    pub fn new(
        journal: J,
        provider: P,
        config: Config,
        key: Option<PrivateKeySigner>,
        chain_id: u64,
        genesis: B256,
    ) -> Result<Self, KeeperError> {
        Self::over(journal, vec![provider], config, key, chain_id, genesis)
    }

    /// A keeper whose `providers` are those of [`Config::endpoints`], in their order.
    ///
    /// Errors: [`JournalError::OtherChain`], [`KeeperError::Config`] when there are fewer or more than the quorum is of.
    pub fn over(
        journal: J,
        providers: Vec<P>,
        config: Config,
        key: Option<PrivateKeySigner>,
        chain_id: u64,
        genesis: B256,
    ) -> Result<Self, KeeperError> {
        let policy = Policy {
            depth_blocks: config.depth_blocks,
            ..Policy::default()
        };
        let chain = config.chain(chain_id, genesis)?;
        let parts = part::raise(&config, &providers[0], chain.as_ref(), chain_id)?;
        let rpc = |provider| Rpc::new(provider, ANSWER_WITHIN);
        let endpoints: Vec<Rpc<P>> = providers.into_iter().map(rpc).collect();
        let endpoint = Quorum::new(endpoints, config.quorum).map_err(ConfigError::Quorum)?;
        let submitter = key.map(|key| Submitter::new(endpoint, key, chain_id, policy));
        let mut keeper =
            Self::with_parts(journal, config.name, config.depth_blocks, submitter, parts)?;
        keeper.journal.bind(chain_id, genesis)?;
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
            journal,
            name,
            depth_blocks,
            submitter,
            account: None,
            renewed: Moment::default(),
            seats: Vec::new(),
            sender,
            news,
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
            wanted: BTreeMap::new(),
            rests: BTreeMap::new(),
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
            reached: None,
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
        self.submitter.as_ref().map(Submitter::account)
    }

    /// Holds the leases, or takes those that are free. To be called a few times within [`LEASE_TERM`].
    pub fn stand(&mut self, clock: &dyn Clock) -> Result<Standing, KeeperError> {
        let now = clock.now();
        let renewed = self.renew(now);
        match self.stood_down(renewed) {
            Err(error) if error.is_fenced() => tracing::warn!("{error}"),
            other => other?,
        }
        // Without its account a keeper that has a key takes no stream: whoever has the account is at work.
        if let Some(account) = self.account()
            && self.account.is_none()
        {
            match self.claim(&account_lease(account), now)? {
                Claim::Granted(lease) => {
                    self.account = Some(lease);
                    self.renewed = now;
                }
                Claim::Held { holder, until } => return Ok(Standing::Waiting { holder, until }),
            }
        }
        let mut waits = None;
        for seat in 0..self.seats.len() {
            if let Some(held) = self.sit(seat, now)? {
                waits.get_or_insert(held);
            }
        }
        let works = self.seats.iter().any(|seat| seat.stream.is_some());
        match waits.filter(|_| !works) {
            Some((holder, until)) => Ok(Standing::Waiting { holder, until }),
            None => Ok(Standing::Working),
        }
    }

    /// Takes a stream if it is free. `Some` when it is another's: whose, and until when.
    fn sit(&mut self, seat: usize, now: Moment) -> Result<Option<(String, Moment)>, KeeperError> {
        if self.seats[seat].stream.is_some() {
            return Ok(None);
        }
        let part = Arc::clone(&self.seats[seat].part);
        let lease = match self.claim(part.stream(), now)? {
            Claim::Granted(lease) => lease,
            Claim::Held { holder, until } => return Ok(Some((holder, until))),
        };
        let pays = self.account.is_some();
        if self.seats.iter().all(|seat| seat.stream.is_none()) && !pays {
            self.renewed = now;
        }
        let stream = Stream::resume(&mut self.journal, lease, now, |state| {
            part.machine(state, pays)
        })?;
        let seat = &mut self.seats[seat];
        seat.stream = Some(stream);
        seat.reached = None;
        seat.unsure = false;
        seat.due = Instant::now();
        Ok(None)
    }

    /// Prolongs what is held when that is due.
    fn renew(&mut self, now: Moment) -> Result<(), KeeperError> {
        // A third of the term: two renewals may fail before the lease is over.
        if now.since(self.renewed).get() < LEASE_TERM.get() / 3 {
            return Ok(());
        }
        if let Some(account) = &mut self.account {
            *account = self.journal.renew(account, now, LEASE_TERM)?;
        }
        for stream in self.seats.iter_mut().filter_map(|s| s.stream.as_mut()) {
            stream.renew(&mut self.journal, now, LEASE_TERM)?;
        }
        self.renewed = now;
        Ok(())
    }

    fn claim(&mut self, name: &str, now: Moment) -> Result<Claim, KeeperError> {
        Ok(self.journal.acquire(name, &self.name, now, LEASE_TERM)?)
    }

    /// One round of observation of every part, whether or not it is due.
    ///
    /// Errors: [`KeeperError`]; one that [is fenced](KeeperError::is_fenced) leaves the keeper standing by.
    pub async fn observe(&mut self, clock: &dyn Clock) -> Result<(), KeeperError> {
        self.begin_rounds(clock, true)?;
        let mut rounds = Ok(());
        while rounds.is_ok() && self.seats.iter().any(|seat| seat.observing) {
            rounds = self.next(clock).await;
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
            self.next(clock).await?;
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
                tell_standing(&standing, clock, &mut waited_for);
            }
            let worked = self.work(clock, look).await;
            stand_by_if_fenced(self.stood_down(worked))?;
            tokio::select! {
                () = &mut stop => break,
                next = self.next(clock) => stand_by_if_fenced(self.stood_down(next))?,
            }
        }
        self.drain(clock).await
    }

    async fn work(&mut self, clock: &dyn Clock, look: bool) -> Result<(), KeeperError> {
        self.begin_rounds(clock, false)?;
        self.begin_actions(clock, false)?;
        if look || !self.wanted.is_empty() {
            self.pass(clock).await?;
        }
        Ok(())
    }

    async fn drain(&mut self, clock: &dyn Clock) -> Result<(), KeeperError> {
        let end = Instant::now() + DRAIN;
        while self.stand(clock)? == Standing::Working {
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

    /// Records checkpoints and gives the leases back, so that another keeper need not wait for their end.
    pub fn leave(&mut self, clock: &dyn Clock) -> Result<(), KeeperError> {
        let (now, below) = (clock.now(), self.settled_below());
        for seat in &mut self.seats {
            let Some(mut stream) = seat.stream.take() else {
                continue;
            };
            if let Some(reached) = seat.reached {
                let settled = reached.saturating_sub(below);
                stream.checkpoint(&mut self.journal, now, settled)?;
            }
            self.journal.release(stream.lease(), now)?;
        }
        if let Some(account) = self.account.take() {
            self.journal.release(&account, now)?;
        }
        Ok(())
    }

    /// How deep a block lies that no stream takes back any more: deeper than any reorganisation that is undone.
    fn settled_below(&self) -> u64 {
        self.depth_blocks.max(REORG_BLOCKS_MAX)
    }

    /// Who was refused for his fence forgets what he knew: the journal knows better now.
    fn stood_down<T>(&mut self, result: Result<T, KeeperError>) -> Result<T, KeeperError> {
        if result.as_ref().is_err_and(KeeperError::is_fenced) {
            self.account = None;
            self.wanted.clear();
            for seat in &mut self.seats {
                seat.stream = None;
            }
        }
        result
    }

    /// Lets parts look at the world: those whose round is due, or `all` that have none under way.
    fn begin_rounds(&mut self, clock: &dyn Clock, all: bool) -> Result<(), KeeperError> {
        let (now, asked) = (Instant::now(), clock.now());
        for (place, seat) in self.seats.iter_mut().enumerate() {
            let Some(stream) = &seat.stream else { continue };
            if seat.observing || !(all || now >= seat.due) {
                continue;
            }
            let position = if seat.part.takes_logs() {
                position(&mut self.journal, &stream.lease().name)?
            } else {
                Position::default()
            };
            seat.observing = true;
            seat.due = now + seat.part.pause();
            let feed = Feed {
                seat: place,
                fence: stream.lease().fence,
                news: self.sender.clone(),
                position,
            };
            let round = Arc::clone(&seat.part).observe(asked, feed);
            let task = self.tasks.spawn(async move {
                round.await;
                Done::Round
            });
            self.jobs.insert(task.id(), Job::Round(place));
        }
        Ok(())
    }

    /// Does what can be done at once, and begins to carry out the rest.
    fn begin_actions(&mut self, clock: &dyn Clock, draining: bool) -> Result<(), KeeperError> {
        let payer = self.account.as_ref().and(self.account());
        let mut busy: BTreeSet<ActionKey> = self.wanted.keys().copied().collect();
        if let Some(account) = payer {
            let posted = self.journal.posted(account)?;
            busy.extend(posted.iter().map(|posted| posted.signed.action));
        }
        busy.extend(self.jobs.values().filter_map(Job::action));
        let now = Instant::now();
        self.rests.retain(|_, until| *until > now);
        for (place, seat) in self.seats.iter_mut().enumerate() {
            let Some(stream) = &mut seat.stream else {
                continue;
            };
            for action in stream.open(&mut self.journal)? {
                let key = action.key();
                if busy.contains(&key) || self.rests.contains_key(&key) {
                    continue;
                }
                if let Some(outcome) = seat.part.at_once(&action) {
                    stream.settle(&mut self.journal, clock.now(), &action, outcome)?;
                    continue;
                }
                if draining || self.jobs.len() >= CARRIED_MAX {
                    continue;
                }
                let now = clock.now();
                let step = Arc::clone(&seat.part).carry_out(action.clone(), Asking { payer, now });
                let task = self
                    .tasks
                    .spawn(async move { Done::Action(within(step).await) });
                let job = Job::Action {
                    seat: place,
                    fence: stream.lease().fence,
                    action: Box::new(action),
                };
                self.jobs.insert(task.id(), job);
            }
        }
        Ok(())
    }

    /// Waits for news, for a task, or for the next look, and takes what came.
    async fn next(&mut self, clock: &dyn Clock) -> Result<(), KeeperError> {
        tokio::select! {
            Some(news) = self.news.recv() => self.take(clock, news)?,
            Some(ended) = self.tasks.join_next_with_id() => {
                // What a round told before it ended comes before its end.
                let mut taken = Ok(());
                while taken.is_ok()
                    && let Ok(news) = self.news.try_recv()
                {
                    taken = self.take(clock, news);
                }
                // It ended, whatever its news came to: whoever is fenced by them would wait for it for ever.
                let ended = self.ended(clock, ended);
                taken.and(ended)?;
            }
            () = tokio::time::sleep(LOOK) => {}
        }
        for _ in 0..BATCH_MAX {
            let Ok(news) = self.news.try_recv() else {
                break;
            };
            self.take(clock, news)?;
        }
        self.renew(clock.now())
    }

    fn take(&mut self, clock: &dyn Clock, news: News) -> Result<(), KeeperError> {
        let below = self.settled_below();
        let seat = &mut self.seats[news.seat];
        let held = seat.stream.as_mut();
        let Some(stream) = held.filter(|stream| stream.lease().fence == news.fence) else {
            return Ok(());
        };
        let now = clock.now();
        match news.what {
            What::Event(event) => {
                stream.take(&mut self.journal, now, &event)?;
                match *event {
                    Event::Chain(chain::Event::Unsure { .. }) => {
                        seat.unsure = true;
                        // Whatever is still needed then is asked for again.
                        self.wanted.clear();
                    }
                    Event::Chain(chain::Event::Sure { .. }) => seat.unsure = false,
                    _ => {}
                }
            }
            What::Reached(block) => {
                seat.reached = Some(block);
                let settled = block.saturating_sub(below);
                stream.checkpoint_if_due(&mut self.journal, now, settled)?;
            }
        }
        Ok(())
    }

    fn ended(
        &mut self,
        clock: &dyn Clock,
        ended: Result<(Id, Done), JoinError>,
    ) -> Result<(), KeeperError> {
        let (id, done) = match ended {
            Ok((id, done)) => (id, Ok(done)),
            // A part that panics is a defect of that part, and no reason for the others to stop.
            Err(error) => (error.id(), Err(format!("the part failed: {error}"))),
        };
        match (self.jobs.remove(&id), done) {
            (Some(Job::Round(seat)), done) => {
                self.seats[seat].observing = false;
                if let Err(cause) = done {
                    tracing::error!(stream = self.seats[seat].part.stream(), "{cause}");
                }
                Ok(())
            }
            (
                Some(Job::Action {
                    seat,
                    fence,
                    action,
                }),
                done,
            ) => {
                let step = match done {
                    Ok(Done::Action(step)) => step,
                    Ok(Done::Round) => return Ok(()),
                    Err(cause) => Err(cause),
                };
                self.carried(clock, seat, fence, &action, step)
            }
            (None, _) => Ok(()),
        }
    }

    fn carried(
        &mut self,
        clock: &dyn Clock,
        seat: usize,
        fence: u64,
        action: &Action,
        step: Result<Step, String>,
    ) -> Result<(), KeeperError> {
        let seat = &mut self.seats[seat];
        let held = seat.stream.as_mut();
        let Some(stream) = held.filter(|stream| stream.lease().fence == fence) else {
            return Ok(());
        };
        let key = action.key();
        match step {
            Ok(Step::Call(_)) if seat.unsure => {
                self.rests.insert(key, Instant::now() + LOOK);
            }
            Ok(Step::Call(call)) => {
                self.wanted.insert(key, Wanted { key, call });
            }
            Ok(Step::Ended(outcome)) => {
                stream.settle(&mut self.journal, clock.now(), action, outcome)?;
            }
            Ok(Step::Later) => {
                self.rests.insert(key, Instant::now() + LOOK);
            }
            Err(cause) => {
                let stream = stream.lease().name.as_str();
                tracing::warn!(stream, action = %key, "an action waits for an answer: {cause}");
                self.rests.insert(key, Instant::now() + LOOK);
            }
        }
        Ok(())
    }

    /// One pass of the transaction manager. What it does not begin is asked about anew: its call may be another by then.
    async fn pass(&mut self, clock: &dyn Clock) -> Result<usize, KeeperError> {
        let wanted: Vec<Wanted> = std::mem::take(&mut self.wanted).into_values().collect();
        let (Some(submitter), Some(lease)) = (&self.submitter, &self.account) else {
            return Ok(0);
        };
        let until = Instant::now() + LOOK;
        self.rests.extend(wanted.iter().map(|w| (w.key, until)));
        let pass = submitter.pass(&mut self.journal, lease, clock, &wanted);
        let pass = match tokio::time::timeout(PASS_WITHIN, pass).await {
            Ok(Ok(pass)) => pass,
            Ok(Err(SubmitError::Journal(error))) => return Err(error.into()),
            stopped => {
                match stopped {
                    Ok(Err(error)) => tracing::warn!("no transaction goes on: {error}"),
                    _ => tracing::warn!("the endpoint is too slow for a pass of transactions"),
                }
                let posted = self.journal.posted(submitter.account())?;
                let nonces: BTreeSet<u64> = posted.iter().map(|p| p.signed.nonce).collect();
                return Ok(nonces.len());
            }
        };
        tell_pass(&pass, submitter.account());
        let open = pass.open;
        self.settle(clock, pass)?;
        Ok(open)
    }

    fn settle(&mut self, clock: &dyn Clock, pass: Pass) -> Result<(), KeeperError> {
        let mut ended: BTreeMap<ActionKey, End> = pass.ended.into_iter().collect();
        if ended.is_empty() {
            return Ok(());
        }
        // Whose stream another keeper holds is settled by that one, from the same receipt.
        for stream in self.seats.iter_mut().filter_map(|s| s.stream.as_mut()) {
            for action in stream.open(&mut self.journal)? {
                if let Some(end) = ended.remove(&action.key()) {
                    let outcome = outcome(end);
                    stream.settle(&mut self.journal, clock.now(), &action, outcome)?;
                }
            }
        }
        Ok(())
    }
}

impl Job {
    fn action(&self) -> Option<ActionKey> {
        match self {
            Self::Round(_) => None,
            Self::Action { action, .. } => Some(action.key()),
        }
    }
}

/// Where a stream stands, as the journal has it.
fn position(journal: &mut impl Journal, stream: &str) -> Result<Position, StreamError> {
    let known = journal.standing(stream)?;
    let mut standing = Vec::new();
    for body in known.logs {
        let event = serde_json::from_str(&body).map_err(|cause| StreamError::Unreadable {
            stream: stream.to_owned(),
            what: "a log".to_owned(),
            cause,
        })?;
        if let Event::Chain(chain::Event::Added(log)) = event {
            standing.push(log);
        }
    }
    Ok(Position {
        floor: known.floor,
        standing,
    })
}

fn outcome(end: End) -> Outcome {
    match end {
        End::Done { hash, block } => Outcome::Done { hash, block },
        End::Failed { hash, block } => Outcome::Refused {
            cause: format!("transaction {hash} failed in block {block}"),
        },
        End::Refused { cause } => Outcome::Refused { cause },
    }
}

fn tell_pass(pass: &Pass, account: Address) {
    for (key, reason) in &pass.held {
        tracing::warn!(action = %key, "{reason}");
    }
    if let Some(balance) = pass.low {
        tracing::warn!(%account, %balance, "the balance is low: fund the account");
    }
}

fn tell_standing(standing: &Standing, clock: &dyn Clock, waited_for: &mut Option<String>) {
    match standing {
        Standing::Working => *waited_for = None,
        Standing::Waiting { holder, until } => {
            if waited_for.as_ref() != Some(holder) {
                let left_ms = until.since(clock.now()).get();
                tracing::info!(holder, left_ms, "another keeper is at work: standing by");
            }
            *waited_for = Some(holder.clone());
        }
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
