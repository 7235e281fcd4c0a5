//! `eth_getLogs`.

use super::{
    Context, RpcError,
    args::Args,
    envelope::{Answer, Payload, too_large},
};
use crate::{limits, view};
use agentcity_devnode_chain::LogLimits;
use alloy::rpc::types::Filter;

/// Bytes of a log with two topics and a word of data, to size the buffer.
const LOG_BYTES: usize = 700;

pub(super) fn get_logs(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    query(context, &args.get(0, "filter")?)
}

/// The logs that match now.
pub(super) fn query(context: &Context, filter: &Filter) -> Answer {
    check_terms(filter)?;
    let page = context.node.logs(
        filter,
        LogLimits {
            max_blocks: limits::LOG_RANGE,
            max_logs: limits::LOGS,
        },
    )?;
    let mut out = Vec::with_capacity(page.len() * LOG_BYTES + 2);
    let mut fits = true;
    view::list(&mut out, page.iter(), |out, found| {
        if out.len() > limits::RESPONSE_BYTES {
            fits = false;
            return;
        }
        let place = view::log::Place {
            block_hash: found.block.hash,
            block_number: found.block.number(),
            block_timestamp: found.block.header.timestamp,
            transaction_hash: found.tx.hash(),
            transaction_index: found.tx_index,
            log_index: found.log_index,
        };
        view::log::write(out, found.log, &place, false);
    });
    if fits {
        Ok(Payload(out))
    } else {
        Err(too_large())
    }
}

/// Refuses filters that cost more than they find.
pub(super) fn check_terms(filter: &Filter) -> Result<(), RpcError> {
    let most = filter
        .topics
        .iter()
        .map(|topic| topic.len())
        .max()
        .unwrap_or(0)
        .max(filter.address.len());
    if most > limits::FILTER_ALTERNATIVES {
        return Err(RpcError::limit(format!(
            "the filter has {most} addresses or alternatives of one topic; at most {} are accepted",
            limits::FILTER_ALTERNATIVES
        )));
    }
    Ok(())
}
