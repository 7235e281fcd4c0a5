//! What a keeper holds: its account and its streams, and that it gives them back.

use std::sync::Arc;

use alloy::providers::Provider;
use tokio::time::Instant;

use super::{Keeper, KeeperError, LEASE_TERM, Standing, reach::Reach};
use crate::{
    clock::{Clock, Moment},
    journal::{Claim, Journal, account_lease},
    runtime::Stream,
    source::follow::REORG_BLOCKS_MAX,
};

impl<J: Journal, P: Provider + Clone + 'static> Keeper<J, P> {
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
        seat.reach = Reach::default();
        seat.unsure = false;
        seat.due = Instant::now();
        Ok(None)
    }

    /// Prolongs what is held when that is due.
    pub(super) fn renew(&mut self, now: Moment) -> Result<(), KeeperError> {
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

    /// Records checkpoints and gives the leases back, so that another keeper need not wait for their end.
    pub fn leave(&mut self, clock: &dyn Clock) -> Result<(), KeeperError> {
        let (now, below) = (clock.now(), self.settled_below());
        for seat in &mut self.seats {
            let Some(mut stream) = seat.stream.take() else {
                continue;
            };
            if let Some(finality) = seat.reach.finality(below) {
                stream.checkpoint(&mut self.journal, now, finality)?;
            }
            self.journal.release(stream.lease(), now)?;
        }
        if let Some(account) = self.account.take() {
            self.journal.release(&account, now)?;
        }
        Ok(())
    }

    /// How deep a block lies that no stream takes back any more: deeper than any reorganisation that is undone.
    pub(super) fn settled_below(&self) -> u64 {
        self.depth_blocks.max(REORG_BLOCKS_MAX)
    }

    /// Who was refused for his fence forgets what he knew: the journal knows better now.
    pub(super) fn stood_down<T>(
        &mut self,
        result: Result<T, KeeperError>,
    ) -> Result<T, KeeperError> {
        if result.as_ref().is_err_and(KeeperError::is_fenced) {
            self.account = None;
            self.wanted.clear();
            for seat in &mut self.seats {
                seat.stream = None;
            }
        }
        result
    }
}
