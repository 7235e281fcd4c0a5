//! Programs that misbehave: they fail, and nothing else does.

use agentcity_devnode_program::host::HOOKS;
use alloy_primitives::U256;
use revm::context::result::{ExecutionResult, HaltReason, OutOfGasError};

use crate::{
    kit::{KIT, KIT_AT, Op, PROXY, PROXY_AT, call, kit, pair},
    world::{GAS, World, tx},
};

fn world() -> World {
    let mut world = World::new();
    world.program(KIT_AT, KIT);
    world
}

#[test]
fn a_program_without_end_runs_out_of_gas() {
    let result = world()
        .call(tx(KIT_AT, kit(Op::Loop, &[])).gas(1_000_000))
        .result;
    let ExecutionResult::Halt { reason, .. } = &result else {
        panic!("{result:?}");
    };
    assert_eq!(*reason, HaltReason::OutOfGas(OutOfGasError::Basic));
    assert_eq!(result.tx_gas_used(), 1_000_000);
}

#[test]
fn a_trap_reverts_without_data_and_keeps_the_rest_of_the_gas() {
    let result = world().call(tx(KIT_AT, kit(Op::Trap, &[]))).result;
    assert!(
        matches!(result, ExecutionResult::Revert { .. }),
        "{result:?}"
    );
    assert!(result.output().unwrap().is_empty());
    assert!(result.tx_gas_used() < 100_000);
}

#[test]
fn recursion_without_end_is_stopped_and_consumes_all_gas() {
    let result = world().call(tx(KIT_AT, kit(Op::Recurse, &[]))).result;
    assert!(
        matches!(
            &result,
            ExecutionResult::Halt {
                reason: HaltReason::StackOverflow,
                ..
            }
        ),
        "{result:?}"
    );
    assert_eq!(result.tx_gas_used(), GAS);
}

#[test]
fn exit_early_ends_with_its_status() {
    let world = world();
    let good = world.call(tx(KIT_AT, kit(Op::Exit, &[0]))).result;
    assert!(good.is_success(), "{good:?}");
    let bad = world.call(tx(KIT_AT, kit(Op::Exit, &[1]))).result;
    assert!(matches!(bad, ExecutionResult::Revert { .. }), "{bad:?}");
}

#[test]
fn too_little_gas_for_a_write_is_out_of_gas_and_writes_nothing() {
    let mut world = world();
    let data = kit(Op::Store, &pair(1, 5));
    let enough = world.call(tx(KIT_AT, data.clone())).result.tx_gas_used();
    let result = world.send(tx(KIT_AT, data).gas(enough - 1_000)).result;
    assert!(result.is_halt(), "{result:?}");
    assert_eq!(world.slot(KIT_AT, U256::from(1)), U256::ZERO);
}

#[test]
fn the_caller_of_a_program_that_fails_goes_on() {
    let mut world = world();
    world.program(PROXY_AT, PROXY);
    for op in [Op::Trap, Op::Recurse, Op::Loop] {
        let result = world.call(tx(PROXY_AT, call(KIT_AT, &kit(op, &[])))).result;
        assert!(result.is_success(), "{result:?}");
        assert_eq!(result.output().unwrap()[..], [2]);
    }
}

#[test]
fn a_huge_payment_for_pages_is_out_of_gas() {
    let world = world();
    let mut world = world;
    world.block.gas_limit = u64::MAX;
    for pages in [200, 0xffff, 0x1_0000, u32::MAX] {
        for gas in [1 << 40, u64::MAX] {
            let data = kit(Op::PayForPages, &pages.to_le_bytes());
            let result = world.call(tx(KIT_AT, data).gas(gas)).result;
            assert!(result.is_halt(), "{pages} pages, {gas} gas: {result:?}");
        }
    }
}

/// A program that calls one function with these arguments and returns.
fn hostile(name: &str, arguments: &[&str]) -> String {
    let function = HOOKS
        .iter()
        .find(|function| function.name == name)
        .expect("a host function");
    let params: Vec<_> = function.params.iter().map(ToString::to_string).collect();
    let result = function.result.map(|result| format!("(result {result})"));
    let pushed: String = function
        .params
        .iter()
        .zip(arguments)
        .map(|(ty, argument)| format!("({ty}.const {argument})"))
        .collect();
    let call = format!("(call $f {pushed})");
    let call = match result {
        Some(_) => format!("(drop {call})"),
        None => call,
    };
    format!(
        r#"(module
          (import "vm_hooks" "{name}" (func $f (param {}) {}))
          (import "vm_hooks" "pay_for_memory_grow" (func (param i32)))
          (memory (export "memory") 1)
          (func (export "user_entrypoint") (param i32) (result i32) {call} (i32.const 0)))"#,
        params.join(" "),
        result.unwrap_or_default(),
    )
}

#[test]
fn pointers_and_lengths_out_of_memory_fail_every_function() {
    // The last byte, the first one outside, the last one there could be; and lengths as large as can be.
    for function in HOOKS.iter().filter(|function| !function.params.is_empty()) {
        if matches!(
            function.name,
            // No pointer among the parameters.
            "exit_early" | "storage_flush_cache" | "pay_for_memory_grow"
        ) {
            continue;
        }
        for argument in ["65535", "65536", "-1"] {
            let arguments = vec![argument; function.params.len()];
            let mut world = World::new();
            world.program(KIT_AT, &hostile(function.name, &arguments));
            // With arguments to read and something to return.
            let result = world.call(tx(KIT_AT, [1, 2, 3])).result;
            if function.name == "read_return_data" {
                // Nothing was returned, so nothing is written, wherever it points.
                assert!(result.is_success());
                continue;
            }
            assert!(
                !result.is_success(),
                "{}({argument}): {result:?}",
                function.name
            );
        }
    }
}

#[test]
fn a_range_that_ends_with_memory_is_inside() {
    let mut world = World::new();
    world.program(KIT_AT, &hostile("write_result", &["65504", "32"]));
    assert!(world.call(tx(KIT_AT, [])).result.is_success());
    world.program(PROXY_AT, &hostile("write_result", &["65505", "32"]));
    assert!(!world.call(tx(PROXY_AT, [])).result.is_success());
}

#[test]
fn a_log_with_too_many_topics_or_too_little_data_fails() {
    for arguments in [["0", "160", "5"], ["0", "31", "1"], ["0", "0", "-1"]] {
        let mut world = World::new();
        world.program(KIT_AT, &hostile("emit_log", &arguments));
        assert!(
            !world.call(tx(KIT_AT, [])).result.is_success(),
            "{arguments:?}"
        );
    }
}

#[test]
fn data_outside_of_memory_fails_when_the_program_is_entered() {
    let mut world = World::new();
    let wat = r#"(module (memory (export "memory") 1 1) (data (i32.const 65530) "too long")
      (func (export "user_entrypoint") (param i32) (result i32) (i32.const 0)))"#;
    world.program(KIT_AT, wat);
    let result = world.call(tx(KIT_AT, [])).result;
    assert!(
        matches!(result, ExecutionResult::Revert { .. }),
        "{result:?}"
    );
}
