//! Blocks and what is counted in them.

use super::{
    Context,
    args::{Args, Number},
    block_id::{block_id, block_tag},
    envelope::{Answer, Payload, json, null, too_large},
};
use crate::{limits, view};
use alloy::{
    eips::BlockId,
    primitives::{B256, U64},
};

pub(super) fn block_number(context: &Context, _: &Args<'_>) -> Answer {
    json(&U64::from(context.node.head_number()))
}

pub(super) fn by_number(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    block(
        context,
        block_tag(args, 0)?,
        args.opt(1, "full transactions")?.unwrap_or(false),
    )
}

pub(super) fn by_hash(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    let hash: B256 = args.get(0, "block hash")?;
    block(
        context,
        hash.into(),
        args.opt(1, "full transactions")?.unwrap_or(false),
    )
}

fn block(context: &Context, id: BlockId, full: bool) -> Answer {
    match context.node.block(id) {
        Some(block) => json(&view::block::BlockView::new(&block, full)),
        None => null(),
    }
}

pub(super) fn header_by_number(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    header(context, block_tag(args, 0)?)
}

pub(super) fn header_by_hash(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    header(context, args.get::<B256>(0, "block hash")?.into())
}

fn header(context: &Context, id: BlockId) -> Answer {
    match context.node.block(id) {
        Some(block) => json(&view::block::HeaderView::new(&block)),
        None => null(),
    }
}

pub(super) fn tx_count_by_number(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    tx_count(context, block_tag(args, 0)?)
}

pub(super) fn tx_count_by_hash(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    tx_count(context, args.get::<B256>(0, "block hash")?.into())
}

fn tx_count(context: &Context, id: BlockId) -> Answer {
    match context.node.block(id) {
        Some(block) => json(&U64::from(block.transactions.len())),
        None => null(),
    }
}

pub(super) fn receipts(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let Some(block) = context.node.block(block_id(args, 0)?) else {
        return null();
    };
    let mut out = Vec::with_capacity(block.transactions.len() * 1_024 + 2);
    view::list(
        &mut out,
        block.transactions.iter().enumerate(),
        |out, (index, tx)| {
            view::receipt::write(out, &block, index, tx);
        },
    );
    if out.len() > limits::RESPONSE_BYTES {
        return Err(too_large());
    }
    Ok(Payload(out))
}

/// There are no uncles, only blocks that could have some.
pub(super) fn uncle_count(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    match context.node.block(block_id(args, 0)?) {
        Some(_) => json(&U64::ZERO),
        None => null(),
    }
}

pub(super) fn no_uncle(_: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    block_id(args, 0)?;
    args.get::<Number>(1, "index")?;
    null()
}
