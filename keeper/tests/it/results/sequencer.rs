//! What stands between keepers and a chain here: a sequencer that makes a block in even steps, and a way on which every transaction that
//! is handed in is noted. Both tell when what they saw happened, by one clock of this process.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use agentcity_test_fixtures::Node;
use alloy::{
    primitives::{B256, Bytes as Raw, keccak256},
    transports::http::reqwest,
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// When each block was there.
pub(super) type Blocks = BTreeMap<u64, Instant>;

/// Makes blocks until it is dropped or ended.
#[derive(Debug)]
pub(super) struct Sequencer {
    over: Arc<AtomicBool>,
    blocks: Arc<Mutex<Blocks>>,
    thread: Option<JoinHandle<()>>,
}

impl Sequencer {
    /// One block `every` so often from now on, and none for transactions alone.
    pub(super) fn begin(node: &Node, every: Duration) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let blocks: Arc<Mutex<Blocks>> = Arc::default();
        let mut rpc = node.rpc();
        let mining = rpc.call("evm_setIntervalMining", json!([0]));
        mining.expect("blocks on demand");
        let (ends, kept) = (Arc::clone(&over), Arc::clone(&blocks));
        let thread = std::thread::spawn(move || {
            let mut due = Instant::now() + every;
            while !ends.load(Ordering::Relaxed) {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                due += every;
                rpc.call("evm_mine", json!([])).expect("a block");
                let there = Instant::now();
                let number = rpc.block_number().expect("its number");
                kept.lock().insert(number, there);
            }
        });
        Self {
            over,
            blocks,
            thread: Some(thread),
        }
    }

    /// The newest block that it made.
    pub(super) fn newest(&self) -> u64 {
        let blocks = self.blocks.lock();
        blocks.last_key_value().map_or(0, |(number, _)| *number)
    }

    /// Ends it; blocks are made for transactions again.
    pub(super) fn end(mut self, node: &Node) -> Blocks {
        self.stop();
        let mining = node.rpc().call("evm_setAutomine", json!([true]));
        mining.expect("blocks for transactions");
        std::mem::take(&mut *self.blocks.lock())
    }

    fn stop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Whoever drops it while it panics knows more than a second panic would say.
            let _ = thread.join();
        }
    }
}

impl Drop for Sequencer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A transaction that was handed in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sending {
    /// First.
    pub(super) at: Instant,
    /// How often.
    pub(super) times: u32,
}

/// The way to a node.
#[derive(Debug)]
pub(super) struct Way {
    to: String,
    client: reqwest::Client,
    sent: Mutex<BTreeMap<B256, Sending>>,
}

impl Way {
    /// Begins at an address of this machine.
    pub(super) async fn begin(node: &Node) -> (SocketAddr, Arc<Self>) {
        let way = Arc::new(Self {
            to: node.http_url(),
            client: reqwest::Client::new(),
            sent: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let app = Router::new()
            .route("/", post(pass))
            .with_state(Arc::clone(&way));
        tokio::spawn(async move { axum::serve(listener, app).await });
        (address, way)
    }

    /// What was handed in so far.
    pub(super) fn sent(&self) -> BTreeMap<B256, Sending> {
        self.sent.lock().clone()
    }

    fn note(&self, asked: &Value, at: Instant) {
        let one = std::slice::from_ref(asked);
        for asked in asked.as_array().map_or(one, Vec::as_slice) {
            if asked["method"] != json!("eth_sendRawTransaction") {
                continue;
            }
            let raw: Raw = serde_json::from_value(asked["params"][0].clone()).expect("bytes");
            let mut sent = self.sent.lock();
            let sending = sent
                .entry(keccak256(raw))
                .or_insert(Sending { at, times: 0 });
            sending.times += 1;
        }
    }
}

async fn pass(State(way): State<Arc<Way>>, body: Bytes) -> Response {
    let at = Instant::now();
    if let Ok(asked) = serde_json::from_slice(&body) {
        way.note(&asked, at);
    }
    let passed = way.client.post(&way.to).body(body);
    let passed = passed.header(header::CONTENT_TYPE, "application/json");
    let Ok(answer) = passed.send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let (status, answer) = (answer.status(), answer.bytes().await);
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, answer.unwrap_or_default()).into_response()
}
