//! Events of a city's contracts, in as many questions as a node answers.

use alloy::{
    providers::Provider,
    rpc::types::{Filter, Log},
};

use crate::{failure::Failure, opts::Chain};

/// Blocks that one question for events covers: what public nodes answer.
const BLOCKS_PER_QUESTION: u64 = 10_000;

/// The logs of a filter from a block to another, or to the newest, in their order.
pub(crate) async fn scan(
    chain: &Chain,
    filter: &Filter,
    from: u64,
    to: Option<u64>,
) -> Result<Vec<Log>, Failure> {
    let newest = chain.provider.get_block_number().await?;
    let last = to.map_or(newest, |to| to.min(newest));
    let (mut logs, mut from) = (Vec::new(), from);
    while from <= last {
        let to = last.min(from.saturating_add(BLOCKS_PER_QUESTION - 1));
        let filter = filter.clone().from_block(from).to_block(to);
        logs.extend(chain.provider.get_logs(&filter).await?);
        from = to + 1;
    }
    Ok(logs)
}
