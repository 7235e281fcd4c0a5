use agentcity_devnode_chain::{CheatError, MineError};

use crate::support::*;

#[test]
fn blocks_follow_the_clock() {
    let world = world();
    world.clock.advance(5);
    assert_eq!(
        world.node.mine_one().unwrap().header.timestamp,
        GENESIS_TIME + 5
    );
    assert_eq!(world.node.now(), GENESIS_TIME + 5);
}

#[test]
fn increased_time_stays_increased() {
    let world = world();
    assert_eq!(world.node.increase_time(100).unwrap(), 100);
    assert_eq!(world.node.increase_time(20).unwrap(), 120);
    assert_eq!(
        world.node.mine_one().unwrap().header.timestamp,
        GENESIS_TIME + 120
    );
    world.clock.advance(3);
    assert_eq!(world.node.next_timestamp(), GENESIS_TIME + 123);
}

#[test]
fn the_next_timestamp_must_not_be_before_the_parent() {
    let world = world();
    world.node.set_next_timestamp(GENESIS_TIME + 50).unwrap();
    assert_eq!(
        world.node.mine_one().unwrap().header.timestamp,
        GENESIS_TIME + 50
    );
    let refused = world.node.set_next_timestamp(GENESIS_TIME + 49);
    assert!(matches!(refused, Err(CheatError::Time(_))));
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("before the latest block's timestamp")
    );
    assert!(matches!(
        world.node.mine_at(GENESIS_TIME),
        Err(MineError::Time(_))
    ));
    assert_eq!(
        world
            .node
            .mine_at(GENESIS_TIME + 60)
            .unwrap()
            .header
            .timestamp,
        GENESIS_TIME + 60
    );
}

#[test]
fn set_time_moves_the_clock_and_says_how_far() {
    let world = world();
    assert_eq!(world.node.set_time(GENESIS_TIME + 1_000).unwrap(), 1_000);
    world.clock.advance(1);
    assert_eq!(
        world.node.mine_one().unwrap().header.timestamp,
        GENESIS_TIME + 1_001
    );
}

#[test]
fn an_interval_spaces_blocks_whatever_the_clock_says() {
    let world = world();
    world.node.set_timestamp_interval(12).unwrap();
    let blocks = world.node.mine(2, None).unwrap();
    assert_eq!(blocks[1].header.timestamp, GENESIS_TIME + 24);
    assert!(world.node.remove_timestamp_interval().unwrap());
    assert!(!world.node.remove_timestamp_interval().unwrap());
}
