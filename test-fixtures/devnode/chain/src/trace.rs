//! Re-execution of mined transactions, traced.

use std::sync::Arc;

use agentcity_devnode_engine::{Executed, Trace};
use alloy::{eips::BlockId, primitives::B256};
use revm_inspectors::tracing::TracingInspectorConfig;

use crate::{
    block::MinedBlock,
    chain::{At, Chain},
    convert::tx_env,
    error::CallError,
    hashes::Db,
    node::Node,
    produce::options,
    read::Located,
};

impl Node {
    /// Executes a mined transaction again on the state it met, with this trace.
    pub fn trace_tx(
        &self,
        hash: B256,
        config: TracingInspectorConfig,
    ) -> Result<(Located, Executed), CallError> {
        let chain = self.read();
        let (block, index, _) = chain
            .find_tx(hash)
            .ok_or(CallError::UnknownTransaction { hash })?;
        let located = Located {
            block: Arc::clone(block),
            index,
        };
        let mut executed = chain.replay(block, index, index + 1, config)?;
        let executed = executed
            .pop()
            .ok_or(CallError::UnknownTransaction { hash })?;
        Ok((located, executed))
    }

    /// Executes every transaction of a block again, with this trace.
    pub fn trace_block(
        &self,
        at: BlockId,
        config: TracingInspectorConfig,
    ) -> Result<(Arc<MinedBlock>, Vec<Executed>), CallError> {
        let chain = self.read();
        let at = chain.resolve(at)?;
        // Resolved numbers are in the chain.
        let block = &chain.blocks[at.number as usize];
        let executed = chain.replay(block, 0, block.transactions.len(), config)?;
        Ok((Arc::clone(block), executed))
    }
}

impl Chain {
    /// Executes a block's transactions up to `to` again; those from `from` on are traced and returned.
    fn replay(
        &self,
        block: &MinedBlock,
        from: usize,
        to: usize,
        config: TracingInspectorConfig,
    ) -> Result<Vec<Executed>, CallError> {
        let number = block.header.number;
        if number == 0 {
            return Err(CallError::Genesis);
        }
        let mut view = self.view_at(self.spans[number as usize].start, number)?;
        let context = self.context(At {
            number,
            pending: false,
        });
        let mut traced = Vec::new();
        for (index, mined) in block.transactions.iter().take(to).enumerate() {
            let trace = if index >= from {
                Trace::On(config)
            } else {
                Trace::Off
            };
            let options = options(mined.impersonated).with_trace(trace);
            let executed = {
                let db = Db {
                    source: &view,
                    hashes: self.hashes(),
                };
                self.engine
                    .execute(&db, &context, tx_env(&mined.tx), &options)
                    .map_err(CallError::from_refused)?
            };
            view.commit(&executed.state);
            if index >= from {
                traced.push(executed);
            }
        }
        Ok(traced)
    }
}
