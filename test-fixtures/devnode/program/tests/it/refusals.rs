//! Each rule refuses a module that breaks just it, beside a twin without the fault that is accepted.

use agentcity_devnode_program::{Invalid, Program, ProgramRules};
use wasm_encoder::{
    CodeSection, CustomSection, Encode, ExportKind, ExportSection, Function, FunctionSection,
    MemorySection, MemoryType, Module, RawSection, SectionId, TypeSection, ValType,
};

use crate::rig::{PAY, entry, module, wasm};

const CHAIN: ProgramRules = ProgramRules {
    debug: false,
    multi_value: false,
};

fn verdict(wasm: &[u8], rules: &ProgramRules) -> Result<(), Invalid> {
    Program::check(wasm, rules).map(|_| ())
}

/// Asserts that the first module is refused by the rule and the second is accepted.
macro_rules! refuses {
    ($bad:expr, $good:expr, $rule:pat $(if $guard:expr)?) => {
        refuses!(bytes wasm(&$bad), wasm(&$good), $rule $(if $guard)?)
    };
    (bytes $bad:expr, $good:expr, $rule:pat $(if $guard:expr)?) => {{
        let refusal = verdict(&$bad, &CHAIN).expect_err("the faulty module is refused");
        assert!(matches!(&refusal, $rule $(if $guard)?), "refused by another rule: {refusal:?}");
        if let Err(error) = verdict(&$good, &CHAIN) {
            panic!("the twin is refused: {error}");
        }
        refusal.to_string()
    }};
}

/// Asserts that an instruction is refused by the rule. `needs` are declarations around it, valid by themselves.
macro_rules! refuses_op {
    ($needs:expr, $bad:expr, $rule:pat) => {
        refuses!(
            entry($needs, &format!("{} i32.const 0", $bad)),
            entry($needs, "i32.const 0"),
            $rule
        )
    };
}

/// A module made by hand: `user_entrypoint` runs `body` and returns 0; `extra` sees each section before it is added.
fn by_hand(body: &[u8], before_code: Option<RawSection<'_>>, data: &[u8]) -> Vec<u8> {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I32]);
    module.section(&types);
    let mut functions = FunctionSection::new();
    functions.function(0);
    module.section(&functions);
    // One table of one function reference, 0x70, without maximum.
    module.section(&RawSection {
        id: SectionId::Table as u8,
        data: &[1, 0x70, 0, 1],
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: Some(1),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    module.section(&memories);
    let mut exports = ExportSection::new();
    exports
        .export("memory", ExportKind::Memory, 0)
        .export("user_entrypoint", ExportKind::Func, 0);
    module.section(&exports);
    if let Some(section) = before_code {
        module.section(&section);
    }
    let mut function = Function::new([]);
    function.raw(body.iter().copied());
    function.instructions().i32_const(0).end();
    let mut code = CodeSection::new();
    code.function(&function);
    module.section(&code);
    module.section(&RawSection {
        id: SectionId::Data as u8,
        data,
    });
    module.finish()
}

/// One active segment: flag 0, at 0, two bytes.
const DATA: &[u8] = &[1, 0, 0x41, 0, 0x0b, 2, b'h', b'i'];

#[test]
fn a_data_count_section() {
    let count = RawSection {
        id: SectionId::DataCount as u8,
        data: &[1],
    };
    refuses!(bytes by_hand(&[], Some(count), DATA), by_hand(&[], None, DATA), Invalid::DataCount { offset: 0x40.. });
}

#[test]
fn a_start_function() {
    refuses!(
        module("", "(func $f) (start $f)"),
        module("", "(func $f)"),
        Invalid::Start { function: 1 }
    );
}

#[test]
fn imports_other_than_functions() {
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
fn imports_the_chain_does_not_offer() {
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
fn host_functions_of_another_type() {
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
fn debug_functions_on_a_public_chain() {
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
fn a_module_without_exported_memory() {
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
fn a_module_without_entry_point() {
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
fn an_entry_point_of_another_type() {
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
fn growable_memory_that_nobody_pays_for() {
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
fn memory_grow_that_nobody_pays_for() {
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
fn a_second_memory() {
    refuses!(
        module("", "(memory 1 1)"),
        module("", ""),
        Invalid::Memories { memories: 2 }
    );
    // A segment for it.
    let data = &[1, 2, 1, 0x41, 0, 0x0b, 2, b'h', b'i'];
    refuses!(bytes by_hand(&[], None, data), by_hand(&[], None, DATA), Invalid::BulkMemory { .. });
}

#[test]
fn memory_beyond_128_pages() {
    let text = |memory: &str| {
        format!(
            r#"(module (memory (export "memory") {memory})
                (func (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#
        )
    };
    refuses!(
        text("129 129"),
        text("128 128"),
        Invalid::MemoryPages { pages: 129 }
    );
    refuses!(
        text("65536 65536"),
        text("0 0"),
        Invalid::MemoryPages { pages: 65_536 }
    );
}

#[test]
fn memory_and_tables_of_another_address_size() {
    let text = |memory: &str| {
        format!(
            r#"(module (memory (export "memory") {memory})
                (func (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#
        )
    };
    refuses!(
        text("i64 1 1"),
        text("1 1"),
        Invalid::Memory64 { what: "memory" }
    );
    refuses!(text("1 1 (pagesize 1)"), text("1 1"), Invalid::PageSize);
    refuses!(
        module("", "(table i64 1 funcref)"),
        module("", "(table 1 funcref)"),
        Invalid::Memory64 { what: "table" }
    );
}

#[test]
fn threads() {
    let text = |memory: &str| {
        format!(
            r#"(module (memory (export "memory") {memory})
                (func (export "user_entrypoint") (param i32) (result i32) i32.const 0))"#
        )
    };
    refuses!(text("1 1 shared"), text("1 1"), Invalid::Threads { .. });
    for op in [
        "atomic.fence",
        "i32.const 0 i32.atomic.load drop",
        "i32.const 0 i32.const 0 memory.atomic.notify drop",
    ] {
        refuses_op!("", op, Invalid::Threads { .. });
    }
}

#[test]
fn reference_types() {
    let good = module("", "(table 1 funcref)");
    for bad in [
        "(table 1 externref)",
        "(table 1 funcref) (table 1 funcref)",
        "(func (param externref))",
        "(func (local funcref))",
        "(global funcref (ref.null func))",
        "(func) (elem declare func 1)",
        "(table 1 funcref) (elem (i32.const 0) funcref (ref.null func))",
    ] {
        refuses!(module("", bad), good, Invalid::ReferenceTypes { .. });
    }
    let table = "(table $t 1 funcref)";
    for op in [
        "ref.null func drop",
        "ref.null func ref.is_null drop",
        "i32.const 0 table.get $t drop",
        "i32.const 0 ref.null func table.set $t",
        "table.size $t drop",
        "ref.null func i32.const 1 table.grow $t drop",
        "i32.const 0 ref.null func i32.const 1 table.fill $t",
        "i32.const 0 i32.const 0 i32.const 0 select (result i32) drop",
    ] {
        refuses_op!(table, op, Invalid::ReferenceTypes { .. });
    }
}

#[test]
fn bulk_memory_beyond_copy_and_fill() {
    let table = "(table $t 1 funcref) (func $f) (elem $e (i32.const 0) func $f)";
    refuses_op!(
        table,
        "i32.const 0 i32.const 0 i32.const 0 table.copy $t $t",
        Invalid::BulkMemory { .. }
    );
    refuses_op!(
        table,
        "i32.const 0 i32.const 0 i32.const 0 table.init $t $e",
        Invalid::BulkMemory { .. }
    );
    refuses_op!(table, "elem.drop $e", Invalid::BulkMemory { .. });

    // memory.init and data.drop need a DataCount section in a valid module, which has its own rule.
    let init = [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x08, 0, 0];
    refuses!(bytes by_hand(&init, None, DATA), by_hand(&[], None, DATA), Invalid::BulkMemory { .. });
    refuses!(bytes by_hand(&[0xfc, 0x09, 0], None, DATA), by_hand(&[], None, DATA), Invalid::BulkMemory { .. });

    let passive = &[1, 1, 2, b'h', b'i'];
    refuses!(bytes by_hand(&[], None, passive), by_hand(&[], None, DATA), Invalid::BulkMemory { .. });
    let explicit = &[1, 2, 0, 0x41, 0, 0x0b, 2, b'h', b'i'];
    refuses!(bytes by_hand(&[], None, explicit), by_hand(&[], None, DATA), Invalid::BulkMemory { .. });
    let elements = "(table 1 funcref) (func $f)";
    refuses!(
        module("", &format!("{elements} (elem func $f)")),
        module("", &format!("{elements} (elem (i32.const 0) func $f)")),
        Invalid::BulkMemory { .. }
    );

    for op in ["memory.copy", "memory.fill"] {
        let text = entry(
            "",
            &format!("i32.const 0 i32.const 0 i32.const 0 {op} i32.const 0"),
        );
        verdict(&wasm(&text), &CHAIN).expect("the accepted part of the proposal");
    }
}

#[test]
fn simd() {
    refuses_op!("", "v128.const i64x2 0 0 drop", Invalid::Simd { .. });
    refuses_op!("", "i32.const 0 i32x4.splat drop", Invalid::Simd { .. });
    refuses_op!(
        "",
        "i32.const 0 i8x16.splat i32.const 0 i8x16.splat i8x16.relaxed_swizzle drop",
        Invalid::Simd { .. }
    );
    refuses!(
        module("", "(func (param v128))"),
        module("", "(func (param i64))"),
        Invalid::Simd { .. }
    );
    refuses!(
        module("", "(global v128 (v128.const i64x2 0 0))"),
        module("", "(global i64 (i64.const 0))"),
        Invalid::Simd { .. }
    );
}

#[test]
fn tail_calls() {
    let table = "(type $n (func)) (table 1 funcref) (func $f)";
    let function = |op: &str| module("", &format!("{table} (func {op})"));
    refuses!(
        function("return_call $f"),
        function("call $f return"),
        Invalid::TailCall { .. }
    );
    refuses!(
        function("i32.const 0 return_call_indirect (type $n)"),
        function("i32.const 0 call_indirect (type $n) return"),
        Invalid::TailCall { .. }
    );
}

#[test]
fn floats() {
    for op in [
        "f32.const 1 drop",
        "f64.const 1 drop",
        "f64.const 1 f64.const 1 f64.add drop",
        "i32.const 0 f32.load drop",
        "i32.const 0 f64.convert_i32_s drop",
        "i32.const 0 f32.reinterpret_i32 drop",
        "f32.const 0 i32.trunc_f32_s drop",
        "f32.const 0 i32.trunc_sat_f32_s drop",
    ] {
        refuses_op!("", op, Invalid::Float { .. });
    }
    for (bad, good) in [
        ("(func (param f32))", "(func (param i32))"),
        (
            "(func (result f64) unreachable)",
            "(func (result i64) unreachable)",
        ),
        ("(func (local f64))", "(func (local i64))"),
        ("(type (func (param f64)))", "(type (func (param i64)))"),
        ("(global f32 (f32.const 0))", "(global i32 (i32.const 0))"),
        (
            "(func block (result f32) unreachable end drop)",
            "(func block (result i32) unreachable end drop)",
        ),
    ] {
        refuses!(module("", bad), module("", good), Invalid::Float { .. });
    }
    // Saturating conversion by itself, no float in sight: the operand comes out of unreachable code.
    refuses!(
        module("", "(func unreachable i32.trunc_sat_f64_u drop)"),
        module("", "(func unreachable i32.wrap_i64 drop)"),
        Invalid::Float { .. }
    );
}

#[test]
fn multi_value() {
    let rules = ProgramRules {
        multi_value: true,
        ..CHAIN
    };
    let good = module("", "(func (result i32) block (result i32) i32.const 0 end)");
    for bad in [
        "(func (result i32 i32) i32.const 0 i32.const 0)",
        "(func i32.const 0 block (param i32) drop end)",
        "(func block (result i32 i32) i32.const 0 i32.const 0 end drop drop)",
        "(func i32.const 0 loop (param i32) drop end)",
        "(func i32.const 0 i32.const 0 if (param i32) drop else drop end)",
    ] {
        refuses!(module("", bad), good, Invalid::MultiValue { .. });
        verdict(&wasm(&module("", bad)), &rules).expect("a chain before ArbOS 60 takes it");
    }
}

#[test]
fn garbage_collection() {
    let good = module("", "(type (func))");
    for bad in [
        "(type (struct (field i32)))",
        "(type (array i32))",
        "(rec (type (func)) (type (func)))",
        "(type (sub (func)))",
        "(func (param anyref))",
        "(type $t (func)) (func (param (ref $t)))",
    ] {
        refuses!(module("", bad), good, Invalid::Gc { .. });
    }
    refuses_op!("", "i32.const 0 ref.i31 drop", Invalid::Gc { .. });
}

#[test]
fn exceptions() {
    refuses!(
        module("", "(tag)"),
        module("", ""),
        Invalid::Exceptions { .. }
    );
    // try_table without tags: catch_all.
    refuses_op!(
        "",
        "block try_table (catch_all 0) end end",
        Invalid::Exceptions { .. }
    );
}

#[test]
fn instructions_of_other_proposals() {
    refuses_op!(
        "",
        "i64.const 0 i64.const 0 i64.const 0 i64.const 0 i64.add128 drop drop",
        Invalid::Unsupported { .. }
    );
}

#[test]
fn arithmetic_in_constant_expressions() {
    refuses!(
        module("", "(global i32 (i32.add (i32.const 1) (i32.const 2)))"),
        module("", "(global i32 (i32.const 3))"),
        Invalid::ConstExpr { .. }
    );
    refuses!(
        module("", "(data (i32.sub (i32.const 1) (i32.const 1)) \"x\")"),
        module("", "(data (i32.const 0) \"x\")"),
        Invalid::ConstExpr { .. }
    );
}

#[test]
fn a_table_index_of_several_bytes() {
    let call = |index: &[u8]| {
        // i32.const 0, i32.const 0, call_indirect of type 0, index, drop
        by_hand(
            &[&[0x41, 0, 0x41, 0, 0x11, 0], index, &[0x1a]].concat(),
            None,
            DATA,
        )
    };
    let refusal = refuses!(bytes call(&[0x80, 0x80, 0x80, 0x80, 0]), call(&[0]), Invalid::CallIndirectIndex { .. });
    assert!(refusal.contains("zero byte expected"), "{refusal}");
    refuses!(bytes call(&[0x80, 0]), call(&[0]), Invalid::CallIndirectIndex { .. });
}

#[test]
fn more_than_128_kib() {
    let padded = |bytes: usize| {
        let mut module = wasm(&module("", ""));
        // Section id 0, size in three bytes, name of one byte, contents.
        let rest = bytes - module.len() - 4;
        let custom = CustomSection {
            name: "p".into(),
            data: vec![0; rest - 2].into(),
        };
        module.push(0);
        custom.encode(&mut module);
        assert_eq!(module.len(), bytes);
        module
    };
    refuses!(bytes padded(131_073), padded(131_072), Invalid::TooLarge { bytes: 131_073 });
}

#[test]
fn more_than_4096_functions() {
    // One is the entry point.
    let text = |functions: usize| module("", &"(func)".repeat(functions));
    refuses!(
        text(4_096),
        text(4_095),
        Invalid::Functions { functions: 4_097 }
    );
}

#[test]
fn more_than_513_imports() {
    let text = |imports: usize| {
        module(
            &r#"(import "vm_hooks" "msg_value" (func (param i32)))"#.repeat(imports),
            "",
        )
    };
    refuses!(text(514), text(513), Invalid::Imports { imports: 514 });
}

#[test]
fn more_than_1024_exports() {
    // Two are the memory and the entry point.
    let text = |exports: usize| {
        let exports: String = (0..exports)
            .map(|n| format!(r#"(export "e{n}" (func $f))"#))
            .collect();
        module("", &format!("(func $f) {exports}"))
    };
    refuses!(
        text(1_023),
        text(1_022),
        Invalid::Exports { exports: 1_025 }
    );
}

#[test]
fn more_than_128_segments() {
    let data = |segments: usize| module("", &r#"(data (i32.const 0) "x")"#.repeat(segments));
    refuses!(
        data(129),
        data(128),
        Invalid::DataSegments { segments: 129 }
    );
    let elements = |segments: usize| {
        module(
            "",
            &format!(
                "(table 1 funcref) (func $f) {}",
                "(elem (i32.const 0) func $f)".repeat(segments)
            ),
        )
    };
    refuses!(
        elements(129),
        elements(128),
        Invalid::ElementSegments { segments: 129 }
    );
}

#[test]
fn more_than_348_locals() {
    let text = |params: usize, locals: usize| {
        module(
            "",
            &format!(
                "(func (param {}) (local {}))",
                "i32 ".repeat(params),
                "i64 ".repeat(locals)
            ),
        )
    };
    refuses!(
        text(0, 349),
        text(0, 348),
        Invalid::Locals {
            function: 1,
            locals: 349
        }
    );
    refuses!(
        text(1, 348),
        text(1, 347),
        Invalid::Locals {
            function: 1,
            locals: 349
        }
    );
    refuses!(
        text(349, 0),
        text(348, 0),
        Invalid::Locals {
            function: 1,
            locals: 349
        }
    );
}

#[test]
fn more_than_65536_operators() {
    // The end of the function is one.
    let text = |nops: usize| module("", &format!("(func {})", "nop ".repeat(nops)));
    refuses!(text(65_536), text(65_535), Invalid::Ops { function: 1 });
}

#[test]
fn more_than_4096_table_entries() {
    let text = |entries: usize| module("", &format!("(table {entries} funcref)"));
    refuses!(
        text(4_097),
        text(4_096),
        Invalid::TableEntries { entries: 4_097 }
    );
}

#[test]
fn names_beyond_512_bytes() {
    let export = |bytes: usize| module("", &format!(r#"(func (export "{}"))"#, "n".repeat(bytes)));
    refuses!(
        export(513),
        export(512),
        Invalid::Name {
            kind: "export",
            bytes: 513,
            ..
        }
    );
    let function = |bytes: usize| module("", &format!("(func ${})", "n".repeat(bytes)));
    refuses!(
        function(513),
        function(512),
        Invalid::Name {
            kind: "function",
            bytes: 513,
            ..
        }
    );

    // An import of a long name is unknown in any case; the length is seen first.
    let import =
        |name: &str, of: &str| wasm(&module(&format!(r#"(import "{of}" "{name}" (func))"#), ""));
    let long = "n".repeat(513);
    let fits = "n".repeat(512);
    assert!(matches!(
        verdict(&import(&long, "vm_hooks"), &CHAIN),
        Err(Invalid::Name { kind: "import", .. })
    ));
    assert!(matches!(
        verdict(&import(&fits, "vm_hooks"), &CHAIN),
        Err(Invalid::UnknownImport { .. })
    ));
    assert!(matches!(
        verdict(&import("f", &long), &CHAIN),
        Err(Invalid::Name {
            kind: "import module",
            ..
        })
    ));
    assert!(matches!(
        verdict(&import("f", &fits), &CHAIN),
        Err(Invalid::UnknownImport { .. })
    ));
}

#[test]
fn export_names_kept_for_the_instrumentation() {
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
fn what_is_no_module() {
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

#[test]
fn memory_instructions_with_a_long_memory_index() {
    // memory.size and drop; the index is the byte 0, not a longer form of it.
    let size = |index: &[u8]| by_hand(&[&[0x3f], index, &[0x1a]].concat(), None, DATA);
    refuses!(bytes size(&[0x80, 0]), size(&[0]), Invalid::Malformed { .. });
}
