//! Hostile input: whatever arrives, the node answers the next honest client.

use agentcity_test_fixtures::{
    Actor, Node, Rpc, RpcError, Settings, contracts,
    http::{Http, read_reply},
};
use alloy::primitives::{Address, hex};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use std::{
    io::{BufReader, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// An honest question is answered within this time, whatever else goes on. Generous: the machine may be loaded.
const HONEST: Duration = Duration::from_secs(10);

fn node() -> Node {
    Node::devnode(&Settings::default())
}

#[track_caller]
fn lives(node: &Node) {
    let mut rpc = Rpc::new(node.address());
    *rpc.http() = Http::new(node.address()).with_deadline(HONEST);
    rpc.block_number()
        .unwrap_or_else(|error| panic!("the node does not answer any more: {error}"));
}

#[test]
fn bodies_that_are_no_request_get_an_error_and_nothing_else() {
    let node = node();
    let mut http = Http::new(node.address());
    for (body, code) in [
        (&b""[..], -32700),
        (b"{", -32700),
        (b"\xff\xfe\x00", -32700),
        (b"[]", -32600),
        (b"42", -32600),
        (b"null", -32600),
        (b"{}", -32600),
        (br#"{"jsonrpc":"2.0","id":1}"#, -32600),
        (br#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
        (br#"{"jsonrpc":"2.0","id":1,"method":"eth_nothing","params":[]}"#, -32601),
        (br#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[]}"#, -32602),
        (br#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x12","latest"]}"#, -32602),
        (br#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":{"a":1}}"#, -32602),
        (br#"{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x02c0"]}"#, -32000),
        (br#"{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0xffffffffffffffffff",false]}"#, -32602),
    ] {
        let reply = http.post(body).unwrap();
        let shown = String::from_utf8_lossy(body);
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_else(|_| panic!("{shown}: no JSON: {reply:?}"));
        assert_eq!(answer["error"]["code"], code, "{shown}: {answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|text| text.len() > 3), "{shown}: {answer}");
    }
    lives(&node);
}

/// Honest requests that the fuzzer damages.
fn honest() -> Vec<Value> {
    let alice = Actor::named("alice").address();
    vec![
        json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [{ "from": alice, "to": alice, "data": "0x00" }, "latest", { "0x00000000000000000000000000000000000000aa": { "balance": "0x1", "code": "0x6001", "stateDiff": {} } }, { "number": "0x1" }] }),
        json!({ "jsonrpc": "2.0", "id": "x", "method": "eth_getLogs", "params": [{ "fromBlock": "0x0", "toBlock": "latest", "address": [alice], "topics": [null, ["0x0000000000000000000000000000000000000000000000000000000000000001"]] }] }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "eth_sendRawTransaction", "params": ["0x02f86f83064aba80808405f5e100825208940000000000000000000000000000000000000b0b0180c001a0aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899a0aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899"] }),
        json!({ "jsonrpc": "2.0", "id": 3, "method": "eth_feeHistory", "params": ["0x5", "latest", [10, 50.5]] }),
        json!({ "jsonrpc": "2.0", "id": 4, "method": "debug_traceCall", "params": [{ "to": alice }, "latest", { "tracer": "callTracer", "tracerConfig": { "onlyTopCall": true } }] }),
        json!({ "jsonrpc": "2.0", "id": 5, "method": "eth_newFilter", "params": [{ "fromBlock": "earliest" }] }),
        json!({ "jsonrpc": "2.0", "id": 6, "method": "evm_increaseTime", "params": ["0x5"] }),
        json!({ "jsonrpc": "2.0", "id": 7, "method": "eth_signTypedData_v4", "params": [alice, { "types": { "EIP712Domain": [], "A": [{ "name": "x", "type": "uint256" }] }, "primaryType": "A", "domain": {}, "message": { "x": "1" } }] }),
        json!([{ "jsonrpc": "2.0", "id": 8, "method": "eth_blockNumber", "params": [] }, { "jsonrpc": "2.0", "id": 9, "method": "eth_chainId", "params": [] }]),
        json!({ "jsonrpc": "2.0", "id": 10, "method": "eth_createAccessList", "params": [{ "from": alice, "to": alice, "gas": "0xffff" }, "latest"] }),
        json!({ "jsonrpc": "2.0", "id": 11, "method": "eth_estimateGas", "params": [{ "from": alice, "to": "0x0000000000000000000000000000000000000071", "data": "0x58c780c2" }, "latest"] }),
        json!({ "jsonrpc": "2.0", "id": 12, "method": "eth_getStorageAt", "params": [alice, "0x0", "latest"] }),
    ]
}

/// Values that break parsers.
fn nasty(rng: &mut StdRng) -> Value {
    match rng.random_range(0..12) {
        0 => Value::Null,
        1 => json!(-1),
        2 => json!(1e308),
        3 => json!(u64::MAX),
        4 => json!("0x"),
        5 => json!(format!("0x{}", "f".repeat(rng.random_range(1..200)))),
        6 => json!("0xzz"),
        7 => json!(["", [], {}, [[[]]]]),
        8 => json!({ "": {} }),
        9 => json!("\u{0}\u{ffff}😀"),
        10 => json!("latest"),
        _ => json!(true),
    }
}

/// Replaces, removes or doubles one random place of the value.
fn damage(value: &mut Value, rng: &mut StdRng) {
    if rng.random_bool(0.25) {
        *value = nasty(rng);
        return;
    }
    match value {
        Value::Array(items) if !items.is_empty() => {
            let index = rng.random_range(0..items.len());
            match rng.random_range(0..6) {
                0 => drop(items.remove(index)),
                1 => items.push(nasty(rng)),
                _ => damage(&mut items[index], rng),
            }
        }
        Value::Object(fields) if !fields.is_empty() => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            let key = keys.choose(rng).expect("not empty");
            match rng.random_range(0..6) {
                0 => drop(fields.remove(key)),
                1 => drop(fields.insert("extra".into(), nasty(rng))),
                _ => damage(fields.get_mut(key).expect("its own key"), rng),
            }
        }
        Value::String(text) if !text.is_empty() && rng.random_bool(0.5) => {
            let mut bytes: Vec<char> = text.chars().collect();
            let index = rng.random_range(0..bytes.len());
            bytes[index] = rng.random_range('0'..='z');
            *text = bytes.into_iter().collect();
        }
        other => *other = nasty(rng),
    }
}

#[test]
fn damaged_requests_never_stop_the_node() {
    let node = node();
    let mut http = Http::new(node.address()).with_deadline(HONEST);
    let seed = std::env::var("AGENTCITY_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    println!("AGENTCITY_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let honest = honest();
    let mut refused = 0;
    for _ in 0..3_000 {
        let mut request = honest.choose(&mut rng).expect("requests").clone();
        for _ in 0..rng.random_range(1..4) {
            damage(&mut request, &mut rng);
        }
        let mut body = request.to_string().into_bytes();
        if rng.random_bool(0.2) {
            let at = rng.random_range(0..body.len());
            if rng.random_bool(0.5) {
                body.truncate(at)
            } else {
                body[at] = rng.random()
            }
        }
        let shown = String::from_utf8_lossy(&body).into_owned();
        let reply = http
            .post(&body)
            .unwrap_or_else(|error| panic!("no reply to {shown}: {error}"));
        if !reply.body.is_empty() {
            let answer: Value = serde_json::from_slice(&reply.body)
                .unwrap_or_else(|_| panic!("{shown}: {reply:?}"));
            let error = &answer["error"];
            refused += u32::from(!error.is_null());
            let text = error["message"].as_str().unwrap_or_default();
            assert!(
                !text.contains("panicked") && !text.contains("internal"),
                "{shown}: {answer}"
            );
        }
    }
    assert!(refused > 500, "the damage is too small: {refused} refusals");
    lives(&node);
}

#[test]
fn nesting_deeper_than_a_stack_is_refused() {
    let node = node();
    let mut http = Http::new(node.address());
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{deep}]}}"#);
        let reply = http.post(body.as_bytes()).unwrap();
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        assert!(answer["error"]["code"].is_i64(), "{answer}");
    }
    lives(&node);
}

#[test]
fn a_giant_batch_and_a_giant_body_are_refused_by_size() {
    let node = node();
    let mut http = Http::new(node.address());
    let one = r#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}"#;
    let batch = format!("[{}]", vec![one; 20_000].join(","));
    let reply = http.post(batch.as_bytes()).unwrap();
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    assert!(
        answer["error"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("batch")),
        "{answer}"
    );
    lives(&node);

    // A gigabyte is announced, little is sent: the announcement is enough.
    let mut stream = TcpStream::connect(node.address()).unwrap();
    stream.set_read_timeout(Some(HONEST)).unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n{").unwrap();
    let (reply, _) = read_reply(&mut BufReader::new(stream)).unwrap();
    assert_eq!(reply.status, 413);
    lives(&node);
}

#[test]
fn idle_and_slow_clients_keep_nobody_waiting() {
    let node = node();
    let mut slow: Vec<TcpStream> = Vec::new();
    for index in 0..200 {
        let mut stream = TcpStream::connect(node.address()).unwrap();
        let part: &[u8] = match index % 4 {
            0 => b"",
            1 => b"POST / HTTP/1.1\r\nHost:",
            2 => b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"jsonrpc\"",
            _ => b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
        };
        stream.write_all(part).unwrap();
        slow.push(stream);
    }
    let start = Instant::now();
    lives(&node);
    // One more byte from each: still no obstacle.
    for stream in &mut slow {
        let _ = stream.write_all(b"a");
    }
    lives(&node);
    assert!(start.elapsed() < HONEST);
}

#[test]
fn filters_are_bounded_and_the_refusal_says_so() {
    let node = node();
    let mut rpc = node.rpc();
    let refusal = (0..20_000)
        .find_map(|_| rpc.call("eth_newBlockFilter", json!([])).err())
        .expect("filters are bounded");
    assert!(refusal.message().contains("filter"), "{refusal}");
    lives(&node);
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_are_bounded_and_end_with_their_connection() {
    use alloy::providers::{Provider, ProviderBuilder, WsConnect};
    let node = node();
    for _ in 0..2 {
        let provider = ProviderBuilder::new()
            .connect_ws(WsConnect::new(node.ws_url()))
            .await
            .unwrap();
        let mut refusal = None;
        for _ in 0..20_000 {
            // Raw, so that alloy does not share one subscription among equal requests.
            let answer = provider
                .raw_request::<_, Value>("eth_subscribe".into(), ("newHeads",))
                .await;
            if let Err(error) = answer {
                refusal = Some(error.to_string());
                break;
            }
        }
        assert!(
            refusal
                .expect("subscriptions are bounded")
                .contains("subscription")
        );
    }
    lives(&node);
}

#[test]
fn a_call_without_end_is_bounded_by_the_gas_cap() {
    let node = node();
    let target = Address::repeat_byte(0xee);
    let overrides =
        json!({ target.to_string(): { "code": hex::encode_prefixed(contracts::endless()) } });
    for (method, gas) in [
        ("eth_call", None),
        ("eth_call", Some("0xffffffffffffffff")),
        ("eth_estimateGas", None),
    ] {
        let mut rpc = node.rpc();
        let mut tx = json!({ "to": target });
        if let Some(gas) = gas {
            tx["gas"] = json!(gas);
        }
        match rpc.call(method, json!([tx, "latest", overrides])) {
            Err(RpcError::Refused { message, .. }) => assert!(
                message.to_lowercase().contains("gas"),
                "{method}: {message}"
            ),
            other => panic!("{method}: {other:?}"),
        }
    }
    lives(&node);
}

#[test]
fn a_log_query_over_everything_is_bounded_or_answered() {
    let node = node();
    let mut rpc = node.rpc();
    rpc.call("anvil_mine", json!(["0x3e8"])).unwrap();
    for range in [
        json!({ "fromBlock": "0x0", "toBlock": "0xffffffffffffffff" }),
        json!({ "fromBlock": "0x9", "toBlock": "0x3" }),
    ] {
        match rpc.call("eth_getLogs", json!([range])) {
            Ok(logs) => assert_eq!(logs, json!([])),
            Err(RpcError::Refused { message, .. }) => assert!(
                message.contains("range") || message.contains("block"),
                "{message}"
            ),
            Err(other) => panic!("{other}"),
        }
    }
    // Mining a great number is refused rather than begun.
    let refusal = rpc
        .call("anvil_mine", json!(["0xffffffffffff"]))
        .expect_err("too many blocks");
    assert!(refusal.message().contains("block"), "{refusal}");
    lives(&node);
}
