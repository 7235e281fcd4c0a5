//! WebSocket subscriptions, and what a reorganisation tells them.

use crate::support::{create, on_both, send, soon, store, word};
use agentcity_test_fixtures::{Actor, Settings, contracts};
use alloy::{
    network::TransactionBuilder,
    primitives::U256,
    providers::{Provider, ext::AnvilApi},
    rpc::types::{Filter, TransactionRequest, anvil::ReorgOptions},
};

#[tokio::test(flavor = "multi_thread")]
async fn heads_logs_and_pending_transactions_arrive_in_order() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.ws_provider().await.unwrap();
        let cell = create(&provider, contracts::creation(&contracts::cell())).await;
        let other = create(&provider, contracts::creation(&contracts::cell())).await;
        let mut heads = provider.subscribe_blocks().await.unwrap();
        let mut logs = provider
            .subscribe_logs(&Filter::new().address(cell))
            .await
            .unwrap();
        let mut pending = provider.subscribe_pending_transactions().await.unwrap();
        let mut sent = Vec::new();
        for value in 1..=3 {
            sent.push(send(&provider, store(cell, value)).await);
            sent.push(send(&provider, store(other, value)).await);
        }
        for receipt in &sent {
            let head = soon("a head", heads.recv()).await.unwrap();
            assert_eq!(
                (Some(head.number), Some(head.hash)),
                (receipt.block_number, receipt.block_hash)
            );
            assert_eq!(
                soon("a pending hash", pending.recv()).await.unwrap(),
                receipt.transaction_hash
            );
        }
        for (value, receipt) in (1..=3).zip(sent.iter().step_by(2)) {
            let log = soon("a log", logs.recv()).await.unwrap();
            assert_eq!((log.data().data.clone(), log.removed), (word(value), false));
            assert_eq!(log.transaction_hash, Some(receipt.transaction_hash));
        }
        assert!(
            logs.try_recv().is_err(),
            "logs of another contract arrive too"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_subscription_is_silent() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.ws_provider().await.unwrap();
        let kept = provider.subscribe_blocks().await.unwrap();
        let id = *provider
            .subscribe_logs(&Filter::new())
            .await
            .unwrap()
            .local_id();
        provider.unsubscribe(id).await.unwrap();
        let mut kept = kept;
        provider.evm_mine(None).await.unwrap();
        assert_eq!(soon("a head", kept.recv()).await.unwrap().number, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_takes_the_logs_back_before_it_brings_new_ones() {
    // Only the devnode tells removed logs to subscribers; it is what the keeper relies on.
    let node = agentcity_test_fixtures::Node::devnode(&Settings::lenient());
    let provider = node.ws_provider().await.unwrap();
    let cell = create(&provider, contracts::creation(&contracts::cell())).await;
    send(&provider, store(cell, 1)).await;
    let mut logs = provider
        .subscribe_logs(&Filter::new().address(cell))
        .await
        .unwrap();
    let mut heads = provider.subscribe_blocks().await.unwrap();
    let kept = send(&provider, store(cell, 2)).await;
    let lost = send(&provider, store(cell, 3)).await;
    for value in [2, 3] {
        let log = soon("a log", logs.recv()).await.unwrap();
        assert_eq!((log.data().data.clone(), log.removed), (word(value), false));
        soon("a head", heads.recv()).await.unwrap();
    }
    let filter = provider
        .new_filter(&Filter::new().address(cell))
        .await
        .unwrap();

    provider
        .anvil_reorg(ReorgOptions {
            depth: 2,
            tx_block_pairs: Vec::new(),
        })
        .await
        .unwrap();

    // Undone newest first, so that a follower can undo step by step.
    for (value, receipt) in [(3, &lost), (2, &kept)] {
        let log = soon("a removed log", logs.recv()).await.unwrap();
        assert_eq!((log.data().data.clone(), log.removed), (word(value), true));
        assert_eq!(
            (log.block_hash, log.transaction_hash),
            (receipt.block_hash, Some(receipt.transaction_hash))
        );
    }
    for receipt in [&kept, &lost] {
        let head = soon("a new head", heads.recv()).await.unwrap();
        assert_eq!(Some(head.number), receipt.block_number);
        assert_ne!(Some(head.hash), receipt.block_hash);
    }
    let removed = provider
        .get_filter_changes::<alloy::rpc::types::Log>(filter)
        .await
        .unwrap();
    assert_eq!(
        removed.iter().map(|log| log.removed).collect::<Vec<_>>(),
        [true, true]
    );
    assert!(
        provider
            .get_block_by_hash(lost.block_hash.unwrap())
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        provider
            .get_transaction_receipt(lost.transaction_hash)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        provider
            .call(TransactionRequest::default().with_to(cell))
            .await
            .unwrap(),
        word(1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_may_bring_other_transactions() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let cell = create(&provider, contracts::creation(&contracts::cell())).await;
        let lost = send(&provider, store(cell, 3)).await;
        let nonce = provider
            .get_transaction_count(Actor::named("bob").address())
            .await
            .unwrap();
        let instead = store(cell, 8)
            .with_from(Actor::named("bob").address())
            .with_nonce(nonce)
            .with_gas_limit(200_000);
        provider
            .anvil_reorg(ReorgOptions {
                depth: 1,
                tx_block_pairs: vec![(alloy::rpc::types::anvil::TransactionData::JSON(instead), 0)],
            })
            .await
            .unwrap();
        assert_eq!(
            provider.get_block_number().await.unwrap(),
            lost.block_number.unwrap()
        );
        let block = provider
            .get_block_by_number(lost.block_number.unwrap().into())
            .await
            .unwrap()
            .unwrap();
        assert_ne!(Some(block.header.hash), lost.block_hash);
        assert_eq!(block.transactions.len(), 1);
        assert_eq!(
            provider.get_storage_at(cell, U256::ZERO).await.unwrap(),
            U256::from(8)
        );
    })
    .await;
}
