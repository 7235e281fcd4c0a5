//! Ink: what each opcode class costs, computed by hand from the published table.
//!
//! Every number below is a literal: 2,450 for entering a basic block, then the published price of each opcode of it.

use crate::rig::{Rig, entry};

const PLENTY: u64 = 1_000_000_000_000;

fn spent(declarations: &str, body: &str, argument: i32) -> u64 {
    let mut rig = Rig::new(&entry(declarations, body));
    rig.call(argument, PLENTY)
        .unwrap_or_else(|error| panic!("{body}: {error}"));
    assert_eq!(rig.status(), 0);
    PLENTY - rig.ink()
}

/// Text that puts operands, text that makes an i32 of the result, ink of both, and opcodes with their prices.
type Row = (
    &'static str,
    &'static str,
    u64,
    &'static [(&'static str, u64)],
);

/// Every published opcode that neither branches nor calls.
#[rustfmt::skip]
const STRAIGHT: &[Row] = &[
    ("", "i32.const 0", 1, &[("nop", 1)]),
    ("i32.const 1", "i32.const 0", 1 + 1, &[("drop", 9)]),
    ("i64.const 1", "i32.const 0", 1 + 1, &[("drop", 9)]),
    ("i32.const 1 i32.const 2 i32.const 3", "", 1 + 1 + 1, &[("select", 1_250)]),
    ("", "", 0, &[("local.get 0", 75), ("global.get $g", 225), ("memory.size", 3_000), ("i32.const -1", 1)]),
    ("", "drop i32.const 0", 9 + 1, &[("i64.const -1", 1)]),
    ("i32.const 1", "i32.const 0", 1 + 1, &[("local.set 0", 210), ("global.set $g", 575)]),
    ("i32.const 1", "", 1, &[("local.tee 0", 75), ("memory.grow", 8_050)]),
    ("i32.const 8", "", 1, &[
        ("i32.load", 670), ("i32.load8_s", 670), ("i32.load8_u", 670), ("i32.load16_s", 670), ("i32.load16_u", 670),
    ]),
    ("i32.const 8", "drop i32.const 0", 1 + 9 + 1, &[
        ("i64.load", 680), ("i64.load8_s", 680), ("i64.load8_u", 680), ("i64.load16_s", 680), ("i64.load16_u", 680),
        ("i64.load32_s", 680), ("i64.load32_u", 680),
    ]),
    ("i32.const 8 i32.const 1", "i32.const 0", 1 + 1 + 1, &[
        ("i32.store", 825), ("i32.store8", 825), ("i32.store16", 825),
    ]),
    ("i32.const 8 i64.const 1", "i32.const 0", 1 + 1 + 1, &[
        ("i64.store", 950), ("i64.store8", 950), ("i64.store16", 950), ("i64.store32", 950),
    ]),
    ("i32.const 8", "", 1, &[
        ("i32.eqz", 170), ("i32.clz", 210), ("i32.ctz", 210), ("i32.popcnt", 2_650),
        ("i32.extend8_s", 100), ("i32.extend16_s", 100),
    ]),
    ("i32.const 8 i32.const 3", "", 1 + 1, &[
        ("i32.eq", 170), ("i32.ne", 170), ("i32.lt_s", 170), ("i32.lt_u", 170), ("i32.gt_s", 170), ("i32.gt_u", 170),
        ("i32.le_s", 170), ("i32.le_u", 170), ("i32.ge_s", 170), ("i32.ge_u", 170),
        ("i32.add", 70), ("i32.sub", 70), ("i32.mul", 160),
        ("i32.div_s", 1_120), ("i32.div_u", 1_120), ("i32.rem_s", 1_120), ("i32.rem_u", 1_120),
        ("i32.and", 70), ("i32.or", 70), ("i32.xor", 70), ("i32.shl", 70), ("i32.shr_s", 70), ("i32.shr_u", 70),
        ("i32.rotl", 70), ("i32.rotr", 70),
    ]),
    ("i64.const 8", "", 1, &[("i64.eqz", 225), ("i32.wrap_i64", 100)]),
    ("i64.const 8 i64.const 3", "", 1 + 1, &[
        ("i64.eq", 225), ("i64.ne", 225), ("i64.lt_s", 225), ("i64.lt_u", 225), ("i64.gt_s", 225), ("i64.gt_u", 225),
        ("i64.le_s", 225), ("i64.le_u", 225), ("i64.ge_s", 225), ("i64.ge_u", 225),
    ]),
    ("i64.const 8", "drop i32.const 0", 1 + 9 + 1, &[
        ("i64.clz", 210), ("i64.ctz", 210), ("i64.popcnt", 6_000),
        ("i64.extend8_s", 100), ("i64.extend16_s", 100), ("i64.extend32_s", 100),
    ]),
    ("i64.const 8 i64.const 3", "drop i32.const 0", 1 + 1 + 9 + 1, &[
        ("i64.add", 100), ("i64.sub", 100), ("i64.mul", 160),
        ("i64.div_s", 1_270), ("i64.div_u", 1_270), ("i64.rem_s", 1_270), ("i64.rem_u", 1_270),
        ("i64.and", 100), ("i64.or", 100), ("i64.xor", 100), ("i64.shl", 100), ("i64.shr_s", 100), ("i64.shr_u", 100),
        ("i64.rotl", 100), ("i64.rotr", 100),
    ]),
    ("i32.const 8", "drop i32.const 0", 1 + 9 + 1, &[("i64.extend_i32_s", 100), ("i64.extend_i32_u", 100)]),
];

#[test]
fn each_straight_opcode_costs_its_published_ink() {
    let mut opcodes = 0;
    for (operands, rest, around, rows) in STRAIGHT {
        for (opcode, price) in *rows {
            let used = spent(
                "(global $g (mut i32) (i32.const 0))",
                &format!("{operands} {opcode} {rest}"),
                0,
            );
            // One block: its base, the operands and rest, the opcode, and the final end.
            assert_eq!(used, 2_450 + around + price + 1, "{opcode}");
            opcodes += 1;
        }
    }
    // `drop` is there for both types.
    assert_eq!(opcodes, 98);
}

/// What, declarations, body, argument, ink.
#[rustfmt::skip]
const CONTROL: &[(&str, &str, &str, i32, u64)] = &[
    // [block nop end] 2,450+1+1+1, [const end] 2,450+1+1
    ("block", "", "block nop end i32.const 0", 0, 4_905),
    // [const set loop] 2,662, 3 × [get const sub tee br_if] 3,436, [end] 2,451, [const end] 2,452
    ("loop", "", "i32.const 3 local.set 0 loop $l local.get 0 i32.const 1 i32.sub local.tee 0 br_if $l end i32.const 0",
        0, 17_873),
    // [get if] 3,290, [const else] 2,452, [end] 2,451
    ("if, taken", "", "local.get 0 if (result i32) i32.const 1 else nop i32.const 2 end", 1, 8_193),
    // [get if] 3,290, [nop const end] 2,453, [end] 2,451
    ("if, else", "", "local.get 0 if (result i32) i32.const 1 else nop i32.const 2 end", 0, 8_194),
    // [get if] 3,290, [nop end] 2,452, [const end] 2,452
    ("if without else, taken", "", "local.get 0 if nop end i32.const 0", 1, 8_194),
    // [get if] 3,290, [const end] 2,452
    ("if without else, skipped", "", "local.get 0 if nop end i32.const 0", 0, 5_742),
    // [block br] 3,216, [const end] 2,452; the block's own end is never reached
    ("br", "", "block br 0 end i32.const 0", 0, 5_668),
    // [const br] 3,216
    ("br out of the function", "", "i32.const 0 br 0", 0, 3_216),
    // [block get br_if] 3,291, [const end] 2,452
    ("br_if, taken", "", "block local.get 0 br_if 0 end i32.const 0", 1, 5_743),
    // [block get br_if] 3,291, [end] 2,451, [const end] 2,452
    ("br_if, not taken", "", "block local.get 0 br_if 0 end i32.const 0", 0, 8_194),
    // [block block block get br_table of 2] 2,450+3+75+2,400+650, [end] [end] 4,902, [const end] 2,452
    ("br_table, first", "", "block block block local.get 0 br_table 0 1 2 end end end i32.const 0", 0, 12_932),
    // the same, [end] 2,451, [const end] 2,452
    ("br_table, second", "", "block block block local.get 0 br_table 0 1 2 end end end i32.const 0", 1, 10_481),
    // the same, [const end] 2,452
    ("br_table, default", "", "block block block local.get 0 br_table 0 1 2 end end end i32.const 0", 9, 8_030),
    // [block get br_table of 0] 2,450+1+75+2,400, [const end] 2,452
    ("br_table, default only", "", "block local.get 0 br_table 0 end i32.const 0", 5, 7_378),
    // [const return] 2,452; what follows is never reached
    ("return", "", "i32.const 0 return i32.const 1 drop", 0, 2_452),
    // [block loop] 2,452, [const return] 2,452
    ("return from nested blocks", "", "block loop i32.const 0 return end end i32.const 1", 0, 4_904),
    // [call] 6,250, [end] 2,451, [const end] 2,452
    ("call", "(func $f)", "call $f i32.const 0", 0, 11_153),
    // [get const call] 6,326, [get get add end] 2,671, [end] 2,451
    ("call with arguments", "(func $f (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)",
        "local.get 0 i32.const 2 call $f", 1, 11_448),
    // [call] 6,250, [end] 2,451; the host function adds its own, here nothing
    ("call of a host function", "", "call $msg_reentrant", 0, 8_701),
    // [const call_indirect of 0] 2,450+1+13,610, [const end] 2,452, [end] 2,451
    ("call_indirect without arguments",
        "(type $t (func (result i32))) (table 1 funcref) (elem (i32.const 0) func $f) (func $f (type $t) i32.const 7)",
        "i32.const 0 call_indirect (type $t)", 0, 20_964),
    // [4 const, call_indirect of 3] 2,450+4+13,610+1,950, [const end] 2,452, [end] 2,451
    ("call_indirect with three arguments",
        "(type $t (func (param i32 i32 i64) (result i32))) (table 1 funcref) (elem (i32.const 0) func $f) (func $f (type $t) i32.const 7)",
        "i32.const 0 i32.const 0 i64.const 0 i32.const 0 call_indirect (type $t)", 0, 22_917),
    // [3 const, fill, const, end] 2,450+3+950+1+1, 10 bytes 1,000
    ("memory.fill", "", "i32.const 0 i32.const 7 i32.const 10 memory.fill i32.const 0", 0, 4_405),
    // the same, no bytes
    ("memory.fill of nothing", "", "i32.const 0 i32.const 7 i32.const 0 memory.fill i32.const 0", 0, 3_405),
    // the same, 64 bytes 6,400
    ("memory.copy", "", "i32.const 0 i32.const 64 i32.const 64 memory.copy i32.const 0", 0, 9_805),
    // the same, 65,536 bytes 6,553,600
    ("memory.copy of a page", "", "i32.const 0 i32.const 0 i32.const 65536 memory.copy i32.const 0", 0, 6_557_005),
    // [const grow drop const grow end] 2,450+1+8,050+9+1+8,050+1
    ("memory.grow twice", "", "i32.const 1 memory.grow drop i32.const 0 memory.grow", 0, 18_562),
];

#[test]
fn each_way_through_a_program_costs_the_blocks_it_enters() {
    for (what, declarations, body, argument, ink) in CONTROL {
        assert_eq!(spent(declarations, body, *argument), *ink, "{what}");
    }
}

#[test]
fn a_trap_has_paid_for_its_block() {
    let mut rig = Rig::new(&entry("", "nop unreachable"));
    // [nop unreachable end]
    rig.call(0, 10_000).unwrap_err();
    assert_eq!((rig.ink(), rig.status()), (10_000 - 2_453, 0));
}

#[test]
fn the_last_ink_is_enough_and_one_less_is_not() {
    let text = entry("", "block nop end i32.const 7");
    let mut rig = Rig::new(&text);
    assert_eq!(rig.call(0, 4_905).unwrap(), 7);
    assert_eq!((rig.ink(), rig.status()), (0, 0));

    let mut rig = Rig::new(&text);
    rig.call(0, 4_904).unwrap_err();
    assert_eq!((rig.ink(), rig.status()), (0, 1), "what was left is gone");
}

#[test]
fn no_ink_runs_nothing() {
    let mut rig = Rig::new(&entry("", "call $msg_reentrant"));
    rig.call(0, 0).unwrap_err();
    assert_eq!((rig.ink(), rig.status()), (0, 1));
    assert!(rig.seen().calls.is_empty());
}

#[test]
fn all_64_bits_of_ink_count() {
    let mut rig = Rig::new(&entry("", "i32.const 7"));
    assert_eq!(rig.call(0, u64::MAX).unwrap(), 7);
    assert_eq!(rig.ink(), u64::MAX - 2_452);
}

#[test]
fn an_endless_loop_ends_with_its_ink() {
    let mut rig = Rig::new(&entry("", "loop $l br $l end i32.const 0"));
    rig.call(0, 100_000_000).unwrap_err();
    assert_eq!((rig.ink(), rig.status()), (0, 1));
}

#[test]
fn the_bytes_of_a_copy_are_paid_before_it_runs() {
    // The copy would trap, 4 GiB being out of bounds; without ink for it, it is not tried.
    let text = entry(
        "",
        "i32.const 0 i32.const 0 i32.const -1 memory.copy i32.const 0",
    );
    let mut rig = Rig::new(&text);
    rig.call(0, 3_405 + 4_294_967_295 * 100 - 1).unwrap_err();
    assert_eq!((rig.ink(), rig.status()), (0, 1));

    let mut rig = Rig::new(&text);
    rig.call(0, 3_405 + 4_294_967_295 * 100).unwrap_err();
    assert_eq!(
        (rig.ink(), rig.status()),
        (0, 0),
        "paid, then out of bounds"
    );
}

#[test]
fn growth_is_paid_by_the_host_before_it_happens() {
    let mut rig = Rig::new(&entry("", "i32.const 2 memory.grow drop memory.size"));
    assert_eq!(rig.call(0, PLENTY).unwrap(), 3);
    let calls: Vec<_> = rig
        .seen()
        .calls
        .iter()
        .map(|(name, args, _)| (name.as_str(), args.as_slice()))
        .collect();
    assert_eq!(calls, [("pay_for_memory_grow", &[2][..])]);
}

#[test]
fn growth_beyond_sixteen_bits_is_paid_as_the_most_the_host_can_hear() {
    for pages in [65_535, 65_536, 65_537, -1] {
        let mut rig = Rig::new(&entry("", "local.get 0 memory.grow"));
        assert_eq!(rig.call(pages, PLENTY).unwrap(), -1);
        assert_eq!(rig.seen().calls[0].1, [65_535]);
    }
}

#[test]
fn memory_stops_at_128_pages() {
    let mut rig = Rig::new(&entry("", "local.get 0 memory.grow"));
    assert_eq!(rig.call(127, PLENTY).unwrap(), 1);
    let mut rig = Rig::new(&entry("", "local.get 0 memory.grow"));
    assert_eq!(rig.call(128, PLENTY).unwrap(), -1);
}
