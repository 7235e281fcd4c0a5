//! WebSocket.

use crate::client::{FIRST, Socket, call, node, node_with};
use agentcity_devnode::{chain::Mining, limits};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_wallet_session_runs_over_one_connection() {
    let node = node();
    let mut socket = Socket::open(&node).await;
    assert_eq!(
        socket.call("eth_requestAccounts", json!([])).await[0],
        FIRST
    );
    assert_eq!(socket.call("eth_chainId", json!([])).await, "0x64aba");
    let heads = socket.call("eth_subscribe", json!(["newHeads"])).await;
    let pending = socket
        .call("eth_subscribe", json!(["newPendingTransactions"]))
        .await;
    let hash = socket
        .call(
            "eth_sendTransaction",
            json!([{"from": FIRST, "to": FIRST, "value": "0x1"}]),
        )
        .await;
    assert_eq!(socket.news(&pending).await, hash);
    let head = socket.news(&heads).await;
    assert_eq!(head["number"], "0x1");
    let receipt = socket
        .call("eth_getTransactionReceipt", json!([hash]))
        .await;
    assert_eq!(receipt["blockHash"], head["hash"]);
    assert_eq!(socket.call("eth_unsubscribe", json!([heads])).await, true);
    assert_eq!(socket.call("eth_unsubscribe", json!([heads])).await, false);
    socket.call("evm_mine", json!([])).await;
    assert_eq!(socket.call("eth_blockNumber", json!([])).await, "0x2");
}

#[tokio::test]
async fn requests_of_a_connection_run_in_order() {
    let node = node();
    let mut socket = Socket::open(&node).await;
    for nonce in 0..50 {
        let tx =
            json!({"from": FIRST, "to": FIRST, "nonce": format!("{nonce:#x}"), "gas": "0x5208"});
        let request =
            json!({"jsonrpc": "2.0", "id": nonce, "method": "eth_sendTransaction", "params": [tx]});
        socket.send(request.to_string()).await;
    }
    for nonce in 0..50 {
        let answer = socket.json().await;
        assert_eq!(answer["id"], nonce);
        assert!(answer.get("error").is_none(), "{answer}");
    }
}

#[tokio::test]
async fn a_waiting_request_does_not_hold_up_the_others() {
    let node = node_with(|config| config.chain.mining = Mining::Manual);
    let mut socket = Socket::open(&node).await;
    let tx = json!({"from": FIRST, "to": FIRST, "gas": "0x5208"});
    socket.send(json!({"jsonrpc": "2.0", "id": "tx", "method": "eth_sendTransactionSync", "params": [tx]}).to_string()).await;
    socket
        .send(json!({"jsonrpc": "2.0", "id": "mine", "method": "evm_mine"}).to_string())
        .await;
    let mut answers = [socket.json().await, socket.json().await];
    answers.sort_by_key(|answer| answer["id"].to_string());
    assert_eq!(answers[0]["id"], "mine");
    assert_eq!(answers[1]["result"]["blockNumber"], "0x1");
}

#[tokio::test]
async fn batches_binary_frames_and_garbage_are_answered() {
    let node = node();
    let mut socket = Socket::open(&node).await;
    socket.send("garbage").await;
    assert_eq!(socket.json().await["error"]["code"], -32700);
    socket.send(r#"[{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]},{"jsonrpc":"2.0","id":2,"method":"evm_mine"}]"#).await;
    let batch = socket.json().await;
    let id = batch[0]["result"].clone();
    assert_eq!(batch[1]["result"], "0x0");
    assert_eq!(
        socket.news(&id).await["number"],
        "0x1",
        "the answer comes before the first message"
    );
    socket
        .send(format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"eth_call","params":{}"#,
            "[".repeat(100_000)
        ))
        .await;
    assert_eq!(socket.json().await["error"]["code"], -32700);
    assert_eq!(call(&node, "net_listening", json!([])).await, true);
}

#[tokio::test]
async fn subscriptions_end_with_their_connection() {
    let node = node();
    let mut socket = Socket::open(&node).await;
    socket.call("eth_subscribe", json!(["newHeads"])).await;
    assert_eq!(
        call(&node, "devnode_stats", json!([])).await["subscriptions"],
        1
    );
    drop(socket);
    while call(&node, "devnode_stats", json!([])).await["subscriptions"] != 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn bounds_the_subscriptions_of_a_connection() {
    let node = node();
    let mut socket = Socket::open(&node).await;
    for _ in 0..limits::SUBSCRIPTIONS {
        socket.call("eth_subscribe", json!(["newHeads"])).await;
    }
    socket
        .send(r#"{"jsonrpc":"2.0","id":0,"method":"eth_subscribe","params":["newHeads"]}"#)
        .await;
    assert_eq!(socket.json().await["error"]["code"], -32005);
    let mut other = Socket::open(&node).await;
    other.call("eth_subscribe", json!(["newHeads"])).await;
}

#[tokio::test]
async fn a_reader_too_slow_for_its_subscriptions_is_closed_with_a_reason() {
    let node = node();
    let mut slow = Socket::open(&node).await;
    for _ in 0..64 {
        slow.call("eth_subscribe", json!(["newHeads"])).await;
    }
    // 64 messages a block of about 1.8 kB each: far more than the queue and the buffers of the system hold.
    for _ in 0..20 {
        call(&node, "anvil_mine", json!([50])).await;
    }
    let close = loop {
        match slow.receive().await {
            Some(Message::Close(Some(frame))) => break frame,
            Some(_) => {}
            None => panic!("closed without a reason"),
        }
    };
    // Too slow, or, when the node itself was starved, events were lost: both say to resync.
    assert!([1008, 1013].contains(&u16::from(close.code)), "{close:?}");
    assert!(close.reason.contains("resync"), "{close:?}");
    assert_eq!(
        call(&node, "eth_blockNumber", json!([])).await,
        format!("{:#x}", 1_000)
    );
}

#[tokio::test]
async fn a_stopping_node_says_goodbye() {
    let node = node();
    let mut socket = Socket::open(&node).await;
    assert_eq!(
        socket.call("net_listening", json!([])).await,
        Value::Bool(true)
    );
    let stop = tokio::task::spawn_blocking(move || drop(node));
    loop {
        match socket.receive().await {
            Some(Message::Close(Some(frame))) => {
                assert_eq!(u16::from(frame.code), 1001);
                break;
            }
            Some(_) => {}
            None => panic!("closed without a goodbye"),
        }
    }
    stop.await.unwrap();
}
