//! Blocks and time on command: mining, timestamps, snapshots, reorganisations.

use super::{
    Context, RpcError,
    args::{Args, Number},
    envelope::{Answer, Payload, json, null},
};
use crate::{limits, view};
use agentcity_devnode_chain::{
    MineError, MinedBlock, Mining, ReorgTx, SnapshotError, decode, pool::PoolTx,
};
use alloy::{
    primitives::{Bytes, U64, U256},
    rpc::types::{
        TransactionRequest,
        anvil::{MineOptions, TransactionData},
    },
};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

pub(super) fn mine(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    let count = args
        .opt::<Number>(0, "blocks")?
        .map_or(1, |Number(count)| count);
    let interval = args
        .opt::<Number>(1, "interval")?
        .map(|Number(seconds)| seconds);
    mine_blocks(context, count, interval)?;
    null()
}

pub(super) fn evm_mine(context: &Context, args: &Args<'_>) -> Answer {
    mine_options(context, args)?;
    json("0x0")
}

pub(super) fn evm_mine_detailed(context: &Context, args: &Args<'_>) -> Answer {
    let blocks = mine_options(context, args)?;
    json(
        &blocks
            .iter()
            .map(|block| view::block::BlockView::new(block, true))
            .collect::<Vec<_>>(),
    )
}

fn mine_options(context: &Context, args: &Args<'_>) -> Result<Vec<Arc<MinedBlock>>, RpcError> {
    args.at_most(1)?;
    let (timestamp, count) = match args.opt::<MineOptions>(0, "options")? {
        None => (None, 1),
        Some(MineOptions::Timestamp(timestamp)) => (timestamp, 1),
        Some(MineOptions::Options { timestamp, blocks }) => (timestamp, blocks.unwrap_or(1)),
    };
    let mut blocks = Vec::new();
    let mut left = count;
    if let (Some(timestamp), true) = (timestamp, left > 0) {
        blocks.push(context.node.mine_at(timestamp)?);
        left -= 1;
    }
    blocks.extend(mine_blocks(context, left, None)?);
    Ok(blocks)
}

fn mine_blocks(
    context: &Context,
    count: u64,
    interval: Option<u64>,
) -> Result<Vec<Arc<MinedBlock>>, RpcError> {
    if count > limits::MINE {
        return Err(MineError::TooMany {
            count,
            limit: limits::MINE,
        }
        .into());
    }
    Ok(context.node.mine(count, interval)?)
}

pub(super) fn set_automine(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let mining = match (args.get(0, "enabled")?, context.node.mining()) {
        (true, _) => Mining::Auto,
        // Turning automine off must not end interval mining.
        (false, Mining::Auto) => Mining::Manual,
        (false, other) => other,
    };
    context.node.set_mining(mining)?;
    null()
}

pub(super) fn get_automine(context: &Context, _: &Args<'_>) -> Answer {
    json(&(context.node.mining() == Mining::Auto))
}

pub(super) fn set_interval_mining(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    context.node.set_mining(match args.get(0, "seconds")? {
        Number(0) => Mining::Manual,
        Number(seconds) => Mining::Interval(Duration::from_secs(seconds)),
    })?;
    null()
}

pub(super) fn get_interval_mining(context: &Context, _: &Args<'_>) -> Answer {
    match context.node.mining() {
        Mining::Interval(interval) => json(&interval.as_secs()),
        Mining::Auto | Mining::Manual => null(),
    }
}

pub(super) fn increase_time(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let Number(seconds) = args.get(0, "seconds")?;
    let seconds =
        i64::try_from(seconds).map_err(|_| RpcError::params("invalid params: too many seconds"))?;
    json(&context.node.increase_time(seconds)?)
}

pub(super) fn set_next_timestamp(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let Number(timestamp) = args.get(0, "timestamp")?;
    context.node.set_next_timestamp(timestamp)?;
    null()
}

/// Answers the seconds moved forward, as anvil does.
pub(super) fn set_time(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let Number(timestamp) = args.get(0, "timestamp")?;
    json(&context.node.set_time(timestamp)?.max(0))
}

pub(super) fn set_timestamp_interval(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let Number(seconds) = args.get(0, "seconds")?;
    context.node.set_timestamp_interval(seconds)?;
    null()
}

pub(super) fn remove_timestamp_interval(context: &Context, _: &Args<'_>) -> Answer {
    json(&context.node.remove_timestamp_interval()?)
}

pub(super) fn snapshot(context: &Context, _: &Args<'_>) -> Answer {
    json(&U64::from(context.node.snapshot()?))
}

/// An unknown snapshot is `false`, as in anvil.
pub(super) fn revert(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let Ok(id) = args.get::<U256>(0, "snapshot id")?.try_into() else {
        return json(&false);
    };
    match context.node.revert(id) {
        Ok(()) => json(&true),
        Err(SnapshotError::Unknown { .. }) => json(&false),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn rollback(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let depth = args
        .opt::<Number>(0, "depth")?
        .map_or(1, |Number(depth)| depth);
    context.node.rollback(depth)?;
    null()
}

/// As an object (alloy) or as two arguments (cast): the depth, and transactions with the block they go into.
pub(super) fn reorg(context: &Context, args: &Args<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Options {
        depth: Number,
        #[serde(default, alias = "txBlockPairs")]
        tx_block_pairs: Vec<(TransactionData, Number)>,
    }
    args.at_most(2)?;
    let Options {
        depth: Number(depth),
        tx_block_pairs,
    } = if args.raw(0).is_some_and(|raw| raw.starts_with('{')) {
        args.get(0, "options")?
    } else {
        Options {
            depth: args.get(0, "depth")?,
            tx_block_pairs: args.opt(1, "transactions")?.unwrap_or_default(),
        }
    };
    let mut txs = Vec::with_capacity(tx_block_pairs.len());
    for (data, Number(offset)) in tx_block_pairs {
        txs.push(ReorgTx {
            offset,
            tx: pool_tx(context, data)?,
        });
    }
    context.node.reorg(depth, txs)?;
    null()
}

fn pool_tx(context: &Context, data: TransactionData) -> Result<PoolTx, RpcError> {
    match data {
        TransactionData::Raw(raw) => raw_tx(&raw),
        TransactionData::JSON(request) => request_tx(context, request),
    }
}

fn raw_tx(raw: &Bytes) -> Result<PoolTx, RpcError> {
    Ok(PoolTx::new(decode(raw)?, false))
}

fn request_tx(context: &Context, request: TransactionRequest) -> Result<PoolTx, RpcError> {
    match super::eth_send::signed_if_held(context, &request)? {
        Some(tx) => Ok(PoolTx::new(tx, false)),
        None => Ok(context.node.prepare_request(request)?),
    }
}

pub(super) fn drop_transaction(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let hash: alloy::primitives::B256 = args.get(0, "transaction hash")?;
    json(&context.node.drop_tx(hash).then_some(hash))
}

pub(super) fn drop_all(context: &Context, _: &Args<'_>) -> Answer {
    context.node.drop_all();
    Ok(Payload(b"null".to_vec()))
}

pub(super) fn remove_pool_of(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    context.node.remove_pool_of(args.get(0, "address")?);
    null()
}
