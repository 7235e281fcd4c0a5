//! Calls that change nothing.

use std::collections::BTreeMap;

use agentcity_devnode_engine::{BlockContext, ExecOptions, Executed, Refused, Trace};
use alloy::{
    eips::{
        BlockId,
        eip2930::{AccessList, AccessListItem},
    },
    primitives::{Address, B256, U256},
    rpc::types::{BlockOverrides, TransactionRequest, state::StateOverride},
};
use revm::context::TxEnv;

use crate::{
    chain::Chain,
    convert::call_env,
    error::CallError,
    hashes::{Db, Hashes},
    node::Node,
    overlay::Overlay,
    state::Source,
};

/// Gas of a call that names none, where a block has more: what public nodes allow, so that a loop without end does not hold
/// a thread for minutes on a chain with huge blocks.
pub const CALL_GAS: u64 = 50_000_000;

/// What a call pretends about the world.
#[derive(Clone, Debug, Default)]
pub struct CallOverrides {
    /// Accounts.
    pub state: Option<StateOverride>,
    /// The block.
    pub block: Option<BlockOverrides>,
}

/// An access list and what the call uses with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedAccessList {
    /// Addresses and slots the call touches and would otherwise find cold.
    pub access_list: AccessList,
    /// Gas used with the list.
    pub gas_used: u64,
    /// Why the call fails, if it does.
    pub error: Option<String>,
}

/// A state, a block and a way to run transactions in it.
pub(crate) struct Stage<'a> {
    chain: &'a Chain,
    view: Overlay<'a>,
    context: BlockContext,
    hashes: BTreeMap<u64, B256>,
}

impl Node {
    /// Runs a call on the state of a block. A revert is a result; an error means that nothing ran.
    ///
    /// The sender needs no key and no balance for gas unless the request names a price. `pending` runs in the next
    /// block on the latest state, without the waiting transactions.
    pub fn call(
        &self,
        request: &TransactionRequest,
        at: BlockId,
        overrides: &CallOverrides,
        trace: Trace,
    ) -> Result<Executed, CallError> {
        let chain = self.read();
        let stage = Stage::new(&chain, at, overrides)?;
        let gas = stage.gas_of(request);
        let env = stage.env(request, gas)?;
        stage.run(env, trace).map_err(CallError::from_refused)
    }

    /// Finds the access list of a call by running it, then runs it again with the list.
    pub fn create_access_list(
        &self,
        request: &TransactionRequest,
        at: BlockId,
    ) -> Result<CreatedAccessList, CallError> {
        let chain = self.read();
        let stage = Stage::new(&chain, at, &CallOverrides::default())?;
        let gas = stage.gas_of(request);
        let mut env = stage.env(request, gas)?;
        let executed = stage
            .run(env.clone(), Trace::Off)
            .map_err(CallError::from_refused)?;
        let target = executed
            .result
            .created_address()
            .or_else(|| env.kind.to().copied());
        let given = std::mem::take(&mut env.access_list);
        let warm = [Some(env.caller), target, Some(stage.context.coinbase)];
        env.access_list = touched(&executed, warm, &given);
        if env.tx_type == 0 {
            env.tx_type = 1;
        }
        let access_list = env.access_list.clone();
        let executed = stage
            .run(env, Trace::Off)
            .map_err(CallError::from_refused)?;
        let error = (!executed.result.is_success()).then(|| executed.result.to_string());
        Ok(CreatedAccessList {
            access_list,
            gas_used: executed.result.tx_gas_used(),
            error,
        })
    }
}

impl<'a> Stage<'a> {
    /// Gas of a call: what the request names, at most what a block has; unnamed, at most [`CALL_GAS`].
    fn gas_of(&self, request: &TransactionRequest) -> u64 {
        request.gas.unwrap_or(CALL_GAS).min(self.context.gas_limit)
    }

    pub(crate) fn new(
        chain: &'a Chain,
        at: BlockId,
        overrides: &CallOverrides,
    ) -> Result<Self, CallError> {
        let at = chain.resolve(at)?;
        let mut view = chain.view(at.number)?;
        let mut context = chain.context(at);
        let mut hashes = BTreeMap::new();
        if let Some(block) = &overrides.block {
            override_block(&mut context, block)?;
            for (&number, &hash) in block.block_hash.iter().flatten() {
                // Asked for as the EVM counts, looked up as the chain counts.
                if let Some(own) = context
                    .evm_number
                    .checked_sub(number)
                    .and_then(|age| context.number.checked_sub(age))
                {
                    hashes.insert(own, hash);
                }
            }
        }
        if let Some(state) = &overrides.state {
            view.overrides(state)?;
        }
        Ok(Self {
            chain,
            view,
            context,
            hashes,
        })
    }

    pub(crate) const fn context(&self) -> &BlockContext {
        &self.context
    }

    pub(crate) fn balance(&self, address: Address) -> U256 {
        self.view
            .basic(address)
            .map_or(U256::ZERO, |basic| basic.balance)
    }

    pub(crate) fn env(&self, request: &TransactionRequest, gas: u64) -> Result<TxEnv, CallError> {
        let nonce = match request.nonce {
            Some(nonce) => nonce,
            None => self
                .view
                .basic(request.from.unwrap_or_default())
                .map_or(0, |basic| basic.nonce),
        };
        call_env(request, self.chain.settings.chain_id, nonce, gas)
    }

    pub(crate) fn run(&self, env: TxEnv, trace: Trace) -> Result<Executed, Refused> {
        let options = ExecOptions {
            // The value must be there; gas costs only what the request offers.
            check_balance: true,
            check_nonce: false,
            check_base_fee: env.gas_price > 0,
            check_code: false,
            trace,
        };
        let hashes = Hashes {
            blocks: &self.chain.blocks,
            overrides: Some(&self.hashes),
        };
        let db = Db {
            source: &self.view,
            hashes,
        };
        self.chain.engine.execute(&db, &self.context, env, &options)
    }
}

impl CallError {
    pub(crate) fn from_refused(refused: Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}

fn override_block(context: &mut BlockContext, block: &BlockOverrides) -> Result<(), CallError> {
    let narrow =
        |field, value: U256| u64::try_from(value).map_err(|_| CallError::Override { field, value });
    if let Some(number) = block.number {
        // What a contract sees; the chain's own number stays, since ArbSys and BLOCKHASH belong to real blocks.
        context.evm_number = narrow("number", number)?;
    }
    if let Some(base_fee) = block.base_fee {
        context.base_fee = narrow("baseFee", base_fee)?;
    }
    context.timestamp = block.time.unwrap_or(context.timestamp);
    context.gas_limit = block.gas_limit.unwrap_or(context.gas_limit);
    context.coinbase = block.coinbase.unwrap_or(context.coinbase);
    context.prevrandao = block.random.unwrap_or(context.prevrandao);
    Ok(())
}

/// Precompiles of Ethereum (0x01 to 0x11, 0x100) and of ArbOS (0x64 to 0xff) lie below 65,536; listing them gains nothing.
fn is_precompile(address: &Address) -> bool {
    address.as_slice()[..18].iter().all(|byte| *byte == 0)
}

/// What an execution touched, but for accounts that are `warm` anyway and have no slot to name.
fn touched(executed: &Executed, warm: [Option<Address>; 3], given: &AccessList) -> AccessList {
    let mut found: BTreeMap<Address, Vec<B256>> = BTreeMap::new();
    for item in &given.0 {
        found
            .entry(item.address)
            .or_default()
            .extend(&item.storage_keys);
    }
    for (&address, account) in &executed.state {
        if is_precompile(&address) || (account.storage.is_empty() && warm.contains(&Some(address)))
        {
            continue;
        }
        let slots = account.storage.keys().map(|slot| B256::from(*slot));
        found.entry(address).or_default().extend(slots);
    }
    let items = found.into_iter().map(|(address, mut storage_keys)| {
        storage_keys.sort_unstable();
        storage_keys.dedup();
        AccessListItem {
            address,
            storage_keys,
        }
    });
    AccessList(items.collect())
}
