//! Faults on command: an outage of the sequencer, late, lost and doubled logs, a nonce that is ahead.

use crate::support::{create, send, soon, store, word};
use agentcity_test_fixtures::{Actor, Node, Sender, Settings, contracts};
use alloy::{
    eips::Encodable2718,
    primitives::{Address, Bytes, TxKind, U256, hex},
    providers::Provider,
    rpc::types::Filter,
};
use serde_json::json;
use std::time::{Duration, Instant};

const NOBODY: Address = Address::repeat_byte(0x4e);

fn node() -> (Node, Sender) {
    let node = Node::devnode(&Settings::default());
    let alice = Sender::new(&node, "alice").unwrap();
    (node, alice)
}

#[test]
fn during_an_outage_nothing_is_mined_reads_go_on_and_sending_is_refused() {
    let (_node, mut alice) = node();
    alice
        .send(TxKind::Call(NOBODY), U256::from(1), Bytes::new())
        .unwrap();
    alice
        .rpc
        .call("devnode_pauseProduction", json!(["refuse"]))
        .unwrap();
    let tx = alice
        .sign(TxKind::Call(NOBODY), U256::from(1), Bytes::new(), 21_000)
        .unwrap();
    let raw = json!([hex::encode_prefixed(tx.encoded_2718())]);
    let refusal = alice
        .rpc
        .call("eth_sendRawTransaction", raw.clone())
        .unwrap_err();
    assert!(refusal.message().contains("paused"), "{refusal}");
    assert_eq!(alice.rpc.block_number().unwrap(), 1);
    assert_eq!(
        alice
            .rpc
            .quantity("eth_getBalance", json!([NOBODY, "latest"]))
            .unwrap(),
        1
    );
    assert_eq!(
        alice.rpc.call("devnode_faults", json!([])).unwrap()["productionPaused"],
        json!(true)
    );
    alice
        .rpc
        .call("devnode_resumeProduction", json!([]))
        .unwrap();
    alice.rpc.call("eth_sendRawTransaction", raw).unwrap();
    assert!(alice.outcome(*tx.tx_hash()).unwrap().succeeded);
}

#[test]
fn an_outage_may_queue_and_everything_arrives_afterwards_in_order() {
    let (_node, mut alice) = node();
    alice
        .rpc
        .call("devnode_pauseProduction", json!(["queue"]))
        .unwrap();
    let mut hashes = Vec::new();
    for _ in 0..3 {
        let tx = alice
            .sign(TxKind::Call(NOBODY), U256::from(1), Bytes::new(), 21_000)
            .unwrap();
        alice
            .rpc
            .call(
                "eth_sendRawTransaction",
                json!([hex::encode_prefixed(tx.encoded_2718())]),
            )
            .unwrap();
        hashes.push(*tx.tx_hash());
    }
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(alice.rpc.block_number().unwrap(), 0);
    alice
        .rpc
        .call("devnode_resumeProduction", json!([]))
        .unwrap();
    let blocks: Vec<u64> = hashes
        .into_iter()
        .map(|hash| alice.outcome(hash).unwrap().block)
        .collect();
    assert!(blocks.is_sorted() && blocks[0] >= 1, "{blocks:?}");
    assert_eq!(
        alice
            .rpc
            .quantity("eth_getBalance", json!([NOBODY, "latest"]))
            .unwrap(),
        3
    );
}

#[test]
fn a_nonce_that_is_ahead_is_refused_as_arbitrum_does_and_held_on_request() {
    let (_node, mut alice) = node();
    let first = alice
        .sign(TxKind::Call(NOBODY), U256::from(1), Bytes::new(), 21_000)
        .unwrap();
    alice
        .rpc
        .call(
            "eth_sendRawTransaction",
            json!([hex::encode_prefixed(first.encoded_2718())]),
        )
        .unwrap();
    alice.outcome(*first.tx_hash()).unwrap();
    // The same nonce again is behind.
    let behind = alice
        .rpc
        .call(
            "eth_sendRawTransaction",
            json!([hex::encode_prefixed(first.encoded_2718())]),
        )
        .unwrap_err();
    assert!(
        behind.message().contains("nonce too low") || behind.message().contains("already known"),
        "{behind}"
    );
    let ahead = raw_with_nonce(5);
    let refusal = alice
        .rpc
        .call("eth_sendRawTransaction", json!([ahead]))
        .unwrap_err();
    assert!(refusal.message().contains("nonce too high"), "{refusal}");

    let holding = Node::devnode(&Settings::default().arg("--nonce-gaps").arg("hold"));
    let mut rpc = holding.rpc();
    rpc.call("eth_sendRawTransaction", json!([raw_with_nonce(1)]))
        .unwrap();
    assert_eq!(rpc.block_number().unwrap(), 0);
    rpc.call("eth_sendRawTransaction", json!([raw_with_nonce(0)]))
        .unwrap();
    let start = Instant::now();
    while rpc
        .quantity(
            "eth_getTransactionCount",
            json!([Actor::named("alice").address(), "latest"]),
        )
        .unwrap()
        < 2
    {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "the gap is filled and nothing happens"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn raw_with_nonce(nonce: u64) -> String {
    use alloy::{
        consensus::{SignableTransaction, TxEip1559, TxEnvelope},
        signers::SignerSync,
    };
    let tx = TxEip1559 {
        chain_id: Settings::default().chain_id,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 0,
        to: TxKind::Call(NOBODY),
        value: U256::from(1),
        access_list: Default::default(),
        input: Bytes::new(),
    };
    let signature = Actor::named("alice")
        .signer
        .sign_hash_sync(&tx.signature_hash())
        .expect("signs");
    hex::encode_prefixed(TxEnvelope::from(tx.into_signed(signature)).encoded_2718())
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_lost_doubled_and_late_on_their_way_while_the_chain_tells_the_truth() {
    let node = Node::devnode(&Settings::default());
    let provider = node.ws_provider().await.unwrap();
    let cell = create(&provider, contracts::creation(&contracts::cell())).await;
    let filter = Filter::new().address(cell);
    let mut logs = provider.subscribe_logs(&filter).await.unwrap();
    let faults = |value: serde_json::Value| {
        let mut rpc = node.rpc();
        tokio::task::spawn_blocking(move || {
            rpc.call("devnode_setLogFaults", json!([value])).unwrap()
        })
    };

    faults(json!({ "dropEvery": 2 })).await.unwrap();
    for value in 1..=4 {
        send(&provider, store(cell, value)).await;
    }
    for value in [1, 3] {
        assert_eq!(
            soon("a log", logs.recv()).await.unwrap().data().data,
            word(value)
        );
    }

    faults(json!({ "duplicateEvery": 2 })).await.unwrap();
    for value in 5..=6 {
        send(&provider, store(cell, value)).await;
    }
    for value in [5, 6, 6] {
        assert_eq!(
            soon("a log", logs.recv()).await.unwrap().data().data,
            word(value)
        );
    }

    faults(json!({ "delayMs": 400 })).await.unwrap();
    send(&provider, store(cell, 7)).await;
    let sent = Instant::now();
    assert_eq!(
        soon("a late log", logs.recv()).await.unwrap().data().data,
        word(7)
    );
    assert!(
        sent.elapsed() >= Duration::from_millis(300),
        "late by {:?}",
        sent.elapsed()
    );

    // Off again, and eth_getLogs never lied.
    faults(json!({})).await.unwrap();
    send(&provider, store(cell, 8)).await;
    assert_eq!(
        soon("a log", logs.recv()).await.unwrap().data().data,
        word(8)
    );
    let truth: Vec<Bytes> = provider
        .get_logs(&filter.from_block(0))
        .await
        .unwrap()
        .iter()
        .map(|log| log.data().data.clone())
        .collect();
    assert_eq!(truth, (1..=8).map(word).collect::<Vec<_>>());
}

#[test]
fn a_reorganisation_on_a_strict_chain_returns_the_state_of_the_fork_and_mines_on() {
    let (_node, mut alice) = node();
    for value in 1..=3u64 {
        alice
            .send(TxKind::Call(NOBODY), U256::from(value), Bytes::new())
            .unwrap();
    }
    let before = alice
        .rpc
        .call("eth_getBlockByNumber", json!(["0x3", false]))
        .unwrap();
    alice.rpc.call("anvil_reorg", json!([2, []])).unwrap();
    assert_eq!(alice.rpc.block_number().unwrap(), 3);
    let after = alice
        .rpc
        .call("eth_getBlockByNumber", json!(["0x3", false]))
        .unwrap();
    assert_ne!(before["hash"], after["hash"]);
    assert_eq!(
        alice
            .rpc
            .quantity("eth_getBalance", json!([NOBODY, "latest"]))
            .unwrap(),
        1
    );
    assert!(
        alice
            .send(TxKind::Call(NOBODY), U256::from(5), Bytes::new())
            .unwrap()
            .succeeded
    );
    assert_eq!(
        alice
            .rpc
            .quantity("eth_getBalance", json!([NOBODY, "latest"]))
            .unwrap(),
        6
    );
}
