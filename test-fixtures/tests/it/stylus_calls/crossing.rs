//! Calls from one machine to the other, in every direction.

use super::programs::{self, Way};
use agentcity_test_fixtures::{
    Node, Sender, Settings, contracts,
    evm::{Code, initcode, op},
    program::deploy_wat,
};
use alloy::primitives::{Address, B256, Bytes, TxKind, U256};
use serde_json::{Value, json};

fn word(value: u64) -> Bytes {
    U256::from(value).to_be_bytes_vec().into()
}

fn to(target: Address, rest: &[u8]) -> Bytes {
    [target.as_slice(), rest].concat().into()
}

/// EVM code that passes its calldata on to `target` by `opcode` and ends as the callee ended.
fn evm_forward(opcode: u8, target: Address) -> Bytes {
    let mut code = Code::new();
    let good = code.label();
    let code = code
        .op(op::CALLDATASIZE)
        .push(0)
        .push(0)
        .op(op::CALLDATACOPY);
    let code = code.push(0).push(0).op(op::CALLDATASIZE).push(0);
    let code = if opcode == op::CALL {
        code.op(op::CALLVALUE)
    } else {
        code
    };
    code.push_address(target)
        .op(op::GAS)
        .op(opcode)
        .op(op::RETURNDATASIZE)
        .push(0)
        .push(0)
        .op(op::RETURNDATACOPY)
        .jump_if(good)
        .op(op::RETURNDATASIZE)
        .push(0)
        .op(op::REVERT)
        .place(good)
        .op(op::RETURNDATASIZE)
        .push(0)
        .op(op::RETURN)
        .build()
}

fn set_up() -> (Node, Sender) {
    let node = Node::devnode(&Settings::default());
    let alice = Sender::new(&node, "alice").unwrap();
    (node, alice)
}

#[test]
fn a_transaction_enters_a_program_that_stores_logs_and_answers() {
    let (_node, mut alice) = set_up();
    let cell = deploy_wat(&mut alice, &programs::cell()).unwrap();
    let outcome = alice
        .send(TxKind::Call(cell), U256::ZERO, word(77))
        .unwrap();
    assert!(outcome.succeeded);
    let log = &outcome.logs[0];
    assert_eq!((log.address, log.data.data.clone()), (cell, word(77)));
    assert_eq!(log.topics(), [alice.address().into_word()]);
    assert_eq!(alice.call(cell, &[]).unwrap(), word(77));
    assert_eq!(
        alice
            .rpc
            .call("eth_getStorageAt", json!([cell, "0x0", "latest"]))
            .unwrap(),
        json!(format!("{:#066x}", 77))
    );
}

#[test]
fn an_estimate_for_a_program_is_exact() {
    let (_node, mut alice) = set_up();
    let cell = deploy_wat(&mut alice, &programs::cell()).unwrap();
    let to = TxKind::Call(cell);
    let estimate = alice.estimate(to, U256::ZERO, &word(5)).unwrap();
    let short = alice
        .send_with(to, U256::ZERO, word(5), estimate - 1)
        .unwrap();
    assert!(
        !short.succeeded,
        "one gas less than the estimate {estimate} is enough too"
    );
    let enough = alice.send_with(to, U256::ZERO, word(5), estimate).unwrap();
    assert!(enough.succeeded);
}

#[test]
fn solidity_calls_stylus_by_call_delegatecall_and_staticcall() {
    let (_node, mut alice) = set_up();
    let cell = deploy_wat(&mut alice, &programs::cell()).unwrap();
    let call = alice
        .create(initcode(&evm_forward(op::CALL, cell)))
        .unwrap();
    let delegate = alice
        .create(initcode(&evm_forward(op::DELEGATECALL, cell)))
        .unwrap();
    let fixed = alice
        .create(initcode(&evm_forward(op::STATICCALL, cell)))
        .unwrap();

    let by_call = alice.send(TxKind::Call(call), U256::ZERO, word(5)).unwrap();
    assert_eq!(
        (by_call.logs[0].address, by_call.logs[0].topics()[0]),
        (cell, call.into_word())
    );
    assert_eq!(alice.call(cell, &[]).unwrap(), word(5));
    // The delegate's own storage, and its sender's name.
    let by_delegate = alice
        .send(TxKind::Call(delegate), U256::ZERO, word(6))
        .unwrap();
    assert_eq!(
        (by_delegate.logs[0].address, by_delegate.logs[0].topics()[0]),
        (delegate, alice.address().into_word())
    );
    assert_eq!(
        (
            alice.call(cell, &[]).unwrap(),
            alice.call(delegate, &[]).unwrap()
        ),
        (word(5), word(6))
    );
    // Reading is allowed in a static call, writing is not.
    assert_eq!(alice.call(fixed, &[]).unwrap(), word(5));
    assert!(alice.call(fixed, &word(9)).is_err());
}

#[test]
fn stylus_calls_solidity_by_call_delegatecall_and_staticcall() {
    let (_node, mut alice) = set_up();
    let cell = alice.create(initcode(&contracts::cell())).unwrap();
    let [call, delegate, fixed] = [Way::Call, Way::Delegate, Way::Static]
        .map(|way| deploy_wat(&mut alice, &programs::forward(way)).unwrap());

    let by_call = alice
        .send(TxKind::Call(call), U256::ZERO, to(cell, &word(5)))
        .unwrap();
    assert!(by_call.succeeded);
    assert_eq!(
        (by_call.logs[0].address, by_call.logs[0].topics()[1]),
        (cell, call.into_word())
    );
    assert_eq!(alice.call(cell, &[]).unwrap(), word(5));
    let by_delegate = alice
        .send(TxKind::Call(delegate), U256::ZERO, to(cell, &word(6)))
        .unwrap();
    assert_eq!(
        (by_delegate.logs[0].address, by_delegate.logs[0].topics()[1]),
        (delegate, alice.address().into_word())
    );
    assert_eq!(alice.call(cell, &[]).unwrap(), word(5));
    assert_eq!(alice.call(delegate, &to(cell, &[])).unwrap(), word(6));
    assert_eq!(alice.call(fixed, &to(cell, &[])).unwrap(), word(5));
    assert!(alice.call(fixed, &to(cell, &word(9))).is_err());
}

#[test]
fn stylus_calls_stylus_and_the_answer_comes_back() {
    let (_node, mut alice) = set_up();
    let echo = deploy_wat(&mut alice, &programs::echo()).unwrap();
    let forward = deploy_wat(&mut alice, &programs::forward(Way::Call)).unwrap();
    let twice = to(forward, &to(echo, b"through two programs"));
    assert_eq!(
        alice.call(forward, &twice).unwrap(),
        Bytes::from_static(b"through two programs")
    );
}

#[test]
fn a_refusal_travels_through_both_machines_with_its_data_and_undoes_its_writes() {
    let (_node, mut alice) = set_up();
    let refuse = deploy_wat(&mut alice, &programs::refuse()).unwrap();
    let forward = deploy_wat(&mut alice, &programs::forward(Way::Call)).unwrap();
    let evm = alice
        .create(initcode(&evm_forward(op::CALL, forward)))
        .unwrap();
    for (entry, data) in [
        (refuse, Bytes::from_static(b"no")),
        (forward, to(refuse, b"no")),
        (evm, to(refuse, b"no")),
    ] {
        let refusal = alice.call(entry, &data).unwrap_err();
        assert_eq!(
            (refusal.code(), refusal.revert_data().as_deref()),
            (Some(3), Some(&b"no"[..])),
            "{refusal}"
        );
    }
    let outcome = alice
        .send_with(TxKind::Call(evm), U256::ZERO, to(refuse, b"no"), 5_000_000)
        .unwrap();
    assert!(!outcome.succeeded && outcome.gas_used < 5_000_000);
    // The EVM cell refuses zero after nothing; the program's own state is as before.
    let cell = alice.create(initcode(&contracts::cell())).unwrap();
    let refusal = alice.call(forward, &to(cell, &word(0))).unwrap_err();
    assert_eq!(
        refusal.revert_data().map(Bytes::from),
        Some(contracts::zero_refusal())
    );
}

#[test]
fn coins_go_through_a_program() {
    let (_node, mut alice) = set_up();
    let forward = deploy_wat(&mut alice, &programs::forward(Way::Call)).unwrap();
    let nobody = Address::repeat_byte(0x77);
    let paid = alice
        .send(TxKind::Call(forward), U256::from(1_234), to(nobody, &[]))
        .unwrap();
    assert!(paid.succeeded);
    assert_eq!(
        alice
            .rpc
            .quantity("eth_getBalance", json!([nobody, "latest"]))
            .unwrap(),
        1_234
    );
    assert_eq!(
        alice
            .rpc
            .quantity("eth_getBalance", json!([forward, "latest"]))
            .unwrap(),
        0
    );
    // The second time the account exists: 25,000 less.
    let again = alice
        .send(TxKind::Call(forward), U256::from(1_234), to(nobody, &[]))
        .unwrap();
    assert_eq!(paid.gas_used - again.gas_used, 25_000);
}

#[test]
fn a_program_creates_a_contract_and_knows_when_it_is_re_entered() {
    let (_node, mut alice) = set_up();
    let creator = deploy_wat(&mut alice, &programs::creator()).unwrap();
    let init = contracts::creation(&contracts::cell());
    let predicted = alice.call(creator, &init).unwrap();
    // The program does not look whether the creation succeeded, so an estimate would find the gas of a failed one.
    let outcome = alice
        .send_with(TxKind::Call(creator), U256::ZERO, init, 3_000_000)
        .unwrap();
    assert!(outcome.succeeded);
    let created = Address::from_word(B256::from_slice(&predicted));
    assert_eq!(alice.call(created, &[]).unwrap(), word(0));
    assert_eq!(created, creator.create(1));

    let reentered = deploy_wat(&mut alice, &programs::reentered()).unwrap();
    let back = alice
        .create(initcode(&evm_forward(op::CALL, reentered)))
        .unwrap();
    assert_eq!(alice.call(reentered, &[]).unwrap()[..], [0]);
    // What the inner frame saw, then what the outer one sees afterwards.
    assert_eq!(alice.call(reentered, back.as_slice()).unwrap()[..], [1, 0]);
}

#[test]
fn a_trace_shows_the_frames_of_both_machines_and_the_host_calls() {
    let (_node, mut alice) = set_up();
    let cell = alice.create(initcode(&contracts::cell())).unwrap();
    let forward = deploy_wat(&mut alice, &programs::forward(Way::Call)).unwrap();
    let outcome = alice
        .send(TxKind::Call(forward), U256::ZERO, to(cell, &word(5)))
        .unwrap();
    let mut trace = |tracer: &str| {
        alice
            .rpc
            .call(
                "debug_traceTransaction",
                json!([outcome.hash, { "tracer": tracer }]),
            )
            .unwrap()
    };
    let tree = trace("callTracer");
    assert_eq!(
        (&tree["to"], &tree["calls"][0]["to"]),
        (&json!(forward), &json!(cell))
    );
    assert_eq!(tree["calls"][0]["output"], json!(format!("{:#066x}", 5)));
    assert_eq!(tree["gasUsed"], json!(format!("{:#x}", outcome.gas_used)));
    let steps = trace("stylusTracer");
    let names: Vec<&str> = steps
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step["name"].as_str())
        .collect();
    // Every program is entered by `user_entrypoint` and left by `user_returned`, as nitro's tracer shows them.
    let hosts: Vec<&str> = names
        .into_iter()
        .filter(|name| !name.starts_with("user_"))
        .collect();
    assert_eq!(
        hosts,
        [
            "read_args",
            "msg_value",
            "call_contract",
            "read_return_data",
            "write_result"
        ]
    );
    let ink = |step: &Value, field: &str| step[field].as_u64().unwrap();
    for step in steps.as_array().unwrap() {
        assert!(ink(step, "startInk") >= ink(step, "endInk"), "{step}");
    }
}
