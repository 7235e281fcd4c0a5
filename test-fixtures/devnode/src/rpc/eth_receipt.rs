//! Receipts.

use super::{
    Context,
    args::Args,
    envelope::{Answer, Payload, null},
};
use crate::view;
use alloy::primitives::B256;

pub(super) fn by_hash(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    receipt(context, args.get(0, "transaction hash")?)
}

pub(super) fn receipt(context: &Context, hash: B256) -> Answer {
    let Some(at) = context.node.tx(hash) else {
        return null();
    };
    let mut out = Vec::with_capacity(1_536);
    view::receipt::write(&mut out, &at.block, at.index, at.tx());
    Ok(Payload(out))
}
