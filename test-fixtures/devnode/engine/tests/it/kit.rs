//! Programs that most tests share.

use alloy_primitives::{Address, B256, Bytes, U256, address};

/// Where tests place [`PROXY`].
pub(crate) const PROXY_AT: Address = address!("00000000000000000000000000000000000094a1");
/// Where tests place [`KIT`].
pub(crate) const KIT_AT: Address = address!("000000000000000000000000000000000000b0b0");
/// Where tests place EVM code.
pub(crate) const EVM_AT: Address = address!("00000000000000000000000000000000000e0e0e");

/// Calls another account. Arguments: kind (0 call, 1 delegate, 2 static), address, value, data.
/// Output: status byte, return data.
pub(crate) const PROXY: &str = r#"(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "read_return_data" (func $return_data (param i32 i32 i32) (result i32)))
  (import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "delegate_call_contract" (func $delegate (param i32 i32 i32 i64 i32) (result i32)))
  (import "vm_hooks" "static_call_contract" (func $static (param i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") 1 1)
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (local $status i32) (local $data i32)
    (call $read_args (i32.const 0))
    (local.set $data (i32.sub (local.get $len) (i32.const 53)))
    (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 0)) (then
      (local.set $status (call $call (i32.const 1) (i32.const 53) (local.get $data) (i32.const 21) (i64.const -1) (i32.const 60000)))))
    (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 1)) (then
      (local.set $status (call $delegate (i32.const 1) (i32.const 53) (local.get $data) (i64.const -1) (i32.const 60000)))))
    (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 2)) (then
      (local.set $status (call $static (i32.const 1) (i32.const 53) (local.get $data) (i64.const -1) (i32.const 60000)))))
    (i32.store8 (i32.const 30000) (local.get $status))
    (drop (call $return_data (i32.const 30001) (i32.const 0) (i32.load (i32.const 60000))))
    (call $write_result (i32.const 30000) (i32.add (i32.load (i32.const 60000)) (i32.const 1)))
    (i32.const 0)))"#;

/// Arguments of [`PROXY`].
pub(crate) fn proxy(kind: u8, to: Address, value: U256, data: &[u8]) -> Vec<u8> {
    let value = value.to_be_bytes::<32>();
    [&[kind][..], to.as_slice(), &value, data].concat()
}

/// A call without value.
pub(crate) fn call(to: Address, data: &[u8]) -> Vec<u8> {
    proxy(0, to, U256::ZERO, data)
}

/// Does one thing, by the first byte of its arguments; see [`Op`].
pub(crate) const KIT: &str = r#"(module
  (import "vm_hooks" "read_args" (func $read_args (param i32)))
  (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
  (import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))
  (import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))
  (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
  (import "vm_hooks" "transient_load_bytes32" (func $tload (param i32 i32)))
  (import "vm_hooks" "transient_store_bytes32" (func $tstore (param i32 i32)))
  (import "vm_hooks" "emit_log" (func $log (param i32 i32 i32)))
  (import "vm_hooks" "exit_early" (func $exit (param i32)))
  (import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))
  (import "vm_hooks" "msg_sender" (func $sender (param i32)))
  (import "vm_hooks" "msg_value" (func $value (param i32)))
  (import "vm_hooks" "contract_address" (func $address (param i32)))
  (import "vm_hooks" "create1" (func $create1 (param i32 i32 i32 i32 i32)))
  (import "vm_hooks" "create2" (func $create2 (param i32 i32 i32 i32 i32 i32)))
  (import "vm_hooks" "pay_for_memory_grow" (func $grow (param i32)))
  (memory (export "memory") 1)
  (func $recurse (param i32) (result i32) (i32.add (call $recurse (local.get 0)) (i32.const 1)))
  (func (export "user_entrypoint") (param $len i32) (result i32)
    (local $op i32)
    (call $read_args (i32.const 0))
    (local.set $op (i32.load8_u (i32.const 0)))
    (if (i32.eq (local.get $op) (i32.const 0)) (then ;; load
      (call $load (i32.const 1) (i32.const 100)) (call $write_result (i32.const 100) (i32.const 32))))
    (if (i32.eq (local.get $op) (i32.const 1)) (then ;; store
      (call $cache (i32.const 1) (i32.const 33)) (call $flush (i32.const 0))))
    (if (i32.eq (local.get $op) (i32.const 2)) (then ;; store, then revert with the value
      (call $cache (i32.const 1) (i32.const 33)) (call $flush (i32.const 0))
      (call $write_result (i32.const 33) (i32.const 32)) (return (i32.const 1))))
    (if (i32.eq (local.get $op) (i32.const 3)) (then ;; store without a flush
      (call $cache (i32.const 1) (i32.const 33))))
    (if (i32.eq (local.get $op) (i32.const 4)) (then ;; log: one topic, 32 bytes
      (call $log (i32.const 1) (i32.const 64) (i32.const 1))))
    (if (i32.eq (local.get $op) (i32.const 5)) (then (loop $forever (br $forever))))
    (if (i32.eq (local.get $op) (i32.const 6)) (then (unreachable)))
    (if (i32.eq (local.get $op) (i32.const 7)) (then ;; reentrant, sender, address, value
      (i32.store8 (i32.const 100) (call $reentrant))
      (call $sender (i32.const 101)) (call $address (i32.const 121)) (call $value (i32.const 141))
      (call $write_result (i32.const 100) (i32.const 73))))
    (if (i32.eq (local.get $op) (i32.const 8)) (then (drop (call $recurse (i32.const 0)))))
    (if (i32.eq (local.get $op) (i32.const 9)) (then ;; store twice through the cache, load back
      (call $cache (i32.const 1) (i32.const 33)) (call $load (i32.const 1) (i32.const 100))
      (call $write_result (i32.const 100) (i32.const 32))))
    (if (i32.eq (local.get $op) (i32.const 10)) (then ;; transient store
      (call $tstore (i32.const 1) (i32.const 33))))
    (if (i32.eq (local.get $op) (i32.const 11)) (then ;; transient load
      (call $tload (i32.const 1) (i32.const 100)) (call $write_result (i32.const 100) (i32.const 32))))
    (if (i32.eq (local.get $op) (i32.const 12)) (then ;; create: value, init code
      (call $create1 (i32.const 33) (i32.sub (local.get $len) (i32.const 33)) (i32.const 1) (i32.const 5000) (i32.const 5020))
      (call $write_result (i32.const 5000) (i32.const 24))))
    (if (i32.eq (local.get $op) (i32.const 13)) (then ;; create2: salt, init code; no value
      (call $create2 (i32.const 33) (i32.sub (local.get $len) (i32.const 33)) (i32.const 6000) (i32.const 1) (i32.const 5000) (i32.const 5020))
      (call $write_result (i32.const 5000) (i32.const 24))))
    (if (i32.eq (local.get $op) (i32.const 14)) (then ;; grow by a number of pages
      (i32.store (i32.const 100) (memory.grow (i32.load (i32.const 1))))
      (call $write_result (i32.const 100) (i32.const 4))))
    (if (i32.eq (local.get $op) (i32.const 15)) (then (call $exit (i32.load8_u (i32.const 1)))))
    (if (i32.eq (local.get $op) (i32.const 16)) (then ;; a large result
      (call $write_result (i32.const 0) (i32.const 65536))))
    (if (i32.eq (local.get $op) (i32.const 17)) (then (call $grow (i32.load (i32.const 1)))))
    (i32.const 0)))"#;

/// What [`KIT`] is asked to do.
#[derive(Clone, Copy)]
pub(crate) enum Op {
    Load = 0,
    Store = 1,
    StoreAndRevert = 2,
    StoreUnflushed = 3,
    Log = 4,
    Loop = 5,
    Trap = 6,
    WhoAmI = 7,
    Recurse = 8,
    CacheRoundTrip = 9,
    TransientStore = 10,
    TransientLoad = 11,
    Create1 = 12,
    Create2 = 13,
    Grow = 14,
    Exit = 15,
    LargeResult = 16,
    PayForPages = 17,
}

/// Arguments of [`KIT`].
pub(crate) fn kit(op: Op, rest: &[u8]) -> Vec<u8> {
    [&[op as u8][..], rest].concat()
}

/// A word with this last byte.
pub(crate) fn word(byte: u8) -> B256 {
    B256::with_last_byte(byte)
}

/// Key and value, for [`Op::Store`] and its like.
pub(crate) fn pair(key: u8, value: u8) -> Vec<u8> {
    [word(key), word(value)].concat()
}

/// EVM code that passes its call data on to `to` and returns the status as a word and the return data.
/// `opcode` is CALL, STATICCALL or DELEGATECALL.
pub(crate) fn evm_proxy(opcode: u8, to: Address) -> Bytes {
    const CALL: u8 = 0xf1;
    let mut code = vec![0x36, 0x5f, 0x5f, 0x37]; // calldatacopy(0, 0, calldatasize)
    code.extend([0x5f, 0x5f, 0x36, 0x5f]); // out 0, 0; in calldatasize, 0
    if opcode == CALL {
        code.push(0x34); // callvalue
    }
    code.push(0x73);
    code.extend(to);
    code.extend([0x5a, opcode, 0x5f, 0x52]); // gas; status at 0
    code.extend([0x3d, 0x5f, 0x60, 0x20, 0x3e]); // returndatacopy(32, 0, size)
    code.extend([0x3d, 0x60, 0x20, 0x01, 0x5f, 0xf3]); // return(0, size + 32)
    code.into()
}
