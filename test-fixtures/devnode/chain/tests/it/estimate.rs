use agentcity_devnode_chain::{CallOverrides, EstimateError, engine::Trace};
use alloy::{
    eips::BlockId,
    primitives::{Address, Bytes, U256},
    rpc::types::TransactionRequest,
};

use crate::support::*;

/// Calls `target` with all but a 64th of its gas, and reverts when that fails.
fn forwarder(target: Address) -> Bytes {
    let mut code = vec![0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x73];
    code.extend_from_slice(target.as_slice());
    code.extend_from_slice(&[
        0x5a, 0xf1, 0x60, 0x2a, 0x57, 0x60, 0, 0x60, 0, 0xfd, 0x5b, 0x00,
    ]);
    let landing = code.iter().rposition(|byte| *byte == 0x5b).unwrap();
    code[34] = landing as u8;
    code.into()
}

/// Writes `count` fresh slots.
fn writer(count: u8) -> Bytes {
    (1..=count)
        .flat_map(|slot| [0x60, 1, 0x60, slot, 0x55])
        .collect()
}

/// Writes a slot and clears it again: the refund hides what was needed.
fn refunder() -> Bytes {
    [0x60, 1, 0x60, 1, 0x55, 0x60, 0, 0x60, 1, 0x55].into()
}

fn assert_exact(world: &World, request: &TransactionRequest) -> u64 {
    let none = CallOverrides::default();
    let estimate = world
        .node
        .estimate_gas(request, BlockId::latest(), &none)
        .expect("estimates");
    let succeeds = |gas| {
        let request = request.clone().gas_limit(gas);
        world
            .node
            .call(&request, BlockId::latest(), &none, Trace::Off)
            .is_ok_and(|executed| executed.result.is_success())
    };
    assert!(succeeds(estimate), "{estimate} is enough");
    assert!(!succeeds(estimate - 1), "{} is not", estimate - 1);
    estimate
}

fn request(to: Address) -> TransactionRequest {
    TransactionRequest::default()
        .from(signer(0).address())
        .to(to)
}

#[test]
fn a_transfer_costs_what_it_costs() {
    let world = world();
    assert_eq!(
        assert_exact(&world, &request(sink()).value(U256::from(1))),
        21_000
    );
    // EIP-7623: data has a floor.
    let floor = assert_exact(&world, &request(sink()).input(vec![1; 1_000].into()));
    assert_eq!(floor, 21_000 + 40 * 1_000);
}

#[test]
fn nested_calls_and_refunds_are_exact() {
    let world = world();
    let chain: Vec<Address> = (1..=5)
        .map(|byte| Address::repeat_byte(0xa0 + byte))
        .collect();
    world.node.set_code(chain[0], writer(40)).unwrap();
    for pair in chain.windows(2) {
        world.node.set_code(pair[1], forwarder(pair[0])).unwrap();
    }
    let mut last = 0;
    for to in &chain {
        let estimate = assert_exact(&world, &request(*to));
        assert!(estimate > last);
        last = estimate;
    }
    world.node.set_code(CONTRACT, refunder()).unwrap();
    assert_exact(&world, &request(CONTRACT));
}

#[test]
fn failures_say_why() {
    let world = world();
    let none = CallOverrides::default();
    world.deploy(REVERT);
    let reverted = world
        .node
        .estimate_gas(&request(CONTRACT), BlockId::latest(), &none)
        .unwrap_err();
    assert_eq!(
        reverted.output().and_then(|output| output.last()),
        Some(&0x2a)
    );
    world.deploy(LOOP);
    let halted = world.node.estimate_gas(
        &request(CONTRACT).gas_limit(100_000),
        BlockId::latest(),
        &none,
    );
    assert!(
        matches!(halted, Err(EstimateError::Halted { cap: 100_000, .. })),
        "{halted:?}"
    );
    let too_much = request(sink()).value(ETHER * U256::from(1_001));
    assert!(matches!(
        world.node.estimate_gas(&too_much, BlockId::latest(), &none),
        Err(EstimateError::Call(_))
    ));
}

#[test]
fn the_sender_pays_no_more_than_it_has() {
    let world = world();
    let poor = Address::repeat_byte(0x77);
    world
        .node
        .set_balance(poor, U256::from(21_000u64 * 200_000_000))
        .unwrap();
    let transfer = TransactionRequest::default()
        .from(poor)
        .to(sink())
        .max_fee_per_gas(GAS_PRICE);
    let none = CallOverrides::default();
    assert_eq!(
        world
            .node
            .estimate_gas(&transfer, BlockId::latest(), &none)
            .unwrap(),
        21_000
    );
    world.deploy(STORE);
    let store = TransactionRequest::default()
        .from(poor)
        .to(CONTRACT)
        .max_fee_per_gas(GAS_PRICE)
        .input(words(&[1, 1]).into());
    assert!(
        world
            .node
            .estimate_gas(&store, BlockId::latest(), &none)
            .is_err()
    );
}

#[test]
fn a_sender_that_cannot_pay_is_told_so_and_not_of_gas() {
    let world = world();
    let poor = Address::repeat_byte(0x77);
    let request = TransactionRequest::default()
        .from(poor)
        .to(Address::repeat_byte(0x78))
        .value(U256::from(1));
    for request in [
        request.clone(),
        request.clone().max_fee_per_gas(1_000_000_000),
        request.value(U256::ZERO).gas_price(1),
    ] {
        let error = world
            .node
            .estimate_gas(&request, BlockId::latest(), &CallOverrides::default())
            .expect_err("has nothing");
        let text = error.to_string();
        assert!(
            text.starts_with("insufficient funds for gas * price + value"),
            "{text}"
        );
    }
}
