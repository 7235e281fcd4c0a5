//! The node's own settings, and what it tells about itself.

use super::{
    Context, RpcError,
    args::{Amount, Args, Number},
    envelope::{Answer, json, null},
    net::CLIENT,
};
use agentcity_devnode_chain::Order;
use alloy::{
    eips::BlockId,
    primitives::U256,
    rpc::types::anvil::{Forking, Metadata, NodeEnvironment, NodeForkConfig, NodeInfo},
};

const NO_FORK: &str = "forking is not supported: the devnode always runs its own chain";

pub(super) fn node_info(context: &Context, _: &Args<'_>) -> Answer {
    let info = context.node.info();
    json(&NodeInfo {
        current_block_number: info.head_number,
        current_block_timestamp: info.head_timestamp,
        current_block_hash: info.head_hash,
        hard_fork: context.settings.hard_fork.clone(),
        transaction_order: match context.node.config().order {
            Order::Arrival => "fifo",
            Order::Tip => "fees",
        }
        .to_owned(),
        environment: NodeEnvironment {
            base_fee: info.base_fee.into(),
            chain_id: info.chain_id,
            gas_limit: info.gas_limit,
            gas_price: u128::from(info.base_fee).max(info.min_gas_price),
        },
        fork_config: NodeForkConfig::default(),
        network: None,
    })
}

pub(super) fn metadata(context: &Context, _: &Args<'_>) -> Answer {
    let info = context.node.info();
    let snapshots = info.snapshots.iter().filter_map(|&(id, number)| {
        let block = context.node.block(BlockId::number(number))?;
        Some((U256::from(id), (number, block.hash)))
    });
    json(&Metadata {
        client_version: CLIENT.to_owned(),
        client_semver: Some(env!("CARGO_PKG_VERSION").to_owned()),
        client_commit_sha: None,
        chain_id: info.chain_id,
        instance_id: context.settings.instance,
        latest_block_number: info.head_number,
        latest_block_hash: info.head_hash,
        forked_network: None,
        snapshots: snapshots.collect(),
    })
}

pub(super) fn set_chain_id(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let Number(id) = args.get(0, "chain id")?;
    context.node.set_chain_id(id)?;
    null()
}

pub(super) fn set_coinbase(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    context.node.set_coinbase(args.get(0, "address")?)?;
    null()
}

pub(super) fn set_min_gas_price(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let Amount(price) = args.get(0, "gas price")?;
    context.node.set_min_gas_price(price)?;
    null()
}

pub(super) fn set_base_fee(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let Amount(fee) = args.get(0, "base fee")?;
    let fee = u64::try_from(fee)
        .map_err(|_| RpcError::params("invalid params: the base fee must fit 64 bits"))?;
    context.node.set_base_fee(fee)?;
    null()
}

pub(super) fn set_gas_limit(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let Number(limit) = args.get(0, "gas limit")?;
    context.node.set_gas_limit(limit)?;
    json(&true)
}

pub(super) fn set_logging(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    context.set_logging(args.get(0, "enabled")?);
    null()
}

pub(super) fn set_rpc_url(_: &Context, _: &Args<'_>) -> Answer {
    Err(RpcError::refused(NO_FORK))
}

/// Back to genesis; with a fork's address, refused.
pub(super) fn reset(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let forking: Option<Forking> = args.opt(0, "forking")?;
    if forking
        .is_some_and(|forking| forking.json_rpc_url.is_some() || forking.block_number.is_some())
    {
        return Err(RpcError::refused(NO_FORK));
    }
    context.node.reset()?;
    null()
}
