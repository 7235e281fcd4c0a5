//! Rules of transactions: code that may be deployed, who may send, what it costs.

use agentcity_devnode_engine::{EngineConfig, ExecOptions, Refused, Tips};
use agentcity_devnode_program::pack;
use alloy_primitives::{Bytes, U256};

use crate::{
    kit::{KIT, KIT_AT},
    world::{ALICE, BASE_FEE, TX_GAS, Tx, World, tx},
};

fn deploy(world: &World, code: &[u8]) -> bool {
    let create = tx(ALICE, pack::initcode(code)).create();
    world.call(create).result.is_success()
}

#[test]
fn code_with_the_reserved_byte_is_refused_unless_it_is_stylus() {
    let world = World::new();
    for code in [
        &[0xef][..],
        &[0xef, 0],
        &[0xef, 0x01, 0],
        &[0xef, 0xf0],
        &[0xef, 0xf0, 0],
        &[0xef, 0xf0, 3, 0],
    ] {
        assert!(!deploy(&world, code), "{code:?}");
    }
    for code in [
        [0xef, 0xf0, 0, 0],
        [0xef, 0xf0, 1, 9],
        [0xef, 0xf0, 2, 0],
        [0xfe, 0xef, 0, 0],
    ] {
        assert!(deploy(&world, &code), "{code:?}");
    }
    let ethereum = World::with(EngineConfig {
        stylus: false,
        ..EngineConfig::default()
    });
    assert!(!deploy(&ethereum, &[0xef, 0xf0, 0, 0]));
}

#[test]
fn without_stylus_a_program_is_invalid_bytecode() {
    let mut world = World::with(EngineConfig {
        stylus: false,
        ..EngineConfig::default()
    });
    world.place(KIT_AT, KIT);
    assert!(world.call(tx(KIT_AT, [])).result.is_halt());
}

#[test]
fn a_program_sends_no_transactions() {
    let mut world = World::new();
    world.program(KIT_AT, KIT);
    world.fund(KIT_AT);
    let send = |options: &ExecOptions| {
        let mut tx = tx(ALICE, []).from(KIT_AT).price(BASE_FEE.into());
        tx.0.nonce = 1;
        world.execute(tx, options)
    };
    let refused = send(&ExecOptions::transaction()).unwrap_err();
    assert!(
        matches!(refused, Refused::SenderHasCode { sender } if sender == KIT_AT),
        "{refused}"
    );
    let options = ExecOptions {
        check_code: false,
        ..ExecOptions::transaction()
    };
    assert!(send(&options).is_ok());
}

/// What Alice pays for a transfer of nothing.
fn cost(world: &mut World, tx_type: u8, price: u128, tip: Option<u128>) -> U256 {
    let before = world.balance(ALICE);
    let nonce = world.info(ALICE).nonce;
    let mut transfer = tx(KIT_AT, Bytes::new()).gas(TX_GAS).price(price);
    transfer.0.nonce = nonce;
    transfer.0.tx_type = tx_type;
    transfer.0.gas_priority_fee = tip;
    let executed = world
        .execute(transfer, &ExecOptions::transaction())
        .expect("a valid transfer");
    revm::DatabaseCommit::commit(&mut world.db, executed.state);
    before - world.balance(ALICE)
}

#[test]
fn tips_are_ignored_or_paid() {
    let base = U256::from(TX_GAS) * U256::from(BASE_FEE);
    let double = u128::from(BASE_FEE) * 2;
    let mut arbitrum = World::new();
    for (tx_type, tip) in [(0, None), (1, None), (2, Some(double))] {
        assert_eq!(
            cost(&mut arbitrum, tx_type, double, tip),
            base,
            "type {tx_type}"
        );
    }
    assert_eq!(arbitrum.balance(arbitrum.block.coinbase), U256::ZERO);

    let mut ethereum = World::with(EngineConfig {
        tips: Tips::Paid,
        ..EngineConfig::default()
    });
    for (tx_type, tip) in [(0, None), (1, None), (2, Some(double))] {
        assert_eq!(
            cost(&mut ethereum, tx_type, double, tip),
            base * U256::from(2)
        );
    }
    let coinbase = ethereum.balance(ethereum.block.coinbase);
    assert_eq!(coinbase, base * U256::from(3));
}

fn refusal(world: &World, change: impl FnOnce(&mut Tx)) -> Refused {
    let mut transfer = tx(KIT_AT, Bytes::new()).gas(TX_GAS).price(BASE_FEE.into());
    transfer.0.nonce = world.info(ALICE).nonce;
    change(&mut transfer);
    let outcome = world.execute(transfer, &ExecOptions::transaction());
    outcome.expect_err("the transaction breaks a rule")
}

#[test]
fn a_transaction_that_breaks_a_rule_is_refused_with_its_numbers() {
    let mut world = World::new();
    let mut info = world.info(ALICE);
    info.nonce = 5;
    world.db.insert_account_info(ALICE, info);
    let high = refusal(&world, |tx| tx.0.nonce = 9);
    assert!(
        matches!(high, Refused::NonceTooHigh { tx: 9, state: 5 }),
        "{high}"
    );
    let low = refusal(&world, |tx| tx.0.nonce = 4);
    assert!(
        matches!(low, Refused::NonceTooLow { tx: 4, state: 5 }),
        "{low}"
    );
    let cheap = refusal(&world, |tx| tx.0.gas_price = 1);
    assert!(
        matches!(
            cheap,
            Refused::FeeBelowBase {
                max_fee: 1,
                base_fee: BASE_FEE
            }
        ),
        "{cheap}"
    );
    let little = refusal(&world, |tx| tx.0.gas_limit = 20_999);
    assert!(
        matches!(
            little,
            Refused::IntrinsicGas {
                needed: 21_000,
                limit: 20_999
            }
        ),
        "{little}"
    );
    let poor = refusal(&world, |tx| tx.0.value = U256::MAX >> 1);
    assert!(
        matches!(poor, Refused::InsufficientFunds { sender: ALICE, .. }),
        "{poor}"
    );
    let large = refusal(&world, |tx| tx.0.gas_limit = (1 << 50) + 1);
    assert!(matches!(large, Refused::GasAboveBlock { .. }), "{large}");
    let tip = refusal(&world, |tx| {
        tx.0.tx_type = 2;
        tx.0.gas_priority_fee = Some(u128::from(BASE_FEE) + 1);
    });
    assert!(matches!(tip, Refused::TipAboveFee { .. }), "{tip}");
}

#[test]
fn a_state_that_cannot_be_read_is_no_result() {
    #[derive(Debug, thiserror::Error)]
    #[error("disk on fire")]
    struct Broken;
    impl revm::database_interface::DBErrorMarker for Broken {}
    struct Db;
    impl revm::DatabaseRef for Db {
        type Error = Broken;
        fn basic_ref(
            &self,
            _: alloy_primitives::Address,
        ) -> Result<Option<revm::state::AccountInfo>, Broken> {
            Err(Broken)
        }
        fn code_by_hash_ref(
            &self,
            _: alloy_primitives::B256,
        ) -> Result<revm::state::Bytecode, Broken> {
            Err(Broken)
        }
        fn storage_ref(&self, _: alloy_primitives::Address, _: U256) -> Result<U256, Broken> {
            Err(Broken)
        }
        fn block_hash_ref(&self, _: u64) -> Result<alloy_primitives::B256, Broken> {
            Err(Broken)
        }
    }
    let world = World::new();
    let mut env = tx(KIT_AT, []).0;
    env.chain_id = Some(world.engine.config().chain_id);
    let options = ExecOptions::call();
    let outcome = world.engine.execute(&Db, &world.block, env, &options);
    let refused = outcome.unwrap_err();
    assert!(matches!(refused, Refused::State(_)), "{refused}");
    assert!(refused.to_string().contains("disk on fire"), "{refused}");
}
