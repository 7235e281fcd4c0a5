//! What the host shows to its operator, and the orders that it obeys between two turns of its loop.

use std::collections::BTreeSet;

use alloy::{primitives::Address, providers::Provider};
use tokio::{sync::oneshot, time::Instant};

use super::{Job, Keeper, KeeperError, Standing};
use crate::{
    clock::Clock,
    executor::submit::Pass,
    journal::{ActionKey, Journal, Posted},
    operations::{
        desk::{self, Answer, Desk, OpenAction, OpenTransaction, Order, Picture, StreamPicture},
        kind,
        metrics::{gauge, metrics},
        observe,
        trace::Trace,
    },
};

/// The next order; never when nobody gives any.
pub(super) async fn next(desk: &mut Option<Desk>) -> Option<(Order, oneshot::Sender<Answer>)> {
    match desk {
        Some(desk) => desk.next().await,
        None => None,
    }
}

/// Whether an operator paused a stream.
pub(super) fn is_paused(desk: Option<&Desk>, stream: &str) -> bool {
    desk.is_some_and(|desk| desk.is_paused(stream))
}

impl<J: Journal, P: Provider + Clone + 'static> Keeper<J, P> {
    /// Shows how it stands on the board of `desk`, and obeys the orders that come there.
    pub fn attend(&mut self, desk: Desk) {
        self.desk = Some(desk);
    }

    /// The host's loop turned.
    pub(super) fn turned(&self, clock: &dyn Clock) {
        let metrics = metrics();
        metrics.host_turns.inc();
        metrics.host_turn.set(clock.now().get() as f64 / 1_000.0);
        metrics.news_waiting.set(gauge(self.news.len()));
        if let Some(desk) = &self.desk {
            desk.board.turn();
        }
    }

    /// Writes down how it stands, after its leases were looked at.
    pub(super) fn show(
        &mut self,
        standing: &Standing,
        clock: &dyn Clock,
    ) -> Result<(), KeeperError> {
        let metrics = metrics();
        metrics.account_held.set(i64::from(self.account.is_some()));
        let streams = self.pictures()?;
        for picture in &streams {
            let labels = [("stream", picture.stream.clone())];
            metrics
                .stream_held
                .get_or_create(&labels)
                .set(i64::from(picture.held));
            metrics
                .actions_open
                .get_or_create(&labels)
                .set(gauge(picture.open));
            if let Some(reached) = picture.reached {
                metrics
                    .stream_block
                    .get_or_create(&labels)
                    .set(gauge(reached));
                let lag = metrics.head.get().saturating_sub(gauge(reached)).max(0);
                metrics.stream_lag.get_or_create(&labels).set(lag);
            }
        }
        let account = self.account().map(|account| account.to_string());
        let Some(desk) = &self.desk else {
            return Ok(());
        };
        // Whoever holds a lease has just written. Who stands by wrote nothing, and must know that he could.
        let writes = match standing {
            Standing::Working => Ok(()),
            Standing::Waiting { .. } => self.journal.probe(&self.name, clock.now()),
        };
        match writes {
            Ok(()) => desk.board.record(),
            Err(error) => tracing::error!("the journal takes no writes: {error}"),
        }
        desk.board.show(Picture {
            name: self.name.clone(),
            account,
            standing: match standing {
                Standing::Working => desk::Standing::Working,
                Standing::Waiting { holder, .. } => desk::Standing::Waiting {
                    holder: holder.clone(),
                },
            },
            transactions_open: usize::try_from(metrics.open.get()).unwrap_or_default(),
            streams,
        });
        Ok(())
    }

    /// How each stream stands.
    ///
    /// Errors: the journal cannot be read.
    pub fn pictures(&mut self) -> Result<Vec<StreamPicture>, KeeperError> {
        (0..self.seats.len())
            .map(|place| self.picture_of(place))
            .collect()
    }

    fn picture_of(&mut self, place: usize) -> Result<StreamPicture, KeeperError> {
        let seat = &self.seats[place];
        let stream = seat.part.stream().to_owned();
        let open = match &seat.stream {
            Some(held) => held.open(&mut self.journal)?.len(),
            None => 0,
        };
        let pause = seat.part.pause();
        // The next round is due a pause after this one began.
        let until_due = seat.due.saturating_duration_since(Instant::now());
        let overdue = Instant::now().saturating_duration_since(seat.due);
        let looked = (pause.saturating_sub(until_due)).saturating_add(overdue);
        Ok(StreamPicture {
            held: seat.stream.is_some(),
            paused: is_paused(self.desk.as_ref(), &stream),
            takes_logs: seat.part.takes_logs(),
            unsure: seat.unsure,
            reached: seat.reach.block(),
            open,
            looked_secs_ago: seat.stream.is_some().then_some(looked.as_secs()),
            pause_secs: pause.as_secs(),
            stream,
        })
    }

    /// From here on it says that it is about to stop.
    pub(super) fn begins_drain(&self) {
        if let Some(desk) = &self.desk {
            desk.board.begin_drain();
        }
        tracing::info!("draining: what is open is ended, nothing is begun");
    }

    /// Remembers why an action waits.
    pub(super) fn note(&mut self, key: ActionKey, why: impl Into<String>) {
        if let Some(desk) = &mut self.desk {
            desk.note(key, why.into());
        }
    }

    /// Remembers what a pass of the transaction manager found.
    pub(super) fn note_pass(&mut self, pass: &Pass, account: Address) {
        observe::passed(pass);
        for (key, reason) in &pass.held {
            tracing::warn!(trace = %Trace(*key), action = %key, "{reason}");
            self.note(*key, reason.to_string());
        }
        if let Some(balance) = pass.low {
            tracing::warn!(%account, %balance, "the balance is low: fund the account");
        }
    }

    /// Obeys an order. One that cannot be obeyed is answered so, and changes nothing.
    ///
    /// Errors: the journal's, as of any other step.
    pub(super) fn obey(
        &mut self,
        clock: &dyn Clock,
        (order, answer): (Order, oneshot::Sender<Answer>),
    ) -> Result<(), KeeperError> {
        let told = match order {
            Order::Actions => Answer::Actions(self.open_actions()?),
            Order::Pause(stream) => self.set_paused(&stream, true),
            Order::Resume(stream) => self.set_paused(&stream, false),
            Order::Look(stream) => self.look_now(stream.as_deref()),
            Order::Checkpoint => self.checkpoint_now(clock)?,
        };
        // Who asked may be gone.
        let _ = answer.send(told);
        Ok(())
    }

    fn streams(&self) -> Vec<String> {
        self.seats
            .iter()
            .map(|seat| seat.part.stream().to_owned())
            .collect()
    }

    fn set_paused(&mut self, stream: &str, paused: bool) -> Answer {
        if !self.seats.iter().any(|seat| seat.part.stream() == stream) {
            return Answer::NoStream(self.streams());
        }
        let Some(desk) = &mut self.desk else {
            return Answer::Failed("nobody attends to orders".to_owned());
        };
        match desk.pause(stream, paused) {
            Ok(()) => {
                // What was asked for and not signed yet is asked for again where it is not paused.
                self.wanted.clear();
                self.rests.clear();
                Answer::Done(vec![stream.to_owned()])
            }
            Err(cause) => Answer::Failed(format!(
                "it cannot be remembered, so it is as before: {cause}"
            )),
        }
    }

    fn look_now(&mut self, stream: Option<&str>) -> Answer {
        let mut looked = Vec::new();
        for seat in &mut self.seats {
            if stream.is_none_or(|stream| stream == seat.part.stream()) {
                seat.due = Instant::now();
                looked.push(seat.part.stream().to_owned());
            }
        }
        if looked.is_empty() {
            return Answer::NoStream(self.streams());
        }
        self.rests.clear();
        Answer::Done(looked)
    }

    /// Streams that were told nothing since they are held have nothing to add to their last checkpoint.
    fn checkpoint_now(&mut self, clock: &dyn Clock) -> Result<Answer, KeeperError> {
        let (now, below) = (clock.now(), self.settled_below());
        let mut kept = Vec::new();
        for seat in &mut self.seats {
            if let (Some(stream), Some(finality)) = (&mut seat.stream, seat.reach.finality(below)) {
                stream.checkpoint(&mut self.journal, now, finality)?;
                kept.push(seat.part.stream().to_owned());
            }
        }
        Ok(Answer::Done(kept))
    }

    fn open_actions(&mut self) -> Result<Vec<OpenAction>, KeeperError> {
        let posted = match self.account() {
            Some(account) => self.journal.posted(account)?,
            None => Vec::new(),
        };
        let carried: BTreeSet<ActionKey> = self.jobs.values().filter_map(Job::action).collect();
        let (mut found, mut open) = (Vec::new(), BTreeSet::new());
        for seat in &self.seats {
            let Some(stream) = &seat.stream else { continue };
            let name = seat.part.stream();
            let paused = is_paused(self.desk.as_ref(), name);
            for action in stream.open(&mut self.journal)? {
                let key = action.key();
                open.insert(key);
                let signed = posted
                    .iter()
                    .rfind(|one| one.signed.action == key && !one.signed.fill);
                let noted = self.desk.as_ref().and_then(|desk| desk.whys.get(&key));
                let why = match signed {
                    Some(signed) => why_open(signed, noted),
                    None if paused => "the stream is paused: resume it".to_owned(),
                    None if carried.contains(&key) => "it is carried out now".to_owned(),
                    None if self.wanted.contains_key(&key) => {
                        "its transaction is signed next".to_owned()
                    }
                    None => noted
                        .cloned()
                        .unwrap_or_else(|| "it is taken up at the next turn".to_owned()),
                };
                found.push(OpenAction {
                    stream: name.to_owned(),
                    key: key.to_string(),
                    trace: Trace(key).to_string(),
                    kind: kind(&action),
                    why,
                    transaction: signed.map(|posted| OpenTransaction {
                        hash: format!("{:#x}", posted.signed.hash),
                        nonce: posted.signed.nonce,
                        sends: posted.sends,
                    }),
                    action: serde_json::to_value(&action).unwrap_or_default(),
                });
            }
        }
        if let Some(desk) = &mut self.desk {
            desk.forget_all_but(&open);
        }
        Ok(found)
    }
}

/// Tells once that another keeper works, and counts when its work is this one's.
pub(super) fn tell_standing(
    standing: &Standing,
    clock: &dyn Clock,
    waited_for: &mut Option<String>,
) {
    match standing {
        Standing::Working => {
            if waited_for.take().is_some() {
                observe::took_over();
            }
        }
        Standing::Waiting { holder, until } => {
            if waited_for.as_ref() != Some(holder) {
                let left_ms = until.since(clock.now()).get();
                tracing::info!(holder, left_ms, "another keeper is at work: standing by");
            }
            *waited_for = Some(holder.clone());
        }
    }
}

fn why_open(posted: &Posted, noted: Option<&String>) -> String {
    let (nonce, sends) = (posted.signed.nonce, posted.sends);
    let waits =
        format!("its transaction with nonce {nonce} was sent {sends} times and is not final");
    match noted {
        Some(noted) => format!("{waits}: {noted}"),
        None => waits,
    }
}
