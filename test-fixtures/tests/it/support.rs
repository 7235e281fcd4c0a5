//! What several scenarios need: a node of each kind, a deployed contract, patience with a bound.

use agentcity_test_fixtures::{Kind, Node, Settings};
use alloy::{
    network::TransactionBuilder,
    primitives::{Address, Bytes, U256},
    providers::{DynProvider, Provider},
    rpc::types::{TransactionReceipt, TransactionRequest},
};
use std::{future::Future, time::Duration};

/// Longest wait for something that should happen at once on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The node under test and its rival. A claim about the dialect that anvil does not fulfil is no claim about the dialect.
pub const DIALECT: [Kind; 2] = [Kind::Anvil, Kind::Devnode];

/// A number that the environment may set.
///
/// Panics when it is none: a run with another than asked for would mislead.
pub fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number"))
    })
}

/// Runs one scenario against a lenient node of each kind, the rival first.
pub async fn on_both<F>(settings: Settings, scenario: impl Fn(Node) -> F)
where
    F: Future<Output = ()>,
{
    for kind in DIALECT {
        if std::env::var("AGENTCITY_RIVAL_ONLY").is_ok() && kind != Kind::Anvil {
            continue;
        }
        println!("on {kind:?}");
        let node = Node::start(kind, &settings).unwrap_or_else(|error| panic!("{error}"));
        scenario(node).await;
    }
}

/// Waits for `future` with [`PATIENCE`].
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("waited {PATIENCE:?} for {what}"))
}

/// Creates a contract from alice.
pub async fn create(provider: &DynProvider, initcode: Bytes) -> Address {
    let receipt = send(
        provider,
        TransactionRequest::default().with_deploy_code(initcode),
    )
    .await;
    assert!(receipt.status(), "creation failed: {receipt:?}");
    receipt.contract_address.expect("a creation has an address")
}

/// Sends and waits for the receipt.
pub async fn send(provider: &DynProvider, tx: TransactionRequest) -> TransactionReceipt {
    let pending = provider.send_transaction(tx).await.expect("accepted");
    soon("a receipt", pending.get_receipt())
        .await
        .expect("mined")
}

/// Calldata of one word.
pub fn word(value: u64) -> Bytes {
    U256::from(value).to_be_bytes_vec().into()
}

/// A call of `to` with one word.
pub fn store(to: Address, value: u64) -> TransactionRequest {
    TransactionRequest::default()
        .with_to(to)
        .with_input(word(value))
}
