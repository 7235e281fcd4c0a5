//! Transfers, contracts, calls with overrides, blocks, receipts, fees.

use crate::support::{create, on_both, send, soon, store, word};
use agentcity_test_fixtures::{Actor, Node, Settings, contracts};
use alloy::{
    consensus::BlockHeader,
    eips::{BlockId, BlockNumberOrTag, Encodable2718},
    network::{
        EthereumWallet, NetworkTransactionBuilder, NetworkWallet, ReceiptResponse,
        TransactionBuilder, TransactionResponse,
    },
    primitives::{Address, B256, Bytes, U256, address, keccak256},
    providers::{DynProvider, Provider, ext::AnvilApi},
    rpc::types::{BlockOverrides, TransactionRequest, state::AccountOverride},
};

const NOBODY: Address = address!("0x00000000000000000000000000000000000b0b01");

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_over_http_and_over_websocket_is_mined_and_told_everywhere() {
    on_both(Settings::lenient(), |node| async move {
        transfer(&node, node.provider()).await;
        transfer(&node, node.ws_provider().await.unwrap()).await;
    })
    .await;
}

async fn transfer(node: &Node, provider: DynProvider) {
    let [alice, bob] = ["alice", "bob"].map(|name| Actor::named(name).address());
    let value = U256::from(12_345);
    let before = provider.get_balance(bob).await.unwrap();
    let paid_before = provider.get_balance(alice).await.unwrap();
    let nonce = provider.get_transaction_count(alice).await.unwrap();

    let receipt = send(
        &provider,
        TransactionRequest::default().with_to(bob).with_value(value),
    )
    .await;

    assert!(receipt.status());
    assert_eq!(
        (receipt.gas_used(), receipt.from, receipt.to),
        (21_000, alice, Some(bob))
    );
    assert_eq!(provider.get_balance(bob).await.unwrap(), before + value);
    let fee = U256::from(receipt.effective_gas_price()) * U256::from(21_000);
    assert_eq!(
        provider.get_balance(alice).await.unwrap(),
        paid_before - value - fee
    );
    assert_eq!(
        provider.get_transaction_count(alice).await.unwrap(),
        nonce + 1
    );

    let hash = receipt.transaction_hash;
    let number = receipt.block_number.unwrap();
    let block = provider
        .get_block_by_number(number.into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(Some(block.header.hash), receipt.block_hash);
    assert_eq!(
        block.header.number,
        provider.get_block_number().await.unwrap()
    );
    assert_eq!(block.transactions.hashes().collect::<Vec<_>>(), [hash]);
    assert_eq!(block.header.gas_used(), 21_000);
    // The hash is the header's: a client that verifies must agree.
    assert_eq!(block.header.inner.hash_slow(), block.header.hash);
    let full = provider
        .get_block_by_hash(block.header.hash)
        .full()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        full.transactions.as_transactions().unwrap()[0].tx_hash(),
        hash
    );
    let parent = provider
        .get_block_by_number((number - 1).into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(block.header.parent_hash(), parent.header.hash);
    assert!(block.header.timestamp >= parent.header.timestamp);

    let transaction = provider
        .get_transaction_by_hash(hash)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (transaction.from(), transaction.block_number),
        (alice, Some(number))
    );
    let by_index = provider
        .get_transaction_by_block_number_and_index(number.into(), 0)
        .await
        .unwrap();
    assert_eq!(by_index.unwrap().tx_hash(), hash);
    let raw = provider
        .get_raw_transaction_by_hash(hash)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(keccak256(&raw), hash);
    let receipts = provider
        .get_block_receipts(number.into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((receipts.len(), receipts[0].transaction_hash), (1, hash));
    assert!(
        provider
            .get_transaction_receipt(B256::repeat_byte(7))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        provider
            .get_block_by_number(9_999.into())
            .await
            .unwrap()
            .is_none()
    );
    // An earlier block still tells the earlier balance.
    assert_eq!(
        provider.get_balance(bob).number(number - 1).await.unwrap(),
        before
    );

    assert_eq!(
        provider.get_chain_id().await.unwrap(),
        Settings::default().chain_id
    );
    assert_eq!(
        provider.get_net_version().await.unwrap(),
        Settings::default().chain_id
    );
    assert!(
        provider
            .get_accounts()
            .await
            .unwrap()
            .starts_with(&[alice, bob])
    );
    assert!(!provider.get_client_version().await.unwrap().is_empty());
    assert_eq!(node.instance().addresses()[0], alice);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_wallet_of_the_banner_signs() {
    on_both(Settings::lenient(), |node| async move {
        let wallet: EthereumWallet = node.instance().wallet().unwrap();
        assert_eq!(
            NetworkWallet::<alloy::network::Ethereum>::default_signer_address(&wallet),
            Actor::named("alice").address()
        );
        assert_eq!(node.instance().chain_id(), Settings::default().chain_id);
        assert_eq!(node.instance().keys().len(), Actor::all().len());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_created_written_read_and_refuses_with_its_reason() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let cell = create(&provider, contracts::creation(&contracts::cell())).await;
        assert_eq!(provider.get_code_at(cell).await.unwrap(), contracts::cell());
        let created_at = provider.get_block_number().await.unwrap();

        let receipt = send(&provider, store(cell, 41)).await;
        let log = &receipt.logs()[0];
        assert_eq!(log.address(), cell);
        assert_eq!(
            log.topics(),
            [
                contracts::stored_topic(),
                Actor::named("alice").address().into_word()
            ]
        );
        assert_eq!(log.data().data, word(41));
        assert_eq!(
            (log.log_index, log.transaction_index, log.removed),
            (Some(0), Some(0), false)
        );

        let read = TransactionRequest::default().with_to(cell);
        assert_eq!(provider.call(read.clone()).await.unwrap(), word(41));
        assert_eq!(
            provider.get_storage_at(cell, U256::ZERO).await.unwrap(),
            U256::from(41)
        );
        // History: the cell was empty when it was created.
        assert_eq!(
            provider
                .call(read.clone())
                .number(created_at)
                .await
                .unwrap(),
            word(0)
        );
        assert_eq!(
            provider
                .get_storage_at(cell, U256::ZERO)
                .number(created_at)
                .await
                .unwrap(),
            U256::ZERO
        );
        assert_eq!(
            provider
                .get_code_at(cell)
                .number(created_at - 1)
                .await
                .unwrap(),
            Bytes::new()
        );

        // A call leaves nothing behind.
        assert_eq!(provider.call(store(cell, 7)).await.unwrap(), word(7));
        assert_eq!(provider.call(read).await.unwrap(), word(41));

        for refused in [
            provider.call(store(cell, 0)).await.unwrap_err(),
            provider.estimate_gas(store(cell, 0)).await.unwrap_err(),
        ] {
            let payload = refused.as_error_resp().unwrap();
            assert_eq!(payload.code, 3, "{payload}");
            assert_eq!(payload.as_revert_data().unwrap(), contracts::zero_refusal());
            assert!(payload.message.contains("zero"), "{payload}");
        }
        // Sent all the same, with gas given, it fails on chain and costs.
        let failed = send(&provider, store(cell, 0).with_gas_limit(100_000)).await;
        assert!(!failed.status() && failed.logs().is_empty() && failed.gas_used() > 21_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_is_enough_and_not_much_more() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let cell = create(&provider, contracts::creation(&contracts::cell())).await;
        let estimate = provider.estimate_gas(store(cell, 5)).await.unwrap();
        let receipt = send(&provider, store(cell, 5).with_gas_limit(estimate)).await;
        assert!(receipt.status());
        assert!(
            estimate <= receipt.gas_used() * 11 / 10,
            "estimated {estimate}, used {}",
            receipt.gas_used()
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_sees_the_state_and_the_block_that_its_overrides_describe() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let cell = create(&provider, contracts::creation(&contracts::cell())).await;
        send(&provider, store(cell, 3)).await;
        let read = TransactionRequest::default().with_to(cell);

        let changed = [(B256::ZERO, B256::from(U256::from(99)))];
        let diff = AccountOverride::default().with_state_diff(changed);
        assert_eq!(
            provider
                .call(read.clone())
                .account_override(cell, diff)
                .await
                .unwrap(),
            word(99)
        );
        // `state` replaces the whole storage.
        let whole = AccountOverride {
            state: Some(Default::default()),
            ..Default::default()
        };
        assert_eq!(
            provider
                .call(read.clone())
                .account_override(cell, whole)
                .await
                .unwrap(),
            word(0)
        );
        let code = AccountOverride::default().with_code(contracts::cell());
        let elsewhere = TransactionRequest::default().with_to(NOBODY);
        assert_eq!(
            provider.call(elsewhere.clone()).await.unwrap(),
            Bytes::new()
        );
        assert_eq!(
            provider
                .call(elsewhere)
                .account_override(NOBODY, code)
                .await
                .unwrap(),
            word(0)
        );
        let rich = AccountOverride::default().with_balance(U256::MAX);
        let payment = TransactionRequest::default()
            .with_from(NOBODY)
            .with_to(cell)
            .with_value(U256::from(1u128 << 100));
        assert!(provider.call(payment.clone()).await.is_err());
        provider
            .call(payment)
            .account_override(NOBODY, rich)
            .await
            .unwrap();

        // TIMESTAMP, NUMBER, BASEFEE, COINBASE of the described block.
        use agentcity_test_fixtures::evm::{Code, op};
        for (opcode, overrides, seen) in [
            (
                op::TIMESTAMP,
                BlockOverrides {
                    time: Some(5_000_000_000),
                    ..Default::default()
                },
                U256::from(5_000_000_000u64),
            ),
            (
                op::NUMBER,
                BlockOverrides {
                    number: Some(U256::from(77)),
                    ..Default::default()
                },
                U256::from(77),
            ),
            (
                op::COINBASE,
                BlockOverrides {
                    coinbase: Some(NOBODY),
                    ..Default::default()
                },
                NOBODY.into_word().into(),
            ),
            (
                op::GASLIMIT,
                BlockOverrides {
                    gas_limit: Some(31_000_000),
                    ..Default::default()
                },
                U256::from(31_000_000),
            ),
        ] {
            let tell = Code::new()
                .op(opcode)
                .push(0)
                .op(op::MSTORE)
                .return_memory(0, 32)
                .build();
            let answer = provider
                .call(
                    TransactionRequest::default()
                        .with_to(NOBODY)
                        .with_gas_limit(1_000_000),
                )
                .account_override(NOBODY, AccountOverride::default().with_code(tell))
                .with_block_overrides(overrides)
                .await
                .unwrap();
            assert_eq!(U256::from_be_slice(&answer), seen, "opcode {opcode:#x}");
        }
        // Nothing of it lasted.
        assert_eq!(provider.call(read).await.unwrap(), word(3));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_list_names_the_slots_that_a_call_touches() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let cell = create(&provider, contracts::creation(&contracts::cell())).await;
        let made = provider
            .create_access_list(&store(cell, 9).with_from(Actor::named("alice").address()))
            .await
            .unwrap();
        let item = made
            .access_list
            .0
            .iter()
            .find(|item| item.address == cell)
            .expect("the cell is touched");
        assert_eq!(item.storage_keys, [B256::ZERO]);
        assert!(made.gas_used > U256::from(21_000));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fees_are_told_as_clients_need_them() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        for _ in 0..4 {
            send(
                &provider,
                TransactionRequest::default()
                    .with_to(NOBODY)
                    .with_value(U256::from(1)),
            )
            .await;
        }
        let history = provider
            .get_fee_history(3, BlockNumberOrTag::Latest, &[10.0, 50.0])
            .await
            .unwrap();
        // One base fee more than blocks: the next block's.
        assert_eq!(
            (history.base_fee_per_gas.len(), history.gas_used_ratio.len()),
            (4, 3)
        );
        assert_eq!(
            history.oldest_block,
            provider.get_block_number().await.unwrap() - 2
        );
        let rewards = history.reward.unwrap();
        assert!(rewards.len() == 3 && rewards.iter().all(|block| block.len() == 2));
        let block = provider
            .get_block_by_number(BlockNumberOrTag::Latest)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            history.base_fee_per_gas[2],
            u128::from(block.header.base_fee_per_gas.unwrap())
        );
        let next_base_fee = history.base_fee_per_gas[3];
        assert!(provider.get_gas_price().await.unwrap() >= next_base_fee);
        provider.get_max_priority_fee_per_gas().await.unwrap();
        let fees = provider.estimate_eip1559_fees().await.unwrap();
        assert!(fees.max_fee_per_gas >= next_base_fee);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raw_transaction_can_be_sent_and_awaited_in_one_request() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let envelope = TransactionRequest::default()
            .with_to(NOBODY)
            .with_value(U256::from(5))
            .with_nonce(0)
            .with_chain_id(Settings::default().chain_id)
            .with_gas_limit(21_000)
            .with_max_fee_per_gas(2_000_000_000)
            .with_max_priority_fee_per_gas(0)
            .build(&EthereumWallet::new(Actor::named("carol").signer.clone()))
            .await
            .unwrap();
        let raw = Bytes::from(envelope.encoded_2718());
        let receipt = soon(
            "the receipt",
            provider.eth_send_raw_transaction_sync(raw.clone()),
        )
        .await
        .unwrap();
        assert!(receipt.status() && receipt.transaction_hash == *envelope.tx_hash());
        // The same bytes again are refused, with words.
        let again = provider.send_raw_transaction(&raw).await.unwrap_err();
        assert!(!again.as_error_resp().unwrap().message.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_block_tag_is_understood() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        send(
            &provider,
            TransactionRequest::default()
                .with_to(NOBODY)
                .with_value(U256::from(1)),
        )
        .await;
        for tag in ["latest", "pending", "safe", "finalized", "earliest", "0x1"] {
            let tag: BlockNumberOrTag = tag.parse().unwrap();
            let balance = provider
                .get_balance(Actor::named("bob").address())
                .block_id(BlockId::from(tag))
                .await
                .unwrap();
            assert_eq!(
                balance,
                U256::from(10_000) * U256::from(10).pow(U256::from(18)),
                "{tag}"
            );
        }
        let head = provider
            .get_block_by_number(BlockNumberOrTag::Latest)
            .await
            .unwrap()
            .unwrap()
            .header
            .hash;
        provider
            .get_balance(NOBODY)
            .block_id(BlockId::hash(head))
            .await
            .unwrap();
        assert!(
            provider
                .get_balance(NOBODY)
                .block_id(BlockId::hash(B256::repeat_byte(1)))
                .await
                .is_err()
        );
        assert!(
            provider
                .get_balance(NOBODY)
                .number(1_000_000)
                .await
                .is_err()
        );
    })
    .await;
}
