//! Small programs, written as text.

/// A program whose entry point is `body`; `$len` is the length of the calldata. Memory is one page and cannot grow.
pub fn program(imports: &[&str], body: &str) -> String {
    let imports: String = imports
        .iter()
        .map(|import| format!("  {import}\n"))
        .collect();
    format!(
        "(module\n{imports}  (memory (export \"memory\") 1 1)\n  (func (export \"user_entrypoint\") (param $len i32) (result i32)\n{body}))"
    )
}

/// Imports by name.
pub mod host {
    pub const READ_ARGS: &str = r#"(import "vm_hooks" "read_args" (func $read_args (param i32)))"#;
    pub const WRITE_RESULT: &str =
        r#"(import "vm_hooks" "write_result" (func $write_result (param i32 i32)))"#;
    pub const CALL: &str = r#"(import "vm_hooks" "call_contract" (func $call (param i32 i32 i32 i32 i64 i32) (result i32)))"#;
    pub const DELEGATE: &str = r#"(import "vm_hooks" "delegate_call_contract" (func $delegate (param i32 i32 i32 i64 i32) (result i32)))"#;
    pub const STATIC: &str = r#"(import "vm_hooks" "static_call_contract" (func $static (param i32 i32 i32 i64 i32) (result i32)))"#;
    pub const READ_RETURN: &str = r#"(import "vm_hooks" "read_return_data" (func $read_return (param i32 i32 i32) (result i32)))"#;
    pub const LOAD: &str =
        r#"(import "vm_hooks" "storage_load_bytes32" (func $load (param i32 i32)))"#;
    pub const CACHE: &str =
        r#"(import "vm_hooks" "storage_cache_bytes32" (func $cache (param i32 i32)))"#;
    pub const FLUSH: &str =
        r#"(import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))"#;
    pub const SELF: &str = r#"(import "vm_hooks" "contract_address" (func $self (param i32)))"#;
    pub const SENDER: &str = r#"(import "vm_hooks" "msg_sender" (func $sender (param i32)))"#;
    pub const VALUE: &str = r#"(import "vm_hooks" "msg_value" (func $value (param i32)))"#;
    pub const LOG: &str = r#"(import "vm_hooks" "emit_log" (func $log (param i32 i32 i32)))"#;
    pub const CREATE: &str =
        r#"(import "vm_hooks" "create1" (func $create (param i32 i32 i32 i32 i32)))"#;
    pub const REENTRANT: &str =
        r#"(import "vm_hooks" "msg_reentrant" (func $reentrant (result i32)))"#;
    pub const PAY_FOR_GROWTH: &str =
        r#"(import "vm_hooks" "pay_for_memory_grow" (func $pay (param i32)))"#;
    pub const KECCAK: &str =
        r#"(import "vm_hooks" "native_keccak256" (func $keccak (param i32 i32 i32)))"#;
    pub const CHAIN_ID: &str = r#"(import "vm_hooks" "chainid" (func $chainid (result i64)))"#;
}

/// Returns its calldata.
pub fn echo() -> String {
    program(
        &[host::READ_ARGS, host::WRITE_RESULT],
        "(call $read_args (i32.const 0)) (call $write_result (i32.const 0) (local.get $len)) (i32.const 0)",
    )
}

/// Refuses with its calldata as reason.
pub fn refuse() -> String {
    program(
        &[host::READ_ARGS, host::WRITE_RESULT],
        "(call $read_args (i32.const 0)) (call $write_result (i32.const 0) (local.get $len)) (i32.const 1)",
    )
}

/// Without calldata returns slot 0; otherwise stores the first word there and logs it with its sender.
pub fn cell() -> String {
    program(
        &[
            host::READ_ARGS,
            host::WRITE_RESULT,
            host::LOAD,
            host::CACHE,
            host::FLUSH,
            host::SENDER,
            host::LOG,
        ],
        "(if (local.get $len) (then
            (call $read_args (i32.const 32))
            (call $cache (i32.const 0) (i32.const 32))
            (call $flush (i32.const 0))
            ;; one topic, the sender, left-padded; then the word
            (call $sender (i32.const 108))
            (memory.copy (i32.const 128) (i32.const 32) (i32.const 32))
            (call $log (i32.const 96) (i32.const 64) (i32.const 1))
          ) (else
            (call $load (i32.const 0) (i32.const 32))))
         (call $write_result (i32.const 32) (i32.const 32)) (i32.const 0)",
    )
}

/// How [`forward`] reaches its target.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// `call_contract`, with the value it was given.
    Call,
    /// `delegate_call_contract`.
    Delegate,
    /// `static_call_contract`.
    Static,
}

/// Calls the address in the first 20 bytes of its calldata with the rest, returns what comes back, ends as it ended.
pub fn forward(way: Way) -> String {
    let (import, call) = match way {
        Way::Call => (
            host::CALL,
            "(call $call (i32.const 0) (i32.const 20) (local.get $rest) (i32.const 40000) (i64.const -1) (i32.const 40032))",
        ),
        Way::Delegate => (
            host::DELEGATE,
            "(call $delegate (i32.const 0) (i32.const 20) (local.get $rest) (i64.const -1) (i32.const 40032))",
        ),
        Way::Static => (
            host::STATIC,
            "(call $static (i32.const 0) (i32.const 20) (local.get $rest) (i64.const -1) (i32.const 40032))",
        ),
    };
    program(
        &[host::READ_ARGS, host::WRITE_RESULT, host::VALUE, host::READ_RETURN, import],
        &format!(
            "(local $rest i32) (local $status i32) (local $size i32)
             (call $read_args (i32.const 0))
             (call $value (i32.const 40000))
             (local.set $rest (i32.sub (local.get $len) (i32.const 20)))
             (local.set $status {call})
             (local.set $size (call $read_return (i32.const 0) (i32.const 0) (i32.load (i32.const 40032))))
             (call $write_result (i32.const 0) (local.get $size))
             (local.get $status)"
        ),
    )
}

/// Calls itself as often as its first word (little-endian, 4 bytes) says; returns how many frames there were.
pub fn nested() -> String {
    program(
        &[host::READ_ARGS, host::WRITE_RESULT, host::SELF, host::CALL, host::READ_RETURN],
        "(call $read_args (i32.const 0))
         (if (i32.load (i32.const 0)) (then
            (i32.store (i32.const 0) (i32.sub (i32.load (i32.const 0)) (i32.const 1)))
            (call $self (i32.const 64))
            (if (call $call (i32.const 64) (i32.const 0) (i32.const 4) (i32.const 128) (i64.const -1) (i32.const 192))
               (then (return (i32.const 1))))
            (drop (call $read_return (i32.const 0) (i32.const 0) (i32.const 4)))))
         (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
         (call $write_result (i32.const 0) (i32.const 4)) (i32.const 0)",
    )
}

/// Never ends.
pub fn endless() -> String {
    program(&[], "(loop $again (br $again)) (i32.const 0)")
}

/// Grows its memory by as many pages as its first word (little-endian, 4 bytes) says; returns what `memory.grow` said.
pub fn grower() -> String {
    let imports = [host::READ_ARGS, host::WRITE_RESULT, host::PAY_FOR_GROWTH].join("\n  ");
    format!(
        "(module\n  {imports}
  (memory (export \"memory\") 1)
  (func (export \"user_entrypoint\") (param $len i32) (result i32)
    (call $pay (i32.const 0))
    (call $read_args (i32.const 0))
    (i32.store (i32.const 0) (memory.grow (i32.load (i32.const 0))))
    (call $write_result (i32.const 0) (i32.const 4)) (i32.const 0)))"
    )
}

/// Creates a contract from its calldata and returns the address, left-padded.
pub fn creator() -> String {
    program(
        &[host::READ_ARGS, host::WRITE_RESULT, host::CREATE],
        "(call $read_args (i32.const 1024))
         (call $create (i32.const 1024) (local.get $len) (i32.const 0) (i32.const 44) (i32.const 64))
         (call $write_result (i32.const 32) (i32.const 32)) (i32.const 0)",
    )
}

/// Returns `msg_reentrant` as a byte; with calldata first calls the address in it, which may call back.
pub fn reentered() -> String {
    program(
        &[host::READ_ARGS, host::WRITE_RESULT, host::CALL, host::REENTRANT, host::READ_RETURN],
        "(if (local.get $len) (then
            (call $read_args (i32.const 0))
            (drop (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 64) (i64.const -1) (i32.const 96)))
            (drop (call $read_return (i32.const 128) (i32.const 0) (i32.const 1)))
            (i32.store8 (i32.const 129) (call $reentrant))
            (call $write_result (i32.const 128) (i32.const 2)))
          (else
            (i32.store8 (i32.const 0) (call $reentrant))
            (call $write_result (i32.const 0) (i32.const 1))))
         (i32.const 0)",
    )
}
