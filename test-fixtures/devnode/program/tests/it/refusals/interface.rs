//! What a program imports and exports, and what it must.

use super::*;

#[test]
fn refuses_a_start_function() {
    refuses!(
        module("", "(func $f) (start $f)"),
        module("", "(func $f)"),
        Invalid::Start { function: 1 }
    );
}

#[test]
fn refuses_imports_other_than_functions() {
    for (import, what) in [
        ("(global i32)", "global"),
        ("(table 1 funcref)", "table"),
        ("(memory 1 1)", "memory"),
    ] {
        let bad = format!(r#"(import "vm_hooks" "read_args" {import})"#);
        let good = r#"(import "vm_hooks" "read_args" (func (param i32)))"#;
        refuses!(module(&bad, ""), module(good, ""), Invalid::ImportKind { kind, .. } if *kind == what);
    }
    refuses!(
        module(r#"(import "vm_hooks" "read_args" (tag (param i32)))"#, ""),
        module(r#"(import "vm_hooks" "read_args" (func (param i32)))"#, ""),
        Invalid::ImportKind { kind: "tag", .. }
    );
}

#[test]
fn refuses_imports_the_chain_does_not_offer() {
    let good = r#"(import "vm_hooks" "read_args" (func (param i32)))"#;
    for bad in [
        r#"(import "vm_hooks" "read_arg" (func (param i32)))"#,
        r#"(import "env" "read_args" (func (param i32)))"#,
        r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32)))"#,
        r#"(import "" "" (func))"#,
    ] {
        refuses!(
            module(bad, ""),
            module(good, ""),
            Invalid::UnknownImport { .. }
        );
    }
}

#[test]
fn refuses_host_functions_of_another_type() {
    let good = r#"(import "vm_hooks" "chainid" (func (result i64)))"#;
    for bad in ["(result i32)", "", "(param i32) (result i64)"] {
        let bad = format!(r#"(import "vm_hooks" "chainid" (func {bad}))"#);
        let text = refuses!(
            module(&bad, ""),
            module(good, ""),
            Invalid::ImportType { .. }
        );
        assert!(text.ends_with("must be () -> i64"), "{text}");
    }
}

#[test]
fn refuses_debug_functions_on_a_public_chain() {
    let debug = ProgramRules {
        debug: true,
        ..CHAIN
    };
    for import in [
        r#"(import "console" "log_txt" (func (param i32 i32)))"#,
        r#"(import "console" "tee_i64" (func (param i64) (result i64)))"#,
        r#"(import "debug" "null_host" (func))"#,
    ] {
        let bytes = wasm(&module(import, ""));
        assert!(matches!(
            verdict(&bytes, &CHAIN),
            Err(Invalid::DebugImport { .. })
        ));
        verdict(&bytes, &debug).expect("a debug chain offers it");
    }
    let unknown = wasm(&module(r#"(import "console" "log" (func))"#, ""));
    assert!(matches!(
        verdict(&unknown, &debug),
        Err(Invalid::UnknownImport { .. })
    ));
}

#[test]
fn refuses_a_module_without_exported_memory() {
    let text = |memory: &str| {
        format!(
            r#"(module {memory} (func (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#
        )
    };
    let good = text(r#"(memory (export "memory") 1 1)"#);
    for bad in [
        "",
        "(memory 1 1)",
        r#"(memory (export "mem") 1 1)"#,
        r#"(global (export "memory") i32 (i32.const 0))"#,
    ] {
        refuses!(text(bad), good, Invalid::MissingMemory);
    }
}

#[test]
fn refuses_a_module_without_entry_point() {
    let text = |function: &str| format!(r#"(module (memory (export "memory") 1 1) {function})"#);
    let good = text(r#"(func (export "user_entrypoint") (param i32) (result i32) i32.const 0)"#);
    for bad in [
        r#"(func (export "main") (param i32) (result i32) i32.const 0)"#,
        r#"(func (param i32) (result i32) i32.const 0)"#,
        r#"(global (export "user_entrypoint") i32 (i32.const 0))"#,
    ] {
        refuses!(text(bad), good, Invalid::MissingEntrypoint);
    }
}

#[test]
fn refuses_an_entry_point_of_another_type() {
    let text = |function: &str| format!(r#"(module (memory (export "memory") 1 1) {function})"#);
    let good = text(r#"(func (export "user_entrypoint") (param i32) (result i32) i32.const 0)"#);
    for bad in [
        r#"(func (export "user_entrypoint") (result i32) i32.const 0)"#,
        r#"(func (export "user_entrypoint") (param i32))"#,
        r#"(func (export "user_entrypoint") (param i64) (result i32) i32.const 0)"#,
        r#"(func (export "user_entrypoint") (param i32 i32) (result i32) i32.const 0)"#,
    ] {
        refuses!(text(bad), good, Invalid::EntrypointType { .. });
    }
    let imported = r#"(module
        (import "vm_hooks" "account_code_size" (func $size (param i32) (result i32)))
        (memory (export "memory") 1 1) (export "user_entrypoint" (func $size)))"#;
    refuses!(imported, good, Invalid::EntrypointType { .. });
}

#[test]
fn refuses_growable_memory_that_nobody_pays_for() {
    let text = |import: &str, memory: &str| {
        format!(
            r#"(module {import} (memory (export "memory") {memory})
                (func (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#
        )
    };
    for memory in ["1", "1 2", "0 1", "128", "128 200"] {
        let refusal = refuses!(
            text("", memory),
            text(PAY, memory),
            Invalid::UnpaidGrowth { .. }
        );
        assert!(
            refusal.contains("pay_for_memory_grow"),
            "the client looks for it: {refusal}"
        );
        refuses!(text("", "1"), text("", "1 1"), Invalid::UnpaidGrowth { .. });
    }
}

#[test]
fn refuses_memory_grow_that_nobody_pays_for() {
    let grows = "(func (result i32) i32.const 0 memory.grow)";
    let refusal = refuses!(
        module("", grows),
        module(PAY, grows),
        Invalid::UnpaidGrowOpcode { function: 1 }
    );
    assert!(
        refusal.contains("pay_for_memory_grow"),
        "the client looks for it: {refusal}"
    );
    refuses!(
        module("", grows),
        module("", "(func (result i32) memory.size)"),
        Invalid::UnpaidGrowOpcode { .. }
    );
}

#[test]
fn refuses_export_names_kept_for_the_instrumentation() {
    let export = |name: &str| {
        module(
            "",
            &format!(r#"(global (export "{name}") (mut i64) (i64.const 0))"#),
        )
    };
    for name in [
        "stylus_ink_left",
        "stylus_ink_status",
        "stylus_stack_left",
        "stylus_",
        "stylus_anything",
    ] {
        refuses!(
            export(name),
            export("ink_left"),
            Invalid::ReservedName { .. }
        );
    }
}

#[test]
fn refuses_what_is_no_module() {
    let good = wasm(&module("", ""));
    let mut cut = good.clone();
    cut.pop();
    let component = [&b"\0asm"[..], &[0x0d, 0, 1, 0]].concat();
    let mut bad_index = good.clone();
    // The last byte before the end of the body is the constant: make it a local.get of a local that is not there.
    let at = bad_index
        .windows(3)
        .position(|bytes| bytes == [0x41, 0, 0x0b])
        .unwrap();
    bad_index[at] = 0x20;
    bad_index[at + 1] = 9;
    for bad in [
        vec![],
        b"\0asm".to_vec(),
        b"not wasm at all".to_vec(),
        cut,
        component,
        bad_index,
    ] {
        refuses!(bytes bad, good, Invalid::Malformed { .. });
    }
}
