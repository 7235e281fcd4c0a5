//! Hostile bytes never panic, and whatever is accepted is instrumented into a valid module that computes the same.

use agentcity_devnode_program::{INK_LEFT, Program, ProgramRules, pack};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngSeed, TestRunner};
use wasmparser::{Validator, WasmFeatures};

use crate::rig::{Rig, check, entry, module, wasm};

/// One seed for every property, so that a failure is the same everywhere; proptest prints the case it shrank.
const SEED: u64 = 0x5eed;

fn cases(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(SEED),
        failure_persistence: None,
        ..ProptestConfig::default()
    })
}

const RULES: [ProgramRules; 2] = [
    ProgramRules {
        debug: false,
        multi_value: false,
    },
    ProgramRules {
        debug: true,
        multi_value: true,
    },
];

/// Checks under all rules; what passes must be instrumented validly.
fn survives(bytes: &[u8]) -> bool {
    let mut accepted = false;
    for rules in &RULES {
        if let Ok(program) = Program::check(bytes, rules) {
            accepted = true;
            assert_valid(&program.instrument(), rules);
        }
    }
    accepted
}

fn assert_valid(instrumented: &[u8], rules: &ProgramRules) {
    let mut features = WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::BULK_MEMORY_OPT
        | WasmFeatures::GC_TYPES;
    features.set(WasmFeatures::MULTI_VALUE, rules.multi_value);
    Validator::new_with_features(features)
        .validate_all(instrumented)
        .expect("instrumented modules are valid");
}

#[test]
fn arbitrary_bytes_never_panic() {
    let bytes = (any::<bool>(), vec(any::<u8>(), 0..512));
    cases(2_000)
        .run(&bytes, |(header, bytes)| {
            let bytes = if header {
                [b"\0asm\x01\0\0\0", &*bytes].concat()
            } else {
                bytes
            };
            survives(&bytes);
            let _ = pack::classify(&bytes);
            let _ = pack::decompress(&bytes);
            let _ = pack::unpack_program(&[&pack::PROGRAM_PREFIX, &*bytes].concat());
            if let Ok(root) = pack::parse_root(&[&pack::ROOT_PREFIX, &*bytes].concat()) {
                let _ = pack::unpack_fragments(&root, &[&bytes, &bytes]);
            }
            Ok(())
        })
        .unwrap();
}

/// One change of a byte string.
#[derive(Clone, Debug)]
enum Edit {
    Set(Index, u8),
    Flip(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
    Repeat(Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (any::<Index>(), 0..8u8).prop_map(|(at, bit)| Edit::Flip(at, 1 << bit)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Insert(at, byte)),
        any::<Index>().prop_map(Edit::Remove),
        any::<Index>().prop_map(Edit::Cut),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Edit::Repeat(from, to)),
    ]
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match edit {
        Edit::Set(at, byte) => bytes[at.index(length)] = *byte,
        Edit::Flip(at, mask) => bytes[at.index(length)] ^= mask,
        Edit::Insert(at, byte) => bytes.insert(at.index(length), *byte),
        Edit::Remove(at) => drop(bytes.remove(at.index(length))),
        Edit::Cut(at) => bytes.truncate(at.index(length)),
        Edit::Repeat(from, to) => {
            let (from, to) = (from.index(length), to.index(length));
            bytes.extend_from_within(from.min(to)..from.max(to));
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    [
        module("", "(func (param i32 i64) (result i64) (local i32) local.get 1)"),
        entry("(table 2 funcref) (elem (i32.const 0) func $entry)", "local.get 0 i32.const 1 memory.grow i32.add"),
        entry("", "block loop local.get 0 br_table 0 1 2 end end i32.const 0 i32.const 0 i32.const 9 memory.fill i32.const 3"),
        entry(
            r#"(type $t (func (param i32) (result i32))) (table 1 funcref) (global $g (mut i64) (i64.const 5))
                (data (i32.const 9) "some data")"#,
            "local.get 0 if (result i32) i32.const 1 return else local.get 0 i32.const 0 call_indirect (type $t) end",
        ),
    ]
    .iter()
    .map(|text| wasm(text))
    .collect()
}

#[test]
fn damaged_modules_never_panic() {
    let seeds = seeds();
    let accepted = std::cell::Cell::new(0);
    cases(4_000)
        .run(&(any::<Index>(), vec(edit(), 1..4)), |(seed, edits)| {
            let mut bytes = seeds[seed.index(seeds.len())].clone();
            edits.iter().for_each(|edit| apply(&mut bytes, edit));
            accepted.set(accepted.get() + u32::from(survives(&bytes)));
            Ok(())
        })
        .unwrap();
    // Were all refused, instrumentation would not have been tried.
    assert!(
        accepted.get() > 40,
        "only {} damaged modules were accepted",
        accepted.get()
    );
}

/// A statement: leaves the operand stack as it was. Text of a function with two i32 parameters and an i64 local.
fn statement(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        Just("nop".to_owned()),
        (0..2u32, expression()).prop_map(|(local, value)| format!("{value} local.set {local}")),
        expression().prop_map(|value| format!("{value} drop")),
        (expression(), expression()).prop_map(|(at, value)| {
            format!("{at} i32.const 0xffff i32.and {value} i32.store8")
        }),
        (expression(), expression()).prop_map(|(at, value)| {
            format!("{at} i32.const 0xff i32.and {value} i32.const 40 memory.fill")
        }),
        expression().prop_map(|value| format!("{value} i32.const 1 i32.and memory.grow drop")),
        Just("local.get 2 i64.const 3 i64.mul local.set 2".to_owned()),
        // Ways out: of the enclosing blocks or, with the deepest, of the function.
        expression().prop_map(|value| format!("{value} if local.get 1 return else nop end")),
        (expression(), 0..=depth)
            .prop_map(|(value, label)| format!("local.get 0 {value} br_if {label} drop")),
        (expression(), 0..=depth + 1, 0..=depth + 1).prop_map(|(value, a, b)| {
            format!("block (result i32) local.get 0 {value} br_table {a} {b} {a} end drop")
        }),
        expression().prop_map(|value| format!("{value} local.get 1 call $g drop")),
    ];
    // Labels above take a value, so each generated block yields one, dropped at once.
    if depth >= 3 {
        return leaf.boxed();
    }
    let inner = vec(statement(depth + 1), 0..4).prop_map(|body| body.join("\n"));
    prop_oneof![
        3 => leaf,
        1 => inner.clone().prop_map(|body| format!("block (result i32)\n{body}\nlocal.get 1 end drop")),
        1 => (expression(), inner.clone(), inner)
            .prop_map(|(value, a, b)| format!("{value} if (result i32)\n{a}\nlocal.get 0 else\n{b}\nlocal.get 1 end drop")),
    ]
    .boxed()
}

fn expression() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i16>().prop_map(|value| format!("i32.const {value}")),
        (0..2u32).prop_map(|local| format!("local.get {local}")),
        (
            0..2u32,
            any::<i8>(),
            prop::sample::select(vec!["add", "mul", "xor", "lt_u", "shr_u", "rotl"])
        )
            .prop_map(|(local, value, op)| format!("local.get {local} i32.const {value} i32.{op}")),
        Just("local.get 0 i32.const 0xffff i32.and i32.load8_u".to_owned()),
        Just("memory.size".to_owned()),
        Just("local.get 2 i32.wrap_i64".to_owned()),
    ]
}

/// A module of two functions: `$g` runs `inner`, and the entry point runs `outer` around a counted loop that calls it.
fn random_module() -> impl Strategy<Value = String> {
    let body = || vec(statement(0), 0..6).prop_map(|body| body.join("\n"));
    (body(), body(), 1..4u32).prop_map(|(inner, outer, rounds)| {
        // $g may call itself, so a call counts down a global and gives up at zero.
        let declarations = format!(
            "(global $fuel (mut i32) (i32.const 50))
            (func $g (param i32 i32) (result i32) (local i64)
                global.get $fuel i32.eqz if i32.const 77 return end
                global.get $fuel i32.const 1 i32.sub global.set $fuel
                {inner}
                local.get 0 local.get 1 i32.add)"
        );
        let entry_body = format!(
            "(local i32 i64) (local $round i32)
            i32.const {rounds} local.set $round
            loop $again
                local.get 0 local.get 1 call $g local.set 1
                local.get $round i32.const 1 i32.sub local.tee $round br_if $again
            end
            local.get 0 local.get 1 call $h",
        );
        entry(
            &format!(
                "{declarations}
                (func $h (param i32 i32) (result i32) (local i64)
                    {outer}
                    local.get 1)"
            ),
            &entry_body,
        )
    })
}

#[test]
fn metering_changes_no_result() {
    let finished = std::cell::Cell::new(0);
    cases(300)
        .run(&(random_module(), any::<i32>()), |(text, argument)| {
            let bytes = wasm(&text);
            let program = check(&bytes);
            let instrumented = program.instrument();
            assert_valid(&instrumented, &ProgramRules::default());

            let mut metered = Rig::start(&instrumented);
            let mut plain = Rig::start(&bytes);
            let ink = 1_000_000_000_000;
            match (metered.call(argument, ink), plain.call_unmetered(argument)) {
                (Ok(metered), Ok(plain)) => {
                    finished.set(finished.get() + 1);
                    prop_assert_eq!(metered, plain);
                }
                (Err(_), Err(_)) => {}
                (metered, plain) => {
                    prop_assert!(false, "{INK_LEFT}: {metered:?} against {plain:?}")
                }
            }
            prop_assert_eq!(metered.status(), 0);
            Ok(())
        })
        .unwrap();
    assert!(
        finished.get() > 150,
        "only {} modules ran to their end",
        finished.get()
    );
}

#[test]
fn metering_charges_the_same_each_time_and_stops_where_it_is_told() {
    cases(100)
        .run(
            &(random_module(), any::<i32>(), 0..1_000u64),
            |(text, argument, share)| {
                let instrumented = check(&wasm(&text)).instrument();
                let ink = 1_000_000_000_000;
                let mut first = Rig::start(&instrumented);
                let mut second = Rig::start(&instrumented);
                let outcome = first.call(argument, ink);
                prop_assert_eq!(outcome.is_ok(), second.call(argument, ink).is_ok());
                prop_assert_eq!(first.ink(), second.ink());

                // With less than it used, it stops for want of ink and has none left.
                let used = ink - first.ink();
                let less = used * share / 1_000;
                let mut starved = Rig::start(&instrumented);
                prop_assert!(starved.call(argument, less).is_err());
                prop_assert_eq!((starved.status(), starved.ink()), (1, 0));
                if outcome.is_ok() {
                    prop_assert_eq!(first.stack(), 262_144);
                    let mut exact = Rig::start(&instrumented);
                    prop_assert!(exact.call(argument, used).is_ok());
                    prop_assert_eq!(exact.ink(), 0);
                }
                Ok(())
            },
        )
        .unwrap();
}

#[test]
fn whatever_is_packed_comes_back() {
    cases(60)
        .run(
            &(vec(any::<u8>(), 0..200), 1..200usize),
            |(bytes, times)| {
                let wasm = bytes.repeat(times);
                let pack::Packed::Single(code) = pack::pack_program(&wasm).unwrap() else {
                    return Err(TestCaseError::fail("repetition compresses"));
                };
                prop_assert_eq!(pack::unpack_program(&code).unwrap(), wasm);
                Ok(())
            },
        )
        .unwrap();
}
