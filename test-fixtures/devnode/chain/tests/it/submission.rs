use agentcity_devnode_chain::{NodeConfig, NonceGaps, SubmitError, decode, recover};
use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope, TxLegacy},
    eips::BlockId,
    primitives::{Bytes, Signature, U256},
    rpc::types::TransactionRequest,
    signers::SignerSync,
};

use crate::support::*;

fn with(change: impl FnOnce(&mut TxEip1559)) -> Vec<u8> {
    let mut tx = unsigned(0, sink(), U256::from(1), Bytes::new());
    change(&mut tx);
    sign(0, tx)
}

fn refusal(world: &World, raw: &[u8]) -> String {
    world.node.submit_raw(raw).expect_err("refused").to_string()
}

#[test]
fn the_sender_is_recovered_as_the_signer_signed() {
    let recovered = decode(&raw(2, 0, sink(), U256::ZERO, Bytes::new())).unwrap();
    assert_eq!(recovered.signer(), signer(2).address());
}

#[test]
fn refusals_carry_the_texts_clients_match_on() {
    let world = world();
    let starts = |raw: Vec<u8>, text: &str| {
        let refused = refusal(&world, &raw);
        assert!(
            refused.starts_with(text),
            "{refused:?} should start with {text:?}"
        );
    };
    starts(
        with(|tx| tx.chain_id = 1),
        "invalid chain id for signer: have 1 want 412346",
    );
    starts(
        with(|tx| tx.gas_limit = 20_999),
        "intrinsic gas too low: gas 20999, minimum needed 21000",
    );
    starts(
        with(|tx| tx.gas_limit = 32_000_001),
        "exceeds block gas limit",
    );
    starts(
        with(|tx| tx.max_fee_per_gas = 99_999_999),
        "max fee per gas less than block base fee",
    );
    starts(
        with(|tx| tx.max_priority_fee_per_gas = GAS_PRICE + 1),
        "max priority fee per gas higher than max fee per gas",
    );
    starts(
        with(|tx| tx.value = ETHER * U256::from(1_000)),
        "insufficient funds for gas * price + value",
    );
    starts(
        with(|tx| tx.value = U256::MAX),
        "gas * price + value overflows",
    );
    starts(
        with(|tx| tx.nonce = 1),
        "nonce too high: next nonce 0, tx nonce 1",
    );
    starts(vec![3, 0xc0], "transaction type not supported");
    starts(vec![0x7f, 0xc0], "transaction type not supported");
    starts(vec![2, 0xc1], "failed to decode signed transaction");
    starts(Vec::new(), "failed to decode signed transaction");
    let mut long = with(|_| {});
    long.push(0);
    starts(long, "failed to decode signed transaction: 1 bytes after");
    starts(
        with(|tx| (tx.input, tx.gas_limit) = (vec![0; 95_000].into(), 5_000_000)),
        "oversized data",
    );
    world.transfer(0);
    starts(with(|_| {}), "nonce too low: next nonce 1, tx nonce 0");
    assert_eq!(world.node.head_number(), 1, "nothing refused was mined");
}

#[test]
fn the_size_limit_can_be_lifted() {
    let world = world_with(|config| config.tx_bytes_max = None);
    let large = with(|tx| (tx.input, tx.gas_limit) = (vec![0; 95_000].into(), 5_000_000));
    assert!(world.node.submit_raw(&large).is_ok());
}

#[test]
fn a_signature_with_high_s_is_refused() {
    let tx = unsigned(0, sink(), U256::ZERO, Bytes::new());
    let low = signer(0).sign_hash_sync(&tx.signature_hash()).unwrap();
    let order: U256 = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
        .parse()
        .unwrap();
    let high = Signature::new(low.r(), order - low.s(), !low.v());
    let envelope = TxEnvelope::from(tx.clone().into_signed(high));
    assert!(matches!(
        recover(envelope),
        Err(SubmitError::Signature { .. })
    ));
    assert!(recover(TxEnvelope::from(tx.into_signed(low))).is_ok());
}

#[test]
fn a_legacy_transaction_without_chain_id_is_accepted() {
    let tx = TxLegacy {
        chain_id: None,
        nonce: 0,
        gas_price: GAS_PRICE,
        gas_limit: 21_000,
        to: sink().into(),
        value: U256::from(1),
        input: Bytes::new(),
    };
    let world = world();
    let signature = signer(0).sign_hash_sync(&tx.signature_hash()).unwrap();
    let hash = world
        .node
        .submit(recover(tx.into_signed(signature).into()).unwrap())
        .unwrap();
    assert_eq!(
        world.node.tx(hash).unwrap().tx().effective_gas_price,
        100_000_000
    );
}

#[test]
fn held_gaps_are_released_in_order_once_filled() {
    let world = world_with(|config| config.nonce_gaps = NonceGaps::Hold);
    let third = world.node.submit_raw(&with(|tx| tx.nonce = 2)).unwrap();
    let second = world.node.submit_raw(&with(|tx| tx.nonce = 1)).unwrap();
    assert_eq!(world.node.head_number(), 0);
    assert_eq!(world.node.pool_status(), (0, 2));
    world.node.submit_raw(&with(|_| {})).unwrap();
    assert_eq!(world.node.head_number(), 3);
    assert_eq!(world.node.tx(second).unwrap().block.number(), 2);
    assert_eq!(world.node.tx(third).unwrap().block.number(), 3);
    assert_eq!(world.node.pool_status(), (0, 0));
}

#[test]
fn a_replacement_must_pay_a_tenth_more() {
    let world = manual();
    let first = world.node.submit_raw(&with(|_| {})).unwrap();
    assert!(
        matches!(world.node.submit_raw(&with(|_| {})), Err(SubmitError::AlreadyKnown { hash }) if hash == first)
    );
    let cheap = with(|tx| tx.max_fee_per_gas = GAS_PRICE * 11 / 10 - 1);
    assert!(matches!(
        world.node.submit_raw(&cheap),
        Err(SubmitError::ReplacementUnderpriced { .. })
    ));
    let better = world
        .node
        .submit_raw(&with(|tx| tx.max_fee_per_gas = GAS_PRICE * 11 / 10))
        .unwrap();
    let block = world.node.mine_one().unwrap();
    assert_eq!(
        block
            .transactions
            .iter()
            .map(|mined| mined.hash())
            .collect::<Vec<_>>(),
        [better]
    );
    assert!(world.node.pooled(first).is_none());
}

#[test]
fn waiting_transactions_can_be_dropped() {
    let world = manual();
    let first = world.transfer(0);
    world.transfer(1);
    world.transfer(2);
    assert!(world.node.drop_tx(first));
    assert!(!world.node.drop_tx(first));
    assert_eq!(world.node.remove_pool_of(signer(1).address()), 1);
    assert_eq!(world.node.drop_all(), 1);
    assert_eq!(world.node.mine_one().unwrap().transactions.len(), 0);
}

#[test]
fn a_minimum_price_is_enforced() {
    let world = world();
    world.node.set_min_gas_price(GAS_PRICE + 1).unwrap();
    assert!(refusal(&world, &with(|_| {})).starts_with("transaction underpriced"));
}

#[test]
fn an_impersonated_sender_needs_no_key_and_may_be_a_contract() {
    let world = world();
    world.deploy(STORE);
    world.node.set_balance(CONTRACT, ETHER).unwrap();
    let request = TransactionRequest::default()
        .from(CONTRACT)
        .to(sink())
        .value(U256::from(5));
    assert!(matches!(
        world.node.submit_request(request.clone()),
        Err(SubmitError::NotImpersonated { address }) if address == CONTRACT
    ));
    world.node.impersonate(CONTRACT).unwrap();
    let hash = world.node.submit_request(request.clone()).unwrap();
    let located = world.node.tx(hash).unwrap();
    assert!(located.tx().impersonated && located.tx().succeeded());
    assert_eq!(located.tx().tx.signer(), CONTRACT);
    assert_eq!(world.balance(sink()), U256::from(5));
    world.node.stop_impersonating(CONTRACT).unwrap();
    assert!(world.node.submit_request(request.clone()).is_err());
    world.node.auto_impersonate(true).unwrap();
    assert!(world.node.submit_request(request).is_ok());
}

#[test]
fn tips_are_paid_where_the_profile_says_so() {
    let world = world_with(|config| {
        let ethereum = NodeConfig::ethereum_like();
        config.tips = ethereum.tips;
        config.stylus = false;
        config.coinbase = sink();
    });
    let hash = world
        .node
        .submit_raw(&with(|tx| {
            (tx.max_priority_fee_per_gas, tx.to) = (9, CONTRACT.into())
        }))
        .unwrap();
    assert_eq!(
        world.node.tx(hash).unwrap().tx().effective_gas_price,
        100_000_009
    );
    assert_eq!(world.balance(sink()), U256::from(9 * 21_000));
    assert_eq!(
        world
            .node
            .nonce(signer(0).address(), BlockId::latest())
            .unwrap(),
        1
    );
}
