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

/// Pause between two questions for a receipt.
const POLL: Duration = Duration::from_millis(10);

/// When blocks come, as the sender of a lane sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// After each transaction. One is in flight per account, and the node answers with its receipt: with several,
    /// anvil's automine forgets some, and asking for receipts would starve both nodes on a small machine.
    Automine,
    /// By the clock: a lane sends so many, then waits for the last.
    Interval(usize),
}

impl Pace {
    /// Method with which transactions are sent.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Automine => "eth_sendRawTransactionSync",
            Self::Interval(_) => "eth_sendRawTransaction",
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

/// Sends every lane from its own connection. Returns the time from the first byte to the last receipt.
pub fn drive(address: SocketAddr, lanes: &[Lane], pace: Pace) -> Result<Duration, BenchError> {
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
                    send_lane(&mut http, lane, pace)
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

fn send_lane(http: &mut Http, lane: &Lane, pace: Pace) -> Result<(), BenchError> {
    match pace {
        Pace::Automine => lane
            .requests
            .iter()
            .try_for_each(|request| send(http, request, br#""status":"0x1""#)),
        Pace::Interval(window) => {
            for (requests, hashes) in lane.requests.chunks(window).zip(lane.hashes.chunks(window)) {
                for request in requests {
                    send(http, request, br#""result":"0x"#)?;
                }
                if let Some(last) = hashes.last() {
                    await_receipt(http, *last)?;
                }
            }
            Ok(())
        }
    }
}

/// Sends one transaction; the answer must contain what says that it was taken.
fn send(http: &mut Http, request: &[u8], taken: &[u8]) -> Result<(), BenchError> {
    let reply = http.exchange(request).map_err(|source| BenchError::Io {
        what: "sending a transaction",
        source,
    })?;
    if contains(&reply.body, taken) {
        Ok(())
    } else {
        Err(refused(&reply.body))
    }
}

/// Polls until the transaction has a receipt; it must have succeeded.
pub fn await_receipt(http: &mut Http, hash: B256) -> Result<(), BenchError> {
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"eth_getTransactionReceipt","params":["{hash}"]}}"#
    );
    let request = Http::request(body.as_bytes());
    let start = Instant::now();
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
        thread::sleep(POLL);
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
