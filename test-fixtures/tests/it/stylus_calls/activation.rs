//! A module that breaks one rule of activation is refused with its reason; its twin without the fault activates.
//!
//! Both go through ArbWasm over RPC, the way `cargo stylus check` does it: `eth_call` with the code as an override.

use agentcity_test_fixtures::{
    Kind, Node, Sender, Settings,
    http::RpcError,
    program::{self, ARB_WASM, activate, code_of, place},
};
use alloy::{
    primitives::{Address, hex},
    sol_types::SolCall,
};
use serde_json::json;

/// One rule: a faulty module, its twin, and words of the reason.
struct Rule {
    what: &'static str,
    faulty: Vec<u8>,
    twin: Vec<u8>,
    reason: &'static str,
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const MEMORY: &str = r#"(memory (export "memory") 1 1)"#;
const ENTRY: &str = r#"(func (export "user_entrypoint") (param i32) (result i32) (i32.const 0))"#;
const PAY: &str = r#"(import "vm_hooks" "pay_for_memory_grow" (func (param i32)))"#;

/// A module with these imports, other definitions, and the plain memory and entry point.
fn plain(imports: &str, rest: &str) -> Vec<u8> {
    wat(&format!("(module {imports} {MEMORY} {ENTRY} {rest})"))
}

fn body(code: &str) -> Vec<u8> {
    plain("", &format!("(func {code})"))
}

/// Both modules by the same template.
fn by(
    what: &'static str,
    make: impl Fn(&str) -> Vec<u8>,
    faulty: &str,
    twin: &str,
    reason: &'static str,
) -> Rule {
    Rule {
        what,
        faulty: make(faulty),
        twin: make(twin),
        reason,
    }
}

/// Both modules by the same template, with a number at the limit and one above it.
fn limit(
    what: &'static str,
    make: impl Fn(usize) -> Vec<u8>,
    most: usize,
    reason: &'static str,
) -> Rule {
    Rule {
        what,
        faulty: make(most + 1),
        twin: make(most),
        reason,
    }
}

/// Inserts a section before the one with id `before`.
fn with_section(wasm: &[u8], before: u8, section: &[u8]) -> Vec<u8> {
    let mut at = 8;
    while at < wasm.len() && wasm[at] != before {
        let (mut size, mut shift, mut cursor) = (0usize, 0, at + 1);
        loop {
            let byte = wasm[cursor];
            cursor += 1;
            size |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        at = cursor + size;
    }
    [&wasm[..at], section, &wasm[at..]].concat()
}

fn features() -> Vec<Rule> {
    let with_data = plain("", r#"(data (i32.const 0) "x")"#);
    vec![
        // Section 12 with one segment, before the code section.
        Rule {
            what: "DataCount section",
            faulty: with_section(&with_data, 10, &[12, 1, 1]),
            twin: with_data,
            reason: "DataCount",
        },
        by(
            "reference types",
            |code| plain("", code),
            "(func (param externref))",
            "(func (param i32))",
            "reference types",
        ),
        by(
            "table.get",
            body,
            "(drop (table.get 0 (i32.const 0)))",
            "(drop (i32.const 0))",
            "",
        ),
        by(
            "SIMD",
            body,
            "(drop (v128.const i32x4 0 0 0 0))",
            "(drop (i32.const 0))",
            "SIMD",
        ),
        by("tail calls", body, "return_call 1", "call 1", "tail call"),
        by(
            "memory.init",
            |code| plain("", &format!(r#"(data (i32.const 0) "x") (func {code})"#)),
            "(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))",
            "nop",
            "",
        ),
        by(
            "float opcodes",
            body,
            "(drop (f32.add (f32.const 1) (f32.const 2)))",
            "(drop (i32.add (i32.const 1) (i32.const 2)))",
            "floating point",
        ),
        by(
            "multi-value",
            |code| plain("", code),
            "(func (result i32 i32) (i32.const 0) (i32.const 0))",
            "(func (result i32) (i32.const 0))",
            "multi-value",
        ),
        by(
            "start function",
            |code| plain("", &format!("(func $f) {code}")),
            "(start $f)",
            "",
            "start function",
        ),
        by("atomics", body, "(atomic.fence)", "nop", ""),
    ]
}

fn imports() -> Vec<Rule> {
    let import = |text: &str| plain(text, "");
    vec![
        by(
            "imported memory",
            |text| wat(&format!("(module {text} {ENTRY})")),
            r#"(import "vm_hooks" "memory" (memory 1 1)) (export "memory" (memory 0))"#,
            MEMORY,
            "only functions may be imported",
        ),
        by(
            "imported global",
            import,
            r#"(import "vm_hooks" "g" (global i32))"#,
            "",
            "only functions may be imported",
        ),
        by(
            "unknown function",
            import,
            r#"(import "vm_hooks" "take_money" (func))"#,
            "",
            "unknown import vm_hooks.take_money",
        ),
        by(
            "unknown module",
            import,
            r#"(import "env" "read_args" (func (param i32)))"#,
            r#"(import "vm_hooks" "read_args" (func (param i32)))"#,
            "env.read_args",
        ),
        by(
            "wrong type",
            import,
            r#"(import "vm_hooks" "read_args" (func (param i64)))"#,
            r#"(import "vm_hooks" "read_args" (func (param i32)))"#,
            "vm_hooks.read_args has type",
        ),
        by(
            "console on a chain that is no debug chain",
            import,
            r#"(import "console" "log_i32" (func (param i32)))"#,
            "",
            "debug chains only",
        ),
    ]
}

fn shape() -> Vec<Rule> {
    let module = |text: &str| wat(&format!("(module {text})"));
    vec![
        by(
            "no memory",
            |text| module(&format!("{text} {ENTRY}")),
            "",
            MEMORY,
            "\"memory\"",
        ),
        by(
            "no entry point",
            |text| module(&format!("{MEMORY} {text}")),
            "",
            ENTRY,
            "\"user_entrypoint\"",
        ),
        by(
            "entry point of another type",
            |text| module(&format!("{MEMORY} {text}")),
            r#"(func (export "user_entrypoint") (result i32) (i32.const 0))"#,
            ENTRY,
            "(i32) -> i32",
        ),
        by(
            "growable memory that is not paid for",
            |text| module(&format!(r#"{text} (memory (export "memory") 1) {ENTRY}"#)),
            "",
            PAY,
            "pay_for_memory_grow",
        ),
        by(
            "two memories",
            |text| module(&format!("{MEMORY} {text} {ENTRY}")),
            "(memory 1 1)",
            "",
            "memories",
        ),
        long_index(),
    ]
}

/// Encodes the table index of the only `call_indirect` in five bytes, as a linker without compressed relocations does,
/// and corrects the lengths around it.
fn long_index() -> Rule {
    let twin = plain(
        "",
        "(type (func)) (table 1 funcref) (func (call_indirect (type 0) (i32.const 0)))",
    );
    // The last body: size, no locals, i32.const 0, call_indirect with its type and table 0, end.
    let (at, kind) = twin
        .windows(8)
        .enumerate()
        .find_map(|(at, bytes)| match bytes {
            [0x07, 0x00, 0x41, 0x00, 0x11, kind, 0x00, 0x0b] => Some((at, *kind)),
            _ => None,
        })
        .expect("the body of the test");
    let long = [
        0x0b, 0x00, 0x41, 0x00, 0x11, kind, 0x80, 0x80, 0x80, 0x80, 0x00, 0x0b,
    ];
    let mut faulty = [&twin[..at], &long[..], &twin[at + 8..]].concat();
    // No names were used, so the code section is the last. It grows by four: its size is a single byte in front of the count of bodies.
    let section = twin.iter().enumerate().rev().find(|(index, byte)| {
        **byte == 10 && *index < at && usize::from(twin[index + 1]) == twin.len() - index - 2
    });
    let (section, _) = section.expect("the code section is the last");
    faulty[section + 1] += 4;
    Rule {
        what: "call_indirect with a long index",
        faulty,
        twin,
        reason: "zero byte expected",
    }
}

fn limits() -> Vec<Rule> {
    let many = |count: usize, item: &str| item.repeat(count);
    vec![
        limit(
            "data segments",
            |count| plain("", &many(count, r#"(data (i32.const 0) "x")"#)),
            128,
            "data segments",
        ),
        limit(
            "element segments",
            |count| {
                plain(
                    "",
                    &format!(
                        "(table 1 funcref) {}",
                        many(count, "(elem (i32.const 0) func 0)")
                    ),
                )
            },
            128,
            "element segments",
        ),
        limit(
            "exports",
            // `memory` and `user_entrypoint` count.
            |count| {
                plain(
                    "",
                    &(2..count)
                        .map(|index| format!(r#"(export "e{index}" (func 0))"#))
                        .collect::<String>(),
                )
            },
            1_024,
            "exports",
        ),
        limit(
            "functions",
            |count| plain("", &many(count - 1, "(func)")),
            4_096,
            "functions",
        ),
        limit(
            "locals",
            |count| plain("", &format!("(func (local {}))", many(count, "i32 "))),
            348,
            "locals",
        ),
        limit(
            "operators",
            |count| body(&many(count - 1, "nop ")),
            65_536,
            "operators",
        ),
        limit(
            "table entries",
            |count| plain("", &format!("(table {count} funcref)")),
            4_096,
            "entries",
        ),
        limit(
            "imports",
            |count| {
                plain(
                    &many(
                        count,
                        r#"(import "vm_hooks" "msg_reentrant" (func (result i32)))"#,
                    ),
                    "",
                )
            },
            513,
            "imports",
        ),
        limit(
            "names",
            |length| {
                plain(
                    "",
                    &format!(r#"(export "{}" (func 0))"#, "n".repeat(length)),
                )
            },
            512,
            "name",
        ),
        limit(
            "memory pages",
            |pages| {
                wat(&format!(
                    r#"(module (memory (export "memory") {pages} {pages}) {ENTRY})"#
                ))
            },
            128,
            "pages",
        ),
    ]
}

/// Asks ArbWasm by `eth_call`, with the module's code put in place for the call.
fn check(alice: &mut Sender, wasm: &[u8]) -> Result<(), RpcError> {
    let target = Address::repeat_byte(0x5f);
    let rich = Address::repeat_byte(0x51);
    let code = code_of(wasm).expect("it fits");
    let call = agentcity_abi::IArbWasm::activateProgramCall { program: target };
    let overrides = json!({
        target.to_string(): { "code": hex::encode_prefixed(code) },
        rich.to_string(): { "balance": format!("0x{}", "f".repeat(64)) },
    });
    let tx = json!({
        "from": rich, "to": ARB_WASM, "value": "0xde0b6b3a7640000", "input": hex::encode_prefixed(call.abi_encode()),
    });
    alice
        .rpc
        .call("eth_call", json!([tx, "latest", overrides]))
        .map(drop)
}

#[test]
fn each_fault_is_refused_with_its_reason_and_its_twin_activates() {
    let node = Node::devnode(&Settings::default());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let rules: Vec<Rule> = [features(), imports(), shape(), limits()]
        .into_iter()
        .flatten()
        .collect();
    assert!(rules.len() >= 30, "{} rules", rules.len());
    let mut wrong = Vec::new();
    for rule in &rules {
        match check(&mut alice, &rule.faulty) {
            Err(refusal)
                if program::reason(&refusal).contains(rule.reason)
                    || refusal.message().contains(rule.reason) =>
            {
                println!("{}: {}", rule.what, refusal.message());
            }
            Err(refusal) => wrong.push(format!(
                "{}: refused for another reason: {refusal}",
                rule.what
            )),
            Ok(()) => wrong.push(format!("{}: accepted", rule.what)),
        }
        if let Err(refusal) = check(&mut alice, &rule.twin) {
            wrong.push(format!("{}: the twin is refused: {refusal}", rule.what));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    alice.rpc.block_number().unwrap();
}

#[test]
fn a_refused_module_stays_on_the_chain_and_cannot_be_called() {
    let node = Node::devnode(&Settings::default());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let address = place(&mut alice, &body("(drop (f32.const 1))")).unwrap();
    let refusal = activate(&mut alice, address).unwrap_err().to_string();
    assert!(refusal.contains("floating point"), "{refusal}");
    assert!(alice.call(address, &[]).is_err());
    // A valid module that nobody activated cannot be called either.
    let address = place(&mut alice, &plain("", "")).unwrap();
    assert!(alice.call(address, &[]).is_err());
    activate(&mut alice, address).unwrap();
    alice.call(address, &[]).unwrap();
}

#[test]
fn bytes_that_are_no_module_are_refused_and_the_node_lives() {
    let node = Node::devnode(&Settings::default());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let honest = plain("", "");
    for (what, bytes) in [
        ("nothing", Vec::new()),
        (
            "noise",
            (0..500u32).map(|index| (index * 7 + 3) as u8).collect(),
        ),
        ("a header alone", honest[..8].to_vec()),
        ("a module cut short", honest[..honest.len() - 3].to_vec()),
        ("a module and more", [&honest[..], &[1, 2, 3]].concat()),
    ] {
        assert!(check(&mut alice, &bytes).is_err(), "{what} activates");
    }
    // What is no Brotli at all, and a dictionary that no one defined.
    for code in [
        &[0xef, 0xf0, 0, 0, 0xff, 0xff, 0xff][..],
        &[0xef, 0xf0, 0, 0x09, 0x0b, 0x00][..],
    ] {
        let overrides = json!({ Address::repeat_byte(0x5f).to_string(): { "code": hex::encode_prefixed(code) } });
        let call = agentcity_abi::IArbWasm::activateProgramCall {
            program: Address::repeat_byte(0x5f),
        };
        let tx = json!({ "to": ARB_WASM, "input": hex::encode_prefixed(call.abi_encode()) });
        assert!(
            alice
                .rpc
                .call("eth_call", json!([tx, "latest", overrides]))
                .is_err()
        );
    }
    alice.rpc.block_number().unwrap();
}

#[test]
fn the_console_is_for_chains_that_allow_it() {
    let settings = Settings::default().arg("--debug-hooks");
    let node = Node::start(Kind::Devnode, &settings).unwrap();
    let mut alice = Sender::new(&node, "alice").unwrap();
    check(
        &mut alice,
        &plain(r#"(import "console" "log_i32" (func (param i32)))"#, ""),
    )
    .unwrap();
}
