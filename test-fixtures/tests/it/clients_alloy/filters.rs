//! Logs by range and topics; filters that are polled.

use crate::support::{create, on_both, send, soon, store, word};
use agentcity_test_fixtures::{Actor, Settings, contracts};
use alloy::{
    network::TransactionBuilder,
    primitives::{Address, B256, U256},
    providers::{DynProvider, Provider, ext::AnvilApi},
    rpc::types::{Filter, FilterChanges, Log, TransactionRequest},
};
use futures_util::StreamExt;

fn values(logs: &[Log]) -> Vec<u64> {
    logs.iter()
        .map(|log| U256::from_be_slice(&log.data().data).to::<u64>())
        .collect()
}

async fn from_bob(provider: &DynProvider, cell: Address, value: u64) {
    send(
        provider,
        store(cell, value).with_from(Actor::named("bob").address()),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_found_by_range_address_and_topics_and_only_those() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let first = create(&provider, contracts::creation(&contracts::cell())).await;
        let second = create(&provider, contracts::creation(&contracts::cell())).await;
        let start = provider.get_block_number().await.unwrap();
        for (cell, value) in [(first, 1), (second, 2), (first, 3)] {
            send(&provider, store(cell, value)).await;
        }
        from_bob(&provider, first, 4).await;
        let all = Filter::new().from_block(start);
        let [alice, bob] = ["alice", "bob"].map(|name| Actor::named(name).address().into_word());
        for (filter, found) in [
            (all.clone(), vec![1, 2, 3, 4]),
            (all.clone().address(first), vec![1, 3, 4]),
            (all.clone().address(vec![first, second]), vec![1, 2, 3, 4]),
            (
                all.clone().event_signature(contracts::stored_topic()),
                vec![1, 2, 3, 4],
            ),
            (all.clone().event_signature(B256::repeat_byte(1)), vec![]),
            (all.clone().topic1(bob), vec![4]),
            (
                all.clone().topic1(vec![alice, bob]).address(second),
                vec![2],
            ),
            (all.clone().topic2(bob), vec![]),
            (Filter::new().select(start + 2), vec![2]),
            (
                Filter::new().from_block(start + 2).to_block(start + 3),
                vec![2, 3],
            ),
            (Filter::new().from_block(0).to_block(start), vec![]),
        ] {
            assert_eq!(
                values(&provider.get_logs(&filter).await.unwrap()),
                found,
                "{filter:?}"
            );
        }
        let block = provider
            .get_block_by_number((start + 3).into())
            .await
            .unwrap()
            .unwrap();
        let by_hash = provider
            .get_logs(&Filter::new().at_block_hash(block.header.hash))
            .await
            .unwrap();
        assert_eq!(
            (values(&by_hash), by_hash[0].block_hash),
            (vec![3], Some(block.header.hash))
        );
        assert_eq!(
            by_hash[0].block_timestamp.unwrap_or(block.header.timestamp),
            block.header.timestamp
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_tells_only_what_is_new_and_forgets_when_removed() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let cell = create(&provider, contracts::creation(&contracts::cell())).await;
        let logs = provider
            .new_filter(&Filter::new().address(cell))
            .await
            .unwrap();
        let blocks = provider.new_block_filter().await.unwrap();
        let pending = provider
            .new_pending_transactions_filter(false)
            .await
            .unwrap();
        let first = send(&provider, store(cell, 10)).await;
        let second = send(&provider, store(cell, 11)).await;
        let hashes = |changes: FilterChanges| {
            changes
                .as_hashes()
                .map(<[B256]>::to_vec)
                .unwrap_or_default()
        };
        let FilterChanges::Logs(new) = provider.get_filter_changes_dyn(logs).await.unwrap() else {
            panic!("logs")
        };
        assert_eq!(values(&new), [10, 11]);
        assert_eq!(
            hashes(provider.get_filter_changes_dyn(blocks).await.unwrap()),
            [first.block_hash.unwrap(), second.block_hash.unwrap()]
        );
        assert_eq!(
            hashes(provider.get_filter_changes_dyn(pending).await.unwrap()),
            [first.transaction_hash, second.transaction_hash]
        );
        assert!(
            provider
                .get_filter_changes::<Log>(logs)
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            provider
                .get_filter_changes::<B256>(blocks)
                .await
                .unwrap()
                .is_empty()
        );
        assert!(provider.uninstall_filter(logs).await.unwrap());
        assert!(!provider.uninstall_filter(logs).await.unwrap());
        assert!(provider.get_filter_changes::<Log>(logs).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alloys_poller_streams_the_logs() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let cell = create(&provider, contracts::creation(&contracts::cell())).await;
        let poller = provider
            .watch_logs(&Filter::new().address(cell))
            .await
            .unwrap();
        let mut stream = poller
            .with_poll_interval(std::time::Duration::from_millis(20))
            .into_stream();
        send(&provider, store(cell, 21)).await;
        let logs = soon("logs", stream.next()).await.unwrap();
        assert_eq!(logs[0].data().data, word(21));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_waits_is_in_the_pool_and_not_in_a_block() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        provider.anvil_set_auto_mine(false).await.unwrap();
        let alice = Actor::named("alice").address();
        let tx = TransactionRequest::default()
            .with_to(alice)
            .with_value(U256::from(1));
        let hash = *provider.send_transaction(tx).await.unwrap().tx_hash();
        let waiting = provider
            .get_transaction_by_hash(hash)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(waiting.block_number, None);
        assert!(
            provider
                .get_transaction_receipt(hash)
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(provider.get_transaction_count(alice).await.unwrap(), 0);
        assert_eq!(
            provider
                .get_transaction_count(alice)
                .pending()
                .await
                .unwrap(),
            1
        );
        provider.evm_mine(None).await.unwrap();
        assert!(
            provider
                .get_transaction_receipt(hash)
                .await
                .unwrap()
                .unwrap()
                .status()
        );
    })
    .await;
}
