//! The engine: configuration, shared programs and the execution of one transaction.

use std::{rc::Rc, sync::Arc};

use agentcity_devnode_program::ProgramRules;
use revm::{
    Context, DatabaseRef, Journal,
    context::{
        BlockEnv, CfgEnv, ContextSetters, ContextTr, TransactionType, TxEnv,
        result::{EVMError, InvalidTransaction},
    },
    context_interface::{JournalTr, Transaction, block::BlobExcessGasAndPrice},
    handler::{EvmTr, Handler, MainnetHandler},
    inspector::InspectorHandler,
    primitives::{U256, hardfork::SpecId},
};

use crate::{
    context::{Ctx, TxState},
    db::{ReadState, State},
    evm::StylusEvm,
    recorder::Recorder,
    refused::{Refused, StateError},
    trace::TraceOutput,
    types::{BlockContext, EngineConfig, ExecOptions, Executed, Tips, Trace},
    vm::{compiled::Programs, host::Env, pages::Pages},
};

/// Executes transactions. One engine serves any number of threads.
#[derive(Debug)]
pub struct Engine {
    config: EngineConfig,
    programs: Arc<Programs>,
}

impl Engine {
    /// An engine with these rules and no compiled program.
    pub fn new(config: EngineConfig) -> Self {
        Self {
            config,
            programs: Arc::default(),
        }
    }

    /// The rules.
    pub const fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// Accounts every chain starts with; see [`crate::genesis`].
    pub fn genesis_accounts(&self) -> Vec<(alloy_primitives::Address, crate::GenesisAccount)> {
        crate::genesis::accounts(&self.config)
    }

    /// Executes one transaction (or call) on a state and returns what it changes.
    ///
    /// Errors: [`Refused`] if the transaction could not be part of the block; a transaction that runs and fails is a
    /// result, not an error.
    pub fn execute<DB>(
        &self,
        db: &DB,
        block: &BlockContext,
        tx: TxEnv,
        options: &ExecOptions,
    ) -> Result<Executed, Refused>
    where
        DB: DatabaseRef<Error: std::error::Error + Send + Sync + 'static>,
    {
        self.execute_on(db, block, tx, options)
    }

    fn execute_on(
        &self,
        state: &dyn ReadState,
        block: &BlockContext,
        mut tx: TxEnv,
        options: &ExecOptions,
    ) -> Result<Executed, Refused> {
        let sent = tx.clone();
        let refuse = |error: EVMError<StateError>| {
            Refused::from_evm(error, &sent, block, self.config.chain_id)
        };
        if self.config.tips == Tips::Ignored {
            drop_tip(&mut tx, self.config.spec, self.config.chain_id)
                .map_err(|invalid| refuse(EVMError::Transaction(invalid)))?;
        }
        let ctx = self.context(state, block, tx, options);
        match options.trace {
            Trace::Off => {
                let mut evm = StylusEvm::new(ctx, (), &self.config);
                let result = MainnetHandler::<_, EVMError<StateError>, _>::default()
                    .run(&mut evm)
                    .map_err(refuse)?;
                let state = evm.ctx().journal_mut().finalize();
                Ok(Executed {
                    result,
                    state,
                    trace: None,
                })
            }
            Trace::On(config) => {
                let mut evm = StylusEvm::new(ctx, Recorder::new(config), &self.config);
                let result = MainnetHandler::<_, EVMError<StateError>, _>::default()
                    .inspect_run(&mut evm)
                    .map_err(refuse)?;
                let state = evm.ctx().journal_mut().finalize();
                let (recorder, host_calls) = evm.into_trace();
                Ok(Executed {
                    result,
                    state,
                    trace: Some(TraceOutput {
                        inspector: recorder.into_inner(),
                        host_calls,
                    }),
                })
            }
        }
    }

    fn context<'a>(
        &self,
        state: &'a dyn ReadState,
        block: &BlockContext,
        tx: TxEnv,
        options: &ExecOptions,
    ) -> Ctx<'a> {
        let mut cfg = CfgEnv::new_with_spec(self.config.spec);
        cfg.chain_id = self.config.chain_id;
        cfg.disable_nonce_check = !options.check_nonce;
        cfg.disable_balance_check = !options.check_balance;
        cfg.disable_base_fee = !options.check_base_fee;
        cfg.disable_eip3607 = !options.check_code;
        // Imposed by `evm::refuse_reserved_code` for all but Stylus prefixes.
        cfg.disable_eip3541 = self.config.stylus;
        let block_env = BlockEnv {
            number: U256::from(block.evm_number),
            beneficiary: block.coinbase,
            timestamp: U256::from(block.timestamp),
            gas_limit: block.gas_limit,
            basefee: block.base_fee,
            difficulty: U256::ZERO,
            prevrandao: Some(block.prevrandao),
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
                excess_blob_gas: 0,
                blob_gasprice: 1,
            }),
            slot_num: 0,
        };
        let env = Env {
            base_fee: U256::from(block.base_fee),
            chain_id: self.config.chain_id,
            coinbase: block.coinbase,
            gas_limit: block.gas_limit,
            number: block.evm_number,
            timestamp: block.timestamp,
            gas_price: U256::from(tx.effective_gas_price(block.base_fee.into())),
            origin: tx.caller,
        };
        let journal: Journal<State<'a>> = JournalTr::new(State::new(state, block));
        let mut ctx = Context {
            block: block_env,
            tx: TxEnv::default(),
            cfg,
            journaled_state: journal,
            chain: TxState {
                block: *block,
                env: Rc::new(env),
                rules: ProgramRules {
                    debug: self.config.debug_hooks,
                    multi_value: false,
                },
                programs: self.programs.clone(),
                pages: Pages::default(),
                frames: 0,
                host_calls: matches!(options.trace, Trace::On(_)).then(Rc::default),
            },
            local: Default::default(),
            error: Ok(()),
        };
        ctx.journaled_state.set_spec_id(self.config.spec);
        ctx.set_tx(tx);
        ctx
    }
}

/// Makes the effective gas price the base fee: a transaction of any type with a fee becomes one with a cap and no tip.
fn drop_tip(tx: &mut TxEnv, spec: SpecId, chain_id: u64) -> Result<(), InvalidTransaction> {
    if !spec.is_enabled_in(SpecId::LONDON) {
        return Ok(());
    }
    if tx.gas_priority_fee.is_some_and(|tip| tip > tx.gas_price) {
        return Err(InvalidTransaction::PriorityFeeGreaterThanMaxFee);
    }
    if tx.tx_type == TransactionType::Legacy as u8 {
        // The only type that may come without a chain id or with a stray access list.
        tx.chain_id.get_or_insert(chain_id);
        tx.access_list = Default::default();
        tx.tx_type = TransactionType::Eip1559 as u8;
    } else if tx.tx_type == TransactionType::Eip2930 as u8 {
        tx.tx_type = TransactionType::Eip1559 as u8;
    }
    tx.gas_priority_fee = Some(0);
    Ok(())
}
