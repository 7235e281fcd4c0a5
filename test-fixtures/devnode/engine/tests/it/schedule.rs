//! Every host function costs what the schedule says, to the ink.

use std::collections::BTreeMap;

use alloy_primitives::Bytes;

use crate::{
    kit::KIT_AT,
    world::{World, tx},
};

/// Calls each of the 42 functions at least once. Memory: 0 zero words, 64 address 0xcafe, 128.. scratch, 4096 a 1.
const EVERYTHING: &str = r#"(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "exit_early" (func $exit_early (param i32)))
  (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
  (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
  (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
  (import "vm_hooks" "transient_load_bytes32" (func $tload (param i32 i32)))
  (import "vm_hooks" "transient_store_bytes32" (func $tstore (param i32 i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "delegate_call_contract" (func $delegate (param i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "static_call_contract" (func $static (param i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "create1" (func $create1 (param i32 i32 i32 i32 i32)))
  (import "vm_hooks" "create2" (func $create2 (param i32 i32 i32 i32 i32 i32)))
  (import "vm_hooks" "read_return_data" (func $read_return_data (param i32 i32 i32) (result i32)))
  (import "vm_hooks" "return_data_size" (func $return_data_size (result i32)))
  (import "vm_hooks" "emit_log" (func $emit_log (param i32 i32 i32)))
  (import "vm_hooks" "account_balance" (func $balance (param i32 i32)))
  (import "vm_hooks" "account_code" (func $code (param i32 i32 i32 i32) (result i32)))
  (import "vm_hooks" "account_code_size" (func $code_size (param i32) (result i32)))
  (import "vm_hooks" "account_codehash" (func $codehash (param i32 i32)))
  (import "vm_hooks" "evm_gas_left" (func $gas_left (result i64)))
  (import "vm_hooks" "evm_ink_left" (func $ink_left (result i64)))
  (import "vm_hooks" "block_basefee" (func $basefee (param i32)))
  (import "vm_hooks" "chainid" (func $chainid (result i64)))
  (import "vm_hooks" "block_coinbase" (func $coinbase (param i32)))
  (import "vm_hooks" "block_gas_limit" (func $gas_limit (result i64)))
  (import "vm_hooks" "block_number" (func $number (result i64)))
  (import "vm_hooks" "block_timestamp" (func $timestamp (result i64)))
  (import "vm_hooks" "contract_address" (func $address (param i32)))
  (import "vm_hooks" "math_div" (func $div (param i32 i32)))
  (import "vm_hooks" "math_mod" (func $mod (param i32 i32)))
  (import "vm_hooks" "math_pow" (func $pow (param i32 i32)))
  (import "vm_hooks" "math_add_mod" (func $add_mod (param i32 i32 i32)))
  (import "vm_hooks" "math_mul_mod" (func $mul_mod (param i32 i32 i32)))
  (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
  (import "vm_hooks" "msg_sender" (func $sender (param i32)))
  (import "vm_hooks" "msg_value" (func $value (param i32)))
  (import "vm_hooks" "native_keccak256" (func $keccak (param i32 i32 i32)))
  (import "vm_hooks" "tx_gas_price" (func $gas_price (param i32)))
  (import "vm_hooks" "tx_ink_price" (func $ink_price (result i32)))
  (import "vm_hooks" "tx_origin" (func $origin (param i32)))
  (import "vm_hooks" "pay_for_memory_grow" (func $grow (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 82) "\ca\fe")
  (data (i32.const 4127) "\01")
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (call $read_args (i32.const 8192))
    (call $load (i32.const 0) (i32.const 128))
    (call $load (i32.const 0) (i32.const 128))
    (call $cache (i32.const 0) (i32.const 4096))
    (call $flush (i32.const 0))
    (call $tload (i32.const 0) (i32.const 128))
    (call $tstore (i32.const 0) (i32.const 4096))
    (drop (call $call (i32.const 64) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 5000) (i32.const 128)))
    (drop (call $delegate (i32.const 64) (i32.const 0) (i32.const 0) (i64.const 5000) (i32.const 128)))
    (drop (call $static (i32.const 64) (i32.const 0) (i32.const 0) (i64.const 5000) (i32.const 128)))
    (call $create1 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 128) (i32.const 160))
    (call $create2 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 128) (i32.const 160))
    (drop (call $read_return_data (i32.const 128) (i32.const 0) (i32.const 100)))
    (drop (call $return_data_size))
    (call $emit_log (i32.const 0) (i32.const 96) (i32.const 2))
    (call $balance (i32.const 4096) (i32.const 128))
    (drop (call $code (i32.const 64) (i32.const 0) (i32.const 32) (i32.const 128)))
    (drop (call $code_size (i32.const 64)))
    (call $codehash (i32.const 64) (i32.const 128))
    (drop (call $gas_left)) (drop (call $ink_left))
    (call $basefee (i32.const 128)) (drop (call $chainid))
    (call $coinbase (i32.const 128)) (drop (call $gas_limit))
    (drop (call $number)) (drop (call $timestamp)) (call $address (i32.const 128))
    (call $div (i32.const 128) (i32.const 4096)) (call $mod (i32.const 128) (i32.const 4096))
    (call $pow (i32.const 128) (i32.const 4096))
    (call $add_mod (i32.const 128) (i32.const 128) (i32.const 4096))
    (call $mul_mod (i32.const 128) (i32.const 128) (i32.const 4096))
    (drop (call $reentrant)) (call $sender (i32.const 128)) (call $value (i32.const 128))
    (call $keccak (i32.const 0) (i32.const 96) (i32.const 128))
    (call $gas_price (i32.const 128)) (drop (call $ink_price)) (call $origin (i32.const 128))
    (call $grow (i32.const 0)) (call $grow (i32.const 1)) (call $grow (i32.const 1))
    (call $write_result (i32.const 0) (i32.const 40))
    (call $exit_early (i32.const 0))
    (unreachable)))"#;

/// Ink of each call in [`EVERYTHING`], in order of the calls.
const SCHEDULE: &[(&str, u64)] = &[
    // 36 bytes of arguments
    ("read_args", 8_400 + 5_040 + 4 * 30),
    // cold, then from the cache
    ("storage_load_bytes32", 18_480 + 21_000_000 + 50_000),
    ("storage_load_bytes32", 18_480),
    ("storage_cache_bytes32", 18_480),
    // a warm slot from 0 to 1
    ("storage_flush_cache", 68_073 + 200_000_000),
    ("transient_load_bytes32", 78_153 + 1_000_000),
    ("transient_store_bytes32", 78_153 + 1_000_000),
    // a cold empty account without value, then warm; all the gas comes back
    ("call_contract", 83_193 + 32_762 + 26_000_000),
    ("delegate_call_contract", 83_193 + 32_762 + 1_000_000),
    ("static_call_contract", 83_193 + 32_762 + 1_000_000),
    ("create1", 83_193 + 32_762 + 320_000_000),
    ("create2", 88_233 + 32_762 + 320_000_000),
    ("read_return_data", 68_073 + 5_040),
    ("return_data_size", 8_400),
    // two topics and a word: copying 96 bytes, 375 * 3 + 8 * 32 gas
    ("emit_log", 68_073 + 19_901 + 13_810_000),
    ("account_balance", 78_153 + 26_000_000),
    ("account_code", 68_073 + 8_000_000 + 5_040),
    ("account_code_size", 68_073 + 8_000_000),
    ("account_codehash", 78_153 + 1_000_000),
    ("evm_gas_left", 8_400),
    ("evm_ink_left", 8_400),
    ("block_basefee", 13_440),
    ("chainid", 8_400),
    ("block_coinbase", 13_440),
    ("block_gas_limit", 8_400),
    ("block_number", 8_400),
    ("block_timestamp", 8_400),
    ("contract_address", 13_440),
    ("math_div", 43_520),
    ("math_mod", 43_520),
    // exponent 1: one significant byte
    ("math_pow", 23_520 + 3_000 + 35_000),
    ("math_add_mod", 49_560),
    ("math_mul_mod", 52_660),
    ("msg_reentrant", 8_400),
    ("msg_sender", 13_440),
    ("msg_value", 13_440),
    // three words
    ("native_keccak256", 121_800 + 21_000),
    ("tx_gas_price", 13_440),
    ("tx_ink_price", 8_400),
    ("tx_origin", 13_440),
    // none; the second free page; the third, 1,000 gas
    ("pay_for_memory_grow", 8_400),
    ("pay_for_memory_grow", 0),
    ("pay_for_memory_grow", 10_000_000),
    // 40 bytes, copied twice
    ("write_result", 8_400 + 2 * 16_821),
    ("exit_early", 0),
];

#[test]
fn every_host_function_costs_its_ink() {
    let mut world = World::new();
    world.program(KIT_AT, EVERYTHING);
    let (result, calls) = world.trace(tx(KIT_AT, vec![0; 36]));
    assert!(result.is_success(), "{result:?}");
    let seen: Vec<_> = calls
        .iter()
        .map(|call| (call.name, call.start_ink - call.end_ink))
        .collect();
    for (seen, expected) in seen.iter().zip(SCHEDULE) {
        assert_eq!(seen, expected);
    }
    assert_eq!(seen.len(), SCHEDULE.len());
}

#[test]
fn the_schedule_covers_every_function_of_the_chain() {
    let priced: BTreeMap<_, _> = SCHEDULE.iter().copied().collect();
    let functions = agentcity_devnode_program::host::HOOKS.map(|function| function.name);
    for name in functions {
        assert!(priced.contains_key(name), "{name} has no golden price");
    }
}

#[test]
fn what_functions_tell_is_what_the_block_and_transaction_say() {
    let mut world = World::new();
    world.program(KIT_AT, EVERYTHING);
    let (_, calls) = world.trace(tx(KIT_AT, vec![7; 36]).price(123));
    let outs = |name: &str| -> Bytes {
        let call = calls.iter().find(|call| call.name == name);
        call.expect("called").outs.clone()
    };
    assert_eq!(outs("read_args")[..], [7; 36]);
    assert_eq!(outs("block_number")[..], 77_u64.to_be_bytes());
    assert_eq!(outs("block_timestamp")[..], 1_800_000_000_u64.to_be_bytes());
    assert_eq!(outs("chainid")[..], 412_346_u64.to_be_bytes());
    assert_eq!(outs("block_gas_limit")[..], (1_u64 << 50).to_be_bytes());
    assert_eq!(outs("block_coinbase")[..], world.block.coinbase[..]);
    assert_eq!(outs("tx_ink_price")[..], 10_000_u32.to_be_bytes());
    assert_eq!(outs("contract_address")[..], KIT_AT[..]);
    assert_eq!(outs("tx_origin")[..], crate::world::ALICE[..]);
    assert_eq!(outs("tx_gas_price")[31], 123);
    assert_eq!(
        outs("account_codehash")[..],
        [0; 32],
        "an empty account has no hash"
    );
    assert_eq!(outs("math_mul_mod")[..], [0; 32], "anything is 0 modulo 1");
}
