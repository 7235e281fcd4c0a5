//! `debug_traceTransaction` and `debug_traceCall` with the call tracer and the struct logger, on EVM frames.

use crate::support::{create, on_both, send, store, word};
use agentcity_test_fixtures::{
    Actor, Node, Settings, contracts,
    evm::{Code, op},
};
use alloy::{
    eips::BlockNumberOrTag,
    network::TransactionBuilder,
    primitives::U256,
    providers::ext::DebugApi,
    rpc::types::{
        TransactionRequest,
        trace::geth::{
            CallConfig, GethDebugTracingCallOptions, GethDebugTracingOptions, GethTrace,
        },
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn the_call_tree_shows_every_frame_its_gas_and_its_data() {
    on_both(Settings::lenient(), |node| async move {
        let provider = node.provider();
        let cell = create(&provider, contracts::creation(&contracts::cell())).await;
        // Calls the cell with the word 6, then with zero, which is refused.
        let caller = Code::new()
            .push(6)
            .push(0)
            .op(op::MSTORE)
            .push(0)
            .push(0)
            .push(32)
            .push(0)
            .push(0)
            .push_address(cell)
            .op(op::GAS)
            .op(op::CALL)
            .push(0)
            .push(0)
            .push(32)
            .push(64)
            .push(0)
            .push_address(cell)
            .op(op::GAS)
            .op(op::CALL)
            .op(op::STOP)
            .build();
        let caller = create(&provider, contracts::creation(&caller)).await;
        let receipt = send(
            &provider,
            TransactionRequest::default()
                .with_to(caller)
                .with_gas_limit(500_000),
        )
        .await;
        let options = GethDebugTracingOptions::call_tracer(CallConfig::default().with_log());
        let GethTrace::CallTracer(frame) = provider
            .debug_trace_transaction(receipt.transaction_hash, options)
            .await
            .unwrap()
        else {
            panic!("a call frame");
        };
        assert_eq!(
            (frame.typ.as_str(), frame.from, frame.to),
            ("CALL", Actor::named("alice").address(), Some(caller))
        );
        assert_eq!(frame.gas_used, U256::from(receipt.gas_used));
        let [stored, refused] = &frame.calls[..] else {
            panic!("two inner frames: {frame:?}")
        };
        assert_eq!(
            (stored.from, stored.to, stored.output.clone()),
            (caller, Some(cell), Some(word(6)))
        );
        assert_eq!((stored.error.clone(), stored.logs.len()), (None, 1));
        assert_eq!(refused.output, Some(contracts::zero_refusal()));
        assert!(refused.error.is_some());

        // The same call, not sent.
        let request = TransactionRequest::default()
            .with_to(caller)
            .with_from(Actor::named("alice").address());
        let options = GethDebugTracingCallOptions::new(GethDebugTracingOptions::call_tracer(
            CallConfig::default(),
        ));
        let trace = provider
            .debug_trace_call(request, BlockNumberOrTag::Latest.into(), options)
            .await
            .unwrap();
        let GethTrace::CallTracer(frame) = trace else {
            panic!("a call frame")
        };
        assert_eq!(frame.calls.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn struct_logs_show_every_step_and_add_up() {
    // anvil keeps no steps unless told to; the devnode runs the transaction again.
    on_both(
        Settings {
            anvil_args: vec!["--steps-tracing".into()],
            ..Settings::lenient()
        },
        |node| async move {
            let provider = node.provider();
            let cell = create(&provider, contracts::creation(&contracts::cell())).await;
            let receipt = send(&provider, store(cell, 6)).await;
            let options = GethDebugTracingOptions::default();
            let trace = provider
                .debug_trace_transaction(receipt.transaction_hash, options)
                .await
                .unwrap();
            let GethTrace::Default(frame) = trace else {
                panic!("struct logs: {trace:?}")
            };
            assert_eq!(
                (frame.gas, frame.failed, frame.return_value.clone()),
                (receipt.gas_used, false, word(6))
            );
            let steps: Vec<&str> = frame.struct_logs.iter().map(|step| &*step.op).collect();
            assert_eq!(
                (steps[0], *steps.last().unwrap()),
                ("CALLDATASIZE", "RETURN")
            );
            let store = frame
                .struct_logs
                .iter()
                .find(|step| &*step.op == "SSTORE")
                .unwrap();
            // Cold and from zero: 20,000 + 2,100.
            assert_eq!((store.depth, store.gas_cost), (1, 22_100));
            assert_eq!(store.stack.as_ref().unwrap().last(), Some(&U256::ZERO));
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_of_an_unknown_transaction_is_refused() {
    // anvil answers with an empty trace, which a client takes for a transaction that did nothing.
    let node = Node::devnode(&Settings::lenient());
    let unknown = alloy::primitives::B256::repeat_byte(9);
    let options = GethDebugTracingOptions::default();
    let refusal = node
        .provider()
        .debug_trace_transaction(unknown, options)
        .await
        .unwrap_err();
    assert!(refusal.to_string().contains("not found"), "{refusal}");
}
