//! Modules shaped like the compiler's output for a contract.

use agentcity_devnode_program::host;

use crate::rig::{Rig, check, wasm};

/// What rustc and the linker make of a small contract: a stack pointer in a mutable global, exported ends of the data,
/// a table for indirect calls, an allocator that grows memory, panics that trap, copies instead of loops.
const CONTRACT: &str = r#"(module
    (type $entry (func (param i32) (result i32)))
    (type $handler (func (param i32 i32) (result i32)))
    (import "vm_hooks" "msg_reentrant" (func $msg_reentrant (result i32)))
    (import "vm_hooks" "read_args" (func $read_args (param i32)))
    (import "vm_hooks" "write_result" (func $write_result (param i32 i32)))
    (import "vm_hooks" "storage_flush_cache" (func $flush (param i32)))
    (import "vm_hooks" "pay_for_memory_grow" (func $pay (param i32)))
    (table $table 3 3 funcref)
    (memory $memory 1)
    (global $__stack_pointer (mut i32) (i32.const 8192))
    (global $__data_end i32 (i32.const 8224))
    (global $__heap_base i32 (i32.const 8224))
    (global $heap (mut i32) (i32.const 8224))
    (export "memory" (memory $memory))
    (export "mark_used" (func $mark_used))
    (export "user_entrypoint" (func $user_entrypoint))
    (export "__data_end" (global $__data_end))
    (export "__heap_base" (global $__heap_base))
    (elem (i32.const 1) func $sum $reverse)
    (func $mark_used
        i32.const 0
        call $pay
        call $panic)
    (func $panic
        unreachable)
    (func $alloc (param $bytes i32) (result i32) (local $start i32) (local $end i32) (local $pages i32)
        global.get $heap
        local.tee $start
        local.get $bytes
        i32.add
        local.tee $end
        i32.const 16
        i32.shl
        drop
        block $fits
            local.get $end
            i32.const 65535
            i32.add
            i32.const 16
            i32.shr_u
            local.tee $pages
            memory.size
            i32.le_u
            br_if $fits
            local.get $pages
            memory.size
            i32.sub
            memory.grow
            i32.const -1
            i32.ne
            br_if $fits
            call $panic
            unreachable
        end
        local.get $end
        global.set $heap
        local.get $start)
    (func $sum (type $handler) (local $total i32) (local $i i32)
        block $done
            local.get 1
            i32.eqz
            br_if $done
            loop $next
                local.get $total
                local.get 0
                local.get $i
                i32.add
                i32.load8_u
                i32.add
                local.set $total
                local.get $i
                i32.const 1
                i32.add
                local.tee $i
                local.get 1
                i32.lt_u
                br_if $next
            end
        end
        local.get $total)
    (func $reverse (type $handler)
        i32.const 0)
    (func $user_entrypoint (type $entry) (local $frame i32) (local $args i32) (local $result i32)
        global.get $__stack_pointer
        i32.const 32
        i32.sub
        local.tee $frame
        global.set $__stack_pointer
        block $revert
            call $msg_reentrant
            br_if $revert
            local.get 0
            call $alloc
            local.tee $args
            call $read_args
            local.get $args
            i32.const 1
            local.get 0
            memory.fill
            local.get $args
            local.get 0
            i32.const 1
            call_indirect (type $handler)
            local.set $result
            local.get $frame
            local.get $result
            i32.store offset=4
            i32.const 0
            call $flush
            local.get $frame
            i32.const 4
            i32.add
            i32.const 4
            call $write_result
            local.get $frame
            i32.const 32
            i32.add
            global.set $__stack_pointer
            local.get $result
            return
        end
        local.get $frame
        i32.const 32
        i32.add
        global.set $__stack_pointer
        i32.const 1)
    (data (i32.const 8192) "0123456789abcdef0123456789abcdef")
    (@producers (language "Rust" "") (processed-by "rustc" "1.95.0")))"#;

const PLENTY: u64 = 1_000_000_000_000;

#[test]
fn a_compiled_contract_is_accepted_and_measured() {
    let bytes = wasm(CONTRACT);
    let program = check(&bytes);
    let facts = program.facts();
    assert_eq!(facts.wasm_bytes as usize, bytes.len());
    assert_eq!(facts.functions, 6);
    assert_eq!(facts.data_bytes, 32);
    assert_eq!(facts.globals, 4);
    assert_eq!(facts.memory_pages, 1);
    // The allocator: 1 parameter, 3 locals, 2 operands, 4 of the frame; the entry point has 1 + 3 + 3 + 4.
    assert_eq!(facts.max_stack_words, 11);
    // 6 · 8.25 + bytes · 0.13; 6 · 0.134 + bytes · 0.0012 + 32 · 0.75, each rounded up.
    let bytes = bytes.len() as f64;
    assert_eq!(f64::from(facts.init_gas), (49.5 + bytes * 0.13).ceil());
    assert_eq!(
        f64::from(facts.cached_init_gas),
        (0.804 + bytes * 0.0012 + 24.0).ceil()
    );
}

#[test]
fn a_compiled_contract_runs_and_calls_the_host_as_before() {
    let mut rig = Rig::new(CONTRACT);
    assert_eq!(rig.call(100, PLENTY).unwrap(), 100);
    let names: Vec<_> = rig
        .seen()
        .calls
        .iter()
        .map(|(name, ..)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "msg_reentrant",
            "read_args",
            "storage_flush_cache",
            "write_result"
        ]
    );
    assert_eq!(rig.stack(), 262_144);
}

#[test]
fn a_large_input_grows_memory_and_pays_for_it() {
    let mut rig = Rig::new(CONTRACT);
    assert_eq!(rig.call(200_000, PLENTY).unwrap(), 200_000);
    let paid: Vec<_> = rig
        .seen()
        .calls
        .iter()
        .filter(|(name, ..)| name == host::PAY_FOR_MEMORY_GROW)
        .collect();
    assert_eq!(paid.len(), 1);
    // 8,224 + 200,000 bytes are four pages.
    assert_eq!(paid[0].1, [3]);
}

#[test]
fn an_input_beyond_the_page_limit_panics_as_a_failed_allocation_does() {
    let mut rig = Rig::new(CONTRACT);
    rig.call(9_000_000, PLENTY).unwrap_err();
    assert_eq!(rig.status(), 0);
}

#[test]
fn custom_sections_do_not_reach_the_engine() {
    let instrumented = check(&wasm(CONTRACT)).instrument();
    assert!(!instrumented.windows(5).any(|bytes| bytes == b"rustc"));
}

#[test]
fn a_module_without_globals_or_types_to_spare_is_instrumented_too() {
    let mut rig = Rig::new(
        r#"(module (memory (export "memory") 0 0)
            (func (export "user_entrypoint") (param i32) (result i32) local.get 0))"#,
    );
    assert_eq!(rig.call(5, PLENTY).unwrap(), 5);
}

#[test]
fn checking_keeps_the_module_as_it_was() {
    let bytes = wasm(CONTRACT);
    assert_eq!(check(&bytes).wasm(), bytes);
}
