//! What a browser wallet does, over one WebSocket and without any library's idea of a provider.

use crate::support::{on_both, soon};
use agentcity_test_fixtures::{Actor, Node, Settings};
use alloy::{
    dyn_abi::{Eip712Domain, TypedData},
    primitives::{Signature, U256},
    providers::{Provider, ProviderBuilder, WsConnect},
};
use serde_json::{Value, json};
use std::borrow::Cow;

/// EIP-1193's `request({ method, params })`.
async fn request(provider: &impl Provider, method: &'static str, params: Value) -> Value {
    provider
        .raw_request(Cow::Borrowed(method), params)
        .await
        .unwrap_or_else(|error| panic!("{method}: {error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_connects_signs_sends_and_sees_its_transaction_in_a_head() {
    on_both(Settings::lenient(), |node| async move { flow(&node).await }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_node_serves_a_wallet_too() {
    flow(&Node::devnode(&Settings::default())).await;
}

async fn flow(node: &Node) {
    let provider = ProviderBuilder::default()
        .connect_ws(WsConnect::new(node.ws_url()))
        .await
        .unwrap();
    let accounts = request(&provider, "eth_accounts", json!([])).await;
    // anvil does not know eth_requestAccounts; a wallet's dapp asks for it first, so the devnode does.
    if node.kind != agentcity_test_fixtures::Kind::Anvil {
        assert_eq!(
            request(&provider, "eth_requestAccounts", json!([])).await,
            accounts
        );
    }
    let [alice, bob] = ["alice", "bob"].map(Actor::named);
    let me = accounts[0].as_str().unwrap().to_lowercase();
    assert_eq!(me, alice.address().to_string().to_lowercase());
    assert_eq!(
        request(&provider, "eth_chainId", json!([])).await,
        json!(format!("{:#x}", Settings::default().chain_id))
    );

    let mut heads = provider.subscribe_blocks().await.unwrap();
    let mut tx = json!({ "from": me, "to": bob.address(), "value": "0x64" });
    let gas = request(&provider, "eth_estimateGas", json!([tx])).await;
    assert_eq!(gas, "0x5208");
    tx["gas"] = gas;
    let hash = request(&provider, "eth_sendTransaction", json!([tx])).await;

    let head = soon("a head", heads.recv()).await.unwrap();
    let receipt = soon("a receipt", async {
        loop {
            let receipt = request(&provider, "eth_getTransactionReceipt", json!([hash])).await;
            if !receipt.is_null() {
                break receipt;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    assert_eq!(
        (&receipt["status"], &receipt["blockHash"]),
        (&json!("0x1"), &json!(head.hash))
    );

    // Typed data: the signature is that of the key, over the very digest that a contract computes.
    let typed = permit(&bob.address().to_string());
    let signed = request(&provider, "eth_signTypedData_v4", json!([me, typed])).await;
    let signature: Signature = signed.as_str().unwrap().parse().unwrap();
    let digest = serde_json::from_value::<TypedData>(typed)
        .unwrap()
        .eip712_signing_hash()
        .unwrap();
    assert_eq!(
        signature.recover_address_from_prehash(&digest).unwrap(),
        alice.address()
    );

    let message = request(&provider, "personal_sign", json!(["0x68656c6c6f", me])).await;
    let signature: Signature = message.as_str().unwrap().parse().unwrap();
    assert_eq!(
        signature.recover_address_from_msg("hello").unwrap(),
        alice.address()
    );

    // A key that the node does not hold.
    let stranger = json!(["0x00000000000000000000000000000000000000aa", "0x00"]);
    assert!(
        provider
            .raw_request::<_, Value>(Cow::Borrowed("eth_sign"), stranger)
            .await
            .is_err()
    );
}

fn permit(spender: &str) -> Value {
    let domain = Eip712Domain {
        name: Some("City Unit".into()),
        version: Some("1".into()),
        chain_id: Some(U256::from(Settings::default().chain_id)),
        verifying_contract: Some(alloy::primitives::Address::repeat_byte(0x11)),
        salt: None,
    };
    json!({
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" }, { "name": "version", "type": "string" },
                { "name": "chainId", "type": "uint256" }, { "name": "verifyingContract", "type": "address" }
            ],
            "Permit": [
                { "name": "owner", "type": "address" }, { "name": "spender", "type": "address" },
                { "name": "value", "type": "uint256" }, { "name": "nonce", "type": "uint256" },
                { "name": "deadline", "type": "uint256" }
            ]
        },
        "primaryType": "Permit",
        "domain": {
            "name": domain.name, "version": domain.version, "chainId": Settings::default().chain_id,
            "verifyingContract": domain.verifying_contract
        },
        "message": {
            "owner": Actor::named("alice").address(), "spender": spender, "value": "1000",
            "nonce": "0", "deadline": "4102444800"
        }
    })
}
