//! What entering a program costs, cached and not, and what memory costs.

use agentcity_devnode_engine::arbos::{ARB_WASM_CACHE, abi::ArbWasmCache};
use alloy_sol_types::SolCall;

use crate::{
    kit::{KIT, KIT_AT, Op, kit},
    world::{TX_GAS, World, tx},
};
use agentcity_devnode_engine::genesis::CHAIN_OWNER;

/// Does nothing at all: one block of two instructions, 2,450 + 1 + 1 ink.
const NOTHING: &str = r#"(module
  (memory (export "memory") 1 1)
  (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#;

#[test]
fn a_call_pays_for_entering_and_for_its_ink_rounded_up() {
    let mut world = World::new();
    world.program(KIT_AT, NOTHING);
    let used = world.call(tx(KIT_AT, [])).result.tx_gas_used();
    // One function, and as many bytes as the module has: 8.25 and 0.13 gas, cached 0.134 and 0.0012 gas.
    let bytes = wat::parse_str(NOTHING).unwrap().len() as u64;
    let init = (82_500 + 1_300 * bytes).div_ceil(10_000);
    let cached = (1_340 + 12 * bytes).div_ceil(10_000);
    assert_eq!(used, TX_GAS + 352 + cached + 8_832 + init + 1);
}

#[test]
fn a_cached_program_is_entered_for_less() {
    let mut world = World::new();
    world.program(KIT_AT, NOTHING);
    let before = world.call(tx(KIT_AT, [])).result.tx_gas_used();
    let data = ArbWasmCache::cacheProgramCall { addr: KIT_AT }.abi_encode();
    let cached = world.send(tx(ARB_WASM_CACHE, data).from(CHAIN_OWNER));
    assert!(cached.result.is_success(), "{:?}", cached.result);
    assert_eq!(cached.result.logs().len(), 1, "UpdateProgramCache");
    let after = world.call(tx(KIT_AT, [])).result.tx_gas_used();
    let bytes = wat::parse_str(NOTHING).unwrap().len() as u64;
    let init = (82_500 + 1_300 * bytes).div_ceil(10_000);
    assert_eq!(before - after, 8_832 + init);

    let codehash = world.codehash(KIT_AT);
    let data = ArbWasmCache::evictCodehashCall { codehash }.abi_encode();
    world.send(tx(ARB_WASM_CACHE, data).from(CHAIN_OWNER));
    let evicted = world.call(tx(KIT_AT, [])).result.tx_gas_used();
    assert_eq!(evicted, before);
}

#[test]
fn only_managers_and_the_owner_change_the_cache() {
    let mut world = World::new();
    world.program(KIT_AT, NOTHING);
    let data = ArbWasmCache::cacheProgramCall { addr: KIT_AT }.abi_encode();
    let result = world.call(tx(ARB_WASM_CACHE, data)).result;
    assert!(!result.is_success(), "{result:?}");
}

#[test]
fn too_little_gas_to_enter_is_out_of_gas() {
    let mut world = World::new();
    world.program(KIT_AT, NOTHING);
    let enough = world.call(tx(KIT_AT, [])).result.tx_gas_used();
    assert!(world.call(tx(KIT_AT, []).gas(enough)).result.is_success());
    let result = world.call(tx(KIT_AT, []).gas(enough - 2)).result;
    assert!(result.is_halt(), "{result:?}");
    assert_eq!(result.tx_gas_used(), enough - 2, "all of it is consumed");
}

#[test]
fn memory_grows_to_the_limit_and_no_further() {
    let mut world = World::new();
    world.program(KIT_AT, KIT);
    let grow = |pages: u32| kit(Op::Grow, &pages.to_le_bytes());
    let small = world.call(tx(KIT_AT, grow(1)));
    let large = world.call(tx(KIT_AT, grow(2)));
    let (small, large) = (small.result.tx_gas_used(), large.result.tx_gas_used());
    assert_eq!(large - small, 1_000, "the third page is the first one paid");

    let rich = 200_000_000;
    let full = world.call(tx(KIT_AT, grow(127)).gas(rich)).result;
    assert_eq!(full.output().unwrap()[..], 1_u32.to_le_bytes());
    assert!(full.tx_gas_used() > 31_000_000, "8 MiB cost 32 million gas");
    let beyond = world.call(tx(KIT_AT, grow(128)).gas(rich)).result;
    assert!(beyond.is_halt(), "{beyond:?}");
    let absurd = world.call(tx(KIT_AT, grow(u32::MAX)).gas(rich)).result;
    assert!(absurd.is_halt(), "{absurd:?}");
}

#[test]
fn a_large_result_costs_at_least_what_memory_costs_the_evm() {
    let mut world = World::new();
    world.program(KIT_AT, KIT);
    let result = world.call(tx(KIT_AT, kit(Op::LargeResult, &[]))).result;
    assert_eq!(result.output().unwrap().len(), 65_536);
    // 2,048 words: 3 * 2,048 + 2,048^2 / 512
    assert!(result.tx_gas_used() >= TX_GAS + 14_336, "{result:?}");
}
