use agentcity_devnode_chain::{ChainEvent, SnapshotError};
use alloy::primitives::U256;

use crate::support::*;

#[test]
fn a_revert_restores_blocks_state_pool_and_time() {
    let mut world = manual();
    let waiting = world.transfer(0);
    world.node.increase_time(10).unwrap();
    let root = world.node.state_root();
    let id = world.node.snapshot().unwrap();
    world.transfer(1);
    world.node.mine(2, None).unwrap();
    world.node.increase_time(1_000).unwrap();
    world.node.set_base_fee(9).unwrap();
    world.node.set_balance(sink(), U256::from(77)).unwrap();
    world.announced();
    world.node.revert(id).unwrap();
    assert_eq!(world.node.head_number(), 0);
    assert_eq!(world.node.state_root(), root);
    assert_eq!(world.node.now(), GENESIS_TIME + 10);
    assert_eq!(world.node.info().base_fee, 100_000_000);
    assert!(world.node.pooled(waiting).is_some());
    let announced = world.announced();
    assert!(
        matches!(&announced[..], [ChainEvent::Removed(blocks)] if blocks.iter().map(|block| block.number()).eq([2, 1]))
    );
    assert_eq!(
        world.node.mine_one().unwrap().transactions[0].hash(),
        waiting
    );
}

#[test]
fn ids_grow_and_a_revert_drops_later_ones() {
    let world = world();
    let ids: Vec<_> = (0..3).map(|_| world.node.snapshot().unwrap()).collect();
    assert_eq!(ids, [0, 1, 2]);
    world.node.revert(1).unwrap();
    assert!(matches!(
        world.node.revert(2),
        Err(SnapshotError::Unknown { id: 2 })
    ));
    assert!(matches!(
        world.node.revert(1),
        Err(SnapshotError::Unknown { id: 1 })
    ));
    assert_eq!(world.node.snapshot().unwrap(), 3);
    world.node.revert(0).unwrap();
}

#[test]
fn an_old_snapshot_keeps_its_history_alive() {
    let world = world_with(|config| config.history_blocks = 2);
    let root = world.node.state_root();
    let id = world.node.snapshot().unwrap();
    for _ in 0..10 {
        world.transfer(0);
    }
    world.node.revert(id).unwrap();
    assert_eq!(world.node.state_root(), root);
}

#[test]
fn reset_starts_over_from_genesis() {
    let mut world = world();
    let root = world.node.state_root();
    let genesis = world.node.head().hash;
    let hash = world.transfer(0);
    world.node.snapshot().unwrap();
    world.announced();
    world.node.reset().unwrap();
    assert_eq!(world.node.head().hash, genesis);
    assert_eq!(world.node.state_root(), root);
    assert!(world.node.tx(hash).is_none());
    assert!(matches!(&world.announced()[..], [ChainEvent::Removed(blocks)] if blocks.len() == 1));
    assert_eq!(world.transfer(0), hash, "the same transaction is new again");
}
