//! Instructions, types and encodings beyond the accepted subset of WebAssembly.

use super::*;

#[test]
fn refuses_a_data_count_section() {
    let count = RawSection {
        id: SectionId::DataCount as u8,
        data: &[1],
    };
    refuses!(bytes by_hand(&[], Some(count), DATA), by_hand(&[], None, DATA), Invalid::DataCount { offset: 0x40.. });
}

#[test]
fn refuses_a_second_memory() {
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
fn refuses_memory_and_tables_of_another_address_size() {
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
fn refuses_threads() {
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
fn refuses_reference_types() {
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
fn refuses_bulk_memory_beyond_copy_and_fill() {
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
fn refuses_simd() {
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
fn refuses_tail_calls() {
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
fn refuses_floats() {
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
fn refuses_multi_value() {
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
fn refuses_garbage_collection() {
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
fn refuses_exceptions() {
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
fn refuses_instructions_of_other_proposals() {
    refuses_op!(
        "",
        "i64.const 0 i64.const 0 i64.const 0 i64.const 0 i64.add128 drop drop",
        Invalid::Unsupported { .. }
    );
}

#[test]
fn refuses_arithmetic_in_constant_expressions() {
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
fn refuses_a_table_index_of_several_bytes() {
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
fn refuses_memory_instructions_with_a_long_memory_index() {
    // memory.size and drop; the index is the byte 0, not a longer form of it.
    let size = |index: &[u8]| by_hand(&[&[0x3f], index, &[0x1a]].concat(), None, DATA);
    refuses!(bytes size(&[0x80, 0]), size(&[0]), Invalid::Malformed { .. });
}
