//! Transactions: by hash, by place, by sender.

use super::{
    Context, RpcError,
    args::{Args, Number},
    block_id::block_tag,
    envelope::{Answer, json, null},
};
use crate::view;
use alloy::{
    consensus::Transaction,
    eips::{BlockId, eip2718::Encodable2718},
    primitives::{Address, B256, Bytes},
};

pub(super) fn by_hash(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let hash: B256 = args.get(0, "transaction hash")?;
    // The pool first: a transaction may be mined between the two looks, but never leaves a block for the pool unseen.
    if let Some(pooled) = context.node.pooled(hash) {
        return json(&view::transaction::pending(pooled.tx.clone()));
    }
    match context.node.tx(hash) {
        Some(at) => json(&view::transaction::mined(&at.block, at.index, at.tx())),
        None => null(),
    }
}

pub(super) fn raw_by_hash(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    let hash: B256 = args.get(0, "transaction hash")?;
    if let Some(pooled) = context.node.pooled(hash) {
        return json(&Bytes::from(pooled.tx.inner().encoded_2718()));
    }
    match context.node.tx(hash) {
        Some(at) => json(&Bytes::from(at.tx().tx.inner().encoded_2718())),
        None => null(),
    }
}

pub(super) fn by_block_number(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    by_place(context, block_tag(args, 0)?, args.get(1, "index")?)
}

pub(super) fn by_block_hash(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    by_place(
        context,
        args.get::<B256>(0, "block hash")?.into(),
        args.get(1, "index")?,
    )
}

fn by_place(context: &Context, id: BlockId, Number(index): Number) -> Answer {
    let Some(block) = context.node.block(id) else {
        return null();
    };
    match usize::try_from(index)
        .ok()
        .and_then(|index| Some((index, block.transactions.get(index)?)))
    {
        Some((index, tx)) => json(&view::transaction::mined(&block, index, tx)),
        None => null(),
    }
}

/// Looks at the pool only: an index of all senders is not kept.
pub(super) fn by_sender_and_nonce(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    let sender: Address = args.get(0, "sender")?;
    let Number(nonce) = args.get(1, "nonce")?;
    let pool = context.node.pool();
    let queue = |part: &std::collections::BTreeMap<Address, std::collections::BTreeMap<u64, _>>| {
        part.get(&sender)
            .and_then(|queue| queue.get(&nonce))
            .cloned()
    };
    if let Some(pooled) = queue(&pool.pending).or_else(|| queue(&pool.queued)) {
        return json(&view::transaction::pending(pooled.tx.clone()));
    }
    // The account's nonce at each block bounds where the transaction is: a binary search over the kept history.
    let head = context.node.head_number();
    let nonce_at = |number: u64| context.node.nonce(sender, BlockId::number(number));
    if nonce_at(head).map_err(RpcError::from)? <= nonce {
        return null();
    }
    let (mut low, mut high) = (0, head);
    while low < high {
        let middle = low + (high - low) / 2;
        match nonce_at(middle) {
            Ok(at) if at > nonce => high = middle,
            // State that is no longer kept counts as earlier: the answer is then null, or right.
            _ => low = middle + 1,
        }
    }
    let Some(block) = context.node.block(BlockId::number(low)) else {
        return null();
    };
    let found = block
        .transactions
        .iter()
        .position(|tx| tx.tx.signer() == sender && tx.tx.nonce() == nonce);
    match found {
        Some(index) => json(&view::transaction::mined(
            &block,
            index,
            &block.transactions[index],
        )),
        None => null(),
    }
}
