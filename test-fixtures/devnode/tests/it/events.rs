//! Filters, subscriptions to logs, reorganisations, and faults of delivery.

use crate::client::{FIRST, Socket, call, deploy_logger, emit, node, refusal};
use serde_json::{Value, json};

fn topic(log: &Value) -> u64 {
    u64::from_str_radix(
        log["topics"][0].as_str().unwrap().trim_start_matches("0x"),
        16,
    )
    .unwrap()
}

fn topics(logs: &Value) -> Vec<u64> {
    logs.as_array().unwrap().iter().map(topic).collect()
}

#[tokio::test]
async fn a_filter_tells_each_change_once_and_right_after_its_cause() {
    let node = node();
    let logger = deploy_logger(&node).await;
    let wanted = json!([format!("0x{:064x}", 1), format!("0x{:064x}", 2)]);
    let logs = call(
        &node,
        "eth_newFilter",
        json!([{"fromBlock": "earliest", "address": logger, "topics": [wanted]}]),
    )
    .await;
    let blocks = call(&node, "eth_newBlockFilter", json!([])).await;
    let pending = call(&node, "eth_newPendingTransactionFilter", json!([])).await;
    let mut hashes = Vec::new();
    for topic in 1..=3 {
        hashes.push(emit(&node, &logger, topic).await);
    }
    assert_eq!(
        topics(&call(&node, "eth_getFilterChanges", json!([logs])).await),
        [1, 2]
    );
    assert_eq!(
        call(&node, "eth_getFilterChanges", json!([logs])).await,
        json!([])
    );
    assert_eq!(
        call(&node, "eth_getFilterChanges", json!([pending])).await,
        json!(hashes)
    );
    let head = call(&node, "eth_getBlockByNumber", json!(["latest", false])).await["hash"].clone();
    assert_eq!(
        call(&node, "eth_getFilterChanges", json!([blocks])).await[2],
        head
    );
    assert_eq!(
        topics(&call(&node, "eth_getFilterLogs", json!([logs])).await),
        [1, 2]
    );
    assert_eq!(
        refusal(&node, "eth_getFilterLogs", json!([blocks])).await["code"],
        -32000
    );
    assert_eq!(
        call(&node, "eth_uninstallFilter", json!([logs])).await,
        true
    );
    assert_eq!(
        call(&node, "eth_uninstallFilter", json!([logs])).await,
        false
    );
    assert_eq!(
        refusal(&node, "eth_getFilterChanges", json!([logs])).await["code"],
        -32000
    );
}

#[tokio::test]
async fn a_reorg_takes_logs_back_and_brings_the_new_ones() {
    let node = node();
    let logger = deploy_logger(&node).await;
    let filter = call(&node, "eth_newFilter", json!([{"address": logger}])).await;
    let mut socket = Socket::open(&node).await;
    let logs = socket
        .call("eth_subscribe", json!(["logs", {"address": logger}]))
        .await;
    for topic in 1..=3 {
        emit(&node, &logger, topic).await;
    }
    let replacement = json!({"from": FIRST, "to": logger, "data": format!("0x{:064x}", 9), "nonce": "0x2", "gas": "0x100000"});
    call(
        &node,
        "anvil_reorg",
        json!({"depth": 2, "tx_block_pairs": [[replacement, 0]]}),
    )
    .await;
    let expected = [
        (1, false),
        (2, false),
        (3, false),
        (3, true),
        (2, true),
        (9, false),
    ];
    for expected in expected {
        let log = socket.news(&logs).await;
        assert_eq!((topic(&log), log["removed"].as_bool().unwrap()), expected);
    }
    let changes = call(&node, "eth_getFilterChanges", json!([filter])).await;
    let seen: Vec<_> = changes
        .as_array()
        .unwrap()
        .iter()
        .map(|log| (topic(log), log["removed"].as_bool().unwrap()))
        .collect();
    assert_eq!(seen, expected);
    let now = call(
        &node,
        "eth_getLogs",
        json!([{"fromBlock": "0x0", "address": logger}]),
    )
    .await;
    assert_eq!(topics(&now), [1, 9]);
}

#[tokio::test]
async fn a_rollback_takes_logs_back_and_leaves_the_rest() {
    let node = node();
    let logger = deploy_logger(&node).await;
    let mut socket = Socket::open(&node).await;
    let logs = socket.call("eth_subscribe", json!(["logs", {}])).await;
    emit(&node, &logger, 1).await;
    emit(&node, &logger, 2).await;
    call(&node, "anvil_rollback", json!([1])).await;
    for expected in [(1, false), (2, false), (2, true)] {
        let log = socket.news(&logs).await;
        assert_eq!((topic(&log), log["removed"].as_bool().unwrap()), expected);
    }
    assert_eq!(call(&node, "eth_blockNumber", json!([])).await, "0x2");
}

#[tokio::test]
async fn a_revert_to_a_snapshot_is_a_removal_too() {
    let node = node();
    let logger = deploy_logger(&node).await;
    let filter = call(&node, "eth_newFilter", json!([{}])).await;
    let id = call(&node, "evm_snapshot", json!([])).await;
    emit(&node, &logger, 5).await;
    assert_eq!(call(&node, "evm_revert", json!([id])).await, true);
    assert_eq!(call(&node, "evm_revert", json!([id])).await, false);
    let changes = call(&node, "eth_getFilterChanges", json!([filter])).await;
    assert_eq!(
        (&changes[0]["removed"], &changes[1]["removed"]),
        (&json!(false), &json!(true))
    );
}

#[tokio::test]
async fn lost_and_doubled_deliveries_leave_the_truth_in_get_logs() {
    let node = node();
    let logger = deploy_logger(&node).await;
    let mut socket = Socket::open(&node).await;
    let logs = socket.call("eth_subscribe", json!(["logs", {}])).await;
    call(
        &node,
        "devnode_setLogFaults",
        json!([{"dropEvery": 2, "duplicateEvery": 3}]),
    )
    .await;
    for topic in 1..=5 {
        emit(&node, &logger, topic).await;
    }
    for expected in [1, 3, 3, 5] {
        assert_eq!(topic(&socket.news(&logs).await), expected);
    }
    let faults = call(&node, "devnode_faults", json!([])).await;
    assert_eq!(
        faults["counts"],
        json!({"deliveries": 5, "dropped": 2, "duplicated": 1, "delayed": 0})
    );
    let all = call(&node, "eth_getLogs", json!([{"fromBlock": "0x0"}])).await;
    assert_eq!(topics(&all), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn late_deliveries_come_when_the_delay_is_over_or_lifted() {
    let node = node();
    let logger = deploy_logger(&node).await;
    let mut socket = Socket::open(&node).await;
    let logs = socket.call("eth_subscribe", json!(["logs", {}])).await;
    let heads = socket.call("eth_subscribe", json!(["newHeads"])).await;
    call(&node, "devnode_setLogFaults", json!([{"delayMs": 600_000}])).await;
    emit(&node, &logger, 1).await;
    assert_eq!(
        socket.news(&heads).await["number"],
        "0x2",
        "blocks are not late"
    );
    call(&node, "devnode_setLogFaults", json!([{"delayMs": 1}])).await;
    assert_eq!(topic(&socket.news(&logs).await), 1);
    emit(&node, &logger, 2).await;
    assert_eq!(socket.news(&heads).await["number"], "0x3");
    assert_eq!(topic(&socket.news(&logs).await), 2);
}

#[tokio::test]
async fn an_outage_of_production_refuses_or_keeps_transactions() {
    let node = node();
    let tx = json!([{"from": FIRST, "to": FIRST, "gas": "0x5208"}]);
    call(&node, "devnode_pauseProduction", json!([])).await;
    assert_eq!(
        call(&node, "devnode_faults", json!([])).await["productionPaused"],
        true
    );
    assert_eq!(
        refusal(&node, "eth_sendTransaction", tx.clone()).await["code"],
        -32000
    );
    assert_eq!(refusal(&node, "evm_mine", json!([])).await["code"], -32000);
    call(&node, "devnode_pauseProduction", json!(["queue"])).await;
    let hash = call(&node, "eth_sendTransaction", tx).await;
    assert_eq!(
        call(&node, "eth_getTransactionReceipt", json!([hash])).await,
        Value::Null
    );
    call(&node, "devnode_resumeProduction", json!([])).await;
    assert_eq!(
        call(&node, "eth_getTransactionReceipt", json!([hash])).await["status"],
        "0x1"
    );
}
