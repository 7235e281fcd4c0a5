//! Traces: programs are calls among calls, and their host calls are listed.

use agentcity_devnode_engine::{ExecOptions, Trace};
use alloy_primitives::U256;
use revm_inspectors::tracing::TracingInspectorConfig;

use crate::{
    kit::{EVM_AT, KIT, KIT_AT, Op, PROXY, PROXY_AT, call, evm_proxy, kit, pair},
    world::{World, tx},
};

fn world() -> World {
    let mut world = World::new();
    world.program(KIT_AT, KIT);
    world.program(PROXY_AT, PROXY);
    world.set_code(EVM_AT, evm_proxy(0xf1, KIT_AT));
    world
}

#[test]
fn a_program_is_a_call_in_the_tree_with_its_gas_and_output() {
    let world = world();
    let data = call(EVM_AT, &kit(Op::StoreAndRevert, &pair(1, 5)));
    let options = ExecOptions::call().with_trace(Trace::On(TracingInspectorConfig::all()));
    let executed = world.execute(tx(PROXY_AT, data.clone()), &options).unwrap();
    let plain = world.call(tx(PROXY_AT, data)).result;
    assert_eq!(executed.result, plain, "tracing changes nothing");

    let trace = executed.trace.unwrap();
    let nodes = trace.inspector.traces().nodes();
    let [proxy, contract, program] = nodes else {
        panic!("three calls: {nodes:?}")
    };
    assert_eq!(proxy.trace.address, PROXY_AT);
    assert_eq!(contract.trace.address, EVM_AT);
    assert_eq!(program.trace.address, KIT_AT);
    assert_eq!(
        (proxy.trace.depth, contract.trace.depth, program.trace.depth),
        (0, 1, 2)
    );
    assert!(proxy.trace.success && !program.trace.success);
    assert_eq!(program.trace.output[..], U256::from(5).to_be_bytes::<32>());
    assert!(proxy.trace.steps.is_empty() && !contract.trace.steps.is_empty());
    assert!(program.trace.gas_used > 20_000 && program.trace.gas_used < 60_000);
    assert!(proxy.trace.gas_used > contract.trace.gas_used);
    assert_eq!(proxy.trace.output, *plain.output().unwrap());
}

#[test]
fn logs_of_programs_are_in_the_tree_where_they_happened() {
    let world = world();
    let options = ExecOptions::call().with_trace(Trace::On(TracingInspectorConfig::all()));
    let data = call(KIT_AT, &kit(Op::Log, &[1; 64]));
    let trace = world
        .execute(tx(PROXY_AT, data), &options)
        .unwrap()
        .trace
        .unwrap();
    let nodes = trace.inspector.traces().nodes();
    assert_eq!((nodes[0].logs.len(), nodes[1].logs.len()), (0, 1));
}

#[test]
fn host_calls_are_listed_by_frame_as_they_end() {
    let world = world();
    let (_, calls) = world.trace(tx(PROXY_AT, call(EVM_AT, &kit(Op::Store, &pair(1, 5)))));
    let seen: Vec<_> = calls
        .iter()
        .map(|call| (call.frame, call.depth, call.name))
        .collect();
    let expected = [
        (0, 0, "read_args"),
        (1, 2, "read_args"),
        (1, 2, "storage_cache_bytes32"),
        (1, 2, "storage_flush_cache"),
        (0, 0, "call_contract"),
        (0, 0, "read_return_data"),
        (0, 0, "write_result"),
    ];
    assert_eq!(seen, expected);
    assert_eq!(calls[1].address, KIT_AT);
    assert!(calls.iter().all(|call| call.start_ink >= call.end_ink));
    let json = serde_json::to_value(&calls[2]).unwrap();
    assert!(json["startInk"].is_u64() && json["args"].as_str().unwrap().starts_with("0x"));
}

#[test]
fn a_trace_that_would_fill_the_memory_ends_with_a_reason() {
    let mut world = world();
    // JUMPDEST, thirty-two words on the stack that stay, then around and around.
    let mut code = vec![0x5f; 32];
    code.extend([0x5b, 0x60, 32, 0x56]);
    world.set_code(EVM_AT, code);
    let config = TracingInspectorConfig::all();
    let steps = ExecOptions::call().with_trace(Trace::On(config));
    let looping = tx(EVM_AT, []).gas(30_000_000);
    let refused = world.execute(looping.clone(), &steps).unwrap_err();
    assert!(refused.to_string().contains("bytes of steps"), "{refused}");

    let calls = ExecOptions::call().with_trace(Trace::On(config.set_steps(false)));
    let executed = world.execute(looping, &calls).unwrap();
    assert!(executed.result.is_halt(), "calls alone keep little");
}
