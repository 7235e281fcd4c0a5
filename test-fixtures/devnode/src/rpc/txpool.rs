//! What waits.

use super::{
    Context,
    args::Args,
    envelope::{Answer, json},
};
use crate::view;
use agentcity_devnode_chain::pool::PoolTx;
use alloy::{
    consensus::Transaction,
    primitives::{Address, U64},
};
use serde_json::json as value;
use std::{collections::BTreeMap, sync::Arc};

type Part = BTreeMap<Address, BTreeMap<u64, Arc<PoolTx>>>;

pub(super) fn status(context: &Context, _: &Args<'_>) -> Answer {
    let (pending, queued) = context.node.pool_status();
    json(&value!({ "pending": U64::from(pending), "queued": U64::from(queued) }))
}

pub(super) fn content(context: &Context, _: &Args<'_>) -> Answer {
    let pool = context.node.pool();
    let show = |tx: &PoolTx| view::transaction::pending(tx.tx.clone());
    json(&BTreeMap::from([
        ("pending", map(&pool.pending, show)),
        ("queued", map(&pool.queued, show)),
    ]))
}

pub(super) fn content_from(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let sender: Address = args.get(0, "sender")?;
    let pool = context.node.pool();
    let of = |part: &Part| -> BTreeMap<String, _> {
        let queue = part.get(&sender).into_iter().flatten();
        queue
            .map(|(nonce, tx)| (nonce.to_string(), view::transaction::pending(tx.tx.clone())))
            .collect()
    };
    json(&BTreeMap::from([
        ("pending", of(&pool.pending)),
        ("queued", of(&pool.queued)),
    ]))
}

pub(super) fn inspect(context: &Context, _: &Args<'_>) -> Answer {
    let pool = context.node.pool();
    json(&BTreeMap::from([
        ("pending", map(&pool.pending, summary)),
        ("queued", map(&pool.queued, summary)),
    ]))
}

/// geth's one line: `to: value wei + gas gas × price wei`.
fn summary(tx: &PoolTx) -> String {
    let to = tx
        .tx
        .to()
        .map_or_else(|| "contract creation".to_owned(), |to| to.to_string());
    let (value, gas, price) = (tx.tx.value(), tx.tx.gas_limit(), tx.tx.max_fee_per_gas());
    format!("{to}: {value} wei + {gas} gas × {price} wei")
}

fn map<T>(part: &Part, show: impl Fn(&PoolTx) -> T) -> BTreeMap<String, BTreeMap<String, T>> {
    part.iter()
        .map(|(sender, queue)| {
            // Keys are addresses with checksum, as geth writes them.
            (
                sender.to_string(),
                queue
                    .iter()
                    .map(|(nonce, tx)| (nonce.to_string(), show(tx)))
                    .collect(),
            )
        })
        .collect()
}
