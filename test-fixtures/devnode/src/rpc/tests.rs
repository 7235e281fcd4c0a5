//! The dispatcher against hostile and ordinary requests, without sockets.

use super::*;
use crate::{
    accounts::{Accounts, DERIVATION_PATH, MNEMONIC},
    limits,
};
use agentcity_devnode_chain::{FixedClock, Node, NodeConfig};
use alloy::primitives::U256;
use proptest::prelude::*;
use serde_json::{Value, json};

fn context(change: impl FnOnce(&mut NodeConfig)) -> Arc<Context> {
    let accounts = Accounts::derive(MNEMONIC, DERIVATION_PATH, 2).unwrap();
    let mut config = NodeConfig {
        clock: Arc::new(FixedClock::new(1_700_000_000)),
        ..NodeConfig::default()
    };
    config.alloc = accounts
        .addresses()
        .map(|address| (address, U256::from(10).pow(U256::from(20))))
        .collect();
    change(&mut config);
    let node = Node::new(config).unwrap();
    Arc::new(Context::new(node, accounts, Settings::new("PRAGUE".into())))
}

/// Runs on a runtime like the node's own.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_stack_size(agentcity_devnode_chain::engine::STACK_BYTES)
        .build()
        .unwrap()
        .block_on(future)
}

fn raw(context: &Arc<Context>, body: impl Into<Vec<u8>>) -> Option<Value> {
    let reply = block_on(answer(context, Bytes::from(body.into())))?;
    Some(serde_json::from_slice(&reply).unwrap())
}

fn request(context: &Arc<Context>, method: &str, params: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    raw(context, body.to_string()).unwrap()
}

fn ok(context: &Arc<Context>, method: &str, params: Value) -> Value {
    let reply = request(context, method, params);
    assert!(reply.get("error").is_none(), "{method}: {reply}");
    reply["result"].clone()
}

fn code(context: &Arc<Context>, method: &str, params: Value) -> i64 {
    let reply = request(context, method, params);
    reply["error"]["code"]
        .as_i64()
        .unwrap_or_else(|| panic!("{method}: {reply}"))
}

#[test]
fn names_the_method_that_does_not_exist() {
    let context = context(|_| {});
    let reply = request(&context, "eth_frobnicate", json!([]));
    assert_eq!(reply["error"]["code"], -32601);
    assert!(
        reply["error"]["message"]
            .as_str()
            .unwrap()
            .contains("eth_frobnicate")
    );
}

#[test]
fn a_notification_runs_and_gets_no_answer() {
    let context = context(|_| {});
    assert_eq!(
        raw(&context, r#"{"jsonrpc":"2.0","method":"evm_mine"}"#),
        None
    );
    assert_eq!(ok(&context, "eth_blockNumber", json!([])), "0x1");
    assert_eq!(
        raw(
            &context,
            r#"[{"jsonrpc":"2.0","method":"evm_mine"},{"jsonrpc":"2.0","method":"nope"}]"#
        ),
        None
    );
    assert_eq!(ok(&context, "eth_blockNumber", json!([])), "0x2");
}

#[test]
fn a_batch_answers_in_order_and_keeps_faults_apart() {
    let context = context(|_| {});
    let body = r#"[{"jsonrpc":"2.0","id":"a","method":"evm_mine"},7,
        {"jsonrpc":"2.0","id":2,"method":"eth_blockNumber"},{"jsonrpc":"2.0","id":3,"method":"nope"}]"#;
    let reply = raw(&context, body).unwrap();
    let ids: Vec<_> = reply
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(ids, [json!("a"), Value::Null, json!(2), json!(3)]);
    assert_eq!(reply[2]["result"], "0x1");
    assert_eq!(
        (&reply[1]["error"]["code"], &reply[3]["error"]["code"]),
        (&json!(-32600), &json!(-32601))
    );
}

#[test]
fn wrong_arguments_are_invalid_params_everywhere() {
    let context = context(|_| {});
    let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let deep = "[".repeat(2_000) + &"]".repeat(2_000);
    for (method, params) in [
        ("eth_getBalance", json!([])),
        ("eth_getBalance", json!(["0x12"])),
        ("eth_getBalance", json!([address, "yesterday"])),
        ("eth_getBalance", json!([address, "latest", 1])),
        ("eth_getBalance", json!("text")),
        ("eth_getBalance", json!(5)),
        ("eth_getBalance", json!({"address": address})),
        (
            "eth_getStorageAt",
            json!([address, "0x1".to_owned() + &"0".repeat(64)]),
        ),
        ("eth_getBlockByNumber", json!(["0x1", "yes"])),
        ("eth_getBlockByNumber", json!([])),
        ("eth_getBlockByHash", json!(["0x00"])),
        ("eth_call", json!([7])),
        ("eth_call", json!([{"to": "nowhere"}])),
        (
            "eth_call",
            json!([{"gasPrice": "0x1", "maxFeePerGas": "0x1"}]),
        ),
        ("eth_call", json!([{"data": "0x01", "input": "0x02"}])),
        (
            "eth_call",
            json!([{}, "latest", {address: {"state": {}, "stateDiff": {}}}]),
        ),
        (
            "eth_call",
            json!([{}, "latest", {}, {"number": "0x1".to_owned() + &"0".repeat(30)}]),
        ),
        ("eth_sendRawTransaction", json!(["0xzz"])),
        ("eth_sendRawTransaction", json!([{}])),
        ("eth_getLogs", json!([{"fromBlock": {}}])),
        ("eth_getLogs", json!([{"topics": [1]}])),
        (
            "eth_getLogs",
            json!([{"fromBlock": "0x5", "toBlock": "0x1"}]),
        ),
        (
            "eth_newFilter",
            json!([{"blockHash": "0x".to_owned() + &"0".repeat(64)}]),
        ),
        ("eth_getFilterChanges", json!(["one"])),
        ("eth_feeHistory", json!([4, "latest", [50, 10]])),
        ("eth_feeHistory", json!([4, "latest", [101]])),
        ("eth_feeHistory", json!([4, "latest", vec![1; 200]])),
        ("anvil_setBalance", json!([address])),
        ("anvil_setBalance", json!([address, -1])),
        ("anvil_setNonce", json!([address, 1e30])),
        ("anvil_setStorageAt", json!([address, "0x0", "hello"])),
        ("evm_increaseTime", json!([1.5])),
        ("evm_increaseTime", json!([u64::MAX])),
        ("anvil_mine", json!([{"blocks": 1}])),
        ("anvil_reorg", json!([1, [["0x", 0, 0]]])),
        ("debug_traceTransaction", json!([1])),
        (
            "debug_traceCall",
            json!([{}, "latest", {"tracer": "prestateTracer"}]),
        ),
        (
            "debug_traceCall",
            json!([{}, "latest", {"tracer": "{step: function() {}}"}]),
        ),
        ("devnode_setLogFaults", json!([{"dropAll": true}])),
        ("devnode_setLogFaults", json!([{"delayMs": u64::MAX}])),
        ("devnode_pauseProduction", json!(["maybe"])),
        ("eth_signTypedData_v4", json!([address, {}])),
        ("web3_sha3", json!(["0x0"])),
    ] {
        assert_eq!(
            code(&context, method, params.clone()),
            -32602,
            "{method} {params}"
        );
    }
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{deep}]}}"#);
    assert_eq!(raw(&context, body).unwrap()["error"]["code"], -32602);
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{}]}}"#,
        vec!["1"; 100].join(",")
    );
    assert_eq!(raw(&context, body).unwrap()["error"]["code"], -32602);
}

#[test]
fn limits_have_their_own_code() {
    let context = context(|_| {});
    assert_eq!(
        code(&context, "anvil_mine", json!([limits::MINE + 1])),
        -32005
    );
    let steps = json!([{"gas": limits::TRACE_GAS + 1}, "latest"]);
    assert_eq!(code(&context, "debug_traceCall", steps), -32005);
    let topics: Vec<String> = (0..=limits::FILTER_ALTERNATIVES)
        .map(|n| format!("0x{n:064x}"))
        .collect();
    assert_eq!(
        code(&context, "eth_getLogs", json!([{"topics": [topics]}])),
        -32005
    );
}

#[test]
fn refused_transactions_have_geths_texts() {
    let context = context(|_| {});
    let reply = request(&context, "eth_sendRawTransaction", json!(["0x02c0"]));
    assert_eq!(reply["error"]["code"], -32000);
    let from = context.accounts.addresses().next().unwrap();
    let send = |change: Value| {
        let mut tx = json!({"from": from, "to": from, "gas": "0x5208", "value": "0x0"});
        tx.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        request(&context, "eth_sendTransaction", json!([tx]))["error"].clone()
    };
    for (change, text) in [
        (json!({"nonce": "0x5"}), "nonce too high"),
        (
            json!({"value": "0xffffffffffffffffffff"}),
            "insufficient funds for gas * price + value",
        ),
        (json!({"gas": "0x5207"}), "intrinsic gas too low"),
        (json!({"gas": "0xffffffffff"}), "exceeds block gas limit"),
        (
            json!({"maxFeePerGas": "0x1"}),
            "max fee per gas less than block base fee",
        ),
        (
            json!({"from": "0x00000000000000000000000000000000000000ff"}),
            "No Signer available",
        ),
    ] {
        let error = send(change.clone());
        assert_eq!(error["code"], -32000, "{change}: {error}");
        assert!(
            error["message"].as_str().unwrap().contains(text),
            "{change}: {error}"
        );
    }
}

#[test]
fn subscriptions_need_a_websocket() {
    let context = context(|_| {});
    let reply = request(&context, "eth_subscribe", json!(["newHeads"]));
    assert_eq!(reply["error"]["code"], -32601);
    assert!(
        reply["error"]["message"]
            .as_str()
            .unwrap()
            .contains("WebSocket")
    );
}

#[test]
fn a_strict_node_refuses_every_cheat_on_the_state() {
    let context = context(|config| config.strict = true);
    let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    for (method, params) in [
        ("anvil_setBalance", json!([address, "0x1"])),
        ("anvil_addBalance", json!([address, "0x1"])),
        ("anvil_setNonce", json!([address, "0x1"])),
        ("anvil_setCode", json!([address, "0x00"])),
        ("anvil_setStorageAt", json!([address, "0x0", "0x1"])),
        ("anvil_impersonateAccount", json!([address])),
        ("anvil_autoImpersonateAccount", json!([true])),
        ("anvil_loadState", json!(["0x00"])),
        (
            "eth_sendUnsignedTransaction",
            json!([{"from": address, "to": address}]),
        ),
    ] {
        let reply = request(&context, method, params);
        assert_eq!(reply["error"]["code"], -32000, "{method}: {reply}");
        assert!(
            reply["error"]["message"]
                .as_str()
                .unwrap()
                .contains("strict"),
            "{method}: {reply}"
        );
    }
    assert_eq!(ok(&context, "anvil_mine", json!([1])), Value::Null);
}

#[test]
fn signs_what_wallets_sign() {
    let context = context(|_| {});
    let from = context.accounts.addresses().next().unwrap();
    let message = "0x68656c6c6f";
    let by_eth = ok(&context, "eth_sign", json!([from, message]));
    assert_eq!(
        by_eth,
        ok(&context, "personal_sign", json!([message, from, ""]))
    );
    let bytes: alloy::primitives::Bytes = serde_json::from_value(by_eth).unwrap();
    let signature = alloy::primitives::Signature::try_from(bytes.as_ref()).unwrap();
    assert_eq!(signature.recover_address_from_msg(b"hello").unwrap(), from);
    let data = json!({
        "types": {"EIP712Domain": [{"name": "name", "type": "string"}], "Mail": [{"name": "text", "type": "string"}]},
        "primaryType": "Mail", "domain": {"name": "Test"}, "message": {"text": "hello"},
    });
    let as_object = ok(&context, "eth_signTypedData_v4", json!([from, data]));
    assert_eq!(
        as_object,
        ok(
            &context,
            "eth_signTypedData_v4",
            json!([from, data.to_string()])
        )
    );
    let bytes: alloy::primitives::Bytes = serde_json::from_value(as_object).unwrap();
    let signature = alloy::primitives::Signature::try_from(bytes.as_ref()).unwrap();
    let typed: alloy_dyn_abi::TypedData = serde_json::from_value(data).unwrap();
    assert_eq!(
        signature
            .recover_address_from_prehash(&typed.eip712_signing_hash().unwrap())
            .unwrap(),
        from
    );
    let stranger = "0x00000000000000000000000000000000000000ff";
    assert_eq!(
        code(&context, "eth_sign", json!([stranger, message])),
        -32000
    );
}

/// JSON of every kind, shaped so that some of it looks like arguments.
fn arbitrary_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has no such number", |number| number.is_finite())
            .prop_map(Value::from),
        "0x[0-9a-f]{0,66}".prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        Just(json!("latest")),
        Just(json!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")),
    ];
    let key = prop_oneof![
        "[a-z]{1,8}",
        Just("from".to_owned()),
        Just("to".to_owned()),
        Just("data".to_owned()),
        Just("fromBlock".to_owned()),
        Just("topics".to_owned()),
        Just("tracer".to_owned()),
        Just("depth".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn no_arguments_of_any_method_break_the_node() {
    let context = context(|_| {});
    let methods: Vec<&str> = method_names().collect();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = (
        0..methods.len(),
        proptest::collection::vec(arbitrary_json(), 0..4),
    );
    for _ in 0..3_000 {
        let (index, params) = strategy.new_tree(&mut runner).unwrap().current();
        // Large counts are allowed, but would make the test slow.
        if methods[index].ends_with("mine") && params.first().is_some_and(Value::is_number) {
            continue;
        }
        let reply = request(&context, methods[index], json!(params));
        let shown = || format!("{} {}: {reply}", methods[index], json!(params));
        match reply.get("error") {
            Some(error) => assert!(
                error["code"] != -32603 && error["code"] != -32700,
                "{}",
                shown()
            ),
            None => assert!(reply.get("result").is_some(), "{}", shown()),
        }
    }
    assert_eq!(ok(&context, "web3_clientVersion", json!([])), net::CLIENT);
}

use proptest::strategy::ValueTree as _;
