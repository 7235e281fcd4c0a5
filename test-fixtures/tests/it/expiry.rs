//! Programs live a year; anyone may renew them; a cached one is cheaper to enter.

use crate::stylus_calls::programs;
use agentcity_abi::IArbWasm;
use agentcity_test_fixtures::{
    Node, Sender, Settings,
    program::{
        self, ACTIVATION_VALUE, ARB_WASM, ARB_WASM_CACHE, ArbWasmCache, activate, chain_owner,
        deploy_wat,
    },
};
use alloy::{
    primitives::{Address, B256, TxKind, U256, keccak256},
    sol_types::SolCall,
};
use serde_json::json;

const DAY: u64 = 86_400;

fn set_up() -> (Node, Sender, Sender, Address) {
    let node = Node::devnode(&Settings::default());
    let mut alice = Sender::new(&node, "alice").unwrap();
    let stranger = Sender::new(&node, "mallory").unwrap();
    let echo = deploy_wat(&mut alice, &programs::echo()).unwrap();
    (node, alice, stranger, echo)
}

fn warp(alice: &mut Sender, days: u64) {
    alice
        .rpc
        .call("evm_increaseTime", json!([days * DAY]))
        .unwrap();
    alice.rpc.call("evm_mine", json!([])).unwrap();
}

fn codehash(alice: &mut Sender, program: Address) -> B256 {
    let code = alice
        .rpc
        .call("eth_getCode", json!([program, "latest"]))
        .unwrap();
    keccak256(serde_json::from_value::<alloy::primitives::Bytes>(code).unwrap())
}

fn time_left(alice: &mut Sender, program: Address) -> u64 {
    alice
        .ask(ARB_WASM, &IArbWasm::programTimeLeftCall { program })
        .unwrap()
}

#[test]
fn after_a_year_a_program_sleeps_until_anyone_activates_it_again() {
    let (_node, mut alice, mut stranger, echo) = set_up();
    let left = time_left(&mut alice, echo);
    assert!((364 * DAY..=365 * DAY).contains(&left), "{left}");
    warp(&mut alice, 364);
    assert!(alice.call(echo, b"x").is_ok());
    assert!(time_left(&mut alice, echo) <= DAY);
    warp(&mut alice, 2);
    let refusal = alice.call(echo, b"x").unwrap_err();
    println!("{refusal}");
    let ask = IArbWasm::programTimeLeftCall { program: echo }.abi_encode();
    let told = alice.call(ARB_WASM, &ask).unwrap_err();
    assert!(
        matches!(
            program::refusal(&told),
            Some(IArbWasm::IArbWasmErrors::ProgramExpired(_))
        ),
        "{told}"
    );
    // A transaction to it fails too.
    assert!(
        !alice
            .send_with(TxKind::Call(echo), U256::ZERO, b"x".into(), 500_000)
            .unwrap()
            .succeeded
    );
    // A keepalive comes too late; an activation does not, whoever pays.
    let hash = codehash(&mut alice, echo);
    let late = stranger.estimate(
        TxKind::Call(ARB_WASM),
        ACTIVATION_VALUE,
        &IArbWasm::codehashKeepaliveCall { codehash: hash }
            .abi_encode()
            .into(),
    );
    assert!(matches!(
        program::refusal(&late.unwrap_err()),
        Some(IArbWasm::IArbWasmErrors::ProgramExpired(_))
    ));
    activate(&mut stranger, echo).unwrap();
    assert_eq!(alice.call(echo, b"x").unwrap()[..], *b"x");
    assert!(time_left(&mut alice, echo) > 364 * DAY);
}

#[test]
fn a_stranger_keeps_a_program_alive_but_not_too_soon() {
    let (_node, mut alice, mut stranger, echo) = set_up();
    let hash = codehash(&mut alice, echo);
    let keepalive = IArbWasm::codehashKeepaliveCall { codehash: hash };
    let call = TxKind::Call(ARB_WASM);
    let soon = stranger
        .estimate(call, ACTIVATION_VALUE, &keepalive.abi_encode().into())
        .unwrap_err();
    assert!(
        matches!(
            program::refusal(&soon),
            Some(IArbWasm::IArbWasmErrors::ProgramKeepaliveTooSoon(_))
        ),
        "{soon}"
    );
    warp(&mut alice, 200);
    let poor = stranger
        .estimate(call, U256::ZERO, &keepalive.abi_encode().into())
        .unwrap_err();
    let Some(IArbWasm::IArbWasmErrors::ProgramInsufficientValue(wanted)) = program::refusal(&poor)
    else {
        panic!("{poor}");
    };
    let kept = stranger
        .send(call, wanted.want, keepalive.abi_encode().into())
        .unwrap();
    assert!(kept.succeeded);
    assert!(time_left(&mut alice, echo) > 364 * DAY);
    warp(&mut alice, 300);
    assert!(alice.call(echo, b"x").is_ok());
}

#[test]
fn the_cache_saves_exactly_what_arb_wasm_says() {
    let (node, mut alice, mut stranger, echo) = set_up();
    let hash = codehash(&mut alice, echo);
    let gas = alice
        .ask(ARB_WASM, &IArbWasm::programInitGasCall { program: echo })
        .unwrap();
    let cached = |alice: &mut Sender| {
        alice
            .ask(
                ARB_WASM_CACHE,
                &ArbWasmCache::codehashIsCachedCall { codehash: hash },
            )
            .unwrap()
    };
    assert!(!cached(&mut alice));
    let call = |alice: &mut Sender| {
        alice
            .send(TxKind::Call(echo), U256::ZERO, b"x".into())
            .unwrap()
            .gas_used
    };
    let cold = call(&mut alice);
    // Only the owner and the cache manager may.
    assert!(
        stranger
            .invoke(
                ARB_WASM_CACHE,
                &ArbWasmCache::cacheProgramCall { program: echo }
            )
            .is_err()
    );
    let mut owner = chain_owner(&node, &mut alice).unwrap();
    assert!(
        owner
            .invoke(
                ARB_WASM_CACHE,
                &ArbWasmCache::cacheProgramCall { program: echo }
            )
            .unwrap()
            .succeeded
    );
    assert!(cached(&mut alice));
    let warm = call(&mut alice);
    assert_eq!(cold - warm, gas.gas - gas.gasWhenCached);
    assert!(
        gas.gasWhenCached >= 352 && gas.gas - gas.gasWhenCached >= 8_832,
        "{} {}",
        gas.gas,
        gas.gasWhenCached
    );
    assert!(
        owner
            .invoke(
                ARB_WASM_CACHE,
                &ArbWasmCache::evictCodehashCall { codehash: hash }
            )
            .unwrap()
            .succeeded
    );
    assert_eq!(call(&mut alice), cold);
}

#[test]
fn the_same_code_elsewhere_is_active_already() {
    let (_node, mut alice, _, echo) = set_up();
    let wasm = wat::parse_str(programs::echo()).unwrap();
    let twin = program::place(&mut alice, &wasm).unwrap();
    assert_eq!(
        alice.call(twin, b"x").unwrap(),
        alice.call(echo, b"x").unwrap()
    );
    let again = activate(&mut alice, twin).unwrap_err().to_string();
    println!("{again}");
    let version = alice
        .ask(ARB_WASM, &IArbWasm::stylusVersionCall {})
        .unwrap();
    let hash = codehash(&mut alice, twin);
    assert_eq!(
        alice
            .ask(ARB_WASM, &IArbWasm::codehashVersionCall { codehash: hash })
            .unwrap(),
        version
    );
}
