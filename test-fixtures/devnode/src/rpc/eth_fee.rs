//! Prices of gas.

use super::{
    Context, RpcError,
    args::{Args, Number},
    block_id::block_tag,
    envelope::{Answer, json},
};
use crate::limits;
use agentcity_devnode_chain::{MinedBlock, engine::Tips};
use alloy::{
    consensus::Transaction,
    eips::BlockId,
    primitives::{U64, U128},
    rpc::types::FeeHistory,
};

/// Tip that `eth_maxPriorityFeePerGas` proposes where tips are paid, as anvil does.
const SUGGESTED_TIP: u128 = 1_000_000_000;

pub(super) fn gas_price(context: &Context, _: &Args<'_>) -> Answer {
    let info = context.node.info();
    let price = u128::from(info.base_fee)
        .saturating_add(tip(context))
        .max(info.min_gas_price);
    json(&U128::from(price))
}

pub(super) fn max_priority_fee(context: &Context, _: &Args<'_>) -> Answer {
    json(&U128::from(tip(context)))
}

/// Blobs cannot be sent here, so their price is the least there is.
pub(super) fn blob_base_fee(_: &Context, _: &Args<'_>) -> Answer {
    json(&U64::from(1))
}

/// The tip worth offering: none where tips are ignored.
pub(super) fn tip(context: &Context) -> u128 {
    match context.node.config().tips {
        Tips::Ignored => 0,
        Tips::Paid => SUGGESTED_TIP,
    }
}

pub(super) fn history(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(3)?;
    let Number(count) = args.get(0, "block count")?;
    let newest = block_tag(args, 1)?;
    let percentiles: Option<Vec<f64>> = args.opt(2, "reward percentiles")?;
    if let Some(percentiles) = &percentiles {
        check(percentiles)?;
    }
    let newest = match newest {
        // The pending block holds nothing that could be told of it yet.
        BlockId::Number(tag) if tag.is_pending() => context.node.head_number(),
        id => context
            .node
            .block(id)
            .ok_or_else(|| RpcError::refused("request beyond head block"))?
            .number(),
    };
    let count = count.min(limits::FEE_HISTORY).min(newest.saturating_add(1));
    if count == 0 {
        return json(&FeeHistory::default());
    }
    let oldest = newest + 1 - count;
    // One more for the fee after the newest block.
    let blocks = context.node.blocks(
        oldest,
        newest.saturating_add(1),
        limits::FEE_HISTORY as usize + 1,
    );
    let told = &blocks[..blocks.len().min(count as usize)];
    let mut base_fee_per_gas: Vec<u128> = blocks.iter().map(|block| base_fee(block)).collect();
    if base_fee_per_gas.len() <= told.len() {
        base_fee_per_gas.push(context.node.info().base_fee.into());
    }
    json(&FeeHistory {
        base_fee_per_blob_gas: vec![1; base_fee_per_gas.len()],
        base_fee_per_gas,
        gas_used_ratio: told
            .iter()
            .map(|block| block.header.gas_used as f64 / block.header.gas_limit.max(1) as f64)
            .collect(),
        blob_gas_used_ratio: vec![0.0; told.len()],
        oldest_block: oldest,
        reward: percentiles.map(|percentiles| {
            told.iter()
                .map(|block| rewards(context, block, &percentiles))
                .collect()
        }),
    })
}

fn check(percentiles: &[f64]) -> Result<(), RpcError> {
    if percentiles.len() > limits::FEE_PERCENTILES {
        return Err(RpcError::params(format!(
            "invalid params: more than {} percentiles",
            limits::FEE_PERCENTILES
        )));
    }
    let mut last = 0.0;
    for &percentile in percentiles {
        if !(last..=100.0).contains(&percentile) {
            return Err(RpcError::params(
                "invalid params: percentiles must rise from 0 to 100",
            ));
        }
        last = percentile;
    }
    Ok(())
}

fn base_fee(block: &MinedBlock) -> u128 {
    block.header.base_fee_per_gas.unwrap_or_default().into()
}

/// Tips at these percentiles of the gas used in a block.
fn rewards(context: &Context, block: &MinedBlock, percentiles: &[f64]) -> Vec<u128> {
    if block.transactions.is_empty() || context.node.config().tips == Tips::Ignored {
        return vec![0; percentiles.len()];
    }
    let fee = block.header.base_fee_per_gas.unwrap_or_default();
    let mut paid: Vec<(u128, u64)> = block
        .transactions
        .iter()
        .map(|tx| (tx.tx.effective_tip_per_gas(fee).unwrap_or(0), tx.gas_used))
        .collect();
    paid.sort_unstable();
    let mut at = 0;
    let mut sum = paid[0].1;
    percentiles
        .iter()
        .map(|percentile| {
            let threshold = (block.header.gas_used as f64 * percentile / 100.0) as u64;
            while sum < threshold && at + 1 < paid.len() {
                at += 1;
                sum += paid[at].1;
            }
            paid[at].0
        })
        .collect()
}
