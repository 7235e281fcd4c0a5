//! Cheats on the state. A strict node refuses them.

use super::{
    Context, RpcError,
    args::{Args, Number},
    envelope::{Answer, json, null},
    eth_state::{Slot, Word},
};
use alloy::primitives::{Bytes, U256};

pub(super) fn set_balance(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    context
        .node
        .set_balance(args.get(0, "address")?, args.get::<U256>(1, "balance")?)?;
    null()
}

pub(super) fn add_balance(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    let (address, more) = (args.get(0, "address")?, args.get::<U256>(1, "amount")?);
    let balance = context.node.balance(address, Default::default())?;
    let sum = balance
        .checked_add(more)
        .ok_or_else(|| RpcError::params("invalid params: the balance overflows"))?;
    context.node.set_balance(address, sum)?;
    null()
}

pub(super) fn set_nonce(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    let Number(nonce) = args.get(1, "nonce")?;
    context.node.set_nonce(args.get(0, "address")?, nonce)?;
    null()
}

pub(super) fn set_code(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    context
        .node
        .set_code(args.get(0, "address")?, args.get::<Bytes>(1, "code")?)?;
    null()
}

pub(super) fn set_storage_at(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(3)?;
    let (Slot(slot), Word(value)) = (args.get(1, "slot")?, args.get(2, "value")?);
    context
        .node
        .set_storage(args.get(0, "address")?, slot, value)?;
    json(&true)
}

pub(super) fn impersonate(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    context.node.impersonate(args.get(0, "address")?)?;
    null()
}

pub(super) fn stop_impersonating(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    context.node.stop_impersonating(args.get(0, "address")?)?;
    null()
}

pub(super) fn auto_impersonate(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    context.node.auto_impersonate(args.get(0, "enabled")?)?;
    null()
}

/// The argument asks for history, which a dump of this node never holds.
pub(super) fn dump(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    args.opt::<bool>(0, "history")?;
    json(&context.node.dump()?)
}

pub(super) fn load(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    context.node.load(&args.get::<Bytes>(0, "state")?)?;
    json(&true)
}
