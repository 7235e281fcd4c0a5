//! Taking blocks back, and putting others in their place.
//!
//! Both are fault switches, not cheats: strict mode allows them, since the state they lead to comes from genesis by
//! signed transactions (a replacement by an impersonated sender is refused).

use std::sync::Arc;

use alloy::{consensus::Transaction, primitives::Bytes};

use crate::{
    block::MinedBlock,
    chain::{Chain, context_of},
    convert::tx_env,
    error::{ReorgError, StrictRefusal},
    event::ChainEvent,
    hashes::Db,
    node::Node,
    pool::PoolTx,
    produce::{Pick, options},
    state::Position,
};

/// A transaction placed in a replacement block.
#[derive(Clone, Debug)]
pub struct ReorgTx {
    /// Block it goes into: 0 is the oldest replaced one.
    pub offset: u64,
    /// The transaction.
    pub tx: PoolTx,
}

impl Node {
    /// Removes the last `depth` blocks. Their transactions are forgotten, as in anvil; what waits stays if its nonce
    /// is still free. State, snapshots taken since, and the history go with them; the clock does not go back.
    pub fn rollback(&self, depth: u64) -> Result<Arc<MinedBlock>, ReorgError> {
        let mut chain = self.write();
        let (number, position) = chain.target(depth)?;
        let removed = chain.go_back(number, position);
        let written = chain.flush();
        chain.announce_removed(removed);
        written?;
        Ok(Arc::clone(chain.head()))
    }

    /// Replaces the last `depth` blocks by as many new ones, which hold `txs` at their offsets and nothing else
    /// (anvil's semantics). Replaced transactions are forgotten unless placed again. The new blocks take the
    /// timestamps of those they replace, and carry the number of the reorg in their extra data so that no hash comes
    /// back.
    ///
    /// All or nothing: if a placed transaction cannot be executed, the old blocks stay. The removal is announced
    /// first, then each new block; both are written in one transaction before.
    pub fn reorg(&self, depth: u64, txs: Vec<ReorgTx>) -> Result<Vec<Arc<MinedBlock>>, ReorgError> {
        for placed in &txs {
            if placed.offset >= depth {
                return Err(ReorgError::Offset {
                    offset: placed.offset,
                    depth,
                });
            }
            if placed.tx.impersonated && self.inner.config.strict {
                return Err(StrictRefusal {
                    method: "anvil_reorg with an impersonated transaction",
                }
                .into());
            }
        }
        let mut chain = self.write();
        let (number, position) = chain.target(depth)?;
        let plan = Plan::new(&chain, number, depth, txs);
        chain.rehearse(&plan, position)?;
        let removed = chain.go_back(number, position);
        let fresh = chain.rebuild(plan);
        let written = chain.flush();
        chain.announce_removed(removed);
        for block in &fresh {
            chain.announce(ChainEvent::Block(Arc::clone(block)));
        }
        written?;
        Ok(fresh)
    }
}

/// The replacement blocks: timestamp and transactions of each, oldest first.
struct Plan {
    blocks: Vec<(u64, Vec<Arc<PoolTx>>)>,
}

impl Plan {
    fn new(chain: &Chain, number: u64, depth: u64, txs: Vec<ReorgTx>) -> Self {
        let mut blocks: Vec<(u64, Vec<Arc<PoolTx>>)> = chain.blocks[number as usize + 1..]
            .iter()
            .take(depth as usize)
            .map(|block| (block.header.timestamp, Vec::new()))
            .collect();
        for placed in txs {
            if let Some((_, list)) = blocks.get_mut(placed.offset as usize) {
                list.push(Arc::new(placed.tx));
            }
        }
        Self { blocks }
    }
}

impl Chain {
    /// Number and journal position `depth` blocks below the head.
    fn target(&self, depth: u64) -> Result<(u64, Position), ReorgError> {
        let head = self.head_number();
        let number = head
            .checked_sub(depth)
            .ok_or(ReorgError::TooDeep { depth, head })?;
        Ok((number, self.position_after(number)?))
    }

    fn go_back(&mut self, number: u64, position: Position) -> Vec<Arc<MinedBlock>> {
        let removed = self.truncate(number);
        self.rollback_state(position);
        self.snapshots.drop_after(position, number);
        removed
    }

    /// Executes the placed transactions on a copy of the view, to find out what would be refused.
    fn rehearse(&self, plan: &Plan, position: Position) -> Result<(), ReorgError> {
        let base = self.head_number() - plan.blocks.len() as u64;
        let mut view = self.view_at(position, base)?;
        for (index, (timestamp, txs)) in plan.blocks.iter().enumerate() {
            let number = base + index as u64 + 1;
            let context = context_of(&self.frame_at(number, *timestamp));
            let mut gas_left = context.gas_limit;
            for tx in txs {
                let refuse = |cause: String| ReorgError::Transaction {
                    hash: tx.hash(),
                    number,
                    cause,
                };
                if tx.tx.gas_limit() > gas_left {
                    return Err(refuse(format!(
                        "gas limit {} exceeds the {gas_left} left",
                        tx.tx.gas_limit()
                    )));
                }
                let executed = {
                    let db = Db {
                        source: &view,
                        hashes: self.hashes(),
                    };
                    self.engine
                        .execute(&db, &context, tx_env(&tx.tx), &options(tx.impersonated))
                        .map_err(|refused| refuse(refused.to_string()))?
                };
                gas_left -= executed.result.tx_gas_used();
                view.commit(&executed.state);
            }
        }
        Ok(())
    }

    fn rebuild(&mut self, plan: Plan) -> Vec<Arc<MinedBlock>> {
        self.branch += 1;
        let extra_data = Bytes::copy_from_slice(&self.branch.to_be_bytes());
        let mut fresh = Vec::with_capacity(plan.blocks.len());
        for (timestamp, txs) in plan.blocks {
            let produced =
                self.produce_unwritten(Pick::Exactly(txs), timestamp, extra_data.clone());
            for (tx, refused) in &produced.refused {
                tracing::warn!(hash = %tx.hash(), %refused, "a placed transaction was refused after its rehearsal");
            }
            self.settle_pool(&produced);
            fresh.extend(produced.block);
        }
        fresh
    }
}
