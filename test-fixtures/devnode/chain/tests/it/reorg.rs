use agentcity_devnode_chain::{BlockError, ChainEvent, ReorgError, ReorgTx, decode, pool::PoolTx};
use alloy::{
    eips::BlockId,
    primitives::{Bytes, U256},
};

use crate::support::*;

fn placed(offset: u64, from: u8, nonce: u64, value: u64) -> ReorgTx {
    let raw = raw(from, nonce, sink(), U256::from(value), Bytes::new());
    ReorgTx {
        offset,
        tx: PoolTx::new(decode(&raw).unwrap(), false),
    }
}

fn numbers(event: &ChainEvent) -> Vec<u64> {
    match event {
        ChainEvent::Block(block) => vec![block.number()],
        ChainEvent::Removed(blocks) => blocks.iter().map(|block| block.number()).collect(),
        ChainEvent::Pending(_) => Vec::new(),
    }
}

#[test]
fn a_reorg_replaces_blocks_and_announces_both_sides() {
    let mut world = world();
    let kept = world.transfer(0);
    let root = world.node.state_root();
    let lost = [world.transfer(0), world.transfer(0)];
    let old = [
        world.node.block(BlockId::number(2)).unwrap(),
        world.node.block(BlockId::number(3)).unwrap(),
    ];
    world.announced();
    let fresh = world.node.reorg(2, vec![placed(1, 1, 0, 50)]).unwrap();
    assert_eq!(
        fresh
            .iter()
            .map(|block| block.transactions.len())
            .collect::<Vec<_>>(),
        [0, 1]
    );
    let announced = world.announced();
    assert!(matches!(announced[0], ChainEvent::Removed(_)));
    assert_eq!(
        announced.iter().map(numbers).collect::<Vec<_>>(),
        [vec![3, 2], vec![2], vec![3]]
    );
    assert_eq!(world.balance(sink()), U256::from(1 + 50));
    assert!(world.node.tx(kept).is_some());
    assert!(
        lost.iter()
            .all(|hash| world.node.tx(*hash).is_none() && world.node.pooled(*hash).is_none())
    );
    for (old, new) in old.iter().zip(&fresh) {
        assert_ne!(old.hash, new.hash);
        assert_eq!(old.header.timestamp, new.header.timestamp);
        assert!(world.node.block(BlockId::hash(old.hash)).is_none());
    }
    assert_eq!(
        fresh[0].header.parent_hash,
        world.node.block(BlockId::number(1)).unwrap().hash
    );
    world.node.rollback(2).unwrap();
    assert_eq!(world.node.state_root(), root);
}

#[test]
fn a_reorg_of_empty_blocks_never_brings_a_hash_back() {
    let world = world();
    let mut seen = vec![world.node.mine_one().unwrap().hash];
    for _ in 0..3 {
        let hash = world.node.reorg(1, Vec::new()).unwrap()[0].hash;
        assert!(!seen.contains(&hash));
        seen.push(hash);
    }
}

#[test]
fn a_reorg_that_cannot_be_is_refused_whole() {
    let mut world = world();
    world.transfer(0);
    world.transfer(0);
    let (head, root) = (world.node.head().hash, world.node.state_root());
    world.announced();
    let refused = world
        .node
        .reorg(1, vec![placed(0, 1, 0, 1), placed(0, 1, 5, 1)]);
    assert!(
        matches!(refused, Err(ReorgError::Transaction { number: 2, .. })),
        "{refused:?}"
    );
    assert!(matches!(
        world.node.reorg(1, vec![placed(1, 1, 0, 1)]),
        Err(ReorgError::Offset {
            offset: 1,
            depth: 1
        })
    ));
    assert!(matches!(
        world.node.reorg(3, Vec::new()),
        Err(ReorgError::TooDeep { depth: 3, head: 2 })
    ));
    assert!(matches!(
        world.node.rollback(3),
        Err(ReorgError::TooDeep { .. })
    ));
    assert_eq!(
        (world.node.head().hash, world.node.state_root()),
        (head, root)
    );
    assert!(world.announced().is_empty());
    assert!(world.node.reorg(0, Vec::new()).unwrap().is_empty());
}

#[test]
fn a_replaced_transaction_can_be_sent_again() {
    let world = world();
    let bytes = raw(0, 0, sink(), U256::from(1), Bytes::new());
    let hash = world.node.submit_raw(&bytes).unwrap();
    world.node.reorg(1, Vec::new()).unwrap();
    assert_eq!(world.balance(sink()), U256::ZERO);
    assert_eq!(world.node.submit_raw(&bytes).unwrap(), hash);
    assert_eq!(world.node.tx(hash).unwrap().block.number(), 2);
}

#[test]
fn a_rollback_keeps_cheats_done_at_the_new_head() {
    let world = world();
    world.node.set_balance(sink(), U256::from(9)).unwrap();
    world.node.mine_one().unwrap();
    world.node.set_balance(sink(), U256::from(10)).unwrap();
    assert_eq!(world.node.rollback(1).unwrap().number(), 0);
    assert_eq!(world.balance(sink()), U256::from(9));
}

#[test]
fn going_back_further_than_the_history_is_refused() {
    let world = world_with(|config| config.history_blocks = 2);
    world.node.mine(1, None).unwrap();
    for _ in 0..5 {
        world.transfer(0);
    }
    assert!(matches!(
        world.node.rollback(5),
        Err(ReorgError::Block(BlockError::StateGone { .. }))
    ));
    assert!(world.node.rollback(2).is_ok());
}
