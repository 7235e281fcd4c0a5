//! Published prices over the whole stack: what a receipt shows for programs small enough to add up by hand.
//!
//! gas of a transaction = 21,000 + calldata + entry + ⌈ink / 10,000⌉, where
//! entry = 352 + cached part + (unless cached) 8,832 + uncached part, as `programInitGas` tells and as the published
//! coefficients give for the size of the module; memory up to two pages is free.
//! Ink: each basic block costs 2,450 and the sum of its opcodes (one ink for constants and `end`, 75 for `local.get`,
//! 160 for a multiplication, …), each host call 8,400 and its own price.

use crate::stylus_calls::programs::{host, program as wat_program};
use agentcity_abi::IArbWasm;
use agentcity_test_fixtures::{
    Node, Sender, Settings,
    program::{ARB_WASM, activate, place},
};
use alloy::primitives::{TxKind, U256};

const INK_PER_GAS: u64 = 10_000;
/// The charge of entering a block.
const BLOCK: u64 = 2_450;
/// A host call before its own price.
const HOSTIO: u64 = 8_400;
/// A pointer argument.
const PTR: u64 = 5_040;
/// A host call that asks the EVM.
const API: u64 = 59_673;
/// `call` of an imported function, its block included: it ends a block.
const CALL: u64 = 3_800;

/// Gas of a transaction without calldata to this program, beside the 21,000, and what entering costs of it.
fn measure(alice: &mut Sender, text: &str) -> (u64, u64) {
    let wasm = wat::parse_str(text).unwrap();
    let address = place(alice, &wasm).unwrap();
    activate(alice, address).unwrap();
    let entry = alice
        .ask(ARB_WASM, &IArbWasm::programInitGasCall { program: address })
        .unwrap()
        .gas;
    let outcome = alice
        .send(TxKind::Call(address), U256::ZERO, Default::default())
        .unwrap();
    assert!(outcome.succeeded, "{text}");
    (outcome.gas_used - 21_000, entry)
}

/// A row: what it is, the program, and ink and gas that it costs inside.
struct Golden {
    what: &'static str,
    text: String,
    ink: u64,
    gas: u64,
}

fn goldens() -> Vec<Golden> {
    let row = |what, imports: &[&str], body: &str, ink, gas| Golden {
        what,
        text: wat_program(imports, body),
        ink,
        gas,
    };
    let thousand = |code: &str| code.repeat(1_000);
    // The entry point is one block: i32.const 0 (1), end (1).
    let empty = BLOCK + 2;
    // A host call ends its block, so a second block follows it.
    let host_call = BLOCK + CALL + HOSTIO;
    vec![
        row("nothing", &[], "(i32.const 0)", empty, 0),
        // local.get 75 and drop 9, a thousand times.
        row(
            "local.get",
            &[],
            &format!("{} (i32.const 0)", thousand("(drop (local.get 0)) ")),
            empty + 84_000,
            0,
        ),
        // Two constants, 70, 9.
        row(
            "i32.add",
            &[],
            &format!(
                "{} (i32.const 0)",
                thousand("(drop (i32.add (i32.const 1) (i32.const 2))) ")
            ),
            empty + 81_000,
            0,
        ),
        // Two constants, 160, 9.
        row(
            "i64.mul",
            &[],
            &format!(
                "{} (i32.const 0)",
                thousand("(drop (i64.mul (i64.const 3) (i64.const 2))) ")
            ),
            empty + 171_000,
            0,
        ),
        // Two constants, 1,120, 9.
        row(
            "i32.div_u",
            &[],
            &format!(
                "{} (i32.const 0)",
                thousand("(drop (i32.div_u (i32.const 9) (i32.const 2))) ")
            ),
            empty + 1_131_000,
            0,
        ),
        // A constant, 670, 9.
        row(
            "i32.load",
            &[],
            &format!(
                "{} (i32.const 0)",
                thousand("(drop (i32.load (i32.const 0))) ")
            ),
            empty + 680_000,
            0,
        ),
        // Two constants, 825.
        row(
            "i32.store",
            &[],
            &format!(
                "{} (i32.const 0)",
                thousand("(i32.store (i32.const 0) (i32.const 7)) ")
            ),
            empty + 827_000,
            0,
        ),
        // Three constants, 950, and 100 for each of 1,000 bytes.
        row(
            "memory.fill",
            &[],
            "(memory.fill (i32.const 0) (i32.const 1) (i32.const 1000)) (i32.const 0)",
            empty + 3 + 950 + 100_000,
            0,
        ),
        // chainid: HOSTIO; its result dropped.
        row(
            "chainid",
            &[host::CHAIN_ID],
            "(drop (call $chainid)) (i32.const 0)",
            empty + host_call + 9,
            0,
        ),
        // msg_sender: HOSTIO and a pointer; a constant for it.
        row(
            "msg_sender",
            &[host::SENDER],
            "(call $sender (i32.const 0)) (i32.const 0)",
            empty + host_call + PTR + 1,
            0,
        ),
        // keccak of up to two words: 121,800 in all, no HOSTIO beside it.
        row(
            "native_keccak256",
            &[host::KECCAK],
            "(call $keccak (i32.const 0) (i32.const 64) (i32.const 64)) (i32.const 0)",
            empty + BLOCK + CALL + 121_800 + 3,
            0,
        ),
        // Four words: two more at 21,000.
        row(
            "native_keccak256 of four words",
            &[host::KECCAK],
            "(call $keccak (i32.const 0) (i32.const 128) (i32.const 128)) (i32.const 0)",
            empty + BLOCK + CALL + 121_800 + 42_000 + 3,
            0,
        ),
        // A cold slot: 2,100 gas, and 5 for the lookup that missed the cache.
        row(
            "storage_load_bytes32",
            &[host::LOAD],
            "(call $load (i32.const 0) (i32.const 32)) (i32.const 0)",
            empty + host_call + 2 * PTR + 2,
            2_105,
        ),
        // 32 bytes, one topic: a read of 64 bytes = 16,381 + 55·32; 375·2 + 8·32 gas.
        row(
            "emit_log",
            &[host::LOG],
            "(call $log (i32.const 0) (i32.const 64) (i32.const 1)) (i32.const 0)",
            empty + host_call + API + 16_381 + 55 * 32 + 3,
            375 * 2 + 8 * 32,
        ),
    ]
}

#[test]
fn receipts_show_the_published_prices() {
    let node = Node::devnode(&Settings::default());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let mut wrong = Vec::new();
    for golden in goldens() {
        let (gas, entry) = measure(&mut alice, &golden.text);
        let wanted = entry + golden.gas + golden.ink.div_ceil(INK_PER_GAS);
        println!(
            "{:<32} {gas:>6} gas, of it {entry} for entering",
            golden.what
        );
        if gas != wanted {
            wrong.push(format!(
                "{}: {gas} instead of {wanted} (entering {entry})",
                golden.what
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn entering_costs_what_the_size_of_the_module_gives() {
    let node = Node::devnode(&Settings::default());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let wasm = wat::parse_str(wat_program(&[], "(i32.const 0)")).unwrap();
    // One function and some fifty bytes: 0.134 + 0.0012·bytes rounded up = 1; 8.25 + 0.13·bytes rounded up.
    let uncached = (8_250 + 130 * wasm.len() as u64).div_ceil(1_000);
    let address = place(&mut alice, &wasm).unwrap();
    activate(&mut alice, address).unwrap();
    let gas = alice
        .ask(ARB_WASM, &IArbWasm::programInitGasCall { program: address })
        .unwrap();
    assert_eq!(
        (gas.gas, gas.gasWhenCached),
        (352 + 1 + 8_832 + uncached, 352 + 1),
        "{} bytes",
        wasm.len()
    );
}

#[test]
fn pages_cost_by_the_published_formula() {
    let node = Node::devnode(&Settings::default());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let mut of_pages = |pages: u32| {
        let text = format!(
            r#"(module (memory (export "memory") {pages} {pages}) (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#
        );
        let (gas, entry) = measure(&mut alice, &text);
        gas - entry
    };
    // One block of two constants is one gas of ink.
    assert_eq!([of_pages(0), of_pages(1), of_pages(2)], [1, 1, 1]);
    // Above two free ones 1,000 each, and the exponential part, which for few pages is some tens.
    let three = of_pages(3);
    assert!((1_001..1_100).contains(&three), "{three}");
    let ten = of_pages(10);
    assert!((8_001..8_400).contains(&ten) && ten > three, "{ten}");
}
