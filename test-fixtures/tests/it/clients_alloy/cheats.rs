//! The cheats of `AnvilApi`: they work on a lenient node (and are refused by a strict one, see `strict`).

use crate::support::{create, on_both, send, soon, store, word};
use agentcity_test_fixtures::{Actor, Node, Settings, contracts};
use alloy::{
    eips::BlockNumberOrTag,
    network::TransactionBuilder,
    primitives::{Address, B256, U256, address},
    providers::{
        Provider, ProviderBuilder,
        ext::{AnvilApi, ImpersonateConfig},
    },
    rpc::types::TransactionRequest,
};

const STRANGER: Address = address!("0x57ba57ba57ba57ba57ba57ba57ba57ba57ba57ba");

#[tokio::test(flavor = "multi_thread")]
async fn balance_nonce_code_and_storage_are_set() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        provider
            .anvil_set_balance(STRANGER, U256::from(1_337))
            .await
            .unwrap();
        assert_eq!(
            provider.get_balance(STRANGER).await.unwrap(),
            U256::from(1_337)
        );
        provider.anvil_set_nonce(STRANGER, 42).await.unwrap();
        assert_eq!(provider.get_transaction_count(STRANGER).await.unwrap(), 42);
        provider
            .anvil_set_code(STRANGER, contracts::cell())
            .await
            .unwrap();
        assert_eq!(
            provider.get_code_at(STRANGER).await.unwrap(),
            contracts::cell()
        );
        provider
            .anvil_set_storage_at(STRANGER, U256::ZERO, B256::from(U256::from(77)))
            .await
            .unwrap();
        assert_eq!(
            provider.get_storage_at(STRANGER, U256::ZERO).await.unwrap(),
            U256::from(77)
        );
        let read = TransactionRequest::default().with_to(STRANGER);
        assert_eq!(provider.call(read).await.unwrap(), word(77));
        // Later blocks keep it.
        provider.anvil_mine(Some(2), None).await.unwrap();
        assert_eq!(
            provider.get_balance(STRANGER).await.unwrap(),
            U256::from(1_337)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impersonated_account_sends_without_a_key_until_it_is_stopped() {
    on_both(Settings::lenient(), |node| async move {
        let provider = ProviderBuilder::new().connect_http(node.instance().endpoint_url());
        provider
            .anvil_set_balance(STRANGER, U256::from(10).pow(U256::from(18)))
            .await
            .unwrap();
        let tx = TransactionRequest::default()
            .with_from(STRANGER)
            .with_to(STRANGER)
            .with_value(U256::from(1));
        assert!(
            provider
                .anvil_send_impersonated_transaction(tx.clone())
                .await
                .is_err()
        );
        provider.anvil_impersonate_account(STRANGER).await.unwrap();
        let hash = provider
            .anvil_send_impersonated_transaction(tx.clone())
            .await
            .unwrap();
        soon("the receipt", async {
            while provider
                .get_transaction_receipt(hash)
                .await
                .unwrap()
                .is_none()
            {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        })
        .await;
        let receipt = provider
            .get_transaction_receipt(hash)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((receipt.from, receipt.status()), (STRANGER, true));
        assert_eq!(provider.get_transaction_count(STRANGER).await.unwrap(), 1);
        provider
            .anvil_stop_impersonating_account(STRANGER)
            .await
            .unwrap();
        assert!(
            provider
                .anvil_send_impersonated_transaction(tx.clone())
                .await
                .is_err()
        );
        provider.anvil_auto_impersonate_account(true).await.unwrap();
        provider
            .anvil_send_impersonated_transaction(tx.clone())
            .await
            .unwrap();
        provider
            .anvil_auto_impersonate_account(false)
            .await
            .unwrap();
        assert!(
            provider
                .anvil_send_impersonated_transaction(tx.clone())
                .await
                .is_err()
        );
        // alloy's own sequence: fund, impersonate, send, stop.
        let config = ImpersonateConfig {
            fund_amount: Some(U256::from(10).pow(U256::from(18))),
            stop_impersonate: true,
        };
        let pending = provider
            .anvil_send_impersonated_transaction_with_config(tx, config)
            .await
            .unwrap();
        assert!(
            soon("the receipt", pending.get_receipt())
                .await
                .unwrap()
                .status()
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_transaction_is_taken_as_it_is() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        provider
            .anvil_set_balance(STRANGER, U256::from(10).pow(U256::from(18)))
            .await
            .unwrap();
        let tx = TransactionRequest::default()
            .with_from(STRANGER)
            .with_to(Actor::named("bob").address())
            .with_nonce(0)
            .with_chain_id(Settings::default().chain_id)
            .with_value(U256::from(100))
            .with_gas_limit(21_000)
            .with_max_priority_fee_per_gas(0)
            .with_max_fee_per_gas(20_000_000_000);
        let hash = provider.eth_send_unsigned_transaction(tx).await.unwrap();
        provider.evm_mine(None).await.unwrap();
        assert_eq!(
            provider
                .get_transaction_receipt(hash)
                .await
                .unwrap()
                .unwrap()
                .from,
            STRANGER
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_blocks_header_is_chosen() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        provider.anvil_set_coinbase(STRANGER).await.unwrap();
        provider
            .anvil_set_next_block_base_fee_per_gas(1_337)
            .await
            .unwrap();
        assert!(provider.anvil_set_block_gas_limit(5_000_000).await.unwrap());
        provider.evm_mine(None).await.unwrap();
        let header = provider
            .get_block_by_number(BlockNumberOrTag::Latest)
            .await
            .unwrap()
            .unwrap()
            .header;
        assert_eq!(
            (
                header.beneficiary,
                header.base_fee_per_gas,
                header.gas_limit
            ),
            (STRANGER, Some(1_337), 5_000_000)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_id_is_changed() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        provider.anvil_set_chain_id(1_337).await.unwrap();
        assert_eq!(node.provider().get_chain_id().await.unwrap(), 1_337);
        let hash = provider
            .send_transaction(TransactionRequest::default().with_to(STRANGER))
            .await
            .unwrap();
        assert!(
            soon("a receipt", hash.get_receipt())
                .await
                .unwrap()
                .status()
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_tells_what_it_is() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        provider.anvil_set_logging(true).await.unwrap();
        provider.evm_mine(None).await.unwrap();
        let info = provider.anvil_node_info().await.unwrap();
        assert_eq!(
            (info.current_block_number, info.environment.chain_id),
            (1, Settings::default().chain_id)
        );
        assert_eq!(info.environment.gas_limit, Settings::default().gas_limit);
        let metadata = provider.anvil_metadata().await.unwrap();
        assert_eq!(
            metadata.client_version,
            provider.get_client_version().await.unwrap()
        );
        assert_eq!(
            (metadata.chain_id, metadata.latest_block_number),
            (Settings::default().chain_id, 1)
        );
        // Refused where base fees are, as anvil does; or accepted.
        if let Err(error) = provider.anvil_set_min_gas_price(1_337).await {
            assert!(
                error.to_string().contains("anvil_setMinGasPrice"),
                "{error}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_begins_again() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        provider
            .anvil_set_balance(STRANGER, U256::from(5))
            .await
            .unwrap();
        provider.anvil_mine(Some(3), None).await.unwrap();
        provider.anvil_reset(None).await.unwrap();
        assert_eq!(provider.get_block_number().await.unwrap(), 0);
        assert_eq!(provider.get_balance(STRANGER).await.unwrap(), U256::ZERO);
        assert!(
            provider
                .get_balance(Actor::named("alice").address())
                .await
                .unwrap()
                > U256::ZERO
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dumped_state_is_loaded_by_another_node() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let cell = create(&provider, contracts::creation(&contracts::cell())).await;
        send(&provider, store(cell, 123)).await;
        let state = provider.anvil_dump_state().await.unwrap();
        let other = Node::start(node.kind, &Settings::lenient()).unwrap();
        let elsewhere = other.provider();
        assert!(elsewhere.anvil_load_state(state).await.unwrap());
        assert_eq!(
            elsewhere.get_storage_at(cell, U256::ZERO).await.unwrap(),
            U256::from(123)
        );
        assert_eq!(
            elsewhere.get_code_at(cell).await.unwrap(),
            contracts::cell()
        );
        let alice = Actor::named("alice").address();
        assert_eq!(elsewhere.get_transaction_count(alice).await.unwrap(), 2);
        assert!(send(&elsewhere, store(cell, 124)).await.status());
        // What is no state is refused, and nothing changes.
        assert!(elsewhere.anvil_load_state(word(7)).await.is_err());
        assert_eq!(
            elsewhere.get_storage_at(cell, U256::ZERO).await.unwrap(),
            U256::from(124)
        );
    })
    .await;
}
