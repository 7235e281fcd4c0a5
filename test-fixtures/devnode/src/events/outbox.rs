//! The bounded queue between the node and one WebSocket reader.
//!
//! Answers wait for room, so a client that does not read stops being served. Notifications do not wait: a reader too
//! slow for its subscriptions is closed with a reason, because a gap it does not know of would be worse.

use crate::limits;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{mpsc, watch};

/// Why a connection is closed by the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// The queue of the reader is full.
    TooSlow,
    /// The node's own event queue overflowed: the client missed events.
    Lagged,
    /// The node stops.
    GoingAway,
}

impl Closing {
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::TooSlow => 1008,
            Self::Lagged => 1013,
            Self::GoingAway => 1001,
        }
    }

    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::TooSlow => {
                "the connection reads slower than its subscriptions deliver; reconnect and resync"
            }
            Self::Lagged => "events were lost; reconnect and resync",
            Self::GoingAway => "the node stops",
        }
    }
}

/// The sending side.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    queue: mpsc::Sender<Vec<u8>>,
    bytes: Arc<AtomicUsize>,
    closing: Arc<watch::Sender<Option<Closing>>>,
}

/// The receiving side.
#[derive(Debug)]
pub(crate) struct Queue {
    queue: mpsc::Receiver<Vec<u8>>,
    bytes: Arc<AtomicUsize>,
    closing: Arc<watch::Sender<Option<Closing>>>,
}

impl Outbox {
    pub(crate) fn new() -> (Self, Queue) {
        let (sender, receiver) = mpsc::channel(limits::OUTBOX);
        let bytes = Arc::new(AtomicUsize::new(0));
        let closing = Arc::new(watch::Sender::new(None));
        let queue = Queue {
            queue: receiver,
            bytes: Arc::clone(&bytes),
            closing: Arc::clone(&closing),
        };
        (
            Self {
                queue: sender,
                bytes,
                closing,
            },
            queue,
        )
    }

    /// Queues a notification, or starts closing the connection.
    pub(crate) fn notify(&self, message: Vec<u8>) {
        if self.bytes.fetch_add(message.len(), Ordering::Relaxed) + message.len()
            > limits::OUTBOX_BYTES
            || self.queue.try_send(message).is_err()
        {
            self.close(Closing::TooSlow);
        }
    }

    /// Queues an answer when there is room. `false` when the connection is gone.
    pub(crate) async fn answer(&self, message: Vec<u8>) -> bool {
        let mut closing = self.closing();
        self.bytes.fetch_add(message.len(), Ordering::Relaxed);
        tokio::select! {
            sent = self.queue.send(message) => sent.is_ok(),
            _ = closing.wait_for(Option::is_some) => false,
        }
    }

    /// Starts closing; the first reason counts.
    pub(crate) fn close(&self, why: Closing) {
        close(&self.closing, why);
    }

    /// Turns to `Some` when the connection is to be closed.
    pub(crate) fn closing(&self) -> watch::Receiver<Option<Closing>> {
        self.closing.subscribe()
    }
}

fn close(closing: &watch::Sender<Option<Closing>>, why: Closing) {
    closing.send_if_modified(|closing| {
        let first = closing.is_none();
        closing.get_or_insert(why);
        first
    });
}

impl Queue {
    /// As [`Outbox::close`].
    pub(crate) fn close(&self, why: Closing) {
        close(&self.closing, why);
    }

    /// As [`Outbox::closing`].
    pub(crate) fn closing(&self) -> watch::Receiver<Option<Closing>> {
        self.closing.subscribe()
    }

    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        let message = self.queue.recv().await?;
        self.bytes.fetch_sub(message.len(), Ordering::Relaxed);
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closes_a_reader_that_leaves_more_messages_than_the_queue_holds() {
        let (outbox, _queue) = Outbox::new();
        for _ in 0..limits::OUTBOX {
            outbox.notify(vec![0]);
        }
        assert_eq!(*outbox.closing().borrow(), None);
        outbox.notify(vec![0]);
        assert_eq!(*outbox.closing().borrow(), Some(Closing::TooSlow));
        outbox.close(Closing::GoingAway);
        assert_eq!(*outbox.closing().borrow(), Some(Closing::TooSlow));
    }

    #[test]
    fn closes_a_reader_that_leaves_more_bytes_than_the_queue_holds() {
        let (outbox, _queue) = Outbox::new();
        outbox.notify(vec![0; limits::OUTBOX_BYTES]);
        assert_eq!(*outbox.closing().borrow(), None);
        outbox.notify(vec![0]);
        assert_eq!(*outbox.closing().borrow(), Some(Closing::TooSlow));
    }
}
