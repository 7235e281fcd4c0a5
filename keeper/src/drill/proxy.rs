//! An endpoint that is not always what it seems: it stands before a devnode's, and drops, delays, lags, lies or splits as it is told.
//!
//! Whether a request is hit follows from the seed, the endpoint's place, the method and how often that was asked: the same drill is
//! the same the next time.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use alloy::{
    primitives::{B256, keccak256},
    transports::http::reqwest::{self, Url},
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Largest request that is passed on: a batch of headers and logs is far smaller.
const BODY_BYTES_MAX: usize = 4 << 20;
/// Delay of an endpoint that lags.
const DELAY: Duration = Duration::from_millis(20);

/// What an endpoint does to what passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// It tells the chain as it was so many blocks ago, and late.
    Lag(u64),
    /// It loses every other request or reply.
    Drop,
    /// It tells receipts that are none, counts and blocks that are too high.
    Lie,
    /// It tells receipts of a block that only it has.
    Split,
    /// It takes no requests.
    Out,
}

#[derive(Debug)]
struct Proxy {
    client: reqwest::Client,
    behind: Url,
    seed: u64,
    place: usize,
    state: Mutex<Hits>,
}

#[derive(Debug, Default)]
struct Hits {
    trouble: Trouble,
    asked: BTreeMap<String, u64>,
}

/// Several of them, one beside the other.
#[derive(Debug)]
pub(super) struct Proxies {
    urls: Vec<Url>,
    proxies: Vec<Arc<Proxy>>,
}

impl Proxies {
    /// Stands `count` endpoints before the one at `behind`.
    pub(super) async fn begin(behind: &Url, count: usize, seed: u64) -> eyre::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let (mut urls, mut proxies) = (Vec::new(), Vec::new());
        for place in 0..count {
            let proxy = Arc::new(Proxy {
                client: client.clone(),
                behind: behind.clone(),
                seed,
                place,
                state: Mutex::default(),
            });
            let router = Router::new()
                .route("/", post(pass))
                .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
                .with_state(Arc::clone(&proxy));
            let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
            urls.push(format!("http://{}", listener.local_addr()?).parse()?);
            tokio::spawn(async move { axum::serve(listener, router).await });
            proxies.push(proxy);
        }
        Ok(Self { urls, proxies })
    }

    /// Where they are.
    pub(super) fn urls(&self) -> &[Url] {
        &self.urls
    }

    /// From here on the endpoint in each place does what `of` says; counts begin anew.
    pub(super) fn trouble(&self, of: impl Fn(usize) -> Trouble) {
        for proxy in &self.proxies {
            *proxy.state.lock() = Hits {
                trouble: of(proxy.place),
                asked: BTreeMap::new(),
            };
        }
    }
}

async fn pass(State(proxy): State<Arc<Proxy>>, body: Bytes) -> Response {
    match proxy.pass(&body).await {
        Ok(Some(reply)) => (
            [(header::CONTENT_TYPE, "application/json")],
            reply.to_string(),
        )
            .into_response(),
        Ok(None) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(cause) => (StatusCode::BAD_GATEWAY, cause).into_response(),
    }
}

impl Proxy {
    /// The reply, or that there is none.
    async fn pass(&self, body: &Bytes) -> Result<Option<Value>, String> {
        let mut packet: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let trouble = self.state.lock().trouble;
        if trouble == Trouble::Out || (trouble == Trouble::Drop && self.hits(&packet)) {
            return Ok(None);
        }
        let mut head = None;
        if let Trouble::Lag(blocks) = trouble {
            tokio::time::sleep(DELAY).await;
            let newest =
                json!({ "jsonrpc": "2.0", "id": 0, "method": "eth_blockNumber", "params": [] });
            let newest = self.forward(&newest).await?;
            head = quantity(&newest["result"]).map(|newest| newest.saturating_sub(blocks));
        }
        let mut methods = BTreeMap::new();
        for request in each(&mut packet) {
            if let (Some(head), Some(params)) = (head, request.get_mut("params")) {
                as_of(params, head);
            }
            methods.insert(request["id"].to_string(), request["method"].clone());
        }
        let mut reply = self.forward(&packet).await?;
        for one in each(&mut reply) {
            let method = methods.get(&one["id"].to_string()).and_then(Value::as_str);
            let method = method.unwrap_or_default().to_owned();
            if let Some(result) = one.get_mut("result") {
                self.spoil(trouble, &method, head, result);
            }
        }
        Ok(Some(reply))
    }

    async fn forward(&self, packet: &Value) -> Result<Value, String> {
        let told = |error: reqwest::Error| error.without_url().to_string();
        let sent = self
            .client
            .post(self.behind.clone())
            .json(packet)
            .send()
            .await;
        sent.map_err(told)?.json().await.map_err(told)
    }

    /// Whether a request is hit: about one of two.
    fn hits(&self, packet: &Value) -> bool {
        let first = packet.as_array().map_or(Some(packet), |all| all.first());
        let method = first
            .and_then(|one| one["method"].as_str())
            .unwrap_or_default();
        let mut state = self.state.lock();
        let asked = state.asked.entry(method.to_owned()).or_insert(0);
        *asked += 1;
        chance(self.seed, &format!("{}/{method}/{asked}", self.place), 2) == 0
    }

    fn spoil(&self, trouble: Trouble, method: &str, head: Option<u64>, result: &mut Value) {
        match (trouble, method) {
            (Trouble::Lag(_), "eth_blockNumber") => {
                if let Some(head) = head {
                    *result = json!(format!("{head:#x}"));
                }
            }
            (Trouble::Lag(_), "eth_getTransactionReceipt") => {
                let later = quantity(&result["blockNumber"]) > head;
                if later {
                    *result = Value::Null;
                }
            }
            (Trouble::Lie, "eth_getTransactionReceipt") => *result = Value::Null,
            (Trouble::Lie, "eth_blockNumber" | "eth_getTransactionCount") => {
                if let Some(number) = quantity(result) {
                    *result = json!(format!("{:#x}", number.saturating_add(1_000)));
                }
            }
            (Trouble::Split, "eth_getTransactionReceipt") if result.is_object() => {
                let name = format!("{}/{}", self.place, result["blockHash"]);
                result["blockHash"] = json!(keccak256(name));
            }
            _ => {}
        }
    }
}

/// Every request or reply of a packet.
fn each(packet: &mut Value) -> Vec<&mut Value> {
    match packet {
        Value::Array(all) => all.iter_mut().collect(),
        one => vec![one],
    }
}

/// The newest block is another.
fn as_of(params: &mut Value, head: u64) {
    let Some(params) = params.as_array_mut() else {
        return;
    };
    for param in params {
        if *param == json!("latest") {
            *param = json!(format!("{head:#x}"));
        }
    }
}

fn quantity(value: &Value) -> Option<u64> {
    let text = value.as_str()?.strip_prefix("0x")?;
    u64::from_str_radix(text, 16).ok()
}

/// A number below `below` that follows from a seed and a name.
pub(super) fn chance(seed: u64, name: &str, below: u64) -> u64 {
    let hash: B256 = keccak256(format!("{seed}/{name}"));
    let mut word = [0; 8];
    word.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(word) % below.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(seed: u64, trouble: Trouble) -> Proxy {
        Proxy {
            client: reqwest::Client::new(),
            behind: "http://127.0.0.1:1".parse().expect("a URL"),
            seed,
            place: 1,
            state: Mutex::new(Hits {
                trouble,
                asked: BTreeMap::new(),
            }),
        }
    }

    #[test]
    fn the_same_seed_hits_the_same_requests_and_another_does_not() {
        let hits = |seed| {
            let proxy = proxy(seed, Trouble::Drop);
            let request = json!({ "method": "eth_call" });
            (0..64).map(|_| proxy.hits(&request)).collect::<Vec<bool>>()
        };
        assert_eq!(hits(1), hits(1));
        assert_ne!(hits(1), hits(2));
        let hit = hits(1).into_iter().filter(|hit| *hit).count();
        assert!((16..=48).contains(&hit), "{hit} of 64");
    }

    #[test]
    fn each_trouble_spoils_what_it_says_and_nothing_else() {
        let receipt = json!({ "blockNumber": "0x9", "blockHash": B256::repeat_byte(1) });
        let spoilt = |trouble, method: &str, result: &Value| {
            let mut result = result.clone();
            proxy(1, trouble).spoil(trouble, method, Some(8), &mut result);
            result
        };
        let number = json!("0xa");
        for trouble in [Trouble::None, Trouble::Drop, Trouble::Out] {
            assert_eq!(spoilt(trouble, "eth_blockNumber", &number), number);
            assert_eq!(
                spoilt(trouble, "eth_getTransactionReceipt", &receipt),
                receipt
            );
        }
        assert_eq!(
            spoilt(Trouble::Lag(2), "eth_blockNumber", &number),
            json!("0x8")
        );
        assert_eq!(
            spoilt(Trouble::Lag(2), "eth_getTransactionReceipt", &receipt),
            Value::Null
        );
        assert_eq!(
            spoilt(Trouble::Lie, "eth_getTransactionCount", &number),
            json!("0x3f2")
        );
        assert_eq!(
            spoilt(Trouble::Lie, "eth_getTransactionReceipt", &receipt),
            Value::Null
        );
        let split = spoilt(Trouble::Split, "eth_getTransactionReceipt", &receipt);
        assert_ne!(split["blockHash"], receipt["blockHash"]);
        assert_eq!(split["blockNumber"], receipt["blockNumber"]);
        for trouble in [Trouble::Lag(2), Trouble::Lie, Trouble::Split] {
            assert_eq!(spoilt(trouble, "eth_getBalance", &number), number);
        }
        let mut params = json!([{ "to": "latest" }, "latest"]);
        as_of(&mut params, 8);
        assert_eq!(params, json!([{ "to": "latest" }, "0x8"]));
    }
}
