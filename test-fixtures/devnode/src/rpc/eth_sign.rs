//! Signatures of messages with the keys of the mnemonic, as wallets make them.

use super::{
    Context, RpcError,
    args::Args,
    envelope::{Answer, json},
    eth_send::no_key,
};
use alloy::primitives::{Address, B256, Bytes, eip191_hash_message};
use alloy_dyn_abi::TypedData;

/// `eth_sign(address, message)`: prefixed by EIP-191.
pub(super) fn sign(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    let (address, message): (Address, Bytes) = (args.get(0, "address")?, args.get(1, "message")?);
    signature(context, address, eip191_hash_message(&message))
}

/// `personal_sign(message, address, password)`: the other order; there are no passwords.
pub(super) fn personal_sign(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(3)?;
    let (message, address): (Bytes, Address) = (args.get(0, "message")?, args.get(1, "address")?);
    signature(context, address, eip191_hash_message(&message))
}

/// `eth_signTypedData_v4(address, data)`: EIP-712; wallets send the data as an object or as text that holds one.
pub(super) fn typed_data(context: &Context, args: &Args<'_>) -> Answer {
    args.at_most(2)?;
    let address: Address = args.get(0, "address")?;
    let text: String;
    let json = match args.raw(1) {
        Some(raw) if raw.starts_with('"') => {
            text = args.get(1, "typed data")?;
            text.as_str()
        }
        Some(raw) => raw,
        None => {
            return Err(RpcError::params(
                "invalid params: missing argument 1 (typed data)",
            ));
        }
    };
    let data: TypedData = serde_json::from_str(json).map_err(|error| {
        RpcError::params(format!("invalid params: argument 1 (typed data): {error}"))
    })?;
    let digest = data.eip712_signing_hash().map_err(|error| {
        RpcError::params(format!("invalid params: argument 1 (typed data): {error}"))
    })?;
    signature(context, address, digest)
}

fn signature(context: &Context, address: Address, digest: B256) -> Answer {
    let signature = context
        .accounts
        .sign_hash(address, &digest)
        .ok_or_else(|| no_key(address))?
        .map_err(|error| RpcError::internal(error.to_string()))?;
    json(&Bytes::copy_from_slice(&signature.as_bytes()))
}
