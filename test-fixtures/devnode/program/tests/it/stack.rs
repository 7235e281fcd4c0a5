//! The depth of the stack: counted in words, given back on every way out, refused when exhausted.

use agentcity_devnode_program::limits::MAX_STACK_WORDS;
use agentcity_devnode_program::{Program, ProgramRules, STACK_EXHAUSTED};

use crate::rig::{Rig, check, entry, wasm};

const PLENTY: u64 = 1_000_000_000_000;

#[test]
fn a_frame_is_parameters_locals_operands_and_four_words() {
    for (body, words) in [
        ("i32.const 0", 1 + 1 + 4),
        ("(local i32 i64) i32.const 0", 3 + 1 + 4),
        ("i32.const 0 i32.const 0 i64.const 0 drop drop", 1 + 3 + 4),
        ("i32.const 0 i32.const 1 i32.add", 1 + 2 + 4),
        // The operands of an outer block stay below those of an inner one.
        (
            "i32.const 0 block i32.const 1 i32.const 2 drop drop end",
            1 + 3 + 4,
        ),
    ] {
        assert_eq!(
            check(&wasm(&entry("", body))).facts().max_stack_words,
            words,
            "{body}"
        );
    }
}

#[test]
fn the_largest_function_counts() {
    let program = check(&wasm(&entry(
        "(func (local i32 i32 i32 i32 i32 i32 i32))",
        "i32.const 0",
    )));
    assert_eq!(program.facts().max_stack_words, 11);
}

#[test]
fn a_running_function_has_taken_its_frame() {
    let mut rig = Rig::new(&entry(
        "(func $f (local i64) call $msg_reentrant drop)",
        "call $f i32.const 0",
    ));
    rig.call(0, PLENTY).unwrap();
    // Entry: 1 + 1 + 4. Function: 1 + 1 + 4.
    assert_eq!(rig.seen().calls[0].2, 262_144 - 6 - 6);
    assert_eq!(rig.stack(), 262_144);
}

#[test]
fn every_way_out_gives_the_frame_back() {
    let ways = [
        ("the end", "local.get 0"),
        ("return", "local.get 0 return"),
        (
            "return with more on the stack",
            "i32.const 1 i32.const 2 local.get 0 return",
        ),
        (
            "return from blocks",
            "block loop local.get 0 return end end i32.const 9",
        ),
        ("br to the function", "local.get 0 br 0"),
        (
            "br from blocks to the function",
            "block block local.get 0 br 2 end end i32.const 9",
        ),
        (
            "br_if to the function",
            "block local.get 0 i32.const 1 br_if 1 drop end i32.const 9",
        ),
        (
            "br_table to the function",
            "block (result i32) local.get 0 i32.const 5 br_table 0 1 end drop i32.const 9",
        ),
        (
            "return from an if",
            "i32.const 1 if local.get 0 return else end i32.const 9",
        ),
        (
            "return from an else",
            "i32.const 0 if else local.get 0 return end i32.const 9",
        ),
    ];
    for (way, body) in ways {
        let function = format!("(func $f (param i32) (result i32) {body})");
        let mut rig = Rig::new(&entry(&function, "local.get 0 call $f"));
        assert_eq!(rig.call(42, PLENTY).unwrap(), 42, "{way}");
        assert_eq!(rig.stack(), MAX_STACK_WORDS as i32, "{way}");
        assert_eq!(rig.status(), 0, "{way}");
    }
}

/// Calls itself as many times as its argument says. Frame: 1 + 340 + 2 + 4 = 347 words; the entry point takes 6.
fn recursion() -> String {
    let locals = "i64 ".repeat(340);
    entry(
        &format!(
            "(func $r (param i32) (local {locals})
                local.get 0 if local.get 0 i32.const 1 i32.sub call $r end)"
        ),
        "local.get 0 call $r i32.const 7",
    )
}

#[test]
fn recursion_may_use_the_whole_stack() {
    // 755 frames: 755 · 347 = 261,985 of 262,138 words.
    let mut rig = Rig::new(&recursion());
    assert_eq!(rig.call(754, PLENTY).unwrap(), 7);
    assert_eq!(rig.stack(), 262_144);
}

#[test]
fn one_frame_too_many_traps_and_says_so() {
    let mut rig = Rig::new(&recursion());
    rig.call(755, PLENTY).unwrap_err();
    assert_eq!(rig.stack(), STACK_EXHAUSTED);
    assert_eq!(rig.status(), 0, "not for want of ink");
    assert!(rig.ink() > 0);
}

#[test]
fn a_function_without_any_variables_cannot_recurse_for_ever() {
    // Frame of 4 words: 65,534 of them beside the entry point.
    let mut rig = Rig::new(&entry("(func $r call $r)", "call $r i32.const 0"));
    rig.call(0, PLENTY).unwrap_err();
    assert_eq!(rig.stack(), STACK_EXHAUSTED);
}

#[test]
fn several_results_leave_through_the_same_door() {
    let rules = ProgramRules {
        multi_value: true,
        ..Default::default()
    };
    let text = entry(
        "(func $f (param i32) (result i32 i64 i32)
            local.get 0 if i32.const 1 i64.const 2 i32.const 3 return end i32.const 10 i64.const 20 i32.const 30)",
        "local.get 0 call $f local.set 0 drop local.get 0 i32.add",
    );
    let program = Program::check(&wasm(&text), &rules).unwrap();
    for (argument, sum) in [(1, 4), (0, 40)] {
        let mut rig = Rig::start(&program.instrument());
        assert_eq!(rig.call(argument, PLENTY).unwrap(), sum);
        assert_eq!(rig.stack(), 262_144);
    }
}
