//! HTTP.

use crate::client::{FIRST, call, deploy_logger, emit, exchange, node, node_with, post, refusal};
use agentcity_devnode::{chain::Mining, limits};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

#[tokio::test]
async fn answers_any_path_and_allows_any_origin() {
    let node = node();
    let body = br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    let head = format!(
        "POST /some/path?x=1 HTTP/1.1\r\nHost: n\r\nOrigin: http://page\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (status, head, answer) = exchange(node.address(), &[head.as_bytes(), body].concat()).await;
    assert_eq!(status, 200);
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert_eq!(answer, br#"{"jsonrpc":"2.0","id":1,"result":"0x64aba"}"#);
    let preflight = "OPTIONS / HTTP/1.1\r\nHost: n\r\nOrigin: http://page\r\nAccess-Control-Request-Method: POST\r\n\
                     Access-Control-Request-Headers: content-type\r\nConnection: close\r\n\r\n";
    let (status, head, _) = exchange(node.address(), preflight.as_bytes()).await;
    assert_eq!(status, 200);
    assert!(head.contains("access-control-allow-methods"), "{head}");
}

#[tokio::test]
async fn other_verbs_are_told_what_to_do() {
    let node = node();
    for verb in ["GET", "PUT", "DELETE"] {
        let request = format!("{verb} / HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n");
        let (status, _, answer) = exchange(node.address(), request.as_bytes()).await;
        assert_eq!(status, 405);
        assert!(String::from_utf8(answer).unwrap().contains("JSON-RPC"));
    }
}

#[tokio::test]
async fn notifications_get_an_empty_answer() {
    let node = node();
    let (status, _, answer) =
        post(node.address(), br#"{"jsonrpc":"2.0","method":"evm_mine"}"#).await;
    assert_eq!((status, answer.len()), (204, 0));
    assert_eq!(call(&node, "eth_blockNumber", json!([])).await, "0x1");
}

#[tokio::test]
async fn refuses_a_body_above_the_limit_before_reading_it() {
    let node = node();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: n\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        limits::BODY_BYTES + 1
    );
    let (status, _, answer) = exchange(node.address(), request.as_bytes()).await;
    assert_eq!(status, 413);
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(
        (&answer["id"], &answer["error"]["code"]),
        (&Value::Null, &json!(-32600))
    );
}

#[tokio::test]
async fn refuses_a_chunked_body_above_the_limit() {
    let node = node();
    let mut request =
        b"POST / HTTP/1.1\r\nHost: n\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            .to_vec();
    let size = limits::BODY_BYTES + 1;
    request.extend(format!("{size:x}\r\n").bytes());
    request.resize(request.len() + size, b' ');
    request.extend(b"\r\n0\r\n\r\n");
    let mut stream = TcpStream::connect(node.address()).await.unwrap();
    let (mut read, mut write) = stream.split();
    let mut answer = Vec::new();
    // The node may answer and close before it has read everything.
    let (_, _) = tokio::join!(
        write.write_all(&request),
        tokio::io::AsyncReadExt::read_to_end(&mut read, &mut answer)
    );
    if !answer.is_empty() {
        assert!(
            answer.starts_with(b"HTTP/1.1 413"),
            "{}",
            String::from_utf8_lossy(&answer[..answer.len().min(200)])
        );
    }
    assert_eq!(call(&node, "net_listening", json!([])).await, true);
}

#[tokio::test]
async fn broken_http_and_half_requests_harm_nobody() {
    let node = node();
    let mut open = Vec::new();
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"[..],
        b"GET",
        b"POST / HTTP/9.9\r\n\r\n",
        b"\0\0\0\0",
        b"POST / HTTP/1.1\r\nHost: n\r\nContent-Length: 100\r\n\r\n{\"jsonrpc\"",
    ] {
        let mut stream = TcpStream::connect(node.address()).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        open.push(stream);
    }
    assert_eq!(call(&node, "net_version", json!([])).await, "412346");
}

#[tokio::test]
async fn more_connections_than_allowed_are_closed_and_the_rest_go_on() {
    let node = node();
    let mut held = vec![TcpStream::connect(node.address()).await.unwrap()];
    while held.len() < limits::CONNECTIONS + 20 {
        held.push(TcpStream::connect(node.address()).await.unwrap());
    }
    let body = br#"{"jsonrpc":"2.0","id":1,"method":"net_listening"}"#;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: n\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    held[0]
        .write_all(&[head.as_bytes(), body].concat())
        .await
        .unwrap();
    let mut answer = [0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut held[0], &mut answer)
        .await
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let last = held.last_mut().unwrap();
    let mut byte = [0; 1];
    let closed = tokio::io::AsyncReadExt::read(last, &mut byte).await;
    assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
    drop(held);
}

#[tokio::test]
async fn a_sync_method_waits_for_the_block_and_says_when_there_is_none() {
    let node = node_with(|config| config.chain.mining = Mining::Manual);
    let tx = json!({"from": FIRST, "to": FIRST});
    let error = refusal(&node, "eth_sendTransactionSync", json!([tx, 1])).await;
    assert_eq!(error["code"], 4);
    assert_eq!(error["data"].as_str().unwrap().len(), 66);
    let sent = call(&node, "eth_sendTransactionSync", json!([tx]));
    let mined = async {
        while call(&node, "txpool_status", json!([])).await["pending"] != "0x2" {
            tokio::task::yield_now().await;
        }
        call(&node, "evm_mine", json!([])).await
    };
    let (receipt, _) = tokio::join!(sent, mined);
    assert_eq!(
        (&receipt["status"], &receipt["blockNumber"]),
        (&json!("0x1"), &json!("0x1"))
    );
}

#[tokio::test]
async fn requests_of_one_sender_at_the_same_time_get_different_nonces() {
    let node = node();
    let tx = json!([{"from": FIRST, "to": FIRST, "gas": "0x5208"}]);
    let sent = (0..20).map(|_| call(&node, "eth_sendTransaction", tx.clone()));
    let hashes = futures_util::future::join_all(sent).await;
    let different: std::collections::HashSet<_> = hashes.iter().map(Value::to_string).collect();
    assert_eq!(different.len(), 20);
    let count = call(&node, "eth_getTransactionCount", json!([FIRST, "latest"])).await;
    assert_eq!(count, "0x14");
}

#[tokio::test]
async fn receipts_and_blocks_carry_what_arbitrum_adds() {
    let node = node();
    let logger = deploy_logger(&node).await;
    let hash = emit(&node, &logger, 7).await;
    let receipt = call(&node, "eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["gasUsedForL1"], "0x0");
    assert_eq!(receipt["logs"][0]["topics"][0], format!("0x{:064x}", 7));
    let block = call(&node, "eth_getBlockByNumber", json!(["latest", true])).await;
    assert_eq!(block["l1BlockNumber"], receipt["l1BlockNumber"]);
    assert_eq!(block["transactions"][0]["hash"], hash);
    let _: alloy::rpc::types::TransactionReceipt = serde_json::from_value(receipt.clone()).unwrap();
    let _: alloy::rpc::types::Block = serde_json::from_value(block).unwrap();
    let all = call(&node, "eth_getBlockReceipts", json!(["latest"])).await;
    assert_eq!(all, json!([receipt]));
    let logs = call(
        &node,
        "eth_getLogs",
        json!([{"fromBlock": "earliest", "address": logger}]),
    )
    .await;
    assert_eq!(logs, receipt["logs"]);
    let trace = call(
        &node,
        "debug_traceTransaction",
        json!([hash, {"tracer": "callTracer"}]),
    )
    .await;
    assert_eq!(trace["to"], logger);
    let trace = call(&node, "debug_traceTransaction", json!([hash])).await;
    assert_eq!(trace["structLogs"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn a_revert_carries_its_reason_and_its_data() {
    let node = node();
    // Reverts with its own input.
    let overrides =
        json!({"0x00000000000000000000000000000000000000cc": {"code": "0x366000600037366000fd"}});
    let call_with = |data: &str| json!([{"to": "0x00000000000000000000000000000000000000cc", "data": data}, "latest", overrides]);
    let reason = format!("0x08c379a0{:064x}{:064x}{:0<64}", 32, 5, "68656c6c6f");
    let error = refusal(&node, "eth_call", call_with(&reason)).await;
    assert_eq!(
        error,
        json!({"code": 3, "message": "execution reverted: hello", "data": reason})
    );
    let error = refusal(&node, "eth_estimateGas", call_with("0x6f809c4e")).await;
    assert_eq!(
        error,
        json!({"code": 3, "message": "execution reverted", "data": "0x6f809c4e"})
    );
}
