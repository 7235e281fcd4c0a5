//! From a round of observation to how an action ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alloy::providers::Provider;
use tokio::{
    task::{Id, JoinError},
    time::Instant,
};

use super::{
    BATCH_MAX, CARRIED_MAX, Done, Job, Keeper, KeeperError, LOOK, PASS_WITHIN, Seat, URGENT_MAX,
    orders,
};
use crate::{
    action::{Action, Outcome},
    clock::Clock,
    event::Event,
    executor::{
        endpoint::Rpc,
        quorum::Quorum,
        submit::{End, Pass, SubmitError, Submitter, Wanted},
    },
    journal::{ActionKey, Journal, Lease},
    operations::observe,
    part::{Asking, Feed, News, Step, What, within},
    runtime::StreamError,
    source::chain::{self, Position},
};

impl<J: Journal, P: Provider + Clone + 'static> Keeper<J, P> {
    /// Lets parts look at the world: those whose round is due, or `all` that have none under way.
    pub(super) fn begin_rounds(&mut self, clock: &dyn Clock, all: bool) -> Result<(), KeeperError> {
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
                watched: stream.machine().watched(),
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
    pub(super) fn begin_actions(
        &mut self,
        clock: &dyn Clock,
        draining: bool,
    ) -> Result<(), KeeperError> {
        let payer = self.account.as_ref().and(self.account());
        let mut busy: BTreeSet<ActionKey> = self.wanted.keys().copied().collect();
        busy.extend(&self.passing);
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
            let paused = orders::is_paused(self.desk.as_ref(), seat.part.stream());
            for action in stream.open(&mut self.journal)? {
                let key = action.key();
                if busy.contains(&key) || self.rests.contains_key(&key) {
                    continue;
                }
                let name = seat.part.stream();
                let told = observe::on_the_spot(name, key, || seat.part.at_once(&action));
                if let Some(outcome) = told {
                    stream.settle(&mut self.journal, clock.now(), &action, outcome)?;
                    continue;
                }
                let most = match seat.part.is_urgent(&action) {
                    true => CARRIED_MAX + URGENT_MAX,
                    false => CARRIED_MAX,
                };
                if draining || paused || self.jobs.len() >= most {
                    continue;
                }
                let now = clock.now();
                let step = Arc::clone(&seat.part).carry_out(action.clone(), Asking { payer, now });
                let step = observe::traced(seat.part.stream(), &action, within(step));
                let task = self.tasks.spawn(async move { Done::Action(step.await) });
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

    /// When the host has something to do though nobody comes: a part's next round, or the next look.
    pub(super) fn wakes(&self) -> Instant {
        let look = Instant::now() + LOOK;
        let free = |seat: &&Seat| seat.stream.is_some() && !seat.observing;
        let due = self.seats.iter().filter(free).map(|seat| seat.due).min();
        due.map_or(look, |due| due.min(look))
    }

    /// Waits for news, for a task, or for `until`, and takes what came.
    pub(super) async fn next(
        &mut self,
        clock: &dyn Clock,
        until: Instant,
    ) -> Result<(), KeeperError> {
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
            // What a pass may still begin is not paused under it: an order waits for its end.
            Some(order) = orders::next(&mut self.desk), if self.passing.is_empty() => self.obey(clock, order)?,
            () = tokio::time::sleep_until(until) => {}
        }
        self.turned(clock);
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
            What::Reached(block, bottom) => {
                let finality = seat.reach.to(block, bottom, below);
                stream.checkpoint_if_due(&mut self.journal, now, finality)?;
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
        let paused = orders::is_paused(self.desk.as_ref(), seat.part.stream());
        match step {
            Ok(Step::Call(_)) if seat.unsure || paused => {
                self.rests.insert(key, Instant::now() + LOOK);
                self.note(key, "what the chain says is not known just now");
            }
            Ok(Step::Call(call)) => {
                self.wanted.insert(key, Wanted { key, call });
            }
            Ok(Step::Ended(outcome)) => {
                stream.settle(&mut self.journal, clock.now(), action, outcome)?;
            }
            Ok(Step::Later) => {
                self.rests.insert(key, Instant::now() + LOOK);
                self.note(key, "it goes on elsewhere, or nothing can be done now");
            }
            Err(cause) => {
                let stream = stream.lease().name.as_str();
                tracing::warn!(stream, action = %key, "an action waits for an answer: {cause}");
                self.rests.insert(key, Instant::now() + LOOK);
                self.note(key, cause);
            }
        }
        Ok(())
    }

    /// One pass of the transaction manager, and nothing beside it. What it does not begin is asked about anew: its call may be another
    /// by then.
    pub(super) async fn pass(&mut self, clock: &dyn Clock) -> Result<usize, KeeperError> {
        let Some(pass) = self.begin_pass() else {
            return Ok(0);
        };
        let ended = pass.run(self.journal.clone(), clock).await;
        self.passed(clock, ended)
    }

    /// One pass while the host goes on: it takes what parts learn and begins what is to be done, so that nothing waits for the endpoint
    /// that the pass waits for.
    pub(super) async fn pass_beside(&mut self, clock: &dyn Clock) -> Result<usize, KeeperError> {
        let Some(pass) = self.begin_pass() else {
            return Ok(0);
        };
        let pass = pass.run(self.journal.clone(), clock);
        tokio::pin!(pass);
        let ended = loop {
            let until = self.wakes();
            let turned = tokio::select! {
                ended = &mut pass => break ended,
                turned = self.next(clock, until) => turned,
            };
            let begun = turned
                .and_then(|()| self.begin_rounds(clock, false))
                .and_then(|()| self.begin_actions(clock, false));
            if let Err(error) = begun {
                // The pass is cut off, as by its own time: what it recorded stands.
                self.passing.clear();
                return Err(error);
            }
        };
        self.passed(clock, ended)
    }

    /// What a pass is about, and who makes it; `None` where there is nothing to sign with.
    fn begin_pass(&mut self) -> Option<Passing<P>> {
        let wanted: Vec<Wanted> = std::mem::take(&mut self.wanted).into_values().collect();
        let (submitter, lease) = (self.submitter.clone()?, self.account.clone()?);
        let until = Instant::now() + LOOK;
        self.rests.extend(wanted.iter().map(|w| (w.key, until)));
        self.passing.extend(wanted.iter().map(|w| w.key));
        Some(Passing {
            submitter,
            lease,
            wanted,
        })
    }

    fn passed(
        &mut self,
        clock: &dyn Clock,
        ended: Option<Result<Pass, SubmitError>>,
    ) -> Result<usize, KeeperError> {
        self.passing.clear();
        let Some(account) = self.account() else {
            return Ok(0);
        };
        let pass = match ended {
            Some(Ok(pass)) => pass,
            Some(Err(SubmitError::Journal(error))) => return Err(error.into()),
            stopped => {
                match stopped {
                    Some(Err(error)) => tracing::warn!("no transaction goes on: {error}"),
                    _ => tracing::warn!("the endpoint is too slow for a pass of transactions"),
                }
                let posted = self.journal.posted(account)?;
                let nonces: BTreeSet<u64> = posted.iter().map(|p| p.signed.nonce).collect();
                return Ok(nonces.len());
            }
        };
        self.note_pass(&pass, account);
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

/// A pass of the transaction manager that is to be made.
struct Passing<P> {
    submitter: Arc<Submitter<Quorum<Rpc<P>>>>,
    lease: Lease,
    wanted: Vec<Wanted>,
}

impl<P: Provider> Passing<P> {
    /// `None` when it took too long. It may be cut off wherever it waits.
    async fn run(
        self,
        mut journal: impl Journal,
        clock: &dyn Clock,
    ) -> Option<Result<Pass, SubmitError>> {
        let pass = self
            .submitter
            .pass(&mut journal, &self.lease, clock, &self.wanted);
        tokio::time::timeout(PASS_WITHIN, pass).await.ok()
    }
}

impl Job {
    pub(super) fn action(&self) -> Option<ActionKey> {
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
        mark: known.mark,
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
