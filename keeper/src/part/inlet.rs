//! The way of what other parts learn into a part's own stream.

use std::future::pending;

use tokio::sync::{Mutex, mpsc};

use super::Feed;
use crate::event::Event;

/// What comes in, and what of it was not handed on yet when a round ended.
#[derive(Debug)]
pub(super) struct Inlet<E>(Mutex<Waiting<E>>);

#[derive(Debug)]
struct Waiting<E> {
    comes: mpsc::Receiver<E>,
    first: Option<E>,
}

impl<E: Clone> Inlet<E> {
    /// Takes at most `most` that wait; then whoever tells waits.
    pub(super) fn new(most: usize) -> (mpsc::Sender<E>, Self) {
        let (sender, comes) = mpsc::channel(most);
        (sender, Self(Mutex::new(Waiting { comes, first: None })))
    }

    /// Hands events on as they come, until the host is gone. It may be cut off anywhere: nothing is lost by that, and what is told
    /// twice is one event.
    pub(super) async fn forward(&self, feed: &Feed, event: impl Fn(E) -> Event) {
        let mut waiting = self.0.lock().await;
        loop {
            if waiting.first.is_none() {
                waiting.first = waiting.comes.recv().await;
            }
            // Nobody tells anything, or not any more.
            let Some(first) = waiting.first.clone() else {
                return pending().await;
            };
            if !feed.tell(event(first)).await {
                return;
            }
            waiting.first = None;
        }
    }
}
