//! `net_*`, `web3_*`, and what a node without peers and without syncing has to say.

use super::{
    Context,
    args::Args,
    envelope::{Answer, json, null},
};
use alloy::primitives::{Address, Bytes, U64, keccak256};

/// What `web3_clientVersion` answers.
pub(super) const CLIENT: &str = concat!("agentcity-devnode/v", env!("CARGO_PKG_VERSION"));

pub(super) fn chain_id(context: &Context, _: &Args<'_>) -> Answer {
    json(&U64::from(context.node.info().chain_id))
}

pub(super) fn version(context: &Context, _: &Args<'_>) -> Answer {
    json(&context.node.info().chain_id.to_string())
}

pub(super) fn listening(_: &Context, _: &Args<'_>) -> Answer {
    json(&true)
}

pub(super) fn peer_count(_: &Context, _: &Args<'_>) -> Answer {
    json(&U64::ZERO)
}

pub(super) fn client_version(_: &Context, _: &Args<'_>) -> Answer {
    json(CLIENT)
}

pub(super) fn sha3(_: &Context, args: &Args<'_>) -> Answer {
    args.at_most(1)?;
    json(&keccak256(args.get::<Bytes>(0, "data")?))
}

pub(super) fn syncing(_: &Context, _: &Args<'_>) -> Answer {
    json(&false)
}

pub(super) fn protocol_version(_: &Context, _: &Args<'_>) -> Answer {
    // eth/69, what current clients speak between each other.
    json(&U64::from(69))
}

pub(super) fn accounts(context: &Context, _: &Args<'_>) -> Answer {
    json(&context.accounts.addresses().collect::<Vec<Address>>())
}

pub(super) fn coinbase(context: &Context, _: &Args<'_>) -> Answer {
    json(&context.node.info().coinbase)
}

pub(super) fn modules(_: &Context, _: &Args<'_>) -> Answer {
    let names = [
        "anvil", "debug", "devnode", "eth", "evm", "hardhat", "net", "personal", "rpc", "txpool",
        "web3",
    ];
    json(
        &names
            .iter()
            .map(|name| (*name, "1.0"))
            .collect::<std::collections::BTreeMap<_, _>>(),
    )
}

/// For what cannot exist here: blobs are not accepted, so none is ever found.
pub(super) fn nothing(_: &Context, _: &Args<'_>) -> Answer {
    null()
}
