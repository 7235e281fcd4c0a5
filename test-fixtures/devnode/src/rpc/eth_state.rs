//! Accounts, at any block whose state is kept.

use super::{
    Context, RpcError,
    args::Args,
    block_id::block_id,
    envelope::{Answer, json},
};
use alloy::primitives::{Address, B256, U64, U256};
use serde::Deserialize;

pub(super) fn balance(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    json(
        &context
            .node
            .balance(args.get(0, "address")?, block_id(args, 1)?)?,
    )
}

pub(super) fn nonce(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    json(&U64::from(
        context
            .node
            .nonce(args.get(0, "address")?, block_id(args, 1)?)?,
    ))
}

pub(super) fn code(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    json(
        &context
            .node
            .code(args.get(0, "address")?, block_id(args, 1)?)?,
    )
}

pub(super) fn storage(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(3)?;
    let address: Address = args.get(0, "address")?;
    let Slot(slot) = args.get(1, "slot")?;
    json(&context.node.storage(address, slot, block_id(args, 2)?)?)
}

pub(super) fn account_info(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    let (address, at): (Address, _) = (args.get(0, "address")?, block_id(args, 1)?);
    let account = context.node.account(address, at)?;
    json(&serde_json::json!({
        "balance": account.balance,
        "nonce": U64::from(account.nonce),
        "code": context.node.code(address, at)?,
    }))
}

pub(super) fn proof(_: &Context, _: &Args<'_>) -> Answer {
    Err(RpcError::refused(
        "eth_getProof is not supported: headers carry a rolling commitment to the state, not a Merkle root; \
         devnode_stateRoot computes the root of the latest state",
    ))
}

/// A slot: a quantity or a 32-byte word, in hex of any length up to 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot(pub(super) U256);

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        U256::deserialize(deserializer).map(Self)
    }
}

/// A 32-byte word, also written as a shorter quantity.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word(pub(super) B256);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        U256::deserialize(deserializer).map(|word| Self(word.into()))
    }
}
