//! Clients without a library between the test and the wire.

use agentcity_devnode::chain::FixedClock;
use agentcity_devnode::{Config, Devnode};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// Longer than anything here takes on a loaded machine; only a test that hangs meets it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The first account of the mnemonic.
pub(crate) const FIRST: &str = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";

/// A node whose clock stands still.
pub(crate) fn node() -> Devnode {
    node_with(|_| {})
}

pub(crate) fn node_with(change: impl FnOnce(&mut Config)) -> Devnode {
    let mut config = Config::default();
    config.chain.clock = Arc::new(FixedClock::new(1_700_000_000));
    change(&mut config);
    Devnode::spawn(config).unwrap()
}

/// Status, headers and body of one HTTP exchange on a connection of its own.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let split = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a header");
    let head = String::from_utf8(answer[..split].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (
        status,
        head.to_ascii_lowercase(),
        answer[split + 4..].to_vec(),
    )
}

/// Posts a body and closes.
pub(crate) async fn post(address: SocketAddr, body: &[u8]) -> (u16, String, Vec<u8>) {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: node\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    exchange(address, &[head.as_bytes(), body].concat()).await
}

/// The result of a call that must succeed.
pub(crate) async fn call(node: &Devnode, method: &str, params: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let (status, _, answer) = post(node.address(), body.as_bytes()).await;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert!(
        status == 200 && answer.get("error").is_none(),
        "{method}: {answer}"
    );
    answer["result"].clone()
}

/// The error of a call that must fail.
pub(crate) async fn refusal(node: &Devnode, method: &str, params: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let (_, _, answer) = post(node.address(), body.as_bytes()).await;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert!(answer.get("result").is_none(), "{method}: {answer}");
    answer["error"].clone()
}

/// A contract that emits one log whose topic is the first word of its input.
pub(crate) async fn deploy_logger(node: &Devnode) -> String {
    let code = "0x68600035600060 00a100600052600960 17f3".replace(' ', "");
    let hash = call(
        node,
        "eth_sendTransaction",
        json!([{"from": FIRST, "data": code}]),
    )
    .await;
    let receipt = call(node, "eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x1", "{receipt}");
    receipt["contractAddress"].as_str().unwrap().to_owned()
}

/// Lets the contract emit a log with this topic; answers the transaction's hash.
pub(crate) async fn emit(node: &Devnode, contract: &str, topic: u64) -> Value {
    let data = format!("0x{topic:064x}");
    call(
        node,
        "eth_sendTransaction",
        json!([{"from": FIRST, "to": contract, "data": data}]),
    )
    .await
}

/// One WebSocket connection.
pub(crate) struct Socket {
    stream: WebSocketStream<TcpStream>,
    next_id: u64,
    /// Notifications that came while an answer was awaited.
    early: Vec<Value>,
}

impl Socket {
    pub(crate) async fn open(node: &Devnode) -> Self {
        let stream = TcpStream::connect(node.address()).await.unwrap();
        let (stream, _) = client_async(format!("{}/any/path", node.ws_url()), stream)
            .await
            .unwrap();
        Self {
            stream,
            next_id: 1,
            early: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, text: impl Into<String>) {
        self.stream.send(Message::text(text.into())).await.unwrap();
    }

    /// The next message, whatever it is.
    pub(crate) async fn receive(&mut self) -> Option<Message> {
        tokio::time::timeout(PATIENCE, self.stream.next())
            .await
            .expect("a message in time")?
            .ok()
    }

    /// The next text message as JSON.
    pub(crate) async fn json(&mut self) -> Value {
        loop {
            match self.receive().await.expect("an open connection") {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other}"),
            }
        }
    }

    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        self.send(
            json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string(),
        )
        .await;
        loop {
            let message = self.json().await;
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
            self.early.push(message);
        }
    }

    /// The result in the next notification of a subscription.
    pub(crate) async fn news(&mut self, subscription: &Value) -> Value {
        let message = if self.early.is_empty() {
            self.json().await
        } else {
            self.early.remove(0)
        };
        assert_eq!(message["method"], "eth_subscription", "{message}");
        assert_eq!(&message["params"]["subscription"], subscription);
        message["params"]["result"].clone()
    }
}
