//! Storage of programs: the cache, flushes, refunds, rollback, transient slots.

use alloy_primitives::U256;

use crate::{
    kit::{KIT, KIT_AT, Op, PROXY, PROXY_AT, call, kit, pair, proxy, word},
    world::{World, tx},
};

fn world() -> World {
    let mut world = World::new();
    world.program(KIT_AT, KIT);
    world.program(PROXY_AT, PROXY);
    world
}

#[test]
fn a_flushed_value_stays_and_is_read_back() {
    let mut world = world();
    let result = world.send(tx(KIT_AT, kit(Op::Store, &pair(1, 5)))).result;
    assert!(result.is_success());
    assert_eq!(world.slot(KIT_AT, U256::from(1)), U256::from(5));
    let read = world.output(tx(KIT_AT, kit(Op::Load, word(1).as_slice())));
    assert_eq!(read[..], word(5)[..]);
}

#[test]
fn a_value_that_is_not_flushed_is_lost() {
    let mut world = world();
    let result = world
        .send(tx(KIT_AT, kit(Op::StoreUnflushed, &pair(1, 5))))
        .result;
    assert!(result.is_success());
    assert_eq!(world.slot(KIT_AT, U256::from(1)), U256::ZERO);
}

#[test]
fn loads_see_the_cache_first() {
    let world = world();
    let read = world.output(tx(KIT_AT, kit(Op::CacheRoundTrip, &pair(1, 5))));
    assert_eq!(read[..], word(5)[..]);
}

#[test]
fn a_revert_takes_storage_back_and_returns_its_data() {
    let mut world = world();
    let result = world
        .send(tx(KIT_AT, kit(Op::StoreAndRevert, &pair(1, 5))))
        .result;
    assert!(!result.is_success() && !result.is_halt());
    assert_eq!(result.output().unwrap()[..], word(5)[..]);
    assert!(
        result.tx_gas_used() < 100_000,
        "the rest of the gas comes back"
    );
    assert_eq!(world.slot(KIT_AT, U256::from(1)), U256::ZERO);
}

#[test]
fn a_revert_inside_a_call_takes_only_its_own_storage_back() {
    let mut world = world();
    let inner = call(KIT_AT, &kit(Op::StoreAndRevert, &pair(1, 5)));
    let result = world.send(tx(PROXY_AT, inner)).result;
    assert!(result.is_success());
    let output = result.output().unwrap();
    assert_eq!(output[0], 2, "the caller sees that the call failed");
    assert_eq!(output[1..], word(5)[..], "and why");
    assert_eq!(world.slot(KIT_AT, U256::from(1)), U256::ZERO);
}

#[test]
fn clearing_a_slot_is_refunded_as_in_the_evm() {
    let mut world = world();
    world.send(tx(KIT_AT, kit(Op::Store, &pair(1, 5))));
    let changed = world.call(tx(KIT_AT, kit(Op::Store, &pair(1, 6)))).result;
    let cleared = world.call(tx(KIT_AT, kit(Op::Store, &pair(1, 0)))).result;
    // A zero byte of data costs 12 gas less than another.
    assert_eq!(changed.tx_gas_used() - 12 - 4_800, cleared.tx_gas_used());
}

#[test]
fn a_delegate_call_writes_the_storage_of_its_caller() {
    let mut world = world();
    let data = proxy(1, KIT_AT, U256::ZERO, &kit(Op::Store, &pair(1, 5)));
    world.send(tx(PROXY_AT, data));
    assert_eq!(world.slot(PROXY_AT, U256::from(1)), U256::from(5));
    assert_eq!(world.slot(KIT_AT, U256::from(1)), U256::ZERO);
}

#[test]
fn transient_storage_lasts_for_one_transaction() {
    let mut world = world();
    world.send(tx(KIT_AT, kit(Op::TransientStore, &pair(1, 5))));
    let read = world.output(tx(KIT_AT, kit(Op::TransientLoad, word(1).as_slice())));
    assert_eq!(read[..], word(0)[..]);
}
