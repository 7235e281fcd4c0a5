//! From raw bytes to a transaction with a sender, with libsecp256k1 and outside every lock.

use alloy::{
    consensus::{TxEnvelope, transaction::Recovered},
    eips::eip2718::{Decodable2718, Typed2718},
    primitives::{Address, B512},
};
use revm::precompile::secp256k1::bitcoin_secp256k1::ecrecover;

use crate::error::SubmitError;

/// Type byte of blob transactions.
const BLOB_TX: u8 = 3;

/// Decodes a signed transaction and recovers its sender.
pub fn decode(raw: &[u8]) -> Result<Recovered<TxEnvelope>, SubmitError> {
    if raw.first() == Some(&BLOB_TX) {
        return Err(SubmitError::UnsupportedType { tx_type: BLOB_TX });
    }
    if let Some(&tx_type) = raw.first()
        && tx_type < 0x80
        && tx_type > 4
    {
        return Err(SubmitError::UnsupportedType { tx_type });
    }
    let mut rest = raw;
    let tx = TxEnvelope::decode_2718(&mut rest).map_err(|cause| SubmitError::Decode {
        cause: cause.to_string(),
    })?;
    if !rest.is_empty() {
        return Err(SubmitError::Decode {
            cause: format!("{} bytes after the transaction", rest.len()),
        });
    }
    recover(tx)
}

/// Recovers the sender of a transaction.
pub fn recover(tx: TxEnvelope) -> Result<Recovered<TxEnvelope>, SubmitError> {
    if tx.is_eip4844() {
        return Err(SubmitError::UnsupportedType { tx_type: tx.ty() });
    }
    let signature = tx.signature();
    // EIP-2: the high half of s would give every transaction a second hash.
    if signature.normalize_s().is_some() {
        return Err(SubmitError::Signature {
            cause: "s is in the high half of the curve order".to_owned(),
        });
    }
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&signature.r().to_be_bytes::<32>());
    bytes[32..].copy_from_slice(&signature.s().to_be_bytes::<32>());
    let sender = ecrecover(
        &B512::from(bytes),
        u8::from(signature.v()),
        &tx.signature_hash(),
    )
    .map_err(|cause| SubmitError::Signature {
        cause: cause.to_string(),
    })?;
    Ok(Recovered::new_unchecked(tx, Address::from_word(sender)))
}
