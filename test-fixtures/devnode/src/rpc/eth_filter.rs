//! Filters to poll and subscriptions to listen to.

use super::{
    Connection, Context, RpcError,
    args::Args,
    envelope::{Answer, Payload, json, too_large},
    eth_logs,
};
use crate::{
    events::{Watch, subscription_id},
    limits,
};
use alloy::{
    primitives::{U64, U256},
    rpc::types::Filter,
};

pub(super) fn new_filter(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let filter: Filter = args.opt(0, "filter")?.unwrap_or_default();
    add(context, Watch::Logs(Box::new(checked(filter)?)))
}

pub(super) fn new_block_filter(context: &Context, _: &Args<'_>) -> Answer {
    add(context, Watch::Heads)
}

pub(super) fn new_pending_filter(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    add(
        context,
        Watch::Pending {
            full: args.opt(0, "full transactions")?.unwrap_or(false),
        },
    )
}

fn add(context: &Context, watch: Watch) -> Answer {
    json(&U64::from(context.hub.add_filter(watch, context.now())?))
}

/// Refuses filters that can never match anything new, and oversized ones.
fn checked(filter: Filter) -> Result<Filter, RpcError> {
    eth_logs::check_terms(&filter)?;
    if filter.block_option.is_block_hash() {
        return Err(RpcError::params(
            "invalid params: a filter for what is to come cannot name a block hash",
        ));
    }
    Ok(filter)
}

pub(super) fn changes(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let changes = context.hub.poll(id(args)?, context.now())?;
    let bytes = changes.iter().map(|json| json.len() + 1).sum::<usize>();
    if bytes > limits::RESPONSE_BYTES {
        return Err(too_large());
    }
    let mut out = Vec::with_capacity(bytes + 2);
    crate::view::list(&mut out, changes, |out, json| out.extend_from_slice(&json));
    Ok(Payload(out))
}

pub(super) fn logs(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let filter = context.hub.log_filter(id(args)?, context.now())?;
    eth_logs::query(context, &filter)
}

pub(super) fn uninstall(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    json(&context.hub.remove_filter(id(args)?))
}

/// Ids are quantities; one that does not fit 64 bits was never given out.
fn id(args: &Args<'_>) -> Result<u64, RpcError> {
    let id: U256 = args.get(0, "id")?;
    Ok(id.try_into().unwrap_or(0))
}

pub(super) fn subscribe(_: &Context, connection: &Connection, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    let kind: String = args.get(0, "kind")?;
    let watch = match kind.as_str() {
        "newHeads" => Watch::Heads,
        "logs" => {
            let filter: Filter = args.opt(1, "filter")?.unwrap_or_default();
            Watch::Logs(Box::new(checked(filter)?))
        }
        "newPendingTransactions" => Watch::Pending {
            full: args.opt(1, "full transactions")?.unwrap_or(false),
        },
        other => {
            let shown: String = other.chars().take(limits::ECHO_CHARS).collect();
            return Err(RpcError::params(format!(
                "invalid params: no subscription {shown:?}; there are newHeads, logs and newPendingTransactions"
            )));
        }
    };
    json(&subscription_id(connection.subscribe(watch)?))
}

pub(super) fn unsubscribe(_: &Context, connection: &Connection, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    json(&connection.unsubscribe(id(args)?))
}
