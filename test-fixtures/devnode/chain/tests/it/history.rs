use agentcity_devnode_chain::{BlockError, CallError, CallOverrides, Mining, engine::Trace};
use alloy::{
    eips::BlockId,
    primitives::{B256, U256},
    rpc::types::TransactionRequest,
};
use revm_inspectors::tracing::TracingInspectorConfig;

use crate::support::*;

#[test]
fn past_states_answer_as_they_did() {
    let world = world();
    world.deploy(STORE);
    let mut seen = Vec::new();
    for value in 1..=5 {
        world.send(0, CONTRACT, words(&[value % 2, value]));
        let sender = signer(0).address();
        seen.push((
            world.slot(0),
            world.slot(1),
            world.balance(sender),
            world.node.nonce(sender, BlockId::latest()).unwrap(),
        ));
    }
    for (index, (even, odd, balance, nonce)) in seen.into_iter().enumerate() {
        let at = BlockId::number(index as u64 + 1);
        assert_eq!(
            world.node.storage(CONTRACT, U256::ZERO, at),
            Ok(B256::from(even))
        );
        assert_eq!(
            world.node.storage(CONTRACT, U256::from(1), at),
            Ok(B256::from(odd))
        );
        assert_eq!(world.node.balance(signer(0).address(), at), Ok(balance));
        assert_eq!(world.node.nonce(signer(0).address(), at), Ok(nonce));
    }
}

#[test]
fn cheats_belong_to_the_block_that_was_the_head() {
    let world = world();
    world.node.mine_one().unwrap();
    world.node.set_balance(sink(), U256::from(5)).unwrap();
    world.node.mine_one().unwrap();
    world.node.set_balance(sink(), U256::from(6)).unwrap();
    world.node.mine_one().unwrap();
    let at = |number| world.node.balance(sink(), BlockId::number(number)).unwrap();
    assert_eq!(
        (at(0), at(1), at(2), at(3)),
        (U256::ZERO, U256::from(5), U256::from(6), U256::from(6))
    );
}

#[test]
fn states_older_than_the_history_are_refused_by_name() {
    let world = world_with(|config| config.history_blocks = 3);
    for _ in 0..6 {
        world.transfer(0);
    }
    assert_eq!(
        world.node.balance(sink(), BlockId::number(3)),
        Ok(U256::from(3))
    );
    assert_eq!(
        world.node.balance(sink(), BlockId::number(2)),
        Err(BlockError::StateGone {
            number: 2,
            oldest: 3
        })
    );
    assert!(
        world.node.block(BlockId::number(2)).is_some(),
        "the block itself is kept"
    );
}

#[test]
fn a_trace_repeats_what_happened() {
    let world = world_with(|config| config.mining = Mining::Manual);
    world.deploy(STORE);
    world.transfer(0);
    let traced = world.send(1, CONTRACT, words(&[1, 7]));
    world.send(1, CONTRACT, words(&[1, 0]));
    world.node.mine_one().unwrap();
    world.node.set_code(CONTRACT, REVERT).unwrap();
    world.node.mine_one().unwrap();
    let (located, executed) = world
        .node
        .trace_tx(traced, TracingInspectorConfig::default_geth())
        .unwrap();
    assert_eq!(located.index, 1);
    assert_eq!(executed.result.tx_gas_used(), located.tx().gas_used);
    assert!(executed.result.is_success());
    assert!(executed.trace.is_some());
    let (block, all) = world
        .node
        .trace_block(BlockId::number(1), TracingInspectorConfig::default_parity())
        .unwrap();
    let gas: Vec<_> = all
        .iter()
        .map(|executed| executed.result.tx_gas_used())
        .collect();
    assert_eq!(
        gas,
        block
            .transactions
            .iter()
            .map(|mined| mined.gas_used)
            .collect::<Vec<_>>()
    );
    assert!(matches!(
        world
            .node
            .trace_block(BlockId::earliest(), TracingInspectorConfig::default_geth()),
        Err(CallError::Genesis)
    ));
    let hash = B256::repeat_byte(3);
    assert!(matches!(
        world
            .node
            .trace_tx(hash, TracingInspectorConfig::default_geth()),
        Err(CallError::UnknownTransaction { .. })
    ));
}

#[test]
fn calls_run_on_past_states() {
    let world = world();
    // Returns slot 1.
    world.deploy(alloy::primitives::bytes!("60015460005260206000f3"));
    world
        .node
        .set_storage(CONTRACT, U256::from(1), B256::with_last_byte(1))
        .unwrap();
    world.node.mine_one().unwrap();
    world
        .node
        .set_storage(CONTRACT, U256::from(1), B256::with_last_byte(2))
        .unwrap();
    let read = |at| {
        let request = TransactionRequest::default().to(CONTRACT);
        let executed = world
            .node
            .call(&request, at, &CallOverrides::default(), Trace::Off)
            .unwrap();
        U256::from_be_slice(executed.result.output().unwrap())
    };
    assert_eq!(read(BlockId::number(0)), U256::from(1));
    assert_eq!(read(BlockId::number(1)), U256::from(2));
}

#[test]
fn the_merkle_root_depends_on_the_state_alone() {
    let world = world();
    let before = world.node.state_root();
    world.node.set_balance(sink(), U256::from(1)).unwrap();
    let with = world.node.state_root();
    assert_ne!(with, before);
    world
        .node
        .set_storage(CONTRACT, U256::from(1), B256::with_last_byte(1))
        .unwrap();
    world
        .node
        .set_storage(CONTRACT, U256::from(1), B256::ZERO)
        .unwrap();
    assert_eq!(world.node.state_root(), with);
    world.node.set_balance(sink(), U256::ZERO).unwrap();
    assert_eq!(world.node.state_root(), before);
}
