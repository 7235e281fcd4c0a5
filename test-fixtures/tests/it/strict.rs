//! The law of a strict chain: after genesis, state changes only by signed transactions. Time and mining still work.

use agentcity_test_fixtures::{Actor, Node, Sender, Settings, contracts};
use alloy::primitives::{Address, Bytes, TxKind, U256, address, hex};
use serde_json::{Value, json};

const STRANGER: Address = address!("0x57ba57ba57ba57ba57ba57ba57ba57ba57ba57ba");

/// Every cheat, with arguments that a lenient node takes.
fn cheats() -> Vec<(&'static str, Value)> {
    let word = |value: u64| json!(format!("{value:#066x}"));
    let cell = hex::encode_prefixed(contracts::cell());
    let unsigned = json!({
        "from": STRANGER, "to": STRANGER, "value": "0x0", "gas": "0x5208", "nonce": "0x0",
        "maxFeePerGas": "0x3b9aca00", "maxPriorityFeePerGas": "0x0", "chainId": format!("{:#x}", Settings::default().chain_id),
    });
    vec![
        ("anvil_setBalance", json!([STRANGER, "0xde0b6b3a7640000"])),
        ("hardhat_setBalance", json!([STRANGER, "0xde0b6b3a7640000"])),
        ("anvil_addBalance", json!([STRANGER, "0x1"])),
        ("anvil_setNonce", json!([STRANGER, "0x5"])),
        ("hardhat_setNonce", json!([STRANGER, "0x5"])),
        ("anvil_setCode", json!([STRANGER, cell])),
        ("hardhat_setCode", json!([STRANGER, cell])),
        ("anvil_setStorageAt", json!([STRANGER, "0x0", word(7)])),
        ("hardhat_setStorageAt", json!([STRANGER, "0x0", word(7)])),
        ("anvil_impersonateAccount", json!([STRANGER])),
        ("hardhat_impersonateAccount", json!([STRANGER])),
        ("anvil_autoImpersonateAccount", json!([true])),
        ("eth_sendUnsignedTransaction", json!([unsigned])),
    ]
}

#[test]
fn each_cheat_is_refused_by_its_name_and_changes_nothing() {
    let node = Node::devnode(&Settings::default());
    let mut rpc = node.rpc();
    let before = rpc.call("devnode_stateRoot", json!([])).unwrap();
    for (method, params) in cheats() {
        let refusal = rpc.call(method, params).expect_err(method);
        // Hardhat's names are other names of the same methods, and adding is a way of setting.
        let named = method
            .replace("hardhat_", "anvil_")
            .replace("addBalance", "setBalance")
            .replace("eth_sendUnsignedTransaction", "anvil_impersonateAccount");
        assert!(refusal.message().contains(&named), "{method}: {refusal}");
        assert!(refusal.message().contains("strict"), "{method}: {refusal}");
    }
    // A dump that a lenient node made is no way in either.
    let lenient = Node::devnode(&Settings::lenient());
    lenient
        .rpc()
        .call("anvil_setBalance", json!([STRANGER, "0x5"]))
        .unwrap();
    let dump = lenient.rpc().call("anvil_dumpState", json!([])).unwrap();
    for method in ["anvil_loadState", "hardhat_loadState"] {
        let refusal = rpc.call(method, json!([dump])).expect_err(method);
        assert!(
            refusal.message().contains("loadState") && refusal.message().contains("strict"),
            "{refusal}"
        );
    }
    // Nobody signs for a stranger.
    let tx = json!({ "from": STRANGER, "to": STRANGER, "value": "0x0" });
    assert!(rpc.call("eth_sendTransaction", json!([tx])).is_err());
    assert_eq!(rpc.call("devnode_stateRoot", json!([])).unwrap(), before);
    assert_eq!(rpc.block_number().unwrap(), 0);
}

#[test]
fn each_cheat_works_on_a_lenient_node_so_the_list_is_no_list_of_typing_errors() {
    let node = Node::devnode(&Settings::lenient());
    let mut rpc = node.rpc();
    for (method, params) in cheats() {
        rpc.call(method, params)
            .unwrap_or_else(|error| panic!("{error}"));
        // Back to the beginning: the unsigned transaction wants nonce 0.
        if method.ends_with("setNonce") {
            rpc.call(method, json!([STRANGER, "0x0"])).unwrap();
        }
    }
}

#[test]
fn time_and_mining_still_work() {
    let node = Node::devnode(&Settings::default());
    let mut rpc = node.rpc();
    let genesis = Settings::default().timestamp.unwrap();
    rpc.call("evm_setNextBlockTimestamp", json!([genesis + 1_000]))
        .unwrap();
    rpc.call("evm_mine", json!([])).unwrap();
    rpc.call("evm_increaseTime", json!([86_400])).unwrap();
    rpc.call("anvil_mine", json!(["0x3"])).unwrap();
    let block = rpc
        .call("eth_getBlockByNumber", json!(["latest", false]))
        .unwrap();
    let timestamp = agentcity_test_fixtures::http::parse_quantity(&block["timestamp"]).unwrap();
    assert!(timestamp >= u128::from(genesis) + 1_000 + 86_400);
    assert_eq!(rpc.block_number().unwrap(), 4);
    rpc.call("anvil_setAutomine", json!([false])).unwrap();
    rpc.call("anvil_setAutomine", json!([true])).unwrap();
    let snapshot = rpc.call("evm_snapshot", json!([])).unwrap();
    rpc.call("anvil_mine", json!(["0x3"])).unwrap();
    assert_eq!(
        rpc.call("evm_revert", json!([snapshot])).unwrap(),
        json!(true)
    );
    assert_eq!(rpc.block_number().unwrap(), 4);
}

#[test]
fn signed_transactions_and_calls_with_overrides_are_no_cheats() {
    let node = Node::devnode(&Settings::default());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let paid = alice
        .send(TxKind::Call(STRANGER), U256::from(9), Bytes::new())
        .unwrap();
    assert!(paid.succeeded);
    // The node holds the keys of the funded accounts and signs with them.
    let tx = json!({ "from": Actor::named("bob").address(), "to": STRANGER, "value": "0x1" });
    let hash = alice.rpc.call("eth_sendTransaction", json!([tx])).unwrap();
    assert!(
        alice
            .outcome(serde_json::from_value(hash).unwrap())
            .unwrap()
            .succeeded
    );
    // Overrides live as long as the call.
    let overrides =
        json!({ STRANGER.to_string(): { "code": hex::encode_prefixed(contracts::cell()) } });
    let answer = alice
        .rpc
        .call("eth_call", json!([{ "to": STRANGER }, "latest", overrides]))
        .unwrap();
    assert_eq!(answer, json!(format!("{:#066x}", 0)));
    assert_eq!(
        alice
            .rpc
            .call("eth_getCode", json!([STRANGER, "latest"]))
            .unwrap(),
        json!("0x")
    );
}
