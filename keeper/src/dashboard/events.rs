//! Server-sent events: who subscribed, what each was sent, and when one is let go.
//!
//! Nobody who reads slowly keeps anybody waiting: what is published goes into a bounded queue of each subscriber, and who lets it fill
//! is told so and dropped.

use std::{
    convert::Infallible,
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use parking_lot::Mutex;
use tokio::sync::mpsc;

/// Subscribers at once.
pub const SUBSCRIBERS_MAX: usize = 32;
/// Events that one may leave untaken: each section five times.
pub const UNTAKEN_MAX: usize = 64;
/// Pause between two signs of life.
const ALIVE: Duration = Duration::from_secs(15);

/// An event as it goes over the wire.
pub type Frame = Bytes;

/// Everybody who subscribed.
#[derive(Debug, Default)]
pub struct Subscribers {
    all: Mutex<Vec<Subscriber>>,
    last: AtomicU64,
}

#[derive(Debug)]
struct Subscriber {
    queue: mpsc::Sender<Frame>,
    slow: Arc<AtomicBool>,
}

/// The end of a subscriber's queue.
#[derive(Debug)]
pub struct Taking {
    queue: mpsc::Receiver<Frame>,
    slow: Arc<AtomicBool>,
    ended: bool,
}

impl Subscribers {
    /// An event with the next id. `data` is one line of JSON.
    pub fn frame(&self, event: &str, data: &str) -> Frame {
        let id = self.last.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let mut text = String::with_capacity(data.len().saturating_add(64));
        // Writing into a string does not fail. JSON has no raw line ends.
        let _ = write!(text, "event: {event}\nid: {id}\ndata: {data}\n\n");
        Bytes::from(text)
    }

    /// Sends to all, and lets go who is gone or slow.
    pub fn publish(&self, frame: &Frame) {
        self.all.lock().retain(
            |subscriber| match subscriber.queue.try_send(frame.clone()) {
                Ok(()) => true,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    subscriber.slow.store(true, Ordering::Relaxed);
                    false
                }
                Err(mpsc::error::TrySendError::Closed(_)) => false,
            },
        );
    }

    /// One more, with what it gets first; nothing when there are enough.
    pub fn join(&self, first: Vec<Frame>) -> Option<Taking> {
        let mut all = self.all.lock();
        all.retain(|subscriber| !subscriber.queue.is_closed());
        if all.len() >= SUBSCRIBERS_MAX {
            return None;
        }
        let (queue, taking) = mpsc::channel(UNTAKEN_MAX.max(first.len().saturating_mul(2)));
        for frame in first {
            // There is room for twice as many.
            let _ = queue.try_send(frame);
        }
        let slow = Arc::<AtomicBool>::default();
        all.push(Subscriber {
            queue,
            slow: Arc::clone(&slow),
        });
        Some(Taking {
            queue: taking,
            slow,
            ended: false,
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        let all = self.all.lock();
        all.iter().filter(|one| !one.queue.is_closed()).count()
    }
}

impl Taking {
    /// The next bytes: an event, a sign of life, or the end.
    pub async fn next(&mut self) -> Option<Frame> {
        self.within(ALIVE).await
    }

    async fn within(&mut self, alive: Duration) -> Option<Frame> {
        if self.ended {
            return None;
        }
        match tokio::time::timeout(alive, self.queue.recv()).await {
            Ok(Some(frame)) => Some(frame),
            Err(_) => Some(Bytes::from_static(b": alive\n\n")),
            Ok(None) => {
                self.ended = true;
                let why = match self.slow.load(Ordering::Relaxed) {
                    true => "slow",
                    false => "stopping",
                };
                Some(Bytes::from(format!(
                    "event: end\ndata: {{\"why\":\"{why}\"}}\n\n"
                )))
            }
        }
    }

    /// As an answer.
    pub fn response(self) -> Response {
        let events = stream::unfold(self, |mut taking| async move {
            let frame = taking.next().await?;
            Some((Ok::<_, Infallible>(frame), taking))
        });
        let kind = [
            (header::CONTENT_TYPE, "text/event-stream"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        (kind, Body::from_stream(events)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_subscriber_is_told_so_and_nobody_waits_for_it() {
        let subscribers = Subscribers::default();
        let mut slow = subscribers.join(Vec::new()).expect("room");
        let mut quick = subscribers.join(Vec::new()).expect("room");
        for number in 0..=UNTAKEN_MAX {
            let frame = subscribers.frame("gas", &number.to_string());
            subscribers.publish(&frame);
            assert_eq!(quick.next().await, Some(frame));
        }
        assert_eq!(subscribers.count(), 1);
        for _ in 0..UNTAKEN_MAX {
            assert!(
                slow.next()
                    .await
                    .is_some_and(|frame| frame.starts_with(b"event: gas"))
            );
        }
        let end = slow.next().await.expect("an end");
        assert_eq!(end, &b"event: end\ndata: {\"why\":\"slow\"}\n\n"[..]);
        assert_eq!(slow.next().await, None);
    }

    #[tokio::test]
    async fn there_is_room_for_so_many_and_who_leaves_makes_room() {
        let subscribers = Subscribers::default();
        let mut all = Vec::new();
        for _ in 0..SUBSCRIBERS_MAX {
            all.push(subscribers.join(Vec::new()).expect("room"));
        }
        assert!(subscribers.join(Vec::new()).is_none());
        all.pop();
        assert!(subscribers.join(Vec::new()).is_some());
    }

    #[tokio::test]
    async fn a_sign_of_life_comes_when_nothing_else_does() {
        let subscribers = Subscribers::default();
        let mut taking = subscribers.join(Vec::new()).expect("room");
        let sign = taking.within(Duration::from_millis(1)).await;
        assert_eq!(sign, Some(Bytes::from_static(b": alive\n\n")));
        drop(subscribers);
        let end = taking.next().await.expect("an end");
        assert!(end.starts_with(b"event: end"));
    }
}
