use agentcity_devnode_chain::{CheatError, ReorgError, ReorgTx, SubmitError, decode, pool::PoolTx};
use alloy::{
    primitives::{Address, B256, Bytes, U256},
    rpc::types::TransactionRequest,
};

use crate::support::*;

#[test]
fn every_cheat_is_refused_by_name() {
    let world = world_with(|config| config.strict = true);
    let node = &world.node;
    let dump = node.dump().unwrap();
    let cheats: [(&str, Result<(), CheatError>); 10] = [
        ("anvil_setBalance", node.set_balance(sink(), U256::from(1))),
        ("anvil_setNonce", node.set_nonce(sink(), 1)),
        ("anvil_setCode", node.set_code(sink(), STORE)),
        (
            "anvil_setStorageAt",
            node.set_storage(sink(), U256::ZERO, B256::ZERO),
        ),
        ("anvil_impersonateAccount", node.impersonate(sink())),
        (
            "anvil_stopImpersonatingAccount",
            node.stop_impersonating(sink()),
        ),
        ("anvil_autoImpersonateAccount", node.auto_impersonate(true)),
        ("anvil_setCoinbase", node.set_coinbase(Address::ZERO)),
        ("anvil_setChainId", node.set_chain_id(1)),
        ("anvil_loadState", node.load(&dump)),
    ];
    for (method, outcome) in cheats {
        match outcome {
            Err(CheatError::Strict(refusal)) => assert_eq!(refusal.method, method),
            other => panic!("{method}: {other:?}"),
        }
    }
    let request = TransactionRequest::default().from(sink()).to(sink());
    assert!(matches!(
        node.submit_request(request),
        Err(SubmitError::Strict(_))
    ));
    let raw = raw(0, 0, sink(), U256::from(1), Bytes::new());
    node.mine_one().unwrap();
    let tx = PoolTx::new(decode(&raw).unwrap(), true);
    assert!(matches!(
        node.reorg(1, vec![ReorgTx { offset: 0, tx }]),
        Err(ReorgError::Strict(_))
    ));
}

#[test]
fn time_mining_snapshots_and_reorgs_stay_controllable() {
    let world = world_with(|config| config.strict = true);
    let node = &world.node;
    let id = node.snapshot().unwrap();
    node.increase_time(5).unwrap();
    node.set_next_timestamp(GENESIS_TIME + 7).unwrap();
    node.mine_one().unwrap();
    world.transfer(0);
    node.reorg(1, Vec::new()).unwrap();
    node.rollback(1).unwrap();
    node.revert(id).unwrap();
    node.reset().unwrap();
}
