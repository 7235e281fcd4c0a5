use std::time::Duration;

use agentcity_devnode_chain::{
    ChainEvent, CheatError, MINE_MAX, MineError, Mining, Order, Pause, SubmitError, Timestamps,
};
use alloy::{
    consensus::{EMPTY_ROOT_HASH, Transaction, proofs},
    eips::BlockId,
    primitives::{Bytes, TxKind, U256, bytes},
};

use crate::support::*;

#[test]
fn automining_makes_one_block_per_transaction() {
    let mut world = world();
    let first = world.transfer(0);
    let second = world.transfer(1);
    assert_eq!(world.node.head_number(), 2);
    let located = world.node.tx(second).expect("mined");
    assert_eq!(located.block.number(), 2);
    assert!(located.tx().succeeded());
    assert_eq!(located.tx().gas_used, 21_000);
    assert_eq!(located.tx().effective_gas_price, 100_000_000);
    let announced = world.announced();
    assert!(matches!(announced[0], ChainEvent::Pending(hash) if hash == first));
    assert!(matches!(&announced[1], ChainEvent::Block(block) if block.number() == 1));
    assert_eq!(announced.len(), 4);
}

#[test]
fn the_receipt_of_a_creation_names_its_address_whether_it_succeeds_or_not() {
    let world = world();
    for (nonce, (code, succeeds)) in [(bytes!("00"), true), (REVERT, false)]
        .into_iter()
        .enumerate()
    {
        let mut tx = unsigned(nonce as u64, sink(), U256::ZERO, code);
        tx.to = TxKind::Create;
        let hash = world.node.submit_raw(&sign(0, tx)).unwrap();
        let located = world.node.tx(hash).expect("mined");
        assert_eq!(located.tx().succeeded(), succeeds);
        assert_eq!(
            located.tx().contract_address,
            Some(signer(0).address().create(nonce as u64))
        );
    }
    let hash = world.transfer(0);
    let located = world.node.tx(hash).expect("mined");
    assert_eq!(located.tx().contract_address, None);
}

#[test]
fn headers_chain_up_and_carry_real_roots() {
    let world = manual();
    world.deploy(LOG);
    world.transfer(0);
    world.send(1, CONTRACT, words(&[7, 8]));
    world.transfer(0);
    let block = world.node.mine_one().unwrap();
    assert_eq!(block.transactions.len(), 3);
    let parent = world.node.block(BlockId::number(0)).unwrap();
    assert_eq!(block.header.parent_hash, parent.hash);
    assert_eq!(block.hash, block.header.hash_slow());
    let txs: Vec<_> = block
        .transactions
        .iter()
        .map(|mined| mined.tx.inner().clone())
        .collect();
    assert_eq!(
        block.header.transactions_root,
        proofs::calculate_transaction_root(&txs)
    );
    let receipts: Vec<_> = block
        .transactions
        .iter()
        .map(|mined| mined.receipt.clone())
        .collect();
    assert_eq!(
        block.header.receipts_root,
        proofs::calculate_receipt_root(&receipts)
    );
    assert_eq!(
        block.header.gas_used,
        block
            .transactions
            .iter()
            .map(|mined| mined.gas_used)
            .sum::<u64>()
    );
    assert_eq!(receipts[2].cumulative_gas_used(), block.header.gas_used);
    assert_eq!(block.log_count(), 1);
    assert!(!block.header.logs_bloom.is_zero());
    assert_ne!(block.header.state_root, parent.header.state_root);
    assert_eq!(parent.header.transactions_root, EMPTY_ROOT_HASH);
}

#[test]
fn arrival_order_is_kept_and_a_full_block_leaves_the_rest() {
    let world = world_with(|config| {
        config.mining = Mining::Manual;
        config.gas_limit = 50_000;
    });
    let hashes = [world.transfer(0), world.transfer(1), world.transfer(2)];
    let block = world.node.mine_one().unwrap();
    assert_eq!(
        block
            .transactions
            .iter()
            .map(|mined| mined.hash())
            .collect::<Vec<_>>(),
        hashes[..2]
    );
    let block = world.node.mine_one().unwrap();
    assert_eq!(block.transactions[0].hash(), hashes[2]);
    assert_eq!(world.node.mine_one().unwrap().transactions.len(), 0);
}

#[test]
fn tip_order_puts_the_better_paying_first() {
    let world = world_with(|config| {
        config.mining = Mining::Manual;
        config.order = Order::Tip;
    });
    world.transfer(0);
    let mut tx = unsigned(0, sink(), U256::from(1), Bytes::new());
    tx.max_priority_fee_per_gas = 5;
    let better = world.node.submit_raw(&sign(1, tx)).unwrap();
    let block = world.node.mine_one().unwrap();
    assert_eq!(block.transactions[0].hash(), better);
}

#[test]
fn a_waiting_transaction_above_a_lowered_gas_limit_does_not_block_others() {
    let world = manual();
    world.deploy(STORE);
    let large = world.send(0, CONTRACT, words(&[1, 1]));
    let small = world.transfer(1);
    world.node.set_gas_limit(100_000).unwrap();
    let block = world.node.mine_one().unwrap();
    assert_eq!(
        block
            .transactions
            .iter()
            .map(|mined| mined.hash())
            .collect::<Vec<_>>(),
        [small]
    );
    assert!(world.node.pooled(large).is_some());
}

#[test]
fn switching_to_automining_mines_what_waits_one_per_block() {
    let world = manual();
    let [.., last] = [(); 3].map(|()| world.transfer(0));
    world.node.set_mining(Mining::Auto).unwrap();
    assert_eq!(world.node.head_number(), 3);
    assert_eq!(world.node.tx(last).unwrap().tx().tx.nonce(), 2);
}

#[test]
fn mining_many_blocks_spaces_them() {
    let world = world();
    let blocks = world.node.mine(3, Some(60)).unwrap();
    let times: Vec<_> = blocks
        .iter()
        .map(|block| block.header.timestamp - GENESIS_TIME)
        .collect();
    assert_eq!(times, [0, 60, 120]);
    assert!(matches!(
        world.node.mine(MINE_MAX + 1, None),
        Err(MineError::TooMany { .. })
    ));
    assert_eq!(world.node.mine(0, None).unwrap().len(), 0);
}

#[test]
fn interval_mining_ticks_until_it_is_switched_off() {
    let mut world = world_with(|config| config.mining = Mining::Interval(Duration::from_millis(5)));
    let hash = world.transfer(0);
    while world.node.tx(hash).is_none() {
        std::thread::yield_now();
    }
    assert!(matches!(
        world.node.set_mining(Mining::Interval(Duration::ZERO)),
        Err(CheatError::ZeroInterval)
    ));
    world.node.set_mining(Mining::Manual).unwrap();
    world.announced();
    let waiting = world.transfer(0);
    world
        .node
        .set_mining(Mining::Interval(Duration::from_millis(5)))
        .unwrap();
    while world.node.tx(waiting).is_none() {
        std::thread::yield_now();
    }
}

#[test]
fn a_pause_refuses_or_queues_and_the_head_stands_still() {
    let world = world();
    world.node.pause(Pause::Refuse);
    let refused = world
        .node
        .submit_raw(&raw(0, 0, sink(), U256::from(1), Bytes::new()));
    assert!(matches!(refused, Err(SubmitError::ProductionPaused)));
    assert!(matches!(world.node.mine_one(), Err(MineError::Paused)));
    world.node.pause(Pause::Queue);
    let hashes = [world.transfer(0), world.transfer(0)];
    assert_eq!(world.node.head_number(), 0);
    world.node.resume().unwrap();
    assert_eq!(world.node.head_number(), 2);
    assert!(hashes.iter().all(|hash| world.node.tx(*hash).is_some()));
}

#[test]
fn a_transaction_that_can_no_longer_be_paid_is_dropped_at_mining() {
    let world = manual();
    let hash = world.transfer(0);
    world
        .node
        .set_balance(signer(0).address(), U256::ZERO)
        .unwrap();
    assert_eq!(world.node.mine_one().unwrap().transactions.len(), 0);
    assert!(world.node.pooled(hash).is_none());
}

#[test]
fn time_goes_on_from_genesis_whenever_that_was() {
    let world = world_with(|config| config.genesis_timestamp = Some(GENESIS_TIME - 5_000));
    assert_eq!(world.node.now(), GENESIS_TIME - 5_000);
    world.clock.advance(7);
    world.transfer(0);
    assert_eq!(world.node.head().header.timestamp, GENESIS_TIME - 4_993);
    world.node.reset().unwrap();
    world.transfer(0);
    assert_eq!(world.node.head().header.timestamp, GENESIS_TIME - 5_000);
}

#[test]
fn equal_timestamps_follow_the_profile() {
    let world = world();
    world.transfer(0);
    world.transfer(0);
    assert_eq!(world.node.head().header.timestamp, GENESIS_TIME);
    let strict = world_with(|config| config.timestamps = Timestamps::Increasing);
    strict.transfer(0);
    strict.transfer(0);
    assert_eq!(strict.node.head().header.timestamp, GENESIS_TIME + 2);
}

#[test]
fn settings_show_in_the_next_block() {
    let world = world();
    world.node.set_base_fee(7).unwrap();
    world.node.set_gas_limit(1_000_000).unwrap();
    world.node.set_coinbase(sink()).unwrap();
    let block = world.node.mine_one().unwrap();
    assert_eq!(block.header.base_fee_per_gas, Some(7));
    assert_eq!(block.header.gas_limit, 1_000_000);
    assert_eq!(block.header.beneficiary, sink());
    assert!(matches!(
        world.node.set_gas_limit(20_999),
        Err(CheatError::GasLimit { limit: 20_999 })
    ));
    assert_eq!(world.node.info().base_fee, 7);
}
