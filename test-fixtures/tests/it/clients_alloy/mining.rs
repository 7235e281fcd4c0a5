//! Mining modes, time, the pool, snapshots: `AnvilApi`.

use crate::support::{create, on_both, send, soon, store};
use agentcity_test_fixtures::{Actor, Settings, contracts};
use alloy::{
    consensus::BlockHeader,
    eips::BlockNumberOrTag,
    network::TransactionBuilder,
    primitives::{Address, U256},
    providers::{DynProvider, Provider, ext::AnvilApi},
    rpc::types::{Block, TransactionRequest, anvil::MineOptions},
};
use std::time::Duration;

async fn latest(provider: &DynProvider) -> Block {
    provider
        .get_block_by_number(BlockNumberOrTag::Latest)
        .await
        .unwrap()
        .unwrap()
}

fn payment(nonce: u64) -> TransactionRequest {
    TransactionRequest::default()
        .with_from(Actor::named("alice").address())
        .with_to(Address::repeat_byte(0xbb))
        .with_value(U256::from(100))
        .with_nonce(nonce)
        .with_gas_limit(21_000)
        .with_max_fee_per_gas(20_000_000_000)
        .with_max_priority_fee_per_gas(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_mined_by_count_with_an_interval_and_in_detail() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        provider.anvil_mine(Some(10), None).await.unwrap();
        assert_eq!(provider.get_block_number().await.unwrap(), 10);
        let start = latest(&provider).await;
        provider.anvil_mine(Some(3), Some(100)).await.unwrap();
        let end = latest(&provider).await;
        assert_eq!(end.header.number, 13);
        assert!(
            end.header.timestamp >= start.header.timestamp + 200,
            "{} {}",
            start.header.timestamp,
            end.header.timestamp
        );
        provider.evm_mine(None).await.unwrap();
        provider
            .evm_mine(Some(MineOptions::Options {
                timestamp: None,
                blocks: Some(5),
            }))
            .await
            .unwrap();
        assert_eq!(provider.get_block_number().await.unwrap(), 19);
        let at = end.header.timestamp + 10_000;
        provider
            .evm_mine(Some(MineOptions::Options {
                timestamp: Some(at),
                blocks: None,
            }))
            .await
            .unwrap();
        assert_eq!(latest(&provider).await.header.timestamp, at);
        let detailed = provider
            .anvil_mine_detailed(Some(MineOptions::Options {
                timestamp: None,
                blocks: Some(2),
            }))
            .await
            .unwrap();
        assert_eq!(
            detailed
                .iter()
                .map(|block| block.header.number())
                .collect::<Vec<_>>(),
            [21, 22]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_goes_on_from_the_timestamp_of_genesis() {
    let settings = Settings::lenient();
    let genesis = settings.timestamp.unwrap();
    on_both(settings, move |node| async move {
        let provider = node.provider();
        provider.evm_mine(None).await.unwrap();
        let at = latest(&provider).await.header.timestamp;
        // What a slow machine may need to start a node.
        assert!((genesis..genesis + 600).contains(&at), "{genesis} {at}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn automatic_mining_is_switched_off_and_on() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        assert!(provider.anvil_get_auto_mine().await.unwrap());
        provider.anvil_set_auto_mine(false).await.unwrap();
        assert!(!provider.anvil_get_auto_mine().await.unwrap());
        for nonce in 0..3 {
            let _waiting = provider.send_transaction(payment(nonce)).await.unwrap();
        }
        assert_eq!(provider.get_block_number().await.unwrap(), 0);
        provider.evm_mine(None).await.unwrap();
        assert_eq!(latest(&provider).await.transactions.len(), 3);
        provider.anvil_set_auto_mine(true).await.unwrap();
        send(&provider, payment(3)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn interval_mining_makes_blocks_by_itself_until_stopped() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        provider.anvil_set_interval_mining(1).await.unwrap();
        soon("two blocks", async {
            while provider.get_block_number().await.unwrap() < 2 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        let tx = provider.send_transaction(payment(0)).await.unwrap();
        assert!(soon("a receipt", tx.get_receipt()).await.unwrap().status());
        provider.anvil_set_interval_mining(0).await.unwrap();
        let height = provider.get_block_number().await.unwrap();
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        assert_eq!(provider.get_block_number().await.unwrap(), height);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_moved_set_and_stepped() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let genesis = latest(&provider).await.header.timestamp;
        provider
            .anvil_set_next_block_timestamp(genesis + 1_337)
            .await
            .unwrap();
        provider.evm_mine(None).await.unwrap();
        assert_eq!(latest(&provider).await.header.timestamp, genesis + 1_337);
        // Time does not run backwards.
        assert!(
            provider
                .anvil_set_next_block_timestamp(genesis + 1)
                .await
                .is_err()
        );

        provider.anvil_increase_time(86_400).await.unwrap();
        provider.evm_mine(None).await.unwrap();
        let moved = latest(&provider).await.header.timestamp;
        assert!(
            (genesis + 1_337 + 86_400..genesis + 1_337 + 86_400 + 60).contains(&moved),
            "{genesis} {moved}"
        );

        provider
            .anvil_set_block_timestamp_interval(7)
            .await
            .unwrap();
        provider.anvil_mine(Some(3), None).await.unwrap();
        assert_eq!(latest(&provider).await.header.timestamp, moved + 21);
        assert!(
            provider
                .anvil_remove_block_timestamp_interval()
                .await
                .unwrap()
        );
        assert!(
            !provider
                .anvil_remove_block_timestamp_interval()
                .await
                .unwrap()
        );

        provider.anvil_set_time(moved + 1_000_000).await.unwrap();
        provider.evm_mine(None).await.unwrap();
        let set = latest(&provider).await.header.timestamp;
        assert!(
            (moved + 1_000_000..moved + 1_000_060).contains(&set),
            "{moved} {set}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_transactions_are_dropped_one_by_sender_or_all() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        provider.anvil_set_auto_mine(false).await.unwrap();
        let first = *provider
            .send_transaction(payment(0))
            .await
            .unwrap()
            .tx_hash();
        assert_eq!(
            provider.anvil_drop_transaction(first).await.unwrap(),
            Some(first)
        );
        assert!(
            provider
                .get_transaction_by_hash(first)
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(provider.anvil_drop_transaction(first).await.unwrap(), None);

        let [alice, bob] = ["alice", "bob"].map(|name| Actor::named(name).address());
        let from_alice = *provider
            .send_transaction(payment(0))
            .await
            .unwrap()
            .tx_hash();
        let from_bob = *provider
            .send_transaction(payment(0).with_from(bob))
            .await
            .unwrap()
            .tx_hash();
        provider
            .anvil_remove_pool_transactions(alice)
            .await
            .unwrap();
        assert!(
            provider
                .get_transaction_by_hash(from_alice)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            provider
                .get_transaction_by_hash(from_bob)
                .await
                .unwrap()
                .is_some()
        );
        provider.anvil_drop_all_transactions().await.unwrap();
        provider.evm_mine(None).await.unwrap();
        assert!(latest(&provider).await.transactions.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_brings_back_state_blocks_and_nonces_once() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let cell = create(&provider, contracts::creation(&contracts::cell())).await;
        send(&provider, store(cell, 1)).await;
        let (height, head) = (
            provider.get_block_number().await.unwrap(),
            latest(&provider).await.header.hash,
        );
        let nonce = provider
            .get_transaction_count(Actor::named("alice").address())
            .await
            .unwrap();
        let outer = provider.anvil_snapshot().await.unwrap();
        let later = send(&provider, store(cell, 2)).await;
        let inner = provider.anvil_snapshot().await.unwrap();
        send(&provider, store(cell, 3)).await;
        assert!(provider.anvil_revert(inner).await.unwrap());
        assert_eq!(
            provider.get_storage_at(cell, U256::ZERO).await.unwrap(),
            U256::from(2)
        );
        assert!(provider.anvil_revert(outer).await.unwrap());
        assert_eq!(
            provider.get_storage_at(cell, U256::ZERO).await.unwrap(),
            U256::from(1)
        );
        assert_eq!(
            (
                provider.get_block_number().await.unwrap(),
                latest(&provider).await.header.hash
            ),
            (height, head)
        );
        assert_eq!(
            provider
                .get_transaction_count(Actor::named("alice").address())
                .await
                .unwrap(),
            nonce
        );
        assert!(
            provider
                .get_transaction_receipt(later.transaction_hash)
                .await
                .unwrap()
                .is_none()
        );
        // Used up, and never made.
        assert!(!provider.anvil_revert(inner).await.unwrap_or(false));
        assert!(!provider.anvil_revert(U256::from(99)).await.unwrap_or(false));
        // The chain goes on from there.
        assert!(send(&provider, store(cell, 5)).await.status());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_forgets_the_newest_blocks() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let cell = create(&provider, contracts::creation(&contracts::cell())).await;
        send(&provider, store(cell, 1)).await;
        let kept = latest(&provider).await;
        let lost = send(&provider, store(cell, 2)).await;
        send(&provider, store(cell, 3)).await;
        provider.anvil_rollback(Some(2)).await.unwrap();
        assert_eq!(latest(&provider).await.header.hash, kept.header.hash);
        assert_eq!(
            provider.get_storage_at(cell, U256::ZERO).await.unwrap(),
            U256::from(1)
        );
        assert!(
            provider
                .get_transaction_receipt(lost.transaction_hash)
                .await
                .unwrap()
                .is_none()
        );
        assert!(send(&provider, store(cell, 4)).await.status());
    })
    .await;
}
