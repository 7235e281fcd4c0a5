//! A state to execute on: an engine, a database and a block, without any chain around them.

use std::convert::Infallible;

use agentcity_devnode_engine::{
    BlockContext, Engine, EngineConfig, ExecOptions, Executed, HostCall, Refused, Trace, arbos,
    arbos::abi::ArbWasm,
};
use agentcity_devnode_program::pack::{self, Packed};
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::SolCall;
use revm::{
    DatabaseCommit,
    context::{TxEnv, result::ExecutionResult},
    database::{CacheDB, EmptyDBTyped},
    primitives::TxKind,
    state::{AccountInfo, Bytecode},
};
use revm_inspectors::tracing::TracingInspectorConfig;

/// A funded account.
pub(crate) const ALICE: Address = address!("00000000000000000000000000000000000a11ce");
/// Gas of transactions unless a test says otherwise.
pub(crate) const GAS: u64 = 30_000_000;
/// Base fee of every block.
pub(crate) const BASE_FEE: u64 = 100_000_000;
/// Gas of a transaction's first step, in the calls of these tests.
pub(crate) const TX_GAS: u64 = 21_000;

/// State, block and rules.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) db: CacheDB<EmptyDBTyped<Infallible>>,
    pub(crate) block: BlockContext,
}

impl World {
    /// Genesis, with Alice funded.
    pub(crate) fn new() -> Self {
        Self::with(EngineConfig::default())
    }

    pub(crate) fn with(config: EngineConfig) -> Self {
        let engine = Engine::new(config);
        let mut world = Self {
            db: CacheDB::new(EmptyDBTyped::new()),
            block: BlockContext {
                number: 1_000,
                evm_number: 77,
                timestamp: 1_800_000_000,
                coinbase: address!("00000000000000000000000000000000c01ba5e0"),
                gas_limit: 1 << 50,
                base_fee: BASE_FEE,
                prevrandao: B256::repeat_byte(9),
            },
            engine,
        };
        for (address, account) in world.engine.genesis_accounts() {
            world.set_code(address, account.code);
        }
        world.fund(ALICE);
        world
    }

    pub(crate) fn fund(&mut self, address: Address) {
        let mut info = self.info(address);
        info.balance = U256::from(10).pow(U256::from(26));
        self.db.insert_account_info(address, info);
    }

    pub(crate) fn info(&self, address: Address) -> AccountInfo {
        let accounts = &self.db.cache.accounts;
        accounts
            .get(&address)
            .map(|account| account.info.clone())
            .unwrap_or_default()
    }

    pub(crate) fn balance(&self, address: Address) -> U256 {
        self.info(address).balance
    }

    pub(crate) fn set_code(&mut self, address: Address, code: impl Into<Bytes>) {
        let code = Bytecode::new_raw(code.into());
        let info = AccountInfo {
            nonce: 1,
            code_hash: code.hash_slow(),
            code: Some(code),
            balance: self.balance(address),
            ..AccountInfo::default()
        };
        self.db.insert_account_info(address, info);
    }

    pub(crate) fn codehash(&self, address: Address) -> B256 {
        self.info(address).code_hash
    }

    /// Places a program without activating it.
    pub(crate) fn place(&mut self, at: Address, wat: &str) {
        let wasm = wat::parse_str(wat).expect("the test's WAT is well formed");
        match pack::pack_program(&wasm).expect("the test's program is small") {
            Packed::Single(code) => self.set_code(at, code),
            Packed::Fragmented { .. } => panic!("too large for one account"),
        }
    }

    /// Places and activates a program.
    pub(crate) fn program(&mut self, at: Address, wat: &str) {
        self.place(at, wat);
        let result = self.activate(at).result;
        assert!(result.is_success(), "{result:?}");
    }

    pub(crate) fn activate(&mut self, at: Address) -> Executed {
        let data = ArbWasm::activateProgramCall { program: at }.abi_encode();
        let ether = U256::from(10).pow(U256::from(18));
        self.send(tx(arbos::ARB_WASM, data).value(ether))
    }

    /// Executes without checks and commits.
    pub(crate) fn send(&mut self, tx: Tx) -> Executed {
        let executed = self.call(tx);
        self.db.commit(executed.state.clone());
        executed
    }

    /// Executes without checks; the state stays.
    pub(crate) fn call(&self, tx: Tx) -> Executed {
        self.execute(tx, &ExecOptions::call())
            .expect("no check is made")
    }

    pub(crate) fn execute(&self, tx: Tx, options: &ExecOptions) -> Result<Executed, Refused> {
        let mut env = tx.0;
        env.chain_id = Some(self.engine.config().chain_id);
        self.engine.execute(&self.db, &self.block, env, options)
    }

    /// Executes with every host call recorded.
    pub(crate) fn trace(&self, tx: Tx) -> (ExecutionResult, Vec<HostCall>) {
        let trace = Trace::On(TracingInspectorConfig::default_geth());
        let executed = self
            .execute(tx, &ExecOptions::call().with_trace(trace))
            .expect("no check is made");
        let trace = executed.trace.expect("asked for");
        (executed.result, trace.host_calls)
    }

    /// Slot of an account, as committed.
    pub(crate) fn slot(&self, address: Address, key: U256) -> U256 {
        let account = &self.db.cache.accounts.get(&address);
        account
            .and_then(|account| account.storage.get(&key).copied())
            .unwrap_or_default()
    }

    /// Output of a call that must succeed.
    pub(crate) fn output(&self, tx: Tx) -> Bytes {
        let result = self.call(tx).result;
        assert!(result.is_success(), "{result:?}");
        result.into_output().unwrap_or_default()
    }
}

/// A transaction from Alice.
#[derive(Clone)]
pub(crate) struct Tx(pub(crate) TxEnv);

/// A transaction from Alice to a contract.
pub(crate) fn tx(to: Address, data: impl Into<Bytes>) -> Tx {
    Tx(TxEnv {
        caller: ALICE,
        gas_limit: GAS,
        kind: TxKind::Call(to),
        data: data.into(),
        ..TxEnv::default()
    })
}

impl Tx {
    pub(crate) fn value(mut self, value: U256) -> Self {
        self.0.value = value;
        self
    }

    pub(crate) fn gas(mut self, gas: u64) -> Self {
        self.0.gas_limit = gas;
        self
    }

    pub(crate) fn from(mut self, from: Address) -> Self {
        self.0.caller = from;
        self
    }

    pub(crate) fn price(mut self, price: u128) -> Self {
        self.0.gas_price = price;
        self
    }

    pub(crate) fn create(mut self) -> Self {
        self.0.kind = TxKind::Create;
        self
    }
}

/// Selector of an error.
pub(crate) fn selector(error: &str) -> [u8; 4] {
    keccak256(error)[..4].try_into().expect("four bytes")
}
