//! The one owner of a stream's state: journal and machine together, and nothing of either outside.
//!
//! ```text
//! event ─► see (recorded) ─► step (decided) ─► intend (recorded) ─► the executor may act ─► settle (recorded) ─► step …
//! ```

use crate::{
    action::{Action, Outcome},
    clock::Moment,
    event::Event,
    journal::{Finality, Intent, Journal, JournalError, Lease, Seen},
    machine::Machine,
    operations::observe,
};

/// After how many events a checkpoint is recorded: so many are replayed at most after a restart, in milliseconds.
const CHECKPOINT_EVENTS: u64 = 256;
/// After how many blocks a checkpoint is recorded, however little happened in them: so many are read again at most after a restart, in
/// seconds.
const CHECKPOINT_BLOCKS: u64 = 1_024;

/// Why a stream cannot go on. Nothing may be carried out on its behalf.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The journal recorded nothing, or not known what.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What is recorded is not what this keeper writes.
    #[error("stream {stream}: {what} cannot be read: {cause}")]
    Unreadable {
        /// The stream.
        stream: String,
        /// What it is.
        what: String,
        /// Why.
        cause: serde_json::Error,
    },
}

/// A stream that this process holds, with its machine.
#[derive(Debug)]
pub struct Stream<M> {
    lease: Lease,
    machine: M,
    taken: u64,
    kept: u64,
    /// Up to which block the last checkpoint knew the chain; `None` before it is known how far it is.
    kept_block: Option<u64>,
}

impl<M: Machine> Stream<M> {
    /// Goes on where the stream was left, by whomever: `make` builds the machine from a checkpoint, or anew; events after that are
    /// taken again, and those that nobody took yet are taken now.
    pub fn resume(
        journal: &mut impl Journal,
        lease: Lease,
        now: Moment,
        make: impl FnOnce(Option<&str>) -> Result<M, serde_json::Error>,
    ) -> Result<Self, StreamError> {
        let replay = journal.replay(&lease.name)?;
        let unreadable = |what: String| {
            let stream = lease.name.clone();
            move |cause| StreamError::Unreadable {
                stream,
                what,
                cause,
            }
        };
        let mut machine =
            make(replay.state.as_deref()).map_err(unreadable("the checkpoint".to_owned()))?;
        machine.held_under(lease.fence);
        let mut stream = Self {
            machine,
            taken: replay.from,
            kept: replay.from,
            kept_block: None,
            lease: lease.clone(),
        };
        for recorded in replay.events {
            let event = serde_json::from_str(&recorded.body)
                .map_err(unreadable(format!("event {}", recorded.seq)))?;
            if recorded.seq <= replay.cursor {
                // Its actions are recorded: only the state is wanted.
                stream.machine.step(&event);
                stream.taken = recorded.seq;
            } else {
                stream.decide(journal, now, recorded.seq, &event)?;
            }
        }
        Ok(stream)
    }

    /// The lease under which it is held.
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Prolongs the lease. Errors: [`JournalError::Fenced`] in [`StreamError::Journal`]: the stream is another's, drop it.
    pub fn renew(
        &mut self,
        journal: &mut impl Journal,
        now: Moment,
        term: agentcity_domain::time::Millis,
    ) -> Result<(), StreamError> {
        self.lease = journal.renew(&self.lease, now, term)?;
        Ok(())
    }

    /// The machine, to read.
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// Takes an event: records it, lets the machine decide, records what is to be done. One that is known changes nothing.
    pub fn take(
        &mut self,
        journal: &mut impl Journal,
        now: Moment,
        event: &Event,
    ) -> Result<(), StreamError> {
        let body = text(event);
        match journal.see(&self.lease, now, &event.identity(), &body)? {
            Seen::Recorded(seq) => {
                observe::took(&self.lease.name, now, event);
                self.decide(journal, now, seq, event)
            }
            Seen::Known => Ok(()),
        }
    }

    /// What is to be done and not known to have ended, oldest first.
    pub fn open(&self, journal: &mut impl Journal) -> Result<Vec<Action>, StreamError> {
        let intents = journal.open(&self.lease.name)?;
        intents
            .into_iter()
            .map(|intent| {
                serde_json::from_str(&intent.body).map_err(|cause| StreamError::Unreadable {
                    stream: self.lease.name.clone(),
                    what: format!("action {}", intent.key),
                    cause,
                })
            })
            .collect()
    }

    /// Records how an action ended, and lets the machine know.
    pub fn settle(
        &mut self,
        journal: &mut impl Journal,
        now: Moment,
        action: &Action,
        outcome: Outcome,
    ) -> Result<(), StreamError> {
        let recorded = text(&outcome);
        let event = Event::Ended {
            action: action.clone(),
            outcome,
        };
        let (key, body) = (action.key(), text(&event));
        match journal.settle(&self.lease, now, key, &recorded, &body)? {
            Seen::Recorded(seq) => {
                if let Event::Ended { action, outcome } = &event {
                    observe::ended(&self.lease.name, action, outcome);
                }
                self.decide(journal, now, seq, &event)
            }
            Seen::Known => Ok(()),
        }
    }

    /// Records a checkpoint now, for a stop that is planned.
    pub fn checkpoint(
        &mut self,
        journal: &mut impl Journal,
        now: Moment,
        finality: Finality,
    ) -> Result<(), StreamError> {
        let state = self.machine.state();
        journal.checkpoint(&self.lease, now, self.taken, &state, finality)?;
        self.kept = self.taken;
        self.kept_block = Some(finality.block);
        Ok(())
    }

    /// Records a checkpoint when enough has happened since the last.
    pub fn checkpoint_if_due(
        &mut self,
        journal: &mut impl Journal,
        now: Moment,
        finality: Finality,
    ) -> Result<(), StreamError> {
        let kept_block = *self.kept_block.get_or_insert(finality.block);
        if self.taken.saturating_sub(self.kept) < CHECKPOINT_EVENTS
            && finality.block.saturating_sub(kept_block) < CHECKPOINT_BLOCKS
        {
            return Ok(());
        }
        self.checkpoint(journal, now, finality)
    }

    fn decide(
        &mut self,
        journal: &mut impl Journal,
        now: Moment,
        seq: u64,
        event: &Event,
    ) -> Result<(), StreamError> {
        let actions = self.machine.step(event);
        let intents: Vec<Intent> = actions
            .iter()
            .map(|action| Intent {
                key: action.key(),
                body: text(action),
            })
            .collect();
        let new = journal.intend(&self.lease, now, seq, &intents)?;
        observe::wanted(&self.lease.name, seq, event, &actions, &new);
        self.taken = seq;
        Ok(())
    }
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("events, actions and outcomes are JSON")
}
