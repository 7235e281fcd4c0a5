use agentcity_devnode_chain::{
    BlockError, CallError, CallOverrides, EvmNumbers, Randao, engine::Trace,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, U256},
    rpc::types::{
        BlockOverrides, TransactionRequest,
        state::{AccountOverride, StateOverride},
    },
};

use crate::support::*;

fn to_contract() -> TransactionRequest {
    TransactionRequest::default().to(CONTRACT)
}

fn call(world: &World, at: BlockId, overrides: &CallOverrides) -> Vec<U256> {
    let executed = world
        .node
        .call(&to_contract(), at, overrides, Trace::Off)
        .expect("runs");
    assert!(executed.result.is_success(), "{:?}", executed.result);
    executed
        .result
        .into_output()
        .expect("has output")
        .chunks(32)
        .map(U256::from_be_slice)
        .collect()
}

#[test]
fn the_block_number_is_an_estimate_of_the_parents() {
    let world = world();
    world.deploy(BLOCK);
    world.node.mine_at(GENESIS_TIME + 36).unwrap();
    let seen = call(&world, BlockId::latest(), &CallOverrides::default());
    assert_eq!(seen[0], U256::from(20_000_003));
    assert_eq!(seen[1], U256::from(GENESIS_TIME + 36));
    assert_eq!(
        B256::from(seen[2]),
        world.node.block(BlockId::number(0)).unwrap().hash
    );
    assert_eq!(seen[3], U256::from(1));
    assert_eq!(Address::from_word(seen[4].into()), world.config.coinbase);
    assert_eq!(world.node.head().evm_number, 20_000_003);
}

#[test]
fn own_numbers_and_seeded_randomness_on_request() {
    let world = world_with(|config| {
        config.evm_numbers = EvmNumbers::Own;
        config.randao = Randao::Seeded(7);
    });
    world.deploy(BLOCK);
    world.node.mine(2, None).unwrap();
    let seen = call(&world, BlockId::latest(), &CallOverrides::default());
    assert_eq!(seen[0], U256::from(2));
    assert_eq!(
        B256::from(seen[2]),
        world.node.block(BlockId::number(1)).unwrap().hash
    );
    let earlier = call(&world, BlockId::number(1), &CallOverrides::default());
    assert_ne!(seen[3], earlier[3]);
    let pending = call(&world, BlockId::pending(), &CallOverrides::default());
    assert_eq!(pending[0], U256::from(3));
}

#[test]
fn overrides_change_one_call_only() {
    let world = world();
    let account = AccountOverride {
        code: Some(BLOCK),
        balance: Some(ETHER),
        ..Default::default()
    };
    let overrides = CallOverrides {
        state: Some(StateOverride::from_iter([(CONTRACT, account)])),
        block: Some(BlockOverrides {
            number: Some(U256::from(5)),
            time: Some(9),
            ..Default::default()
        }),
    };
    let seen = call(&world, BlockId::latest(), &overrides);
    assert_eq!(seen[..2], [U256::from(5), U256::from(9)]);
    assert!(
        world
            .node
            .code(CONTRACT, BlockId::latest())
            .unwrap()
            .is_empty()
    );
    let wide = BlockOverrides {
        number: Some(U256::MAX),
        ..Default::default()
    };
    let wide = CallOverrides {
        block: Some(wide),
        ..Default::default()
    };
    assert!(matches!(
        world
            .node
            .call(&to_contract(), BlockId::latest(), &wide, Trace::Off),
        Err(CallError::Override {
            field: "number",
            ..
        })
    ));
    let both = AccountOverride {
        state: Some(Default::default()),
        state_diff: Some(Default::default()),
        ..Default::default()
    };
    let both = CallOverrides {
        state: Some(StateOverride::from_iter([(CONTRACT, both)])),
        block: None,
    };
    assert!(matches!(
        world
            .node
            .call(&to_contract(), BlockId::latest(), &both, Trace::Off),
        Err(CallError::StateAndDiff { address: CONTRACT })
    ));
}

#[test]
fn a_revert_is_a_result_with_its_data() {
    let world = world();
    world.deploy(REVERT);
    let executed = world
        .node
        .call(
            &to_contract(),
            BlockId::latest(),
            &CallOverrides::default(),
            Trace::Off,
        )
        .unwrap();
    assert!(!executed.result.is_success());
    assert_eq!(executed.result.output().unwrap().last(), Some(&0x2a));
}

#[test]
fn a_call_needs_the_value_but_no_gas_money() {
    let world = world();
    let poor = Address::with_last_byte(0x99);
    let request = to_contract().from(poor);
    assert!(
        world
            .node
            .call(
                &request,
                BlockId::latest(),
                &CallOverrides::default(),
                Trace::Off
            )
            .is_ok()
    );
    let request = request.value(U256::from(1));
    assert!(matches!(
        world.node.call(
            &request,
            BlockId::latest(),
            &CallOverrides::default(),
            Trace::Off
        ),
        Err(CallError::Refused(_))
    ));
}

#[test]
fn contradictory_requests_are_refused() {
    let world = world();
    let run = |request: TransactionRequest| {
        world.node.call(
            &request,
            BlockId::latest(),
            &CallOverrides::default(),
            Trace::Off,
        )
    };
    assert!(matches!(
        run(to_contract().gas_price(1).max_fee_per_gas(1)),
        Err(CallError::BothFees)
    ));
    let mut request = to_contract();
    (request.input.input, request.input.data) = (Some(words(&[1])), Some(words(&[2])));
    assert!(matches!(run(request), Err(CallError::Input { .. })));
}

#[test]
fn missing_blocks_are_named() {
    let world = world();
    assert_eq!(
        world.node.balance(sink(), BlockId::number(1)),
        Err(BlockError::UnknownNumber { number: 1, head: 0 })
    );
    let hash = B256::repeat_byte(1);
    assert_eq!(
        world.node.balance(sink(), BlockId::hash(hash)),
        Err(BlockError::UnknownHash { hash })
    );
}

#[test]
fn an_access_list_names_the_slots_touched() {
    let world = world();
    world.deploy(STORE);
    let request = to_contract()
        .from(signer(0).address())
        .input(words(&[5, 6]).into());
    let created = world
        .node
        .create_access_list(&request, BlockId::latest())
        .unwrap();
    assert_eq!(created.error, None);
    assert_eq!(created.access_list.0.len(), 1);
    assert_eq!(created.access_list.0[0].address, CONTRACT);
    assert_eq!(
        created.access_list.0[0].storage_keys,
        [B256::with_last_byte(5)]
    );
    assert!(created.gas_used > 21_000);
}

#[test]
fn safe_and_finalized_trail_the_head_as_configured() {
    let world = world_with(|config| (config.safe_depth, config.finalized_depth) = (2, 5));
    world.node.mine(4, None).unwrap();
    assert_eq!(world.node.block(BlockId::safe()).unwrap().number(), 2);
    assert_eq!(world.node.block(BlockId::finalized()).unwrap().number(), 0);
    assert_eq!(world.node.block(BlockId::earliest()).unwrap().number(), 0);
    assert_eq!(world.node.blocks(1, 100, 2).len(), 2);
}
