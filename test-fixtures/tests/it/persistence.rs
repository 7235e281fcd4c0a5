//! `--state`: what was mined survives the end of the process, also a violent one.

use agentcity_test_fixtures::{
    Actor, Node, Rpc, Sender, Settings, contracts, evm::initcode, node::Mining, tool::Tool,
};
use alloy::{
    eips::Encodable2718,
    primitives::{Address, Bytes, TxKind, U256, hex},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

fn settings(dir: &Path) -> Settings {
    Settings {
        state: Some(dir.join("state")),
        ..Settings::default()
    }
}

fn word(value: u64) -> Bytes {
    U256::from(value).to_be_bytes_vec().into()
}

/// Blocks 0 to `height` with their receipts, and some state: everything a client could have seen.
fn seen(rpc: &mut Rpc, height: u64, cell: Option<Address>) -> Value {
    let mut blocks = Vec::new();
    for number in 0..=height {
        let number = format!("{number:#x}");
        blocks.push(
            rpc.call("eth_getBlockByNumber", json!([number, true]))
                .unwrap(),
        );
        blocks.push(rpc.call("eth_getBlockReceipts", json!([number])).unwrap());
    }
    let at = format!("{height:#x}");
    let balances: Vec<Value> = Actor::all()
        .iter()
        .map(|actor| {
            rpc.call("eth_getBalance", json!([actor.address(), at]))
                .unwrap()
        })
        .collect();
    let slot = cell.map(|cell| {
        rpc.call("eth_getStorageAt", json!([cell, "0x0", at]))
            .unwrap()
    });
    json!([blocks, balances, slot])
}

#[test]
fn a_chain_killed_between_blocks_is_the_same_chain_afterwards() {
    let seed = std::env::var("AGENTCITY_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(3);
    println!("AGENTCITY_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    let mut cell = None;
    let mut before: Option<(u64, Value)> = None;
    for life in 0..5 {
        let node = Node::devnode(&settings);
        let mut alice = Sender::new(&node, "alice").unwrap();
        if let Some((height, seen_before)) = &before {
            assert_eq!(alice.rpc.block_number().unwrap(), *height, "life {life}");
            assert_eq!(
                seen(&mut alice.rpc, *height, cell),
                *seen_before,
                "life {life}"
            );
        }
        let cell = *cell.get_or_insert_with(|| alice.create(initcode(&contracts::cell())).unwrap());
        for _ in 0..rng.random_range(1..8) {
            let outcome = alice
                .send(
                    TxKind::Call(cell),
                    U256::ZERO,
                    word(rng.random_range(1..u64::MAX)),
                )
                .unwrap();
            assert!(outcome.succeeded);
        }
        let height = alice.rpc.block_number().unwrap();
        before = Some((height, seen(&mut alice.rpc, height, Some(cell))));
        node.kill();
    }
}

#[test]
fn a_chain_killed_while_it_works_keeps_every_block_that_it_told() {
    let seed = std::env::var("AGENTCITY_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(4);
    println!("AGENTCITY_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    for life in 0..4 {
        let node = Node::devnode(&settings);
        let mut alice = Sender::new(&node, "alice").unwrap();
        let raws: Vec<String> = {
            let nonce = alice
                .rpc
                .quantity(
                    "eth_getTransactionCount",
                    json!([alice.address(), "latest"]),
                )
                .unwrap() as u64;
            (0..60).map(|index| raw_payment(nonce + index)).collect()
        };
        // Another thread kills it at a random moment of the stream.
        let moment = Duration::from_millis(rng.random_range(5..120));
        let killer = std::thread::spawn(move || {
            std::thread::sleep(moment);
            node.kill();
        });
        let mut told = Vec::new();
        for raw in raws {
            let Ok(hash) = alice.rpc.call("eth_sendRawTransaction", json!([raw])) else {
                break;
            };
            let Ok(receipt) = alice.rpc.call("eth_getTransactionReceipt", json!([hash])) else {
                break;
            };
            if receipt.is_null() {
                break;
            }
            told.push(receipt);
        }
        killer.join().unwrap();
        println!("life {life}: {} blocks told in {moment:?}", told.len());
        let node = Node::devnode(&settings);
        let mut rpc = node.rpc();
        for receipt in told {
            let again = rpc
                .call(
                    "eth_getTransactionReceipt",
                    json!([receipt["transactionHash"]]),
                )
                .unwrap();
            assert_eq!(again, receipt, "life {life}");
        }
        // It goes on from there.
        let mut alice = Sender::new(&node, "alice").unwrap();
        assert!(
            alice
                .send(
                    TxKind::Call(Address::repeat_byte(9)),
                    U256::from(1),
                    Bytes::new()
                )
                .unwrap()
                .succeeded
        );
        node.kill();
    }
}

/// A payment of alice, signed here so that nothing is asked of the node while it dies.
fn raw_payment(nonce: u64) -> String {
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
        to: TxKind::Call(Address::repeat_byte(0x44)),
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

#[test]
fn sigterm_ends_the_node_with_success_and_keeps_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        mining: Mining::Interval(0.1),
        ..settings(dir.path())
    };
    let node = Node::devnode(&settings);
    let mut alice = Sender::new(&node, "alice").unwrap();
    let outcome = alice
        .send(
            TxKind::Call(Address::repeat_byte(9)),
            U256::from(7),
            Bytes::new(),
        )
        .unwrap();
    let status = node
        .terminate(Duration::from_secs(10))
        .expect("it ends in time");
    assert!(status.success(), "{status}");
    let node = Node::devnode(&settings);
    let mut alice = Sender::new(&node, "alice").unwrap();
    assert_eq!(alice.outcome(outcome.hash).unwrap(), outcome);
}

#[test]
fn a_program_stays_activated_over_a_restart() {
    use crate::stylus_calls::programs;
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    let node = Node::devnode(&settings);
    let mut alice = Sender::new(&node, "alice").unwrap();
    let echo = agentcity_test_fixtures::program::deploy_wat(&mut alice, &programs::echo()).unwrap();
    let gas = alice
        .estimate(TxKind::Call(echo), U256::ZERO, &word(1))
        .unwrap();
    node.kill();
    let node = Node::devnode(&settings);
    let mut alice = Sender::new(&node, "alice").unwrap();
    assert_eq!(
        alice.call(echo, b"still here").unwrap(),
        Bytes::from_static(b"still here")
    );
    assert_eq!(
        alice
            .estimate(TxKind::Call(echo), U256::ZERO, &word(1))
            .unwrap(),
        gas
    );
}

#[test]
fn a_file_that_is_no_state_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    std::fs::write(&state, b"this is no chain at all, but somebody's notes").unwrap();
    let output = Command::new(Tool::Devnode.find().unwrap())
        .args(["--port", "0", "--state"])
        .arg(&state)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        words.contains("state") && !words.contains("panicked"),
        "{words}"
    );
    // Nothing is destroyed.
    assert_eq!(
        std::fs::read(&state).unwrap(),
        b"this is no chain at all, but somebody's notes"
    );
}
