//! Plain EVM execution through the engine equals revm's own, to the gas, the log and the slot.

use std::convert::Infallible;

use agentcity_devnode_engine::{BlockContext, Engine, EngineConfig, ExecOptions, Tips};
use alloy_primitives::{Address, B256, Bytes, U256};
use proptest::{collection::vec, prelude::*};
use revm::{
    Context, DatabaseCommit, ExecuteEvm, MainBuilder, MainContext,
    context::TxEnv,
    database::{CacheDB, EmptyDBTyped},
    primitives::{TxKind, hardfork::SpecId},
    state::{AccountInfo, Bytecode},
};

type Db = CacheDB<EmptyDBTyped<Infallible>>;

const CONTRACTS: u8 = 4;

fn contract(n: u8) -> Address {
    Address::with_last_byte(0xd0 + n % CONTRACTS)
}

fn sender(n: u8) -> Address {
    Address::with_last_byte(0xe0 + n % 3)
}

/// One thing random code does; each leaves the stack a little higher or as it was.
#[derive(Clone, Debug)]
enum Act {
    Push(u8),
    Op(u8),
    Store(u8, u8),
    Load(u8),
    Transient(u8, u8),
    Log(u8),
    Call {
        opcode: u8,
        to: u8,
        value: u8,
        gas: u8,
    },
    Create {
        two: bool,
        code: Vec<u8>,
    },
    Return,
    Revert,
}

fn act() -> impl Strategy<Value = Act> {
    // Arithmetic, comparison, hashing, environment, memory, flow, and what is invalid.
    let op = prop_oneof![
        0x01_u8..0x1e,
        Just(0x20),
        0x30_u8..0x3f,
        0x40_u8..0x4b,
        0x50_u8..0x60,
        0x80_u8..0xa0,
        Just(0xef),
        Just(0xfe),
        Just(0xff),
        any::<u8>()
    ];
    let opcode = prop_oneof![Just(0xf1), Just(0xf2), Just(0xf4), Just(0xfa)];
    let code = prop_oneof![
        vec(any::<u8>(), 0..12),
        // Returns code that begins with 0xEF, though not as Stylus does.
        Just(vec![0x60, 0xef, 0x5f, 0x53, 0x60, 0x01, 0x5f, 0xf3]),
        // Returns one zero byte.
        Just(vec![0x60, 0x01, 0x5f, 0xf3]),
    ];
    prop_oneof![
        6 => any::<u8>().prop_map(Act::Push),
        6 => op.prop_map(Act::Op),
        3 => (0_u8..4, 0_u8..3).prop_map(|(key, value)| Act::Store(key, value)),
        2 => (0_u8..4).prop_map(Act::Load),
        1 => (0_u8..4, 0_u8..3).prop_map(|(key, value)| Act::Transient(key, value)),
        1 => (0_u8..5).prop_map(Act::Log),
        4 => (opcode, any::<u8>(), 0_u8..3, any::<u8>())
            .prop_map(|(opcode, to, value, gas)| Act::Call { opcode, to, value, gas }),
        1 => (any::<bool>(), code).prop_map(|(two, code)| Act::Create { two, code }),
        1 => Just(Act::Return),
        1 => Just(Act::Revert),
    ]
}

fn assemble(acts: &[Act]) -> Bytes {
    let mut code = Vec::new();
    for act in acts {
        match act {
            // No address of an ArbOS precompile can be pushed: those exist on one side alone.
            Act::Push(byte) => code.extend([0x60, byte % 0x60]),
            Act::Op(op) => code.push(*op),
            Act::Store(key, value) => code.extend([0x60, *value, 0x60, *key, 0x55]),
            Act::Load(key) => code.extend([0x60, *key, 0x54]),
            Act::Transient(key, value) => code.extend([0x60, *value, 0x60, *key, 0x5d]),
            Act::Log(topics) => {
                for topic in 0..*topics {
                    code.extend([0x60, topic]);
                }
                code.extend([0x60, 0x20, 0x5f, 0xa0 + topics]);
            }
            Act::Call {
                opcode,
                to,
                value,
                gas,
            } => {
                code.extend([0x60, 0x20, 0x5f, 0x60, 0x20, 0x5f]);
                if matches!(opcode, 0xf1 | 0xf2) {
                    code.extend([0x60, *value]);
                }
                let to = if to % 5 == 4 {
                    Address::with_last_byte(to % 10)
                } else {
                    contract(*to)
                };
                code.push(0x73);
                code.extend(to);
                code.extend([0x62, *gas, 0xff, 0xff, *opcode]);
            }
            Act::Create { two, code: init } => {
                // The init code, left-aligned in a word.
                let mut word = init.clone();
                word.resize(32, 0);
                code.push(0x7f);
                code.extend(word);
                code.extend([0x5f, 0x52]);
                if *two {
                    code.push(0x5f);
                }
                code.extend([
                    0x60,
                    init.len() as u8,
                    0x5f,
                    0x5f,
                    if *two { 0xf5 } else { 0xf0 },
                ]);
            }
            Act::Return => code.extend([0x60, 0x20, 0x5f, 0xf3]),
            Act::Revert => code.extend([0x60, 0x20, 0x5f, 0xfd]),
        }
    }
    code.into()
}

fn genesis(codes: &[Bytes]) -> Db {
    let mut db = CacheDB::new(EmptyDBTyped::new());
    let balance = U256::from(10).pow(U256::from(24));
    for n in 0..3 {
        let info = AccountInfo {
            balance,
            ..AccountInfo::default()
        };
        db.insert_account_info(sender(n), info);
    }
    for (n, code) in codes.iter().enumerate() {
        let code = Bytecode::new_legacy(code.clone());
        let info = AccountInfo {
            // A balance may be taken for an address: it must not be that of an ArbOS precompile, either.
            balance: U256::from(0x9_0000),
            nonce: 1,
            code_hash: code.hash_slow(),
            code: Some(code),
            ..AccountInfo::default()
        };
        db.insert_account_info(contract(n as u8), info);
    }
    db
}

fn block() -> BlockContext {
    BlockContext {
        number: 50,
        evm_number: 50,
        timestamp: 1_700_000_000,
        coinbase: Address::with_last_byte(0xcc),
        gas_limit: 1 << 40,
        base_fee: 7,
        prevrandao: B256::repeat_byte(4),
    }
}

/// What revm alone makes of a transaction.
fn plain(
    db: &Db,
    tx: TxEnv,
    spec: SpecId,
) -> Result<
    (
        revm::context::result::ExecutionResult,
        revm::state::EvmState,
    ),
    String,
> {
    let at = block();
    let mut evm = Context::mainnet()
        .with_db(revm::database_interface::WrapDatabaseRef(db))
        .modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(spec);
            cfg.chain_id = 412_346;
        })
        .modify_block_chained(|block| {
            block.number = U256::from(at.number);
            block.timestamp = U256::from(at.timestamp);
            block.beneficiary = at.coinbase;
            block.gas_limit = at.gas_limit;
            block.basefee = at.base_fee;
            block.prevrandao = Some(at.prevrandao);
        })
        .build_mainnet();
    let done = evm.transact(tx).map_err(|error| error.to_string())?;
    Ok((done.result, done.state))
}

#[derive(Clone, Debug)]
struct Sent {
    from: u8,
    to: Option<u8>,
    data: Vec<u8>,
    value: u8,
    gas: u32,
    tx_type: u8,
}

fn sent() -> impl Strategy<Value = Sent> {
    (
        any::<u8>(),
        prop::option::weighted(0.85, any::<u8>()),
        vec(any::<u8>(), 0..40),
        0_u8..5,
        prop_oneof![20_000_u32..60_000, 60_000_u32..3_000_000],
        0_u8..3,
    )
        .prop_map(|(from, to, data, value, gas, tx_type)| Sent {
            from,
            to,
            data,
            value,
            gas,
            tx_type,
        })
}

fn compare(spec: SpecId, codes: &[Vec<Act>], txs: &[Sent]) -> Result<(), TestCaseError> {
    let codes: Vec<_> = codes.iter().map(|acts| assemble(acts)).collect();
    let engine = Engine::new(EngineConfig {
        tips: Tips::Paid,
        spec,
        ..EngineConfig::default()
    });
    let (mut ours, mut theirs) = (genesis(&codes), genesis(&codes));
    for sent in txs {
        let from = sender(sent.from);
        let nonce = ours
            .cache
            .accounts
            .get(&from)
            .map_or(0, |account| account.info.nonce);
        let tx = TxEnv {
            caller: from,
            kind: sent
                .to
                .map_or(TxKind::Create, |to| TxKind::Call(contract(to))),
            data: sent.data.clone().into(),
            value: U256::from(sent.value),
            gas_limit: sent.gas.into(),
            gas_price: 10,
            gas_priority_fee: (sent.tx_type == 2).then_some(2),
            tx_type: sent.tx_type,
            nonce,
            chain_id: Some(412_346),
            ..TxEnv::default()
        };
        let expected = plain(&theirs, tx.clone(), spec);
        let got = engine.execute(&ours, &block(), tx, &ExecOptions::transaction());
        match (got, expected) {
            (Ok(got), Ok((result, state))) => {
                prop_assert_eq!(&got.result, &result);
                prop_assert_eq!(&got.state, &state);
                ours.commit(got.state);
                theirs.commit(state);
            }
            (Err(_), Err(_)) => {}
            (got, expected) => {
                return Err(TestCaseError::fail(format!("{got:?} against {expected:?}")));
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_transactions_run_as_in_plain_revm(
        codes in vec(vec(act(), 1..25), CONTRACTS as usize),
        txs in vec(sent(), 1..6),
    ) {
        compare(SpecId::PRAGUE, &codes, &txs)?;
    }

    #[test]
    fn random_transactions_run_as_in_plain_revm_under_older_rules(
        codes in vec(vec(act(), 1..25), CONTRACTS as usize),
        txs in vec(sent(), 1..4),
        spec in prop_oneof![Just(SpecId::LONDON), Just(SpecId::SHANGHAI), Just(SpecId::CANCUN)],
    ) {
        compare(spec, &codes, &txs)?;
    }
}
