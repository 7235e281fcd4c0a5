//! How a block comes to be: candidates are executed on the state, the outcome is sealed, written and announced.

use std::{collections::VecDeque, sync::Arc};

use agentcity_devnode_engine::{BlockContext, Engine, ExecOptions, Executed, Refused, Tips};
use alloy::{
    consensus::{Eip658Value, Receipt, ReceiptEnvelope, Transaction, TxEnvelope},
    primitives::{Address, Bytes},
};
use revm::context::result::ExecutionResult;

use crate::{
    block::{MinedBlock, MinedTx, Outcome, seal},
    chain::{Chain, Span, commitment, context_of},
    config::Order,
    convert::tx_env,
    error::MineError,
    event::ChainEvent,
    hashes::{Db, Hashes},
    pool::{PoolTx, Ready},
    state::State,
};

/// Where a block's transactions come from.
pub(crate) enum Candidates<'a> {
    /// These, in this order.
    List(VecDeque<Arc<PoolTx>>),
    /// Whatever fits, best first.
    Pool(Ready<'a>, Order),
}

impl Candidates<'_> {
    fn next(&mut self, gas_left: u64, context: &BlockContext) -> Option<Arc<PoolTx>> {
        match self {
            Self::List(list) => list.pop_front(),
            Self::Pool(ready, order) => loop {
                let tx = ready.pop()?;
                // Submitted under a higher gas limit or a lower base fee: its sender waits.
                if tx.tx.gas_limit() > context.gas_limit
                    || tx.tx.max_fee_per_gas() < u128::from(context.base_fee)
                {
                    continue;
                }
                if tx.tx.gas_limit() > gas_left {
                    match order {
                        // First come, first served: nobody overtakes the one that does not fit any more.
                        Order::Arrival => return None,
                        Order::Tip => continue,
                    }
                }
                return Some(Arc::clone(tx));
            },
        }
    }

    fn included(&mut self, tx: &PoolTx) {
        if let Self::Pool(ready, _) = self {
            ready.advance(tx);
        }
    }
}

/// Transactions executed for one block.
#[derive(Debug, Default)]
struct Run {
    mined: Vec<MinedTx>,
    refused: Vec<(Arc<PoolTx>, Refused)>,
}

/// A block and what could not be part of it.
#[derive(Debug)]
pub(crate) struct Produced {
    pub(crate) block: Option<Arc<MinedBlock>>,
    pub(crate) refused: Vec<(Arc<PoolTx>, Refused)>,
}

/// Which candidates [`Chain::produce`] takes.
#[derive(Debug)]
pub(crate) enum Pick {
    /// These; no block is made when none of them can be included.
    List(Vec<Arc<PoolTx>>),
    /// These; a block is made in any case.
    Exactly(Vec<Arc<PoolTx>>),
    /// From the pool; a block is made in any case.
    Pool,
}

impl Chain {
    /// Makes the next block, writes it, and announces it. When writing fails the block is undone.
    pub(crate) fn produce(&mut self, pick: Pick) -> Result<Produced, MineError> {
        let time = self.time;
        let parent = self.head().header.timestamp;
        let timestamp = self
            .time
            .take(self.config.clock.now(), parent, self.config.timestamps);
        let produced = self.produce_unwritten(pick, timestamp, Bytes::new());
        let Some(block) = &produced.block else {
            self.time = time;
            return Ok(produced);
        };
        // Before writing, so that the file forgets what the memory forgets.
        self.prune();
        if let Err(error) = self.flush() {
            let number = block.header.number;
            let start = self.spans[number as usize].start;
            self.truncate(number - 1);
            self.rollback_state(start);
            self.time = time;
            return Err(error.into());
        }
        self.settle_pool(&produced);
        self.announce(ChainEvent::Block(Arc::clone(block)));
        Ok(produced)
    }

    /// Makes the next block in memory only.
    pub(crate) fn produce_unwritten(
        &mut self,
        pick: Pick,
        timestamp: u64,
        extra_data: Bytes,
    ) -> Produced {
        let parent = Arc::clone(self.head());
        let frame = self.next_frame(timestamp, extra_data);
        let context = context_of(&frame);
        let start = self.state.position();
        let (mut candidates, allow_empty) = match pick {
            Pick::List(list) => (Candidates::List(list.into()), false),
            Pick::Exactly(list) => (Candidates::List(list.into()), true),
            Pick::Pool => {
                let state = &self.state;
                let nonce = |address| state.account(address).map_or(0, |basic| basic.nonce);
                let ready = self.pool.ready(self.config.order, frame.base_fee, nonce);
                (Candidates::Pool(ready, self.config.order), true)
            }
        };
        let hashes = Hashes {
            blocks: &self.blocks,
            overrides: None,
        };
        let run = execute(
            &self.engine,
            &mut self.state,
            hashes,
            &context,
            &mut candidates,
        );
        if run.mined.is_empty() && !allow_empty {
            return Produced {
                block: None,
                refused: run.refused,
            };
        }
        let end = self.state.position();
        let since = self.spans.last().map_or(start, |span| span.end);
        let state_root = commitment(parent.header.state_root, &self.state, since, end);
        let block = Arc::new(seal(frame, run.mined, state_root));
        self.append(Arc::clone(&block), Span { start, end });
        Produced {
            block: Some(block),
            refused: run.refused,
        }
    }

    /// Takes what was mined or refused out of the pool.
    pub(crate) fn settle_pool(&mut self, produced: &Produced) {
        for (tx, refused) in &produced.refused {
            // One whose predecessor was refused waits for another one.
            if !matches!(refused, Refused::NonceTooHigh { .. })
                && self.pool.remove(tx.hash()).is_some()
            {
                tracing::warn!(hash = %tx.hash(), %refused, "dropped a waiting transaction");
            }
        }
        if self.pool.is_empty() {
            return;
        }
        for mined in produced.block.iter().flat_map(|block| &block.transactions) {
            if self.pool.remove(mined.hash()).is_none() {
                // Another transaction took the nonce of a waiting one.
                let sender = mined.tx.signer();
                let nonce = self.nonce(sender);
                self.pool.drop_used(sender, nonce);
            }
        }
    }

    /// Mines what waits, one transaction per block, until nothing more can be mined.
    pub(crate) fn drain_pool(&mut self) -> Result<(), MineError> {
        let context = context_of(&self.next_frame(self.next_timestamp(), Bytes::new()));
        let mut waiting = Vec::new();
        {
            let state = &self.state;
            let nonce = |address| state.account(address).map_or(0, |basic| basic.nonce);
            let ready = self.pool.ready(self.config.order, context.base_fee, nonce);
            let mut candidates = Candidates::Pool(ready, self.config.order);
            while let Some(tx) = candidates.next(context.gas_limit, &context) {
                candidates.included(&tx);
                waiting.push(tx);
            }
        }
        for tx in waiting {
            self.mine_waiting(tx)?;
        }
        Ok(())
    }

    /// Mines what waits of one sender, one transaction per block; answers what was refused.
    pub(crate) fn drain_sender(
        &mut self,
        sender: Address,
    ) -> Result<Vec<(Arc<PoolTx>, Refused)>, MineError> {
        let mut refused = Vec::new();
        while let Some(tx) = self.pool.by_nonce(sender, self.nonce(sender)).cloned() {
            if tx.tx.gas_limit() > self.settings.gas_limit
                || tx.tx.max_fee_per_gas() < u128::from(self.settings.base_fee)
            {
                break;
            }
            refused.extend(self.mine_waiting(tx)?);
        }
        Ok(refused)
    }

    fn mine_waiting(&mut self, tx: Arc<PoolTx>) -> Result<Vec<(Arc<PoolTx>, Refused)>, MineError> {
        let produced = self.produce(Pick::List(vec![tx]))?;
        if produced.block.is_none() {
            self.settle_pool(&produced);
        }
        Ok(produced.refused)
    }
}

/// Options of a transaction that goes into a block.
pub(crate) const fn options(impersonated: bool) -> ExecOptions {
    let mut options = ExecOptions::transaction();
    // A contract has no key; whoever impersonates one wants it to send nevertheless.
    options.check_code = !impersonated;
    options
}

fn execute(
    engine: &Engine,
    state: &mut State,
    hashes: Hashes<'_>,
    context: &BlockContext,
    candidates: &mut Candidates<'_>,
) -> Run {
    let mut run = Run::default();
    let (mut gas_used, mut logs) = (0, 0);
    while let Some(tx) = candidates.next(context.gas_limit - gas_used, context) {
        if tx.tx.gas_limit() > context.gas_limit - gas_used {
            let refused = Refused::GasAboveBlock {
                limit: tx.tx.gas_limit(),
                block: context.gas_limit - gas_used,
            };
            run.refused.push((tx, refused));
            continue;
        }
        let executed = {
            let db = Db {
                source: &*state,
                hashes,
            };
            engine.execute(&db, context, tx_env(&tx.tx), &options(tx.impersonated))
        };
        match executed {
            Err(refused) => run.refused.push((tx, refused)),
            Ok(executed) => {
                state.commit(&executed.state);
                gas_used += executed.result.tx_gas_used();
                let tips = engine.config().tips;
                let mined = mined(&tx, executed, context, tips, gas_used, logs);
                logs += mined.logs().len() as u64;
                candidates.included(&tx);
                run.mined.push(mined);
            }
        }
    }
    run
}

fn mined(
    tx: &PoolTx,
    executed: Executed,
    context: &BlockContext,
    tips: Tips,
    cumulative_gas_used: u64,
    first_log_index: u64,
) -> MinedTx {
    // Of a creation that failed, too: receipts name where the contract would have been.
    let contract_address = tx
        .tx
        .kind()
        .is_create()
        .then(|| tx.tx.signer().create(tx.tx.nonce()));
    let gas_used = executed.result.tx_gas_used();
    let (outcome, output, logs) = match executed.result {
        ExecutionResult::Success { output, logs, .. } => {
            (Outcome::Success, output.into_data(), logs)
        }
        ExecutionResult::Revert { output, .. } => (Outcome::Revert, output, Vec::new()),
        ExecutionResult::Halt { reason, .. } => {
            (Outcome::Halt(reason.to_string()), Bytes::new(), Vec::new())
        }
    };
    let status = Eip658Value::Eip658(outcome == Outcome::Success);
    let receipt = Receipt {
        status,
        cumulative_gas_used,
        logs,
    };
    MinedTx {
        receipt: ReceiptEnvelope::from_typed(
            TxEnvelope::tx_type(tx.tx.inner()),
            receipt.with_bloom(),
        ),
        gas_used,
        effective_gas_price: match tips {
            Tips::Ignored => u128::from(context.base_fee),
            Tips::Paid => tx.tx.effective_gas_price(Some(context.base_fee)),
        },
        contract_address,
        first_log_index,
        outcome,
        output,
        impersonated: tx.impersonated,
        tx: tx.tx.clone(),
    }
}
