//! Modules made to hurt: each is either refused or metered, compiled and stopped.

use std::fmt::Write;

use crate::rig::{Rig, check, entry, wasm};

const PLENTY: u64 = 1_000_000_000_000;

#[test]
fn blocks_nested_as_deep_as_a_body_allows_still_run() {
    let depth = 32_000;
    let mut rig = Rig::new(&entry(
        "",
        &format!(
            "{} {} i32.const 7",
            "block ".repeat(depth),
            "end ".repeat(depth)
        ),
    ));
    assert_eq!(rig.call(0, PLENTY).unwrap(), 7);
}

#[test]
fn a_table_of_many_targets_is_paid_by_its_size() {
    let targets = 60_000;
    let mut rig = Rig::new(&entry(
        "",
        &format!(
            "block local.get 0 br_table {} end i32.const 7",
            "0 ".repeat(targets + 1)
        ),
    ));
    assert_eq!(rig.call(59_999, PLENTY).unwrap(), 7);
    // [block get br_table] 2,450 + 1 + 75 + 2,400 + 60,000 · 325, [const end] 2,452
    assert_eq!(PLENTY - rig.ink(), 19_507_378);
}

#[test]
fn a_module_of_tiny_blocks_grows_by_a_bounded_factor() {
    let bytes = wasm(&entry(
        "",
        &format!("{} i32.const 7", "block end ".repeat(20_000)),
    ));
    let instrumented = check(&bytes).instrument();
    assert!(
        instrumented.len() < 16 * bytes.len(),
        "{} became {}",
        bytes.len(),
        instrumented.len()
    );
    assert_eq!(Rig::start(&instrumented).call(0, PLENTY).unwrap(), 7);
}

#[test]
fn thousands_of_functions_calling_on_are_stopped_by_the_stack_or_finish() {
    let mut functions = String::new();
    for n in 0..4_000 {
        writeln!(
            functions,
            "(func $f{n} (param i32) (result i32) local.get 0 call $f{})",
            n + 1
        )
        .unwrap();
    }
    functions.push_str("(func $f4000 (param i32) (result i32) local.get 0)");
    // 4,001 frames of 6 words.
    let mut rig = Rig::new(&entry(&functions, "local.get 0 call $f0"));
    assert_eq!(rig.call(5, PLENTY).unwrap(), 5);
    assert_eq!(rig.stack(), 262_144);
}

#[test]
fn indirect_recursion_is_stopped_by_the_stack() {
    let declarations = "(type $t (func)) (table 1 funcref) (elem (i32.const 0) func $r)
        (func $r (type $t) i32.const 0 call_indirect (type $t))";
    let mut rig = Rig::new(&entry(declarations, "call $r i32.const 0"));
    rig.call(0, PLENTY).unwrap_err();
    assert_eq!(rig.stack(), agentcity_devnode_program::STACK_EXHAUSTED);
}
