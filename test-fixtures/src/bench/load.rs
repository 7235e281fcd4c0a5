//! Sending prepared transactions from sixteen accounts at once, with a bound on what is in flight.

use super::BenchError;
use crate::http::Http;
use alloy::primitives::B256;
use std::{
    net::SocketAddr,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

/// Longest wait for a window of transactions to be mined.
pub const WINDOW_DEADLINE: Duration = Duration::from_secs(60);

/// After this long without a receipt a block is asked for, where blocks follow transactions: anvil's automine misses
/// transactions that arrive while it mines, and would wait for the next one for ever.
pub const NUDGE: Duration = Duration::from_secs(1);

/// When blocks come, as the sender of a lane sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// After each transaction; a node that forgets one is nudged.
    Automine,
    /// By the clock.
    Interval,
}

impl Pace {
    const fn poll(self) -> Duration {
        match self {
            // Sixteen lanes that ask twice a millisecond would starve the node on a small machine.
            Self::Automine => Duration::from_millis(4),
            Self::Interval => Duration::from_millis(10),
        }
    }
}

/// What one account sends, in order of its nonces.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// HTTP requests, complete.
    pub requests: Vec<Vec<u8>>,
    /// Hash of each transaction.
    pub hashes: Vec<B256>,
}

/// Sends every lane from its own connection; after each `window` transactions a lane waits until the last is mined.
/// Returns the time from the first byte to the last receipt.
pub fn drive(
    address: SocketAddr,
    lanes: &[Lane],
    window: usize,
    pace: Pace,
) -> Result<Duration, BenchError> {
    let barrier = Barrier::new(lanes.len() + 1);
    thread::scope(|scope| {
        let threads: Vec<_> = lanes
            .iter()
            .map(|lane| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let mut http = Http::new(address).with_deadline(WINDOW_DEADLINE);
                    // Connected before the clock starts.
                    let warm = http
                        .post(br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#);
                    barrier.wait();
                    warm.map_err(|source| BenchError::Io {
                        what: "connecting",
                        source,
                    })?;
                    send_lane(&mut http, lane, window, pace)
                })
            })
            .collect();
        barrier.wait();
        let start = Instant::now();
        let mut result = Ok(());
        for thread in threads {
            let done = thread
                .join()
                .unwrap_or_else(|_| Err(BenchError::Fixture("a sender panicked".into())));
            result = result.and(done);
        }
        result.map(|()| start.elapsed())
    })
}

fn send_lane(http: &mut Http, lane: &Lane, window: usize, pace: Pace) -> Result<(), BenchError> {
    for (requests, hashes) in lane.requests.chunks(window).zip(lane.hashes.chunks(window)) {
        for request in requests {
            let reply = http.exchange(request).map_err(|source| BenchError::Io {
                what: "sending a transaction",
                source,
            })?;
            if !contains(&reply.body, br#""result":"0x"#) {
                return Err(refused(&reply.body));
            }
        }
        if let Some(last) = hashes.last() {
            await_receipt(http, *last, pace)?;
        }
    }
    Ok(())
}

/// Polls until the transaction has a receipt; it must have succeeded.
pub fn await_receipt(http: &mut Http, hash: B256, pace: Pace) -> Result<(), BenchError> {
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"eth_getTransactionReceipt","params":["{hash}"]}}"#
    );
    let request = Http::request(body.as_bytes());
    let start = Instant::now();
    let mut nudged = start;
    loop {
        let reply = http.exchange(&request).map_err(|source| BenchError::Io {
            what: "asking for a receipt",
            source,
        })?;
        if contains(&reply.body, br#""status":"0x1""#) {
            return Ok(());
        }
        if !contains(&reply.body, br#""result":null"#) {
            return Err(refused(&reply.body));
        }
        if start.elapsed() > WINDOW_DEADLINE {
            return Err(BenchError::Io {
                what: "waiting for a receipt",
                source: std::io::Error::new(
                    std::io::ErrorKind::TimedOut,
                    format!("{hash} not mined in {WINDOW_DEADLINE:?}"),
                ),
            });
        }
        if pace == Pace::Automine && nudged.elapsed() > NUDGE {
            http.post(br#"{"jsonrpc":"2.0","id":1,"method":"evm_mine","params":[]}"#)
                .map_err(|source| BenchError::Io {
                    what: "asking for a block",
                    source,
                })?;
            nudged = Instant::now();
        }
        thread::sleep(pace.poll());
    }
}

fn refused(body: &[u8]) -> BenchError {
    BenchError::Fixture(format!(
        "refused: {}",
        String::from_utf8_lossy(&body[..body.len().min(400)])
    ))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}
