//! From chain events to subscribers and filters.
//!
//! One [`Hub`] reads the node's events and hands each to everybody who asked: WebSocket subscriptions get a message,
//! filters keep a change until polled. Both go through [`Hub::pump`], which a background task calls when events
//! arrive and which every poll calls first, so that a client that saw its receipt also finds it in its filter.
//!
//! Reorganisations: logs of removed blocks come again with `removed: true`, newest block first and last log first, so
//! that undoing in the order of arrival is right; then the logs of the new blocks come. `newHeads` and block filters
//! tell only of new blocks.

mod faults;
mod outbox;
mod target;

pub use faults::{FaultCounts, LogFaults};
pub(crate) use outbox::{Closing, Outbox, Queue};
pub(crate) use target::{Watch, subscription_id};

use crate::{limits, view};
use agentcity_devnode_chain::{ChainEvent, MinedBlock};
use alloy::{primitives::B256, rpc::types::Filter};
use faults::FaultState;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};
use target::{Sink, Target, header_json, log_json};
use tokio::sync::broadcast;

/// Why a filter or subscription was refused or is gone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HubError {
    #[error("filter not found; it was never made, was uninstalled or nobody polled it for {secs} s", secs = limits::FILTER_IDLE.as_secs())]
    NoFilter,
    #[error(
        "the filter missed events because it was not polled in time; make a new one and resync with eth_getLogs"
    )]
    Lost,
    #[error("the node keeps at most {max} filters; uninstall some", max = limits::FILTERS)]
    TooManyFilters,
    #[error("a connection keeps at most {max} subscriptions; unsubscribe some", max = limits::SUBSCRIPTIONS)]
    TooManySubscriptions,
    #[error("this is no log filter")]
    NoLogFilter,
    #[error("delayMs {0} is more than the largest delay, {max} ms", max = limits::DELAY.as_millis())]
    Delay(u64),
}

/// Full transactions for `newPendingTransactions`, as JSON.
pub(crate) type Lookup = Box<dyn Fn(B256) -> Option<Vec<u8>> + Send + Sync>;

/// See the module.
pub(crate) struct Hub {
    inner: Mutex<Inner>,
    lookup: Lookup,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

struct Inner {
    events: broadcast::Receiver<ChainEvent>,
    targets: BTreeMap<u64, Target>,
    next_id: u64,
    faults: FaultState,
    delayed: VecDeque<(Instant, u64, Vec<u8>)>,
}

impl Hub {
    pub(crate) fn new(events: broadcast::Receiver<ChainEvent>, lookup: Lookup) -> Self {
        let inner = Inner {
            events,
            targets: BTreeMap::new(),
            next_id: 1,
            faults: FaultState::default(),
            delayed: VecDeque::new(),
        };
        Self {
            inner: Mutex::new(inner),
            lookup,
        }
    }

    /// Hands out everything that happened; answers when the next delayed delivery is due.
    pub(crate) fn pump(&self, now: Instant) -> Option<Instant> {
        let mut inner = self.inner.lock();
        self.drain(&mut inner, now);
        inner.delayed.front().map(|(due, ..)| *due)
    }

    fn drain(&self, inner: &mut Inner, now: Instant) {
        loop {
            match inner.events.try_recv() {
                Ok(event) => inner.distribute(&event, &self.lookup, now),
                Err(broadcast::error::TryRecvError::Lagged(_)) => inner.lagged(),
                Err(_) => break,
            }
        }
        inner.release(now);
    }

    /// Serves until the node is gone.
    pub(crate) async fn run(&self, mut wake: broadcast::Receiver<ChainEvent>) {
        loop {
            let due = self.pump(Instant::now());
            let timer = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    // Idle filters must go away even when nothing happens.
                    None => tokio::time::sleep(limits::FILTER_IDLE / 10).await,
                }
            };
            tokio::select! {
                event = wake.recv() => {
                    if matches!(event, Err(broadcast::error::RecvError::Closed)) {
                        return;
                    }
                    while matches!(wake.try_recv(), Ok(_) | Err(broadcast::error::TryRecvError::Lagged(_))) {}
                }
                () = timer => self.expire(Instant::now()),
            }
        }
    }

    /// Adds a subscription. It stays silent until [`Hub::activate`], so that its id arrives before its first message.
    pub(crate) fn subscribe(
        &self,
        connection: u64,
        outbox: &Outbox,
        watch: Watch,
    ) -> Result<u64, HubError> {
        let mut inner = self.inner.lock();
        let count = inner
            .targets
            .values()
            .filter(|target| target.connection() == Some(connection))
            .count();
        if count >= limits::SUBSCRIPTIONS {
            return Err(HubError::TooManySubscriptions);
        }
        self.drain(&mut inner, Instant::now());
        let sink = Sink::Connection {
            connection,
            outbox: outbox.clone(),
            held: Some(Vec::new()),
        };
        Ok(inner.add(Target { watch, sink }))
    }

    /// Lets subscriptions speak.
    pub(crate) fn activate(&self, ids: impl IntoIterator<Item = u64>) {
        let mut inner = self.inner.lock();
        for id in ids {
            if let Some(Target {
                sink: Sink::Connection { outbox, held, .. },
                ..
            }) = inner.targets.get_mut(&id)
            {
                for message in held.take().unwrap_or_default() {
                    outbox.notify(message);
                }
            }
        }
    }

    /// Ends a subscription of this connection.
    pub(crate) fn unsubscribe(&self, connection: u64, id: u64) -> bool {
        let mut inner = self.inner.lock();
        let own = inner
            .targets
            .get(&id)
            .is_some_and(|target| target.connection() == Some(connection));
        own && inner.targets.remove(&id).is_some()
    }

    /// Ends all subscriptions of a connection.
    pub(crate) fn disconnect(&self, connection: u64) {
        self.inner
            .lock()
            .targets
            .retain(|_, target| target.connection() != Some(connection));
    }

    /// Adds a filter.
    pub(crate) fn add_filter(&self, watch: Watch, now: Instant) -> Result<u64, HubError> {
        self.expire(now);
        let mut inner = self.inner.lock();
        if inner
            .targets
            .values()
            .filter(|target| target.connection().is_none())
            .count()
            >= limits::FILTERS
        {
            return Err(HubError::TooManyFilters);
        }
        self.drain(&mut inner, now);
        let sink = Sink::Poll {
            changes: VecDeque::new(),
            polled: now,
            lost: false,
        };
        Ok(inner.add(Target { watch, sink }))
    }

    /// Takes the changes of a filter since the last poll.
    pub(crate) fn poll(&self, id: u64, now: Instant) -> Result<VecDeque<Vec<u8>>, HubError> {
        let mut inner = self.inner.lock();
        self.drain(&mut inner, now);
        match inner.targets.get_mut(&id) {
            Some(Target {
                sink:
                    Sink::Poll {
                        changes,
                        polled,
                        lost: false,
                    },
                ..
            }) => {
                *polled = now;
                Ok(std::mem::take(changes))
            }
            Some(Target {
                sink: Sink::Poll { .. },
                ..
            }) => {
                inner.targets.remove(&id);
                Err(HubError::Lost)
            }
            _ => Err(HubError::NoFilter),
        }
    }

    /// What a log filter asks for.
    pub(crate) fn log_filter(&self, id: u64, now: Instant) -> Result<Filter, HubError> {
        match self.inner.lock().targets.get_mut(&id) {
            Some(Target {
                watch: Watch::Logs(filter),
                sink: Sink::Poll { polled, .. },
            }) => {
                *polled = now;
                Ok(Filter::clone(filter))
            }
            Some(Target {
                sink: Sink::Poll { .. },
                ..
            }) => Err(HubError::NoLogFilter),
            _ => Err(HubError::NoFilter),
        }
    }

    /// Removes a filter.
    pub(crate) fn remove_filter(&self, id: u64) -> bool {
        let mut inner = self.inner.lock();
        let filter = inner
            .targets
            .get(&id)
            .is_some_and(|target| target.connection().is_none());
        filter && inner.targets.remove(&id).is_some()
    }

    /// Removes filters nobody polls.
    pub(crate) fn expire(&self, now: Instant) {
        self.inner
            .lock()
            .targets
            .retain(|_, target| match target.sink {
                Sink::Poll { polled, .. } => {
                    now.saturating_duration_since(polled) < limits::FILTER_IDLE
                }
                Sink::Connection { .. } => true,
            });
    }

    /// Sets the faults and starts their counts anew; what was held back is delivered.
    pub(crate) fn set_faults(&self, faults: LogFaults, now: Instant) -> Result<(), HubError> {
        if Duration::from_millis(faults.delay_ms) > limits::DELAY {
            return Err(HubError::Delay(faults.delay_ms));
        }
        let mut inner = self.inner.lock();
        self.drain(&mut inner, now);
        while let Some((_, id, json)) = inner.delayed.pop_front() {
            inner.deliver(id, json);
        }
        inner.faults = FaultState::new(faults);
        Ok(())
    }

    /// The faults in force and what they did.
    pub(crate) fn faults(&self) -> (LogFaults, FaultCounts) {
        let inner = self.inner.lock();
        (inner.faults.faults, inner.faults.counts)
    }

    /// Filters and subscriptions.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let inner = self.inner.lock();
        let filters = inner
            .targets
            .values()
            .filter(|target| target.connection().is_none())
            .count();
        (filters, inner.targets.len() - filters)
    }
}

impl Inner {
    fn add(&mut self, target: Target) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.targets.insert(id, target);
        id
    }

    fn distribute(&mut self, event: &ChainEvent, lookup: &Lookup, now: Instant) {
        if self.targets.is_empty() {
            return;
        }
        match event {
            ChainEvent::Block(block) => {
                self.heads(block);
                self.logs(block, false, now);
            }
            ChainEvent::Removed(blocks) => {
                for block in blocks {
                    self.logs(block, true, now);
                }
            }
            ChainEvent::Pending(hash) => self.pending(*hash, lookup),
        }
    }

    fn heads(&mut self, block: &MinedBlock) {
        let mut header = None;
        for (id, target) in &mut self.targets {
            if matches!(target.watch, Watch::Heads) {
                let json = match target.sink {
                    Sink::Connection { .. } => {
                        header.get_or_insert_with(|| header_json(block)).clone()
                    }
                    Sink::Poll { .. } => format!("\"{}\"", block.hash).into_bytes(),
                };
                target.deliver(*id, json);
            }
        }
    }

    fn pending(&mut self, hash: B256, lookup: &Lookup) {
        for (id, target) in &mut self.targets {
            if let Watch::Pending { full } = target.watch {
                let json = if full {
                    lookup(hash)
                } else {
                    Some(format!("\"{hash}\"").into_bytes())
                };
                // A transaction that is gone already has nothing to show.
                if let Some(json) = json {
                    target.deliver(*id, json);
                }
            }
        }
    }

    fn logs(&mut self, block: &Arc<MinedBlock>, removed: bool, now: Instant) {
        let ids: Vec<u64> = self
            .targets
            .iter()
            .filter(|(_, target)| match &target.watch {
                Watch::Logs(filter) => {
                    target::in_range(filter, block.number())
                        && filter.matches_bloom(block.header.logs_bloom)
                }
                _ => false,
            })
            .map(|(id, _)| *id)
            .collect();
        if ids.is_empty() {
            return;
        }
        let mut places: Vec<(usize, usize)> = block
            .transactions
            .iter()
            .enumerate()
            .flat_map(|(tx, mined)| (0..mined.logs().len()).map(move |log| (tx, log)))
            .collect();
        if removed {
            places.reverse();
        }
        for (tx, log) in places {
            let mined = &block.transactions[tx];
            let entry = &mined.logs()[log];
            let place = view::log::Place::new(block, tx, mined, log);
            let mut json = None;
            for id in &ids {
                let matches = match self.targets.get(id) {
                    Some(Target {
                        watch: Watch::Logs(filter),
                        ..
                    }) => filter.matches(entry),
                    _ => false,
                };
                if matches {
                    let json = json.get_or_insert_with(|| log_json(entry, &place, removed));
                    self.deliver_log(*id, json, now);
                }
            }
        }
    }

    /// Delivers one log through the faults.
    fn deliver_log(&mut self, id: u64, json: &[u8], now: Instant) {
        let (copies, late) = self.faults.next();
        for _ in 0..copies {
            if late.is_zero() {
                self.deliver(id, json.to_vec());
            } else if self.delayed.len() < limits::DELAYED {
                self.delayed.push_back((now + late, id, json.to_vec()));
            } else if let Some(target) = self.targets.get_mut(&id) {
                target.lose();
            }
        }
    }

    fn deliver(&mut self, id: u64, json: Vec<u8>) {
        if let Some(target) = self.targets.get_mut(&id) {
            target.deliver(id, json);
        }
    }

    /// Delivers what is due; the delay is the same for all, so the queue is in order.
    fn release(&mut self, now: Instant) {
        while self.delayed.front().is_some_and(|(due, ..)| *due <= now) {
            if let Some((_, id, json)) = self.delayed.pop_front() {
                self.deliver(id, json);
            }
        }
    }

    /// Events were lost: nobody may go on as if nothing had happened.
    fn lagged(&mut self) {
        for target in self.targets.values_mut() {
            target.lose();
        }
    }
}

#[cfg(test)]
#[path = "hub_tests.rs"]
mod tests;
